//! Agents: what they wish, whether their phone is there, and the time after a call.

use super::{Actions, Router, Timer, Turn};
use crate::acd::agent::{Activity, WrapUp};
use crate::acd::idle_sets::Presence;
use crate::acd::request::{Contact, Reply, Revoke, Wish};
use crate::clock::{Duration, Instant};
use crate::ids::{AgentId, QueueId};
use std::sync::Arc;

impl Router {
    /// Brings groups, the shown state and the list of changes up to date. Called after every change of an agent; the only place
    /// that counts agents in groups.
    pub(super) fn refresh(&mut self, id: AgentId, turn: &mut Turn<'_>) {
        let Some(agent) = self.agents.get_mut(id.index()).and_then(Option::as_mut) else { return };
        let (was, mut is) = (agent.presence, agent.due_presence());
        if is.idle.is_some() && was.idle != is.idle {
            // Entered as idle by `match_up`, unless a call takes them first.
            self.unmatched.agents.push(id);
            is.idle = None;
        }
        agent.presence = is;
        if agent.shown.0 != agent.state() {
            agent.shown = (agent.state(), turn.now);
        }
        self.groups.enter(id, &agent.fits, was, is);
        if !std::mem::replace(&mut agent.unsaid, true) {
            self.changed.push(id);
        }
        self.publisher.on_agent(id);
        if was.logged_on && !is.logged_on {
            self.on_nobody_left(id, turn);
        }
    }

    pub(super) fn on_wish(&mut self, id: AgentId, wish: Wish, turn: &mut Turn<'_>) {
        let Some(agent) = self.agent_mut(id) else { return };
        agent.wish(wish, turn.now);
        match (agent.activity, wish) {
            (Activity::WrapUp(_), Wish::Ready) => self.end_wrap_up(id, turn),
            (Activity::WrapUp(wrap_up), Wish::ExtendWrapUp) => self.extend_wrap_up(id, wrap_up, turn),
            _ => self.refresh(id, turn),
        }
    }

    /// The phone's contacts are these now. A phone that goes while it is called ends the offer; one that talks goes on.
    pub(super) fn on_reachable(&mut self, id: AgentId, contacts: Arc<[Contact]>, turn: &mut Turn<'_>) {
        let Some(agent) = self.agent_mut(id) else { return };
        let gone = contacts.is_empty();
        agent.reachable(contacts, turn.now);
        match agent.activity {
            Activity::Offered(offer) if gone => {
                let call = self.offers.of(offer).map(|offer| offer.call);
                self.release(offer, Revoke::Unreachable, turn);
                call.into_iter().for_each(|call| self.put_back(call, false, turn));
            }
            _ => self.refresh(id, turn),
        }
    }

    /// The agent's phone makes or ends a call of its own; idle time starts anew after it.
    pub(super) fn on_own_call(&mut self, id: AgentId, active: bool, turn: &mut Turn<'_>) {
        let Some(agent) = self.agent_mut(id) else { return };
        if agent.own_call && !active && !agent.busy() {
            agent.idle_since = turn.now;
        }
        agent.own_call = active;
        self.refresh(id, turn);
    }

    /// The talk of a call of `queue` is over. The next INVITE keeps the gap from here.
    pub(super) fn begin_wrap_up(
        &mut self,
        id: AgentId,
        queue: Option<QueueId>,
        talk_began: Instant,
        turn: &mut Turn<'_>,
    ) {
        let wrap_up = queue.and_then(|queue| self.queues.get(&queue)).map_or(Duration::ZERO, |q| q.settings.wrap_up);
        let gap = self.settings.offer_gap;
        let Some(agent) = self.agents.get_mut(id.index()).and_then(Option::as_mut) else { return };
        agent.history.call_ended = Some(turn.now);
        agent.history.busy_forgiven = false;
        if !gap.is_zero() {
            self.timers.disarm(&mut agent.history.pause);
            agent.history.pause = Some(self.timers.arm(turn.now + gap, Timer::AgentPause(id)));
        }
        let until = turn.now + wrap_up;
        let timer = self.timers.arm(until, Timer::WrapUp(id));
        agent.activity =
            Activity::WrapUp(WrapUp { queue, talk_began: Some(talk_began), began: turn.now, until, timer });
        if wrap_up.is_zero() {
            self.end_wrap_up(id, turn);
        } else {
            self.refresh(id, turn);
        }
    }

    /// Wrap-up is over, by its timer or by the agent's word.
    pub(super) fn end_wrap_up(&mut self, id: AgentId, turn: &mut Turn<'_>) {
        let Some(agent) = self.agents.get_mut(id.index()).and_then(Option::as_mut) else { return };
        let Activity::WrapUp(wrap_up) = agent.activity else { return };
        self.timers.cancel(wrap_up.timer);
        agent.idle_since = turn.now;
        let queue = wrap_up.queue.and_then(|queue| self.queues.get_mut(&queue));
        if let (Some(queue), Some(talk_began)) = (queue, wrap_up.talk_began) {
            queue.figures.handling.add(turn.now.since(talk_began));
        }
        self.rest(id, turn);
    }

    /// `*64`: as long as the queue allows at most, counted from the beginning of wrap-up.
    fn extend_wrap_up(&mut self, id: AgentId, mut wrap_up: WrapUp, turn: &mut Turn<'_>) {
        let queue = wrap_up.queue.and_then(|queue| self.queues.get(&queue));
        let until = wrap_up.began + queue.map_or(Duration::ZERO, |queue| queue.settings.wrap_up_max);
        if until <= wrap_up.until {
            return;
        }
        self.timers.cancel(wrap_up.timer);
        wrap_up.until = until;
        wrap_up.timer = self.timers.arm(until, Timer::WrapUp(id));
        if let Some(agent) = self.agent_mut(id) {
            agent.activity = Activity::WrapUp(wrap_up);
        }
        self.refresh(id, turn);
    }

    pub(super) fn on_agent_pause_over(&mut self, id: AgentId, turn: &mut Turn<'_>) {
        let Some(agent) = self.agent_mut(id) else { return };
        agent.history.pause = None;
        self.refresh(id, turn);
    }

    /// Says what has become of the agents touched in this turn. One who is no longer configured goes here, once nothing goes on
    /// with them.
    pub(super) fn tell_agents(&mut self, out: &mut Actions) {
        for id in std::mem::take(&mut self.changed) {
            let Some(slot) = self.agents.get_mut(id.index()) else { continue };
            let Some(agent) = slot else { continue };
            agent.unsaid = false;
            out.push(Reply::Agent(agent.view()));
            if agent.removed && !agent.busy() && agent.presence == Presence::default() {
                self.timers.disarm(&mut agent.history.pause);
                *slot = None;
                self.publisher.on_agent_gone(id);
            }
        }
    }
}
