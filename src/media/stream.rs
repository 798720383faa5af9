//! One RTP stream: what comes in from its peer ([`Stream::receive`]) and what it plays to it ([`Stream::play`]).
//! Plain values only; sockets, slots and timers belong to others. Joining two streams is `bridge`.

use super::command::{Codec, StreamParameters, StreamReport};
use super::keys::{self, Keys};
use super::latch::Latched;
use super::plane::{Actions, Send};
use super::playout::{Playout, Prompts};
use super::receiver_stats::{Order, ReceiverStats};
use super::reporting::Reporting;
use super::sending::{Feed, Sending};
use crate::clock::{Duration, Instant};
use crate::ids::StreamId;
use crate::rtp::packet::{self, Header};
use crate::rtp::telephone_event::{Detector, Event, Place};
use crate::timers::TimerHandle;
use core::net::SocketAddr;
use core::ops::Range;

/// At most this many frames are sent late; what is older is skipped and the timestamp advanced.
const CATCH_UP_MAX: u32 = 3;

/// What is known of the peer's sending.
#[derive(Clone, Debug, Default)]
pub struct Receiving {
    pub latched: Latched,
    pub stats: ReceiverStats,
    pub digits: Detector,
    /// RTP or RTCP of the peer, or the time from which on it was expected.
    pub heard_at: Instant,
    pub strangers: u64,
}

/// When the stream's own frames are due.
#[derive(Clone, Copy, Debug, Default)]
pub struct Grid {
    pub next: Instant,
    /// Whether the stream is in the Plane's list of those that play.
    pub listed: bool,
    /// The next frame follows a pause.
    pub fresh: bool,
}

/// The stream's places in the Plane's timer heap.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timers {
    pub report: Option<TimerHandle>,
    pub silence: Option<TimerHandle>,
}

/// See the module text.
#[derive(Clone, Debug)]
pub struct Stream {
    pub id: StreamId,
    pub parameters: StreamParameters,
    pub receiving: Receiving,
    pub sending: Sending,
    pub reporting: Reporting,
    pub playout: Playout,
    pub keys: Keys,
    pub grid: Grid,
    pub timers: Timers,
    pub partner: Option<StreamId>,
    pub former: Option<Former>,
}

/// The peer of the port's call before this one: its packets may still be on their way, even from an address that is rightly
/// the new peer's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Former {
    address: SocketAddr,
    ssrc: u32,
    sequence: u16,
    until: Instant,
}

/// How long late packets of a former call are told apart from a new one that goes on with its numbering.
const FORMER: Duration = Duration::from_secs(2);
/// How far ahead of the last they may be.
const FORMER_AHEAD_MAX: u16 = 250;

/// What a packet carries, by its payload type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Voice(Codec),
    Event,
    /// Comfort noise, or a payload type that was never agreed.
    Other,
}

/// A packet of the peer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Heard {
    pub header: Header,
    pub payload: Range<usize>,
    pub kind: Kind,
    pub order: Order,
    /// The packet is the first of this digit.
    pub digit: Option<u8>,
}

/// Why a packet was not heard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unheard {
    Malformed,
    Stranger,
}

impl Stream {
    pub fn new(id: StreamId, parameters: StreamParameters, random: [u64; 3], now: Instant) -> Self {
        let [numbers, identity, name] = random;
        Self {
            id,
            parameters,
            receiving: Receiving { heard_at: now, ..Receiving::default() },
            sending: Sending::new(identity as u32, numbers),
            reporting: Reporting::new(name),
            playout: Playout::default(),
            keys: Keys::default(),
            grid: Grid::default(),
            timers: Timers::default(),
            partner: None,
            former: None,
        }
    }

    /// Takes new parameters; the fixed address is forgotten only if where the peer says it is has changed.
    pub fn change(&mut self, parameters: StreamParameters, now: Instant) {
        let before = core::mem::replace(&mut self.parameters, parameters);
        if (before.rtp, before.latch) != (parameters.rtp, parameters.latch) {
            self.receiving.latched = Latched::default();
        }
        if parameters.receive && !before.receive {
            self.receiving.heard_at = now;
        }
        if parameters.telephone_event.is_none() {
            self.keys.clear();
        }
        if self.target().is_none() {
            self.keys.interrupt();
        }
        if parameters.codec != before.codec || parameters.ptime_ms != before.ptime_ms {
            self.grid.fresh = true;
        }
    }

    /// Takes an RTP packet in: source, numbering, digits.
    pub fn receive(&mut self, source: SocketAddr, bytes: &[u8], now: Instant) -> Result<Heard, Unheard> {
        let (header, payload) = packet::read(bytes).ok_or(Unheard::Malformed)?;
        let late = self.former.is_some_and(|former| former.sent(source, header, now));
        if late || !self.receiving.latched.admits_rtp(&self.parameters, source) {
            self.receiving.strangers += 1;
            return Err(Unheard::Stranger);
        }
        self.receiving.heard_at = now;
        let kind = self.kind(header.payload_type);
        let digit = match kind {
            Kind::Event => bytes.get(payload.clone()).and_then(Event::read).and_then(|event| {
                let Header { ssrc, timestamp, sequence, marker, .. } = header;
                self.receiving.digits.receive(Place { ssrc, timestamp, sequence, marker }, event, now)
            }),
            _ => None,
        };
        let order = self.receiving.stats.receive(header, matches!(kind, Kind::Voice(_)), now);
        Ok(Heard { header, payload, kind, order, digit })
    }

