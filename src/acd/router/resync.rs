//! A Router rebuilt from what the Switch knows. Settings and figures stay; everything else is forgotten first.
//!
//! What the list cannot say, it does not get: failures in a row, refusals that are being waited out, and pauses begin anew. Places in the
//! queue (arrival), idle times, wrap-ups and open offers are all kept.

use super::{Router, Timer, Turn};
use crate::acd::agent::{Activity, Agent, AgentState, Mode, NotReady, WrapUp};
use crate::acd::offer::{Offer, Offers, Phase, Refusals};
use crate::acd::queue::Stage;
use crate::acd::request::{AgentView, OfferPhase, OpenOffer, Refused, Reply, Resync, Revoke, Waiting, Wish};
use crate::clock::{Duration, Instant};
use crate::ids::{AgentId, CallId};
use crate::timers::TimerHeap;
use std::collections::BTreeMap;

impl Router {
    /// Forgets all and starts from `resync`. An offer that contradicts another one in the list is revoked as unknown and its call
    /// waits again; a call of an unknown queue is refused.
    pub(super) fn rebuild(&mut self, resync: Resync, turn: &mut Turn<'_>) {
        let last = resync.offers.iter().map(|open| open.offer.0).max().unwrap_or(0);
        let last = last.max(resync.offer_last).max(self.offers.last);
        self.forget(turn);
        self.offers.last = last;
        for view in &resync.agents {
            self.restore_agent(view, turn);
        }
        self.regroup();
        let entered: BTreeMap<CallId, Instant> = resync.entered.into_iter().collect();
        let entered = |waiting: &Waiting| entered.get(&waiting.call).copied().unwrap_or(waiting.arrived);
        for waiting in resync.waiting {
            self.restore_call(waiting, entered(&waiting), turn);
        }
        for open in resync.offers {
            self.restore_offer(open, entered(&open.call), turn);
        }
        for view in &resync.agents {
            self.restore_wrap_up(view, turn);
        }
        let agents: Vec<AgentId> = self.agents.iter().flatten().map(Agent::id).collect();
        agents.into_iter().for_each(|agent| self.refresh(agent, turn));
        self.refuse_all_unserved(turn);
        self.unmatched.all = true;
    }

    fn forget(&mut self, turn: &Turn<'_>) {
        self.calls.clear();
        self.offers = Offers::default();
        self.refusals = Refusals::default();
        self.timers = TimerHeap::default();
        self.queues.values_mut().for_each(|queue| queue.unanswered.clear());
        self.queues.retain(|_, queue| !queue.draining);
        for agent in self.agents.iter_mut().flatten() {
            let shown = agent.shown;
            *agent = Agent { removed: agent.removed, unsaid: agent.unsaid, ..Agent::new(&agent.settings, turn.now) };
            agent.shown = shown;
        }
    }

    fn restore_agent(&mut self, view: &AgentView, turn: &Turn<'_>) {
        let Some(agent) = self.agent_mut(view.agent) else { return };
        agent.contacts = view.contacts.clone();
        agent.idle_since = view.idle_since.min(turn.now);
        agent.shown = (view.state, view.since.min(turn.now));
        let chosen = match view.pending {
            Some(Wish::NotReady(reason)) => Some(reason),
            _ => None,
        };
        agent.mode = match view.state {
            AgentState::LoggedOff => Mode::Off,
            AgentState::NotReady(why) => Mode::NotReady(why),
            AgentState::OwnCall => chosen.map_or(Mode::Ready, |reason| Mode::NotReady(NotReady::Chosen(reason))),
            _ => Mode::Ready,
        };
        agent.own_call = view.state == AgentState::OwnCall;
        agent.chosen = match view.state {
            AgentState::NotReady(NotReady::Chosen(reason)) => Some(reason),
            AgentState::LoggedOff | AgentState::OwnCall => chosen,
            _ => None,
        };
        let active =
            matches!(view.state, AgentState::Talking | AgentState::Holding | AgentState::Offered | AgentState::WrapUp);
        agent.pending = view.pending.filter(|_| active);
        if agent.removed || (agent.contacts.is_empty() && !active) {
            agent.mode = Mode::Off;
        }
    }

    fn restore_call(&mut self, waiting: Waiting, entered: Instant, turn: &mut Turn<'_>) {
        let Waiting { call, queue, .. } = waiting;
        let Some(settings) = self.queues.get(&queue).map(|queue| &queue.settings) else {
            turn.out.push(Reply::Refused { call, queue, why: Refused::UnknownQueue });
            return;
        };
        if self.calls.contains_key(&call) {
            return;
        }
        let wait_max = settings.wait_max.map(|wait| (entered + wait).max(turn.now));
        let place = settings.place_after.map(|after| {
            let (first, every) = (entered + after, settings.place_every.max(Duration::from_secs(1)));
            let periods = turn.now.since(first).as_micros() / every.as_micros() + 1;
            if first > turn.now { first } else { first + every * u32::try_from(periods).unwrap_or(u32::MAX) }
        });
        self.insert_call(waiting);
        self.arm_call(call, wait_max, place);
    }

