//! Server transactions in virtual time (RFC 3261 §17.2, RFC 6026, §8.2.2.2).

use super::*;

#[test]
fn trying_goes_out_after_200_ms_only_if_the_user_has_said_nothing() {
    let mut rig = Rig::new();
    let invite = request("INVITE", "z9hG4bKa", "");
    rig.accept(&invite);
    rig.run_until(199);
    assert_eq!(rig.sent.len(), 0);
    rig.run_until(60_000);
    assert_eq!(rig.times("SIP/2.0 100 "), [200]);
    assert!(!lines(rig.last(), "To")[0].contains("tag"));
    let other = request("INVITE", "z9hG4bKb", "").replace("call-1", "call-2");
    let tx = rig.accept(&other);
    rig.respond(tx, &other, 180);
    rig.run_until(120_000);
    assert_eq!(rig.times("SIP/2.0 100 ").len(), 1);
}

#[test]
fn a_repeated_invite_gets_the_last_provisional_response() {
    let mut rig = Rig::new();
    let invite = request("INVITE", "z9hG4bKa", "");
    let tx = rig.accept(&invite);
    rig.run_until(100);
    assert_eq!(rig.receive(&invite), Received::Absorbed);
    assert_eq!(rig.times("SIP/2.0 100 "), [100], "Trying comes forward when the peer repeats");
    rig.respond(tx, &invite, 180);
    rig.respond(tx, &invite, 183);
    rig.run_until(500);
    assert_eq!(rig.receive(&invite), Received::Absorbed);
    assert_eq!(rig.times("SIP/2.0 183 "), [100, 500]);
    assert_eq!(rig.times("SIP/2.0 180 "), [100]);
    assert_eq!((rig.table.figures().received_again, rig.table.figures().sent_again), (2, 2));
}

