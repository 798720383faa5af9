//! Groups: for each distinct requirement the calls that wait under it and the agents who stand idle for it, both in order.
//!
//! A freed agent looks at the heads of their groups, an arriving call at the head of its group's idle set; nothing is searched.

use super::queue::Key;
use super::skill::GroupId;
use crate::clock::Instant;
use crate::ids::{AgentId, QueueId};
use std::collections::BTreeSet;

/// All calls and agents of one requirement.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Calls to be offered, best key first.
    pub calls: BTreeSet<Key>,
    /// Ready, reachable agents, longest idle first; equal ones by number.
    pub idle: BTreeSet<(Instant, AgentId)>,
    /// Agents with the skills who are not logged off.
    pub logged_on: u32,
    /// Of these, those at work: not "not ready".
    pub at_work: u32,
    pub queues: Vec<QueueId>,
}

/// How an agent is entered in their groups.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Presence {
    pub logged_on: bool,
    pub at_work: bool,
    /// Idle since then, and to be offered calls.
    pub idle: Option<Instant>,
}

/// The groups, by [`GroupId`].
#[derive(Debug, Default)]
pub(super) struct IdleSets(Vec<Group>);

impl IdleSets {
    /// Empty groups for the given queues.
    pub(super) fn new(queues: Vec<Vec<QueueId>>) -> Self {
        Self(queues.into_iter().map(|queues| Group { queues, ..Group::default() }).collect())
    }

    /// Group ids are made together with the groups, so one is always there.
    pub(super) fn group(&self, id: GroupId) -> &Group {
        &self.0[id.index()]
    }

    pub(super) fn group_mut(&mut self, id: GroupId) -> &mut Group {
        &mut self.0[id.index()]
    }

    /// Enters `agent` anew in `groups`: from `was` to `is`.
    pub(super) fn enter(&mut self, agent: AgentId, groups: &[GroupId], was: Presence, is: Presence) {
        if was == is {
            return;
        }
        for &id in groups {
            let group = &mut self.0[id.index()];
            group.logged_on = group.logged_on + u32::from(is.logged_on) - u32::from(was.logged_on);
            group.at_work = group.at_work + u32::from(is.at_work) - u32::from(was.at_work);
            if was.idle != is.idle {
                was.idle.map(|since| group.idle.remove(&(since, agent)));
                is.idle.map(|since| group.idle.insert((since, agent)));
            }
        }
    }
}
