//! Client transactions: the table, and what carries out the steps of the two client machines (RFC 3261 §17.1).

use super::branch::Branch;
use super::machine::{ClientEvent as Event, Effect, Timer, response_event};
use super::slab::{Place, Slab};
use super::watch::Watch;
use super::{ClientTx, Key, Outgoing, Received, TimedOut, Transactions, client_invite, client_non_invite};
use crate::clock::Instant;
use crate::ids::Flow;
use crate::sip::{Method, header::Via, outbox::Outbox, scan::Message, scan::Name};
use arrayvec::ArrayVec;
use std::collections::VecDeque;

/// All client transactions of one table.
#[derive(Clone, Debug)]
pub(super) struct Clients<C> {
    pub(super) table: Slab<Client<C>>,
    /// Branches given out and not used yet, oldest first. Those for ACKs never are: the oldest is let go when a new one
    /// finds no room.
    outstanding: ArrayVec<Place, OUTSTANDING_MAX>,
    /// Requests that found no room, until [`Transactions::expire`] reports them.
    pub(super) refused: VecDeque<TimedOut<C>>,
}

const OUTSTANDING_MAX: usize = 16;

/// One client transaction.
#[derive(Clone, Debug)]
pub(super) struct Client<C> {
    /// The request while it may be repeated, cancelled or acknowledged; then the ACK while that may be; then nothing.
    bytes: Box<[u8]>,
    /// `None`: our own CANCEL, of which nobody is told.
    user: Option<C>,
    flow: Flow,
    watch: Watch,
    cancel: Cancel,
    secret: u32,
    method: Method,
    state: State,
}

#[cfg(test)]
impl<C> Client<C> {
    pub(super) fn kept_bytes(&self) -> usize {
        self.bytes.len()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Invite(client_invite::State),
    NonInvite(client_non_invite::State),
}

impl State {
    fn step(self, event: Event) -> (Self, &'static [Effect]) {
        match self {
            Self::Invite(state) => {
                let (next, effects) = client_invite::step(state, event);
                (Self::Invite(next), effects)
            }
            Self::NonInvite(state) => {
                let (next, effects) = client_non_invite::step(state, event);
                (Self::NonInvite(next), effects)
            }
        }
    }

    fn is_terminated(self) -> bool {
        matches!(
            self,
            Self::Invite(client_invite::State::Terminated) | Self::NonInvite(client_non_invite::State::Terminated)
        )
    }
}

/// What has become of the wish to cancel an INVITE.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Cancel {
    No,
    /// Waits for a provisional response (§9.1); the Reason to give.
    Wanted(Box<str>),
    /// Sent; its transaction, or none if there was no room for one.
    Sent(Option<Place>),
}

/// What a step leaves to be told.
#[derive(Clone, Copy, Default)]
struct Told {
    report: bool,
    timeout: bool,
}

impl<C> Clients<C> {
    pub(super) fn new(limit: usize) -> Self {
        Self { table: Slab::new(limit), outstanding: ArrayVec::new(), refused: VecDeque::new() }
    }

    /// Live transactions; branches given out do not count.
    pub(super) fn live(&self) -> u32 {
        self.table.used() - self.outstanding.len() as u32
    }

    fn reserve(&mut self) -> Option<Place> {
        if self.outstanding.is_full() || self.table.used() >= self.table.limit() {
            let oldest = self.outstanding.pop_at(0)?;
            self.table.remove(oldest);
        }
        let place = self.table.reserve()?;
        self.outstanding.push(place);
        Some(place)
    }

    fn fill(&mut self, place: Place, client: Client<C>) -> bool {
        self.outstanding.retain(|other| *other != place);
        self.table.fill(place, client)
    }
}

impl<S: Copy, C: Copy> Transactions<S, C> {
    /// A fresh branch, for the topmost Via of the next request given to [`Self::request`] or of an ACK for a 2xx (which has no
    /// transaction). Up to 16 may be outstanding; an older one is forgotten.
    pub fn branch(&mut self) -> Branch {
        let secret = self.seed.bits() as u32;
        let place = self.clients.reserve().unwrap_or_else(|| {
            // Full. The branch must be unique all the same: an ACK may go out under it.
            Place { slot: Place::NOWHERE, generation: self.seed.bits() as u32 }
        });
        Branch { place, secret }
    }

