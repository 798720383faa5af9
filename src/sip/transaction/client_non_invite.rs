//! The non-INVITE client transaction: RFC 3261 §17.1.2, figure 6. A table; it holds nothing and sends nothing.

use super::machine::ClientEvent::{self as Event, *};
use super::machine::Effect::{self, *};
use super::machine::Timer::{E, F, K};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

/// How the transaction begins.
pub(super) const START: (State, &[Effect]) = (State::Trying, &[Send, Start(E), Start(F)]);

/// One step of figure 6.
pub(super) const fn step(state: State, event: Event) -> (State, &'static [Effect]) {
    use State::*;
    match (state, event) {
        (Trying, Timer(E)) => (Trying, &[Send, Start(E)]),
        (Trying | Proceeding, Provisional) => (Proceeding, &[Report]),
        (Proceeding, Timer(E)) => (Proceeding, &[Send, StartSlow(E)]),
        (Trying | Proceeding, Timer(F) | TransportError) => (Terminated, &[ReportTimeout]),
        (Trying | Proceeding, Success | Failure) => (Completed, &[Stop, Forget, Report, Start(K)]),
        (Completed, Timer(K)) => (Terminated, &[]),
        (unmoved, _) => (unmoved, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::State::*;
    use super::*;

    /// Figure 6, every state × every event that can reach it.
    #[test]
    #[rustfmt::skip]
    fn figure_6_row_by_row() {
        let none: &[Effect] = &[];
        let done: &[Effect] = &[Stop, Forget, Report, Start(K)];
        let rows: &[(&str, State, Event, State, &[Effect])] = &[
            ("a request is repeated while nothing answers", Trying, Timer(E), Trying, &[Send, Start(E)]),
            ("a request without a final response times out", Trying, Timer(F), Terminated, &[ReportTimeout]),
            ("a send error ends it", Trying, TransportError, Terminated, &[ReportTimeout]),
            ("a provisional response slows repeating", Trying, Provisional, Proceeding, &[Report]),
            ("a 2xx completes it", Trying, Success, Completed, done),
            ("a failure completes it", Trying, Failure, Completed, done),
            ("it cannot be cancelled", Trying, Cancel, Trying, none),
            ("timer K is not running", Trying, Timer(K), Trying, none),

            ("a request is repeated every T2", Proceeding, Timer(E), Proceeding, &[Send, StartSlow(E)]),
            ("a provisional response saves nobody from timer F", Proceeding, Timer(F), Terminated, &[ReportTimeout]),
            ("a send error ends it while proceeding", Proceeding, TransportError, Terminated, &[ReportTimeout]),
            ("each provisional response is reported", Proceeding, Provisional, Proceeding, &[Report]),
            ("a 2xx completes it after a provisional", Proceeding, Success, Completed, done),
            ("a failure completes it after a provisional", Proceeding, Failure, Completed, done),
            ("it cannot be cancelled while proceeding", Proceeding, Cancel, Proceeding, none),

            ("a repeated 2xx is dropped", Completed, Success, Completed, none),
            ("a repeated failure is dropped", Completed, Failure, Completed, none),
            ("a late provisional response is dropped", Completed, Provisional, Completed, none),
            ("timer E does not run after the end", Completed, Timer(E), Completed, none),
            ("timer F does not run after the end", Completed, Timer(F), Completed, none),
            ("a send error after the end changes nothing", Completed, TransportError, Completed, none),
            ("a completed one cannot be cancelled", Completed, Cancel, Completed, none),
            ("timer K ends it", Completed, Timer(K), Terminated, none),

            ("nothing wakes the dead: provisional", Terminated, Provisional, Terminated, none),
            ("nothing wakes the dead: 2xx", Terminated, Success, Terminated, none),
            ("nothing wakes the dead: failure", Terminated, Failure, Terminated, none),
            ("nothing wakes the dead: timer E", Terminated, Timer(E), Terminated, none),
            ("nothing wakes the dead: send error", Terminated, TransportError, Terminated, none),
        ];
        for &(name, state, event, next, effects) in rows {
            assert_eq!(step(state, event), (next, effects), "{name}");
        }
    }
}
