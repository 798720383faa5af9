//! One side of a dialog (RFC 3261 §12): identifiers, sequence numbers, route set, remote target. Not a session: no SDP, no
//! timers. Not a table: whoever owns dialogs finds them by their local tag.
//!
//! Deviations: a request whose CSeq equals the last one seen is out of order too (§12.2.2 says lower; a true repetition
//! never gets here), and a target refresh holds from its arrival, not from its answer (RFC 6141).

#[cfg(test)]
mod tests;
mod values;

use super::header::NameAddr;
use super::scan::{Message, Name};
use super::{Method, write::Writer};
use crate::ids::Flow;
use core::fmt::Arguments;
use values::{BYTES_MAX, contact, destination, routes, strict_router, untagged};

/// A dialog, early or confirmed, as plain values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialog {
    pub call_id: Box<str>,
    pub local_tag: Box<str>,
    /// Empty until the first response with a tag (as caller), and for RFC 2543 peers that have none.
    pub remote_tag: Box<str>,
    /// Our From (or To) URI with display name, without tag.
    pub local: Box<[u8]>,
    /// The peer's To (or From) value, without tag.
    pub remote: Box<[u8]>,
    /// Where requests go: the peer's Contact URI.
    pub remote_target: Box<[u8]>,
    /// Route set in the order in which it goes into Route headers.
    pub routes: Vec<Box<[u8]>>,
    /// Of our last request other than ACK; 0 before the first.
    pub local_cseq: u32,
    /// Of our last INVITE: what its ACK and CANCEL carry.
    pub invite_cseq: u32,
    /// `None` until the peer's first request.
    pub remote_cseq: Option<u32>,
    /// Whether the route set is final: as callee at once, as caller from the first 2xx (§13.2.2.4).
    pub confirmed: bool,
    /// Where datagrams go and through which listener of ours: the first hop of the route set if that is a literal address, else
    /// where the peer was seen (also behind NAT), see [`Self::answering`].
    pub flow: Flow,
}

/// Whether a request in a dialog may be processed (§12.2.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    Next,
    /// answer 500
    Old,
}

impl Dialog {
    /// The dialog that we, as UAS, make by answering `invite` with `local_tag` (§12.1.1).
    /// `None` if the request cannot make one (no From tag, no Contact with a SIP URI, more routes or text than a dialog may
    /// hold): answer 400. A peer that is itself the sender (one Via) is answered where it was seen; one behind a proxy that
    /// wants to see nothing more (several Vias, no Record-Route) at its Contact, if that is a literal address.
    pub fn answering(invite: &Message<'_>, local_tag: &str, flow: Flow) -> Option<Self> {
        let (from, to) = (invite.from()?, invite.to()?);
        let mut dialog = Self {
            call_id: text(invite.call_id())?,
            local_tag: local_tag.into(),
            remote_tag: text(from.tag()?)?,
            local: untagged(&to),
            remote: untagged(&from),
            remote_target: contact(invite)?,
            routes: routes(invite)?,
            local_cseq: 0,
            invite_cseq: 0,
            remote_cseq: Some(invite.cseq()),
            confirmed: true,
            flow,
        };
        if dialog.routes.is_empty() && invite.elements(Name::Via).nth(1).is_some() {
            dialog.flow.peer = destination(&dialog.remote_target).unwrap_or(flow.peer);
        }
        dialog.follow_routes();
        dialog.fits().then_some(dialog)
    }

    /// The dialog-to-be of a request that we send to `target` over `flow`: no remote tag yet. `local` and `remote` are our
    /// From and the To without tags.
    pub fn calling(call_id: &str, local: &[u8], local_tag: &str, remote: &[u8], target: &[u8], flow: Flow) -> Self {
        Self {
            call_id: call_id.into(),
            local_tag: local_tag.into(),
            remote_tag: Box::default(),
            local: local.into(),
            remote: remote.into(),
            remote_target: target.into(),
            routes: Vec::new(),
            local_cseq: 0,
            invite_cseq: 0,
            remote_cseq: None,
            confirmed: false,
            flow,
        }
    }

