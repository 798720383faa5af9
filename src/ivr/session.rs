//! Where one caller stands in a tree. Plain values; may be written down and taken up again.
//!
//! `0` is the way to a human from everywhere (DOMAIN, "Zero"): at once in menus, plays and language choices, even where a prompt
//! cannot be interrupted; in a collect node alone and followed by the pause or `#`. What keys mean to each kind of node is in
//! `keys`.

use super::tree::{Choose, Kind, Lines, Listen, Place, Tree, Trees};
use crate::clock::{Instant, WallTime};
use crate::ids::{AgentId, NodeId, PromptId, QueueId, TreeId};
use core::fmt;

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
    /// The caller comes back from a queue or an agent to this node of the same tree (`*` while waiting: [`Session::level`]).
    Return(NodeId),
    /// The caller is sent to a node of any tree (a queue's fallback or closed branch).
    Go(Place),
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
pub struct Session {
    pub(super) tree: TreeId,
    /// From where the caller came in to where they are now; no node twice, so bounded by the tree's size.
    pub(super) path: Vec<NodeId>,
    pub(super) language: Language,
    pub(super) stage: Stage,
    pub(super) deadline: Option<Instant>,
    pub(super) invalid: u8,
    pub(super) no_input: u8,
    /// What a collect node has taken in so far.
    pub(super) entry: Digits,
    collected: Vec<(Place, Digits)>,
    depth_max: u8,
    zero_pressed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// A prompt runs; `Said` will come.
    Saying,
    /// A key is awaited; a deadline is set.
    Listening,
    /// In a queue, with an agent, or hung up.
    Resting,
}

/// Digits that a caller typed. Hidden when printed: they may be an account or a card.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Digits(pub(super) arrayvec::ArrayString<{ super::tree::DIGITS_MAX }>);

impl Digits {
    /// The digits themselves. For the agent's eyes, never for a log.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digits({} hidden)", self.0.len())
    }
}

/// What one input may look at and write to.
pub(super) struct Turn<'a> {
    pub trees: &'a Trees,
    pub wall: WallTime,
    pub now: Instant,
    pub out: &'a mut Actions,
    /// Steps in `out` from before this input.
    first: usize,
    /// Whether a prompt ran when the input came.
    was_saying: bool,
}

/// More nodes than this are never passed through at once: a checked tree has no such chain.
const CHAIN_MAX: usize = 256;

impl Session {
    /// Enters `tree` at its root.
    pub fn start(
        trees: &Trees,
        tree: TreeId,
        language: Language,
        wall: WallTime,
        now: Instant,
        out: &mut Actions,
    ) -> Self {
        let root = trees.tree(tree).map_or(NodeId(0), |tree| tree.root);
        let mut session = Self::at(Place { tree, node: root }, language);
        session.handle(trees, Input::Go(Place { tree, node: root }), wall, now, out);
        session
    }

    /// A session that has not begun yet: give it [`Input::Go`] with the same place (a caller who enters a tree through a queue's
    /// fallback or closed branch).
    pub fn at(place: Place, language: Language) -> Self {
        Self {
            tree: place.tree,
            path: vec![place.node],
            language,
            stage: Stage::Resting,
            deadline: None,
            invalid: 0,
            no_input: 0,
            entry: Digits::default(),
            collected: Vec::new(),
            depth_max: 0,
            zero_pressed: false,
        }
    }

    /// Takes in what happened. `wall` is civil time now (for hours nodes).
    pub fn handle(&mut self, trees: &Trees, input: Input, wall: WallTime, now: Instant, out: &mut Actions) {
        let (first, was_saying) = (out.steps.len(), self.stage == Stage::Saying);
        let mut turn = Turn { trees, wall, now, out, first, was_saying };
        match input {
            Input::Digit(_) | Input::Said | Input::Time if self.stage == Stage::Resting => {}
            Input::Digit(digit) => self.on_digit(digit.to_ascii_uppercase(), &mut turn),
            Input::Said if self.stage == Stage::Saying => self.on_said(&mut turn),
            Input::Said => {}
            Input::Time => {
                if self.deadline.is_some_and(|deadline| deadline <= now) {
                    self.on_deadline(&mut turn);
                }
            }
            Input::Return(node) => self.enter(Place { tree: self.tree, node }, &mut turn),
            Input::Go(place) => self.enter(place, &mut turn),
        }
    }

