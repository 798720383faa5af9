//! The rules of routing once more, as plainly as they can be put: flat lists, everything scanned, nothing kept up.
//! Shares no code with the Router beyond the words of `request`.

use crate::acd::request::{Contact, Leave, OfferFailure, Refused, Reply, Request, Revoke, Waiting, Wish};
use crate::acd::{AgentState, NotReady, Settings};
use crate::clock::{Duration, Instant};
use crate::ids::{AgentId, CallId, OfferId, QueueId, ReasonId};
use std::sync::Arc;

#[derive(Clone, Copy, PartialEq, Debug)]
enum Due {
    Provisional(u64),
    Ring(u64),
    WrapUp(u32, u64),
    Pause(u32, u64),
    WaitMax(u64, u64),
    CallPause(u64),
    Refusal(CallId, AgentId),
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Doing {
    Nothing,
    Rung(u64),
    Talk { offer: u64, held: bool },
    Wrap { serial: u64, from: Instant, until: Instant, queue: QueueId },
}

struct Person {
    phone: bool,
    logged_on: bool,
    not_ready: Option<NotReady>,
    remembered: Option<ReasonId>,
    doing: Doing,
    later: Option<Wish>,
    own: bool,
    idle: Instant,
    failures: u8,
    ended: Option<Instant>,
    forgiven: bool,
    /// Number of the pause that must be over before the next offer.
    pause: Option<u64>,
}

struct Caller {
    waiting: Waiting,
    /// This visit to this queue, to recognise its wait limit.
    visit: u64,
    offer: Option<u64>,
    talking: bool,
    paused: bool,
}

/// See the module text.
pub(super) struct Model {
    settings: Settings,
    people: Vec<Person>,
    callers: Vec<Caller>,
    /// Whose phone refused which call not long ago.
    refusals: Vec<(CallId, AgentId)>,
    due: Vec<(Instant, Due)>,
    serial: u64,
    offers: u64,
    pub said: Vec<(Instant, Reply)>,
    now: Instant,
    contacts: Arc<[Contact]>,
}

impl Model {
    pub(super) fn new(settings: Settings, contacts: Arc<[Contact]>, now: Instant) -> Self {
        let person = |_| Person {
            phone: false,
            logged_on: false,
            not_ready: None,
            remembered: None,
            doing: Doing::Nothing,
            later: None,
            own: false,
            idle: now,
            failures: 0,
            ended: None,
            forgiven: false,
            pause: None,
        };
        let people = settings.agents.iter().map(person).collect();
        let (callers, refusals, due, said) = (vec![], vec![], vec![], vec![]);
        Self { settings, people, callers, refusals, due, serial: 0, offers: 0, said, now, contacts }
    }

    pub(super) fn state(&self, agent: usize) -> AgentState {
        let person = &self.people[agent];
        match person.doing {
            Doing::Rung(_) => AgentState::Offered,
            Doing::Talk { held: false, .. } => AgentState::Talking,
            Doing::Talk { held: true, .. } => AgentState::Holding,
            Doing::Wrap { .. } => AgentState::WrapUp,
            Doing::Nothing if !person.logged_on => AgentState::LoggedOff,
            Doing::Nothing if person.own => AgentState::OwnCall,
            Doing::Nothing => person.not_ready.map_or(AgentState::Ready, AgentState::NotReady),
        }
    }

    /// Everything that is due until `end`, one thing after the other.
    pub(super) fn pass(&mut self, end: Instant) {
        // The first of equal ones is the one that was set first.
        while let Some(place) = (0..self.due.len()).min_by_key(|&place| (self.due[place].0, place))
            && self.due[place].0 <= end
        {
            let (at, due) = self.due.remove(place);
            self.now = at;
            self.on_due(due);
            self.match_all();
        }
        self.now = end;
    }

