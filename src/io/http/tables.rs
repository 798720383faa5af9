//! What the HTTP side knows: rows of calls, agents and queues by id, and the latest figures. One task writes, request handlers read.

use crate::acd::agent::AgentState;
use crate::acd::snapshot::{AgentRow, QueueRow};
use crate::clock::{Duration, Instant, WallClock};
use crate::gate;
use crate::ids::{AgentId, CallId, QueueId};
use crate::io::latency::Latency;
use crate::io::media_worker::{self, Reading};
use crate::io::monotonic::Monotonic;
use crate::io::publication::{self, Publication, VisitCounts};
use crate::report::prometheus::Histogram;
use crate::report::tables::{self, AgentView, CallView, Moment, QueueView};
use crate::report::{Names, prometheus};
use crate::switch::snapshot::{CallRow, SwitchSnapshot};
use dashmap::DashMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{mpsc, watch};

/// Without a publication for this long the control thread is taken for stuck. It publishes every second when nothing happens.
const SILENCE_MAX: Duration = Duration::from_secs(5);
/// Bounds of `huntline_queue_to_ring_seconds`, seconds.
const TO_RING_BOUNDS: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// See the module text.
#[derive(Debug)]
pub struct Tables {
    names: Names,
    clock: Monotonic,
    calls: DashMap<CallId, CallRow>,
    agents: DashMap<AgentId, AgentRow>,
    queues: DashMap<QueueId, QueueRow>,
    latest: watch::Receiver<Option<Arc<Latest>>>,
    media: Vec<Arc<media_worker::Figures>>,
    pub media_ports: usize,
    /// A late packet makes the workers' loss smaller again; a counter never goes back.
    lost: AtomicU64,
    connections_refused: Arc<AtomicU64>,
}

/// The figures of the latest publication.
#[derive(Debug)]
pub struct Latest {
    pub at: Instant,
    wall: WallClock,
    /// Without its rows.
    pub switch: SwitchSnapshot,
    pub router_violations: u64,
    pub gate: gate::Counters,
    pub visits: VisitCounts,
    pub control: publication::Figures,
    pub draining: bool,
    pub queue_to_ring: Histogram,
}

/// The task that writes the tables.
#[derive(Debug)]
pub struct Folding {
    tables: Arc<Tables>,
    latest: watch::Sender<Option<Arc<Latest>>>,
    queue_to_ring: Latency,
}

impl Folding {
    /// Folds publications in until there are no more.
    pub async fn run(mut self, mut publications: mpsc::Receiver<Box<Publication>>) {
        while let Some(publication) = publications.recv().await {
            self.fold(*publication);
        }
    }

    pub fn fold(&mut self, publication: Publication) {
        let Publication { at, wall, mut switch, router, gate, visits, control, draining, queue_to_ring } = publication;
        let tables = &*self.tables;
        for row in switch.calls.drain(..) {
            tables.calls.insert(row.call, row);
        }
        for call in switch.gone.drain(..) {
            tables.calls.remove(&call);
        }
        for row in router.agents {
            tables.agents.insert(row.agent, row);
        }
        for agent in router.agents_gone {
            tables.agents.remove(&agent);
        }
        // All queues are in every publication: what is not has gone.
        let present: BTreeSet<QueueId> = router.queues.iter().map(|row| row.queue).collect();
        tables.queues.retain(|queue, _| present.contains(queue));
        for row in router.queues {
            tables.queues.insert(row.queue, row);
        }
        if let Some(more) = queue_to_ring {
            self.queue_to_ring.add(&more);
        }
        let latest = Latest {
            at,
            wall: WallClock::set(at, wall),
            switch,
            router_violations: router.invariant_violations,
            gate,
            visits,
            control,
            draining,
            queue_to_ring: self.queue_to_ring.buckets(&TO_RING_BOUNDS),
        };
        // Whether or not anybody looks.
        self.latest.send_replace(Some(Arc::new(latest)));
    }
}

impl Tables {
    /// Empty tables, and the task that fills them.
    pub fn new(
        names: Names,
        clock: Monotonic,
        media: Vec<Arc<media_worker::Figures>>,
        media_ports: usize,
        connections_refused: Arc<AtomicU64>,
    ) -> (Arc<Self>, Folding) {
        let (sender, latest) = watch::channel(None);
        let tables = Arc::new(Self {
            names,
            clock,
            calls: DashMap::new(),
            agents: DashMap::new(),
            queues: DashMap::new(),
            latest,
            media,
            media_ports,
            lost: AtomicU64::new(0),
            connections_refused,
        });
        (Arc::clone(&tables), Folding { tables, latest: sender, queue_to_ring: Latency::default() })
    }

    pub fn names(&self) -> &Names {
        &self.names
    }

    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// `None`: nothing has been published yet.
    pub fn latest(&self) -> Option<Arc<Latest>> {
        self.latest.borrow().clone()
    }

