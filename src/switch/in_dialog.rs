//! Requests in a leg's dialog (RFC 3261 §12.2.2, §14, §15): ACK, BYE, re-INVITE, INFO, OPTIONS. They end at us: nothing is
//! forwarded to the other leg (INTEROP 8).

use super::Switch;
use super::send::{ACCEPT, ALLOW, SUPPORTED};
use super::turn::{Asked, Timer, Turn};
use crate::call::leg::{Party, State, Unacknowledged};
use crate::call::table::Key;
use crate::call::{Call, Cause, Leg, Side};
use crate::sip::Method;
use crate::sip::dialog::Order;
use crate::sip::scan::Message;

impl Switch {
    /// The leg that a request's To tag names and whose peer sent it.
    fn leg_of(&self, message: &Message<'_>) -> Option<Key<Leg>> {
        let key = leg_in_tag(message.to()?.tag()?)?;
        let leg = self.calls.legs.at(key)?;
        let ours = message.to()?.tag()? == leg.dialog.local_tag.as_bytes();
        (ours && leg.is_open() && leg.dialog.is_from_peer(message)).then_some(key)
    }

    pub(super) fn on_request_in_dialog(&mut self, asked: Asked<'_>, turn: &mut Turn) {
        let Some(leg) = self.leg_of(&asked.message) else {
            return self.refuse(&asked, 481, "no_dialog", turn);
        };
        let Some(entry) = self.calls.legs.at_mut(leg) else { return };
        if entry.dialog.on_request(&asked.message) == Order::Old {
            return self.refuse(&asked, 500, "cseq_old", turn);
        }
        entry.dialog.seen_at(asked.flow);
        match asked.message.method() {
            Some(Method::Bye) => self.on_bye(asked, leg, turn),
            Some(Method::Invite) => self.on_reinvite(asked, leg, turn),
            Some(Method::Info) => self.on_info(asked, leg, turn),
            Some(Method::Options) => self.answer(&asked, 200, turn, |answer| {
                answer.field("Allow", ALLOW).field("Accept", ACCEPT).field("Supported", SUPPORTED);
            }),
            _ => self.refuse_with(&asked, 405, "method_not_allowed", turn, |answer| {
                answer.field("Allow", ALLOW);
            }),
        }
    }

    fn on_bye(&mut self, asked: Asked<'_>, leg: Key<Leg>, turn: &mut Turn) {
        self.answer(&asked, 200, turn, |_| {});
        match self.calls.legs.at(leg).map(|leg| leg.party) {
            Some(Party::Caller) => self.caller_gone(leg, turn),
            Some(Party::Agent { .. }) => self.agent_gone(leg, "bye received", Side::Agent, turn),
            None => {}
        }
    }

    fn on_reinvite(&mut self, asked: Asked<'_>, leg: Key<Leg>, turn: &mut Turn) {
        let Some(entry) = self.calls.legs.at(leg) else { return };
        let call = entry.call;
        // §14.2: a second INVITE before the first is done.
        let unacknowledged = entry.unacknowledged.is_some();
        if unacknowledged || !matches!(entry.state, State::Up | State::Answered) {
            let wait = (self.seed.below(10)).to_string();
            return self.refuse_with(&asked, 500, "invite_pending", turn, |answer| {
                answer.field("Retry-After", &wait);
            });
        }
        match self.audio_for_reinvite(leg, &asked, turn) {
            Ok(offered) => {
                self.accept_leg(leg, &asked, offered, turn);
                self.skip_good_bye(call, turn);
            }
            Err(refusal) => self.refuse_with(&asked, refusal.status, refusal.why, turn, |answer| {
                refusal.explain(answer);
            }),
        }
    }

    /// Sends the 200 to a leg's INVITE and repeats it until the ACK comes (§13.3.1.4).
    pub(super) fn accept_leg(&mut self, leg: Key<Leg>, asked: &Asked<'_>, offered: bool, turn: &mut Turn) {
        let Some(tag) = self.calls.legs.at(leg).map(|leg| leg.dialog.local_tag.clone()) else { return };
        let bytes = self.accept(asked, &tag, turn);
        let timings = self.settings.timings;
        let next = turn.now + timings.t1;
        let unacknowledged = Unacknowledged {
            bytes,
            flow: self.sip.transactions.flow(asked.tx).unwrap_or(asked.flow),
            cseq: asked.message.cseq(),
            next,
            interval: timings.t1,
            give_up: turn.now + timings.t1 * 64,
            offered,
            bye_after: false,
            timer: Some(self.timers.arm(next, Timer::Repeat(leg))),
        };
        if let Some(entry) = self.calls.legs.at_mut(leg) {
            entry.unacknowledged = Some(unacknowledged);
        }
    }

