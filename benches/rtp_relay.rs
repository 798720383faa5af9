//! One RTP packet through the Plane (no sockets), among 1 and 1,000 bridged pairs: A-law to A-law, and A-law to µ-law; and one
//! tick of music to 2,000 callers. Figures are per packet (per tick for music).
//!
//! `cargo bench --no-default-features --bench rtp_relay`, and for a count of instructions that is the same every time
//! `valgrind --tool=callgrind target/release/deps/rtp_relay-* count 100000`. The check value is printed so that the work cannot
//! vanish.

use criterion::{Criterion, criterion_group};
use huntline::clock::{Duration, Instant};
use huntline::ids::{StreamId, WorkerId};
use huntline::media::plane::{Actions, Plane, Prompt, Prompts};
use huntline::media::{Codec, Command, Latch, StreamParameters};
use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;

const PACKET: Duration = Duration::from_millis(20);

/// Pairs of streams, bridged, and the packets that their peers send.
struct Calls {
    plane: Plane,
    out: Actions,
    now: Instant,
    pairs: u32,
    next: u32,
    sequence: u16,
    check: u64,
}

fn stream(slot: u32) -> StreamId {
    StreamId { worker: WorkerId(0), slot, generation: 0 }
}

fn peer(slot: u32) -> SocketAddr {
    SocketAddr::from(([10, 0, (slot >> 8) as u8, slot as u8], 4_000))
}

fn parameters(slot: u32, codec: Codec) -> StreamParameters {
    StreamParameters {
        rtp: Some(peer(slot)),
        rtcp: None,
        latch: Latch::Strict,
        codec,
        payload_type: codec.payload_type(),
        telephone_event: Some(101),
        ptime_ms: 20,
        send: true,
        receive: true,
    }
}

impl Calls {
    fn new(pairs: u32, other: Codec) -> Self {
        let mut prompts = Prompts::default();
        let music = prompts.push(Prompt::from_linear(&[1_000; 80_000]));
        let mut plane = Plane::new(WorkerId(0), 2 * pairs, Arc::new(prompts), Duration::from_secs(3_600), 1);
        let (mut out, now) = (Actions::default(), Instant::START);
        for pair in 0..pairs {
            let (a, b) = (stream(2 * pair), stream(2 * pair + 1));
            for (stream, codec) in [(a, Codec::Pcma), (b, other)] {
                plane.handle(Command::Open { stream, parameters: parameters(stream.slot, codec) }, now, &mut out);
                plane.handle(Command::Music { stream, music: Some(music) }, now, &mut out);
            }
        }
        Self { plane, out, now, pairs, next: 0, sequence: 0, check: 0 }
    }

    fn bridged(pairs: u32, other: Codec) -> Self {
        let mut calls = Self::new(pairs, other);
        for pair in 0..pairs {
            let bridge = Command::Bridge { a: stream(2 * pair), b: stream(2 * pair + 1) };
            calls.plane.handle(bridge, calls.now, &mut calls.out);
        }
        calls
    }

    /// The next caller's packet of 20 ms.
    #[inline(never)]
    fn relay(&mut self) {
        if self.next == self.pairs {
            self.next = 0;
            self.sequence = self.sequence.wrapping_add(1);
            self.now = self.now + PACKET;
        }
        let slot = 2 * self.next;
        self.next += 1;
        let mut packet = [0x55; 172];
        packet[..2].copy_from_slice(&[0x80, 8]);
        packet[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        packet[4..8].copy_from_slice(&(u32::from(self.sequence) * 160).to_be_bytes());
        packet[8..12].copy_from_slice(&slot.to_be_bytes());
        let source = peer(slot);
        let forward = self.plane.handle_packet(slot, source, black_box(&mut packet), self.now, &mut self.out);
        self.check += forward.map_or(0, |forward| u64::from(forward.slot) + u64::from(packet[171]));
    }

    /// One frame to everybody.
    #[inline(never)]
    fn tick(&mut self) {
        self.now = self.now + PACKET;
        self.plane.handle_time(self.now, &mut self.out);
        self.check += self.out.sends.len() as u64;
        self.out.clear();
    }
}

fn benches(criterion: &mut Criterion) {
    let mut check = 0;
    for (name, pairs, other) in [
        ("relay/1 pair, A-law to A-law", 1, Codec::Pcma),
        ("relay/1 pair, A-law to µ-law", 1, Codec::Pcmu),
        ("relay/1000 pairs, A-law to A-law", 1_000, Codec::Pcma),
    ] {
        let mut calls = Calls::bridged(pairs, other);
        criterion.bench_function(name, |bench| bench.iter(|| calls.relay()));
        check += calls.check;
    }
    let mut calls = Calls::new(1_000, Codec::Pcma);
    criterion.bench_function("music/one tick to 2000 callers", |bench| bench.iter(|| calls.tick()));
    println!("check value: {}", check + calls.check > 0);
}

criterion_group!(all, benches);

fn main() {
    let words: Vec<String> = std::env::args().collect();
    if let Some(at) = words.iter().position(|word| word == "count") {
        let count = words.get(at + 1).and_then(|count| count.parse().ok()).unwrap_or(100_000);
        let mut calls = Calls::bridged(100, Codec::Pcma);
        (0..count).for_each(|_| calls.relay());
        return println!("{count} packets relayed, check value {}", calls.check);
    }
    all();
    Criterion::default().configure_from_args().final_summary();
}
