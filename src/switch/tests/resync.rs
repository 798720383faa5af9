//! What a fresh Router is told, so that nothing that was in flight to the old one stays lost.

use super::*;

/// An office where agent 0's phone rings for the caller.
fn ringing() -> Desk {
    let mut desk = Desk::new(fixed(Office::new(1)));
    desk.call("1390", "2000");
    desk.respond(phone(0), 180);
    desk
}

#[test]
fn a_phone_that_rings_rings_on_when_the_router_is_rebuilt() {
    let mut desk = ringing();
    desk.pass(5_000);
    desk.lose_router();
    desk.pass(3_000);
    assert_eq!(desk.state(0), AgentState::Offered);
    desk.respond(phone(0), 200);
    assert_eq!(desk.state(0), AgentState::Talking);
}

#[test]
fn an_agent_who_holds_the_caller_is_holding_for_the_rebuilt_router_too() {
    let mut desk = ringing();
    desk.respond(phone(0), 200);
    desk.phone_asks(phone(0), "INVITE", 1, &(SDP.replace("1 1 IN", "1 2 IN") + "a=sendonly\r\n"));
    desk.phone_asks(phone(0), "ACK", 1, "");
    assert_eq!(desk.state(0), AgentState::Holding);
    desk.lose_router();
    assert_eq!(desk.state(0), AgentState::Holding);
    desk.phone_asks(phone(0), "INVITE", 2, &(SDP.replace("1 1 IN", "1 3 IN") + "a=sendrecv\r\n"));
    desk.lose_router();
    assert_eq!(desk.state(0), AgentState::Talking);
}

#[test]
fn an_own_call_that_ended_while_the_router_was_lost_has_ended() {
    let mut desk = Desk::new(fixed(Office::new(1)));
    desk.request(("INVITE", "1000"), ("8001", ""), 1, phone(0), ("", SDP));
    let tag = desk.tag_to("call-8001");
    desk.request(("ACK", "1000"), ("8001", &tag), 1, phone(0), ("", ""));
    assert_eq!(desk.state(0), AgentState::OwnCall);
    desk.far = true;
    desk.request(("BYE", "1000"), ("8001", &tag), 2, phone(0), ("", ""));
    desk.lose_router();
    assert_eq!(desk.state(0), AgentState::Ready);
}

#[test]
fn a_phone_that_came_while_the_router_was_lost_logs_its_agent_on() {
    let mut desk = Desk::new(fixed(Office::new(1)));
    // To the old Router the phone is gone; that it is back never arrives.
    let gone = Request::Reachable { agent: AgentId(0), contacts: Arc::default() };
    let mut said = Vec::new();
    let numbered = crate::acd::request::Numbered { number: u64::MAX, request: gone };
    desk.seat.router.handle(crate::acd::router::Event::Request(numbered), desk.now, &mut said);
    said.into_iter().for_each(|reply| drop(desk.alone(Event::Router(reply))));
    assert_eq!(desk.state(0), AgentState::LoggedOff);
    desk.lose_router();
    assert_eq!(desk.state(0), AgentState::Ready);
}

#[test]
fn a_call_whose_queue_the_rebuilt_router_does_not_have_goes_the_way_of_the_fallback() {
    for answered in [false, true] {
        let mut desk = ringing();
        if answered {
            desk.respond(phone(0), 200);
        }
        desk.office.router.queues.remove(0);
        desk.lose_router();
        let stages: Vec<_> = desk.seat.switch.calls.calls.iter().map(|(_, call)| call.stage).collect();
        assert_eq!(stages, [crate::call::Stage::Ending], "answered: {answered}");
    }
}

#[test]
fn the_maximum_wait_of_a_second_queue_still_counts_from_the_entry_to_it() {
    let mut office = fixed(Office::new(0));
    office.router.queues[0].wait_max = Some(Duration::from_secs(20));
    office.router.queues[1].wait_max = Some(Duration::from_secs(60));
    office.switch.queues[0].fallback = crate::switch::settings::Fallback::Queue(crate::sim::office::COMPLAINTS);
    let mut desk = Desk::new(office);
    desk.call("1390", "2000");
    let stage = |desk: &Desk| desk.seat.switch.calls.calls.iter().map(|(_, call)| call.stage).next();
    desk.pass(75_000);
    desk.lose_router();
    desk.pass(4_000);
    assert_eq!(stage(&desk), Some(crate::call::Stage::Waiting));
    desk.pass(2_000);
    assert_eq!(stage(&desk), Some(crate::call::Stage::Ending));
}
