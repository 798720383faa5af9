//! The whole table in virtual time, on message text: what goes out when, and what the user is told.

mod client;
mod follow_up;
mod hostile;
mod server;
mod size;

use super::*;
use crate::clock::Duration;
use crate::ids::ListenerId;
use crate::sip::scan::Scanned;
use crate::sip::write::Writer;

type Told = Received<u32, u32>;

/// A table, its clock, and everything that it has sent.
#[derive(Clone)]
struct Rig {
    table: Transactions<u32, u32>,
    now: Instant,
    /// Milliseconds since start and the datagram.
    sent: Vec<(u64, String)>,
    /// Milliseconds since start and what the user remembered.
    timed_out: Vec<(u64, u32)>,
}

const PEER: &str = "10.0.0.1:5060";

fn peer() -> Flow {
    Flow { listener: ListenerId(0), peer: PEER.parse().expect("an address") }
}

impl Rig {
    fn new() -> Self {
        Self::with_limit(100)
    }

    fn with_limit(limit: usize) -> Self {
        let table = Transactions::new(Timings::default(), limit, &mut Seed::new(7));
        Self { table, now: Instant::START, sent: Vec::new(), timed_out: Vec::new() }
    }

    fn act<R>(&mut self, act: impl FnOnce(&mut Transactions<u32, u32>, Instant, &mut Outbox) -> R) -> R {
        let mut out = Outbox::default();
        let result = act(&mut self.table, self.now, &mut out);
        let at = self.millis();
        let texts = out.iter().map(|(_, bytes)| (at, String::from_utf8_lossy(bytes).into_owned()));
        self.sent.extend(texts);
        result
    }

    fn millis(&self) -> u64 {
        self.now.as_micros() / 1000
    }

    /// Lets the time pass until `millis` after the start.
    fn run_until(&mut self, millis: u64) {
        let end = Instant::from_micros(millis * 1000);
        while let Some(deadline) = self.table.next_deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            while let Some(timed_out) = self.act(|table, now, out| table.expire(now, out)) {
                self.timed_out.push((self.millis(), timed_out.user));
            }
        }
        self.now = end;
    }

    fn receive(&mut self, text: &str) -> Told {
        let scanned = Scanned::new(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
        self.act(|table, now, out| table.receive(&scanned.message(), peer(), now, out))
    }

    /// Takes in a new request that must be one.
    fn accept(&mut self, text: &str) -> ServerTx {
        match self.receive(text) {
            Received::Request(tx) => tx,
            other => panic!("{other:?}: {text}"),
        }
    }

    /// Sends a request of ours; its text.
    fn send(&mut self, method: Method, user: u32) -> (ClientTx, String) {
        let branch = self.table.branch();
        let text = own_request(method, branch);
        let outgoing = Outgoing { branch, method, flow: peer(), user };
        (self.act(|table, now, out| table.request(outgoing, text.as_bytes(), now, out)), text)
    }

    /// Answers `request` by `tx` with `status`.
    fn respond(&mut self, tx: ServerTx, request: &str, status: u16) {
        let bytes = reply(request, status, "ours");
        self.act(|table, now, out| table.respond(tx, status, &bytes, now, out));
    }

    fn cancel(&mut self, tx: ClientTx, reason: &str) {
        self.act(|table, now, out| table.cancel(tx, reason, now, out));
    }

    /// When datagrams beginning with `start` went out.
    fn times(&self, start: &str) -> Vec<u64> {
        self.sent.iter().filter(|(_, text)| text.starts_with(start)).map(|(at, _)| *at).collect()
    }

    /// The last datagram.
    fn last(&self) -> &str {
        self.sent.last().map_or("", |(_, text)| text)
    }

    fn live(&self) -> u32 {
        self.table.figures().live
    }
}

