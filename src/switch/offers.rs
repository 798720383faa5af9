//! The Router's words carried out: an offer rings the agent's phones, a connect bridges, a revoke takes back.

use super::caller::tag_of;
use super::send::{ALLOW, Sending};
use super::turn::{ClientUser, Turn};
use super::{Switch, settings};
use crate::acd::request::{Contact, OfferPhase, Waiting};
use crate::acd::{Leave, OfferFailure, Reply, Request, Revoke};
use crate::call::leg::{Audio, Leg, Party, State, Times};
use crate::call::table::Key;
use crate::call::{Call, Cause, Identity, Offer, Place, Stage};
use crate::clock::Instant;
use crate::ids::{AgentId, CallId, OfferId, QueueId};
use crate::media::Command;
use crate::sip::Method;
use crate::sip::dialog::Dialog;
use crate::sip::write::quoted;

/// An offer as the Router made it.
struct Offered<'a> {
    id: OfferId,
    call: CallId,
    queue: QueueId,
    agent: AgentId,
    contacts: &'a [Contact],
    matched: Instant,
}

impl Switch {
    pub(super) fn on_reply(&mut self, reply: Reply, turn: &mut Turn) {
        match reply {
            Reply::Offer { offer, call, queue, agent, contacts, matched } => {
                self.router.offer_last = self.router.offer_last.max(offer.0);
                self.on_offer(&Offered { id: offer, call, queue, agent, contacts: &contacts, matched }, turn);
            }
            Reply::Connect { offer } => self.on_connect(offer, turn),
            Reply::Revoke { offer, why } => self.on_revoke(offer, why, turn),
            Reply::Place { call, position, expected_wait } => self.on_place(call, position, expected_wait, turn),
            Reply::TimedOut { call, queue } => self.on_not_served(call, queue, None, turn),
            Reply::Refused { call, queue, why } => self.on_not_served(call, queue, Some(why), turn),
            Reply::Agent(view) => {
                let at = view.agent.index();
                if self.agents.views.len() <= at {
                    self.agents.views.resize(at + 1, None);
                }
                self.agents.views[at] = Some(view);
            }
        }
    }

    fn on_offer(&mut self, offered: &Offered<'_>, turn: &mut Turn) {
        let key = self.calls.by_id.get(&offered.call).copied();
        let waits = key.and_then(|key| self.calls.calls.at(key)).is_some_and(|call| call.stage == Stage::Waiting);
        let (Some(key), true) = (key, waits) else { return self.cannot_ring(offered, turn) };
        let mut legs = Vec::new();
        let mut ports_short = false;
        for contact in offered.contacts {
            match self.ring(key, offered, contact, turn) {
                Some(leg) => legs.push(leg),
                None => ports_short = true,
            }
        }
        if ports_short {
            self.tally.rejected("no_port_for_agent");
        }
        if legs.is_empty() {
            let why = if ports_short { OfferFailure::Internal } else { OfferFailure::Unreachable };
            return self.request(Request::Failed { offer: offered.id, why }, turn);
        }
        let Some(call) = self.calls.calls.at_mut(key) else { return };
        call.agents.extend_from_slice(&legs);
        if let Some(place) = call.place.as_mut() {
            place.offers += 1;
        }
        let phase = OfferPhase::Calling;
        call.offer = Some(Offer { id: offered.id, agent: offered.agent, legs, phase, since: turn.now, winner: None });
        self.calls.by_offer.insert(offered.id, key);
        self.calls.enter(key, Stage::Ringing);
    }

    /// An offer for a call that does not wait: it has gone on while the offer was on its way. One that is in no queue any more is
    /// withdrawn, again if need be, so that no Router holds on to a caller who is gone.
    fn cannot_ring(&mut self, offered: &Offered<'_>, turn: &mut Turn) {
        let key = self.calls.by_id.get(&offered.call);
        let stage = key.and_then(|&key| self.calls.calls.at(key)).map(|call| call.stage);
        match stage {
            None | Some(Stage::Ivr | Stage::Ending) => {
                self.request(Request::Withdraw { call: offered.call, why: Leave::Ended }, turn);
            }
            Some(Stage::Waiting | Stage::Ringing | Stage::Talking) => {
                self.request(Request::Failed { offer: offered.id, why: OfferFailure::Internal }, turn);
            }
        }
    }

