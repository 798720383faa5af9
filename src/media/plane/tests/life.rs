//! Opening, latching, strangers, silence, reports and closing.

use super::*;
use crate::rtp::rtcp;

fn opened(parameters: StreamParameters) -> Bench {
    let mut bench = Bench::new();
    bench.tell(Command::Open { stream: stream(0), parameters });
    bench
}

fn strangers(bench: &Bench) -> u64 {
    bench.plane.totals().strangers
}

#[test]
fn a_strict_stream_hears_only_the_address_of_the_sdp() {
    let mut bench = Bench::bridged(parameters(0), parameters(1));
    let other_port = SocketAddr::new(peer(0).ip(), 4_002);
    assert!(!bench.packet(0, other_port, voice(1, 1, 0), &[0; 160]));
    assert!(!bench.packet(0, peer(5), voice(1, 1, 0), &[0; 160]));
    assert!(bench.packet(0, peer(0), voice(1, 1, 0), &[0; 160]));
    assert_eq!(strangers(&bench), 2);
}

#[test]
fn a_nat_may_move_the_port_once_and_nobody_takes_the_stream_over() {
    let (public, thief) = (SocketAddr::from(([198, 51, 100, 1], 7_000)), SocketAddr::from(([203, 0, 113, 1], 4_000)));
    let latch = Latch::Signalling(public.ip());
    let natted = StreamParameters { latch, ..parameters(0) };
    let mut bench = Bench::bridged(natted, parameters(1));
    assert!(!bench.packet(0, thief, voice(1, 1, 0), &[0; 160]));
    assert!(bench.packet(0, public, voice(1, 1, 0), &[0; 160]));
    let next_port = SocketAddr::new(public.ip(), 7_002);
    for source in [thief, next_port, peer(0)] {
        assert!(!bench.packet(0, source, voice(1, 2, 0), &[0; 160]), "{source}");
    }
    bench.packet(1, peer(1), voice(3, 1, 0), &[0; 160]);
    assert_eq!(bench.heard_by(0)[0].to, public);
    // An unchanged re-INVITE keeps the address, a changed one frees it.
    bench.tell(Command::Change { stream: stream(0), parameters: natted });
    assert!(!bench.packet(0, next_port, voice(1, 2, 0), &[0; 160]));
    let moved = StreamParameters { rtp: Some(SocketAddr::from(([10, 0, 0, 77], 5_000))), ..natted };
    bench.tell(Command::Change { stream: stream(0), parameters: moved });
    assert!(bench.packet(0, next_port, voice(1, 2, 0), &[0; 160]));
}

#[test]
fn garbage_fixes_no_address() {
    let latch = Latch::Signalling(peer(5).ip());
    let mut bench = opened(StreamParameters { latch, ..parameters(0) });
    let mut garbage = *b"\x00\x01\x02\x03 not a packet";
    bench.plane.handle_packet(0, peer(5), &mut garbage, bench.now, &mut bench.out);
    bench.plane.handle_rtcp(0, peer(5), &garbage, bench.now, &mut bench.out);
    bench.plane.handle_packet(0, peer(5), &mut [], bench.now, &mut bench.out);
    bench.packet(0, peer(0), Header { payload_type: 101, ..voice(1, 1, 0) }, &[1, 10, 0, 160]);
    assert_eq!(bench.facts, [Fact::Digit { stream: stream(0), digit: b'1' }]);
    assert_eq!(bench.plane.totals().malformed, 2);
}

#[test]
fn a_stream_without_an_address_hears_nobody() {
    let mut bench = opened(StreamParameters { rtp: None, rtcp: None, ..parameters(0) });
    bench.packet(0, peer(0), Header { payload_type: 101, ..voice(1, 1, 0) }, &[1, 10, 0, 160]);
    assert!(bench.facts.is_empty());
    assert_eq!(strangers(&bench), 1);
}

#[test]
fn packets_of_the_ports_previous_call_are_not_heard() {
    let mut bench = opened(parameters(0));
    bench.packet(0, peer(0), voice(7, 100, 0), &[0; 160]);
    bench.tell(Command::Close { stream: stream(0) });
    bench.packet(0, peer(0), voice(7, 101, 160), &[0; 160]);
    assert_eq!(strangers(&bench), 1, "a port at rest hears nobody");
    // Reused for a call with the same peer: what goes on with the old numbering is late, the rest is new.
    let again = StreamId { generation: 1, ..stream(0) };
    bench.tell(Command::Open { stream: again, parameters: parameters(0) });
    let digit = |ssrc, sequence| Header { payload_type: 101, ..voice(ssrc, sequence, 800) };
    bench.packet(0, peer(0), digit(7, 102), &[1, 10, 0, 160]);
    assert!(bench.facts.iter().all(|fact| !matches!(fact, Fact::Digit { .. })));
    bench.packet(0, peer(0), digit(8, 1), &[2, 10, 0, 160]);
    assert!(bench.facts.contains(&Fact::Digit { stream: again, digit: b'2' }));
    // Another peer: the old one is a stranger.
    bench.tell(Command::Close { stream: again });
    let third = StreamId { generation: 2, ..stream(0) };
    bench.tell(Command::Open { stream: third, parameters: parameters(3) });
    bench.packet(0, peer(0), digit(8, 900), &[3, 10, 0, 160]);
    assert!(!bench.facts.contains(&Fact::Digit { stream: third, digit: b'3' }));
}