    /// A 200 of ours is due again, or its ACK is given up: then the session is ended by BYE (§13.3.1.4).
    pub(super) fn repeat_answer(&mut self, leg: Key<Leg>, turn: &mut Turn) {
        let t2 = self.settings.timings.t2;
        let Some(entry) = self.calls.legs.at_mut(leg) else { return };
        let Some(waiting) = entry.unacknowledged.as_mut() else { return };
        if turn.now >= waiting.give_up {
            let (call, party, gone) = (entry.call, entry.party, waiting.bye_after);
            entry.unacknowledged = None;
            return match party {
                _ if gone => {
                    self.bye(leg, "", turn);
                    self.leg_over(leg, "never acknowledged", turn);
                }
                Party::Caller => self.end_call(call, Cause::Failed, Side::System, turn),
                Party::Agent { .. } => self.agent_gone(leg, "never acknowledged", Side::System, turn),
            };
        }
        turn.out.datagrams.push_bytes(waiting.flow, &waiting.bytes);
        self.tally.sent_again();
        waiting.interval = (waiting.interval * 2).min(t2);
        waiting.next = (turn.now + waiting.interval).min(waiting.give_up);
        waiting.timer = Some(self.timers.arm(waiting.next, Timer::Repeat(leg)));
    }

    pub(super) fn on_ack(&mut self, message: &Message<'_>, turn: &mut Turn) {
        let Some(leg) = self.leg_of(message) else { return };
        let Some(entry) = self.calls.legs.at_mut(leg) else { return };
        let Some(mut waiting) = entry.unacknowledged.take_if(|waiting| waiting.cseq == message.cseq()) else { return };
        let (call, party) = (entry.call, entry.party);
        self.timers.disarm(&mut waiting.timer);
        if waiting.bye_after {
            self.bye(leg, "", turn);
            return self.leg_over(leg, "bye sent", turn);
        }
        if waiting.offered && !self.on_answer(leg, message, turn) {
            match party {
                Party::Caller => self.end_call(call, Cause::Failed, Side::System, turn),
                Party::Agent { .. } => self.agent_gone(leg, "no usable SDP", Side::System, turn),
            }
        }
        self.skip_good_bye(call, turn);
    }

    /// Digits by INFO (INTEROP 10): `application/dtmf-relay` and `application/dtmf`.
    fn on_info(&mut self, asked: Asked<'_>, leg: Key<Leg>, turn: &mut Turn) {
        let message = &asked.message;
        if message.body().is_empty() {
            return self.answer(&asked, 200, turn, |_| {});
        }
        let kind = message.media_type();
        let digit = if kind.eq_ignore_ascii_case(b"application/dtmf-relay") {
            signal(message.body())
        } else if kind.eq_ignore_ascii_case(b"application/dtmf") {
            digit(message.body())
        } else {
            return self.refuse_with(&asked, 415, "content", turn, |answer| {
                answer.field("Accept", "application/dtmf-relay, application/dtmf");
            });
        };
        let Some(digit) = digit else { return self.refuse(&asked, 400, "dtmf_syntax", turn) };
        self.answer(&asked, 200, turn, |_| {});
        self.on_digit_of(leg, digit, true, turn);
    }

    /// A call has lasted longer than any may.
    pub(super) fn call_too_long(&mut self, call: Key<Call>, turn: &mut Turn) {
        if let Some(entry) = self.calls.calls.at_mut(call) {
            entry.timers.longest = None;
            let cause = Self::cause_of_abandonment(entry);
            self.end_call(call, cause, Side::System, turn);
        }
    }
}

/// The leg's key inside a tag of ours, see `caller::tag_of`.
fn leg_in_tag(tag: &[u8]) -> Option<Key<Leg>> {
    let mut parts = core::str::from_utf8(tag).ok()?.strip_prefix('h')?.split('.');
    let slot = u32::from_str_radix(parts.next()?, 16).ok()?;
    let generation = u32::from_str_radix(parts.next()?, 16).ok()?;
    Some(Key::from_parts(slot, generation))
}

/// `Signal=5` in a dtmf-relay body.
fn signal(body: &[u8]) -> Option<u8> {
    body.split(|&byte| byte == b'\n').find_map(|line| {
        let (name, value) = core::str::from_utf8(line).ok()?.split_once('=')?;
        name.trim().eq_ignore_ascii_case("signal").then(|| digit(value.as_bytes())).flatten()
    })
}

/// One digit, alone in `text` but for white space; 10 and 11 stand for `*` and `#` as some gateways write them.
fn digit(text: &[u8]) -> Option<u8> {
    match text.trim_ascii() {
        [one @ (b'0'..=b'9' | b'*' | b'#' | b'A'..=b'D' | b'a'..=b'd')] => Some(one.to_ascii_uppercase()),
        b"10" => Some(b'*'),
        b"11" => Some(b'#'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_bodies_of_both_kinds_give_their_digit() {
        assert_eq!(signal(b"Signal=5\r\nDuration=160\r\n"), Some(b'5'));
        assert_eq!(signal(b"Duration=160\r\nsignal = #\r\n"), Some(b'#'));
        assert_eq!(signal(b"Signal=10\r\n"), Some(b'*'));
        assert_eq!(signal(b"Signal=\r\n"), None);
        assert_eq!(digit(b" 7\r\n"), Some(b'7'));
        assert_eq!(digit(b"55"), None);
        assert_eq!(digit(b"\xff"), None);
    }

    #[test]
    fn a_tag_names_its_leg_and_garbage_names_none() {
        let key = Key::<Leg>::from_parts(0x2a, 7);
        assert_eq!(leg_in_tag(super::super::caller::tag_of(key, 1).as_bytes()), Some(key));
        for tag in [&b"h"[..], b"", b"h1", b"h1.zz.0", b"1.2.3", b"\xff\xfe", b"h99999999999.1.1"] {
            assert_eq!(leg_in_tag(tag), None);
        }
    }
}
