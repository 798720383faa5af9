//! The time after a call (INTEROP 20).

use crate::acd::agent::AgentState;
use crate::acd::request::{Leave, Request, Wish};
use crate::acd::router::fixture::{Desk, settings};
use crate::ids::{AgentId, OfferId};

/// Agent 0 in wrap-up of call 1.
fn in_wrap_up(agents: u32) -> (Desk, OfferId) {
    let mut desk = Desk::open(settings(agents));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.answer(offer);
    desk.pass(20.0);
    desk.end(offer);
    desk.said.clear();
    (desk, offer)
}

#[test]
fn wrap_up_is_neither_ended_early_nor_skipped() {
    let (mut desk, offer) = in_wrap_up(1);
    desk.call(2);
    desk.pass(4.0);
    // None of these may cut it short: repeated ends, a refreshed or lost phone, a wish to be away, an own call.
    desk.end(offer);
    desk.leave(1, Leave::HungUp);
    desk.register(0);
    desk.unregister(0);
    desk.register(0);
    desk.wish(0, Wish::LogOff);
    desk.ask(Request::OwnCall { agent: AgentId(0), active: true });
    desk.ask(Request::OwnCall { agent: AgentId(0), active: false });
    desk.pass(0.99);
    assert_eq!((desk.state(0), desk.offers()), (AgentState::WrapUp, vec![]));
    desk.pass(0.02);
    assert_eq!(desk.state(0), AgentState::LoggedOff);
}

#[test]
fn a_caller_who_hangs_up_first_leaves_the_same_wrap_up() {
    let mut desk = Desk::open(settings(1));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.answer(offer);
    desk.leave(1, Leave::HungUp);
    assert_eq!(desk.state(0), AgentState::WrapUp);
    desk.pass(3.0);
    // The agent's own leg ends a moment later: the same wrap-up, not another.
    desk.end(offer);
    desk.pass(2.0);
    assert_eq!(desk.state(0), AgentState::Ready);
}

#[test]
fn there_is_no_wrap_up_after_an_unanswered_offer() {
    let mut desk = Desk::open(settings(1));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.ask(Request::Ringing { offer });
    desk.leave(1, Leave::HungUp);
    assert_eq!(desk.state(0), AgentState::Ready);
}

#[test]
fn ready_ends_wrap_up_early_and_the_next_call_comes_at_once() {
    let (mut desk, _) = in_wrap_up(1);
    desk.call(2);
    desk.wish(0, Wish::Ready);
    assert_eq!(desk.offer().1, 2);
    desk.pass(1.0);
}

#[test]
fn wrap_up_is_extended_to_the_queues_maximum_and_no_further() {
    let (mut desk, _) = in_wrap_up(1);
    desk.pass(4.0);
    desk.wish(0, Wish::ExtendWrapUp);
    desk.pass(50.0);
    desk.wish(0, Wish::ExtendWrapUp);
    assert_eq!(desk.state(0), AgentState::WrapUp);
    desk.pass(5.9);
    assert_eq!(desk.state(0), AgentState::WrapUp);
    desk.pass(0.2);
    assert_eq!(desk.state(0), AgentState::Ready);
}

#[test]
fn extending_means_nothing_outside_wrap_up() {
    let mut desk = Desk::open(settings(1));
    desk.wish(0, Wish::ExtendWrapUp);
    assert_eq!(desk.state(0), AgentState::Ready);
}

#[test]
fn free_agents_do_not_wait_for_somebody_elses_wrap_up_to_end() {
    let (mut desk, _) = in_wrap_up(2);
    desk.call(2);
    assert_eq!((desk.offer().2, desk.state(0)), (1, AgentState::WrapUp));
}

#[test]
fn idle_time_counts_from_the_end_of_wrap_up() {
    let (mut desk, _) = in_wrap_up(2);
    desk.pass(5.0);
    desk.call(2);
    assert_eq!(desk.offer().2, 1);
    desk.call(3);
    assert_eq!(desk.offer().2, 0);
}
