//! An agent's phone is rung: answer, refusal, silence, and who gets the call then.

use super::*;
use huntline::acd::{AgentState, NotReady};
use huntline::sim::office;
use huntline::sim::people::{declines, ignores, lets_it_ring};
use huntline::sim::phone::End;

#[test]
fn caller_hangs_up_while_the_agent_rings_and_the_phone_stops_at_once() {
    let world = play(&Office::new(1), |world, trunk| {
        world.add_agent(0, at(0), vec![lets_it_ring()]);
        world.add_caller(trunk, at(1000), CALLER, "2000", vec![Step::at(When::Up, 4000, Deed::HangUp)]);
    });
    assert_ladder(
        &world,
        CALLER,
        "
        caller                  huntline                8001
          |---- INVITE 2000 ----->|                       |
          |<----- 200 INVITE -----|                       |
          |                       |---- INVITE 8001 ----->|
          |-------- ACK --------->|                       |
          |                       |<----- 180 INVITE -----|
          |-------- BYE --------->|                       |
          |<------ 200 BYE -------|                       |
          |                       |------- CANCEL ------->|
          |                       |<----- 200 CANCEL -----|
          |                       |<----- 487 INVITE -----|
          |                       |-------- ACK --------->|",
    );
    assert_eq!(cause(&world, CALLER), "abandoned_while_ringing");
    let (caller, agent) = (&world.people()[0], &world.people()[1]);
    assert_eq!(agent.ended.map(|(_, end)| end), Some(End::Cancelled));
    let rang_on = agent.ended.unwrap().0.since(caller.ended.unwrap().0);
    assert!(rang_on < Duration::from_millis(20), "{rang_on:?}");
    assert_eq!(world.agent_state(0), Some(AgentState::Ready));
}

#[test]
fn an_agent_declines_and_the_caller_keeps_the_old_place() {
    let world = play(&Office::new(2), |world, trunk| {
        world.add_agent(0, at(0), vec![declines(3000, 603), answers_after(500)]);
        world.add_agent(1, at(20_000), vec![answers_after(1000)]);
        world.add_caller(trunk, at(1000), CALLER, "2000", talks(60_000));
        world.add_caller(trunk, at(2000), SECOND, "2000", talks(5_000));
    });
    assert_ladder(
        &world,
        CALLER,
        "
        caller                  huntline                8001                    8002
          |---- INVITE 2000 ----->|                       |                       |
          |<----- 200 INVITE -----|                       |                       |
          |                       |---- INVITE 8001 ----->|                       |
          |-------- ACK --------->|                       |                       |
          |                       |<----- 180 INVITE -----|                       |
          |                       |<----- 603 INVITE -----|                       |
          |                       |-------- ACK --------->|                       |
          |                       |---------------- INVITE 8002 ----------------->|
          |                       |<----------------- 180 INVITE -----------------|
          |                       |<----------------- 200 INVITE -----------------|
          |                       |-------------------- ACK --------------------->|
          |-------- BYE --------->|                       |                       |
          |<------ 200 BYE -------|                       |                       |
          |                       |-------------------- BYE --------------------->|
          |                       |<------------------ 200 BYE -------------------|",
    );
    // The first agent, refused by nobody but the first caller, took the second meanwhile; the next agent got the first caller.
    let talked = |person: usize| world.people()[person].talking.unwrap();
    assert_eq!(world.people()[0].ended.map(|(_, end)| end), Some(End::HungUp));
    assert!(talked(1) < talked(0));
    let record = world.summary.records.iter().find(|record| record.calling == CALLER).unwrap();
    assert_eq!((record.queues.len(), record.queues[0].offers), (1, 2));
    assert_eq!(record.legs[1].cause.as_ref(), "603");
}

#[test]
fn a_call_that_comes_back_from_an_offer_goes_before_those_who_came_later() {
    let world = play(&Office::new(2), |world, trunk| {
        world.add_agent(0, at(0), vec![declines(10_000, 486)]);
        world.add_caller(trunk, at(1000), CALLER, "2000", talks(2_000));
        world.add_caller(trunk, at(2000), SECOND, "2000", talks(2_000));
        // Logs on while the first caller is offered to the one who will decline; is busy with the second until after that.
        world.add_agent(1, at(30_000), vec![answers_after(500)]);
    });
    let talked = |person: usize| world.people()[person].talking.unwrap();
    assert!(talked(0) < talked(1));
}

