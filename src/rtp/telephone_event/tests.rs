//! What phones, networks and gateways do to digits.

use super::*;
use proptest::prelude::*;

/// (ms, sequence, timestamp, marker, digit, end, duration)
type Report = (u64, u16, u32, bool, u8, bool, u16);

fn digits(reports: &[Report]) -> String {
    let mut detector = Detector::default();
    let mut digits = String::new();
    for &(ms, sequence, timestamp, marker, digit, end, duration) in reports {
        let event = Event { code: code(digit).unwrap(), end, volume: 10, duration };
        let place = Place { ssrc: 7, timestamp, sequence, marker };
        digits.extend(detector.receive(place, event, Instant::from_micros(ms * 1000)).map(char::from));
    }
    digits
}

/// A whole key press of three reports and three ends.
fn press(ms: u64, sequence: u16, timestamp: u32, digit: u8) -> Vec<Report> {
    (0..6u16)
        .map(|n| {
            let duration = 160 * (n + 1).min(4);
            (ms + 20 * u64::from(n), sequence.wrapping_add(n), timestamp, n == 0, digit, n >= 3, duration)
        })
        .collect()
}

#[test]
fn reports_are_written_and_read() {
    let event = Event { code: 11, end: true, volume: 10, duration: 800 };
    assert_eq!(event.bytes(), [11, 0x8A, 3, 0x20]);
    assert_eq!(Event::read(&event.bytes()), Some(event));
    assert_eq!(Event::read(&[1, 2, 3]), None);
    assert_eq!(Event::read(&[]), None);
}

#[test]
fn digits_and_codes_belong_together() {
    for at in 0..16 {
        assert_eq!(code(digit(at).unwrap()), Some(at));
    }
    assert_eq!((digit(16), digit(255), code(b'd'), code(b'x')), (None, None, Some(15), None));
}

#[test]
fn one_press_is_one_digit_whatever_is_lost() {
    let whole = press(0, 65_533, u32::MAX - 100, b'5');
    for lost in 0u8..63 {
        let came: Vec<_> = whole.iter().enumerate().filter(|(n, _)| lost & (1 << n) == 0).map(|(_, r)| *r).collect();
        assert_eq!(digits(&came), "5", "lost {lost:06b}");
    }
}

#[test]
fn repeats_and_reordering_add_nothing() {
    let mut reports = press(0, 1, 160, b'1');
    reports.swap(1, 4);
    reports.extend(
        reports.clone().iter().map(|report| (report.0 + 5, report.1, report.2, report.3, report.4, report.5, report.6)),
    );
    assert_eq!(digits(&reports), "1");
}

#[test]
fn a_new_timestamp_is_a_new_digit_even_without_an_end_before_it() {
    let mut reports = press(0, 1, 160, b'1')[..2].to_vec();
    reports.extend(press(100, 10, 960, b'1'));
    reports.extend(press(300, 20, 2_560, b'2')[..1].to_vec());
    reports.extend(press(320, 21, 2_720, b'3'));
    assert_eq!(digits(&reports), "1123");
}

#[test]
fn a_late_report_of_the_digit_before_is_not_a_third_digit() {
    let mut reports = press(0, 1, 160, b'1');
    let late = reports.pop().unwrap();
    reports.extend(press(120, 7, 1_120, b'2')[..2].to_vec());
    reports.push(late);
    reports.extend(press(160, 9, 1_120, b'2')[1..].to_vec());
    assert_eq!(digits(&reports), "12");
}

#[test]
fn the_timestamp_may_wrap_between_digits() {
    let mut reports = press(0, 65_530, u32::MAX - 10, b'9');
    reports.extend(press(500, 3, 3_989, b'9'));
    assert_eq!(digits(&reports), "99");
}

#[test]
fn a_key_held_beyond_the_duration_field_is_one_digit() {
    let mut reports: Vec<Report> =
        (0..409u16).map(|n| (20 * u64::from(n), n, 0, n == 0, b'#', false, 160 * (n + 1))).collect();
    reports.push((8_180, 409, 65_440, false, b'#', false, 160));
    reports.push((8_200, 410, 65_440, false, b'#', true, 320));
    assert_eq!(digits(&reports), "#");
}

#[test]
fn a_sender_that_moves_the_timestamp_with_each_packet_presses_once() {
    let reports: Vec<Report> =
        (0..6u16).map(|n| (20 * u64::from(n), n, 160 * u32::from(n), n == 0, b'4', n == 5, 160 * (n + 1))).collect();
    assert_eq!(digits(&reports), "4");
}

#[test]
fn a_recorded_press_played_twice_is_two_digits() {
    let mut reports = press(0, 1, 160, b'8');
    reports.extend(press(1_000, 1, 160, b'8'));
    assert_eq!(digits(&reports), "88");
}

#[test]
fn other_events_are_not_digits() {
    let mut detector = Detector::default();
    let place = Place { ssrc: 1, timestamp: 0, sequence: 0, marker: true };
    for code in 16..=255 {
        let event = Event { code, end: false, volume: 0, duration: 160 };
        assert_eq!(detector.receive(place, event, Instant::START), None);
    }
}

proptest! {
    /// Any loss that leaves one report of each press, with neighbours swapped and any report doubled at once, gives
    /// the digits that were pressed.
    #[test]
    fn presses_come_out_in_order(
        keys in proptest::collection::vec((0u8..16, 1u8..64, 0usize..6), 1..12),
        first_sequence: u16,
        first_timestamp: u32,
    ) {
        let (mut reports, mut expected) = (Vec::new(), String::new());
        for (n, &(key, kept, swapped)) in keys.iter().enumerate() {
            let key = digit(key).unwrap();
            let n32 = n as u32;
            let whole = press(200 * n as u64, first_sequence.wrapping_add(10 * n as u16), first_timestamp.wrapping_add(1_600 * n32), key);
            let mut came: Vec<_> = whole.into_iter().enumerate().filter(|(n, _)| kept & (1 << n) != 0).map(|(_, r)| r).collect();
            if swapped + 1 < came.len() {
                came.swap(swapped, swapped + 1);
            }
            reports.extend(came.iter().flat_map(|report| [*report, *report]));
            expected.push(char::from(key));
        }
        prop_assert_eq!(digits(&reports), expected);
    }
}
