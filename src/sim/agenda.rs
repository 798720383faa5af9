//! What is still to happen in virtual time, in one total order: (time, link, sequence number). Not a clock: the world's time is
//! the time of the event it took last.

use crate::clock::Instant;
use core::cmp::Reverse;
use std::collections::BinaryHeap;

/// Whose events these are. Of events at the same time those of the smaller link come first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Link {
    /// Something the scenario does to the world: a crash, a lost Router.
    Fault,
    /// Phones to the Gate.
    NetworkIn,
    GateToSwitch,
    SwitchToRouter,
    RouterToSwitch,
    SwitchToMedia,
    MediaToSwitch,
    /// Deadlines of the owners.
    Time,
    /// The Gate and the Switch to phones.
    NetworkOut,
    /// Deadlines of phones.
    PhoneTime,
    /// What people do.
    People,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Key {
    at: Instant,
    link: Link,
    sequence: u64,
    slot: u32,
}

/// Events to come.
#[derive(Debug)]
pub struct Agenda<T> {
    heap: BinaryHeap<Reverse<Key>>,
    slots: Vec<Option<T>>,
    free: Vec<u32>,
    sequence: u64,
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), slots: Vec::new(), free: Vec::new(), sequence: 0 }
    }
}

impl<T> Agenda<T> {
    /// Adds an event. Events of one link at one time come in the order in which they were added.
    pub fn add(&mut self, at: Instant, link: Link, event: T) {
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = Some(event);
                slot
            }
            None => {
                self.slots.push(Some(event));
                (self.slots.len() - 1) as u32
            }
        };
        self.sequence += 1;
        self.heap.push(Reverse(Key { at, link, sequence: self.sequence, slot }));
    }

    /// When and on which link the next event comes.
    pub fn next(&self) -> Option<(Instant, Link)> {
        self.heap.peek().map(|Reverse(key)| (key.at, key.link))
    }

    /// Takes the next event.
    pub fn take(&mut self) -> Option<(Instant, T)> {
        let Reverse(key) = self.heap.pop()?;
        self.free.push(key.slot);
        let event = self.slots[key.slot as usize].take().expect("a key in the heap has its event in its slot");
        Some((key.at, event))
    }

    /// How many events are to come.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether nothing more is to come.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_times_are_ordered_by_link_and_then_by_arrival() {
        let mut agenda = Agenda::default();
        let (soon, late) = (Instant::from_micros(5), Instant::from_micros(9));
        agenda.add(late, Link::Fault, "late");
        agenda.add(soon, Link::People, "person, first");
        agenda.add(soon, Link::NetworkIn, "datagram");
        agenda.add(soon, Link::People, "person, second");
        let order: Vec<_> = std::iter::from_fn(|| agenda.take()).map(|(_, event)| event).collect();
        assert_eq!(order, ["datagram", "person, first", "person, second", "late"]);
        assert!(agenda.is_empty());
    }
}