    /// Takes in a response to a request of ours (§12.1.2, §12.2.1.2): from a 1xx or 2xx to the first INVITE the remote tag, route
    /// set and target (what a provisional said of them, the 2xx may say anew); from a later 2xx to INVITE or UPDATE the
    /// target. A response with another To tag than the one held is for another dialog of a fork (see [`Self::fork`]):
    /// returns false and changes nothing, as with a response that is not for this dialog at all.
    pub fn on_response(&mut self, response: &Message<'_>) -> bool {
        let from_tag = response.from().and_then(|from| from.tag()).unwrap_or_default();
        if response.call_id() != self.call_id.as_bytes() || from_tag != self.local_tag.as_bytes() {
            return false;
        }
        let tag = response.to().and_then(|to| to.tag()).unwrap_or_default();
        if !self.remote_tag.is_empty() && !tag.is_empty() && tag != self.remote_tag.as_bytes() {
            return false;
        }
        let success = (200..300).contains(&response.status());
        let refreshes = matches!(response.method(), Some(Method::Invite | Method::Update));
        if !refreshes || !(success || ((101..200).contains(&response.status()) && !tag.is_empty())) {
            return true;
        }
        if !self.confirmed && response.method() == Some(Method::Invite) {
            let (Some(tag), Some(mut routes)) = (text(tag), routes(response)) else { return false };
            routes.reverse();
            let before = core::mem::replace(&mut self.routes, routes);
            if !self.fits() {
                self.routes = before;
                return false;
            }
            if !tag.is_empty() {
                self.remote_tag = tag;
            }
            self.confirmed = success;
            self.follow_routes();
        }
        self.take_target(response);
        true
    }

    /// The other dialog that `response` (for which [`Self::on_response`] said false) makes by forking (§13.2.2.4). `None` if it
    /// makes none. Its requests go on where ours are: give it to whoever ends it with ACK and BYE, or keeps it.
    pub fn fork(&self, response: &Message<'_>) -> Option<Self> {
        response.to()?.tag()?;
        let mut other = Self { remote_tag: Box::default(), routes: Vec::new(), confirmed: false, ..self.clone() };
        (other.on_response(response) && !other.remote_tag.is_empty()).then_some(other)
    }

    /// Whether `request` (in our dialog by its To tag) is from this dialog's peer: Call-ID and both tags match (§12.2.2).
    pub fn is_from_peer(&self, request: &Message<'_>) -> bool {
        let from_tag = request.from().and_then(|from| from.tag()).unwrap_or_default();
        let to_tag = request.to().and_then(|to| to.tag()).unwrap_or_default();
        request.call_id() == self.call_id.as_bytes()
            && from_tag == self.remote_tag.as_bytes()
            && to_tag == self.local_tag.as_bytes()
    }

    /// Checks and remembers the CSeq of a request from the peer (ACK and CANCEL are not checked); target refreshes take the new
    /// Contact.
    pub fn on_request(&mut self, request: &Message<'_>) -> Order {
        if matches!(request.method(), Some(Method::Ack | Method::Cancel)) {
            return Order::Next;
        }
        if self.remote_cseq.is_some_and(|last| request.cseq() <= last) {
            return Order::Old;
        }
        self.remote_cseq = Some(request.cseq());
        if matches!(request.method(), Some(Method::Invite | Method::Update)) {
            self.take_target(request);
        }
        Order::Next
    }

    /// The peer was seen at `flow` in a request that is [in order](Self::on_request): a NAT may have given it a new port. Requests
    /// go there from now on unless a route set says where.
    pub fn seen_at(&mut self, flow: Flow) {
        if self.routes.is_empty() {
            self.flow = flow;
        }
    }

