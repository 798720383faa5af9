//! Any reports of telephone events: digits are digits, never more of them than packets, and a packet repeated at once is none.
#![no_main]

use huntline::clock::{Duration, Instant};
use huntline::rtp::telephone_event::{Detector, Event, Place};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (mut detector, mut now) = (Detector::default(), Instant::START);
    for packet in bytes.chunks_exact(10) {
        let [flags, sequence, t0, t1, t2, t3, payload @ ..] = packet else { return };
        let Some(event) = Event::read(payload) else { return };
        assert_eq!(event.bytes()[1] | 0x40, payload[1] | 0x40, "the reserved bit alone is not kept");
        let place = Place {
            ssrc: u32::from(flags & 1),
            timestamp: u32::from_be_bytes([*t0, *t1, *t2, *t3]),
            sequence: u16::from(*sequence),
            marker: flags & 2 != 0,
        };
        now = now + Duration::from_millis(u64::from(flags >> 2));
        let digit = detector.receive(place, event, now);
        assert!(digit.is_none_or(|digit| b"0123456789*#ABCD".contains(&digit)));
        assert_eq!(detector.receive(place, event, now), None);
    }
});
