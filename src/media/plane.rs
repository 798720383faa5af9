//! The Plane: all RTP streams of one media worker as one value. No thread, no socket, no allocation per packet.
//!
//! Our own audio leaves on points of time that all streams share (multiples of their packet time since start), so one
//! wake-up serves them all. Only open streams cost anything.

use super::bridge;
use super::command::{Command, Fact, StreamParameters, StreamReport};
pub use super::playout::{Prompt, Prompts};
use super::reporting;
use super::sending::Feed;
use super::stream::{Former, Stream, Unheard, grid_after};
use crate::clock::{Duration, Instant};
use crate::ids::{StreamId, WorkerId};
use crate::rtp::packet;
use crate::seed::Seed;
use crate::timers::TimerHeap;
use core::net::SocketAddr;
use std::sync::Arc;

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

impl Actions {
    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.sends.clear();
        self.bytes.clear();
        self.empty.clear();
        self.facts.clear();
    }
}

/// What a plane has seen and done since its start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// Streams that are open now.
    pub streams: u32,
    pub packets_in: u64,
    pub packets_out: u64,
    pub lost: u64,
    /// Mean over the open streams that have heard their peer.
    pub jitter_us: u32,
    /// Packets of nobody's peer, those to ports at rest included.
    pub strangers: u64,
    /// Datagrams that are neither RTP nor RTCP.
    pub malformed: u64,
    /// Digits that could not be sent: too many waited, or the peer agreed no form.
    pub digits_unsent: u64,
}

/// A port's place.
#[derive(Debug, Default)]
struct Slot {
    stream: Option<Box<Stream>>,
    /// Closed, and its sockets not yet emptied.
    closing: Option<(StreamId, StreamReport)>,
    former: Option<Former>,
}

/// What a timer is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Timer {
    Report(u32),
    Silence(u32),
}

/// RTCP and silence need no more precision than this, and share the grid's wake-ups.
const COARSE: Duration = Duration::from_millis(20);

/// See the module text.
#[derive(Debug)]
pub struct Plane {
    worker: WorkerId,
    slots: Vec<Slot>,
    prompts: Arc<Prompts>,
    silence: Duration,
    seed: Seed,
    timers: TimerHeap<Timer>,
    /// Slots that play something.
    playing: Vec<u32>,
    /// The earliest frame of any of them.
    next_frame: Option<Instant>,
    /// Slots that are open.
    open: Vec<u32>,
    /// Of streams that are closed, and what belongs to no stream.
    totals: Totals,
}

impl Plane {
    /// A plane over `pairs` slots. A stream that should hear something and hears nothing for `silence` is reported.
    pub fn new(worker: WorkerId, pairs: u32, prompts: Arc<Prompts>, silence: Duration, seed: u64) -> Self {
        Self {
            worker,
            slots: (0..pairs).map(|_| Slot::default()).collect(),
            prompts,
            silence: silence.max(Duration::from_millis(100)),
            seed: Seed::new(seed),
            timers: TimerHeap::default(),
            playing: Vec::new(),
            next_frame: None,
            open: Vec::new(),
            totals: Totals::default(),
        }
    }

    /// Carries a command out. One for a stream that is not open (any more) is ignored.
    pub fn handle(&mut self, command: Command, now: Instant, out: &mut Actions) {
        match command {
            Command::Open { stream, parameters } => self.open(stream, parameters, now, out),
            Command::Close { stream } => self.close(stream, now, out),
            Command::Bridge { a, b } => self.bridge(a, b),
            Command::Unbridge { stream } => self.unbridge(stream),
            Command::Change { stream, parameters } => self.on(stream, now, |stream, _| stream.change(parameters, now)),
            Command::Music { stream, music } => {
                self.on(stream, now, |stream, prompts| stream.playout.music(music, prompts));
            }
            Command::Say { stream, token, announcement } => {
                self.on(stream, now, |stream, _| stream.playout.say(token, announcement));
            }
            Command::Hush { stream } => self.on(stream, now, |stream, _| stream.playout.hush()),
            Command::SendDigit { stream, digit } => {
                let mut sent = true;
                self.on(stream, now, |stream, _| {
                    sent = stream.parameters.telephone_event.is_some() && stream.keys.press(digit);
                });
                self.totals.digits_unsent += u64::from(!sent);
            }
        }
    }

