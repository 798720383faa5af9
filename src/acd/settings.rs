//! What the Router is told at start and at a reload: queues, agents and their skills, limits. Compiled by `config::load`.

use crate::clock::Duration;
use crate::ids::{AgentId, QueueId, SkillId};

/// The Router's part of the configuration. Tables are indexed by id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    pub queues: Vec<QueueSettings>,
    pub agents: Vec<AgentSettings>,
    /// Points a waiting call gains per second (one rate for the whole Router). 0: strict priority.
    pub ageing_per_second: f64,
    /// No provisional above 100 in this time: unreachable. Default 2 s (trunk legs 10 s).
    pub provisional_timeout: Duration,
    /// A declining or failing agent does not get the same call again for this long. Default 30 s.
    pub repeat_offer_after: Duration,
    /// That many failed offers in a row make an agent not ready. Default 3.
    pub failures_max: u8,
    /// A 486 within this time after the agent's last call ended is retried … Default 1 s.
    pub busy_grace: Duration,
    /// … once, after this time. Default 500 ms.
    pub busy_retry: Duration,
    /// Delay between an agent's call ending and the next INVITE. Default 0.
    pub offer_gap: Duration,
}

#[derive(Clone, Debug, PartialEq)]
pub struct QueueSettings {
    pub id: QueueId,
    pub name: Box<str>,
    /// Required skills with the least level of each; all must hold. Empty: every agent will do.
    pub requires: Vec<(SkillId, u8)>,
    /// Points added to the priority of every call.
    pub priority: i32,
    /// Calls waiting at most; more: `Refused::Full`.
    pub waiting_max: u32,
    /// Longest wait; then `TimedOut`. `None`: no limit.
    pub wait_max: Option<Duration>,
    /// Refuse at once when nobody with the skills is logged on.
    pub refuse_without_agents: bool,
    pub wrap_up: Duration,
    /// Most that `*64` extends wrap-up to, from its start.
    pub wrap_up_max: Duration,
    /// First announcement of the place after this time, then every `place_every`. `None`: never.
    pub place_after: Option<Duration>,
    pub place_every: Duration,
    /// Assumed handling time until calls have been measured, for the expected wait.
    pub handling_time: Duration,
    /// Assumed patience (mean time to abandon) for the expected wait.
    pub patience: Duration,
    /// Upper bounds, seconds, of the wait histogram.
    pub wait_buckets: Vec<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct AgentSettings {
    pub id: AgentId,
    /// The agent number, as spoken and dialled.
    pub number: Box<str>,
    pub name: Box<str>,
    /// Skills with levels (1 … 10).
    pub skills: Vec<(SkillId, u8)>,
    pub ring_limit: Duration,
    /// Whether registering (or, for a fixed contact, start-up) makes the agent ready.
    pub ready_on_register: bool,
}
