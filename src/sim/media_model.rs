//! Stands for the media workers: takes the Switch's commands, knows how long prompts are, reports what a Plane would report, and
//! knows who hears whom. No packets. It also watches: a stream that is opened twice, used after its close or left open is a fault
//! of the Switch and is written down.

use crate::clock::{Duration, Instant};
use crate::ids::{PromptId, StreamId};
use crate::media::{Command, Fact, StreamParameters, StreamReport};
use crate::timers::{TimerHandle, TimerHeap};
use core::net::{IpAddr, SocketAddr};
use std::collections::{BTreeMap, BTreeSet};

/// What a phone hears.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hearing {
    Nothing,
    /// An announcement that begins with this prompt.
    Words(PromptId),
    Music(PromptId),
    /// The phone behind this RTP address.
    Party(SocketAddr),
}

#[derive(Debug)]
struct Stream {
    generation: u32,
    parameters: StreamParameters,
    said: Option<(PromptId, TimerHandle)>,
    music: Option<PromptId>,
    partner: Option<u32>,
    silent_since: Option<Instant>,
    silence: Option<TimerHandle>,
    heard: Hearing,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Due {
    Said { slot: u32, token: u32 },
    Silent { slot: u32 },
}

/// All streams of one media worker, as the Switch sees them.
#[derive(Debug)]
pub struct MediaModel {
    streams: BTreeMap<u32, Stream>,
    /// The stream that sends to an address.
    by_peer: BTreeMap<SocketAddr, u32>,
    timers: TimerHeap<Due>,
    /// Length of each prompt; the last entry serves all beyond.
    lengths: Vec<Duration>,
    silence_period: Duration,
    silent: BTreeSet<IpAddr>,
    pub facts: Vec<Fact>,
    /// (phone's RTP address, what it hears from now on), in order.
    pub changes: Vec<(SocketAddr, Hearing)>,
    /// What the Switch did wrong.
    pub faults: Vec<String>,
    pub opened: u64,
    pub closed: u64,
}

impl MediaModel {
    /// A worker without streams. A phone that falls silent is reported after each `silence_period`.
    pub fn new(lengths: Vec<Duration>, silence_period: Duration) -> Self {
        Self {
            streams: BTreeMap::new(),
            by_peer: BTreeMap::new(),
            timers: TimerHeap::default(),
            lengths,
            silence_period,
            silent: BTreeSet::new(),
            facts: Vec::new(),
            changes: Vec::new(),
            faults: Vec::new(),
            opened: 0,
            closed: 0,
        }
    }

    /// Takes one command.
    pub fn handle(&mut self, command: Command, now: Instant) {
        match command {
            Command::Open { stream, parameters } => {
                self.open(stream, parameters);
                self.watch_if_silent(stream.slot, now);
            }
            Command::Change { stream, parameters } => {
                self.on(stream, "Change", |model, slot| {
                    model.change(slot, parameters);
                    model.watch_if_silent(slot, now);
                });
            }
            Command::Music { stream, music } => {
                self.on(stream, "Music", |model, slot| model.stream(slot).music = music);
            }
            Command::Say { stream, token, announcement } => self.on(stream, "Say", |model, slot| {
                model.hush(slot);
                let Some(first) = announcement.first().copied() else {
                    model.facts.push(Fact::Said { stream, token });
                    return;
                };
                let length: Duration = announcement.iter().map(|prompt| model.length(*prompt)).sum();
                let timer = model.timers.arm(now + length, Due::Said { slot, token });
                model.stream(slot).said = Some((first, timer));
            }),
            Command::Hush { stream } => self.on(stream, "Hush", |model, slot| model.hush(slot)),
            Command::Bridge { a, b } => {
                self.on(a, "Bridge", |model, slot| {
                    model.part(slot);
                    model.hush(slot);
                    model.stream(slot).music = None;
                });
                self.on(b, "Bridge", |model, slot| {
                    model.part(slot);
                    model.hush(slot);
                    model.stream(slot).music = None;
                });
                self.on(a, "Bridge", |model, slot| model.stream(slot).partner = Some(b.slot));
                self.on(b, "Bridge", |model, slot| model.stream(slot).partner = Some(a.slot));
                self.notice_changes(a.slot);
            }
            Command::Unbridge { stream } => self.on(stream, "Unbridge", |model, slot| model.part(slot)),
            Command::SendDigit { stream, .. } => self.on(stream, "SendDigit", |_, _| ()),
            Command::Close { stream } => self.close(stream),
        }
    }

