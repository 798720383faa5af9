//! Header field values as spans: name-addr, Via, parameters (RFC 3261 §20, §25.1).

use super::uri::Uri;
use core::net::IpAddr;

/// `"display" <uri>;parameters` or `uri;parameters` (From, To, Contact, Route …).
#[derive(Debug, Clone, Copy)]
pub struct NameAddr<'a> {
    /// The display name as written, without the outer quotes; escapes left in. Empty if there is none.
    pub display: &'a [u8],
    /// The URI as written, without `<>`.
    pub uri: &'a [u8],
    /// Everything after the URI from the first `;` (exclusive).
    pub parameters: &'a [u8],
}

impl<'a> NameAddr<'a> {
    /// Reads one element. `None` if it is not one.
    pub fn read(_text: &'a [u8]) -> Option<Self> {
        todo!()
    }
    /// The `tag` parameter.
    pub fn tag(&self) -> Option<&'a [u8]> {
        self.parameter("tag")
    }
    /// A header parameter; `Some(b"")` if it has no value. Quotes around a value are taken off.
    pub fn parameter(&self, name: &str) -> Option<&'a [u8]> {
        parameter(self.parameters, name)
    }
    /// The URI's parts.
    pub fn parts(&self) -> Option<Uri<'a>> {
        Uri::read(self.uri)
    }
    /// The display name as clean text: unescaped, control characters and invalid UTF-8 replaced, at most 64 characters.
    pub fn display_text(&self) -> String {
        todo!()
    }
}

/// `SIP/2.0/UDP host:port;branch=…` (RFC 3261 §20.42, RFC 3581).
#[derive(Debug, Clone, Copy)]
pub struct Via<'a> {
    /// The whole element as written.
    pub text: &'a [u8],
    /// `UDP`, `TCP` …
    pub transport: &'a [u8],
    /// Host without brackets.
    pub host: &'a [u8],
    pub port: Option<u16>,
    pub parameters: &'a [u8],
}

impl<'a> Via<'a> {
    /// Reads one element. `None` if it is not one.
    pub fn read(_text: &'a [u8]) -> Option<Self> {
        todo!()
    }
    pub fn branch(&self) -> Option<&'a [u8]> {
        self.parameter("branch")
    }
    pub fn received(&self) -> Option<IpAddr> {
        todo!()
    }
    /// `Some(None)` for a bare `rport`, `Some(Some(port))` with a value, `None` if absent.
    pub fn rport(&self) -> Option<Option<u16>> {
        todo!()
    }
    pub fn parameter(&self, name: &str) -> Option<&'a [u8]> {
        parameter(self.parameters, name)
    }
}

/// The value of parameter `name` in `;`-separated `text`; `Some(b"")` if it stands without a value. Names compare without
/// case; quotes around the value are taken off.
pub fn parameter<'a>(_text: &'a [u8], _name: &str) -> Option<&'a [u8]> {
    todo!()
}
