//! What always holds between two events. Tests check all of it after every event; production looks at a few agents and calls with
//! each publication and counts what is wrong (`huntline_invariant_violations`, must be 0).

use super::{Router, Timer};
use crate::acd::agent::{Activity, Agent};
use crate::acd::offer::Phase;
use crate::acd::queue::{Call, Stage};
use crate::ids::{CallId, OfferId};

impl Router {
    /// Everything that is wrong now, in words. Empty: all is well. Looks at everything: not for production.
    pub fn invariants(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        self.agents.iter().flatten().for_each(|agent| self.check_agent(agent, &mut wrong));
        self.calls.values().for_each(|call| self.check_call(call, &mut wrong));
        self.offers.iter().for_each(|(id, _)| self.check_offer(id, &mut wrong));
        self.check_sets(&mut wrong);
        self.check_matched(&mut wrong);
        wrong
    }

    /// The agent's offer is open and theirs; they stand in exactly the sets that their state says; nothing of theirs is overdue.
    pub(super) fn check_agent(&self, agent: &Agent, wrong: &mut Vec<String>) {
        let id = agent.id();
        if let Some(offer) = agent.offer() {
            self.check_offer(offer, wrong);
            if self.offers.of(offer).is_none_or(|open| open.agent != id) {
                wrong.push(format!("{id:?} has {offer} which is not theirs"));
            }
        }
        if agent.presence != agent.due_presence() {
            wrong.push(format!("{id:?} is entered as {:?}, is {:?}", agent.presence, agent.state()));
        }
        for &group in agent.fits.iter() {
            let entered = agent.idle_since;
            let is_in = self.groups.group(group).idle.contains(&(entered, id));
            if is_in != agent.available() {
                wrong.push(format!("{id:?} available {}, in the idle set {is_in}", agent.available()));
            }
        }
        if !agent.busy() && agent.pending.is_some() {
            wrong.push(format!("{id:?} has a wish pending and nothing goes on"));
        }
        if !agent.busy() && agent.contacts.is_empty() && agent.presence.logged_on {
            wrong.push(format!("{id:?} is logged on without a phone"));
        }
    }

    /// The call is in exactly one place: its group, a pause, or one offer.
    pub(super) fn check_call(&self, call: &Call, wrong: &mut Vec<String>) {
        let id = call.waiting.call;
        let Some(queue) = self.queues.get(&call.waiting.queue) else {
            wrong.push(format!("{id} is in no queue"));
            return;
        };
        let grouped = self.groups.group(queue.group).calls.contains(&call.key);
        let private =
            call.waiting.agent.and_then(|agent| self.agent(agent)).is_some_and(|a| a.private.contains(&call.key));
        let in_group = call.stage == Stage::Waiting;
        if (grouped, private)
            != (in_group && call.waiting.agent.is_none(), call.stands() && call.waiting.agent.is_some())
        {
            wrong.push(format!("{id} is {:?} but grouped {grouped}, private {private}", call.stage));
        }
        if queue.standing.contains(&call.key) != call.stands() {
            wrong.push(format!("{id} is {:?} and does not stand so in its queue", call.stage));
        }
        let unanswered = !matches!(call.stage, Stage::Talking(_));
        if queue.unanswered.contains(&(call.waiting.arrived, id)) != unanswered {
            wrong.push(format!("{id} is {:?} and not listed so", call.stage));
        }
        if call.timers.pause.is_some() != (call.stage == Stage::Paused) {
            wrong.push(format!("{id} pauses without a timer, or has one without pausing"));
        }
        if unanswered && queue.settings.wait_max.is_some() && call.timers.wait_max.is_none() && !queue.draining {
            wrong.push(format!("{id} has no end to its wait"));
        }
        if let Some((offer, _)) = call.offer()
            && self.offers.of(offer).is_none_or(|open| open.call != id)
        {
            wrong.push(format!("{id} has {offer} which is not its own"));
        }
    }

    /// Every offer has its call and its agent, both of whom know it, and a timer until it is answered.
    fn check_offer(&self, id: OfferId, wrong: &mut Vec<String>) {
        let Some(open) = self.offers.of(id) else {
            wrong.push(format!("{id} is not open"));
            return;
        };
        let call = self.calls.get(&open.call).map(|call| call.stage);
        let stages = match open.phase {
            Phase::Talking => Stage::Talking(id),
            Phase::Calling | Phase::Ringing => Stage::Offered(id),
        };
        if call != Some(stages) {
            wrong.push(format!("{id} {:?} has a call that is {call:?}", open.phase));
        }
        if self.agent(open.agent).and_then(Agent::offer) != Some(id) {
            wrong.push(format!("{id} has an agent who does not know of it"));
        }
        if open.timer.is_none() != (open.phase == Phase::Talking) {
            wrong.push(format!("{id} {:?} and its timer do not go together", open.phase));
        }
        if id.0 > self.offers.last {
            wrong.push(format!("{id} is above the last number"));
        }
    }

    /// The sets hold nothing else: as many entries as there are calls and agents to be in them.
    fn check_sets(&self, wrong: &mut Vec<String>) {
        let (mut grouped, mut private, mut idle, mut due_idle) = (0, 0, 0, 0);
        for agent in self.agents.iter().flatten() {
            private += agent.private.len();
            due_idle += if agent.available() { agent.fits.len() } else { 0 };
        }
        let groups: std::collections::BTreeSet<_> = self.queues.values().map(|queue| queue.group).collect();
        for group in groups {
            let group = self.groups.group(group);
            grouped += group.calls.len();
            idle += group.idle.len();
        }
        let count = |which: fn(&Call) -> bool| self.calls.values().filter(|call| which(call)).count();
        let standing = count(Call::stands);
        let waiting = count(|call| call.stage == Stage::Waiting && call.waiting.agent.is_none());
        let alone = count(|call| call.stands() && call.waiting.agent.is_some());
        if grouped != waiting || private != alone || idle != due_idle {
            wrong.push(format!(
                "{grouped} grouped of {waiting}, {private} private of {alone}, {idle} entered of {due_idle} idle"
            ));
        }
        if self.queues.values().map(|queue| queue.standing.len()).sum::<usize>() != standing {
            wrong.push("queues hold calls that do not stand in them".into());
        }
        let wrap_ups =
            self.agents.iter().flatten().filter(|agent| matches!(agent.activity, Activity::WrapUp(_))).count();
        let armed = self.timers.keys().filter(|timer| matches!(timer, Timer::WrapUp(_))).count();
        if wrap_ups != armed {
            wrong.push(format!("{wrap_ups} wrap-ups, {armed} timers for them"));
        }
    }

    /// No waiting call and idle agent are left who could have each other.
    fn check_matched(&self, wrong: &mut Vec<String>) {
        let calls: Vec<CallId> = self.calls.keys().copied().collect();
        for call in calls {
            if let Some(agent) = self.longest_idle(call) {
                wrong.push(format!("{call} waits while {agent:?} is idle"));
            }
        }
    }
}
