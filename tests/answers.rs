//! What is answered to a request, to the field: one line per status that Gate and Switch know. Raw messages in, text out; no clock,
//! no socket.

use huntline::acd::Reply;
use huntline::acd::request::{Contact, Refused};
use huntline::call::{Cause, Side};
use huntline::clock::{Duration, Instant};
use huntline::gate::{Gate, Verdict};
use huntline::ids::{AgentId, CallId, Flow, ListenerId, OfferId, WorkerId};
use huntline::media::ports::Block;
use huntline::media::{Codec, Command, Fact, StreamReport};
use huntline::sim::office::{Office, SERVICE, TRUNK};
use huntline::sip::outbox::Outbox;
use huntline::sip::scan::Index;
use huntline::switch::{Actions, Event, Switch};
use std::sync::Arc;

/// Gate and Switch at a time that the test sets.
struct Desk {
    gate: Gate,
    switch: Switch,
    now: Instant,
    out: Actions,
}

impl Desk {
    fn new(office: &Office) -> Self {
        let block = Block::contiguous(WorkerId(0), 20_000, 4);
        let switch = Switch::new(Arc::new(office.switch.clone()), &[block], 1);
        let gate = Gate::new(office.gate.clone(), 2);
        Self { gate, switch, now: Instant::from_micros(1_000_000), out: Actions::default() }
    }

    /// What the server says to `text` from the trunk: all datagrams, one after the other.
    fn says(&mut self, text: &str) -> String {
        let flow = Flow { listener: ListenerId(0), peer: TRUNK };
        let (mut index, mut answers) = (Index::default(), Outbox::default());
        // What was due until now, a 200 that waits for its ACK say, is not meant.
        self.switch.handle(Event::Time, self.now, &mut self.out);
        self.out.clear();
        if let Verdict::Pass(message) =
            self.gate.handle(text.as_bytes(), flow, false, &mut index, self.now, &mut answers)
        {
            self.switch.handle(Event::Sip { message, flow }, self.now, &mut self.out);
        }
        answers.iter().chain(self.out.datagrams.iter()).map(|(_, bytes)| String::from_utf8_lossy(bytes)).collect()
    }

    fn takes(&mut self, event: Event<'_>) -> String {
        self.out.clear();
        self.switch.handle(event, self.now, &mut self.out);
        self.out.datagrams.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes)).collect()
    }

    fn rejected(&mut self, reason: &str) -> u64 {
        self.switch.publish(self.now).rejected.get(reason).copied().unwrap_or(0)
    }
}

const PCMA: &str = "m=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n";
const PCMU: &str = "m=audio 4000 RTP/AVP 0\r\n";
const G729: &str = "m=audio 4000 RTP/AVP 18\r\n";

fn sdp(media: &str) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 127.0.1.1\r\ns=-\r\nc=IN IP4 127.0.1.1\r\nt=0 0\r\n{media}")
}

