//! Queues: limits, announcements, figures.

use crate::acd::request::{Leave, Refused, Reply, Request, Revoke, Wish};
use crate::acd::router::fixture::{Desk, queue, seconds, settings};
use crate::acd::settings::{QueueSettings, Settings};
use crate::clock::{Duration, Instant};
use crate::ids::{CallId, QueueId, ReasonId};

fn with_queue(agents: u32, change: impl FnOnce(&mut QueueSettings)) -> Settings {
    let mut settings = settings(agents);
    change(&mut settings.queues[0]);
    settings
}

fn refused(call: u64, why: Refused) -> Reply {
    Reply::Refused { call: CallId(call), queue: QueueId(0), why }
}

fn timed_out(call: u64) -> Reply {
    Reply::TimedOut { call: CallId(call), queue: QueueId(0) }
}

#[test]
fn a_full_queue_refuses_and_one_that_empties_takes_again() {
    let mut desk = Desk::closed(with_queue(1, |queue| queue.waiting_max = 2));
    (1..=3).for_each(|call| desk.call(call));
    assert_eq!(desk.words(), [refused(3, Refused::Full)]);
    desk.leave(1, Leave::HungUp);
    desk.call(4);
    assert_eq!(desk.words(), []);
}

#[test]
fn a_queue_without_waiting_places_still_serves_who_finds_an_agent() {
    let mut desk = Desk::open(with_queue(1, |queue| queue.waiting_max = 0));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.call(2);
    assert_eq!(desk.words(), [refused(2, Refused::Full)]);
    // Who is displaced comes back, place or no place.
    desk.ask(Request::Ringing { offer });
    desk.pass(15.0);
    desk.wish(0, Wish::Ready);
    assert_eq!(desk.offer().1, 1);
}

#[test]
fn an_unknown_queue_refuses() {
    let mut desk = Desk::open(settings(1));
    let waiting = desk.waiting(1, 7, 0);
    desk.ask(Request::Enqueue(waiting));
    let expected = Reply::Refused { call: CallId(1), queue: QueueId(7), why: Refused::UnknownQueue };
    assert_eq!(desk.words(), [expected]);
}

#[test]
fn the_maximum_wait_fires() {
    let mut desk = Desk::closed(with_queue(1, |queue| queue.wait_max = Some(seconds(60.0))));
    desk.call(1);
    desk.pass(30.0);
    desk.call(2);
    desk.pass(29.9);
    assert_eq!(desk.words(), []);
    desk.pass(0.2);
    assert_eq!(desk.words(), [timed_out(1)]);
    desk.register(0);
    assert_eq!(desk.offer().1, 2);
}

#[test]
fn the_maximum_wait_fires_even_while_a_phone_rings_and_spares_the_agent() {
    let mut desk = Desk::closed(with_queue(1, |queue| queue.wait_max = Some(seconds(60.0))));
    desk.call(1);
    desk.pass(55.0);
    desk.register(0);
    let (offer, ..) = desk.offer();
    desk.ask(Request::Ringing { offer });
    desk.pass(5.0);
    assert_eq!(desk.words(), [Reply::Revoke { offer, why: Revoke::TimedOut }, timed_out(1)]);
    desk.call(2);
    assert_eq!(desk.offer().1, 2);
}

#[test]
fn an_answered_call_is_never_timed_out() {
    let mut desk = Desk::open(with_queue(1, |queue| queue.wait_max = Some(seconds(60.0))));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.answer(offer);
    desk.words();
    desk.pass(600.0);
    assert_eq!(desk.words(), []);
}

#[test]
fn the_no_agent_exit_fires_on_arrival_and_when_the_last_agent_logs_off() {
    let mut desk = Desk::closed(with_queue(1, |queue| queue.refuse_without_agents = true));
    desk.call(1);
    assert_eq!(desk.words(), [refused(1, Refused::NoAgents)]);
    desk.register(0);
    desk.wish(0, Wish::NotReady(ReasonId(1)));
    desk.call(2);
    assert_eq!(desk.words(), []);
    desk.wish(0, Wish::LogOff);
    assert_eq!(desk.words(), [refused(2, Refused::NoAgents)]);
}

#[test]
fn an_overflow_is_a_move_and_the_place_by_arrival_is_kept() {
    let mut settings = settings(1);
    settings.queues.push(queue(1, &[(0, 1)]));
    let mut desk = Desk::closed(settings);
    let mut first = desk.waiting(1, 0, 0);
    desk.ask(Request::Enqueue(first));
    desk.pass(1.0);
    let second = desk.waiting(2, 1, 0);
    desk.ask(Request::Enqueue(second));
    first.queue = QueueId(1);
    desk.ask(Request::Enqueue(first));
    let rows = desk.router.publish(desk.now).queues;
    assert_eq!((rows[0].waiting, rows[1].waiting), (0, 2));
    desk.register(0);
    assert_eq!(desk.offer().1, 1);
}

