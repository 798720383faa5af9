//! Where messages go, and calls that end in unusual ways.

use super::*;

const PROXY: SocketAddr = SocketAddr::new(TRUNK.ip(), 5099);

#[test]
fn a_200_is_repeated_to_where_the_invite_came_from_whatever_its_route_says() {
    for routing in
        ["Record-Route: <sip:127.0.9.9:7000;lr>\r\n", "Via: SIP/2.0/UDP 127.0.8.8:6000;branch=z9hG4bKother\r\n"]
    {
        let mut desk = Desk::new(fixed(Office::new(1)));
        desk.request(("INVITE", "1000"), ("1390", ""), 1, PROXY, (routing, SDP));
        desk.pass(3000);
        let to: Vec<SocketAddr> =
            desk.sent.iter().filter(|sent| sent.1.contains("CSeq: 1 INVITE")).map(|sent| sent.0).collect();
        assert!(to.len() > 2 && to.iter().all(|peer| *peer == PROXY), "{routing}: {to:?}");
    }
}

#[test]
fn an_agents_call_to_a_number_that_begins_with_a_star_ends_like_any_other() {
    let mut office = fixed(Office::new(1));
    office.switch.numbers[0].number = "*99".into();
    let mut desk = Desk::new(office);
    desk.request(("INVITE", "*99"), ("8001", ""), 1, phone(0), ("", SDP));
    let tag = desk.tag_to("call-8001");
    desk.request(("ACK", "*99"), ("8001", &tag), 1, phone(0), ("", ""));
    assert_eq!(desk.state(0), AgentState::OwnCall);
    desk.request(("BYE", "*99"), ("8001", &tag), 2, phone(0), ("", ""));
    assert_eq!(desk.state(0), AgentState::Ready);
}

#[test]
fn a_bye_that_finds_no_room_for_its_transaction_is_sent_once_all_the_same() {
    let mut office = fixed(Office::new(4));
    office.switch.limits.transactions_max = 4;
    let mut desk = Desk::new(office);
    let tags: Vec<String> = (0..4).map(|caller| desk.call(&format!("139{caller}"), "2000")).collect();
    (0..4).for_each(|agent| desk.respond(phone(agent), 180));
    desk.pass(10_000);
    (0..4).for_each(|agent| desk.respond(phone(agent), 200));
    // The callers' INVITEs are forgotten by now, those to the agents fill the table.
    desk.pass(23_000);
    desk.request(("BYE", "2000"), ("1390", &tags[0]), 2, TRUNK, ("", ""));
    assert_eq!(desk.lines_to(phone(0)).last(), Some(&"BYE"));
}

#[test]
fn a_caller_who_walks_in_circles_does_not_fill_memory() {
    let mut office = fixed(Office::new(0));
    office.switch.trees.trees[0].queue = Some(crate::sim::office::SERVICE);
    let mut desk = Desk::new(office);
    let tag = desk.call("1390", "1000");
    for cseq in 2..400 {
        let digit = if cseq % 2 == 0 { "1" } else { "*" };
        let more = "Content-Type: application/dtmf\r\n";
        desk.request(("INFO", "1000"), ("1390", &tag), cseq, TRUNK, (more, digit));
    }
    let (_, call) = desk.seat.switch.calls.calls.iter().next().expect("the call");
    assert_eq!(call.history.queues.len(), crate::call::HISTORY_MAX);
}

#[test]
fn whoever_ends_everything_waits_for_no_phone_and_no_caller() {
    let mut desk = Desk::new(fixed(Office::new(1)));
    desk.call("1390", "2000");
    desk.request(("INVITE", "1000"), ("1391", ""), 1, TRUNK, ("", SDP));
    desk.event(Event::EndAll);
    assert!(desk.seat.switch.is_drained(), "{} calls are left", desk.seat.switch.calls());
    let byes = desk.sent.iter().filter(|(_, text)| text.starts_with("BYE")).count();
    assert_eq!(byes, 2);
    // The phone never saw our CANCEL.
    desk.respond(phone(0), 200);
    assert_eq!(desk.lines_to(phone(0)), ["INVITE", "ACK", "BYE"]);
}

#[test]
fn both_sides_hold_and_resume_and_hear_each_other_only_when_neither_holds() {
    let mut desk = Desk::new(fixed(Office::new(1)));
    let tag = desk.call("1390", "2000");
    desk.respond(phone(0), 200);
    // (who, holds, bridged afterwards, the agent is holding afterwards)
    let steps = [
        ("caller", true, false, false),
        ("agent", true, false, true),
        ("caller", false, false, true),
        ("caller", true, false, true),
        ("agent", false, false, false),
        ("caller", false, true, false),
    ];
    for (cseq, (who, holds, bridged, holding)) in (2..).zip(steps) {
        desk.media.clear();
        let direction = if holds { "a=inactive\r\n" } else { "a=sendrecv\r\n" };
        let body = SDP.replace("1 1 IN", &format!("1 {cseq} IN")) + direction;
        if who == "caller" {
            desk.request(("INVITE", "2000"), ("1390", &tag), cseq, TRUNK, ("", &body));
            desk.request(("ACK", "2000"), ("1390", &tag), cseq, TRUNK, ("", ""));
        } else {
            desk.phone_asks(phone(0), "INVITE", cseq, &body);
            desk.phone_asks(phone(0), "ACK", cseq, "");
        }
        let joined = desk.media.iter().any(|command| matches!(command, Command::Bridge { .. }));
        let state = if holding { AgentState::Holding } else { AgentState::Talking };
        assert_eq!((joined, desk.state(0)), (bridged, state), "CSeq {cseq}");
    }
}

#[test]
fn codes_count_as_calls_for_the_limit_on_all_calls() {
    let mut office = fixed(Office::new(1));
    office.switch.limits.calls_max = 1;
    let mut desk = Desk::new(office);
    desk.call("1390", "1000");
    desk.request(("INVITE", "*61"), ("8001", ""), 1, phone(0), ("", SDP));
    assert_eq!((desk.seat.switch.calls(), desk.lines_to(phone(0)).last()), (1, Some(&"480")));
}

#[test]
fn a_caller_who_holds_us_does_not_keep_the_call_by_not_hearing_good_bye() {
    let mut office = fixed(Office::new(1));
    office.router.queues[0].wait_max = Some(Duration::from_secs(20));
    for before in [true, false] {
        let mut desk = Desk::new(office.clone());
        let tag = desk.call("1390", "2000");
        let hold = SDP.replace("1 1 IN", "1 2 IN") + "a=sendonly\r\n";
        desk.respond(phone(0), 486);
        let wait_ms = if before { 1_000 } else { 21_000 };
        desk.pass(wait_ms);
        desk.request(("INVITE", "2000"), ("1390", &tag), 2, TRUNK, ("", &hold));
        desk.request(("ACK", "2000"), ("1390", &tag), 2, TRUNK, ("", ""));
        desk.pass(30_000);
        assert_eq!(desk.seat.switch.calls(), 0, "hold before good-bye: {before}");
    }
}