#[test]
fn who_lets_it_ring_is_set_not_ready_and_the_next_agent_rings() {
    let world = play(&Office::new(2), |world, trunk| {
        world.add_agent(0, at(0), vec![lets_it_ring()]);
        world.add_agent(1, at(100), vec![answers_after(1000)]);
        world.add_caller(trunk, at(1000), CALLER, "2000", talks(5_000));
    });
    assert_ladder(
        &world,
        CALLER,
        "
        caller                  huntline                8001                    8002
          |---- INVITE 2000 ----->|                       |                       |
          |<----- 200 INVITE -----|                       |                       |
          |                       |---- INVITE 8001 ----->|                       |
          |-------- ACK --------->|                       |                       |
          |                       |<----- 180 INVITE -----|                       |
          |                       |------- CANCEL ------->|                       |
          |                       |---------------- INVITE 8002 ----------------->|
          |                       |<----- 200 CANCEL -----|                       |
          |                       |<----- 487 INVITE -----|                       |
          |                       |-------- ACK --------->|                       |
          |                       |<----------------- 180 INVITE -----------------|
          |                       |<----------------- 200 INVITE -----------------|
          |                       |-------------------- ACK --------------------->|
          |-------- BYE --------->|                       |                       |
          |<------ 200 BYE -------|                       |                       |
          |                       |-------------------- BYE --------------------->|
          |                       |<------------------ 200 BYE -------------------|",
    );
    assert_eq!(world.agent_state(0), Some(AgentState::NotReady(NotReady::NoAnswer)));
    assert_eq!(world.agent_state(1), Some(AgentState::Ready));
}

#[test]
fn a_phone_that_does_not_respond_costs_two_seconds() {
    let world = play(&Office::new(2), |world, trunk| {
        world.add_agent(0, at(0), vec![ignores()]);
        world.add_agent(1, at(100), vec![answers_after(1000)]);
        world.add_caller(trunk, at(1000), CALLER, "2000", talks(5_000));
    });
    let waited = world.people()[0].talking.unwrap().since(world.people()[0].up.unwrap());
    assert!((3000..3200).contains(&waited.as_millis()), "{waited:?}");
}

#[test]
fn two_phones_answer_one_offer_and_one_wins() {
    let second_phone = "127.2.0.1:5060".parse().unwrap();
    let world = play(&Office::new(1), |world, trunk| {
        world.add_agent(0, at(0), vec![answers_after(2000)]);
        world.add_second_phone(0, second_phone, at(100), vec![answers_after(2001)]);
        world.add_caller(trunk, at(1000), CALLER, "2000", talks(5_000));
    });
    assert_ladder(
        &world,
        CALLER,
        "
        caller                  huntline                8001b                   8001
          |---- INVITE 2000 ----->|                       |                       |
          |<----- 200 INVITE -----|                       |                       |
          |                       |---- INVITE 8001 ----->|                       |
          |                       |---------------- INVITE 8001 ----------------->|
          |-------- ACK --------->|                       |                       |
          |                       |<----- 180 INVITE -----|                       |
          |                       |<----------------- 180 INVITE -----------------|
          |                       |<----------------- 200 INVITE -----------------|
          |                       |-------------------- ACK --------------------->|
          |                       |------- CANCEL ------->|                       |
          |                       |<----- 200 INVITE -----|                       |
          |                       |-------- ACK --------->|                       |
          |                       |-------- BYE --------->|                       |
          |                       |<----- 200 CANCEL -----|                       |
          |                       |<------ 200 BYE -------|                       |
          |-------- BYE --------->|                       |                       |
          |<------ 200 BYE -------|                       |                       |
          |                       |-------------------- BYE --------------------->|
          |                       |<------------------ 200 BYE -------------------|",
    );
    let ends: Vec<_> =
        world.people().iter().map(|person| (person.talking.is_some(), person.ended.map(|(_, end)| end))).collect();
    assert_eq!(ends[0], (true, Some(End::HungUp)));
    assert_eq!(ends.iter().filter(|(talked, _)| *talked).count(), 2);
    assert_eq!(world.agent_state(0), Some(AgentState::Ready));
}

#[test]
fn one_of_two_phones_answers_and_the_other_stops_ringing() {
    let second_phone = "127.2.0.1:5060".parse().unwrap();
    let world = play(&Office::new(1), |world, trunk| {
        world.add_agent(0, at(0), vec![lets_it_ring()]);
        world.add_second_phone(0, second_phone, at(100), vec![answers_after(3000)]);
        world.add_caller(trunk, at(1000), CALLER, "2000", talks(5_000));
    });
    assert_eq!(cause(&world, CALLER), "answered");
    assert!(world.people().iter().any(|person| person.ended.is_some_and(|(_, end)| end == End::Cancelled)));
}

