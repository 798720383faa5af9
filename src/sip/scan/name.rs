//! Header field names: which of them Huntline knows, their compact forms (RFC 3261 §7.3.3 and the IANA registry). Found by length
//! and first letter, without copying or lower-casing the text.

/// The header fields that Huntline reads; all others are [`Name::Other`] and found by their text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[rustfmt::skip]
pub enum Name {
    Accept, Allow, Authorization, CallId, Contact, ContentEncoding, ContentLength, ContentType, CSeq, Date, Event, Expires,
    From, MaxForwards, MinExpires, PAssertedIdentity, Path, Privacy, ProxyAuthenticate, ProxyAuthorization, ProxyRequire,
    RAck, Reason, RecordRoute, ReferTo, ReferredBy, Replaces, Require, RetryAfter, Route, RSeq, SessionExpires, MinSe,
    Supported, To, Unsupported, UserAgent, Via, Warning, WwwAuthenticate, Other,
}

impl Name {
    /// How many there are.
    pub(super) const COUNT: usize = Name::Other as usize + 1;

    /// The name that `text` is, in any case, long or compact.
    pub(super) fn of(text: &[u8]) -> Self {
        let Some(first) = text.first().map(u8::to_ascii_lowercase) else { return Name::Other };
        let candidates: &[(&str, Name)] = match (text.len(), first) {
            (1, letter) => return Self::of_letter(letter),
            (2, b't') => &[("To", Name::To)],
            (3, b'v') => &[("Via", Name::Via)],
            (4, b'f') => &[("From", Name::From)],
            (4, b'c') => &[("CSeq", Name::CSeq)],
            (4, b'd') => &[("Date", Name::Date)],
            (4, b'p') => &[("Path", Name::Path)],
            (4, b'r') => &[("RAck", Name::RAck), ("RSeq", Name::RSeq)],
            (5, b'a') => &[("Allow", Name::Allow)],
            (5, b'e') => &[("Event", Name::Event)],
            (5, b'r') => &[("Route", Name::Route)],
            (6, b'a') => &[("Accept", Name::Accept)],
            (6, b'm') => &[("Min-SE", Name::MinSe)],
            (6, b'r') => &[("Reason", Name::Reason)],
            (7, b'c') => &[("Call-ID", Name::CallId), ("Contact", Name::Contact)],
            (7, b'e') => &[("Expires", Name::Expires)],
            (7, b'p') => &[("Privacy", Name::Privacy)],
            (7, b'r') => &[("Require", Name::Require)],
            (7, b'w') => &[("Warning", Name::Warning)],
            (8, b'r') => &[("Refer-To", Name::ReferTo), ("Replaces", Name::Replaces)],
            (9, b's') => &[("Supported", Name::Supported)],
            (10, b'u') => &[("User-Agent", Name::UserAgent)],
            (11, b'm') => &[("Min-Expires", Name::MinExpires)],
            (11, b'r') => &[("Retry-After", Name::RetryAfter), ("Referred-By", Name::ReferredBy)],
            (11, b'u') => &[("Unsupported", Name::Unsupported)],
            (12, b'c') => &[("Content-Type", Name::ContentType)],
            (12, b'm') => &[("Max-Forwards", Name::MaxForwards)],
            (12, b'r') => &[("Record-Route", Name::RecordRoute)],
            (13, b'a') => &[("Authorization", Name::Authorization)],
            (13, b'p') => &[("Proxy-Require", Name::ProxyRequire)],
            (14, b'c') => &[("Content-Length", Name::ContentLength)],
            (15, b's') => &[("Session-Expires", Name::SessionExpires)],
            (16, b'c') => &[("Content-Encoding", Name::ContentEncoding)],
            (16, b'w') => &[("WWW-Authenticate", Name::WwwAuthenticate)],
            (18, b'p') => &[("Proxy-Authenticate", Name::ProxyAuthenticate)],
            (19, b'p') => {
                &[("Proxy-Authorization", Name::ProxyAuthorization), ("P-Asserted-Identity", Name::PAssertedIdentity)]
            }
            _ => return Name::Other,
        };
        // Nearly all names come in the RFC's own case, and then comparing is one step.
        let is = |name: &str| text == name.as_bytes() || text.eq_ignore_ascii_case(name.as_bytes());
        let found = candidates.iter().find(|(name, _)| is(name));
        found.map_or(Name::Other, |(_, name)| *name)
    }

    /// The name that a compact form stands for.
    fn of_letter(letter: u8) -> Self {
        match letter {
            b'b' => Name::ReferredBy,
            b'c' => Name::ContentType,
            b'e' => Name::ContentEncoding,
            b'f' => Name::From,
            b'i' => Name::CallId,
            b'k' => Name::Supported,
            b'l' => Name::ContentLength,
            b'm' => Name::Contact,
            b'o' => Name::Event,
            b'r' => Name::ReferTo,
            b't' => Name::To,
            b'v' => Name::Via,
            b'x' => Name::SessionExpires,
            _ => Name::Other,
        }
    }
}

/// Whether the name `written` in a message means the field `wanted`, which is not a [`Name`]; compact forms count.
pub(super) fn is_other(written: &[u8], wanted: &str) -> bool {
    let long = match written {
        [b'a' | b'A'] => "Accept-Contact",
        [b'd' | b'D'] => "Request-Disposition",
        [b'j' | b'J'] => "Reject-Contact",
        [b'n' | b'N'] => "Identity-Info",
        [b's' | b'S'] => "Subject",
        [b'u' | b'U'] => "Allow-Events",
        [b'y' | b'Y'] => "Identity",
        _ => return written.eq_ignore_ascii_case(wanted.as_bytes()),
    };
    long.eq_ignore_ascii_case(wanted)
}
