//! The Switch: owns every transaction, dialog, call, registration and each caller's place in the IVR. It translates between
//! SIP, media and the Router; it holds no policy about who gets which call.

pub mod event;
pub mod settings;
pub mod snapshot;

pub use event::{Actions, Event, Notice};
pub use settings::Settings;

use crate::clock::Instant;
use crate::media::ports::Block;
use std::sync::Arc;

/// See the module text.
pub struct Switch {
    _private: (),
}

impl Switch {
    /// A Switch without calls. `seed` feeds everything unpredictable; `ports` is what the media workers have bound.
    pub fn new(_settings: Arc<Settings>, _ports: &[Block], _seed: u64) -> Self {
        todo!()
    }
    /// The one way in. Cannot fail.
    pub fn handle(&mut self, _event: Event<'_>, _now: Instant, _out: &mut Actions) {
        todo!()
    }
    pub fn next_deadline(&self) -> Option<Instant> {
        todo!()
    }
    /// Calls in progress (legs not yet closed included).
    pub fn calls(&self) -> usize {
        todo!()
    }
    /// Whether a drain has come to its end.
    pub fn is_drained(&self) -> bool {
        todo!()
    }
    /// Figures and the rows that changed since the last call.
    pub fn publish(&mut self, _now: Instant) -> snapshot::SwitchSnapshot {
        todo!()
    }
}
