//! Calls: in, out, and how long they may wait.

use super::{Router, Timer, Turn};
use crate::acd::agent::{Activity, AgentState};
use crate::acd::offer::Phase;
use crate::acd::queue::{Call, CallTimers, Key, Stage};
use crate::acd::request::{Refused, Reply, Revoke, Waiting};
use crate::clock::{Duration, Instant};
use crate::ids::{AgentId, CallId, QueueId};

/// Least time between two announcements of the place, whatever the file says.
const PLACE_EVERY_MIN: Duration = Duration::from_secs(1);

/// How long a call is not offered after an offer that failed through us (no port, no codec): long enough that a shortage does
/// not turn into a loop, short enough that the caller does not notice.
const PAUSE_AFTER_INTERNAL: Duration = Duration::from_secs(1);

impl Router {
    /// Takes a call into a queue, or refuses it. A call that is elsewhere leaves there first; one that is already there stays.
    pub(super) fn enqueue(&mut self, waiting: Waiting, turn: &mut Turn<'_>) {
        if let Some(known) = self.calls.get(&waiting.call) {
            if known.stands() && known.waiting.queue == waiting.queue && known.waiting.agent == waiting.agent {
                return;
            }
            self.withdraw(waiting.call, turn);
        }
        let Waiting { call, queue, .. } = waiting;
        if let Some(entry) = self.queues.get_mut(&queue) {
            entry.figures.offered.up();
        }
        self.insert_call(waiting);
        self.enter_unmatched();
        if let Some(why) = self.refusal(call, queue) {
            self.remove_call(call);
            turn.out.push(Reply::Refused { call, queue, why });
            return;
        }
        let Some(settings) = self.queues.get(&queue).map(|queue| &queue.settings) else { return };
        let wait_max = settings.wait_max.map(|wait| turn.now + wait);
        let place = settings.place_after.map(|wait| turn.now + wait);
        self.arm_call(call, wait_max, place);
        self.unmatched.calls.push(call);
    }

    /// Why the queue does not take the call, which is entered already.
    fn refusal(&self, call: CallId, queue: QueueId) -> Option<Refused> {
        let Some(entry) = self.queues.get(&queue).filter(|queue| !queue.draining) else {
            return Some(Refused::UnknownQueue);
        };
        if let Some(only) = self.calls.get(&call)?.waiting.agent {
            let on = self.agent(only).is_some_and(|agent| agent.state() != AgentState::LoggedOff);
            if !on {
                return Some(Refused::NoAgents);
            }
        } else if entry.settings.refuse_without_agents && self.groups.group(entry.group).logged_on == 0 {
            return Some(Refused::NoAgents);
        }
        let full = entry.standing.len() > entry.settings.waiting_max as usize;
        (full && self.longest_idle(call).is_none()).then_some(Refused::Full)
    }

    /// Enters a call as waiting, without timers.
    pub(super) fn insert_call(&mut self, waiting: Waiting) {
        let points = self.queues.get(&waiting.queue).map_or(0, |queue| queue.settings.priority);
        let key = Key::new(&waiting, points, self.settings.ageing_per_second);
        let timers = CallTimers::default();
        let call = Call { waiting, key, stage: Stage::Paused, timers, told: None };
        self.calls.insert(waiting.call, call);
        if let Some(queue) = self.queues.get_mut(&waiting.queue) {
            queue.unanswered.insert((waiting.arrived, waiting.call));
            queue.standing.insert(key);
        }
        self.join_group(waiting.call);
    }

    pub(super) fn arm_call(&mut self, call: CallId, wait_max: Option<Instant>, place: Option<Instant>) {
        let Some(entry) = self.calls.get_mut(&call) else { return };
        entry.timers.wait_max = wait_max.map(|at| self.timers.arm(at, Timer::WaitMax(call)));
        entry.timers.place = place.map(|at| self.timers.arm(at, Timer::Place(call)));
    }