    /// Rings one contact. `None`: no port is left.
    fn ring(&mut self, key: Key<Call>, offered: &Offered<'_>, contact: &Contact, turn: &mut Turn) -> Option<Key<Leg>> {
        let call = self.calls.calls.at(key)?;
        let caller = self.calls.legs.at(call.caller)?;
        let (beside, codec) = (caller.audio.stream?, caller.audio.parameters.codec);
        let audio = self.audio_for_agent(beside, codec, contact.flow)?;
        let (stream, parameters) = (audio.stream?, audio.parameters);
        let leg = self.insert_agent_leg(key, offered, contact, audio)?;
        self.calls.by_stream.insert(stream, leg);
        turn.out.media.push(Command::Open { stream, parameters });
        let Switch { sip, settings, calls, .. } = self;
        let call = calls.calls.at(key)?;
        let queue = settings.queues.get(offered.queue.index()).map_or("", |queue| &queue.name);
        let body = core::mem::take(&mut sip.body);
        let entry = calls.legs.at_mut(leg)?;
        entry.times = Times::starting(turn.now);
        let sending = Sending { sip, settings, now: turn.now, out: &mut turn.out.datagrams };
        let tx = sending.request(&mut entry.dialog, Method::Invite, ClientUser::Invite(leg), |mut writer| {
            let local = settings::local_address(settings, contact.flow);
            writer.field_format("Contact", format_args!("<sip:huntline@{local}>"));
            writer.field("Allow", ALLOW);
            writer.field_format("X-Huntline-Call", format_args!("{}", call.id));
            writer.field("X-Huntline-Queue", queue);
            writer.field("X-Huntline-Caller", &call.identity.calling);
            for (name, value) in &call.identity.passed {
                writer.field(name, value);
            }
            writer.body("application/sdp", &body);
        });
        entry.state = State::Calling(tx);
        self.sip.body = body;
        turn.out.rung.push(offered.matched);
        Some(leg)
    }

    fn insert_agent_leg(
        &mut self,
        call: Key<Call>,
        offered: &Offered<'_>,
        contact: &Contact,
        audio: Audio,
    ) -> Option<Key<Leg>> {
        let settings = self.settings.clone();
        let number = settings.agent(offered.agent).map_or("", |agent| &agent.number);
        let queue = settings.queues.get(offered.queue.index()).map_or("", |queue| &queue.name);
        let host = settings::local_address(&settings, contact.flow);
        let entry = self.calls.calls.at(call)?;
        let local = from_value(&entry.identity, queue, host);
        let remote = format!("<sip:{number}@{host}>");
        let (secret, call_id) = (self.seed.bits(), format!("{:016x}@{}", self.seed.bits(), host.ip()));
        Some(self.calls.legs.insert_with(|key| {
            let tag = tag_of(key, secret);
            let dialog =
                Dialog::calling(&call_id, local.as_bytes(), &tag, remote.as_bytes(), &contact.uri, contact.flow);
            Leg {
                call,
                party: Party::Agent { agent: offered.agent, offer: offered.id },
                dialog,
                // Replaced as soon as the INVITE has a transaction.
                state: State::Over,
                audio,
                unacknowledged: None,
                times: Times::starting(Instant::START),
                ended: None,
            }
        }))
    }

    fn on_connect(&mut self, offer: OfferId, turn: &mut Turn) {
        let Some(&key) = self.calls.by_offer.get(&offer) else { return };
        let Some(call) = self.calls.calls.at_mut(key) else { return };
        let Some(open) = call.offer.as_mut() else { return };
        open.phase = OfferPhase::Talking;
        self.bridge_answered(key, turn);
    }

    /// Joins the caller with the leg that has answered, once the Router has granted the offer; all other phones stop ringing.
    pub(super) fn bridge_answered(&mut self, key: Key<Call>, turn: &mut Turn) {
        let Some(call) = self.calls.calls.at(key) else { return };
        let Some(open) = call.offer.as_ref() else { return };
        if open.winner.is_some() || open.phase != OfferPhase::Talking {
            return;
        }
        let answered = |leg: &&Key<Leg>| self.calls.legs.at(**leg).is_some_and(|leg| leg.state == State::Answered);
        let Some(&winner) = open.legs.iter().find(answered) else { return };
        let offer = open.id;
        let others: Vec<Key<Leg>> = open.legs.iter().copied().filter(|&leg| leg != winner).collect();
        for leg in others {
            self.take_back(leg, "answered elsewhere", turn);
        }
        self.music(key, None, turn);
        if let Some(leg) = self.calls.legs.at_mut(winner) {
            leg.state = State::Up;
            leg.times.bridged = Some(turn.now);
            if leg.audio.held_by_them {
                leg.times.hold(true, turn.now);
            }
        }
        if let Some(call) = self.calls.calls.at_mut(key) {
            call.saying = None;
            if let Some(open) = call.offer.as_mut() {
                open.winner = Some(winner);
                open.since = turn.now;
            }
        }
        self.calls.enter(key, Stage::Talking);
        self.leave_queue(key, "answered", turn);
        if self.calls.legs.at(winner).is_some_and(|leg| leg.audio.held_by_them) {
            self.tell_held(key, offer, true, turn);
        }
        self.join(key, turn);
    }

