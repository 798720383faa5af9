//! One test per verdict, counter and limit of the Gate.

use super::*;
use crate::ids::ListenerId;
use crate::sip::scan::Scanned;

/// A Gate with what it answers, at a time that the test sets.
struct Desk {
    gate: Gate,
    out: Outbox,
    now: Instant,
    shed: bool,
}

impl Desk {
    fn new(settings: Settings) -> Self {
        Self { gate: Gate::new(settings, 7), out: Outbox::default(), now: Instant::from_micros(1_000_000), shed: false }
    }

    /// Whether `bytes` from `peer` got through.
    fn passes(&mut self, peer: &str, bytes: impl AsRef<[u8]>) -> bool {
        let flow = Flow { listener: ListenerId(2), peer: peer.parse().unwrap() };
        let mut index = Index::default();
        let verdict = self.gate.handle(bytes.as_ref(), flow, self.shed, &mut index, self.now, &mut self.out);
        matches!(verdict, Verdict::Pass(_))
    }

    /// What was answered last, as text.
    fn answer(&self) -> String {
        String::from_utf8(self.out.last().unwrap().to_vec()).unwrap()
    }

    fn later(&mut self, millis: u64) {
        self.now = self.now + Duration::from_millis(millis);
    }
}

fn settings() -> Settings {
    Settings { trusted: Vec::new(), rate: 10.0, burst: 5.0, sources_max: 100, penalty: Duration::from_secs(30) }
}

fn trusting(address: &str, prefix: u8) -> Settings {
    Settings { trusted: vec![Network { address: address.parse().unwrap(), prefix }], ..settings() }
}

fn request(method: &str, call: &str) -> String {
    format!(
        "{method} sip:1000@h SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bK{call}\r\nMax-Forwards: 70\r\n\
         From: <sip:a@b>;tag=1\r\nTo: <sip:1000@h>\r\nCall-ID: {call}\r\nCSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
    )
}

fn response(vias: &str) -> String {
    format!("SIP/2.0 200 OK\r\n{vias}From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 BYE\r\n\r\n")
}

const PEER: &str = "192.0.2.9:5062";

#[test]
fn good_messages_pass() {
    let mut desk = Desk::new(settings());
    assert!(desk.passes(PEER, request("OPTIONS", "a")));
    assert!(desk.passes(PEER, request("FROBNICATE", "a")), "an unknown method is the Switch's business");
    assert!(desk.passes(PEER, request("ACK", "a").replace("To: <sip:1000@h>", "To: <sip:1000@h>;tag=x")));
    assert!(desk.passes(PEER, response("Via: SIP/2.0/UDP a;branch=z9hG4bK1\r\n")));
    assert_eq!(desk.gate.counters(), Counters { passed: 4, ..Counters::default() });
    assert!(desk.out.is_empty());
}

#[test]
fn a_request_with_a_defect_is_answered_again_with_the_same_bytes_and_its_ack_ends_here() {
    let mut desk = Desk::new(settings());
    let wrong = request("INVITE", "a").replace("Max-Forwards: 70", "Max-Forwards: x");
    assert!(!desk.passes(PEER, &wrong));
    let answer = desk.answer();
    assert!(answer.starts_with("SIP/2.0 400 Bad Max-Forwards\r\nVia: SIP/2.0/UDP 192.0.2.9:5062;"), "{answer}");
    assert!(!desk.passes(PEER, &wrong));
    assert_eq!(desk.answer(), answer);
    assert_eq!(desk.out.iter().map(|(flow, _)| flow.peer.to_string()).collect::<Vec<_>>(), [PEER, PEER]);

    let scanned = Scanned::new(answer.as_bytes()).unwrap();
    let tag = core::str::from_utf8(scanned.message().to().unwrap().tag().unwrap()).unwrap();
    let ack = request("ACK", "a").replace("To: <sip:1000@h>", &format!("To: <sip:1000@h>;tag={tag}"));
    assert!(!desk.passes(PEER, ack));
    assert_eq!(desk.gate.counters(), Counters { answered: 2, acknowledged: 1, ..Counters::default() });

    let mut other = Gate::new(settings(), 8);
    assert_ne!(other.tag(&Scanned::new(wrong.as_bytes()).unwrap().message()), tag, "another key, another tag");
    other.configure(settings());
}

#[test]
fn versions_and_schemes_we_do_not_know_are_answered_505_and_416() {
    let mut desk = Desk::new(settings());
    assert!(!desk.passes(PEER, request("OPTIONS", "a").replace("SIP/2.0\r\nVia: SIP/2.0", "SIP/7.0\r\nVia: SIP/7.0")));
    assert!(desk.answer().starts_with("SIP/2.0 505 "));
    assert!(!desk.passes(PEER, request("OPTIONS", "a").replace("sip:1000@h SIP", "soap.beep://h SIP")));
    assert!(desk.answer().starts_with("SIP/2.0 416 "));
    assert_eq!(desk.gate.counters().answered, 2);
}

