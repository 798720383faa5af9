//! Identifiers. Every one is a newtype, so that two of them cannot be swapped in a call.
//!
//! Ids of configured things ([`QueueId`], [`AgentId`], [`TrunkId`] …) are given by name at first sight and never reused
//! in a run: a reload keeps them. Ids of living things carry a generation where their slot is reused.

use core::fmt;
use core::net::SocketAddr;

macro_rules! index_id {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
        pub struct $name(pub $inner);

        impl $name {
            /// The position in a table indexed by this id.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

index_id! {
    /// A queue, in order of first sight.
    QueueId(u32);
    /// An agent, in order of first sight.
    AgentId(u32);
    /// A trunk, in order of first sight.
    TrunkId(u32);
    /// An IVR tree.
    TreeId(u32);
    /// A node inside one IVR tree.
    NodeId(u32);
    /// A skill, in order of first sight.
    SkillId(u32);
    /// A prompt or piece of music held in memory by the media workers.
    PromptId(u32);
    /// A SIP listener (one bound socket address).
    ListenerId(u8);
    /// A media worker thread.
    WorkerId(u8);
    /// A configured reason for being not ready.
    ReasonId(u16);
}

/// One call (a caller's visit), unique in a run, in order of arrival.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub struct CallId(pub u64);

/// One offer of one call to one agent: a single-use token, unique in a run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub struct OfferId(pub u64);

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}

impl fmt::Display for OfferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "o{}", self.0)
    }
}

/// Where a message came from or goes to: a listener of ours and the peer's address behind it.
///
/// UDP only for now; a stream transport adds (stream thread, slot, generation) as another kind of flow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Flow {
    /// The socket of ours.
    pub listener: ListenerId,
    /// The peer's address and port, as seen on the wire.
    pub peer: SocketAddr,
}

/// One RTP stream of ours: a bound port of a media worker. `generation` counts the port's uses, so a late command or
/// fact about an earlier call on the same port is recognised and ignored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StreamId {
    /// The worker that owns the socket.
    pub worker: WorkerId,
    /// Index of the port among the worker's own ports.
    pub slot: u32,
    /// How often the port had been taken before.
    pub generation: u32,
}
