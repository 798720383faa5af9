//! Sequences of events for one Switch, made from bytes: what a fuzzer drives. Everything a peer, a media worker or a clock could bring, in
//! any order: requests and responses that fit what was said before and ones that do not, facts about streams that are gone, a Router
//! that is lost, calls that move to a fresh Switch. After each event the invariants must hold, and at the end, when everything is ended and time
//! has passed, nothing may be left.

use super::office::{Office, TRUNK};
use super::seat::Seat;
use crate::acd::{Reply, Revoke, Router, Wish};
use crate::clock::{Duration, Instant};
use crate::ids::{AgentId, CallId, Flow, ListenerId, OfferId, QueueId, StreamId, WorkerId};
use crate::media::ports::Block;
use crate::media::{Command, Fact, StreamReport};
use crate::sip::scan::{Message, Scanned};
use crate::sip::write::Writer;
use crate::switch::settings::Reach;
use crate::switch::{Actions, Event, Switch, invariants};
use core::net::SocketAddr;
use std::sync::Arc;

/// Events that one input makes at most.
const EVENTS_MAX: usize = 600;
/// Media ports: few, so that they run out.
const PAIRS: u16 = 8;
/// Messages of the Switch that are remembered.
const HEARD_MAX: usize = 24;
/// What phones answer.
const STATUSES: [u16; 10] = [100, 180, 183, 200, 200, 202, 302, 486, 500, 603];
/// How far time goes at a step, ms.
const STEPS_MS: [u64; 8] = [0, 1, 60, 500, 2_000, 5_000, 16_000, 33_000];
const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.1.1\r\ns=-\r\nc=IN IP4 127.0.1.1\r\nt=0 0\r\nm=audio 9000 RTP/AVP 8 101\r\n\
                   a=rtpmap:101 telephone-event/8000\r\n";

/// Plays the events that `bytes` stand for. What was wrong, in words; empty when all is well.
pub fn play(bytes: &[u8]) -> Vec<String> {
    let mut stage = Stage::new();
    let mut bytes = bytes.iter().copied();
    for _ in 0..EVENTS_MAX {
        let Some(what) = bytes.next() else { break };
        stage.act(what, &mut bytes);
        if let Some(wrong) = stage.wrong() {
            return wrong;
        }
    }
    stage.end()
}

struct Stage {
    office: Office,
    seat: Seat,
    now: Instant,
    out: Actions,
    /// Requests and responses of the Switch, newest last.
    heard: Vec<(Flow, Scanned)>,
    /// Streams that were opened, newest last, with the token said last.
    streams: Vec<(StreamId, u32)>,
    closing: Vec<StreamId>,
    number: u32,
}

impl Stage {
    fn new() -> Self {
        let mut office = Office::new(2);
        for (number, agent) in (0u8..).zip(&mut office.switch.agents) {
            let address = SocketAddr::from(([127, 1, 0, number + 1], 5060));
            let uri = format!("sip:{}@{address}", agent.number).into_bytes().into();
            agent.reach = Reach::Fixed { uri, address };
        }
        office.router.queues[0].wait_max = Some(Duration::from_secs(40));
        office.router.queues[0].waiting_max = 3;
        let block = Block::contiguous(WorkerId(0), 20_000, PAIRS);
        let switch = Switch::new(Arc::new(office.switch.clone()), &[block], 7);
        let router = Router::new(Arc::new(office.router.clone()), Instant::START);
        let mut stage = Self {
            office,
            seat: Seat::new(switch, router),
            now: Instant::START,
            out: Actions::default(),
            heard: Vec::new(),
            streams: Vec::new(),
            closing: Vec::new(),
            number: 0,
        };
        stage.event(Event::Started);
        stage
    }