    /// From `Paused` to `Waiting`: the call can be offered.
    pub(super) fn join_group(&mut self, call: CallId) {
        let Some(entry) = self.calls.get_mut(&call) else { return };
        entry.stage = Stage::Waiting;
        let (key, queue) = (entry.key, entry.waiting.queue);
        if let Some(only) = entry.waiting.agent {
            if let Some(agent) = self.agent_mut(only) {
                agent.private.insert(key);
            }
        } else if let Some(queue) = self.queues.get(&queue) {
            self.groups.group_mut(queue.group).calls.insert(key);
        }
    }

    /// Takes the call out of its group and out of its queue's order.
    pub(super) fn leave_group(&mut self, call: CallId) {
        let Some(entry) = self.calls.get(&call) else { return };
        let (key, queue, only) = (entry.key, entry.waiting.queue, entry.waiting.agent);
        if let Some(agent) = only.and_then(|only| self.agent_mut(only)) {
            agent.private.remove(&key);
        }
        if let Some(queue) = self.queues.get_mut(&queue) {
            queue.standing.remove(&key);
            self.groups.group_mut(queue.group).calls.remove(&key);
        }
    }

    /// A call is back from an offer: to its old place, for its key is unchanged. After a failure of ours it pauses first.
    pub(super) fn put_back(&mut self, call: CallId, paused: bool, turn: &mut Turn<'_>) {
        let Some(entry) = self.calls.get_mut(&call) else { return };
        entry.stage = Stage::Paused;
        let (key, queue, only) = (entry.key, entry.waiting.queue, entry.waiting.agent);
        if paused {
            let timer = self.timers.arm(turn.now + PAUSE_AFTER_INTERNAL, Timer::CallPause(call));
            entry.timers.pause = Some(timer);
        }
        if let Some(agent) = only.and_then(|only| self.agent_mut(only)) {
            agent.private.insert(key);
        }
        if let Some(queue) = self.queues.get_mut(&queue) {
            queue.standing.insert(key);
        }
        if !paused {
            self.join_group(call);
            self.unmatched.calls.push(call);
        }
        self.refuse_unserved(call, turn);
    }

    /// Forgets a call that is not with an agent any more.
    pub(super) fn remove_call(&mut self, call: CallId) -> Option<Call> {
        self.leave_group(call);
        self.disarm_call(call);
        let entry = self.calls.remove(&call)?;
        let id = entry.waiting.queue;
        if let Some(queue) = self.queues.get_mut(&id) {
            queue.unanswered.remove(&(entry.waiting.arrived, call));
        }
        self.drop_drained(id);
        Some(entry)
    }

    /// The call waits no longer: none of its timers is wanted.
    pub(super) fn disarm_call(&mut self, call: CallId) {
        let Some(entry) = self.calls.get_mut(&call) else { return };
        self.timers.disarm(&mut entry.timers.wait_max);
        self.timers.disarm(&mut entry.timers.place);
        self.timers.disarm(&mut entry.timers.pause);
    }

    /// The caller is gone, from wherever the call is.
    pub(super) fn withdraw(&mut self, call: CallId, turn: &mut Turn<'_>) {
        match self.calls.get(&call).and_then(Call::offer) {
            Some((offer, Phase::Talking)) => self.on_ended(offer, turn),
            Some((offer, _)) => {
                self.release(offer, Revoke::CallerGone, turn);
                self.remove_call(call);
            }
            None => {
                self.remove_call(call);
            }
        }
    }

    /// The maximum wait is over. An agent who rings is spared.
    pub(super) fn on_wait_max(&mut self, call: CallId, turn: &mut Turn<'_>) {
        let Some(entry) = self.calls.get_mut(&call) else { return };
        entry.timers.wait_max = None;
        let queue = entry.waiting.queue;
        if let Some((offer, _)) = entry.offer() {
            self.release(offer, Revoke::TimedOut, turn);
        }
        self.remove_call(call);
        turn.out.push(Reply::TimedOut { call, queue });
    }

