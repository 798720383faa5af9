//! From ids to the names that people know, as configured. Built once from the settings; owners publish ids only.

use crate::acd;
use crate::acd::agent::{AgentState, NotReady};
use crate::call::Cause;
use crate::ids::{AgentId, NodeId, QueueId, ReasonId, TreeId};
use crate::ivr::session::Outcome;
use crate::switch;
use std::collections::BTreeMap;

/// See the module text. Unknown ids have empty names.
#[derive(Clone, Debug, Default)]
pub struct Names {
    pub agents: Vec<AgentName>,
    pub queues: Vec<QueueName>,
    pub trees: Vec<TreeName>,
    pub reasons: Vec<ReasonName>,
    by_number: BTreeMap<Box<str>, AgentId>,
}

#[derive(Clone, Debug)]
pub struct AgentName {
    pub id: AgentId,
    pub number: Box<str>,
    pub name: Box<str>,
}

#[derive(Clone, Debug)]
pub struct QueueName {
    pub id: QueueId,
    pub name: Box<str>,
    /// Upper bounds of the wait histogram, seconds.
    pub wait_buckets: Vec<f64>,
}

#[derive(Clone, Debug)]
pub struct TreeName {
    pub name: Box<str>,
    /// By [`NodeId`].
    pub nodes: Vec<Box<str>>,
}

#[derive(Clone, Debug)]
pub struct ReasonName {
    pub id: ReasonId,
    /// What is dialled after `*62` and given to the API.
    pub code: Box<str>,
    pub name: Box<str>,
}

impl Names {
    /// Names of everything that one configuration holds.
    pub fn new(switch: &switch::Settings, router: &acd::Settings) -> Self {
        let agent = |agent: &switch::settings::Agent| AgentName {
            id: agent.id,
            number: agent.number.clone(),
            name: agent.name.clone(),
        };
        let queue = |queue: &acd::settings::QueueSettings| QueueName {
            id: queue.id,
            name: queue.name.clone(),
            wait_buckets: queue.wait_buckets.clone(),
        };
        let tree = |tree: &crate::ivr::tree::Tree| TreeName {
            name: tree.name.clone(),
            nodes: tree.nodes.iter().map(|node| node.name.clone()).collect(),
        };
        let reason = |reason: &switch::settings::Reason| ReasonName {
            id: reason.id,
            code: reason.code.clone(),
            name: reason.name.clone(),
        };
        Self {
            agents: switch.agents.iter().map(agent).collect(),
            queues: router.queues.iter().map(queue).collect(),
            trees: switch.trees.trees.iter().map(tree).collect(),
            reasons: switch.reasons.iter().map(reason).collect(),
            by_number: switch.agents.iter().map(|agent| (agent.number.clone(), agent.id)).collect(),
        }
    }

    /// The agent with this number.
    pub fn agent_by_number(&self, number: &str) -> Option<AgentId> {
        self.by_number.get(number).copied()
    }

    pub fn agent_number(&self, agent: AgentId) -> &str {
        self.agents.get(agent.index()).map_or("", |agent| &agent.number)
    }

    pub fn queue(&self, queue: QueueId) -> Option<&QueueName> {
        self.queues.get(queue.index())
    }

    pub fn tree(&self, tree: TreeId) -> &str {
        self.trees.get(tree.index()).map_or("", |tree| &tree.name)
    }

    pub fn node(&self, tree: TreeId, node: NodeId) -> &str {
        self.trees.get(tree.index()).and_then(|tree| tree.nodes.get(node.index())).map_or("", |node| node)
    }

    /// Why an agent is not ready: the code of a configured reason, or a word of ours.
    pub fn not_ready(&self, why: NotReady) -> &str {
        match why {
            NotReady::Chosen(reason) => self.reasons.get(reason.index()).map_or("", |reason| &reason.code),
            NotReady::NoAnswer => "no_answer",
            NotReady::Busy => "busy",
            NotReady::Declined => "declined",
            NotReady::PhoneError => "phone_error",
        }
    }
}

/// Every word that [`state_word`] can say, in the order of a shift.
pub const STATE_WORDS: [&str; 8] =
    ["logged_off", "ready", "not_ready", "offered", "talking", "holding", "wrap_up", "own_call"];

/// An agent's state in one word, as metrics, API and pages name it.
pub fn state_word(state: AgentState) -> &'static str {
    match state {
        AgentState::LoggedOff => "logged_off",
        AgentState::Ready => "ready",
        AgentState::NotReady(_) => "not_ready",
        AgentState::Offered => "offered",
        AgentState::Talking => "talking",
        AgentState::Holding => "holding",
        AgentState::WrapUp => "wrap_up",
        AgentState::OwnCall => "own_call",
    }
}

/// The cause of a call's end in one word, as records and metrics name it.
pub fn cause_word(cause: Cause) -> &'static str {
    match cause {
        Cause::Answered => "answered",
        Cause::AbandonedInIvr => "abandoned_in_ivr",
        Cause::AbandonedInQueue => "abandoned_in_queue",
        Cause::AbandonedWhileRinging => "abandoned_while_ringing",
        Cause::QueueFull => "queue_full",
        Cause::NoAgents => "no_agents",
        Cause::TimedOut => "timed_out",
        Cause::EndedInIvr => "ended_in_ivr",
        Cause::Refused => "refused",
        Cause::Silent => "silent",
        Cause::Failed => "failed",
        Cause::EndedByOperator => "ended_by_operator",
        Cause::Drained => "drained",
    }
}

/// What happened at a node of a tree, in one word.
pub fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Entered => "entered",
        Outcome::Chosen => "chosen",
        Outcome::Zero => "zero",
        Outcome::Back => "back",
        Outcome::Repeat => "repeat",
        Outcome::Invalid => "invalid",
        Outcome::NoInput => "no_input",
        Outcome::Abandoned => "abandoned",
    }
}

#[cfg(test)]
impl Names {
    /// Agents 8001 …, queues by name with one bucket bound of 10 s, reasons by code, one tree.
    pub(crate) fn sample(agents: &[&str], queues: &[&str], reasons: &[&str]) -> Self {
        let number = |at: usize| -> Box<str> { (8001 + at).to_string().into() };
        let agents = agents.iter().enumerate().map(|(at, &name)| AgentName {
            id: AgentId(at as u32),
            number: number(at),
            name: name.into(),
        });
        let queues = queues.iter().enumerate().map(|(at, &name)| QueueName {
            id: QueueId(at as u32),
            name: name.into(),
            wait_buckets: vec![10.0],
        });
        let reasons = reasons.iter().enumerate().map(|(at, &code)| ReasonName {
            id: ReasonId(at as u16),
            code: code.into(),
            name: code.into(),
        });
        let agents: Vec<AgentName> = agents.collect();
        Self {
            by_number: agents.iter().map(|agent| (agent.number.clone(), agent.id)).collect(),
            agents,
            queues: queues.collect(),
            trees: vec![TreeName { name: "main".into(), nodes: vec!["root".into(), "menu".into()] }],
            reasons: reasons.collect(),
        }
    }
}
