//! The only impure code: sockets, threads, clocks, files, signals. It decides nothing; it carries inputs to the values that do
//! and carries out what they want done.
//!
//! ```text
//! start ─▶ control_loop (one thread) ─▶ owners: Gate, Switch, Router
//!            │ network: SIP sockets   media_link: workers   publication: HTTP side
//!            │ record_log, log: threads behind bounded queues   ring: last inputs
//! ```
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "what is banned elsewhere lives here")]

pub mod cli;
pub mod configuration;
pub mod control_loop;
pub mod data_directory;
pub mod deadline_timer;
pub mod descriptors;
pub mod embedded_prompts;
pub mod epoll;
pub mod http;
pub mod inbox;
pub mod latency;
pub mod log;
pub mod mailbox;
pub mod media_link;
pub mod media_ports;
pub mod media_worker;
pub mod mmsg;
pub mod monotonic;
pub mod network;
pub mod notices;
pub mod owners;
pub mod process_figures;
pub mod prompts;
pub mod publication;
pub mod readiness;
pub mod receiver;
pub mod record_log;
pub mod replay_file;
pub mod ring;
pub mod send_queue;
pub mod shutdown;
pub mod sip_socket;
pub mod start;
pub mod wake_flag;
