//! State that can be written down: everything out of one Switch and into another, and what a Router is rebuilt from.

use super::admission::Admission;
use super::event::Actions;
use super::settings::Settings;
use super::turn::{ClientUser, ServerUser, Timer, Turn};
use super::{Agents, RouterSeat, Switch};
use crate::acd::request::{AgentView, OpenOffer, Resync, Waiting};
use crate::acd::{AgentState, Request};
use crate::call::leg::Leg;
use crate::call::table::{Key, Slots};
use crate::call::{Call, Offer, Place, Stage};
use crate::clock::{Instant, WallClock};
use crate::ids::CallId;
use crate::media::ports::{Block, PortPool};
use crate::sip::registrar::Registrar;
use crate::sip::transaction::Transactions;
use std::sync::Arc;

/// All living state of a Switch as plain values: calls with their legs, transactions, registrations, ports, agents, what the limits have
/// counted. Not in it: timers
/// (they follow from the rest), look-up tables, secrets, counters.
pub struct HandOver {
    calls: Slots<Call>,
    legs: Slots<Leg>,
    last: u64,
    gone: Vec<CallId>,
    transactions: Transactions<ServerUser, ClientUser>,
    registrar: Registrar,
    ports: PortPool,
    agents: Agents,
    router: RouterSeat,
    wall: WallClock,
    admission: Admission,
}

impl Switch {
    /// Takes everything that lives out of this Switch.
    pub fn hand_over(self) -> HandOver {
        HandOver {
            calls: self.calls.calls,
            legs: self.calls.legs,
            last: self.calls.last,
            gone: self.calls.gone,
            transactions: self.sip.transactions,
            registrar: self.sip.registrar,
            ports: self.ports,
            agents: self.agents,
            router: self.router,
            wall: self.wall,
            admission: self.admission,
        }
    }

    /// A fresh Switch that goes on where another stopped.
    pub fn take_over(settings: Arc<Settings>, state: HandOver, seed: u64, now: Instant) -> Self {
        let no_ports: [Block; 0] = [];
        let mut switch = Self::new(settings, &no_ports, seed);
        switch.ports = state.ports;
        switch.sip.transactions = state.transactions;
        switch.sip.registrar = state.registrar;
        switch.agents = state.agents;
        switch.router = state.router;
        switch.wall = state.wall;
        switch.calls.last = state.last;
        switch.calls.gone = state.gone;
        switch.admission = state.admission;
        switch.admission.resize(switch.settings.trunks.len());
        if let Some(end) = switch.admission.drained_at {
            switch.timers.arm(end, Timer::Drained);
        }
        switch.calls.calls = state.calls;
        switch.calls.legs = state.legs;
        switch.index();
        switch.arm_all(now);
        switch
    }

    /// Builds the look-up tables from the calls and legs.
    fn index(&mut self) {
        for (key, call) in self.calls.calls.iter() {
            self.calls.by_id.insert(call.id, key);
            if let Some(offer) = &call.offer {
                self.calls.by_offer.insert(offer.id, key);
            }
            if call.history.changed {
                self.calls.changed.push(key);
            }
        }
        for (key, leg) in self.calls.legs.iter() {
            if let Some(stream) = leg.audio.stream {
                self.calls.by_stream.insert(stream, key);
            }
        }
    }

    /// Arms every timer that the calls and legs ask for.
    fn arm_all(&mut self, now: Instant) {
        let calls: Vec<Key<Call>> = self.calls.calls.iter().map(|(key, _)| key).collect();
        for key in calls {
            let Some(call) = self.calls.calls.at_mut(key) else { continue };
            call.timers = crate::call::Timers::default();
            // Whoever has been let go needs no end set; one who hears good-bye does.
            if call.ending.is_none() || call.saying.is_some() {
                let end = call.started + self.settings.limits.call_max;
                call.timers.longest = Some(self.timers.arm(end, Timer::CallMax(key)));
            }
            let mut quiet = Actions::default();
            self.arm_ivr(key, &mut Turn { now, out: &mut quiet });
        }
        let legs: Vec<Key<Leg>> = self.calls.legs.iter().map(|(key, _)| key).collect();
        for key in legs {
            let Some(waiting) = self.calls.legs.at_mut(key).and_then(|leg| leg.unacknowledged.as_mut()) else {
                continue;
            };
            waiting.timer = Some(self.timers.arm(waiting.next, Timer::Repeat(key)));
        }
    }

    /// Tells a new Router everything that it must know to go on where the old one was.
    pub(super) fn resync(&mut self, turn: &mut Turn) {
        let mut resync = Resync { offer_last: self.router.offer_last, ..Resync::default() };
        for (_, call) in self.calls.calls.iter() {
            let Some(place) = call.place else { continue };
            if place.entered != place.arrived {
                resync.entered.push((call.id, place.entered));
            }
            match (&call.offer, call.stage) {
                (Some(offer), _) => resync.offers.push(open_offer(call, place, offer)),
                (None, Stage::Waiting) => resync.waiting.push(waiting(call, place)),
                _ => {}
            }
        }
        let mut came = Vec::new();
        for agent in &self.settings.agents {
            let view = self.agents.views.get(agent.id.index()).cloned().flatten();
            let contacts = self.contacts_of(agent.id);
            // A phone that the old Router had not heard of is told below: it logs its agent on.
            let heard = view.as_ref().is_some_and(|view| !view.contacts.is_empty());
            if !heard && !contacts.is_empty() {
                came.push(agent.id);
            }
            let contacts = if heard { contacts } else { Arc::default() };
            resync.agents.extend(view.map(|view| AgentView { contacts, ..view }));
        }
        self.request(Request::Resync(Box::new(resync)), turn);
        for agent in came {
            self.tell_reachable(agent, turn);
        }
        self.tell_own_calls(turn);
    }

    /// Says of every agent who has a call of their own, or whom the old Router believed to have one, whether it is so.
    fn tell_own_calls(&mut self, turn: &mut Turn) {
        let agents: Vec<_> = self.settings.agents.iter().map(|agent| agent.id).collect();
        for agent in agents {
            let view = self.agents.views.get(agent.index()).and_then(Option::as_ref);
            let believed = view.is_some_and(|view| view.state == AgentState::OwnCall);
            let active = self.agents.own_calls.get(agent.index()).is_some_and(|&open| open > 0);
            if active || believed {
                self.request(Request::OwnCall { agent, active }, turn);
            }
        }
    }
}

fn waiting(call: &Call, place: Place) -> Waiting {
    Waiting { call: call.id, queue: place.queue, priority: place.priority, arrived: place.arrived, agent: place.agent }
}

fn open_offer(call: &Call, place: Place, offer: &Offer) -> OpenOffer {
    OpenOffer {
        offer: offer.id,
        call: waiting(call, place),
        agent: offer.agent,
        phase: offer.phase,
        since: offer.since,
    }
}
