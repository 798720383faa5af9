//! Client transactions in virtual time (RFC 3261 §17.1, RFC 6026).

use super::*;

#[test]
fn an_invite_is_sent_seven_times_and_given_up_after_32_seconds() {
    let mut rig = Rig::new();
    let (tx, _) = rig.send(Method::Invite, 5);
    rig.run_until(31_999);
    assert!(rig.table.is_waiting(tx));
    rig.run_until(100_000);
    assert_eq!(rig.times("INVITE"), [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500]);
    assert_eq!(rig.timed_out, [(32_000, 5)]);
    assert_eq!((rig.live(), rig.table.figures().sent_again), (0, 6));
    assert!(!rig.table.is_waiting(tx));
}

#[test]
fn another_request_is_repeated_every_t2_and_given_up_after_32_seconds() {
    let mut rig = Rig::new();
    rig.send(Method::Bye, 6);
    rig.run_until(100_000);
    let times = [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
    assert_eq!(rig.times("BYE"), times);
    assert_eq!(rig.timed_out, [(32_000, 6)]);
}

#[test]
fn a_provisional_response_stops_the_repetition_of_an_invite_for_good() {
    let mut rig = Rig::new();
    let (tx, sent) = rig.send(Method::Invite, 5);
    rig.run_until(600);
    assert_eq!(rig.receive(&answer(&sent, 100, "")), Received::Response(tx, 5));
    assert_eq!(rig.receive(&answer(&sent, 180, "a")), Received::Response(tx, 5));
    assert_eq!(rig.receive(&answer(&sent, 180, "a")), Received::Response(tx, 5));
    rig.run_until(600_000);
    assert_eq!((rig.times("INVITE"), rig.timed_out.len()), (vec![0, 500], 0));
    assert_eq!(rig.receive(&answer(&sent, 200, "a")), Received::Response(tx, 5));
}

#[test]
fn a_provisional_response_slows_another_request_to_t2() {
    let mut rig = Rig::new();
    let (tx, sent) = rig.send(Method::Info, 6);
    rig.run_until(100);
    assert_eq!(rig.receive(&answer(&sent, 100, "")), Received::Response(tx, 6));
    rig.run_until(100_000);
    // The timer that was running fires; from then on it is T2.
    assert_eq!(rig.times("INFO"), [0, 500, 4_500, 8_500, 12_500, 16_500, 20_500, 24_500, 28_500]);
    assert_eq!(rig.timed_out, [(32_000, 6)]);
}

#[test]
fn a_failed_invite_is_acknowledged_each_time_the_failure_comes() {
    let mut rig = Rig::new();
    let (tx, sent) = rig.send(Method::Invite, 5);
    rig.receive(&answer(&sent, 180, "early"));
    rig.run_until(1_000);
    let busy = answer(&sent, 486, "final");
    assert_eq!(rig.receive(&busy), Received::Response(tx, 5));
    rig.run_until(1_500);
    assert_eq!(rig.receive(&busy), Received::Absorbed);
    assert_eq!(rig.times("ACK"), [1_000, 1_500]);
    let figures = rig.table.figures();
    assert_eq!((figures.received_again, figures.sent_again), (1, 1));
    // Timer D: 32 s from the first failure.
    rig.run_until(32_999);
    assert_eq!(rig.live(), 1);
    rig.run_until(33_000);
    assert_eq!(rig.live(), 0);
    assert_eq!(rig.receive(&busy), Received::Stray);
}

#[test]
fn further_2xx_come_up_for_32_seconds_also_from_other_forks() {
    let mut rig = Rig::new();
    let (tx, sent) = rig.send(Method::Invite, 5);
    assert_eq!(rig.receive(&answer(&sent, 200, "one")), Received::Response(tx, 5));
    rig.run_until(10_000);
    assert_eq!(rig.receive(&answer(&sent, 200, "one")), Received::Response(tx, 5));
    assert_eq!(rig.receive(&answer(&sent, 200, "two")), Received::Response(tx, 5));
    rig.run_until(31_999);
    assert_eq!(rig.receive(&answer(&sent, 200, "one")), Received::Response(tx, 5));
    rig.run_until(32_000);
    assert_eq!(rig.receive(&answer(&sent, 200, "one")), Received::Stray);
    assert_eq!((rig.times("ACK").len(), rig.table.figures().strays, rig.live()), (0, 1, 0));
}

#[test]
fn a_final_response_to_another_request_comes_up_once() {
    let mut rig = Rig::new();
    let (tx, sent) = rig.send(Method::Bye, 6);
    let done = answer(&sent, 200, "x");
    assert_eq!(rig.receive(&done), Received::Response(tx, 6));
    assert_eq!(rig.receive(&done), Received::Absorbed);
    assert_eq!(rig.receive(&answer(&sent, 481, "x")), Received::Absorbed);
    // Timer K: T4.
    rig.run_until(4_999);
    assert_eq!(rig.live(), 1);
    rig.run_until(5_000);
    assert_eq!((rig.live(), rig.times("BYE")), (0, vec![0]));
    assert_eq!(rig.receive(&done), Received::Stray);
}

#[test]
fn second_final_responses_to_an_invite_of_the_other_kind_are_dropped() {
    let mut rig = Rig::new();
    let (_, failed) = rig.send(Method::Invite, 1);
    rig.receive(&answer(&failed, 503, "a"));
    assert_eq!(rig.receive(&answer(&failed, 200, "a")), Received::Absorbed);
    assert_eq!(rig.receive(&answer(&failed, 180, "a")), Received::Absorbed);
    let (_, answered) = rig.send(Method::Invite, 2);
    rig.receive(&answer(&answered, 200, "a"));
    let acks = rig.times("ACK").len();
    assert_eq!(rig.receive(&answer(&answered, 486, "a")), Received::Absorbed);
    assert_eq!(rig.receive(&answer(&answered, 180, "a")), Received::Absorbed);
    assert_eq!(rig.times("ACK").len(), acks);
}

#[test]
fn a_send_error_ends_a_request_that_nobody_has_answered() {
    let mut rig = Rig::new();
    for (method, user) in [(Method::Invite, 1), (Method::Bye, 2)] {
        let (tx, _) = rig.send(method, user);
        let failed = rig.act(|table, now, out| table.send_failed(tx, now, out));
        assert_eq!(failed, Some(TimedOut { tx, user }));
        assert_eq!(rig.act(|table, now, out| table.send_failed(tx, now, out)), None);
    }
    let (tx, sent) = rig.send(Method::Invite, 3);
    rig.receive(&answer(&sent, 180, "a"));
    assert_eq!(rig.act(|table, now, out| table.send_failed(tx, now, out)), None);
    assert!(rig.table.is_waiting(tx));
}

#[test]
fn settings_scale_the_timers_but_not_timer_d() {
    let t1 = Duration::from_millis(10);
    let timings = Timings { t1, t2: t1 * 4, t4: t1 * 10 };
    let mut rig = Rig::new();
    rig.table = Transactions::new(timings, 100, &mut Seed::new(1));
    rig.send(Method::Invite, 1);
    rig.run_until(10_000);
    assert_eq!(rig.times("INVITE"), [0, 10, 30, 70, 150, 310, 630]);
    assert_eq!(rig.timed_out, [(640, 1)]);
    let (_, sent) = rig.send(Method::Invite, 2);
    rig.receive(&answer(&sent, 486, "a"));
    rig.run_until(41_999);
    assert_eq!(rig.live(), 1);
    rig.run_until(42_000);
    assert_eq!(rig.live(), 0);
}

#[test]
fn a_loop_that_slept_too_long_gives_up_instead_of_repeating() {
    let mut rig = Rig::new();
    rig.send(Method::Invite, 1);
    rig.now = Instant::from_micros(60_000_000);
    let timed_out = rig.act(|table, now, out| table.expire(now, out));
    assert_eq!(timed_out.map(|it| it.user), Some(1));
    assert_eq!((rig.times("INVITE"), rig.live()), (vec![0], 0));
}

#[test]
fn timings_of_zero_cannot_hold_the_loop() {
    let mut rig = Rig::new();
    let zero = Duration::ZERO;
    rig.table = Transactions::new(Timings { t1: zero, t2: zero, t4: zero }, 100, &mut Seed::new(1));
    rig.send(Method::Bye, 1);
    rig.run_until(1_000);
    assert_eq!(rig.timed_out, [(1, 1)]);
}
