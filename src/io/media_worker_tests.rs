//! A worker on real sockets of the loopback.

use super::*;
use crate::ids::{PromptId, StreamId};
use crate::io::media_ports;
use crate::media::command::{Codec, Latch, StreamParameters};
use crate::media::plane::Prompt;
use crate::rtp::packet::{self, Header};
use std::net::{Ipv4Addr, SocketAddr};

struct Rig {
    workers: MediaWorkers,
    facts: Receiver<Fact>,
    ports: Box<[u16]>,
}

fn rig(ports: (u16, u16)) -> Rig {
    let bound = media_ports::bind(Ipv4Addr::LOCALHOST, ports, 1).unwrap();
    let ports = bound.workers[0].block().ports;
    let mut prompts = Prompts::default();
    prompts.push(Prompt::from_linear(&[1_000; 480]));
    let (silence, clock) = (Duration::from_secs(60), Monotonic::start());
    let settings = Settings { prompts: Arc::new(prompts), silence, clock, seed: 3 };
    let (workers, facts) = MediaWorkers::start(bound.workers, &settings).unwrap();
    Rig { workers, facts, ports }
}

impl Rig {
    fn tell(&self, command: Command) {
        self.workers.mailboxes[0].push(command).unwrap();
    }

    fn open(&self, slot: u32) -> (StreamId, UdpSocket) {
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        peer.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let stream = StreamId { worker: WorkerId(0), slot, generation: 0 };
        let parameters = StreamParameters {
            rtp: peer.local_addr().ok(),
            rtcp: None,
            latch: Latch::Strict,
            codec: Codec::Pcma,
            payload_type: 8,
            telephone_event: Some(101),
            ptime_ms: 20,
            send: true,
            receive: true,
        };
        self.tell(Command::Open { stream, parameters });
        (stream, peer)
    }

    fn next_fact(&self) -> Fact {
        let mut ready = Ready::new(1);
        let epoll = Epoll::new().unwrap();
        epoll.add(&self.facts, 0).unwrap();
        loop {
            if let Some(fact) = self.facts.pop() {
                self.facts.awake();
                return fact;
            }
            if self.facts.may_sleep() {
                epoll.wait(&mut ready, Some(Duration::from_secs(10))).unwrap();
                assert_ne!(ready.tokens().count(), 0, "no fact came");
                let _ = self.facts.drain_wakeup();
            }
        }
    }

    fn address(&self, slot: usize) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports[slot]))
    }
}

#[test]
fn a_prompt_a_relayed_packet_a_digit_and_the_close_over_real_sockets() {
    let rig = rig((39_100, 39_110));
    let (a, peer_a) = rig.open(0);
    let (b, peer_b) = rig.open(1);
    let mut buffer = [0; 2_000];

    rig.tell(Command::Say { stream: a, token: 5, announcement: [PromptId(0)].into_iter().collect() });
    for _ in 0..3 {
        let (length, source) = peer_a.recv_from(&mut buffer).unwrap();
        assert_eq!((length, source), (172, rig.address(0)));
    }
    assert_eq!(rig.next_fact(), Fact::Said { stream: a, token: 5 });

    rig.tell(Command::Bridge { a, b });
    let header = Header { payload_type: 101, sequence: 9, timestamp: 9, ssrc: 9, marker: true };
    let mut digit = Vec::new();
    packet::append(&mut digit, header);
    digit.extend_from_slice(&[5, 10, 0, 160]);
    // A push may overtake a packet: the bridge is there when the command queue is empty.
    while !rig.workers.mailboxes[0].is_empty() {
        std::thread::yield_now();
    }
    let forwarded = loop {
        peer_a.send_to(&digit, rig.address(0)).unwrap();
        peer_b.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        if let Ok((length, _)) = peer_b.recv_from(&mut buffer) {
            break &buffer[..length];
        }
    };
    assert_eq!(packet::read(forwarded).unwrap().0.payload_type, 101);
    assert_eq!(&forwarded[12..], &[5, 10, 0, 160]);
    assert_eq!(rig.next_fact(), Fact::Digit { stream: a, digit: b'5' });

    rig.tell(Command::Close { stream: a });
    let Fact::Closed { stream, report } = rig.next_fact() else { panic!("not closed") };
    assert_eq!((stream, report.packets_out), (a, 3));
    assert!(report.packets_in >= 1);
    rig.workers.finish();
}