    pub(super) fn ask(&mut self, request: Request) {
        match request {
            Request::Enqueue(waiting) => self.enqueue(waiting),
            Request::Withdraw { call, .. } => self.withdraw(call),
            Request::Ringing { offer } => {
                if self.due.contains_provisional(offer.0) {
                    self.due.retain(|due| due.1 != Due::Provisional(offer.0));
                    let limit = self.agent_of(offer.0).map(|agent| self.settings.agents[agent].ring_limit);
                    self.after(limit.expect("a rung agent"), Due::Ring(offer.0));
                }
            }
            Request::Answered { offer } => self.answered(offer.0),
            Request::Failed { offer, why } => match self.agent_of(offer.0).map(|agent| self.people[agent].doing) {
                Some(Doing::Rung(_)) => self.fail(offer.0, why),
                Some(_) => self.talk_over(offer.0),
                None => {}
            },
            Request::Ended { offer } => match self.agent_of(offer.0).map(|agent| self.people[agent].doing) {
                Some(Doing::Rung(_)) => self.fail(offer.0, OfferFailure::Internal),
                Some(_) => self.talk_over(offer.0),
                None => {}
            },
            Request::Held { offer, held } => {
                for person in &mut self.people {
                    if matches!(person.doing, Doing::Talk { offer: own, .. } if own == offer.0) {
                        person.doing = Doing::Talk { offer: offer.0, held };
                    }
                }
            }
            Request::Reachable { agent, contacts } => self.reachable(agent.index(), !contacts.is_empty()),
            Request::Wish { agent, wish } => self.wish(agent.index(), wish),
            Request::OwnCall { agent, active } => {
                let now = self.now;
                let person = &mut self.people[agent.index()];
                if person.own && !active && person.doing == Doing::Nothing {
                    person.idle = now;
                }
                person.own = active;
            }
            Request::Resync(_) => unreachable!("not part of these histories"),
        }
        self.exits();
        self.match_all();
    }

    fn say(&mut self, reply: Reply) {
        self.said.push((self.now, reply));
    }

    fn after(&mut self, wait: Duration, due: Due) {
        self.due.push((self.now + wait, due));
    }

    fn agent_of(&self, offer: u64) -> Option<usize> {
        self.people.iter().position(|person| match person.doing {
            Doing::Rung(own) | Doing::Talk { offer: own, .. } => own == offer,
            _ => false,
        })
    }

    fn fits(&self, waiting: &Waiting, agent: usize) -> bool {
        let Some(queue) = self.settings.queues.iter().find(|queue| queue.id == waiting.queue) else { return false };
        let skills = &self.settings.agents[agent].skills;
        match waiting.agent {
            Some(only) => only.index() == agent,
            None => queue.requires.iter().all(|need| skills.iter().any(|has| has.0 == need.0 && has.1 >= need.1)),
        }
    }

    fn could_take(&self, caller: &Caller, agent: usize) -> bool {
        let refused = self.refusals.contains(&(caller.waiting.call, AgentId(agent as u32)));
        caller.offer.is_none()
            && !caller.paused
            && self.fits(&caller.waiting, agent)
            && self.state(agent) == AgentState::Ready
            && self.people[agent].phone
            && self.people[agent].pause.is_none()
            && !refused
    }

    /// Whether `a` is served before `b`: more points now, or as many and earlier, or as early and a smaller number.
    fn before(&self, a: &Waiting, b: &Waiting) -> bool {
        let points = |waiting: &Waiting| {
            let queue = self.settings.queues.iter().find(|queue| queue.id == waiting.queue).map_or(0, |q| q.priority);
            let aged = self.now.since(waiting.arrived).as_micros() as i64 * self.settings.ageing_per_second as i64;
            i64::from(waiting.priority + queue) * 1_000_000 + aged
        };
        (-points(a), a.arrived, a.call) < (-points(b), b.arrived, b.call)
    }

