//! Prompts and music on the grid.

use super::*;

fn say(slot: u32, token: u32, ids: &[u32]) -> Command {
    Command::Say { stream: stream(slot), token, announcement: ids.iter().map(|&id| PromptId(id)).collect() }
}

fn opened(parameters: StreamParameters) -> Bench {
    let mut bench = Bench::new();
    bench.tell(Command::Open { stream: stream(0), parameters });
    bench
}

#[test]
fn frames_leave_on_an_exact_grid_in_the_peers_packet_time() {
    for ptime_ms in [10, 20, 30, 40, 60] {
        let mut bench = opened(StreamParameters { ptime_ms, ..parameters(0) });
        bench.pass(7);
        bench.tell(Command::Music { stream: stream(0), music: Some(MUSIC) });
        bench.pass(3_600_000);
        let heard = bench.heard_by(0);
        let (ptime, first) = (u64::from(ptime_ms), &heard[0]);
        assert_eq!(first.ms, ptime * 8u64.div_ceil(ptime));
        for (n, left) in heard.iter().enumerate() {
            let passed = ptime * n as u64;
            assert_eq!((left.ms, left.payload().len() as u64), (first.ms + passed, 8 * ptime));
            assert_eq!(left.header().timestamp, first.header().timestamp.wrapping_add(8 * passed as u32));
        }
        assert_one_stream(&heard);
        assert!(heard.len() as u64 >= 3_600_000 / ptime - 7);
    }
}

#[test]
fn said_is_reported_with_the_last_frame_and_silence_follows() {
    let mut bench = opened(parameters(0));
    bench.tell(say(0, 9, &[0, 1]));
    bench.pass(99);
    assert!(bench.facts.is_empty());
    bench.pass(1);
    assert_eq!(bench.facts, [Fact::Said { stream: stream(0), token: 9 }]);
    bench.pass(1_000);
    assert_eq!(bench.heard_by(0).len(), 5, "90 ms are five frames");
}

#[test]
fn replaced_and_hushed_announcements_are_not_said() {
    let mut bench = opened(parameters(0));
    bench.tell(say(0, 1, &[2]));
    bench.pass(100);
    bench.tell(say(0, 2, &[2]));
    bench.pass(100);
    bench.tell(Command::Hush { stream: stream(0) });
    bench.pass(1_000);
    assert!(bench.facts.is_empty());
    assert_eq!(bench.heard_by(0).len(), 10);
    bench.tell(say(0, 3, &[3]));
    bench.pass(20);
    assert_eq!(bench.facts, [Fact::Said { stream: stream(0), token: 3 }]);
}

#[test]
fn bridging_stops_music_and_announcements_on_both() {
    let mut bench = opened(parameters(0));
    bench.tell(Command::Open { stream: stream(1), parameters: parameters(1) });
    bench.tell(say(0, 1, &[2]));
    bench.tell(Command::Music { stream: stream(1), music: Some(MUSIC) });
    bench.pass(100);
    bench.tell(Command::Bridge { a: stream(0), b: stream(1) });
    bench.heard_by(0);
    bench.heard_by(1);
    bench.pass(2_000);
    assert!(bench.heard_by(0).is_empty() && bench.heard_by(1).is_empty() && bench.facts.is_empty());
}

#[test]
fn nothing_is_played_before_there_is_an_address_or_while_held() {
    let mut bench = opened(StreamParameters { rtp: None, rtcp: None, ..parameters(0) });
    bench.tell(say(0, 1, &[0]));
    bench.pass(500);
    assert!(bench.left.is_empty() && bench.facts.is_empty());
    bench.tell(Command::Change { stream: stream(0), parameters: parameters(0) });
    bench.pass(40);
    bench.tell(Command::Change { stream: stream(0), parameters: StreamParameters { send: false, ..parameters(0) } });
    bench.pass(1_000);
    assert!(bench.facts.is_empty(), "paused, not lost");
    bench.tell(Command::Change { stream: stream(0), parameters: parameters(0) });
    bench.pass(40);
    assert_eq!(bench.facts, [Fact::Said { stream: stream(0), token: 1 }]);
    let heard = bench.heard_by(0);
    assert_one_stream(&heard);
    assert_eq!(
        heard.iter().map(|left| (left.ms, left.header().marker)).collect::<Vec<_>>(),
        [(520, true), (540, false), (1_560, true)]
    );
    assert_eq!(heard[2].header().timestamp.wrapping_sub(heard[1].header().timestamp), 1_020 * 8);
}

#[test]
fn a_late_wake_up_sends_what_is_due_but_no_flood() {
    let mut bench = opened(parameters(0));
    bench.tell(Command::Music { stream: stream(0), music: Some(MUSIC) });
    bench.pass(100);
    bench.heard_by(0);
    for (late, sent) in [(45u64, 2usize), (61, 3), (1_000, 3)] {
        let before = bench.now.as_micros() / 1000;
        bench.now = bench.now + Duration::from_millis(late);
        bench.plane.handle_time(bench.now, &mut bench.out);
        bench.collect();
        let heard = bench.heard_by(0);
        assert_eq!(heard.len(), sent, "{late} ms late after {before}");
        bench.pass(20 - bench.now.as_micros() / 1000 % 20);
        let next = bench.heard_by(0);
        let skipped = late > 80;
        assert_eq!(next[0].header().marker, skipped);
        assert_eq!(next[0].header().sequence, heard[sent - 1].header().sequence.wrapping_add(1));
        let advanced = next[0].header().timestamp.wrapping_sub(heard[sent - 1].header().timestamp);
        assert_eq!(advanced == 160, !skipped, "{advanced}");
    }
}

#[test]
fn a_new_codec_and_packet_time_take_effect_in_the_same_stream() {
    let mut bench = opened(parameters(0));
    bench.tell(Command::Music { stream: stream(0), music: Some(MUSIC) });
    bench.pass(100);
    let changed = StreamParameters { codec: Codec::Pcmu, payload_type: 0, ptime_ms: 30, ..parameters(0) };
    bench.tell(Command::Change { stream: stream(0), parameters: changed });
    bench.pass(300);
    let heard = bench.heard_by(0);
    assert_one_stream(&heard);
    let last = heard.last().unwrap();
    assert_eq!((last.header().payload_type, last.payload().len()), (0, 240));
    assert_eq!(Codec::Pcmu.decode(last.payload()[0]), Codec::Pcmu.decode(Codec::Pcmu.encode(3_000)));
    assert_eq!(last.ms % 30, 0);
}
