//! How legs and calls end, and the record that each call leaves.
//!
//! A call is over for its parties at once; it stays in the table until every leg has ended (a phone may still answer our
//! CANCEL) and every port has come back. Then its record is written.

use super::Switch;
use super::turn::Turn;
use crate::acd::{Leave, OfferFailure, Request};
use crate::call::leg::{Leg, Party, State};
use crate::call::record::{CallRecord, Cause, IvrVisit, LegRecord, Side};
use crate::call::table::Key;
use crate::call::{Call, Ending, Origin, Stage};
use crate::clock::Instant;
use crate::ids::CallId;
use crate::ivr::{session, tree};

impl Switch {
    /// The caller has hung up (or cancelled).
    pub(super) fn caller_gone(&mut self, leg: Key<Leg>, turn: &mut Turn) {
        let Some(entry) = self.calls.legs.at(leg) else { return };
        let (key, let_go) = (entry.call, entry.unacknowledged.as_ref().is_some_and(|waiting| waiting.bye_after));
        let Some(call) = self.calls.calls.at_mut(key) else { return };
        let cause = Self::cause_of_abandonment(call);
        // Who hangs up during the good-bye has hung up first.
        if let Some(ending) = call.ending.as_mut().filter(|_| !let_go) {
            (ending.first, ending.at) = (Side::Caller, turn.now);
        }
        self.leg_over(leg, "bye received", turn);
        self.end_call(key, cause, Side::Caller, turn);
    }

    /// An agent's leg has ended after it was answered.
    pub(super) fn agent_gone(&mut self, leg: Key<Leg>, why: &str, side: Side, turn: &mut Turn) {
        let Some(entry) = self.calls.legs.at(leg) else { return };
        let (key, party, bridged) = (entry.call, entry.party, entry.times.bridged.is_some());
        match entry.state {
            // A phone that says BYE before it answered: our INVITE would wait for ever.
            State::Calling(tx) | State::Ringing(tx) => {
                self.sip.transactions.cancel(tx, "", turn.now, &mut turn.out.datagrams);
            }
            _ if side == Side::System && entry.is_open() => self.bye(leg, "", turn),
            _ => {}
        }
        self.leg_over(leg, why, turn);
        let Party::Agent { offer, .. } = party else { return };
        if !bridged {
            // Answered and gone before the bridge: other phones of the offer ring on.
            return self.offer_leg_failed(leg, OfferFailure::PhoneError, turn);
        }
        let ours = self.calls.calls.at(key).and_then(|call| call.offer.as_ref()).is_some_and(|open| open.id == offer);
        if ours {
            self.request(Request::Ended { offer }, turn);
            self.close_offer(key, turn);
            self.end_call(key, Cause::Answered, side, turn);
        }
    }

    /// Ends a call: releases everybody who is still there. The first cause counts.
    pub(super) fn end_call(&mut self, key: Key<Call>, cause: Cause, first: Side, turn: &mut Turn) {
        let Some(call) = self.calls.calls.at_mut(key) else { return };
        let (id, stage) = (call.id, call.stage);
        call.ending.get_or_insert(Ending { cause, first, at: turn.now });
        let open = call.offer.clone();
        let agents = call.agents.clone();
        self.calls.enter(key, Stage::Ending);
        let waiting = matches!(stage, Stage::Waiting | Stage::Ringing);
        self.end_ivr(key, stage, first, turn);
        if waiting {
            let outcome = match (first, stage) {
                (Side::Caller, Stage::Ringing) => "abandoned_while_ringing",
                (Side::Caller, _) => "abandoned",
                _ => "ended",
            };
            self.leave_queue(key, outcome, turn);
            let why = if first == Side::Caller { Leave::HungUp } else { Leave::Ended };
            self.request(Request::Withdraw { call: id, why }, turn);
        } else if let Some(open) = &open {
            self.request(Request::Ended { offer: open.id }, turn);
        }
        self.close_offer(key, turn);
        for leg in agents {
            self.take_back(leg, if first == Side::Caller { "caller gone" } else { "bye sent" }, turn);
        }
        self.release_caller(key, turn);
    }

