//! Each rule of RFC 3261 §12 on message text; what is written is read back by the scanner.

use super::*;
use crate::ids::ListenerId;
use crate::sip::scan::Scanned;
use proptest::prelude::*;

fn flow(peer: &str) -> Flow {
    Flow { listener: ListenerId(1), peer: peer.parse().expect("an address") }
}

fn scanned(text: &str) -> Scanned {
    Scanned::new(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// An INVITE from the peer; `more` is whole lines.
fn invite(more: &str) -> String {
    format!(
        "INVITE sip:2000@10.0.0.9 SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.5:5060;branch=z9hG4bKa;rport\r\nMax-Forwards: 70\r\n\
         From: \"Alice \\\"A\\\" B\" <sip:alice@example.com;user=phone>;tag=theirs;x=\"a;tag=b\"\r\n\
         To: <sip:2000@example.com>\r\nCall-ID: call-1@192.168.1.5\r\nCSeq: 314 INVITE\r\n\
         Contact: <sip:alice@192.168.1.5:5060;transport=udp>;expires=60\r\n{more}Content-Length: 0\r\n\r\n"
    )
}

fn answering(text: &str) -> Option<Dialog> {
    Dialog::answering(&scanned(text).message(), "ours", flow("203.0.113.7:40000"))
}

fn calling() -> Dialog {
    let (local, remote) = (b"\"Queue\" <sip:2000@10.0.0.9>".as_slice(), b"<sip:8001@example.com>".as_slice());
    Dialog::calling("call-2@10.0.0.9", local, "ours", remote, b"sip:8001@192.168.1.6:5062", flow("203.0.113.8:41000"))
}

/// A response to our request in [`calling`]; `more` is whole lines.
fn response(status: u16, tag: &str, cseq: &str, more: &str) -> String {
    let tag = if tag.is_empty() { String::new() } else { format!(";tag={tag}") };
    format!(
        "SIP/2.0 {status} Whatever\r\nVia: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK0.1.2\r\n\
         From: \"Queue\" <sip:2000@10.0.0.9>;tag=ours\r\nTo: <sip:8001@example.com>{tag}\r\nCall-ID: call-2@10.0.0.9\r\n\
         CSeq: {cseq}\r\n{more}Content-Length: 0\r\n\r\n"
    )
}

const CONTACT: &str = "Contact: <sip:8001@192.168.1.6:5064>\r\n";

fn written(dialog: &mut Dialog, method: Method) -> String {
    let mut out = Vec::new();
    dialog.request(method, format_args!("SIP/2.0/UDP 10.0.0.9:5060;rport;branch=z9hG4bK1.2.3"), &mut out).finish();
    String::from_utf8(out).expect("text")
}

fn lines<'a>(text: &'a str, start: &str) -> Vec<&'a str> {
    text.split("\r\n").filter(|line| line.starts_with(start)).collect()
}

#[test]
fn answering_takes_everything_from_the_invite() {
    let dialog = answering(&invite("")).expect("a dialog");
    assert_eq!((&*dialog.call_id, &*dialog.local_tag, &*dialog.remote_tag), ("call-1@192.168.1.5", "ours", "theirs"));
    let remote = r#""Alice \"A\" B" <sip:alice@example.com;user=phone>;x="a;tag=b""#;
    assert_eq!(String::from_utf8_lossy(&dialog.remote), remote);
    assert_eq!(&*dialog.local, b"<sip:2000@example.com>");
    assert_eq!(&*dialog.remote_target, b"sip:alice@192.168.1.5:5060;transport=udp");
    assert_eq!((dialog.local_cseq, dialog.remote_cseq), (0, Some(314)));
    assert_eq!(dialog.flow, flow("203.0.113.7:40000"), "behind NAT: where it was seen");
}

