//! What the control thread tells the HTTP side, and what it hears from there. Both channels are bounded; neither side waits for the
//! other.
//!
//! Counters in a [`Publication`] are whole and rows are changes, so a publication must not be lost: the control thread reserves the place
//! in the channel before it asks the owners, and asks later if there is none.

use super::latency::Latency;
use super::owners::Owners;
use super::record_log::Figures as RecordFigures;
use crate::acd::Wish;
use crate::acd::snapshot::RouterSnapshot;
use crate::clock::{Duration, Instant, WallTime};
use crate::gate;
use crate::ids::{AgentId, CallId, NodeId, TreeId};
use crate::ivr::session::{Outcome, Visit};
use crate::switch::snapshot::SwitchSnapshot;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// Least time between two publications.
pub const EVERY: Duration = Duration::from_millis(250);
/// When nothing happens there is a publication all the same after this time: a sign of life.
pub const QUIET_EVERY: Duration = Duration::from_secs(1);
/// Publications that wait for the HTTP side at most.
const PUBLICATIONS_MAX: usize = 4;
/// Commands that wait for the control thread at most; more are refused by the HTTP side with 503.
const COMMANDS_MAX: usize = 64;

/// Something the HTTP side asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Command {
    Wish {
        agent: AgentId,
        wish: Wish,
    },
    End {
        call: CallId,
    },
    /// As SIGTERM: no new calls, and the end of the process when the last call is over.
    Drain,
}

/// How often each outcome happened at each node of each tree, since start.
pub type VisitCounts = BTreeMap<(TreeId, NodeId, Outcome), u64>;

/// Everything that the control thread knows, at one moment.
#[derive(Clone, Debug)]
pub struct Publication {
    pub at: Instant,
    pub wall: WallTime,
    pub switch: SwitchSnapshot,
    pub router: RouterSnapshot,
    /// Of all receivers together.
    pub gate: gate::Counters,
    pub visits: VisitCounts,
    pub control: Figures,
    pub draining: bool,
    /// From when call and agent could be matched until the agent's INVITE was given to the socket: those since the last publication.
    pub queue_to_ring: Option<Box<Latency>>,
}

/// The control loop's own figures since start.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Figures {
    /// Times the loop was woken from sleep; per call this is a figure worth printing.
    pub wake_ups: u64,
    pub turns: u64,
    pub records_written: u64,
    /// Records that could not be written (disk).
    pub records_lost: u64,
    /// How often each bounded queue was full and something was dropped or held back.
    pub full: FullQueues,
}

/// Label values of `huntline_internal_queue_full_total{queue}`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct FullQueues {
    /// Datagrams out, dropped as the network would.
    pub sip_out: u64,
    /// Messages from receivers, dropped as the network would.
    pub receivers: u64,
    /// Media commands held back until the worker has room (never lost).
    pub media_commands: u64,
    /// Call records, dropped.
    pub records: u64,
    /// Log lines of the Switch not shown.
    pub notices: u64,
}

/// The HTTP side's ends of both channels.
#[derive(Debug)]
pub struct Board {
    pub publications: mpsc::Receiver<Box<Publication>>,
    pub commands: mpsc::Sender<Command>,
}

/// The control thread's ends, and what it folds between two publications.
#[derive(Debug)]
pub struct Publisher {
    publications: mpsc::Sender<Box<Publication>>,
    commands: mpsc::Receiver<Command>,
    /// Came while the loop slept.
    command: Option<Command>,
    visits: VisitCounts,
    queue_to_ring: Latency,
    records: Arc<RecordFigures>,
    /// `None`: nothing has been published yet.
    last: Option<Instant>,
}

/// Both ends. `records` is where the record log counts.
pub fn channel(records: Arc<RecordFigures>) -> (Publisher, Board) {
    let (publish, publications) = mpsc::channel(PUBLICATIONS_MAX);
    let (send, commands) = mpsc::channel(COMMANDS_MAX);
    let publisher = Publisher {
        publications: publish,
        commands,
        command: None,
        visits: VisitCounts::new(),
        queue_to_ring: Latency::default(),
        records,
        last: None,
    };
    (publisher, Board { publications, commands: send })
}

impl Publisher {
    /// Counts IVR visits.
    pub fn count(&mut self, visits: impl Iterator<Item = Visit>) {
        for visit in visits {
            *self.visits.entry((visit.tree, visit.node, visit.outcome)).or_default() += 1;
        }
    }

    /// Counts agents' INVITEs that were given to the socket at `sent`, each by when its call and agent could be matched.
    pub fn rang(&mut self, matched: impl Iterator<Item = Instant>, sent: Instant) {
        matched.for_each(|matched| self.queue_to_ring.record(sent.since(matched)));
    }

    /// The next command of the HTTP side, if there is one.
    pub fn next_command(&mut self) -> Option<Command> {
        self.command.take().or_else(|| self.commands.try_recv().ok())
    }

    /// Ready when a command has come.
    pub fn poll_command(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.command.is_none() {
            match self.commands.poll_recv(context) {
                Poll::Ready(Some(command)) => self.command = Some(command),
                // No HTTP side any more: nothing will ever come.
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(())
    }

    /// When to publish: at once at the start, then [`EVERY`] after the last time if something has changed, else [`QUIET_EVERY`].
    /// `None`: nobody listens.
    pub fn due(&self, owners: &Owners) -> Option<Instant> {
        let after = if owners.changed { EVERY } else { QUIET_EVERY };
        let due = self.last.map_or(Instant::START, |last| last + after);
        (!self.publications.is_closed()).then_some(due)
    }

    /// Publishes if it is due and there is room. `gate`: counters of receivers besides the owners' own Gate.
    pub fn publish(
        &mut self,
        owners: &mut Owners,
        draining: bool,
        gate: gate::Counters,
        mut control: Figures,
        now: Instant,
    ) {
        if self.due(owners).is_none_or(|due| now < due) {
            return;
        }
        // Whether or not there is room: the next try is a period later.
        self.last = Some(now);
        let Ok(place) = self.publications.try_reserve() else { return };
        owners.changed = false;
        control.records_written = self.records.written();
        control.records_lost = self.records.lost();
        control.full.records = self.records.dropped();
        let gate = sum(owners.gate_counters(), gate);
        let seat = owners.seat();
        place.send(Box::new(Publication {
            at: now,
            wall: super::monotonic::wall_now(),
            switch: seat.switch.publish(now),
            router: seat.router.publish(now),
            gate,
            visits: self.visits.clone(),
            control,
            draining,
            queue_to_ring: self.queue_to_ring.take(),
        }));
    }
}

/// Counters of two Gates together.
pub fn sum(a: gate::Counters, b: gate::Counters) -> gate::Counters {
    gate::Counters {
        passed: a.passed + b.passed,
        answered: a.answered + b.answered,
        garbage: a.garbage + b.garbage,
        keep_alive: a.keep_alive + b.keep_alive,
        over_limit: a.over_limit + b.over_limit,
        shed: a.shed + b.shed,
        defective: a.defective + b.defective,
        acknowledged: a.acknowledged + b.acknowledged,
        ignored: a.ignored + b.ignored,
        forgotten: a.forgotten + b.forgotten,
    }
}
