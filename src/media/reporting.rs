//! RTCP of one stream (RFC 3550 §6): what our reports say, and what is kept of the peer's. When they are due: the Plane.
//!
//! NTP time in sender reports counts from the start of the process, as §6.4.1 allows where no wall clock is at hand: this
//! module has none.

use super::plane::{Actions, Send};
use super::stream::Stream;
use crate::clock::{Duration, Instant};
use crate::rtp::rtcp::{self, Reception, Report, Transmission};

/// Mean time between reports; each is drawn from half to one and a half times this (§6.2, §6.3.1).
pub const INTERVAL: Duration = Duration::from_secs(5);

/// See the module text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reporting {
    /// 64 random bits in hexadecimal, new for every stream (RFC 7022 §4.2): nothing links a caller's calls.
    cname: [u8; 16],
    /// Packets sent when the last report went.
    packets_reported: u64,
    /// Middle of the NTP time of the peer's last sender report, and when it came.
    last_report: Option<(u32, Instant)>,
    /// How the peer receives us, as it said last.
    remote: Option<Reception>,
}

impl Reporting {
    pub fn new(random: u64) -> Self {
        let mut cname = [b'0'; 16];
        for (at, digit) in cname.iter_mut().enumerate() {
            *digit = b"0123456789abcdef"[(random >> (4 * at)) as usize & 15];
        }
        Self { cname, packets_reported: 0, last_report: None, remote: None }
    }

    /// Takes a peer's compound packet in; false: it is none.
    pub fn receive(&mut self, bytes: &[u8], ours: u32, now: Instant) -> bool {
        let Some(received) = rtcp::read(bytes, ours) else { return false };
        if let Some((_, ntp)) = received.sender {
            self.last_report = Some((ntp, now));
        }
        self.remote = received.reception.or(self.remote);
        true
    }

    /// How the peer receives us, as it said last.
    pub fn remote(&self) -> Option<Reception> {
        self.remote
    }
}

/// Sends `stream`'s report, if the peer takes RTCP; with `bye` the last one.
pub fn send(stream: &mut Stream, bye: bool, now: Instant, out: &mut Actions) {
    let Some((to, rtcp)) = stream.receiving.latched.rtcp_target(&stream.parameters) else { return };
    let sent = stream.sending.packets();
    let reporting = &mut stream.reporting;
    let active = core::mem::replace(&mut reporting.packets_reported, sent) != sent;
    let transmission = active.then(|| Transmission {
        ntp: ntp(now),
        timestamp: stream.sending.timestamp_at(now),
        packets: sent as u32,
        octets: stream.sending.octets(),
    });
    let mut reception = stream.receiving.stats.reception();
    if let (Some(reception), Some((last_report, at))) = (&mut reception, reporting.last_report) {
        reception.last_report = last_report;
        reception.delay = (ntp(Instant::START + now.since(at)) >> 16) as u32;
    }
    let cname = core::str::from_utf8(&reporting.cname).unwrap_or_default();
    let start = out.bytes.len();
    rtcp::append(&mut out.bytes, &Report { ssrc: stream.sending.ssrc(), transmission, reception, cname, bye });
    out.sends.push(Send { slot: stream.id.slot, rtcp, to, bytes: start..out.bytes.len() });
}

/// 32.32 fixed-point seconds since start.
fn ntp(at: Instant) -> u64 {
    let micros = at.as_micros();
    ((micros / 1_000_000) << 32) | (((micros % 1_000_000) << 32) / 1_000_000)
}
