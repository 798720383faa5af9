//! One side of a dialog (RFC 3261 §12): identifiers, sequence numbers, route set, remote target. Not a session: no SDP, no timers.

use super::{Method, scan::Message, write::Writer};
use crate::ids::Flow;

/// A dialog, early or confirmed, as plain values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialog {
    pub call_id: Box<str>,
    pub local_tag: Box<str>,
    /// Empty until the first response with a tag (as caller).
    pub remote_tag: Box<str>,
    /// Our From (or To) URI with display name, without tag.
    pub local: Box<[u8]>,
    /// The peer's To (or From) value, without tag.
    pub remote: Box<[u8]>,
    /// Where requests go: the peer's Contact URI.
    pub remote_target: Box<[u8]>,
    /// Route set in the order in which it goes into Route headers.
    pub routes: Vec<Box<[u8]>>,
    pub local_cseq: u32,
    /// `None` until the peer's first request.
    pub remote_cseq: Option<u32>,
    /// Where datagrams go and through which listener of ours: first hop of the route set if it is a literal address, else
    /// remote target, else where the peer was seen (peers behind NAT are answered where they were seen).
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
    /// `None` if the request cannot make one (no From tag, Contact …).
    pub fn answering(_invite: &Message<'_>, _local_tag: &str, _flow: Flow) -> Option<Self> {
        todo!()
    }
    /// The dialog-to-be of a request that we send: no remote tag yet.
    pub fn calling(
        _call_id: &str,
        _local: &[u8],
        _local_tag: &str,
        _remote: &[u8],
        _target: &[u8],
        _flow: Flow,
    ) -> Self {
        todo!()
    }
    /// Takes in a response to our INVITE (§12.1.2): sets remote tag, route set and target from a 1xx/2xx with a To tag. A response
    /// with another To tag than the one held is for another dialog of a fork: returns false and changes nothing.
    pub fn on_response(&mut self, _response: &Message<'_>) -> bool {
        todo!()
    }
    /// Whether `request` (in our dialog by its To tag) is from this dialog's peer: Call-ID and From tag match.
    pub fn is_from_peer(&self, _request: &Message<'_>) -> bool {
        todo!()
    }
    /// Checks and remembers the CSeq of a request from the peer (ACK and CANCEL are not checked); target refreshes take the new
    /// Contact.
    pub fn on_request(&mut self, _request: &Message<'_>) -> Order {
        todo!()
    }
    /// Starts a request in the dialog with the next CSeq (ACK: that of `local_cseq`): request line, Route, Via with `via`
    /// (`SIP/2.0/UDP host:port;rport;branch=…`), Max-Forwards, From, To, Call-ID, CSeq. Strict routers are served (§12.2.1.1).
    pub fn request<'b>(
        &mut self,
        _method: Method,
        _via: core::fmt::Arguments<'_>,
        _out: &'b mut Vec<u8>,
    ) -> Writer<'b> {
        todo!()
    }
}
