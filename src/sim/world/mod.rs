//! The world: Gate, Switch, Router, a model of the media workers, phones and people under one clock.
//!
//! Each owner is a value of its own; what passes between them passes through modelled links ([`super::link`]), what passes between
//! phones and the Gate through a modelled network. Everything that is to happen stands on one agenda; events at the same time are
//! ordered by (time, link, sequence number). Same settings, same options: same run, to the byte.
//!
//! | file | what |
//! | --- | --- |
//! | `owners` | inputs to the owners, and what they want done |
//! | `crowd` | phones and the people who hold them |
//! | `faults` | what may go wrong on purpose |
//! | `checks` | what must hold always, and what must be left at the end: nothing |

mod checks;
mod crowd;
mod faults;
mod owners;

pub use crowd::{AgentDeed, PersonId};
pub use faults::Fault;

use super::agenda::{Agenda, Link};
use super::ladder::{Style, Trace};
use super::link::Queue;
use super::media_model::MediaModel;
use super::network::Network;
use super::office::Office;
use super::options::{Layout, Options};
use super::people::Deed;
use super::replay::Header;
use super::seat::Seat;
use super::summary::Summary;
use crate::acd::{Reply, Router, request::Numbered};
use crate::clock::{Duration, Instant, WallTime};
use crate::gate::Gate;
use crate::ids::{CallId, Flow, OfferId, WorkerId};
use crate::media::ports::Block;
use crate::media::{Command, Fact};
use crate::seed::Seed;
use crate::sip::outbox::Outbox;
use crate::sip::scan::Index;
use crate::switch::{Actions, Event, Switch};
use crowd::Crowd;
use std::collections::BTreeMap;
use std::sync::Arc;

/// First media port.
const PORT_FIRST: u16 = 20_000;
/// After so many turns at one point in time a world is taken to be stuck.
const TURNS_AT_ONE_TIME_MAX: u32 = 200_000;

/// Something that is to happen.
#[derive(Debug)]
enum Due {
    ToGate {
        phone: u32,
        bytes: Box<[u8]>,
    },
    ToPhone {
        phone: u32,
        bytes: Box<[u8]>,
    },
    /// The oldest message of a link arrives.
    Passed,
    Request,
    Reply,
    Command,
    Fact,
    /// A phone's deadline.
    Wake(u32),
    /// A caller calls.
    Begin(PersonId),
    Deed(PersonId, Deed),
    Agent(u32, AgentDeed),
    Fault(Fault),
}

/// The links between the owners.
struct Links {
    gate_to_switch: Queue<(Flow, Box<[u8]>)>,
    switch_to_router: Queue<Numbered>,
    router_to_switch: Queue<Reply>,
    switch_to_media: Queue<Command>,
    media_to_switch: Queue<Fact>,
}

/// What is kept of a run, if somebody wants to know.
#[derive(Default)]
struct Watching {
    trace: Trace,
    /// Which call an offer is of, for notes in ladders.
    offers: BTreeMap<OfferId, CallId>,
    recording: Option<Recording>,
}

/// The inputs of a run in layout `together`, as `replay` takes them, and a digest of what the Switch sent.
#[derive(Clone, Debug)]
pub struct Recording {
    pub header: Header,
    pub records: Vec<u8>,
    pub digest: u64,
}

impl Recording {
    fn new(options: &Options, seed: u64) -> Self {
        let block = Block::contiguous(WorkerId(0), PORT_FIRST, options.pairs);
        Self { header: Header { seed, blocks: vec![block] }, records: Vec::new(), digest: 0 }
    }
}

/// Buffers that are used again from turn to turn.
#[derive(Default)]
struct Scratch {
    out: Actions,
    answers: Outbox,
    index: Index,
    replies: Vec<Reply>,
}

/// See the module text.
pub struct World {
    pub now: Instant,
    options: Options,
    office: Arc<Office>,
    agenda: Agenda<Due>,
    gate: Gate,
    seat: Seat,
    links: Links,
    media: MediaModel,
    network: Network,
    crowd: Crowd,
    watching: Watching,
    pub summary: Summary,
    /// What should not have happened, in words, with the time; the first 20.
    pub problems: Vec<String>,
    scratch: Scratch,
}

