//! The wait to announce: M/M/s with impatience (DOMAIN §3). A caller with q calls ahead reaches an agent after
//! Σ_{i=0..q} 1/(s·μ + i·θ): at each step either one of s agents finishes (μ) or one of those ahead gives up (θ).

use crate::clock::Duration;

/// What the wait depends on.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Calls served before this one.
    pub ahead: usize,
    /// Agents at work for the queue. None is counted as one: a wait must be finite to be announced.
    pub agents: u32,
    /// Mean of talk, hold and wrap-up; 1/μ.
    pub handling: Duration,
    /// Mean time until a caller gives up; 1/θ. Zero: nobody does.
    pub patience: Duration,
}

/// Longest wait ever announced.
pub const EXPECTED_WAIT_MAX: Duration = Duration::from_secs(24 * 3600);

/// Terms that are added one by one; the rest is integrated (error below one part in 10⁶).
const TERMS: usize = 256;

/// The expected wait under `load`, at most [`EXPECTED_WAIT_MAX`].
pub fn expected_wait(load: Load) -> Duration {
    let handling = load.handling.as_secs_f64();
    if handling <= 0.0 {
        return Duration::ZERO;
    }
    let service = f64::from(load.agents.max(1)) / handling;
    let patience = load.patience.as_secs_f64();
    let theta = if patience > 0.0 { 1.0 / patience } else { 0.0 };
    let whole = load.ahead.min(TERMS);
    let mut seconds: f64 = (0..=whole).map(|i| 1.0 / (service + i as f64 * theta)).sum();
    if load.ahead > whole {
        let (from, to) = (whole as f64 + 0.5, load.ahead as f64 + 0.5);
        seconds += if theta > 0.0 {
            ((service + to * theta) / (service + from * theta)).ln() / theta
        } else {
            (to - from) / service
        };
    }
    Duration::try_from_secs_f64(seconds).unwrap_or(EXPECTED_WAIT_MAX).min(EXPECTED_WAIT_MAX)
}

/// A running mean that forgets: each value weighs 1/16, the first ones more. Seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mean {
    seconds: f64,
    values: u32,
}

impl Mean {
    /// Takes in one value.
    pub(super) fn add(&mut self, value: Duration) {
        self.values = self.values.saturating_add(1).min(16);
        self.seconds += (value.as_secs_f64() - self.seconds) / f64::from(self.values);
    }

    /// The mean, or `assumed` before the first value.
    pub(super) fn or(&self, assumed: Duration) -> Duration {
        if self.values == 0 { assumed } else { Duration::from_secs_f64(self.seconds.max(0.0)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(ahead: usize, agents: u32, patience: u64) -> f64 {
        let (handling, patience) = (Duration::from_secs(60), Duration::from_secs(patience));
        expected_wait(Load { ahead, agents, handling, patience }).as_secs_f64()
    }

    #[test]
    fn one_agent_and_nobody_ahead_is_one_handling_time() {
        assert_eq!(wait(0, 1, 120), 60.0);
        assert_eq!(wait(0, 0, 120), 60.0);
        assert_eq!(wait(0, 3, 0), 20.0);
    }

    #[test]
    fn those_who_give_up_shorten_the_wait() {
        assert_eq!(wait(2, 1, 0), 180.0);
        // 60 + 1/(1/60 + 1/60) + 1/(1/60 + 2/60)
        assert!((wait(2, 1, 60) - 110.0).abs() < 1e-6);
    }

    #[test]
    fn long_queues_are_integrated_without_a_jump() {
        for patience in [0, 60, 600] {
            let exact = |q: usize| {
                let theta = if patience == 0 { 0.0 } else { 1.0 / patience as f64 };
                (0..=q).map(|i| 1.0 / (10.0 / 60.0 + i as f64 * theta)).sum::<f64>().min(86_400.0)
            };
            for ahead in [255, 256, 257, 1_000, 100_000] {
                assert!((wait(ahead, 10, patience) - exact(ahead)).abs() < 1e-3, "{ahead} ahead, patience {patience}");
            }
        }
    }

    #[test]
    fn the_mean_starts_with_what_is_measured_and_then_forgets() {
        let mut mean = Mean::default();
        assert_eq!(mean.or(Duration::from_secs(110)), Duration::from_secs(110));
        mean.add(Duration::from_secs(10));
        assert_eq!(mean.or(Duration::ZERO), Duration::from_secs(10));
        (0..200).for_each(|_| mean.add(Duration::from_secs(100)));
        assert!(mean.or(Duration::ZERO) > Duration::from_secs(99));
    }
}
