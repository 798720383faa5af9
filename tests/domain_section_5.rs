//! What goes wrong in other systems (DOMAIN §5): each line that the present features reach, as an end-to-end test on virtual time. The
//! Router's half of these rules is tested beside it.

use huntline::acd::AgentState;
use huntline::clock::{Duration, Instant};
use huntline::sim::ladder::Style;
use huntline::sim::network::Drop;
use huntline::sim::office::{Office, SERVICE};
use huntline::sim::options::{Layout, Options};
use huntline::sim::people::{Deed, Manner, Spread, Step, When, answers, declines, lets_it_ring};
use huntline::sim::phone::End;
use huntline::sim::world::{AgentDeed, Fault, World};

fn at(ms: u64) -> Instant {
    Instant::from_micros(ms * 1000)
}

fn answers_after(ms: u64) -> Manner {
    answers(Spread::Always(Duration::from_millis(ms)))
}

fn caller(number: u64) -> String {
    format!("139{number:08}")
}

/// Plays to the end in both layouts; nothing may be left. Returns the world in which the owners sat apart.
fn play(office: &Office, set_up: impl Fn(&mut World, u32)) -> World {
    let [_, apart] = [Layout::Together, Layout::Apart].map(|layout| {
        let mut world = World::new(office.clone(), Options { layout, ..Options::default() });
        let trunk = world.add_trunk();
        set_up(&mut world, trunk);
        world.run_to_the_end(Duration::from_secs(1800));
        let left = world.leftovers();
        assert!(left.is_empty(), "{left:#?}\n{}", world.whole_ladder(Style { times: true, notes: true }));
        world
    });
    apart
}

/// From the call's being up to the agent's voice.
fn waited(world: &World, person: usize) -> Duration {
    let person = &world.people()[person];
    person.talking.expect("they were served").since(person.up.expect("they were answered"))
}

#[test]
fn no_agent_stays_ringing_or_talking_for_ever_after_a_lost_bye_a_crash_or_a_race() {
    let world = play(&Office::new(3), |world, trunk| {
        // The first phone's agent talks; our BYE to it and every repetition are lost.
        world.network().drop_on_purpose(Drop {
            phone: Some(1),
            inbound: false,
            start: "BYE",
            cseq: "",
            skip: 0,
            count: 100,
        });
        let crashing = world.add_agent(1, at(50), vec![answers_after(1000)]);
        assert_eq!(crashing, 0);
        world.add_agent(0, at(0), vec![answers_after(1000)]);
        let racing = world.add_agent(2, at(100), vec![answers_after(1000)]);
        for number in 0..3 {
            let script = vec![Step::at(When::Talking, 8000, Deed::HangUp)];
            world.add_caller(trunk, at(1000 + number), &caller(number), "2000", script);
        }
        world.fault(at(5000), Fault::CrashPhone(1));
        // That phone, which never learns of it, is switched off at last.
        world.fault(at(200_000), Fault::CrashPhone(0));
        world.agent_does(at(10_030), racing, AgentDeed::Dial("*621".into(), Vec::new()));
    });
    for number in 0..3 {
        let state = world.agent_state(number);
        assert!(
            !matches!(state, Some(AgentState::Offered | AgentState::Talking | AgentState::Holding)),
            "{number}: {state:?}"
        );
    }
}

#[test]
fn a_call_answered_by_two_phones_is_joined_with_one_and_the_other_is_released() {
    let second_phone = "127.2.0.1:5060".parse().unwrap();
    let world = play(&Office::new(1), |world, trunk| {
        world.add_agent(0, at(0), vec![answers_after(2000)]);
        world.add_second_phone(0, second_phone, at(100), vec![answers_after(2001)]);
        world.add_caller(trunk, at(1000), &caller(0), "2000", vec![Step::at(When::Talking, 5000, Deed::HangUp)]);
    });
    let heard = world.people()[1..].iter().filter(|person| person.talking.is_some()).count();
    assert_eq!(heard, 1, "one agent's phone heard the caller");
    let ladder = world.ladder(&caller(0), Style::default());
    assert_eq!(ladder.matches("- BYE -").count(), 3, "caller's, winner's, loser's:\n{ladder}");
}

#[test]
fn the_agents_phone_does_not_ring_on_into_silence() {
    let world = play(&Office::new(1), |world, trunk| {
        world.add_agent(0, at(0), vec![lets_it_ring()]);
        world.add_caller(trunk, at(1000), &caller(0), "2000", vec![Step::at(When::Up, 4000, Deed::HangUp)]);
    });
    let [caller, agent] = [&world.people()[0], &world.people()[1]];
    let ((gone, _), (silent, how)) = (caller.ended.unwrap(), agent.ended.unwrap());
    assert_eq!(how, End::Cancelled);
    assert!(silent.since(gone) < Duration::from_millis(20));
}