#[test]
fn an_invite_that_cannot_make_a_dialog_makes_none() {
    let good = invite("");
    let many = "Record-Route: <sip:10.0.0.3;lr>\r\n".repeat(33);
    let long = format!("Record-Route: <sip:{}@10.0.0.3;lr>\r\n", "x".repeat(5000));
    for (what, bad) in [
        ("no From tag", good.replace(";tag=theirs", "")),
        ("no Contact", good.replace("Contact: ", "X-Contact: ")),
        ("Contact *", good.replace("<sip:alice@192.168.1.5:5060;transport=udp>;expires=60", "*")),
        ("tel Contact", good.replace("<sip:alice@192.168.1.5:5060;transport=udp>", "<tel:+8613800000000>")),
        ("too many routes", invite(&many)),
        ("too long a route", invite(&long)),
        ("a route that is none", invite("Record-Route: <mailto:a@b>\r\n")),
        ("too long a Contact", good.replace("alice@192", &format!("{}@192", "a".repeat(3000)))),
    ] {
        assert_ne!(good, bad, "{what}");
        assert_eq!(answering(&bad), None, "{what}");
    }
}

#[test]
fn the_callees_route_set_is_the_record_route_in_order_over_lists_and_lines() {
    let more = "Record-Route: <sip:10.0.0.3;lr>, <sip:p4.example.com;lr>;x=1\r\nRecord-Route: <sip:10.0.0.5;lr>\r\n";
    let mut dialog = answering(&invite(more)).expect("a dialog");
    let routes = ["<sip:10.0.0.3;lr>", "<sip:p4.example.com;lr>;x=1", "<sip:10.0.0.5;lr>"];
    assert_eq!(dialog.routes.iter().map(|it| String::from_utf8_lossy(it)).collect::<Vec<_>>(), routes);
    assert_eq!(dialog.flow, flow("10.0.0.3:5060"), "the first hop is literal");
    let bye = written(&mut dialog, Method::Bye);
    assert!(bye.starts_with("BYE sip:alice@192.168.1.5:5060;transport=udp SIP/2.0\r\n"), "{bye}");
    assert_eq!(lines(&bye, "Route: "), routes.map(|route| format!("Route: {route}")));
}

#[test]
fn the_callers_route_set_is_the_record_route_reversed() {
    let mut dialog = calling();
    let more = format!("{CONTACT}Record-Route: <sip:10.0.0.3;lr>\r\nRecord-Route: <sip:10.0.0.4:5070;lr>\r\n");
    written(&mut dialog, Method::Invite);
    assert!(dialog.on_response(&scanned(&response(200, "theirs", "1 INVITE", &more)).message()));
    let ack = written(&mut dialog, Method::Ack);
    assert!(ack.starts_with("ACK sip:8001@192.168.1.6:5064 SIP/2.0\r\n"), "{ack}");
    assert_eq!(lines(&ack, "Route: "), ["Route: <sip:10.0.0.4:5070;lr>", "Route: <sip:10.0.0.3;lr>"]);
    assert_eq!(dialog.flow, flow("10.0.0.4:5070"));
    assert_eq!(lines(&ack, "CSeq"), ["CSeq: 1 ACK"]);
    assert_eq!(lines(&ack, "To"), ["To: <sip:8001@example.com>;tag=theirs"]);
}

#[test]
fn a_strict_router_gets_itself_as_request_uri_and_the_target_last() {
    let more = "Record-Route: <sip:10.0.0.3:5080>, <sip:10.0.0.4;lr>\r\n";
    let mut dialog = answering(&invite(more)).expect("a dialog");
    let bye = written(&mut dialog, Method::Bye);
    assert!(bye.starts_with("BYE sip:10.0.0.3:5080 SIP/2.0\r\n"), "{bye}");
    let target = "Route: <sip:alice@192.168.1.5:5060;transport=udp>";
    assert_eq!(lines(&bye, "Route: "), ["Route: <sip:10.0.0.4;lr>", target]);
    assert_eq!(dialog.flow, flow("10.0.0.3:5080"));
}