    fn act(&mut self, what: u8, bytes: &mut dyn Iterator<Item = u8>) {
        let mut next = || bytes.next().unwrap_or(0);
        match what % 16 {
            0 => self.invite(next(), next()),
            1..=3 => self.request_in_dialog(what, next(), next()),
            4..=6 => self.respond(next(), next()),
            7 => self.fact(next(), next()),
            8 => self.closed(next()),
            9 | 10 => self.pass(STEPS_MS[usize::from(next()) % STEPS_MS.len()]),
            11 => self.wish(next()),
            12 => self.router_says(next(), next()),
            13 => self.fault(next()),
            14 => self.distorted(next(), next(), next()),
            _ => self.operator(next()),
        }
    }

    fn event(&mut self, event: Event<'_>) {
        self.seat.handle(event, self.now, &mut self.out, &mut |_| ());
        self.carry_out();
    }

    fn carry_out(&mut self) {
        for (flow, bytes) in self.out.datagrams.iter() {
            if let Ok(message) = Scanned::new(bytes) {
                self.heard.push((flow, message));
            }
        }
        let old = self.heard.len().saturating_sub(HEARD_MAX);
        self.heard.drain(..old);
        for command in self.out.media.drain(..) {
            match command {
                Command::Open { stream, .. } => self.streams.push((stream, 0)),
                Command::Close { stream } => self.closing.push(stream),
                Command::Say { stream, token, .. } => {
                    self.streams.iter_mut().filter(|(known, _)| *known == stream).for_each(|known| known.1 = token);
                }
                _ => {}
            }
        }
        let old = self.streams.len().saturating_sub(HEARD_MAX);
        self.streams.drain(..old);
        self.out.clear();
    }

    /// A datagram, as the Gate lets it through.
    fn receive(&mut self, bytes: &[u8], peer: SocketAddr) {
        let Ok(scanned) = Scanned::new(bytes) else { return };
        if scanned.message().defect().is_none() {
            self.event(Event::Sip { message: scanned.message(), flow: Flow { listener: ListenerId(0), peer } });
        }
    }

