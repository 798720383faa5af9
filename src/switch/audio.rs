//! The audio side of legs: SDP and ports on the one hand, commands to the media workers and their facts on the other.

use super::Switch;
use super::incoming::Refusal;
use super::turn::{Asked, ClientUser, Turn};
use crate::acd::Request;
use crate::acd::request::OfferPhase;
use crate::call::leg::{Audio, Party, State};
use crate::call::table::Key;
use crate::call::{Call, Cause, Leg, Origin, Side, Stage};
use crate::ids::{Flow, OfferId, StreamId};
use crate::ivr::Input;
use crate::media::{Codec, Command, Fact, Latch, StreamParameters, StreamReport};
use crate::sip::Method;
use crate::sip::scan::Message;
use crate::sip::sdp::{self, Description, Direction, Ours};
use std::sync::Arc;

/// Payload type of telephone events in our own offers.
const TELEPHONE_EVENT: u8 = 101;
/// Our own packet time, ms.
const PTIME_MS: u8 = 20;

/// What an INVITE's SDP has led to: a port taken and `self.sip.body` written.
pub(super) struct Prepared {
    pub(super) audio: Audio,
    /// Our body is an offer (the INVITE had none); the ACK brings the answer.
    pub(super) offered: bool,
}

impl Switch {
    /// The codecs that a leg may use, see [`Self::codecs`]: only callers from a trunk have a list.
    fn codecs_of(&self, leg: Key<Leg>) -> Vec<Codec> {
        let leg = self.calls.legs.at(leg).filter(|leg| leg.party == Party::Caller);
        leg.and_then(|leg| self.calls.calls.at(leg.call)).map_or(Vec::new(), |call| self.codecs(call.origin).to_vec())
    }

    /// The codecs that a caller may use, in order of preference; empty: the peer's order.
    pub(super) fn codecs(&self, origin: Origin) -> &[Codec] {
        match origin {
            Origin::Trunk(trunk) => self.settings.trunks.get(trunk.index()).map_or(&[], |trunk| &trunk.codecs),
            Origin::Agent(_) => &[],
        }
    }

    /// Takes a port for a caller and writes our side into `self.sip.body`.
    pub(super) fn audio_for_invite(&mut self, asked: &Asked<'_>, preferred: &[Codec]) -> Result<Prepared, Refusal> {
        let theirs = description(&asked.message)?;
        let session = self.seed.bits() >> 2;
        let latch = Latch::Signalling(asked.flow.peer.ip());
        let parameters = match &theirs {
            Some(theirs) => {
                negotiate(theirs, preferred, latch).ok_or(Refusal::media(sdp::Unusable::NothingInCommon))?
            }
            None => silent(preferred.first().copied().unwrap_or(Codec::Pcma), latch),
        };
        let stream = self.ports.take(None).ok_or(Refusal::limit("no_port"))?;
        let audio = Audio {
            stream: Some(stream),
            closing: false,
            parameters,
            session,
            version: 1,
            their_origin: theirs.as_ref().map(|theirs| theirs.origin),
            their_lines: theirs.as_ref().and_then(further_lines),
            held_by_them: theirs.as_ref().is_some_and(|theirs| theirs.audio.is_held()),
            probing: false,
            report: None,
        };
        self.write_body(&audio, theirs.as_ref(), preferred);
        Ok(Prepared { audio, offered: theirs.is_none() })
    }

    /// Takes a port for an agent's leg beside the caller's stream and writes our offer into `self.sip.body`: the caller's codec
    /// first, so that A-law meets A-law untouched (INTEROP 9). `None`: no port.
    pub(super) fn audio_for_agent(&mut self, beside: StreamId, codec: Codec, peer: Flow) -> Option<Audio> {
        let stream = self.ports.take(Some(beside))?;
        let audio = Audio {
            stream: Some(stream),
            closing: false,
            parameters: silent(codec, Latch::Signalling(peer.peer.ip())),
            session: self.seed.bits() >> 2,
            version: 1,
            their_origin: None,
            their_lines: None,
            held_by_them: false,
            probing: false,
            report: None,
        };
        self.write_body(&audio, None, &[]);
        Some(audio)
    }

