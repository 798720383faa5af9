//! Session descriptions (RFC 8866) and the offer/answer model (RFC 3264) as far as G.711 audio goes: reading a peer's
//! offer or answer, writing ours. Not a general SDP library: what cannot be used is only counted, so that the answer can
//! name it with port 0.
//!
//! Profiles: `RTP/AVP`, and `RTP/AVPF` as well. An answer must repeat the offer's profile (RFC 4585 §4.2), early feedback is
//! optional for whoever speaks AVPF, and both kinds may share a session (§5): we answer AVPF without `a=rtcp-fb` and report at
//! AVP's pace. `SAVP` and `SAVPF` are refused here: nothing encrypts yet.
//!
//! IPv4 only: a line whose address is IPv6 or a host name cannot be used (no name is looked up on the call path).

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::read;
pub use write::{write_answer, write_offer};

use crate::rtp::g711::Codec;
use arrayvec::ArrayVec;
use core::net::{IpAddr, SocketAddr};

/// More m= lines than this are refused.
pub const LINES_MAX: usize = 16;
/// A longer description is refused, bytes.
pub const BYTES_MAX: usize = 8192;
/// Packet times that we send ourselves, ms, ascending.
pub const PTIMES_MS: [u8; 5] = [10, 20, 30, 40, 60];

/// Codecs with the payload type that each goes by: static (RFC 3551 table 4), or the peer's dynamic number.
pub type Codecs = ArrayVec<(Codec, u8), 2>;

/// A direction attribute, seen by the side that wrote it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

/// What a peer's description says about its audio, reduced to what we use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Audio {
    /// Where the peer wants RTP. `None`: address 0.0.0.0 (RFC 2543 hold).
    pub rtp: Option<SocketAddr>,
    /// Where it wants RTCP: the RTP port with rtcp-mux, else what a=rtcp says (RFC 3605), else the port above.
    pub rtcp: Option<SocketAddr>,
    /// G.711 codecs offered, in the peer's order, with the peer's payload types.
    pub codecs: Codecs,
    /// Payload type of telephone-event/8000.
    pub telephone_event: Option<u8>,
    /// As the peer wrote it. [`Audio::answer_direction`] and its neighbours say what follows from it.
    pub direction: Direction,
    /// How long our own packets to this peer should be: the largest of [`PTIMES_MS`] within its ptime and maxptime; 20 if it
    /// says neither.
    pub ptime_ms: u8,
    /// Offered (or accepted) RTP and RTCP on one port (RFC 5761), and no payload type used here collides with RTCP's.
    pub rtcp_mux: bool,
}

/// A peer's description, read: which m= line is the audio we use, and what else an answer must name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Description {
    /// `o=` session id and version, to recognise an unchanged description. An id or version that is no 64-bit number is
    /// represented by a hash of its text.
    pub origin: (u64, u64),
    /// `t=` start and stop, which an answer repeats (RFC 3264 §6). Almost always zeros.
    pub timing: (u64, u64),
    /// Every m= line in order, for the answer.
    pub lines: Vec<Line>,
    /// Index in `lines` of the audio that can be used.
    pub chosen: usize,
    pub audio: Audio,
}

/// One m= line as an answer must repeat it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub media: Box<str>,
    pub protocol: Box<str>,
    /// The first format; a refused line must name one (RFC 3264 §6), it does not matter which.
    pub format: Box<str>,
    /// 0: refused or switched off.
    pub port: u16,
}

/// Why a description cannot be used. [`Unusable::status`] answers an offer; to an answer it means that the leg fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("not a session description")]
    Syntax,
    #[error("longer than {BYTES_MAX} bytes or more than {LINES_MAX} media lines")]
    TooLarge,
    #[error("no audio over RTP/AVP with PCMA or PCMU")]
    NothingInCommon,
    /// There would be audio, but at an IPv6 address, a host name, a multicast address, or none at all.
    #[error("no audio at a unicast IPv4 address")]
    Address,
}

impl Unusable {
    /// The status that refuses the offer.
    pub const fn status(self) -> u16 {
        match self {
            Self::Syntax => 400,
            Self::TooLarge => 413,
            Self::NothingInCommon | Self::Address => 488,
        }
    }

    /// The warn-code that goes with it (RFC 3261 §20.43).
    pub const fn warning(self) -> Option<u16> {
        match self {
            Self::NothingInCommon => Some(305),
            Self::Address => Some(301),
            Self::Syntax | Self::TooLarge => None,
        }
    }
}

/// Our side of a stream, as it goes into an offer or an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ours {
    pub address: IpAddr,
    pub port: u16,
    /// `o=` session id: fixed for the life of a dialog.
    pub session: u64,
    /// `o=` version: one more than before whenever anything below the o= line changes, else the same (RFC 3264 §8).
    pub version: u64,
    /// One for an answer (with the peer's payload type), ours in order of preference for an offer.
    pub codecs: Codecs,
    pub telephone_event: Option<u8>,
    pub direction: Direction,
    pub rtcp_mux: bool,
    pub ptime_ms: u8,
}

impl Direction {
    /// The direction of a side that sends and receives as told.
    pub const fn of(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// Whether the side that wrote it sends.
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the side that wrote it wants to receive.
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The same stream seen from the other side.
    pub const fn reversed(self) -> Self {
        Self::of(self.receives(), self.sends())
    }

    /// As it stands in `a=`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }
}

impl Audio {
    /// Whether we may send to the peer: it wants to receive and says where.
    pub fn may_send(&self) -> bool {
        self.rtp.is_some() && self.direction.receives()
    }

    /// Whether the peer may send to us. A peer that holds us may play music; expect it only if not [`Audio::is_held`].
    pub fn may_receive(&self) -> bool {
        self.direction.sends()
    }

    /// Whether the peer has put us on hold: it does not want to hear us (sendonly, inactive, or c=0.0.0.0 as in RFC 2543).
    pub fn is_held(&self) -> bool {
        !self.may_send()
    }

    /// The direction to answer with if, left to ourselves, we would do `wish` (both in our view; RFC 3264 §6.1).
    pub fn answer_direction(&self, wish: Direction) -> Direction {
        Direction::of(wish.sends() && self.may_send(), wish.receives() && self.may_receive())
    }
}

impl Description {
    /// Whether the peer repeats what it said before: same `o=` session id and version as `before` (RFC 3264 §8).
    pub fn is_unchanged(&self, before: (u64, u64)) -> bool {
        self.origin == before
    }
}

/// The first of `preferred` that the peer's list holds, with the peer's payload type (trunk list decides; empty list = the
/// peer's order).
pub fn choose(theirs: &Audio, preferred: &[Codec]) -> Option<(Codec, u8)> {
    if preferred.is_empty() {
        return theirs.codecs.first().copied();
    }
    preferred.iter().find_map(|wanted| theirs.codecs.iter().find(|(codec, _)| codec == wanted)).copied()
}

/// `codecs` under their static payload types, for an offer.
pub fn statics(codecs: impl IntoIterator<Item = Codec>) -> Codecs {
    codecs.into_iter().map(|codec| (codec, codec.payload_type())).take(2).collect()
}
