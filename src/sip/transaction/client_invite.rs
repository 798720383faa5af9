//! The INVITE client transaction: RFC 3261 §17.1.1, figure 5, as corrected by RFC 6026 §8.4 (Accepted, timer M), with the
//! giving up of a cancelled INVITE (§9.1). A table; it holds nothing and sends nothing.

use super::machine::ClientEvent::{self as Event, *};
use super::machine::Effect::{self, *};
use super::machine::Timer::{A, B, Cancelled, D, M};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    Calling,
    Proceeding,
    /// A non-2xx final response has come and been acknowledged.
    Completed,
    /// A 2xx has come; its ACK is the user's business.
    Accepted,
    Terminated,
}

/// How the transaction begins.
pub(super) const START: (State, &[Effect]) = (State::Calling, &[Send, Start(A), Start(B)]);

/// One step of figure 5.
pub(super) const fn step(state: State, event: Event) -> (State, &'static [Effect]) {
    use State::*;
    match (state, event) {
        (Calling, Timer(A)) => (Calling, &[Send, Start(A)]),
        (Calling, Timer(B) | TransportError) => (Terminated, &[ReportTimeout]),
        (Calling, Provisional) => (Proceeding, &[Stop, Report]),
        (Proceeding, Provisional) => (Proceeding, &[Report]),
        // Before a provisional response a CANCEL must not go out (§9.1): whoever runs the table holds it back.
        (Proceeding, Cancel) => (Proceeding, &[SendCancel, Start(Cancelled)]),
        (Proceeding, Timer(Cancelled)) => (Terminated, &[ReportTimeout]),
        (Calling | Proceeding, Success) => (Accepted, &[Stop, Forget, Report, Start(M)]),
        (Calling | Proceeding, Failure) => (Completed, &[Stop, SendAck, Report, Start(D)]),
        (Completed, Failure) => (Completed, &[SendAck]),
        // The user has had its final response; the ACK's failure tells it nothing that it could act on.
        (Completed, Timer(D) | TransportError) => (Terminated, &[]),
        (Accepted, Success) => (Accepted, &[Report]),
        (Accepted, Timer(M)) => (Terminated, &[]),
        (unmoved, _) => (unmoved, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::State::*;
    use super::*;

    /// Figure 5 with RFC 6026, every state × every event that can reach it.
    #[test]
    #[rustfmt::skip]
    fn figure_5_row_by_row() {
        let none: &[Effect] = &[];
        let rows: &[(&str, State, Event, State, &[Effect])] = &[
            ("an INVITE is repeated while nothing answers", Calling, Timer(A), Calling, &[Send, Start(A)]),
            ("an INVITE without any response times out", Calling, Timer(B), Terminated, &[ReportTimeout]),
            ("a send error ends it", Calling, TransportError, Terminated, &[ReportTimeout]),
            ("a provisional response stops repeating", Calling, Provisional, Proceeding, &[Stop, Report]),
            ("a 2xx may come first", Calling, Success, Accepted, &[Stop, Forget, Report, Start(M)]),
            ("a failure may come first", Calling, Failure, Completed, &[Stop, SendAck, Report, Start(D)]),
            ("a CANCEL waits for a provisional response", Calling, Cancel, Calling, none),
            ("timer D is not running", Calling, Timer(D), Calling, none),
            ("timer M is not running", Calling, Timer(M), Calling, none),
            ("the cancel timer is not running", Calling, Timer(Cancelled), Calling, none),

            ("timer A was stopped", Proceeding, Timer(A), Proceeding, none),
            ("timer B was stopped", Proceeding, Timer(B), Proceeding, none),
            ("each provisional response is reported", Proceeding, Provisional, Proceeding, &[Report]),
            ("a 2xx is reported", Proceeding, Success, Accepted, &[Stop, Forget, Report, Start(M)]),
            ("a failure is acknowledged and reported", Proceeding, Failure, Completed, &[Stop, SendAck, Report, Start(D)]),
            ("a CANCEL goes out", Proceeding, Cancel, Proceeding, &[SendCancel, Start(Cancelled)]),
            ("a cancelled INVITE is given up", Proceeding, Timer(Cancelled), Terminated, &[ReportTimeout]),
            ("a ringing call survives a send error", Proceeding, TransportError, Proceeding, none),

            ("a repeated failure is acknowledged again", Completed, Failure, Completed, &[SendAck]),
            ("a late provisional response is dropped", Completed, Provisional, Completed, none),
            ("a 2xx after a failure is dropped", Completed, Success, Completed, none),
            ("a failed INVITE cannot be cancelled", Completed, Cancel, Completed, none),
            ("timer D ends it", Completed, Timer(D), Terminated, none),
            ("a failing ACK ends it", Completed, TransportError, Terminated, none),
            ("timer A does not run after a failure", Completed, Timer(A), Completed, none),
            ("timer B does not run after a failure", Completed, Timer(B), Completed, none),

            ("a repeated or forked 2xx is reported", Accepted, Success, Accepted, &[Report]),
            ("a provisional response after a 2xx is dropped", Accepted, Provisional, Accepted, none),
            ("a failure after a 2xx is dropped", Accepted, Failure, Accepted, none),
            ("an answered INVITE cannot be cancelled", Accepted, Cancel, Accepted, none),
            ("timer M ends it", Accepted, Timer(M), Terminated, none),
            ("a send error after a 2xx changes nothing", Accepted, TransportError, Accepted, none),
            ("timer B does not run after a 2xx", Accepted, Timer(B), Accepted, none),

            ("nothing wakes the dead: provisional", Terminated, Provisional, Terminated, none),
            ("nothing wakes the dead: 2xx", Terminated, Success, Terminated, none),
            ("nothing wakes the dead: failure", Terminated, Failure, Terminated, none),
            ("nothing wakes the dead: CANCEL", Terminated, Cancel, Terminated, none),
            ("nothing wakes the dead: send error", Terminated, TransportError, Terminated, none),
        ];
        for &(name, state, event, next, effects) in rows {
            assert_eq!(step(state, event), (next, effects), "{name}");
        }
    }
}
