//! The wire and RFC 3261. Not a SIP stack with callbacks: readers, writers and machines that are plain values.
//!
//! `scan` reads a datagram without copying, `write` makes one; `uri` and `header` read the parts; `transaction` holds the
//! four machines of §17, `dialog` §12, `registrar` §10, `digest` RFC 2617/7616, `sdp` RFC 8866 with the offer/answer model of
//! RFC 3264.

pub mod dialog;
pub mod digest;
pub mod header;
mod lexis;
pub mod outbox;
pub mod registrar;
pub mod scan;
pub mod sdp;
pub mod transaction;
pub mod uri;
pub mod write;

pub use rsip::Method;