    /// Starts a request in the dialog with the next CSeq (ACK: that of our last INVITE): request line, Route, Via with `via`
    /// (`SIP/2.0/UDP host:port;rport;branch=…`), Max-Forwards, From, To, Call-ID, CSeq. Strict routers are served (§12.2.1.1).
    pub fn request<'b>(&mut self, method: Method, via: Arguments<'_>, out: &'b mut Vec<u8>) -> Writer<'b> {
        if method == Method::Ack {
            return self.acknowledge(self.invite_cseq, via, out);
        }
        self.local_cseq = self.local_cseq.saturating_add(1).min(CSEQ_MAX);
        if method == Method::Invite {
            self.invite_cseq = self.local_cseq;
        }
        self.write(name(method), self.local_cseq, via, out)
    }

    /// Starts the ACK for a 2xx whose CSeq number is `cseq` (§13.2.2.4). That of a 2xx that comes again after a later re-INVITE
    /// is the earlier INVITE's, not the last one's.
    pub fn acknowledge<'b>(&self, cseq: u32, via: Arguments<'_>, out: &'b mut Vec<u8>) -> Writer<'b> {
        self.write("ACK", cseq, via, out)
    }

    fn write<'b>(&self, method: &str, cseq: u32, via: Arguments<'_>, out: &'b mut Vec<u8>) -> Writer<'b> {
        let strict = self.routes.first().and_then(|first| strict_router(first));
        let mut writer = Writer::request(out, method, strict.unwrap_or(&self.remote_target));
        writer.field_format("Via", via);
        let mut field = Vec::with_capacity(128);
        for route in self.routes.iter().skip(usize::from(strict.is_some())) {
            writer.field("Route", route);
        }
        if strict.is_some() {
            writer.field("Route", joined(&mut field, &[b"<", &self.remote_target, b">"]));
        }
        writer.field("Max-Forwards", "70");
        writer.field("From", joined(&mut field, &[&self.local, b";tag=", self.local_tag.as_bytes()]));
        if self.remote_tag.is_empty() {
            writer.field("To", &self.remote);
        } else {
            writer.field("To", joined(&mut field, &[&self.remote, b";tag=", self.remote_tag.as_bytes()]));
        }
        writer.field("Call-ID", self.call_id.as_bytes());
        writer.field_format("CSeq", format_args!("{cseq} {method}"));
        writer
    }

    /// A literal first hop is where datagrams go; a name would have to be resolved, and so leaves things as they are.
    fn follow_routes(&mut self) {
        let first = self.routes.first().and_then(|route| NameAddr::read(route));
        if let Some(peer) = first.and_then(|first| destination(first.uri)) {
            self.flow.peer = peer;
        }
    }

    fn take_target(&mut self, message: &Message<'_>) {
        if let Some(target) = contact(message) {
            self.remote_target = target;
        }
    }

    fn fits(&self) -> bool {
        let routes: usize = self.routes.iter().map(|route| route.len()).sum();
        let rest = [&self.local, &self.remote, &self.remote_target].map(|value| value.len()).iter().sum::<usize>();
        routes + rest + self.call_id.len() + self.remote_tag.len() <= BYTES_MAX
    }
}

/// A sequence number must stay below 2³¹ (§8.1.1.5).
const CSEQ_MAX: u32 = (1 << 31) - 1;

fn joined<'f>(field: &'f mut Vec<u8>, parts: &[&[u8]]) -> &'f [u8] {
    field.clear();
    field.extend(parts.iter().flat_map(|part| part.iter()));
    field
}

fn text(bytes: &[u8]) -> Option<Box<str>> {
    core::str::from_utf8(bytes).ok().map(Into::into)
}

/// The method as it stands in a request line.
const fn name(method: Method) -> &'static str {
    match method {
        Method::Ack => "ACK",
        Method::Bye => "BYE",
        Method::Cancel => "CANCEL",
        Method::Info => "INFO",
        Method::Invite => "INVITE",
        Method::Message => "MESSAGE",
        Method::Notify => "NOTIFY",
        Method::Options => "OPTIONS",
        Method::PRack => "PRACK",
        Method::Publish => "PUBLISH",
        Method::Refer => "REFER",
        Method::Register => "REGISTER",
        Method::Subscribe => "SUBSCRIBE",
        Method::Update => "UPDATE",
    }
}
