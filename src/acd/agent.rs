//! An agent: the states as the trade names them, and how one follows from the other.
//!
//! What an agent wants (`Mode`) and what they are doing (`Activity`) are kept apart; the state shown is worked out from both.
//! A wish during an activity is pending until it is over, wrap-up included: wrap-up belongs to the call (INTEROP 20).

use super::idle_sets::Presence;
use super::queue::Key;
use super::request::{AgentView, Contact, OfferFailure, Wish};
use super::settings::AgentSettings;
use super::skill::GroupId;
use crate::clock::Instant;
use crate::ids::{AgentId, OfferId, QueueId, ReasonId};
use crate::timers::TimerHandle;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Why an agent is not ready.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotReady {
    /// Asked for, with a configured reason.
    Chosen(ReasonId),
    /// Let a call ring until the limit.
    NoAnswer,
    /// Three offers in a row ended 486 / 603 / with an error (INTEROP 18).
    Busy,
    Declined,
    PhoneError,
}

/// What an agent is doing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    LoggedOff,
    Ready,
    NotReady(NotReady),
    Offered,
    Talking,
    Holding,
    WrapUp,
    OwnCall,
}

/// What the agent is when nothing goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mode {
    Off,
    Ready,
    NotReady(NotReady),
}

/// What goes on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Activity {
    Nothing,
    Offered(OfferId),
    Talking(OfferId),
    Holding(OfferId),
    WrapUp(WrapUp),
}

/// A wrap-up in progress.
#[derive(Clone, Copy, Debug)]
pub(super) struct WrapUp {
    /// The queue of the call; `None` if a rebuilt Router could not know.
    pub queue: Option<QueueId>,
    /// When the talk began, for the handling time.
    pub talk_began: Option<Instant>,
    pub began: Instant,
    pub until: Instant,
    pub timer: TimerHandle,
}

/// What offers and calls have left behind.
#[derive(Debug, Default)]
pub(super) struct History {
    /// Failed offers in a row.
    pub failures: u8,
    /// When the last call ended.
    pub call_ended: Option<Instant>,
    /// A 486 right after that call has been forgiven.
    pub busy_forgiven: bool,
    /// Until this timer no offers: the gap after a call, or before a forgiven 486 is tried again.
    pub pause: Option<TimerHandle>,
}

/// An agent.
#[derive(Debug)]
pub(super) struct Agent {
    pub settings: AgentSettings,
    pub fits: Arc<[GroupId]>,
    pub contacts: Arc<[Contact]>,
    pub mode: Mode,
    /// The reason chosen before the phone was lost: taken up again when it is back.
    pub chosen: Option<ReasonId>,
    pub activity: Activity,
    pub pending: Option<Wish>,
    pub own_call: bool,
    pub history: History,
    pub idle_since: Instant,
    pub shown: (AgentState, Instant),
    /// Calls that wait for this agent alone, those that pause included.
    pub private: BTreeSet<Key>,
    pub presence: Presence,
    /// Not in the configuration any more.
    pub removed: bool,
    /// Changed in this turn; the Switch is told at its end.
    pub unsaid: bool,
}

impl Agent {
    pub(super) fn new(settings: &AgentSettings, now: Instant) -> Self {
        Self {
            settings: settings.clone(),
            fits: Arc::default(),
            contacts: Arc::default(),
            mode: Mode::Off,
            chosen: None,
            activity: Activity::Nothing,
            pending: None,
            own_call: false,
            history: History::default(),
            idle_since: now,
            shown: (AgentState::LoggedOff, now),
            private: BTreeSet::new(),
            presence: Presence::default(),
            removed: false,
            unsaid: false,
        }
    }

    pub(super) fn state(&self) -> AgentState {
        match (self.activity, self.mode) {
            (Activity::Offered(_), _) => AgentState::Offered,
            (Activity::Talking(_), _) => AgentState::Talking,
            (Activity::Holding(_), _) => AgentState::Holding,
            (Activity::WrapUp(_), _) => AgentState::WrapUp,
            (Activity::Nothing, Mode::Off) => AgentState::LoggedOff,
            (Activity::Nothing, _) if self.own_call => AgentState::OwnCall,
            (Activity::Nothing, Mode::Ready) => AgentState::Ready,
            (Activity::Nothing, Mode::NotReady(why)) => AgentState::NotReady(why),
        }
    }

    /// Whether a call may be offered now.
    pub(super) fn available(&self) -> bool {
        self.state() == AgentState::Ready && !self.contacts.is_empty() && self.history.pause.is_none()
    }