    fn match_all(&mut self) {
        loop {
            let mut best: Option<usize> = None;
            for (place, caller) in self.callers.iter().enumerate() {
                let somebody = (0..self.people.len()).any(|agent| self.could_take(caller, agent));
                let better = best.is_none_or(|best| self.before(&caller.waiting, &self.callers[best].waiting));
                if somebody && better {
                    best = Some(place);
                }
            }
            let Some(place) = best else { return };
            let fitting = (0..self.people.len()).filter(|&agent| self.could_take(&self.callers[place], agent));
            let agent = fitting.min_by_key(|&agent| (self.people[agent].idle, agent)).expect("somebody could");
            self.offers += 1;
            let offer = self.offers;
            self.callers[place].offer = Some(offer);
            self.people[agent].doing = Doing::Rung(offer);
            let Waiting { call, queue, .. } = self.callers[place].waiting;
            let (agent, contacts, matched) = (AgentId(agent as u32), self.contacts.clone(), self.now);
            self.say(Reply::Offer { offer: OfferId(offer), call, queue, agent, contacts, matched });
            self.after(self.settings.provisional_timeout, Due::Provisional(offer));
        }
    }

    /// Nobody with the skills who is not logged off.
    fn unserved(&self, waiting: &Waiting) -> bool {
        let queue = self.settings.queues.iter().find(|queue| queue.id == waiting.queue);
        let minded = waiting.agent.is_some() || queue.is_some_and(|queue| queue.refuse_without_agents);
        let on = |agent: usize| self.state(agent) != AgentState::LoggedOff && self.fits(waiting, agent);
        minded && !(0..self.people.len()).any(on)
    }

    fn exits(&mut self) {
        while let Some(place) = self.callers.iter().position(|c| c.offer.is_none() && self.unserved(&c.waiting)) {
            let Waiting { call, queue, .. } = self.callers.remove(place).waiting;
            self.say(Reply::Refused { call, queue, why: Refused::NoAgents });
        }
    }

    fn enqueue(&mut self, waiting: Waiting) {
        let Waiting { call, queue, agent, .. } = waiting;
        if let Some(known) = self.callers.iter().find(|known| known.waiting.call == call) {
            if known.offer.is_none() && known.waiting.queue == queue && known.waiting.agent == agent {
                return;
            }
            self.withdraw(call);
        }
        self.serial += 1;
        let caller = Caller { waiting, visit: self.serial, offer: None, talking: false, paused: false };
        let there = self.callers.iter().filter(|c| c.waiting.queue == queue && c.offer.is_none()).count();
        let somebody = (0..self.people.len()).any(|agent| self.could_take(&caller, agent));
        let settings = self.settings.queues.iter().find(|settings| settings.id == queue);
        let why = match settings {
            None => Some(Refused::UnknownQueue),
            Some(_) if self.unserved(&waiting) => Some(Refused::NoAgents),
            Some(settings) if there >= settings.waiting_max as usize && !somebody => Some(Refused::Full),
            Some(_) => None,
        };
        if let Some(why) = why {
            return self.say(Reply::Refused { call, queue, why });
        }
        if let Some(wait) = settings.and_then(|settings| settings.wait_max) {
            self.after(wait, Due::WaitMax(call.0, self.serial));
        }
        self.callers.push(caller);
    }

    fn withdraw(&mut self, call: CallId) {
        let Some(place) = self.callers.iter().position(|caller| caller.waiting.call == call) else { return };
        match (self.callers[place].offer, self.callers[place].talking) {
            (Some(offer), true) => return self.talk_over(offer),
            (Some(offer), false) => self.spare(offer, Revoke::CallerGone),
            (None, _) => {}
        }
        self.callers.remove(place);
    }

    /// Takes an offer back that rings; the agent is as before.
    fn spare(&mut self, offer: u64, why: Revoke) {
        self.say(Reply::Revoke { offer: OfferId(offer), why });
        self.due.retain(|due| due.1 != Due::Provisional(offer) && due.1 != Due::Ring(offer));
        if let Some(agent) = self.agent_of(offer) {
            self.settle(agent);
        }
    }

    fn settle(&mut self, agent: usize) {
        self.people[agent].doing = Doing::Nothing;
        if let Some(wish) = self.people[agent].later.take() {
            self.wish(agent, wish);
        }
        self.people[agent].logged_on &= self.people[agent].phone;
    }

