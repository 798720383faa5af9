//! Header field values as spans: name-addr, Via, parameters (RFC 3261 §20, §25.1). Not the fields themselves: `scan` finds them.

use super::lexis::{cut, find, is_space, is_token, part, quoted_end, split, trim, trim_end, trim_start};
use super::uri::{self, Uri};
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

/// A display name is shown up to this length, in characters.
const DISPLAY_MAX: usize = 64;

impl<'a> NameAddr<'a> {
    /// Reads one element. `None` if it is not one: an open quote or bracket, white space or control characters in the URI, no
    /// scheme, a list (comma) where one value stands, text between URI and parameters, `?` outside `<>` (§20).
    pub fn read(text: &'a [u8]) -> Option<Self> {
        let text = trim(text);
        if text.first() == Some(&b'"') {
            let (quoted, rest) = part(text, quoted_end(text)?);
            let [b'<', rest @ ..] = trim_start(rest) else { return None };
            let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
            return Self::read_bracket(inner, rest);
        }
        let stop = find(text, [b'<', b';', b'"', b',']).map(|at| part(text, at));
        match stop {
            Some((display, [b'<', rest @ ..])) => Self::read_bracket(trim_end(display), rest),
            Some((uri, [b';', rest @ ..])) => Self::read_bare(trim_end(uri), trim(rest)),
            Some(_) => None,
            None => Self::read_bare(text, b""),
        }
    }

    /// What follows `<`.
    fn read_bracket(display: &'a [u8], text: &'a [u8]) -> Option<Self> {
        let (uri, rest) = cut(text, b'>')?;
        let parameters = match trim_start(rest) {
            [] => &[][..],
            [b';', parameters @ ..] => trim(parameters),
            _ => return None,
        };
        is_uri_like(uri).then_some(Self { display, uri, parameters })
    }

    /// A URI without `<>`: what follows `;` belongs to the header, and `?` may not stand in it.
    fn read_bare(uri: &'a [u8], parameters: &'a [u8]) -> Option<Self> {
        (is_uri_like(uri) && !uri.contains(&b'?')).then_some(Self { display: b"", uri, parameters })
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

    /// The display name as clean text: unescaped, folds made one space, control characters, invalid UTF-8 and characters
    /// that turn the direction of writing replaced by U+FFFD, at most 64 characters.
    pub fn display_text(&self) -> String {
        let text = String::from_utf8_lossy(self.display);
        let mut clean = String::with_capacity(text.len().min(DISPLAY_MAX));
        let mut characters = text.chars().peekable();
        let mut length = 0usize;
        while length < DISPLAY_MAX {
            let shown = match characters.next() {
                Some('\\') => characters.next().unwrap_or('\\'),
                Some('\r' | '\n') => {
                    while characters.next_if(|c| matches!(c, '\r' | '\n' | ' ' | '\t')).is_some() {}
                    ' '
                }
                Some('\t') => ' ',
                Some(character) => character,
                None => break,
            };
            clean.push(if is_unsafe_to_show(shown) { char::REPLACEMENT_CHARACTER } else { shown });
            length = length.saturating_add(1);
        }
        clean
    }
}

/// A scheme, a colon, something after it, and no byte that ends a URI.
fn is_uri_like(text: &[u8]) -> bool {
    let Some((scheme, rest)) = cut(text, b':') else { return false };
    is_token(scheme) && !rest.is_empty() && rest.iter().all(|byte| uri::is_uri_byte(*byte))
}

/// Control characters and those that reorder or break lines of text on a screen.
fn is_unsafe_to_show(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
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
    /// Reads one element. `None` if it is not one. Any protocol version is read (the start line's decides), and empty
    /// parameters are passed over, so that a faulty request can still be answered.
    pub fn read(text: &'a [u8]) -> Option<Self> {
        let text = trim(text);
        let (protocol, rest) = cut(text, b'/')?;
        let (version, rest) = cut(rest, b'/')?;
        let rest = trim_start(rest);
        let (transport, rest) = part(rest, rest.iter().position(|byte| is_space(*byte))?);
        if !is_token(trim_end(protocol)) || !is_token(trim(version)) || !is_token(transport) {
            return None;
        }
        let (place, parameters) = cut(rest, b';').unwrap_or((rest, b""));
        let (host, port) = uri::host_and_port(place)?;
        Some(Self { text, transport, host, port, parameters: trim(parameters) })
    }

    /// The `branch` parameter.
    pub fn branch(&self) -> Option<&'a [u8]> {
        self.parameter("branch")
    }

    /// The `received` parameter, with or without brackets around an IPv6 address (RFC 5118 §4.5).
    pub fn received(&self) -> Option<IpAddr> {
        let value = self.parameter("received")?;
        let bare = value.strip_prefix(b"[").and_then(|value| value.strip_suffix(b"]")).unwrap_or(value);
        uri::address(bare)
    }

    /// `Some(None)` for a bare `rport`, `Some(Some(port))` with a value, `None` if absent.
    pub fn rport(&self) -> Option<Option<u16>> {
        let value = self.parameter("rport")?;
        Some(super::lexis::decimal(value).and_then(|port| u16::try_from(port).ok()))
    }

    /// A Via parameter; `Some(b"")` if it has no value.
    pub fn parameter(&self, name: &str) -> Option<&'a [u8]> {
        parameter(self.parameters, name)
    }
}

/// The value of parameter `name` in `;`-separated `text`; `Some(b"")` if it stands without a value. Names compare without
/// case; quotes around the value are taken off.
pub fn parameter<'a>(text: &'a [u8], name: &str) -> Option<&'a [u8]> {
    parameters(text).find(|(written, _)| written.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
}

/// All parameters in `;`-separated `text` as (name, value without quotes), empty ones left out.
pub fn parameters(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    split(text, b';').filter(|one| !one.is_empty()).map(|one| match cut(one, b'=') {
        Some((name, value)) => (trim_end(name), unquoted(trim_start(value))),
        None => (one, &[][..]),
    })
}

/// A value without the quotes around it; escapes are left in.
fn unquoted(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., b'"'] => inner,
        _ => value,
    }
}

#[cfg(test)]
mod tests;