fn places(desk: &mut Desk, of: u64) -> Vec<(u32, Duration)> {
    let said = desk.words();
    let places = said.iter().filter_map(|reply| match reply {
        Reply::Place { call, position, expected_wait } if call.0 == of => Some((*position, *expected_wait)),
        _ => None,
    });
    places.collect()
}

#[test]
fn the_place_is_told_after_the_first_time_and_then_at_intervals() {
    let mut desk = Desk::closed(with_queue(1, |queue| queue.place_after = Some(seconds(10.0))));
    (1..=3).for_each(|call| desk.call(call));
    desk.pass(9.9);
    assert_eq!(desk.words(), []);
    desk.pass(0.2);
    assert_eq!(desk.words().len(), 3);
    desk.leave(1, Leave::HungUp);
    desk.pass(30.0);
    let told = places(&mut desk, 3);
    assert_eq!(told.iter().map(|&(place, _)| place).collect::<Vec<_>>(), [2]);
}

#[test]
fn the_place_is_not_told_while_a_phone_rings() {
    let mut desk = Desk::open(with_queue(1, |queue| queue.place_after = Some(seconds(5.0))));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.ask(Request::Ringing { offer });
    desk.pass(14.0);
    assert_eq!(desk.words(), []);
}

#[test]
fn an_interval_of_zero_does_not_loop() {
    let mut desk = Desk::closed(with_queue(1, |queue| {
        queue.place_after = Some(Duration::ZERO);
        queue.place_every = Duration::ZERO;
    }));
    desk.call(1);
    desk.pass(10.0);
    assert_eq!(places(&mut desk, 1).len(), 11);
}

#[test]
fn the_announced_wait_never_grows() {
    let mut desk = Desk::open(with_queue(2, |queue| {
        queue.place_after = Some(seconds(1.0));
        queue.place_every = seconds(20.0);
    }));
    desk.call(100);
    desk.call(101);
    desk.words();
    desk.call(1);
    let mut last: Option<Duration> = None;
    for step in 0..20 {
        desk.pass(20.0);
        // Behind and before this caller the queue fills, agents leave, nobody answers: far longer than the average.
        let vip = desk.waiting(200 + step, 0, 1_000);
        desk.ask(Request::Enqueue(vip));
        if step == 3 {
            desk.wish(1, Wish::LogOff);
        }
        for (_, told) in places(&mut desk, 1) {
            assert!(last.is_none_or(|last| told <= last), "{told:?} after {last:?}");
            last = Some(told);
        }
    }
    assert_eq!(last, Some(Duration::ZERO));
}

#[test]
fn the_expected_wait_follows_measured_handling_times() {
    let mut desk = Desk::open(settings(1));
    let expected = |desk: &mut Desk| desk.router.publish(desk.now).queues[0].expected_wait;
    assert_eq!(expected(&mut desk), Duration::ZERO);
    desk.call(1);
    let (offer, ..) = desk.offer();
    assert_eq!(expected(&mut desk), seconds(110.0));
    desk.answer(offer);
    desk.pass(15.0);
    desk.end(offer);
    desk.pass(5.0);
    desk.call(2);
    assert_eq!(expected(&mut desk), seconds(20.0));
}

#[test]
fn offered_answered_and_waits_are_counted_once_each() {
    let mut desk = Desk::open(settings(1));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.pass(0.5);
    desk.answer(offer);
    desk.ask(Request::Answered { offer });
    desk.call(2);
    let arrived: Instant = desk.now;
    desk.pass(7.0);
    desk.end(offer);
    desk.pass(5.0);
    let (offer, ..) = desk.offer();
    desk.call(3);
    let row = desk.router.publish(desk.now).queues.remove(0);
    assert_eq!((row.waiting, row.oldest), (2, Some(arrived)));
    desk.answer(offer);
    desk.leave(3, Leave::HungUp);
    let row = desk.router.publish(desk.now).queues.remove(0);
    assert_eq!((row.offered, row.answered, row.waiting, row.oldest), (3, 2, 0, None));
    assert_eq!((row.wait_counts, row.wait_sum), (vec![1, 0, 1], seconds(12.5)));
}

#[test]
fn a_snapshot_holds_the_agents_that_changed_and_no_others() {
    let mut desk = Desk::open(settings(3));
    assert_eq!(desk.router.publish(desk.now).agents.len(), 3);
    desk.call(1);
    let snapshot = desk.router.publish(desk.now);
    assert_eq!((snapshot.agents.len(), snapshot.agents[0].call), (1, Some(CallId(1))));
    assert_eq!(desk.router.publish(desk.now).agents, []);
    assert_eq!(snapshot.invariant_violations, 0);
}
