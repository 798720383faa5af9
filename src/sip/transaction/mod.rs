//! Transactions: the four machines of RFC 3261 §17 as corrected by RFC 6026, and the table that finds them.
//!
//! Not a transport and not a user agent: it absorbs retransmissions, repeats what must be repeated, and tells its user what is
//! new. All timers run on one [`TimerHeap`] of its own. Client transactions are found by an index in our own branch, server
//! transactions by (branch, sent-by, method) with the RFC 2543 fallback (§17.2.3). A finished transaction keeps only its key,
//! timer and last reply.
//!
//! `S` and `C` are what the user wants to remember with a server or client transaction (small and `Copy`).
//!
//! ```text
//! client_invite client_non_invite server_invite server_non_invite   the tables of figures 5-8, pure
//! machine                        their words: timers, events, effects
//! clients servers                hold the transactions and carry the effects out
//! watch                          the timers of one transaction on one armed deadline; T1, T2, T4
//! branch key slab                how a transaction is named, found and kept
//! follow_up                      ACK for a non-2xx, CANCEL
//! ```

mod branch;
mod client_invite;
mod client_non_invite;
mod clients;
mod follow_up;
mod key;
mod machine;
mod server_invite;
mod server_non_invite;
mod servers;
mod slab;
#[cfg(test)]
mod tests;
mod watch;

pub use branch::Branch;
pub use watch::Timings;

use super::{Method, outbox::Outbox, scan::Message};
use crate::clock::Instant;
use crate::ids::Flow;
use crate::seed::Seed;
use crate::timers::TimerHeap;
use clients::Clients;
use follow_up::Scratch;
use servers::Servers;
use slab::Place;

/// A server transaction; stale values are recognised.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ServerTx(Place);

/// A client transaction; stale values are recognised.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClientTx(Place);

/// What a received message means to the transaction user.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Received<S, C> {
    /// A retransmission, an ACK for a non-2xx, a response to a request already finished: nothing to do.
    Absorbed,
    /// A new request other than ACK and CANCEL. It must be answered through [`Transactions::respond`].
    Request(ServerTx),
    /// A request outside any dialog that is here already: it came another way, under another branch (§8.2.2.2). It is to be
    /// answered 482 through [`Transactions::respond`].
    Merged(ServerTx),
    /// A CANCEL, already answered by 200 or 481 here; `invite` is the transaction it is for with what the user remembers, if
    /// that one has no final response yet (§9.2). The user answers it 487.
    Cancel { invite: Option<(ServerTx, Option<S>)> },
    /// An ACK that belongs to no INVITE transaction with a non-2xx final response: it is for a 2xx, and so for a dialog.
    Ack,
    /// The first or a further provisional response, the first final response, or (INVITE only, RFC 6026) a further 2xx.
    Response(ClientTx, C),
    /// A response that belongs to no transaction.
    Stray,
}

/// A request to be sent: all but its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<C> {
    /// From [`Transactions::branch`].
    pub branch: Branch,
    pub method: Method,
    pub flow: Flow,
    /// Comes back with each response.
    pub user: C,
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
    /// Requests, received or our own, for which there was no room.
    pub refused: u64,
    /// Responses that belonged to nothing.
    pub strays: u64,
}

/// Which transaction a timer belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Key {
    Server(Place),
    Client(Place),
}

/// The table of all transactions of one Switch or phone: a plain value, so that a copy goes on where it stood.
#[derive(Clone, Debug)]
pub struct Transactions<S, C> {
    servers: Servers<S>,
    clients: Clients<C>,
    timers: TimerHeap<Key>,
    timings: Timings,
    figures: Figures,
    seed: Seed,
    scratch: Scratch,
}

impl<S: Copy, C: Copy> Transactions<S, C> {
    /// An empty table. `limit` bounds live transactions of each kind; a request beyond it is answered 503 with Retry-After
    /// statelessly and counted (it comes out as `Absorbed`). Requests outside dialogs may fill seven eighths of it.
    pub fn new(timings: Timings, limit: usize, seed: &mut Seed) -> Self {
        let mut seed = seed.fork();
        Self {
            servers: Servers::new(limit, &mut seed),
            clients: Clients::new(limit),
            timers: TimerHeap::default(),
            timings,
            figures: Figures::default(),
            seed,
            scratch: Scratch::default(),
        }
    }

    /// Takes in one scanned message without defect.
    pub fn receive(&mut self, message: &Message<'_>, flow: Flow, now: Instant, out: &mut Outbox) -> Received<S, C> {
        if !message.is_request() {
            return self.receive_response(message, now, out);
        }
        match message.method() {
            Some(Method::Ack) => self.receive_ack(message, now, out),
            Some(Method::Cancel) => self.receive_cancel(message, flow, now, out),
            _ => self.receive_request(message, flow, now, out),
        }
    }

    /// Lets time act: repeats what is due, ends what has ended. Call until `None`; each `Some` is a request without an answer.
    pub fn expire(&mut self, now: Instant, out: &mut Outbox) -> Option<TimedOut<C>> {
        if let Some(refused) = self.clients.refused.pop_front() {
            return Some(refused);
        }
        loop {
            match self.timers.expire(now)? {
                Key::Server(place) => self.wake_server(place, now, out),
                Key::Client(place) => {
                    if let Some(timed_out) = self.wake_client(place, now, out) {
                        return Some(timed_out);
                    }
                }
            }
        }
    }

    /// When [`Self::expire`] has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        if self.clients.refused.is_empty() { self.timers.next_deadline() } else { Some(Instant::START) }
    }

    /// Figures for metrics and tests.
    pub fn figures(&self) -> Figures {
        Figures { live: self.servers.table.used() + self.clients.live(), ..self.figures }
    }

    /// Bytes of text held for repetition.
    #[cfg(test)]
    fn kept_bytes(&self) -> usize {
        let replies: usize = self.servers.table.values().map(|server| server.kept_bytes()).sum();
        assert_eq!(replies, self.servers.kept_bytes(), "the account is right");
        replies + self.clients.table.values().map(|client| client.kept_bytes()).sum::<usize>()
    }
}
