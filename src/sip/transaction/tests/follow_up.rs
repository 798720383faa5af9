//! ACK for a non-2xx (RFC 3261 §17.1.1.3) and CANCEL (§9), both ways.

use super::*;

#[test]
fn the_ack_has_the_invites_via_and_route_and_the_responses_to() {
    let mut rig = Rig::new();
    let (_, sent) = rig.send(Method::Invite, 1);
    rig.receive(&answer(&sent, 486, "theirs"));
    let ack = rig.last().to_owned();
    assert!(ack.starts_with("ACK sip:8001@10.0.0.1:5070 SIP/2.0\r\n"), "{ack}");
    assert_eq!(lines(&ack, "Via"), lines(&sent, "Via"));
    assert_eq!(lines(&ack, "Route"), lines(&sent, "Route"));
    assert_eq!(lines(&ack, "From"), lines(&sent, "From"));
    assert_eq!(lines(&ack, "To"), ["To: <sip:8001@10.0.0.1>;tag=theirs"]);
    assert_eq!(lines(&ack, "Call-ID"), lines(&sent, "Call-ID"));
    assert_eq!(lines(&ack, "CSeq"), ["CSeq: 17 ACK"]);
    assert_eq!(lines(&ack, "Max-Forwards").len(), 1);
    let scanned = Scanned::new(ack.as_bytes()).expect("our own message");
    assert_eq!(scanned.message().defect(), None);
}

#[test]
fn the_cancel_has_the_invites_via_route_and_untagged_to() {
    let mut rig = Rig::new();
    let (tx, sent) = rig.send(Method::Invite, 1);
    rig.receive(&answer(&sent, 180, "theirs"));
    rig.cancel(tx, "SIP;cause=200;text=\"Call completed elsewhere\"");
    let cancel = rig.last().to_owned();
    assert!(cancel.starts_with("CANCEL sip:8001@10.0.0.1:5070 SIP/2.0\r\n"), "{cancel}");
    for start in ["Via", "Route", "From", "To", "Call-ID"] {
        assert_eq!(lines(&cancel, start), lines(&sent, start));
    }
    assert_eq!(lines(&cancel, "CSeq"), ["CSeq: 17 CANCEL"]);
    assert_eq!(lines(&cancel, "Reason"), ["Reason: SIP;cause=200;text=\"Call completed elsewhere\""]);
    assert_eq!(Scanned::new(cancel.as_bytes()).expect("our own message").message().defect(), None);
}

#[test]
fn a_cancel_waits_for_a_provisional_response_and_goes_out_once() {
    let mut rig = Rig::new();
    let (tx, sent) = rig.send(Method::Invite, 1);
    rig.cancel(tx, "");
    rig.cancel(tx, "");
    rig.run_until(700);
    assert!(rig.times("CANCEL").is_empty());
    assert_eq!(rig.receive(&answer(&sent, 100, "")), Received::Response(tx, 1));
    assert_eq!(rig.receive(&answer(&sent, 180, "a")), Received::Response(tx, 1));
    rig.cancel(tx, "");
    assert_eq!(rig.times("CANCEL"), [700]);
}

#[test]
fn an_invite_that_nobody_answers_ends_at_its_own_time_although_cancelled() {
    let mut rig = Rig::new();
    let (tx, _) = rig.send(Method::Invite, 1);
    rig.run_until(10_000);
    rig.cancel(tx, "");
    rig.run_until(100_000);
    assert_eq!((rig.times("CANCEL").len(), rig.timed_out, rig.table.figures().live), (0, vec![(32_000, 1)], 0));
}

#[test]
fn a_cancel_that_is_refused_leaves_the_invite_to_its_answer_or_its_time() {
    let mut rig = Rig::new();
    let (tx, sent) = rig.send(Method::Invite, 1);
    rig.receive(&answer(&sent, 180, "a"));
    rig.cancel(tx, "");
    let cancel = rig.last().to_owned();
    assert_eq!(rig.receive(&answer(&cancel, 481, "a")), Received::Absorbed);
    assert_eq!(rig.receive(&answer(&cancel, 481, "a")), Received::Absorbed);
    rig.run_until(20_000);
    assert_eq!(rig.receive(&answer(&sent, 183, "a")), Received::Response(tx, 1));
    rig.run_until(100_000);
    assert_eq!((rig.timed_out.clone(), rig.live()), (vec![(32_000, 1)], 0));
}

#[test]
fn a_cancelled_invite_ends_with_its_487_and_its_cancel_is_nobodys_business() {
    let mut rig = Rig::new();
    let (tx, sent) = rig.send(Method::Invite, 1);
    rig.receive(&answer(&sent, 180, "a"));
    rig.cancel(tx, "");
    let cancel = rig.last().to_owned();
    assert_eq!(rig.receive(&answer(&cancel, 200, "a")), Received::Absorbed);
    assert_eq!(rig.receive(&answer(&sent, 487, "a")), Received::Response(tx, 1));
    assert_eq!(rig.times("ACK").len(), 1);
    rig.run_until(60_000);
    assert_eq!((rig.live(), rig.timed_out.len()), (0, 0));
}

