//! Trees: levels, keys and where they lead. Plain tables, built by `config::load` (or by hand in a simulation), which refuses what
//! [`check`](super::check) finds. Not a caller's place: that is [`Session`](super::session::Session).

use super::hours::{Calendar, Status};
use super::session::Language;
use crate::clock::{Duration, WallTime};
use crate::ids::{AgentId, NodeId, PromptId, QueueId, TreeId};

/// All trees and what they share.
#[derive(Clone, Debug, Default)]
pub struct Trees {
    /// By [`TreeId`].
    pub trees: Vec<Tree>,
    pub calendars: Vec<Calendar>,
    /// By [`QueueId`]; a queue without an entry is always open.
    pub doors: Vec<Option<Door>>,
}

/// A queue that has opening hours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Door {
    /// Index in [`Trees::calendars`].
    pub calendar: usize,
    /// Where callers go outside these hours.
    pub closed: Place,
}

/// A node of one of the trees.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    pub tree: TreeId,
    pub node: NodeId,
}

/// One tree. Nodes are indexed by [`NodeId`].
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    pub name: Box<str>,
    pub root: NodeId,
    /// Where `0` leads from levels that name no queue and stand under none that does.
    pub queue: Option<QueueId>,
    /// Priority, in points, of calls that come by `0` or after the last retry.
    pub priority: i32,
    /// Whether `*` goes back to the level before.
    pub back: bool,
    /// Whether `#` repeats.
    pub repeat: bool,
    pub nodes: Vec<Node>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub name: Box<str>,
    /// Where `0` leads from here and from everything below that names no queue of its own.
    pub queue: Option<QueueId>,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// One key, one way.
    Menu(Menu),
    /// Says something and goes on.
    Play(Play),
    /// Takes in digits, then goes on.
    Collect(Collect),
    /// The caller chooses a language by key, then goes on.
    Choose(Choose),
    /// Sets the language and goes on at once.
    Speak {
        language: Language,
        next: NodeId,
    },
    /// Opening hours decide at once.
    Hours(Hours),
    Queue {
        queue: QueueId,
        priority: i32,
    },
    /// Rings one agent.
    Agent(AgentId),
    /// Says something (or nothing) and ends the call.
    HangUp(Lines),
}

/// What is said, by language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines(pub Vec<Box<[PromptId]>>);

