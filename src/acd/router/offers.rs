//! The life of one offer. What is said about an offer that has ended changes nothing; only an answer needs a word back.

use super::{Router, Timer, Turn};
use crate::acd::agent::{Activity, Mode, NotReady};
use crate::acd::offer::Phase;
use crate::acd::queue::Stage;
use crate::acd::request::{OfferFailure, Reply, Revoke};
use crate::ids::{AgentId, OfferId};

impl Router {
    /// The first provisional answer above 100: from here the ring limit counts (INTEROP 17). Later ones change nothing.
    pub(super) fn on_ringing(&mut self, id: OfferId, turn: &mut Turn<'_>) {
        let Some(offer) = self.offers.of(id).filter(|offer| offer.phase == Phase::Calling) else { return };
        let Some(ring_limit) = self.agent(offer.agent).map(|agent| agent.settings.ring_limit) else { return };
        let Some(offer) = self.offers.of_mut(id) else { return };
        self.timers.disarm(&mut offer.timer);
        offer.timer = Some(self.timers.arm(turn.now + ring_limit, Timer::RingLimit(id)));
        offer.phase = Phase::Ringing;
        offer.since = turn.now;
    }

    /// The agent's 200: it wins, or it is released. A second one for the same offer says nothing new.
    pub(super) fn on_answered(&mut self, id: OfferId, turn: &mut Turn<'_>) {
        let Some(offer) = self.offers.of_mut(id) else {
            turn.out.push(Reply::Revoke { offer: id, why: Revoke::Unknown });
            return;
        };
        if offer.phase == Phase::Talking {
            return;
        }
        self.timers.disarm(&mut offer.timer);
        offer.phase = Phase::Talking;
        offer.since = turn.now;
        let (call, agent) = (offer.call, offer.agent);
        self.disarm_call(call);
        if let Some(entry) = self.calls.get_mut(&call) {
            entry.stage = Stage::Talking(id);
            if let Some(queue) = self.queues.get_mut(&entry.waiting.queue) {
                queue.unanswered.remove(&(entry.waiting.arrived, call));
                queue.on_answer(turn.now.since(entry.waiting.arrived));
            }
        }
        if let Some(agent) = self.agent_mut(agent) {
            agent.activity = Activity::Talking(id);
            agent.history.failures = 0;
        }
        turn.out.push(Reply::Connect { offer: id });
        self.refresh(agent, turn);
    }

    /// The phone refused, or we could not ring it. After an answer it is the end of the talk.
    pub(super) fn on_failed(&mut self, id: OfferId, why: OfferFailure, turn: &mut Turn<'_>) {
        match self.offers.of(id).map(|offer| offer.phase) {
            Some(Phase::Talking) => self.on_ended(id, turn),
            Some(Phase::Calling | Phase::Ringing) => self.fail(id, why, turn),
            None => {}
        }
    }

    /// No provisional answer above 100 in time: unreachable, as an error of the phone.
    pub(super) fn on_no_provisional(&mut self, id: OfferId, turn: &mut Turn<'_>) {
        turn.out.push(Reply::Revoke { offer: id, why: Revoke::Unreachable });
        self.fail(id, OfferFailure::Unreachable, turn);
    }

    /// The agent let it ring: not ready, and the call goes back to its old place.
    pub(super) fn on_ring_limit(&mut self, id: OfferId, turn: &mut Turn<'_>) {
        let Some(offer) = self.offers.take(id) else { return };
        if let Some(agent) = self.agent_mut(offer.agent) {
            agent.mode = Mode::NotReady(NotReady::NoAnswer);
        }
        turn.out.push(Reply::Revoke { offer: id, why: Revoke::RingLimit });
        self.rest(offer.agent, turn);
        self.put_back(offer.call, false, turn);
    }

    /// An unanswered offer has failed at the phone (INTEROP 18).
    fn fail(&mut self, id: OfferId, why: OfferFailure, turn: &mut Turn<'_>) {
        let Some(mut offer) = self.offers.take(id) else { return };
        self.timers.disarm(&mut offer.timer);
        let ours = why == OfferFailure::Internal;
        if !ours && !self.forgive_busy(offer.agent, why, turn) {
            let failures_max = self.settings.failures_max.max(1);
            if let Some(agent) = self.agent_mut(offer.agent) {
                agent.on_failure(why, failures_max, turn.now);
            }
            self.refusals.insert(offer.call, offer.agent);
            let over = turn.now + self.settings.repeat_offer_after;
            self.timers.arm(over, Timer::Refusal(offer.call, offer.agent));
        }
        self.rest(offer.agent, turn);
        self.put_back(offer.call, ours, turn);
    }

    /// A 486 right after the agent's last call: the phone had not finished yet. Forgiven once; the agent pauses for a moment.
    fn forgive_busy(&mut self, agent: AgentId, why: OfferFailure, turn: &mut Turn<'_>) -> bool {
        let (grace, retry) = (self.settings.busy_grace, self.settings.busy_retry);
        let Some(entry) = self.agents.get_mut(agent.index()).and_then(Option::as_mut) else { return false };
        let just_ended = entry.history.call_ended.is_some_and(|ended| turn.now.since(ended) <= grace);
        if why != OfferFailure::Busy || !just_ended || entry.history.busy_forgiven {
            return false;
        }
        entry.history.busy_forgiven = true;
        self.timers.disarm(&mut entry.history.pause);
        entry.history.pause = Some(self.timers.arm(turn.now + retry, Timer::AgentPause(agent)));
        true
    }

    /// The bridged leg of the agent has ended: wrap-up. Of an unanswered offer it can only mean that something of ours went wrong.
    pub(super) fn on_ended(&mut self, id: OfferId, turn: &mut Turn<'_>) {
        if self.offers.of(id).is_some_and(|offer| offer.phase != Phase::Talking) {
            self.fail(id, OfferFailure::Internal, turn);
            return;
        }
        let Some(offer) = self.offers.take(id) else { return };
        let queue = self.calls.get(&offer.call).map(|call| call.waiting.queue);
        self.begin_wrap_up(offer.agent, queue, offer.since, turn);
        self.remove_call(offer.call);
    }

    /// The agent holds or resumes the caller.
    pub(super) fn on_held(&mut self, id: OfferId, held: bool, turn: &mut Turn<'_>) {
        let Some(offer) = self.offers.of(id).filter(|offer| offer.phase == Phase::Talking) else { return };
        let agent = offer.agent;
        if let Some(entry) = self.agent_mut(agent) {
            entry.activity = if held { Activity::Holding(id) } else { Activity::Talking(id) };
        }
        self.refresh(agent, turn);
    }
}