#[test]
fn datagrams_go_where_the_peer_was_seen_unless_a_literal_address_says_otherwise() {
    let seen = "203.0.113.7:40000";
    let via = "Via: SIP/2.0/UDP 10.9.9.9:5060;branch=z9hG4bKb\r\n";
    let host = "Contact: <sip:alice@phones.example.com>";
    for (what, text, expected) in [
        ("a phone behind NAT", invite(""), seen),
        ("a proxy by name", invite("Record-Route: <sip:proxy.example.com;lr>\r\n"), seen),
        ("a proxy by address", invite("Record-Route: <sip:10.0.0.3:5070;lr>\r\n"), "10.0.0.3:5070"),
        ("a proxy by IPv6 address", invite("Record-Route: <sip:[2001:db8::1]:5070;lr>\r\n"), "[2001:db8::1]:5070"),
        ("a proxy that stepped out", invite(via), "192.168.1.5:5060"),
        (
            "a proxy that stepped out, Contact by name",
            invite(via).replace("Contact: <sip:alice@192.168.1.5:5060", &host[..host.len() - 1]),
            seen,
        ),
        ("a route to everybody", invite("Record-Route: <sip:255.255.255.255;lr>\r\n"), seen),
        ("a route to a group", invite("Record-Route: <sip:224.0.1.75;lr>\r\n"), seen),
        ("a route to nobody", invite("Record-Route: <sip:0.0.0.0;lr>\r\n"), seen),
    ] {
        assert_eq!(answering(&text).map(|dialog| dialog.flow), Some(flow(expected)), "{what}");
    }
}

#[test]
fn a_peer_seen_elsewhere_is_followed_only_without_a_route_set() {
    let mut direct = answering(&invite("")).expect("a dialog");
    direct.seen_at(flow("203.0.113.7:40001"));
    assert_eq!(direct.flow, flow("203.0.113.7:40001"));
    let mut routed = answering(&invite("Record-Route: <sip:10.0.0.3;lr>\r\n")).expect("a dialog");
    routed.seen_at(flow("203.0.113.7:40001"));
    assert_eq!(routed.flow, flow("10.0.0.3:5060"));
}

#[test]
fn an_early_dialog_is_confirmed_by_the_2xx_which_says_the_route_set_anew() {
    let mut dialog = calling();
    written(&mut dialog, Method::Invite);
    assert!(dialog.on_response(&scanned(&response(100, "", "1 INVITE", "")).message()));
    assert!(dialog.remote_tag.is_empty());
    let early = format!("{CONTACT}Record-Route: <sip:10.0.0.3;lr>\r\n");
    assert!(dialog.on_response(&scanned(&response(183, "theirs", "1 INVITE", &early)).message()));
    assert_eq!((&*dialog.remote_tag, dialog.routes.len(), dialog.confirmed), ("theirs", 1, false));
    assert!(dialog.on_response(&scanned(&response(180, "theirs", "1 INVITE", &early)).message()));
    let last = "Contact: <sip:8001@192.168.1.6:5065>\r\nRecord-Route: <sip:10.0.0.4;lr>, <sip:10.0.0.3;lr>\r\n";
    assert!(dialog.on_response(&scanned(&response(200, "theirs", "1 INVITE", last)).message()));
    assert_eq!((dialog.routes.len(), dialog.confirmed), (2, true));
    assert_eq!(&*dialog.remote_target, b"sip:8001@192.168.1.6:5065");
    // 2xx to a re-INVITE: a new target, the old route set.
    let again = "Contact: <sip:8001@192.168.1.6:5066>\r\n";
    assert!(dialog.on_response(&scanned(&response(200, "theirs", "2 INVITE", again)).message()));
    assert_eq!((dialog.routes.len(), &*dialog.remote_target), (2, b"sip:8001@192.168.1.6:5066".as_slice()));
    assert!(dialog.on_response(&scanned(&response(200, "theirs", "3 UPDATE", CONTACT)).message()));
    assert_eq!(&*dialog.remote_target, b"sip:8001@192.168.1.6:5064");
    assert!(dialog.on_response(&scanned(&response(200, "theirs", "4 INFO", again)).message()));
    assert_eq!(&*dialog.remote_target, b"sip:8001@192.168.1.6:5064", "INFO refreshes nothing");
}

