//! The Router: owns every queue, agent and offer. One writer, one total order.
//!
//! It is not told about SIP or audio and asks for nothing: it hears [`Event`]s and says [`Reply`]s. A decision happens when a call
//! comes (back), an agent becomes ready, a refusal has been waited out, or settings change; nothing polls. After each event no
//! waiting call and idle agent are left who could have each other (`invariants` checks it).
//!
//! ```text
//! mod       the way in          calls    enqueue, withdraw, wait limit, place     matching   who gets whom
//! offers    one offer's life    agents   wishes, phone, wrap-up, own calls        resync     rebuilt from nothing
//! configure reload              publish  figures                                  invariants what always holds
//! ```

mod agents;
mod calls;
mod configure;
#[cfg(test)]
pub(crate) mod fixture;
mod invariants;
mod matching;
mod offers;
mod publish;
mod resync;
#[cfg(test)]
mod tests;

use super::agent::Agent;
use super::idle_sets::IdleSets;
use super::offer::{Offers, Refusals};
use super::queue::{Call, Queue};
use super::request::{Numbered, Reply, Request};
use super::settings::Settings;
use super::snapshot::RouterSnapshot;
use crate::clock::Instant;
use crate::ids::{AgentId, CallId, OfferId, QueueId};
use crate::timers::TimerHeap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// See the module text.
#[derive(Debug)]
pub struct Router {
    settings: Arc<Settings>,
    queues: BTreeMap<QueueId, Queue>,
    /// By `AgentId`; a removed agent leaves a hole.
    agents: Vec<Option<Agent>>,
    calls: BTreeMap<CallId, Call>,
    offers: Offers,
    refusals: Refusals,
    groups: IdleSets,
    timers: TimerHeap<Timer>,
    /// The last request's number.
    number: Option<u64>,
    unmatched: matching::Unmatched,
    /// Agents whose view has changed in this turn, in that order.
    changed: Vec<AgentId>,
    publisher: publish::Publisher,
}

/// Everything that can happen to the Router.
#[derive(Clone, Debug)]
pub enum Event {
    Request(Numbered),
    /// `next_deadline` has come (harmless at any other time).
    Time,
    Configure(Arc<Settings>),
}

/// Replies to the Switch, in order.
pub type Actions = Vec<Reply>;

/// What the Router waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Timer {
    /// No provisional answer above 100 came.
    Provisional(OfferId),
    /// The phone has rung long enough.
    RingLimit(OfferId),
    /// The agent's wrap-up is over.
    WrapUp(AgentId),
    /// The agent may be offered calls again: gap after a call, or a forgiven 486.
    AgentPause(AgentId),
    /// The call has waited as long as its queue allows.
    WaitMax(CallId),
    /// The caller is to be told their place.
    Place(CallId),
    /// The call may be offered again after a failure of ours.
    CallPause(CallId),
    /// The agent may be offered a call again that their phone refused.
    Refusal(CallId, AgentId),
}

/// One turn: the time and what is said in it.
struct Turn<'a> {
    now: Instant,
    /// When that which is handled happened: before `now` if a timer is late.
    due: Instant,
    out: &'a mut Actions,
}

impl Router {
    /// A Router with nobody logged on and nobody waiting.
    pub fn new(settings: Arc<Settings>, now: Instant) -> Self {
        let mut router = Self {
            settings: Arc::default(),
            queues: BTreeMap::new(),
            agents: Vec::new(),
            calls: BTreeMap::new(),
            offers: Offers::default(),
            refusals: Refusals::default(),
            groups: IdleSets::default(),
            timers: TimerHeap::default(),
            number: None,
            unmatched: matching::Unmatched::default(),
            changed: Vec::new(),
            publisher: publish::Publisher::default(),
        };
        router.configure(settings, &mut Turn { now, due: now, out: &mut Vec::new() });
        router.changed.clear();
        router
    }

    /// The one way in. Cannot fail.
    pub fn handle(&mut self, event: Event, now: Instant, out: &mut Actions) {
        let turn = &mut Turn { now, due: now, out };
        match event {
            Event::Request(Numbered { number, request }) => {
                if self.number.is_none_or(|last| number > last) {
                    self.number = Some(number);
                    self.handle_request(request, turn);
                    self.match_up(turn);
                }
            }
            Event::Time => {
                while let Some(due) = self.timers.next_deadline()
                    && let Some(timer) = self.timers.expire(now)
                {
                    turn.due = due;
                    self.on_timer(timer, turn);
                    self.match_up(turn);
                }
            }
            Event::Configure(settings) => {
                self.configure(settings, turn);
                self.match_up(turn);
            }
        }
        self.tell_agents(out);
    }

    /// When `Event::Time` is wanted next.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.timers.next_deadline()
    }

    /// Figures of all queues, and the agents that changed since the last call.
    pub fn publish(&mut self, now: Instant) -> RouterSnapshot {
        self.snapshot(now)
    }

    fn handle_request(&mut self, request: Request, turn: &mut Turn<'_>) {
        match request {
            Request::Enqueue(waiting) => self.enqueue(waiting, turn),
            Request::Withdraw { call, why: _ } => self.withdraw(call, turn),
            Request::Ringing { offer } => self.on_ringing(offer, turn),
            Request::Answered { offer } => self.on_answered(offer, turn),
            Request::Failed { offer, why } => self.on_failed(offer, why, turn),
            Request::Ended { offer } => self.on_ended(offer, turn),
            Request::Held { offer, held } => self.on_held(offer, held, turn),
            Request::Reachable { agent, contacts } => self.on_reachable(agent, contacts, turn),
            Request::Wish { agent, wish } => self.on_wish(agent, wish, turn),
            Request::OwnCall { agent, active } => self.on_own_call(agent, active, turn),
            Request::Resync(resync) => self.rebuild(*resync, turn),
        }
    }

    fn on_timer(&mut self, timer: Timer, turn: &mut Turn<'_>) {
        match timer {
            Timer::Provisional(offer) => self.on_no_provisional(offer, turn),
            Timer::RingLimit(offer) => self.on_ring_limit(offer, turn),
            Timer::WrapUp(agent) => self.end_wrap_up(agent, turn),
            Timer::AgentPause(agent) => self.on_agent_pause_over(agent, turn),
            Timer::WaitMax(call) => self.on_wait_max(call, turn),
            Timer::Place(call) => self.on_place(call, turn),
            Timer::CallPause(call) => self.on_call_pause_over(call),
            Timer::Refusal(call, agent) => self.on_refusal_over(call, agent),
        }
    }

    fn agent(&self, id: AgentId) -> Option<&Agent> {
        self.agents.get(id.index())?.as_ref()
    }

    fn agent_mut(&mut self, id: AgentId) -> Option<&mut Agent> {
        self.agents.get_mut(id.index())?.as_mut()
    }
}
