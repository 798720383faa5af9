//! Any datagram as RTCP: read without harm, and through a Plane on the RTCP port and, multiplexed, on the RTP port.
#![no_main]

use huntline::clock::{Duration, Instant};
use huntline::ids::{StreamId, WorkerId};
use huntline::media::plane::{Actions, Plane, Prompts};
use huntline::media::{Codec, Command, Latch, StreamParameters};
use huntline::rtp::rtcp;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = rtcp::read(bytes, 0x0101_0101);
    let (peer, now, mut out) = (([192, 0, 2, 1], 4_001).into(), Instant::START, Actions::default());
    let mut plane = Plane::new(WorkerId(0), 1, Prompts::default().into(), Duration::from_secs(60), 1);
    let stream = StreamId { worker: WorkerId(0), slot: 0, generation: 0 };
    let parameters = StreamParameters {
        rtp: Some(peer),
        rtcp: Some(peer),
        latch: Latch::Strict,
        codec: Codec::Pcma,
        payload_type: 8,
        telephone_event: None,
        ptime_ms: 20,
        send: true,
        receive: true,
    };
    plane.handle(Command::Open { stream, parameters }, now, &mut out);
    plane.handle_rtcp(0, peer, bytes, now, &mut out);
    assert!(plane.handle_packet(0, peer, &mut bytes.to_vec(), now, &mut out).is_none());
    plane.handle_time(now + Duration::from_secs(8), &mut out);
    assert!(!out.sends.is_empty(), "a report of ours goes whatever the peer's said");
});
