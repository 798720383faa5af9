//! Figures for the outside, at most every 250 ms: rows of all queues and of the agents that changed, and a look at a few
//! invariants so that production would tell of a broken one without ever stopping for a whole check.

use super::Router;
use crate::acd::agent::Agent;
use crate::acd::queue::{Call, Queue};
use crate::acd::snapshot::{AgentRow, QueueRow, RouterSnapshot};
use crate::clock::{Duration, Instant};
use crate::counters::Counter;
use crate::ids::{AgentId, CallId};
use std::collections::BTreeSet;

/// Agents and calls looked at per publication.
const CHECKED_PER_TURN: usize = 16;

/// What has changed since the last publication, and where the check goes on.
#[derive(Debug, Default)]
pub(super) struct Publisher {
    agents: BTreeSet<AgentId>,
    gone: Vec<AgentId>,
    violations: Counter,
    next_agent: usize,
    next_call: Option<CallId>,
}

impl Publisher {
    pub(super) fn on_agent(&mut self, agent: AgentId) {
        self.agents.insert(agent);
    }

    pub(super) fn on_agent_gone(&mut self, agent: AgentId) {
        self.agents.remove(&agent);
        self.gone.push(agent);
    }
}

impl Router {
    pub(super) fn snapshot(&mut self, _now: Instant) -> RouterSnapshot {
        self.check_some();
        let changed = std::mem::take(&mut self.publisher.agents);
        RouterSnapshot {
            queues: self.queues.values().map(|queue| self.queue_row(queue)).collect(),
            agents: changed
                .into_iter()
                .filter_map(|agent| self.agent(agent))
                .map(|agent| self.agent_row(agent))
                .collect(),
            agents_gone: std::mem::take(&mut self.publisher.gone),
            invariant_violations: self.publisher.violations.count(),
        }
    }

    fn queue_row(&self, queue: &Queue) -> QueueRow {
        let group = self.groups.group(queue.group);
        let figures = &queue.figures;
        let expected_wait = match group.idle.is_empty() {
            true => queue.expected_wait(queue.standing.len(), group.at_work),
            false => Duration::ZERO,
        };
        QueueRow {
            queue: queue.settings.id,
            name: queue.settings.name.clone(),
            waiting: queue.unanswered.len(),
            oldest: queue.unanswered.first().map(|&(arrived, _)| arrived),
            offered: figures.offered.count(),
            answered: figures.answered.count(),
            expected_wait,
            wait_counts: figures.wait_counts.clone(),
            wait_sum: figures.wait_sum,
        }
    }

    fn agent_row(&self, agent: &Agent) -> AgentRow {
        let call = agent.offer().and_then(|offer| self.offers.of(offer)).map(|offer| offer.call);
        AgentRow {
            agent: agent.id(),
            state: agent.shown.0,
            since: agent.shown.1,
            call,
            reachable: !agent.contacts.is_empty(),
        }
    }

    /// Looks at the next few agents and calls in turn.
    fn check_some(&mut self) {
        let mut wrong = Vec::new();
        let agents = self.agents.iter().skip(self.publisher.next_agent).take(CHECKED_PER_TURN);
        agents.flatten().for_each(|agent| self.check_agent(agent, &mut wrong));
        let from = self.publisher.next_call.unwrap_or(CallId(0));
        let mut calls = self.calls.range(from..);
        let looked: Vec<&Call> = calls.by_ref().take(CHECKED_PER_TURN).map(|(_, call)| call).collect();
        looked.into_iter().for_each(|call| self.check_call(call, &mut wrong));
        let next_call = calls.next().map(|(&id, _)| id);
        self.publisher.next_call = next_call;
        let next_agent = self.publisher.next_agent + CHECKED_PER_TURN;
        self.publisher.next_agent = if next_agent < self.agents.len() { next_agent } else { 0 };
        self.publisher.violations.add(wrong.len() as u64);
    }
}
