//! Time as the owners see it: microseconds since the process (or the simulation) started.
//!
//! Not a source of time: nothing here reads a clock. `io` and `sim` pass `now` in. Civil time enters as a
//! [`WallTime`] that belongs to an [`Instant`]; a stepped system clock moves no deadline.

use core::fmt;
use core::ops::{Add, Sub};
pub use core::time::Duration;

/// A point on the monotonic time line, in microseconds since start.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

impl Instant {
    /// The start of the process or of the simulation.
    pub const START: Self = Self(0);

    /// The instant `micros` microseconds after the start.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the start.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// How long ago `earlier` was; zero if it is in the future.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;
    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(later.as_micros()).unwrap_or(u64::MAX)))
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;
    fn sub(self, earlier: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(earlier.as_micros()).unwrap_or(u64::MAX)))
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}s", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// Civil time: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct WallTime(i64);

impl WallTime {
    /// The wall time `micros` microseconds after the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }
}

/// Maps monotonic instants to civil time, as last told from outside.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct WallClock {
    /// Wall time of [`Instant::START`], µs since the Unix epoch.
    start: i64,
}

impl WallClock {
    /// A clock on which `now` is `wall`.
    pub fn set(now: Instant, wall: WallTime) -> Self {
        Self { start: wall.0.saturating_sub_unsigned(now.0) }
    }

    /// The civil time at `at`.
    pub fn at(&self, at: Instant) -> WallTime {
        WallTime(self.start.saturating_add_unsigned(at.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stepped_wall_clock_moves_no_instant() {
        let now = Instant::from_micros(5_000_000);
        let before = WallClock::set(now, WallTime::from_micros(1_000_000_000));
        let after = WallClock::set(now, WallTime::from_micros(9_000_000_000));
        let later = now + Duration::from_secs(1);
        assert_eq!(before.at(later).as_micros(), 1_001_000_000);
        assert_eq!(after.at(later).as_micros(), 9_001_000_000);
        assert_eq!(later.since(now), Duration::from_secs(1));
        assert_eq!(now.since(later), Duration::ZERO);
    }
}
