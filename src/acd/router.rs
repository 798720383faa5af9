//! The Router: owns every queue, agent and offer.

use super::request::{Numbered, Reply};
use super::settings::Settings;
use super::snapshot::RouterSnapshot;
use crate::clock::Instant;
use std::sync::Arc;

/// See the module text.
pub struct Router {
    _private: (),
}

/// Everything that can happen to the Router.
#[derive(Clone, Debug)]
pub enum Event {
    Request(Numbered),
    /// `next_deadline` has come (harmless at any other time).
    Time,
    Configure(Arc<Settings>),
}

/// Replies to the Switch, in order.
pub type Actions = Vec<Reply>;

impl Router {
    pub fn new(_settings: Arc<Settings>, _now: Instant) -> Self {
        todo!()
    }
    /// The one way in. Cannot fail.
    pub fn handle(&mut self, _event: Event, _now: Instant, _out: &mut Actions) {
        todo!()
    }
    pub fn next_deadline(&self) -> Option<Instant> {
        todo!()
    }
    pub fn publish(&mut self, _now: Instant) -> RouterSnapshot {
        todo!()
    }
}
