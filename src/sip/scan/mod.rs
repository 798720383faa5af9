//! A zero-copy view of one SIP message (RFC 3261 §7, §25): offsets into the datagram, nothing allocated.
//!
//! [`scan`] fills an [`Index`] (plain offsets, no lifetime: it can travel beside the bytes to another thread); [`Message`] is
//! bytes and index together. What is not SIP at all is [`Malformed`]; what is SIP but wrong where it must be right is a
//! readable message with a [`Defect`], so that it can be answered. What is tolerated and what is not stands in `docs/sip.md`.

mod check;
mod lines;
mod message;
mod name;

pub use message::{Message, Scanned};
pub use name::Name;

use super::Method;
use arrayvec::ArrayVec;

/// Bytes are not a SIP message, or break off before the empty line; nothing can be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("not a SIP start line")]
    StartLine,
    #[error("headers do not end")]
    Unfinished,
    #[error("more than {MAX_FIELDS} header fields")]
    TooManyFields,
    #[error("longer than 65535 bytes")]
    TooLong,
}

/// A fault in a readable message, with the status that answers it if it is a request (RFC 3261 §8.2, §16.3, RFC 4475).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defect {
    /// 400, 416 or 505.
    pub status: u16,
    /// Reason phrase for the answer; says what is wrong.
    pub reason: &'static str,
}

/// More header fields than this are refused.
pub const MAX_FIELDS: usize = 96;

/// Offsets of everything in one message. Reused: [`scan`] clears it first, which touches only what was filled.
#[derive(Debug, Clone)]
pub struct Index {
    fields: ArrayVec<Field, MAX_FIELDS>,
    /// By [`Name`]: position in `fields` of its first field, or [`ABSENT`].
    first: [u8; Name::COUNT],
    /// Bit per [`Name`]: it came more than once.
    repeated: u64,
    start: Start,
    /// Of a response: that of its CSeq.
    method: Option<Method>,
    method_text: Span,
    /// Request-URI or reason phrase.
    text: Span,
    cseq: u32,
    defect: Option<Defect>,
    body: Span,
}

/// No field of that name.
const ABSENT: u8 = u8::MAX;

/// What the start line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    Request,
    Response(u16),
}

/// A range of bytes in the datagram.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Span {
    start: u16,
    end: u16,
}

/// One header field.
#[derive(Debug, Clone, Copy)]
struct Field {
    name: Name,
    name_text: Span,
    /// Trimmed; folds left in.
    value: Span,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            fields: ArrayVec::new(),
            first: [ABSENT; Name::COUNT],
            repeated: 0,
            start: Start::Response(0),
            method: None,
            method_text: Span::default(),
            text: Span::default(),
            cseq: 0,
            defect: None,
            body: Span::default(),
        }
    }
}

impl Index {
    fn clear(&mut self) {
        self.fields.clear();
        self.first = [ABSENT; Name::COUNT];
        self.repeated = 0;
        self.start = Start::Response(0);
        self.method = None;
        self.method_text = Span::default();
        self.text = Span::default();
        self.cseq = 0;
        self.defect = None;
        self.body = Span::default();
    }

    /// Remembers a fault unless there is one already: the first is what is answered.
    fn note(&mut self, status: u16, reason: &'static str) {
        self.defect.get_or_insert(Defect { status, reason });
    }

    #[inline]
    fn push(&mut self, field: Field) -> Result<(), Malformed> {
        let at = u8::try_from(self.fields.len()).unwrap_or(ABSENT);
        self.fields.try_push(field).map_err(|_| Malformed::TooManyFields)?;
        if let Some(first) = self.first.get_mut(field.name as usize) {
            if *first == ABSENT {
                *first = at;
            } else {
                self.repeated |= 1 << field.name as u64;
            }
        }
        Ok(())
    }

    fn is_repeated(&self, name: Name) -> bool {
        self.repeated & (1 << name as u64) != 0
    }

    /// The fields from the first `name` on.
    #[inline]
    fn fields_from(&self, name: Name) -> &[Field] {
        let first = self.first.get(name as usize).map_or(usize::MAX, |first| usize::from(*first));
        self.fields.get(first..).unwrap_or_default()
    }
}

impl Span {
    /// Datagrams are shorter than 65,536 bytes: every position in one fits.
    #[inline]
    fn new(start: usize, end: usize) -> Self {
        Self { start: u16::try_from(start).unwrap_or(u16::MAX), end: u16::try_from(end).unwrap_or(u16::MAX) }
    }

    /// `whole[from..to]` without white space around it.
    #[inline]
    fn trimmed(whole: &[u8], from: usize, to: usize) -> Self {
        let text = super::lexis::trim_end(whole.get(from..to).unwrap_or_default());
        let end = from.saturating_add(text.len());
        Self::new(end.saturating_sub(super::lexis::trim_start(text).len()), end)
    }

    #[inline]
    fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(usize::from(self.start)..usize::from(self.end)).unwrap_or_default()
    }
}

/// Reads `bytes` as one SIP message and fills `index`. Leading CRLFs are skipped (§7.5).
/// A `Content-Length` shorter than what follows cuts the body there (§18.3); a longer one is a [`Defect`].
pub fn scan(bytes: &[u8], index: &mut Index) -> Result<(), Malformed> {
    index.clear();
    if bytes.len() > usize::from(u16::MAX) {
        return Err(Malformed::TooLong);
    }
    lines::read(bytes, index)?;
    check::check(bytes, index);
    Ok(())
}

/// The method that `text` names; names are compared with their case (§7.1).
fn method_of(text: &[u8]) -> Option<Method> {
    Some(match text {
        b"INVITE" => Method::Invite,
        b"ACK" => Method::Ack,
        b"BYE" => Method::Bye,
        b"CANCEL" => Method::Cancel,
        b"REGISTER" => Method::Register,
        b"OPTIONS" => Method::Options,
        b"INFO" => Method::Info,
        b"MESSAGE" => Method::Message,
        b"NOTIFY" => Method::Notify,
        b"PRACK" => Method::PRack,
        b"PUBLISH" => Method::Publish,
        b"REFER" => Method::Refer,
        b"SUBSCRIBE" => Method::Subscribe,
        b"UPDATE" => Method::Update,
        _ => return None,
    })
}

#[cfg(test)]
mod corpora_tests;
#[cfg(test)]
mod rsip_tests;
#[cfg(test)]
mod tests;
