//! What one routing decision costs, at 10, 1,000 and 48,000 agents: `cargo bench --no-default-features --bench routing_decision`.
//!
//! Two decisions, timed one by one for their distribution: a call arrives while agents are idle, and an agent is freed while calls wait
//! in all queues. Time is in µs per `Router::handle` that makes the offer. The check value must not change between runs.

#![allow(clippy::disallowed_types, reason = "a bench reads the real clock")]

use huntline::acd::request::{Contact, Numbered, Waiting};
use huntline::acd::router::{Actions, Event};
use huntline::acd::settings::{AgentSettings, QueueSettings};
use huntline::acd::{Leave, Reply, Request, Router, Settings};
use huntline::clock::{Duration, Instant};
use huntline::ids::{AgentId, CallId, Flow, ListenerId, OfferId, QueueId, SkillId};
use std::sync::Arc;

/// Queues each agent serves (DESIGN §6: k), where there are that many.
const QUEUES_PER_AGENT: u32 = 20;

struct Centre {
    router: Router,
    now: Instant,
    number: u64,
    calls: u64,
    out: Actions,
}

impl Centre {
    fn open(agents: u32, queues: u32) -> Self {
        let settings = settings(agents, queues);
        let router = Router::new(Arc::new(settings), Instant::START);
        let mut centre = Self { router, now: Instant::START, number: 0, calls: 0, out: Vec::new() };
        let peer = core::net::SocketAddr::from(([127, 0, 0, 1], 5070));
        let flow = Flow { listener: ListenerId(0), peer };
        let contacts: Arc<[Contact]> = Arc::new([Contact { uri: (*b"sip:phone@127.0.0.1:5070").into(), flow }]);
        for agent in 0..agents {
            centre.ask(Request::Reachable { agent: AgentId(agent), contacts: contacts.clone() });
        }
        centre
    }

    /// Hands one request in; how long that took, and the offer it led to.
    fn ask(&mut self, request: Request) -> (f64, Option<(OfferId, CallId, AgentId)>) {
        self.number += 1;
        self.now = self.now + Duration::from_micros(50);
        self.out.clear();
        let event = Event::Request(Numbered { number: self.number, request });
        let start = std::time::Instant::now();
        self.router.handle(event, self.now, &mut self.out);
        let micros = start.elapsed().as_secs_f64() * 1e6;
        let offer = self.out.iter().find_map(|reply| match reply {
            Reply::Offer { offer, call, agent, .. } => Some((*offer, *call, *agent)),
            _ => None,
        });
        (micros, offer)
    }

    fn arrive(&mut self, queue: u32) -> (f64, Option<(OfferId, CallId, AgentId)>) {
        self.calls += 1;
        let (call, queue, arrived) = (CallId(self.calls), QueueId(queue), self.now);
        self.ask(Request::Enqueue(Waiting { call, queue, priority: 0, arrived, agent: None }))
    }
}

fn settings(agents: u32, queues: u32) -> Settings {
    let second = Duration::from_secs(1);
    let queue = |id: u32| QueueSettings {
        id: QueueId(id),
        name: format!("queue {id}").into(),
        requires: vec![(SkillId(id), 3)],
        priority: 0,
        waiting_max: u32::MAX,
        wait_max: Some(second * 3600),
        refuse_without_agents: false,
        wrap_up: Duration::ZERO,
        wrap_up_max: second * 60,
        place_after: Some(second * 1800),
        place_every: second * 30,
        handling_time: second * 110,
        patience: second * 120,
        wait_buckets: vec![1.0, 5.0, 15.0, 60.0],
    };
    let agent = |id: u32| AgentSettings {
        id: AgentId(id),
        number: id.to_string().into(),
        name: String::new().into(),
        skills: (0..QUEUES_PER_AGENT.min(queues)).map(|j| (SkillId((id * 7 + j * 37) % queues), 5)).collect(),
        ring_limit: second * 15,
        ready_on_register: true,
    };
    Settings {
        queues: (0..queues).map(queue).collect(),
        agents: (0..agents).map(agent).collect(),
        ageing_per_second: 1.0,
        provisional_timeout: second * 3600,
        repeat_offer_after: second * 30,
        failures_max: 3,
        busy_grace: second,
        busy_retry: second / 2,
        offer_gap: Duration::ZERO,
    }
}

fn print(what: &str, agents: u32, mut micros: Vec<f64>, check: u64) {
    micros.sort_by(f64::total_cmp);
    let at = |share: f64| micros[((micros.len() - 1) as f64 * share) as usize];
    let mean = micros.iter().sum::<f64>() / micros.len() as f64;
    println!(
        "{what}  {agents:>6} agents  mean {mean:>7.2} µs  p50 {:>7.2}  p99 {:>7.2}  p99.9 {:>7.2}  check {check:x}",
        at(0.5),
        at(0.99),
        at(0.999)
    );
}

/// A call comes and an idle agent gets it; then the caller leaves again.
fn arriving(agents: u32, queues: u32, rounds: u32) {
    let mut centre = Centre::open(agents, queues);
    let (mut micros, mut check) = (Vec::new(), 0u64);
    for round in 0..rounds {
        let (took, offer) = centre.arrive(round * 31 % queues);
        let (offer, call, agent) = offer.expect("agents are idle for every queue");
        check = check.rotate_left(5) ^ offer.0 ^ (call.0 << 20) ^ (u64::from(agent.0) << 40);
        micros.push(took);
        centre.ask(Request::Withdraw { call, why: Leave::HungUp });
    }
    print("call arrives, agents idle ", agents, micros, check);
}

/// All agents talk and calls wait in every queue; one talk ends and the agent gets the best of 20 heads.
fn freed(agents: u32, queues: u32, rounds: u32) {
    let mut centre = Centre::open(agents, queues);
    let mut talks = std::collections::VecDeque::new();
    let mut queue = 0;
    while talks.len() < agents as usize {
        queue += 1;
        if let (_, Some((offer, ..))) = centre.arrive(queue % queues) {
            centre.ask(Request::Answered { offer });
            talks.push_back(offer);
        }
    }
    (0..queues * 4).for_each(|call| {
        centre.arrive(call % queues);
    });
    let (mut micros, mut check) = (Vec::new(), 0u64);
    for round in 0..rounds {
        let Some(offer) = talks.pop_front() else { break };
        let (took, next) = centre.ask(Request::Ended { offer });
        let (offer, call, agent) = next.expect("calls wait in every queue");
        check = check.rotate_left(5) ^ offer.0 ^ (call.0 << 20) ^ (u64::from(agent.0) << 40);
        micros.push(took);
        centre.ask(Request::Answered { offer });
        talks.push_back(offer);
        // As many calls come as go, to the queues in turn.
        centre.arrive(round * 31 % queues);
        centre.arrive(call.0 as u32 % queues);
    }
    print("agent freed, calls waiting", agents, micros, check);
}

fn main() {
    let tiny = std::env::args().any(|argument| argument == "--test" || argument == "--tiny");
    let rounds = if tiny { 200 } else { 100_000 };
    for (agents, queues) in [(10, 3), (1_000, 100), (48_000, 5_000)] {
        arriving(agents, queues, rounds);
        freed(agents, queues, rounds);
    }
}
