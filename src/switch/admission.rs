//! Exact limits on calls: per trunk and in all, at a time and per second. Also knows whether new calls are taken at all.

use super::settings::Trunk;
use crate::clock::{Duration, Instant};
use std::collections::VecDeque;

/// See the module text.
#[derive(Default, Clone, Debug)]
pub(super) struct Admission {
    trunks: Vec<TrunkLoad>,
    pub(super) draining: bool,
    /// When a drain ends whatever is left.
    pub(super) drained_at: Option<Instant>,
}

#[derive(Default, Clone, Debug)]
struct TrunkLoad {
    calls: u32,
    /// When the calls of the last second were taken in; at most `calls_per_second_max` of them.
    recent: VecDeque<Instant>,
}

/// Which limit a new call would break.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Full {
    Calls,
    PerSecond,
}

impl Admission {
    pub(super) fn new(trunks: usize) -> Self {
        Self { trunks: vec![TrunkLoad::default(); trunks], draining: false, drained_at: None }
    }

    pub(super) fn resize(&mut self, trunks: usize) {
        if trunks > self.trunks.len() {
            self.trunks.resize_with(trunks, TrunkLoad::default);
        }
    }

    /// Counts a call of `trunk` in, or says which limit forbids it. Never more than the limit in any stretch of one second.
    pub(super) fn admit(&mut self, trunk: &Trunk, now: Instant) -> Result<(), Full> {
        let Some(load) = self.trunks.get_mut(trunk.id.index()) else { return Err(Full::Calls) };
        if trunk.calls_max.is_some_and(|limit| load.calls >= limit) {
            return Err(Full::Calls);
        }
        if let Some(limit) = trunk.calls_per_second_max {
            while load.recent.front().is_some_and(|&at| now.since(at) >= Duration::from_secs(1)) {
                load.recent.pop_front();
            }
            if load.recent.len() >= limit as usize {
                return Err(Full::PerSecond);
            }
            load.recent.push_back(now);
        }
        load.calls += 1;
        Ok(())
    }

    /// Counts a call as ended, or as not taken after all.
    pub(super) fn release(&mut self, trunk: crate::ids::TrunkId) {
        if let Some(load) = self.trunks.get_mut(trunk.index()) {
            load.calls = load.calls.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::TrunkId;

    fn trunk(calls_max: Option<u32>, calls_per_second_max: Option<u32>) -> Trunk {
        Trunk {
            id: TrunkId(0),
            name: "carrier".into(),
            sources: vec![],
            codecs: vec![],
            calls_max,
            calls_per_second_max,
            refusal_status: 480,
        }
    }

    #[test]
    fn a_trunk_never_has_more_calls_than_its_limit() {
        let mut admission = Admission::new(1);
        let trunk = trunk(Some(2), None);
        assert!(admission.admit(&trunk, Instant::START).is_ok());
        assert!(admission.admit(&trunk, Instant::START).is_ok());
        assert_eq!(admission.admit(&trunk, Instant::START), Err(Full::Calls));
        admission.release(trunk.id);
        assert!(admission.admit(&trunk, Instant::START).is_ok());
    }

    #[test]
    fn no_second_sees_more_new_calls_than_the_rate_allows() {
        let mut admission = Admission::new(1);
        let trunk = trunk(None, Some(3));
        let mut taken = Vec::new();
        for at in (0..5_000_000).step_by(70_000).map(Instant::from_micros) {
            if admission.admit(&trunk, at).is_ok() {
                taken.push(at);
            }
        }
        assert!(taken.windows(4).all(|four| four[3].since(four[0]) >= Duration::from_secs(1)));
        assert!(taken.len() >= 14, "the limit is used up: {}", taken.len());
    }
}
