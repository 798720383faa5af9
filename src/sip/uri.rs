//! `sip:`, `sips:` and `tel:` URIs as spans (RFC 3261 §19.1, RFC 3966). Not a resolver, not a normaliser.

use super::header::parameter;
use super::lexis::{cut, decimal, find, part, split};
use core::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::borrow::Cow;

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
    /// Host without brackets; empty for `tel:`. Of another scheme: everything after the colon.
    pub host: &'a [u8],
    pub port: Option<u16>,
    /// Everything after the first `;` that belongs to the URI, up to `?`.
    pub parameters: &'a [u8],
    /// Everything after `?`.
    pub headers: &'a [u8],
}

impl<'a> Uri<'a> {
    /// Reads a bare URI (no `<>`). `None` if it is not one: white space, control characters, bytes above ASCII, `<`, `>` or `"`
    /// anywhere; no host, or one that is neither a name nor an address; a port that is not 1 to 65535.
    pub fn read(text: &'a [u8]) -> Option<Self> {
        let (scheme, rest) = cut(text, b':')?;
        let [first, others @ ..] = scheme else { return None };
        let named = first.is_ascii_alphabetic()
            && others.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
        if !named || rest.is_empty() || !rest.iter().all(|byte| is_uri_byte(*byte)) {
            return None;
        }
        let scheme = match scheme {
            s if s.eq_ignore_ascii_case(b"sip") => Scheme::Sip,
            s if s.eq_ignore_ascii_case(b"sips") => Scheme::Sips,
            s if s.eq_ignore_ascii_case(b"tel") => Scheme::Tel,
            _ => Scheme::Other,
        };
        match scheme {
            Scheme::Sip | Scheme::Sips => Self::read_sip(scheme, rest),
            Scheme::Tel => Self::read_tel(rest),
            Scheme::Other => Some(Self { scheme, user: b"", host: rest, port: None, parameters: b"", headers: b"" }),
        }
    }

    /// The part after `sip:`. The first `@` ends the user: it may hold `;` and `?`, the parts behind it may hold no `@`.
    fn read_sip(scheme: Scheme, text: &'a [u8]) -> Option<Self> {
        let (user, rest) = match cut(text, b'@') {
            Some((info, rest)) => {
                let user = cut(info, b':').map_or(info, |(user, _password)| user);
                if user.is_empty() {
                    return None;
                }
                (user, rest)
            }
            None => (&[][..], text),
        };
        let end = find(rest, [b';', b'?']).unwrap_or(rest.len());
        let (place, tail) = part(rest, end);
        let (host, port) = host_and_port(place)?;
        let (parameters, headers) = cut(tail, b'?').unwrap_or((tail, b""));
        Some(Self { scheme, user, host, port, parameters: parameters.get(1..).unwrap_or_default(), headers })
    }

    /// The part after `tel:` (RFC 3966 §3).
    fn read_tel(text: &'a [u8]) -> Option<Self> {
        let (user, parameters) = cut(text, b';').unwrap_or((text, b""));
        let dialled =
            |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b'+' | b'*' | b'#' | b'-' | b'.' | b'(' | b')');
        if user.is_empty() || !user.iter().all(dialled) {
            return None;
        }
        Some(Self { scheme: Scheme::Tel, user, host: b"", port: None, parameters, headers: b"" })
    }

    /// The user with `%` escapes resolved, as text; `None` if that is not UTF-8 or holds a control character.
    pub fn user_text(&self) -> Option<Cow<'a, str>> {
        let text = match self.user.contains(&b'%') {
            false => Cow::Borrowed(core::str::from_utf8(self.user).ok()?),
            true => Cow::Owned(String::from_utf8(unescaped(self.user).collect()).ok()?),
        };
        (!text.chars().any(char::is_control)).then_some(text)
    }

    /// The value of a URI parameter; `Some(b"")` if it has none. Names compare without case.
    pub fn parameter(&self, name: &str) -> Option<&'a [u8]> {
        parameter(self.parameters, name)
    }

    /// Host and port as a socket address if the host is a literal address (port 5060 if absent).
    pub fn literal(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(address(self.host)?, self.port.unwrap_or(5060)))
    }

    /// Equality of RFC 3261 §19.1.4 (of RFC 3966 §4 for `tel:`). Passwords, which nobody should send, are not compared; URIs of more
    /// than 32 parameters or 16 headers are never the same, so that comparing has a bound.
    pub fn same(&self, other: &Uri<'_>) -> bool {
        if self.scheme != other.scheme {
            return false;
        }
        match self.scheme {
            Scheme::Tel => {
                let digits = |text: &'_ [u8]| {
                    let kept = text.iter().filter(|byte| !matches!(byte, b'-' | b'.' | b'(' | b')'));
                    kept.map(u8::to_ascii_lowercase).collect::<Vec<_>>()
                };
                digits(self.user) == digits(other.user) && same_parameter(self, other, "phone-context", true)
            }
            Scheme::Other => self.host == other.host,
            Scheme::Sip | Scheme::Sips => {
                unescaped(self.user).eq(unescaped(other.user))
                    && same_host(self.host, other.host)
                    && self.port == other.port
                    && ["user", "ttl", "method", "maddr", "transport"]
                        .iter()
                        .all(|name| same_parameter(self, other, name, true))
                    && names(self.parameters)
                        .enumerate()
                        .take(PARAMETERS_MAX + 1)
                        .all(|(at, name)| at < PARAMETERS_MAX && same_parameter(self, other, name, false))
                    && same_headers(self.headers, other.headers)
                    && same_headers(other.headers, self.headers)
            }
        }
    }
}

