//! Digest authentication as server (RFC 3261 §22, RFC 2617, RFC 7616/8760): challenges and their verification. [`answer`] is
//! the client's half. Not a user table: the caller finds the [`Secret`].
//!
//! Nonces are signed with their time; use counts are remembered (bounded, expiring). Known and unknown users take the same
//! path, so that neither the answer nor its time tells them apart.
//!
//! rsip's `DigestGenerator` is not used here: it knows only passwords (no HA1), wants a typed URI (which it writes anew, so odd
//! ones no longer match what the phone hashed) and prints `nc` in decimal. Where it is right it is the oracle of the tests.

mod client;
mod credentials;
mod hash;
mod nonce;
#[cfg(test)]
mod tests;

pub use client::answer;

use super::scan::{Message, Name};
use super::{Method, uri::Scheme, uri::Uri};
use crate::clock::{Duration, Instant};
use crate::seed::Seed;
use core::hint::black_box;
use credentials::{Credentials, Found};
use nonce::{Nonces, Use};

/// The hash of a digest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Algorithm {
    Md5,
    Sha256,
}

/// What we hold of a user.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    Password(Box<str>),
    /// H(user:realm:password) in lower-case hex, and the algorithm it was made with.
    Ha1(Algorithm, Box<str>),
}

/// What credentials are worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The credentials are good.
    Granted,
    /// No credentials for our realm: challenge.
    Missing,
    /// The digest is right, but its nonce has expired, is not ours (from before a restart), or its use count is no longer held:
    /// challenge with `stale=true`, and the phone asks nobody for a password.
    Stale,
    /// Wrong, or unreadable: challenge anew; counted.
    Denied,
    /// The digest is right, but its use count was seen before: refused (403).
    Replay,
}

#[derive(Clone, Debug)]
pub struct Settings {
    /// Without `"` and `\`: some phones (baresip) hash a realm with its escapes, others without. Printable.
    pub realm: Box<str>,
    /// Offered in this order. Default: MD5 alone (INTEROP 2).
    pub algorithms: Vec<Algorithm>,
    /// How long a nonce is good. Default 300 s.
    pub nonce_life: Duration,
    /// How many nonces' use counts are remembered. Default 16,384.
    pub nonces_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            realm: "huntline".into(),
            algorithms: vec![Algorithm::Md5],
            nonce_life: Duration::from_secs(300),
            nonces_max: 16_384,
        }
    }
}

/// Makes challenges and checks answers.
#[derive(Clone)]
pub struct Challenger {
    settings: Settings,
    nonces: Nonces,
    /// Stands in for the password of users who do not exist.
    dummy: Box<str>,
}

impl Algorithm {
    /// As it stands in `algorithm=`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    /// Case does not matter. `None`: one that we do not speak (`MD5-sess`, `SHA-512-256` …).
    fn from_name(name: &[u8]) -> Option<Self> {
        [Self::Md5, Self::Sha256].into_iter().find(|known| name.eq_ignore_ascii_case(known.name().as_bytes()))
    }
}

impl Challenger {
    /// `seed` gives the key under which nonces are signed: nonces of another run or seed are not ours.
    pub fn new(settings: Settings, seed: &mut Seed) -> Self {
        let dummy = format!("{:012x}", seed.bits() >> 16).into();
        Self { settings, nonces: Nonces::new(seed), dummy }
    }

    /// New settings; nonces that were given out stay good.
    pub fn configure(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Values for `WWW-Authenticate` (401) or `Proxy-Authenticate` (407), one per algorithm, each in a field of its own.
    /// `secret` is what is held of the user, if there is one: an HA1 serves only its own algorithm.
    pub fn challenges(&mut self, secret: Option<&Secret>, stale: bool, now: Instant) -> Vec<String> {
        let realm = hash::escape(&self.settings.realm);
        let stale = if stale { ", stale=true" } else { "" };
        let offered = match secret {
            Some(Secret::Ha1(algorithm, _)) => core::slice::from_ref(algorithm),
            Some(Secret::Password(_)) | None => &self.settings.algorithms[..],
        };
        let nonces = &mut self.nonces;
        let challenge = |algorithm: &Algorithm| {
            let (nonce, name) = (nonces.issue(now), algorithm.name());
            format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={name}, qop=\"auth\"{stale}")
        };
        offered.iter().map(challenge).collect()
    }

