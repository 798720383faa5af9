//! One caller at a time through a small tree, written as what is pressed and what is heard.

use super::check::{Exit, Problem, check};
use super::hours::Calendar;
use super::session::{Actions, Input, Language, Outcome, Session, Stage, Step};
use super::tree::*;
use crate::clock::{Duration, Instant, WallTime};
use crate::ids::{AgentId, NodeId, PromptId, QueueId, TreeId};

const SERVICE: QueueId = QueueId(0);
const COMPLAINTS: QueueId = QueueId(1);
const LATE: QueueId = QueueId(2);
const TREE: TreeId = TreeId(0);

/// Prompt ids used as letters: what is heard reads as a word; the second language has small letters.
fn said(letter: char) -> Lines {
    let prompt = |c: char| PromptId(u32::from(c));
    Lines(vec![[prompt(letter)].into(), [prompt(letter.to_ascii_lowercase())].into()])
}

fn listen(letter: char) -> Listen {
    Listen { invalid: said('X'), no_input: said('Q'), ..Listen::saying(said(letter)) }
}

/// W(elcome) → M(ain) → 1 A(sk), 2 complaints C, 3 number N, 4 agent, 7 late queue, 9 second language.
fn tree() -> Tree {
    let mut tree = Tree::new("main", Some(SERVICE));
    let [welcome, main, ask, complain, deep] =
        ["welcome", "main", "ask", "complain", "deep"].map(|name| tree.name(name));
    let [number, agent, late, other, bye, queue] =
        ["number", "agent", "late", "other", "bye", "queue"].map(|name| tree.name(name));
    tree.set(welcome, Kind::Play(Play { say: said('W'), barge_in: true, next: main }));
    let keys = vec![(b'1', ask), (b'2', complain), (b'3', number), (b'4', agent), (b'7', late), (b'9', other)];
    tree.set(main, Kind::Menu(Menu { listen: listen('M'), keys }));
    let listen_deaf = Listen { barge_in: false, ..listen('A') };
    tree.set(ask, Kind::Menu(Menu { listen: listen_deaf, keys: vec![(b'1', bye)] }));
    tree.set(complain, Kind::Menu(Menu { listen: listen('C'), keys: vec![(b'1', deep)] }));
    tree.nodes[complain.index()].queue = Some(COMPLAINTS);
    tree.set(deep, Kind::Menu(Menu { listen: listen('D'), keys: vec![(b'1', queue)] }));
    let collect = Collect {
        listen: listen('N'),
        digits_min: 2,
        digits_max: 4,
        terminator: Some(b'#'),
        inter_digit: Duration::from_secs(3),
        next: queue,
    };
    tree.set(number, Kind::Collect(collect));
    tree.set(agent, Kind::Agent(AgentId(7)));
    tree.set(late, Kind::Queue { queue: LATE, priority: 0 });
    tree.set(other, Kind::Speak { language: Language(1), next: main });
    tree.set(bye, Kind::HangUp(said('B')));
    tree.set(queue, Kind::Queue { queue: COMPLAINTS, priority: 5 });
    let closed = tree.name("closed");
    tree.set(closed, Kind::Play(Play { say: said('Z'), barge_in: false, next: bye }));
    tree
}

fn trees() -> Trees {
    let mut never = Calendar::always("never");
    never.week = core::array::from_fn(|_| Vec::new());
    let tree = tree();
    let closed = Place { tree: TREE, node: tree.find("closed").unwrap() };
    let doors = vec![None, None, Some(Door { calendar: 0, closed })];
    Trees { trees: vec![tree], calendars: vec![never], doors }
}

