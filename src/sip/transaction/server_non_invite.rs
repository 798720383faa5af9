//! The non-INVITE server transaction: RFC 3261 §17.2.2, figure 8. Unknown methods run on it too, so that they can be refused.
//! A table; it holds nothing and sends nothing.

use super::machine::Effect::{self, *};
use super::machine::ServerEvent::{self as Event, *};
use super::machine::Timer::J;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

/// How the transaction begins.
pub(super) const START: (State, &[Effect]) = (State::Trying, &[Report]);

/// One step of figure 8.
pub(super) const fn step(state: State, event: Event) -> (State, &'static [Effect]) {
    use State::*;
    match (state, event) {
        (Trying | Proceeding, Provisional) => (Proceeding, &[Send]),
        (Trying | Proceeding, Success | Failure) => (Completed, &[Send, Start(J)]),
        (Proceeding | Completed, Request) => (state, &[Send]),
        (Completed, Timer(J)) => (Terminated, &[]),
        (Proceeding | Completed, TransportError) => (Terminated, &[]),
        (unmoved, _) => (unmoved, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::State::*;
    use super::*;

    /// Figure 8, every state × every event that can reach it.
    #[test]
    #[rustfmt::skip]
    fn figure_8_row_by_row() {
        let none: &[Effect] = &[];
        let rows: &[(&str, State, Event, State, &[Effect])] = &[
            ("a repeated request waits for the user", Trying, Request, Trying, none),
            ("a provisional response goes out", Trying, Provisional, Proceeding, &[Send]),
            ("a 2xx goes out", Trying, Success, Completed, &[Send, Start(J)]),
            ("a failure goes out", Trying, Failure, Completed, &[Send, Start(J)]),
            ("an ACK means nothing", Trying, Ack, Trying, none),
            ("a send error before any answer means nothing", Trying, TransportError, Trying, none),
            ("timer J is not running", Trying, Timer(J), Trying, none),

            ("a repeated request gets the provisional again", Proceeding, Request, Proceeding, &[Send]),
            ("a further provisional goes out", Proceeding, Provisional, Proceeding, &[Send]),
            ("a 2xx goes out after a provisional", Proceeding, Success, Completed, &[Send, Start(J)]),
            ("a failure goes out after a provisional", Proceeding, Failure, Completed, &[Send, Start(J)]),
            ("a send error ends it", Proceeding, TransportError, Terminated, none),

            ("a repeated request gets the answer again", Completed, Request, Completed, &[Send]),
            ("a provisional after the answer is dropped", Completed, Provisional, Completed, none),
            ("a second 2xx is dropped", Completed, Success, Completed, none),
            ("a second failure is dropped", Completed, Failure, Completed, none),
            ("timer J ends it", Completed, Timer(J), Terminated, none),
            ("a send error ends it after the answer", Completed, TransportError, Terminated, none),

            ("nothing wakes the dead: request", Terminated, Request, Terminated, none),
            ("nothing wakes the dead: 2xx", Terminated, Success, Terminated, none),
            ("nothing wakes the dead: timer J", Terminated, Timer(J), Terminated, none),
        ];
        for &(name, state, event, next, effects) in rows {
            assert_eq!(step(state, event), (next, effects), "{name}");
        }
    }
}