    fn answered(&mut self, offer: u64) {
        let Some(agent) = self.agent_of(offer) else {
            return self.say(Reply::Revoke { offer: OfferId(offer), why: Revoke::Unknown });
        };
        if self.people[agent].doing != Doing::Rung(offer) {
            return;
        }
        self.due.retain(|due| due.1 != Due::Provisional(offer) && due.1 != Due::Ring(offer));
        self.people[agent].doing = Doing::Talk { offer, held: false };
        self.people[agent].failures = 0;
        for caller in self.callers.iter_mut().filter(|caller| caller.offer == Some(offer)) {
            caller.talking = true;
        }
        self.say(Reply::Connect { offer: OfferId(offer) });
    }

    /// The caller of `offer` is free again, at the old place.
    fn put_back(&mut self, offer: u64, paused: bool) {
        for caller in self.callers.iter_mut().filter(|caller| caller.offer == Some(offer)) {
            caller.offer = None;
            caller.paused = paused;
        }
    }

    fn fail(&mut self, offer: u64, why: OfferFailure) {
        let Some(agent) = self.agent_of(offer) else { return };
        let call = self.callers.iter().find(|caller| caller.offer == Some(offer)).map(|caller| caller.waiting.call);
        let call = call.expect("an offer has a call");
        self.due.retain(|due| due.1 != Due::Provisional(offer) && due.1 != Due::Ring(offer));
        let now = self.now;
        let person = &mut self.people[agent];
        let fresh = person.ended.is_some_and(|ended| now.since(ended) <= self.settings.busy_grace);
        if why == OfferFailure::Internal {
            self.after(Duration::from_secs(1), Due::CallPause(call.0));
        } else if why == OfferFailure::Busy && fresh && !person.forgiven {
            person.forgiven = true;
            self.pause(agent, self.settings.busy_retry);
        } else {
            person.idle = now;
            person.failures += 1;
            if person.failures == self.settings.failures_max {
                person.failures = 0;
                person.not_ready = Some(match why {
                    OfferFailure::Busy => NotReady::Busy,
                    OfferFailure::Declined => NotReady::Declined,
                    _ => NotReady::PhoneError,
                });
            }
            let agent = AgentId(agent as u32);
            self.refusals.push((call, agent));
            self.after(self.settings.repeat_offer_after, Due::Refusal(call, agent));
        }
        self.settle(agent);
        self.put_back(offer, why == OfferFailure::Internal);
    }

    fn pause(&mut self, agent: usize, wait: Duration) {
        self.serial += 1;
        self.people[agent].pause = Some(self.serial);
        self.after(wait, Due::Pause(agent as u32, self.serial));
    }

    fn talk_over(&mut self, offer: u64) {
        let Some(agent) = self.agent_of(offer) else { return };
        let place = self.callers.iter().position(|caller| caller.offer == Some(offer)).expect("a talk has a call");
        let queue = self.callers.remove(place).waiting.queue;
        self.people[agent].ended = Some(self.now);
        self.people[agent].forgiven = false;
        if !self.settings.offer_gap.is_zero() {
            self.pause(agent, self.settings.offer_gap);
        }
        let settings = self.settings.queues.iter().find(|settings| settings.id == queue).expect("a known queue");
        let wrap_up = settings.wrap_up;
        self.serial += 1;
        let (serial, from, until) = (self.serial, self.now, self.now + wrap_up);
        self.people[agent].doing = Doing::Wrap { serial, from, until, queue };
        if wrap_up.is_zero() {
            self.wrapped_up(agent);
        } else {
            self.after(wrap_up, Due::WrapUp(agent as u32, serial));
        }
    }

    fn wrapped_up(&mut self, agent: usize) {
        self.people[agent].idle = self.now;
        self.settle(agent);
    }

