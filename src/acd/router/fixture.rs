//! A small call centre for tests: settings with plain defaults and a driver that checks the invariants after every event.

use super::{Event, Router};
use crate::acd::agent::AgentState;
use crate::acd::request::{Contact, Leave, Numbered, Reply, Request, Waiting, Wish};
use crate::acd::settings::{AgentSettings, QueueSettings, Settings};
use crate::clock::{Duration, Instant};
use crate::ids::{AgentId, CallId, Flow, ListenerId, OfferId, QueueId, SkillId};
use std::sync::Arc;

pub(crate) fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// Queue `id` that asks for (skill, level) pairs: no limits, no announcements, wrap-up 5 s.
pub(crate) fn queue(id: u32, requires: &[(u32, u8)]) -> QueueSettings {
    QueueSettings {
        id: QueueId(id),
        name: format!("queue {id}").into(),
        requires: requires.iter().map(|&(skill, level)| (SkillId(skill), level)).collect(),
        priority: 0,
        waiting_max: 100,
        wait_max: None,
        refuse_without_agents: false,
        wrap_up: seconds(5.0),
        wrap_up_max: seconds(60.0),
        place_after: None,
        place_every: seconds(30.0),
        handling_time: seconds(110.0),
        patience: seconds(120.0),
        wait_buckets: vec![1.0, 10.0],
    }
}

/// Agent `id` with (skill, level) pairs: ring limit 15 s, ready on registering.
pub(crate) fn agent(id: u32, skills: &[(u32, u8)]) -> AgentSettings {
    AgentSettings {
        id: AgentId(id),
        number: format!("{}", 8001 + id).into(),
        name: format!("agent {id}").into(),
        skills: skills.iter().map(|&(skill, level)| (SkillId(skill), level)).collect(),
        ring_limit: seconds(15.0),
        ready_on_register: true,
    }
}

/// `agents` agents with skill 0 at level 5, queue 0 asks for level 1 of it. The defaults of DOMAIN and INTEROP.
pub(crate) fn settings(agents: u32) -> Settings {
    Settings {
        queues: vec![queue(0, &[(0, 1)])],
        agents: (0..agents).map(|id| agent(id, &[(0, 5)])).collect(),
        ageing_per_second: 1.0,
        provisional_timeout: seconds(2.0),
        repeat_offer_after: seconds(30.0),
        failures_max: 3,
        busy_grace: seconds(1.0),
        busy_retry: seconds(0.5),
        offer_gap: Duration::ZERO,
    }
}

pub(crate) fn contacts() -> Arc<[Contact]> {
    let peer = core::net::SocketAddr::from(([127, 0, 0, 1], 5070));
    Arc::new([Contact { uri: (*b"sip:phone@127.0.0.1:5070").into(), flow: Flow { listener: ListenerId(0), peer } }])
}

/// A Router under a clock that only tests move.
pub(crate) struct Desk {
    pub router: Router,
    pub now: Instant,
    number: u64,
    /// Everything said since the last look.
    pub said: Vec<Reply>,
}

impl Desk {
    /// All agents of `settings` registered, the lowest number idle longest.
    pub(crate) fn open(settings: Settings) -> Self {
        let agents: Vec<AgentId> = settings.agents.iter().map(|agent| agent.id).collect();
        let mut desk = Self::closed(settings);
        for agent in agents {
            desk.register(agent.0);
            desk.pass(0.001);
        }
        desk.said.clear();
        desk
    }

    /// Nobody registered.
    pub(crate) fn closed(settings: Settings) -> Self {
        let now = Instant::START + seconds(1000.0);
        Self { router: Router::new(Arc::new(settings), now), now, number: 0, said: Vec::new() }
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.router.handle(event, self.now, &mut self.said);
        let wrong = self.router.invariants();
        assert!(wrong.is_empty(), "at {:?}: {wrong:#?}", self.now);
    }

    pub(crate) fn ask(&mut self, request: Request) {
        self.number += 1;
        self.event(Event::Request(Numbered { number: self.number, request }));
    }

    /// Lets time pass, waking the Router at each of its deadlines.
    pub(crate) fn pass(&mut self, for_seconds: f64) {
        let end = self.now + seconds(for_seconds);
        while let Some(at) = self.router.next_deadline().filter(|&at| at <= end) {
            self.now = at.max(self.now);
            self.event(Event::Time);
        }
        self.now = end;
    }

    pub(crate) fn register(&mut self, agent: u32) {
        self.ask(Request::Reachable { agent: AgentId(agent), contacts: contacts() });
    }

    pub(crate) fn unregister(&mut self, agent: u32) {
        self.ask(Request::Reachable { agent: AgentId(agent), contacts: Arc::default() });
    }

    pub(crate) fn wish(&mut self, agent: u32, wish: Wish) {
        self.ask(Request::Wish { agent: AgentId(agent), wish });
    }

    pub(crate) fn waiting(&self, call: u64, queue: u32, priority: i32) -> Waiting {
        Waiting { call: CallId(call), queue: QueueId(queue), priority, arrived: self.now, agent: None }
    }

    /// A call arrives now in queue 0.
    pub(crate) fn call(&mut self, call: u64) {
        let waiting = self.waiting(call, 0, 0);
        self.ask(Request::Enqueue(waiting));
    }

    pub(crate) fn leave(&mut self, call: u64, why: Leave) {
        self.ask(Request::Withdraw { call: CallId(call), why });
    }

    /// The offers made since the last look, as (offer, call, agent); looks at everything said.
    pub(crate) fn offers(&mut self) -> Vec<(OfferId, u64, u32)> {
        let said = std::mem::take(&mut self.said);
        let offers = said.iter().filter_map(|reply| match reply {
            Reply::Offer { offer, call, agent, .. } => Some((*offer, call.0, agent.0)),
            _ => None,
        });
        offers.collect()
    }

    /// The only offer made since the last look.
    pub(crate) fn offer(&mut self) -> (OfferId, u64, u32) {
        match self.offers()[..] {
            [offer] => offer,
            ref other => panic!("one offer expected at {:?}: {other:?}", self.now),
        }
    }

    /// Rings and answers `offer` at once.
    pub(crate) fn answer(&mut self, offer: OfferId) {
        self.ask(Request::Ringing { offer });
        self.ask(Request::Answered { offer });
    }

    pub(crate) fn end(&mut self, offer: OfferId) {
        self.ask(Request::Ended { offer });
    }

    /// What was said since the last look, without the agents' views.
    pub(crate) fn words(&mut self) -> Vec<Reply> {
        let said = std::mem::take(&mut self.said);
        said.into_iter().filter(|reply| !matches!(reply, Reply::Agent(_))).collect()
    }

    pub(crate) fn state(&self, agent: u32) -> AgentState {
        self.router.agent(AgentId(agent)).expect("the test's agents are configured").state()
    }
}
