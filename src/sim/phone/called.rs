//! Calls that a phone receives, and what is asked of it inside a call (RFC 3261 §13.3, §12.2.2).

use super::session::Repeat;
use super::{End, Phone, Session, SessionId, State, Word};
use crate::clock::Instant;
use crate::sip::Method;
use crate::sip::dialog::{Dialog, Order};
use crate::sip::scan::{Message, Scanned};
use crate::sip::sdp;
use crate::sip::transaction::ServerTx;
use crate::sip::write::Writer;

/// Person of a session that nobody has taken yet.
const NOBODY: u32 = u32::MAX;

impl Phone {
    pub(super) fn on_request(&mut self, tx: ServerTx, request: &Message<'_>, now: Instant) {
        let has_tag = request.to().is_some_and(|to| to.tag().is_some());
        match (request.method(), has_tag) {
            (Some(Method::Invite), false) => self.on_invite(tx, request, now),
            (Some(Method::Options), false) => self.reply(tx, request, 200, now),
            (_, false) => self.reply(tx, request, 405, now),
            (Some(method), true) => self.on_request_in_dialog(tx, method, request, now),
            (None, true) => self.reply(tx, request, 501, now),
        }
    }

    fn on_invite(&mut self, tx: ServerTx, invite: &Message<'_>, now: Instant) {
        let tag = self.tag();
        let Some(dialog) = Dialog::answering(invite, &tag, self.flow()) else {
            return self.reply(tx, invite, 400, now);
        };
        let Ok(kept) = Scanned::new(invite.bytes()) else { return };
        let rtp = self.rtp_address();
        let call_id: Box<[u8]> = dialog.call_id.as_bytes().into();
        let mut session = Session::new(State::Incoming(tx), dialog, NOBODY, rtp);
        session.invite = Some(Box::new(kept));
        let id = self.sessions.insert(session);
        self.by_call_id.insert(call_id, id);
        self.transactions.remember(tx, id);
        self.words.push(Word::Incoming(id));
    }

    /// The person who takes care of the call.
    pub fn assign(&mut self, id: SessionId, person: u32) {
        if let Some(session) = self.sessions.at_mut(id) {
            session.person = person;
        }
    }

    /// Sends a provisional response (100, 180, 183).
    pub fn ring(&mut self, id: SessionId, status: u16, now: Instant) {
        self.respond(id, status, now);
    }

    /// Declines with a final status.
    pub fn decline(&mut self, id: SessionId, status: u16, now: Instant) {
        self.respond(id, status, now);
        self.close(id, End::Declined(status));
    }

    fn respond(&mut self, id: SessionId, status: u16, now: Instant) {
        let (flow, contact) = (self.flow(), self.contact());
        let Some(session) = self.sessions.at(id) else { return };
        let (State::Incoming(tx), Some(invite)) = (session.state, &session.invite) else { return };
        let tag = (status > 100).then_some(&*session.dialog.local_tag);
        self.scratch.clear();
        let mut writer = Writer::response(&mut self.scratch, &invite.message(), flow, status, tag);
        if (101..300).contains(&status) {
            writer.field("Contact", &contact);
        }
        writer.finish();
        self.transactions.respond(tx, status, &self.scratch, now, &mut self.out);
    }

    /// Answers: 200 with our SDP, repeated until the ACK comes.
    pub fn answer(&mut self, id: SessionId, now: Instant) {
        let (flow, contact) = (self.flow(), self.contact());
        let Some(session) = self.sessions.at_mut(id) else { return };
        let (State::Incoming(tx), Some(invite)) = (session.state, session.invite.take()) else { return };
        let request = invite.message();
        let Ok(theirs) = sdp::read(request.body()) else { return self.decline(id, 488, now) };
        session.describe(Some(&theirs), &mut self.body);
        let mut bytes = Vec::with_capacity(640);
        let mut writer = Writer::response(&mut bytes, &request, flow, 200, Some(&session.dialog.local_tag));
        writer.field("Contact", &contact);
        writer.body("application/sdp", &self.body);
        session.state = State::Answered;
        self.transactions.respond(tx, 200, &bytes, now, &mut self.out);
        let interval = self.timings.t1;
        let timer = Some(self.repeats.arm(now + interval, id));
        session.repeat = Repeat { bytes, interval, give_up: now + self.timings.t1 * 64, timer };
    }