    /// The user name that `request` claims in Authorization (or Proxy-Authorization if `proxy`) for our realm, as written
    /// between its quotes.
    pub fn claimed_user<'a>(&self, request: &Message<'a>, proxy: bool) -> Option<&'a [u8]> {
        match self.find(request, proxy) {
            Found::Credentials(claim) => Some(claim.username_as_written),
            Found::Nothing | Found::Broken => None,
        }
    }

    /// Checks the credentials against `secret`, which must belong to [`Challenger::claimed_user`] (`None`: unknown user; as slow
    /// as a known one).
    pub fn verify(
        &mut self,
        request: &Message<'_>,
        method: Method,
        proxy: bool,
        secret: Option<&Secret>,
        now: Instant,
    ) -> Verdict {
        let claim = match self.find(request, proxy) {
            Found::Nothing => return Verdict::Missing,
            Found::Broken => return Verdict::Denied,
            Found::Credentials(claim) => claim,
        };
        let right = self.is_right(&claim, method, secret) & accepts_uri(&claim.uri, request.request_uri(), method);
        if !right {
            return Verdict::Denied;
        }
        let count = claim.session.as_ref().map(|session| session.count);
        match self.nonces.take(&claim.nonce, count, &self.settings, now) {
            Use::First => Verdict::Granted,
            Use::Repeated => Verdict::Replay,
            Use::Unknown => Verdict::Stale,
        }
    }

    /// Use counts held, and how often the oldest had to make room for a new one.
    pub fn nonces_held(&self) -> (usize, u64) {
        self.nonces.held()
    }

    fn find<'a>(&self, request: &Message<'a>, proxy: bool) -> Found<'a> {
        let name = if proxy { Name::ProxyAuthorization } else { Name::Authorization };
        Found::among(request.fields(name), self.settings.realm.as_bytes())
    }

    /// Whether the claim's response is the one that `secret` gives. The same hashes are computed for every claim: an HA1
    /// entry's and an unknown user's cost what a password's costs.
    fn is_right(&self, claim: &Credentials<'_>, method: Method, secret: Option<&Secret>) -> bool {
        let password = match secret {
            Some(Secret::Password(password)) => password,
            Some(Secret::Ha1(..)) | None => &self.dummy,
        };
        let realm = self.settings.realm.as_bytes();
        let made = hash::ha1(claim.algorithm, &claim.username, realm, password.as_bytes());
        let (ha1, offered) = match secret {
            Some(Secret::Ha1(algorithm, ha1)) => (ha1.as_bytes(), *algorithm == claim.algorithm),
            Some(Secret::Password(_)) => (&made[..], self.settings.algorithms.contains(&claim.algorithm)),
            None => (&made[..], false),
        };
        let expected = claim.response_for(black_box(ha1), &method.to_string());
        same_in_constant_time(&expected, &claim.response) & black_box(offered)
    }
}

/// Whether the digest's `uri` may stand for this Request-URI. RFC 3261 §22.4 (5) leaves it to the server, as proxies rewrite
/// Request-URIs. What must not happen is that credentials for one number call another, so:
/// - the same bytes, or equal URIs (§19.1.4), are fine;
/// - so are SIP URIs with the same user: host, port and parameters change in proxies, ALGs and phones that leave out `:5060` or
///   `;transport=udp`;
/// - a REGISTER names a domain, not a user: some phones put their own address there. The host decides then.
fn accepts_uri(claimed: &[u8], request_uri: &[u8], method: Method) -> bool {
    if claimed == request_uri {
        return true;
    }
    let (Some(claimed), Some(actual)) = (Uri::read(claimed), Uri::read(request_uri)) else { return false };
    let sip = |uri: &Uri<'_>| matches!(uri.scheme, Scheme::Sip | Scheme::Sips);
    let same_user = || claimed.user_text().is_some_and(|user| actual.user_text() == Some(user));
    let same_host = || claimed.host.eq_ignore_ascii_case(actual.host);
    let both_sip = sip(&claimed) && sip(&actual);
    claimed.same(&actual) || (both_sip && (same_user() || (method == Method::Register && same_host())))
}

/// Looks at every byte, whatever the first ones say. Lengths are no secret.
fn same_in_constant_time(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && black_box(a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b))) == 0
}
