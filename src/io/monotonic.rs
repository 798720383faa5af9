//! The process's one source of time: CLOCK_MONOTONIC as [`Instant`], the system clock as [`WallTime`].
//!
//! Read once per turn or batch and passed on; nothing outside `io` reads a clock.

use crate::clock::{Instant, WallTime};

/// A clock that shows zero when it is made. Copies show the same time, so that threads can share one time line.
#[derive(Clone, Copy, Debug)]
pub struct Monotonic {
    origin: std::time::Instant,
}

impl Monotonic {
    /// A clock whose zero is now.
    pub fn start() -> Self {
        Self { origin: std::time::Instant::now() }
    }

    /// Microseconds since the start, as an instant.
    pub fn now(&self) -> Instant {
        Instant::from_micros(u64::try_from(self.origin.elapsed().as_micros()).unwrap_or(u64::MAX))
    }
}

/// What the system clock shows; before 1970 counts as 1970.
pub fn wall_now() -> WallTime {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    WallTime::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_share_one_time_line() {
        let clock = Monotonic::start();
        let copy = clock;
        let (a, b) = (clock.now(), copy.now());
        assert!(a <= b && wall_now().as_micros() > 1_600_000_000_000_000);
    }
}
