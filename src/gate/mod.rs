//! The Gate: what happens to a datagram before anything that knows a call sees it. It scans, admits, answers or drops; its only
//! state is a bounded table of token buckets per source, and counters.

use crate::clock::{Duration, Instant};
use crate::ids::Flow;
use crate::sip::outbox::Outbox;
use crate::sip::scan::{Index, Message};
use core::net::IpAddr;

/// How much one source may send.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Sources that are never limited (trunks, fixed contacts).
    pub trusted: Vec<Network>,
    /// Messages per second from one other source address, and how many at once.
    pub rate: f64,
    pub burst: f64,
    /// Sources remembered at most.
    pub sources_max: usize,
    /// How long a source that sent only garbage is ignored.
    pub penalty: Duration,
}

/// What is to be done with a datagram.
#[derive(Debug)]
pub enum Verdict<'a> {
    /// For the Switch.
    Pass(Message<'a>),
    /// Answered (in `out`) or dropped here, and counted.
    Done,
}

/// Counters by outcome.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Counters {
    pub passed: u64,
    pub answered: u64,
    /// Not SIP, keep-alives.
    pub garbage: u64,
    pub keep_alive: u64,
    pub over_limit: u64,
    pub shed: u64,
}

/// See the module text.
pub struct Gate {
    _private: (),
}

impl Gate {
    pub fn new(_settings: Settings, _seed: u64) -> Self {
        todo!()
    }
    /// Takes in one datagram; `index` is scratch space that the verdict borrows. Readable messages with a defect are answered
    /// (requests other than ACK) or dropped (responses). `shed`: new INVITEs (no To tag) are answered 503 + Retry-After because the queue
    /// behind is three quarters full.
    pub fn handle<'a>(
        &mut self,
        _bytes: &'a [u8],
        _flow: Flow,
        _shed: bool,
        _index: &'a mut Index,
        _now: Instant,
        _out: &mut Outbox,
    ) -> Verdict<'a> {
        todo!()
    }
    pub fn configure(&mut self, _settings: Settings) {
        todo!()
    }
    pub fn counters(&self) -> Counters {
        todo!()
    }
}

/// An address prefix, `127.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    pub address: IpAddr,
    pub prefix: u8,
}

impl Network {
    /// Whether `address` is inside.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let shift = 32u32.saturating_sub(u32::from(self.prefix));
                u64::from(ours.to_bits()) >> shift == u64::from(theirs.to_bits()) >> shift
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let shift = 128u32.saturating_sub(u32::from(self.prefix));
                ours.to_bits().checked_shr(shift) == theirs.to_bits().checked_shr(shift)
            }
            _ => false,
        }
    }
}