/// A request outside dialogs; `fields` end in line breaks each, a Content-Length is added.
fn request(method: &str, uri: &str, call: &str, fields: &str, body: &str) -> String {
    let hops = if fields.contains("Max-Forwards") { "" } else { "Max-Forwards: 70\r\n" };
    format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.1.1;branch=z9hG4bK{call}{method}\r\n{hops}\
         From: <sip:13800000001@127.0.1.1>;tag=1\r\nTo: <sip:2000@127.0.0.1>\r\nCall-ID: {call}\r\nCSeq: 1 {method}\r\n\
         Contact: <sip:13800000001@127.0.1.1>\r\n{fields}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn invite(call: &str, fields: &str, body: &str) -> String {
    request("INVITE", "sip:2000@127.0.0.1", call, fields, body)
}

/// An INVITE with this audio.
fn calls(call: &str, media: &str) -> String {
    invite(call, "Content-Type: application/sdp\r\n", &sdp(media))
}

/// A request in the dialog that `answer` (a 200) has made.
fn in_dialog(answer: &str, method: &str, cseq: u32, fields: &str, body: &str) -> String {
    let tag = answer.split("tag=h").nth(1).and_then(|rest| rest.split("\r\n").next()).expect("a tag of ours");
    request(method, "sip:huntline@127.0.0.1", "a", fields, body)
        .replace("To: <sip:2000@127.0.0.1>", &format!("To: <sip:2000@127.0.0.1>;tag=h{tag}"))
        .replace("CSeq: 1", &format!("CSeq: {cseq}"))
        .replace("branch=z9hG4bKa", &format!("branch=z9hG4bK{cseq}"))
}

#[test]
fn requests_outside_dialogs_are_answered_as_the_rfc_says() {
    let uri = "sip:2000@127.0.0.1";
    let allow = "\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, REGISTER\r\n";
    let accept = "\r\nAccept: application/sdp, application/dtmf-relay, application/dtmf\r\n";
    let text = "Content-Type: text/plain\r\n";
    let cases: [(String, &str, &str); 20] = [
        (calls("a", PCMA), "200", "\r\nSupported: \r\n"),
        (invite("b", "", ""), "200", "m=audio 20000 RTP/AVP 8 0 101\r\n"),
        (calls("c", G729), "488", "\r\nWarning: 305 huntline \""),
        (calls("d", "m=image 4000 udptl t38\r\n"), "488", "\r\nWarning: 305 huntline \""),
        (calls("e", "m=audio 4000 RTP/AVP 8\r\nc=IN IP6 2001:db8::1\r\n"), "488", "\r\nWarning: 301 huntline \""),
        (invite("f", "Content-Type: application/sdp\r\n", "nonsense"), "400", ""),
        (invite("g", text, "hello"), "415", accept),
        (invite("h", "Content-Type: text/plain\r\nContent-Disposition: x;handling=optional\r\n", "hello"), "200", "m="),
        (
            invite("i", "Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n", "x"),
            "415",
            "\r\nAccept-Encoding: ",
        ),
        (invite("j", "Require: 100rel, timer\r\n", ""), "420", "\r\nUnsupported: 100rel, timer\r\n"),
        (invite("k", "Max-Forwards: 0\r\n", ""), "483", ""),
        (request("INVITE", "sip:7@127.0.0.1", "l", "", ""), "404", "\r\nReason: Q.850;cause=1\r\n"),
        (request("INVITE", "mailto:7@127.0.0.1", "m", "", ""), "416", ""),
        (request("SUBSCRIBE", uri, "n", "Require: x\r\n", ""), "405", allow),
        (request("MESSAGE", uri, "o", text, "hello"), "405", allow),
        (request("HUNT", uri, "p", "", ""), "501", allow),
        (request("BYE", uri, "q", "", ""), "481", ""),
        (request("INFO", uri, "r", "", ""), "481", ""),
        (request("OPTIONS", uri, "s", "", ""), "200", allow),
        (request("OPTIONS", uri, "t", "", "").replace("SIP/2.0\r\nVia", "SIP/3.0\r\nVia"), "505", ""),
    ];
    for (text, status, field) in cases {
        let mut desk = Desk::new(&Office::new(1));
        let answer = desk.says(&text);
        assert!(answer.starts_with(&format!("SIP/2.0 {status} ")), "{status} to\n{text}\nnot\n{answer}");
        assert!(answer.contains(field), "{field:?} in the answer to\n{text}\nnot\n{answer}");
        // Asked again, the same answer comes again.
        assert_eq!(desk.says(&text), if status == "200" && text.starts_with("INVITE") { "".into() } else { answer });
    }
}

#[test]
fn the_same_request_by_two_ways_is_a_loop() {
    let mut desk = Desk::new(&Office::new(1));
    assert!(desk.says(&calls("a", PCMA)).starts_with("SIP/2.0 200 "));
    let other_way = calls("a", PCMA).replace("branch=z9hG4bK", "branch=z9hG4bKother");
    assert!(desk.says(&other_way).starts_with("SIP/2.0 482 "));
    assert_eq!((desk.switch.calls(), desk.rejected("merged")), (1, 1));
}

#[test]
fn requests_in_a_dialog_are_answered_as_the_rfc_says() {
    let mut desk = Desk::new(&Office::new(1));
    let answer = desk.says(&calls("a", PCMA));
    let sdp_type = "Content-Type: application/sdp\r\n";
    let early = desk.says(&in_dialog(&answer, "INVITE", 2, sdp_type, &sdp(PCMA)));
    assert!(early.starts_with("SIP/2.0 500 ") && early.contains("\r\nRetry-After: "), "before the ACK: {early}");
    assert_eq!(desk.says(&in_dialog(&answer, "ACK", 1, "", "")), "");
    let dtmf = "Content-Type: application/dtmf-relay\r\n";
    let cases = [
        ("INFO", 10, dtmf, "Signal=1\r\n".to_string(), "200", ""),
        ("INFO", 9, dtmf, "Signal=1\r\n".to_string(), "500", ""),
        ("INFO", 11, dtmf, "Signal=?\r\n".to_string(), "400", ""),
        ("INFO", 12, "Content-Type: text/plain\r\n", "x".into(), "415", "\r\nAccept: application/dtmf-relay, "),
        ("INFO", 13, "", String::new(), "200", ""),
        ("OPTIONS", 14, "", String::new(), "200", "\r\nAllow: INVITE, "),
        ("UPDATE", 15, "", String::new(), "405", "\r\nAllow: INVITE, "),
        ("REFER", 16, "Refer-To: <sip:8001@127.0.0.1>\r\n", String::new(), "405", "\r\nAllow: INVITE, "),
        ("INVITE", 17, sdp_type, sdp(G729), "488", "\r\nWarning: 305 "),
        ("INVITE", 18, "Content-Type: text/plain\r\n", "x".into(), "415", "\r\nAccept: application/sdp, "),
        ("INVITE", 19, "Require: replaces\r\n", String::new(), "420", "\r\nUnsupported: replaces\r\n"),
        ("BYE", 20, "", String::new(), "200", ""),
        ("BYE", 21, "", String::new(), "481", ""),
    ];
    for (method, cseq, fields, body, status, field) in cases {
        let said = desk.says(&in_dialog(&answer, method, cseq, fields, &body));
        assert!(said.starts_with(&format!("SIP/2.0 {status} ")), "{status} to {method} {cseq}, not\n{said}");
        assert!(said.contains(field), "{field:?} in the answer to {method} {cseq}, not\n{said}");
    }
}

#[test]
fn an_unknown_source_is_nobody_and_a_guessed_tag_is_no_dialog() {
    let mut desk = Desk::new(&Office::new(1));
    desk.now = desk.now + Duration::from_secs(1);
    let flow = Flow { listener: ListenerId(0), peer: "127.0.9.9:5060".parse().unwrap() };
    let (text, mut index, mut answers) = (calls("a", PCMA), Index::default(), Outbox::default());
    let Verdict::Pass(message) = desk.gate.handle(text.as_bytes(), flow, false, &mut index, desk.now, &mut answers)
    else {
        panic!("the gate lets it through")
    };
    desk.switch.handle(Event::Sip { message, flow }, desk.now, &mut desk.out);
    assert!(desk.out.datagrams.last().unwrap().starts_with(b"SIP/2.0 403 "));
    let answer = desk.says(&calls("b", PCMA));
    let guessed = in_dialog(&answer, "BYE", 2, "", "").replace("tag=h0.", "tag=h1.");
    assert!(desk.says(&guessed).starts_with("SIP/2.0 481 "));
    assert_eq!(desk.switch.calls(), 1);
}

#[test]
fn a_trunks_refusals_have_its_status_and_are_counted() {
    for (refusal_status, retry_after) in [(480, false), (503, true)] {
        let mut office = Office::new(1);
        office.switch.trunks[0].refusal_status = refusal_status;
        let refused = |desk: &mut Desk, call: &str, reason: &str| {
            let answer = desk.says(&calls(call, PCMA));
            assert!(answer.starts_with(&format!("SIP/2.0 {refusal_status} ")), "{reason}: {answer}");
            assert!(answer.contains("\r\nReason: Q.850;cause=42\r\n"), "{reason}: {answer}");
            assert_eq!(answer.contains("\r\nRetry-After: 5\r\n"), retry_after, "{reason}: {answer}");
            assert_eq!(desk.rejected(reason), 1, "{reason}");
            assert!(!desk.out.records.is_empty(), "{reason}: a record is left");
        };
        let mut desk = Desk::new(&office);
        for call in ["a", "b", "c", "d"] {
            assert!(desk.says(&calls(call, PCMA)).starts_with("SIP/2.0 200 "));
        }
        refused(&mut desk, "e", "no_port");

        let mut limited = office.clone();
        limited.switch.trunks[0].calls_max = Some(2);
        let mut desk = Desk::new(&limited);
        desk.says(&calls("a", PCMA));
        assert!(desk.says(&calls("x", G729)).starts_with("SIP/2.0 488 "), "what is refused takes no room");
        assert!(desk.says(&calls("b", PCMA)).starts_with("SIP/2.0 200 "));
        refused(&mut desk, "c", "trunk_calls");

        let mut slow = office.clone();
        slow.switch.trunks[0].calls_per_second_max = Some(1);
        let mut desk = Desk::new(&slow);
        desk.says(&calls("a", PCMA));
        desk.now = desk.now + Duration::from_micros(999_999);
        refused(&mut desk, "b", "trunk_calls_per_second");
        desk.now = desk.now + Duration::from_micros(1);
        assert!(desk.says(&calls("c", PCMA)).starts_with("SIP/2.0 200 "));

        office.switch.limits.calls_max = 1;
        let mut desk = Desk::new(&office);
        desk.says(&calls("a", PCMA));
        refused(&mut desk, "b", "calls_max");
    }
}

#[test]
fn a_trunk_gets_no_codec_that_is_not_in_its_list() {
    let mut office = Office::new(1);
    office.switch.trunks[0].codecs = vec![Codec::Pcmu];
    let mut desk = Desk::new(&office);
    assert!(desk.says(&calls("x", PCMA)).starts_with("SIP/2.0 488 "), "in an offer");
    let offer = desk.says(&invite("y", "", ""));
    assert!(offer.contains("RTP/AVP 0 101\r\n"), "our own offer: {offer}");
    let answer = desk.says(&calls("a", "m=audio 4000 RTP/AVP 8 0\r\n"));
    assert!(answer.contains("RTP/AVP 0\r\n"), "{answer}");
    desk.says(&in_dialog(&answer, "ACK", 1, "", ""));
    let changed = sdp(PCMA).replace("1 1 IN", "1 2 IN");
    let refused = desk.says(&in_dialog(&answer, "INVITE", 2, "Content-Type: application/sdp\r\n", &changed));
    assert!(refused.starts_with("SIP/2.0 488 "), "in a re-INVITE: {refused}");
    let offer = desk.says(&in_dialog(&answer, "INVITE", 3, "", ""));
    assert!(offer.contains("RTP/AVP 0 101\r\n"), "our offer in a re-INVITE: {offer}");
    let taken = desk.says(&in_dialog(&answer, "ACK", 3, "Content-Type: application/sdp\r\n", &sdp(PCMU)));
    assert_eq!((taken.as_str(), desk.switch.calls()), ("", 2));
}

#[test]
fn an_offer_of_ours_keeps_the_lines_of_theirs() {
    let mut desk = Desk::new(&Office::new(1));
    let answer = desk.says(&calls("a", &format!("m=video 4002 RTP/AVP 96\r\n{PCMA}m=image 4004 udptl t38\r\n")));
    desk.says(&in_dialog(&answer, "ACK", 1, "", ""));
    let offer = desk.says(&in_dialog(&answer, "INVITE", 2, "", ""));
    let lines: Vec<&str> = offer.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(lines, ["m=video 0 RTP/AVP 96", "m=audio 20000 RTP/AVP 8 0 101", "m=image 0 udptl t38"]);
}

#[test]
fn who_hangs_up_during_the_good_bye_has_hung_up_first() {
    let mut office = Office::new(1);
    office.queue(SERVICE).1.waiting_max = 0;
    for caller_first in [true, false] {
        let mut desk = Desk::new(&office);
        let answer = desk.says(&calls("a", PCMA));
        desk.says(&in_dialog(&answer, "ACK", 1, "", ""));
        let full = Reply::Refused { call: CallId(1), queue: SERVICE, why: Refused::Full };
        desk.takes(Event::Router(full));
        let say = desk.out.media.iter().find_map(|command| match command {
            Command::Say { stream, token, .. } => Some((*stream, *token)),
            _ => None,
        });
        let (stream, token) = say.expect("good-bye is said");
        desk.now = desk.now + Duration::from_secs(2);
        if caller_first {
            desk.says(&in_dialog(&answer, "BYE", 2, "", ""));
        } else {
            assert!(desk.takes(Event::Media(Fact::Said { stream, token })).starts_with("BYE "));
        }
        desk.takes(Event::Media(Fact::Closed { stream, report: StreamReport::default() }));
        let record = desk.out.records.pop().expect("the call is over");
        assert_eq!((record.cause, record.hung_up_first == Side::Caller), (Cause::QueueFull, caller_first));
        assert_eq!(record.ended - record.started, 2_000_000);
    }
}

#[test]
fn the_agent_gets_nothing_of_the_callers_headers_unasked() {
    let mut office = Office::new(1);
    office.switch.passed_headers = vec!["User-to-User".into()];
    let mut desk = Desk::new(&office);
    let hostile = "X-Huntline-Queue: gold\r\nX-Secret: 1\r\nP-Asserted-Identity: <sip:boss@h>\r\nuser-to-user: 56a3\r\n X-Folded: 1\r\n";
    let text = invite("a", &format!("{hostile}Content-Type: application/sdp\r\n"), &sdp(PCMA))
        .replace("From: <", "From: \"Boss\\\" <sip:boss@h>\" <");
    let answer = desk.says(&text);
    desk.says(&in_dialog(&answer, "ACK", 1, "", ""));
    let flow = Flow { listener: ListenerId(0), peer: "127.1.2.0:5060".parse().unwrap() };
    let contact = Contact { uri: (*b"sip:8001@127.1.2.0").into(), flow };
    let offer = Reply::Offer {
        offer: OfferId(1),
        call: CallId(1),
        queue: SERVICE,
        agent: AgentId(0),
        contacts: Arc::new([contact]),
        matched: desk.now,
    };
    let invite = desk.takes(Event::Router(offer));
    let (head, body) = invite.split_once("\r\n\r\n").expect("head and body");
    let names: Vec<&str> = head.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0)).collect();
    let ours = "Via Max-Forwards From To Call-ID CSeq User-Agent Contact Allow X-Huntline-Call X-Huntline-Queue \
                X-Huntline-Caller User-to-User Content-Type Content-Length";
    assert_eq!(names, ours.split_whitespace().collect::<Vec<_>>(), "{head}");
    for field in [
        "From: \"13800000001 service\" <sip:13800000001@127.0.0.1:5060>;tag=h",
        "X-Huntline-Call: c1\r\n",
        "X-Huntline-Queue: service\r\n",
        "X-Huntline-Caller: 13800000001\r\n",
        "User-to-User: 56a3",
    ] {
        assert!(head.contains(field), "{field} in\n{head}");
    }
    assert!(!head.contains("boss") && !head.contains("\nX-Folded"), "{head}");
    // The caller's law first, so that A-law meets A-law.
    assert!(body.contains("m=audio 20002 RTP/AVP 8 0 101\r\n"), "{body}");
}