#[test]
fn a_cancel_is_repeated_until_answered_and_then_the_invite_is_given_up() {
    let mut rig = Rig::new();
    let (tx, sent) = rig.send(Method::Invite, 1);
    rig.run_until(1_000);
    rig.receive(&answer(&sent, 180, "a"));
    rig.cancel(tx, "");
    rig.run_until(100_000);
    let times = [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500].map(|at| at + 1_000);
    assert_eq!(rig.times("CANCEL"), times);
    assert_eq!(rig.timed_out, [(33_000, 1)], "the INVITE alone, 64 T1 after the CANCEL");
    assert_eq!(rig.live(), 0);
}

#[test]
fn a_2xx_that_crosses_the_cancel_is_reported() {
    let mut rig = Rig::new();
    let (tx, sent) = rig.send(Method::Invite, 1);
    rig.receive(&answer(&sent, 180, "a"));
    rig.cancel(tx, "");
    assert_eq!(rig.receive(&answer(&sent, 200, "a")), Received::Response(tx, 1));
    let (tx, sent) = rig.send(Method::Invite, 2);
    rig.cancel(tx, "");
    assert_eq!(rig.receive(&answer(&sent, 200, "a")), Received::Response(tx, 2));
    rig.run_until(100_000);
    assert_eq!((rig.live(), rig.timed_out.len()), (0, 0));
}

#[test]
fn only_an_unanswered_invite_can_be_cancelled() {
    let mut rig = Rig::new();
    let (bye, _) = rig.send(Method::Bye, 1);
    let (failed, sent) = rig.send(Method::Invite, 2);
    rig.receive(&answer(&sent, 486, "a"));
    let (answered, sent) = rig.send(Method::Invite, 3);
    rig.receive(&answer(&sent, 200, "a"));
    for tx in [bye, failed, answered] {
        rig.cancel(tx, "");
    }
    assert!(rig.times("CANCEL").is_empty());
}

#[test]
fn a_cancel_from_the_peer_is_answered_here_and_names_its_invite() {
    let mut rig = Rig::new();
    let invite = request("INVITE", "z9hG4bKa", "");
    let tx = rig.accept(&invite);
    rig.table.remember(tx, 42);
    rig.respond(tx, &invite, 180);
    let cancel = request("CANCEL", "z9hG4bKa", "");
    assert_eq!(rig.receive(&cancel), Received::Cancel { invite: Some((tx, Some(42))) });
    assert!(rig.last().starts_with("SIP/2.0 200 "));
    assert_eq!(lines(rig.last(), "CSeq"), ["CSeq: 1 CANCEL"]);
    assert_eq!(lines(rig.last(), "To"), ["To: <sip:2000@10.0.0.9>;tag=ours"], "the tag of our 180");
    let first = rig.last().to_owned();
    assert_eq!(rig.receive(&cancel), Received::Absorbed);
    assert_eq!(rig.last(), first);
    rig.respond(tx, &invite, 487);
    assert_eq!(rig.receive(&request("ACK", "z9hG4bKa", "")), Received::Absorbed);
}

#[test]
fn a_cancel_before_any_reply_of_ours_still_finds_its_invite() {
    let mut rig = Rig::new();
    let tx = rig.accept(&request("INVITE", "z9hG4bKa", ""));
    assert_eq!(rig.receive(&request("CANCEL", "z9hG4bKa", "")), Received::Cancel { invite: Some((tx, None)) });
    assert!(lines(rig.last(), "To")[0].contains(";tag="));
}

#[test]
fn a_cancel_after_the_final_response_changes_nothing() {
    for status in [200, 486] {
        let mut rig = Rig::new();
        let invite = request("INVITE", "z9hG4bKa", "");
        let tx = rig.accept(&invite);
        rig.respond(tx, &invite, status);
        assert_eq!(rig.receive(&request("CANCEL", "z9hG4bKa", "")), Received::Cancel { invite: None });
        assert!(rig.last().starts_with("SIP/2.0 200 "), "{}", rig.last());
    }
}

#[test]
fn a_cancel_for_nothing_gets_481() {
    let mut rig = Rig::new();
    rig.accept(&request("INVITE", "z9hG4bKa", ""));
    rig.accept(&request("INFO", "z9hG4bKb", ""));
    for branch in ["z9hG4bKother", "z9hG4bKb", "old"] {
        assert_eq!(rig.receive(&request("CANCEL", branch, "")), Received::Cancel { invite: None });
        assert!(rig.last().starts_with("SIP/2.0 481 "), "{}", rig.last());
    }
}