/// Plays `script` to a new session and writes down what is done: keys as themselves, `.` the prompt ends, `_` the next deadline.
fn run_in(trees: &Trees, script: &str) -> (Session, String, Vec<(NodeId, Outcome)>) {
    let (mut now, wall) = (Instant::START, WallTime::default());
    let (mut out, mut heard, mut visits) = (Actions::default(), String::new(), Vec::new());
    let mut session = Session::start(trees, TREE, Language(0), wall, now, &mut out);
    for key in core::iter::once(None).chain(script.chars().map(Some)) {
        match key {
            None => {}
            Some('.') => session.handle(trees, Input::Said, wall, now, &mut out),
            Some('_') => {
                now = session.next_deadline().expect("a deadline is set");
                session.handle(trees, Input::Time, wall, now, &mut out);
            }
            Some(key) => session.handle(trees, Input::Digit(key as u8), wall, now, &mut out),
        }
        for step in out.steps.drain(..) {
            match step {
                Step::Say(prompts) => heard.extend(prompts.iter().map(|p| char::from_u32(p.0).unwrap())),
                Step::Hush => heard.push('-'),
                Step::Queue { queue, priority, shortcut } => {
                    heard += &format!("[q{} {priority}{}]", queue.0, if shortcut { " zero" } else { "" });
                }
                Step::Agent(agent) => heard += &format!("[a{}]", agent.0),
                Step::HangUp => heard.push('!'),
            }
            heard.push(' ');
        }
        visits.extend(out.visits.drain(..).map(|visit| (visit.node, visit.outcome)));
    }
    (session, heard.trim_end().to_string(), visits)
}

fn heard(script: &str) -> String {
    run_in(&trees(), script).1
}

#[test]
fn keys_prompts_and_pauses_lead_through_the_tree() {
    for (script, expected, why) in [
        (".", "W M", "welcome, then the menu"),
        ("1", "W A", "typed ahead through the welcome"),
        ("21", "W C D", "typed ahead twice"),
        ("..21", "W M C D", "one level after the other"),
        ("211", "W C D - [q1 5]", "a queue cuts off the prompt"),
        (".4", "W M - [a7]", "an agent"),
        ("1.1.", "W A B !", "good-bye is said, then the call ends"),
        (".5", "W M XM", "a wrong key, then the menu again"),
        (".555", "W M XM XM - [q0 0]", "after the last wrong key a human, not a hang-up"),
    ] {
        assert_eq!(heard(script), expected, "{why}: {script}");
    }
    assert_eq!(heard(".._._._"), "W M QM QM [q0 0]", "after the last silence a human");
}

#[test]
fn zero_is_heard_at_once_in_menus_and_plays_even_where_prompts_cannot_be_interrupted() {
    assert_eq!(heard("0"), "W - [q0 0 zero]", "in a play");
    assert_eq!(heard(".0"), "W M - [q0 0 zero]", "in a menu");
    assert_eq!(heard(".10"), "W M A - [q0 0 zero]", "in a prompt without barge-in");
    assert_eq!(heard(".15"), "W M A", "where another key is not even wrong");
    assert_eq!(heard(".20"), "W M C - [q1 0 zero]", "to the queue that the level names");
    assert_eq!(heard(".210"), "W M C D - [q1 0 zero]", "or the level above it");
    assert_eq!(heard("1.1"), "W A B");
    assert_eq!(heard("1.10"), "W A B - [q0 0 zero]", "even in the good-bye");
    let (session, _, visits) = run_in(&trees(), ".20");
    assert!(session.zero_pressed());
    assert_eq!(visits.last(), Some(&(session.node(), Outcome::Zero)));
}

#[test]
fn zero_while_digits_are_collected_is_the_way_out_only_alone() {
    for (script, expected, digits) in [
        (".3.0_", "W M N [q0 0 zero]", None),
        (".3.0#", "W M N [q0 0 zero]", None),
        (".30_", "W M N - [q0 0 zero]", None),
        (".3.05#", "W M N [q1 5]", Some("05")),
        (".3.10_", "W M N [q1 5]", Some("10")),
        (".3.0000", "W M N [q1 5]", Some("0000")),
        (".3.1234", "W M N [q1 5]", Some("1234")),
        (".31234", "W M N - [q1 5]", Some("1234")),
        (".3.7#", "W M N XN", None),
        (".3.7_", "W M N XN", None),
        (".3._", "W M N QN", None),
        (".3.#", "W M N N", None),
        (".3.12*", "W M N M", None),
    ] {
        let (session, heard, _) = run_in(&trees(), script);
        assert_eq!(heard.replace(" -  ", " "), expected.replace(" -  ", " "), "{script}");
        assert_eq!(session.collected().first().map(|(_, digits)| digits.reveal()), digits, "{script}");
    }
    let (session, ..) = run_in(&trees(), ".3.1234");
    assert!(!format!("{session:?}").contains("1234"), "digits are never printed");
}