    /// Writes our answer to `theirs`, or our full offer of what is `allowed` (empty: all), into `self.sip.body`.
    fn write_body(&mut self, audio: &Audio, theirs: Option<&Description>, allowed: &[Codec]) {
        // Also if nothing can be written: what stands there is another call's.
        self.sip.body.clear();
        let Some(stream) = audio.stream else { return };
        let chosen = (audio.parameters.codec, audio.parameters.payload_type);
        let other = match audio.parameters.codec {
            Codec::Pcma => Codec::Pcmu,
            Codec::Pcmu => Codec::Pcma,
        };
        let is_allowed = |codec: &Codec| allowed.is_empty() || allowed.contains(codec);
        let ours = Ours {
            address: self.settings.media_address,
            port: self.ports.port(stream),
            session: audio.session,
            version: audio.version,
            codecs: match theirs {
                Some(_) => core::iter::once(chosen).collect(),
                None => sdp::statics([audio.parameters.codec, other].into_iter().filter(is_allowed)),
            },
            telephone_event: match theirs {
                Some(theirs) => theirs.audio.telephone_event,
                None => Some(audio.parameters.telephone_event.unwrap_or(TELEPHONE_EVENT)),
            },
            direction: theirs.map_or(Direction::SendRecv, |theirs| theirs.audio.answer_direction(Direction::SendRecv)),
            rtcp_mux: theirs.is_some_and(|theirs| theirs.audio.rtcp_mux),
            ptime_ms: audio.parameters.ptime_ms,
        };
        match theirs {
            Some(theirs) => sdp::write_answer(theirs, &ours, &mut self.sip.body),
            None => match &audio.their_lines {
                Some(before) => sdp::write_answer(before, &ours, &mut self.sip.body),
                None => sdp::write_offer(&ours, &mut self.sip.body),
            },
        }
    }

    /// Takes in an SDP answer to our offer. False: it cannot be used.
    pub(super) fn on_answer(&mut self, leg: Key<Leg>, message: &Message<'_>, turn: &mut Turn) -> bool {
        let Ok(Some(theirs)) = description(message) else { return false };
        let allowed = self.codecs_of(leg);
        let Some(entry) = self.calls.legs.at_mut(leg) else { return false };
        let latch = entry.audio.parameters.latch;
        let Some(parameters) = negotiate(&theirs, &allowed, latch) else { return false };
        entry.audio.parameters = parameters;
        entry.audio.their_origin = Some(theirs.origin);
        if let Some(stream) = entry.audio.stream {
            turn.out.media.push(Command::Change { stream, parameters });
        }
        self.set_hold(leg, theirs.audio.is_held(), turn);
        true
    }

    /// Answers a re-INVITE's SDP (INTEROP 8): takes effect on this leg alone. Writes our side into `self.sip.body`; returns whether
    /// it is an offer of ours.
    pub(super) fn audio_for_reinvite(
        &mut self,
        leg: Key<Leg>,
        asked: &Asked<'_>,
        turn: &mut Turn,
    ) -> Result<bool, Refusal> {
        let theirs = description(&asked.message)?;
        let allowed = self.codecs_of(leg);
        let Some(entry) = self.calls.legs.at_mut(leg) else { return Err(Refusal::limit("no_leg")) };
        let Some(theirs) = theirs else {
            // Offerless: our full offer, sendrecv.
            entry.audio.version += 1;
            let audio = entry.audio.clone();
            self.write_body(&audio, None, &allowed);
            return Ok(true);
        };
        if entry.audio.their_origin.is_some_and(|origin| theirs.is_unchanged(origin)) {
            let audio = entry.audio.clone();
            self.write_body(&audio, Some(&theirs), &allowed);
            return Ok(false);
        }
        let latch = Latch::Signalling(asked.flow.peer.ip());
        let parameters = negotiate(&theirs, &[entry.audio.parameters.codec], latch)
            .or_else(|| negotiate(&theirs, &allowed, latch))
            .ok_or(Refusal::media(sdp::Unusable::NothingInCommon))?;
        entry.audio.parameters = parameters;
        entry.audio.version += 1;
        entry.audio.their_origin = Some(theirs.origin);
        entry.audio.their_lines = further_lines(&theirs);
        let audio = entry.audio.clone();
        if let Some(stream) = audio.stream {
            turn.out.media.push(Command::Change { stream, parameters });
        }
        self.write_body(&audio, Some(&theirs), &allowed);
        self.set_hold(leg, theirs.audio.is_held(), turn);
        Ok(false)
    }

    /// The party holds or resumes: the other side hears music meanwhile.
    fn set_hold(&mut self, leg: Key<Leg>, held: bool, turn: &mut Turn) {
        let Some(entry) = self.calls.legs.at_mut(leg) else { return };
        if entry.audio.held_by_them == held {
            return;
        }
        entry.audio.held_by_them = held;
        let (call, party) = (entry.call, entry.party);
        if entry.times.bridged.is_some() {
            entry.times.hold(held, turn.now);
        }
        let talking = self.calls.calls.at(call).is_some_and(|call| call.stage == Stage::Talking);
        if !talking {
            return;
        }
        if let Party::Agent { offer, .. } = party {
            self.tell_held(call, offer, held, turn);
        }
        self.join(call, turn);
    }

