//! Any order of packets, commands and time: what leaves a port is always one stream.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Step {
    Tell(Command),
    /// The peer of a slot sends its next packet, after losing some.
    Voice {
        slot: u32,
        lost: u16,
    },
    Digit {
        slot: u32,
        digit: u8,
    },
    Noise {
        slot: u32,
    },
    /// It starts anew under another SSRC.
    NewSource {
        slot: u32,
    },
    Stranger {
        slot: u32,
    },
    Pass {
        ms: u64,
    },
}

const SLOTS: u32 = 3;

fn command() -> impl Strategy<Value = Command> {
    let slot = || 0..SLOTS;
    prop_oneof![
        (slot(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(slot, send, receive, mu)| {
            let (codec, payload_type) = if mu { (Codec::Pcmu, 0) } else { (Codec::Pcma, 8) };
            let telephone_event = Some(96 + slot as u8).filter(|_| slot != 1);
            let changed = StreamParameters { send, receive, codec, payload_type, telephone_event, ..parameters(slot) };
            Command::Change { stream: stream(slot), parameters: changed }
        }),
        (slot(), any::<bool>())
            .prop_map(|(slot, on)| Command::Music { stream: stream(slot), music: on.then_some(MUSIC) }),
        (slot(), 0u32..4).prop_map(|(slot, id)| Command::Say {
            stream: stream(slot),
            token: id,
            announcement: [PromptId(id)].into_iter().collect(),
        }),
        slot().prop_map(|slot| Command::Hush { stream: stream(slot) }),
        (slot(), slot()).prop_map(|(a, b)| Command::Bridge { a: stream(a), b: stream(b) }),
        slot().prop_map(|slot| Command::Unbridge { stream: stream(slot) }),
        slot().prop_map(|slot| Command::SendDigit { stream: stream(slot), digit: b'5' }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let slot = || 0..SLOTS;
    prop_oneof![
        2 => command().prop_map(Step::Tell),
        6 => (slot(), prop_oneof![8 => Just(0u16), 1 => 1..4u16]).prop_map(|(slot, lost)| Step::Voice { slot, lost }),
        1 => (slot(), 0u8..16).prop_map(|(slot, digit)| Step::Digit { slot, digit }),
        1 => slot().prop_map(|slot| Step::Noise { slot }),
        1 => slot().prop_map(|slot| Step::NewSource { slot }),
        1 => slot().prop_map(|slot| Step::Stranger { slot }),
        6 => (1u64..45).prop_map(|ms| Step::Pass { ms }),
    ]
}

/// A peer that numbers by its own clock.
struct Peer {
    ssrc: u32,
    sequence: u16,
    offset: u32,
}

impl Peer {
    fn next(&mut self, lost: u16, payload_type: u8, now: Instant) -> Header {
        self.sequence = self.sequence.wrapping_add(1 + lost);
        let timestamp = self.offset.wrapping_add((now.as_micros() / 125) as u32);
        Header { marker: false, payload_type, sequence: self.sequence, timestamp, ssrc: self.ssrc }
    }
}

struct Run {
    bench: Bench,
    peers: Vec<Peer>,
    /// Packets that the peers lost on the way, in all.
    lost: u64,
    strangers: u64,
}

impl Run {
    fn new() -> Self {
        let mut bench = Bench::new();
        for slot in 0..SLOTS {
            bench.tell(Command::Open { stream: stream(slot), parameters: parameters(slot) });
        }
        bench.tell(Command::Bridge { a: stream(0), b: stream(1) });
        let peer = |slot| Peer { ssrc: 100 + slot, sequence: 65_500, offset: 0u32.wrapping_sub(100 * slot) };
        Self { bench, peers: (0..SLOTS).map(peer).collect(), lost: 0, strangers: 0 }
    }

    fn step(&mut self, step: Step) {
        let now = self.bench.now;
        let send = |run: &mut Self, slot: u32, lost: u16, payload_type: u8, payload: &[u8]| {
            let header = run.peers[slot as usize].next(lost, payload_type, now);
            run.lost += u64::from(lost);
            run.bench.packet(slot, peer(slot), header, payload);
        };
        match step {
            Step::Tell(command) => self.bench.tell(command),
            Step::Voice { slot, lost } => send(self, slot, lost, 8, &[0xD5; 160]),
            Step::Digit { slot, digit } => {
                send(self, slot, 0, if slot == 1 { 101 } else { 96 + slot as u8 }, &[digit, 10, 0, 160]);
            }
            Step::Noise { slot } => send(self, slot, 0, 13, &[40]),
            Step::NewSource { slot } => {
                let peer = &mut self.peers[slot as usize];
                *peer = Peer { ssrc: peer.ssrc + 10, sequence: 7, offset: peer.offset.wrapping_mul(77) };
            }
            Step::Stranger { slot } => {
                self.strangers += 1;
                assert!(!self.bench.packet(slot, peer(slot + 50), voice(1, 1, 1), &[0; 160]));
            }
            Step::Pass { ms } => self.bench.pass(ms),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// One SSRC; no number twice; no more numbers missing than packets were lost before us; media time never goes back and
    /// stays with real time.
    #[test]
    fn what_leaves_a_port_is_one_stream(steps in proptest::collection::vec(step(), 1..150)) {
        let mut run = Run::new();
        for step in steps {
            run.step(step);
        }
        run.bench.pass(500);
        let mut missing = 0;
        for slot in 0..SLOTS {
            let mut streams = BTreeMap::new();
            for left in run.bench.heard_by(slot) {
                prop_assert_eq!(left.to, peer(slot));
                streams.entry(left.header().ssrc).or_insert_with(Vec::new).push(left);
            }
            prop_assert!(streams.len() <= 1);
            for left in streams.into_values() {
                let start = (left[0].ms, left[0].header().timestamp);
                for pair in left.windows(2) {
                    let (a, b) = (pair[0].header(), pair[1].header());
                    let ahead = b.sequence.wrapping_sub(a.sequence);
                    prop_assert!((1..100).contains(&ahead), "{} after {} at {} ms", b.sequence, a.sequence, pair[1].ms);
                    missing += u64::from(ahead) - 1;
                    prop_assert!(b.timestamp.wrapping_sub(a.timestamp) as i32 >= 0, "back at {} ms", pair[1].ms);
                    let (real, media) = ((pair[1].ms - start.0) as i64 * 8, b.timestamp.wrapping_sub(start.1) as i32 as i64);
                    prop_assert!((-1_300..=1_300).contains(&(media - real)), "{media} at {real}, {} ms", pair[1].ms);
                }
            }
        }
        prop_assert!(missing <= run.lost, "{missing} missing, {} lost", run.lost);
        prop_assert_eq!(run.bench.plane.totals().strangers, run.strangers);
        for slot in 0..SLOTS {
            run.bench.tell(Command::Close { stream: stream(slot) });
        }
        prop_assert_eq!(run.bench.plane.next_deadline(), None);
    }
}
