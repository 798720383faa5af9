//! Agents' states: codes that they dial, registrations that come and go, wrap-up.

use super::*;
use huntline::acd::{AgentState, NotReady};
use huntline::ids::ReasonId;
use huntline::sim::people::lets_it_ring;
use huntline::sim::world::{AgentDeed, Fault};

fn dials(world: &mut World, ms: u64, agent: u32, code: &str) {
    world.agent_does(at(ms), agent, AgentDeed::Dial(code.into(), Vec::new()));
}

#[test]
fn agents_dial_codes_to_be_ready_not_ready_and_logged_off() {
    let mut world = World::new(Office::new(1), Options::default());
    world.add_trunk();
    let agent = world.add_agent(0, at(0), vec![answers_after(1000)]);
    let mut states = Vec::new();
    for (step, code) in ["*621", "*61", "*63", "*61"].into_iter().enumerate() {
        states.push(world.agent_state(0));
        dials(&mut world, 10_000 * (step as u64 + 1), agent, code);
        world.run_until(at(10_000 * (step as u64 + 1) + 9_000));
    }
    states.push(world.agent_state(0));
    let chosen = AgentState::NotReady(NotReady::Chosen(ReasonId(0)));
    let expected = [None, Some(chosen), Some(AgentState::Ready), Some(AgentState::LoggedOff), Some(AgentState::Ready)];
    assert_eq!(states[1..], expected[1..]);
    world.run_to_the_end(seconds(60));
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn a_code_is_challenged_confirmed_and_hung_up() {
    let world = play(&Office::new(1), |world, _| {
        let agent = world.add_agent(0, at(0), vec![answers_after(1000)]);
        dials(world, 5000, agent, "*621");
    });
    assert_ladder(
        &world,
        "8001",
        "
        8001                    huntline
          |---- INVITE *621 ----->|
          |<----- 407 INVITE -----|
          |-------- ACK --------->|
          |---- INVITE *621 ----->|
          |<----- 200 INVITE -----|
          |-------- ACK --------->|
          |<-------- BYE ---------|
          |------ 200 BYE ------->|",
    );
}

#[test]
fn codes_from_a_trunk_are_unknown_numbers() {
    let world = play(&Office::new(1), |world, trunk| {
        world.add_agent(0, at(0), vec![answers_after(1000)]);
        world.add_caller(trunk, at(5000), CALLER, "*63", Vec::new());
    });
    assert_eq!(count(&world, CALLER, "404 INVITE"), 1);
    assert_eq!(world.agent_state(0), Some(AgentState::Ready));
}

#[test]
fn an_agent_who_is_not_ready_is_not_rung_until_ready() {
    let world = play(&Office::new(1), |world, trunk| {
        let agent = world.add_agent(0, at(0), vec![answers_after(1000)]);
        dials(world, 5000, agent, "*621");
        world.add_caller(trunk, at(20_000), CALLER, "2000", talks(3000));
        dials(world, 40_000, agent, "*61");
    });
    let waited = world.people().iter().find(|person| person.calling == CALLER).unwrap();
    let waited = waited.talking.unwrap().since(waited.up.unwrap()).as_secs();
    assert!((20..25).contains(&waited), "{waited}");
}

#[test]
fn the_registration_runs_out_while_talking_and_the_call_goes_on() {
    let mut office = Office::new(1);
    office.switch.registrar.expires_min = seconds(10);
    let world = play(&office, |world, trunk| {
        let agent = world.add_agent(0, at(0), vec![answers_after(1000)]);
        world.agent_does(at(500), agent, AgentDeed::Register(seconds(20)));
        world.agent_does(at(600), agent, AgentDeed::Forget);
        world.add_caller(trunk, at(5000), CALLER, "2000", talks(40_000));
    });
    assert_eq!(cause(&world, CALLER), "answered");
    let caller = &world.people()[0];
    assert_eq!(caller.ended.unwrap().0.since(caller.talking.unwrap()).as_secs(), 40);
    assert_eq!(world.agent_state(0), Some(AgentState::LoggedOff));
}

#[test]
fn an_agent_whose_registration_ran_out_is_not_offered_calls() {
    let mut office = Office::new(1);
    office.switch.registrar.expires_min = seconds(10);
    let world = play(&office, |world, trunk| {
        let agent = world.add_agent(0, at(0), vec![answers_after(1000)]);
        world.agent_does(at(500), agent, AgentDeed::Register(seconds(20)));
        world.agent_does(at(600), agent, AgentDeed::Forget);
        world.add_caller(trunk, at(30_000), CALLER, "2000", vec![Step::at(When::Up, 10_000, Deed::GiveUp)]);
    });
    assert_eq!((count(&world, CALLER, "INVITE 8001"), cause(&world, CALLER)), (0, "abandoned_in_queue".into()));
    assert_eq!(world.agent_state(0), Some(AgentState::LoggedOff));
}

#[test]
fn an_agent_who_unregisters_while_ringing_is_not_ringing_for_ever() {
    let world = play(&Office::new(1), |world, trunk| {
        let agent = world.add_agent(0, at(0), vec![lets_it_ring()]);
        world.agent_does(at(3000), agent, AgentDeed::Unregister);
        world.add_caller(trunk, at(1000), CALLER, "2000", vec![Step::at(When::Up, 30_000, Deed::HangUp)]);
    });
    assert_eq!(world.agent_state(0), Some(AgentState::LoggedOff));
}

#[test]
fn a_phone_that_crashes_while_ringing_does_not_lose_the_caller() {
    let world = play(&Office::new(2), |world, trunk| {
        let agent = world.add_agent(0, at(0), vec![lets_it_ring()]);
        world.add_agent(1, at(100), vec![answers_after(1000)]);
        world.add_caller(trunk, at(1000), CALLER, "2000", talks(3000));
        world.fault(at(2000), Fault::CrashPhone(agent));
    });
    assert_eq!(cause(&world, CALLER), "answered");
}

#[test]
fn a_phone_that_crashes_while_talking_is_noticed_by_its_silence() {
    let world = play(&Office::new(1), |world, trunk| {
        let agent = world.add_agent(0, at(0), vec![answers_after(1000)]);
        world.add_caller(trunk, at(1000), CALLER, "2000", talks(600_000));
        world.fault(at(10_000), Fault::CrashPhone(agent));
    });
    let caller = &world.people()[0];
    let lasted = caller.ended.unwrap().0.since(at(10_000)).as_secs();
    assert!(lasted < 130, "{lasted} s of talking to nobody");
    assert!(!matches!(world.agent_state(0), Some(AgentState::Talking | AgentState::Offered)));
}

#[test]
fn a_caller_whose_phone_crashes_is_noticed_by_its_silence_wherever_they_are() {
    for (number, agents) in [("1000", 0), ("2000", 0), ("2000", 1)] {
        let world = play(&Office::new(1), |world, trunk| {
            if agents > 0 {
                world.add_agent(0, at(0), vec![answers_after(1000)]);
            }
            world.add_caller(trunk, at(1000), CALLER, number, talks(600_000));
            world.fault(at(4000), Fault::CrashTrunk(trunk));
        });
        assert_eq!(cause(&world, CALLER), "silent", "{number} with {agents} agents");
        assert!(!matches!(world.agent_state(0), Some(AgentState::Talking | AgentState::Offered)));
    }
}

#[test]
fn wrap_up_is_waited_for_and_ended_early_by_61() {
    let mut office = Office::new(1);
    office.queue(huntline::sim::office::SERVICE).1.wrap_up = seconds(60);
    let second_call = |early: bool| {
        let world = play(&office, |world, trunk| {
            let agent = world.add_agent(0, at(0), vec![answers_after(1000)]);
            world.add_caller(trunk, at(1000), CALLER, "2000", talks(5000));
            world.add_caller(trunk, at(10_000), SECOND, "2000", talks(5000));
            if early {
                dials(world, 20_000, agent, "*61");
            }
        });
        world.people()[1].talking.unwrap().since(at(7000)).as_secs()
    };
    let (patient, early) = (second_call(false), second_call(true));
    assert!((60..63).contains(&patient), "{patient}");
    assert!(early < 25, "{early}");
}

#[test]
fn log_off_asked_for_during_a_talk_takes_effect_after_it() {
    let mut world = World::new(Office::new(1), Options::default());
    let trunk = world.add_trunk();
    world.add_agent(0, at(0), vec![answers_after(1000)]);
    world.add_caller(trunk, at(1000), CALLER, "2000", talks(20_000));
    world.run_until(at(10_000));
    let wish = huntline::acd::Wish::LogOff;
    world.switch_takes(huntline::switch::Event::Wish { agent: huntline::ids::AgentId(0), wish });
    world.run_until(at(15_000));
    assert_eq!(world.agent_state(0), Some(AgentState::Talking));
    world.run_to_the_end(seconds(60));
    assert_eq!(world.agent_state(0), Some(AgentState::LoggedOff));
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn an_agents_own_call_keeps_offers_away() {
    let world = play(&Office::new(2), |world, trunk| {
        let agent = world.add_agent(0, at(0), vec![answers_after(1000)]);
        world.add_agent(1, at(5000), vec![answers_after(1000)]);
        // Agent 8001 calls the menu (nobody answers there) and is in a call of their own when the caller comes.
        let script = vec![Step::at(When::Up, 10_000, Deed::HangUp)];
        world.agent_does(at(10_000), agent, AgentDeed::Dial("1000".into(), script));
        world.add_caller(trunk, at(12_000), CALLER, "2000", talks(3000));
    });
    assert_eq!((count(&world, CALLER, "INVITE 8001"), count(&world, CALLER, "INVITE 8002")), (0, 1));
}
