//! Automatic call distribution: who gets which call, when. It speaks in ids, skills and times; it never sees a SIP message.
//!
//! The Switch sends [`Request`]s and hears [`Reply`]s. Nothing else passes between the two.

pub mod agent;
pub mod expected_wait;
mod idle_sets;
mod offer;
mod queue;
pub mod request;
pub mod router;
pub mod settings;
pub mod skill;
pub mod snapshot;

pub use agent::{AgentState, NotReady};
pub use request::{Leave, OfferFailure, Reply, Request, Revoke, Waiting, Wish};
pub use router::Router;
pub use settings::Settings;
