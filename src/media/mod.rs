//! The media path: what one worker does with its RTP streams ([`plane::Plane`]), and the words between it and the Switch
//! ([`Command`], [`Fact`]). Not a mixer, not a transcoder beyond G.711 tables; signalling never passes here.

pub mod bridge;
pub mod command;
pub mod keys;
pub mod latch;
pub mod plane;
pub mod playout;
pub mod ports;
pub mod receiver_stats;
pub mod reporting;
pub mod sending;
pub mod stream;

pub use command::{Codec, Command, Fact, Latch, StreamParameters, StreamReport};
