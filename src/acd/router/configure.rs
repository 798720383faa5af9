//! A reload: queues and agents keep their ids, figures, states and calls; only what they may do changes.

use super::{Router, Turn};
use crate::acd::agent::{Agent, Mode};
use crate::acd::idle_sets::{IdleSets, Presence};
use crate::acd::queue::{Key, Queue, Stage};
use crate::acd::settings::Settings;
use crate::acd::skill::{self, Compiled};
use crate::ids::{AgentId, CallId, QueueId};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Router {
    /// Takes `settings` in one step. A queue that is no longer there drains; an agent who is no longer there finishes first.
    pub(super) fn configure(&mut self, settings: Arc<Settings>, turn: &mut Turn<'_>) {
        self.settings = settings.clone();
        for queue in &settings.queues {
            self.queues.entry(queue.id).and_modify(|known| known.configure(queue)).or_insert_with(|| Queue::new(queue));
        }
        let kept: BTreeSet<QueueId> = settings.queues.iter().map(|queue| queue.id).collect();
        self.queues.iter_mut().for_each(|(id, queue)| queue.draining = !kept.contains(id));
        let drained: Vec<QueueId> = self.queues.keys().copied().filter(|id| !kept.contains(id)).collect();
        drained.into_iter().for_each(|id| self.drop_drained(id));
        self.configure_agents(turn);
        self.regroup();
        self.refuse_all_unserved(turn);
        self.unmatched.all = true;
    }

    /// A queue that drains goes with its last call.
    pub(super) fn drop_drained(&mut self, id: QueueId) {
        let over = |queue: &Queue| queue.draining && queue.unanswered.is_empty();
        if self.queues.get(&id).is_some_and(over) && !self.calls.values().any(|call| call.waiting.queue == id) {
            self.queues.remove(&id);
        }
    }

    fn configure_agents(&mut self, turn: &mut Turn<'_>) {
        let settings = self.settings.clone();
        let kept: BTreeSet<AgentId> = settings.agents.iter().map(|agent| agent.id).collect();
        let gone: Vec<AgentId> =
            self.agents.iter().flatten().map(Agent::id).filter(|agent| !kept.contains(agent)).collect();
        for id in gone {
            let Some(agent) = self.agent_mut(id) else { continue };
            agent.removed = true;
            if !agent.busy() {
                agent.mode = Mode::Off;
            }
            self.refresh(id, turn);
        }
        let size = kept.last().map_or(0, |last| last.index() + 1);
        if self.agents.len() < size {
            self.agents.resize_with(size, || None);
        }
        for agent in &settings.agents {
            let Some(slot) = self.agents.get_mut(agent.id.index()) else { continue };
            match slot {
                Some(known) => {
                    known.settings = agent.clone();
                    known.removed = false;
                }
                None => {
                    *slot = Some(Agent::new(agent, turn.now));
                    self.publisher.on_agent(agent.id);
                }
            }
        }
    }

    /// Compiles the requirements (those of draining queues too) and enters all calls and agents anew.
    pub(super) fn regroup(&mut self) {
        let Compiled { of_queue, mut of_agent, queues } =
            skill::compile(self.queues.values().map(|queue| &queue.settings), &self.settings.agents);
        self.groups = IdleSets::new(queues);
        for (id, queue) in &mut self.queues {
            queue.standing.clear();
            if let Some(&group) = of_queue.get(id) {
                queue.group = group;
            }
        }
        for agent in self.agents.iter_mut().flatten() {
            agent.private.clear();
            agent.fits = of_agent.remove(&agent.id()).unwrap_or_default().into();
            agent.presence = agent.due_presence();
            self.groups.enter(agent.id(), &agent.fits, Presence::default(), agent.presence);
        }
        let calls: Vec<CallId> = self.calls.keys().copied().collect();
        calls.into_iter().for_each(|call| self.enter_anew(call));
    }

    fn enter_anew(&mut self, call: CallId) {
        let Some(entry) = self.calls.get_mut(&call) else { return };
        let Some(queue) = self.queues.get_mut(&entry.waiting.queue) else { return };
        entry.key = Key::new(&entry.waiting, queue.settings.priority, self.settings.ageing_per_second);
        if entry.stands() {
            queue.standing.insert(entry.key);
            let only = entry.waiting.agent.and_then(|only| self.agents.get_mut(only.index())?.as_mut());
            only.map(|agent| agent.private.insert(entry.key));
        }
        if entry.stage == Stage::Waiting {
            self.join_group(call);
        }
    }

    /// New settings or a rebuild may leave calls that nobody can take.
    pub(super) fn refuse_all_unserved(&mut self, turn: &mut Turn<'_>) {
        let calls: Vec<CallId> = self.calls.keys().copied().collect();
        calls.into_iter().for_each(|call| self.refuse_unserved(call, turn));
    }
}