    fn end_ivr(&mut self, key: Key<Call>, stage: Stage, first: Side, turn: &mut Turn) {
        let Some(call) = self.calls.calls.at_mut(key) else { return };
        let Some(ivr) = call.ivr.as_mut().filter(|_| stage == Stage::Ivr) else { return };
        let mut actions = session::Actions::default();
        ivr.end(first == Side::Caller, &mut actions);
        turn.out.visits.extend_from_slice(&actions.visits);
    }

    /// Lets the caller go: BYE, once the ACK for our 200 has come.
    pub(super) fn release_caller(&mut self, key: Key<Call>, turn: &mut Turn) {
        let Some(call) = self.calls.calls.at_mut(key) else { return };
        call.saying = None;
        let caller = call.caller;
        let ending = call.ending.get_or_insert(Ending { cause: Cause::EndedInIvr, first: Side::System, at: turn.now });
        if ending.first == Side::System {
            ending.at = turn.now;
        }
        let timers = core::mem::take(&mut call.timers);
        self.calls.enter(key, Stage::Ending);
        for mut timer in [timers.ivr, timers.longest] {
            self.timers.disarm(&mut timer);
        }
        let Some(leg) = self.calls.legs.at_mut(caller) else { return self.settle_call(key, turn) };
        if leg.is_open() {
            if let Some(waiting) = leg.unacknowledged.as_mut() {
                waiting.bye_after = true;
                self.close_stream(caller, turn);
            } else {
                self.bye(caller, "", turn);
                self.leg_over(caller, "bye sent", turn);
            }
        }
        self.settle_call(key, turn);
    }

    /// A leg has no dialog any more.
    pub(super) fn leg_over(&mut self, leg: Key<Leg>, why: &str, turn: &mut Turn) {
        let Some(entry) = self.calls.legs.at_mut(leg) else { return };
        entry.state = State::Over;
        entry.ended.get_or_insert((turn.now, why.into()));
        if let Some(mut waiting) = entry.unacknowledged.take() {
            self.timers.disarm(&mut waiting.timer);
        }
        if entry.times.held_since.is_some() {
            entry.times.hold(false, turn.now);
        }
        self.close_stream(leg, turn);
        self.settle_leg(leg, turn);
    }

    /// Removes a leg that has ended and whose port has come back, and leaves its line in the call's history.
    pub(super) fn settle_leg(&mut self, leg: Key<Leg>, turn: &mut Turn) {
        let Some(entry) = self.calls.legs.at(leg) else { return };
        if entry.is_open() || entry.audio.stream.is_some() {
            return;
        }
        let Some(entry) = self.calls.legs.remove(leg) else { return };
        let record = self.leg_record(&entry);
        let Some(call) = self.calls.calls.at_mut(entry.call) else { return };
        match entry.party {
            Party::Caller => call.history.legs.insert(0, record),
            Party::Agent { .. } => {
                call.agents.retain(|&other| other != leg);
                call.history.add_leg(record);
            }
        }
        self.settle_call(entry.call, turn);
    }

    fn leg_record(&self, leg: &Leg) -> LegRecord {
        let wall = |at: Instant| self.wall.at(at).as_micros();
        let (ended, cause) = leg.ended.clone().unwrap_or((leg.times.started, "ended".into()));
        let agent = leg.agent();
        LegRecord {
            agent,
            agent_number: agent.and_then(|agent| self.settings.agent(agent)).map(|agent| agent.number.clone()),
            started: wall(leg.times.started),
            ringing: leg.times.ringing.map(wall),
            answered: leg.times.answered.map(wall),
            bridged: leg.times.bridged.map(wall),
            ended: wall(ended),
            cause,
            held_us: u64::try_from(leg.times.held.as_micros()).unwrap_or(u64::MAX),
            media: leg.audio.report,
        }
    }

