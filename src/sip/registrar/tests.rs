//! REGISTERs as phones send them, in virtual time, and a property against a plain list.

use super::*;
use crate::ids::ListenerId;
use crate::sip::scan::Scanned;
use proptest::prelude::*;

const AGENT: AgentId = AgentId(3);

fn at(seconds: u64) -> Instant {
    Instant::START + Duration::from_secs(seconds)
}

fn flow(port: u16) -> Flow {
    Flow { listener: ListenerId(0), peer: ([127, 0, 0, 1], port).into() }
}

/// A phone that registers.
#[derive(Clone, Copy)]
struct Phone {
    call_id: &'static str,
    cseq: u32,
    port: u16,
}

const PHONE: Phone = Phone { call_id: "one", cseq: 1, port: 17001 };

impl Phone {
    fn request(self, fields: &str) -> Scanned {
        let text = format!(
            "REGISTER sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:17001;branch=z9hG4bK1;rport\r\nMax-Forwards: 70\r\n\
             From: <sip:8001@127.0.0.1>;tag=a\r\nTo: <sip:8001@127.0.0.1>\r\nCall-ID: {}\r\nCSeq: {} REGISTER\r\n{}\
             Content-Length: 0\r\n\r\n",
            self.call_id,
            self.cseq,
            fields.replace('\n', "\r\n"),
        );
        Scanned::new(text.as_bytes()).expect("the test writes SIP")
    }

    fn sends(self, registrar: &mut Registrar, fields: &str, now: Instant) -> Outcome {
        registrar.register(AGENT, &self.request(fields).message(), flow(self.port), now)
    }

    fn again(self) -> Self {
        Self { cseq: self.cseq + 1, ..self }
    }
}

const CHANGED: Outcome = Outcome::Accepted { changed: true };
const SAME: Outcome = Outcome::Accepted { changed: false };

fn refused(status: u16) -> Outcome {
    Outcome::Refused { status, min_expires: (status == 423).then_some(30) }
}

fn registrar() -> Registrar {
    Registrar::new(Settings::default())
}

fn uris(registrar: &Registrar) -> Vec<String> {
    registrar.bindings(AGENT).iter().map(|binding| String::from_utf8(binding.uri.to_vec()).unwrap()).collect()
}

#[test]
fn a_phone_registers_refreshes_fetches_and_leaves() {
    let mut registrar = registrar();
    let contact = "Contact: \"Desk\" <sip:8001@127.0.0.1:17001;ob>;expires=60\n";
    assert_eq!(PHONE.sends(&mut registrar, contact, at(0)), CHANGED);
    assert_eq!(registrar.contact_fields(AGENT, at(10)), ["<sip:8001@127.0.0.1:17001;ob>;expires=50"]);
    assert_eq!(PHONE.again().sends(&mut registrar, contact, at(30)), SAME, "a refresh changes no contact");
    assert_eq!(PHONE.sends(&mut registrar, "", at(31)), SAME, "a fetch has no order");
    assert_eq!((registrar.agent_at(flow(17001)), registrar.len()), (Some(AGENT), 1));
    assert_eq!(registrar.next_deadline(), Some(at(90)));
    let gone = "Contact: <sip:8001@127.0.0.1:17001;ob>\nExpires: 0\n";
    assert_eq!(PHONE.again().again().sends(&mut registrar, gone, at(40)), CHANGED);
    assert_eq!((registrar.agent_at(flow(17001)), registrar.len()), (None, 0));
    assert_eq!((registrar.next_deadline(), registrar.contact_fields(AGENT, at(40)).len()), (None, 0));
}

#[test]
fn how_long_is_the_contacts_own_word_else_the_fields_else_ours() {
    for (fields, seconds) in [
        ("Contact: <sip:8001@h>;expires=100\nExpires: 200\n", 100),
        ("Contact: <sip:8001@h>\nExpires: 200\n", 200),
        ("Contact: <sip:8001@h>\n", 3600),
        ("Contact: <sip:8001@h>;expires=soon\nExpires: 200\n", 3600),
        ("Contact: <sip:8001@h>;expires=99999999999999999999\n", 3600),
        ("Contact: <sip:8001@h>;expires=30\n", 30),
        ("Contact: <sip:8001@h;expires=40>;expires=50\n", 50),
        ("m: sip:8001@h;expires=50\n", 50),
    ] {
        let mut registrar = registrar();
        assert_eq!(PHONE.sends(&mut registrar, fields, at(0)), CHANGED, "{fields}");
        assert_eq!(registrar.bindings(AGENT)[0].expires, at(seconds), "{fields}");
    }
    let short = "Contact: <sip:8001@h>;expires=100\nContact: <sip:8001@i>;expires=29\n";
    let mut registrar = registrar();
    assert_eq!(PHONE.sends(&mut registrar, short, at(0)), refused(423));
    assert!(registrar.is_empty(), "all or nothing");
}

