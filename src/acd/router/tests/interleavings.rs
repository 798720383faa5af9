//! Two calls, two agents, and every order of what may be under way between Switch and Router: whatever happened, when the
//! callers are gone nobody is stuck.

use crate::acd::agent::AgentState;
use crate::acd::request::{Leave, OfferFailure, Request, Wish};
use crate::acd::router::fixture::{Desk, settings};
use crate::ids::OfferId;

const ACTIONS: usize = 12;
const DEPTH: u32 = 4;

/// Words about offers 1 and 2 may come before these exist, while they are open, and long after.
fn act(desk: &mut Desk, action: usize) {
    let offer = OfferId(action as u64 % 2 + 1);
    match action {
        0 | 1 => desk.ask(Request::Answered { offer }),
        2 | 3 => desk.ask(Request::Ended { offer }),
        4 | 5 => desk.ask(Request::Failed { offer, why: OfferFailure::Declined }),
        6 => desk.leave(1, Leave::HungUp),
        7 => desk.call(2),
        8 => desk.unregister(0),
        9 => desk.wish(0, Wish::LogOff),
        10 => desk.ask(Request::Ringing { offer }),
        _ => desk.pass(2.5),
    }
}

#[test]
fn no_order_of_events_leaves_an_agent_stuck_or_a_timer_behind() {
    for sequence in 0..ACTIONS.pow(DEPTH) {
        let mut desk = Desk::open(settings(2));
        desk.call(1);
        let actions: Vec<usize> = (0..DEPTH).map(|at| sequence / ACTIONS.pow(at) % ACTIONS).collect();
        actions.iter().for_each(|&action| act(&mut desk, action));
        desk.leave(1, Leave::HungUp);
        desk.leave(2, Leave::HungUp);
        desk.pass(40.0);
        for agent in 0..2 {
            let state = desk.state(agent);
            let at_rest = matches!(state, AgentState::Ready | AgentState::LoggedOff | AgentState::NotReady(_));
            assert!(at_rest, "agent {agent} is {state:?} after {actions:?}");
        }
        let rows = desk.router.publish(desk.now).queues;
        assert_eq!((rows[0].waiting, desk.router.next_deadline()), (0, None), "after {actions:?}");
    }
}
