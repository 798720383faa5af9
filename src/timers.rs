//! The one timer heap: an indexed binary heap of deadlines, cancelled and re-armed by handle in O(log n).
//!
//! It keeps nothing dead (a cancelled timer leaves at once) and orders equal deadlines by arming.

use crate::clock::Instant;

/// Names one armed timer. Stale handles (fired or cancelled) are recognised and ignored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimerHandle {
    slot: u32,
    generation: u32,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    deadline: Instant,
    armed: u64,
    slot: u32,
}

#[derive(Clone, Debug)]
struct Slot<K> {
    generation: u32,
    /// Position in `heap`; meaningful only while `key` is some.
    position: u32,
    key: Option<K>,
}

/// Deadlines with a key each; see the module text.
#[derive(Clone, Debug)]
pub struct TimerHeap<K> {
    heap: Vec<Entry>,
    slots: Vec<Slot<K>>,
    free: Vec<u32>,
    armed: u64,
}

impl<K> Default for TimerHeap<K> {
    fn default() -> Self {
        Self { heap: Vec::new(), slots: Vec::new(), free: Vec::new(), armed: 0 }
    }
}

impl<K> TimerHeap<K> {
    /// How many timers are armed.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether no timer is armed.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// The earliest deadline.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.heap.first().map(|entry| entry.deadline)
    }

    /// Arms a timer that fires at `deadline` with `key`.
    pub fn arm(&mut self, deadline: Instant, key: K) -> TimerHandle {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, position: 0, key: None });
            (self.slots.len() - 1) as u32
        });
        let position = self.heap.len() as u32;
        let place = &mut self.slots[slot as usize];
        place.key = Some(key);
        place.position = position;
        let handle = TimerHandle { slot, generation: place.generation };
        self.armed += 1;
        self.heap.push(Entry { deadline, armed: self.armed, slot });
        self.rise(position as usize);
        handle
    }

    /// Cancels the timer; its key, or `None` if it has fired or been cancelled before.
    pub fn cancel(&mut self, handle: TimerHandle) -> Option<K> {
        let slot = self.slots.get(handle.slot as usize)?;
        if slot.generation != handle.generation || slot.key.is_none() {
            return None;
        }
        let position = slot.position as usize;
        Some(self.remove(position))
    }

    /// Cancels the timer in `handle`, if any, and leaves `None` there.
    pub fn disarm(&mut self, handle: &mut Option<TimerHandle>) {
        if let Some(handle) = handle.take() {
            self.cancel(handle);
        }
    }

    /// The keys of all armed timers, in no useful order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.slots.iter().filter_map(|slot| slot.key.as_ref())
    }

    /// Takes the earliest timer if its deadline is at or before `now`.
    pub fn expire(&mut self, now: Instant) -> Option<K> {
        (self.heap.first()?.deadline <= now).then(|| self.remove(0))
    }

    fn remove(&mut self, position: usize) -> K {
        let entry = self.heap.swap_remove(position);
        if position < self.heap.len() {
            self.slots[self.heap[position].slot as usize].position = position as u32;
            self.sink(position);
            self.rise(position);
        }
        let slot = &mut self.slots[entry.slot as usize];
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(entry.slot);
        slot.key.take().expect("an entry in the heap has a key in its slot")
    }

    fn before(&self, a: usize, b: usize) -> bool {
        let (a, b) = (&self.heap[a], &self.heap[b]);
        (a.deadline, a.armed) < (b.deadline, b.armed)
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        self.slots[self.heap[a].slot as usize].position = a as u32;
        self.slots[self.heap[b].slot as usize].position = b as u32;
    }

    fn rise(&mut self, mut position: usize) {
        while position > 0 {
            let parent = (position - 1) / 2;
            if !self.before(position, parent) {
                break;
            }
            self.swap(position, parent);
            position = parent;
        }
    }

    fn sink(&mut self, mut position: usize) {
        loop {
            let left = 2 * position + 1;
            if left >= self.heap.len() {
                break;
            }
            let right = left + 1;
            let child = if right < self.heap.len() && self.before(right, left) { right } else { left };
            if !self.before(child, position) {
                break;
            }
            self.swap(position, child);
            position = child;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Duration;
    use proptest::prelude::*;

    #[test]
    fn equal_deadlines_fire_in_the_order_of_arming() {
        let mut timers = TimerHeap::default();
        let at = Instant::START + Duration::from_secs(1);
        let handles: Vec<_> = (0..10).map(|key| timers.arm(at, key)).collect();
        assert_eq!(timers.cancel(handles[3]), Some(3));
        assert_eq!(timers.cancel(handles[3]), None);
        let fired: Vec<_> = std::iter::from_fn(|| timers.expire(at)).collect();
        assert_eq!(fired, [0, 1, 2, 4, 5, 6, 7, 8, 9]);
        assert!(timers.is_empty());
    }

    proptest! {
        /// Against a sorted list: arm, cancel and expire in any order give the same keys at the same times.
        #[test]
        fn behaves_like_a_sorted_list(steps in proptest::collection::vec((0u8..3, 0u64..50), 1..300)) {
            let mut timers = TimerHeap::default();
            let mut handles = Vec::new();
            let mut model: Vec<(u64, usize)> = Vec::new();
            for (what, value) in steps {
                match what {
                    0 => {
                        model.push((value, handles.len()));
                        handles.push(timers.arm(Instant::from_micros(value), handles.len()));
                    }
                    1 if !handles.is_empty() => {
                        let key = value as usize % handles.len();
                        let known = model.iter().position(|&(_, k)| k == key).map(|at| model.remove(at).1);
                        prop_assert_eq!(timers.cancel(handles[key]), known);
                    }
                    _ => {
                        let due = model.iter().enumerate().filter(|(_, e)| e.0 <= value).min_by_key(|(_, e)| **e);
                        let expected = due.map(|(at, _)| at).map(|at| model.remove(at).1);
                        prop_assert_eq!(timers.expire(Instant::from_micros(value)), expected);
                    }
                }
                prop_assert_eq!(timers.len(), model.len());
            }
        }
    }
}
