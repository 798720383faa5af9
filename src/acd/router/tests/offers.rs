//! Offers: how they end, and that they end once (INTEROP 17, 18, 21).

use crate::acd::agent::{AgentState, NotReady};
use crate::acd::request::{Leave, Numbered, OfferFailure, Reply, Request, Revoke};
use crate::acd::router::Event;
use crate::acd::router::fixture::{Desk, contacts, seconds, settings};
use crate::ids::{AgentId, OfferId};

fn fail(desk: &mut Desk, offer: OfferId, why: OfferFailure) {
    desk.ask(Request::Failed { offer, why });
}

/// One agent, one call waiting, and what a phone that refuses is offered within `for_seconds`.
fn invites_to_a_refusing_phone(why: OfferFailure, for_seconds: f64) -> usize {
    let mut desk = Desk::open(settings(1));
    desk.call(1);
    let (mut invites, end) = (0, desk.now + seconds(for_seconds));
    while desk.now < end {
        for (offer, _, _) in desk.offers() {
            invites += 1;
            fail(&mut desk, offer, why);
        }
        desk.pass(0.1);
    }
    invites
}

#[test]
fn the_ring_limit_counts_from_the_first_ringing() {
    let mut desk = Desk::open(settings(1));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.pass(1.9);
    desk.ask(Request::Ringing { offer });
    desk.pass(10.0);
    desk.ask(Request::Ringing { offer });
    desk.pass(4.9);
    assert_eq!((desk.words(), desk.state(0)), (vec![], AgentState::Offered));
    desk.pass(0.2);
    assert_eq!(desk.words(), [Reply::Revoke { offer, why: Revoke::RingLimit }]);
    assert_eq!(desk.state(0), AgentState::NotReady(NotReady::NoAnswer));
}

#[test]
fn a_phone_that_sends_nothing_above_100_is_unreachable_after_two_seconds() {
    let mut desk = Desk::open(settings(2));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.pass(2.0);
    let said = desk.words();
    assert_eq!(said[0], Reply::Revoke { offer, why: Revoke::Unreachable });
    assert!(matches!(said[1], Reply::Offer { agent: AgentId(1), .. }));
    assert_eq!((said.len(), desk.state(0)), (2, AgentState::Ready));
}

#[test]
fn a_rejecting_agent_sends_the_caller_back_to_the_old_place() {
    let mut desk = Desk::open(settings(1));
    for call in 1..=3 {
        desk.call(call);
        desk.pass(0.1);
    }
    let (offer, call, _) = desk.offer();
    assert_eq!(call, 1);
    fail(&mut desk, offer, OfferFailure::Declined);
    // The same agent is free for others: the second call, not the first again.
    let (offer, call, _) = desk.offer();
    assert_eq!(call, 2);
    desk.register(0);
    desk.answer(offer);
    desk.pass(40.0);
    desk.end(offer);
    desk.pass(5.0);
    // The refusal has been waited out: the first is still before the third.
    assert_eq!(desk.offer().1, 1);
}

#[test]
fn a_refused_call_goes_to_another_agent_at_once() {
    let mut desk = Desk::open(settings(2));
    desk.call(1);
    let (offer, _, agent) = desk.offer();
    assert_eq!(agent, 0);
    fail(&mut desk, offer, OfferFailure::Busy);
    assert_eq!(desk.offer().2, 1);
}

#[test]
fn a_refusing_agent_is_idle_anew_and_comes_after_the_others() {
    let mut desk = Desk::open(settings(2));
    desk.call(1);
    desk.call(2);
    let offers = desk.offers();
    fail(&mut desk, offers[0].0, OfferFailure::Declined);
    desk.pass(1.0);
    desk.leave(2, Leave::HungUp);
    // Agent 1 got call 1 back when call 2 left; now a new call: agent 0.
    let (offer, call, agent) = desk.offer();
    assert_eq!((call, agent), (1, 1));
    desk.leave(1, Leave::HungUp);
    desk.call(3);
    // Agent 1 was rung without fault: still idle since the beginning, before agent 0 who declined.
    assert_eq!(desk.offer().2, 1);
    assert!(offer.0 > 0);
}

#[test]
fn a_phone_that_always_answers_486_sees_at_most_one_invite_per_call_in_30_s() {
    assert_eq!(invites_to_a_refusing_phone(OfferFailure::Busy, 29.9), 1);
    assert_eq!(invites_to_a_refusing_phone(OfferFailure::Busy, 30.2), 2);
}

#[test]
fn when_the_refusal_is_waited_out_the_offer_comes_by_itself() {
    let mut desk = Desk::open(settings(1));
    desk.call(1);
    let (offer, ..) = desk.offer();
    fail(&mut desk, offer, OfferFailure::Declined);
    desk.pass(29.9);
    assert_eq!(desk.offers(), []);
    desk.pass(0.2);
    assert_eq!(desk.offer().1, 1);
}