    /// Sends 180 although the call is answered: some phones do.
    pub fn ring_after_answer(&mut self, id: SessionId) {
        let Some(session) = self.sessions.at(id) else { return };
        let text = String::from_utf8_lossy(&session.repeat.bytes);
        // The 200 turned into a 180 without a body: same transaction, same tags.
        let head = text.split("\r\n\r\n").next().unwrap_or_default();
        let kept = head.split("\r\n").filter(|line| !line.starts_with("Content-"));
        let mut bytes = kept.collect::<Vec<_>>().join("\r\n").replacen("200 OK", "180 Ringing", 1).into_bytes();
        bytes.extend_from_slice(b"\r\nContent-Length: 0\r\n\r\n");
        self.out.push_bytes(session.dialog.flow, &bytes);
    }

    pub(super) fn repeat_answer(&mut self, id: SessionId, now: Instant) {
        let Some(session) = self.sessions.at_mut(id) else { return };
        if now >= session.repeat.give_up {
            session.state = State::Up;
            self.hang_up(id, now);
            return;
        }
        session.repeat.interval = (session.repeat.interval * 2).min(self.timings.t2);
        self.out.push_bytes(session.dialog.flow, &session.repeat.bytes);
        session.repeat.timer = Some(self.repeats.arm(now + session.repeat.interval, id));
    }

    pub(super) fn on_cancel(&mut self, tx: ServerTx, id: SessionId, now: Instant) {
        let flow = self.flow();
        let Some(session) = self.sessions.at(id) else { return };
        if let Some(invite) = &session.invite {
            self.scratch.clear();
            let tag = Some(&*session.dialog.local_tag);
            Writer::response(&mut self.scratch, &invite.message(), flow, 487, tag).finish();
            self.transactions.respond(tx, 487, &self.scratch, now, &mut self.out);
            self.close(id, End::Cancelled);
        }
    }

    pub(super) fn on_ack(&mut self, ack: &Message<'_>) {
        let Some(id) = self.session_of(ack) else { return };
        let Some(session) = self.sessions.at_mut(id) else { return };
        self.repeats.disarm(&mut session.repeat.timer);
        if session.state == State::Answered {
            session.state = State::Up;
            self.words.push(Word::Up(id));
        }
    }

    fn on_request_in_dialog(&mut self, tx: ServerTx, method: Method, request: &Message<'_>, now: Instant) {
        let known = self.session_of(request);
        let Some(session) = known.and_then(|id| self.sessions.at_mut(id)) else {
            return self.reply(tx, request, 481, now);
        };
        if session.dialog.on_request(request) == Order::Old {
            return self.reply(tx, request, 500, now);
        }
        let id = known.expect("the session was found by it");
        match method {
            Method::Bye => {
                self.reply(tx, request, 200, now);
                self.close(id, End::Bye);
            }
            Method::Invite => self.on_reinvite(tx, id, request, now),
            _ => self.reply(tx, request, 200, now),
        }
    }

    /// Huntline asks for a change, or whether we live: answered with what we already had.
    fn on_reinvite(&mut self, tx: ServerTx, id: SessionId, request: &Message<'_>, now: Instant) {
        let (flow, contact) = (self.flow(), self.contact());
        let Some(session) = self.sessions.at_mut(id) else { return };
        let theirs = sdp::read(request.body()).ok();
        session.describe(theirs.as_ref(), &mut self.body);
        let mut bytes = Vec::with_capacity(640);
        let mut writer = Writer::response(&mut bytes, request, flow, 200, None);
        writer.field("Contact", &contact);
        writer.body("application/sdp", &self.body);
        self.transactions.respond(tx, 200, &bytes, now, &mut self.out);
        let interval = self.timings.t1;
        self.repeats.disarm(&mut session.repeat.timer);
        let timer = Some(self.repeats.arm(now + interval, id));
        session.repeat = Repeat { bytes, interval, give_up: now + self.timings.t1 * 64, timer };
    }

    /// The call that a request in a dialog belongs to: Call-ID and both tags.
    fn session_of(&self, request: &Message<'_>) -> Option<SessionId> {
        let id = *self.by_call_id.get(request.call_id())?;
        let session = self.sessions.at(id)?;
        let ours = request.to()?.tag()? == session.dialog.local_tag.as_bytes();
        (ours && session.dialog.is_from_peer(request)).then_some(id)
    }
}
