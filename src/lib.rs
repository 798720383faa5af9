//! Huntline: the real-time core of a call centre.
//!
//! SIP trunks and phones on one side, a skill-based queue router in the middle, operations people on the other.
//! Everything that decides ([`gate`], [`switch`], [`acd`], [`media`]) is a plain value with one way in,
//! `handle(event, now, out)`, and no clock, socket, thread or random source of its own. The same values run on real
//! sockets under `io` and on virtual time under [`sim`].
//!
//! Modules stand in dependency order: a module imports only from those above it (checked by `tests/tidy.rs`).

pub mod clock;
pub mod ids;
pub mod timers;
pub mod counters;
pub mod masked;
pub mod seed;
pub mod rtp;
pub mod sip;
pub mod media;
pub mod ivr;
pub mod acd;
pub mod call;
pub mod gate;
pub mod switch;
pub mod report;
pub mod config;
pub mod sim;
#[cfg(feature = "io")]
pub mod io;
