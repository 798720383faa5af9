//! The values that decide, as the control thread holds them: Gate, Switch and Router, the one list of what they want done, and the ring
//! that keeps what they heard. Not a loop: somebody else knows sockets and time.
//!
//! Every input is written to the ring *before* an owner sees it, so that the input that kills the process is the last one in the
//! file. Datagrams are written once the Gate has let them through: a flood of garbage does not push calls out of the ring.

use super::ring::Ring;
use crate::acd::Router;
use crate::clock::Instant;
use crate::config::epoch::Epoch;
use crate::gate::{self, Gate, Verdict};
use crate::ids::Flow;
use crate::media::ports::Block;
use crate::sim::replay::{Input, Record};
use crate::sim::seat::Seat;
use crate::sip::scan::{Index, Message};
use crate::switch::{Actions, Event, Switch};

/// See the module text.
pub struct Owners {
    seat: Seat,
    gate: Gate,
    index: Index,
    recorder: Recorder,
    /// What is to be done, in order; emptied by the control loop after each turn.
    pub out: Actions,
    /// Whether anything has happened since the last publication.
    pub changed: bool,
}

struct Recorder {
    ring: Option<Ring>,
    encoded: Vec<u8>,
}

impl Recorder {
    fn record(&mut self, at: Instant, input: Input<'_>) {
        let Some(ring) = &mut self.ring else { return };
        self.encoded.clear();
        Record { at, input }.encode(&mut self.encoded);
        ring.push(&self.encoded);
    }
}

impl Owners {
    /// Owners without calls, as [`crate::sim::replay::replay`] makes them too. `ring`: where inputs are kept, if anywhere.
    pub fn new(epoch: &Epoch, blocks: &[Block], seed: u64, ring: Option<Ring>) -> Self {
        let switch = Switch::new(epoch.switch.clone(), blocks, seed);
        let router = Router::new(epoch.router.clone(), Instant::START);
        let mut owners = Self {
            seat: Seat::new(switch, router),
            gate: Gate::new(epoch.gate.clone(), seed),
            index: Index::default(),
            recorder: Recorder { ring, encoded: Vec::new() },
            out: Actions::default(),
            changed: false,
        };
        owners.take(Input::Started, Instant::START);
        owners
    }

    /// A datagram from the control thread's own socket.
    pub fn take_datagram(&mut self, bytes: &[u8], flow: Flow, shed: bool, now: Instant) {
        self.changed = true;
        let verdict = self.gate.handle(bytes, flow, shed, &mut self.index, now, &mut self.out.datagrams);
        if let Verdict::Pass(message) = verdict {
            self.recorder.record(now, Input::Datagram { flow, passed: true, shed: false, bytes: message.bytes() });
            self.seat.handle(Event::Sip { message, flow }, now, &mut self.out, &mut |_| ());
        }
    }

    /// A message that a receiver's Gate has let through.
    pub fn take_message(&mut self, message: Message<'_>, flow: Flow, now: Instant) {
        self.changed = true;
        self.recorder.record(now, Input::Datagram { flow, passed: true, shed: false, bytes: message.bytes() });
        self.seat.handle(Event::Sip { message, flow }, now, &mut self.out, &mut |_| ());
    }

    /// Anything but a datagram.
    pub fn take(&mut self, input: Input<'_>, now: Instant) {
        self.changed = true;
        self.recorder.record(now, input.clone());
        let event = match input {
            Input::Started => Event::Started,
            Input::Fact(fact) => Event::Media(fact),
            Input::Wall(wall) => Event::Wall(wall),
            Input::Wish { agent, wish } => Event::Wish { agent, wish },
            Input::End { call } => Event::End { call },
            Input::Drain => Event::Drain,
            Input::EndAll => Event::EndAll,
            Input::RouterLost => Event::RouterLost,
            Input::Time => return self.seat.handle_time(now, &mut self.out, &mut |_| ()),
            Input::Datagram { .. } | Input::Configure => return,
        };
        self.seat.handle(event, now, &mut self.out, &mut |_| ());
    }

    /// Lets deadlines act that have come.
    pub fn take_time(&mut self, now: Instant) {
        if self.next_deadline().is_some_and(|deadline| deadline <= now) {
            self.take(Input::Time, now);
        }
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        self.seat.next_deadline()
    }

    pub fn seat(&mut self) -> &mut Seat {
        &mut self.seat
    }

    pub fn gate_counters(&self) -> gate::Counters {
        self.gate.counters()
    }

    /// Notes in the ring that the run ended as it should.
    pub fn end(&mut self) {
        if let Some(ring) = &mut self.recorder.ring {
            ring.end();
        }
    }
}