/// How a level asks, listens and gives up. Shared by menu, collect and language choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    pub say: Lines,
    /// Said before `say` after a wrong key.
    pub invalid: Lines,
    /// Said before `say` when no key came.
    pub no_input: Lines,
    /// Whether a key cuts off what is being said. Without it only `0` is heard while prompts run.
    pub barge_in: bool,
    /// How long to wait for the (first) key after the prompt.
    pub timeout: Duration,
    pub invalid_retries: u8,
    pub no_input_retries: u8,
    /// After the last retry. `None`: where `0` leads.
    pub failed: Option<NodeId>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Menu {
    pub listen: Listen,
    /// Keys `1`–`9`, `*`, `#`, `A`–`D`; never `0`.
    pub keys: Vec<(u8, NodeId)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Play {
    pub say: Lines,
    pub barge_in: bool,
    pub next: NodeId,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Collect {
    pub listen: Listen,
    pub digits_min: u8,
    /// At most [`DIGITS_MAX`].
    pub digits_max: u8,
    /// Ends the digits early.
    pub terminator: Option<u8>,
    /// Longest pause between two digits.
    pub inter_digit: Duration,
    pub next: NodeId,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Choose {
    pub listen: Listen,
    pub keys: Vec<(u8, Language)>,
    pub next: NodeId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Index in [`Trees::calendars`].
    pub calendar: usize,
    pub open: NodeId,
    pub closed: NodeId,
    /// On holidays; usually the same as `closed`.
    pub holiday: NodeId,
}

/// Most digits one collect node can take in.
pub const DIGITS_MAX: usize = 32;

impl Trees {
    pub fn tree(&self, tree: TreeId) -> Option<&Tree> {
        self.trees.get(tree.index())
    }

    pub fn node(&self, place: Place) -> Option<&Node> {
        self.tree(place.tree)?.nodes.get(place.node.index())
    }

    /// Where a caller who asks for `queue` at `wall` goes instead because it is closed. `None`: it is open.
    pub fn closed(&self, queue: QueueId, wall: WallTime) -> Option<Place> {
        let door = self.doors.get(queue.index())?.as_ref()?;
        let calendar = self.calendars.get(door.calendar)?;
        (calendar.status(wall) != Status::Open).then_some(door.closed)
    }

    /// The node that an hours node chooses at `wall`.
    pub(super) fn open_branch(&self, hours: &Hours, wall: WallTime) -> NodeId {
        match self.calendars.get(hours.calendar).map(|calendar| calendar.status(wall)) {
            Some(Status::Open) => hours.open,
            Some(Status::Holiday) => hours.holiday,
            Some(Status::Closed) | None => hours.closed,
        }
    }
}

impl Tree {
    /// An empty tree whose `0` leads to `queue`. The first node added is the root.
    pub fn new(name: &str, queue: Option<QueueId>) -> Self {
        let (root, nodes) = (NodeId(0), Vec::new());
        Self { name: name.into(), root, queue, priority: 0, back: true, repeat: true, nodes }
    }

    /// Adds a node and returns its id.
    pub fn add(&mut self, name: &str, kind: Kind) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(Node { name: name.into(), queue: None, kind });
        id
    }

    /// The id of the node called `name`, added (as a silent hang-up, until [`Self::set`]) if there is none.
    pub fn name(&mut self, name: &str) -> NodeId {
        self.find(name).unwrap_or_else(|| self.add(name, Kind::HangUp(Lines::default())))
    }

    /// Says what a node is.
    pub fn set(&mut self, node: NodeId, kind: Kind) {
        if let Some(slot) = self.nodes.get_mut(node.index()) {
            slot.kind = kind;
        }
    }

    pub fn find(&self, name: &str) -> Option<NodeId> {
        let at = self.nodes.iter().position(|node| &*node.name == name)?;
        Some(NodeId(u32::try_from(at).unwrap_or(u32::MAX)))
    }
}

impl Kind {
    /// Whether a caller decides something here (a level, in the trade's word).
    pub const fn is_level(&self) -> bool {
        matches!(self, Self::Menu(_) | Self::Collect(_) | Self::Choose(_))
    }

    /// How it asks and listens, if it does.
    pub const fn listen(&self) -> Option<&Listen> {
        match self {
            Self::Menu(Menu { listen, .. })
            | Self::Collect(Collect { listen, .. })
            | Self::Choose(Choose { listen, .. }) => Some(listen),
            _ => None,
        }
    }

    /// The word that the configuration uses.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Menu(_) => "menu",
            Self::Play(_) => "play",
            Self::Collect(_) => "collect",
            Self::Choose(_) | Self::Speak { .. } => "language",
            Self::Hours(_) => "hours",
            Self::Queue { .. } => "queue",
            Self::Agent(_) => "agent",
            Self::HangUp(_) => "hang_up",
        }
    }
}

impl Lines {
    /// The same prompts in every language.
    pub fn same(prompts: &[PromptId]) -> Self {
        Self(vec![prompts.into()])
    }

    /// What is said to a caller of `language` (the first language where there is nothing of its own).
    pub fn in_language(&self, language: Language) -> &[PromptId] {
        self.0.get(usize::from(language.0)).or(self.0.first()).map_or(&[], |line| line)
    }
}

impl Default for Listen {
    /// 5 s for a key, two more tries of each sort, any prompt can be interrupted.
    fn default() -> Self {
        Self {
            say: Lines::default(),
            invalid: Lines::default(),
            no_input: Lines::default(),
            barge_in: true,
            timeout: Duration::from_secs(5),
            invalid_retries: 2,
            no_input_retries: 2,
            failed: None,
        }
    }
}

impl Listen {
    /// The default manner of asking, with these prompts.
    pub fn saying(say: Lines) -> Self {
        Self { say, ..Self::default() }
    }
}
