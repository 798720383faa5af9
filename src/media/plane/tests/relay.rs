//! Two peers and what each hears of the other.

use super::*;

fn numbers(left: &[Left]) -> Vec<(u16, u32, bool)> {
    left.iter().map(|left| (left.header().sequence, left.header().timestamp, left.header().marker)).collect()
}

#[test]
fn loss_and_order_pass_as_they_came_in_numbers_of_our_own() {
    let mut bench = Bench::bridged(parameters(0), parameters(1));
    for (sequence, timestamp) in [(65_534, 0u32), (65_535, 160), (2, 640), (1, 480), (3, 800)] {
        assert!(bench.packet(0, peer(0), voice(77, sequence, timestamp), &[1, 2, 3]));
        bench.pass(20);
    }
    let heard = bench.heard_by(1);
    let [first, ..] = &numbers(&heard)[..] else { panic!("nothing heard") };
    let relative: Vec<_> =
        numbers(&heard).iter().map(|n| (n.0.wrapping_sub(first.0), n.1.wrapping_sub(first.1), n.2)).collect();
    assert_eq!(relative, [(0, 0, true), (1, 160, false), (4, 640, false), (3, 480, false), (5, 800, false)]);
    assert!(heard.iter().all(|left| left.to == peer(1) && left.header().ssrc == heard[0].header().ssrc));
    assert_ne!(heard[0].header().ssrc, 77);
}

#[test]
fn a_law_meets_a_law_untouched_and_mu_law_by_table() {
    let every: Vec<u8> = (0..=255).collect();
    let mut bench = Bench::bridged(parameters(0), parameters(1));
    bench.packet(0, peer(0), voice(1, 1, 1), &every);
    let heard = bench.heard_by(1);
    assert_eq!((heard[0].payload(), heard[0].header().payload_type), (&every[..], 8));

    let mu = StreamParameters { codec: Codec::Pcmu, payload_type: 96, ..parameters(1) };
    let mut bench = Bench::bridged(parameters(0), mu);
    bench.packet(0, peer(0), voice(1, 1, 1), &every);
    bench.packet(1, peer(1), Header { payload_type: 96, ..voice(2, 1, 1) }, &every);
    bench.packet(1, peer(1), Header { payload_type: 0, ..voice(2, 2, 161) }, &every);
    bench.packet(1, peer(1), voice(2, 3, 321), &every);
    let mut expected = every.clone();
    crate::rtp::g711::convert(Codec::Pcma, Codec::Pcmu, &mut expected);
    let heard = bench.heard_by(1);
    assert_eq!((heard[0].payload(), heard[0].header().payload_type), (&expected[..], 96));
    let mut expected = every.clone();
    crate::rtp::g711::convert(Codec::Pcmu, Codec::Pcma, &mut expected);
    let heard = bench.heard_by(0);
    assert!(heard.iter().all(|left| left.header().payload_type == 8));
    assert_eq!([heard[0].payload(), heard[1].payload(), heard[2].payload()], [&expected[..], &expected, &every]);
}

#[test]
fn packets_pass_at_the_size_they_came() {
    let mut bench = Bench::bridged(parameters(0), StreamParameters { ptime_ms: 40, ..parameters(1) });
    for (n, size) in [80usize, 160, 240, 480, 1].into_iter().enumerate() {
        bench.packet(0, peer(0), voice(1, n as u16, 0), &vec![9; size]);
    }
    let sizes: Vec<_> = bench.heard_by(1).iter().map(|left| left.payload().len()).collect();
    assert_eq!(sizes, [80, 160, 240, 480, 1]);
}

#[test]
fn prompt_music_and_two_agents_are_one_stream() {
    let mut bench = Bench::new();
    for slot in 0..3 {
        bench.tell(Command::Open { stream: stream(slot), parameters: parameters(slot) });
    }
    bench.tell(Command::Say { stream: stream(0), token: 1, announcement: [PromptId(0)].into_iter().collect() });
    bench.pass(100);
    bench.tell(Command::Music { stream: stream(0), music: Some(MUSIC) });
    bench.pass(207);
    bench.tell(Command::Bridge { a: stream(0), b: stream(1) });
    for n in 0..10 {
        bench.packet(1, peer(1), voice(11, 900 + n, 5 + 160 * u32::from(n)), &[0; 160]);
        bench.pass(20);
    }
    // The first agent hangs up, music, the second agent.
    bench.tell(Command::Close { stream: stream(1) });
    bench.tell(Command::Music { stream: stream(0), music: Some(MUSIC) });
    bench.pass(333);
    bench.tell(Command::Bridge { a: stream(2), b: stream(0) });
    for n in 0..10 {
        bench.packet(2, peer(2), voice(22, 60_000 + n, 1_000_000 + 160 * u32::from(n)), &[0; 160]);
        bench.pass(20);
    }
    let heard = bench.heard_by(0);
    assert_one_stream(&heard);
    let start = (heard[0].ms, heard[0].header().timestamp);
    for left in &heard {
        let real = (left.ms - start.0) as i64 * 8;
        let media = i64::from(left.header().timestamp.wrapping_sub(start.1));
        assert!((0..=320).contains(&(media - real)), "{media} at {real}");
    }
    assert_eq!(heard.iter().filter(|left| left.header().marker).count(), 5, "one marker for each source");
}

