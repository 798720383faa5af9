//! A new configuration while people talk and wait.

use crate::acd::agent::AgentState;
use crate::acd::request::{Refused, Reply, Request, Wish};
use crate::acd::router::Event;
use crate::acd::router::fixture::{Desk, agent, queue, seconds, settings};
use crate::acd::settings::Settings;
use crate::ids::{CallId, QueueId, ReasonId};
use std::sync::Arc;

fn reload(desk: &mut Desk, settings: Settings) {
    desk.event(Event::Configure(Arc::new(settings)));
}

#[test]
fn reload_logs_nobody_out() {
    let mut desk = Desk::open(settings(4));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.answer(offer);
    desk.call(2);
    desk.offer();
    desk.wish(2, Wish::NotReady(ReasonId(3)));
    let before: Vec<AgentState> = (0..4).map(|agent| desk.state(agent)).collect();
    desk.said.clear();
    reload(&mut desk, settings(4));
    assert_eq!((0..4).map(|agent| desk.state(agent)).collect::<Vec<_>>(), before);
    assert_eq!(desk.said, []);
    let row = desk.router.publish(desk.now).queues.remove(0);
    assert_eq!((row.offered, row.answered), (2, 1));
}

#[test]
fn reload_keeps_the_waiting_in_their_places() {
    let mut desk = Desk::closed(settings(1));
    (1..=3).for_each(|call| {
        desk.call(call);
        desk.pass(1.0);
    });
    reload(&mut desk, settings(1));
    desk.register(0);
    assert_eq!(desk.offer().1, 1);
}

#[test]
fn a_new_skill_is_used_at_once() {
    let mut without = settings(1);
    without.agents[0] = agent(0, &[]);
    let mut desk = Desk::open(without);
    desk.call(1);
    assert_eq!(desk.offers(), []);
    reload(&mut desk, settings(1));
    assert_eq!(desk.offer().1, 1);
}

#[test]
fn changed_points_reorder_the_waiting() {
    let mut two = settings(1);
    two.queues.push(queue(1, &[(0, 1)]));
    let mut desk = Desk::closed(two.clone());
    desk.call(1);
    desk.pass(1.0);
    let waiting = desk.waiting(2, 1, 0);
    desk.ask(Request::Enqueue(waiting));
    two.queues[1].priority = 50;
    reload(&mut desk, two);
    desk.register(0);
    assert_eq!(desk.offer().1, 2);
}

#[test]
fn a_removed_queue_serves_who_is_in_it_and_takes_no_more() {
    let mut two = settings(1);
    two.queues.push(queue(1, &[(0, 1)]));
    let mut desk = Desk::closed(two);
    let waiting = desk.waiting(1, 1, 0);
    desk.ask(Request::Enqueue(waiting));
    reload(&mut desk, settings(1));
    let late = desk.waiting(2, 1, 0);
    desk.ask(Request::Enqueue(late));
    let expected = Reply::Refused { call: CallId(2), queue: QueueId(1), why: Refused::UnknownQueue };
    assert_eq!(desk.words(), [expected]);
    desk.register(0);
    let (offer, call, _) = desk.offer();
    assert_eq!(call, 1);
    desk.answer(offer);
    assert_eq!(desk.router.publish(desk.now).queues.len(), 2);
    desk.end(offer);
    assert_eq!(desk.router.publish(desk.now).queues.len(), 1);
}

#[test]
fn a_removed_agent_finishes_the_talk_and_goes() {
    let mut desk = Desk::open(settings(2));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.answer(offer);
    let mut one = settings(2);
    one.agents.remove(0);
    desk.said.clear();
    reload(&mut desk, one);
    assert_eq!((desk.state(0), desk.state(1)), (AgentState::Talking, AgentState::Ready));
    desk.end(offer);
    desk.pass(5.0);
    let last =
        desk.said.iter().rev().find_map(|reply| if let Reply::Agent(view) = reply { Some(view.state) } else { None });
    assert_eq!(last, Some(AgentState::LoggedOff));
    assert_eq!(desk.router.publish(desk.now).agents_gone.len(), 1);
}

#[test]
fn an_agent_removed_and_put_back_during_a_talk_stays() {
    let mut desk = Desk::open(settings(1));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.answer(offer);
    reload(&mut desk, settings(0));
    reload(&mut desk, settings(1));
    desk.end(offer);
    desk.pass(5.0);
    assert_eq!(desk.state(0), AgentState::Ready);
}

#[test]
fn a_running_wrap_up_keeps_its_length() {
    let mut desk = Desk::open(settings(1));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.answer(offer);
    desk.end(offer);
    let mut longer = settings(1);
    longer.queues[0].wrap_up = seconds(50.0);
    reload(&mut desk, longer);
    desk.pass(5.0);
    assert_eq!(desk.state(0), AgentState::Ready);
}
