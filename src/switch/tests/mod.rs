//! The Switch and a Router on one seat, spoken to in plain SIP text: for what phones of the simulator never do.

mod hand_over;
mod offers;
mod resync;
mod signalling;

use super::invariants;
use super::settings::Reach;
use super::{Actions, Event, Switch};
use crate::acd::{AgentState, Reply, Request, Router};
use crate::clock::{Duration, Instant};
use crate::ids::{AgentId, Flow, ListenerId, WorkerId};
use crate::media::ports::Block;
use crate::media::{Command, Fact, StreamReport};
use crate::sim::office::{Office, TRUNK};
use crate::sim::seat::Seat;
use crate::sip::scan::Scanned;
use core::net::SocketAddr;
use std::sync::Arc;

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.1.1\r\ns=-\r\nc=IN IP4 127.0.1.1\r\nt=0 0\r\nm=audio 9000 RTP/AVP 8 101\r\n\
                   a=rtpmap:101 telephone-event/8000\r\n";

/// Where the phone of agent `number` is.
fn phone(number: u8) -> SocketAddr {
    SocketAddr::from(([127, 1, 0, number + 1], 5060))
}

/// `office` with all agents at fixed addresses.
fn fixed(mut office: Office) -> Office {
    for (number, agent) in (0u8..).zip(&mut office.switch.agents) {
        let uri = format!("sip:{}@{}", agent.number, phone(number)).into_bytes().into();
        agent.reach = Reach::Fixed { uri, address: phone(number) };
    }
    office
}

struct Desk {
    office: Office,
    seat: Seat,
    now: Instant,
    out: Actions,
    /// Everything sent, in order.
    sent: Vec<(SocketAddr, String)>,
    media: Vec<Command>,
    number: u32,
    /// The Router is out of reach: requests stay in `asked`, those of the last message.
    far: bool,
    asked: Vec<Request>,
}

impl Desk {
    fn new(office: Office) -> Self {
        let block = Block::contiguous(WorkerId(0), 20_000, 40);
        let now = Instant::START + Duration::from_secs(100);
        let switch = Switch::new(Arc::new(office.switch.clone()), &[block], 7);
        let router = Router::new(Arc::new(office.router.clone()), now);
        let (out, sent, media) = (Actions::default(), Vec::new(), Vec::new());
        let seat = Seat::new(switch, router);
        let mut desk = Self { office, seat, now, out, sent, media, number: 0, far: false, asked: Vec::new() };
        desk.event(Event::Started);
        desk
    }

    fn event(&mut self, event: Event<'_>) {
        self.seat.handle(event, self.now, &mut self.out, &mut |_: &Reply| ());
        self.settle();
    }

    /// What goes out is kept; streams close at once.
    fn settle(&mut self) {
        loop {
            let sent = self.out.datagrams.iter();
            self.sent.extend(sent.map(|(flow, bytes)| (flow.peer, String::from_utf8_lossy(bytes).into_owned())));
            let media = core::mem::take(&mut self.out.media);
            self.out.clear();
            let wrong = invariants::check(&self.seat.switch);
            assert!(wrong.is_empty(), "{wrong:#?}");
            self.media.extend(media.iter().cloned());
            if media.is_empty() {
                return;
            }
            for command in media {
                if let Command::Close { stream } = command {
                    let fact = Fact::Closed { stream, report: StreamReport::default() };
                    self.seat.handle(Event::Media(fact), self.now, &mut self.out, &mut |_: &Reply| ());
                }
            }
        }
    }

    fn pass(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        while let Some(at) = self.seat.next_deadline().filter(|&at| at <= end) {
            self.now = at.max(self.now);
            self.seat.handle_time(self.now, &mut self.out, &mut |_: &Reply| ());
            self.settle();
        }
        self.now = end;
    }