    /// Waits until something has been published.
    pub async fn published(&self) {
        let mut latest = self.latest.clone();
        let _ = latest.wait_for(Option::is_some).await;
    }

    /// Whether the control thread has published lately, or the process has only just started.
    pub fn is_alive(&self) -> bool {
        is_lately(self.latest.borrow().as_ref().map(|latest| latest.at), self.now())
    }

    pub fn has_call(&self, call: CallId) -> bool {
        self.calls.contains_key(&call)
    }

    /// Calls in order of arrival, for `show`.
    pub fn calls<T>(&self, show: impl FnOnce(&[CallView<'_>]) -> T) -> T {
        let mut rows: Vec<CallRow> = self.calls.iter().map(|row| row.clone()).collect();
        rows.sort_unstable_by_key(|row| row.call);
        let moment = self.moment();
        show(&rows.iter().map(|row| tables::call(row, &self.names, moment)).collect::<Vec<_>>())
    }

    /// Queues as configured, for `show`.
    pub fn queues<T>(&self, show: impl FnOnce(&[QueueView<'_>]) -> T) -> T {
        let (rows, moment) = (self.queue_rows(), self.moment());
        show(&rows.iter().map(|row| tables::queue(row, moment)).collect::<Vec<_>>())
    }

    /// All configured agents, for `show`.
    pub fn agents<T>(&self, show: impl FnOnce(&[AgentView<'_>]) -> T) -> T {
        let moment = self.moment();
        let view = |agent| {
            let agent: &crate::report::names::AgentName = agent;
            let row = self.agents.get(&agent.id);
            tables::agent(agent, row.as_deref(), &self.names, moment)
        };
        show(&self.names.agents.iter().map(view).collect::<Vec<_>>())
    }

    pub fn queue_rows(&self) -> Vec<QueueRow> {
        let mut rows: Vec<QueueRow> = self.queues.iter().map(|row| row.clone()).collect();
        rows.sort_unstable_by_key(|row| row.queue);
        rows
    }

    pub fn agent_states(&self) -> Vec<AgentState> {
        self.agents.iter().map(|row| row.state).collect()
    }

    /// All media workers together.
    pub fn media(&self) -> Reading {
        let mut all = Reading::default();
        let mut jitter: u64 = 0;
        for Reading { plane, unsent, facts_held_back, wake_ups } in self.media.iter().map(|figures| figures.read()) {
            jitter += u64::from(plane.jitter_us) * u64::from(plane.streams);
            all.plane.streams += plane.streams;
            all.plane.packets_in += plane.packets_in;
            all.plane.packets_out += plane.packets_out;
            all.plane.lost += plane.lost;
            all.plane.strangers += plane.strangers;
            all.plane.malformed += plane.malformed;
            all.plane.digits_unsent += plane.digits_unsent;
            all.unsent += unsent;
            all.facts_held_back += facts_held_back;
            all.wake_ups += wake_ups;
        }
        // Each worker says the mean over its streams.
        let mean = jitter.checked_div(u64::from(all.plane.streams)).unwrap_or(0);
        all.plane.jitter_us = u32::try_from(mean).unwrap_or(u32::MAX);
        let before = self.lost.fetch_max(all.plane.lost, Ordering::Relaxed);
        all.plane.lost = all.plane.lost.max(before);
        all
    }

    /// What the shell counts about itself.
    pub fn shell(&self, control: &publication::Figures, media: &Reading, commands: u64) -> prometheus::ShellFigures {
        let full = control.full;
        prometheus::ShellFigures {
            full: vec![
                ("sip_out", full.sip_out),
                ("receivers", full.receivers),
                ("media_commands", full.media_commands),
                ("media_facts", media.facts_held_back),
                ("records", full.records),
                ("notices", full.notices),
                ("http_commands", commands),
                ("http_connections", self.connections_refused.load(Ordering::Relaxed)),
            ],
            control_wake_ups: control.wake_ups,
            media_wake_ups: media.wake_ups,
            records_written: control.records_written,
            records_lost: control.records_lost,
            rtp_unsent: media.unsent,
        }
    }

    fn moment(&self) -> Moment {
        let now = self.now();
        let wall = self.latest.borrow().as_ref().map(|latest| latest.wall);
        Moment { now, wall: wall.unwrap_or_else(|| WallClock::set(now, crate::io::monotonic::wall_now())) }
    }
}

/// Whether the last publication, or the start, is not too long ago.
fn is_lately(last: Option<Instant>, now: Instant) -> bool {
    now.since(last.unwrap_or(Instant::START)) < SILENCE_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_thread_that_says_nothing_for_five_seconds_is_taken_for_stuck() {
        let at = |seconds: u64| Instant::from_micros(seconds * 1_000_000);
        assert!(is_lately(None, at(4)) && !is_lately(None, at(5)));
        assert!(is_lately(Some(at(100)), at(104)) && !is_lately(Some(at(100)), at(105)));
    }
}
