//! What others answer to our requests: agents' phones to INVITEs, anyone to probes for life.

use super::Switch;
use super::turn::{ClientUser, Turn};
use crate::acd::request::OfferPhase;
use crate::acd::{OfferFailure, Request};
use crate::call::Leg;
use crate::call::leg::{Party, State};
use crate::call::table::Key;
use crate::ids::Flow;
use crate::sip::scan::Message;
use crate::sip::transaction::ClientTx;

impl Switch {
    pub(super) fn on_response(
        &mut self,
        message: &Message<'_>,
        flow: Flow,
        tx: ClientTx,
        user: ClientUser,
        turn: &mut Turn,
    ) {
        match user {
            ClientUser::Nothing => {}
            ClientUser::Probe(leg) => match message.status() {
                ..200 => {}
                408 | 481 => self.on_probed(leg, false, turn),
                _ => self.on_probed(leg, true, turn),
            },
            ClientUser::Invite(leg) => match message.status() {
                ..=100 => {}
                101..200 => self.on_ringing(leg, message, tx, turn),
                200..300 => self.on_answered(leg, message, flow, turn),
                status => self.on_refused(leg, status, turn),
            },
        }
    }

    /// A request of ours got no final response.
    pub(super) fn on_no_response(&mut self, user: ClientUser, turn: &mut Turn) {
        match user {
            ClientUser::Nothing => {}
            ClientUser::Probe(leg) => self.on_probed(leg, false, turn),
            ClientUser::Invite(leg) => self.on_refused(leg, 408, turn),
        }
    }

    fn on_ringing(&mut self, leg: Key<Leg>, message: &Message<'_>, tx: ClientTx, turn: &mut Turn) {
        let Some(entry) = self.calls.legs.at_mut(leg) else { return };
        entry.dialog.on_response(message);
        if !matches!(entry.state, State::Calling(_)) {
            return;
        }
        entry.state = State::Ringing(tx);
        entry.times.ringing = Some(turn.now);
        let (call, party) = (entry.call, entry.party);
        let Party::Agent { offer, .. } = party else { return };
        let open = self.calls.calls.at_mut(call).and_then(|call| call.offer.as_mut());
        if let Some(open) = open.filter(|open| open.id == offer && open.phase == OfferPhase::Calling) {
            (open.phase, open.since) = (OfferPhase::Ringing, turn.now);
        }
        self.request(Request::Ringing { offer }, turn);
    }

    fn on_answered(&mut self, leg: Key<Leg>, message: &Message<'_>, flow: Flow, turn: &mut Turn) {
        let Some(entry) = self.calls.legs.at_mut(leg) else { return self.release_stray(message, flow, turn) };
        let state = entry.state;
        let early = matches!(state, State::Calling(_) | State::Ringing(_) | State::Cancelling(_));
        let mut known = state != State::Over && entry.dialog.on_response(message);
        // The first 2xx counts, also if it is of another early dialog than the one that rang (§13.2.2.4).
        if !known
            && early
            && let Some(other) = entry.dialog.fork(message)
        {
            entry.dialog = other;
            known = true;
        }
        if !known {
            // The second answer of a fork behind the phone's proxy: acknowledged and released. If it was the first, and can make
            // no dialog, nothing more will come of this INVITE.
            self.release_stray(message, flow, turn);
            if early {
                self.on_refused(leg, 500, turn);
            }
            return;
        }
        match state {
            // The same 200 again: our ACK was lost.
            State::Answered | State::Up => return self.ack(leg, turn),
            // The phone answered while our CANCEL was on its way.
            State::Cancelling(_) => {
                self.ack(leg, turn);
                self.bye(leg, "", turn);
                return self.leg_over(leg, "answered too late", turn);
            }
            State::Calling(_) | State::Ringing(_) | State::Over => {}
        }
        entry.state = State::Answered;
        entry.times.answered = Some(turn.now);
        let (call, party) = (entry.call, entry.party);
        self.ack(leg, turn);
        if !self.on_answer(leg, message, turn) {
            self.bye(leg, "SIP;cause=488;text=\"Not Acceptable Here\"", turn);
            self.leg_over(leg, "no usable SDP", turn);
            return self.offer_leg_failed(leg, OfferFailure::PhoneError, turn);
        }
        let Party::Agent { offer, .. } = party else { return };
        let granted = self.calls.calls.at(call).and_then(|call| call.offer.as_ref()).filter(|open| open.id == offer);
        match granted.map(|open| open.phase) {
            Some(OfferPhase::Calling | OfferPhase::Ringing | OfferPhase::Answered) => {
                if let Some(open) = self.calls.calls.at_mut(call).and_then(|call| call.offer.as_mut()) {
                    open.phase = OfferPhase::Answered;
                }
                self.request(Request::Answered { offer }, turn);
            }
            // Granted already.
            Some(OfferPhase::Talking | OfferPhase::Holding) => self.bridge_answered(call, turn),
            None => self.take_back(leg, "offer unknown", turn),
        }
    }

    fn on_refused(&mut self, leg: Key<Leg>, status: u16, turn: &mut Turn) {
        let Some(entry) = self.calls.legs.at(leg) else { return };
        let state = entry.state;
        if matches!(state, State::Answered | State::Up | State::Over) {
            return;
        }
        self.leg_over(leg, &status.to_string(), turn);
        if matches!(state, State::Cancelling(_)) {
            return;
        }
        let why = match status {
            486 | 600 => OfferFailure::Busy,
            // A redirection by an agent's phone is a decline (INTEROP 14).
            603 | 300..400 => OfferFailure::Declined,
            408 | 404 | 410 | 430 | 502 | 503 | 504 => OfferFailure::Unreachable,
            _ => OfferFailure::PhoneError,
        };
        self.offer_leg_failed(leg, why, turn);
    }
}