#[test]
fn the_star_stands_alone_and_removes_everything() {
    let mut registrar = registrar();
    let two = "Contact: <sip:8001@h>, <sip:8001@i:5070>\n";
    assert_eq!(PHONE.sends(&mut registrar, two, at(0)), CHANGED);
    for bad in [
        "Contact: *\n",
        "Contact: *\nExpires: 60\n",
        "Contact: *, <sip:8001@h>\nExpires: 0\n",
        "Contact: *\nContact: *\nExpires: 0\n",
    ] {
        assert_eq!(PHONE.again().sends(&mut registrar, bad, at(1)), refused(400), "{bad}");
    }
    assert_eq!(PHONE.sends(&mut registrar, "Contact: *\nExpires: 0\n", at(1)), refused(500), "its CSeq is not higher");
    assert_eq!(registrar.len(), 2);
    assert_eq!(PHONE.again().sends(&mut registrar, "Contact: *\nExpires: 0\n", at(1)), CHANGED);
    assert!(registrar.is_empty() && registrar.agent_at(flow(17001)).is_none());
    assert_eq!(PHONE.again().sends(&mut registrar, "Contact: *\nExpires: 0\n", at(2)), SAME);
}

#[test]
fn an_old_cseq_changes_nothing_and_another_call_id_has_no_order() {
    let mut registrar = registrar();
    let phone = Phone { cseq: 5, ..PHONE };
    assert_eq!(phone.sends(&mut registrar, "Contact: <sip:8001@h>\n", at(0)), CHANGED);
    let before = registrar.clone();
    let mixed = "Contact: <sip:8001@new>, <sip:8001@h>;expires=0\n";
    assert_eq!(phone.sends(&mut registrar, mixed, at(1)), refused(500));
    assert_eq!(Phone { cseq: 4, ..phone }.sends(&mut registrar, mixed, at(1)), refused(500));
    assert_eq!(registrar.bindings(AGENT), before.bindings(AGENT), "all or nothing");
    let rebooted = Phone { call_id: "two", cseq: 1, port: 17002 };
    assert_eq!(rebooted.sends(&mut registrar, "Contact: <sip:8001@h>\n", at(2)), CHANGED, "the flow is new");
    assert_eq!((registrar.agent_at(flow(17001)), registrar.agent_at(flow(17002))), (None, Some(AGENT)));
    assert_eq!(registrar.len(), 1);
}

#[test]
fn a_refresh_from_another_address_moves_the_binding() {
    let mut registrar = registrar();
    assert_eq!(PHONE.sends(&mut registrar, "Contact: <sip:8001@192.168.1.5>\n", at(0)), CHANGED);
    let moved = Phone { port: 40000, ..PHONE.again() };
    assert_eq!(moved.sends(&mut registrar, "Contact: <sip:8001@192.168.1.5>\n", at(1)), CHANGED);
    assert_eq!((registrar.len(), registrar.bindings(AGENT)[0].flow), (1, flow(40000)));
    assert_eq!((registrar.agent_at(flow(17001)), registrar.agent_at(flow(40000))), (None, Some(AGENT)));
}

#[test]
fn a_phone_that_restarts_with_a_new_contact_user_is_one_phone() {
    let mut registrar = registrar();
    assert_eq!(PHONE.sends(&mut registrar, "Contact: <sip:8001-0x1@127.0.0.1:17001>\n", at(0)), CHANGED);
    let restarted = Phone { call_id: "two", ..PHONE };
    assert_eq!(restarted.sends(&mut registrar, "Contact: <sip:8001-0x2@127.0.0.1:17001>\n", at(9)), CHANGED);
    assert_eq!(uris(&registrar), ["sip:8001-0x2@127.0.0.1:17001"]);
    let second_account = "Contact: <sip:8001-0x3@127.0.0.1:17001>\n";
    assert_eq!(restarted.again().sends(&mut registrar, second_account, at(10)), CHANGED);
    assert_eq!(registrar.len(), 2, "one life of a phone may have two contacts");
    let behind_the_same_proxy = Phone { call_id: "three", ..PHONE };
    assert_eq!(behind_the_same_proxy.sends(&mut registrar, "Contact: <sip:8001@10.0.0.7:17001>\n", at(11)), CHANGED);
    assert_eq!(registrar.len(), 3);
}

