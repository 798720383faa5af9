//! One leg of a call: our dialog with one party, its audio, and what the record will say of it. Plain values only.

use super::{Call, table::Key};
use crate::clock::{Duration, Instant};
use crate::ids::{AgentId, Flow, OfferId, StreamId};
use crate::media::{StreamParameters, StreamReport};
use crate::sip::dialog::Dialog;
use crate::sip::sdp::Description;
use crate::sip::transaction::ClientTx;
use crate::timers::TimerHandle;
use std::sync::Arc;

/// One leg. Found by the key inside our tag of its dialog.
#[derive(Clone, Debug)]
pub struct Leg {
    pub call: Key<Call>,
    pub party: Party,
    pub dialog: Dialog,
    pub state: State,
    pub audio: Audio,
    /// A 200 of ours that waits for its ACK.
    pub unacknowledged: Option<Unacknowledged>,
    pub times: Times,
    /// How it ended, for the record; set once.
    pub ended: Option<(Instant, Box<str>)>,
}

/// Who is at the other end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Party {
    Caller,
    Agent { agent: AgentId, offer: OfferId },
}

/// How far our dialog with the party is.
///
/// ```text
/// caller:  Up ──────────────────────────────▶ Over
/// agent:   Calling ▶ Ringing ▶ Answered ▶ Up ▶ Over
///             └────────┴─▶ Cancelling ───────▶ Over
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// INVITE sent, nothing above 100 heard.
    Calling(ClientTx),
    /// 180 or 183 heard.
    Ringing(ClientTx),
    /// 200 heard and acknowledged; the Router's word is awaited.
    Answered,
    /// Our CANCEL is out; the final response is awaited.
    Cancelling(ClientTx),
    /// The dialog is confirmed (for a caller: our 200 is out).
    Up,
    /// No dialog any more; only the stream may still be closing.
    Over,
}

/// A leg's audio as negotiated.
#[derive(Clone, Debug)]
pub struct Audio {
    /// `None` once its port has been given back.
    pub stream: Option<StreamId>,
    /// Whether the worker has been told to close the stream.
    pub closing: bool,
    pub parameters: StreamParameters,
    /// Our `o=` session id and version.
    pub session: u64,
    pub version: u64,
    /// Their `o=` of the last description, to recognise an unchanged one.
    pub their_origin: Option<(u64, u64)>,
    /// Their last offer, if it had further m= lines: an offer of ours has to keep them (RFC 3264 §8).
    pub their_lines: Option<Arc<Description>>,
    /// The party has put us on hold.
    pub held_by_them: bool,
    /// Whether a probe for life is out (INTEROP 13).
    pub probing: bool,
    pub report: Option<StreamReport>,
}

/// A 2xx that is repeated until its ACK comes (RFC 3261 §13.3.1.4).
#[derive(Clone, Debug)]
pub struct Unacknowledged {
    pub bytes: Box<[u8]>,
    /// Where it goes: the way the INVITE came (§18.2.2), which need not be where our own requests go.
    pub flow: Flow,
    pub cseq: u32,
    /// Repeated at `next`, then after twice `interval` (up to T2), until `give_up`.
    pub next: Instant,
    pub interval: Duration,
    pub give_up: Instant,
    /// The 200 carried an offer; the ACK must bring the answer.
    pub offered: bool,
    /// A BYE of ours waits for the ACK (§15).
    pub bye_after: bool,
    pub timer: Option<TimerHandle>,
}

/// When things happened to the leg.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    pub started: Instant,
    pub ringing: Option<Instant>,
    pub answered: Option<Instant>,
    pub bridged: Option<Instant>,
    /// Total time on hold by the party so far, and since when it is on hold now.
    pub held: Duration,
    pub held_since: Option<Instant>,
}

impl Times {
    /// A leg that starts `now`.
    pub fn starting(now: Instant) -> Self {
        Self { started: now, ringing: None, answered: None, bridged: None, held: Duration::ZERO, held_since: None }
    }

    /// The party holds or resumes.
    pub fn hold(&mut self, held: bool, now: Instant) {
        if let Some(since) = self.held_since.take() {
            self.held += now.since(since);
        }
        self.held_since = held.then_some(now);
    }
}

impl Leg {
    /// Whether a dialog or an INVITE of ours is still open.
    pub fn is_open(&self) -> bool {
        self.state != State::Over
    }

    /// The agent at the other end.
    pub fn agent(&self) -> Option<AgentId> {
        match self.party {
            Party::Agent { agent, .. } => Some(agent),
            Party::Caller => None,
        }
    }
}
