//! Hostile traffic: random bytes, truncated and mutated messages at 5,000 a second do not disturb a call in progress.

use super::baresip::{Baresip, Phone};
use super::program::until;
use super::server::{Server, own_address};
use super::sound;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

#[test]
fn five_thousand_garbage_messages_a_second_do_not_disturb_a_call() {
    if super::program::skip_without(&["baresip"]) {
        return;
    }
    let server = Server::start("hostile", "huntline", |text| text);
    let phone = |user, password, hertz, answer| Phone { user, password, hertz, answer, codecs: "PCMA" };
    let agent = phone("8001", Some("demo-8001"), 1000.0, "auto");
    let agent = Baresip::start(&server.folder, &agent, server.address, 14, &[]).registered();
    let dial = format!("d sip:2000@{}:5060", server.address);
    let caller = phone("13900000000", None, 440.0, "manual");
    let caller = Baresip::start(&server.folder, &caller, server.address, 11, &[&dial]);
    until("the call is up", Duration::from_secs(10), || {
        server.metric("huntline_agents{state=\"talking\"}") == Some(1.0)
    });
    let sent = flood(&server, Duration::from_secs(5));
    assert!(sent >= 15_000, "the flood itself was too thin: {sent}");
    let (caller, agent) = (caller.heard(Duration::from_secs(20)), agent.heard(Duration::from_secs(20)));
    assert!(sound::seconds_of_tone(&caller, 1000.0) > 6.0, "the caller lost the agent");
    assert!(sound::seconds_of_tone(&agent, 440.0) > 6.0, "the agent lost the caller");
    until("one record", Duration::from_secs(10), || {
        server.records().iter().any(|record| record["cause"] == "answered")
    });
    server.assert_idle();
}

/// Sends 5,000 datagrams a second to the SIP port from addresses of its own, and to media ports; returns how many.
fn flood(server: &Server, lasting: Duration) -> u64 {
    let valid = format!(
        "INVITE sip:2000@{0} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.9:5060;branch=z9hG4bKflood\r\nFrom: <sip:x@y>;tag=1\r\n\
         To: <sip:2000@{0}>\r\nCall-ID: flood\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
        server.address
    );
    let sockets: Vec<UdpSocket> =
        (0..4).map(|_| UdpSocket::bind((own_address(), 0)).expect("a socket of the flood's own")).collect();
    let start = Instant::now();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut sent = 0u64;
    while start.elapsed() < lasting {
        // Open loop: as many as are due by now, at most; the socket's own speed is the only brake.
        let due = (start.elapsed().as_secs_f64() * 5000.0) as u64;
        if sent >= due {
            std::thread::yield_now();
            continue;
        }
        let mut bytes = valid.clone().into_bytes();
        match random() % 3 {
            0 => bytes = (0..random() % 400).map(|_| random() as u8).collect(),
            1 => bytes.truncate((random() % bytes.len() as u64) as usize),
            _ => {
                for _ in 0..=random() % 8 {
                    let at = (random() % bytes.len() as u64) as usize;
                    bytes[at] = random() as u8;
                }
            }
        }
        let port = if random() % 10 == 0 { 20_000 + (random() % 200) as u16 } else { 5060 };
        let _ = sockets[(sent % 4) as usize].send_to(&bytes, (server.address, port));
        sent += 1;
    }
    sent
}