    /// The agent of a talk holds the caller, or does so no more.
    pub(super) fn tell_held(&mut self, call: Key<Call>, offer: OfferId, held: bool, turn: &mut Turn) {
        let open = self.calls.calls.at_mut(call).and_then(|call| call.offer.as_mut());
        if let Some(open) = open.filter(|open| open.id == offer) {
            open.phase = if held { OfferPhase::Holding } else { OfferPhase::Talking };
        }
        self.request(Request::Held { offer, held }, turn);
    }

    /// Brings the audio of a talking call into line with who holds: joined if nobody does, else music for whoever is held.
    pub(super) fn join(&mut self, call: Key<Call>, turn: &mut Turn) {
        let Some(entry) = self.calls.calls.at(call) else { return };
        let music = entry.place.and_then(|place| self.settings.queues.get(place.queue.index())?.music);
        let winner = entry.offer.as_ref().and_then(|offer| offer.winner);
        let caller = self.calls.legs.at(entry.caller);
        let agent = winner.and_then(|winner| self.calls.legs.at(winner));
        let (Some(caller), Some(agent)) = (caller, agent) else { return };
        let (Some(a), Some(b)) = (caller.audio.stream, agent.audio.stream) else { return };
        if !caller.audio.held_by_them && !agent.audio.held_by_them {
            turn.out.media.push(Command::Bridge { a, b });
            return;
        }
        turn.out.media.push(Command::Unbridge { stream: a });
        let held_by_agent = agent.audio.held_by_them && !caller.audio.held_by_them;
        let held_by_caller = caller.audio.held_by_them && !agent.audio.held_by_them;
        turn.out.media.push(Command::Music { stream: a, music: music.filter(|_| held_by_agent) });
        turn.out.media.push(Command::Music { stream: b, music: music.filter(|_| held_by_caller) });
    }

    /// Tells the worker to end the leg's stream; its port comes back by [`Fact::Closed`].
    pub(super) fn close_stream(&mut self, leg: Key<Leg>, turn: &mut Turn) {
        let Some(entry) = self.calls.legs.at_mut(leg) else { return };
        if let Some(stream) = entry.audio.stream.filter(|_| !entry.audio.closing) {
            entry.audio.closing = true;
            turn.out.media.push(Command::Close { stream });
        }
    }

    pub(super) fn on_fact(&mut self, fact: Fact, turn: &mut Turn) {
        match fact {
            Fact::Digit { stream, digit } => self.on_digit(stream, digit, turn),
            Fact::Said { stream, token } => {
                if let Some(call) = self.call_of_caller(stream) {
                    self.on_said(call, token, turn);
                }
            }
            Fact::Silent { stream, .. } => self.on_silence(stream, turn),
            Fact::Closed { stream, report } => self.on_closed(stream, report, turn),
        }
    }

    fn call_of_caller(&self, stream: StreamId) -> Option<Key<Call>> {
        let leg = self.calls.legs.at(*self.calls.by_stream.get(&stream)?)?;
        (leg.party == Party::Caller).then_some(leg.call)
    }

    fn on_digit(&mut self, stream: StreamId, digit: u8, turn: &mut Turn) {
        let Some(&leg) = self.calls.by_stream.get(&stream) else { return };
        self.on_digit_of(leg, digit, false, turn);
    }

    /// A digit from a leg: to the other side of a bridge in the form that it agreed (INTEROP 10), else to the IVR. The worker has
    /// relayed what came as a telephone event (`by_info` false) itself where the other side takes those.
    pub(super) fn on_digit_of(&mut self, leg: Key<Leg>, digit: u8, by_info: bool, turn: &mut Turn) {
        let Some(entry) = self.calls.legs.at(leg) else { return };
        let Some(call) = self.calls.calls.at(entry.call) else { return };
        if call.stage == Stage::Talking {
            let winner = call.offer.as_ref().and_then(|offer| offer.winner);
            let other = if entry.party == Party::Caller { winner } else { Some(call.caller) };
            if let Some(other) = other {
                self.relay_digit(other, digit, by_info, turn);
            }
        } else if entry.party == Party::Caller {
            let call = entry.call;
            self.caller_digit(call, digit, turn);
        }
    }

