//! The pool of media ports: bound at start by the workers, taken per stream, given back when a worker has emptied them.
//! Oldest first, so that a port rests as long as possible before its next call.

use crate::ids::{StreamId, WorkerId};
use std::collections::VecDeque;

/// The ports that one worker has bound: slot `i` receives RTP on `ports[i]` (even) and RTCP on the port above.
/// Not always contiguous: pairs of which another program holds a port are left out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    pub worker: WorkerId,
    /// RTP port of each slot.
    pub ports: Box<[u16]>,
}

impl Block {
    /// Every pair from `first` (even) on, without a hole.
    pub fn contiguous(worker: WorkerId, first: u16, pairs: u16) -> Self {
        Self { worker, ports: (0..pairs).map(|slot| first.saturating_add(slot.saturating_mul(2))).collect() }
    }
}

#[derive(Debug)]
struct Worker {
    block: Block,
    /// Slots at rest with the generation of their next use, oldest first.
    resting: VecDeque<(u32, u32)>,
}

/// All free media ports.
#[derive(Debug)]
pub struct PortPool {
    workers: Vec<Worker>,
}

impl PortPool {
    /// A pool over what the workers have bound; worker ids are `0..blocks.len()` in order.
    pub fn new(blocks: &[Block]) -> Self {
        let workers = blocks.iter().map(|block| Worker {
            block: block.clone(),
            resting: (0..block.ports.len()).map(|slot| (slot as u32, 0)).collect(),
        });
        Self { workers: workers.collect() }
    }

    /// A stream on the worker with the most free ports, or on `beside`'s worker. `None`: no port is left there.
    pub fn take(&mut self, beside: Option<StreamId>) -> Option<StreamId> {
        let worker = match beside {
            Some(stream) => self.workers.get_mut(usize::from(stream.worker.0))?,
            None => self.workers.iter_mut().rev().max_by_key(|worker| worker.resting.len())?,
        };
        let (slot, generation) = worker.resting.pop_front()?;
        Some(StreamId { worker: worker.block.worker, slot, generation })
    }

    /// Gives back a port that its worker has emptied.
    pub fn put_back(&mut self, stream: StreamId) {
        if let Some(worker) = self.workers.get_mut(usize::from(stream.worker.0)) {
            debug_assert!(worker.resting.iter().all(|&(slot, _)| slot != stream.slot), "a port is put back once");
            worker.resting.push_back((stream.slot, stream.generation.wrapping_add(1)));
        }
    }

    /// The RTP port of a stream; its RTCP port is one above.
    pub fn port(&self, stream: StreamId) -> u16 {
        let worker = self.workers.get(usize::from(stream.worker.0));
        worker.and_then(|worker| worker.block.ports.get(stream.slot as usize)).copied().unwrap_or(0)
    }

    /// How many streams could be opened now.
    pub fn free(&self) -> usize {
        self.workers.iter().map(|worker| worker.resting.len()).sum()
    }

    /// How many streams there can be at all.
    pub fn capacity(&self) -> usize {
        self.workers.iter().map(|worker| worker.block.ports.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freed_ports_are_used_again_oldest_first_with_a_new_generation() {
        let mut pool = PortPool::new(&[Block::contiguous(WorkerId(0), 20_000, 3)]);
        let a = pool.take(None).unwrap();
        let b = pool.take(Some(a)).unwrap();
        assert_eq!((pool.port(a), pool.port(b)), (20_000, 20_002));
        pool.put_back(b);
        pool.put_back(a);
        assert_eq!(pool.take(None).map(|s| s.slot), Some(2));
        assert_eq!(pool.take(None).map(|s| (s.slot, s.generation)), Some((b.slot, 1)));
        assert_eq!(pool.take(None).map(|s| s.slot), Some(a.slot));
        assert_eq!(pool.take(None), None);
    }
}