    /// Tells the place and the expected wait, unless an agent's phone is ringing just now.
    pub(super) fn on_place(&mut self, call: CallId, turn: &mut Turn<'_>) {
        let Some(entry) = self.calls.get_mut(&call) else { return };
        let Some(queue) = self.queues.get(&entry.waiting.queue) else { return };
        let every = queue.settings.place_every.max(PLACE_EVERY_MIN);
        entry.timers.place = Some(self.timers.arm(turn.now + every, Timer::Place(call)));
        if !entry.stands() {
            return;
        }
        let ahead = queue.ahead(entry.key);
        let agents = match entry.waiting.agent {
            Some(_) => 1,
            None => self.groups.group(queue.group).at_work,
        };
        let expected_wait = entry.tell(queue.expected_wait(ahead, agents), turn.now);
        let position = u32::try_from(ahead).unwrap_or(u32::MAX).saturating_add(1);
        turn.out.push(Reply::Place { call, position, expected_wait });
    }

    pub(super) fn on_call_pause_over(&mut self, call: CallId) {
        let Some(entry) = self.calls.get_mut(&call) else { return };
        entry.timers.pause = None;
        if entry.stage == Stage::Paused {
            self.join_group(call);
            self.unmatched.calls.push(call);
        }
    }

    pub(super) fn on_refusal_over(&mut self, call: CallId, agent: AgentId) {
        self.refusals.remove(call, agent);
        // Only this pair is new; both may long be elsewhere.
        self.unmatched.calls.push(call);
    }

    /// The last agent who could serve these queues has logged off: calls that would now be refused leave (the no-agent exit).
    pub(super) fn on_nobody_left(&mut self, agent: AgentId, turn: &mut Turn<'_>) {
        let Some(gone) = self.agent(agent) else { return };
        let private = gone.private.iter().map(|key| key.call);
        let mut calls: Vec<CallId> = private.collect();
        for &group in gone.fits.iter() {
            let group = self.groups.group(group);
            if group.logged_on > 0 {
                continue;
            }
            let queues = group.queues.iter().filter_map(|queue| self.queues.get(queue));
            let queues = queues.filter(|queue| queue.settings.refuse_without_agents);
            calls.extend(queues.flat_map(|queue| queue.standing.iter().map(|key| key.call)));
        }
        calls.into_iter().for_each(|call| self.refuse_unserved(call, turn));
    }

    /// Sends a standing call away if nobody who could ever take it is logged on and it does not wait for that to change.
    pub(super) fn refuse_unserved(&mut self, call: CallId, turn: &mut Turn<'_>) {
        let Some(entry) = self.calls.get(&call).filter(|call| call.stands()) else { return };
        let Some(queue) = self.queues.get(&entry.waiting.queue) else { return };
        let unserved = match entry.waiting.agent {
            Some(only) => self.agent(only).is_none_or(|agent| agent.state() == AgentState::LoggedOff),
            None => queue.settings.refuse_without_agents && self.groups.group(queue.group).logged_on == 0,
        };
        if unserved {
            let queue = entry.waiting.queue;
            self.remove_call(call);
            turn.out.push(Reply::Refused { call, queue, why: Refused::NoAgents });
        }
    }

    /// Takes an unanswered offer back without fault of the agent, who is as before: same state, same idle time.
    pub(super) fn release(&mut self, offer: crate::ids::OfferId, why: Revoke, turn: &mut Turn<'_>) {
        let Some(mut open) = self.offers.take(offer) else { return };
        self.timers.disarm(&mut open.timer);
        turn.out.push(Reply::Revoke { offer, why });
        self.rest(open.agent, turn);
    }

    /// The agent's activity is over.
    pub(super) fn rest(&mut self, agent: AgentId, turn: &mut Turn<'_>) {
        if let Some(entry) = self.agent_mut(agent) {
            debug_assert!(!matches!(entry.activity, Activity::Nothing), "an activity ends once");
            entry.rest(turn.now);
        }
        self.refresh(agent, turn);
    }
}