    fn restore_offer(&mut self, open: OpenOffer, entered: Instant, turn: &mut Turn<'_>) {
        let OpenOffer { offer: id, call, agent, phase, since } = open;
        let free = self.agent(agent).is_some_and(|agent| !agent.busy());
        let fresh = self.calls.get(&call.call).is_none_or(|known| known.stands()) && self.offers.of(id).is_none();
        let sound = free && fresh && self.queues.contains_key(&call.queue);
        if !sound {
            // Before a word about the call itself: at the Switch it must wait again to be refused.
            turn.out.push(Reply::Revoke { offer: id, why: Revoke::Unknown });
        }
        if fresh && !self.calls.contains_key(&call.call) {
            self.restore_call(call, entered, turn);
        }
        if !sound {
            return;
        }
        let phase_then = match phase {
            OfferPhase::Calling => Phase::Calling,
            OfferPhase::Ringing | OfferPhase::Answered => Phase::Ringing,
            OfferPhase::Talking | OfferPhase::Holding => Phase::Talking,
        };
        self.leave_group(call.call);
        let timer = self.restored_timer(&open, phase_then);
        self.offers.insert(id, Offer { call: call.call, agent, phase: phase_then, since, timer });
        let talking = phase_then == Phase::Talking;
        if let Some(entry) = self.agent_mut(agent) {
            entry.activity = match phase {
                OfferPhase::Talking => Activity::Talking(id),
                OfferPhase::Holding => Activity::Holding(id),
                _ => Activity::Offered(id),
            };
        }
        self.set_stage(call.call, if talking { Stage::Talking(id) } else { Stage::Offered(id) });
        if phase == OfferPhase::Answered {
            self.on_answered(id, turn);
        }
    }

    fn restored_timer(&mut self, open: &OpenOffer, phase: Phase) -> Option<crate::timers::TimerHandle> {
        let ring_limit = self.agent(open.agent).map_or(Duration::ZERO, |agent| agent.settings.ring_limit);
        match phase {
            Phase::Calling => {
                let at = open.since + self.settings.provisional_timeout;
                Some(self.timers.arm(at, Timer::Provisional(open.offer)))
            }
            Phase::Ringing => Some(self.timers.arm(open.since + ring_limit, Timer::RingLimit(open.offer))),
            Phase::Talking => None,
        }
    }

    fn set_stage(&mut self, call: CallId, stage: Stage) {
        let Some(entry) = self.calls.get_mut(&call) else { return };
        entry.stage = stage;
        if let (Stage::Talking(_), Some(queue)) = (stage, self.queues.get_mut(&entry.waiting.queue)) {
            queue.unanswered.remove(&(entry.waiting.arrived, call));
            self.disarm_call(call);
        }
    }

    /// Wrap-up goes on until its time. An agent whose talk ended unseen gets the longest wrap-up of their queues: rather too much
    /// than none.
    fn restore_wrap_up(&mut self, view: &AgentView, turn: &mut Turn<'_>) {
        let Some(agent) = self.agent(view.agent).filter(|agent| !agent.busy()) else { return };
        let queues = agent.fits.iter().flat_map(|&group| self.groups.group(group).queues.iter());
        let longest = queues
            .filter_map(|queue| Some((self.queues.get(queue)?.settings.wrap_up, *queue)))
            .max_by_key(|&(wrap_up, queue)| (wrap_up, std::cmp::Reverse(queue)));
        let began = match view.state {
            AgentState::Talking | AgentState::Holding => turn.now,
            _ => view.since.min(turn.now),
        };
        let until = match (view.state, view.wrap_up_until) {
            (AgentState::WrapUp, Some(until)) => until,
            (AgentState::Talking | AgentState::Holding, _) => {
                began + longest.map_or(Duration::ZERO, |(wrap_up, _)| wrap_up)
            }
            _ => return self.rest_restored(view.agent, turn),
        };
        let queue = longest.map(|(_, queue)| queue);
        let timer = self.timers.arm(until.max(turn.now), Timer::WrapUp(view.agent));
        if let Some(agent) = self.agent_mut(view.agent) {
            agent.activity = Activity::WrapUp(WrapUp { queue, talk_began: None, began, until, timer });
        }
    }

    /// An offer the agent was said to have is gone: what was pending takes effect.
    fn rest_restored(&mut self, id: AgentId, turn: &Turn<'_>) {
        if let Some(agent) = self.agent_mut(id).filter(|agent| agent.pending.is_some() || agent.contacts.is_empty()) {
            agent.rest(turn.now);
        }
    }
}
