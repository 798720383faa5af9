//! How a peer's packets arrive: order, loss and jitter by RFC 3550, appendices A.1, A.3 and A.8.
//!
//! Not a jitter buffer: nothing is held back. Digits are found before this is asked, so a packet on probation may carry one.

use crate::clock::Instant;
use crate::rtp::packet::Header;
use crate::rtp::rtcp::Reception;

/// A jump ahead of this many packets or more is no loss but a sender that starts anew (A.1, MAX_DROPOUT).
const DROPOUT_MAX: u16 = 3_000;
/// Packets at most this far behind are late; beyond, the sender started anew (A.1, MAX_MISORDER).
const MISORDER_MAX: u16 = 100;
/// A change of transit time beyond this (2 s in ticks) is a timestamp that was set anew, not jitter.
const TRANSIT_JUMP: u32 = 16_000;

/// What a packet is to the stream before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// Belongs to the same numbering: next, late, doubled, or after a loss.
    Follows,
    /// The first of a numbering: the first at all, a new SSRC, or the second after a jump.
    Begins,
    /// A lone jump in the numbering: dropped until a second packet confirms it.
    Probation,
}

/// One numbering of one SSRC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Source {
    ssrc: u32,
    first: u32,
    /// Highest sequence number with its cycles above.
    highest: u32,
    /// What a second packet after a jump would bear.
    awaited: Option<u16>,
    received: u64,
    expected_before: u64,
    received_before: u64,
    /// Arrival minus timestamp of the last voice packet, in ticks.
    transit: Option<u32>,
}

/// See the module text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReceiverStats {
    source: Option<Source>,
    /// Loss of earlier numberings.
    lost_before: i64,
    /// In 1/16 ticks, as A.8 keeps it.
    jitter: u32,
    packets: u64,
}

impl ReceiverStats {
    /// Takes a packet in. Only `voice` counts for jitter: events keep their timestamp.
    pub fn receive(&mut self, header: Header, voice: bool, now: Instant) -> Order {
        self.packets += 1;
        let order = match &mut self.source {
            Some(source) if source.ssrc == header.ssrc => source.receive(header.sequence),
            _ => Order::Begins,
        };
        match order {
            Order::Begins => {
                self.lost_before = self.lost();
                self.source = Some(Source::begun_by(header));
            }
            Order::Probation => return order,
            Order::Follows => {}
        }
        if let (true, Some(source)) = (voice, &mut self.source) {
            let transit = ticks(now).wrapping_sub(header.timestamp);
            let moved =
                source.transit.replace(transit).map(|before| (transit.wrapping_sub(before) as i32).unsigned_abs());
            if let Some(moved) = moved.filter(|&moved| moved < TRANSIT_JUMP) {
                self.jitter = self.jitter.saturating_add(moved).saturating_sub((self.jitter + 8) >> 4);
            }
        }
        order
    }

    /// Packets that came, late and doubled ones included.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// Packets that never came; below zero if more came than were numbered.
    pub fn lost(&self) -> i64 {
        self.lost_before + self.source.map_or(0, |source| source.expected() as i64 - source.received as i64)
    }

    /// Interarrival jitter in µs.
    pub fn jitter_us(&self) -> u32 {
        (u64::from(self.jitter) * 125 / 16) as u32
    }

    /// SSRC and highest sequence number of the present numbering.
    pub fn newest(&self) -> Option<(u32, u16)> {
        self.source.map(|source| (source.ssrc, source.highest as u16))
    }

    /// The report block about the present numbering (A.3); the fraction lost is that since the call before. The times of the
    /// peer's last report are left 0.
    pub fn reception(&mut self) -> Option<Reception> {
        let source = self.source.as_mut()?;
        let expected = source.expected() - source.expected_before;
        let received = source.received - source.received_before;
        source.expected_before += expected;
        source.received_before += received;
        let lost = expected.saturating_sub(received);
        let fraction = (lost << 8).checked_div(expected).unwrap_or(0).min(255);
        let lost = source.expected() as i64 - source.received as i64;
        Some(Reception {
            ssrc: source.ssrc,
            fraction_lost: fraction as u8,
            lost: lost.clamp(-0x80_0000, 0x7F_FFFF) as i32,
            highest: source.highest,
            jitter: self.jitter >> 4,
            ..Reception::default()
        })
    }
}

