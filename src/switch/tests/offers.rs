//! Offers that go wrong in ways that only a far Router, or two phones, can bring about. The Router's words are said by hand.

use super::*;
use crate::acd::request::Contact;
use crate::acd::{OfferFailure, Revoke};
use crate::ids::{CallId, OfferId, QueueId};

const SECOND: SocketAddr = SocketAddr::new(TRUNK.ip(), 5071);
const OFFER: OfferId = OfferId(7);

/// An office whose Router is far away.
fn far() -> Desk {
    let mut desk = Desk::new(fixed(Office::new(1)));
    desk.far = true;
    desk
}

/// Rings two phones of agent 0 for call 1.
fn offer(desk: &Desk) -> Reply {
    let of = |peer| Contact { uri: (*b"sip:8001@phone").into(), flow: Flow { listener: ListenerId(0), peer } };
    let contacts = Arc::new([of(phone(0)), of(SECOND)]);
    Reply::Offer { offer: OFFER, call: CallId(1), queue: QueueId(0), agent: AgentId(0), contacts, matched: desk.now }
}

#[test]
fn a_router_that_offers_a_call_which_does_not_wait_is_told_to_forget_it() {
    for hung_up in [true, false] {
        let mut desk = far();
        let tag = desk.call("1390", "1000");
        if hung_up {
            desk.request(("BYE", "1000"), ("1390", &tag), 2, TRUNK, ("", ""));
        }
        let offer = offer(&desk);
        let said = desk.alone(Event::Router(offer));
        assert!(matches!(said[..], [Request::Withdraw { call: CallId(1), .. }]), "{said:?}");
    }
}

#[test]
fn an_answer_that_is_gone_before_the_bridge_takes_the_other_phones_with_it() {
    for connect_first in [false, true] {
        let mut desk = far();
        desk.call("1390", "2000");
        let offer = offer(&desk);
        desk.alone(Event::Router(offer));
        for peer in [phone(0), SECOND] {
            desk.respond(peer, 180);
        }
        desk.respond(phone(0), 200);
        assert_eq!(desk.asked, [Request::Answered { offer: OFFER }]);
        // Nothing limits how long the other one would ring now: to the Router the call is answered.
        desk.phone_asks(phone(0), "BYE", 1, "");
        assert!(
            matches!(
                desk.asked[..],
                [Request::Failed { offer: OFFER, why: OfferFailure::PhoneError }, Request::Enqueue(_)]
            ),
            "{:?}",
            desk.asked
        );
        assert_eq!(desk.lines_to(SECOND).last(), Some(&"CANCEL"));
        if connect_first {
            desk.alone(Event::Router(Reply::Connect { offer: OFFER }));
        }
        desk.respond_late(SECOND, 487);
        assert_eq!(desk.asked, []);
    }
}

#[test]
fn a_second_phone_that_has_answered_too_takes_the_place_of_the_first() {
    let mut desk = far();
    desk.call("1390", "2000");
    let offer = offer(&desk);
    desk.alone(Event::Router(offer));
    for peer in [phone(0), SECOND] {
        desk.respond(peer, 200);
    }
    desk.phone_asks(phone(0), "BYE", 1, "");
    assert_eq!(desk.asked, []);
    desk.alone(Event::Router(Reply::Connect { offer: OFFER }));
    assert!(desk.media.iter().any(|command| matches!(command, Command::Bridge { .. })));
}

#[test]
fn a_caller_whose_talk_is_revoked_hears_music_again() {
    let mut desk = far();
    desk.call("1390", "2000");
    let offer = offer(&desk);
    desk.alone(Event::Router(offer));
    desk.respond(phone(0), 200);
    desk.alone(Event::Router(Reply::Connect { offer: OFFER }));
    desk.media.clear();
    desk.alone(Event::Router(Reply::Revoke { offer: OFFER, why: Revoke::Unknown }));
    assert!(desk.media.iter().any(|command| matches!(command, Command::Music { music: Some(_), .. })));
}

#[test]
fn an_agent_who_answers_on_hold_is_holding_from_the_bridge_on() {
    let mut desk = far();
    desk.call("1390", "2000");
    let offer = offer(&desk);
    desk.alone(Event::Router(offer));
    desk.respond(phone(0), 200);
    desk.phone_asks(phone(0), "INVITE", 1, &(SDP.replace("1 1 IN", "1 2 IN") + "a=inactive\r\n"));
    let said = desk.alone(Event::Router(Reply::Connect { offer: OFFER }));
    assert_eq!(said, [Request::Held { offer: OFFER, held: true }]);
}

#[test]
fn a_time_out_that_crosses_a_return_to_the_queue_leaves_no_ghost_in_it() {
    let mut desk = far();
    desk.call("1390", "2000");
    let offer = offer(&desk);
    desk.alone(Event::Router(offer));
    desk.respond(phone(0), 200);
    desk.phone_asks(phone(0), "BYE", 1, "");
    assert!(matches!(desk.asked.last(), Some(Request::Enqueue(_))));
    // Said before the Router had heard of the answer.
    desk.alone(Event::Router(Reply::Revoke { offer: OFFER, why: Revoke::TimedOut }));
    let said = desk.alone(Event::Router(Reply::TimedOut { call: CallId(1), queue: QueueId(0) }));
    assert!(matches!(said[..], [Request::Withdraw { call: CallId(1), .. }]), "{said:?}");
}