    fn on_due(&mut self, due: Due) {
        match due {
            Due::Provisional(offer) => {
                self.say(Reply::Revoke { offer: OfferId(offer), why: Revoke::Unreachable });
                self.fail(offer, OfferFailure::Unreachable);
            }
            Due::Ring(offer) => {
                if let Some(agent) = self.agent_of(offer) {
                    self.people[agent].not_ready = Some(NotReady::NoAnswer);
                    self.spare(offer, Revoke::RingLimit);
                    self.put_back(offer, false);
                }
            }
            Due::WrapUp(agent, of) => {
                let agent = agent as usize;
                if matches!(self.people[agent].doing, Doing::Wrap { serial, .. } if serial == of) {
                    self.wrapped_up(agent);
                }
            }
            Due::Pause(agent, of) => {
                let pause = &mut self.people[agent as usize].pause;
                *pause = pause.filter(|&pause| pause != of);
            }
            Due::CallPause(call) => {
                self.callers.iter_mut().filter(|c| c.waiting.call.0 == call).for_each(|c| c.paused = false)
            }
            Due::Refusal(call, agent) => self.refusals.retain(|refusal| *refusal != (call, agent)),
            Due::WaitMax(call, visit) => {
                let here = |c: &Caller| c.waiting.call.0 == call && c.visit == visit && !c.talking;
                let Some(place) = self.callers.iter().position(here) else { return };
                if let Some(offer) = self.callers[place].offer {
                    self.spare(offer, Revoke::TimedOut);
                }
                let Waiting { call, queue, .. } = self.callers.remove(place).waiting;
                self.say(Reply::TimedOut { call, queue });
            }
        }
        self.exits();
    }

    fn wish(&mut self, agent: usize, wish: Wish) {
        let now = self.now;
        let person = &mut self.people[agent];
        match (wish, person.doing) {
            (Wish::ExtendWrapUp, Doing::Wrap { from, until, queue, .. }) => {
                let queue = self.settings.queues.iter().find(|settings| settings.id == queue).expect("a known queue");
                let longer = from + queue.wrap_up_max;
                if longer > until {
                    self.serial += 1;
                    let serial = self.serial;
                    self.people[agent].doing = Doing::Wrap { serial, from, until: longer, queue: queue.id };
                    self.due.push((longer, Due::WrapUp(agent as u32, serial)));
                }
            }
            (Wish::ExtendWrapUp, _) => {}
            (Wish::Ready, Doing::Wrap { .. }) => {
                person.later = None;
                self.wrapped_up(agent);
            }
            (Wish::Ready, Doing::Nothing) => {
                person.remembered = None;
                person.failures = 0;
                if person.phone && (!person.logged_on || person.not_ready.is_some()) {
                    (person.logged_on, person.not_ready, person.idle) = (true, None, now);
                }
            }
            (Wish::NotReady(reason), Doing::Nothing) => {
                person.remembered = Some(reason);
                if person.phone {
                    (person.logged_on, person.not_ready) = (true, Some(NotReady::Chosen(reason)));
                }
            }
            (Wish::LogOff, Doing::Nothing) => {
                person.remembered = None;
                person.logged_on = false;
            }
            (wish, _) => person.later = Some(wish).filter(|wish| *wish != Wish::Ready),
        }
    }

    fn reachable(&mut self, agent: usize, phone: bool) {
        let now = self.now;
        let person = &mut self.people[agent];
        let had = std::mem::replace(&mut person.phone, phone);
        match person.doing {
            Doing::Rung(offer) if !phone => {
                self.spare(offer, Revoke::Unreachable);
                self.put_back(offer, false);
            }
            Doing::Nothing if had && !phone => person.logged_on = false,
            Doing::Nothing if !had && phone && !person.logged_on => {
                (person.logged_on, person.idle, person.failures) = (true, now, 0);
                person.not_ready = person.remembered.map(NotReady::Chosen);
            }
            _ => {}
        }
    }
}

trait Contains {
    fn contains_provisional(&self, offer: u64) -> bool;
}

impl Contains for Vec<(Instant, Due)> {
    fn contains_provisional(&self, offer: u64) -> bool {
        self.iter().any(|due| due.1 == Due::Provisional(offer))
    }
}

/// Why a caller leaves makes no difference to the rules.
pub(super) const ANY_LEAVE: Leave = Leave::HungUp;
