//! Digest authentication as server (RFC 3261 §22, RFC 2617, RFC 7616/8760): challenges and their verification.
//!
//! Nonces are signed with their time; use counts are remembered (bounded, expiring). Known and unknown users take the same
//! path, so that neither the answer nor its time tells them apart.

use super::{Method, scan::Message};
use crate::clock::{Duration, Instant};
use crate::seed::Seed;

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

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The credentials are good.
    Granted,
    /// No credentials for our realm: challenge.
    Missing,
    /// Good form, but nonce expired, or its use count no longer held: challenge with `stale=true`.
    Stale,
    /// Wrong: challenge anew; counted.
    Denied,
    /// A use count that was seen before: refused (403).
    Replay,
}

#[derive(Clone, Debug)]
pub struct Settings {
    pub realm: Box<str>,
    /// Offered in this order. Default: MD5 alone (INTEROP 2).
    pub algorithms: Vec<Algorithm>,
    /// How long a nonce is good. Default 300 s.
    pub nonce_life: Duration,
    /// How many nonces' use counts are remembered. Default 16,384.
    pub nonces_max: usize,
}

/// Makes challenges and checks answers.
pub struct Challenger {
    _private: (),
}

impl Challenger {
    pub fn new(_settings: Settings, _seed: &mut Seed) -> Self {
        todo!()
    }
    /// Values for `WWW-Authenticate` (401) or `Proxy-Authenticate` (407), one per algorithm.
    pub fn challenges(&mut self, _secret: Option<&Secret>, _stale: bool, _now: Instant) -> Vec<String> {
        todo!()
    }
    /// The user name that `request` claims in Authorization (or Proxy-Authorization if `proxy`) for our realm.
    pub fn claimed_user<'a>(&self, _request: &Message<'a>, _proxy: bool) -> Option<&'a [u8]> {
        todo!()
    }
    /// Checks the credentials against `secret` (`None`: unknown user; as slow as a known one).
    pub fn verify(
        &mut self,
        _request: &Message<'_>,
        _method: Method,
        _proxy: bool,
        _secret: Option<&Secret>,
        _now: Instant,
    ) -> Verdict {
        todo!()
    }
}

/// Answers a challenge, for simulated phones (client side of RFC 2617, `qop=auth`). `None` if the challenge is unreadable.
pub fn answer(
    _challenge: &[u8],
    _user: &str,
    _password: &str,
    _method: &str,
    _uri: &str,
    _count: u32,
    _cnonce: &str,
) -> Option<String> {
    todo!()
}
