//! Writing and sending: answers to requests, requests in dialogs, ACK and BYE. The only place that knows how our messages look.

use super::event::Notice;
use super::turn::{Asked, ClientUser, Turn};
use super::{Switch, settings};
use crate::call::table::Key;
use crate::call::{Cause, Leg};
use crate::clock::Instant;
use crate::ids::Flow;
use crate::sip::Method;
use crate::sip::dialog::Dialog;
use crate::sip::outbox::Outbox;
use crate::sip::scan::Message;
use crate::sip::transaction::{ClientTx, Outgoing};
use crate::sip::write::{PRODUCT, Writer};

/// Methods that we take, in and out of dialogs.
pub(super) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, REGISTER";
/// Extensions that we understand: none that a peer could require.
pub(super) const SUPPORTED: &str = "";
pub(super) const ACCEPT: &str = "application/sdp, application/dtmf-relay, application/dtmf";

impl Switch {
    /// Answers `asked` without a body; `more` adds fields.
    pub(super) fn answer(
        &mut self,
        asked: &Asked<'_>,
        status: u16,
        turn: &mut Turn,
        more: impl FnOnce(&mut Writer<'_>),
    ) {
        let tag = self.stranger_tag();
        self.sip.scratch.clear();
        let mut writer = Writer::response(&mut self.sip.scratch, &asked.message, asked.flow, status, Some(&tag));
        writer.field("Server", PRODUCT);
        more(&mut writer);
        writer.finish();
        self.sip.transactions.respond(asked.tx, status, &self.sip.scratch, turn.now, &mut turn.out.datagrams);
    }

    /// Refuses `asked` and counts why.
    pub(super) fn refuse(&mut self, asked: &Asked<'_>, status: u16, why: &'static str, turn: &mut Turn) {
        self.refuse_with(asked, status, why, turn, |_| {});
    }

    /// As [`Self::refuse`], with fields.
    pub(super) fn refuse_with(
        &mut self,
        asked: &Asked<'_>,
        status: u16,
        why: &'static str,
        turn: &mut Turn,
        more: impl FnOnce(&mut Writer<'_>),
    ) {
        self.tally.rejected(why);
        note(asked, why, status, turn);
        self.answer(asked, status, turn, more);
    }

    /// Counts and notes credentials that are wrong; the challenge that follows is no refusal yet.
    pub(super) fn wrong_digest(&mut self, asked: &Asked<'_>, status: u16, turn: &mut Turn) {
        self.tally.rejected("digest_wrong");
        note(asked, "digest_wrong", status, turn);
    }

    /// Answers an INVITE in a dialog of ours by 200 with `self.sip.body` as SDP; returns the bytes, which are repeated until the
    /// ACK comes.
    pub(super) fn accept(&mut self, asked: &Asked<'_>, local_tag: &str, turn: &mut Turn) -> Box<[u8]> {
        let contact = self.contact(asked.flow);
        let Sip { transactions, scratch, body, .. } = &mut self.sip;
        scratch.clear();
        let mut writer = Writer::response(scratch, &asked.message, asked.flow, 200, Some(local_tag));
        writer.field("Contact", contact).field("Allow", ALLOW).field("Supported", SUPPORTED).field("Server", PRODUCT);
        writer.body("application/sdp", body);
        transactions.respond(asked.tx, 200, scratch, turn.now, &mut turn.out.datagrams);
        scratch.as_slice().into()
    }

    /// Sends a request in the leg's dialog; `more` writes its fields and body and ends it.
    pub(super) fn ask(
        &mut self,
        leg: Key<Leg>,
        method: Method,
        user: ClientUser,
        turn: &mut Turn,
        finish: impl FnOnce(Writer<'_>),
    ) -> Option<ClientTx> {
        let leg = self.calls.legs.at_mut(leg)?;
        let sent =
            Sending { sip: &mut self.sip, settings: &self.settings, now: turn.now, out: &mut turn.out.datagrams };
        Some(sent.request(&mut leg.dialog, method, user, finish))
    }

    /// Sends BYE in the leg's dialog. An empty `reason`: that of the call's end, if it is ending (RFC 3326).
    pub(super) fn bye(&mut self, leg: Key<Leg>, reason: &str, turn: &mut Turn) {
        let ending = self.calls.legs.at(leg).and_then(|leg| self.calls.calls.at(leg.call)?.ending);
        let reason = match ending {
            Some(ending) if reason.is_empty() => reason_of(ending.cause),
            _ => reason,
        };
        self.ask(leg, Method::Bye, ClientUser::Nothing, turn, |mut writer| {
            if !reason.is_empty() {
                writer.field("Reason", reason);
            }
            writer.finish();
        });
    }

    /// Acknowledges a 2xx to the leg's INVITE.
    pub(super) fn ack(&mut self, leg: Key<Leg>, turn: &mut Turn) {
        let Some(leg) = self.calls.legs.at_mut(leg) else { return };
        let sending =
            Sending { sip: &mut self.sip, settings: &self.settings, now: turn.now, out: &mut turn.out.datagrams };
        sending.ack(&mut leg.dialog);
    }

    /// Acknowledges and releases a 2xx that belongs to no leg: the second answer of a fork, or one whose leg has gone.
    pub(super) fn release_stray(&mut self, response: &Message<'_>, flow: Flow, turn: &mut Turn) {
        let (Some(from), Some(to)) = (response.from(), response.to()) else { return };
        let Ok(call_id) = core::str::from_utf8(response.call_id()) else { return };
        let Some(Ok(tag)) = from.tag().map(core::str::from_utf8) else { return };
        let (local, remote) = ([b"<", from.uri, b">"].concat(), [b"<", to.uri, b">"].concat());
        let mut dialog = Dialog::calling(call_id, &local, tag, &remote, to.uri, flow);
        (dialog.local_cseq, dialog.invite_cseq) = (response.cseq(), response.cseq());
        if !dialog.on_response(response) {
            return;
        }
        let Switch { sip, settings, .. } = self;
        Sending { sip, settings, now: turn.now, out: &mut turn.out.datagrams }.ack(&mut dialog);
        Sending { sip, settings, now: turn.now, out: &mut turn.out.datagrams }.request(
            &mut dialog,
            Method::Bye,
            ClientUser::Nothing,
            |writer| writer.finish(),
        );
    }

    /// Our Contact towards peers behind `flow`.
    pub(super) fn contact(&self, flow: Flow) -> String {
        format!("<sip:huntline@{}>", settings::local_address(&self.settings, flow))
    }

    /// A To tag for an answer that makes no dialog.
    pub(super) fn stranger_tag(&mut self) -> String {
        format!("x{:016x}", self.seed.bits())
    }
}

/// A line for the log about a request that is refused.
fn note(asked: &Asked<'_>, why: &'static str, status: u16, turn: &mut Turn) {
    let method = asked.message.method_text();
    let method = String::from_utf8_lossy(method.get(..32).unwrap_or(method));
    let detail = format!("{status} to {method} from {}", asked.flow.peer);
    turn.out.notices.push(Notice { call: None, what: why, detail });
}

/// Why a call is over, in the words of the telephone network (Q.850).
fn reason_of(cause: Cause) -> &'static str {
    match cause {
        Cause::Silent => "Q.850;cause=102;text=\"Recovery on timer expiry\"",
        Cause::Failed | Cause::Drained => "Q.850;cause=41;text=\"Temporary failure\"",
        _ => "Q.850;cause=16;text=\"Normal call clearing\"",
    }
}

use super::Sip;

/// What sending a request takes, apart from the leg.
pub(super) struct Sending<'a> {
    pub(super) sip: &'a mut Sip,
    pub(super) settings: &'a settings::Settings,
    pub(super) now: Instant,
    pub(super) out: &'a mut Outbox,
}

impl Sending<'_> {
    /// Sends a request in `dialog` and starts its transaction.
    pub(super) fn request(
        self,
        dialog: &mut Dialog,
        method: Method,
        user: ClientUser,
        finish: impl FnOnce(Writer<'_>),
    ) -> ClientTx {
        let branch = self.sip.transactions.branch();
        let local = settings::local_address(self.settings, dialog.flow);
        self.sip.scratch.clear();
        let via = format_args!("SIP/2.0/UDP {local};rport;branch={branch}");
        let mut writer = dialog.request(method, via, &mut self.sip.scratch);
        writer.field("User-Agent", PRODUCT);
        finish(writer);
        let outgoing = Outgoing { branch, method, flow: dialog.flow, user };
        let tx = self.sip.transactions.request(outgoing, &self.sip.scratch, self.now, self.out);
        // No room for a transaction: a BYE goes out once without one, so that the phone is not left in a call that is over.
        if method == Method::Bye && !self.sip.transactions.is_waiting(tx) {
            self.out.push_bytes(dialog.flow, &self.sip.scratch);
        }
        tx
    }

    /// Sends the ACK for a 2xx in `dialog`: no transaction, a branch of its own (§13.2.2.4).
    pub(super) fn ack(self, dialog: &mut Dialog) {
        let branch = self.sip.transactions.branch();
        let local = settings::local_address(self.settings, dialog.flow);
        self.sip.scratch.clear();
        let via = format_args!("SIP/2.0/UDP {local};rport;branch={branch}");
        dialog.request(Method::Ack, via, &mut self.sip.scratch).finish();
        self.out.push_bytes(dialog.flow, &self.sip.scratch);
    }
}