/// Parameters that are compared: each is looked for among all the other's.
const PARAMETERS_MAX: usize = 32;

/// Splits `host[:port]`. `None` if either is wrong. White space may stand around the colon (as Via allows).
#[inline]
pub(super) fn host_and_port(text: &[u8]) -> Option<(&[u8], Option<u16>)> {
    let text = super::lexis::trim(text);
    let (host, rest) = match text {
        [b'[', inner @ ..] => {
            let (host, rest) = cut(inner, b']')?;
            let literal = host.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
            (literal && host.contains(&b':')).then_some((host, rest))?
        }
        _ => {
            let end = text.iter().position(|byte| !is_host_byte(*byte)).unwrap_or(text.len());
            part(text, end)
        }
    };
    if host.is_empty() {
        return None;
    }
    match super::lexis::trim_start(rest) {
        [] => Some((host, None)),
        [b':', port @ ..] => {
            let port = u16::try_from(decimal(super::lexis::trim_start(port))?).ok().filter(|port| *port != 0)?;
            Some((host, Some(port)))
        }
        _ => None,
    }
}

/// A literal address without brackets. The three colons that RFC 3261's grammar once produced before an IPv4 part count as two
/// (RFC 5118 §4.5).
pub(super) fn address(host: &[u8]) -> Option<IpAddr> {
    let text = core::str::from_utf8(host).ok()?;
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let (head, tail) = text.split_once(":::")?;
    format!("{head}::{tail}").parse::<Ipv6Addr>().ok().map(IpAddr::V6)
}

/// Letters, digits, `-`, `.`; also `_`, which many hosts bear against the rules.
fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
}

/// Printable ASCII that cannot be taken for the end of the URI.
#[inline]
pub(super) fn is_uri_byte(byte: u8) -> bool {
    URI.get(usize::from(byte)).copied().unwrap_or(false)
}

/// See [`is_uri_byte`].
const URI: [bool; 256] = {
    let mut table = [false; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        table[at] = byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"');
        at += 1;
    }
    table
};

/// The bytes of `text` with `%` escapes resolved; what is no escape stays as it is.
fn unescaped(text: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = text;
    core::iter::from_fn(move || {
        let (byte, after) = match rest {
            [b'%', high, low, after @ ..] => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, after),
                _ => (b'%', rest.get(1..).unwrap_or_default()),
            },
            [byte, after @ ..] => (*byte, after),
            [] => return None,
        };
        rest = after;
        Some(byte)
    })
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

fn same_host(ours: &[u8], theirs: &[u8]) -> bool {
    ours.eq_ignore_ascii_case(theirs) || address(ours).is_some_and(|ours| address(theirs) == Some(ours))
}

/// The names in a parameter list, where they are text.
fn names(parameters: &[u8]) -> impl Iterator<Item = &str> {
    split(parameters, b';').filter_map(|one| core::str::from_utf8(cut(one, b'=').map_or(one, |(name, _)| name)).ok())
}

/// Whether both have `name` with one value. Only one has it: no if it is `needed` in both, else yes.
fn same_parameter(ours: &Uri<'_>, theirs: &Uri<'_>, name: &str, needed: bool) -> bool {
    match (ours.parameter(name), theirs.parameter(name)) {
        (Some(ours), Some(theirs)) => unescaped(ours)
            .map(|byte| byte.to_ascii_lowercase())
            .eq(unescaped(theirs).map(|byte| byte.to_ascii_lowercase())),
        (None, None) => true,
        _ => !needed,
    }
}

/// Whether every header of `ours` is also in `theirs`; order does not matter. At most 16 are compared: more are never the same.
fn same_headers(ours: &[u8], theirs: &[u8]) -> bool {
    ours.split(|byte| *byte == b'&').take(17).enumerate().all(|(at, one)| {
        at < 16 && theirs.split(|byte| *byte == b'&').take(16).any(|other| unescaped(one).eq(unescaped(other)))
    })
}

#[cfg(test)]
mod tests;
