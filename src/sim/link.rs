//! A modelled queue between two owners: in order, with a seeded delay, bounded, and sometimes full. What does not fit waits in
//! the sender's outbox, in order (DESIGN §1, Messages between threads); the receiver may stall for a while.

use crate::clock::{Duration, Instant};
use crate::seed::Seed;
use std::collections::VecDeque;

/// How a link behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Manners {
    /// Shortest and longest time from push to delivery.
    pub delay: (Duration, Duration),
    /// Messages under way at most; more wait in the outbox.
    pub capacity: usize,
}

impl Default for Manners {
    fn default() -> Self {
        Self { delay: (Duration::from_micros(5), Duration::from_micros(30)), capacity: 1024 }
    }
}

/// One direction between two owners.
#[derive(Debug)]
pub struct Queue<T> {
    manners: Manners,
    seed: Seed,
    /// Under way: deliveries that the agenda knows of, oldest first.
    under_way: VecDeque<T>,
    outbox: VecDeque<T>,
    /// No delivery before this: order within the pair, and stalls of the receiver.
    not_before: Instant,
    /// The longest that the outbox has been.
    pub outbox_max: usize,
}

impl<T> Queue<T> {
    /// An empty link.
    pub fn new(manners: Manners, seed: Seed) -> Self {
        let (under_way, outbox) = (VecDeque::new(), VecDeque::new());
        Self { manners, seed, under_way, outbox, not_before: Instant::START, outbox_max: 0 }
    }

    /// Sends. `Some(at)`: it will be delivered then (the caller puts a delivery on the agenda); `None`: the link is full and it
    /// waits in the outbox.
    #[must_use = "a delivery goes on the agenda"]
    pub fn push(&mut self, message: T, now: Instant) -> Option<Instant> {
        if self.outbox.is_empty() && self.under_way.len() < self.manners.capacity {
            return Some(self.start(message, now));
        }
        self.outbox.push_back(message);
        self.outbox_max = self.outbox_max.max(self.outbox.len());
        None
    }

    /// Takes the oldest message. `Some(at)` beside it: one from the outbox went on its way.
    pub fn deliver(&mut self, now: Instant) -> Option<(T, Option<Instant>)> {
        let message = self.under_way.pop_front()?;
        let next = self.outbox.pop_front().map(|waiting| self.start(waiting, now));
        Some((message, next))
    }

    /// The receiver takes nothing for `lasting`, beginning with what is not yet under way.
    pub fn stall(&mut self, now: Instant, lasting: Duration) {
        self.not_before = self.not_before.max(now + lasting);
    }

    /// Forgets everything that the outbox holds and is under way, in order. Deliveries on the agenda find nothing then.
    pub fn lose_all(&mut self) -> usize {
        let lost = self.under_way.len() + self.outbox.len();
        self.under_way.clear();
        self.outbox.clear();
        lost
    }

    /// From three quarters full on, new INVITEs are shed.
    pub fn is_three_quarters_full(&self) -> bool {
        self.under_way.len() * 4 >= self.manners.capacity * 3
    }

    /// Whether something waits in the outbox.
    pub fn is_backed_up(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Whether nothing is under way or waits.
    pub fn is_empty(&self) -> bool {
        self.under_way.is_empty() && self.outbox.is_empty()
    }

    fn start(&mut self, message: T, now: Instant) -> Instant {
        let (least, most) = self.manners.delay;
        let spread = most.saturating_sub(least).as_micros() as u64;
        let delay = least + Duration::from_micros(self.seed.below(spread.saturating_add(1)));
        self.not_before = self.not_before.max(now + delay);
        self.under_way.push_back(message);
        self.not_before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_waits_and_comes_in_order() {
        let manners = Manners { delay: (Duration::ZERO, Duration::from_micros(50)), capacity: 4 };
        let mut queue = Queue::new(manners, Seed::new(1));
        let now = Instant::START;
        let mut due: VecDeque<Instant> = (0..10).filter_map(|number| queue.push(number, now)).collect();
        assert_eq!((due.len(), queue.is_three_quarters_full(), queue.is_backed_up()), (4, true, true));
        let mut came = Vec::new();
        while let Some(at) = due.pop_front() {
            let (message, next) = queue.deliver(at).expect("every delivery finds its message");
            came.push(message);
            assert!(next.is_none_or(|next| due.back().is_none_or(|last| next >= *last)), "never overtaken");
            due.extend(next);
        }
        assert_eq!(came, (0..10).collect::<Vec<_>>());
        assert!(queue.is_empty() && queue.outbox_max == 6);
    }

    #[test]
    fn a_stalled_receiver_delays_what_comes_after() {
        let mut queue = Queue::new(Manners::default(), Seed::new(1));
        queue.stall(Instant::START, Duration::from_millis(50));
        assert!(queue.push((), Instant::START) >= Some(Instant::from_micros(50_000)));
    }
}
