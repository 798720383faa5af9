//! The Plane: all RTP streams of one media worker as one value. No thread, no socket, no allocation per packet.

use super::command::{Command, Fact};
use crate::clock::{Duration, Instant};
use crate::ids::{StreamId, WorkerId};
use core::net::SocketAddr;
use std::sync::Arc;

/// Ready G.711 frames of every prompt, by [`crate::ids::PromptId`].
#[derive(Clone, Debug, Default)]
pub struct Prompts {/* the media helper fills this in */}

/// What may become of a received packet: bytes to send from another (or the same) stream's socket. Data traffic returns where bytes go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Forward {
    /// Slot whose RTP socket sends.
    pub slot: u32,
    pub to: SocketAddr,
    /// The rewritten packet is `bytes[..length]`.
    pub length: usize,
}

/// A packet of our own to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Send {
    pub slot: u32,
    /// From the slot's RTCP socket instead of its RTP socket.
    pub rtcp: bool,
    pub to: SocketAddr,
    /// Where in [`Actions::bytes`] the packet is.
    pub bytes: core::ops::Range<usize>,
}

/// Packets of our own (prompts, music, events, RTCP) and facts. Reused.
#[derive(Default, Debug)]
pub struct Actions {
    pub sends: Vec<Send>,
    /// The packets of `sends`, one after the other.
    pub bytes: Vec<u8>,
    /// Streams whose sockets must be emptied now; then [`Plane::emptied`] is called.
    pub empty: Vec<StreamId>,
    pub facts: Vec<Fact>,
}

/// See the module text.
pub struct Plane {
    _private: (),
}

impl Plane {
    /// A plane over `pairs` slots. A stream that should hear something and hears nothing for `silence` is reported.
    pub fn new(worker: WorkerId, pairs: u32, prompts: Arc<Prompts>, silence: Duration, seed: u64) -> Self {
        let _ = (worker, pairs, prompts, silence, seed);
        todo!()
    }
    pub fn handle(&mut self, _command: Command, _now: Instant, _out: &mut Actions) {
        todo!()
    }
    /// An RTP packet on `slot`; may be rewritten in place and forwarded.
    pub fn handle_packet(
        &mut self,
        _slot: u32,
        _source: SocketAddr,
        _bytes: &mut [u8],
        _now: Instant,
        _out: &mut Actions,
    ) -> Option<Forward> {
        todo!()
    }
    /// An RTCP packet on `slot`.
    pub fn handle_rtcp(&mut self, _slot: u32, _source: SocketAddr, _bytes: &[u8], _now: Instant, _out: &mut Actions) {
        todo!()
    }
    /// Time: playout grid, RTCP, silence.
    pub fn handle_time(&mut self, _now: Instant, _out: &mut Actions) {
        todo!()
    }
    /// The sockets of `slot` are empty: its stream's close is reported.
    pub fn emptied(&mut self, _stream: StreamId, _out: &mut Actions) {
        todo!()
    }
    pub fn next_deadline(&self) -> Option<Instant> {
        todo!()
    }
}
