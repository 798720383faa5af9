//! The client's half: answers to challenges, for simulated phones. Not for trunks yet: it has no memory of realms.

use super::credentials::{parameter, parameters};
use super::{Algorithm, hash};
use std::fmt::Write as _;

/// Answers a challenge (RFC 2617/7616 as client): `qop=auth` where it is offered, else as RFC 2069 did; MD5 or SHA-256. `count` is
/// the how-many-eth use of this nonce, from 1. `None` if the challenge is unreadable or asks for what is not spoken here.
pub fn answer(
    challenge: &[u8],
    user: &str,
    password: &str,
    method: &str,
    uri: &str,
    count: u32,
    cnonce: &str,
) -> Option<String> {
    let parameters = parameters(challenge)??;
    let value = |name| parameter(&parameters, name);
    let realm = String::from_utf8(value("realm")?.text().into_owned()).ok()?;
    let nonce = String::from_utf8(value("nonce")?.text().into_owned()).ok()?;
    let algorithm = match value("algorithm") {
        None => Algorithm::Md5,
        Some(name) => Algorithm::from_name(&name.text())?,
    };
    let auth = match value("qop") {
        None => false,
        Some(qop) if qop.text().split(|&b| b == b',').any(|word| word.trim_ascii().eq_ignore_ascii_case(b"auth")) => {
            true
        }
        Some(_) => return None,
    };
    let ha1 = hash::ha1(algorithm, user.as_bytes(), realm.as_bytes(), password.as_bytes());
    let ha2 = hash::hash(algorithm, &[method.as_bytes(), uri.as_bytes()]);
    let nc = format!("{count:08x}");
    let response = if auth {
        hash::hash(algorithm, &[&ha1, nonce.as_bytes(), nc.as_bytes(), cnonce.as_bytes(), b"auth", &ha2])
    } else {
        hash::hash(algorithm, &[&ha1, nonce.as_bytes(), &ha2])
    };
    let response = String::from_utf8_lossy(&response);
    let (user, realm, nonce) = (hash::escape(user), hash::escape(&realm), hash::escape(&nonce));
    let mut answer = format!(
        "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{response}\", algorithm={}",
        algorithm.name()
    );
    if auth {
        write!(answer, ", qop=auth, nc={nc}, cnonce=\"{}\"", hash::escape(cnonce)).ok()?;
    }
    if let Some(opaque) = value("opaque") {
        write!(answer, ", opaque=\"{}\"", hash::escape(&String::from_utf8_lossy(&opaque.text()))).ok()?;
    }
    Some(answer)
}
