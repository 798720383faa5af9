//! Any packets into a bridge, two bytes of length before each: what comes out is RTP of the other side's numbering, no longer than
//! what went in.
#![no_main]

use huntline::clock::{Duration, Instant};
use huntline::ids::{StreamId, WorkerId};
use huntline::media::plane::{Actions, Plane, Prompts};
use huntline::media::{Codec, Command, Latch, StreamParameters};
use huntline::rtp::packet;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (mut now, mut out) = (Instant::START, Actions::default());
    let mut plane = Plane::new(WorkerId(0), 2, Prompts::default().into(), Duration::from_secs(60), 1);
    let stream = |slot| StreamId { worker: WorkerId(0), slot, generation: 0 };
    let peer = |slot: u32| ([192, 0, 2, slot as u8], 4_000).into();
    for (slot, codec, payload_type) in [(0, Codec::Pcma, 8), (1, Codec::Pcmu, 97)] {
        let parameters = StreamParameters {
            rtp: Some(peer(slot)),
            rtcp: None,
            latch: Latch::Strict,
            codec,
            payload_type,
            telephone_event: Some(101),
            ptime_ms: 20,
            send: true,
            receive: true,
        };
        plane.handle(Command::Open { stream: stream(slot), parameters }, now, &mut out);
    }
    plane.handle(Command::Bridge { a: stream(0), b: stream(1) }, now, &mut out);
    let (mut rest, mut ssrcs) = (bytes, [None; 2]);
    while let Some((&[flags, length], after)) = rest.split_first_chunk::<2>() {
        let (part, after) = after.split_at(usize::from(length).min(after.len()));
        rest = after;
        let (slot, mut packet) = (u32::from(flags & 1), part.to_vec());
        now = now + Duration::from_millis(u64::from(flags >> 1));
        if let Some(forward) = plane.handle_packet(slot, peer(slot), &mut packet, now, &mut out) {
            assert_eq!((forward.slot, forward.to, forward.length), (1 - slot, peer(1 - slot), part.len()));
            let (header, payload) = packet::read(&packet).expect("what we forward is RTP");
            assert!([[97, 101], [8, 101]][slot as usize].contains(&header.payload_type) && payload.len() <= part.len());
            assert_eq!(*ssrcs[slot as usize].get_or_insert(header.ssrc), header.ssrc);
        }
        plane.handle_time(now, &mut out);
        out.clear();
    }
});
