//! Whether a scanned message is right where it must be (RFC 3261 §8.1.1, §8.2, §20; RFC 4475). Not policy: what is well formed but
//! unwanted (unknown extension, method, content type) is the user agent's business.

use super::super::header::{NameAddr, Via};
use super::super::lexis::{decimal, is_space, is_token, part, split, trim_start};
use super::super::uri::{Scheme, Uri};
use super::{Index, Message, Name, Span, Start, method_of};

/// Fields without which a message is nothing, and what is said when they are missing. Max-Forwards is not among them: RFC 2543
/// did not know it.
const MANDATORY: [(Name, &str); 5] = [
    (Name::Via, "Missing Via"),
    (Name::From, "Missing From"),
    (Name::To, "Missing To"),
    (Name::CallId, "Missing Call-ID"),
    (Name::CSeq, "Missing CSeq"),
];

/// Fields that may stand only once.
const SINGLE: [(Name, &str); 7] = [
    (Name::From, "Repeated From"),
    (Name::To, "Repeated To"),
    (Name::CallId, "Repeated Call-ID"),
    (Name::CSeq, "Repeated CSeq"),
    (Name::MaxForwards, "Repeated Max-Forwards"),
    (Name::ContentLength, "Repeated Content-Length"),
    (Name::ContentType, "Repeated Content-Type"),
];

/// CSeq numbers stay below this (§8.1.1.5).
const CSEQ_LIMIT: u32 = 1 << 31;

/// Fills in what needs the fields' values: CSeq, body, the first fault.
pub(super) fn check(bytes: &[u8], index: &mut Index) {
    let missing = MANDATORY.iter().find(|(name, _)| index.fields_from(*name).is_empty());
    if let Some((_, reason)) = missing {
        index.note(400, reason);
    }
    if index.repeated != 0
        && let Some((_, reason)) = SINGLE.iter().find(|(name, _)| index.is_repeated(*name))
    {
        index.note(400, reason);
    }
    cseq(bytes, index);
    content_length(bytes, index);
    if index.defect.is_none()
        && let Some((status, reason)) = fault(Message::new(bytes, index))
    {
        index.note(status, reason);
    }
}

/// Number and method of CSeq; the method of a response is this one.
fn cseq(bytes: &[u8], index: &mut Index) {
    let Some(field) = index.fields_from(Name::CSeq).first() else { return };
    let value = field.value.of(bytes);
    let length = value.iter().position(|byte| is_space(*byte)).unwrap_or(value.len());
    let (number, rest) = part(value, length);
    let method = trim_start(rest);
    let Some(number) = decimal(number).filter(|number| *number < CSEQ_LIMIT && is_token(method)) else {
        return index.note(400, "Bad CSeq");
    };
    let end = usize::from(field.value.end);
    index.cseq = number;
    if index.start != Start::Request {
        index.method = method_of(method);
        index.method_text = Span::new(end.saturating_sub(method.len()), end);
    } else if index.method_text.of(bytes) != method {
        index.note(400, "CSeq Method Mismatch");
    }
}

/// Cuts the body to Content-Length.
fn content_length(bytes: &[u8], index: &mut Index) {
    let Some(field) = index.fields_from(Name::ContentLength).first() else { return };
    let here = u32::from(index.body.end.saturating_sub(index.body.start));
    match decimal(field.value.of(bytes)) {
        None => index.note(400, "Bad Content-Length"),
        Some(said) if said > here => index.note(400, "Content-Length Beyond Message"),
        Some(said) => index.body.end = index.body.start.saturating_add(u16::try_from(said).unwrap_or(u16::MAX)),
    }
}

/// The first fault in the values of a message that has all it needs.
fn fault(message: Message<'_>) -> Option<(u16, &'static str)> {
    if message.call_id().is_empty() || message.call_id().iter().any(|byte| is_space(*byte)) {
        return Some((400, "Bad Call-ID"));
    }
    if message.from().is_none() {
        return Some((400, "Bad From"));
    }
    if message.to().is_none() {
        return Some((400, "Bad To"));
    }
    if !message.fields(Name::Via).all(|field| split(field, b',').all(is_via)) {
        return Some((400, "Bad Via"));
    }
    if message.is_request() { request_fault(message) } else { None }
}

/// A Via with all its parameters in order: none is empty.
fn is_via(element: &[u8]) -> bool {
    Via::read(element).is_some_and(|via| {
        let bare = via.parameters.is_empty() && element.last() != Some(&b';');
        bare || split(via.parameters, b';').all(|one| !one.is_empty())
    })
}

fn request_fault(message: Message<'_>) -> Option<(u16, &'static str)> {
    let hops = message.field(Name::MaxForwards);
    if hops.is_some_and(|hops| decimal(hops).is_none_or(|hops| hops > 255)) {
        return Some((400, "Bad Max-Forwards"));
    }
    if !message.elements(Name::Contact).all(|contact| contact == b"*" || NameAddr::read(contact).is_some()) {
        return Some((400, "Bad Contact"));
    }
    match Uri::read(message.request_uri()) {
        None => Some((400, "Bad Request-URI")),
        Some(uri) if uri.scheme == Scheme::Other => Some((416, "Unsupported URI Scheme")),
        Some(uri) if !uri.headers.is_empty() => Some((400, "Headers In Request-URI")),
        Some(_) => None,
    }
}
