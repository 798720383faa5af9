//! What the Switch tells a media worker ([`Command`]) and what a worker reports ([`Fact`]). Neither is ever lost.
//!
//! A command for a stream whose generation has passed is ignored; so is a fact.

use crate::clock::Duration;
use crate::ids::{PromptId, StreamId};
pub use crate::rtp::g711::Codec;
use arrayvec::ArrayVec;
use core::net::{IpAddr, SocketAddr};

/// At most this many prompts in one announcement.
pub const PROMPTS_MAX: usize = 32;

/// Prompts spoken one after the other without a gap.
pub type Announcement = ArrayVec<PromptId, PROMPTS_MAX>;

/// Whose packets a stream accepts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Latch {
    /// Only from the address and port in the SDP.
    Strict,
    /// From the SDP address (any port) or from the address that signalling came from (NAT, any port); the first such packet
    /// fixes address and port, after it only those are heard.
    Signalling(IpAddr),
}

/// Everything a worker needs to know about the other side of a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StreamParameters {
    /// Where the SDP wants RTP. `None`: nowhere (held by 0.0.0.0, or no SDP yet).
    pub rtp: Option<SocketAddr>,
    /// Where it wants RTCP. Equal to `rtp` with rtcp-mux.
    pub rtcp: Option<SocketAddr>,
    pub latch: Latch,
    /// What both sides send.
    pub codec: Codec,
    /// Payload type of `codec`, both ways: the static one ([`Codec::payload_type`]) unless the peer's SDP says otherwise.
    /// The static ones are understood besides.
    pub payload_type: u8,
    /// Payload type of telephone events, both ways.
    pub telephone_event: Option<u8>,
    /// Packet time of our own audio, ms (10, 20, 30, 40, 60).
    pub ptime_ms: u8,
    /// Whether we may send to the peer.
    pub send: bool,
    /// Whether we expect the peer to send; silence counts only then.
    pub receive: bool,
}

/// What the Switch wants done.
#[derive(Clone, PartialEq, Debug)]
pub enum Command {
    /// Starts a stream on a port that was emptied before.
    Open { stream: StreamId, parameters: StreamParameters },
    /// New parameters after a re-INVITE, or the answer's after an offer. The outgoing numbering goes on; the latch is set anew only
    /// if `rtp` or `latch` changed.
    Change { stream: StreamId, parameters: StreamParameters },
    /// Music under everything, repeated until changed; `None` stops it. It pauses while something is said and goes on after.
    Music { stream: StreamId, music: Option<PromptId> },
    /// Says an announcement, replacing one that is being said. Reported by [`Fact::Said`] when it has been sent to its end
    /// (not when replaced or hushed).
    Say { stream: StreamId, token: u32, announcement: Announcement },
    /// Stops what is being said (barge-in).
    Hush { stream: StreamId },
    /// Joins two streams of the same worker: each hears what the other sends; music and announcements stop on both.
    /// Digits are relayed to the other side in the form that it agreed, and reported as facts of the stream they came in on.
    Bridge { a: StreamId, b: StreamId },
    /// Parts a stream from its partner. Both fall silent until told otherwise.
    Unbridge { stream: StreamId },
    /// Sends a digit to the peer as telephone event (100 ms), or nothing if none was agreed.
    SendDigit { stream: StreamId, digit: u8 },
    /// Ends the stream, empties the port, and reports [`Fact::Closed`].
    Close { stream: StreamId },
}

/// What a worker has to tell.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Fact {
    /// A digit (`0`–`9`, `*`, `#`, `A`–`D`) came in, once, at its first packet.
    Digit { stream: StreamId, digit: u8 },
    /// An announcement was sent to its end.
    Said { stream: StreamId, token: u32 },
    /// Nothing (RTP or RTCP) came in for this long, though the stream expects to receive. Repeated once per such period.
    Silent { stream: StreamId, lasting: Duration },
    /// The stream has ended, its port is empty and may be used again.
    Closed { stream: StreamId, report: StreamReport },
}

/// A stream's figures at its end.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, serde::Serialize, serde::Deserialize)]
pub struct StreamReport {
    pub packets_in: u64,
    pub packets_out: u64,
    /// Sequence numbers that never came (RFC 3550 A.3), from the peer to us.
    pub lost_in: u64,
    /// Interarrival jitter at the end, µs (RFC 3550 A.8).
    pub jitter_us: u32,
    /// Packets from addresses that are not the peer's: dropped.
    pub strangers: u64,
}
