//! Latencies that one thread records and another one adds up: an HDR histogram of about 20 KB with two significant digits, so that
//! no bucket's count is off by more than 1 % of its bound. Not for each queue: those have fixed buckets of their own.

use crate::clock::Duration;
use crate::report::prometheus;
use hdrhistogram::Histogram;

/// Longest latency told apart, µs; longer ones count as this.
const MICROS_MAX: u64 = 60_000_000;

/// See the module text.
#[derive(Clone, Debug)]
pub struct Latency {
    micros: Histogram<u64>,
    sum: Duration,
}

impl Default for Latency {
    fn default() -> Self {
        let micros = Histogram::new_with_max(MICROS_MAX, 2).expect("two digits up to a minute can be kept");
        Self { micros, sum: Duration::ZERO }
    }
}

impl Latency {
    pub fn record(&mut self, latency: Duration) {
        self.micros.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
        self.sum = self.sum.saturating_add(latency);
    }

    /// What has been recorded since the last time, if anything.
    pub fn take(&mut self) -> Option<Box<Self>> {
        if self.micros.is_empty() {
            return None;
        }
        let taken = Box::new(self.clone());
        self.micros.reset();
        self.sum = Duration::ZERO;
        Some(taken)
    }

    pub fn add(&mut self, more: &Self) {
        self.micros.add(&more.micros).expect("all have the same range");
        self.sum = self.sum.saturating_add(more.sum);
    }

    /// Counts up to each of `bounds`, seconds.
    pub fn buckets(&self, bounds: &[f64]) -> prometheus::Histogram {
        let up_to = |&bound: &f64| self.micros.count_between(0, (bound * 1e6) as u64);
        prometheus::Histogram {
            bounds: bounds.into(),
            cumulative: bounds.iter().map(up_to).collect(),
            count: self.micros.len(),
            sum: self.sum.as_secs_f64(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_recorded_in_parts_adds_up() {
        let (mut recorder, mut total) = (Latency::default(), Latency::default());
        assert!(recorder.take().is_none());
        for part in [[90, 400], [2_000, 90_000_000]] {
            part.into_iter().for_each(|micros| recorder.record(Duration::from_micros(micros)));
            total.add(&recorder.take().expect("something was recorded"));
        }
        let buckets = total.buckets(&[0.0001, 0.0005, 0.001, 60.0]);
        assert_eq!((buckets.cumulative, buckets.count), (vec![1, 2, 2, 4], 4));
        assert_eq!(buckets.sum, 90.00249);
        assert!(recorder.take().is_none());
    }
}
