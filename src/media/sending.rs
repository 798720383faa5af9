//! The numbering of one outgoing stream: one SSRC for its life, whatever feeds it. Not the packets themselves.
//!
//! Within a run of one feed the numbers of the feed are kept, moved by an offset: what was lost or reordered before us is
//! lost and reordered after us. Where the feed changes, the sequence goes on without a gap, the timestamp advances by real
//! time, and the marker is set.
//!
//! ```text
//! in   music ──┐   relay 700 701 703 702 ──┐   announcement
//! out  10 11 12│         13  14  16  15    │   17 18
//! ```

use super::receiver_stats::ticks;
use crate::clock::Instant;
use crate::rtp::packet::Header;

/// What feeds an outgoing stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Feed {
    /// Prompts and music.
    Playout,
    /// A digit of our own.
    Keys,
    /// A numbering of the partner: its slot, the slot's generation, the peer's SSRC.
    Partner { slot: u32, generation: u32, ssrc: u32 },
}

/// A run of one feed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Run {
    feed: Feed,
    /// Packets that would bear a lower number belong before the run: dropped.
    floor: u16,
    sequence_offset: u16,
    timestamp_offset: u32,
}

/// See the module text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sending {
    ssrc: u32,
    next_sequence: u16,
    /// Timestamp = this + ticks since start, wherever a run begins.
    clock_offset: u32,
    /// Of the newest packet.
    last_timestamp: u32,
    last_samples: u32,
    last_at: Instant,
    run: Option<Run>,
    packets: u64,
    octets: u32,
}

/// A run that begins this much ahead of real time (1 s) pushes the clock: a peer set its timestamps ahead.
const AHEAD_MAX: i32 = 8_000;

impl Sending {
    /// A stream that has sent nothing; SSRC and first numbers out of 80 of `random`'s bits.
    pub fn new(ssrc: u32, random: u64) -> Self {
        Self {
            ssrc,
            next_sequence: (random >> 32) as u16,
            clock_offset: random as u32,
            last_timestamp: 0,
            last_samples: 0,
            last_at: Instant::START,
            run: None,
            packets: 0,
            octets: 0,
        }
    }

    /// Numbers a packet of our own that was due at `due`; `fresh` begins a new run. Payload type is left 0.
    pub fn own(&mut self, feed: Feed, due: Instant, samples: u32, fresh: bool) -> Header {
        let begins = fresh || self.run.is_none_or(|run| run.feed != feed);
        if begins {
            self.begin(feed, self.next_sequence, ticks(due), due);
        }
        let timestamp_offset = self.run.map_or(0, |run| run.timestamp_offset);
        let header = Header {
            marker: begins,
            payload_type: 0,
            sequence: self.next_sequence,
            timestamp: ticks(due).wrapping_add(timestamp_offset),
            ssrc: self.ssrc,
        };
        self.advance(header, samples, due);
        header
    }

    /// Numbers a packet of the partner in place of its own numbers; `fresh` begins a new run. `None`: it belongs before the
    /// run and is dropped.
    pub fn relayed(&mut self, feed: Feed, came: Header, samples: u32, fresh: bool, now: Instant) -> Option<Header> {
        let begins = fresh || self.run.is_none_or(|run| run.feed != feed);
        if begins {
            self.begin(feed, came.sequence, came.timestamp, now);
        }
        let run = self.run?;
        let header = Header {
            marker: begins || came.marker,
            payload_type: came.payload_type,
            sequence: came.sequence.wrapping_add(run.sequence_offset),
            timestamp: came.timestamp.wrapping_add(run.timestamp_offset),
            ssrc: self.ssrc,
        };
        if before(header.sequence, run.floor) {
            return None;
        }
        self.advance(header, samples, now);
        Some(header)
    }

    /// A packet of the partner that this side must not get (a digit it agreed no form for, comfort noise) leaves no gap.
    /// Whatever came before it and is still on its way is given up, since its number may be used again.
    pub fn left_out(&mut self, feed: Feed, sequence: u16) {
        if let Some(run) = self.run.as_mut().filter(|run| run.feed == feed) {
            let number = sequence.wrapping_add(run.sequence_offset);
            if !before(number, self.next_sequence) {
                run.sequence_offset = run.sequence_offset.wrapping_sub(1);
                self.next_sequence = number;
                run.floor = number;
            }
        }
    }

    /// Packets of the partner are kept from this side for a while: what comes after is joined without a gap. Our own audio,
    /// which nothing is kept from, goes on undisturbed.
    pub fn interrupt(&mut self) {
        self.run.take_if(|run| matches!(run.feed, Feed::Partner { .. }));
    }

    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// RTP packets so far.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// Payload bytes so far, wrapping.
    pub fn octets(&self) -> u32 {
        self.octets
    }

    /// Counts a packet's payload.
    pub fn count(&mut self, payload: usize) {
        self.packets += 1;
        self.octets = self.octets.wrapping_add(payload as u32);
    }