    /// Sends a request and starts its client transaction. `bytes` is the whole message with `outgoing.branch` in its only Via.
    /// If there is no room (or the branch is too old, or the method is ACK, which has no transaction) nothing is sent and
    /// [`Self::expire`] reports it at once, as it does a request without an answer.
    pub fn request(&mut self, outgoing: Outgoing<C>, bytes: &[u8], now: Instant, out: &mut Outbox) -> ClientTx {
        let Outgoing { branch, method, flow, user } = outgoing;
        let (state, effects) = begin(method);
        let client = Client {
            bytes: bytes.into(),
            user: Some(user),
            flow,
            watch: Watch::default(),
            cancel: Cancel::No,
            secret: branch.secret,
            method,
            state,
        };
        let tx = ClientTx(branch.place);
        if method == Method::Ack || !self.clients.fill(branch.place, client) {
            self.figures.refused += 1;
            self.clients.refused.push_back(TimedOut { tx, user });
            return tx;
        }
        self.carry_out_client(branch.place, effects, None, now, out);
        tx
    }

    /// Cancels an INVITE (§9.1): at once if a provisional response has come, else as soon as one comes. Nothing if it has a
    /// final response or was cancelled before. The CANCEL's own transaction is absorbed here. `reason` goes into a Reason
    /// header (RFC 3326) if not empty. If no final response follows within 64 × T1 the INVITE times out.
    pub fn cancel(&mut self, invite: ClientTx, reason: &str, now: Instant, out: &mut Outbox) {
        use client_invite::State::{Calling, Proceeding};
        let Some(client) = self.clients.table.at_mut(invite.0) else { return };
        if !matches!(client.state, State::Invite(Calling | Proceeding)) || client.cancel != Cancel::No {
            return;
        }
        client.cancel = Cancel::Wanted(reason.into());
        self.step_client(invite.0, Event::Cancel, None, now, out);
    }

    /// Whether a provisional or final response to `tx` may still come up to the user, or a timeout.
    pub fn is_waiting(&self, tx: ClientTx) -> bool {
        use client_invite::State::{Calling, Proceeding};
        use client_non_invite::State as NonInvite;
        self.clients.table.at(tx.0).is_some_and(|client| {
            matches!(
                client.state,
                State::Invite(Calling | Proceeding) | State::NonInvite(NonInvite::Trying | NonInvite::Proceeding)
            )
        })
    }

    /// The datagrams of `tx` cannot be sent: ends it if nothing has come yet, and says so.
    pub fn send_failed(&mut self, tx: ClientTx, now: Instant, out: &mut Outbox) -> Option<TimedOut<C>> {
        let user = self.clients.table.at(tx.0)?.user;
        let told = self.step_client(tx.0, Event::TransportError, None, now, out);
        told.timeout.then_some(())?;
        Some(TimedOut { tx, user: user? })
    }

    pub(super) fn receive_response(
        &mut self,
        response: &Message<'_>,
        now: Instant,
        out: &mut Outbox,
    ) -> Received<S, C> {
        let Some((place, event)) = self.addressee(response) else {
            self.figures.strays += 1;
            return Received::Stray;
        };
        let told = self.step_client(place, event, Some(response), now, out);
        if event == Event::Provisional && matches!(self.clients.table.at(place), Some(c) if is_wanted(&c.cancel)) {
            self.step_client(place, Event::Cancel, None, now, out);
        }
        match self.clients.table.at(place).map(|client| client.user) {
            Some(Some(user)) if told.report => Received::Response(ClientTx(place), user),
            Some(None) if told.report => Received::Absorbed,
            _ => {
                self.figures.received_again += 1;
                Received::Absorbed
            }
        }
    }

    /// The transaction that `response` answers (§17.1.3): our branch, its secret, and the method in CSeq. A response with
    /// more than one Via is not for us (§8.1.3.3).
    fn addressee(&self, response: &Message<'_>) -> Option<(Place, Event)> {
        let mut vias = response.elements(Name::Via);
        let via = Via::read(vias.next()?)?;
        if vias.next().is_some() {
            return None;
        }
        let event = response_event(response.status())?;
        let branch = Branch::read(via.branch()?)?;
        let method = response.method()?;
        let client = self.clients.table.at(branch.place).filter(|client| client.secret == branch.secret)?;
        if client.method == method {
            return Some((branch.place, event));
        }
        // A CANCEL goes out under the branch of its INVITE.
        match client.cancel {
            Cancel::Sent(Some(cancel)) if method == Method::Cancel => {
                self.clients.table.at(cancel).map(|_| (cancel, event))
            }
            _ => None,
        }
    }

