//! The Router against a naive reference: over random histories both must say the same words at the same times, offers in the same
//! order to the same agents, and show the same states.

mod model;

use crate::acd::request::{OfferFailure, Reply, Request, Waiting, Wish};
use crate::acd::router::fixture::{Desk, agent, contacts, queue, seconds, settings};
use crate::acd::settings::Settings;
use crate::clock::{Duration, Instant};
use crate::ids::{AgentId, CallId, OfferId, QueueId, ReasonId};
use model::{ANY_LEAVE, Model};
use proptest::prelude::*;
use std::sync::Arc;

const AGENTS: u32 = 4;

/// One step of a history; numbers are reduced to what exists.
#[derive(Clone, Debug)]
enum Step {
    Arrive { queue: u32, priority: i32, only: Option<u32> },
    Again { call: u64, queue: u32 },
    Leave(u64),
    Ringing(u64),
    Answered(u64),
    Failed(u64, OfferFailure),
    Ended(u64),
    Held(u64, bool),
    Phone(u32, bool),
    Wish(u32, Wish),
    OwnCall(u32, bool),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let wish = prop_oneof![
        4 => Just(Wish::Ready),
        1 => Just(Wish::NotReady(ReasonId(1))),
        1 => Just(Wish::LogOff),
        1 => Just(Wish::ExtendWrapUp),
    ];
    let why = prop_oneof![
        Just(OfferFailure::Busy),
        Just(OfferFailure::Declined),
        Just(OfferFailure::Unreachable),
        Just(OfferFailure::Internal),
    ];
    let only = prop_oneof![9 => Just(None), 1 => (0..AGENTS).prop_map(Some)];
    prop_oneof![
        8 => (0u32..5, -3i32..4, only).prop_map(|(queue, priority, only)| Step::Arrive { queue, priority, only }),
        1 => (0u64..64, 0u32..5).prop_map(|(call, queue)| Step::Again { call, queue }),
        3 => (0u64..64).prop_map(Step::Leave),
        6 => (0u64..6).prop_map(Step::Ringing),
        7 => (0u64..6).prop_map(Step::Answered),
        3 => (0u64..6, why).prop_map(|(offer, why)| Step::Failed(offer, why)),
        7 => (0u64..8).prop_map(Step::Ended),
        1 => (0u64..6, any::<bool>()).prop_map(|(offer, held)| Step::Held(offer, held)),
        3 => (0..AGENTS, 0u8..4).prop_map(|(agent, gone)| Step::Phone(agent, gone > 0)),
        5 => (0..AGENTS, wish).prop_map(|(agent, wish)| Step::Wish(agent, wish)),
        1 => (0..AGENTS, any::<bool>()).prop_map(|(agent, active)| Step::OwnCall(agent, active)),
        9 => (0u64..8_000).prop_map(Step::Pass),
    ]
}

/// Queues of every kind: shared and own skills, points, limits, exits, with and without wrap-up.
fn centre(ageing: f64, offer_gap: Duration) -> Settings {
    let mut queues = vec![queue(0, &[(0, 1)]), queue(1, &[(1, 2)]), queue(2, &[(0, 3), (1, 1)]), queue(3, &[(0, 1)])];
    queues[0].waiting_max = 3;
    queues[1].wrap_up = Duration::ZERO;
    queues[1].wait_max = Some(seconds(20.0));
    queues[2].refuse_without_agents = true;
    queues[3].priority = 2;
    // Odd lengths, so that timers of different kinds never fall on one moment: their order would be anybody's choice.
    for (place, queue) in queues.iter_mut().enumerate().filter(|(place, _)| *place != 1) {
        queue.wrap_up += Duration::from_micros(1_009 * (place as u64 + 1));
    }
    let odd = |base: Duration, micros| base + Duration::from_micros(micros);
    let plain = settings(0);
    let agents = vec![
        agent(0, &[(0, 5)]),
        agent(1, &[(0, 3), (1, 1)]),
        agent(2, &[(0, 1), (1, 5)]),
        agent(3, &[(0, 4), (1, 4)]),
    ];
    Settings {
        queues,
        agents,
        ageing_per_second: ageing,
        offer_gap,
        provisional_timeout: odd(plain.provisional_timeout, 101),
        repeat_offer_after: odd(plain.repeat_offer_after, 50_021),
        busy_retry: odd(plain.busy_retry, 10_007),
        ..plain
    }
}

/// Both, side by side.
struct Pair {
    desk: Desk,
    model: Model,
    said: Vec<(Instant, Reply)>,
    calls: Vec<Waiting>,
    offers: u64,
}

