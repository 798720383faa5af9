//! What a dialog takes out of a message: route set, target, From and To without their tags. Hostile text: everything is checked
//! before it is kept, and bounded.

use crate::sip::header::NameAddr;
use crate::sip::scan::{Message, Name};
use crate::sip::uri::{Scheme, Uri};

/// Proxies on the way that a dialog remembers.
const ROUTES_MAX: usize = 32;
/// Text from the peer that a dialog remembers, in bytes: so many calls must fit.
pub(super) const BYTES_MAX: usize = 4096;

/// The route set of `message` as its Record-Route stands. `None` if it is not one.
pub(super) fn routes(message: &Message<'_>) -> Option<Vec<Box<[u8]>>> {
    let mut routes = Vec::new();
    for element in message.elements(Name::RecordRoute) {
        if routes.len() == ROUTES_MAX {
            return None;
        }
        NameAddr::read(element)?.parts().filter(is_sip)?;
        routes.push(element.into());
    }
    Some(routes)
}

/// The Contact of `message` as it goes into a Request-URI: without headers (§19.1.1, table 1).
pub(super) fn contact(message: &Message<'_>) -> Option<Box<[u8]>> {
    let contact = message.contact()?;
    let parts = contact.parts().filter(is_sip)?;
    let headers = if parts.headers.is_empty() { 0 } else { parts.headers.len() + 1 };
    let uri = contact.uri.get(..contact.uri.len().checked_sub(headers)?)?;
    (uri.len() <= BYTES_MAX / 2).then(|| uri.into())
}

fn is_sip(uri: &Uri<'_>) -> bool {
    matches!(uri.scheme, Scheme::Sip | Scheme::Sips) && !uri.host.is_empty()
}

/// The URI of `route` if it is a strict router: no `lr`.
pub(super) fn strict_router(route: &[u8]) -> Option<&[u8]> {
    let route = NameAddr::read(route)?;
    route.parts()?.parameter("lr").is_none().then_some(route.uri)
}

/// Where a URI with a literal address points, if one peer may be there.
pub(super) fn destination(uri: &[u8]) -> Option<core::net::SocketAddr> {
    let address = Uri::read(uri)?.literal()?;
    let one = match address.ip() {
        core::net::IpAddr::V4(v4) => !v4.is_unspecified() && !v4.is_broadcast() && !v4.is_multicast(),
        core::net::IpAddr::V6(v6) => !v6.is_unspecified() && !v6.is_multicast(),
    };
    (one && address.port() != 0).then_some(address)
}

/// A From or To value as it goes into our requests: display name, URI and parameters, but no tag.
pub(super) fn untagged(value: &NameAddr<'_>) -> Box<[u8]> {
    let mut out = Vec::with_capacity(value.display.len() + value.uri.len() + value.parameters.len() + 8);
    if !value.display.is_empty() {
        out.push(b'"');
        quote(value.display, &mut out);
        out.extend_from_slice(b"\" ");
    }
    out.push(b'<');
    out.extend_from_slice(value.uri);
    out.push(b'>');
    for parameter in split(value.parameters) {
        let name = parameter.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
        if !name.eq_ignore_ascii_case(b"tag") && is_parameter(parameter.trim_ascii()) {
            out.push(b';');
            out.extend_from_slice(parameter.trim_ascii());
        }
    }
    out.into()
}

/// Copies the inside of a quoted-string: escapes stay, a bare `"` (or one `\` at the end) cannot get out of it.
fn quote(display: &[u8], out: &mut Vec<u8>) {
    let mut bytes = display.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {}
            b'\\' => {
                if let Some(escaped) = bytes.next() {
                    out.extend_from_slice(&[b'\\', *escaped]);
                }
            }
            _ => out.push(*byte),
        }
    }
}

/// Whether `text` is `name`, `name=value` or `name="value"`, and nothing that could reach beyond its `;` (§25.1).
fn is_parameter(text: &[u8]) -> bool {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~:[]".contains(byte);
    let mut halves = text.splitn(2, |byte| *byte == b'=');
    let name = halves.next().unwrap_or_default();
    let value = halves.next().unwrap_or(b"x");
    let quoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    let is_value = match quoted {
        Some(inside) => !inside.iter().any(|byte| matches!(byte, b'"' | b'\\')),
        None => !value.is_empty() && value.iter().all(is_token),
    };
    !name.is_empty() && name.iter().all(is_token) && is_value
}

/// The `;`-separated parts of `parameters`, with quoted values whole.
fn split(parameters: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    parameters.split(move |byte| {
        let part = !quoted && *byte == b';';
        if escaped {
            escaped = false;
        } else {
            escaped = quoted && *byte == b'\\';
            quoted ^= *byte == b'"';
        }
        part
    })
}
