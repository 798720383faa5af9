//! Calls and their legs as plain values, the table that holds them, and the record each leaves. Not the logic: that is the Switch's.

pub mod leg;
pub mod record;
pub mod table;

pub use leg::Leg;
pub use record::{Cause, Side};

use crate::clock::Instant;
use crate::ids::{AgentId, CallId, OfferId, PromptId, QueueId, TrunkId};
use crate::ivr::Session;
use crate::ivr::session::Language;
use crate::timers::TimerHandle;
use record::LegRecord;
use table::Key;

/// One caller's visit.
#[derive(Clone, Debug)]
pub struct Call {
    pub id: CallId,
    pub origin: Origin,
    pub identity: Identity,
    pub started: Instant,
    pub language: Language,
    /// The caller's leg; its record stays after the leg has gone.
    pub caller: Key<Leg>,
    /// Agent legs that are still in the table.
    pub agents: Vec<Key<Leg>>,
    pub stage: Stage,
    pub ivr: Option<Session>,
    /// Set from the first wish for a human on; the place is kept (INTEROP 21).
    pub place: Option<Place>,
    pub offer: Option<Offer>,
    pub saying: Option<Saying>,
    pub ending: Option<Ending>,
    pub history: History,
    pub timers: Timers,
}

/// Handles of the call's armed timers; their deadlines follow from the other fields.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timers {
    pub ivr: Option<TimerHandle>,
    pub longest: Option<TimerHandle>,
}

/// Where a call came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    Trunk(TrunkId),
    Agent(AgentId),
}

/// Who calls whom, as cleaned text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub calling: String,
    pub called: String,
    /// Caller's headers on the allow-list, for the agent's INVITE.
    pub passed: Vec<(Box<str>, Box<[u8]>)>,
}

/// What the caller is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Ivr,
    /// In a queue; `Call::place` says which.
    Waiting,
    /// In a queue while an agent's phone rings.
    Ringing,
    Talking,
    /// Hears a last announcement, or is gone and only legs and ports are left to clear.
    Ending,
}

/// A call's place in a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    pub queue: QueueId,
    pub priority: i32,
    /// When the call first asked for a human: the key that never changes.
    pub arrived: Instant,
    /// When it entered this queue.
    pub entered: Instant,
    /// Only this agent will do.
    pub agent: Option<AgentId>,
    pub offers: u32,
}

/// The open offer of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub id: OfferId,
    pub agent: AgentId,
    /// One leg for each contact that was rung.
    pub legs: Vec<Key<Leg>>,
    pub phase: crate::acd::request::OfferPhase,
    pub since: Instant,
    /// The leg that has been bridged.
    pub winner: Option<Key<Leg>>,
}

/// An announcement that is being said to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saying {
    pub token: u32,
    pub then: Then,
}

/// What follows when an announcement has been said to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Then {
    /// The IVR goes on.
    Ivr,
    /// Nothing: music goes on by itself.
    Music,
    HangUp,
}

/// How and by whom the call ends; the first word counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ending {
    pub cause: Cause,
    pub first: Side,
    pub at: Instant,
}

/// Queue visits, and legs, that a record tells of at most. A call may go round for hours: what is beyond is left out of the
/// middle, so that the beginning and the end stay.
pub const HISTORY_MAX: usize = 64;

/// What the record will tell besides.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    pub queues: Vec<record::QueueVisit>,
    pub legs: Vec<LegRecord>,
    pub answered: Option<Instant>,
    /// Last token given to an announcement.
    pub tokens: u32,
    /// Music that plays under everything.
    pub music: Option<PromptId>,
    /// Counted as a call of its agent's own.
    pub own_call: bool,
    /// Changed since the last snapshot.
    pub changed: bool,
}

impl History {
    /// Adds a visit to a queue.
    pub fn add_queue(&mut self, visit: record::QueueVisit) {
        make_room(&mut self.queues);
        self.queues.push(visit);
    }

    /// Adds an agent's leg.
    pub fn add_leg(&mut self, leg: LegRecord) {
        make_room(&mut self.legs);
        self.legs.push(leg);
    }
}

fn make_room<T>(list: &mut Vec<T>) {
    if list.len() >= HISTORY_MAX {
        list.remove(HISTORY_MAX / 2);
    }
}
