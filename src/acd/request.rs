//! The words between Switch and Router. They could cross a network: no handle, no borrowed value, and no assumption that an answer
//! comes in the same turn.
//!
//! ```text
//! Switch                          Router
//!   │ Enqueue ───────────────────────▶│
//!   │◀──────────────────────── Offer  │   an agent fits; the Switch sends the INVITE
//!   │ Ringing ───────────────────────▶│   ring limit runs
//!   │ Answered ──────────────────────▶│   the offer is a single-use token:
//!   │◀────────────── Connect / Revoke │   it wins or it is revoked
//!   │ Ended ─────────────────────────▶│   wrap-up begins
//! ```

use super::agent::AgentState;
use crate::clock::{Duration, Instant};
use crate::ids::{AgentId, CallId, Flow, OfferId, QueueId, ReasonId};
use std::sync::Arc;

/// Where an agent's phone can be reached: opaque to the Router, carried back in [`Reply::Offer`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contact {
    /// Request-URI for the INVITE.
    pub uri: Box<[u8]>,
    pub flow: Flow,
}

/// A call that waits (or is to wait) in a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Waiting {
    pub call: CallId,
    pub queue: QueueId,
    /// Points (DOMAIN, Priority and place).
    pub priority: i32,
    /// When the call first asked for a human: the place in the queue, kept when it comes back.
    pub arrived: Instant,
    /// Only this agent will do (transfer to an agent from the IVR).
    pub agent: Option<AgentId>,
}

/// Why a call leaves its queue by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leave {
    HungUp,
    /// Back to the menu; may come again with its old `arrived`.
    Menu,
    /// The Switch ends it (drain, failure).
    Ended,
}

/// How an offer failed at the phone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferFailure {
    /// 486, 600
    Busy,
    /// 603, 302 …
    Declined,
    /// Any other final error.
    PhoneError,
    /// No answer from the network or no contact.
    Unreachable,
    /// No port, no codec in common: ours, not the agent's.
    Internal,
}

/// What somebody asks of an agent's state, by `*6x`, API or page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wish {
    /// Also ends wrap-up early.
    Ready,
    NotReady(ReasonId),
    LogOff,
    /// `*64`: as much wrap-up as the queue allows at most.
    ExtendWrapUp,
}

/// What the Switch tells the Router. Every request carries the Switch's running number outside (see [`Numbered`]).
#[derive(Clone, PartialEq, Debug)]
pub enum Request {
    Enqueue(Waiting),
    /// Takes a call out: waiting, offered or talking. An offer of it is revoked (reply), a talk of it ends as by `Ended`.
    Withdraw {
        call: CallId,
        why: Leave,
    },
    /// First 180/183 of the offer.
    Ringing {
        offer: OfferId,
    },
    /// The agent's 200. Answered by `Connect` or `Revoke`.
    Answered {
        offer: OfferId,
    },
    Failed {
        offer: OfferId,
        why: OfferFailure,
    },
    /// The bridged leg of the agent has ended; wrap-up begins.
    Ended {
        offer: OfferId,
    },
    /// The agent holds or resumes the caller.
    Held {
        offer: OfferId,
        held: bool,
    },
    /// The contacts an agent's phone can be reached at; empty: none. `flow`s and URIs are opaque.
    Reachable {
        agent: AgentId,
        contacts: Arc<[Contact]>,
    },
    Wish {
        agent: AgentId,
        wish: Wish,
    },
    /// The agent's phone makes or ends a call of its own.
    OwnCall {
        agent: AgentId,
        active: bool,
    },
    /// Everything the Switch knows: forget all and start from this.
    Resync(Box<Resync>),
}

/// A request with the sender's running number: one that is not above the last one seen is a repetition and ignored.
#[derive(Clone, PartialEq, Debug)]
pub struct Numbered {
    pub number: u64,
    pub request: Request,
}

/// All that a Router needs to be rebuilt from nothing.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Resync {
    pub waiting: Vec<Waiting>,
    /// When calls entered their present queue, of those that came from elsewhere after they arrived: the maximum wait counts
    /// from there.
    pub entered: Vec<(CallId, Instant)>,
    /// Offers that ring or talk.
    pub offers: Vec<OpenOffer>,
    pub agents: Vec<AgentView>,
    /// Offer numbers up to this one have been used.
    pub offer_last: u64,
}

/// An offer that is open at the Switch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenOffer {
    pub offer: OfferId,
    pub call: Waiting,
    pub agent: AgentId,
    pub phase: OfferPhase,
    pub since: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OfferPhase {
    Calling,
    Ringing,
    /// Answered at the phone; the Router's word is awaited.
    Answered,
    Talking,
    Holding,
}

/// An agent as the Switch last heard of them.
#[derive(Clone, PartialEq, Debug)]
pub struct AgentView {
    pub agent: AgentId,
    pub state: AgentState,
    pub since: Instant,
    pub idle_since: Instant,
    pub wrap_up_until: Option<Instant>,
    /// Not-ready or log-off asked for during a talk.
    pub pending: Option<Wish>,
    pub contacts: Arc<[Contact]>,
}

/// Why an offer is taken back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revoke {
    RingLimit,
    /// No provisional above 100 in time.
    Unreachable,
    CallerGone,
    /// The offer is no longer known (late answer, rebuilt Router).
    Unknown,
    TimedOut,
}

/// Why a queue does not take a call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    Full,
    /// Nobody who could ever take it is logged on, and the queue says so at once.
    NoAgents,
    UnknownQueue,
}

/// What the Router tells the Switch.
#[derive(Clone, PartialEq, Debug)]
pub enum Reply {
    /// Ring this agent for this call. `matched`: when a call and an agent could first be matched.
    Offer {
        offer: OfferId,
        call: CallId,
        queue: QueueId,
        agent: AgentId,
        contacts: Arc<[Contact]>,
        matched: Instant,
    },
    /// The answer counts: bridge.
    Connect {
        offer: OfferId,
    },
    /// Stop ringing (or release the one who answered too late).
    Revoke {
        offer: OfferId,
        why: Revoke,
    },
    /// The call is taken in or still waits: time to tell the caller the place (1 = next) and the expected wait.
    Place {
        call: CallId,
        position: u32,
        expected_wait: Duration,
    },
    /// The queue's maximum wait is over; the fallback is the Switch's to carry out.
    TimedOut {
        call: CallId,
        queue: QueueId,
    },
    Refused {
        call: CallId,
        queue: QueueId,
        why: Refused,
    },
    /// An agent's state changed.
    Agent(AgentView),
}
