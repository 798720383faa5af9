//! One call, one agent: the whole way.

use crate::acd::agent::AgentState;
use crate::acd::request::{AgentView, Reply, Wish};
use crate::acd::router::fixture::{Desk, settings};

#[test]
fn a_call_is_offered_answered_ended_wrapped_up_and_the_agent_is_ready_again() {
    let mut desk = Desk::open(settings(1));
    desk.call(1);
    let (offer, call, agent) = desk.offer();
    assert_eq!((call, agent, desk.state(0)), (1, 0, AgentState::Offered));
    desk.pass(0.1);
    desk.answer(offer);
    assert_eq!(desk.words(), [Reply::Connect { offer }]);
    assert_eq!(desk.state(0), AgentState::Talking);
    desk.pass(60.0);
    desk.end(offer);
    assert_eq!(desk.state(0), AgentState::WrapUp);
    desk.pass(4.9);
    assert_eq!(desk.state(0), AgentState::WrapUp);
    desk.pass(0.2);
    assert_eq!(desk.state(0), AgentState::Ready);
    assert_eq!(desk.words(), []);
}

#[test]
fn every_change_of_state_is_told_once() {
    let mut desk = Desk::closed(settings(1));
    desk.register(0);
    desk.call(1);
    let offer = desk.said.iter().find_map(|reply| match reply {
        Reply::Offer { offer, .. } => Some(*offer),
        _ => None,
    });
    let offer = offer.expect("the agent is ready");
    desk.answer(offer);
    desk.wish(0, Wish::LogOff);
    desk.end(offer);
    desk.pass(10.0);
    let views: Vec<&AgentView> =
        desk.said.iter().filter_map(|r| if let Reply::Agent(view) = r { Some(view) } else { None }).collect();
    let states: Vec<AgentState> = views.iter().map(|view| view.state).collect();
    use AgentState::{LoggedOff, Offered, Ready, Talking, WrapUp};
    assert_eq!(states, [Ready, Offered, Talking, Talking, WrapUp, LoggedOff]);
    assert_eq!(views[3].pending, Some(Wish::LogOff));
    assert!(views[4].wrap_up_until.is_some());
}
