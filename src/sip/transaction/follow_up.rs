//! The requests that follow an INVITE in its own branch: CANCEL (RFC 3261 §9.1) and the ACK for a non-2xx final response
//! (§17.1.1.3). Both are made from the INVITE's bytes: same Request-URI, topmost Via, Route, From, Call-ID and CSeq number.

use crate::sip::scan::{Index, Message, Name, scan};
use crate::sip::write::Writer;

/// Reused memory for reading what we sent and writing what follows.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    index: Index,
    bytes: Vec<u8>,
}

impl Scratch {
    /// Turns `kept`, an INVITE of ours, into the ACK for `response`: To is that of the response. If `kept` is that ACK already
    /// (the response came again) it stays as it is.
    pub(super) fn acknowledge(&mut self, kept: &mut Box<[u8]>, response: &Message<'_>) {
        if kept.starts_with(b"ACK ") || scan(kept, &mut self.index).is_err() {
            return;
        }
        let invite = Message::new(kept, &self.index);
        // A To that the peer has blown up is not kept for 32 s.
        let to =
            response.field(Name::To).filter(|to| to.len() <= TO_MAX).or(invite.field(Name::To)).unwrap_or_default();
        self.bytes.clear();
        follow(&mut self.bytes, &invite, "ACK", to).finish();
        *kept = self.bytes.as_slice().into();
    }

    /// The CANCEL for `invite`, an INVITE of ours. `None` if that is not readable (then it was not written by us).
    pub(super) fn cancel(&mut self, invite: &[u8], reason: &str) -> Option<Box<[u8]>> {
        scan(invite, &mut self.index).ok()?;
        let invite = Message::new(invite, &self.index);
        self.bytes.clear();
        let mut writer = follow(&mut self.bytes, &invite, "CANCEL", invite.field(Name::To)?);
        if !reason.is_empty() {
            writer.field("Reason", reason);
        }
        writer.finish();
        Some(self.bytes.as_slice().into())
    }

    /// The To tag of `reply`, a response of ours.
    pub(super) fn tag_of(&mut self, reply: &[u8]) -> Option<String> {
        scan(reply, &mut self.index).ok()?;
        let tag = Message::new(reply, &self.index).to()?.tag()?;
        core::str::from_utf8(tag).ok().map(str::to_owned)
    }

    /// Writes a message with `write` and hands its bytes over, exactly as long as they are.
    pub(super) fn written(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Box<[u8]> {
        self.bytes.clear();
        write(&mut self.bytes);
        self.bytes.as_slice().into()
    }
}

/// The longest To of a response that we repeat, in bytes.
const TO_MAX: usize = 1024;

fn follow<'b>(out: &'b mut Vec<u8>, invite: &Message<'_>, method: &str, to: &[u8]) -> Writer<'b> {
    let mut writer = Writer::request(out, method, invite.request_uri());
    if let Some(via) = invite.via() {
        writer.field("Via", via.text);
    }
    for route in invite.fields(Name::Route) {
        writer.field("Route", route);
    }
    writer.field("Max-Forwards", "70");
    writer.field("From", invite.field(Name::From).unwrap_or_default());
    writer.field("To", to);
    writer.field("Call-ID", invite.call_id());
    writer.field_format("CSeq", format_args!("{} {method}", invite.cseq()));
    writer
}
