//! Everything that a Switch takes over from another, and goes on with.

use super::*;
use crate::ids::CallId;

impl Desk {
    fn replace_switch(&mut self) {
        let settings = Arc::new(self.office.switch.clone());
        let old = core::mem::replace(&mut self.seat.switch, Switch::new(settings.clone(), &[], 8));
        self.seat.switch = Switch::take_over(settings, old.hand_over(), 9, self.now);
    }
}

#[test]
fn rows_that_changed_or_went_before_the_move_are_published_after_it() {
    let mut desk = Desk::new(fixed(Office::new(0)));
    let tag = desk.call("1390", "1000");
    desk.call("1391", "1000");
    desk.seat.switch.publish(desk.now);
    desk.call("1392", "1000");
    desk.request(("BYE", "1000"), ("1390", &tag), 2, TRUNK, ("", ""));
    desk.replace_switch();
    let snapshot = desk.seat.switch.publish(desk.now);
    assert!(snapshot.calls.iter().any(|row| row.call == CallId(3)));
    assert_eq!(snapshot.gone, [CallId(1)]);
}

#[test]
fn a_drain_ends_when_it_was_to_end_however_often_the_switch_is_replaced() {
    let mut desk = Desk::new(fixed(Office::new(0)));
    desk.call("1390", "1000");
    desk.event(Event::Drain);
    for _ in 0..7 {
        desk.pass(9_000);
        desk.replace_switch();
    }
    assert!(desk.sent.iter().any(|(_, text)| text.starts_with("BYE")));
}

#[test]
fn a_trunks_limits_hold_across_the_move() {
    let mut office = fixed(Office::new(0));
    office.switch.trunks[0].calls_per_second_max = Some(1);
    let mut desk = Desk::new(office);
    desk.call("1390", "1000");
    desk.replace_switch();
    desk.request(("INVITE", "1000"), ("1391", ""), 1, TRUNK, ("", SDP));
    assert_eq!(desk.seat.switch.calls(), 1);
}
