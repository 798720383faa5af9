//! Call flows, end to end on virtual time: phones and people around the product's own Gate, Switch and Router. Every flow is played twice,
//! with the owners on one thread and apart, and its ladders must be the same; afterwards nothing may be left over.

mod agents;
mod offers;
mod queues;
mod races;
mod talks;

use huntline::clock::{Duration, Instant};
use huntline::sim::ladder::{Style, plain};
use huntline::sim::office::Office;
use huntline::sim::options::{Layout, Options};
use huntline::sim::people::{Deed, Manner, Spread, Step, When, answers};
use huntline::sim::world::World;

/// The caller of most flows.
const CALLER: &str = "13800000001";
/// Another one.
const SECOND: &str = "13800000002";

/// The instant `ms` milliseconds after the start.
fn at(ms: u64) -> Instant {
    Instant::from_micros(ms * 1000)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Answers after so many milliseconds.
fn answers_after(ms: u64) -> Manner {
    answers(Spread::Always(Duration::from_millis(ms)))
}

/// Somebody who hangs up once they have talked for so long.
fn talks(ms: u64) -> Vec<Step> {
    vec![Step::at(When::Talking, ms, Deed::HangUp)]
}

/// Plays a flow in both layouts to its end; `set_up` gets the number of the trunk.
fn play(office: &Office, set_up: impl Fn(&mut World, u32)) -> World {
    let [together, apart] = [Layout::Together, Layout::Apart].map(|layout| {
        let mut world = World::new(office.clone(), Options { layout, ..Options::default() });
        let trunk = world.add_trunk();
        set_up(&mut world, trunk);
        world.run_to_the_end(seconds(1200));
        let left = world.leftovers();
        assert!(left.is_empty(), "{layout:?}: {left:#?}\n{}", world.whole_ladder(Style { times: true, notes: true }));
        world
    });
    for person in together.people() {
        let ladder = |world: &World| world.ladder(&person.calling, Style::default());
        let (one, other) = (ladder(&together), ladder(&apart));
        assert!(one == other, "together:\n{one}\napart:\n{other}");
    }
    together
}

/// Compares a caller's ladder with what is expected.
fn assert_ladder(world: &World, calling: &str, expected: &str) {
    let drawn = world.ladder(calling, Style::default());
    assert!(plain(&drawn) == plain(expected), "the ladder is\n{drawn}\nnot\n{}", plain(expected));
}

/// How often a line of the caller's ladder contains `text`.
fn count(world: &World, calling: &str, text: &str) -> usize {
    world.ladder(calling, Style::default()).lines().filter(|line| line.contains(text)).count()
}

/// The cause of the first call of this caller.
fn cause(world: &World, calling: &str) -> String {
    let record =
        world.summary.records.iter().find(|record| record.calling == calling).expect("the caller's call is over");
    serde_json::to_value(record.cause).unwrap().as_str().unwrap().into()
}