#[test]
fn a_failure_is_repeated_until_timer_h_when_nobody_acknowledges() {
    let mut rig = Rig::new();
    let invite = request("INVITE", "z9hG4bKa", "");
    let tx = rig.accept(&invite);
    rig.respond(tx, &invite, 486);
    assert!(rig.table.is_answered(tx));
    rig.run_until(31_999);
    assert_eq!(rig.live(), 1);
    rig.run_until(100_000);
    let times = [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
    assert_eq!(rig.times("SIP/2.0 486 "), times);
    assert_eq!((rig.live(), rig.timed_out.len()), (0, 0));
}

#[test]
fn an_ack_ends_the_repetition_and_is_absorbed_for_t4() {
    let mut rig = Rig::new();
    let invite = request("INVITE", "z9hG4bKa", "");
    let tx = rig.accept(&invite);
    rig.respond(tx, &invite, 486);
    rig.run_until(600);
    assert_eq!(rig.receive(&invite), Received::Absorbed);
    assert_eq!(rig.times("SIP/2.0 486 "), [0, 500, 600]);
    rig.run_until(1_000);
    let ack = request("ACK", "z9hG4bKa", "");
    for _ in 0..1_000 {
        assert_eq!(rig.receive(&ack), Received::Absorbed);
        assert_eq!(rig.receive(&invite), Received::Absorbed);
    }
    rig.run_until(5_999);
    assert_eq!((rig.times("SIP/2.0 486 ").len(), rig.live()), (3, 1));
    rig.run_until(6_000);
    assert_eq!(rig.live(), 0);
    assert_eq!(rig.receive(&ack), Received::Ack, "nobody's any more");
}

#[test]
fn after_a_2xx_repeated_invites_are_absorbed_and_acks_come_up() {
    let mut rig = Rig::new();
    let invite = request("INVITE", "z9hG4bKa", "");
    let tx = rig.accept(&invite);
    rig.respond(tx, &invite, 200);
    rig.run_until(500);
    assert_eq!(rig.receive(&invite), Received::Absorbed);
    assert_eq!(rig.times("SIP/2.0 200 "), [0], "nothing repeats a 2xx but the user");
    rig.respond(tx, &invite, 200);
    assert_eq!(rig.times("SIP/2.0 200 "), [0, 500]);
    assert_eq!(rig.receive(&request("ACK", "z9hG4bKnew", "")), Received::Ack);
    assert_eq!(rig.receive(&request("ACK", "z9hG4bKa", "")), Received::Ack, "some use the INVITE's branch");
    rig.run_until(31_999);
    assert_eq!((rig.live(), rig.receive(&invite)), (1, Received::Absorbed));
    rig.run_until(32_000);
    assert_eq!(rig.live(), 0);
    rig.respond(tx, &invite, 200);
    assert_eq!(rig.times("SIP/2.0 200 ").len(), 2);
}

#[test]
fn another_request_gets_its_answer_again_for_64_t1() {
    let mut rig = Rig::new();
    let info = request("INFO", "z9hG4bKa", "");
    let tx = rig.accept(&info);
    assert_eq!(rig.receive(&info), Received::Absorbed);
    assert_eq!(rig.sent.len(), 0, "nothing to repeat yet, and no 100 of our own");
    rig.respond(tx, &info, 183);
    rig.receive(&info);
    assert_eq!(rig.times("SIP/2.0 183 ").len(), 2);
    rig.run_until(1_000);
    rig.respond(tx, &info, 200);
    rig.run_until(32_999);
    assert_eq!(rig.receive(&info), Received::Absorbed);
    assert_eq!(rig.times("SIP/2.0 200 "), [1_000, 32_999]);
    rig.run_until(33_000);
    assert_eq!(rig.live(), 0);
    rig.accept(&info);
}

#[test]
fn a_second_final_response_does_nothing() {
    for (method, first) in [("INVITE", 200), ("INVITE", 486), ("INFO", 200), ("INFO", 481)] {
        let mut rig = Rig::new();
        let text = request(method, "z9hG4bKa", "");
        let tx = rig.accept(&text);
        rig.respond(tx, &text, first);
        let again = if (method, first) == ("INVITE", 200) { vec![180, 404, 500] } else { vec![180, 200, 404, 500] };
        for status in again {
            rig.respond(tx, &text, status);
        }
        assert_eq!(rig.sent.len(), 1, "{method} {first}");
    }
}

#[test]
fn nonsense_statuses_are_not_sent() {
    let mut rig = Rig::new();
    let text = request("INFO", "z9hG4bKa", "");
    let tx = rig.accept(&text);
    for status in [0, 99, 700, u16::MAX] {
        rig.act(|table, now, out| table.respond(tx, status, b"SIP/2.0 0 ?\r\n\r\n", now, out));
    }
    assert_eq!(rig.sent.len(), 0);
}

#[test]
fn requests_are_told_apart_by_branch_sent_by_and_method() {
    let mut rig = Rig::new();
    let first = request("INFO", "z9hG4bKa", "");
    let tx = rig.accept(&first);
    let in_dialog = |text: &str| text.replace("To: <sip:2000@10.0.0.9>", "To: <sip:2000@10.0.0.9>;tag=ours");
    for other in [
        in_dialog(&request("INFO", "z9hG4bKb", "")),
        in_dialog(&request("INFO", "z9hG4bKA", "")),
        in_dialog(&first.replace("UDP 10.0.0.1:5060", "UDP 10.0.0.1:5062")),
        in_dialog(&first.replace("UDP 10.0.0.1:5060", "UDP 10.0.0.2:5060")),
        in_dialog(&request("MESSAGE", "z9hG4bKa", "")),
        in_dialog(&request("INVITE", "z9hG4bKa", "")),
    ] {
        assert_ne!(rig.accept(&other), tx, "{other}");
    }
    assert_eq!(rig.receive(&first.replace("CSeq: 1", "CSeq: 99")), Received::Absorbed, "nothing else counts");
}

#[test]
fn rfc_2543_peers_are_matched_by_everything_that_they_keep() {
    for branch in ["", "1", "z9hG4bK"] {
        let mut rig = Rig::new();
        let old = |method| request(method, branch, "").replace(";branch=\r\n", "\r\n");
        let invite = old("INVITE");
        let tx = rig.accept(&invite);
        assert_eq!(rig.receive(&invite), Received::Absorbed, "{branch}");
        assert_eq!(rig.receive(&old("CANCEL")), Received::Cancel { invite: Some((tx, None)) });
        rig.respond(tx, &invite, 487);
        let ack = old("ACK").replace("To: <sip:2000@10.0.0.9>", "To: <sip:2000@10.0.0.9>;tag=ours");
        assert_eq!(rig.receive(&ack.replace("CSeq: 1 ", "CSeq: 2 ")), Received::Ack, "not this one's");
        assert_eq!(rig.receive(&ack), Received::Absorbed);
        rig.run_until(6_000);
        assert_eq!(rig.times("SIP/2.0 487 "), [0]);
    }
}

#[test]
fn rfc_2543_byes_to_two_forks_are_two_transactions() {
    let mut rig = Rig::new();
    let bye =
        |tag| request("BYE", "1", "").replace("2000@10.0.0.9>\r\nCall", &format!("2000@10.0.0.9>;tag={tag}\r\nCall"));
    assert_ne!(rig.accept(&bye("a")), rig.accept(&bye("b")));
    assert_eq!(rig.receive(&bye("a")), Received::Absorbed);
}

#[test]
fn a_request_that_came_another_way_is_told_as_merged() {
    let mut rig = Rig::new();
    let first = request("INVITE", "z9hG4bKa", "");
    let tx = rig.accept(&first);
    let second = request("INVITE", "z9hG4bKb", "");
    let Received::Merged(copy) = rig.receive(&second) else { panic!("not told") };
    assert_ne!(copy, tx);
    rig.respond(copy, &second, 482);
    assert_eq!(rig.receive(&second), Received::Absorbed);
    assert!(rig.last().starts_with("SIP/2.0 482 "));
    // A third copy is told by the first, even when the second is over.
    rig.run_until(40_000);
    assert!(matches!(rig.receive(&request("INVITE", "z9hG4bKc", "")), Received::Merged(_)));
    // When the first is over nothing is left to merge with.
    rig.respond(tx, &first, 200);
    rig.run_until(80_000);
    rig.accept(&request("INVITE", "z9hG4bKd", ""));
}

#[test]
fn what_differs_in_tag_call_cseq_or_method_or_is_in_a_dialog_is_not_merged() {
    let mut rig = Rig::new();
    rig.accept(&request("INVITE", "z9hG4bK0", ""));
    let copy = request("INVITE", "z9hG4bK1", "");
    for (from, to) in [
        ("tag=theirs", "tag=others"),
        ("call-1@", "call-2@"),
        ("CSeq: 1 ", "CSeq: 2 "),
        ("To: <sip:2000@10.0.0.9>", "To: <sip:2000@10.0.0.9>;tag=ours"),
        ("INVITE", "OPTIONS"),
    ] {
        let other = copy.replace(from, to).replace("z9hG4bK1", &format!("z9hG4bK{}", to.len() * 31 + from.len()));
        rig.accept(&other);
    }
}

#[test]
fn unknown_methods_get_a_transaction_so_that_they_can_be_refused() {
    let mut rig = Rig::new();
    let text = request("FLY", "z9hG4bKa", "");
    let tx = rig.accept(&text);
    rig.respond(tx, &text, 501);
    assert_eq!(rig.receive(&text), Received::Absorbed);
    assert_eq!(rig.times("SIP/2.0 501 ").len(), 2);
    rig.accept(&request("invite", "z9hG4bKb", ""));
}

#[test]
fn replies_go_where_rport_and_received_say() {
    let mut rig = Rig::new();
    let text = request("INFO", "z9hG4bKa;rport", "").replace("UDP 10.0.0.1:5060", "UDP 192.168.1.5:5066");
    let tx = rig.accept(&text);
    assert_eq!(rig.table.flow(tx), Some(peer()));
}

#[test]
fn a_failed_reply_leaves_an_invite_to_its_timers_and_ends_others() {
    let mut rig = Rig::new();
    let (invite, info) = (request("INVITE", "z9hG4bKa", ""), request("INFO", "z9hG4bKb", ""));
    for (text, left) in [(invite, 1), (info, 1)] {
        let tx = rig.accept(&text);
        rig.respond(tx, &text, 486);
        rig.act(|table, now, out| table.reply_failed(tx, now, out));
        assert_eq!(rig.live(), left);
    }
}
