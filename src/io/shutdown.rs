//! How the process ends: first signal, drain; second signal, at once.
//!
//! ```text
//! Serving ──SIGTERM, SIGINT, API──▶ Draining ──last call over──▶ Over: exit 0
//!                                      │ second signal, or the drain's own limit overrun
//!                                      ▼
//!                                   Ending (BYE to all) ──calls closed, or 500 ms──▶ Over: exit 1 if calls were cut
//! ```
//! The Switch keeps the configured drain time and ends what is left after it; the limit here is only for a Switch that does not come
//! to an end. Ending waits for the media workers' last word on each call, which its record needs, not for peers' answers.

use crate::clock::{Duration, Instant};
use std::io;
use std::task::{Context, Poll};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a BYE that nobody answers may take after the drain time (RFC 3261 §17.1.2.2, timer F), and a little.
const LAST_BYE: Duration = Duration::from_secs(34);

/// How long the end of all calls may take.
const ENDING: Duration = Duration::from_millis(500);

/// Where the process stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    Serving,
    /// No new calls; everything is ended at `until` whatever happens.
    Draining {
        until: Instant,
    },
    /// All calls have been ended, `cut` of them in progress; their records are still to come.
    Ending {
        until: Instant,
        cut: usize,
    },
    /// Nothing more to wait for. `cut`: calls that were in progress.
    Over {
        cut: usize,
    },
}

/// What the control loop has to do about a request to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    Drain,
    EndAll,
}

/// The signals that end the process.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes SIGTERM and SIGINT from their default action. Needs a tokio runtime. (SIGPIPE is ignored by Rust's start-up.)
    pub fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Ready when one has come.
    pub fn poll_came(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let terminate = self.terminate.poll_recv(context).is_ready();
        if terminate || self.interrupt.poll_recv(context).is_ready() { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// See the module text. A plain value.
#[derive(Debug)]
pub struct Shutdown {
    phase: Phase,
    drain: Duration,
}

impl Shutdown {
    /// `drain`: how long the Switch lets calls finish.
    pub fn new(drain: Duration) -> Self {
        Self { phase: Phase::Serving, drain }
    }

    pub fn phase(&self) -> Phase {
        self.phase
    }

    pub fn is_draining(&self) -> bool {
        self.phase != Phase::Serving
    }

    /// Somebody asks for the end; `calls` are in progress.
    pub fn asked(&mut self, calls: usize, now: Instant) -> Option<Step> {
        match self.phase {
            Phase::Serving => {
                self.phase = Phase::Draining { until: now + self.drain + LAST_BYE };
                Some(Step::Drain)
            }
            Phase::Draining { .. } => Some(self.end_all(calls, now)),
            Phase::Ending { .. } | Phase::Over { .. } => None,
        }
    }

    /// How things stand now, with `calls` not yet closed: moves on when the Switch has, or when it has overrun.
    pub fn look(&mut self, drained: bool, calls: usize, now: Instant) -> Option<Step> {
        match self.phase {
            Phase::Draining { .. } if drained => self.phase = Phase::Over { cut: 0 },
            Phase::Draining { until } if now >= until => return Some(self.end_all(calls, now)),
            Phase::Ending { until, cut } if drained || now >= until => self.phase = Phase::Over { cut },
            _ => {}
        }
        None
    }

    fn end_all(&mut self, calls: usize, now: Instant) -> Step {
        self.phase = Phase::Ending { until: now + ENDING, cut: calls };
        Step::EndAll
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Draining { until } | Phase::Ending { until, .. } => Some(until),
            Phase::Serving | Phase::Over { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_micros(1_000_000);

    #[test]
    fn the_first_request_drains_and_the_end_comes_with_the_last_call() {
        let mut shutdown = Shutdown::new(Duration::from_secs(10));
        assert_eq!(shutdown.look(true, 0, NOW), None);
        assert_eq!(shutdown.asked(3, NOW), Some(Step::Drain));
        assert_eq!(shutdown.look(false, 3, NOW), None);
        assert_eq!(shutdown.look(true, 0, NOW), None);
        assert_eq!(shutdown.phase(), Phase::Over { cut: 0 });
    }

    #[test]
    fn a_second_request_ends_everything_at_once() {
        let mut shutdown = Shutdown::new(Duration::from_secs(10));
        shutdown.asked(3, NOW);
        assert_eq!(shutdown.asked(2, NOW), Some(Step::EndAll));
        assert_eq!(shutdown.look(false, 2, NOW), None);
        assert_eq!(shutdown.phase(), Phase::Ending { until: NOW + ENDING, cut: 2 });
        assert_eq!(shutdown.asked(2, NOW), None);
        shutdown.look(false, 1, NOW + ENDING);
        assert_eq!(shutdown.phase(), Phase::Over { cut: 2 });
    }

    #[test]
    fn a_drain_that_never_comes_to_its_end_is_ended() {
        let mut shutdown = Shutdown::new(Duration::from_secs(10));
        shutdown.asked(1, NOW);
        let until = shutdown.next_deadline().unwrap();
        assert_eq!(until, NOW + Duration::from_secs(44));
        assert_eq!(shutdown.look(false, 1, until), Some(Step::EndAll));
        shutdown.look(true, 0, until);
        assert_eq!(shutdown.phase(), Phase::Over { cut: 1 });
    }
}
