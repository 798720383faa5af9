//! Datagrams on their way out: one reused byte buffer and the ranges in it.

use crate::ids::Flow;
use core::ops::Range;

/// What an owner wants sent, in order. Reused from turn to turn, so that sending allocates nothing in steady state.
#[derive(Default, Debug)]
pub struct Outbox {
    bytes: Vec<u8>,
    sends: Vec<(Flow, Range<usize>)>,
}

impl Outbox {
    /// Adds one datagram to `flow`, written by `write` at the end of the shared buffer.
    pub fn push(&mut self, flow: Flow, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        self.sends.push((flow, start..self.bytes.len()));
    }

    /// Adds one datagram with these bytes.
    pub fn push_bytes(&mut self, flow: Flow, bytes: &[u8]) {
        self.push(flow, |out| out.extend_from_slice(bytes));
    }

    /// The bytes of the datagram added last.
    pub fn last(&self) -> Option<&[u8]> {
        self.sends.last().map(|(_, range)| &self.bytes[range.clone()])
    }

    /// The datagrams, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (Flow, &[u8])> {
        self.sends.iter().map(|(flow, range)| (*flow, &self.bytes[range.clone()]))
    }

    /// How many datagrams wait.
    pub fn len(&self) -> usize {
        self.sends.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.sends.is_empty()
    }

    /// Forgets all datagrams and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.sends.clear();
    }
}