#[test]
fn the_first_phone_to_answer_hangs_up_before_the_bridge_and_the_other_is_not_lost() {
    let second_phone = "127.2.0.1:5060".parse().unwrap();
    let world = play(&Office::new(1), |world, trunk| {
        world.add_agent(0, at(0), vec![declines(1500, 486)]);
        world.add_second_phone(0, second_phone, at(100), vec![answers_after(3000)]);
        world.add_caller(trunk, at(1000), CALLER, "2000", talks(5_000));
    });
    assert_eq!(cause(&world, CALLER), "answered");
    assert_eq!(world.summary.records.iter().find(|r| r.calling == CALLER).unwrap().queues[0].offers, 1);
}

#[test]
fn a_180_after_the_200_changes_nothing() {
    let world = play(&Office::new(1), |world, trunk| {
        let manner = [answers_after(1000), vec![Step::at(When::Start, 1001, Deed::Ring(180))]].concat();
        world.add_agent(0, at(0), vec![manner]);
        world.add_caller(trunk, at(1000), CALLER, "2000", talks(5_000));
    });
    assert_ladder(
        &world,
        CALLER,
        "
        caller                  huntline                8001
          |---- INVITE 2000 ----->|                       |
          |<----- 200 INVITE -----|                       |
          |                       |---- INVITE 8001 ----->|
          |-------- ACK --------->|                       |
          |                       |<----- 180 INVITE -----|
          |                       |<----- 200 INVITE -----|
          |                       |-------- ACK --------->|
          |                       |<----- 180 INVITE -----|
          |-------- BYE --------->|                       |
          |<------ 200 BYE -------|                       |
          |                       |-------- BYE --------->|
          |                       |<------ 200 BYE -------|",
    );
    assert_eq!(cause(&world, CALLER), "answered");
}

#[test]
fn a_registration_during_an_offer_does_not_disturb_it() {
    let world = play(&Office::new(1), |world, trunk| {
        let agent = world.add_agent(0, at(0), vec![answers_after(4000)]);
        world.agent_does(at(3000), agent, huntline::sim::world::AgentDeed::Register(seconds(3600)));
        world.add_caller(trunk, at(1000), CALLER, "2000", talks(5_000));
    });
    assert_eq!(cause(&world, CALLER), "answered");
    assert_eq!(world.summary.records.iter().find(|r| r.calling == CALLER).unwrap().queues[0].offers, 1);
    assert_eq!(world.agent_state(0), Some(AgentState::Ready));
}

#[test]
fn a_phone_that_always_answers_busy_sees_one_invite_per_call_in_30_seconds() {
    let world = play(&Office::new(1), |world, trunk| {
        world.add_agent(0, at(0), vec![declines(100, 486)]);
        world.add_caller(trunk, at(1000), CALLER, "2000", vec![Step::at(When::Up, 29_000, Deed::HangUp)]);
    });
    assert_eq!(count(&world, CALLER, "INVITE 8001"), 1);
    assert_eq!(cause(&world, CALLER), "abandoned_in_queue");
}

#[test]
fn three_refusals_in_a_row_make_the_agent_not_ready() {
    let world = play(&Office::new(1), |world, trunk| {
        world.add_agent(0, at(0), vec![declines(100, 603)]);
        for number in 0..4 {
            let calling = format!("1390000000{number}");
            let script = vec![Step::at(When::Up, 15_000, Deed::HangUp)];
            world.add_caller(trunk, at(1000 + 1000 * number), &calling, "2000", script);
        }
    });
    assert_eq!(world.agent_state(0), Some(AgentState::NotReady(NotReady::Declined)));
    assert_eq!(count(&world, "13900000003", "INVITE 8001"), 0);
}

#[test]
fn the_agent_sees_who_calls_and_for_which_queue() {
    let mut world = World::new(Office::new(1), Options::default());
    let trunk = world.add_trunk();
    world.add_agent(0, at(0), vec![lets_it_ring()]);
    world.add_caller(trunk, at(1000), CALLER, "2000", talks(5_000));
    world.run_until(at(2000));
    assert_eq!(world.people()[1].called, office::agent_number(0));
    assert!(world.people()[1].session.is_some());
}