    /// Writes the record of a call that has nothing left, and forgets it.
    fn settle_call(&mut self, key: Key<Call>, turn: &mut Turn) {
        let Some(call) = self.calls.calls.at(key) else { return };
        let Some(ending) = call.ending else { return };
        if call.stage != Stage::Ending || !call.agents.is_empty() || self.calls.legs.at(call.caller).is_some() {
            return;
        }
        let Some(call) = self.calls.calls.remove(key) else { return };
        self.calls.by_id.remove(&call.id);
        self.calls.gone.push(call.id);
        match call.origin {
            Origin::Trunk(trunk) => self.admission.release(trunk),
            Origin::Agent(agent) if call.history.own_call => self.own_call(agent, false, turn),
            Origin::Agent(_) => {}
        }
        self.tally.ended(call.place.map(|place| place.queue), ending.cause);
        if matches!(ending.cause, Cause::Failed | Cause::Silent) {
            let detail = format!("{:?}", ending.cause);
            turn.out.notices.push(super::Notice { call: Some(call.id), what: "call cut off", detail });
        }
        let ivr = call.ivr.as_ref().map(|session| IvrVisit {
            tree: self.settings.trees.tree(session.tree()).map_or_else(|| "?".into(), |tree| tree.name.clone()),
            last_node: self
                .settings
                .trees
                .node(tree::Place { tree: session.tree(), node: session.node() })
                .map_or_else(|| "?".into(), |node| node.name.clone()),
            depth_max: session.depth_max(),
            zero_pressed: session.zero_pressed(),
        });
        turn.out.records.push(CallRecord {
            version: 1,
            call: call.id,
            trunk: self.trunk_name(call.origin),
            calling: call.identity.calling,
            called: call.identity.called,
            started: self.wall.at(call.started).as_micros(),
            answered: call.history.answered.map(|at| self.wall.at(at).as_micros()),
            ended: self.wall.at(ending.at).as_micros(),
            cause: ending.cause,
            hung_up_first: ending.first,
            ivr,
            queues: call.history.queues,
            legs: call.history.legs,
        });
    }

    pub(super) fn trunk_name(&self, origin: Origin) -> Option<Box<str>> {
        match origin {
            Origin::Trunk(trunk) => self.settings.trunks.get(trunk.index()).map(|trunk| trunk.name.clone()),
            Origin::Agent(_) => None,
        }
    }

    pub(super) fn end_by_operator(&mut self, call: CallId, turn: &mut Turn) {
        if let Some(&call) = self.calls.by_id.get(&call) {
            self.end_call(call, Cause::EndedByOperator, Side::System, turn);
        }
    }

    /// No new calls; what is left when the time is over is ended.
    pub(super) fn drain(&mut self, turn: &mut Turn) {
        if !self.admission.draining {
            self.admission.draining = true;
            let end = turn.now + self.settings.limits.drain;
            self.admission.drained_at = Some(end);
            self.timers.arm(end, super::turn::Timer::Drained);
        }
    }

    /// The process is about to end: no final response to a CANCEL and no ACK before our BYE (§15) is waited for, so that the
    /// records of these calls can be written. A phone that answers all the same is released as a stray.
    pub(super) fn wait_for_nobody(&mut self, turn: &mut Turn) {
        let open = self.calls.legs.iter().filter(|(_, leg)| leg.is_open());
        let open: Vec<(Key<Leg>, State)> = open.map(|(key, leg)| (key, leg.state)).collect();
        for (leg, state) in open {
            if state == State::Up {
                self.bye(leg, "", turn);
            }
            self.leg_over(leg, "bye sent", turn);
        }
    }

    pub(super) fn end_all(&mut self, turn: &mut Turn) {
        self.admission.draining = true;
        // Those that are ending already too: one may still be saying good-bye.
        let open: Vec<Key<Call>> = self.calls.calls.iter().map(|(key, _)| key).collect();
        for call in open {
            self.end_call(call, Cause::Drained, Side::System, turn);
        }
    }
}
