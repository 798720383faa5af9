//! Any body as a session description: refused, or read and answered in clean text with as many m= lines.
#![no_main]

use huntline::rtp::g711::Codec;
use huntline::sip::sdp::{self, Direction, Ours};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(theirs) = sdp::read(bytes) else { return };
    let ours = Ours {
        address: [192, 0, 2, 1].into(),
        port: 20_000,
        session: 1,
        version: 1,
        codecs: sdp::choose(&theirs.audio, &[Codec::Pcma]).or(sdp::choose(&theirs.audio, &[])).into_iter().collect(),
        telephone_event: theirs.audio.telephone_event,
        direction: theirs.audio.answer_direction(Direction::SendRecv),
        rtcp_mux: theirs.audio.rtcp_mux,
        ptime_ms: theirs.audio.ptime_ms,
    };
    let mut answer = Vec::new();
    sdp::write_answer(&theirs, &ours, &mut answer);
    assert!(answer.iter().all(|&byte| matches!(byte, b'\r' | b'\n' | b' ') || byte.is_ascii_graphic()));
    let mut expected = theirs.audio.clone();
    expected.codecs = ours.codecs.clone();
    let back = sdp::read(&answer).expect("what we write, we read");
    assert_eq!((back.lines.len(), back.chosen), (theirs.lines.len(), theirs.chosen));
    assert_eq!((back.audio.codecs, back.audio.telephone_event), (expected.codecs, expected.telephone_event));
    assert_eq!((back.audio.direction, back.audio.ptime_ms), (ours.direction, ours.ptime_ms));
});