#[test]
fn what_is_refused_leaves_a_line_for_the_log() {
    let mut desk = Desk::new(&Office::new(1));
    desk.says(&request("INVITE", "sip:7@127.0.0.1", "a", "", ""));
    let credentials = "Authorization: Digest username=\"8001\", realm=\"huntline\", nonce=\"1\", uri=\"sip:127.0.0.1\", \
                       response=\"0123456789abcdef0123456789abcdef\"\r\n";
    let said = [desk.out.notices.pop(), {
        desk.says(
            &request("REGISTER", "sip:127.0.0.1", "b", credentials, "").replace("To: <sip:2000", "To: <sip:8001"),
        );
        desk.out.notices.pop()
    }];
    let lines = said.map(|notice| notice.map(|notice| format!("{}: {}", notice.what, notice.detail)));
    assert_eq!(lines[0].as_deref(), Some("number_unknown: 404 to INVITE from 127.0.1.1:5060"));
    assert_eq!(lines[1].as_deref(), Some("digest_wrong: 401 to REGISTER from 127.0.1.1:5060"));
}

#[test]
fn while_draining_calls_and_options_are_503_with_retry_after_and_the_bye_says_why() {
    let mut desk = Desk::new(&Office::new(1));
    let answer = desk.says(&calls("a", PCMA));
    desk.says(&in_dialog(&answer, "ACK", 1, "", ""));
    desk.takes(Event::Drain);
    for text in [calls("b", PCMA), request("OPTIONS", "sip:127.0.0.1", "c", "", "")] {
        let refused = desk.says(&text);
        assert!(refused.starts_with("SIP/2.0 503 ") && refused.contains("\r\nRetry-After: 60\r\n"), "{refused}");
    }
    let end = desk.takes(Event::EndAll);
    assert!(end.starts_with("BYE ") && end.contains("\r\nReason: Q.850;cause=41;"), "{end}");
}
