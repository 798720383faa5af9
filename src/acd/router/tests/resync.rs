//! A Router that was lost and is rebuilt from what the Switch knows.

use crate::acd::agent::AgentState;
use crate::acd::request::{AgentView, OfferPhase, OpenOffer, Reply, Request, Resync, Revoke, Waiting};
use crate::acd::router::fixture::{Desk, contacts, seconds, settings};
use crate::clock::Instant;
use crate::ids::{AgentId, CallId, OfferId};

/// A desk with a fresh Router that knows nothing.
fn fresh(agents: u32) -> Desk {
    let mut desk = Desk::closed(settings(agents));
    desk.pass(100.0);
    desk
}

fn view(desk: &Desk, agent: u32, state: AgentState) -> AgentView {
    let since = desk.now - seconds(10.0);
    let agent = AgentId(agent);
    AgentView { agent, state, since, idle_since: since, wrap_up_until: None, pending: None, contacts: contacts() }
}

fn open(waiting: Waiting, offer: u64, agent: u32, phase: OfferPhase, since: Instant) -> OpenOffer {
    OpenOffer { offer: OfferId(offer), call: waiting, agent: AgentId(agent), phase, since }
}

#[test]
fn waiting_calls_keep_their_order_and_offer_numbers_go_on() {
    let mut desk = fresh(1);
    let mut late = desk.waiting(1, 0, 0);
    let mut early = desk.waiting(2, 0, 0);
    late.arrived = desk.now - seconds(5.0);
    early.arrived = desk.now - seconds(50.0);
    let agents = vec![view(&desk, 0, AgentState::Ready)];
    desk.ask(Request::Resync(Box::new(Resync {
        waiting: vec![late, early],
        agents,
        offer_last: 41,
        ..Resync::default()
    })));
    let (offer, call, _) = desk.offer();
    assert_eq!((offer, call), (OfferId(42), 2));
}

#[test]
fn open_offers_go_on_in_their_phase() {
    for (phase, state) in [
        (OfferPhase::Calling, AgentState::Offered),
        (OfferPhase::Ringing, AgentState::Offered),
        (OfferPhase::Answered, AgentState::Talking),
        (OfferPhase::Talking, AgentState::Talking),
        (OfferPhase::Holding, AgentState::Holding),
    ] {
        let mut desk = fresh(2);
        let offers = vec![open(desk.waiting(1, 0, 0), 7, 0, phase, desk.now)];
        let agents = vec![view(&desk, 0, AgentState::Offered), view(&desk, 1, AgentState::Ready)];
        desk.ask(Request::Resync(Box::new(Resync { offers, agents, ..Resync::default() })));
        let answered = phase == OfferPhase::Answered;
        let said = desk.words();
        assert_eq!(said, if answered { vec![Reply::Connect { offer: OfferId(7) }] } else { vec![] }, "{phase:?}");
        assert_eq!(desk.state(0), state, "{phase:?}");
        if state == AgentState::Offered {
            desk.answer(OfferId(7));
        }
        desk.end(OfferId(7));
        assert_eq!(desk.state(0), AgentState::WrapUp);
    }
}

#[test]
fn the_ring_limit_goes_on_from_where_it_was() {
    let mut desk = fresh(1);
    let offers = vec![open(desk.waiting(1, 0, 0), 7, 0, OfferPhase::Ringing, desk.now - seconds(10.0))];
    let agents = vec![view(&desk, 0, AgentState::Offered)];
    desk.ask(Request::Resync(Box::new(Resync { offers, agents, ..Resync::default() })));
    desk.pass(4.9);
    assert_eq!(desk.words(), []);
    desk.pass(0.2);
    assert_eq!(desk.words(), [Reply::Revoke { offer: OfferId(7), why: Revoke::RingLimit }]);
}

#[test]
fn a_running_wrap_up_goes_on_to_its_time() {
    let mut desk = fresh(1);
    let mut agent = view(&desk, 0, AgentState::WrapUp);
    agent.wrap_up_until = Some(desk.now + seconds(3.0));
    desk.ask(Request::Resync(Box::new(Resync { agents: vec![agent], ..Resync::default() })));
    desk.pass(2.9);
    assert_eq!(desk.state(0), AgentState::WrapUp);
    desk.pass(0.2);
    assert_eq!(desk.state(0), AgentState::Ready);
}

#[test]
fn a_talk_that_ended_while_the_router_was_away_still_gets_its_wrap_up() {
    let mut desk = fresh(1);
    let agents = vec![view(&desk, 0, AgentState::Talking)];
    desk.ask(Request::Resync(Box::new(Resync { agents, ..Resync::default() })));
    assert_eq!(desk.state(0), AgentState::WrapUp);
    desk.pass(5.0);
    assert_eq!(desk.state(0), AgentState::Ready);
}

