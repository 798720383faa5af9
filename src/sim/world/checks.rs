//! What must hold after every turn, and what must be left when all is over: nothing.

use super::World;
use crate::acd::AgentState;
use crate::switch;

impl World {
    /// Checks the owners' invariants, as often as the options ask.
    pub(super) fn check_now_and_then(&mut self) {
        let every = self.options.watch.check_every;
        if every == 0 {
            return;
        }
        self.crowd.turns += 1;
        if self.crowd.turns.is_multiple_of(every) {
            self.check();
        }
    }

    /// Checks the owners' invariants now.
    pub fn check(&mut self) {
        for wrong in switch::invariants::check(&self.seat.switch) {
            self.problem(format!("Switch: {wrong}"));
        }
        for wrong in self.seat.router.invariants() {
            self.problem(format!("Router: {wrong}"));
        }
    }

    /// What is left over: to be asked after [`World::run_to_the_end`], and then empty. Everything that was ever wrong is in it.
    pub fn leftovers(&mut self) -> Vec<String> {
        self.check();
        let mut left = core::mem::take(&mut self.problems);
        let switch = self.seat.switch.publish(self.now);
        let mut expect = |what: &str, found: usize, wanted: usize| {
            if found != wanted {
                left.push(format!("{what}: {found}, not {wanted}"));
            }
        };
        expect("calls in the Switch", switch.calls_active, 0);
        expect("transactions in the Switch", switch.transactions, 0);
        expect("free ports", switch.ports_free, usize::from(self.options.pairs));
        expect("open streams", self.media.open_streams(), 0);
        let router = self.seat.router.publish(self.now);
        for queue in &router.queues {
            expect(&format!("calls waiting in {}", queue.name), queue.waiting, 0);
        }
        for (name, phone) in self.crowd.phones() {
            expect(&format!("calls of phone {name}"), phone.calls(), 0);
        }
        for (name, queue) in [
            ("requests", self.links.switch_to_router.is_empty()),
            ("replies", self.links.router_to_switch.is_empty()),
            ("commands", self.links.switch_to_media.is_empty()),
            ("facts", self.links.media_to_switch.is_empty()),
        ] {
            expect(&format!("links with {name} on the way"), usize::from(!queue), 0);
        }
        for (agent, state) in self.summary.agent_states() {
            if matches!(state, AgentState::Offered | AgentState::Talking | AgentState::Holding | AgentState::OwnCall) {
                left.push(format!("agent {agent:?} is {state:?} for ever"));
            }
        }
        for person in &self.crowd.people {
            if person.ended.is_none() {
                left.push(format!("{} to {} ({:?}) never ended", person.calling, person.called, person.role));
            }
        }
        left
    }
}
