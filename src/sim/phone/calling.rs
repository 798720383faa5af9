//! Calls that a phone makes, and what it asks for inside a call (RFC 3261 §13.2, §14.1, §15).

use super::{End, Phone, Purpose, Session, SessionId, State, Word};
use crate::clock::Instant;
use crate::sip::Method;
use crate::sip::dialog::Dialog;
use crate::sip::digest;
use crate::sip::scan::{Message, Name};
use core::net::SocketAddr;

/// First RTP port of a phone; every call at a time has its own pair.
const RTP_FIRST: u16 = 10_000;
/// RTP ports that a phone has.
const RTP_PORTS: u32 = 27_000;

impl Phone {
    /// Calls `called` as `calling`. The session carries `person`.
    pub fn call(&mut self, calling: &str, called: &str, person: u32, now: Instant) -> SessionId {
        let server = self.identity.server;
        let (tag, number) = (self.tag(), self.seed.bits());
        let call_id = format!("{number:016x}@{}", self.identity.address.ip());
        let local = format!("<sip:{calling}@{}>", self.identity.address.ip());
        let target = format!("sip:{called}@{server}");
        let remote = format!("<{target}>");
        let flow = self.flow();
        let dialog = Dialog::calling(&call_id, local.as_bytes(), &tag, remote.as_bytes(), target.as_bytes(), flow);
        let rtp = self.rtp_address();
        // Its transaction is set two lines down; no session is ever seen without one.
        let id = self.sessions.next_id();
        let placeholder = State::Ending;
        self.sessions.insert(Session::new(placeholder, dialog, person, rtp));
        self.by_call_id.insert(call_id.into_bytes().into(), id);
        self.send_invite(id, Purpose::Invite(id), None, now);
        id
    }

    /// Where the next session's audio goes.
    pub(super) fn rtp_address(&self) -> SocketAddr {
        let port = RTP_FIRST + (self.sessions.next_id().slot % RTP_PORTS * 2) as u16;
        SocketAddr::new(self.identity.address.ip(), port)
    }

    fn send_invite(&mut self, id: SessionId, purpose: Purpose, credentials: Option<String>, now: Instant) {
        let Some(session) = self.sessions.at(id) else { return };
        let mut body = core::mem::take(&mut self.body);
        session.describe(None, &mut body);
        let contact = self.contact();
        let tx = self.ask(id, Method::Invite, purpose, now, |mut invite| {
            invite.field("Contact", &contact);
            if let Some(credentials) = credentials {
                invite.field("Proxy-Authorization", credentials);
            }
            invite.body("application/sdp", &body);
        });
        self.body = body;
        if let (Purpose::Invite(_), Some(tx), Some(session)) = (purpose, tx, self.sessions.at_mut(id)) {
            session.state = State::Calling(tx);
        }
    }

    pub(super) fn on_invite_response(&mut self, id: SessionId, response: &Message<'_>, now: Instant) {
        let status = response.status();
        let Some(session) = self.sessions.at_mut(id) else {
            // A 200 for a call that we gave up: §13.2.2.4 wants it acknowledged and ended; the session is kept until then, so
            // nothing comes here but a repetition after our BYE.
            return;
        };
        match status {
            0..=100 => {}
            101..=199 => {
                session.dialog.on_response(response);
                self.words.push(Word::Progress(id, status));
            }
            200..=299 => self.on_invite_accepted(id, response, now),
            401 | 407 if session.challenged == 0 && self.identity.password.is_some() => {
                session.challenged += 1;
                let credentials = self.credentials(response, "INVITE", id);
                self.send_invite(id, Purpose::Invite(id), credentials, now);
            }
            _ => self.close(id, End::Refused(status)),
        }
    }

    fn on_invite_accepted(&mut self, id: SessionId, response: &Message<'_>, now: Instant) {
        let Some(session) = self.sessions.at_mut(id) else { return };
        if !session.dialog.on_response(response) {
            return;
        }
        let before = session.state;
        if matches!(before, State::Calling(_) | State::Cancelling(_)) {
            session.state = State::Up;
        }
        self.send_ack(id);
        match before {
            State::Calling(_) => self.words.push(Word::Up(id)),
            // Our CANCEL crossed their 200 (§9.1): the call is up, and we end it.
            State::Cancelling(_) => self.hang_up(id, now),
            _ => {}
        }
    }

