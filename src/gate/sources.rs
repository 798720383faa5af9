//! A bounded table of token buckets, one per source address; the source seen longest ago makes room for a new one.
//!
//! Not a firewall: a source that it forgets starts with a full bucket again. Everything is O(1): a keyed map finds the slot, a
//! doubly linked list through the slots keeps the order of last sight.

use crate::clock::{Duration, Instant};
use crate::seed::{Keyed, Map};
use core::net::{IpAddr, Ipv6Addr};

/// The address under which a source is counted: IPv4 whole (also when mapped into IPv6), IPv6 by its /64, the unit that one
/// subscriber holds.
pub(super) fn source_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

/// What is known of one source.
#[derive(Debug)]
struct Source {
    address: IpAddr,
    /// Messages that may still come at once, as of `refilled`.
    tokens: f64,
    refilled: Instant,
    /// Garbage datagrams from a source that never sent anything readable.
    garbage: u32,
    /// Sent something readable once: never ignored as a whole, only limited.
    readable: bool,
    ignored_until: Instant,
    /// Neighbours in the order of last sight, towards newer and older.
    newer: u32,
    older: u32,
}

/// No neighbour.
const NONE: u32 = u32::MAX;

/// Whether a source may send now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Admission {
    Admitted,
    OverLimit,
    /// It sent only garbage, and waits out its penalty.
    Ignored,
}

/// The table.
#[derive(Debug)]
pub(super) struct Sources {
    slots: Vec<Source>,
    by_address: Map<IpAddr, u32>,
    newest: u32,
    oldest: u32,
    limit: usize,
    /// Sources forgotten to make room.
    pub forgotten: u64,
}

impl Sources {
    /// An empty table for at most `limit` sources (at least one).
    pub(super) fn new(limit: usize, keyed: Keyed) -> Self {
        Self {
            slots: Vec::new(),
            by_address: Map::with_hasher(keyed),
            newest: NONE,
            oldest: NONE,
            limit: limit.clamp(1, 1 << 24),
            forgotten: 0,
        }
    }

    /// Changes the limit; if it became smaller, all are forgotten.
    pub(super) fn resize(&mut self, limit: usize) {
        self.limit = limit.clamp(1, 1 << 24);
        if self.slots.len() > self.limit {
            self.forgotten = self.forgotten.saturating_add(self.slots.len() as u64);
            self.slots.clear();
            self.by_address.clear();
            (self.newest, self.oldest) = (NONE, NONE);
        }
    }

    /// How many sources are remembered.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Takes one token from the bucket of `address`, which fills at `rate` per second up to `burst`.
    pub(super) fn admit(&mut self, address: IpAddr, rate: f64, burst: f64, now: Instant) -> Admission {
        let slot = match self.by_address.get(&address) {
            Some(slot) => *slot,
            None => self.enter(address, burst, now),
        };
        self.touch(slot);
        let Some(source) = self.slots.get_mut(slot as usize) else { return Admission::OverLimit };
        if now < source.ignored_until {
            return Admission::Ignored;
        }
        let refill = now.since(source.refilled).as_secs_f64() * rate;
        source.tokens = (source.tokens + refill).min(burst);
        source.refilled = now;
        if source.tokens < 1.0 {
            return Admission::OverLimit;
        }
        source.tokens -= 1.0;
        Admission::Admitted
    }

    /// `address` sent something readable.
    pub(super) fn on_readable(&mut self, address: IpAddr) {
        if let Some(source) = self.of(address) {
            source.readable = true;
        }
    }

    /// `address` sent garbage: at the `limit`th datagram, with nothing readable ever, it is ignored for `penalty`.
    pub(super) fn on_garbage(&mut self, address: IpAddr, limit: u32, penalty: Duration, now: Instant) {
        let Some(source) = self.of(address) else { return };
        if source.readable {
            return;
        }
        source.garbage = source.garbage.saturating_add(1);
        if source.garbage >= limit {
            source.garbage = 0;
            source.ignored_until = now + penalty;
        }
    }

    fn of(&mut self, address: IpAddr) -> Option<&mut Source> {
        let slot = *self.by_address.get(&address)?;
        self.slots.get_mut(slot as usize)
    }

    /// A slot for a source not seen before, if need be that of the one seen longest ago. It is not linked yet to be newest.
    fn enter(&mut self, address: IpAddr, burst: f64, now: Instant) -> u32 {
        let fresh = Source {
            address,
            tokens: burst,
            refilled: now,
            garbage: 0,
            readable: false,
            ignored_until: Instant::START,
            newer: NONE,
            older: NONE,
        };
        let slot = if self.slots.len() < self.limit {
            self.slots.push(fresh);
            (self.slots.len() - 1) as u32
        } else {
            let slot = self.oldest;
            self.unlink(slot);
            if let Some(source) = self.slots.get_mut(slot as usize) {
                self.by_address.remove(&source.address);
                *source = fresh;
            }
            self.forgotten = self.forgotten.saturating_add(1);
            slot
        };
        self.by_address.insert(address, slot);
        self.link_newest(slot);
        slot
    }

    /// Makes `slot` the newest.
    fn touch(&mut self, slot: u32) {
        if self.newest != slot {
            self.unlink(slot);
            self.link_newest(slot);
        }
    }

    fn unlink(&mut self, slot: u32) {
        let Some(source) = self.slots.get(slot as usize) else { return };
        let (newer, older) = (source.newer, source.older);
        match self.slots.get_mut(newer as usize) {
            Some(newer) => newer.older = older,
            None => self.newest = older,
        }
        match self.slots.get_mut(older as usize) {
            Some(older) => older.newer = newer,
            None => self.oldest = newer,
        }
    }

    fn link_newest(&mut self, slot: u32) {
        let before = self.newest;
        if let Some(source) = self.slots.get_mut(slot as usize) {
            source.newer = NONE;
            source.older = before;
        }
        match self.slots.get_mut(before as usize) {
            Some(before) => before.newer = slot,
            None => self.oldest = slot,
        }
        self.newest = slot;
    }
}
