//! What the Router publishes, at most every 250 ms: all queues, and the agents that changed.

use super::agent::AgentState;
use crate::clock::{Duration, Instant};
use crate::ids::{AgentId, CallId, QueueId};

/// Figures of the Router.
#[derive(Clone, Debug, Default)]
pub struct RouterSnapshot {
    pub queues: Vec<QueueRow>,
    /// Changed since last time.
    pub agents: Vec<AgentRow>,
    /// Removed from the configuration since last time.
    pub agents_gone: Vec<AgentId>,
    pub invariant_violations: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct QueueRow {
    pub queue: QueueId,
    pub name: Box<str>,
    /// Calls not yet answered, those that ring at an agent included.
    pub waiting: usize,
    /// Arrival of the longest waiting of these.
    pub oldest: Option<Instant>,
    /// Entries into the queue asked for, also those refused.
    pub offered: u64,
    pub answered: u64,
    /// For a caller who came now; zero if an agent is idle.
    pub expected_wait: Duration,
    /// Waits of answered calls: count per bucket of `QueueSettings::wait_buckets` (not cumulative), the rest last, and the sum.
    pub wait_counts: Vec<u64>,
    pub wait_sum: Duration,
}

#[derive(Clone, Debug, PartialEq)]
pub struct AgentRow {
    pub agent: AgentId,
    pub state: AgentState,
    pub since: Instant,
    pub call: Option<CallId>,
    /// Whether the agent's phone has a contact.
    pub reachable: bool,
}
