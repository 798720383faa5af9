//! The end-to-end suite: the real binary on real sockets, with peers that are not ours (SIPp, baresip, tshark, Kamailio).
//!
//! Every test has a loopback address of its own, so that tests, and whole runs, stand side by side. Programs are started and
//! ended by the test that needs them, by their process id. Nothing sleeps: tests wait for a line, an exit or a figure.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "what is banned inside is what this suite is made of"
)]

mod calls;
mod hostile;
mod load;
mod operations;
mod proxy;

mod baresip;
mod http;
mod program;
mod server;
mod sipp;
mod sound;
mod wire;
