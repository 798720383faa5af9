//! Transactions: the four machines of RFC 3261 §17 as corrected by RFC 6026, and the table that finds them.
//!
//! Not a transport and not a user agent: it absorbs retransmissions, repeats what must be repeated, and tells its user what is
//! new. All timers run on one [`TimerHeap`](crate::timers::TimerHeap) of its own. Client transactions are found by an index in our own branch, server
//! transactions by (branch, sent-by, method) with the RFC 2543 fallback (§17.2.3). A finished transaction keeps only its key,
//! timer and last reply.
//!
//! `S` and `C` are what the user wants to remember with a server or client transaction (small and `Copy`).

use super::{Method, outbox::Outbox, scan::Message};
use crate::clock::{Duration, Instant};
use crate::ids::Flow;
use crate::seed::Seed;

/// T1, T2, T4 (RFC 3261 §17.1.1.1, table 4). Settings of the whole process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timings {
    pub t1: Duration,
    pub t2: Duration,
    pub t4: Duration,
}

/// A server transaction; stale values are recognised.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ServerTx {
    slot: u32,
    generation: u32,
}

/// A client transaction; stale values are recognised.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClientTx {
    slot: u32,
    generation: u32,
}

/// What a received message means to the transaction user.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Received<S, C> {
    /// A retransmission, an ACK for a non-2xx, a response to a request already finished: nothing to do.
    Absorbed,
    /// A new request other than ACK and CANCEL. It must be answered through [`Transactions::respond`].
    Request(ServerTx),
    /// A CANCEL, already answered by 200 or 481 here; `invite` is the transaction it is for with what the user remembers, if
    /// that one has no final response yet (§9.2).
    Cancel { invite: Option<(ServerTx, Option<S>)> },
    /// An ACK that belongs to no INVITE transaction with a non-2xx final response: it is for a 2xx, and so for a dialog.
    Ack,
    /// The first or a further provisional response, the first final response, or (INVITE only, RFC 6026) a further 2xx.
    Response(ClientTx, C),
    /// A response that belongs to no transaction.
    Stray,
}

/// A client transaction that ended without a final response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimedOut<C> {
    pub tx: ClientTx,
    pub user: C,
}

/// How many transactions there are and what they did.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Figures {
    pub live: u32,
    /// Requests and responses that came again and were absorbed.
    pub received_again: u64,
    /// Requests and responses that we repeated.
    pub sent_again: u64,
}

/// The table of all transactions of one Switch or phone.
pub struct Transactions<S, C> {
    _marker: core::marker::PhantomData<(S, C)>,
}

impl<S: Copy, C: Copy> Transactions<S, C> {
    /// An empty table. `limit` bounds live transactions of each kind; a request beyond it is answered 503 with Retry-After
    /// statelessly and counted (it comes out as `Absorbed`).
    pub fn new(_timings: Timings, _limit: usize, _seed: &mut Seed) -> Self {
        todo!()
    }
    /// Takes in one scanned message without defect.
    pub fn receive(&mut self, _message: &Message<'_>, _flow: Flow, _now: Instant, _out: &mut Outbox) -> Received<S, C> {
        todo!()
    }
    /// Sends the response that `write` makes for `tx` (from [`super::write::Writer::response`]). Provisional ones replace
    /// earlier ones; after a final one further calls do nothing, but for an INVITE answered 2xx, whose repetition (§13.3.1.4)
    /// is the user's business through [`Self::repeat`].
    pub fn respond(&mut self, _tx: ServerTx, _status: u16, _bytes: &[u8], _now: Instant, _out: &mut Outbox) {
        todo!()
    }
    /// Where the responses of `tx` go.
    pub fn flow(&self, _tx: ServerTx) -> Option<Flow> {
        todo!()
    }
    /// What `tx` remembers for its user.
    pub fn remember(&mut self, _tx: ServerTx, _user: S) {
        todo!()
    }
    /// A fresh branch for the next client transaction; put it into the topmost Via of the request given to [`Self::request`].
    pub fn branch(&mut self) -> Branch {
        todo!()
    }
    /// Sends a request (not ACK) and starts its client transaction.
    pub fn request(
        &mut self,
        _branch: Branch,
        _method: Method,
        _flow: Flow,
        _bytes: &[u8],
        _user: C,
        _now: Instant,
        _out: &mut Outbox,
    ) -> ClientTx {
        todo!()
    }
    /// Cancels an INVITE (§9.1): at once if a provisional response has come, else as soon as one comes. Nothing if it has a final
    /// response. The CANCEL's own transaction is absorbed here. `reason` goes into a Reason header (RFC 3326) if not empty.
    pub fn cancel(&mut self, _invite: ClientTx, _reason: &str, _now: Instant, _out: &mut Outbox) {
        todo!()
    }
    /// Lets time act: repeats what is due, ends what has ended. Call until `None`; each `Some` is a request without an answer.
    pub fn expire(&mut self, _now: Instant, _out: &mut Outbox) -> Option<TimedOut<C>> {
        todo!()
    }
    /// When [`Self::expire`] has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        todo!()
    }
    /// Figures for metrics and tests.
    pub fn figures(&self) -> Figures {
        todo!()
    }
}

/// A branch parameter of ours that names its client transaction (`z9hG4bK` + slot + generation + secret).
#[derive(Clone, Copy, Debug)]
pub struct Branch {
    slot: u32,
    generation: u32,
    secret: u32,
}

impl core::fmt::Display for Branch {
    fn fmt(&self, _f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        todo!()
    }
}
