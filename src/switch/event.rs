//! What goes into the Switch and what comes out of it.

use super::settings::Settings;
use crate::acd::{Reply, Wish, request::Numbered};
use crate::call::record::CallRecord;
use crate::clock::{Instant, WallTime};
use crate::ids::{AgentId, CallId, Flow};
use crate::ivr::session::Visit;
use crate::media;
use crate::sip::outbox::Outbox;
use crate::sip::scan::Message;
use std::sync::Arc;

/// Everything that can happen to the Switch.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// A message that the Gate let through.
    Sip {
        message: Message<'a>,
        flow: Flow,
    },
    Media(media::Fact),
    Router(Reply),
    /// `next_deadline` has come (harmless at any other time).
    Time,
    /// First event of a run: fixed contacts are made known to the Router.
    Started,
    /// What the civil clock shows now.
    Wall(WallTime),
    /// Somebody asks for an agent's state by API.
    Wish {
        agent: AgentId,
        wish: Wish,
    },
    /// End one call by API (cause `ended by operator`).
    End {
        call: CallId,
    },
    /// No new calls from now on; what is left after `limits.drain` is ended.
    Drain,
    /// End everything now.
    EndAll,
    /// A new configuration, whole.
    Configure(Arc<Settings>),
    /// The Router was lost, and with it whatever was in flight both ways: send the new one a
    /// [`Resync`](crate::acd::request::Resync).
    RouterLost,
}

/// What the Switch wants done, in order within each list. Reused from turn to turn.
#[derive(Default, Debug)]
pub struct Actions {
    pub datagrams: Outbox,
    pub media: Vec<media::Command>,
    pub requests: Vec<Numbered>,
    /// Finished calls.
    pub records: Vec<CallRecord>,
    pub visits: Vec<Visit>,
    /// For each agent INVITE in `datagrams`: when call and agent could first be matched.
    pub rung: Vec<Instant>,
    /// Things worth a line in the log; bounded by what one event can cause.
    pub notices: Vec<Notice>,
}

impl Actions {
    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.datagrams.clear();
        self.media.clear();
        self.requests.clear();
        self.records.clear();
        self.visits.clear();
        self.rung.clear();
        self.notices.clear();
    }
}

/// A line for the log. Text from peers is cleaned and numbers are masked by whoever prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub call: Option<CallId>,
    pub what: &'static str,
    pub detail: String,
}
