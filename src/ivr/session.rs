//! Where one caller stands in a tree. Plain values; may be written down and taken up again.

use super::tree::Trees;
use crate::clock::{Instant, WallTime};
use crate::ids::{AgentId, NodeId, PromptId, QueueId, TreeId};

/// The language a caller has chosen (index into the configured languages).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, serde::Serialize)]
pub struct Language(pub u8);

/// What happens to a caller in the tree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input {
    Digit(u8),
    /// What was last said has been said to its end.
    Said,
    /// `next_deadline` has come.
    Time,
    /// The caller comes back from a queue or an agent to this node (a queue's fallback, or `*` while waiting).
    Return(NodeId),
}

/// What the caller's call is to do next. Steps come in order; after `Queue`, `Agent` and `HangUp` the session rests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Say these prompts, replacing what is being said. `Input::Said` is expected at the end.
    Say(Vec<PromptId>),
    /// Stop what is being said.
    Hush,
    /// Wait in a queue. `shortcut`: the caller pressed `0`.
    Queue { queue: QueueId, priority: i32, shortcut: bool },
    /// Ring one agent.
    Agent(AgentId),
    /// End the call (everything to be said has been said).
    HangUp,
}

/// Something to be counted: `huntline_ivr_node_total{tree,node,outcome}`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Visit {
    pub tree: TreeId,
    pub node: NodeId,
    pub outcome: Outcome,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Entered,
    Chosen,
    Zero,
    Back,
    Repeat,
    Invalid,
    NoInput,
    Abandoned,
}

/// Steps and visits, in order.
#[derive(Clone, Default, Debug)]
pub struct Actions {
    pub steps: Vec<Step>,
    pub visits: Vec<Visit>,
}

/// One caller's place.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {/* the ivr helper fills this in */}

impl Session {
    /// Enters `tree` at its root.
    pub fn start(
        _trees: &Trees,
        _tree: TreeId,
        _language: Language,
        _wall: WallTime,
        _now: Instant,
        _out: &mut Actions,
    ) -> Self {
        todo!()
    }
    /// Takes in what happened. `wall` is civil time now (for hours nodes).
    pub fn handle(&mut self, _trees: &Trees, _input: Input, _wall: WallTime, _now: Instant, _out: &mut Actions) {
        todo!()
    }
    /// When `Input::Time` is due.
    pub fn next_deadline(&self) -> Option<Instant> {
        todo!()
    }
    /// The caller is gone (or leaves the tree for good): counts the abandonment at the present node if `abandoned`.
    pub fn end(&mut self, _abandoned: bool, _out: &mut Actions) {
        todo!()
    }
    pub fn tree(&self) -> TreeId {
        todo!()
    }
    pub fn node(&self) -> NodeId {
        todo!()
    }
    pub fn language(&self) -> Language {
        todo!()
    }
    /// How many levels below the root the caller got at most.
    pub fn depth_max(&self) -> u8 {
        todo!()
    }
}