    /// An RTP packet on `slot`; may be rewritten in place and forwarded.
    pub fn handle_packet(
        &mut self,
        slot: u32,
        source: SocketAddr,
        bytes: &mut [u8],
        now: Instant,
        out: &mut Actions,
    ) -> Option<Forward> {
        let Some(stream) = self.slots.get_mut(slot as usize).and_then(|place| place.stream.as_deref_mut()) else {
            self.totals.strangers += 1;
            return None;
        };
        if packet::is_rtcp(bytes) {
            let admitted = stream.receiving.latched.admits_multiplexed(&stream.parameters, source);
            self.report_received(slot, admitted, bytes, now);
            return None;
        }
        let heard = match stream.receive(source, bytes, now) {
            Ok(heard) => heard,
            Err(Unheard::Stranger) => return None,
            Err(Unheard::Malformed) => {
                self.totals.malformed += 1;
                return None;
            }
        };
        let id = stream.id;
        out.facts.extend(heard.digit.map(|digit| Fact::Digit { stream: id, digit }));
        let (partner, receive) = (stream.partner?, stream.parameters.receive);
        if !receive {
            self.stream(partner)?.sending.interrupt();
            return None;
        }
        let feed = Feed::Partner { slot, generation: id.generation, ssrc: heard.header.ssrc };
        let to = bridge::pass(self.stream(partner)?, feed, &heard, bytes, now)?;
        Some(Forward { slot: partner.slot, to, length: bytes.len() })
    }

    /// An RTCP packet on `slot`.
    pub fn handle_rtcp(&mut self, slot: u32, source: SocketAddr, bytes: &[u8], now: Instant, _out: &mut Actions) {
        let Some(stream) = self.slots.get_mut(slot as usize).and_then(|place| place.stream.as_deref_mut()) else {
            self.totals.strangers += 1;
            return;
        };
        // What is not RTCP must not fix an address.
        let admitted = packet::is_rtcp(bytes) && stream.receiving.latched.admits_rtcp(&stream.parameters, source);
        self.report_received(slot, admitted, bytes, now);
    }

    fn report_received(&mut self, slot: u32, admitted: bool, bytes: &[u8], now: Instant) {
        let Some(stream) = self.slots.get_mut(slot as usize).and_then(|place| place.stream.as_deref_mut()) else {
            return;
        };
        if !admitted {
            stream.receiving.strangers += 1;
        } else if stream.reporting.receive(bytes, stream.sending.ssrc(), now) {
            stream.receiving.heard_at = now;
        } else {
            self.totals.malformed += 1;
        }
    }

    /// Time: playout grid, RTCP, silence.
    pub fn handle_time(&mut self, now: Instant, out: &mut Actions) {
        if self.next_frame.is_some_and(|next| next <= now) {
            self.play(now, out);
        }
        while let Some(timer) = self.timers.expire(now) {
            match timer {
                Timer::Report(slot) => self.send_report(slot, now, out),
                Timer::Silence(slot) => self.check_silence(slot, now, out),
            }
        }
    }

    /// The sockets of `stream` are empty: its close is reported.
    pub fn emptied(&mut self, stream: StreamId, out: &mut Actions) {
        if let Some(place) = self.slots.get_mut(stream.slot as usize)
            && let Some((id, report)) = place.closing.take_if(|(id, _)| *id == stream)
        {
            out.facts.push(Fact::Closed { stream: id, report });
        }
    }

    /// When [`Self::handle_time`] is due.
    pub fn next_deadline(&self) -> Option<Instant> {
        match (self.next_frame, self.timers.next_deadline()) {
            (Some(frame), Some(timer)) => Some(frame.min(timer)),
            (frame, timer) => frame.or(timer),
        }
    }

    /// What has been seen and done so far: O(open streams).
    pub fn totals(&self) -> Totals {
        let mut totals = Totals { streams: self.open.len() as u32, ..self.totals };
        let (mut jitter_us, mut heard) = (0u64, 0u64);
        for stream in self.open.iter().filter_map(|&slot| self.slots[slot as usize].stream.as_deref()) {
            let report = stream.report();
            totals.include(report);
            if report.packets_in > 0 {
                heard += 1;
                jitter_us += u64::from(report.jitter_us);
            }
        }
        totals.jitter_us = jitter_us.checked_div(heard).unwrap_or(0) as u32;
        totals
    }

    fn open(&mut self, id: StreamId, parameters: StreamParameters, now: Instant, out: &mut Actions) {
        let Some(place) = self.slots.get_mut(id.slot as usize).filter(|_| id.worker == self.worker) else { return };
        // A port is given out again only after its close was reported. Should that ever fail, the new call wins.
        let before = place.stream.as_deref().map(|stream| stream.id).or(place.closing.map(|(id, _)| id));
        if let Some(before) = before {
            if before == id {
                return;
            }
            self.close(before, now, out);
            self.emptied(before, out);
        }
        let random = [self.seed.bits(), self.seed.bits(), self.seed.bits()];
        let mut stream = Box::new(Stream::new(id, parameters, random, now));
        let place = &mut self.slots[id.slot as usize];
        stream.former = place.former.take();
        stream.timers.silence = Some(self.timers.arm(grid_after(now + self.silence, COARSE), Timer::Silence(id.slot)));
        let first = now + reporting::INTERVAL.mul_f64(0.25 + 0.5 * self.seed.unit());
        stream.timers.report = Some(self.timers.arm(grid_after(first, COARSE), Timer::Report(id.slot)));
        place.stream = Some(stream);
        self.open.push(id.slot);
    }

