//! The Switch: owns every transaction, dialog, call, registration and each caller's place in the IVR. It translates between
//! SIP, media and the Router; it holds no policy about who gets which call.
//!
//! | file | what happens there |
//! | --- | --- |
//! | `incoming` | requests outside dialogs: who asks, what for, may they; a call begins |
//! | `in_dialog` | ACK, BYE, re-INVITE, INFO, OPTIONS in a leg's dialog |
//! | `responses` | what agents' phones and others answer to our requests |
//! | `offers` | the Router's words: offer, connect, revoke, place, time out |
//! | `caller` | the caller's way: IVR steps, queue, announcements, fallbacks |
//! | `audio` | SDP, ports, commands to the media workers and their facts |
//! | `register` | REGISTER and the agents' own calls to `*6x` |
//! | `ending` | ends legs and calls, writes the record |
//! | `hand_over` | everything out of one Switch and into another; `Resync` |

pub mod event;
pub mod hand_over;
pub mod invariants;
pub mod settings;
pub mod snapshot;

mod admission;
mod audio;
mod caller;
mod directory;
mod ending;
mod in_dialog;
mod incoming;
mod offers;
mod register;
mod responses;
mod send;
#[cfg(test)]
mod tests;
mod turn;

pub use event::{Actions, Event, Notice};
pub use hand_over::HandOver;
pub use settings::Settings;

use crate::acd::Request;
use crate::acd::request::{AgentView, Numbered};
use crate::call::table::{Key, Slots};
use crate::call::{Call, Leg, Stage};
use crate::clock::{Instant, WallClock};
use crate::ids::{CallId, Flow, OfferId};
use crate::media::ports::{Block, PortPool};
use crate::seed::{Map, Seed};
use crate::sip::digest::Challenger;
use crate::sip::registrar::Registrar;
use crate::sip::scan::Message;
use crate::sip::transaction::{Received, Transactions};
use crate::timers::TimerHeap;
use admission::Admission;
use directory::Directory;
use snapshot::Tally;
use std::sync::Arc;
use turn::{Asked, ClientUser, ServerUser, Timer, Turn};

/// See the module text.
pub struct Switch {
    settings: Arc<Settings>,
    directory: Directory,
    sip: Sip,
    calls: Calls,
    ports: PortPool,
    timers: TimerHeap<Timer>,
    admission: Admission,
    agents: Agents,
    router: RouterSeat,
    wall: WallClock,
    seed: Seed,
    tally: Tally,
}

/// The SIP side's own values.
struct Sip {
    transactions: Transactions<ServerUser, ClientUser>,
    registrar: Registrar,
    challenger: Challenger,
    /// A message being written, and a body.
    scratch: Vec<u8>,
    body: Vec<u8>,
}

/// All calls and legs, and the ways to find them.
struct Calls {
    calls: Slots<Call>,
    legs: Slots<Leg>,
    by_id: Map<CallId, Key<Call>>,
    by_offer: Map<OfferId, Key<Call>>,
    /// Streams that are not yet closed, for the facts about them.
    by_stream: Map<crate::ids::StreamId, Key<Leg>>,
    last: u64,
    /// Calls that changed since the last snapshot, each once; and those that are gone.
    changed: Vec<Key<Call>>,
    gone: Vec<CallId>,
}

impl Calls {
    /// Moves a call to another stage.
    fn enter(&mut self, key: Key<Call>, stage: Stage) {
        let Some(call) = self.calls.at_mut(key) else { return };
        call.stage = stage;
        if !core::mem::replace(&mut call.history.changed, true) {
            self.changed.push(key);
        }
    }
}

/// Agents as the Router last described them, by [`crate::ids::AgentId`].
#[derive(Default)]
struct Agents {
    views: Vec<Option<AgentView>>,
    /// How many calls of their own each has open.
    own_calls: Vec<u32>,
}

/// Where the Switch stands with its Router.
#[derive(Default)]
struct RouterSeat {
    /// Number of the last request.
    number: u64,
    offer_last: u64,
}