    fn receive(&mut self, text: &str, peer: SocketAddr) {
        let scanned = Scanned::new(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(scanned.message().defect(), None, "{text}");
        let event = Event::Sip { message: scanned.message(), flow: Flow { listener: ListenerId(0), peer } };
        if self.far {
            self.asked = self.alone(event);
        } else {
            self.event(event);
        }
    }

    /// A request of the caller `from` at `peer`; `more` is whole lines.
    fn request(&mut self, start: (&str, &str), ids: (&str, &str), cseq: u32, peer: SocketAddr, rest: (&str, &str)) {
        let ((method, to), (from, to_tag), (more, body)) = (start, ids, rest);
        self.number += 1;
        let (branch, length) = (self.number, body.len());
        let kind =
            if body.is_empty() || more.contains("Content-Type") { "" } else { "Content-Type: application/sdp\r\n" };
        let text = format!(
            "{method} sip:{to}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {peer};branch=z9hG4bK{branch}\r\nMax-Forwards: 70\r\n\
             From: <sip:{from}@{peer}>;tag=t{from}\r\nTo: <sip:{to}@127.0.0.1>{to_tag}\r\nCall-ID: call-{from}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:{from}@{peer}>\r\n{more}{kind}Content-Length: {length}\r\n\r\n{body}"
        );
        self.receive(&text, peer);
    }

    /// `from` calls `to` from the trunk and acknowledges the answer; the To tag with its `;tag=`.
    fn call(&mut self, from: &str, to: &str) -> String {
        self.request(("INVITE", to), (from, ""), 1, TRUNK, ("", SDP));
        let tag = self.tag_to(&format!("call-{from}"));
        self.request(("ACK", to), (from, &tag), 1, TRUNK, ("", ""));
        tag
    }

    /// `;tag=…` of the last 200 in the call with this Call-ID.
    fn tag_to(&self, call_id: &str) -> String {
        let answers = self.sent.iter().rev().map(|(_, text)| text);
        let answer = answers.into_iter().find(|text| text.starts_with("SIP/2.0 200") && text.contains(call_id));
        let to = answer.and_then(|text| text.split("\r\n").find(|line| line.starts_with("To: "))).expect("a 200");
        to[to.find(";tag=").expect("a tag")..].into()
    }

    /// The last INVITE to this address.
    fn invite_to(&self, peer: SocketAddr) -> String {
        let found = self.sent.iter().rev().find(|(to, text)| *to == peer && text.starts_with("INVITE"));
        found.map(|(_, text)| text.clone()).expect("an INVITE")
    }

    /// As [`Self::respond`]; what had been asked of the Router before is forgotten.
    fn respond_late(&mut self, peer: SocketAddr, status: u16) {
        self.asked.clear();
        self.respond(peer, status);
    }

    /// `peer` answers the last INVITE to it.
    fn respond(&mut self, peer: SocketAddr, status: u16) {
        let invite = self.invite_to(peer);
        let line = |name: &str| invite.split("\r\n").find(|line| line.starts_with(name)).expect("a field").to_string();
        let body = if status == 200 { SDP } else { "" };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let text = format!(
            "SIP/2.0 {status} Word\r\n{}\r\n{}\r\n{};tag=p{}\r\n{}\r\n{}\r\nContact: <sip:phone@{peer}>\r\n{kind}\
             Content-Length: {}\r\n\r\n{body}",
            line("Via"),
            line("From"),
            line("To"),
            peer.port(),
            line("Call-ID"),
            line("CSeq"),
            body.len()
        );
        self.receive(&text, peer);
    }

    /// A request of `peer`, whom we have called, in the dialog of the last INVITE to it.
    fn phone_asks(&mut self, peer: SocketAddr, method: &str, cseq: u32, body: &str) {
        let invite = self.invite_to(peer);
        let value = |name: &str| {
            let line = invite.split("\r\n").find(|line| line.starts_with(name)).expect("a field");
            line.split_once(": ").expect("a value").1.to_string()
        };
        self.number += 1;
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let text = format!(
            "{method} sip:huntline@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {peer};branch=z9hG4bK{}\r\nMax-Forwards: 70\r\n\
             From: {};tag=p{}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\nContact: <sip:phone@{peer}>\r\n{kind}\
             Content-Length: {}\r\n\r\n{body}",
            self.number,
            value("To"),
            peer.port(),
            value("From"),
            value("Call-ID"),
            body.len()
        );
        self.receive(&text, peer);
    }

    /// The first words of what was sent to `peer`.
    fn lines_to(&self, peer: SocketAddr) -> Vec<&str> {
        let sent = self.sent.iter().filter(|(to, _)| *to == peer);
        sent.map(|(_, text)| text.split(' ').take(1 + usize::from(text.starts_with("SIP"))).last().unwrap_or(""))
            .collect()
    }

    fn state(&self, agent: u32) -> AgentState {
        let view = self.seat.switch.agents.views.get(AgentId(agent).index()).cloned().flatten();
        view.expect("the Router has spoken of them").state
    }

    /// The Router is lost; a fresh one gets the Resync.
    fn lose_router(&mut self) {
        self.seat.router = Router::new(Arc::new(self.office.router.clone()), self.now);
        self.event(Event::RouterLost);
    }

    /// An event for the Switch alone: its requests go no further than here.
    fn alone(&mut self, event: Event<'_>) -> Vec<Request> {
        self.seat.switch.handle(event, self.now, &mut self.out);
        let requests = self.out.requests.drain(..).map(|numbered| numbered.request).collect();
        self.settle();
        requests
    }
}
