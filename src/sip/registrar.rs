//! Registrar (RFC 3261 §10.3): bindings per address of record, bounded, with expiry. Not authentication.

use super::scan::Message;
use crate::clock::{Duration, Instant};
use crate::ids::{AgentId, Flow};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Shorter requests get 423 with Min-Expires. Default 30 s.
    pub expires_min: Duration,
    /// Longer ones are cut to this. Default 3600 s.
    pub expires_max: Duration,
    /// Contacts an agent may have; more: 403. Default 5.
    pub contacts_max: usize,
}

/// One contact of one agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Contact URI as registered.
    pub uri: Box<[u8]>,
    /// Where the phone was seen: rung there, whatever the URI says.
    pub flow: Flow,
    pub expires: Instant,
    pub call_id: Box<[u8]>,
    pub cseq: u32,
    /// q value in thousandths.
    pub q: u16,
}

/// The outcome of a REGISTER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 200; `changed` tells whether the set of contacts differs from before.
    Accepted { changed: bool },
    /// 400, 403, 423 (`min` seconds), 500 (old CSeq, §10.3 step 7)
    Refused { status: u16, min_expires: Option<u32> },
}

/// Bindings of all agents.
#[derive(Debug)]
pub struct Registrar {
    _private: (),
}

impl Registrar {
    pub fn new(_settings: Settings, _seed: &mut crate::seed::Seed) -> Self {
        todo!()
    }
    /// Processes an authenticated REGISTER for `agent` (fetch, add, refresh, remove, `*`), all or nothing.
    pub fn register(&mut self, _agent: AgentId, _request: &Message<'_>, _flow: Flow, _now: Instant) -> Outcome {
        todo!()
    }
    /// The agent's bindings, best q first.
    pub fn bindings(&self, _agent: AgentId) -> &[Binding] {
        todo!()
    }
    /// The agent whose live registration came over `flow`.
    pub fn agent_at(&self, _flow: Flow) -> Option<AgentId> {
        todo!()
    }
    /// `Contact` values for the 200: the full list with remaining `expires`.
    pub fn contact_fields(&self, _agent: AgentId, _now: Instant) -> Vec<String> {
        todo!()
    }
    /// Removes what has expired; each call returns one agent whose bindings changed.
    pub fn expire(&mut self, _now: Instant) -> Option<AgentId> {
        todo!()
    }
    pub fn next_deadline(&self) -> Option<Instant> {
        todo!()
    }
    /// Number of live bindings.
    pub fn len(&self) -> usize {
        todo!()
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
