//! The recorded inputs of a run, played again through fresh values, come to the same end: every datagram the same, to the byte.

use huntline::clock::{Duration, Instant};
use huntline::config::{self, Around, Names};
use huntline::sim::office::Office;
use huntline::sim::options::{Options, Watch};
use huntline::sim::people::{Deed, Spread, Step, When, answers};
use huntline::sim::replay::{Header, replay};
use huntline::sim::world::World;

#[test]
fn a_replay_comes_to_the_same_end_to_the_byte() {
    let around = Around::nothing("huntline.toml");
    let epoch = config::load(config::DEFAULT, &around, &Names::default()).expect("the shipped file is sound");
    let options = Options { watch: Watch { trace: true, check_every: 1, record: true }, ..Options::default() };
    let mut world = World::new(Office::of(&epoch, Duration::from_secs(2)), options);
    let trunk = world.add_trunk();
    let at = |ms: u64| Instant::from_micros(ms * 1000);
    for agent in 0..4 {
        world.add_agent(agent, at(10 * u64::from(agent)), vec![answers(Spread::Always(Duration::from_secs(2)))]);
    }
    for caller in 0..20 {
        let script = vec![Step::at(When::Up, 4000, Deed::Press(b'0')), Step::at(When::Talking, 15_000, Deed::HangUp)];
        world.add_caller(trunk, at(1000 + 1500 * caller), &format!("139{caller:08}"), "1000", script);
    }
    world.run_to_the_end(Duration::from_secs(1200));
    assert_eq!(world.leftovers(), Vec::<String>::new());
    let recording = world.recording().expect("asked for").clone();

    let mut file = Vec::new();
    recording.header.encode(&mut file);
    file.extend_from_slice(&recording.records);
    let (header, records) = Header::decode(&file).expect("a header of ours");
    let outcome = replay(&header, records, &epoch);
    assert_eq!((outcome.records, outcome.calls, outcome.left_over), (20, 0, 0));
    assert_eq!(outcome.digest, recording.digest);
    // What a killed process left half written is passed over.
    let cut = replay(&header, &records[..records.len() - 3], &epoch);
    assert_eq!(cut.inputs, outcome.inputs - 1);
    assert!(cut.left_over > 0);
}
