//! Writes SIP messages into a reused buffer (RFC 3261 §7). Text that came from a peer passes through [`Writer::field`], which
//! lets no line break or control character through, so that nothing can be smuggled into another leg.

use super::scan::Message;
use crate::ids::Flow;

/// What `huntline` calls itself in `User-Agent` and `Server`.
pub const PRODUCT: &str = concat!("huntline/", env!("CARGO_PKG_VERSION"));

/// A message being written at the end of a buffer. Finished by [`Writer::finish`] or [`Writer::body`].
pub struct Writer<'b> {
    out: &'b mut Vec<u8>,
}

impl<'b> Writer<'b> {
    /// Starts a request: the request line. `Via`, `Max-Forwards` and the rest are the caller's fields.
    pub fn request(_out: &'b mut Vec<u8>, _method: &str, _uri: &[u8]) -> Self {
        todo!()
    }
    /// Starts the response to `request` (§8.2.6): status line, every Via (the topmost with `received` and `rport` filled in from
    /// `flow`, RFC 3581), From, To (with `to_tag` if it had none), Call-ID, CSeq; Record-Route too when `status` is 18x or 2xx.
    pub fn response(
        _out: &'b mut Vec<u8>,
        _request: &Message<'_>,
        _flow: Flow,
        _status: u16,
        _to_tag: Option<&str>,
    ) -> Self {
        todo!()
    }
    /// Adds a field. Folds, line breaks and control characters in `value` become spaces.
    pub fn field(&mut self, _name: &str, _value: impl AsRef<[u8]>) -> &mut Self {
        todo!()
    }
    /// Adds a field with a formatted value, cleaned as in [`Self::field`].
    pub fn field_format(&mut self, _name: &str, _value: core::fmt::Arguments<'_>) -> &mut Self {
        todo!()
    }
    /// Ends the message without a body (`Content-Length: 0`).
    pub fn finish(self) {
        todo!()
    }
    /// Ends the message with a body.
    pub fn body(self, _content_type: &str, _body: &[u8]) {
        todo!()
    }
}

/// The reason phrase that RFC 3261 §21 (or a later RFC) gives for `status`.
pub fn reason_phrase(_status: u16) -> &'static str {
    todo!()
}

/// Where the response to `request` goes (§18.2.2, RFC 3581): source address and, with `rport`, source port, else the Via port.
pub fn response_flow(_request: &Message<'_>, _source: Flow) -> Flow {
    todo!()
}

/// `text` as a quoted-string for a display name: `"` and `\` escaped, control characters dropped.
pub fn quoted(_text: &str) -> String {
    todo!()
}
