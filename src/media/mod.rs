//! The media path: what one worker does with its RTP streams ([`Plane`]), and the words between it and the Switch
//! ([`Command`], [`Fact`]). Not a mixer, not a transcoder beyond G.711 tables; signalling never passes here.

pub mod command;
pub mod plane;
pub mod ports;

pub use command::{Codec, Command, Fact, Latch, StreamParameters, StreamReport};
