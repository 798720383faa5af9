//! Plain counters: owned numbers that only go up. Published as copies in snapshots; never shared between threads.

/// A number of things that happened. Wraps after 584,942 years of one per microsecond.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Counter(u64);

impl Counter {
    /// One more.
    pub fn up(&mut self) {
        self.add(1);
    }

    /// `more` more.
    pub fn add(&mut self, more: u64) {
        self.0 = self.0.wrapping_add(more);
    }

    /// How many so far.
    pub fn count(self) -> u64 {
        self.0
    }
}