#[test]
fn a_collect_prompt_without_barge_in_hears_only_a_zero_alone() {
    let mut trees = trees();
    let number = trees.trees[0].find("number").unwrap();
    if let Kind::Collect(collect) = &mut trees.trees[0].nodes[number.index()].kind {
        collect.listen.barge_in = false;
        (collect.digits_min, collect.digits_max) = (1, 1);
    }
    for (script, expected) in [
        (".30_", "W M N - [q0 0 zero]"),
        (".30#", "W M N - [q0 0 zero]"),
        (".305._", "W M N QN"),
        (".35.", "W M N"),
        (".30._", "W M N [q0 0 zero]"),
        (".3.0_", "W M N [q0 0 zero]"),
        (".3.5", "W M N [q1 5]"),
        (".3.05", "W M N XN"),
    ] {
        assert_eq!(run_in(&trees, script).1, expected, "{script}");
    }
}

#[test]
fn star_goes_back_a_level_and_hash_repeats() {
    assert_eq!(heard(".21*"), "W M C D C");
    assert_eq!(heard(".21**"), "W M C D C M");
    assert_eq!(heard(".*"), "W M M", "at the first level there is nothing before");
    assert_eq!(heard(".#"), "W M M");
    assert_eq!(heard("#"), "W W");
    let mut bare = trees();
    (bare.trees[0].back, bare.trees[0].repeat) = (false, false);
    assert_eq!(run_in(&bare, ".*#").1, "W M XM XM");
}

#[test]
fn the_second_language_has_its_own_prompts() {
    assert_eq!(heard(".9"), "W M m");
    assert_eq!(heard(".92"), "W M m c");
}

#[test]
fn outside_hours_a_queue_is_its_closed_branch() {
    assert_eq!(heard(".7"), "W M Z");
    assert_eq!(heard(".7.."), "W M Z B !");
    let mut trees = trees();
    trees.trees[0].queue = Some(LATE);
    assert_eq!(run_in(&trees, ".0").1, "W M Z", "by `0`");
    assert_eq!(run_in(&trees, ".555").1, "W M XM XM Z", "and after the last retry");
    assert_eq!(run_in(&trees, ".70").1, "W M Z Z", "`0` there is the caller's own circle");
}

#[test]
fn a_caller_comes_back_from_a_queue_to_the_level_before() {
    let trees = trees();
    let (mut session, _, _) = run_in(&trees, ".211");
    let (wall, now, mut out) = (WallTime::default(), Instant::START, Actions::default());
    let level = session.level(&trees).unwrap();
    session.handle(&trees, Input::Digit(b'5'), wall, now, &mut out);
    assert!(out.steps.is_empty(), "at rest nothing is heard");
    session.handle(&trees, Input::Return(level), wall, now, &mut out);
    assert_eq!(out.steps, [Step::Say(vec![PromptId(u32::from('D'))])]);
    assert_eq!(session.depth_max(), 3);
    session.end(true, &mut out);
    assert_eq!(out.visits.last().map(|visit| (visit.node, visit.outcome)), Some((level, Outcome::Abandoned)));
    assert_eq!(session.next_deadline(), None);
}

#[test]
fn a_session_is_a_value() {
    let trees = trees();
    let (session, ..) = run_in(&trees, ".3.12");
    let mut copy = session.clone();
    let (wall, now) = (WallTime::default(), Instant::from_micros(1));
    let (mut first, mut second) = (Actions::default(), Actions::default());
    let mut original = session;
    original.handle(&trees, Input::Digit(b'#'), wall, now, &mut first);
    copy.handle(&trees, Input::Digit(b'#'), wall, now, &mut second);
    assert_eq!((original, first.steps), (copy, second.steps));
}

fn faults(change: impl FnOnce(&mut Trees), exits: &[Exit]) -> Vec<(Problem, String)> {
    let mut trees = trees();
    change(&mut trees);
    let names: [Box<str>; 3] = ["service".into(), "complaints".into(), "late".into()];
    check(&trees, exits, &names).into_iter().map(|fault| (fault.problem, fault.path.join(" → "))).collect()
}

fn set(trees: &mut Trees, name: &str, kind: Kind) {
    let node = trees.trees[0].name(name);
    trees.trees[0].set(node, kind);
}

