//! Server transactions: the table, how they are found, and what carries out the steps of the two server machines
//! (RFC 3261 §17.2, CANCEL §9.2, merged requests §8.2.2.2).

use super::key;
use super::machine::{Effect, ServerEvent as Event, Timer, reply_event};
use super::slab::{Place, Slab};
use super::watch::Watch;
use super::{Key, Received, ServerTx, Transactions, server_invite, server_non_invite};
use crate::clock::Instant;
use crate::ids::Flow;
use crate::seed::{Map, Seed};
use crate::sip::{Method, outbox::Outbox, scan::Message, write::Writer, write::response_flow};

/// All server transactions of one table.
#[derive(Clone, Debug)]
pub(super) struct Servers<S> {
    pub(super) table: Slab<Server<S>>,
    keys: key::Keys,
    by_key: Map<key::Key, Place>,
    /// Requests outside dialogs by what their copies share.
    by_copy: Map<key::Key, Place>,
    /// Bytes of all replies held for repetition.
    kept: usize,
}

/// One server transaction.
#[derive(Clone, Debug)]
pub(super) struct Server<S> {
    /// The last reply while it may be repeated; before the first reply to an INVITE its 100 Trying.
    reply: Box<[u8]>,
    user: Option<S>,
    key: key::Key,
    /// Set if this is the request that its copies are told by.
    copies: Option<key::Key>,
    /// Where replies go.
    flow: Flow,
    watch: Watch,
    state: State,
}

#[cfg(test)]
impl<S> Server<S> {
    pub(super) fn kept_bytes(&self) -> usize {
        self.reply.len()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Invite(server_invite::State),
    NonInvite(server_non_invite::State),
}

impl State {
    fn step(self, event: Event) -> (Self, &'static [Effect]) {
        match self {
            Self::Invite(state) => {
                let (next, effects) = server_invite::step(state, event);
                (Self::Invite(next), effects)
            }
            Self::NonInvite(state) => {
                let (next, effects) = server_non_invite::step(state, event);
                (Self::NonInvite(next), effects)
            }
        }
    }

    fn is_terminated(self) -> bool {
        matches!(
            self,
            Self::Invite(server_invite::State::Terminated) | Self::NonInvite(server_non_invite::State::Terminated)
        )
    }

    fn is_answered(self) -> bool {
        use server_non_invite::State::{Proceeding, Trying};
        !matches!(self, Self::Invite(server_invite::State::Proceeding) | Self::NonInvite(Trying | Proceeding))
    }
}

impl<S> Servers<S> {
    pub(super) fn new(limit: usize, seed: &mut Seed) -> Self {
        let room = limit.min(PREALLOCATED_MAX);
        Self {
            table: Slab::new(limit),
            keys: key::Keys::new(seed),
            by_key: Map::with_capacity_and_hasher(room, seed.keyed()),
            by_copy: Map::with_capacity_and_hasher(room, seed.keyed()),
            kept: 0,
        }
    }

    /// Keeps `reply` for repetition. A reply repeats the peer's own Via, From and To, which may be 60 kB: a long one is kept
    /// only while all together stay below 1 KiB for each transaction that there may be. What is not kept is not repeated, and
    /// the peer that asked so lengthily must ask anew.
    fn keep(&mut self, place: Place, reply: Box<[u8]>) {
        let room = KEPT_EACH * self.table.limit() as usize;
        let Some(server) = self.table.at_mut(place) else { return };
        self.kept -= server.reply.len();
        server.reply = if reply.len() <= KEPT_EACH || self.kept + reply.len() <= room { reply } else { Box::default() };
        self.kept += server.reply.len();
    }

    #[cfg(test)]
    pub(super) fn kept_bytes(&self) -> usize {
        self.kept
    }

    /// Whether a new transaction fits. The last eighth is kept for requests inside dialogs, so that under a flood of new calls
    /// those in progress can still end.
    fn has_room(&self, in_dialog: bool) -> bool {
        let limit = self.table.limit();
        self.table.used() < if in_dialog { limit } else { limit - limit / 8 }
    }
}

/// Maps are made for this many at once (12 MB each, touched only as they fill): growing later would stop the world for
/// longer than an event may take.
const PREALLOCATED_MAX: usize = 1 << 19;
/// What a reply may have in any case, in bytes.
const KEPT_EACH: usize = 1024;
/// Retry-After of the 503 at the limit, in seconds.
const RETRY_AFTER: &str = "10";

impl<S: Copy, C: Copy> Transactions<S, C> {
    /// Sends the response `bytes` with `status` for `tx` (from [`Writer::response`]). Provisional ones replace earlier ones;
    /// after a final one further calls do nothing, but for an INVITE answered 2xx: giving it a 2xx again sends that again
    /// (§13.3.1.4), for as long as timer L runs.
    pub fn respond(&mut self, tx: ServerTx, status: u16, bytes: &[u8], now: Instant, out: &mut Outbox) {
        let Some(event) = reply_event(status) else { return };
        let Some(server) = self.servers.table.at_mut(tx.0) else { return };
        let (_, effects) = server.state.step(event);
        if !effects.contains(&Effect::Send) {
            return;
        }
        self.figures.sent_again += u64::from(server.state.is_answered());
        out.push_bytes(server.flow, bytes);
        if !server.state.is_answered() && !effects.contains(&Effect::Forget) {
            self.servers.keep(tx.0, bytes.into());
        }
        self.step_server(tx.0, event, now, out);
    }