#[test]
fn the_first_to_answer_drops_before_the_bridge_and_the_others_ring_on() {
    let second_phone = "127.2.0.1:5060".parse().unwrap();
    let world = play(&Office::new(1), |world, trunk| {
        // Answers and hangs up in the same breath.
        let drops = [answers_after(1000), vec![Step::at(When::Start, 1000, Deed::HangUp)]].concat();
        world.add_agent(0, at(0), vec![drops]);
        world.add_second_phone(0, second_phone, at(100), vec![answers_after(3000)]);
        world.add_caller(trunk, at(1000), &caller(0), "2000", vec![Step::at(When::Talking, 60_000, Deed::HangUp)]);
    });
    // Whether the bridge came first is a matter of microseconds; the caller is never lost without a word: either they talked to the
    // first, who hung up, or they talked to the second.
    let (_, how) = world.people()[0].ended.unwrap();
    assert!(world.people()[0].talking.is_some(), "{}", world.ladder(&caller(0), Style::default()));
    assert!(matches!(how, End::Bye | End::HungUp));
}

#[test]
fn a_later_call_is_not_served_first() {
    let world = play(&Office::new(2), |world, trunk| {
        for number in 0..6 {
            let script = vec![Step::at(When::Talking, 4000, Deed::HangUp)];
            world.add_caller(trunk, at(1000 + 700 * number), &caller(number), "2000", script);
        }
        world.add_agent(0, at(10_000), vec![declines(2000, 603), answers_after(1000)]);
        world.add_agent(1, at(11_000), vec![answers_after(1500)]);
    });
    let first_rung = |number: u64| {
        let record = world.summary.records.iter().find(|record| record.calling == caller(number)).unwrap();
        record.legs[1].started
    };
    let rung: Vec<_> = (0..6).map(first_rung).collect();
    assert!(rung.is_sorted(), "{rung:?}");
    // Who was declined did not go to the end: served before everybody who came after the two that were free to be served.
    let served: Vec<_> = (0..6).map(|person| world.people()[person].talking.unwrap()).collect();
    assert!(served[3..].iter().all(|later| served[0] < *later), "{served:?}");
}

#[test]
fn an_agent_rejects_and_the_caller_goes_back_with_the_old_waiting_time() {
    let world = play(&Office::new(2), |world, trunk| {
        world.add_agent(0, at(0), vec![declines(8000, 603), answers_after(500)]);
        let talks = || vec![Step::at(When::Talking, 2000, Deed::HangUp)];
        world.add_caller(trunk, at(1000), &caller(0), "2000", talks());
        world.add_caller(trunk, at(2000), &caller(1), "2000", talks());
        world.add_caller(trunk, at(3000), &caller(2), "2000", talks());
        world.add_agent(1, at(8500), vec![lets_it_ring(), answers_after(500)]);
    });
    let record = world.summary.records.iter().find(|record| record.calling == caller(0)).unwrap();
    assert_eq!(record.queues.len(), 1, "one visit, never left: {record:?}");
    assert!(record.queues[0].offers >= 2);
    let (_, how) = world.people()[0].ended.unwrap();
    assert_eq!(how, End::HungUp, "the caller was not dropped");
}

#[test]
fn wrap_up_lasts_as_long_as_it_should_and_nobody_is_counted_twice() {
    let mut office = Office::new(1);
    office.queue(SERVICE).1.wrap_up = Duration::from_secs(30);
    let world = play(&office, |world, trunk| {
        world.add_agent(0, at(0), vec![answers_after(1000)]);
        for number in 0..3 {
            let script = vec![Step::at(When::Talking, 5000, Deed::HangUp)];
            world.add_caller(trunk, at(1000 + number), &caller(number), "2000", script);
        }
    });
    let ended = |person: usize| world.people()[person].ended.unwrap().0;
    for person in 0..2 {
        let pause = world.people()[person + 1].talking.unwrap().since(ended(person));
        assert!((30_900..31_300).contains(&pause.as_millis()), "{pause:?}");
    }
    assert_eq!(world.summary.calls, 3);
    assert_eq!(world.summary.causes.values().sum::<u64>(), 3);
    assert_eq!(world.summary.queues["service"].answered.len(), 3);
}