    fn on_revoke(&mut self, offer: OfferId, why: Revoke, turn: &mut Turn) {
        let Some(key) = self.calls.by_offer.get(&offer).copied() else { return };
        let Some(open) = self.calls.calls.at(key).and_then(|call| call.offer.clone()).filter(|open| open.id == offer)
        else {
            return;
        };
        let word = match why {
            Revoke::RingLimit => "ring limit",
            Revoke::Unreachable => "unreachable",
            Revoke::CallerGone => "caller gone",
            Revoke::Unknown => "offer unknown",
            Revoke::TimedOut => "maximum wait",
        };
        self.close_offer(key, turn);
        for leg in open.legs {
            self.take_back(leg, word, turn);
        }
        let Some(call) = self.calls.calls.at(key) else { return };
        if matches!(call.stage, Stage::Ringing | Stage::Talking) {
            let music = call.place.and_then(|place| self.settings.queues.get(place.queue.index())?.music);
            self.calls.enter(key, Stage::Waiting);
            self.music(key, music, turn);
        }
    }

    /// Forgets the call's open offer.
    pub(super) fn close_offer(&mut self, key: Key<Call>, _turn: &mut Turn) {
        if let Some(offer) = self.calls.calls.at_mut(key).and_then(|call| call.offer.take()) {
            self.calls.by_offer.remove(&offer.id);
        }
    }

    /// Stops one agent leg in whatever state it is: CANCEL while it rings, BYE once it has answered.
    pub(super) fn take_back(&mut self, leg: Key<Leg>, why: &str, turn: &mut Turn) {
        let Some(entry) = self.calls.legs.at_mut(leg) else { return };
        match entry.state {
            State::Calling(tx) | State::Ringing(tx) => {
                entry.state = State::Cancelling(tx);
                entry.ended.get_or_insert((turn.now, why.into()));
                let elsewhere = why == "answered elsewhere";
                // RFC 3326: a phone shows no missed call if another one answered.
                let reason = if elsewhere { "SIP;cause=200;text=\"Call completed elsewhere\"" } else { "" };
                self.sip.transactions.cancel(tx, reason, turn.now, &mut turn.out.datagrams);
                self.close_stream(leg, turn);
            }
            State::Answered | State::Up => {
                self.bye(leg, "", turn);
                self.leg_over(leg, why, turn);
            }
            State::Cancelling(_) | State::Over => {}
        }
    }

    /// One phone has refused, failed or gone before the bridge. The offer fails only when no other phone of it is left (once it
    /// is answered: no other that has answered too).
    pub(super) fn offer_leg_failed(&mut self, leg: Key<Leg>, why: OfferFailure, turn: &mut Turn) {
        let Some(entry) = self.calls.legs.at(leg) else { return };
        let (key, party) = (entry.call, entry.party);
        let Party::Agent { offer, .. } = party else { return };
        let Some(call) = self.calls.calls.at_mut(key) else { return };
        let Some(open) = call.offer.as_mut().filter(|open| open.id == offer) else { return };
        open.legs.retain(|&other| other != leg);
        let answered = matches!(open.phase, OfferPhase::Answered | OfferPhase::Talking);
        // An answered offer has no ring limit: phones that still ring do not keep it open, they stop.
        let legs = &self.calls.legs;
        let keeps = |other: &Key<Leg>| !answered || legs.at(*other).is_some_and(|leg| leg.state == State::Answered);
        if open.legs.iter().any(keeps) || open.winner.is_some() {
            return;
        }
        let ringing = core::mem::take(&mut open.legs);
        let place = call.place;
        let id = call.id;
        self.calls.enter(key, Stage::Waiting);
        self.close_offer(key, turn);
        for other in ringing {
            self.take_back(other, "offer failed", turn);
        }
        self.request(Request::Failed { offer, why }, turn);
        // To the Router an answered offer that fails is the end of the talk, and with it of the call: the caller is still there
        // and goes back to the old place (INTEROP 21). A call that still waits there is not moved by this.
        if let Some(Place { queue, priority, arrived, agent, .. }) = place.filter(|_| answered) {
            self.request(Request::Enqueue(Waiting { call: id, queue, priority, arrived, agent }), turn);
        }
    }

    /// The cause with which a caller leaves who hangs up now.
    pub(super) fn cause_of_abandonment(call: &Call) -> Cause {
        match call.stage {
            Stage::Ivr => Cause::AbandonedInIvr,
            Stage::Waiting => Cause::AbandonedInQueue,
            Stage::Ringing => Cause::AbandonedWhileRinging,
            Stage::Talking => Cause::Answered,
            Stage::Ending => call.ending.map_or(Cause::AbandonedInIvr, |ending| ending.cause),
        }
    }
}

/// The From value that the agent's phone shows: caller's number and queue.
fn from_value(identity: &Identity, queue: &str, host: core::net::SocketAddr) -> String {
    let display = quoted(&format!("{} {queue}", identity.calling));
    let user: String =
        identity.calling.chars().filter(|c| c.is_ascii_alphanumeric() || "+-_.*#".contains(*c)).collect();
    let user = if user.is_empty() { "anonymous" } else { &user };
    // `#` may not stand in a URI unescaped.
    format!("{display} <sip:{}@{host}>", user.replace('#', "%23"))
}