#[test]
fn refusals_and_foreign_responses_change_nothing() {
    let mut dialog = calling();
    written(&mut dialog, Method::Invite);
    let before = dialog.clone();
    assert!(dialog.on_response(&scanned(&response(407, "proxy", "1 INVITE", CONTACT)).message()));
    let good = response(200, "theirs", "1 INVITE", CONTACT);
    assert!(!dialog.on_response(&scanned(&good.replace("call-2", "call-3")).message()));
    assert!(!dialog.on_response(&scanned(&good.replace("tag=ours", "tag=yours")).message()));
    let long = format!("{CONTACT}Record-Route: <sip:{}@10.0.0.3;lr>\r\n", "x".repeat(5000));
    assert!(!dialog.on_response(&scanned(&response(200, "theirs", "1 INVITE", &long)).message()));
    assert_eq!(dialog, before);
}

#[test]
fn a_response_of_another_fork_makes_a_dialog_of_its_own() {
    let mut dialog = calling();
    written(&mut dialog, Method::Invite);
    let ringing = format!("{CONTACT}Record-Route: <sip:10.0.0.3;lr>\r\n");
    assert!(dialog.on_response(&scanned(&response(180, "one", "1 INVITE", &ringing)).message()));
    let before = dialog.clone();
    let other = response(200, "two", "1 INVITE", "Contact: <sip:mobile@192.168.1.7>\r\n");
    let other = scanned(&other);
    assert!(!dialog.on_response(&other.message()));
    assert_eq!(dialog, before);
    let mut fork = dialog.fork(&other.message()).expect("a dialog");
    assert_eq!((&*fork.remote_tag, fork.confirmed, fork.routes.len()), ("two", true, 0));
    let ack = written(&mut fork, Method::Ack);
    assert!(ack.starts_with("ACK sip:mobile@192.168.1.7 SIP/2.0\r\n"), "{ack}");
    assert_eq!(
        (lines(&ack, "To"), lines(&ack, "CSeq")),
        (vec!["To: <sip:8001@example.com>;tag=two"], vec!["CSeq: 1 ACK"])
    );
    assert_eq!(lines(&written(&mut fork, Method::Bye), "CSeq"), ["CSeq: 2 BYE"]);
    assert_eq!(dialog.fork(&scanned(&response(180, "", "1 INVITE", "")).message()), None);
}

#[test]
fn an_ack_carries_its_invites_number_whatever_came_between() {
    let mut dialog = calling();
    assert_eq!(lines(&written(&mut dialog, Method::Invite), "CSeq"), ["CSeq: 1 INVITE"]);
    assert_eq!(lines(&written(&mut dialog, Method::Info), "CSeq"), ["CSeq: 2 INFO"]);
    assert_eq!(lines(&written(&mut dialog, Method::Ack), "CSeq"), ["CSeq: 1 ACK"]);
    assert_eq!(lines(&written(&mut dialog, Method::Invite), "CSeq"), ["CSeq: 3 INVITE"]);
    // The first 2xx comes again: its ACK is still that of the first INVITE.
    let mut late = Vec::new();
    dialog.acknowledge(1, format_args!("SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKx"), &mut late).finish();
    assert_eq!(lines(&String::from_utf8_lossy(&late), "CSeq"), ["CSeq: 1 ACK"]);
    assert_eq!(lines(&written(&mut dialog, Method::Ack), "CSeq"), ["CSeq: 3 ACK"]);
    assert_eq!(lines(&written(&mut dialog, Method::Bye), "CSeq"), ["CSeq: 4 BYE"]);
}

fn in_dialog(method: &str, cseq: u64) -> String {
    let contact = "<sip:alice@192.168.1.5:5060;transport=udp>;expires=60";
    invite("")
        .replacen("INVITE", method, 1)
        .replace("CSeq: 314 INVITE", &format!("CSeq: {cseq} {method}"))
        .replace("To: <sip:2000@example.com>", "To: <sip:2000@example.com>;tag=ours")
        .replace(contact, &format!("<sip:alice@192.168.1.5:{}>", 6000 + cseq % 1000))
}

