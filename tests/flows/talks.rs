//! A caller reaches an agent, and what happens while they talk.

use super::*;
use huntline::sim::media_model::Hearing;
use huntline::sim::office::MUSIC;
use huntline::sim::phone::End;

#[test]
fn a_caller_reaches_an_agent_through_the_menu_by_pressing_0() {
    let world = play(&Office::new(1), |world, trunk| {
        world.add_agent(0, at(0), vec![answers_after(2000)]);
        let script = vec![Step::at(When::Up, 3000, Deed::Press(b'0')), Step::at(When::Talking, 10_000, Deed::HangUp)];
        world.add_caller(trunk, at(1000), CALLER, "1000", script);
    });
    assert_ladder(
        &world,
        CALLER,
        "
        caller                  huntline                8001
          |---- INVITE 1000 ----->|                       |
          |<----- 200 INVITE -----|                       |
          |-------- ACK --------->|                       |
          |                       |---- INVITE 8001 ----->|
          |                       |<----- 180 INVITE -----|
          |                       |<----- 200 INVITE -----|
          |                       |-------- ACK --------->|
          |-------- BYE --------->|                       |
          |<------ 200 BYE -------|                       |
          |                       |-------- BYE --------->|
          |                       |<------ 200 BYE -------|",
    );
    let record = &world.summary.records[0];
    assert_eq!(cause(&world, CALLER), "answered");
    assert!(record.ivr.as_ref().is_some_and(|visit| visit.zero_pressed));
    assert_eq!(record.queues.len(), 1);
}

#[test]
fn a_number_can_lead_straight_to_a_queue() {
    let world = play(&Office::new(1), |world, trunk| {
        world.add_agent(0, at(0), vec![answers_after(2000)]);
        world.add_caller(trunk, at(1000), CALLER, "2000", talks(10_000));
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
          |-------- BYE --------->|                       |
          |<------ 200 BYE -------|                       |
          |                       |-------- BYE --------->|
          |                       |<------ 200 BYE -------|",
    );
}

#[test]
fn keys_by_info_are_keys() {
    let world = play(&Office::new(1), |world, trunk| {
        world.add_agent(0, at(0), vec![answers_after(2000)]);
        let script = vec![
            Step::at(When::Up, 2000, Deed::PressByInfo(b'3')),
            Step::at(When::Up, 4000, Deed::PressByInfo(b'1')),
            Step::at(When::Talking, 5000, Deed::HangUp),
        ];
        world.add_caller(trunk, at(1000), CALLER, "1000", script);
    });
    assert_eq!((count(&world, CALLER, " INFO "), cause(&world, CALLER)), (4, "answered".into()));
    assert!(world.summary.records[0].ivr.as_ref().is_some_and(|visit| visit.depth_max >= 1));
}

#[test]
fn the_caller_hears_the_menu_then_music_then_the_agent() {
    let mut world = World::new(Office::new(1), Options::default());
    let trunk = world.add_trunk();
    world.add_agent(0, at(0), vec![answers_after(3000)]);
    let script = vec![Step::at(When::Up, 3000, Deed::Press(b'0')), Step::at(When::Talking, 5000, Deed::HangUp)];
    let caller = world.add_caller(trunk, at(1000), CALLER, "1000", script);
    world.run_until(at(2000));
    assert!(matches!(world.hears(caller), Hearing::Words(_)), "{:?}", world.hears(caller));
    world.run_until(at(5500));
    assert_eq!(world.hears(caller), Hearing::Music(MUSIC));
    world.run_until(at(8000));
    assert_eq!(world.hears_whom(caller).map(|person| person.called.as_str()), Some("8001"));
    let agent = huntline::sim::world::PersonId(1);
    assert_eq!(world.hears_whom(agent).map(|person| person.calling.as_str()), Some(CALLER));
    world.run_to_the_end(seconds(60));
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn the_agent_holds_the_caller_who_hears_music_and_resumes() {
    let holds = || {
        [answers_after(1000), vec![Step::at(When::Up, 4000, Deed::Hold), Step::at(When::Up, 9000, Deed::Resume)]]
            .concat()
    };
    let world = play(&Office::new(1), |world, trunk| {
        world.add_agent(0, at(0), vec![holds()]);
        world.add_caller(trunk, at(1000), CALLER, "2000", talks(20_000));
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
          |                       |<-- INVITE sendonly ---|
          |                       | 200 INVITE recvonly ->|
          |                       |<-------- ACK ---------|
          |                       |<------- INVITE -------|
          |                       |----- 200 INVITE ----->|
          |                       |<-------- ACK ---------|
          |-------- BYE --------->|                       |
          |<------ 200 BYE -------|                       |
          |                       |-------- BYE --------->|
          |                       |<------ 200 BYE -------|",
    );
    assert!((4_900_000..5_100_000).contains(&world.summary.records[0].legs[1].held_us));

    let mut world = World::new(Office::new(1), Options::default());
    let trunk = world.add_trunk();
    world.add_agent(0, at(0), vec![holds()]);
    let caller = world.add_caller(trunk, at(1000), CALLER, "2000", talks(20_000));
    world.run_until(at(8000));
    assert_eq!(world.hears(caller), Hearing::Music(MUSIC));
    assert_eq!(world.agent_state(0), Some(huntline::acd::AgentState::Holding));
    world.run_until(at(13_000));
    assert!(world.hears_whom(caller).is_some());
}

#[test]
fn the_caller_holds_and_it_is_not_hold_time() {
    let world = play(&Office::new(1), |world, trunk| {
        world.add_agent(0, at(0), vec![answers_after(1000)]);
        let script = vec![
            Step::at(When::Talking, 2000, Deed::Hold),
            Step::at(When::Talking, 6000, Deed::Resume),
            Step::at(When::Talking, 9000, Deed::HangUp),
        ];
        world.add_caller(trunk, at(1000), CALLER, "2000", script);
    });
    assert_eq!(count(&world, CALLER, "INVITE sendonly"), 1);
    assert_eq!(world.summary.records[0].legs[1].held_us, 0);
}

#[test]
fn the_agent_hangs_up_first() {
    let world = play(&Office::new(1), |world, trunk| {
        let manner = [answers_after(1000), vec![Step::at(When::Talking, 5000, Deed::HangUp)]].concat();
        world.add_agent(0, at(0), vec![manner]);
        world.add_caller(trunk, at(1000), CALLER, "2000", talks(60_000));
    });
    assert_eq!(cause(&world, CALLER), "answered");
    assert_eq!(world.summary.records[0].hung_up_first, huntline::call::record::Side::Agent);
    assert_eq!(world.people()[0].ended.map(|(_, end)| end), Some(End::Bye));
}

#[test]
fn a_bye_from_the_wrong_dialog_is_refused_and_the_call_goes_on() {
    let world = play(&Office::new(1), |world, trunk| {
        world.add_agent(0, at(0), vec![answers_after(1000)]);
        let script = vec![Step::at(When::Talking, 5000, Deed::StrayBye), Step::at(When::Talking, 20_000, Deed::HangUp)];
        world.add_caller(trunk, at(1000), CALLER, "2000", script);
    });
    assert_eq!((count(&world, CALLER, "481 BYE"), count(&world, CALLER, "200 BYE")), (1, 2));
    let talk = world.people()[0].ended.unwrap().0.since(world.people()[0].talking.unwrap());
    assert_eq!(talk.as_secs(), 20);
}