    /// A key pressed at the phone with this RTP address. Lost if no stream listens there.
    pub fn press(&mut self, phone: SocketAddr, digit: u8) {
        if let Some((&slot, stream)) = self.by_peer.get(&phone).and_then(|slot| self.streams.get_key_value(slot)) {
            self.facts.push(Fact::Digit { stream: id(slot, stream.generation), digit });
        }
    }

    /// Phones at this address send nothing more (`silent`), or send again in calls to come.
    pub fn fall_silent(&mut self, address: IpAddr, silent: bool, now: Instant) {
        if !silent {
            self.silent.remove(&address);
            return;
        }
        self.silent.insert(address);
        let is_there = |stream: &Stream| stream.parameters.rtp.is_some_and(|rtp| rtp.ip() == address);
        let slots: Vec<u32> =
            self.streams.iter().filter(|(_, stream)| is_there(stream)).map(|(&slot, _)| slot).collect();
        slots.into_iter().for_each(|slot| self.watch_silence(slot, now));
    }

    fn watch_if_silent(&mut self, slot: u32, now: Instant) {
        let stream = self.stream(slot);
        if stream.silence.is_none() && stream.parameters.rtp.is_some_and(|rtp| self.silent.contains(&rtp.ip())) {
            self.watch_silence(slot, now);
        }
    }

    fn watch_silence(&mut self, slot: u32, now: Instant) {
        let due = now + self.silence_period;
        let timer = self.timers.arm(due, Due::Silent { slot });
        let stream = self.stream(slot);
        let before = stream.silence.replace(timer);
        stream.silent_since.get_or_insert(now);
        if let Some(before) = before {
            self.timers.cancel(before);
        }
    }

    /// Reports what is due.
    pub fn handle_time(&mut self, now: Instant) {
        while let Some(due) = self.timers.expire(now) {
            match due {
                Due::Said { slot, token } => {
                    let stream = self.stream(slot);
                    stream.said = None;
                    let stream = id(slot, stream.generation);
                    self.facts.push(Fact::Said { stream, token });
                    self.notice_changes(slot);
                }
                Due::Silent { slot } => {
                    let again = self.timers.arm(now + self.silence_period, Due::Silent { slot });
                    let stream = self.stream(slot);
                    stream.silence = Some(again);
                    let expected = stream.parameters.receive;
                    let lasting = now.since(stream.silent_since.unwrap_or(now));
                    let stream = id(slot, stream.generation);
                    if expected {
                        self.facts.push(Fact::Silent { stream, lasting });
                    }
                }
            }
        }
    }

    /// When [`Self::handle_time`] has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.timers.next_deadline()
    }

    /// What the phone with this RTP address hears now.
    pub fn hears(&self, phone: SocketAddr) -> Hearing {
        self.by_peer.get(&phone).map_or(Hearing::Nothing, |&slot| self.hearing(slot))
    }

    /// Streams that are open.
    pub fn open_streams(&self) -> usize {
        self.streams.len()
    }

    fn open(&mut self, stream: StreamId, parameters: StreamParameters) {
        if let Some(old) = self.streams.get(&stream.slot) {
            self.faults.push(format!("{stream:?} opened while generation {} is open", old.generation));
        }
        self.opened += 1;
        let fresh = Stream {
            generation: stream.generation,
            parameters,
            said: None,
            music: None,
            partner: None,
            silent_since: None,
            silence: None,
            heard: Hearing::Nothing,
        };
        self.streams.insert(stream.slot, fresh);
        self.by_peer.extend(parameters.rtp.map(|peer| (peer, stream.slot)));
    }

