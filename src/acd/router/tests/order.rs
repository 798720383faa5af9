//! Which call, which agent (DOMAIN, Priority and place).

use crate::acd::request::{Leave, Reply, Request, Wish};
use crate::acd::router::fixture::{Desk, agent, queue, settings};
use crate::acd::settings::Settings;
use crate::ids::ReasonId;

/// The order in which a single agent gets the calls that wait.
fn served(desk: &mut Desk) -> Vec<u64> {
    let mut order = Vec::new();
    desk.register(0);
    while let [(offer, call, _)] = desk.offers()[..] {
        order.push(call);
        desk.answer(offer);
        desk.end(offer);
        desk.wish(0, Wish::Ready);
    }
    order
}

fn enqueue(desk: &mut Desk, call: u64, queue: u32, priority: i32) {
    let waiting = desk.waiting(call, queue, priority);
    desk.ask(Request::Enqueue(waiting));
}

#[test]
fn the_agent_idle_longest_gets_the_call() {
    let mut desk = Desk::open(settings(3));
    desk.wish(0, Wish::NotReady(ReasonId(1)));
    desk.pass(1.0);
    desk.wish(0, Wish::Ready);
    for (call, agent) in [(1, 1), (2, 2), (3, 0)] {
        desk.call(call);
        assert_eq!(desk.offer().2, agent);
    }
}

#[test]
fn only_agents_with_the_skills_are_offered() {
    let mut desk = Desk::open(Settings {
        queues: vec![queue(0, &[(0, 5), (1, 2)])],
        agents: vec![agent(0, &[(0, 9)]), agent(1, &[(0, 4), (1, 9)]), agent(2, &[(0, 5), (1, 2)])],
        ..settings(0)
    });
    desk.call(1);
    assert_eq!(desk.offer().2, 2);
    desk.call(2);
    assert_eq!(desk.offers(), []);
}

#[test]
fn a_later_lower_call_is_not_served_first() {
    let mut desk = Desk::closed(settings(1));
    for (call, priority) in [(1, 0), (2, 0), (3, 5), (4, 0)] {
        enqueue(&mut desk, call, 0, priority);
        desk.pass(1.0);
    }
    // 3 came two seconds after 1 with five points: before it.
    assert_eq!(served(&mut desk), [3, 1, 2, 4]);
}

#[test]
fn a_call_ages_past_a_higher_one_after_gap_over_rate_seconds() {
    for (rate, gap, order) in [(1.0, 9.0, [2, 1]), (1.0, 11.0, [1, 2]), (0.5, 19.0, [2, 1]), (0.5, 21.0, [1, 2])] {
        let mut desk = Desk::closed(Settings { ageing_per_second: rate, ..settings(1) });
        enqueue(&mut desk, 1, 0, 0);
        desk.pass(gap);
        enqueue(&mut desk, 2, 0, 10);
        assert_eq!(served(&mut desk), order, "rate {rate}, {gap} s");
    }
}

#[test]
fn without_ageing_priority_is_strict_and_first_come_first_served_inside() {
    let mut desk = Desk::closed(Settings { ageing_per_second: 0.0, ..settings(1) });
    for (call, priority) in [(1, 0), (2, 1), (3, 0), (4, 1)] {
        enqueue(&mut desk, call, 0, priority);
        desk.pass(1_000.0);
    }
    assert_eq!(served(&mut desk), [2, 4, 1, 3]);
}

#[test]
fn ties_go_to_the_earlier_arrival_and_then_to_the_smaller_number() {
    let mut desk = Desk::closed(settings(1));
    enqueue(&mut desk, 9, 0, 0);
    enqueue(&mut desk, 3, 0, 0);
    desk.pass(1.0);
    enqueue(&mut desk, 1, 0, 1);
    assert_eq!(served(&mut desk), [3, 9, 1]);
}

