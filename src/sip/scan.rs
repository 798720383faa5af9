//! A zero-copy view of one SIP message (RFC 3261 §7, §25): offsets into the datagram, nothing allocated.
//!
//! [`scan`] fills an [`Index`] (plain offsets, no lifetime: it can travel beside the bytes to another thread); [`Message`] is
//! bytes and index together. What is not SIP at all is [`Malformed`]; what is SIP but wrong where it must be right is a
//! readable message with a [`Defect`], so that it can be answered.

use super::{Method, header::NameAddr, header::Via};

/// Bytes are not a SIP message, or break off before the empty line; nothing can be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("not a SIP start line")]
    StartLine,
    #[error("headers do not end")]
    Unfinished,
    #[error("more than {MAX_FIELDS} header fields")]
    TooManyFields,
    #[error("a line that is not a header field")]
    Field,
    #[error("longer than 65535 bytes")]
    TooLong,
}

/// A fault in a readable message, with the status that answers it if it is a request (RFC 3261 §8.2, §16.3, RFC 4475).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defect {
    /// 400, 505 …
    pub status: u16,
    /// Reason phrase for the answer; says what is wrong.
    pub reason: &'static str,
}

/// More header fields than this are refused.
pub const MAX_FIELDS: usize = 96;

/// The header fields that Huntline reads; all others are [`Name::Other`] and found by their text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[rustfmt::skip]
pub enum Name {
    Accept, Allow, Authorization, CallId, Contact, ContentEncoding, ContentLength, ContentType, CSeq, Date, Event, Expires,
    From, MaxForwards, MinExpires, PAssertedIdentity, Path, Privacy, ProxyAuthenticate, ProxyAuthorization, ProxyRequire,
    RAck, Reason, RecordRoute, ReferTo, ReferredBy, Replaces, Require, RetryAfter, Route, RSeq, SessionExpires, MinSe,
    Supported, To, Unsupported, UserAgent, Via, Warning, WwwAuthenticate, Other,
}

/// Offsets of everything in one message. Reused: [`scan`] clears it first.
#[derive(Debug, Clone, Default)]
pub struct Index {/* filled in by the scanner */}

/// Reads `bytes` as one SIP message and fills `index`. Leading CRLFs are skipped (§7.5).
/// A `Content-Length` shorter than what follows cuts the body there (§18.3); a longer one is a [`Defect`].
pub fn scan(_bytes: &[u8], _index: &mut Index) -> Result<(), Malformed> {
    todo!()
}

/// A scanned message: the bytes and where things are in them.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    bytes: &'a [u8],
    index: &'a Index,
}

impl<'a> Message<'a> {
    /// The message that `index` was filled from by [`scan`].
    pub fn new(bytes: &'a [u8], index: &'a Index) -> Self {
        Self { bytes, index }
    }
    /// The whole datagram.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
    /// Offsets, for passing the message on.
    pub fn index(&self) -> &'a Index {
        self.index
    }
    /// Whether the start line is a request line.
    pub fn is_request(&self) -> bool {
        todo!()
    }
    /// The request's method (of a response: that of its CSeq); `None` if it is not one of RFC 3261 and its known extensions.
    pub fn method(&self) -> Option<Method> {
        todo!()
    }
    /// The request's method as written (of a response: that of its CSeq).
    pub fn method_text(&self) -> &'a [u8] {
        todo!()
    }
    /// The Request-URI as written; empty for a response.
    pub fn request_uri(&self) -> &'a [u8] {
        todo!()
    }
    /// The status code; 0 for a request.
    pub fn status(&self) -> u16 {
        todo!()
    }
    /// The reason phrase; empty for a request.
    pub fn reason_phrase(&self) -> &'a [u8] {
        todo!()
    }
    /// The first fault found, if any. Callers answer (requests) or drop (responses) and go no further.
    pub fn defect(&self) -> Option<Defect> {
        todo!()
    }
    /// The first field `name`, trimmed, folds left in.
    pub fn field(&self, _name: Name) -> Option<&'a [u8]> {
        todo!()
    }
    /// All fields `name` in order, trimmed. (Also as the way to walk `Name::Other`.)
    pub fn fields(&self, _name: Name) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        core::iter::empty()
    }
    /// Fields whose name is not a [`Name`], found by their text without regard to case.
    pub fn other<'n>(&self, _name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        core::iter::empty()
    }
    /// All fields in order with their names as written.
    pub fn all(&self) -> impl Iterator<Item = (Name, &'a [u8], &'a [u8])> + use<'a> {
        core::iter::empty()
    }
    /// Elements of the comma lists in all fields `name`, in order, trimmed; commas in quotes and `<>` do not part.
    pub fn elements(&self, _name: Name) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        core::iter::empty()
    }
    /// The topmost Via.
    pub fn via(&self) -> Option<Via<'a>> {
        todo!()
    }
    /// Call-ID; empty if absent (then there is a defect).
    pub fn call_id(&self) -> &'a [u8] {
        todo!()
    }
    /// CSeq number; 0 if absent or unreadable (then there is a defect).
    pub fn cseq(&self) -> u32 {
        todo!()
    }
    /// From, with tag.
    pub fn from(&self) -> Option<NameAddr<'a>> {
        todo!()
    }
    /// To, with tag.
    pub fn to(&self) -> Option<NameAddr<'a>> {
        todo!()
    }
    /// First Contact element (not `*`).
    pub fn contact(&self) -> Option<NameAddr<'a>> {
        todo!()
    }
    /// A field that holds one number (Max-Forwards, Expires, Min-Expires …); `None` if absent or not a number below 2³².
    pub fn number(&self, _name: Name) -> Option<u32> {
        todo!()
    }
    /// The body, cut to Content-Length.
    pub fn body(&self) -> &'a [u8] {
        todo!()
    }
}

/// A message that owns its bytes, for simulated phones, queues between threads and tests.
#[derive(Clone, Debug)]
pub struct Scanned {
    bytes: Box<[u8]>,
    index: Index,
}

impl Scanned {
    /// Copies and scans `bytes`.
    pub fn new(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut index = Index::default();
        scan(bytes, &mut index)?;
        Ok(Self { bytes: bytes.into(), index })
    }
    /// The view.
    pub fn message(&self) -> Message<'_> {
        Message::new(&self.bytes, &self.index)
    }
}