#[test]
fn a_device_that_names_itself_replaces_its_old_contact_wherever_it_was() {
    let mut registrar = registrar();
    let device =
        |user: &str, instance: &str| format!("Contact: <sip:{user}@h>;+sip.instance=\"<urn:uuid:{instance}>\"\n");
    let started = |call_id, port| Phone { call_id, cseq: 1, port };
    assert_eq!(started("a", 1).sends(&mut registrar, &device("8001-1", "x"), at(0)), CHANGED);
    assert_eq!(started("b", 2).sends(&mut registrar, &device("8001-2", "y"), at(1)), CHANGED);
    assert_eq!(started("c", 3).sends(&mut registrar, &device("8001-3", "x"), at(2)), CHANGED);
    assert_eq!(uris(&registrar), ["sip:8001-3@h", "sip:8001-2@h"]);
    let second_flow = device("8001-4", "x").replace(">\"", ">\";reg-id=2");
    assert_eq!(started("d", 4).sends(&mut registrar, &second_flow, at(3)), CHANGED);
    assert_eq!(registrar.len(), 3, "another reg-id is another way to the same device");
}

#[test]
fn the_best_contact_comes_first_and_among_equals_the_newest() {
    let mut registrar = registrar();
    let contacts =
        "Contact: <sip:a@h>;q=0.5, <sip:b@h>;q=1.0, <sip:c@h>;q=0.55\nContact: <sip:d@h>, <sip:e@h>;q=high\n";
    assert_eq!(PHONE.sends(&mut registrar, contacts, at(0)), CHANGED);
    assert_eq!(uris(&registrar), ["sip:e@h", "sip:d@h", "sip:b@h", "sip:c@h", "sip:a@h"]);
    let fields = registrar.contact_fields(AGENT, at(0));
    assert_eq!(fields[3..], ["<sip:c@h>;expires=3600;q=0.550", "<sip:a@h>;expires=3600;q=0.500"]);
    assert_eq!(PHONE.again().sends(&mut registrar, "Contact: <sip:b@h>\n", at(1)), SAME, "a refresh keeps its place");
}

#[test]
fn more_contacts_than_allowed_are_refused_whole() {
    let mut registrar = registrar();
    let list = |count: usize| {
        let contacts: Vec<_> = (0..count).map(|number| format!("<sip:8001@h{number}>")).collect();
        format!("Contact: {}\n", contacts.join(", "))
    };
    assert_eq!(PHONE.sends(&mut registrar, &list(6), at(0)), refused(403));
    assert_eq!(PHONE.sends(&mut registrar, &list(33), at(0)), refused(403));
    assert!(registrar.is_empty());
    assert_eq!(PHONE.sends(&mut registrar, &list(5), at(0)), CHANGED);
    let swap = "Contact: <sip:8001@h0>;expires=0, <sip:8001@new>\n";
    assert_eq!(PHONE.again().sends(&mut registrar, swap, at(1)), CHANGED, "one goes, one comes");
    assert_eq!(registrar.len(), 5);
}

#[test]
fn hostile_contacts_are_refused() {
    let long = format!("<sip:{}@h>", "x".repeat(600));
    for contact in [
        "<sip:8001@h",
        "<>",
        "junk",
        "<tel:8001>",
        "<sips:8001@h>",
        "<http://h/>",
        "<sip:8001@h?Route=%3csip:evil%3e>",
        "<sip:80\u{7}01@h>",
        "<sip:80\"01@h>",
        "<sip:8001@h ;x>",
        "<sip:8\u{e9}01@h>",
        &long,
    ] {
        let mut registrar = registrar();
        let fields = format!("Contact: {contact}\n");
        assert_eq!(PHONE.sends(&mut registrar, &fields, at(0)), refused(400), "{contact}");
        assert!(registrar.is_empty());
    }
}

