//! A simulated phone or trunk: a SIP user agent with one address, any number of calls, and no will of its own. People
//! ([`super::people`]) tell it what to do; it tells them what happened. It stands on the product's own transactions and dialogs,
//! so an error there meets itself; the end-to-end suite has strangers for that.
//!
//! | file | what |
//! | --- | --- |
//! | `session` | one call of the phone |
//! | `calling` | calls that it makes, and requests inside calls |
//! | `called` | calls that it receives |
//! | `registering` | REGISTER with digest |

mod called;
mod calling;
mod registering;
mod session;

pub use session::{Session, SessionId, State};

use crate::clock::{Duration, Instant};
use crate::ids::{Flow, ListenerId};
use crate::seed::{Map, Seed};
use crate::sip::Method;
use crate::sip::outbox::Outbox;
use crate::sip::scan::{Index, Message, scan};
use crate::sip::transaction::{ClientTx, Outgoing, Received, ServerTx, Timings, Transactions};
use crate::sip::write::Writer;
use crate::timers::TimerHeap;
use core::net::SocketAddr;
use registering::Registration;
use session::Sessions;

/// What a phone tells whoever holds it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// A call comes in; it has not been answered in any way.
    Incoming(SessionId),
    /// The other side rings, or announces (18x).
    Progress(SessionId, u16),
    /// The call is up: our ACK is out, or theirs is in.
    Up(SessionId),
    /// The call of this person is over.
    Ended { person: u32, rtp: SocketAddr, end: End },
    /// Registered for so long.
    Registered(Duration),
    /// Refused, or no answer (408).
    NotRegistered(u16),
}

/// How a call ended for the phone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// We hung up.
    HungUp,
    /// They sent BYE.
    Bye,
    /// Our INVITE's final status; 487 after our CANCEL, 408 if nothing came.
    Refused(u16),
    /// They took their INVITE back before we answered.
    Cancelled,
    /// We declined with this status.
    Declined(u16),
    /// The phone fell silent for good.
    Crashed,
}

/// What a client transaction was for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Purpose {
    Invite(SessionId),
    Reinvite(SessionId),
    Bye(SessionId),
    Info(SessionId),
    Register,
}

/// Who a phone is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Number of the phone in the world; it goes into its Call-IDs.
    pub phone: u32,
    pub address: SocketAddr,
    /// Where Huntline listens.
    pub server: SocketAddr,
    /// User part of its address of record.
    pub user: String,
    /// `None`: it answers no challenge.
    pub password: Option<String>,
}

/// See the module text.
pub struct Phone {
    identity: Identity,
    transactions: Transactions<SessionId, Purpose>,
    sessions: Sessions,
    by_call_id: Map<Box<[u8]>, SessionId>,
    /// When a 200 is to be repeated.
    repeats: TimerHeap<SessionId>,
    registration: Registration,
    seed: Seed,
    timings: Timings,
    scratch: Vec<u8>,
    body: Vec<u8>,
    index: Index,
    /// Stops responding at all; also its audio (which the world takes care of).
    crashed: bool,
    words: Vec<Word>,
    /// Datagrams to be sent; their flows' peer is Huntline.
    pub out: Outbox,
}

