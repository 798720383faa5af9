//! Every metric: its name, its help line, its labels, and where its value comes from. Pure: `io::http` hands the families to the
//! prometheus crate, which writes them.
//!
//! Labels are bounded: by the configuration (queues, trees, nodes) or by words of ours. Nothing that a peer sends becomes a label.

mod calls;
mod process;
mod wire;

pub use process::ProcessFigures;

use super::Names;
use crate::acd::agent::AgentState;
use crate::acd::snapshot::QueueRow;
use crate::clock::{Duration, Instant};
use crate::gate;
use crate::ids::{NodeId, TreeId};
use crate::ivr::session::Outcome;
use crate::media::plane::Totals;
use crate::switch::snapshot::SwitchSnapshot;
use std::collections::BTreeMap;

/// What the figures are worked out from, at one moment.
#[derive(Clone, Debug)]
pub struct Picture<'a> {
    pub names: &'a Names,
    pub now: Instant,
    pub version: &'a str,
    /// Without its rows.
    pub switch: &'a SwitchSnapshot,
    pub queues: &'a [QueueRow],
    /// Of every agent that the Router has spoken of.
    pub agents: &'a [AgentState],
    /// Broken invariants that the Router has seen.
    pub router_violations: u64,
    pub visits: &'a BTreeMap<(TreeId, NodeId, Outcome), u64>,
    pub queue_to_ring: &'a Histogram,
    pub gate: gate::Counters,
    /// Of all media workers together.
    pub media: Totals,
    /// RTP port pairs in all.
    pub media_ports: usize,
    pub shell: &'a ShellFigures,
    pub process: ProcessFigures,
}

/// What the shell counts about itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ShellFigures {
    /// How often each bounded queue inside the process was full.
    pub full: Vec<(&'static str, u64)>,
    pub control_wake_ups: u64,
    pub media_wake_ups: u64,
    pub records_written: u64,
    pub records_lost: u64,
    /// RTP packets that the kernel did not take.
    pub rtp_unsent: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// One metric with all its label values.
#[derive(Clone, PartialEq, Debug)]
pub struct Family {
    pub name: &'static str,
    pub help: &'static str,
    pub kind: Kind,
    pub labels: &'static [&'static str],
    pub samples: Vec<Sample>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Sample {
    /// As many as the family has labels.
    pub labels: Vec<String>,
    pub value: Value,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    Number(f64),
    Histogram(Histogram),
}

/// Counts by upper bound.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Histogram {
    /// Seconds, rising. What is above the last is only in `count`.
    pub bounds: Vec<f64>,
    /// Values up to each bound, those of lower bounds included.
    pub cumulative: Vec<u64>,
    pub count: u64,
    /// Seconds.
    pub sum: f64,
}

impl Histogram {
    /// From counts per bucket, the rest last.
    pub fn of_buckets(bounds: &[f64], counts: &[u64], sum: Duration) -> Self {
        let mut up_to: u64 = 0;
        let cumulative = counts.iter().take(bounds.len()).map(|&count| {
            up_to = up_to.saturating_add(count);
            up_to
        });
        let cumulative = cumulative.collect();
        let count = counts.iter().fold(0_u64, |all, &count| all.saturating_add(count));
        Self { bounds: bounds.into(), cumulative, count, sum: sum.as_secs_f64() }
    }
}

impl Family {
    fn new(kind: Kind, name: &'static str, help: &'static str, labels: &'static [&'static str]) -> Self {
        Self { name, help, kind, labels, samples: Vec::new() }
    }

    fn counter(name: &'static str, help: &'static str, labels: &'static [&'static str]) -> Self {
        Self::new(Kind::Counter, name, help, labels)
    }

    fn gauge(name: &'static str, help: &'static str, labels: &'static [&'static str]) -> Self {
        Self::new(Kind::Gauge, name, help, labels)
    }

    fn add<const N: usize>(&mut self, labels: [&str; N], value: f64) {
        debug_assert_eq!(N, self.labels.len(), "{}", self.name);
        self.samples.push(Sample { labels: labels.map(str::to_owned).into(), value: Value::Number(value) });
    }

    fn with<const N: usize>(mut self, labels: [&str; N], value: f64) -> Self {
        self.add(labels, value);
        self
    }

    fn with_histogram<const N: usize>(mut self, labels: [&str; N], value: Histogram) -> Self {
        self.samples.push(Sample { labels: labels.map(str::to_owned).into(), value: Value::Histogram(value) });
        self
    }
}

/// All metrics.
pub fn families(picture: &Picture<'_>) -> Vec<Family> {
    let mut all = calls::families(picture);
    all.extend(wire::families(picture));
    all.extend(process::families(picture));
    all
}

#[cfg(test)]
mod tests;