#[test]
fn leaving_for_the_menu_does_not_forget_who_refused() {
    let mut desk = Desk::open(settings(1));
    let waiting = desk.waiting(1, 0, 0);
    desk.ask(Request::Enqueue(waiting));
    let (offer, ..) = desk.offer();
    fail(&mut desk, offer, OfferFailure::Busy);
    desk.leave(1, Leave::Menu);
    desk.pass(5.0);
    desk.ask(Request::Enqueue(waiting));
    assert_eq!(desk.offers(), []);
    desk.pass(25.0);
    assert_eq!(desk.offer().1, 1);
}

#[test]
fn three_refusals_in_a_row_make_an_agent_not_ready() {
    let cases = [
        (OfferFailure::Busy, NotReady::Busy),
        (OfferFailure::Declined, NotReady::Declined),
        (OfferFailure::PhoneError, NotReady::PhoneError),
        (OfferFailure::Unreachable, NotReady::PhoneError),
    ];
    for (why, reason) in cases {
        let mut desk = Desk::open(settings(1));
        (1..=5).for_each(|call| desk.call(call));
        let (first, ..) = desk.offer();
        fail(&mut desk, first, why);
        let (second, ..) = desk.offer();
        fail(&mut desk, second, why);
        assert_eq!(desk.state(0), AgentState::Offered);
        let (third, ..) = desk.offer();
        fail(&mut desk, third, why);
        assert_eq!((desk.state(0), desk.offers()), (AgentState::NotReady(reason), vec![]));
    }
}

#[test]
fn an_answered_offer_ends_the_row_of_refusals() {
    let mut desk = Desk::open(settings(1));
    (1..=5).for_each(|call| desk.call(call));
    for _ in 0..2 {
        let (offer, ..) = desk.offer();
        fail(&mut desk, offer, OfferFailure::Declined);
    }
    let (offer, ..) = desk.offer();
    desk.answer(offer);
    desk.end(offer);
    desk.pass(5.0);
    for _ in 0..2 {
        let (offer, ..) = desk.offer();
        fail(&mut desk, offer, OfferFailure::Declined);
    }
    assert_ne!(desk.state(0), AgentState::NotReady(NotReady::Declined));
}

#[test]
fn a_486_right_after_the_last_call_is_tried_again_once_and_counts_as_nothing() {
    let mut settings = settings(1);
    settings.queues[0].wrap_up = seconds(0.0);
    let mut desk = Desk::open(settings);
    desk.call(1);
    desk.call(2);
    let (offer, ..) = desk.offer();
    desk.answer(offer);
    desk.pass(10.0);
    desk.end(offer);
    let (offer, call, _) = desk.offer();
    assert_eq!(call, 2);
    desk.pass(0.1);
    fail(&mut desk, offer, OfferFailure::Busy);
    desk.pass(0.49);
    assert_eq!(desk.offers(), []);
    desk.pass(0.02);
    let (offer, call, _) = desk.offer();
    assert_eq!(call, 2);
    // The second one is not forgiven, though still within the second.
    fail(&mut desk, offer, OfferFailure::Busy);
    desk.pass(29.0);
    assert_eq!(desk.offers(), []);
    desk.pass(1.5);
    assert_eq!(desk.offer().1, 2);
}

#[test]
fn a_486_long_after_the_last_call_is_not_forgiven() {
    let mut settings = settings(1);
    settings.queues[0].wrap_up = seconds(1.5);
    let mut desk = Desk::open(settings);
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.answer(offer);
    desk.end(offer);
    desk.call(2);
    desk.pass(1.5);
    let (offer, ..) = desk.offer();
    fail(&mut desk, offer, OfferFailure::Busy);
    desk.pass(20.0);
    assert_eq!(desk.offers(), []);
}

#[test]
fn the_offer_gap_holds_the_next_invite_back() {
    let mut settings = settings(1);
    settings.queues[0].wrap_up = seconds(0.0);
    settings.offer_gap = seconds(0.3);
    let mut desk = Desk::open(settings);
    desk.call(1);
    desk.call(2);
    let (offer, ..) = desk.offer();
    desk.answer(offer);
    desk.end(offer);
    desk.pass(0.29);
    assert_eq!((desk.offers(), desk.state(0)), (vec![], AgentState::Ready));
    desk.pass(0.02);
    assert_eq!(desk.offer().1, 2);
}