#[test]
fn leaving_for_the_menu_and_coming_back_keeps_the_place() {
    let world = play(&Office::new(1), |world, trunk| {
        let script = vec![
            Step::at(When::Up, 2000, Deed::Press(b'1')),
            Step::at(When::Up, 8000, Deed::Press(b'*')),
            Step::at(When::Up, 12_000, Deed::Press(b'1')),
            Step::at(When::Talking, 3000, Deed::HangUp),
        ];
        world.add_caller(trunk, at(1000), &caller(0), "1000", script);
        world.add_caller(trunk, at(6000), &caller(1), "2000", vec![Step::at(When::Talking, 3000, Deed::HangUp)]);
        world.add_agent(0, at(20_000), vec![answers_after(1000)]);
    });
    assert!(world.people()[0].talking < world.people()[1].talking);
}

#[test]
fn the_maximum_wait_fires_also_after_offers_that_failed() {
    let mut office = Office::new(1);
    office.queue(SERVICE).1.wait_max = Some(Duration::from_secs(25));
    let world = play(&office, |world, trunk| {
        world.add_agent(0, at(0), vec![declines(3000, 603)]);
        world.add_caller(trunk, at(1000), &caller(0), "2000", vec![Step::at(When::Up, 300_000, Deed::HangUp)]);
    });
    let person = &world.people()[0];
    let (ended, how) = person.ended.unwrap();
    assert_eq!(how, End::Bye);
    assert!((25..30).contains(&ended.since(person.up.unwrap()).as_secs()));
}

#[test]
fn free_agents_do_not_wait_for_somebody_elses_wrap_up() {
    let mut office = Office::new(2);
    office.queue(SERVICE).1.wrap_up = Duration::from_secs(120);
    let world = play(&office, |world, trunk| {
        world.add_agent(0, at(0), vec![answers_after(1000)]);
        world.add_agent(1, at(100), vec![answers_after(1000)]);
        for number in 0..2 {
            let script = vec![Step::at(When::Talking, 2000, Deed::HangUp)];
            world.add_caller(trunk, at(1000 + 6000 * number), &caller(number), "2000", script);
        }
    });
    assert!(waited(&world, 1) < Duration::from_millis(1100));
}

#[test]
fn a_registration_during_an_offer_does_not_make_the_agent_fail() {
    let world = play(&Office::new(1), |world, trunk| {
        let agent = world.add_agent(0, at(0), vec![answers_after(4000)]);
        for ms in [2000, 3000, 4900] {
            world.agent_does(at(ms), agent, AgentDeed::Register(Duration::from_secs(3600)));
        }
        world.add_caller(trunk, at(1000), &caller(0), "2000", vec![Step::at(When::Talking, 2000, Deed::HangUp)]);
    });
    assert_eq!(world.summary.queues["service"].answered.len(), 1);
    assert_eq!(world.agent_state(0), Some(AgentState::Ready));
}

#[test]
fn an_unregistered_phone_is_not_shown_as_ready() {
    let world = play(&Office::new(1), |world, _| {
        let agent = world.add_agent(0, at(0), vec![answers_after(1000)]);
        world.agent_does(at(5000), agent, AgentDeed::Unregister);
    });
    assert_eq!(world.agent_state(0), Some(AgentState::LoggedOff));
}

#[test]
fn nothing_polls_an_agent_who_is_freed_gets_the_next_caller_in_the_same_instant() {
    let mut office = Office::new(1);
    office.queue(SERVICE).1.wrap_up = Duration::ZERO;
    let world = play(&office, |world, trunk| {
        world.add_agent(0, at(0), vec![answers_after(1000)]);
        for number in 0..2 {
            let script = vec![Step::at(When::Talking, 5000, Deed::HangUp)];
            world.add_caller(trunk, at(1000 + number), &caller(number), "2000", script);
        }
    });
    let [first, second] = [0, 1].map(|call: usize| world.summary.records[call].clone());
    let freed = first.legs[1].ended;
    let offered = second.legs[1].started;
    assert!((0..1000).contains(&(offered - freed)), "{} µs", offered - freed);
}

#[test]
fn a_lost_router_loses_no_caller_and_no_place() {
    let world = play(&Office::new(1), |world, trunk| {
        for number in 0..3 {
            let script = vec![Step::at(When::Talking, 4000, Deed::HangUp)];
            world.add_caller(trunk, at(1000 + 1000 * number), &caller(number), "2000", script);
        }
        world.fault(at(5000), Fault::LoseRouter);
        world.fault(at(6000), Fault::ReplaceSwitch);
        world.add_agent(0, at(10_000), vec![answers_after(1000)]);
        world.fault(at(11_500), Fault::LoseRouter);
        world.fault(at(12_500), Fault::ReplaceSwitch);
    });
    let served: Vec<_> = (0..3).map(|person| world.people()[person].talking.unwrap()).collect();
    assert!(served.is_sorted());
    assert_eq!(world.summary.queues["service"].answered.len(), 3);
}