#[test]
fn bindings_expire_by_themselves_one_agent_at_a_time() {
    let mut registrar = registrar();
    let two = "Contact: <sip:a@h>;expires=60, <sip:b@h>;expires=90\n";
    assert_eq!(PHONE.sends(&mut registrar, two, at(0)), CHANGED);
    let other = PHONE.request("Contact: <sip:8002@h>;expires=60\n");
    registrar.register(AgentId(4), &other.message(), flow(17001), at(0));
    assert_eq!(registrar.agent_at(flow(17001)), None, "two agents behind one address");
    assert_eq!(registrar.agents_at(flow(17001)).collect::<Vec<_>>(), [AGENT, AgentId(4)]);
    assert_eq!(
        registrar.iter().map(|(agent, bindings)| (agent, bindings.len())).collect::<Vec<_>>(),
        [(AGENT, 2), (AgentId(4), 1)]
    );
    assert_eq!(registrar.expire(at(59)), None);
    assert_eq!(
        registrar.contact_fields(AGENT, at(60)).len(),
        1,
        "what has expired is not shown even before it is removed"
    );
    assert_eq!(
        (registrar.expire(at(60)), registrar.expire(at(60)), registrar.expire(at(60))),
        (Some(AGENT), Some(AgentId(4)), None)
    );
    assert_eq!(uris(&registrar), ["sip:b@h"]);
    assert_eq!(registrar.agent_at(flow(17001)), Some(AGENT));
    assert_eq!((registrar.expire(at(90)), registrar.len(), registrar.next_deadline()), (Some(AGENT), 0, None));
}

#[test]
fn what_has_expired_takes_no_place_and_has_no_order() {
    let mut registrar = registrar();
    assert_eq!(PHONE.sends(&mut registrar, "Contact: <sip:a@h>;expires=60\n", at(0)), CHANGED);
    assert_eq!(
        PHONE.sends(&mut registrar, "Contact: <sip:a@h>;expires=60\n", at(60)),
        SAME,
        "same CSeq, but after its end"
    );
    assert_eq!(registrar.expire(at(61)), None, "the old timer is gone");
}

#[test]
fn another_registrar_takes_over() {
    let mut registrar = registrar();
    PHONE.sends(&mut registrar, "Contact: <sip:a@h>;expires=60\n", at(0));
    let mut heir = Registrar::new(Settings::default());
    registrar.iter().for_each(|(agent, bindings)| heir.restore(agent, bindings));
    assert_eq!(heir.bindings(AGENT), registrar.bindings(AGENT));
    assert_eq!((heir.agent_at(flow(17001)), heir.next_deadline(), heir.len()), (Some(AGENT), Some(at(60)), 1));
    heir.forget(AGENT);
    assert_eq!((heir.agent_at(flow(17001)), heir.next_deadline(), heir.len()), (None, None, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Registrations, removals and time in any order: bindings, flows, timer and count stay in step with each other.
    #[test]
    fn tables_stay_in_step(steps in proptest::collection::vec((0u32..3, 0u8..4, 0u16..3, 0u64..80, 0u64..40), 1..60)) {
        let mut registrar = registrar();
        let mut now = at(0);
        for (cseq, (agent, contact, port, expires, passes)) in (1..).zip(steps) {
            now = now + Duration::from_secs(passes);
            while registrar.expire(now).is_some() {}
            let request = Phone { cseq, ..PHONE }.request(&format!("Contact: <sip:{contact}@h>;expires={expires}\n"));
            let outcome = registrar.register(AgentId(agent), &request.message(), flow(port), now);
            prop_assert_eq!(outcome == refused(423), (1..30).contains(&expires));
            let all: Vec<_> = registrar.iter().flat_map(|(agent, list)| list.iter().map(move |one| (agent, one))).collect();
            prop_assert_eq!(all.len(), registrar.len());
            prop_assert_eq!(registrar.next_deadline(), all.iter().map(|(_, one)| one.expires).min());
            prop_assert!(all.iter().all(|(_, one)| one.expires > now));
            for port in 0..3 {
                let mut here: Vec<_> = all.iter().filter(|(_, one)| one.flow == flow(port)).map(|(agent, _)| *agent).collect();
                here.dedup();
                prop_assert_eq!(registrar.agents_at(flow(port)).collect::<Vec<_>>(), here);
            }
        }
    }

    /// Any text as a contact: refused, or let in as clean text that reads back as itself.
    #[test]
    fn no_contact_disturbs_the_registrar(text in "[ -~\u{7f}é<>\"@:;,?=*%\\[\\]]{0,60}", wrap in any::<bool>()) {
        let mut registrar = registrar();
        let contact = if wrap { format!("<sip:{text}>;expires={text};q={text}") } else { text };
        let request = PHONE.request(&format!("Contact: {contact}\n"));
        registrar.register(AGENT, &request.message(), flow(1), at(0));
        for field in registrar.contact_fields(AGENT, at(0)) {
            prop_assert!(field.bytes().all(|byte| byte.is_ascii_graphic()), "{}", field);
            let again = PHONE.again().request(&format!("Contact: {field}\n"));
            let mut heir = Registrar::new(Settings::default());
            prop_assert_eq!(heir.register(AGENT, &again.message(), flow(1), at(0)), CHANGED);
        }
    }
}
