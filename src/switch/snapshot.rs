//! What the Switch publishes, at most every 250 ms. Counters are whole (a lost snapshot loses nothing); rows are those that
//! changed; a call that is gone is in `gone`.

use crate::call::record::Cause;
use crate::clock::Instant;
use crate::ids::{AgentId, CallId, QueueId};
use std::collections::BTreeMap;

/// Figures of the Switch, and the calls that changed.
#[derive(Clone, Debug, Default)]
pub struct SwitchSnapshot {
    /// Received and sent messages by kind (method or `1xx` … `6xx`).
    pub received: BTreeMap<&'static str, u64>,
    pub sent: BTreeMap<&'static str, u64>,
    pub retransmissions_received: u64,
    pub retransmissions_sent: u64,
    /// Requests that the Switch refused, by reason (bounded set).
    pub rejected: BTreeMap<&'static str, u64>,
    pub registrations: usize,
    pub calls_active: usize,
    pub transactions: usize,
    pub ports_free: usize,
    pub ended: BTreeMap<(Option<QueueId>, Cause), u64>,
    pub invariant_violations: u64,
    /// Wall time of each agent INVITE minus the time of its match, µs, since the last snapshot.
    pub queue_to_ring_us: Vec<u32>,
    pub calls: Vec<CallRow>,
    pub gone: Vec<CallId>,
}

/// A call in progress.
#[derive(Clone, Debug, PartialEq)]
pub struct CallRow {
    pub call: CallId,
    pub calling: String,
    pub called: String,
    pub since: Instant,
    pub stage: Stage,
    pub queue: Option<QueueId>,
    pub agent: Option<AgentId>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Setup,
    Ivr,
    Waiting,
    Ringing,
    Talking,
    Ending,
}
