//! Waiting: order, limits, ways out, the end of the day.

use super::*;
use huntline::acd::AgentState;
use huntline::sim::office::{COMPLAINTS, SERVICE};
use huntline::sim::phone::End;
use huntline::switch::Event;
use huntline::switch::settings::Fallback;

fn waits(ms: u64) -> Vec<Step> {
    vec![Step::at(When::Up, ms, Deed::HangUp)]
}

#[test]
fn callers_are_served_in_the_order_in_which_they_came() {
    let world = play(&Office::new(1), |world, trunk| {
        for number in 0..5 {
            world.add_caller(trunk, at(1000 + 500 * number), &format!("1390000000{number}"), "2000", talks(3000));
        }
        world.add_agent(0, at(10_000), vec![answers_after(1000)]);
    });
    let talked: Vec<_> = world.people()[..5].iter().map(|person| person.talking.unwrap()).collect();
    assert!(talked.is_sorted());
}

#[test]
fn whoever_waits_longer_than_the_maximum_goes_the_way_of_the_fallback() {
    let mut office = Office::new(1);
    office.queue(SERVICE).1.wait_max = Some(seconds(20));
    let world = play(&office, |world, trunk| {
        world.add_caller(trunk, at(1000), CALLER, "2000", waits(300_000));
    });
    assert_ladder(
        &world,
        CALLER,
        "
        caller                  huntline
          |---- INVITE 2000 ----->|
          |<----- 200 INVITE -----|
          |-------- ACK --------->|
          |<-------- BYE ---------|
          |------ 200 BYE ------->|",
    );
    assert_eq!(cause(&world, CALLER), "timed_out");
    let lasted = world.people()[0].ended.unwrap().0.since(at(1000));
    assert!((20..25).contains(&lasted.as_secs()), "{lasted:?}");
}

#[test]
fn a_full_queue_sends_the_caller_on_to_another() {
    let mut office = Office::new(1);
    office.queue(SERVICE).1.waiting_max = 1;
    office.queue(SERVICE).0.fallback = Fallback::Queue(COMPLAINTS);
    let world = play(&office, |world, trunk| {
        world.add_caller(trunk, at(1000), CALLER, "2000", waits(20_000));
        world.add_caller(trunk, at(2000), SECOND, "2000", waits(20_000));
    });
    let visits = |calling: &str| {
        let record = world.summary.records.iter().find(|record| record.calling == calling).unwrap();
        record.queues.iter().map(|visit| (visit.queue.to_string(), visit.outcome.to_string())).collect::<Vec<_>>()
    };
    assert_eq!(visits(CALLER), [("service".into(), "abandoned".into())]);
    assert_eq!(visits(SECOND), [("service".into(), "full".into()), ("complaints".into(), "abandoned".into())]);
}

#[test]
fn a_full_queue_without_a_way_on_says_good_bye() {
    let mut office = Office::new(1);
    office.queue(SERVICE).1.waiting_max = 1;
    let world = play(&office, |world, trunk| {
        world.add_caller(trunk, at(1000), CALLER, "2000", waits(20_000));
        world.add_caller(trunk, at(2000), SECOND, "2000", waits(20_000));
    });
    assert_eq!((cause(&world, CALLER), cause(&world, SECOND)), ("abandoned_in_queue".into(), "queue_full".into()));
    assert_eq!(world.people()[1].ended.map(|(_, end)| end), Some(End::Bye));
}

#[test]
fn a_star_while_waiting_leads_back_to_the_menu_and_the_place_is_kept() {
    let world = play(&Office::new(1), |world, trunk| {
        let script = vec![
            Step::at(When::Up, 2000, Deed::Press(b'1')),
            Step::at(When::Up, 8000, Deed::Press(b'*')),
            Step::at(When::Up, 12_000, Deed::Press(b'1')),
            Step::at(When::Talking, 3000, Deed::HangUp),
        ];
        world.add_caller(trunk, at(1000), CALLER, "1000", script);
        // Came after the first caller, and before the first caller came back.
        world.add_caller(trunk, at(10_000), SECOND, "2000", talks(3000));
        world.add_agent(0, at(20_000), vec![answers_after(1000)]);
    });
    let [first, second] = [0, 1].map(|person| world.people()[person].talking.unwrap());
    assert!(first < second, "the one who came back was served at {first:?}, the other at {second:?}");
}

