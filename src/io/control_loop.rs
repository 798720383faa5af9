//! The control thread: one task of one current-thread runtime is the whole loop. It waits for any of its sources, reads the clock once,
//! feeds what came to the owners, and carries out what they want done, all in one turn of bounded length.
//!
//! Not here: anything that knows what a call is. No task per call, transaction or timer.

use super::deadline_timer::DeadlineTimer;
use super::inbox::Inbox;
use super::media_link::{self, MediaLink};
use super::monotonic::{Monotonic, wall_now};
use super::network::Network;
use super::notices::Notices;
use super::owners::Owners;
use super::publication::{Command, Figures, Publisher};
use super::receiver::{Arrived, Receivers};
use super::record_log::RecordLog;
use super::send_queue;
use super::shutdown::{Phase, Shutdown, Signals, Step};
use crate::clock::{Duration, Instant, WallClock};
use crate::sim::replay::Input;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

/// Messages taken from receivers in one turn at most.
const MESSAGES_TURN_MAX: usize = 64;
/// Commands of the HTTP side taken in one turn at most.
const COMMANDS_TURN_MAX: usize = 16;
/// How often the civil clock is compared with ours.
const WALL_EVERY: Duration = Duration::from_secs(10);
/// How far they may differ before the owners are told.
const WALL_DRIFT_US: u64 = 1_000;

/// Where inputs come from, besides time.
pub struct Sources {
    pub network: Network,
    /// Receiver threads and their mailbox, if there are any.
    pub receivers: Option<(Receivers, Inbox<Arrived>)>,
    pub media: MediaLink,
    pub signals: Signals,
    pub timer: DeadlineTimer,
}

/// Where records, figures and log lines go.
pub struct Sinks {
    pub records: RecordLog,
    pub publisher: Publisher,
    pub notices: Notices,
}

/// See the module text.
pub struct ControlLoop {
    clock: Monotonic,
    owners: Owners,
    sources: Sources,
    sinks: Sinks,
    shutdown: Shutdown,
    figures: Figures,
    wall: WallClock,
    wall_due: Instant,
}

impl ControlLoop {
    /// `drain`: how long the owners let calls finish at the end.
    pub fn new(clock: Monotonic, owners: Owners, sources: Sources, sinks: Sinks, drain: Duration) -> Self {
        let mut control = Self {
            clock,
            owners,
            sources,
            sinks,
            shutdown: Shutdown::new(drain),
            figures: Figures::default(),
            wall: WallClock::default(),
            wall_due: Instant::START,
        };
        control.look_at_the_wall(clock.now());
        control
    }

    /// Serves until the process is to end; how many calls were cut.
    pub async fn run(mut self) -> io::Result<usize> {
        loop {
            let now = self.clock.now();
            let busy = self.turn(now);
            if let Phase::Over { cut } = self.shutdown.phase() {
                self.finish();
                return Ok(cut);
            }
            if busy {
                // Lets the reactor see what has become readable meanwhile, and a signal be heard.
                tokio::task::yield_now().await;
                poll_fn(|context| Poll::Ready(self.poll_woken(context).is_ready())).await;
            } else {
                let now = self.clock.now();
                self.sources.timer.arm(self.next_deadline(now), now)?;
                poll_fn(|context| self.poll_woken(context)).await;
                self.figures.wake_ups += 1;
            }
            self.awake();
        }
    }

    /// Feeds the owners with what there is and carries out what they want; whether there may be more at once.
    fn turn(&mut self, now: Instant) -> bool {
        self.figures.turns += 1;
        let mut busy = self.take_commands(now);
        busy |= self.take_facts(now);
        busy |= self.take_datagrams(now);
        // What is due after this rings the timer.
        self.owners.take_time(now);
        if now >= self.wall_due {
            self.look_at_the_wall(now);
        }
        let seat = self.owners.seat();
        let (drained, calls) = (seat.switch.is_drained(), seat.switch.calls());
        let step = self.shutdown.look(drained, calls, now);
        self.end(step, now);
        self.carry_out(now);
        self.publish(now);
        busy
    }

    fn take_commands(&mut self, now: Instant) -> bool {
        let mut taken = 0;
        while taken < COMMANDS_TURN_MAX {
            let Some(command) = self.sinks.publisher.next_command() else { break };
            taken += 1;
            match command {
                Command::Wish { agent, wish } => self.owners.take(Input::Wish { agent, wish }, now),
                Command::End { call } => self.owners.take(Input::End { call }, now),
                Command::Drain if self.shutdown.is_draining() => {}
                Command::Drain => self.asked_to_end(now),
            }
        }
        taken == COMMANDS_TURN_MAX
    }

