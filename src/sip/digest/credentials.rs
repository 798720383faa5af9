//! Reads `Digest …` values: the parameter list that challenges and credentials share, and credentials as a whole
//! (RFC 2617 §3.2.2, RFC 3261 §25.1). Everything is bounded; a parameter that stands twice makes the value unreadable, as nobody
//! could say which one was meant.

use super::{Algorithm, hash};
use std::borrow::Cow;

/// A longer field is unreadable, bytes.
const FIELD_MAX: usize = 2048;
/// More parameters make a field unreadable.
const PARAMETERS_MAX: usize = 32;

/// One `name=value` of a Digest field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameter<'a> {
    pub name: &'a [u8],
    /// Between the quotes, if there were any; escapes left in.
    pub value: &'a [u8],
    quoted: bool,
}

/// The parameters of one field.
pub(super) type Parameters<'a> = arrayvec::ArrayVec<Parameter<'a>, PARAMETERS_MAX>;

impl<'a> Parameter<'a> {
    /// The value without its escapes.
    pub fn text(&self) -> Cow<'a, [u8]> {
        if !self.quoted || !self.value.contains(&b'\\') {
            return Cow::Borrowed(self.value);
        }
        let mut bytes = self.value.iter();
        let mut text = Vec::with_capacity(self.value.len());
        while let Some(&byte) = bytes.next() {
            text.push(if byte == b'\\' { bytes.next().copied().unwrap_or(byte) } else { byte });
        }
        Cow::Owned(text)
    }
}

/// Reads one field. `None`: not the Digest scheme. `Some(None)`: Digest, but unreadable.
pub(super) fn parameters(field: &[u8]) -> Option<Option<Parameters<'_>>> {
    let field = field.trim_ascii();
    let (scheme, rest) = field.split_at_checked(6).unwrap_or((field, b""));
    if !scheme.eq_ignore_ascii_case(b"Digest") || !rest.first().is_some_and(u8::is_ascii_whitespace) {
        return None;
    }
    Some(if field.len() > FIELD_MAX { None } else { list(rest) })
}

fn list(mut rest: &[u8]) -> Option<Parameters<'_>> {
    let mut found = Parameters::new();
    loop {
        rest = rest.trim_ascii_start();
        match rest {
            [] => return Some(found),
            [b',', after @ ..] => rest = after,
            _ => {
                let (parameter, after) = one(rest)?;
                if found.iter().any(|known| known.name.eq_ignore_ascii_case(parameter.name)) {
                    return None;
                }
                found.try_push(parameter).ok()?;
                rest = after.trim_ascii_start();
                if !matches!(rest.first(), None | Some(b',')) {
                    return None;
                }
            }
        }
    }
}

/// One parameter and what follows it.
fn one(text: &[u8]) -> Option<(Parameter<'_>, &[u8])> {
    let (name, rest) = text.split_at(text.iter().position(|&byte| byte == b'=')?);
    let (name, rest) = (name.trim_ascii_end(), rest.get(1..)?.trim_ascii_start());
    if name.is_empty() || !name.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
        return None;
    }
    let [b'"', inner @ ..] = rest else {
        let end = rest.iter().position(|&byte| byte == b',' || byte.is_ascii_whitespace()).unwrap_or(rest.len());
        let (value, after) = rest.split_at(end);
        let clean = !value.is_empty() && value.iter().all(|&byte| byte.is_ascii_graphic() && byte != b'"');
        return clean.then_some((Parameter { name, value, quoted: false }, after));
    };
    let mut escaped = false;
    let end = inner.iter().position(|&byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    let (value, after) = inner.split_at(end);
    Some((Parameter { name, value, quoted: true }, after.get(1..)?))
}

/// `qop=auth`, with what belongs to it.
#[derive(Debug)]
pub(super) struct Session<'a> {
    /// `nc` as a number, from 1.
    pub count: u32,
    /// `nc` as written: that is what was hashed.
    count_as_written: &'a [u8],
    cnonce: Cow<'a, [u8]>,
}

/// Credentials for our realm, readable and of a kind that we can check.
#[derive(Debug)]
pub(super) struct Credentials<'a> {
    pub username_as_written: &'a [u8],
    pub username: Cow<'a, [u8]>,
    pub nonce: Cow<'a, [u8]>,
    pub uri: Cow<'a, [u8]>,
    pub algorithm: Algorithm,
    /// In lower case.
    pub response: Vec<u8>,
    /// `None` without qop (RFC 2069).
    pub session: Option<Session<'a>>,
}

/// What there is for our realm.
#[derive(Debug)]
pub(super) enum Found<'a> {
    Nothing,
    /// Digest credentials that cannot be read or checked, and no better ones beside them.
    Broken,
    Credentials(Credentials<'a>),
}

impl<'a> Found<'a> {
    /// The first readable credentials for `realm`; other realms and schemes are not ours to judge.
    pub fn among(fields: impl Iterator<Item = &'a [u8]>, realm: &[u8]) -> Self {
        let mut found = Self::Nothing;
        for field in fields {
            match parameters(field) {
                None => {}
                Some(None) => found = Self::Broken,
                Some(Some(parameters)) => match parameter(&parameters, "realm") {
                    Some(theirs) if *theirs.text() == *realm => match Credentials::of(&parameters) {
                        Some(credentials) => return Self::Credentials(credentials),
                        None => found = Self::Broken,
                    },
                    Some(_) => {}
                    None => found = Self::Broken,
                },
            }
        }
        found
    }
}

/// The parameter `name`, if it is there.
pub(super) fn parameter<'p, 'a>(parameters: &'p Parameters<'a>, name: &str) -> Option<&'p Parameter<'a>> {
    parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name.as_bytes()))
}

impl<'a> Credentials<'a> {
    fn of(parameters: &Parameters<'a>) -> Option<Self> {
        let value = |name| parameter(parameters, name);
        let username = value("username")?;
        let algorithm = match value("algorithm") {
            None => Algorithm::Md5,
            Some(name) => Algorithm::from_name(&name.text())?,
        };
        let session = match value("qop") {
            None => None,
            Some(qop) if qop.text().eq_ignore_ascii_case(b"auth") => {
                let (count, cnonce) = (value("nc")?, value("cnonce")?);
                Some(Session { count: hash::count(count.value)?, count_as_written: count.value, cnonce: cnonce.text() })
            }
            // auth-int is never offered: bodies change in ALGs.
            Some(_) => return None,
        };
        Some(Self {
            username_as_written: username.value,
            username: username.text(),
            nonce: value("nonce")?.text(),
            uri: value("uri")?.text(),
            algorithm,
            response: value("response")?.text().to_ascii_lowercase(),
            session,
        })
    }

    /// The response that whoever knows `ha1` would give to this nonce.
    pub fn response_for(&self, ha1: &[u8], method: &str) -> hash::Hex {
        let ha2 = hash::hash(self.algorithm, &[method.as_bytes(), &self.uri]);
        match &self.session {
            Some(Session { count_as_written, cnonce, .. }) => {
                hash::hash(self.algorithm, &[ha1, &self.nonce, count_as_written, cnonce, b"auth", &ha2])
            }
            None => hash::hash(self.algorithm, &[ha1, &self.nonce, &ha2]),
        }
    }
}