#[test]
fn responses_and_acks_with_a_defect_are_dropped() {
    let mut desk = Desk::new(settings());
    assert!(!desk.passes(PEER, response("Via: SIP/2.0/UDP a\r\n").replace("CSeq: 1", "CSeq: one")));
    assert!(!desk.passes(PEER, response("Via: SIP/2.0/UDP a\r\nVia: SIP/2.0/UDP b\r\n")));
    assert!(!desk.passes(PEER, response("Via: SIP/2.0/UDP a, SIP/2.0/UDP b\r\n")));
    assert!(!desk.passes(PEER, request("ACK", "a").replace("CSeq: 1 ACK", "CSeq: 1 INVITE")));
    assert_eq!(desk.gate.counters(), Counters { defective: 4, ..Counters::default() });
    assert!(desk.out.is_empty());
}

#[test]
fn what_cannot_be_answered_is_garbage() {
    let mut desk = Desk::new(trusting("192.0.2.9", 32));
    let cases = [
        "hello",
        "GET / HTTP/1.1\r\n\r\n",
        "OPTIONS sip:a SIP/2.0\r\nTo: x\r\n\r\n",
        "OPTIONS sip:a SIP/2.0\r\nVia: y\r\n\r\n",
    ];
    for text in cases {
        assert!(!desk.passes(PEER, text));
    }
    assert!(!desk.passes(PEER, vec![b'x'; 65_536]));
    assert_eq!(desk.gate.counters(), Counters { garbage: 5, ..Counters::default() });
    assert!(desk.out.is_empty());
}

#[test]
fn keep_alives_are_counted_and_cost_nothing() {
    let mut desk = Desk::new(settings());
    for _ in 0..50 {
        for bytes in [&b""[..], b"\r\n", b"\r\n\r\n", b"\0", b"\0\0\0\0"] {
            assert!(!desk.passes(PEER, bytes));
        }
    }
    assert_eq!(desk.gate.counters(), Counters { keep_alive: 250, ..Counters::default() });
    assert_eq!(desk.gate.sources(), 0);
    assert!(desk.out.is_empty());
}

#[test]
fn while_shedding_only_new_invites_are_turned_away() {
    let mut desk = Desk::new(settings());
    desk.shed = true;
    assert!(!desk.passes(PEER, request("INVITE", "a")));
    let answer = desk.answer();
    assert!(
        answer.starts_with("SIP/2.0 503 Service Unavailable\r\n") && answer.contains("Retry-After: 5\r\n"),
        "{answer}"
    );
    assert!(desk.passes(PEER, request("INVITE", "a").replace("To: <sip:1000@h>", "To: <sip:1000@h>;tag=x")));
    assert!(desk.passes(PEER, request("OPTIONS", "a")));
    assert!(desk.passes(PEER, request("BYE", "a")));
    desk.shed = false;
    assert!(desk.passes(PEER, request("INVITE", "a")));
    assert_eq!(desk.gate.counters(), Counters { passed: 4, shed: 1, ..Counters::default() });
}

#[test]
fn a_source_may_send_its_burst_and_then_its_rate() {
    let mut desk = Desk::new(settings());
    let sent =
        |desk: &mut Desk, count: usize| (0..count).filter(|_| desk.passes(PEER, request("OPTIONS", "a"))).count();
    assert_eq!(sent(&mut desk, 20), 5, "the burst");
    assert!(desk.passes("192.0.2.10:5060", request("OPTIONS", "a")), "another address has a bucket of its own");
    assert!(!desk.passes("192.0.2.9:9999", request("OPTIONS", "a")), "another port has not");
    desk.later(100);
    assert_eq!(sent(&mut desk, 20), 1, "10 a second");
    desk.later(60_000);
    assert_eq!(sent(&mut desk, 20), 5, "never more than the burst at once");
    assert_eq!(desk.gate.counters(), Counters { passed: 12, over_limit: 15 + 1 + 19 + 15, ..Counters::default() });
}

#[test]
fn ipv6_sources_are_counted_by_their_64_and_mapped_ones_as_ipv4() {
    let mut desk = Desk::new(settings());
    for host in 0..5 {
        assert!(desk.passes(&format!("[2001:db8::{host}]:5060"), request("OPTIONS", "a")));
    }
    assert!(!desk.passes("[2001:db8::99]:5060", request("OPTIONS", "a")));
    assert!(desk.passes("[2001:db8:0:1::99]:5060", request("OPTIONS", "a")));
    for _ in 0..5 {
        assert!(desk.passes("[::ffff:192.0.2.9]:5060", request("OPTIONS", "a")));
    }
    assert!(!desk.passes(PEER, request("OPTIONS", "a")));
    assert_eq!(desk.gate.sources(), 3);
}

