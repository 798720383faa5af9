//! Agents: logging on and off, wishes at any time, calls of their own (INTEROP 16, 20).

use crate::acd::agent::{AgentState, NotReady};
use crate::acd::request::{Leave, Reply, Request, Wish};
use crate::acd::router::fixture::{Desk, settings};
use crate::ids::{AgentId, ReasonId};

const LUNCH: ReasonId = ReasonId(2);
const AT_LUNCH: AgentState = AgentState::NotReady(NotReady::Chosen(LUNCH));

fn own_call(desk: &mut Desk, active: bool) {
    desk.ask(Request::OwnCall { agent: AgentId(0), active });
}

#[test]
fn registering_makes_ready_and_takes_a_waiting_call() {
    let mut desk = Desk::closed(settings(1));
    assert_eq!(desk.state(0), AgentState::LoggedOff);
    desk.call(1);
    assert_eq!(desk.offers(), []);
    desk.register(0);
    assert_eq!(desk.offer().1, 1);
}

#[test]
fn registering_alone_does_not_log_on_where_it_is_set_so() {
    let mut settings = settings(1);
    settings.agents[0].ready_on_register = false;
    let mut desk = Desk::open(settings);
    assert_eq!(desk.state(0), AgentState::LoggedOff);
    desk.wish(0, Wish::Ready);
    assert_eq!(desk.state(0), AgentState::Ready);
}

#[test]
fn an_unregistered_phone_is_never_shown_as_ready_nor_offered_a_call() {
    let mut desk = Desk::closed(settings(1));
    desk.wish(0, Wish::Ready);
    assert_eq!(desk.state(0), AgentState::LoggedOff);
    desk.register(0);
    desk.unregister(0);
    assert_eq!(desk.state(0), AgentState::LoggedOff);
    desk.call(1);
    assert_eq!(desk.offers(), []);
}

#[test]
fn a_chosen_not_ready_survives_the_phone_coming_back() {
    let mut desk = Desk::open(settings(1));
    desk.wish(0, Wish::NotReady(LUNCH));
    desk.unregister(0);
    assert_eq!(desk.state(0), AgentState::LoggedOff);
    desk.register(0);
    assert_eq!(desk.state(0), AT_LUNCH);
    desk.wish(0, Wish::Ready);
    desk.unregister(0);
    desk.register(0);
    assert_eq!(desk.state(0), AgentState::Ready);
}

#[test]
fn a_refreshed_registration_changes_no_state_and_no_idle_time() {
    let mut desk = Desk::open(settings(2));
    desk.wish(1, Wish::LogOff);
    desk.pass(10.0);
    desk.register(0);
    desk.register(1);
    assert_eq!((desk.state(0), desk.state(1)), (AgentState::Ready, AgentState::LoggedOff));
    desk.wish(1, Wish::Ready);
    desk.call(1);
    assert_eq!(desk.offer().2, 0);
}

#[test]
fn not_ready_during_an_offer_takes_effect_after_it() {
    let mut desk = Desk::open(settings(1));
    desk.call(1);
    desk.offer();
    desk.wish(0, Wish::NotReady(LUNCH));
    assert_eq!(desk.state(0), AgentState::Offered);
    desk.leave(1, Leave::HungUp);
    assert_eq!(desk.state(0), AT_LUNCH);
}

#[test]
fn a_pending_wish_wins_over_what_the_offer_would_have_made_of_the_agent() {
    let mut desk = Desk::open(settings(1));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.wish(0, Wish::LogOff);
    desk.ask(Request::Ringing { offer });
    desk.pass(15.0);
    assert_eq!(desk.state(0), AgentState::LoggedOff);
}

