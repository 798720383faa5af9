//! A queue and the calls in it. The order of calls is their [`Key`], fixed for as long as a call waits (DOMAIN, Priority and place).

use super::expected_wait::{Load, Mean, expected_wait};
use super::offer::Phase;
use super::request::Waiting;
use super::settings::QueueSettings;
use super::skill::GroupId;
use crate::clock::{Duration, Instant};
use crate::counters::Counter;
use crate::ids::{CallId, OfferId};
use crate::timers::TimerHandle;
use std::collections::BTreeSet;

/// A call's place among all others: the smaller key is served first. It depends on what never changes while the call waits, so a
/// call that comes back from an offer or from the menu stands where it stood.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Key {
    /// −(priority − rate × arrival), in 10⁻¹² points: whole numbers, so that no rounding reorders calls.
    rank: i128,
    arrived: Instant,
    pub call: CallId,
}

impl Key {
    /// `points`: the call's and the queue's priority together. `rate`: points per second, non-negative.
    pub(super) fn new(waiting: &Waiting, queue_points: i32, rate: f64) -> Self {
        let points = i128::from(waiting.priority) + i128::from(queue_points);
        let micro_rate = (rate.max(0.0) * 1e6).round() as i64;
        let aged = i128::from(micro_rate) * i128::from(waiting.arrived.as_micros());
        Self { rank: aged - points * 1_000_000_000_000, arrived: waiting.arrived, call: waiting.call }
    }
}

/// Where a call stands with the Router.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// In its group: any agent who fits gets it.
    Waiting,
    /// Keeps its place, but is not offered until the timer: the last offer failed through us.
    Paused,
    Offered(OfferId),
    Talking(OfferId),
}

/// A call that the Router knows.
#[derive(Debug)]
pub(super) struct Call {
    pub waiting: Waiting,
    pub key: Key,
    pub stage: Stage,
    pub timers: CallTimers,
    /// What the caller was told last, and when.
    pub told: Option<(Instant, Duration)>,
}

/// The timers of one call; all off once it talks.
#[derive(Debug, Default)]
pub(super) struct CallTimers {
    pub wait_max: Option<TimerHandle>,
    pub place: Option<TimerHandle>,
    pub pause: Option<TimerHandle>,
}

impl Call {
    /// In the queue's order: waiting or paused, not with an agent.
    pub(super) fn stands(&self) -> bool {
        matches!(self.stage, Stage::Waiting | Stage::Paused)
    }

    /// The offer that has the call.
    pub(super) fn offer(&self) -> Option<(OfferId, Phase)> {
        match self.stage {
            Stage::Offered(offer) => Some((offer, Phase::Calling)),
            Stage::Talking(offer) => Some((offer, Phase::Talking)),
            Stage::Waiting | Stage::Paused => None,
        }
    }

    /// The expected wait to announce: never more than what was told before less the time since.
    pub(super) fn tell(&mut self, expected: Duration, now: Instant) -> Duration {
        let cap = self.told.map(|(then, told)| told.saturating_sub(now.since(then)));
        let told = cap.map_or(expected, |cap| cap.min(expected));
        self.told = Some((now, told));
        told
    }
}

/// One queue.
#[derive(Debug)]
pub(super) struct Queue {
    pub settings: QueueSettings,
    pub group: GroupId,
    /// Calls that stand in the queue, first to be served first.
    pub standing: BTreeSet<Key>,
    /// Calls not yet answered, those that ring at an agent included: by arrival.
    pub unanswered: BTreeSet<(Instant, CallId)>,
    /// Removed from the configuration: takes no more calls and goes when the last one has left.
    pub draining: bool,
    pub figures: Figures,
}

/// What is counted for one queue.
#[derive(Debug)]
pub(super) struct Figures {
    /// Entries asked for, also those refused.
    pub offered: Counter,
    pub answered: Counter,
    /// Waits of answered calls per bucket; the rest last.
    pub wait_counts: Vec<u64>,
    pub wait_sum: Duration,
    /// Talk, hold and wrap-up.
    pub handling: Mean,
}

impl Queue {
    pub(super) fn new(settings: &QueueSettings) -> Self {
        Self {
            settings: settings.clone(),
            group: GroupId(0),
            standing: BTreeSet::new(),
            unanswered: BTreeSet::new(),
            draining: false,
            figures: Figures {
                offered: Counter::default(),
                answered: Counter::default(),
                wait_counts: vec![0; settings.wait_buckets.len() + 1],
                wait_sum: Duration::ZERO,
                handling: Mean::default(),
            },
        }
    }

    /// Takes changed settings; figures go on. Changed buckets start their counts anew.
    pub(super) fn configure(&mut self, settings: &QueueSettings) {
        if settings.wait_buckets != self.settings.wait_buckets {
            self.figures.wait_counts = vec![0; settings.wait_buckets.len() + 1];
            self.figures.wait_sum = Duration::ZERO;
        }
        self.settings = settings.clone();
        self.draining = false;
    }

    /// Counts an answered call that waited for `wait`.
    pub(super) fn on_answer(&mut self, wait: Duration) {
        let seconds = wait.as_secs_f64();
        let bounds = &self.settings.wait_buckets;
        let bucket = bounds.iter().position(|&bound| seconds <= bound).unwrap_or(bounds.len());
        if let Some(count) = self.figures.wait_counts.get_mut(bucket) {
            *count += 1;
        }
        self.figures.answered.up();
        self.figures.wait_sum = self.figures.wait_sum.saturating_add(wait);
    }

    /// Calls that are served before `key`.
    pub(super) fn ahead(&self, key: Key) -> usize {
        self.standing.range(..key).count()
    }

    /// The wait of a caller with `ahead` calls before them while `agents` serve the queue.
    pub(super) fn expected_wait(&self, ahead: usize, agents: u32) -> Duration {
        let handling = self.figures.handling.or(self.settings.handling_time);
        expected_wait(Load { ahead, agents, handling, patience: self.settings.patience })
    }
}