#[test]
fn a_peer_that_changes_its_ssrc_or_jumps_is_joined_without_a_gap() {
    let mut bench = Bench::bridged(parameters(0), parameters(1));
    let sent = [
        (1, 10, 0u32),
        (1, 11, 160),
        (2, 7_000, 99),
        (2, 7_001, 259),
        (2, 40_000, 0),
        (2, 40_001, 160),
        (2, 40_002, 320),
    ];
    for (ssrc, sequence, timestamp) in sent {
        bench.packet(0, peer(0), voice(ssrc, sequence, timestamp), &[0; 160]);
        bench.pass(20);
    }
    let heard = bench.heard_by(1);
    assert_one_stream(&heard);
    assert_eq!(
        heard.iter().map(|left| left.header().marker).collect::<Vec<_>>(),
        [true, false, true, false, true, false]
    );
}

#[test]
fn comfort_noise_and_unknown_payloads_leave_no_gap() {
    let mut bench = Bench::bridged(parameters(0), parameters(1));
    for (n, payload_type) in [8, 13, 8, 18, 120, 8].into_iter().enumerate() {
        let header = Header { payload_type, ..voice(1, n as u16, 160 * n as u32) };
        bench.packet(0, peer(0), header, &[0; 160]);
    }
    let heard = bench.heard_by(1);
    assert_eq!(heard.len(), 3);
    assert_one_stream(&heard);
}

#[test]
fn a_held_side_hears_nothing_and_its_time_goes_on() {
    let mut bench = Bench::bridged(parameters(0), parameters(1));
    bench.packet(0, peer(0), voice(1, 1, 0), &[0; 160]);
    bench.tell(Command::Change { stream: stream(1), parameters: StreamParameters { send: false, ..parameters(1) } });
    for n in 0..50 {
        bench.pass(20);
        assert!(!bench.packet(0, peer(0), voice(1, 2 + n, 160 * u32::from(n + 1)), &[0; 160]));
    }
    bench.tell(Command::Change { stream: stream(1), parameters: parameters(1) });
    bench.pass(20);
    bench.packet(0, peer(0), voice(1, 52, 160 * 51), &[0; 160]);
    let heard = bench.heard_by(1);
    assert_one_stream(&heard);
    assert_eq!(heard[1].header().timestamp.wrapping_sub(heard[0].header().timestamp), 51 * 160);
}

#[test]
fn the_partner_is_held_back_while_something_is_said() {
    let mut bench = Bench::bridged(parameters(0), parameters(1));
    bench.tell(Command::Say { stream: stream(0), token: 4, announcement: [PromptId(0)].into_iter().collect() });
    for n in 0..6 {
        bench.packet(1, peer(1), voice(1, n, 160 * u32::from(n)), &[7; 160]);
        bench.packet(0, peer(0), voice(2, n, 160 * u32::from(n)), &[7; 160]);
        bench.pass(20);
    }
    assert_eq!(bench.facts, [Fact::Said { stream: stream(0), token: 4 }]);
    let heard = bench.heard_by(0);
    assert_one_stream(&heard);
    assert_eq!(
        heard.iter().map(|left| left.payload()[0] == 7).collect::<Vec<_>>(),
        [false, false, false, true, true, true]
    );
    assert_eq!(bench.heard_by(1).len(), 6, "the other side is not held back");
}

#[test]
fn unbridge_parts_both_and_a_new_bridge_leaves_no_third_in() {
    let mut bench = Bench::bridged(parameters(0), parameters(1));
    bench.tell(Command::Open { stream: stream(2), parameters: parameters(2) });
    bench.tell(Command::Bridge { a: stream(2), b: stream(0) });
    assert!(!bench.packet(1, peer(1), voice(1, 1, 0), &[0; 160]), "displaced");
    assert!(bench.packet(0, peer(0), voice(1, 1, 0), &[0; 160]));
    assert!(bench.packet(2, peer(2), voice(1, 1, 0), &[0; 160]));
    assert_eq!((bench.heard_by(2).len(), bench.heard_by(0).len(), bench.heard_by(1).len()), (1, 1, 0));
    bench.tell(Command::Unbridge { stream: stream(0) });
    assert!(!bench.packet(0, peer(0), voice(1, 2, 0), &[0; 160]));
    assert!(!bench.packet(2, peer(2), voice(1, 2, 0), &[0; 160]));
}

#[test]
fn what_was_kept_from_a_side_is_no_loss_to_it() {
    let mut bench = Bench::bridged(parameters(0), parameters(1));
    let mut sequence = 0;
    let mut say = |bench: &mut Bench| {
        sequence += 1;
        bench.packet(0, peer(0), voice(1, sequence, 160 * u32::from(sequence)), &[0; 160])
    };
    assert!(say(&mut bench));
    bench.tell(Command::Unbridge { stream: stream(1) });
    assert!(!say(&mut bench));
    bench.tell(Command::Bridge { a: stream(0), b: stream(1) });
    assert!(say(&mut bench));
    bench.tell(Command::Say { stream: stream(1), token: 1, announcement: [PromptId(0)].into_iter().collect() });
    assert!(!say(&mut bench));
    bench.tell(Command::Hush { stream: stream(1) });
    assert!(say(&mut bench));
    bench.tell(Command::Change { stream: stream(0), parameters: StreamParameters { receive: false, ..parameters(0) } });
    assert!(!say(&mut bench));
    bench.tell(Command::Change { stream: stream(0), parameters: parameters(0) });
    assert!(say(&mut bench));
    let heard = bench.heard_by(1);
    assert_eq!(heard.len(), 4);
    assert_one_stream(&heard);
}
