//! The record of one call: one JSON line in `data/`. Schema version 1; fields are only added.

use crate::ids::{AgentId, CallId};
use crate::media::StreamReport;
use serde::{Deserialize, Serialize};

/// Why a call ended: exactly one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Talked to an agent.
    Answered,
    AbandonedInIvr,
    AbandonedInQueue,
    AbandonedWhileRinging,
    QueueFull,
    NoAgents,
    /// Maximum wait over, ended by the fallback.
    TimedOut,
    /// The IVR ended it by itself.
    EndedInIvr,
    /// Refused before answer: limits, no port, unknown number, nothing in common.
    Refused,
    /// Nothing heard for too long.
    Silent,
    /// Never acknowledged, transport lost, internal error.
    Failed,
    EndedByOperator,
    /// Ended by the end of a drain.
    Drained,
}

/// Who hung up first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Caller,
    Agent,
    System,
}

/// One call, finished. Times are µs since the Unix epoch.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CallRecord {
    pub version: u8,
    pub call: CallId,
    pub trunk: Option<Box<str>>,
    pub calling: String,
    pub called: String,
    pub started: i64,
    pub answered: Option<i64>,
    pub ended: i64,
    pub cause: Cause,
    pub hung_up_first: Side,
    pub ivr: Option<IvrVisit>,
    pub queues: Vec<QueueVisit>,
    pub legs: Vec<LegRecord>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct IvrVisit {
    pub tree: Box<str>,
    pub last_node: Box<str>,
    pub depth_max: u8,
    pub zero_pressed: bool,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct QueueVisit {
    pub queue: Box<str>,
    pub entered: i64,
    pub left: i64,
    /// `answered`, `abandoned`, `abandoned_while_ringing`, `timed_out`, `full`, `no_agents`, `menu`, `ended`.
    pub outcome: Box<str>,
    pub offers: u32,
}

/// The caller's leg first, then every agent leg in order.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LegRecord {
    pub agent: Option<AgentId>,
    pub agent_number: Option<Box<str>>,
    pub started: i64,
    pub ringing: Option<i64>,
    pub answered: Option<i64>,
    pub bridged: Option<i64>,
    pub ended: i64,
    /// `bye received`, `bye sent`, `cancelled: caller gone`, `486`, `ring limit`, …
    pub cause: Box<str>,
    pub held_us: u64,
    pub media: Option<StreamReport>,
}