    fn invite(&mut self, number: u8, body: u8) {
        self.number += u32::from(body != 7);
        let called = ["1000", "2000", "3000", "9999"][usize::from(number) % 4];
        let sdp = ["", SDP, SDP, "v=0\r\nm=audio x\r\n"][usize::from(body) % 4];
        let kind = if sdp.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let id = self.number;
        let text = format!(
            "INVITE sip:{called}@127.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP {TRUNK};rport;branch=z9hG4bKf{id}\r\nMax-Forwards: 70\r\n\
             From: <sip:139@127.0.1.1>;tag=f{id}\r\nTo: <sip:{called}@127.0.0.1>\r\nCall-ID: f{id}@127.0.1.1\r\nCSeq: 1 INVITE\r\n\
             Contact: <sip:139@{TRUNK}>\r\n{kind}Content-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        );
        self.receive(text.as_bytes(), TRUNK);
    }

    /// A request in a dialog that one of the messages heard belongs to.
    fn request_in_dialog(&mut self, what: u8, which: u8, cseq: u8) {
        let Some((flow, heard)) = self.pick(which) else { return };
        let message = heard.message();
        let (Some(from), Some(to)) = (message.from(), message.to()) else { return };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        // A response of the Switch: the phone asked, so its From is ours again. A request: the other way round.
        let (ours, theirs) = if message.is_request() { (to, from) } else { (from, to) };
        let tag = |address: &crate::sip::header::NameAddr<'_>, or: &str| text(address.tag().unwrap_or(or.as_bytes()));
        let method = ["ACK", "BYE", "INVITE", "INFO", "CANCEL", "OPTIONS"][(usize::from(what) + usize::from(cseq)) % 6];
        let body = match method {
            "INVITE" if cseq.is_multiple_of(2) => {
                SDP.replace("t=0 0\r\n", "t=0 0\r\na=sendonly\r\n").replace("1 1 IN", "1 2 IN")
            }
            "INVITE" => SDP.replace("1 1 IN", "1 3 IN"),
            "INFO" => "Signal=0\r\nDuration=100\r\n".into(),
            _ => String::new(),
        };
        let kind = if method == "INFO" { "application/dtmf-relay" } else { "application/sdp" };
        let number = if matches!(method, "ACK" | "CANCEL") { message.cseq() } else { u32::from(cseq) + 2 };
        let branch = if method == "CANCEL" { format!("f{}", self.number) } else { format!("d{cseq}{which}") };
        let request = format!(
            "{method} sip:huntline@127.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP {};rport;branch=z9hG4bK{branch}\r\nMax-Forwards: 70\r\n\
             From: <{}>;tag={}\r\nTo: <{}>;tag={}\r\nCall-ID: {}\r\nCSeq: {number} {method}\r\nContact: <sip:p@{}>\r\n\
             Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            flow.peer,
            text(ours.uri),
            tag(&ours, "phone"),
            text(theirs.uri),
            tag(&theirs, "none"),
            text(message.call_id()),
            flow.peer,
            body.len()
        );
        self.receive(request.as_bytes(), flow.peer);
    }

    /// A response to one of the Switch's requests.
    fn respond(&mut self, which: u8, status: u8) {
        let Some((flow, heard)) = self.pick_request(which) else { return };
        let message = heard.message();
        let code = STATUSES[usize::from(status) % STATUSES.len()];
        let tag = if status >= 200 { "other" } else { "phone" };
        let mut bytes = Vec::new();
        let mut writer = Writer::response(&mut bytes, &message, flow, code, Some(tag));
        writer.field_format("Contact", format_args!("<sip:8001@{}>", flow.peer));
        if code == 200 && !status.is_multiple_of(7) {
            writer.body("application/sdp", SDP.as_bytes());
        } else {
            writer.finish();
        }
        self.receive(&bytes, flow.peer);
    }

    fn pick(&self, which: u8) -> Option<(Flow, Scanned)> {
        self.heard.iter().rev().nth(usize::from(which) % HEARD_MAX).cloned()
    }

    fn pick_request(&self, which: u8) -> Option<(Flow, Scanned)> {
        let requests = self.heard.iter().rev().filter(|(_, heard)| is_answered(&heard.message()));
        let count = requests.clone().count().max(1);
        requests.clone().nth(usize::from(which) % count).cloned()
    }

    fn fact(&mut self, which: u8, what: u8) {
        let count = self.streams.len().max(1);
        let Some(&(stream, token)) = self.streams.get(usize::from(which) % count) else { return };
        let keys = b"0123456789*#AB";
        let fact = match what % 4 {
            0 | 1 => Fact::Digit { stream, digit: keys[usize::from(what / 4) % keys.len()] },
            2 => Fact::Said { stream, token: token.wrapping_sub(u32::from(what / 128)) },
            _ => Fact::Silent { stream, lasting: Duration::from_secs(60) },
        };
        self.event(Event::Media(fact));
    }

    fn closed(&mut self, which: u8) {
        if !self.closing.is_empty() {
            let stream = self.closing.remove(usize::from(which) % self.closing.len());
            self.event(Event::Media(Fact::Closed { stream, report: StreamReport::default() }));
        }
    }

    fn pass(&mut self, ms: u64) {
        let until = self.now + Duration::from_millis(ms);
        while let Some(deadline) = self.seat.next_deadline().filter(|deadline| *deadline <= until) {
            self.now = self.now.max(deadline);
            self.seat.handle_time(self.now, &mut self.out, &mut |_| ());
            self.carry_out();
        }
        self.now = until;
    }

    fn wish(&mut self, what: u8) {
        let wishes = [Wish::Ready, Wish::NotReady(crate::ids::ReasonId(0)), Wish::LogOff, Wish::ExtendWrapUp];
        self.event(Event::Wish { agent: AgentId(u32::from(what / 4) % 3), wish: wishes[usize::from(what) % 4] });
    }

    /// Words of the Router that come late, or twice, or about nothing.
    fn router_says(&mut self, what: u8, which: u8) {
        let (offer, call) = (OfferId(u64::from(which)), CallId(u64::from(which)));
        let queue = QueueId(u32::from(what / 8) % 3);
        self.event(Event::Router(match what % 4 {
            0 => Reply::Revoke { offer, why: Revoke::Unknown },
            1 => Reply::TimedOut { call, queue },
            2 => Reply::Place { call, position: u32::from(what), expected_wait: Duration::from_secs(which.into()) },
            _ => Reply::Connect { offer },
        }));
    }

    fn fault(&mut self, what: u8) {
        if what.is_multiple_of(2) {
            self.seat.router = Router::new(Arc::new(self.office.router.clone()), self.now);
            return self.event(Event::RouterLost);
        }
        let settings = Arc::new(self.office.switch.clone());
        let empty = Switch::new(settings.clone(), &[], what.into());
        let old = core::mem::replace(&mut self.seat.switch, empty);
        self.seat.switch = Switch::take_over(settings, old.hand_over(), what.into(), self.now);
    }

    /// Something heard comes back with a byte changed.
    fn distorted(&mut self, which: u8, at: u8, byte: u8) {
        let Some((flow, heard)) = self.pick(which) else { return };
        let mut bytes = heard.message().bytes().to_vec();
        let length = bytes.len().max(1);
        if let Some(place) = bytes.get_mut(usize::from(at) * 5 % length) {
            *place = byte;
        }
        self.receive(&bytes, flow.peer);
    }

    fn operator(&mut self, what: u8) {
        match what {
            0 => self.event(Event::Drain),
            1 => self.event(Event::EndAll),
            _ => self.event(Event::End { call: CallId(u64::from(what)) }),
        }
    }

    fn wrong(&self) -> Option<Vec<String>> {
        let mut wrong = invariants::check(&self.seat.switch);
        wrong.extend(self.seat.router.invariants());
        (!wrong.is_empty()).then_some(wrong)
    }

    /// Everything is ended, closed and waited for.
    fn end(&mut self) -> Vec<String> {
        for _ in 0..8 {
            self.event(Event::EndAll);
            while !self.closing.is_empty() {
                self.closed(0);
            }
            self.pass(100_000);
        }
        let mut wrong = self.wrong().unwrap_or_default();
        let left = self.seat.switch.publish(self.now);
        if left.calls_active != 0 || left.ports_free != usize::from(PAIRS) || left.transactions != 0 {
            let (calls, ports, transactions) = (left.calls_active, left.ports_free, left.transactions);
            wrong.push(format!("left: {calls} calls, {transactions} transactions, {ports} of {PAIRS} ports free"));
        }
        wrong
    }
}

fn is_answered(message: &Message<'_>) -> bool {
    message.is_request() && message.method_text() != b"ACK"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    #[test]
    fn a_200_with_another_tag_than_the_180_is_the_answer_all_the_same() {
        // INVITE to the queue, 180 with one tag, 200 with another: the leg was once left ringing for ever.
        let found = [11, 251, 92, 102, 218, 144, 41, 142, 164, 243, 41, 6, 194, 255];
        assert_eq!(play(&found), Vec::<String>::new());
    }

    #[test]
    fn a_call_that_says_good_bye_is_ended_with_all_others() {
        let found = [64, 94, 140, 112, 185, 206, 134, 15, 3, 89, 62, 175, 57, 68, 64, 153, 177, 7, 15, 57, 215];
        assert_eq!(play(&found), Vec::<String>::new());
    }

    #[test]
    fn a_phone_that_says_bye_instead_of_answering_leaves_no_transaction() {
        assert_eq!(play(&[0, 78, 78, 181, 78, 62, 1]), Vec::<String>::new());
    }

    #[test]
    fn random_sequences_of_events_break_nothing_and_leave_nothing() {
        for seed in 0..60 {
            let mut dice = Seed::new(seed);
            let bytes: Vec<u8> = (0..400).map(|_| dice.bits() as u8).collect();
            let wrong = play(&bytes);
            assert!(wrong.is_empty(), "seed {seed}: {wrong:#?}");
        }
    }
}
