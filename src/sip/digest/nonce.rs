//! Nonces: when each was made, a number that no other has, and a signature over both; and the memory of their use counts.
//!
//! Signed with SipHash-2-4, 128 bits, under a key of this value. A keyed hash for short inputs is all that is needed: what a
//! signature keeps away is only use of nonces that we did not make, and a forger would gain nothing from one without the password.
//! HMAC-SHA-256 would cost fifty times as much and one dependency more. A nonce is bound to no address: a phone's changes with
//! every NAT rebinding.
//!
//! Nothing is held for a nonce until it comes back in a right answer, so challenges cost no memory and strangers cannot fill it.
//! The counts held are ordered by the nonces' age; the oldest makes room. Whatever is not held and no younger than every one that
//! ever made room was therefore never used; the rest is stale.

use super::Settings;
use crate::clock::Instant;
use crate::counters::Counter;
use crate::seed::Seed;
use core::hash::Hasher;
use siphasher::sip128::{Hasher128, SipHasher24};
use std::collections::BTreeMap;

/// Time of issue and serial number: the order of age, and unique.
type NonceId = (Instant, u32);

/// The use of one nonce as a sliding window, since UDP may swap two requests.
#[derive(Clone, Copy, Debug)]
struct Window {
    /// Highest count seen. `u32::MAX`, all seen: spent by an answer without count.
    highest: u32,
    /// Bit n: `highest - n` was seen.
    seen: u64,
}

/// What the use of a nonce was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Use {
    First,
    Repeated,
    /// Expired, not ours, or no longer (or, without a count, not) to be told.
    Unknown,
}

/// Makes nonces and remembers their use.
#[derive(Clone)]
pub(super) struct Nonces {
    key: (u64, u64),
    serial: u32,
    used: BTreeMap<NonceId, Window>,
    /// The youngest nonce whose count had to go.
    forgotten: Option<NonceId>,
    evicted: Counter,
}

impl Nonces {
    pub fn new(seed: &mut Seed) -> Self {
        let key = (seed.bits(), seed.bits());
        Self { key, serial: 0, used: BTreeMap::new(), forgotten: None, evicted: Counter::default() }
    }

    /// A fresh nonce: 56 hex digits.
    pub fn issue(&mut self, now: Instant) -> String {
        self.serial = self.serial.wrapping_add(1);
        self.write((now, self.serial))
    }

    fn write(&self, id: NonceId) -> String {
        let mut hasher = SipHasher24::new_with_keys(self.key.0, self.key.1);
        hasher.write(&id.0.as_micros().to_be_bytes());
        hasher.write(&id.1.to_be_bytes());
        format!("{:016x}{:08x}{:032x}", id.0.as_micros(), id.1, hasher.finish128().as_u128())
    }

    /// The nonce's identity if we made it.
    fn read(&self, nonce: &[u8]) -> Option<NonceId> {
        let text = core::str::from_utf8(nonce).ok().filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let micros = u64::from_str_radix(text.get(..16)?, 16).ok()?;
        let serial = u32::from_str_radix(text.get(16..24)?, 16).ok()?;
        let id = (Instant::from_micros(micros), serial);
        super::same_in_constant_time(self.write(id).as_bytes(), nonce).then_some(id)
    }

    /// Records that a right answer used `nonce` with `count` (`None`: without qop; such an answer spends the nonce).
    pub fn take(&mut self, nonce: &[u8], count: Option<u32>, settings: &Settings, now: Instant) -> Use {
        while let Some(oldest) = self.used.first_entry() {
            if now.since(oldest.key().0) <= settings.nonce_life {
                break;
            }
            oldest.remove();
        }
        let Some(id) = self.read(nonce) else { return Use::Unknown };
        if now.since(id.0) > settings.nonce_life {
            return Use::Unknown;
        }
        if let Some(window) = self.used.get_mut(&id) {
            return count.map_or(Use::Unknown, |count| window.take(count));
        }
        if self.forgotten.is_some_and(|forgotten| id <= forgotten) {
            return Use::Unknown;
        }
        self.used.insert(id, Window::starting(count));
        while self.used.len() > settings.nonces_max {
            let oldest = self.used.pop_first().map(|(id, _)| id);
            self.forgotten = self.forgotten.max(oldest);
            self.evicted.up();
        }
        Use::First
    }

    pub fn held(&self) -> (usize, u64) {
        (self.used.len(), self.evicted.count())
    }
}

impl Window {
    fn starting(count: Option<u32>) -> Self {
        match count {
            Some(highest) => Self { highest, seen: 1 },
            None => Self { highest: u32::MAX, seen: u64::MAX },
        }
    }

    fn take(&mut self, count: u32) -> Use {
        if self.highest == u32::MAX && self.seen == u64::MAX {
            return Use::Unknown;
        }
        if count > self.highest {
            let shift = count - self.highest;
            self.seen = self.seen.checked_shl(shift).unwrap_or(0) | 1;
            self.highest = count;
            return Use::First;
        }
        let Some(bit) = 1u64.checked_shl(self.highest - count) else { return Use::Unknown };
        if self.seen & bit != 0 {
            return Use::Repeated;
        }
        self.seen |= bit;
        Use::First
    }
}
