//! The timers of one transaction: at most one that repeats (A, E, G) and one that ends a state, on one armed deadline, the
//! earlier of the two. So a transaction costs one entry in the heap, whatever its machine runs.

use super::machine::Timer;
use crate::clock::{Duration, Instant};
use crate::timers::{TimerHandle, TimerHeap};

/// T1, T2, T4 (RFC 3261 §17.1.1.1, table 4). Settings of the whole process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timings {
    pub t1: Duration,
    pub t2: Duration,
    pub t4: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self { t1: Duration::from_millis(500), t2: Duration::from_secs(4), t4: Duration::from_secs(5) }
    }
}

impl Timings {
    /// How long `timer` runs when it is started after `repeats` runs before. Never zero: time that stands still would be
    /// repeated in for ever.
    pub(super) fn run(&self, timer: Timer, repeats: u8) -> Duration {
        let doubled = self.t1.saturating_mul(1 << repeats.min(16));
        let run = match timer {
            Timer::A => doubled,
            Timer::E | Timer::G => doubled.min(self.t2),
            Timer::B | Timer::F | Timer::H | Timer::J | Timer::L | Timer::M | Timer::Cancelled => {
                self.t1.saturating_mul(64)
            }
            Timer::D => TIMER_D,
            Timer::I | Timer::K => self.t4,
            Timer::Trying => TRYING,
        };
        run.max(RUN_MIN)
    }
}

/// The peer's timer H under the default T1, which it may use whatever ours is (§17.1.1.2).
const TIMER_D: Duration = Duration::from_secs(32);
/// Within this the user answers an INVITE or 100 Trying goes out (§17.2.1).
const TRYING: Duration = Duration::from_millis(200);
const RUN_MIN: Duration = Duration::from_millis(1);

/// See the module text.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    armed: Option<TimerHandle>,
    repeats_at: Instant,
    ends_at: Instant,
    repeat: Option<Timer>,
    end: Option<Timer>,
    /// How often the repeating timer has been started.
    repeats: u8,
}

impl Watch {
    /// Starts `timer`; it counts only after [`Self::arm`].
    pub(super) fn start(&mut self, timer: Timer, timings: &Timings, now: Instant) {
        match timer {
            Timer::A | Timer::E | Timer::G => {
                self.repeat = Some(timer);
                self.repeats_at = now + timings.run(timer, self.repeats);
                self.repeats = self.repeats.saturating_add(1);
            }
            _ => {
                self.end = Some(timer);
                self.ends_at = now + timings.run(timer, 0);
            }
        }
    }

    /// Starts a repeating `timer` at T2 (timer E in Proceeding, §17.1.2.2).
    pub(super) fn start_slow(&mut self, timer: Timer, timings: &Timings, now: Instant) {
        self.repeat = Some(timer);
        self.repeats_at = now + timings.t2.max(RUN_MIN);
    }

    /// Stops both.
    pub(super) fn stop(&mut self) {
        self.repeat = None;
        self.end = None;
        self.repeats = 0;
    }

    /// Puts the earlier of the two into the heap, and takes out what was there.
    pub(super) fn arm<K>(&mut self, heap: &mut TimerHeap<K>, key: K) {
        heap.disarm(&mut self.armed);
        let repeat = self.repeat.map(|_| self.repeats_at);
        let end = self.end.map(|_| self.ends_at);
        self.armed = match (repeat, end) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        }
        .map(|deadline| heap.arm(deadline, key));
    }

    /// Takes the timer that has fired. The end comes first: nothing is repeated when it is time to give up.
    pub(super) fn fired(&mut self, now: Instant) -> Option<Timer> {
        self.armed = None;
        if self.end.is_some() && self.ends_at <= now { self.end.take() } else { self.repeat.take() }
    }

    /// Stops both and leaves the heap.
    pub(super) fn close<K>(&mut self, heap: &mut TimerHeap<K>) {
        self.stop();
        heap.disarm(&mut self.armed);
    }
}
