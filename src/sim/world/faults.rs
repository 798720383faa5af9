//! What may go wrong on purpose.

use super::{Due, World};
use crate::acd::Router;
use crate::clock::{Duration, Instant};
use crate::ids::AgentId;
use crate::sim::agenda::Link;
use crate::sim::network::Conditions;
use crate::sim::world::AgentDeed;
use crate::switch::{Event, Switch};
use std::sync::Arc;

/// One thing that goes wrong.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Fault {
    /// The Router is gone with all it knew; a fresh one takes its seat and is told everything by `Resync`.
    LoseRouter,
    /// All that lives is taken out of the Switch and put into a fresh one.
    ReplaceSwitch,
    /// The phone of this agent falls silent for good.
    CrashPhone(u32),
    /// It comes back with nothing in memory and registers again.
    RestartPhone(u32),
    /// The trunk with this number as a phone vanishes without a word, and all its callers with it.
    CrashTrunk(u32),
    /// The Switch takes nothing from the Gate for so long, the Router nothing from the Switch, the Switch nothing from it.
    Stall(Duration),
    Network(Conditions),
}

impl World {
    /// Something goes wrong at `at`.
    pub fn fault(&mut self, at: Instant, fault: Fault) {
        self.agenda.add(at, Link::Fault, Due::Fault(fault));
    }

    pub(super) fn suffer(&mut self, fault: Fault) {
        if self.options.watch.trace {
            self.watching.trace.note(self.now, None, &format!("{fault:?}"));
        }
        match fault {
            Fault::LoseRouter => self.lose_router(),
            Fault::ReplaceSwitch => self.replace_switch(),
            Fault::CrashPhone(agent) => self.crash(self.crowd.agents[agent as usize].phone),
            Fault::CrashTrunk(trunk) => self.crash(trunk),
            Fault::RestartPhone(agent) => self.restart_phone(agent),
            Fault::Stall(lasting) => {
                self.links.gate_to_switch.stall(self.now, lasting);
                self.links.switch_to_router.stall(self.now, lasting);
                self.links.router_to_switch.stall(self.now, lasting);
            }
            Fault::Network(conditions) => self.network.set(conditions),
        }
    }

    /// Lost with it is whatever was on its way, in both directions.
    fn lose_router(&mut self) {
        self.seat.router = Router::new(Arc::new(self.office.router.clone()), self.now);
        self.links.switch_to_router.lose_all();
        self.links.router_to_switch.lose_all();
        self.switch_takes(Event::RouterLost);
    }

    fn replace_switch(&mut self) {
        let settings = Arc::new(self.office.switch.clone());
        let seed = self.options.seed ^ self.now.as_micros();
        let empty = Switch::new(settings.clone(), &[], seed);
        let old = core::mem::replace(&mut self.seat.switch, empty);
        self.seat.switch = Switch::take_over(settings, old.hand_over(), seed, self.now);
    }

    fn crash(&mut self, phone: u32) {
        let address = self.crowd.address(phone);
        self.crowd.phone(phone).crash();
        self.media.fall_silent(address.ip(), true, self.now);
        self.cut_off(phone);
    }

    fn restart_phone(&mut self, agent: u32) {
        let phone = self.crowd.agents[agent as usize].phone;
        let address = self.crowd.address(phone);
        self.crowd.phone(phone).restart();
        self.media.fall_silent(address.ip(), false, self.now);
        self.agent_does(self.now, agent, AgentDeed::Register(Duration::from_secs(3600)));
    }

    /// The state of the `number`-th agent of the office, as the Switch last heard it.
    pub fn agent_state(&self, number: u32) -> Option<crate::acd::AgentState> {
        self.summary.agent_state(AgentId(number))
    }
}