    fn close(&mut self, id: StreamId, now: Instant, out: &mut Actions) {
        if self.stream(id).is_none() {
            return;
        }
        self.unbridge(id);
        let place = &mut self.slots[id.slot as usize];
        let Some(mut stream) = place.stream.take() else { return };
        self.timers.disarm(&mut stream.timers.report);
        self.timers.disarm(&mut stream.timers.silence);
        if stream.sending.packets() > 0 {
            reporting::send(&mut stream, true, now, out);
        }
        self.open.retain(|&slot| slot != id.slot);
        if stream.grid.listed {
            self.playing.retain(|&slot| slot != id.slot);
            self.next_frame = self.next_frame.filter(|_| !self.playing.is_empty());
        }
        self.totals.include(stream.report());
        place.former = stream.becomes_former(now);
        place.closing = Some((id, stream.report()));
        out.empty.push(id);
    }

    fn bridge(&mut self, a: StreamId, b: StreamId) {
        if a == b || self.stream(a).is_none() || self.stream(b).is_none() {
            return;
        }
        if self.stream(a).is_some_and(|stream| stream.partner != Some(b)) {
            self.unbridge(a);
            self.unbridge(b);
        }
        for (one, other) in [(a, b), (b, a)] {
            if let Some(stream) = self.stream(one) {
                stream.playout.clear();
                stream.partner = Some(other);
            }
        }
    }

    fn unbridge(&mut self, id: StreamId) {
        let Some(stream) = self.stream(id) else { return };
        stream.sending.interrupt();
        let partner = stream.partner.take();
        if let Some(partner) = partner.and_then(|partner| self.stream(partner)) {
            partner.partner.take_if(|back| *back == id);
            partner.sending.interrupt();
        }
    }

    /// The open stream of this id; `None` if its generation has passed.
    fn stream(&mut self, id: StreamId) -> Option<&mut Stream> {
        let place = self.slots.get_mut(id.slot as usize)?;
        place.stream.as_deref_mut().filter(|stream| stream.id == id)
    }

    /// Does something to an open stream, which may have something to play after it.
    fn on(&mut self, id: StreamId, now: Instant, act: impl FnOnce(&mut Stream, &Prompts)) {
        let prompts = Arc::clone(&self.prompts);
        if let Some(stream) = self.stream(id) {
            act(stream, &prompts);
            self.start_playing(id, now);
        }
    }

    /// Puts a stream that has something to play on the grid.
    fn start_playing(&mut self, id: StreamId, now: Instant) {
        let Some(stream) = self.stream(id).filter(|stream| !stream.grid.listed && stream.plays()) else { return };
        stream.grid.listed = true;
        stream.grid.fresh = true;
        stream.grid.next = grid_after(now, stream.packet_time());
        let next = stream.grid.next;
        self.playing.push(id.slot);
        self.next_frame = Some(self.next_frame.map_or(next, |frame| frame.min(next)));
    }

    /// One tick: every stream that plays sends what is due; those with nothing left leave the list.
    fn play(&mut self, now: Instant, out: &mut Actions) {
        let mut next_frame: Option<Instant> = None;
        self.playing.retain(|&slot| {
            let Some(stream) = self.slots[slot as usize].stream.as_deref_mut() else { return false };
            if stream.plays() {
                let said = stream.play(&self.prompts, now, out);
                out.facts.extend(said.map(|token| Fact::Said { stream: stream.id, token }));
            }
            stream.grid.listed = stream.plays();
            if stream.grid.listed {
                next_frame = Some(next_frame.map_or(stream.grid.next, |next| next.min(stream.grid.next)));
            }
            stream.grid.listed
        });
        self.next_frame = next_frame;
    }

    fn send_report(&mut self, slot: u32, now: Instant, out: &mut Actions) {
        let wait = reporting::INTERVAL.mul_f64(0.5 + self.seed.unit());
        let Some(stream) = self.slots[slot as usize].stream.as_deref_mut() else { return };
        reporting::send(stream, false, now, out);
        stream.timers.report = Some(self.timers.arm(grid_after(now + wait, COARSE), Timer::Report(slot)));
    }

    fn check_silence(&mut self, slot: u32, now: Instant, out: &mut Actions) {
        let Some(stream) = self.slots[slot as usize].stream.as_deref_mut() else { return };
        let lasting = now.since(stream.receiving.heard_at);
        let mut from = now;
        if stream.parameters.receive {
            if lasting >= self.silence {
                out.facts.push(Fact::Silent { stream: stream.id, lasting });
            } else {
                from = stream.receiving.heard_at;
            }
        }
        stream.timers.silence = Some(self.timers.arm(grid_after(from + self.silence, COARSE), Timer::Silence(slot)));
    }
}

impl Totals {
    fn include(&mut self, report: StreamReport) {
        self.packets_in += report.packets_in;
        self.packets_out += report.packets_out;
        self.lost += report.lost_in;
        self.strangers += report.strangers;
    }
}

#[cfg(test)]
mod tests;
