//! Inputs to Gate, Switch, Router and the media model, and what they want done.

use super::{Due, Watching, World};
use crate::acd;
use crate::acd::Reply;
use crate::clock::Instant;
use crate::ids::{CallId, Flow, ListenerId, OfferId};
use crate::sim::agenda::Link;
use crate::sim::replay::{self, Input, Record};
use crate::sip::scan::{Message, scan};
use crate::switch::Event;
use std::collections::BTreeMap;

impl World {
    /// When Switch, Router or media model have something to do by themselves.
    pub(super) fn owner_deadline(&self) -> Option<Instant> {
        [self.seat.next_deadline(), self.media.next_deadline()].into_iter().flatten().min()
    }

    /// A deadline of an owner has come.
    pub(super) fn owners_time(&mut self) {
        let now = self.now;
        let is_due = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= now);
        if self.is_together() {
            if is_due(self.seat.next_deadline()) {
                self.take_turn(None);
            }
        } else {
            if is_due(self.seat.switch.next_deadline()) {
                self.take_turn(Some(Event::Time));
            }
            if is_due(self.seat.router.next_deadline()) {
                self.router_takes(acd::router::Event::Time);
            }
        }
        if is_due(self.media.next_deadline()) {
            self.media.handle_time(now);
            self.carry_out_media();
        }
    }

    /// A datagram has come through the network.
    pub(super) fn gate_takes(&mut self, phone: u32, bytes: &[u8]) {
        if self.options.watch.trace {
            self.watching.trace.message(self.now, phone, true, false, bytes);
        }
        let flow = Flow { listener: ListenerId(0), peer: self.crowd.address(phone) };
        let shed = self.links.gate_to_switch.is_three_quarters_full()
            || self.links.switch_to_router.is_backed_up()
            || self.links.switch_to_media.is_backed_up();
        let mut index = core::mem::take(&mut self.scratch.index);
        let mut answers = core::mem::take(&mut self.scratch.answers);
        let passed = match self.gate.handle(bytes, flow, shed, &mut index, self.now, &mut answers) {
            crate::gate::Verdict::Pass(_) => true,
            crate::gate::Verdict::Done => false,
        };
        for (flow, bytes) in answers.iter() {
            self.send_to_phone(flow, bytes);
        }
        answers.clear();
        self.scratch.answers = answers;
        if passed && self.is_together() {
            self.take_turn(Some(Event::Sip { message: Message::new(bytes, &index), flow }));
        }
        self.scratch.index = index;
        if passed && !self.is_together() {
            if self.links.gate_to_switch.is_backed_up() {
                // Datagrams are not kept: the peer repeats them.
                return;
            }
            let delivery = self.links.gate_to_switch.push((flow, bytes.into()), self.now);
            self.schedule(delivery, Link::GateToSwitch, Due::Passed);
        }
    }

    pub(super) fn deliver_passed(&mut self) {
        let Some(((flow, bytes), next)) = self.links.gate_to_switch.deliver(self.now) else { return };
        self.schedule(next, Link::GateToSwitch, Due::Passed);
        let mut index = core::mem::take(&mut self.scratch.index);
        if scan(&bytes, &mut index).is_ok() {
            self.take_turn(Some(Event::Sip { message: Message::new(&bytes, &index), flow }));
        }
        self.scratch.index = index;
    }

    pub(super) fn deliver_request(&mut self) {
        let Some((request, next)) = self.links.switch_to_router.deliver(self.now) else { return };
        self.schedule(next, Link::SwitchToRouter, Due::Request);
        self.router_takes(acd::router::Event::Request(request));
    }

    pub(super) fn deliver_reply(&mut self) {
        let Some((reply, next)) = self.links.router_to_switch.deliver(self.now) else { return };
        self.schedule(next, Link::RouterToSwitch, Due::Reply);
        self.hear(&reply);
        self.take_turn(Some(Event::Router(reply)));
    }

    pub(super) fn deliver_command(&mut self) {
        let Some((command, next)) = self.links.switch_to_media.deliver(self.now) else { return };
        self.schedule(next, Link::SwitchToMedia, Due::Command);
        self.media.handle(command, self.now);
        self.carry_out_media();
    }

    pub(super) fn deliver_fact(&mut self) {
        let Some((fact, next)) = self.links.media_to_switch.deliver(self.now) else { return };
        self.schedule(next, Link::MediaToSwitch, Due::Fact);
        self.take_turn(Some(Event::Media(fact)));
    }

    /// Gives the Switch an event at once.
    pub fn switch_takes(&mut self, event: Event<'_>) {
        self.take_turn(Some(event));
    }

    /// One turn of the Switch, and with it, in layout `together`, of the Router. `None`: time alone, `together` only.
    fn take_turn(&mut self, event: Option<Event<'_>>) {
        let now = self.now;
        self.record(event.as_ref());
        let mut out = core::mem::take(&mut self.scratch.out);
        if self.is_together() {
            let Self { seat, summary, watching: Watching { trace, offers, .. }, options, office, .. } = self;
            let mut heard = |reply: &Reply| {
                summary.hear(reply, now);
                if options.watch.trace
                    && let Some((call, text)) = word(reply, offers, &office.router)
                {
                    trace.note(now, call, &text);
                }
            };
            match event {
                Some(event) => seat.handle(event, now, &mut out, &mut heard),
                None => seat.handle_time(now, &mut out, &mut heard),
            }
        } else if let Some(event) = event {
            self.seat.switch.handle(event, now, &mut out);
            for request in out.requests.drain(..) {
                let delivery = self.links.switch_to_router.push(request, now);
                self.schedule(delivery, Link::SwitchToRouter, Due::Request);
            }
        }
        for (flow, bytes) in out.datagrams.iter() {
            if let Some(recording) = &mut self.watching.recording {
                recording.digest = replay::digest(recording.digest, bytes);
            }
            self.send_to_phone(flow, bytes);
        }
        for command in out.media.drain(..) {
            let delivery = self.links.switch_to_media.push(command, now);
            self.schedule(delivery, Link::SwitchToMedia, Due::Command);
        }
        for record in out.records.drain(..) {
            self.summary.record(record);
        }
        out.clear();
        self.scratch.out = out;
        self.check_now_and_then();
    }

    /// Records the input of a turn, as the control thread would.
    fn record(&mut self, event: Option<&Event<'_>>) {
        let Some(recording) = &mut self.watching.recording else { return };
        let input = match event {
            None | Some(Event::Time) => Input::Time,
            Some(Event::Sip { message, flow }) => {
                Input::Datagram { flow: *flow, passed: true, shed: false, bytes: message.bytes() }
            }
            Some(Event::Media(fact)) => Input::Fact(*fact),
            Some(Event::Wall(wall)) => Input::Wall(*wall),
            Some(Event::Wish { agent, wish }) => Input::Wish { agent: *agent, wish: *wish },
            Some(Event::End { call }) => Input::End { call: *call },
            Some(Event::Started) => Input::Started,
            Some(Event::Drain) => Input::Drain,
            Some(Event::EndAll) => Input::EndAll,
            Some(Event::RouterLost) => Input::RouterLost,
            Some(Event::Router(_) | Event::Configure(_)) => return,
        };
        Record { at: self.now, input }.encode(&mut recording.records);
    }

    /// One turn of the Router, in layout `apart`.
    fn router_takes(&mut self, event: acd::router::Event) {
        let mut replies = core::mem::take(&mut self.scratch.replies);
        self.seat.router.handle(event, self.now, &mut replies);
        for reply in replies.drain(..) {
            let delivery = self.links.router_to_switch.push(reply, self.now);
            self.schedule(delivery, Link::RouterToSwitch, Due::Reply);
        }
        self.scratch.replies = replies;
    }

    /// What the Switch is about to hear from the Router.
    fn hear(&mut self, reply: &Reply) {
        self.summary.hear(reply, self.now);
        if self.options.watch.trace
            && let Some((call, text)) = word(reply, &mut self.watching.offers, &self.office.router)
        {
            self.watching.trace.note(self.now, call, &text);
        }
    }

    pub(super) fn carry_out_media(&mut self) {
        let mut facts = core::mem::take(&mut self.media.facts);
        for fact in facts.drain(..) {
            let delivery = self.links.media_to_switch.push(fact, self.now);
            self.schedule(delivery, Link::MediaToSwitch, Due::Fact);
        }
        self.media.facts = facts;
        let mut changes = core::mem::take(&mut self.media.changes);
        for (phone, hearing) in changes.drain(..) {
            self.phone_hears(phone, hearing);
        }
        self.media.changes = changes;
        for fault in core::mem::take(&mut self.media.faults) {
            self.problem(fault);
        }
    }

    fn send_to_phone(&mut self, flow: Flow, bytes: &[u8]) {
        let Some(phone) = self.crowd.at(flow.peer) else {
            return self.problem(format!("a datagram to {}, where nobody is", flow.peer));
        };
        let arrivals = self.network.send(phone, false, bytes, self.now);
        if self.options.watch.trace {
            self.watching.trace.message(self.now, phone, false, arrivals.is_empty(), bytes);
        }
        for at in arrivals {
            self.agenda.add(at, Link::NetworkOut, Due::ToPhone { phone, bytes: bytes.into() });
        }
    }

    pub(super) fn schedule(&mut self, delivery: Option<Instant>, link: Link, due: Due) {
        if let Some(at) = delivery {
            self.agenda.add(at, link, due);
        }
    }
}

/// A word of the Router for a ladder's margin, and the call it is about.
fn word(
    reply: &Reply,
    offers: &mut BTreeMap<OfferId, CallId>,
    settings: &acd::Settings,
) -> Option<(Option<CallId>, String)> {
    let of = |offer: &OfferId| offers.get(offer).copied();
    Some(match reply {
        Reply::Offer { offer, call, agent, .. } => {
            offers.insert(*offer, *call);
            let number = settings.agents.get(agent.index()).map_or("?", |agent| &agent.number);
            (Some(*call), format!("{offer} offered to {number}"))
        }
        Reply::Connect { offer } => (of(offer), format!("{offer} connected")),
        Reply::Revoke { offer, why } => (of(offer), format!("{offer} revoked: {why:?}")),
        Reply::Place { call, position, .. } => (Some(*call), format!("place {position}")),
        Reply::TimedOut { call, .. } => (Some(*call), "waited long enough".into()),
        Reply::Refused { call, why, .. } => (Some(*call), format!("refused: {why:?}")),
        Reply::Agent(_) => return None,
    })
}
