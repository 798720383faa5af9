//! What a server transaction is found by (RFC 3261 §17.2.3): 128 bits under a secret key instead of the texts themselves.
//!
//! Nobody outside can make two requests collide, and chance does so once in 2⁹² pairs of our largest table, so nothing else
//! need be compared or kept: a transaction's key costs 16 bytes, whatever the peer writes.

use super::branch::COOKIE;
use crate::seed::Seed;
use crate::sip::scan::Message;
use core::hash::Hasher as _;
use siphasher::sip128::{Hasher128, SipHasher13};

/// A key. Four words, not one of 128 bits, so that it does not pad what holds it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Key([u32; 4]);

/// Makes keys under a secret of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys(u64, u64);

impl Keys {
    pub(super) fn new(seed: &mut Seed) -> Self {
        Self(seed.bits(), seed.bits())
    }

    /// The key of the transaction that `request` belongs to if its method were `method`: by branch, sent-by and method,
    /// or, without the magic cookie, by what RFC 2543 peers keep the same. `None` without a Via.
    pub(super) fn transaction(&self, request: &Message<'_>, method: &[u8]) -> Option<Key> {
        self.by_branch(request, method).or_else(|| self.by_parts(request, method, to_tag(request)))
    }

    /// Where the ACK of an RFC 2543 peer finds its INVITE when that had no To tag (the ACK has the one of our reply). The tag
    /// need not be compared: one INVITE gets one final reply from us.
    pub(super) fn untagged(&self, request: &Message<'_>, method: &[u8]) -> Option<Key> {
        if self.by_branch(request, method).is_some() || to_tag(request).is_none() {
            return None;
        }
        self.by_parts(request, method, None)
    }

    /// The key that a request outside any dialog shares with the copies of it that took other ways (§8.2.2.2): From tag,
    /// Call-ID, CSeq. `None` if it has a To tag, or no From tag.
    pub(super) fn copies(&self, request: &Message<'_>) -> Option<Key> {
        if to_tag(request).is_some() {
            return None;
        }
        let from_tag = request.from()?.tag()?;
        let cseq = request.cseq().to_be_bytes();
        Some(self.key(3, &[from_tag, request.call_id(), &cseq, request.method_text()]))
    }

    fn by_branch(&self, request: &Message<'_>, method: &[u8]) -> Option<Key> {
        let via = request.via()?;
        let branch = via.branch()?;
        if branch.len() <= COOKIE.len() || !branch.starts_with(COOKIE) {
            return None;
        }
        let port = via.port.unwrap_or(5060).to_be_bytes();
        Some(self.key(1, &[branch, via.host, &port, method]))
    }

    fn by_parts(&self, request: &Message<'_>, method: &[u8], to_tag: Option<&[u8]>) -> Option<Key> {
        let from = request.from().and_then(|from| from.tag()).unwrap_or_default();
        let cseq = request.cseq().to_be_bytes();
        let (to, via) = (to_tag.unwrap_or_default(), request.via()?.text);
        Some(self.key(2, &[request.request_uri(), to, from, request.call_id(), &cseq, via, method]))
    }

    fn key(&self, kind: u8, parts: &[&[u8]]) -> Key {
        let mut hasher = SipHasher13::new_with_keys(self.0, self.1);
        hasher.write_u8(kind);
        for part in parts {
            hasher.write_usize(part.len());
            hasher.write(part);
        }
        let hash = hasher.finish128();
        let [high, low] = [hash.h1, hash.h2].map(|half| [(half >> 32) as u32, half as u32]);
        Key([high[0], high[1], low[0], low[1]])
    }
}

fn to_tag<'a>(request: &Message<'a>) -> Option<&'a [u8]> {
    request.to()?.tag()
}