/// A request from the peer. `branch` with or without the cookie; `more` is whole lines.
fn request(method: &str, branch: &str, more: &str) -> String {
    format!(
        "{method} sip:2000@10.0.0.9 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch={branch}\r\nMax-Forwards: 70\r\n\
         From: <sip:alice@10.0.0.1>;tag=theirs\r\nTo: <sip:2000@10.0.0.9>\r\nCall-ID: call-1@10.0.0.1\r\n\
         CSeq: 1 {method}\r\nContact: <sip:alice@10.0.0.1:5060>\r\n{more}Content-Length: 0\r\n\r\n"
    )
}

/// A request of ours with two Route fields.
fn own_request(method: Method, branch: Branch) -> String {
    let method = method.to_string();
    format!(
        "{method} sip:8001@10.0.0.1:5070 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5060;rport;branch={branch}\r\n\
         Route: <sip:10.0.0.3;lr>\r\nRoute: <sip:10.0.0.4;lr>, <sip:10.0.0.5;lr>\r\nMax-Forwards: 70\r\n\
         From: \"Queue\" <sip:2000@10.0.0.9>;tag=ours\r\nTo: <sip:8001@10.0.0.1>\r\nCall-ID: call-2@10.0.0.9\r\n\
         CSeq: 17 {method}\r\nContact: <sip:10.0.0.9:5060>\r\nContent-Length: 0\r\n\r\n"
    )
}

/// The peer's (or our) reply to `request`.
fn reply(request: &str, status: u16, tag: &str) -> Vec<u8> {
    let scanned = Scanned::new(request.as_bytes()).expect("our own text");
    let mut bytes = Vec::new();
    let tag = (status > 100).then_some(tag);
    Writer::response(&mut bytes, &scanned.message(), peer(), status, tag).finish();
    bytes
}

fn answer(request: &str, status: u16, tag: &str) -> String {
    String::from_utf8(reply(request, status, tag)).expect("text")
}

/// All lines of `text` that begin with `start`.
fn lines<'a>(text: &'a str, start: &str) -> Vec<&'a str> {
    text.split("\r\n").filter(|line| line.starts_with(start)).collect()
}

#[test]
fn a_copy_of_the_table_goes_on_where_the_original_stood() {
    let mut rig = Rig::new();
    rig.send(Method::Invite, 1);
    let invite = request("INVITE", "z9hG4bKa", "");
    let tx = rig.accept(&invite);
    rig.respond(tx, &invite, 486);
    rig.run_until(1_000);
    let mut copy = rig.clone();
    for rig in [&mut rig, &mut copy] {
        rig.run_until(40_000);
        assert_eq!(rig.timed_out, [(32_000, 1)]);
    }
    assert_eq!(rig.sent, copy.sent);
    assert_eq!(rig.table.figures(), copy.table.figures());
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let run = || {
        let mut rig = Rig::new();
        for user in 0..5 {
            rig.send(Method::Options, user);
        }
        rig.receive(&request("CANCEL", "z9hG4bKx", ""));
        rig.run_until(50_000);
        rig.sent
    };
    assert_eq!(run(), run());
}

#[test]
fn nothing_is_left_when_all_is_over() {
    let mut rig = Rig::new();
    for n in 0..20 {
        let (_, sent) = rig.send(if n % 2 == 0 { Method::Invite } else { Method::Bye }, n);
        if n % 3 == 0 {
            rig.receive(&answer(&sent, if n % 4 == 0 { 200 } else { 486 }, "x"));
        }
        let method = if n % 2 == 0 { "INVITE" } else { "INFO" };
        let text = request(method, &format!("z9hG4bK{n}"), "").replace("call-1", &format!("call-{n}"));
        let tx = rig.accept(&text);
        rig.respond(tx, &text, if n % 3 == 0 { 200 } else { 480 });
    }
    assert!(rig.live() >= 40, "{}", rig.live());
    rig.run_until(70_000);
    assert_eq!(rig.live(), 0);
    assert_eq!(rig.table.next_deadline(), None);
}
