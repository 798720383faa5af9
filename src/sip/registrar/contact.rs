//! Reads what a REGISTER wants with its Contact fields (RFC 3261 §10.3 steps 6 and 7, §20.10, §20.19). Contact URIs come back in
//! other messages, so only printable, short, plain SIP URIs are let in.

use super::super::{header::NameAddr, uri::Scheme, uri::Uri};
use super::{Binding, Outcome, Settings};
use crate::clock::Duration;

/// A longer contact URI is refused, bytes.
const URI_MAX: usize = 512;
/// A longer instance name is not kept, bytes. A URN with a UUID has 47.
const INSTANCE_MAX: usize = 128;
/// More contacts in one request are refused whatever the settings say; also bounds the work.
const ELEMENTS_MAX: usize = 32;

/// What a REGISTER asks for.
#[derive(Debug)]
pub(super) enum Change<'a> {
    /// No contact: only the list is wanted.
    Nothing,
    /// `Contact: *` with `Expires: 0`.
    RemoveAll,
    Set(Vec<Wanted<'a>>),
}

/// One contact of the request.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub uri: &'a [u8],
    /// `None`: to be removed.
    pub expires: Option<Duration>,
    /// Thousandths.
    pub q: u16,
    pub instance: Option<Box<[u8]>>,
}

impl Wanted<'_> {
    /// Whether it names the same contact (§19.1.4).
    pub fn is_for(&self, binding: &Binding) -> bool {
        match (Uri::read(self.uri), Uri::read(&binding.uri)) {
            (Some(ours), Some(theirs)) => ours.same(&theirs),
            _ => false,
        }
    }
}

/// Reads all Contact `elements` with the Expires field's value.
pub(super) fn read<'a>(
    elements: impl Iterator<Item = &'a [u8]>,
    expires: Option<&[u8]>,
    settings: &Settings,
) -> Result<Change<'a>, Outcome> {
    let refused = |status| Outcome::Refused { status, min_expires: None };
    let elements: Vec<_> = elements.take(ELEMENTS_MAX + 1).collect();
    if elements.len() > ELEMENTS_MAX {
        return Err(refused(403));
    }
    if elements.contains(&&b"*"[..]) {
        let removes = elements.len() == 1 && expires.and_then(seconds) == Some(0);
        return if removes { Ok(Change::RemoveAll) } else { Err(refused(400)) };
    }
    if elements.is_empty() {
        return Ok(Change::Nothing);
    }
    let wanted = elements.into_iter().map(|element| wanted(element, expires, settings));
    wanted.collect::<Result<_, _>>().map(Change::Set)
}

fn wanted<'a>(element: &'a [u8], expires: Option<&[u8]>, settings: &Settings) -> Result<Wanted<'a>, Outcome> {
    let bad = Outcome::Refused { status: 400, min_expires: None };
    let contact = NameAddr::read(element).filter(|contact| is_fit(contact.uri)).ok_or(bad)?;
    let q = contact.parameter("q").and_then(thousandths).unwrap_or(1000);
    let instance = instance(&contact);
    // A number that cannot be read counts as 3600 (§20.10, §20.19).
    let asked = contact.parameter("expires").or(expires).map(|text| seconds(text).unwrap_or(3600));
    let asked = asked.map_or(settings.expires_max, |seconds| Duration::from_secs(seconds.into()));
    if asked.is_zero() {
        return Ok(Wanted { uri: contact.uri, expires: None, q, instance });
    }
    if asked < settings.expires_min {
        let least = settings.expires_min.as_micros().div_ceil(1_000_000);
        return Err(Outcome::Refused { status: 423, min_expires: Some(u32::try_from(least).unwrap_or(u32::MAX)) });
    }
    Ok(Wanted { uri: contact.uri, expires: Some(asked.min(settings.expires_max)), q, instance })
}

/// Whether a URI may come back as a Request-URI and in a Contact list: `sip:` (nothing else can be rung), no headers
/// (§19.1.1), nothing that could end a `<…>` or a line.
fn is_fit(uri: &[u8]) -> bool {
    let clean = |&byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"');
    uri.len() <= URI_MAX
        && uri.iter().all(clean)
        && Uri::read(uri).is_some_and(|uri| uri.scheme == Scheme::Sip && uri.headers.is_empty() && !uri.host.is_empty())
}

/// `+sip.instance` with `reg-id`. Only compared, never shown; one that is too long to keep is as good as none.
fn instance(contact: &NameAddr<'_>) -> Option<Box<[u8]>> {
    let instance = contact.parameter("+sip.instance").filter(|text| !text.is_empty())?;
    let name = [instance, contact.parameter("reg-id").unwrap_or_default()].join(&b' ');
    (name.len() <= INSTANCE_MAX).then(|| name.into())
}

/// Delta-seconds; more than fits counts as the most that fits.
fn seconds(text: &[u8]) -> Option<u32> {
    let text = core::str::from_utf8(text.trim_ascii()).ok().filter(|text| !text.is_empty())?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().unwrap_or(u32::MAX))
}

/// `0.7` as 700, at most 1000 (§25.1 qvalue).
fn thousandths(text: &[u8]) -> Option<u16> {
    let (whole, fraction) = text.split_first()?;
    let digits = match fraction {
        [] => &[],
        [b'.', digits @ ..] if digits.len() <= 3 && digits.iter().all(u8::is_ascii_digit) => digits,
        _ => return None,
    };
    let thousandths = [100u16, 10, 1].iter().zip(digits).map(|(unit, digit)| unit * u16::from(digit - b'0')).sum();
    match whole {
        b'0' => Some(thousandths),
        b'1' => Some(1000),
        _ => None,
    }
}
