//! Telephone events (RFC 4733): digits as RTP packets of four bytes. Reads and writes one report, and makes of a peer's
//! reports each digit once ([`Detector`]).
//!
//! Not heard: events above 15 (flash, tones), more than one report in a packet (§2.5.1.5; nobody sends them), and
//! redundancy (RFC 2198), which our SDP never offers.

use crate::clock::{Duration, Instant};
use arrayvec::ArrayVec;

/// Bytes of one report.
pub const LENGTH: usize = 4;

/// One report of an event (§2.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Event {
    /// 0–15 are digits.
    pub code: u8,
    pub end: bool,
    /// dBm0 without its sign, 0–63.
    pub volume: u8,
    /// From the packet's timestamp, in ticks of 125 µs.
    pub duration: u16,
}

impl Event {
    /// Reads the first report of a payload.
    pub fn read(payload: &[u8]) -> Option<Self> {
        let &[code, flags, d0, d1] = payload.first_chunk::<LENGTH>()?;
        Some(Self { code, end: flags & 0x80 != 0, volume: flags & 0x3F, duration: u16::from_be_bytes([d0, d1]) })
    }

    /// The report as payload.
    pub fn bytes(self) -> [u8; LENGTH] {
        let [d0, d1] = self.duration.to_be_bytes();
        [self.code, (u8::from(self.end) << 7) | (self.volume & 0x3F), d0, d1]
    }
}

const DIGITS: [u8; 16] = *b"0123456789*#ABCD";

/// The digit of an event (`0`–`9`, `*`, `#`, `A`–`D`); `None` for other events.
pub fn digit(code: u8) -> Option<u8> {
    DIGITS.get(usize::from(code)).copied()
}

/// The event of a digit; letters in either case.
pub fn code(digit: u8) -> Option<u8> {
    DIGITS.iter().position(|known| known.eq_ignore_ascii_case(&digit)).map(|at| at as u8)
}

/// After its end, an event that begins again under its old timestamp is a new key only if this long has passed: phones
/// that play recorded events repeat them to the byte, networks that duplicate packets do it at once.
const REPLAY_AFTER: Duration = Duration::from_millis(250);

/// From this duration on a report may be the last of a segment: the field is about to run over (§2.5.1.3).
const SEGMENT_END: u16 = 0xF000;

/// How many events a late packet is compared with.
const REMEMBERED_MAX: usize = 4;

/// An event as last seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Heard {
    ssrc: u32,
    timestamp: u32,
    sequence: u16,
    event: Event,
    at: Instant,
}

/// The place of a report in its stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    pub ssrc: u32,
    pub timestamp: u32,
    pub sequence: u16,
    pub marker: bool,
}

/// Makes of the reports of one peer each digit once, at the first report that arrives of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Detector {
    /// Latest last.
    heard: ArrayVec<Heard, REMEMBERED_MAX>,
}

impl Detector {
    /// Takes one report; the digit if the report is the first to arrive of an event.
    ///
    /// ```text
    /// timestamp   160  160  160  160e 160e 160e   960e      (e: end)
    /// digit        5                               5        lost start: reported at the end that came
    /// ```
    pub fn receive(&mut self, place: Place, event: Event, now: Instant) -> Option<u8> {
        let digit = digit(event.code)?;
        if let Some(at) = self.heard.iter().rposition(|known| known.is_same(place, event)) {
            let known = &mut self.heard[at];
            let replayed = known.event.end && !event.end && place.marker && now.since(known.at) >= REPLAY_AFTER;
            // An end is not forgotten over a late report from before it.
            let ended = known.event.end && !replayed;
            *known = Heard { event, at: now, sequence: place.sequence, ..*known };
            known.event.end |= ended;
            return replayed.then_some(digit);
        }
        let heard = Heard { ssrc: place.ssrc, timestamp: place.timestamp, sequence: place.sequence, event, at: now };
        if let Some(last) = self.heard.last_mut()
            && last.goes_on(place, event)
        {
            *last = heard;
            return None;
        }
        if self.heard.is_full() {
            self.heard.remove(0);
        }
        self.heard.push(heard);
        Some(digit)
    }
}

impl Heard {
    fn is_same(&self, place: Place, event: Event) -> bool {
        (self.ssrc, self.timestamp, self.event.code) == (place.ssrc, place.timestamp, event.code)
    }

    /// Whether a report under another timestamp belongs to the same press of the key: the next segment of a long one
    /// (§2.5.1.3), or the next report of a sender that wrongly moves the timestamp with every packet. Both follow
    /// without a gap, without marker, and before any end.
    fn goes_on(&self, place: Place, event: Event) -> bool {
        self.ssrc == place.ssrc
            && self.event.code == event.code
            && !self.event.end
            && !place.marker
            && place.sequence == self.sequence.wrapping_add(1)
            && (event.duration > self.event.duration || self.event.duration >= SEGMENT_END)
    }
}

#[cfg(test)]
mod tests;
