//! Who can be called and who may call: numbers, agents by number and by fixed address, trunks by source. Compiled once from
//! the settings; read only.

use super::settings::{Agent, Number, Reach, Settings, Trunk};
use crate::ids::{AgentId, TrunkId};
use crate::seed::{Map, Seed};
use core::net::{IpAddr, SocketAddr};

/// See the module text.
pub(super) struct Directory {
    numbers: Map<Box<str>, usize>,
    agents: Map<Box<str>, AgentId>,
    /// Agents with a fixed contact at this address (several on one SIPp instance).
    fixed: Map<SocketAddr, Vec<AgentId>>,
}

impl Directory {
    pub(super) fn new(settings: &Settings, seed: &mut Seed) -> Self {
        let mut numbers = Map::with_hasher(seed.keyed());
        numbers.extend(settings.numbers.iter().enumerate().map(|(at, number)| (number.number.clone(), at)));
        let mut agents = Map::with_hasher(seed.keyed());
        agents.extend(settings.agents.iter().map(|agent| (agent.number.clone(), agent.id)));
        let mut fixed: Map<SocketAddr, Vec<AgentId>> = Map::with_hasher(seed.keyed());
        for agent in &settings.agents {
            if let Reach::Fixed { address, .. } = agent.reach {
                fixed.entry(address).or_default().push(agent.id);
            }
        }
        Self { numbers, agents, fixed }
    }

    /// The configured number `dialled`.
    pub(super) fn number<'s>(&self, settings: &'s Settings, dialled: &str) -> Option<&'s Number> {
        settings.numbers.get(*self.numbers.get(dialled)?)
    }

    /// The agent with this number.
    pub(super) fn agent(&self, number: &str) -> Option<AgentId> {
        self.agents.get(number).copied()
    }

    /// The agent at a fixed address: by the claimed number where several share it.
    pub(super) fn fixed(&self, address: SocketAddr, claimed: &str) -> Option<AgentId> {
        let agents = self.fixed.get(&address)?;
        match agents.as_slice() {
            [only] => Some(*only),
            several => self.agent(claimed).filter(|agent| several.contains(agent)),
        }
    }
}

/// The trunk whose most specific prefix holds `source`.
pub(super) fn trunk_at(settings: &Settings, source: IpAddr) -> Option<TrunkId> {
    let matching = |trunk: &Trunk| {
        let best = trunk.sources.iter().filter(|network| network.contains(source)).map(|network| network.prefix).max();
        best.map(|prefix| (prefix, trunk.id))
    };
    settings
        .trunks
        .iter()
        .filter_map(matching)
        .max_by_key(|&(prefix, id)| (prefix, std::cmp::Reverse(id)))
        .map(|best| best.1)
}

impl Settings {
    pub(super) fn agent(&self, agent: AgentId) -> Option<&Agent> {
        self.agents.get(agent.index())
    }
}
