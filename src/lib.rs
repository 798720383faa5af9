//! Huntline: the real-time core of a call centre.
//!
//! SIP trunks and phones on one side, a skill-based queue router in the middle, operations people on the other.
//! Everything that decides ([`gate`], [`switch`], [`acd`], [`media`]) is a plain value with one way in,
//! `handle(event, now, out)`, and no clock, socket, thread or random source of its own. The same values run on real
//! sockets under `io` and on virtual time under [`sim`].
//!
//! Modules stand in dependency order: a module imports only from those above it (checked by `tests/tidy.rs`).

pub mod acd;
pub mod call;
pub mod clock;
pub mod config;
pub mod counters;
pub mod gate;
pub mod ids;
#[cfg(feature = "io")]
pub mod io;
pub mod ivr;
pub mod masked;
pub mod media;
pub mod report;
pub mod rtp;
pub mod seed;
pub mod sim;
pub mod sip;
pub mod switch;
pub mod timers;
