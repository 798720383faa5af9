//! Digits from peers, relayed, and of our own.

use super::*;
use crate::rtp::telephone_event::{Event, code};

fn event(digit: u8, end: bool, duration: u16) -> [u8; 4] {
    Event { code: code(digit).unwrap(), end, volume: 10, duration }.bytes()
}

fn header(sequence: u16, timestamp: u32) -> Header {
    Header { marker: false, payload_type: 101, sequence, timestamp, ssrc: 5 }
}

#[test]
fn the_packet_that_latches_may_be_a_digit() {
    let mut bench = Bench::new();
    let behind_nat = SocketAddr::from(([192, 0, 2, 9], 61_000));
    let latch = Latch::Signalling(behind_nat.ip());
    bench.tell(Command::Open { stream: stream(0), parameters: StreamParameters { latch, ..parameters(0) } });
    bench.packet(0, behind_nat, header(1, 0), &event(b'7', false, 160));
    bench.packet(0, peer(0), header(2, 800), &event(b'8', false, 160));
    assert_eq!(bench.facts, [Fact::Digit { stream: stream(0), digit: b'7' }]);
    bench.tell(Command::Music { stream: stream(0), music: Some(MUSIC) });
    bench.pass(20);
    assert_eq!(bench.heard_by(0)[0].to, behind_nat);
}

#[test]
fn digits_are_relayed_in_the_other_sides_payload_type_and_reported_once() {
    let other = StreamParameters { telephone_event: Some(96), ..parameters(1) };
    let mut bench = Bench::bridged(parameters(0), other);
    bench.packet(0, peer(0), voice(5, 1, 0), &[0; 160]);
    for n in 0..5 {
        bench.pass(20);
        bench.packet(0, peer(0), header(2 + n, 160), &event(b'3', n > 2, 160 * (n + 1)));
    }
    bench.pass(20);
    bench.packet(0, peer(0), voice(5, 7, 960), &[0; 160]);
    assert_eq!(bench.facts, [Fact::Digit { stream: stream(0), digit: b'3' }]);
    let heard = bench.heard_by(1);
    assert_one_stream(&heard);
    let first = heard[0].header().timestamp;
    let seen: Vec<_> =
        heard.iter().map(|left| (left.header().payload_type, left.header().timestamp.wrapping_sub(first))).collect();
    assert_eq!(seen, [(8, 0), (96, 160), (96, 160), (96, 160), (96, 160), (96, 160), (8, 960)]);
    assert_eq!(heard[4].payload(), event(b'3', true, 640));
}

#[test]
fn a_side_that_agreed_no_events_gets_none_and_no_gap() {
    let other = StreamParameters { telephone_event: None, ..parameters(1) };
    let mut bench = Bench::bridged(parameters(0), other);
    bench.packet(0, peer(0), voice(5, 1, 0), &[0; 160]);
    for n in 0..3 {
        bench.packet(0, peer(0), header(2 + n, 160), &event(b'3', false, 160));
    }
    bench.packet(0, peer(0), voice(5, 5, 960), &[0; 160]);
    assert_eq!(bench.facts, [Fact::Digit { stream: stream(0), digit: b'3' }]);
    let heard = bench.heard_by(1);
    assert_eq!(heard.len(), 2);
    assert_one_stream(&heard);
    bench.tell(Command::SendDigit { stream: stream(1), digit: b'1' });
    bench.pass(200);
    assert!(bench.heard_by(1).is_empty());
    assert_eq!(bench.plane.totals().digits_unsent, 1);
}

#[test]
fn a_digit_of_ours_is_a_whole_event_within_the_music() {
    let mut bench = Bench::new();
    bench.tell(Command::Open { stream: stream(0), parameters: parameters(0) });
    bench.tell(Command::Music { stream: stream(0), music: Some(MUSIC) });
    bench.pass(40);
    bench.tell(Command::SendDigit { stream: stream(0), digit: b'#' });
    bench.pass(240);
    let heard = bench.heard_by(0);
    assert_one_stream(&heard);
    let events: Vec<_> = heard.iter().filter(|left| left.header().payload_type == 101).collect();
    let durations: Vec<_> = events.iter().map(|left| Event::read(left.payload()).unwrap()).collect();
    assert_eq!(
        durations.iter().map(|e| (e.code, e.duration, e.end)).collect::<Vec<_>>(),
        [
            (11, 160, false),
            (11, 320, false),
            (11, 480, false),
            (11, 640, false),
            (11, 800, true),
            (11, 800, true),
            (11, 800, true)
        ]
    );
    assert!(events.iter().all(|left| left.header().timestamp == events[0].header().timestamp));
    assert_eq!(events.iter().map(|left| left.header().marker).filter(|&marker| marker).count(), 1);
    assert!(heard.last().is_some_and(|left| left.header().payload_type == 8), "the music goes on");
    assert_eq!(heard.iter().filter(|left| left.header().marker).count(), 3);
}

#[test]
fn a_digit_of_ours_pauses_the_partner_without_a_hole() {
    let mut bench = Bench::bridged(parameters(0), parameters(1));
    for n in 0..30 {
        if n == 10 {
            bench.tell(Command::SendDigit { stream: stream(1), digit: b'0' });
        }
        bench.packet(0, peer(0), voice(5, n, 160 * u32::from(n)), &[0; 160]);
        bench.pass(20);
    }
    let heard = bench.heard_by(1);
    assert_one_stream(&heard);
    assert_eq!(heard.iter().filter(|left| left.header().payload_type == 101).count(), 7);
    assert!(heard.iter().filter(|left| left.header().payload_type == 8).count() >= 20);
}

#[test]
fn events_of_a_payload_type_that_was_not_agreed_are_not_digits() {
    let mut bench = Bench::new();
    bench.tell(Command::Open { stream: stream(0), parameters: parameters(0) });
    bench.packet(0, peer(0), Header { payload_type: 100, ..header(1, 0) }, &event(b'1', false, 160));
    bench.packet(0, peer(0), header(2, 160), &[1, 2]);
    bench.packet(0, peer(0), header(3, 320), &[16, 10, 0, 160]);
    assert!(bench.facts.is_empty());
}