#[test]
fn a_good_tree_has_no_fault() {
    assert_eq!(faults(|_| {}, &[Exit::End; 3]), []);
}

#[test]
fn faults_are_found_with_the_way_to_them() {
    let id = |trees: &Trees, name: &str| trees.trees[0].find(name).unwrap();
    let no_queue = faults(|trees| trees.trees[0].queue = None, &[]);
    assert!(no_queue.contains(&(Problem::ZeroLeadsNowhere, "welcome → main → ask".into())), "{no_queue:?}");
    assert!(!no_queue.iter().any(|(_, path)| path.ends_with("deep")), "the level above names one: {no_queue:?}");

    let circle = faults(
        |trees| {
            let bye = id(trees, "bye");
            trees.trees[0].set(bye, Kind::Play(Play { say: said('B'), barge_in: true, next: bye }));
        },
        &[],
    );
    assert!(circle.contains(&(Problem::Circle, "bye → bye".into())), "{circle:?}");

    let nowhere = faults(
        |trees| {
            let ask = id(trees, "ask");
            set(trees, "ask", Kind::Menu(Menu { listen: listen('A'), keys: vec![(b'1', ask), (b'2', NodeId(99))] }));
        },
        &[],
    );
    assert_eq!(nowhere, [(Problem::NoSuchNode, "welcome → main → ask → node 99".into())]);

    let stuck = faults(
        |trees| {
            let ask = id(trees, "ask");
            set(trees, "ask", Kind::Menu(Menu { listen: listen('A'), keys: vec![(b'1', ask)] }));
        },
        &[],
    );
    assert_eq!(stuck, [(Problem::NoWayOut, "welcome → main → ask".into())]);

    let bound = faults(
        |trees| {
            let bye = id(trees, "bye");
            let keys = vec![(b'0', bye), (b'1', bye), (b'1', bye)];
            set(trees, "ask", Kind::Menu(Menu { listen: listen('A'), keys }));
        },
        &[],
    );
    let path = || "welcome → main → ask".to_string();
    assert_eq!(bound, [(Problem::ZeroBound, path()), (Problem::KeyTwice, path())]);

    let unreached = faults(|trees| set(trees, "island", Kind::HangUp(Lines::default())), &[]);
    assert_eq!(unreached, [(Problem::Unreachable, "main → island".into())]);
}

#[test]
fn circles_through_queues_are_found() {
    let queues = faults(|_| {}, &[Exit::Queue(COMPLAINTS), Exit::Queue(SERVICE), Exit::End]);
    assert_eq!(queues.len(), 1);
    assert_eq!(queues[0].1, "queue service → queue complaints → queue service");
    // A fallback to a level whose silence leads to the same queue again.
    let main = Place { tree: TREE, node: tree().find("main").unwrap() };
    let through = faults(|_| {}, &[Exit::Node(main), Exit::End, Exit::End]);
    assert_eq!(through, [(Problem::Circle, "main → queue service → main".into())]);
}

#[test]
fn no_keys_can_make_a_session_lose_its_way() {
    use proptest::prelude::*;
    proptest!(ProptestConfig::with_cases(128), |(keys in "[0-9*#.A_]{0,60}")| {
        let trees = trees();
        let (mut now, wall, mut out) = (Instant::START, WallTime::default(), Actions::default());
        let mut session = Session::start(&trees, TREE, Language(0), wall, now, &mut out);
        for key in keys.chars() {
            match key {
                '.' => session.handle(&trees, Input::Said, wall, now, &mut out),
                '_' => {
                    now = session.next_deadline().unwrap_or(now);
                    session.handle(&trees, Input::Time, wall, now, &mut out);
                }
                key => session.handle(&trees, Input::Digit(key as u8), wall, now, &mut out),
            }
            let ended = out.steps.iter().position(|s| matches!(s, Step::Queue { .. } | Step::Agent(_) | Step::HangUp));
            if let Some(at) = ended {
                prop_assert_eq!(at, out.steps.len() - 1, "nothing follows the end");
                return Ok(());
            }
            let awaits = session.next_deadline().is_some() || session.stage == Stage::Saying;
            prop_assert!(awaits, "something is always awaited");
        }
    });
}
