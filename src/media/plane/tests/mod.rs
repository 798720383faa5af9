//! The Plane in virtual time, as its peers hear it.

mod any_order;
mod digits;
mod life;
mod playing;
mod relay;

use super::*;
use crate::ids::PromptId;
use crate::media::command::{Codec, Latch};
use crate::rtp::packet::Header;

pub const SILENCE: Duration = Duration::from_secs(60);

/// A packet that left: when (ms), slot, whether from the RTCP port, where to, the bytes.
pub struct Left {
    pub ms: u64,
    pub slot: u32,
    pub rtcp: bool,
    pub to: SocketAddr,
    pub bytes: Vec<u8>,
}

impl Left {
    pub fn header(&self) -> Header {
        packet::read(&self.bytes).expect("we send RTP").0
    }
    pub fn payload(&self) -> &[u8] {
        &self.bytes[packet::read(&self.bytes).expect("we send RTP").1]
    }
}

/// A plane, its clock, and all that came out of it.
pub struct Bench {
    pub plane: Plane,
    pub now: Instant,
    pub left: Vec<Left>,
    pub facts: Vec<Fact>,
    pub out: Actions,
}

/// Prompt 0: 60 ms of 1,000; prompt 1: 30 ms of 2,000; prompt 2: a second of music (3,000); prompt 3: empty.
fn prompts() -> Prompts {
    let mut prompts = Prompts::default();
    for (samples, value) in [(480, 1_000), (240, 2_000), (8_000, 3_000), (0, 0)] {
        prompts.push(Prompt::from_linear(&vec![value; samples]));
    }
    prompts
}

pub const MUSIC: PromptId = PromptId(2);

impl Bench {
    pub fn new() -> Self {
        let plane = Plane::new(WorkerId(0), 8, Arc::new(prompts()), SILENCE, 1);
        Self { plane, now: Instant::START, left: Vec::new(), facts: Vec::new(), out: Actions::default() }
    }

    /// A plane with stream 0 and 1 open and bridged.
    pub fn bridged(a: StreamParameters, b: StreamParameters) -> Self {
        let mut bench = Self::new();
        bench.tell(Command::Open { stream: stream(0), parameters: a });
        bench.tell(Command::Open { stream: stream(1), parameters: b });
        bench.tell(Command::Bridge { a: stream(0), b: stream(1) });
        bench
    }

    pub fn tell(&mut self, command: Command) {
        self.plane.handle(command, self.now, &mut self.out);
        self.collect();
    }

    fn collect(&mut self) {
        let ms = self.now.as_micros() / 1000;
        for send in self.out.sends.drain(..) {
            let Send { slot, rtcp, to, bytes } = send;
            self.left.push(Left { ms, slot, rtcp, to, bytes: self.out.bytes[bytes].to_vec() });
        }
        self.facts.append(&mut self.out.facts);
        let empty = core::mem::take(&mut self.out.empty);
        self.out.clear();
        for stream in empty {
            self.plane.emptied(stream, &mut self.out);
            self.facts.append(&mut self.out.facts);
        }
    }

    /// Lets time pass; every deadline is met exactly.
    pub fn pass(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        while let Some(next) = self.plane.next_deadline().filter(|&next| next <= end) {
            assert!(next >= self.now, "a deadline in the past: {next:?} at {:?}", self.now);
            self.now = next;
            self.plane.handle_time(next, &mut self.out);
            self.collect();
        }
        self.now = end;
    }

    /// A packet arrives; whether it was forwarded.
    pub fn packet(&mut self, slot: u32, source: SocketAddr, header: Header, payload: &[u8]) -> bool {
        let mut bytes = Vec::new();
        packet::append(&mut bytes, header);
        bytes.extend_from_slice(payload);
        let forward = self.plane.handle_packet(slot, source, &mut bytes, self.now, &mut self.out);
        self.collect();
        if let Some(Forward { slot, to, length }) = forward {
            bytes.truncate(length);
            self.left.push(Left { ms: self.now.as_micros() / 1000, slot, rtcp: false, to, bytes });
        }
        forward.is_some()
    }

    /// RTP that left from `slot` so far; forgets it.
    pub fn heard_by(&mut self, slot: u32) -> Vec<Left> {
        let (taken, rest) =
            core::mem::take(&mut self.left).into_iter().partition(|left| left.slot == slot && !left.rtcp);
        self.left = rest;
        taken
    }
}

pub fn stream(slot: u32) -> StreamId {
    StreamId { worker: WorkerId(0), slot, generation: 0 }
}

/// The peer of the stream on `slot`, RTP.
pub fn peer(slot: u32) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, slot as u8 + 1], 4_000))
}

pub fn parameters(slot: u32) -> StreamParameters {
    let peer = peer(slot);
    StreamParameters {
        rtp: Some(peer),
        rtcp: Some(SocketAddr::new(peer.ip(), 4_001)),
        latch: Latch::Strict,
        codec: Codec::Pcma,
        payload_type: 8,
        telephone_event: Some(101),
        ptime_ms: 20,
        send: true,
        receive: true,
    }
}

pub fn voice(ssrc: u32, sequence: u16, timestamp: u32) -> Header {
    Header { marker: false, payload_type: 8, sequence, timestamp, ssrc }
}

/// Sequence numbers without a hole, one SSRC, and never back in media time.
pub fn assert_one_stream(left: &[Left]) {
    for pair in left.windows(2) {
        let (a, b) = (pair[0].header(), pair[1].header());
        assert_eq!(a.ssrc, b.ssrc, "one SSRC");
        assert_eq!(b.sequence, a.sequence.wrapping_add(1), "no hole at {} ms", pair[1].ms);
        assert!(b.timestamp.wrapping_sub(a.timestamp) as i32 >= 0, "back in time at {} ms", pair[1].ms);
    }
}