    fn relay_digit(&mut self, to: Key<Leg>, digit: u8, by_info: bool, turn: &mut Turn) {
        let Some(leg) = self.calls.legs.at(to) else { return };
        if leg.audio.parameters.telephone_event.is_some() {
            if let (true, Some(stream)) = (by_info, leg.audio.stream) {
                turn.out.media.push(Command::SendDigit { stream, digit });
            }
            return;
        }
        let body = format!("Signal={}\r\nDuration=100\r\n", char::from(digit));
        self.ask(to, Method::Info, ClientUser::Nothing, turn, |writer| {
            writer.body("application/dtmf-relay", body.as_bytes());
        });
    }

    /// INTEROP 13: silence is probed; only a leg that is dead for signalling too is ended.
    fn on_silence(&mut self, stream: StreamId, turn: &mut Turn) {
        let Some(&leg) = self.calls.by_stream.get(&stream) else { return };
        let Some(entry) = self.calls.legs.at_mut(leg) else { return };
        if entry.state != State::Up || entry.audio.probing || entry.audio.held_by_them {
            return;
        }
        entry.audio.probing = true;
        self.ask(leg, Method::Options, ClientUser::Probe(leg), turn, |writer| writer.finish());
    }

    /// The answer to a probe: 200 is life, so is any refusal from the phone itself; 481, 408 and no answer are not.
    pub(super) fn on_probed(&mut self, leg: Key<Leg>, alive: bool, turn: &mut Turn) {
        let Some(entry) = self.calls.legs.at_mut(leg) else { return };
        entry.audio.probing = false;
        if alive {
            return;
        }
        let call = entry.call;
        match entry.party {
            Party::Caller => self.end_call(call, Cause::Silent, Side::System, turn),
            Party::Agent { .. } => self.agent_gone(leg, "silent", Side::System, turn),
        }
    }

    fn on_closed(&mut self, stream: StreamId, report: StreamReport, turn: &mut Turn) {
        let Some(leg) = self.calls.by_stream.remove(&stream) else { return };
        self.ports.put_back(stream);
        if let Some(entry) = self.calls.legs.at_mut(leg) {
            entry.audio.stream = None;
            entry.audio.report = Some(report);
        }
        self.settle_leg(leg, turn);
    }

    /// The IVR wants to be asked again.
    pub(super) fn ivr_time(&mut self, call: Key<Call>, turn: &mut Turn) {
        if let Some(entry) = self.calls.calls.at_mut(call) {
            entry.timers.ivr = None;
        }
        self.ivr_input(call, Input::Time, turn);
    }
}

/// The message's SDP; `None` if it has no body, or one that may be left unread (§8.2.3).
fn description(message: &Message<'_>) -> Result<Option<Description>, Refusal> {
    if message.body().is_empty() {
        return Ok(None);
    }
    if !message.media_type().eq_ignore_ascii_case(b"application/sdp") {
        let is_optional = |parameter: &[u8]| parameter.trim_ascii().eq_ignore_ascii_case(b"handling=optional");
        let disposition = message.other("Content-Disposition").next().unwrap_or_default();
        let optional = disposition.split(|&byte| byte == b';').skip(1).any(is_optional);
        return if optional { Ok(None) } else { Err(Refusal::content()) };
    }
    sdp::read(message.body()).map(Some).map_err(Refusal::media)
}

/// A description with more than the audio line, to be remembered: each later offer of ours must have as many (RFC 3264 §8).
fn further_lines(theirs: &Description) -> Option<Arc<Description>> {
    (theirs.lines.len() > 1).then(|| Arc::new(theirs.clone()))
}

/// What their description and our preference come to. `None`: no codec in common.
fn negotiate(theirs: &Description, preferred: &[Codec], latch: Latch) -> Option<StreamParameters> {
    let audio = &theirs.audio;
    let (codec, payload_type) = sdp::choose(audio, preferred)?;
    Some(StreamParameters {
        rtp: audio.rtp,
        rtcp: audio.rtcp,
        latch,
        codec,
        payload_type,
        telephone_event: audio.telephone_event,
        ptime_ms: audio.ptime_ms,
        send: audio.may_send(),
        receive: audio.may_receive() && !audio.is_held(),
    })
}

/// A stream of which we know nothing yet: it neither sends nor expects anything.
fn silent(codec: Codec, latch: Latch) -> StreamParameters {
    StreamParameters {
        rtp: None,
        rtcp: None,
        latch,
        codec,
        payload_type: codec.payload_type(),
        telephone_event: None,
        ptime_ms: PTIME_MS,
        send: false,
        receive: false,
    }
}
