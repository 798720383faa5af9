//! Skills: which agents satisfy which queue, worked out once when settings come and never per decision.
//!
//! Queues that ask for the same skills at the same levels share one `GroupId`: one ordered set of waiting calls, one of
//! idle agents. Skill rings (levels that relax while a call waits) are not here yet.

use super::settings::{AgentSettings, QueueSettings, Settings};
use crate::ids::{AgentId, QueueId, SkillId};
use std::collections::BTreeMap;

/// Most groups that one agent may stand in. A change of an agent's state costs this many set operations, so `config::load`
/// refuses a file that goes above it, naming the agent.
pub const GROUPS_PER_AGENT_MAX: usize = 256;

/// A distinct requirement, numbered from 0 within one compilation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct GroupId(pub u32);

impl GroupId {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The outcome of compiling all requirements against all agents.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    pub of_queue: BTreeMap<QueueId, GroupId>,
    /// Groups that each agent can serve, ascending. Agents without any have no entry.
    pub of_agent: BTreeMap<AgentId, Vec<GroupId>>,
    /// Queues that share each group.
    pub queues: Vec<Vec<QueueId>>,
}

/// The agent who stands in the most groups, and in how many: what [`GROUPS_PER_AGENT_MAX`] limits. `None`: no agents or no queues.
pub fn groups_per_agent(settings: &Settings) -> Option<(AgentId, usize)> {
    let compiled = compile(settings.queues.iter(), &settings.agents);
    compiled.of_agent.iter().map(|(&agent, groups)| (agent, groups.len())).max_by_key(|&(agent, k)| (k, !agent.0))
}

/// Numbers the distinct requirements and finds the agents who satisfy each, by way of the rarest skill it asks for.
pub(super) fn compile<'a>(queues: impl Iterator<Item = &'a QueueSettings>, agents: &[AgentSettings]) -> Compiled {
    let holders = holders(agents);
    let mut known: BTreeMap<Vec<(SkillId, u8)>, GroupId> = BTreeMap::new();
    let mut compiled = Compiled::default();
    for queue in queues {
        let requirement = normal(&queue.requires);
        let next = GroupId(compiled.queues.len() as u32);
        let group = *known.entry(requirement).or_insert(next);
        if group == next {
            compiled.queues.push(Vec::new());
        }
        compiled.queues[group.index()].push(queue.id);
        compiled.of_queue.insert(queue.id, group);
    }
    for (requirement, group) in known {
        for agent in satisfying(&requirement, &holders, agents) {
            compiled.of_agent.entry(agent).or_default().push(group);
        }
    }
    compiled.of_agent.values_mut().for_each(|groups| groups.sort_unstable());
    compiled
}

/// Every skill once, ascending, at the highest level named.
fn normal(skills: &[(SkillId, u8)]) -> Vec<(SkillId, u8)> {
    let mut levels: BTreeMap<SkillId, u8> = BTreeMap::new();
    for &(skill, level) in skills {
        let best = levels.entry(skill).or_default();
        *best = level.max(*best);
    }
    levels.into_iter().collect()
}

/// The level of each holder of each skill.
type Holders = BTreeMap<SkillId, BTreeMap<AgentId, u8>>;

fn holders(agents: &[AgentSettings]) -> Holders {
    let mut holders = Holders::new();
    for agent in agents {
        for (skill, level) in normal(&agent.skills) {
            holders.entry(skill).or_default().insert(agent.id, level);
        }
    }
    holders
}

fn satisfying(requirement: &[(SkillId, u8)], holders: &Holders, agents: &[AgentSettings]) -> Vec<AgentId> {
    let rarest = requirement.iter().min_by_key(|(skill, _)| holders.get(skill).map_or(0, BTreeMap::len));
    let Some((rarest, _)) = rarest else {
        return agents.iter().map(|agent| agent.id).collect();
    };
    let fits = |agent: &AgentId| {
        requirement
            .iter()
            .all(|(skill, least)| holders.get(skill).and_then(|h| h.get(agent)).is_some_and(|l| l >= least))
    };
    holders.get(rarest).map_or(Vec::new(), |held| held.keys().copied().filter(fits).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acd::router::fixture::{agent, queue};

    #[test]
    fn every_required_skill_must_hold_at_its_level() {
        let (sales, english) = (SkillId(0), SkillId(1));
        let settings = Settings {
            queues: vec![queue(0, &[(0, 3), (1, 1)]), queue(1, &[]), queue(2, &[(1, 1), (0, 3)]), queue(3, &[(9, 1)])],
            agents: vec![agent(0, &[(0, 3), (1, 5)]), agent(1, &[(0, 2), (1, 5)]), agent(2, &[(0, 9)])],
            ..Settings::default()
        };
        assert_eq!((sales.index(), english.index()), (0, 1));
        let compiled = compile(settings.queues.iter(), &settings.agents);
        // Queues 0 and 2 ask for the same in another order: one group.
        assert_eq!(compiled.of_queue[&QueueId(0)], compiled.of_queue[&QueueId(2)]);
        assert_eq!(compiled.queues.len(), 3);
        let strict = compiled.of_queue[&QueueId(0)];
        let anyone = compiled.of_queue[&QueueId(1)];
        assert_eq!(compiled.of_agent[&AgentId(0)], [strict, anyone]);
        assert_eq!(compiled.of_agent[&AgentId(1)], [anyone]);
        assert_eq!(compiled.of_agent[&AgentId(2)], [anyone]);
        assert_eq!(groups_per_agent(&settings), Some((AgentId(0), 2)));
    }
}