impl Phone {
    /// A phone that lies on the table.
    pub fn new(identity: Identity, timings: Timings, transactions_max: usize, mut seed: Seed) -> Self {
        Self {
            transactions: Transactions::new(timings, transactions_max, &mut seed),
            sessions: Sessions::default(),
            by_call_id: Map::with_hasher(seed.keyed()),
            repeats: TimerHeap::default(),
            registration: Registration::default(),
            seed,
            timings,
            scratch: Vec::new(),
            body: Vec::new(),
            index: Index::default(),
            crashed: false,
            words: Vec::new(),
            out: Outbox::default(),
            identity,
        }
    }

    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// One of its calls.
    pub fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.at(id)
    }

    /// Calls that are not over.
    pub fn calls(&self) -> usize {
        self.sessions.len()
    }

    /// What it has to tell, since last asked. The caller drains it.
    pub fn words(&mut self) -> &mut Vec<Word> {
        &mut self.words
    }

    /// Takes in one datagram.
    pub fn receive(&mut self, bytes: &[u8], now: Instant) {
        if self.crashed {
            return;
        }
        let mut index = core::mem::take(&mut self.index);
        if scan(bytes, &mut index).is_ok() {
            let message = Message::new(bytes, &index);
            if message.defect().is_none() {
                self.take_in(&message, now);
            }
        }
        self.index = index;
    }

    /// Lets time act.
    pub fn handle_time(&mut self, now: Instant) {
        if self.crashed {
            return;
        }
        while let Some(timed_out) = self.transactions.expire(now, &mut self.out) {
            self.on_no_answer(timed_out.user);
        }
        while let Some(id) = self.repeats.expire(now) {
            self.repeat_answer(id, now);
        }
    }

    /// When [`Self::handle_time`] has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        if self.crashed {
            return None;
        }
        [self.transactions.next_deadline(), self.repeats.next_deadline()].into_iter().flatten().min()
    }

    /// Falls silent for good: no datagram in or out, all calls forgotten (as after a power cut). Tells nobody.
    pub fn crash(&mut self) {
        self.crashed = true;
        self.forget();
    }

    /// Comes back with nothing in memory.
    pub fn restart(&mut self) {
        self.forget();
        self.crashed = false;
    }

    /// Whether it has crashed.
    pub fn is_crashed(&self) -> bool {
        self.crashed
    }

    fn forget(&mut self) {
        self.transactions = Transactions::new(self.timings, 100_000, &mut self.seed);
        self.sessions = Sessions::default();
        self.by_call_id.clear();
        self.repeats = TimerHeap::default();
        self.registration = Registration::default();
        self.words.clear();
        self.out.clear();
    }

    fn take_in(&mut self, message: &Message<'_>, now: Instant) {
        let flow = self.flow();
        match self.transactions.receive(message, flow, now, &mut self.out) {
            Received::Request(tx) => self.on_request(tx, message, now),
            Received::Merged(tx) => self.reply(tx, message, 482, now),
            Received::Cancel { invite: Some((tx, Some(id))) } => self.on_cancel(tx, id, now),
            Received::Ack => self.on_ack(message),
            Received::Response(_, purpose) => self.on_response(purpose, message, now),
            Received::Cancel { .. } | Received::Absorbed | Received::Stray => {}
        }
    }

    fn on_response(&mut self, purpose: Purpose, message: &Message<'_>, now: Instant) {
        match purpose {
            Purpose::Invite(id) => self.on_invite_response(id, message, now),
            Purpose::Reinvite(id) => self.on_reinvite_response(id, message, now),
            Purpose::Bye(id) if message.status() >= 200 => self.close(id, End::HungUp),
            Purpose::Register => self.on_register_response(message, now),
            Purpose::Bye(_) | Purpose::Info(_) => {}
        }
    }

    fn on_no_answer(&mut self, purpose: Purpose) {
        match purpose {
            Purpose::Invite(id) => self.close(id, End::Refused(408)),
            Purpose::Bye(id) => self.close(id, End::HungUp),
            Purpose::Register => self.words.push(Word::NotRegistered(408)),
            Purpose::Reinvite(_) | Purpose::Info(_) => {}
        }
    }

    /// Where everything goes.
    fn flow(&self) -> Flow {
        Flow { listener: ListenerId(0), peer: self.identity.server }
    }

    fn contact(&self) -> String {
        format!("<sip:{}@{}>", self.identity.user, self.identity.address)
    }

    /// A short answer without a body, outside any session.
    fn reply(&mut self, tx: ServerTx, request: &Message<'_>, status: u16, now: Instant) {
        let (flow, tag) = (self.flow(), self.tag());
        self.scratch.clear();
        Writer::response(&mut self.scratch, request, flow, status, Some(&tag)).finish();
        self.transactions.respond(tx, status, &self.scratch, now, &mut self.out);
    }

    /// Sends a request in the session's dialog.
    fn ask(
        &mut self,
        id: SessionId,
        method: Method,
        purpose: Purpose,
        now: Instant,
        finish: impl FnOnce(Writer<'_>),
    ) -> Option<ClientTx> {
        let session = self.sessions.at_mut(id)?;
        let branch = self.transactions.branch();
        let flow = session.dialog.flow;
        self.scratch.clear();
        let via = format_args!("SIP/2.0/UDP {};rport;branch={branch}", self.identity.address);
        finish(session.dialog.request(method, via, &mut self.scratch));
        let outgoing = Outgoing { branch, method, flow, user: purpose };
        Some(self.transactions.request(outgoing, &self.scratch, now, &mut self.out))
    }

    fn tag(&mut self) -> String {
        format!("{:012x}", self.seed.bits() >> 16)
    }

    /// Forgets a call and says how it ended, once.
    fn close(&mut self, id: SessionId, end: End) {
        if let Some(mut session) = self.sessions.remove(id) {
            self.repeats.disarm(&mut session.repeat.timer);
            self.by_call_id.remove(session.dialog.call_id.as_bytes());
            self.words.push(Word::Ended { person: session.person, rtp: session.rtp, end });
        }
    }
}
