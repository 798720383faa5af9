//! Whose packets are heard and where ours go: the address fixed by the first packet that policy admits.
//!
//! Huntline answers nobody whom SDP or signalling did not name. A fixed address changes by [`Command::Change`] alone, so that
//! a stranger cannot take a running stream over.
//!
//! [`Command::Change`]: super::Command::Change

use super::command::{Latch, StreamParameters};
use core::net::SocketAddr;

/// The addresses that a stream has fixed, apart for RTP and RTCP.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Latched {
    rtp: Option<SocketAddr>,
    rtcp: Option<SocketAddr>,
}

impl Latched {
    /// Whether an RTP packet from `source` is the peer's; the first that may be fixes the address.
    pub fn admits_rtp(&mut self, parameters: &StreamParameters, source: SocketAddr) -> bool {
        admits(&mut self.rtp, parameters.rtp, parameters.latch, source)
    }

    /// The same for RTCP on its own port.
    pub fn admits_rtcp(&mut self, parameters: &StreamParameters, source: SocketAddr) -> bool {
        admits(&mut self.rtcp, parameters.rtcp, parameters.latch, source)
    }

    /// Whether RTCP that came to the RTP port is the peer's. It fixes nothing.
    pub fn admits_multiplexed(&self, parameters: &StreamParameters, source: SocketAddr) -> bool {
        let mut fixed = self.rtp;
        admits(&mut fixed, parameters.rtp, parameters.latch, source)
    }

    /// Where RTP goes: to the fixed address, before that to the one in the SDP.
    pub fn rtp_target(&self, parameters: &StreamParameters) -> Option<SocketAddr> {
        parameters.rtp.map(|described| self.rtp.unwrap_or(described))
    }

    /// Where RTCP goes, and whether from the RTCP socket.
    pub fn rtcp_target(&self, parameters: &StreamParameters) -> Option<(SocketAddr, bool)> {
        if parameters.rtcp == parameters.rtp {
            return self.rtp_target(parameters).map(|target| (target, false));
        }
        parameters.rtcp.map(|described| (self.rtcp.unwrap_or(described), true))
    }

    /// The fixed address.
    pub fn rtp(&self) -> Option<SocketAddr> {
        self.rtp
    }
}

fn admits(fixed: &mut Option<SocketAddr>, described: Option<SocketAddr>, latch: Latch, source: SocketAddr) -> bool {
    let Some(described) = described else { return false };
    if let Some(fixed) = fixed {
        return *fixed == source;
    }
    let admitted = match latch {
        Latch::Strict => source == described,
        Latch::Signalling(address) => source.ip() == described.ip() || source.ip() == address,
    };
    if admitted {
        *fixed = Some(source);
    }
    admitted
}