impl World {
    /// A world at its beginning: nobody has called, no phone is registered.
    pub fn new(office: Office, options: Options) -> Self {
        let mut seed = Seed::new(options.seed);
        let block = Block::contiguous(WorkerId(0), PORT_FIRST, options.pairs);
        let switch_seed = seed.bits();
        let switch = Switch::new(Arc::new(office.switch.clone()), &[block], switch_seed);
        let router = Router::new(Arc::new(office.router.clone()), Instant::START);
        let manners = options.links;
        let keeps_records = options.watch.trace;
        let mut world = Self {
            now: Instant::START,
            agenda: Agenda::default(),
            gate: Gate::new(office.gate.clone(), seed.bits()),
            seat: Seat::new(switch, router),
            links: Links {
                gate_to_switch: Queue::new(manners, seed.fork()),
                switch_to_router: Queue::new(manners, seed.fork()),
                router_to_switch: Queue::new(manners, seed.fork()),
                switch_to_media: Queue::new(manners, seed.fork()),
                media_to_switch: Queue::new(manners, seed.fork()),
            },
            media: MediaModel::new(office.prompts.clone(), options.silence),
            network: Network::new(options.network, seed.fork()),
            crowd: Crowd::new(seed.fork()),
            watching: Watching {
                recording: options.watch.record.then(|| Recording::new(&options, switch_seed)),
                ..Watching::default()
            },
            summary: Summary::new(keeps_records),
            problems: Vec::new(),
            scratch: Scratch::default(),
            office: Arc::new(office),
            options,
        };
        world.switch_takes(Event::Wall(WallTime::from_micros(world.options.wall)));
        world.switch_takes(Event::Started);
        world
    }

    /// Runs until `until`; the clock stands there afterwards.
    pub fn run_until(&mut self, until: Instant) {
        while self.step(until) {}
        self.now = self.now.max(until);
    }

    /// Runs for so long.
    pub fn run_for(&mut self, lasting: Duration) {
        self.run_until(self.now + lasting);
    }

    /// Runs until everything planned has happened and every call is over on both sides, at most for `limit`; then until transactions and wrap-ups have run out. Phones
    /// do not refresh their registrations in that last part.
    pub fn run_to_the_end(&mut self, limit: Duration) {
        let until = self.now + limit;
        self.run_until(until.min(self.crowd.busy_until));
        while (self.crowd.is_busy() || self.seat.switch.calls() > 0) && self.step(until) {}
        self.crowd.refreshing = false;
        self.run_for(Duration::from_secs(150));
    }

    /// Takes the next event if it is not after `until`.
    fn step(&mut self, until: Instant) -> bool {
        let next = self.agenda.next();
        let deadline = self.owner_deadline().map(|at| (at.max(self.now), Link::Time));
        let Some((at, link)) = next.into_iter().chain(deadline).min() else { return false };
        if at > until {
            return false;
        }
        if at > self.now {
            self.now = at;
            self.crowd.turns_at_one_time = 0;
        }
        self.crowd.turns_at_one_time += 1;
        assert!(self.crowd.turns_at_one_time < TURNS_AT_ONE_TIME_MAX, "time stands still at {at:?} on {link:?}");
        if deadline.is_some_and(|deadline| next.is_none_or(|next| deadline < next)) {
            self.owners_time();
        } else if let Some((_, due)) = self.agenda.take() {
            self.take(due);
        }
        true
    }

    fn take(&mut self, due: Due) {
        match due {
            Due::ToGate { phone, bytes } => self.gate_takes(phone, &bytes),
            Due::ToPhone { phone, bytes } => self.phone_takes(phone, &bytes),
            Due::Passed => self.deliver_passed(),
            Due::Request => self.deliver_request(),
            Due::Reply => self.deliver_reply(),
            Due::Command => self.deliver_command(),
            Due::Fact => self.deliver_fact(),
            Due::Wake(phone) => self.wake_phone(phone),
            Due::Begin(person) => self.begin_call(person),
            Due::Deed(person, deed) => self.act(person, deed),
            Due::Agent(agent, deed) => self.agent_acts(agent, deed),
            Due::Fault(fault) => self.suffer(fault),
        }
    }

    /// The ladder of everything that belongs to this caller.
    pub fn ladder(&self, calling: &str, style: Style) -> String {
        self.watching.trace.ladder(calling, &|phone| self.crowd.name(phone), style)
    }

    /// The ladder of everything, registrations included.
    pub fn whole_ladder(&self, style: Style) -> String {
        self.watching.trace.whole(&|phone| self.crowd.name(phone), style)
    }

    /// The Switch, to be looked at.
    pub fn switch(&self) -> &Switch {
        &self.seat.switch
    }

    /// The media model, to be looked at.
    pub fn media(&self) -> &MediaModel {
        &self.media
    }

    /// How many agents the settings know.
    pub fn agents_configured(&self) -> u32 {
        self.office.switch.agents.len() as u32
    }

    /// Which values share a thread.
    pub fn layout(&self) -> Layout {
        self.options.layout
    }

    /// What the Gate has counted.
    pub fn gate_counters(&self) -> crate::gate::Counters {
        self.gate.counters()
    }

    /// The network, to be made worse.
    pub fn network(&mut self) -> &mut Network {
        &mut self.network
    }

    /// What has been recorded so far, if the options asked for it.
    pub fn recording(&self) -> Option<&Recording> {
        self.watching.recording.as_ref()
    }

    /// Notes a problem, with the time.
    fn problem(&mut self, what: String) {
        if self.problems.len() < 20 {
            self.problems.push(format!("{:?} {what}", self.now));
        }
    }

    fn is_together(&self) -> bool {
        self.options.layout == Layout::Together
    }
}
