//! Seeded hashing and randomness: both come in from outside as one 64-bit seed, so that a run can be repeated.
//!
//! Maps keyed by anything that a peer chooses use [`Map`] (SipHash-1-3 under a secret key), so that colliding keys cannot
//! be prepared. Iterating over a [`Map`] is forbidden where order could reach the outside (clippy checks it).

use core::hash::BuildHasher;
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use siphasher::sip::SipHasher13;

/// A hash map keyed from outside.
pub type Map<K, V> = std::collections::HashMap<K, V, Keyed>;
/// A hash set keyed from outside.
pub type Set<K> = std::collections::HashSet<K, Keyed>;

/// Builds SipHash-1-3 hashers under one key.
#[derive(Clone, Copy, Debug)]
pub struct Keyed(u64, u64);

impl BuildHasher for Keyed {
    type Hasher = SipHasher13;
    fn build_hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_keys(self.0, self.1)
    }
}

/// The source of everything unpredictable in one owner: tags, branches, nonces, map keys. ChaCha12, never reseeded.
#[derive(Clone, Debug)]
pub struct Seed(ChaCha12Rng);

impl Seed {
    /// The generator for `seed`. Under `io` the seed comes from the operating system, under `sim` from the command line.
    pub fn new(seed: u64) -> Self {
        Self(ChaCha12Rng::seed_from_u64(seed))
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A uniform number in `0..limit`; 0 if `limit` is 0. (Multiply-shift: bias below 2⁻³² for limits below 2³².)
    pub fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(limit)) >> 64) as u64
    }

    /// A uniform number in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A key for one map.
    pub fn keyed(&mut self) -> Keyed {
        Keyed(self.bits(), self.bits())
    }

    /// An independent generator for a part of the owner.
    pub fn fork(&mut self) -> Self {
        Self::new(self.bits())
    }
}
