//! Session descriptions (RFC 8866) and the offer/answer model (RFC 3264) as far as G.711 audio goes: reading a peer's
//! offer or answer, writing ours. Rejected and unknown m= lines are answered with port 0.

use crate::rtp::g711::Codec;
use core::net::{IpAddr, SocketAddr};

/// Direction attribute as the peer wrote it (its view).
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
    /// Where it wants RTCP (a=rtcp or port + 1; the RTP port with rtcp-mux).
    pub rtcp: Option<SocketAddr>,
    /// G.711 codecs offered, in the peer's order.
    pub codecs: arrayvec::ArrayVec<Codec, 2>,
    /// Payload type of telephone-event/8000.
    pub telephone_event: Option<u8>,
    pub direction: Direction,
    /// ms; 20 if not said.
    pub ptime_ms: u8,
    pub rtcp_mux: bool,
}

/// A peer's description, read: which m= line is the audio we use, and how many there are in all.
#[derive(Clone, Debug)]
pub struct Description {
    /// `o=` session id and version, to recognise an unchanged description.
    pub origin: (u64, u64),
    /// Every m= line's media, protocol and first format as written, in order, for the answer.
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
    pub formats: Box<str>,
    pub port: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// 400
    #[error("not a session description")]
    Syntax,
    /// 488 with Warning 305
    #[error("no audio over RTP/AVP with PCMA or PCMU")]
    NothingInCommon,
}

/// Our side of a stream, as it goes into an offer or an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ours {
    pub address: IpAddr,
    pub port: u16,
    pub session: u64,
    pub version: u64,
    /// One for an answer, ours in order of preference for an offer.
    pub codecs: arrayvec::ArrayVec<Codec, 2>,
    pub telephone_event: Option<u8>,
    pub direction: Direction,
    pub rtcp_mux: bool,
    pub ptime_ms: u8,
}

/// Reads a peer's offer or answer (at most 16 m= lines, 8 KB).
pub fn read(_body: &[u8]) -> Result<Description, Unusable> {
    todo!()
}
/// Writes an offer with one audio line.
pub fn write_offer(_ours: &Ours, _out: &mut Vec<u8>) {
    todo!()
}
/// Writes the answer to `theirs`: same number of m= lines in the same order, all but the chosen one with port 0.
pub fn write_answer(_theirs: &Description, _ours: &Ours, _out: &mut Vec<u8>) {
    todo!()
}
/// The first of `preferred` that the peer's list holds (trunk list decides; empty list = the peer's order).
pub fn choose(_theirs: &Audio, _preferred: &[Codec]) -> Option<Codec> {
    todo!()
}
