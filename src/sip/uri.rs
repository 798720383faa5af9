//! `sip:`, `sips:` and `tel:` URIs as spans (RFC 3261 §19.1, RFC 3966). Not a resolver, not a normaliser.

/// Scheme of a URI; comparison ignores case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Sip,
    Sips,
    Tel,
    Other,
}

/// A URI's parts, as written (escapes left in).
#[derive(Debug, Clone, Copy)]
pub struct Uri<'a> {
    pub scheme: Scheme,
    /// User part without password, or the number of a `tel:` URI; empty if there is none.
    pub user: &'a [u8],
    /// Host without brackets; empty for `tel:`.
    pub host: &'a [u8],
    pub port: Option<u16>,
    /// Everything after the first `;` that belongs to the URI, up to `?`.
    pub parameters: &'a [u8],
    /// Everything after `?`.
    pub headers: &'a [u8],
}

impl<'a> Uri<'a> {
    /// Reads a bare URI (no `<>`). `None` if it is not one.
    pub fn read(_text: &'a [u8]) -> Option<Self> {
        todo!()
    }
    /// The user with `%` escapes resolved, as text; `None` if that is not UTF-8 or holds a control character.
    pub fn user_text(&self) -> Option<std::borrow::Cow<'a, str>> {
        todo!()
    }
    /// The value of a URI parameter; `Some(b"")` if it has none. Names compare without case.
    pub fn parameter(&self, _name: &str) -> Option<&'a [u8]> {
        todo!()
    }
    /// Host and port as a socket address if the host is a literal address (port 5060 if absent).
    pub fn literal(&self) -> Option<core::net::SocketAddr> {
        todo!()
    }
    /// Equality of RFC 3261 §19.1.4.
    pub fn same(&self, _other: &Uri<'_>) -> bool {
        todo!()
    }
}