impl Source {
    fn begun_by(header: Header) -> Self {
        let first = u32::from(header.sequence);
        Self {
            ssrc: header.ssrc,
            first,
            highest: first,
            awaited: None,
            received: 1,
            expected_before: 0,
            received_before: 0,
            transit: None,
        }
    }

    fn receive(&mut self, sequence: u16) -> Order {
        let ahead = sequence.wrapping_sub(self.highest as u16);
        if ahead < DROPOUT_MAX {
            self.highest = self.highest.wrapping_add(u32::from(ahead));
        } else if ahead.wrapping_neg() > MISORDER_MAX {
            if self.awaited == Some(sequence) {
                return Order::Begins;
            }
            self.awaited = Some(sequence.wrapping_add(1));
            return Order::Probation;
        }
        self.awaited = None;
        self.received += 1;
        Order::Follows
    }

    fn expected(&self) -> u64 {
        u64::from(self.highest.wrapping_sub(self.first)) + 1
    }
}

/// The RTP clock of G.711: 8,000 ticks a second, wrapping.
pub fn ticks(at: Instant) -> u32 {
    (at.as_micros() / 125) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(packets: impl IntoIterator<Item = (u32, u16, u64)>) -> (ReceiverStats, Vec<Order>) {
        let mut stats = ReceiverStats::default();
        let orders = packets.into_iter().enumerate().map(|(n, (ssrc, sequence, ms))| {
            let header = Header { ssrc, sequence, timestamp: 160 * n as u32, ..Header::default() };
            stats.receive(header, true, Instant::from_micros(ms * 1000))
        });
        let orders = orders.collect();
        (stats, orders)
    }

    #[test]
    fn loss_is_counted_over_a_wrap_and_late_packets_are_not_lost() {
        let sequences = [65_530u16, 65_531, 65_534, 65_533, 2, 3];
        let (mut stats, orders) = fed(sequences.iter().enumerate().map(|(n, &s)| (1, s, 20 * n as u64)));
        assert_eq!(orders[0], Order::Begins);
        assert!(orders[1..].iter().all(|&order| order == Order::Follows));
        assert_eq!(stats.lost(), 4);
        let report = stats.reception().unwrap();
        assert_eq!((report.lost, report.highest, report.fraction_lost), (4, 65_536 + 3, (4 * 256 / 10) as u8));
        assert_eq!(stats.reception().unwrap().fraction_lost, 0, "nothing since the report before");
    }

    #[test]
    fn a_lone_jump_is_on_probation_and_a_second_packet_confirms_it() {
        let (stats, orders) =
            fed([(1, 10, 0), (1, 11, 20), (1, 9_000, 40), (1, 12, 60), (1, 30_000, 80), (1, 30_001, 100)]);
        use Order::{Begins, Follows, Probation};
        assert_eq!(orders, [Begins, Follows, Probation, Follows, Probation, Begins]);
        assert_eq!(stats.lost(), 0);
    }

    #[test]
    fn a_new_ssrc_begins_anew_and_keeps_the_loss_so_far() {
        let (stats, orders) = fed([(1, 10, 0), (1, 12, 20), (2, 500, 40), (2, 501, 60)]);
        assert_eq!(orders[2], Order::Begins);
        assert_eq!((stats.lost(), stats.packets(), stats.newest()), (1, 4, Some((2, 501))));
    }

    #[test]
    fn an_even_stream_has_no_jitter_and_an_uneven_one_tends_to_its_deviation() {
        let (even, _) = fed((0..500).map(|n| (1, n, 20 * u64::from(n))));
        assert_eq!(even.jitter_us(), 0);
        // Every second packet 8 ms late: transit moves by 64 ticks each time.
        let (uneven, _) = fed((0..500).map(|n| (1, n, 20 * u64::from(n) + 8 * u64::from(n % 2))));
        assert!((7_400..=8_000).contains(&uneven.jitter_us()), "{}", uneven.jitter_us());
    }

    #[test]
    fn doubled_packets_make_the_loss_negative_not_huge() {
        let (mut stats, _) = fed([(1, 1, 0), (1, 1, 1), (1, 1, 2)]);
        assert_eq!(stats.lost(), -2);
        let report = stats.reception().unwrap();
        assert_eq!((report.lost, report.fraction_lost), (-2, 0));
    }
}