    /// The datagrams of `tx` cannot be sent: ends it unless time or the peer's repetition may still help.
    pub fn reply_failed(&mut self, tx: ServerTx, now: Instant, out: &mut Outbox) {
        self.step_server(tx.0, Event::TransportError, now, out);
    }

    /// Where the responses of `tx` go.
    pub fn flow(&self, tx: ServerTx) -> Option<Flow> {
        self.servers.table.at(tx.0).map(|server| server.flow)
    }

    /// Whether `tx` has its final response, or is gone.
    pub fn is_answered(&self, tx: ServerTx) -> bool {
        self.servers.table.at(tx.0).is_none_or(|server| server.state.is_answered())
    }

    /// Keeps `user` with `tx`.
    pub fn remember(&mut self, tx: ServerTx, user: S) {
        if let Some(server) = self.servers.table.at_mut(tx.0) {
            server.user = Some(user);
        }
    }

    /// What `tx` remembers for its user.
    pub fn remembered(&self, tx: ServerTx) -> Option<S> {
        self.servers.table.at(tx.0)?.user
    }

    pub(super) fn receive_ack(&mut self, ack: &Message<'_>, now: Instant, out: &mut Outbox) -> Received<S, C> {
        let Some(place) = self.find_invite(ack) else { return Received::Ack };
        if self.step_server(place, Event::Ack, now, out) {
            return Received::Ack;
        }
        Received::Absorbed
    }

    pub(super) fn receive_cancel(
        &mut self,
        cancel: &Message<'_>,
        flow: Flow,
        now: Instant,
        out: &mut Outbox,
    ) -> Received<S, C> {
        let Some(key) = self.servers.keys.transaction(cancel, b"CANCEL") else { return Received::Absorbed };
        if let Some(place) = self.servers.by_key.get(&key).copied() {
            return self.receive_again(place, now, out);
        }
        let invite = self.find_invite(cancel);
        let found = invite.and_then(|place| self.servers.table.at(place));
        // The CANCEL is answered with the tag that the INVITE's replies have, if one has gone out (§9.2).
        let tag = found.and_then(|server| self.scratch.tag_of(&server.reply));
        let status = if found.is_some() { 200 } else { 481 };
        let pending = found.filter(|server| !server.state.is_answered()).map(|server| server.user);
        let tag = tag.unwrap_or_else(|| self.tag());
        let reply = self.scratch.written(|out| Writer::response(out, cancel, flow, status, Some(&tag)).finish());
        let to = response_flow(cancel, flow);
        if self.servers.has_room(true) {
            let tx = self.open(key, None, to, State::NonInvite(server_non_invite::START.0));
            if let Some(tx) = tx {
                self.respond(tx, status, &reply, now, out);
            }
        } else {
            out.push_bytes(to, &reply);
        }
        let invite = invite.zip(pending).map(|(place, user)| (ServerTx(place), user));
        Received::Cancel { invite }
    }

    pub(super) fn receive_request(
        &mut self,
        request: &Message<'_>,
        flow: Flow,
        now: Instant,
        out: &mut Outbox,
    ) -> Received<S, C> {
        let Some(key) = self.servers.keys.transaction(request, request.method_text()) else {
            return Received::Absorbed;
        };
        if let Some(place) = self.servers.by_key.get(&key).copied() {
            return self.receive_again(place, now, out);
        }
        let in_dialog = request.to().is_some_and(|to| to.tag().is_some());
        if !self.servers.has_room(in_dialog) {
            self.refuse(request, flow, out);
            return Received::Absorbed;
        }
        let copies = self.servers.keys.copies(request);
        let merged = copies.is_some_and(|copies| self.servers.by_copy.contains_key(&copies));
        let is_invite = request.method() == Some(Method::Invite);
        let (state, effects) = begin(is_invite);
        let to = response_flow(request, flow);
        let Some(tx) = self.open(key, copies.filter(|_| !merged), to, state) else { return Received::Absorbed };
        if is_invite {
            let trying = self.scratch.written(|out| Writer::response(out, request, flow, 100, None).finish());
            self.servers.keep(tx.0, trying);
        }
        self.carry_out_server(tx.0, effects, now);
        if merged { Received::Merged(tx) } else { Received::Request(tx) }
    }

