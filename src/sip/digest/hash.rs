//! The arithmetic of RFC 7616 §3.4.1: hashes of parts joined by colons, in hex.

use super::Algorithm;
use md5::Digest;

/// A hash in lower-case hex: 32 digits of MD5 or 64 of SHA-256.
pub(super) type Hex = arrayvec::ArrayVec<u8, 64>;

/// H(part ":" part ":" …)
pub(super) fn hash(algorithm: Algorithm, parts: &[&[u8]]) -> Hex {
    match algorithm {
        Algorithm::Md5 => joined::<md5::Md5>(parts),
        Algorithm::Sha256 => joined::<sha2::Sha256>(parts),
    }
}

/// H(user ":" realm ":" password)
pub(super) fn ha1(algorithm: Algorithm, user: &[u8], realm: &[u8], password: &[u8]) -> Hex {
    hash(algorithm, &[user, realm, password])
}

fn joined<H: Digest>(parts: &[&[u8]]) -> Hex {
    let mut hasher = H::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            hasher.update(b":");
        }
        hasher.update(part);
    }
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
    hasher.finalize().iter().take(32).flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// `nc`: up to eight hex digits, not zero.
pub(super) fn count(text: &[u8]) -> Option<u32> {
    let hex = (1..=8).contains(&text.len()) && text.iter().all(u8::is_ascii_hexdigit);
    let text = core::str::from_utf8(text).ok().filter(|_| hex)?;
    u32::from_str_radix(text, 16).ok().filter(|&count| count != 0)
}

/// `text` as it may stand inside a quoted-string.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !c.is_control()) {
        if matches!(c, '"' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