#[test]
fn requests_from_the_peer_must_come_in_order() {
    let mut dialog = answering(&invite("")).expect("a dialog");
    for (method, cseq, order) in [
        ("ACK", 314, Order::Next),
        ("INFO", 315, Order::Next),
        ("INFO", 315, Order::Old),
        ("BYE", 314, Order::Old),
        ("CANCEL", 1, Order::Next),
        ("INFO", 400, Order::Next),
        ("INFO", 316, Order::Old),
        ("FLY", 401, Order::Next),
        ("BYE", 2_147_483_647, Order::Next),
        ("BYE", 402, Order::Old),
    ] {
        assert_eq!(dialog.on_request(&scanned(&in_dialog(method, cseq)).message()), order, "{method} {cseq}");
    }
    assert_eq!(dialog.remote_cseq, Some(2_147_483_647));
    let mut caller = calling();
    assert_eq!(caller.on_request(&scanned(&in_dialog("BYE", 0)).message()), Order::Next, "the first may be any");
    assert_eq!(caller.remote_cseq, Some(0));
}

#[test]
fn re_invite_and_update_refresh_the_target_and_nothing_else_does() {
    let mut dialog = answering(&invite("")).expect("a dialog");
    for (method, cseq, port) in
        [("INVITE", 320, 6320), ("INFO", 321, 6320), ("UPDATE", 322, 6322), ("INVITE", 319, 6322)]
    {
        dialog.on_request(&scanned(&in_dialog(method, cseq)).message());
        let target = format!("sip:alice@192.168.1.5:{port}");
        assert_eq!(String::from_utf8_lossy(&dialog.remote_target), target, "{method} {cseq}");
    }
    let bare = in_dialog("UPDATE", 323).replace("Contact", "X-Contact");
    dialog.on_request(&scanned(&bare).message());
    assert_eq!(&*dialog.remote_target, b"sip:alice@192.168.1.5:6322");
}

#[test]
fn only_the_peer_with_both_tags_and_the_call_id_is_the_peer() {
    let dialog = answering(&invite("")).expect("a dialog");
    let good = in_dialog("BYE", 315);
    assert!(dialog.is_from_peer(&scanned(&good).message()));
    for (from, to) in
        [("tag=theirs", "tag=other"), ("call-1", "call-9"), ("tag=ours", "tag=yours"), (";tag=theirs", "")]
    {
        assert!(!dialog.is_from_peer(&scanned(&good.replacen(from, to, 1)).message()), "{from} → {to}");
    }
}

#[test]
fn what_is_written_reads_back_without_defect_and_matches_the_peers_dialog() {
    let mut out = Vec::new();
    let mut caller = calling();
    let via = format_args!("SIP/2.0/UDP 10.0.0.9:5060;rport;branch=z9hG4bK1.2.3");
    let mut writer = caller.request(Method::Invite, via, &mut out);
    writer.field("Contact", "<sip:10.0.0.9:5060>");
    writer.body("application/sdp", b"v=0\r\n");
    let sent = Scanned::new(&out).expect("our own INVITE");
    let sent = sent.message();
    assert_eq!((sent.defect(), sent.body()), (None, b"v=0\r\n".as_slice()));
    assert_eq!(sent.via().and_then(|via| via.branch()), Some(b"z9hG4bK1.2.3".as_slice()));
    assert_eq!(sent.to().and_then(|to| to.tag()), None);
    let mut callee = Dialog::answering(&sent, "callee", flow("10.0.0.9:5060")).expect("a dialog");
    let mut reply = Vec::new();
    let mut writer = Writer::response(&mut reply, &sent, callee.flow, 200, Some("callee"));
    writer.field("Contact", "<sip:8001@10.0.0.1>");
    writer.finish();
    assert!(caller.on_response(&Scanned::new(&reply).expect("a response").message()));
    for (from, to) in [(&mut caller.clone(), &mut callee.clone()), (&mut callee, &mut caller)] {
        for method in [Method::Info, Method::Invite, Method::Ack, Method::Update, Method::PRack, Method::Bye] {
            let text = written(from, method);
            let read = scanned(&text);
            assert_eq!(read.message().defect(), None, "{text}");
            assert_eq!(read.message().method(), Some(method), "{text}");
            assert!(to.is_from_peer(&read.message()), "{text}");
            assert_eq!(to.on_request(&read.message()), Order::Next, "{text}");
        }
    }
}

