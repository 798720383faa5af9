//! What a transaction costs: at 1,500 calls/s 300,000 finished ones wait out their 32 s.

use super::super::{clients::Client, servers::Server};
use super::*;

#[test]
fn a_finished_transaction_is_small() {
    let (server, client) = (size_of::<Server<u64>>(), size_of::<Client<u64>>());
    println!("server transaction {server} bytes, client transaction {client} bytes, each without the text it repeats");
    assert!(server <= 192, "{server}");
    assert!(client <= 192, "{client}");
}

#[test]
fn texts_are_kept_only_while_they_may_be_repeated() {
    let mut rig = Rig::new();
    let kept = |rig: &Rig| rig.table.kept_bytes();
    let invite = request("INVITE", "z9hG4bKa", "");
    let tx = rig.accept(&invite);
    rig.respond(tx, &invite, 200);
    assert_eq!(kept(&rig), 0, "an accepted INVITE keeps nothing");
    let refused = request("INVITE", "z9hG4bKb", "").replace("call-1", "call-2");
    let tx = rig.accept(&refused);
    rig.respond(tx, &refused, 486);
    assert!((1..1_024).contains(&kept(&rig)), "{}", kept(&rig));
    rig.receive(&request("ACK", "z9hG4bKb", ""));
    assert_eq!(kept(&rig), 0, "nor an acknowledged failure");
    for (method, status) in [(Method::Invite, 200), (Method::Bye, 200), (Method::Bye, 481)] {
        let (_, sent) = rig.send(method, 1);
        assert_eq!(kept(&rig), sent.len());
        rig.receive(&answer(&sent, status, "x"));
        assert_eq!(kept(&rig), 0, "{method} {status}");
    }
    let (_, sent) = rig.send(Method::Invite, 1);
    rig.receive(&answer(&sent, 486, "x"));
    assert!((1..1_024).contains(&kept(&rig)), "the ACK alone");
}