impl Pair {
    fn request(&self, step: Step) -> Request {
        // Offers are counted from the last one made, so that most steps meet one that is open.
        let offer = |back: u64| OfferId(self.offers.saturating_sub(back));
        let call = |pick: u64| self.calls.get(pick as usize % self.calls.len().max(1)).map_or(CallId(0), |w| w.call);
        match step {
            Step::Arrive { queue, priority, only } => {
                let call = CallId(self.calls.len() as u64 + 1);
                let (queue, agent) = (QueueId(queue), only.map(AgentId));
                Request::Enqueue(Waiting { call, queue, priority, arrived: self.desk.now, agent })
            }
            Step::Again { call, queue } => match self.calls.get(call as usize) {
                Some(&waiting) => Request::Enqueue(Waiting { queue: QueueId(queue), ..waiting }),
                None => Request::Withdraw { call: CallId(0), why: ANY_LEAVE },
            },
            Step::Leave(pick) => Request::Withdraw { call: call(pick), why: ANY_LEAVE },
            Step::Ringing(back) => Request::Ringing { offer: offer(back) },
            Step::Answered(back) => Request::Answered { offer: offer(back) },
            Step::Failed(back, why) => Request::Failed { offer: offer(back), why },
            Step::Ended(back) => Request::Ended { offer: offer(back) },
            Step::Held(back, held) => Request::Held { offer: offer(back), held },
            Step::Phone(agent, there) => {
                let contacts = if there { contacts() } else { Arc::default() };
                Request::Reachable { agent: AgentId(agent), contacts }
            }
            Step::Wish(agent, wish) => Request::Wish { agent: AgentId(agent), wish },
            Step::OwnCall(agent, active) => Request::OwnCall { agent: AgentId(agent), active },
            Step::Pass(_) => unreachable!("time is not a request"),
        }
    }

    fn run(&mut self, step: Step) {
        if let Step::Pass(millis) = step {
            // Odd microseconds keep timers of different origin apart.
            let end = self.desk.now + Duration::from_micros(millis * 1_000 + 7);
            while let Some(at) = self.desk.router.next_deadline().filter(|&at| at <= end) {
                self.desk.now = at;
                self.desk.event(crate::acd::router::Event::Time);
                self.collect();
            }
            self.desk.now = end;
            self.model.pass(end);
            return;
        }
        let request = self.request(step);
        if let Request::Enqueue(waiting) = &request
            && waiting.call.0 > self.calls.len() as u64
        {
            self.calls.push(*waiting);
        }
        self.model.ask(request.clone());
        self.desk.ask(request);
        self.collect();
    }

    fn collect(&mut self) {
        let now = self.desk.now;
        for reply in self.desk.words() {
            if let Reply::Offer { offer, .. } = reply {
                self.offers = offer.0;
            }
            self.said.push((now, reply));
        }
    }
}

/// Calls that are sent away in a moment are so in no particular order: last, by number.
fn order_refusals(said: &mut [(Instant, Reply)]) {
    for moment in said.chunk_by_mut(|a, b| a.0 == b.0) {
        moment.sort_by_key(|(_, reply)| match reply {
            Reply::Refused { call, .. } => Some(*call),
            _ => None,
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_router_says_what_the_naive_reference_says(
        steps in proptest::collection::vec(step(), 1..150),
        ageing in prop_oneof![Just(0.0), Just(1.0)],
        gap in prop_oneof![Just(0u64), Just(300)],
    ) {
        let settings = centre(ageing, Duration::from_millis(gap));
        let desk = Desk::open(settings.clone());
        let mut model = Model::new(settings, contacts(), Instant::START);
        for agent in 0..AGENTS {
            model.pass(Instant::START + seconds(1000.0 + 0.001 * f64::from(agent)));
            model.ask(Request::Reachable { agent: AgentId(agent), contacts: contacts() });
        }
        model.pass(desk.now);
        let mut pair = Pair { desk, model, said: vec![], calls: vec![], offers: 0 };
        for step in steps {
            pair.run(step.clone());
            order_refusals(&mut pair.said);
            order_refusals(&mut pair.model.said);
            prop_assert_eq!(&pair.said, &pair.model.said, "after {:?}", step);
            for agent in 0..AGENTS {
                prop_assert_eq!(pair.desk.state(agent), pair.model.state(agent as usize), "agent {} after {:?}", agent, step);
            }
            pair.said.clear();
            pair.model.said.clear();
        }
    }
}
