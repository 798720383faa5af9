//! Writes SIP messages into a reused buffer (RFC 3261 §7). Text that came from a peer passes through [`Writer::field`], which
//! lets no line break or control character through, so that nothing can be smuggled into another leg. Not a model of a message:
//! what is written is written, in the order of the calls.

mod reason;

pub use reason::reason_phrase;

use super::header::{Via, parameters};
use super::lexis::{control_at, is_space, part, split};
use super::scan::{Message, Name};
use crate::ids::Flow;
use core::fmt;
use core::net::SocketAddr;
use std::io::Write as _;

/// What `huntline` calls itself in `User-Agent` and `Server`.
pub const PRODUCT: &str = concat!("huntline/", env!("CARGO_PKG_VERSION"));

/// A message being written at the end of a buffer. Finished by [`Writer::finish`] or [`Writer::body`].
pub struct Writer<'b> {
    out: &'b mut Vec<u8>,
}

impl<'b> Writer<'b> {
    /// Starts a request: the request line. `Via`, `Max-Forwards` and the rest are the caller's fields. White space and control
    /// characters in `uri` are written as `%` escapes.
    pub fn request(out: &'b mut Vec<u8>, method: &str, uri: &[u8]) -> Self {
        clean(out, method.as_bytes());
        out.push(b' ');
        for byte in uri {
            match byte {
                0x21..=0x7e | 0x80.. => out.push(*byte),
                _ => append(out, format_args!("%{byte:02X}")),
            }
        }
        out.extend_from_slice(b" SIP/2.0\r\n");
        Self { out }
    }

    /// Starts the response to `request` (§8.2.6): status line, every Via (the topmost with `received` and `rport` filled in from
    /// `flow`, RFC 3581), From, To (with `to_tag` if it had none), Call-ID, CSeq; Record-Route too when `status` is 101 to 299
    /// (it may make a dialog), Timestamp when it is 100.
    pub fn response(
        out: &'b mut Vec<u8>,
        request: &Message<'_>,
        flow: Flow,
        status: u16,
        to_tag: Option<&str>,
    ) -> Self {
        Self::response_saying(out, request, flow, (status, reason_phrase(status)), to_tag)
    }

    /// The same with a reason phrase of one's own.
    pub fn response_saying(
        out: &'b mut Vec<u8>,
        request: &Message<'_>,
        flow: Flow,
        (status, reason): (u16, &str),
        to_tag: Option<&str>,
    ) -> Self {
        out.extend_from_slice(b"SIP/2.0 ");
        append(out, format_args!("{status} "));
        clean(out, reason.as_bytes());
        out.extend_from_slice(b"\r\n");
        let mut writer = Self { out };
        writer.vias(request, flow.peer);
        if let Some(from) = request.field(Name::From) {
            writer.field("From", from);
        }
        if let Some(to) = request.field(Name::To) {
            writer.field_start("To", to);
            if let Some(tag) = to_tag
                && request.to().is_none_or(|to| to.tag().is_none())
            {
                writer.out.extend_from_slice(b";tag=");
                clean(writer.out, tag.as_bytes());
            }
            writer.line_end();
        }
        for (name, known) in [("Call-ID", Name::CallId), ("CSeq", Name::CSeq)] {
            if let Some(value) = request.field(known) {
                writer.field(name, value);
            }
        }
        if (101..300).contains(&status) {
            for route in request.fields(Name::RecordRoute) {
                writer.field("Record-Route", route);
            }
        } else if status == 100 {
            for timestamp in request.other("Timestamp").take(1) {
                writer.field("Timestamp", timestamp);
            }
        }
        writer
    }

    /// Every Via field of `request`, the topmost element with what was seen of its sender. Fields stay whole: a line for each
    /// element would let a small request of many commas make a large answer.
    fn vias(&mut self, request: &Message<'_>, seen: SocketAddr) {
        let mut fields = request.fields(Name::Via);
        let Some(top) = fields.next() else { return };
        let mut elements = split(top, b',');
        match elements.next().and_then(Via::read) {
            Some(via) => {
                self.top_via(&via, seen);
                if let Some(rest) = elements.rest() {
                    self.out.push(b',');
                    clean(self.out, rest);
                }
                self.line_end();
            }
            None => _ = self.field("Via", top),
        }
        for field in fields {
            self.field("Via", field);
        }
    }

