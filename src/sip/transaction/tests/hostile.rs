//! What nobody should send, and what happens at the limits.

use super::*;
use proptest::prelude::*;

#[test]
fn a_response_must_fit_its_request_in_every_part() {
    let mut rig = Rig::new();
    let (tx, sent) = rig.send(Method::Bye, 1);
    let good = answer(&sent, 200, "x");
    let via = lines(&good, "Via")[0].to_owned();
    let branch = via.split("branch=").nth(1).and_then(|it| it.split(';').next()).expect("a branch").to_owned();
    let secret = branch.rsplit('.').next().expect("a secret").to_owned();
    let other_secret = if secret == "1" { "2" } else { "1" };
    for (what, bad) in [
        ("method", good.replace("CSeq: 17 BYE", "CSeq: 17 INVITE")),
        ("method CANCEL", good.replace("CSeq: 17 BYE", "CSeq: 17 CANCEL")),
        ("unknown method", good.replace("CSeq: 17 BYE", "CSeq: 17 FLY")),
        ("secret", good.replace(&branch, &branch.replace(&format!(".{secret}"), &format!(".{other_secret}")))),
        ("slot", good.replace("z9hG4bK0.", "z9hG4bK7.")),
        ("slot out of range", good.replace("z9hG4bK0.", "z9hG4bKffffffff.")),
        ("branch of another", good.replace(&branch, "z9hG4bK776asdhds")),
        ("no branch", good.replace(&format!(";branch={branch}"), "")),
        ("two Vias", good.replace(&via, &format!("{via}\r\n{via}"))),
        ("two Vias in a line", good.replace(&via, &format!("{via}, SIP/2.0/UDP 10.0.0.2"))),
    ] {
        assert_ne!(bad, good, "{what}");
        assert_eq!(rig.receive(&bad), Received::Stray, "{what}");
    }
    assert_eq!(rig.table.figures().strays, 10);
    assert_eq!(rig.receive(&good), Received::Response(tx, 1));
}

#[test]
fn responses_to_a_slots_former_tenant_are_strays() {
    let mut rig = Rig::new();
    let (old, first) = rig.send(Method::Bye, 1);
    rig.receive(&answer(&first, 200, "x"));
    rig.run_until(6_000);
    let (new, second) = rig.send(Method::Bye, 2);
    assert_eq!(old.0.slot, new.0.slot);
    assert_eq!(rig.receive(&answer(&first, 200, "x")), Received::Stray);
    assert_eq!(rig.receive(&answer(&second, 200, "x")), Received::Response(new, 2));
}

#[test]
fn stale_handles_do_nothing() {
    let mut rig = Rig::new();
    let info = request("INFO", "z9hG4bKa", "");
    let stale = rig.accept(&info);
    rig.respond(stale, &info, 200);
    let (stale_client, sent) = rig.send(Method::Invite, 1);
    rig.receive(&answer(&sent, 486, "x"));
    rig.run_until(60_000);
    let fresh = rig.accept(&info);
    let (fresh_client, _) = rig.send(Method::Invite, 2);
    assert_eq!((stale.0.slot, stale_client.0.slot), (fresh.0.slot, fresh_client.0.slot));
    let before = rig.sent.len();
    rig.respond(stale, &info, 500);
    rig.table.remember(stale, 9);
    rig.cancel(stale_client, "");
    rig.act(|table, now, out| table.reply_failed(stale, now, out));
    assert_eq!(rig.act(|table, now, out| table.send_failed(stale_client, now, out)), None);
    assert_eq!((rig.sent.len(), rig.table.flow(stale), rig.table.remembered(stale)), (before, None, None));
    assert_eq!((rig.table.remembered(fresh), rig.table.is_answered(fresh)), (None, false));
    assert!(rig.table.is_answered(stale));
}

#[test]
fn beyond_the_limit_new_requests_get_a_stateless_503_and_dialogs_go_on() {
    let mut rig = Rig::with_limit(16);
    let new = |n: usize| request("OPTIONS", &format!("z9hG4bK{n}"), "").replace("call-1", &format!("call-{n}"));
    for n in 0..14 {
        rig.accept(&new(n));
    }
    for _ in 0..3 {
        assert_eq!(rig.receive(&new(14)), Received::Absorbed);
        assert!(rig.last().starts_with("SIP/2.0 503 "), "{}", rig.last());
        assert_eq!(lines(rig.last(), "Retry-After"), ["Retry-After: 10"]);
    }
    let bye = |n| request("BYE", &format!("z9hG4bKbye{n}"), "").replace("9>\r\nCall", "9>;tag=ours\r\nCall");
    rig.accept(&bye(1));
    rig.accept(&bye(2));
    assert_eq!(rig.receive(&bye(3)), Received::Absorbed);
    assert!(rig.last().starts_with("SIP/2.0 503 "));
    assert_eq!((rig.live(), rig.table.figures().refused), (16, 4));
    assert_eq!(rig.receive(&new(0)), Received::Absorbed, "a known one is still known");
    // A CANCEL that finds no room is answered all the same.
    assert_eq!(rig.receive(&request("CANCEL", "z9hG4bK3", "")), Received::Cancel { invite: None });
    assert!(rig.last().starts_with("SIP/2.0 481 "));
}