#[test]
fn trusted_networks_have_no_limit_and_no_penalty() {
    let mut desk = Desk::new(trusting("192.0.2.0", 24));
    for _ in 0..100 {
        assert!(!desk.passes(PEER, "garbage"));
        assert!(desk.passes(PEER, request("OPTIONS", "a")));
        assert!(desk.passes("[::ffff:192.0.2.9]:5060", request("OPTIONS", "a")));
    }
    assert_eq!(desk.gate.sources(), 0);
    desk.gate.configure(trusting("192.0.2.9", 32));
    assert!((0..100).all(|_| desk.passes(PEER, request("OPTIONS", "a"))), "as one host");
    desk.gate.configure(settings());
    assert_eq!((0..100).filter(|_| desk.passes(PEER, request("OPTIONS", "a"))).count(), 5, "trusted no longer");
}

#[test]
fn a_source_of_garbage_alone_is_ignored_for_the_penalty() {
    let mut desk = Desk::new(Settings { burst: 1000.0, ..settings() });
    for _ in 0..GARBAGE_MAX {
        assert!(!desk.passes(PEER, "garbage"));
    }
    assert!(!desk.passes(PEER, request("OPTIONS", "a")), "whatever it sends now");
    assert!(desk.passes("192.0.2.10:5060", request("OPTIONS", "a")));
    desk.later(29_999);
    assert!(!desk.passes(PEER, request("OPTIONS", "a")));
    desk.later(1);
    assert!(desk.passes(PEER, request("OPTIONS", "a")));
    assert_eq!(desk.gate.counters(), Counters { passed: 2, garbage: 10, ignored: 2, ..Counters::default() });
}

#[test]
fn garbage_under_a_phones_address_does_not_silence_the_phone() {
    let mut desk = Desk::new(Settings { burst: 1000.0, ..settings() });
    assert!(desk.passes(PEER, request("OPTIONS", "a")));
    for _ in 0..3 * GARBAGE_MAX {
        assert!(!desk.passes(PEER, "garbage"));
    }
    assert!(desk.passes(PEER, request("OPTIONS", "a")));
    assert_eq!(desk.gate.counters().ignored, 0);
}

#[test]
fn the_table_is_bounded_and_forgets_who_was_seen_longest_ago() {
    let mut desk = Desk::new(Settings { sources_max: 3, burst: 1.0, rate: 0.0, ..settings() });
    let from = |desk: &mut Desk, host: u8| desk.passes(&format!("10.0.0.{host}:5060"), request("OPTIONS", "a"));
    assert!(from(&mut desk, 1) && from(&mut desk, 2) && from(&mut desk, 3));
    assert!(!from(&mut desk, 1), "its bucket is empty, but it is now the newest");
    assert!(from(&mut desk, 4), "makes 2 forgotten");
    assert!(!from(&mut desk, 1) && !from(&mut desk, 3));
    assert!(from(&mut desk, 2), "a stranger again; makes 4 forgotten");
    assert!(!from(&mut desk, 1) && !from(&mut desk, 3) && !from(&mut desk, 2));
    assert_eq!((desk.gate.sources(), desk.gate.counters().forgotten), (3, 2));
    desk.gate.configure(Settings { sources_max: 2, ..settings() });
    assert_eq!((desk.gate.sources(), desk.gate.counters().forgotten), (0, 5));
    for host in 0..200 {
        _ = from(&mut desk, host);
    }
    assert_eq!((desk.gate.sources(), desk.gate.counters().forgotten), (2, 203));
}

#[test]
fn any_order_of_sources_keeps_the_table_whole() {
    let mut sources = Sources::new(8, Seed::new(1).keyed());
    let mut seed = Seed::new(2);
    let mut order: Vec<u64> = Vec::new();
    for _ in 0..5_000 {
        let host = seed.below(12);
        let known = order.iter().position(|one| *one == host);
        let admission = sources.admit(IpAddr::from([10, 0, 0, host as u8]), 0.0, 1.0, Instant::START);
        assert_eq!(admission == Admission::Admitted, known.is_none(), "a full bucket is a new source's alone");
        known.map(|at| order.remove(at));
        order.push(host);
        if order.len() > 8 {
            order.remove(0);
        }
        assert_eq!(sources.len(), order.len());
    }
}

#[test]
fn same_seed_same_answers() {
    let run = || {
        let mut desk = Desk::new(settings());
        for call in ["a", "b", "c"] {
            _ = desk.passes(PEER, request("INVITE", call).replace("Max-Forwards: 70", "Max-Forwards: x"));
        }
        desk.out.iter().map(|(_, bytes)| bytes.to_vec()).collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}