#[test]
fn hostile_display_names_cannot_break_out_of_their_quotes() {
    for display in [r#""a\""#, r#""a" "b""#, "a b", r#""a\\" "#, "\"x\\\r\n y\"", "\"\u{1}\""] {
        let text = invite("").replace(r#""Alice \"A\" B""#, display);
        let Ok(scanned) = Scanned::new(text.as_bytes()) else { continue };
        let Some(mut dialog) = Dialog::answering(&scanned.message(), "ours", flow("10.0.0.1:5060")) else { continue };
        let bye = written(&mut dialog, Method::Bye);
        let read = self::scanned(&bye);
        let to = read.message().to().expect("a To that reads");
        assert_eq!(
            (to.tag(), to.uri),
            (Some(b"theirs".as_slice()), b"sip:alice@example.com;user=phone".as_slice()),
            "{bye}"
        );
        assert_eq!(lines(&bye, "To").len(), 1);
    }
}

#[test]
fn an_open_quote_in_a_from_parameter_does_not_swallow_the_tag() {
    for hostile in ["x=\"", "\"", "x=\"a\\\"", "x=a<b", "=x", "TAG=second"] {
        let text = invite("").replace("x=\"a;tag=b\"", hostile);
        let Some(dialog) = answering(&text) else { continue };
        assert_eq!(
            String::from_utf8_lossy(&dialog.remote),
            r#""Alice \"A\" B" <sip:alice@example.com;user=phone>"#,
            "{hostile}"
        );
    }
}

#[test]
fn contact_headers_do_not_get_into_the_request_line() {
    let text = invite("").replace(";transport=udp>", "?Subject=x&Route=%3Csip:evil%3E>");
    let mut dialog = answering(&text).expect("a dialog");
    assert!(written(&mut dialog, Method::Bye).starts_with("BYE sip:alice@192.168.1.5:5060 SIP/2.0\r\n"));
}

#[test]
fn the_sequence_number_stays_below_2_to_the_31() {
    let mut dialog = calling();
    dialog.local_cseq = u32::MAX;
    assert_eq!(lines(&written(&mut dialog, Method::Bye), "CSeq"), ["CSeq: 2147483647 BYE"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_global_rejects: 100_000, ..ProptestConfig::default() })]
    /// Whatever stands in the peer's fields: no panic, and our request reads back with one of each field and our Request-URI.
    #[test]
    fn no_text_of_the_peers_gets_out_of_its_field(
        which in 0..4usize,
        wild in "(\"[a ;<>\\\\,=:é]{0,8}\"|[a ;=]{0,6}|[ \"\\\\<>;=?,a:@.\u{1}é]{0,6})",
    ) {
        let text = match which {
            0 => invite("").replace(r#""Alice \"A\" B""#, &wild),
            1 => invite("").replace("alice@192", &format!("{wild}@192")),
            2 => invite("").replace(";x=\"a;tag=b\"", &format!(";{wild}")),
            _ => invite(&format!("Record-Route: <sip:10.0.0.3;lr>;{wild}\r\n")),
        };
        let Ok(scanned) = Scanned::new(text.as_bytes()) else { return Err(TestCaseError::reject("no dialog")) };
        let Some(mut dialog) = Dialog::answering(&scanned.message(), "ours", flow("10.0.0.1:5060")) else { return Err(TestCaseError::reject("no dialog")) };
        let mut out = Vec::new();
        dialog.request(Method::Bye, format_args!("SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKx"), &mut out).finish();
        let read = Scanned::new(&out).map_err(|error| TestCaseError::fail(format!("{error}: {out:?}")))?;
        let names = [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq, Name::MaxForwards, Name::ContentLength];
        for name in names {
            prop_assert_eq!(read.message().fields(name).count(), 1, "{:?}", name);
        }
        let to = read.message().to();
        prop_assert_eq!(to.and_then(|to| to.tag()), Some(b"theirs".as_slice()), "{}", String::from_utf8_lossy(&out));
    }
}