#[test]
fn a_cancel_finds_its_invite_also_when_there_is_no_room() {
    let mut rig = Rig::with_limit(1);
    let tx = rig.accept(&request("INVITE", "z9hG4bKa", ""));
    for _ in 0..2 {
        let told = rig.receive(&request("CANCEL", "z9hG4bKa", ""));
        assert_eq!(told, Received::Cancel { invite: Some((tx, None)) });
        assert!(rig.last().starts_with("SIP/2.0 200 "));
    }
    assert_eq!(rig.live(), 1);
}

#[test]
fn our_own_requests_beyond_the_limit_come_back_at_once() {
    let mut rig = Rig::with_limit(3);
    for user in 0..3 {
        rig.send(Method::Bye, user);
    }
    let (tx, _) = rig.send(Method::Invite, 3);
    assert_eq!((rig.times("INVITE").len(), rig.live()), (0, 3));
    assert!(!rig.table.is_waiting(tx));
    rig.cancel(tx, "");
    rig.run_until(1);
    assert_eq!(rig.timed_out, [(0, 3)]);
    assert_eq!(rig.table.figures().refused, 1);
    // Branches are unique even then: an ACK may go out under one.
    let branches: std::collections::BTreeSet<_> = (0..50).map(|_| rig.table.branch().to_string()).collect();
    assert_eq!(branches.len(), 50);
}

#[test]
fn branches_that_are_never_used_take_no_room() {
    let mut rig = Rig::with_limit(20);
    for _ in 0..10_000 {
        rig.table.branch();
    }
    assert_eq!(rig.live(), 0);
    for user in 0..20 {
        rig.send(Method::Bye, user);
    }
    assert_eq!((rig.live(), rig.times("BYE").len()), (20, 20));
}

#[test]
fn branches_may_be_used_in_another_order_than_they_were_made() {
    let mut rig = Rig::new();
    let branches: Vec<_> = (0..16).map(|_| rig.table.branch()).collect();
    for (user, branch) in branches.into_iter().enumerate().rev() {
        let text = own_request(Method::Bye, branch);
        let outgoing = Outgoing { branch, method: Method::Bye, flow: peer(), user: user as u32 };
        let tx = rig.act(|table, now, out| table.request(outgoing, text.as_bytes(), now, out));
        assert_eq!(rig.receive(&answer(&text, 200, "x")), Received::Response(tx, user as u32));
    }
}

#[test]
fn a_branch_serves_one_request_only_and_ack_none() {
    let mut rig = Rig::new();
    let branch = rig.table.branch();
    let text = own_request(Method::Bye, branch);
    for user in [1, 2] {
        let outgoing = Outgoing { branch, method: Method::Bye, flow: peer(), user };
        rig.act(|table, now, out| table.request(outgoing, text.as_bytes(), now, out));
    }
    rig.send(Method::Ack, 3);
    rig.run_until(0);
    assert_eq!((rig.times("BYE").len(), rig.times("ACK").len()), (1, 0));
    assert_eq!(rig.timed_out, [(0, 2), (0, 3)]);
}

#[test]
fn a_flood_of_acks_and_responses_costs_no_memory() {
    let mut rig = Rig::new();
    for n in 0..1_000 {
        assert_eq!(rig.receive(&request("ACK", &format!("z9hG4bK{n}"), "")), Received::Ack);
        let stray = format!("z9hG4bK{n:x}.1.1");
        let text = request("BYE", &stray, "");
        assert_eq!(rig.receive(&answer(&text, 200, "x")), Received::Stray);
    }
    assert_eq!((rig.live(), rig.sent.len(), rig.table.next_deadline()), (0, 0, None));
}

#[test]
fn an_ack_before_any_final_response_is_absorbed() {
    let mut rig = Rig::new();
    let invite = request("INVITE", "z9hG4bKa", "");
    let tx = rig.accept(&invite);
    assert_eq!(rig.receive(&request("ACK", "z9hG4bKa", "")), Received::Absorbed);
    rig.respond(tx, &invite, 486);
    rig.run_until(600);
    assert_eq!(rig.times("SIP/2.0 486 "), [0, 500], "it did not count as the ACK of what came later");
}