    fn take_facts(&mut self, now: Instant) -> bool {
        for _ in 0..media_link::FACTS_TURN_MAX {
            let Some(fact) = self.sources.media.facts.pop() else { return false };
            self.owners.take(Input::Fact(fact), now);
        }
        true
    }

    fn take_datagrams(&mut self, now: Instant) -> bool {
        let shed = self.sources.network.is_behind() || self.sources.media.is_behind();
        let Some((receivers, arrived)) = &self.sources.receivers else {
            let owners = &mut self.owners;
            return self.sources.network.receive(|bytes, flow| owners.take_datagram(bytes, flow, shed, now));
        };
        receivers.overloaded(shed);
        for _ in 0..MESSAGES_TURN_MAX {
            let Some(Arrived { message, flow }) = arrived.pop() else { return false };
            self.owners.take_message(message.message(), flow, now);
        }
        true
    }

    /// Tells the owners the civil time if it is not what they think it is.
    fn look_at_the_wall(&mut self, now: Instant) {
        let wall = wall_now();
        self.wall_due = now + WALL_EVERY;
        if self.wall.at(now).as_micros().abs_diff(wall.as_micros()) > WALL_DRIFT_US {
            self.wall = WallClock::set(now, wall);
            self.owners.take(Input::Wall(wall), now);
        }
    }

    fn asked_to_end(&mut self, now: Instant) {
        let calls = self.owners.seat().switch.calls();
        let step = self.shutdown.asked(calls, now);
        match step {
            Some(Step::Drain) => tracing::info!(calls, "draining: no new calls, waiting for those in progress"),
            Some(Step::EndAll) => tracing::warn!(calls, "asked again: ending all calls now"),
            None => {}
        }
        self.end(step, now);
    }

    fn end(&mut self, step: Option<Step>, now: Instant) {
        match step {
            Some(Step::Drain) => self.owners.take(Input::Drain, now),
            Some(Step::EndAll) => self.owners.take(Input::EndAll, now),
            None => {}
        }
    }

    /// Carries out what the owners want done, in order within each list.
    fn carry_out(&mut self, now: Instant) {
        let out = &mut self.owners.out;
        self.sources.media.send(out.media.drain(..));
        self.sources.network.send(&out.datagrams);
        out.datagrams.clear();
        if !out.rung.is_empty() {
            self.sinks.publisher.rang(out.rung.drain(..), self.clock.now());
        }
        out.records.drain(..).for_each(|record| self.sinks.records.push(record));
        self.sinks.publisher.count(out.visits.drain(..));
        out.notices.drain(..).for_each(|notice| self.sinks.notices.log(&notice, now));
    }

    fn publish(&mut self, now: Instant) {
        self.figures.full.sip_out = self.sources.network.dropped();
        self.figures.full.media_commands = self.sources.media.held_back();
        self.figures.full.notices = self.sinks.notices.suppressed_total;
        let mut gate = crate::gate::Counters::default();
        if let Some((receivers, _)) = &self.sources.receivers {
            self.figures.full.receivers = receivers.dropped();
            gate = receivers.gate_counters();
        }
        let draining = self.shutdown.is_draining();
        self.sinks.publisher.publish(&mut self.owners, draining, gate, self.figures, now);
    }

    fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let behind = self.sources.network.is_behind().then(|| now + send_queue::RETRY_AFTER);
        let held = self.sources.media.is_behind().then(|| now + media_link::RETRY_AFTER);
        let publication = self.sinks.publisher.due(&self.owners);
        let own = [Some(self.wall_due), behind, held, publication, self.shutdown.next_deadline()];
        own.into_iter().chain([self.owners.next_deadline()]).flatten().min()
    }

    /// Ready when any source may have something. All are asked, so that each wakes the task.
    fn poll_woken(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut woken = self.sources.timer.poll_rung(context).is_ready();
        woken |= self.sources.network.poll_readable(context).is_ready();
        woken |= self.sources.media.facts.poll(context).is_ready();
        if let Some((_, arrived)) = &self.sources.receivers {
            woken |= arrived.poll(context).is_ready();
        }
        woken |= self.sinks.publisher.poll_command(context).is_ready();
        if self.sources.signals.poll_came(context).is_ready() {
            woken = true;
            self.asked_to_end(self.clock.now());
        }
        if woken { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Whoever pushes now need not wake this thread.
    fn awake(&self) {
        self.sources.media.facts.awake();
        if let Some((_, arrived)) = &self.sources.receivers {
            arrived.awake();
        }
    }

    /// The last turn is over: what is left is written, and the threads end.
    fn finish(mut self) {
        self.owners.end();
        if let Some((receivers, _)) = self.sources.receivers.take() {
            receivers.finish();
        }
        self.sinks.records.finish();
    }
}