    /// The topmost Via: its own `received` is not believed; `rport` is filled in where it stood (§18.2.1, RFC 3581 §4).
    fn top_via(&mut self, via: &Via<'_>, seen: SocketAddr) {
        let wants_port = via.rport().is_some();
        let unlike = super::uri::address(via.host) != Some(seen.ip());
        if !wants_port && !unlike && via.parameter("received").is_none() {
            self.field_start("Via", via.text);
            return;
        }
        let sent_by = via.text.iter().position(|byte| *byte == b';').unwrap_or(via.text.len());
        self.field_start("Via", super::lexis::trim_end(part(via.text, sent_by).0));
        if unlike || wants_port {
            append(self.out, format_args!(";received={}", seen.ip()));
        }
        if wants_port {
            append(self.out, format_args!(";rport={}", seen.port()));
        }
        for one in split(via.parameters, b';').filter(|one| !one.is_empty()) {
            let ours = parameters(one)
                .any(|(name, _)| name.eq_ignore_ascii_case(b"received") || name.eq_ignore_ascii_case(b"rport"));
            if !ours {
                self.out.push(b';');
                clean(self.out, one);
            }
        }
    }

    /// Adds a field. A fold becomes one space; so does any other run of line breaks and control characters in `value`.
    pub fn field(&mut self, name: &str, value: impl AsRef<[u8]>) -> &mut Self {
        self.field_start(name, value.as_ref());
        self.line_end()
    }

    /// Adds a field with a formatted value, cleaned as in [`Self::field`].
    pub fn field_format(&mut self, name: &str, value: fmt::Arguments<'_>) -> &mut Self {
        self.field_start(name, b"");
        append(self.out, value);
        self.line_end()
    }

    /// Adds whole lines (`Name: value\r\n` …) that were made and cleaned before, such as Allow and Server. Nothing is checked:
    /// never for text from a peer.
    pub fn prepared(&mut self, lines: &[u8]) -> &mut Self {
        debug_assert!(lines.is_empty() || lines.ends_with(b"\r\n"), "prepared lines end with CRLF");
        self.out.extend_from_slice(lines);
        self
    }

    /// Ends the message without a body (`Content-Length: 0`).
    pub fn finish(self) {
        self.out.extend_from_slice(b"Content-Length: 0\r\n\r\n");
    }

    /// Ends the message with a body.
    pub fn body(mut self, content_type: &str, body: &[u8]) {
        self.field("Content-Type", content_type);
        append(self.out, format_args!("Content-Length: {}", body.len()));
        self.out.extend_from_slice(b"\r\n\r\n");
        self.out.extend_from_slice(body);
    }

    fn field_start(&mut self, name: &str, value: &[u8]) {
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b": ");
        clean(self.out, value);
    }

    fn line_end(&mut self) -> &mut Self {
        self.out.extend_from_slice(b"\r\n");
        self
    }
}

/// Appends `text`; each run of control characters, with the white space around it, becomes one space.
fn clean(out: &mut Vec<u8>, mut text: &[u8]) {
    while let Some(stop) = control_at(text, 0) {
        let (good, rest) = part(text, stop);
        out.extend_from_slice(good);
        let run = rest.iter().take_while(|byte| is_space(**byte) || super::lexis::is_control(**byte)).count();
        if out.last() != Some(&b' ') {
            out.push(b' ');
        }
        text = part(rest, run).1;
    }
    out.extend_from_slice(text);
}

/// Appends formatted text, cleaned.
fn append(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    let start = out.len();
    // Writing to a vector cannot fail; a value whose own formatting fails is left as far as it came.
    _ = out.write_fmt(text);
    if control_at(out, start).is_some() {
        let dirty = out.split_off(start);
        clean(out, &dirty);
    }
}

/// Where the response to `request` goes (§18.2.2, RFC 3581): source address and, with `rport`, source port, else the Via port.
/// `maddr` is not followed: an answer goes to nobody but who asked.
pub fn response_flow(request: &Message<'_>, source: Flow) -> Flow {
    let Some(via) = request.via() else { return source };
    if via.rport().is_some() {
        return source;
    }
    Flow { peer: SocketAddr::new(source.peer.ip(), via.port.unwrap_or(5060)), ..source }
}

/// `text` as a quoted-string for a display name: `"` and `\` escaped, control characters dropped.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len().saturating_add(2));
    quoted.push('"');
    for character in text.chars().filter(|character| !character.is_control()) {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests;
