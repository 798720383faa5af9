//! What the Switch is told at start and at a reload: trunks, numbers, agents' credentials, queues' way out, prompts, limits.
//! Compiled by `config::load`. Tables are indexed by id.

use crate::clock::Duration;
use crate::gate::Network;
use crate::ids::{AgentId, ListenerId, NodeId, PromptId, QueueId, ReasonId, TreeId, TrunkId};
use crate::ivr::session::Language;
pub use crate::ivr::spoken::Words;
use crate::ivr::tree::Trees;
use crate::media::Codec;
use crate::sip::transaction::Timings;
use crate::sip::{digest, registrar};
use core::net::{IpAddr, SocketAddr};

/// The Switch's part of the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Our listeners' addresses as peers see them, by [`ListenerId`].
    pub listeners: Vec<Listener>,
    /// Address in our SDP.
    pub media_address: IpAddr,
    pub trunks: Vec<Trunk>,
    pub numbers: Vec<Number>,
    pub agents: Vec<Agent>,
    pub queues: Vec<Queue>,
    pub reasons: Vec<Reason>,
    pub trees: Trees,
    pub spoken: Spoken,
    pub digest: digest::Settings,
    pub registrar: registrar::Settings,
    pub timings: Timings,
    pub limits: Limits,
    /// Challenge dialogs that agents' phones start with 407 (INTEROP 1).
    pub challenge_calls: bool,
    /// Caller's headers that reach the agent's phone; none by default.
    pub passed_headers: Vec<Box<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    pub id: ListenerId,
    /// Bound (or advertised) address: goes into Via and Contact.
    pub address: SocketAddr,
}

/// Whose INVITEs are taken without credentials: recognised by source address.
#[derive(Clone, Debug, PartialEq)]
pub struct Trunk {
    pub id: TrunkId,
    pub name: Box<str>,
    /// Address prefixes; the most specific over all trunks wins.
    pub sources: Vec<Network>,
    /// In order of preference; empty: the peer's order.
    pub codecs: Vec<Codec>,
    /// Calls at a time, exact. `None`: no limit of its own.
    pub calls_max: Option<u32>,
    /// New calls per second, exact (never more than this many in any second). `None`: no limit of its own.
    pub calls_per_second_max: Option<u32>,
    /// Status that refuses a single call (limit, ports, full). Default 480 (INTEROP 7).
    pub refusal_status: u16,
}

/// A number that can be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    pub number: Box<str>,
    pub target: Target,
    pub language: Language,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Tree(TreeId),
    Queue(QueueId),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    pub id: AgentId,
    /// User part of the address of record, digest user name, and number to dial.
    pub number: Box<str>,
    pub name: Box<str>,
    pub reach: Reach,
}

/// How an agent's phone is reached.
#[derive(Clone, PartialEq, Eq)]
pub enum Reach {
    /// Registers with these credentials.
    Registers(digest::Secret),
    /// Always at this URI and address.
    Fixed { uri: Box<[u8]>, address: SocketAddr },
}

impl core::fmt::Debug for Reach {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Registers(_) => f.write_str("Registers(hidden)"),
            Self::Fixed { address, .. } => write!(f, "Fixed({address})"),
        }
    }
}

/// A queue as a caller hears it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    pub id: QueueId,
    pub name: Box<str>,
    pub music: Option<PromptId>,
    /// Said once on entry (in the default language's place; see [`Spoken`]), by language.
    pub welcome: Vec<Option<PromptId>>,
    /// After the maximum wait, when full, or without agents.
    pub fallback: Fallback,
    /// Whether `*` takes a waiting caller back to the menu they came from.
    pub star_to_menu: bool,
}

/// A way out of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    Queue(QueueId),
    Node(TreeId, NodeId),
    /// Say good-bye (by language, see `Words::goodbye`) and hang up.
    Goodbye,
}

/// A configured not-ready reason; `*62` + code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub id: ReasonId,
    pub code: Box<str>,
    pub name: Box<str>,
}

/// Prompts that the Switch itself says, by language (index = [`Language`]).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Spoken {
    pub languages: Vec<Words>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls at a time in all.
    pub calls_max: usize,
    pub transactions_max: usize,
    /// A caller's leg that stays silent this long is probed, then ended. Default 60 s.
    pub silence: Duration,
    /// How long a drain waits for calls to end.
    pub drain: Duration,
    /// A call longer than this is ended. Default 4 h.
    pub call_max: Duration,
}

/// Our address as the peer behind `flow` sees it.
pub fn local_address(settings: &Settings, flow: crate::ids::Flow) -> SocketAddr {
    let of = |id| settings.listeners.iter().find(|listener| Some(listener.id) == id).map(|listener| listener.address);
    of(Some(flow.listener)).or_else(|| settings.listeners.first().map(|first| first.address)).unwrap_or(flow.peer)
}