    fn change(&mut self, slot: u32, parameters: StreamParameters) {
        let before = core::mem::replace(&mut self.stream(slot).parameters, parameters);
        if let Some(peer) = before.rtp.filter(|peer| self.by_peer.get(peer) == Some(&slot)) {
            self.by_peer.remove(&peer);
        }
        self.by_peer.extend(parameters.rtp.map(|peer| (peer, slot)));
    }

    fn close(&mut self, stream: StreamId) {
        if self.streams.get(&stream.slot).is_none_or(|open| open.generation != stream.generation) {
            self.faults.push(format!("{stream:?} closed but not open"));
            return;
        }
        self.part(stream.slot);
        self.hush(stream.slot);
        let mut closed = self.streams.remove(&stream.slot).expect("found above");
        self.timers.disarm(&mut closed.silence);
        if let Some(peer) = closed.parameters.rtp.filter(|peer| self.by_peer.get(peer) == Some(&stream.slot)) {
            self.by_peer.remove(&peer);
            self.changes.push((peer, Hearing::Nothing));
        }
        self.closed += 1;
        self.facts.push(Fact::Closed { stream, report: StreamReport::default() });
    }

    /// Does `act` on an open stream. A command for a stream that is gone is a fault: the Switch closes it and must know.
    fn on(&mut self, stream: StreamId, command: &str, act: impl FnOnce(&mut Self, u32)) {
        if self.streams.get(&stream.slot).is_none_or(|open| open.generation != stream.generation) {
            self.faults.push(format!("{command} for {stream:?}, which is not open"));
            return;
        }
        act(self, stream.slot);
        self.notice_changes(stream.slot);
    }

    fn stream(&mut self, slot: u32) -> &mut Stream {
        self.streams.get_mut(&slot).expect("slots are checked at the door")
    }

    fn hush(&mut self, slot: u32) {
        if let Some((_, timer)) = self.stream(slot).said.take() {
            self.timers.cancel(timer);
        }
    }

    fn part(&mut self, slot: u32) {
        let Some(partner) = self.stream(slot).partner.take() else { return };
        if let Some(other) = self.streams.get_mut(&partner).filter(|other| other.partner == Some(slot)) {
            other.partner = None;
            self.notice_changes(partner);
        }
    }

    fn hearing(&self, slot: u32) -> Hearing {
        let Some(stream) = self.streams.get(&slot).filter(|stream| stream.parameters.send) else {
            return Hearing::Nothing;
        };
        let partner = stream.partner.and_then(|partner| self.streams.get(&partner));
        match (stream.said, stream.music, partner) {
            (Some((prompt, _)), _, _) => Hearing::Words(prompt),
            (_, Some(music), _) => Hearing::Music(music),
            (_, _, Some(other)) => match other.parameters.rtp.filter(|_| other.parameters.receive) {
                Some(peer) => Hearing::Party(peer),
                None => Hearing::Nothing,
            },
            _ => Hearing::Nothing,
        }
    }

    fn notice_changes(&mut self, slot: u32) {
        let hearing = self.hearing(slot);
        let Some(stream) = self.streams.get_mut(&slot) else { return };
        if stream.heard != hearing {
            stream.heard = hearing;
            self.changes.extend(stream.parameters.rtp.map(|peer| (peer, hearing)));
        }
    }

    fn length(&self, prompt: PromptId) -> Duration {
        self.lengths.get(prompt.index()).or(self.lengths.last()).copied().unwrap_or(Duration::from_secs(1))
    }
}

fn id(slot: u32, generation: u32) -> StreamId {
    StreamId { worker: crate::ids::WorkerId(0), slot, generation }
}
