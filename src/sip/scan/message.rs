//! What can be read from a scanned message. Not a copy: every answer is a piece of the datagram.

use super::super::header::{NameAddr, Via};
use super::super::lexis::{decimal, is_space, part, split};
use super::name::is_other;
use super::{Defect, Index, Malformed, Method, Name, Start, scan};

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
        self.index.start == Start::Request
    }

    /// The request's method (of a response: that of its CSeq); `None` if it is not one of RFC 3261 and its known extensions.
    pub fn method(&self) -> Option<Method> {
        self.index.method
    }

    /// The request's method as written (of a response: that of its CSeq).
    pub fn method_text(&self) -> &'a [u8] {
        self.index.method_text.of(self.bytes)
    }

    /// The Request-URI as written; empty for a response.
    pub fn request_uri(&self) -> &'a [u8] {
        if self.is_request() { self.index.text.of(self.bytes) } else { b"" }
    }

    /// The status code; 0 for a request.
    pub fn status(&self) -> u16 {
        match self.index.start {
            Start::Request => 0,
            Start::Response(status) => status,
        }
    }

    /// The reason phrase; empty for a request.
    pub fn reason_phrase(&self) -> &'a [u8] {
        if self.is_request() { b"" } else { self.index.text.of(self.bytes) }
    }

    /// The first fault found, if any. Callers answer (requests) or drop (responses) and go no further.
    pub fn defect(&self) -> Option<Defect> {
        self.index.defect
    }

    /// The first field `name`, trimmed, folds left in.
    pub fn field(&self, name: Name) -> Option<&'a [u8]> {
        self.index.fields_from(name).first().map(|field| field.value.of(self.bytes))
    }

    /// All fields `name` in order, trimmed. (Also as the way to walk `Name::Other`.)
    pub fn fields(&self, name: Name) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let bytes = self.bytes;
        let from = self.index.fields_from(name);
        from.iter().filter(move |field| field.name == name).map(move |field| field.value.of(bytes))
    }

    /// Fields whose name is not a [`Name`], found by their text without regard to case (compact forms count).
    pub fn other<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        let bytes = self.bytes;
        let from = self.index.fields_from(Name::Other);
        from.iter()
            .filter(move |field| field.name == Name::Other && is_other(field.name_text.of(bytes), name))
            .map(move |field| field.value.of(bytes))
    }

    /// All fields in order with their names as written.
    pub fn all(&self) -> impl Iterator<Item = (Name, &'a [u8], &'a [u8])> + use<'a> {
        let bytes = self.bytes;
        self.index.fields.iter().map(move |field| (field.name, field.name_text.of(bytes), field.value.of(bytes)))
    }

    /// Elements of the comma lists in all fields `name`, in order, trimmed; commas in quotes and `<>` do not part. Empty
    /// elements are left out. (Not for fields whose commas are no list: Date, WWW-Authenticate and its kin.)
    pub fn elements(&self, name: Name) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.fields(name).flat_map(|field| split(field, b',')).filter(|element| !element.is_empty())
    }

    /// The topmost Via.
    pub fn via(&self) -> Option<Via<'a>> {
        split(self.field(Name::Via)?, b',').next().and_then(Via::read)
    }

    /// Call-ID; empty if absent (then there is a defect).
    pub fn call_id(&self) -> &'a [u8] {
        self.field(Name::CallId).unwrap_or_default()
    }

    /// CSeq number; 0 if absent or unreadable (then there is a defect).
    pub fn cseq(&self) -> u32 {
        self.index.cseq
    }

    /// From, with tag.
    pub fn from(&self) -> Option<NameAddr<'a>> {
        self.field(Name::From).and_then(NameAddr::read)
    }

    /// To, with tag.
    pub fn to(&self) -> Option<NameAddr<'a>> {
        self.field(Name::To).and_then(NameAddr::read)
    }

    /// First Contact element (not `*`).
    pub fn contact(&self) -> Option<NameAddr<'a>> {
        self.elements(Name::Contact).find_map(NameAddr::read)
    }

    /// A field that begins with one number (Max-Forwards, Expires, Retry-After, Session-Expires …), parameters or a comment
    /// behind it passed over; `None` if absent or not a number below 2³².
    pub fn number(&self, name: Name) -> Option<u32> {
        let value = self.field(name)?;
        let end = value.iter().position(|byte| matches!(byte, b';' | b'(') || is_space(*byte)).unwrap_or(value.len());
        decimal(part(value, end).0)
    }

    /// The Content-Type without its parameters, trimmed; empty if absent.
    pub fn media_type(&self) -> &'a [u8] {
        let value = self.field(Name::ContentType).unwrap_or_default();
        value.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii()
    }

    /// The body, cut to Content-Length.
    pub fn body(&self) -> &'a [u8] {
        self.index.body.of(self.bytes)
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

    /// Copies a message with its index, without scanning again.
    pub fn of(message: &Message<'_>) -> Self {
        Self { bytes: message.bytes().into(), index: message.index().clone() }
    }

    /// The view.
    pub fn message(&self) -> Message<'_> {
        Message::new(&self.bytes, &self.index)
    }
}