#[test]
fn commands_of_a_generation_that_has_passed_are_ignored() {
    let mut bench = opened(parameters(0));
    bench.tell(Command::Close { stream: stream(0) });
    let again = StreamId { generation: 1, ..stream(0) };
    bench.tell(Command::Open { stream: again, parameters: parameters(0) });
    bench.tell(Command::Open { stream: stream(1), parameters: parameters(1) });
    bench.facts.clear();
    bench.tell(Command::Music { stream: stream(0), music: Some(MUSIC) });
    bench.tell(Command::Bridge { a: stream(0), b: stream(1) });
    bench.tell(Command::Bridge { a: stream(1), b: stream(1) });
    bench.tell(Command::SendDigit { stream: stream(0), digit: b'1' });
    bench.tell(Command::Change { stream: stream(0), parameters: StreamParameters { send: false, ..parameters(0) } });
    bench.tell(Command::Close { stream: stream(0) });
    bench.tell(Command::Open { stream: StreamId { slot: 99, ..stream(0) }, parameters: parameters(0) });
    bench.tell(Command::Open { stream: StreamId { worker: WorkerId(3), ..stream(2) }, parameters: parameters(2) });
    assert!(!bench.packet(1, peer(1), voice(1, 1, 0), &[0; 160]));
    bench.pass(100);
    assert!(bench.left.is_empty() && bench.facts.is_empty());
    bench.tell(Command::Music { stream: again, music: Some(MUSIC) });
    bench.pass(100);
    assert_eq!(bench.heard_by(0).len(), 5);
}

#[test]
fn closing_says_bye_and_reports_the_streams_figures() {
    let mut bench = opened(parameters(0));
    bench.tell(Command::Music { stream: stream(0), music: Some(MUSIC) });
    bench.pass(100);
    for sequence in [1, 2, 5] {
        bench.packet(0, peer(0), voice(7, sequence, 160 * u32::from(sequence)), &[0; 160]);
    }
    bench.packet(0, peer(4), voice(7, 6, 0), &[0; 160]);
    bench.tell(Command::Close { stream: stream(0) });
    let bye = bench.left.last().unwrap();
    assert!(bye.rtcp && bye.to.port() == 4_001);
    assert!(rtcp::read(&bye.bytes, 0).unwrap().bye);
    let [Fact::Closed { stream: closed, report }] = bench.facts[..] else { panic!("{:?}", bench.facts) };
    assert_eq!(closed, stream(0));
    assert_eq!((report.packets_in, report.packets_out, report.lost_in, report.strangers), (3, 5, 2, 1));
    bench.plane.emptied(stream(0), &mut bench.out);
    assert!(bench.out.facts.is_empty(), "closed once");
    assert_eq!(bench.plane.next_deadline(), None, "nothing is left over");
    assert_eq!(bench.plane.totals().streams, 0);
}

#[test]
fn silence_is_reported_once_a_period_and_rtcp_is_life() {
    let mut bench = opened(parameters(0));
    bench.pass(59_999);
    assert!(bench.facts.is_empty());
    bench.pass(120_000);
    let lasting: Vec<_> = bench
        .facts
        .drain(..)
        .map(|fact| match fact {
            Fact::Silent { lasting, .. } => lasting.as_secs(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(lasting, [60, 120]);
    let mut report = Vec::new();
    let empty = rtcp::Report { ssrc: 1, transmission: None, reception: None, cname: "peer", bye: false };
    rtcp::append(&mut report, &empty);
    for n in 0..10 {
        bench.pass(30_000);
        let source = SocketAddr::new(peer(0).ip(), 4_001);
        match n % 2 {
            0 => bench.plane.handle_rtcp(0, source, &report, bench.now, &mut bench.out),
            _ => drop(bench.plane.handle_packet(0, peer(0), &mut report.clone(), bench.now, &mut bench.out)),
        }
    }
    let silent = bench.facts.iter().filter(|fact| matches!(fact, Fact::Silent { .. })).count();
    assert!(silent <= 1, "RTCP on its own port and on ours is life: {silent}");
    bench.facts.clear();
    bench.tell(Command::Change { stream: stream(0), parameters: StreamParameters { receive: false, ..parameters(0) } });
    bench.pass(600_000);
    assert!(bench.facts.is_empty(), "not where nothing is expected");
    bench.tell(Command::Change { stream: stream(0), parameters: parameters(0) });
    bench.pass(59_000);
    assert!(bench.facts.is_empty(), "counted from when it is expected again");
}

#[test]
fn reports_go_every_five_seconds_or_so_and_tell_each_legs_own_loss() {
    let mut bench = Bench::bridged(parameters(0), parameters(1));
    for n in 0..3_000u16 {
        if n % 10 != 3 {
            bench.packet(0, peer(0), voice(7, n, 160 * u32::from(n)), &[0; 160]);
        }
        bench.packet(1, peer(1), voice(8, n, 160 * u32::from(n)), &[0; 160]);
        bench.pass(20);
    }
    for (slot, ssrc, lost) in [(0, 7, 26u8), (1, 8, 0)] {
        let reports: Vec<_> = bench.left.iter().filter(|left| left.rtcp && left.slot == slot).collect();
        assert!((8..=24).contains(&reports.len()), "{} in a minute", reports.len());
        let gaps: Vec<_> = reports.windows(2).map(|pair| pair[1].ms - pair[0].ms).collect();
        assert!(gaps.iter().all(|gap| (2_500..=7_520).contains(gap)), "{gaps:?}");
        let last = rtcp::read(&reports.last().unwrap().bytes, ssrc).unwrap();
        assert!(last.sender.is_some());
        let fraction = last.reception.unwrap().fraction_lost;
        assert!(fraction.abs_diff(lost) <= 2, "{fraction} of {lost}");
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let run = || {
        let mut bench = opened(parameters(0));
        bench.tell(Command::Music { stream: stream(0), music: Some(MUSIC) });
        bench.pass(30_000);
        bench.left.into_iter().map(|left| (left.ms, left.bytes)).collect::<Vec<_>>()
    };
    assert!(run() == run());
}