    /// When `Input::Time` is due.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The caller is gone (or leaves the tree for good): counts the abandonment at the present node if `abandoned`.
    pub fn end(&mut self, abandoned: bool, out: &mut Actions) {
        if abandoned {
            out.visits.push(Visit { tree: self.tree, node: self.node(), outcome: Outcome::Abandoned });
        }
        self.stage = Stage::Resting;
        self.deadline = None;
    }

    pub fn tree(&self) -> TreeId {
        self.tree
    }

    pub fn node(&self) -> NodeId {
        self.path.last().copied().unwrap_or(NodeId(0))
    }

    /// The last level (menu, digits, language) that the caller went through: where `*` leads from a queue.
    pub fn level(&self, trees: &Trees) -> Option<NodeId> {
        let is_level =
            |&&node: &&NodeId| trees.node(Place { tree: self.tree, node }).is_some_and(|node| node.kind.is_level());
        self.path.iter().rev().find(is_level).copied()
    }

    pub fn language(&self) -> Language {
        self.language
    }

    /// How many levels below the first one the caller got at most.
    pub fn depth_max(&self) -> u8 {
        self.depth_max
    }

    /// Whether the caller ever asked for a human by `0`.
    pub fn zero_pressed(&self) -> bool {
        self.zero_pressed
    }

    /// The queue that `0` leads to from here; it also serves a transfer to one agent.
    pub fn queue_for_zero(&self, trees: &Trees) -> Option<QueueId> {
        self.zero_queue(trees.tree(self.tree)?)
    }

    /// What the caller typed at collect nodes.
    pub fn collected(&self) -> &[(Place, Digits)] {
        &self.collected
    }

    pub(super) fn place(&self) -> Place {
        Place { tree: self.tree, node: self.node() }
    }

    pub(super) fn count(&self, outcome: Outcome, turn: &mut Turn<'_>) {
        turn.out.visits.push(Visit { tree: self.tree, node: self.node(), outcome });
    }

    /// Goes to a node and on from there until something is said, awaited or done.
    pub(super) fn enter(&mut self, place: Place, turn: &mut Turn<'_>) {
        let mut place = place;
        for _ in 0..CHAIN_MAX {
            self.arrive(place, turn);
            let trees = turn.trees;
            let Some(node) = trees.node(place) else { break };
            let next = match &node.kind {
                Kind::Menu(_) | Kind::Collect(_) | Kind::Choose(_) => return self.ask(&[], turn),
                Kind::Play(play) => match self.say(&[&play.say], turn) {
                    true => return,
                    false => play.next,
                },
                Kind::HangUp(lines) => match self.say(&[lines], turn) {
                    true => return,
                    false => break,
                },
                Kind::Speak { language, next } => {
                    self.language = *language;
                    *next
                }
                Kind::Hours(hours) => trees.open_branch(hours, turn.wall),
                Kind::Agent(agent) => return self.rest(Step::Agent(*agent), turn),
                Kind::Queue { queue, priority } => match trees.closed(*queue, turn.wall) {
                    Some(closed) => {
                        place = closed;
                        continue;
                    }
                    None => {
                        let (queue, priority) = (*queue, *priority);
                        return self.rest(Step::Queue { queue, priority, shortcut: false }, turn);
                    }
                },
            };
            place.node = next;
        }
        self.rest(Step::HangUp, turn);
    }

    /// Sets the caller's place. A node on the path already is gone back to, so that the path does not grow in circles.
    fn arrive(&mut self, place: Place, turn: &mut Turn<'_>) {
        if place.tree != self.tree {
            self.tree = place.tree;
            self.path.clear();
        }
        let seen = self.path.iter().position(|&node| node == place.node);
        self.path.truncate(seen.unwrap_or(self.path.len()));
        let is_level = |&&node: &&NodeId| {
            turn.trees.node(Place { tree: place.tree, node }).is_some_and(|node| node.kind.is_level())
        };
        let depth = self.path.iter().filter(is_level).count();
        self.depth_max = self.depth_max.max(u8::try_from(depth).unwrap_or(u8::MAX));
        self.path.push(place.node);
        self.deadline = None;
        (self.invalid, self.no_input) = (0, 0);
        self.entry = Digits::default();
        self.count(Outcome::Entered, turn);
    }