#[test]
fn a_wish_during_a_talk_takes_effect_after_it_and_its_wrap_up() {
    for (wish, then) in [(Wish::LogOff, AgentState::LoggedOff), (Wish::NotReady(LUNCH), AT_LUNCH)] {
        let mut desk = Desk::open(settings(1));
        desk.call(1);
        let (offer, ..) = desk.offer();
        desk.answer(offer);
        desk.wish(0, wish);
        assert_eq!(desk.state(0), AgentState::Talking);
        desk.end(offer);
        assert_eq!(desk.state(0), AgentState::WrapUp);
        desk.call(2);
        desk.pass(5.0);
        assert_eq!((desk.state(0), desk.offers()), (then, vec![]));
    }
}

#[test]
fn a_pending_wish_is_taken_back_by_ready() {
    let mut desk = Desk::open(settings(1));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.answer(offer);
    desk.wish(0, Wish::LogOff);
    desk.wish(0, Wish::Ready);
    desk.end(offer);
    desk.pass(5.0);
    assert_eq!(desk.state(0), AgentState::Ready);
}

#[test]
fn a_registration_lost_while_talking_leaves_the_call_alone_and_then_logs_off() {
    let mut desk = Desk::open(settings(1));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.answer(offer);
    desk.words();
    desk.unregister(0);
    assert_eq!((desk.words(), desk.state(0)), (vec![], AgentState::Talking));
    desk.end(offer);
    desk.pass(5.0);
    assert_eq!(desk.state(0), AgentState::LoggedOff);
}

#[test]
fn a_registration_lost_and_found_while_talking_is_as_if_never_lost() {
    let mut desk = Desk::open(settings(1));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.answer(offer);
    desk.unregister(0);
    desk.register(0);
    desk.end(offer);
    assert_eq!(desk.state(0), AgentState::WrapUp);
    desk.pass(5.0);
    assert_eq!(desk.state(0), AgentState::Ready);
}

#[test]
fn holding_is_a_state_of_its_own_and_ends_with_the_talk() {
    let mut desk = Desk::open(settings(1));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.ask(Request::Held { offer, held: true });
    assert_eq!(desk.state(0), AgentState::Offered);
    desk.answer(offer);
    for (held, state) in [(true, AgentState::Holding), (false, AgentState::Talking), (true, AgentState::Holding)] {
        desk.ask(Request::Held { offer, held });
        assert_eq!(desk.state(0), state);
    }
    desk.leave(1, Leave::HungUp);
    assert_eq!(desk.state(0), AgentState::WrapUp);
}

#[test]
fn an_own_call_takes_no_offers_until_it_ends() {
    let mut desk = Desk::open(settings(1));
    own_call(&mut desk, true);
    assert_eq!(desk.state(0), AgentState::OwnCall);
    desk.call(1);
    assert_eq!(desk.offers(), []);
    own_call(&mut desk, false);
    assert_eq!(desk.offer().1, 1);
}

#[test]
fn a_wish_during_an_own_call_shows_after_it() {
    let mut desk = Desk::open(settings(1));
    own_call(&mut desk, true);
    desk.wish(0, Wish::NotReady(LUNCH));
    assert_eq!(desk.state(0), AgentState::OwnCall);
    own_call(&mut desk, false);
    assert_eq!(desk.state(0), AT_LUNCH);
}

#[test]
fn an_own_call_begun_in_an_offer_shows_when_the_offer_is_over() {
    let mut desk = Desk::open(settings(1));
    desk.call(1);
    desk.offer();
    own_call(&mut desk, true);
    assert_eq!(desk.state(0), AgentState::Offered);
    desk.leave(1, Leave::HungUp);
    assert_eq!(desk.state(0), AgentState::OwnCall);
}

#[test]
fn words_about_strangers_change_nothing() {
    let mut desk = Desk::open(settings(1));
    desk.said.clear();
    desk.register(77);
    desk.wish(77, Wish::Ready);
    desk.ask(Request::OwnCall { agent: AgentId(u32::MAX), active: true });
    desk.leave(5, Leave::Ended);
    assert_eq!(desk.said, Vec::<Reply>::new());
}