#[test]
fn a_failure_of_ours_leaves_the_agent_untouched_and_is_tried_again_without_a_loop() {
    let mut desk = Desk::open(settings(1));
    desk.call(1);
    let mut tries = 0;
    for _ in 0..100 {
        for (offer, _, _) in desk.offers() {
            tries += 1;
            fail(&mut desk, offer, OfferFailure::Internal);
        }
        desk.pass(0.1);
    }
    assert_eq!(tries, 10);
    let (offer, ..) = desk.offer();
    fail(&mut desk, offer, OfferFailure::Internal);
    assert_eq!(desk.state(0), AgentState::Ready);
    // Meanwhile others are served.
    desk.call(2);
    assert_eq!(desk.offer().1, 2);
}

#[test]
fn the_caller_hangs_up_and_the_ringing_phone_is_silenced_at_once() {
    let mut desk = Desk::open(settings(1));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.ask(Request::Ringing { offer });
    desk.leave(1, Leave::HungUp);
    assert_eq!(desk.words(), [Reply::Revoke { offer, why: Revoke::CallerGone }]);
    assert_eq!(desk.state(0), AgentState::Ready);
    assert_eq!(desk.router.next_deadline(), None);
}

#[test]
fn an_answer_that_comes_too_late_is_released_and_changes_nothing() {
    let mut desk = Desk::open(settings(2));
    desk.call(1);
    let (late, _, _) = desk.offer();
    desk.ask(Request::Ringing { offer: late });
    desk.pass(15.0);
    let (winner, _, agent) = desk.offer();
    assert_eq!(agent, 1);
    desk.ask(Request::Answered { offer: late });
    assert_eq!(desk.words(), [Reply::Revoke { offer: late, why: Revoke::Unknown }]);
    desk.answer(winner);
    assert_eq!(desk.words(), [Reply::Connect { offer: winner }]);
    assert_eq!(desk.state(0), AgentState::NotReady(NotReady::NoAnswer));
}

#[test]
fn one_call_is_never_with_two_agents() {
    let mut desk = Desk::open(settings(3));
    desk.call(1);
    let (first, ..) = desk.offer();
    desk.ask(Request::Ringing { offer: first });
    desk.pass(15.0);
    let (second, ..) = desk.offer();
    desk.ask(Request::Answered { offer: second });
    desk.ask(Request::Answered { offer: first });
    desk.ask(Request::Answered { offer: second });
    let expected = [Reply::Connect { offer: second }, Reply::Revoke { offer: first, why: Revoke::Unknown }];
    assert_eq!(desk.words(), expected);
}

#[test]
fn late_words_about_an_ended_offer_change_nothing() {
    let mut desk = Desk::open(settings(1));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.leave(1, Leave::HungUp);
    desk.words();
    desk.ask(Request::Ringing { offer });
    fail(&mut desk, offer, OfferFailure::Declined);
    desk.end(offer);
    desk.ask(Request::Held { offer, held: true });
    assert_eq!((desk.words(), desk.state(0)), (vec![], AgentState::Ready));
}

#[test]
fn a_repeated_request_is_ignored() {
    let mut desk = Desk::open(settings(1));
    let request = Request::Enqueue(desk.waiting(1, 0, 0));
    for number in [1_000, 1_000, 999, 1] {
        desk.event(Event::Request(Numbered { number, request: request.clone() }));
    }
    assert_eq!(desk.offers().len(), 1);
}

#[test]
fn re_registration_during_an_offer_changes_nothing() {
    let mut desk = Desk::open(settings(1));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.register(0);
    desk.ask(Request::Ringing { offer });
    desk.register(0);
    assert_eq!((desk.words(), desk.state(0)), (vec![], AgentState::Offered));
    desk.ask(Request::Answered { offer });
    assert_eq!(desk.words(), [Reply::Connect { offer }]);
}

#[test]
fn a_phone_that_goes_while_it_is_called_ends_the_offer() {
    let mut desk = Desk::open(settings(2));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.unregister(0);
    let said = desk.words();
    assert_eq!(said[0], Reply::Revoke { offer, why: Revoke::Unreachable });
    assert!(matches!(said[1], Reply::Offer { agent: AgentId(1), .. }));
    assert_eq!(desk.state(0), AgentState::LoggedOff);
}

#[test]
fn a_leg_that_fails_after_the_answer_ends_the_talk() {
    let mut desk = Desk::open(settings(1));
    desk.call(1);
    let (offer, ..) = desk.offer();
    desk.answer(offer);
    fail(&mut desk, offer, OfferFailure::PhoneError);
    assert_eq!(desk.state(0), AgentState::WrapUp);
}

#[test]
fn an_offer_carries_the_contacts_and_the_time_of_the_match() {
    let mut desk = Desk::open(settings(1));
    desk.pass(3.0);
    desk.call(1);
    let now = desk.now;
    let Some(Reply::Offer { matched, contacts: carried, .. }) = desk.words().into_iter().next() else {
        panic!("an agent is idle")
    };
    assert_eq!((matched, carried), (now, contacts()));
}
