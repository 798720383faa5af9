//! The INVITE server transaction: RFC 3261 §17.2.1, figure 7, as corrected by RFC 6026 §8.7 (Accepted, timer L).
//! A table; it holds nothing and sends nothing.

use super::machine::Effect::{self, *};
use super::machine::ServerEvent::{self as Event, *};
use super::machine::Timer::{self as T, G, H, I, L};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    Proceeding,
    /// A non-2xx final response has gone out; its ACK is awaited.
    Completed,
    /// That ACK has come.
    Confirmed,
    /// A 2xx has gone out; its repetition and its ACK are the user's business.
    Accepted,
    Terminated,
}

/// How the transaction begins: the request is reported, and 100 follows unless the user answers soon.
pub(super) const START: (State, &[Effect]) = (State::Proceeding, &[Report, Start(T::Trying)]);

/// One step of figure 7.
pub(super) const fn step(state: State, event: Event) -> (State, &'static [Effect]) {
    use State::*;
    match (state, event) {
        (Proceeding, Request | Timer(T::Trying)) => (Proceeding, &[Stop, Send]),
        (Proceeding, Provisional) => (Proceeding, &[Stop, Send]),
        (Proceeding, Success) => (Accepted, &[Stop, Send, Forget, Start(L)]),
        (Proceeding, Failure) => (Completed, &[Stop, Send, Start(G), Start(H)]),
        (Completed, Request) => (Completed, &[Send]),
        (Completed, Timer(G)) => (Completed, &[Send, Start(G)]),
        (Completed, Ack) => (Confirmed, &[Stop, Forget, Start(I)]),
        (Completed, Timer(H)) => (Terminated, &[]),
        (Confirmed, Timer(I)) => (Terminated, &[]),
        // The user repeats its 2xx through here; a repeated INVITE is absorbed without an answer (RFC 6026 §7.1).
        (Accepted, Success) => (Accepted, &[Send]),
        (Accepted, Ack) => (Accepted, &[Report]),
        (Accepted, Timer(L)) => (Terminated, &[]),
        (unmoved, _) => (unmoved, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::State::*;
    use super::*;

    /// Figure 7 with RFC 6026, every state × every event that can reach it.
    #[test]
    #[rustfmt::skip]
    fn figure_7_row_by_row() {
        let none: &[Effect] = &[];
        let rows: &[(&str, State, Event, State, &[Effect])] = &[
            ("a repeated INVITE gets the last provisional", Proceeding, Request, Proceeding, &[Stop, Send]),
            ("100 goes out if the user is slow", Proceeding, Timer(T::Trying), Proceeding, &[Stop, Send]),
            ("a provisional response goes out", Proceeding, Provisional, Proceeding, &[Stop, Send]),
            ("a 2xx goes out and is not kept", Proceeding, Success, Accepted, &[Stop, Send, Forget, Start(L)]),
            ("a failure goes out and is repeated", Proceeding, Failure, Completed, &[Stop, Send, Start(G), Start(H)]),
            ("an ACK before any final response is dropped", Proceeding, Ack, Proceeding, none),
            ("a send error is not the end", Proceeding, TransportError, Proceeding, none),
            ("timer G is not running", Proceeding, Timer(G), Proceeding, none),
            ("timer L is not running", Proceeding, Timer(L), Proceeding, none),

            ("a repeated INVITE gets the failure again", Completed, Request, Completed, &[Send]),
            ("timer G repeats the failure", Completed, Timer(G), Completed, &[Send, Start(G)]),
            ("timer H gives the caller up", Completed, Timer(H), Terminated, none),
            ("an ACK ends the repetition", Completed, Ack, Confirmed, &[Stop, Forget, Start(I)]),
            ("a provisional after a failure is dropped", Completed, Provisional, Completed, none),
            ("a 2xx after a failure is dropped", Completed, Success, Completed, none),
            ("a second failure is dropped", Completed, Failure, Completed, none),
            ("a send error leaves the repetition running", Completed, TransportError, Completed, none),

            ("a repeated ACK is absorbed", Confirmed, Ack, Confirmed, none),
            ("a repeated INVITE after the ACK is absorbed", Confirmed, Request, Confirmed, none),
            ("timer I ends it", Confirmed, Timer(I), Terminated, none),
            ("timer G does not run after the ACK", Confirmed, Timer(G), Confirmed, none),
            ("timer H does not run after the ACK", Confirmed, Timer(H), Confirmed, none),
            ("a 2xx after the ACK is dropped", Confirmed, Success, Confirmed, none),
            ("a failure after the ACK is dropped", Confirmed, Failure, Confirmed, none),

            ("a repeated INVITE after a 2xx is absorbed", Accepted, Request, Accepted, none),
            ("the user repeats its 2xx", Accepted, Success, Accepted, &[Send]),
            ("an ACK in the same branch is the user's", Accepted, Ack, Accepted, &[Report]),
            ("a failure after a 2xx is dropped", Accepted, Failure, Accepted, none),
            ("a provisional after a 2xx is dropped", Accepted, Provisional, Accepted, none),
            ("a send error after a 2xx changes nothing", Accepted, TransportError, Accepted, none),
            ("timer L ends it", Accepted, Timer(L), Terminated, none),

            ("nothing wakes the dead: INVITE", Terminated, Request, Terminated, none),
            ("nothing wakes the dead: ACK", Terminated, Ack, Terminated, none),
            ("nothing wakes the dead: 2xx", Terminated, Success, Terminated, none),
            ("nothing wakes the dead: failure", Terminated, Failure, Terminated, none),
        ];
        for &(name, state, event, next, effects) in rows {
            assert_eq!(step(state, event), (next, effects), "{name}");
        }
    }
}