    /// A timer of the transaction at `place` has fired.
    pub(super) fn wake_client(&mut self, place: Place, now: Instant, out: &mut Outbox) -> Option<TimedOut<C>> {
        let client = self.clients.table.at_mut(place)?;
        let user = client.user;
        let timer = client.watch.fired(now)?;
        let told = self.step_client(place, Event::Timer(timer), None, now, out);
        told.timeout.then_some(())?;
        Some(TimedOut { tx: ClientTx(place), user: user? })
    }

    fn step_client(
        &mut self,
        place: Place,
        event: Event,
        response: Option<&Message<'_>>,
        now: Instant,
        out: &mut Outbox,
    ) -> Told {
        let Some(client) = self.clients.table.at_mut(place) else { return Told::default() };
        let (next, effects) = client.state.step(event);
        client.state = next;
        let again = match event {
            Event::Timer(Timer::A | Timer::E) => effects.contains(&Effect::Send),
            _ => effects == [Effect::SendAck],
        };
        self.figures.sent_again += u64::from(again);
        let told = self.carry_out_client(place, effects, response, now, out);
        if next.is_terminated()
            && let Some(mut client) = self.clients.table.remove(place)
        {
            client.watch.close(&mut self.timers);
        }
        told
    }

    fn carry_out_client(
        &mut self,
        place: Place,
        effects: &[Effect],
        response: Option<&Message<'_>>,
        now: Instant,
        out: &mut Outbox,
    ) -> Told {
        let mut told = Told::default();
        for effect in effects {
            let Some(client) = self.clients.table.at_mut(place) else { break };
            match *effect {
                Effect::Send => out.push_bytes(client.flow, &client.bytes),
                Effect::SendAck => {
                    if let Some(response) = response {
                        self.scratch.acknowledge(&mut client.bytes, response);
                    }
                    out.push_bytes(client.flow, &client.bytes);
                }
                Effect::SendCancel => self.send_cancel(place, now, out),
                Effect::Report => told.report = true,
                Effect::ReportTimeout => told.timeout = true,
                Effect::Start(timer) => client.watch.start(timer, &self.timings, now),
                Effect::StartSlow(timer) => client.watch.start_slow(timer, &self.timings, now),
                Effect::Stop => client.watch.stop(),
                Effect::Forget => client.bytes = Box::default(),
            }
        }
        let rearm =
            effects.iter().any(|effect| matches!(effect, Effect::Start(_) | Effect::StartSlow(_) | Effect::Stop));
        if rearm && let Some(client) = self.clients.table.at_mut(place) {
            client.watch.arm(&mut self.timers, Key::Client(place));
        }
        told
    }

    fn send_cancel(&mut self, invite: Place, now: Instant, out: &mut Outbox) {
        let Some(client) = self.clients.table.at_mut(invite) else { return };
        let Cancel::Wanted(reason) = core::mem::replace(&mut client.cancel, Cancel::Sent(None)) else { return };
        let (flow, secret) = (client.flow, client.secret);
        let Some(bytes) = self.scratch.cancel(&client.bytes, &reason) else { return };
        let (state, effects) = begin(Method::Cancel);
        let cancel = Client {
            bytes,
            user: None,
            flow,
            watch: Watch::default(),
            cancel: Cancel::No,
            secret,
            method: Method::Cancel,
            state,
        };
        let bytes = cancel.bytes.clone();
        let Some(place) = self.clients.table.insert(cancel) else {
            // No room to repeat it: once is better than not at all.
            out.push_bytes(flow, &bytes);
            return;
        };
        if let Some(client) = self.clients.table.at_mut(invite) {
            client.cancel = Cancel::Sent(Some(place));
        }
        self.carry_out_client(place, effects, None, now, out);
    }
}

fn begin(method: Method) -> (State, &'static [Effect]) {
    if method == Method::Invite {
        let (state, effects) = client_invite::START;
        (State::Invite(state), effects)
    } else {
        let (state, effects) = client_non_invite::START;
        (State::NonInvite(state), effects)
    }
}

fn is_wanted(cancel: &Cancel) -> bool {
    matches!(cancel, Cancel::Wanted(_))
}