    /// How the agent is to stand in their groups.
    pub(super) fn due_presence(&self) -> Presence {
        let state = self.state();
        Presence {
            logged_on: state != AgentState::LoggedOff,
            at_work: !matches!(state, AgentState::LoggedOff | AgentState::NotReady(_)),
            idle: self.available().then_some(self.idle_since),
        }
    }

    /// The offer that the agent has, ringing or talking.
    pub(super) fn offer(&self) -> Option<OfferId> {
        match self.activity {
            Activity::Offered(offer) | Activity::Talking(offer) | Activity::Holding(offer) => Some(offer),
            Activity::Nothing | Activity::WrapUp(_) => None,
        }
    }

    pub(super) fn busy(&self) -> bool {
        !matches!(self.activity, Activity::Nothing)
    }

    /// Something was wished for: at once if nothing goes on, else when it is over. Wrap-up is the Router's to end.
    pub(super) fn wish(&mut self, wish: Wish, now: Instant) {
        match wish {
            Wish::ExtendWrapUp => {}
            Wish::Ready if self.busy() => self.pending = None,
            Wish::NotReady(_) | Wish::LogOff if self.busy() => self.pending = Some(wish),
            Wish::Ready => {
                self.chosen = None;
                self.history.failures = 0;
                if !self.contacts.is_empty() && !self.removed && self.mode != Mode::Ready {
                    self.mode = Mode::Ready;
                    self.idle_since = now;
                }
            }
            Wish::NotReady(reason) => {
                self.chosen = Some(reason);
                if !self.contacts.is_empty() {
                    self.mode = Mode::NotReady(NotReady::Chosen(reason));
                }
            }
            Wish::LogOff => {
                self.chosen = None;
                self.mode = Mode::Off;
            }
        }
    }

    /// Nothing goes on any more: what is pending takes effect, and a phone lost meanwhile logs the agent off.
    pub(super) fn rest(&mut self, now: Instant) {
        self.activity = Activity::Nothing;
        if let Some(wish) = self.pending.take() {
            self.wish(wish, now);
        }
        if self.contacts.is_empty() || self.removed {
            self.mode = Mode::Off;
        }
    }

    /// The contacts of the agent's phone as they are now. Only a phone that comes or goes changes the state; a refresh does not.
    pub(super) fn reachable(&mut self, contacts: Arc<[Contact]>, now: Instant) {
        let had = !self.contacts.is_empty();
        self.contacts = contacts;
        let has = !self.contacts.is_empty();
        if self.busy() || had == has {
            return;
        }
        if !has {
            self.mode = Mode::Off;
        } else if self.mode == Mode::Off && !self.removed {
            self.log_on(now);
        }
    }

    fn log_on(&mut self, now: Instant) {
        self.idle_since = now;
        self.history.failures = 0;
        self.mode = match self.chosen {
            Some(reason) => Mode::NotReady(NotReady::Chosen(reason)),
            None if self.settings.ready_on_register => Mode::Ready,
            None => Mode::Off,
        };
    }

    /// A failed offer counts against the agent; at `failures_max` in a row they become not ready (INTEROP 18).
    pub(super) fn on_failure(&mut self, why: OfferFailure, failures_max: u8, now: Instant) {
        self.idle_since = now;
        self.history.failures = self.history.failures.saturating_add(1);
        if self.history.failures >= failures_max {
            self.history.failures = 0;
            self.mode = Mode::NotReady(match why {
                OfferFailure::Busy => NotReady::Busy,
                OfferFailure::Declined => NotReady::Declined,
                OfferFailure::PhoneError | OfferFailure::Unreachable | OfferFailure::Internal => NotReady::PhoneError,
            });
        }
    }

    /// What the Switch and a rebuilt Router need to know. Outside an activity, `pending` carries a reason that waits for the
    /// phone, or for the agent's own call, to come back.
    pub(super) fn view(&self) -> AgentView {
        let hidden = match (self.state(), self.mode) {
            (AgentState::OwnCall, Mode::NotReady(NotReady::Chosen(reason))) => Some(Wish::NotReady(reason)),
            (AgentState::LoggedOff, _) => self.chosen.map(Wish::NotReady),
            _ => None,
        };
        let wrap_up_until = match self.activity {
            Activity::WrapUp(wrap_up) => Some(wrap_up.until),
            _ => None,
        };
        AgentView {
            agent: self.settings.id,
            state: self.shown.0,
            since: self.shown.1,
            idle_since: self.idle_since,
            wrap_up_until,
            pending: self.pending.or(hidden),
            contacts: self.contacts.clone(),
        }
    }

    pub(super) fn id(&self) -> AgentId {
        self.settings.id
    }
}
