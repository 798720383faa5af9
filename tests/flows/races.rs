//! Messages that cross or never arrive.

use super::*;
use huntline::sim::network::Drop;
use huntline::sim::people::lets_it_ring;
use huntline::sim::phone::End;

/// Loses `count` datagrams from the phone with this number (`inbound`) or to it.
fn lose(world: &mut World, phone: u32, inbound: bool, start: &'static str, cseq: &'static str, count: u32) {
    world.network().drop_on_purpose(Drop { phone: Some(phone), inbound, start, cseq, skip: 0, count });
}

#[test]
fn a_lost_ack_is_asked_for_again() {
    let world = play(&Office::new(1), |world, trunk| {
        lose(world, trunk, true, "ACK", "", 1);
        world.add_agent(0, at(0), vec![answers_after(2000)]);
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
          |-------- ACK ---------x|                       |
          |                       |<----- 180 INVITE -----|
          |<----- 200 INVITE -----|                       |
          |-------- ACK --------->|                       |
          |                       |<----- 200 INVITE -----|
          |                       |-------- ACK --------->|
          |-------- BYE --------->|                       |
          |<------ 200 BYE -------|                       |
          |                       |-------- BYE --------->|
          |                       |<------ 200 BYE -------|",
    );
    assert_eq!(cause(&world, CALLER), "answered");
}

#[test]
fn a_caller_who_never_acknowledges_is_given_up_after_32_seconds() {
    let world = play(&Office::new(1), |world, trunk| {
        lose(world, trunk, true, "ACK", "", 1000);
        world.add_agent(0, at(0), vec![answers_after(2000)]);
        world.add_caller(trunk, at(1000), CALLER, "2000", talks(600_000));
    });
    assert_eq!((count(&world, CALLER, "200 INVITE"), cause(&world, CALLER)), (12, "failed".into()));
    let lasted = world.people()[0].ended.unwrap().0.since(world.people()[0].started);
    assert!((32..33).contains(&lasted.as_secs()), "{lasted:?}");
}

#[test]
fn an_agent_whose_ack_is_lost_repeats_the_200_and_gets_it() {
    let world = play(&Office::new(1), |world, trunk| {
        let agent_phone = trunk + 1;
        lose(world, agent_phone, false, "ACK", "", 1);
        world.add_agent(0, at(0), vec![answers_after(2000)]);
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
          |                       |-------- ACK ---------x|
          |                       |<----- 200 INVITE -----|
          |                       |-------- ACK --------->|
          |-------- BYE --------->|                       |
          |<------ 200 BYE -------|                       |
          |                       |-------- BYE --------->|
          |                       |<------ 200 BYE -------|",
    );
}

#[test]
fn a_lost_bye_comes_again() {
    let world = play(&Office::new(1), |world, trunk| {
        lose(world, trunk, true, "BYE", "", 2);
        lose(world, trunk + 1, false, "BYE", "", 1);
        world.add_agent(0, at(0), vec![answers_after(2000)]);
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
          |-------- BYE ---------x|                       |
          |-------- BYE ---------x|                       |
          |-------- BYE --------->|                       |
          |<------ 200 BYE -------|                       |
          |                       |-------- BYE ---------x|
          |                       |-------- BYE --------->|
          |                       |<------ 200 BYE -------|",
    );
    assert_eq!(world.agent_state(0), Some(huntline::acd::AgentState::Ready));
}

#[test]
fn an_agent_whose_bye_never_arrives_is_not_talking_for_ever() {
    let world = play(&Office::new(1), |world, trunk| {
        lose(world, trunk + 1, true, "BYE", "", 1000);
        let manner = [answers_after(1000), vec![Step::at(When::Talking, 5000, Deed::HangUp)]].concat();
        world.add_agent(0, at(0), vec![manner]);
        world.add_caller(trunk, at(1000), CALLER, "2000", talks(60_000));
    });
    assert_eq!(cause(&world, CALLER), "answered");
    assert_eq!(world.agent_state(0), Some(huntline::acd::AgentState::Ready));
}

#[test]
fn lost_invites_and_answers_are_repeated() {
    let world = play(&Office::new(1), |world, trunk| {
        lose(world, trunk, true, "INVITE", "", 2);
        lose(world, trunk + 1, false, "INVITE", "", 1);
        lose(world, trunk + 1, true, "200", "INVITE", 1);
        world.add_agent(0, at(0), vec![answers_after(2000)]);
        world.add_caller(trunk, at(1000), CALLER, "2000", talks(5_000));
    });
    assert_eq!(cause(&world, CALLER), "answered");
}

#[test]
fn a_caller_who_gives_up_while_the_200_is_under_way_acknowledges_it_and_hangs_up() {
    let world = play(&Office::new(1), |world, trunk| {
        // The 200 is on its way when the caller gives up: CANCEL before it arrives.
        world.add_agent(0, at(0), vec![lets_it_ring()]);
        world.add_caller(trunk, at(1000), CALLER, "2000", vec![Step::at(When::Start, 3, Deed::HangUp)]);
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
          |-------- BYE --------->|                       |
          |<------ 200 BYE -------|                       |
          |                       |<----- 180 INVITE -----|
          |                       |------- CANCEL ------->|
          |                       |<----- 200 CANCEL -----|
          |                       |<----- 487 INVITE -----|
          |                       |-------- ACK --------->|",
    );
    assert_eq!(world.people()[0].ended.map(|(_, end)| end), Some(End::HungUp));
    assert!(cause(&world, CALLER).starts_with("abandoned"));
}

#[test]
fn our_cancel_crosses_the_200_of_the_agent_who_is_released() {
    let world = play(&Office::new(1), |world, trunk| {
        world.add_agent(0, at(0), vec![answers_after(3000)]);
        // The caller's BYE arrives 1 ms before the agent's 200.
        world.add_caller(trunk, at(1000), CALLER, "2000", vec![Step::at(When::Start, 3003, Deed::HangUp)]);
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
          |                       |<----- 200 INVITE -----|
          |                       |-------- ACK --------->|
          |                       |-------- BYE --------->|
          |                       |<----- 200 CANCEL -----|
          |                       |<------ 200 BYE -------|",
    );
    assert_eq!(cause(&world, CALLER), "abandoned_while_ringing");
    assert_eq!(world.agent_state(0), Some(huntline::acd::AgentState::Ready));
}

#[test]
fn both_hang_up_at_once() {
    let world = play(&Office::new(1), |world, trunk| {
        let manner = [answers_after(1000), vec![Step::at(When::Up, 5000, Deed::HangUp)]].concat();
        world.add_agent(0, at(0), vec![manner]);
        world.add_caller(trunk, at(1000), CALLER, "2000", vec![Step::at(When::Start, 6006, Deed::HangUp)]);
    });
    assert_eq!(cause(&world, CALLER), "answered");
    assert_eq!(count(&world, CALLER, "200 BYE") + count(&world, CALLER, "481 BYE"), count(&world, CALLER, "- BYE -"));
}
