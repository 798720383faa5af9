//! An agent's states, as the trade names them.

use crate::ids::ReasonId;

/// Why an agent is not ready.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotReady {
    /// Asked for, with a configured reason.
    Chosen(ReasonId),
    /// Let a call ring until the limit.
    NoAnswer,
    /// Three offers in a row ended 486 / 603 / with an error (INTEROP 18).
    Busy,
    Declined,
    PhoneError,
}

/// What an agent is doing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    LoggedOff,
    Ready,
    NotReady(NotReady),
    Offered,
    Talking,
    Holding,
    WrapUp,
    OwnCall,
}