    fn kind(&self, payload_type: u8) -> Kind {
        if payload_type == self.parameters.payload_type {
            Kind::Voice(self.parameters.codec)
        } else if Some(payload_type) == self.parameters.telephone_event {
            Kind::Event
        } else {
            Codec::of_payload_type(payload_type).map_or(Kind::Other, Kind::Voice)
        }
    }

    /// Where RTP goes now; `None` while we must not send or know no address.
    pub fn target(&self) -> Option<SocketAddr> {
        self.receiving.latched.rtp_target(&self.parameters).filter(|_| self.parameters.send)
    }

    /// Whether there is something of our own to send and somewhere to send it.
    pub fn plays(&self) -> bool {
        (self.playout.active() || self.keys.active()) && self.target().is_some()
    }

    /// Sends the frames that are due; the token of an announcement that ended.
    pub fn play(&mut self, prompts: &Prompts, now: Instant, out: &mut Actions) -> Option<u32> {
        let mut said = None;
        for _ in 0..CATCH_UP_MAX {
            if self.grid.next > now {
                return said;
            }
            let Some(to) = self.target() else { break };
            let due = self.grid.next;
            if self.keys.active() {
                self.send_report(to, due, out);
                self.grid.next = grid_after(due, keys::STEP);
            } else {
                said = said.or(self.send_frame(to, due, prompts, out));
                self.grid.next = grid_after(due, self.packet_time());
            }
            if !self.plays() {
                return said;
            }
        }
        if self.grid.next <= now {
            self.grid = Grid { next: grid_after(now, self.packet_time()), fresh: true, ..self.grid };
        }
        said
    }

    /// Packet time of our own audio; 20 ms if the peer's is none that we can make.
    pub fn packet_time(&self) -> Duration {
        let ms = match self.parameters.ptime_ms {
            ms @ (10 | 20 | 30 | 40 | 60) => ms,
            _ => 20,
        };
        Duration::from_millis(ms.into())
    }

    fn send_frame(&mut self, to: SocketAddr, due: Instant, prompts: &Prompts, out: &mut Actions) -> Option<u32> {
        let samples = self.packet_time().as_millis() as usize * 8;
        let start = out.bytes.len();
        packet::append(&mut out.bytes, Header::default());
        let filled = self.playout.fill(prompts, self.parameters.codec, samples, &mut out.bytes);
        if !filled.audio {
            out.bytes.truncate(start);
            return filled.said;
        }
        let fresh = core::mem::take(&mut self.grid.fresh);
        let header = self.sending.own(Feed::Playout, due, samples as u32, fresh);
        let header = Header { payload_type: self.parameters.payload_type, ..header };
        packet::overwrite(out.bytes.get_mut(start..).unwrap_or(&mut []), header);
        self.sending.count(samples);
        out.sends.push(Send { slot: self.id.slot, rtcp: false, to, bytes: start..out.bytes.len() });
        filled.said
    }

    fn send_report(&mut self, to: SocketAddr, due: Instant, out: &mut Actions) {
        let Some(payload_type) = self.parameters.telephone_event else { return self.keys.clear() };
        let Some(report) = self.keys.next(due) else { return };
        let samples = u32::from(report.event.duration);
        let header = self.sending.own(Feed::Keys, report.began, samples, report.first);
        let start = out.bytes.len();
        packet::append(&mut out.bytes, Header { payload_type, ..header });
        out.bytes.extend_from_slice(&report.event.bytes());
        self.sending.count(report.event.bytes().len());
        out.sends.push(Send { slot: self.id.slot, rtcp: false, to, bytes: start..out.bytes.len() });
        self.grid.fresh = true;
    }

    /// The stream's figures now.
    pub fn report(&self) -> StreamReport {
        StreamReport {
            packets_in: self.receiving.stats.packets(),
            packets_out: self.sending.packets(),
            lost_in: self.receiving.stats.lost().max(0) as u64,
            jitter_us: self.receiving.stats.jitter_us(),
            strangers: self.receiving.strangers,
        }
    }

    /// What the port's next call must know of this one's peer.
    pub fn becomes_former(&self, now: Instant) -> Option<Former> {
        let (ssrc, sequence) = self.receiving.stats.newest()?;
        Some(Former { address: self.receiving.latched.rtp()?, ssrc, sequence, until: now + FORMER })
    }
}

impl Former {
    fn sent(&self, source: SocketAddr, header: Header, now: Instant) -> bool {
        let ahead = header.sequence.wrapping_sub(self.sequence);
        now < self.until
            && (self.address, self.ssrc) == (source, header.ssrc)
            && (1..=FORMER_AHEAD_MAX).contains(&ahead)
    }
}

/// The first point after `at` that is a multiple of `step` since start. All streams share these points, so one wake-up
/// serves them all.
pub fn grid_after(at: Instant, step: Duration) -> Instant {
    let step = u64::try_from(step.as_micros()).unwrap_or(u64::MAX).max(1);
    Instant::from_micros((at.as_micros() / step).saturating_add(1).saturating_mul(step))
}