#[test]
fn a_freed_agent_takes_the_best_call_of_all_their_queues() {
    let mut desk = Desk::closed(Settings {
        queues: vec![queue(0, &[(0, 1)]), queue(1, &[(1, 1)]), queue(2, &[(2, 1)])],
        agents: vec![agent(0, &[(0, 1), (1, 1)])],
        ..settings(0)
    });
    for (call, queue) in [(1, 2), (2, 1), (3, 0), (4, 1)] {
        enqueue(&mut desk, call, queue, 0);
        desk.pass(1.0);
    }
    assert_eq!(served(&mut desk), [2, 3, 4]);
}

#[test]
fn the_queues_points_are_added_to_the_calls() {
    let mut vip = queue(1, &[(0, 1)]);
    vip.priority = 30;
    let mut desk = Desk::closed(Settings { queues: vec![queue(0, &[(0, 1)]), vip], ..settings(1) });
    for (call, queue, priority) in [(1, 0, 0), (2, 0, 40), (3, 1, 0), (4, 1, 20)] {
        enqueue(&mut desk, call, queue, priority);
    }
    assert_eq!(served(&mut desk), [4, 2, 3, 1]);
}

#[test]
fn leaving_for_the_menu_and_coming_back_keeps_the_place() {
    let mut desk = Desk::closed(settings(1));
    let first = desk.waiting(1, 0, 0);
    desk.ask(Request::Enqueue(first));
    desk.pass(1.0);
    desk.call(2);
    desk.leave(1, Leave::Menu);
    desk.pass(10.0);
    desk.ask(Request::Enqueue(first));
    assert_eq!(served(&mut desk), [1, 2]);
}

#[test]
fn extreme_priorities_and_times_do_not_stop_offers() {
    let mut desk = Desk::closed(settings(1));
    for (call, priority) in [(1, i32::MIN), (2, i32::MAX), (3, 0)] {
        enqueue(&mut desk, call, 0, priority);
    }
    let mut far = desk.waiting(4, 0, i32::MIN);
    far.arrived = crate::clock::Instant::from_micros(u64::MAX);
    desk.ask(Request::Enqueue(far));
    assert_eq!(served(&mut desk), [2, 3, 1, 4]);
}

#[test]
fn a_call_for_one_agent_waits_for_that_agent_alone() {
    let mut desk = Desk::open(settings(2));
    desk.wish(1, Wish::NotReady(ReasonId(1)));
    let mut waiting = desk.waiting(1, 0, 0);
    waiting.agent = Some(crate::ids::AgentId(1));
    desk.ask(Request::Enqueue(waiting));
    assert_eq!(desk.offers(), []);
    desk.call(2);
    assert_eq!(desk.offer().2, 0);
    desk.wish(1, Wish::Ready);
    let (_, call, agent) = desk.offer();
    assert_eq!((call, agent), (1, 1));
}

#[test]
fn a_call_for_an_agent_who_is_or_logs_off_is_refused() {
    let mut desk = Desk::open(settings(1));
    desk.wish(0, Wish::NotReady(ReasonId(1)));
    let mut waiting = desk.waiting(1, 0, 0);
    waiting.agent = Some(crate::ids::AgentId(0));
    desk.ask(Request::Enqueue(waiting));
    assert_eq!(desk.words(), []);
    desk.wish(0, Wish::LogOff);
    assert!(matches!(desk.words()[..], [Reply::Refused { .. }]));
    desk.ask(Request::Enqueue(waiting));
    assert!(matches!(desk.words()[..], [Reply::Refused { .. }]));
    waiting.agent = Some(crate::ids::AgentId(9));
    desk.ask(Request::Enqueue(waiting));
    assert!(matches!(desk.words()[..], [Reply::Refused { .. }]));
}

#[test]
fn a_call_for_one_agent_that_pauses_is_refused_too_when_they_log_off() {
    let mut desk = Desk::open(settings(1));
    let mut waiting = desk.waiting(1, 0, 0);
    waiting.agent = Some(crate::ids::AgentId(0));
    desk.ask(Request::Enqueue(waiting));
    let (offer, ..) = desk.offer();
    desk.ask(Request::Failed { offer, why: crate::acd::OfferFailure::Internal });
    desk.unregister(0);
    assert!(matches!(desk.words()[..], [Reply::Refused { .. }]));
}