#[test]
fn nobody_waits_for_somebody_elses_wrap_up() {
    let mut office = Office::new(2);
    office.queue(SERVICE).1.wrap_up = seconds(60);
    let world = play(&office, |world, trunk| {
        world.add_agent(0, at(0), vec![answers_after(1000)]);
        world.add_agent(1, at(100), vec![answers_after(1000)]);
        world.add_caller(trunk, at(1000), CALLER, "2000", talks(3000));
        world.add_caller(trunk, at(10_000), SECOND, "2000", talks(3000));
    });
    let second = &world.people()[1];
    assert!(second.talking.unwrap().since(second.up.unwrap()).as_millis() < 1100);
}

#[test]
fn a_drain_takes_no_new_calls_and_lets_talks_end() {
    let mut world = World::new(Office::new(1), Options::default());
    let trunk = world.add_trunk();
    world.add_agent(0, at(0), vec![answers_after(1000)]);
    let talker = world.add_caller(trunk, at(1000), CALLER, "2000", talks(20_000));
    let late = world.add_caller(trunk, at(10_000), SECOND, "2000", talks(20_000));
    world.run_until(at(5000));
    world.switch_takes(Event::Drain);
    world.run_to_the_end(seconds(100));
    assert_eq!(world.person(late).ended.map(|(_, end)| end), Some(End::Refused(503)));
    assert_eq!(world.person(talker).ended.map(|(_, end)| end), Some(End::HungUp));
    assert!(world.switch().is_drained());
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn what_is_left_at_the_end_of_a_drain_is_ended_on_both_sides() {
    let mut office = Office::new(1);
    office.switch.limits.drain = seconds(30);
    let mut world = World::new(office, Options::default());
    let trunk = world.add_trunk();
    world.add_agent(0, at(0), vec![answers_after(1000)]);
    world.add_caller(trunk, at(1000), CALLER, "2000", talks(600_000));
    world.add_caller(trunk, at(2000), SECOND, "2000", waits(600_000));
    world.run_until(at(5000));
    world.switch_takes(Event::Drain);
    world.run_to_the_end(seconds(100));
    assert!(world.people().iter().all(|person| person.ended.is_some_and(|(_, end)| end == End::Bye)));
    assert_eq!(cause(&world, SECOND), "drained");
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn an_operator_ends_one_call() {
    let mut world = World::new(Office::new(1), Options::default());
    let trunk = world.add_trunk();
    world.add_agent(0, at(0), vec![answers_after(1000)]);
    world.add_caller(trunk, at(1000), CALLER, "2000", talks(600_000));
    world.run_until(at(5000));
    world.switch_takes(Event::End { call: huntline::ids::CallId(1) });
    world.run_to_the_end(seconds(10));
    assert_eq!(cause(&world, CALLER), "ended_by_operator");
    assert_eq!(world.agent_state(0), Some(AgentState::Ready));
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn a_caller_nobody_can_serve_gives_up_and_is_counted() {
    let world = play(&Office::new(1), |world, trunk| {
        world.add_caller(
            trunk,
            at(1000),
            CALLER,
            "1000",
            vec![Step::at(When::Up, 2000, Deed::Press(b'0')), Step::at(When::Up, 40_000, Deed::GiveUp)],
        );
        world.add_caller(trunk, at(1000), SECOND, "1000", waits(3000));
    });
    assert_eq!(
        (cause(&world, CALLER), cause(&world, SECOND)),
        ("abandoned_in_queue".into(), "abandoned_in_ivr".into())
    );
}

#[test]
fn an_unknown_number_is_404_and_a_trunks_limit_is_480() {
    let mut office = Office::new(1);
    office.switch.trunks[0].calls_max = Some(1);
    let world = play(&office, |world, trunk| {
        world.add_caller(trunk, at(1000), CALLER, "2000", waits(10_000));
        world.add_caller(trunk, at(2000), SECOND, "2000", waits(10_000));
        world.add_caller(trunk, at(30_000), "13800000003", "9999", waits(10_000));
        world.add_caller(trunk, at(40_000), "13800000004", "2000", waits(10_000));
    });
    let ends: Vec<_> = world.people().iter().map(|person| person.ended.unwrap().1).collect();
    assert_eq!(ends, [End::HungUp, End::Refused(480), End::Refused(404), End::HungUp]);
}