#[test]
fn lengthy_requests_cannot_fill_the_memory_with_their_replies() {
    let mut rig = Rig::with_limit(100);
    let vias = format!("Via: SIP/2.0/UDP {}\r\n", "x".repeat(10_000));
    for n in 0..80 {
        let text = request("OPTIONS", &format!("z9hG4bK{n}"), &vias).replace("call-1", &format!("call-{n}"));
        let tx = rig.accept(&text);
        rig.respond(tx, &text, 200);
        assert!(rig.table.kept_bytes() <= 100 * 1024, "{}", rig.table.kept_bytes());
        let before = rig.sent.len();
        assert_eq!(rig.receive(&text), Received::Absorbed);
        assert_eq!(rig.sent.len(), before + usize::from(n < 10), "{n}");
    }
    let short = request("OPTIONS", "z9hG4bKshort", "").replace("call-1", "short");
    let tx = rig.accept(&short);
    rig.respond(tx, &short, 200);
    rig.receive(&short);
    assert!(lines(rig.last(), "Call-ID")[0].contains("short"), "a decent one is repeated all the same");
    rig.run_until(40_000);
    assert_eq!(rig.table.kept_bytes(), 0);
}

#[test]
fn a_lengthy_to_in_a_response_is_not_repeated_in_the_ack() {
    let mut rig = Rig::new();
    let (_, sent) = rig.send(Method::Invite, 1);
    rig.receive(&answer(&sent, 486, &"x".repeat(5_000)));
    assert_eq!((rig.times("ACK").len(), lines(rig.last(), "To")), (1, vec!["To: <sip:8001@10.0.0.1>"]));
}

/// One step of a random life: what the peer and the user do.
#[derive(Clone, Debug)]
enum Step {
    Request { method: usize, branch: u8 },
    Respond { which: usize, status: u16 },
    Send { invite: bool },
    Answer { which: usize, status: u16 },
    Cancel { which: usize },
    Pass { millis: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..6usize, 0..6u8).prop_map(|(method, branch)| Step::Request { method, branch }),
        (any::<usize>(), 90..710u16).prop_map(|(which, status)| Step::Respond { which, status }),
        any::<bool>().prop_map(|invite| Step::Send { invite }),
        (any::<usize>(), 100..700u16).prop_map(|(which, status)| Step::Answer { which, status }),
        any::<usize>().prop_map(|which| Step::Cancel { which }),
        (0..20_000u64).prop_map(|millis| Step::Pass { millis }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// Whatever happens in whatever order: nothing breaks, limits hold, and when the user has answered everything and time has
    /// passed nothing is left.
    #[test]
    fn every_life_ends(steps in proptest::collection::vec(step(), 1..60)) {
        let mut rig = Rig::with_limit(8);
        let (mut servers, mut clients) = (Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Request { method, branch } => {
                    let method = ["INVITE", "ACK", "CANCEL", "BYE", "FLY", "OPTIONS"][method];
                    let text = request(method, &format!("z9hG4bK{branch}"), "");
                    if let Received::Request(tx) | Received::Merged(tx) = rig.receive(&text) {
                        servers.push((tx, text));
                    }
                }
                Step::Respond { which, status } if !servers.is_empty() => {
                    let (tx, text) = servers[which % servers.len()].clone();
                    rig.respond(tx, &text, status);
                }
                Step::Send { invite } => {
                    clients.push(rig.send(if invite { Method::Invite } else { Method::Info }, 0));
                }
                Step::Answer { which, status } if !clients.is_empty() => {
                    let text = clients[which % clients.len()].1.clone();
                    rig.receive(&answer(&text, status, "x"));
                }
                Step::Cancel { which } if !clients.is_empty() => {
                    let tx = clients[which % clients.len()].0;
                    rig.cancel(tx, "");
                }
                Step::Pass { millis } => rig.run_until(rig.millis() + millis),
                _ => {}
            }
            prop_assert!(rig.live() <= 16);
            rig.table.kept_bytes();
        }
        for (tx, text) in servers {
            rig.respond(tx, &text, 500);
        }
        for (tx, text) in clients {
            rig.receive(&answer(&text, 500, "x"));
            prop_assert!(!rig.table.is_waiting(tx));
        }
        rig.run_until(rig.millis() + 70_000);
        prop_assert_eq!((rig.live(), rig.table.kept_bytes()), (0, 0));
        prop_assert_eq!(rig.table.next_deadline(), None);
    }
}
