//! Who gets whom. The rule: of all calls that wait and could have an idle agent, the one with the best key comes first, and it
//! gets the agent who has been idle longest. Kept up after every event by looking only at what the event has set free.

use super::{Router, Timer, Turn};
use crate::acd::agent::Activity;
use crate::acd::offer::{Offer, Phase};
use crate::acd::queue::{Key, Stage};
use crate::acd::request::Reply;
use crate::ids::{AgentId, CallId};

/// Calls and agents that may have become matchable in this turn.
#[derive(Debug, Default)]
pub(super) struct Unmatched {
    pub calls: Vec<CallId>,
    pub agents: Vec<AgentId>,
    /// Everybody, after a reload or a rebuild.
    pub all: bool,
}

impl Router {
    /// Makes offers until no waiting call and idle agent could have each other.
    pub(super) fn match_up(&mut self, turn: &mut Turn<'_>) {
        let all = std::mem::take(&mut self.unmatched.all);
        if let ([agent], [], false) = (&self.unmatched.agents[..], &self.unmatched.calls[..], all) {
            // The common case, without a detour through the idle sets: one agent is freed. No other idle agent can have what waits.
            let agent = *agent;
            if let Some(key) = self.best_call(agent) {
                self.unmatched.agents.clear();
                return self.offer(key.call, agent, turn);
            }
        }
        self.enter_unmatched();
        if all {
            self.match_all(turn);
        }
        while let Some(key) = self.best_unmatched() {
            let Some(agent) = self.longest_idle(key.call) else { break };
            self.offer(key.call, agent, turn);
        }
        self.unmatched.calls.clear();
        self.unmatched.agents.clear();
    }

    /// Agents freed in this turn stand in the idle sets from here on.
    pub(super) fn enter_unmatched(&mut self) {
        for &id in &self.unmatched.agents {
            let Some(agent) = self.agents.get_mut(id.index()).and_then(Option::as_mut) else { continue };
            let (was, is) = (agent.presence, agent.due_presence());
            agent.presence = is;
            self.groups.enter(id, &agent.fits, was, is);
        }
    }

    /// Every waiting call once, best key first: one that finds nobody will not find anybody later, for agents only get fewer.
    fn match_all(&mut self, turn: &mut Turn<'_>) {
        let mut waiting: Vec<Key> =
            self.calls.values().filter(|call| call.stage == Stage::Waiting).map(|call| call.key).collect();
        waiting.sort_unstable();
        for key in waiting {
            if let Some(agent) = self.longest_idle(key.call) {
                self.offer(key.call, agent, turn);
            }
        }
    }

    /// The best call that can be matched among those that this turn has touched.
    fn best_unmatched(&self) -> Option<Key> {
        let by_call = self.unmatched.calls.iter().filter(|&&call| self.longest_idle(call).is_some());
        let by_call = by_call.filter_map(|call| self.calls.get(call)).map(|call| call.key);
        let by_agent = self.unmatched.agents.iter().filter_map(|&agent| self.best_call(agent));
        by_call.chain(by_agent).min()
    }

    /// The agent for `call`, if it waits: of those idle with the skills, who has been so longest. Steps over agents whose phone
    /// refused this call; they are few, for three refusals make an agent not ready.
    pub(super) fn longest_idle(&self, call: CallId) -> Option<AgentId> {
        let waiting = self.calls.get(&call).filter(|call| call.stage == Stage::Waiting)?.waiting;
        if let Some(only) = waiting.agent {
            let idle = self.agent(only)?.available() && !self.refusals.contains(call, only);
            return idle.then_some(only);
        }
        let group = self.queues.get(&waiting.queue)?.group;
        let idle = self.groups.group(group).idle.iter().map(|&(_, agent)| agent);
        idle.into_iter().find(|&agent| !self.refusals.contains(call, agent))
    }

    /// The call for `agent`, if they are idle: the best key among the heads of their groups and the calls for them alone.
    fn best_call(&self, id: AgentId) -> Option<Key> {
        let agent = self.agent(id).filter(|agent| agent.available())?;
        let allowed = |key: &&Key| !self.refusals.contains(key.call, id);
        let heads = agent.fits.iter().filter_map(|&group| self.groups.group(group).calls.iter().find(allowed));
        let waits = |key: &&Key| self.calls.get(&key.call).is_some_and(|call| call.stage == Stage::Waiting);
        heads.chain(agent.private.iter().filter(waits).find(allowed)).min().copied()
    }

    fn offer(&mut self, call: CallId, agent: AgentId, turn: &mut Turn<'_>) {
        self.leave_group(call);
        let id = self.offers.next();
        let timer = self.timers.arm(turn.now + self.settings.provisional_timeout, Timer::Provisional(id));
        let since = turn.now;
        self.offers.insert(id, Offer { call, agent, phase: Phase::Calling, since, timer: Some(timer) });
        let Some(entry) = self.calls.get_mut(&call) else { return };
        entry.stage = Stage::Offered(id);
        let queue = entry.waiting.queue;
        if let Some(chosen) = self.agent_mut(agent) {
            chosen.activity = Activity::Offered(id);
            let contacts = chosen.contacts.clone();
            turn.out.push(Reply::Offer { offer: id, call, queue, agent, contacts, matched: turn.due });
        }
        self.refresh(agent, turn);
    }
}