impl Switch {
    /// A Switch without calls. `seed` feeds everything unpredictable; `ports` is what the media workers have bound.
    pub fn new(settings: Arc<Settings>, ports: &[Block], seed: u64) -> Self {
        let mut seed = Seed::new(seed);
        let sip = Sip {
            transactions: Transactions::new(settings.timings, settings.limits.transactions_max, &mut seed),
            registrar: Registrar::new(settings.registrar),
            challenger: Challenger::new(settings.digest.clone(), &mut seed),
            scratch: Vec::with_capacity(2048),
            body: Vec::with_capacity(512),
        };
        let calls = Calls {
            calls: Slots::default(),
            legs: Slots::default(),
            by_id: Map::with_hasher(seed.keyed()),
            by_offer: Map::with_hasher(seed.keyed()),
            by_stream: Map::with_hasher(seed.keyed()),
            last: 0,
            changed: Vec::new(),
            gone: Vec::new(),
        };
        let directory = Directory::new(&settings, &mut seed);
        Self {
            directory,
            sip,
            calls,
            ports: PortPool::new(ports),
            timers: TimerHeap::default(),
            admission: Admission::new(settings.trunks.len()),
            agents: Agents::default(),
            router: RouterSeat::default(),
            wall: WallClock::default(),
            seed,
            tally: Tally::default(),
            settings,
        }
    }

    /// The one way in. Cannot fail.
    pub fn handle(&mut self, event: Event<'_>, now: Instant, out: &mut Actions) {
        let sent = out.datagrams.len();
        let mut turn = Turn { now, out };
        self.on_time(&mut turn);
        match event {
            Event::Sip { message, flow } => self.on_message(message, flow, &mut turn),
            Event::Media(fact) => self.on_fact(fact, &mut turn),
            Event::Router(reply) => self.on_reply(reply, &mut turn),
            Event::Time => {}
            Event::Wall(wall) => self.wall = WallClock::set(now, wall),
            Event::Wish { agent, wish } => self.request(Request::Wish { agent, wish }, &mut turn),
            Event::End { call } => self.end_by_operator(call, &mut turn),
            Event::Drain => self.drain(&mut turn),
            Event::EndAll => {
                self.end_all(&mut turn);
                self.wait_for_nobody(&mut turn);
            }
            Event::Configure(settings) => self.configure(settings, &mut turn),
            Event::Started => self.announce_fixed(&mut turn),
            Event::RouterLost => self.resync(&mut turn),
        }
        self.tally.sent(turn.out.datagrams.iter().skip(sent));
    }

    /// When [`Event::Time`] is due.
    pub fn next_deadline(&self) -> Option<Instant> {
        let sip = [self.sip.transactions.next_deadline(), self.sip.registrar.next_deadline()];
        sip.into_iter().flatten().chain(self.timers.next_deadline()).min()
    }

    /// Calls in progress; one whose legs or ports are not all cleared yet is in progress.
    pub fn calls(&self) -> usize {
        self.calls.calls.len()
    }

    /// Whether a drain has come to its end.
    pub fn is_drained(&self) -> bool {
        self.admission.draining && self.calls.calls.is_empty()
    }

    fn on_time(&mut self, turn: &mut Turn) {
        while let Some(timed_out) = self.sip.transactions.expire(turn.now, &mut turn.out.datagrams) {
            self.on_no_response(timed_out.user, turn);
        }
        while let Some(agent) = self.sip.registrar.expire(turn.now) {
            self.tell_reachable(agent, turn);
        }
        while let Some(timer) = self.timers.expire(turn.now) {
            match timer {
                Timer::Repeat(leg) => self.repeat_answer(leg, turn),
                Timer::Ivr(call) => self.ivr_time(call, turn),
                Timer::CallMax(call) => self.call_too_long(call, turn),
                Timer::Drained => self.end_all(turn),
            }
        }
    }

    fn on_message(&mut self, message: Message<'_>, flow: Flow, turn: &mut Turn) {
        self.tally.received(&message);
        match self.sip.transactions.receive(&message, flow, turn.now, &mut turn.out.datagrams) {
            Received::Absorbed | Received::Stray => {}
            Received::Request(tx) => self.on_request(Asked { tx, message, flow }, turn),
            Received::Merged(tx) => self.refuse(&Asked { tx, message, flow }, 482, "merged", turn),
            Received::Cancel { invite } => self.on_cancel(invite, turn),
            Received::Ack => self.on_ack(&message, turn),
            Received::Response(tx, user) => self.on_response(&message, flow, tx, user, turn),
        }
    }

    fn request(&mut self, request: Request, turn: &mut Turn) {
        self.router.number += 1;
        turn.out.requests.push(Numbered { number: self.router.number, request });
    }

    fn configure(&mut self, settings: Arc<Settings>, turn: &mut Turn) {
        self.directory = Directory::new(&settings, &mut self.seed);
        self.admission.resize(settings.trunks.len());
        self.sip.challenger.configure(settings.digest.clone());
        self.sip.registrar.configure(settings.registrar);
        self.settings = settings;
        self.announce_fixed(turn);
    }
}