#[test]
fn contradicting_offers_are_revoked_and_no_caller_is_lost() {
    let mut desk = fresh(2);
    let (one, two) = (desk.waiting(1, 0, 0), desk.waiting(2, 0, 0));
    let offers = vec![
        open(one, 5, 0, OfferPhase::Ringing, desk.now),
        open(two, 6, 0, OfferPhase::Ringing, desk.now),
        open(one, 7, 1, OfferPhase::Ringing, desk.now),
    ];
    let agents = vec![view(&desk, 0, AgentState::Offered), view(&desk, 1, AgentState::Ready)];
    desk.ask(Request::Resync(Box::new(Resync { offers, agents, waiting: vec![one], ..Resync::default() })));
    let said = desk.words();
    let unknown = |offer| Reply::Revoke { offer: OfferId(offer), why: Revoke::Unknown };
    assert_eq!(said[..2], [unknown(6), unknown(7)]);
    assert!(matches!(said[2], Reply::Offer { offer: OfferId(8), call: CallId(2), agent: AgentId(1), .. }));
}

#[test]
fn a_resync_of_a_living_router_brings_nothing_twice() {
    let mut desk = Desk::open(settings(2));
    desk.call(1);
    let (offer, ..) = desk.offer();
    let waiting = desk.waiting(1, 0, 0);
    let offers = vec![open(waiting, offer.0, 0, OfferPhase::Calling, desk.now)];
    let agents = vec![view(&desk, 0, AgentState::Offered), view(&desk, 1, AgentState::Ready)];
    let resync = Resync { offers, agents, offer_last: offer.0, ..Resync::default() };
    for _ in 0..2 {
        desk.ask(Request::Resync(Box::new(resync.clone())));
        assert_eq!(desk.words(), []);
    }
    desk.answer(offer);
    assert_eq!(desk.words(), [Reply::Connect { offer }]);
}

#[test]
fn the_views_that_were_sent_are_enough_to_go_on_from() {
    // What the Switch holds after hearing all views, sent back, leads to the same states.
    let mut desk = Desk::open(settings(4));
    let talk = |desk: &mut Desk, call| {
        desk.call(call);
        let (offer, ..) = desk.offer();
        desk.answer(offer);
        offer
    };
    desk.register(0);
    desk.wish(3, crate::acd::Wish::NotReady(crate::ids::ReasonId(4)));
    desk.unregister(3);
    let wrapping = talk(&mut desk, 1);
    let talking = talk(&mut desk, 2);
    desk.wish(1, crate::acd::Wish::LogOff);
    desk.end(wrapping);
    desk.register(2);
    let agents: Vec<AgentView> = desk.router.agents.iter().flatten().map(|agent| agent.view()).collect();
    let states: Vec<AgentState> = (0..4).map(|agent| desk.state(agent)).collect();
    let offers = vec![open(desk.waiting(2, 0, 0), talking.0, 1, OfferPhase::Talking, desk.now)];
    let mut rebuilt = fresh(4);
    rebuilt.now = desk.now;
    rebuilt.ask(Request::Resync(Box::new(Resync { agents, offers, offer_last: talking.0, ..Resync::default() })));
    assert_eq!((0..4).map(|agent| rebuilt.state(agent)).collect::<Vec<_>>(), states);
    for desk in [&mut desk, &mut rebuilt] {
        desk.end(talking);
        desk.pass(5.0);
        desk.register(3);
    }
    for agent in 0..4 {
        assert_eq!(rebuilt.state(agent), desk.state(agent), "agent {agent}");
    }
}

#[test]
fn what_no_queue_or_agent_can_take_is_said_so() {
    let mut desk = fresh(1);
    let stranger = desk.waiting(1, 9, 0);
    let mut only = desk.waiting(2, 0, 0);
    only.agent = Some(AgentId(0));
    let offers = vec![open(desk.waiting(3, 0, 0), 4, 55, OfferPhase::Ringing, desk.now)];
    desk.ask(Request::Resync(Box::new(Resync { waiting: vec![stranger, only], offers, ..Resync::default() })));
    let said = desk.words();
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(matches!(said[0], Reply::Refused { call: CallId(1), .. }));
    assert_eq!(said[1], Reply::Revoke { offer: OfferId(4), why: Revoke::Unknown });
    assert!(matches!(said[2], Reply::Refused { call: CallId(2), .. }));
}