    /// What the stream's RTP clock shows now: on from the newest packet.
    pub fn timestamp_at(&self, now: Instant) -> u32 {
        self.last_timestamp.wrapping_add(ticks(now).wrapping_sub(ticks(self.last_at)))
    }

    fn begin(&mut self, feed: Feed, sequence: u16, timestamp: u32, now: Instant) {
        let real = ticks(now).wrapping_add(self.clock_offset);
        let earliest = self.last_timestamp.wrapping_add(self.last_samples);
        let ahead = earliest.wrapping_sub(real) as i32;
        let begin = if self.packets > 0 && ahead > 0 { earliest } else { real };
        if begin != real && ahead > AHEAD_MAX {
            self.clock_offset = self.clock_offset.wrapping_add(ahead as u32);
        }
        self.run = Some(Run {
            feed,
            floor: self.next_sequence,
            sequence_offset: self.next_sequence.wrapping_sub(sequence),
            timestamp_offset: begin.wrapping_sub(timestamp),
        });
    }

    fn advance(&mut self, header: Header, samples: u32, at: Instant) {
        if !before(header.sequence, self.next_sequence) {
            self.next_sequence = header.sequence.wrapping_add(1);
            self.last_timestamp = header.timestamp;
            self.last_samples = samples;
            self.last_at = at;
        }
    }
}

/// Whether `a` stands before `b` on the circle of sequence numbers.
fn before(a: u16, b: u16) -> bool {
    (a.wrapping_sub(b) as i16) < 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Duration;

    const FEED: Feed = Feed::Partner { slot: 1, generation: 0, ssrc: 5 };

    fn at(ms: u64) -> Instant {
        Instant::from_micros(ms * 1000)
    }

    fn came(sequence: u16, timestamp: u32) -> Header {
        Header { sequence, timestamp, ssrc: 5, ..Header::default() }
    }

    #[test]
    fn loss_and_order_are_kept_and_a_change_of_feed_is_joined() {
        let mut sending = Sending::new(9, (65_534 << 32) | 1_000);
        let own: Vec<_> = (0..3).map(|n| sending.own(Feed::Playout, at(20 * n), 160, false)).collect();
        for _ in &own {
            sending.count(160);
        }
        assert_eq!(
            own.iter().map(|h| (h.sequence, h.timestamp, h.marker)).collect::<Vec<_>>(),
            [(65_534, 1_000, true), (65_535, 1_160, false), (0, 1_320, false)]
        );
        let relayed: Vec<_> = [(700, 70), (701, 230), (703, 550), (702, 390)]
            .iter()
            .map(|&(s, t)| sending.relayed(FEED, came(s, t), 160, false, at(100)).unwrap())
            .collect();
        assert_eq!(
            relayed.iter().map(|h| (h.sequence, h.timestamp, h.marker)).collect::<Vec<_>>(),
            [(1, 1_800, true), (2, 1_960, false), (4, 2_280, false), (3, 2_120, false)]
        );
        assert_eq!(sending.relayed(FEED, came(699, 0), 160, false, at(101)), None, "before the run");
        let next = sending.own(Feed::Playout, at(120), 160, false);
        assert_eq!((next.sequence, next.timestamp, next.marker), (5, 2_440, true), "never back in media time");
        let later = sending.relayed(FEED, came(900, 7), 160, false, at(400)).unwrap();
        assert_eq!((later.sequence, later.timestamp), (6, 1_000 + 3_200), "real time again");
    }

    #[test]
    fn what_is_left_out_leaves_no_gap_and_no_number_twice() {
        let mut sending = Sending::new(9, 0);
        let relay = |sending: &mut Sending, s: u16| {
            sending.count(160);
            sending.relayed(FEED, came(s, 0), 160, false, at(0)).map(|h| h.sequence)
        };
        assert_eq!(relay(&mut sending, 10), Some(0));
        sending.left_out(FEED, 11);
        sending.left_out(FEED, 12);
        assert_eq!(relay(&mut sending, 13), Some(1));
        sending.left_out(FEED, 15);
        assert_eq!(relay(&mut sending, 14), None, "late behind something left out: given up");
        assert_eq!(relay(&mut sending, 16), Some(3), "the gap it leaves is real");
    }

    #[test]
    fn a_peer_that_leaps_ahead_does_not_stop_the_clock() {
        let mut sending = Sending::new(9, 0);
        sending.relayed(FEED, came(1, 0), 160, false, at(0));
        sending.count(160);
        let leap = sending.relayed(FEED, came(2, 1_000_000), 160, false, at(20)).unwrap();
        let own = sending.own(Feed::Playout, at(40), 160, false);
        assert_eq!(own.timestamp, leap.timestamp + 160);
        sending.interrupt();
        let later = sending.own(Feed::Playout, at(40) + Duration::from_secs(1), 160, false);
        assert_eq!(later.timestamp, own.timestamp + 8_000);
    }
}