    fn receive_again(&mut self, place: Place, now: Instant, out: &mut Outbox) -> Received<S, C> {
        self.figures.received_again += 1;
        self.step_server(place, Event::Request, now, out);
        Received::Absorbed
    }

    /// The INVITE transaction that an ACK or CANCEL is for (§17.2.3, §9.2).
    fn find_invite(&self, request: &Message<'_>) -> Option<Place> {
        let keys = &self.servers.keys;
        let by_key = |key: Option<key::Key>| key.and_then(|key| self.servers.by_key.get(&key).copied());
        by_key(keys.transaction(request, b"INVITE")).or_else(|| by_key(keys.untagged(request, b"INVITE")))
    }

    /// The limit is reached: 503 without a transaction.
    fn refuse(&mut self, request: &Message<'_>, flow: Flow, out: &mut Outbox) {
        self.figures.refused += 1;
        let tag = self.tag();
        out.push(response_flow(request, flow), |out| {
            let mut writer = Writer::response(out, request, flow, 503, Some(&tag));
            writer.field("Retry-After", RETRY_AFTER);
            writer.finish();
        });
    }

    /// A tag for answers that belong to no dialog.
    fn tag(&mut self) -> String {
        format!("{:016x}", self.seed.bits())
    }

    fn open(&mut self, key: key::Key, copies: Option<key::Key>, flow: Flow, state: State) -> Option<ServerTx> {
        let server = Server { reply: Box::default(), user: None, key, copies, flow, watch: Watch::default(), state };
        let place = self.servers.table.insert(server)?;
        self.servers.by_key.insert(key, place);
        if let Some(copies) = copies {
            self.servers.by_copy.insert(copies, place);
        }
        Some(ServerTx(place))
    }

    /// A timer of the transaction at `place` has fired.
    pub(super) fn wake_server(&mut self, place: Place, now: Instant, out: &mut Outbox) {
        if let Some(timer) = self.servers.table.at_mut(place).and_then(|server| server.watch.fired(now)) {
            self.step_server(place, Event::Timer(timer), now, out);
        }
    }

    /// Whether the step is one to report.
    fn step_server(&mut self, place: Place, event: Event, now: Instant, out: &mut Outbox) -> bool {
        let Some(server) = self.servers.table.at_mut(place) else { return false };
        let (next, effects) = server.state.step(event);
        server.state = next;
        // What the user gives has gone out from where it was.
        let repeats = matches!(event, Event::Request | Event::Timer(_)) && !server.reply.is_empty();
        if repeats && effects.contains(&Effect::Send) {
            self.figures.sent_again += u64::from(event != Event::Timer(Timer::Trying));
            out.push_bytes(server.flow, &server.reply);
        }
        let report = self.carry_out_server(place, effects, now);
        if next.is_terminated()
            && let Some(mut server) = self.servers.table.remove(place)
        {
            server.watch.close(&mut self.timers);
            self.servers.kept -= server.reply.len();
            self.servers.by_key.remove(&server.key);
            if let Some(copies) = server.copies {
                self.servers.by_copy.remove(&copies);
            }
        }
        report
    }

    /// Carries out all effects but the sending.
    fn carry_out_server(&mut self, place: Place, effects: &[Effect], now: Instant) -> bool {
        let mut report = false;
        let Some(server) = self.servers.table.at_mut(place) else { return report };
        for effect in effects {
            match *effect {
                Effect::Report => report = true,
                Effect::Start(timer) => server.watch.start(timer, &self.timings, now),
                Effect::StartSlow(timer) => server.watch.start_slow(timer, &self.timings, now),
                Effect::Stop => server.watch.stop(),
                Effect::Forget => self.servers.kept -= core::mem::take(&mut server.reply).len(),
                Effect::Send | Effect::SendAck | Effect::SendCancel | Effect::ReportTimeout => {}
            }
        }
        if effects.iter().any(|effect| matches!(effect, Effect::Start(_) | Effect::StartSlow(_) | Effect::Stop)) {
            server.watch.arm(&mut self.timers, Key::Server(place));
        }
        report
    }
}

fn begin(is_invite: bool) -> (State, &'static [Effect]) {
    if is_invite {
        let (state, effects) = server_invite::START;
        (State::Invite(state), effects)
    } else {
        let (state, effects) = server_non_invite::START;
        (State::NonInvite(state), effects)
    }
}