    /// Says `before` and the level's own prompts, then listens.
    pub(super) fn ask(&mut self, before: &[&Lines], turn: &mut Turn<'_>) {
        let trees = turn.trees;
        let Some(listen) = trees.node(self.place()).and_then(|node| node.kind.listen()) else { return };
        self.entry = Digits::default();
        self.deadline = None;
        let lines: Vec<&Lines> = before.iter().copied().chain([&listen.say]).collect();
        if !self.say(&lines, turn) {
            turn.hush();
            self.listen_until(turn.now + listen.timeout);
        }
    }

    /// Says these lines in the caller's language. False: there is nothing to say.
    fn say(&mut self, lines: &[&Lines], turn: &mut Turn<'_>) -> bool {
        let prompts: Vec<PromptId> = lines.iter().flat_map(|lines| lines.in_language(self.language)).copied().collect();
        if prompts.is_empty() {
            return false;
        }
        turn.unsay();
        turn.out.steps.push(Step::Say(prompts));
        self.stage = Stage::Saying;
        true
    }

    pub(super) fn listen_until(&mut self, deadline: Instant) {
        self.stage = Stage::Listening;
        self.deadline = Some(deadline);
    }

    fn rest(&mut self, step: Step, turn: &mut Turn<'_>) {
        turn.hush();
        turn.out.steps.push(step);
        self.stage = Stage::Resting;
        self.deadline = None;
    }

    pub(super) fn hang_up(&mut self, turn: &mut Turn<'_>) {
        self.rest(Step::HangUp, turn);
    }

    /// The caller wants a human (`shortcut`), or has used up every retry.
    pub(super) fn seek_human(&mut self, shortcut: bool, turn: &mut Turn<'_>) {
        if shortcut {
            self.zero_pressed = true;
            self.count(Outcome::Zero, turn);
        }
        let Some(tree) = turn.trees.tree(self.tree) else { return self.rest(Step::HangUp, turn) };
        let Some(queue) = self.zero_queue(tree) else { return self.rest(Step::HangUp, turn) };
        match turn.trees.closed(queue, turn.wall) {
            Some(closed) => self.enter(closed, turn),
            None => self.rest(Step::Queue { queue, priority: tree.priority, shortcut }, turn),
        }
    }

    /// The queue that the level names, or the nearest level above it on the caller's way, or the tree.
    fn zero_queue(&self, tree: &Tree) -> Option<QueueId> {
        let named = |node: &NodeId| tree.nodes.get(node.index()).and_then(|node| node.queue);
        self.path.iter().rev().find_map(named).or(tree.queue)
    }

    /// After the last retry.
    pub(super) fn give_up(&mut self, listen: &Listen, turn: &mut Turn<'_>) {
        match listen.failed {
            Some(node) => self.enter(Place { tree: self.tree, node }, turn),
            None => self.seek_human(false, turn),
        }
    }

    /// Keeps what was typed at this node, instead of what was typed there before.
    pub(super) fn keep_entry(&mut self) {
        let (place, entry) = (self.place(), core::mem::take(&mut self.entry));
        self.collected.retain(|(at, _)| *at != place);
        self.collected.push((place, entry));
    }

    pub(super) fn choose(&mut self, choose: &Choose, language: Language, turn: &mut Turn<'_>) {
        self.count(Outcome::Chosen, turn);
        self.language = language;
        self.enter(Place { tree: self.tree, node: choose.next }, turn);
    }
}

impl Turn<'_> {
    /// Takes back a `Say` of this turn: something else follows at once.
    fn unsay(&mut self) {
        if self.out.steps.len() > self.first && matches!(self.out.steps.last(), Some(Step::Say(_) | Step::Hush)) {
            self.out.steps.pop();
        }
    }

    /// The prompt that ran has come to its end by itself.
    pub fn said(&mut self) {
        self.was_saying = false;
    }

    /// Nothing is to be heard from here on.
    pub fn hush(&mut self) {
        self.unsay();
        if self.was_saying {
            self.out.steps.push(Step::Hush);
        }
    }
}