    /// Sends the ACK for a 2xx, the same each time (§13.2.2.4).
    fn send_ack(&mut self, id: SessionId) {
        let Some(session) = self.sessions.at_mut(id) else { return };
        if session.ack.is_empty() {
            let branch = self.transactions.branch();
            let via = format_args!("SIP/2.0/UDP {};rport;branch={branch}", self.identity.address);
            session.dialog.request(Method::Ack, via, &mut session.ack).finish();
        }
        self.out.push_bytes(session.dialog.flow, &session.ack);
    }

    /// Ends a call in whatever way its state asks for: CANCEL, 487 … or BYE.
    pub fn hang_up(&mut self, id: SessionId, now: Instant) {
        let Some(session) = self.sessions.at_mut(id) else { return };
        match session.state {
            State::Calling(tx) => {
                session.state = State::Cancelling(tx);
                self.transactions.cancel(tx, "", now, &mut self.out);
            }
            State::Incoming(_) => self.decline(id, 480, now),
            State::Answered | State::Up => {
                session.state = State::Ending;
                self.repeats.disarm(&mut session.repeat.timer);
                self.ask(id, Method::Bye, Purpose::Bye(id), now, |bye| bye.finish());
            }
            State::Cancelling(_) | State::Ending => {}
        }
    }

    /// Puts the other side on hold, or takes it off: re-INVITE with `sendonly` or `sendrecv` (RFC 3264 §8.4).
    pub fn hold(&mut self, id: SessionId, held: bool, now: Instant) {
        let Some(session) = self.sessions.at_mut(id).filter(|session| session.state == State::Up) else { return };
        session.held = held;
        session.version += 1;
        session.ack.clear();
        self.send_invite(id, Purpose::Reinvite(id), None, now);
    }

    pub(super) fn on_reinvite_response(&mut self, id: SessionId, response: &Message<'_>, _now: Instant) {
        let Some(session) = self.sessions.at_mut(id) else { return };
        match response.status() {
            200..=299 => {
                session.dialog.on_response(response);
                self.send_ack(id);
            }
            481 | 408 => self.close(id, End::Refused(response.status())),
            _ => {}
        }
    }

    /// Presses a key that travels as SIP INFO.
    pub fn press_by_info(&mut self, id: SessionId, digit: u8, now: Instant) {
        if self.sessions.at(id).is_none_or(|session| session.state != State::Up) {
            return;
        }
        let body = format!("Signal={}\r\nDuration=160\r\n", char::from(digit));
        self.ask(id, Method::Info, Purpose::Info(id), now, |info| {
            info.body("application/dtmf-relay", body.as_bytes());
        });
    }

    /// Sends a BYE that looks as if it belonged to the call but comes from a dialog that nobody knows.
    pub fn bye_from_a_wrong_dialog(&mut self, id: SessionId, now: Instant) {
        let wrong = self.tag();
        let Some(session) = self.sessions.at_mut(id) else { return };
        let right = core::mem::replace(&mut session.dialog.local_tag, wrong.into());
        let cseq = session.dialog.local_cseq;
        self.ask(id, Method::Bye, Purpose::Info(id), now, |bye| bye.finish());
        if let Some(session) = self.sessions.at_mut(id) {
            session.dialog.local_tag = right;
            session.dialog.local_cseq = cseq;
        }
    }

    /// The answer to the challenge in `response`.
    fn credentials(&mut self, response: &Message<'_>, method: &str, id: SessionId) -> Option<String> {
        let name = if response.status() == 401 { Name::WwwAuthenticate } else { Name::ProxyAuthenticate };
        let uri = String::from_utf8_lossy(&self.sessions.at(id)?.dialog.remote_target).into_owned();
        self.answer_challenge(response.field(name)?, method, &uri)
    }

    pub(super) fn answer_challenge(&mut self, challenge: &[u8], method: &str, uri: &str) -> Option<String> {
        let cnonce = self.tag();
        let password = self.identity.password.as_deref()?;
        digest::answer(challenge, &self.identity.user, password, method, uri, 1, &cnonce)
    }
}
