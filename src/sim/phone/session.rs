//! One call of a phone, as plain values, and the table of them.

use crate::clock::{Duration, Instant};
use crate::rtp::g711::Codec;
use crate::sip::dialog::Dialog;
use crate::sip::scan::Scanned;
use crate::sip::sdp::{self, Description, Direction, Ours};
use crate::sip::transaction::{ClientTx, ServerTx};
use crate::timers::TimerHandle;
use core::net::SocketAddr;

/// Names a call of a phone. Stale values find nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SessionId {
    pub slot: u32,
    pub generation: u32,
}

/// How far a call is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Our INVITE is out.
    Calling(ClientTx),
    /// Our CANCEL is out as well.
    Cancelling(ClientTx),
    /// Their INVITE is in.
    Incoming(ServerTx),
    /// Our 200 is out and waits for its ACK.
    Answered,
    Up,
    /// Our BYE is out.
    Ending,
}

/// See the module text.
#[derive(Debug)]
pub struct Session {
    pub state: State,
    pub dialog: Dialog,
    /// The person's own mark.
    pub person: u32,
    /// Where this call's audio goes.
    pub rtp: SocketAddr,
    /// Whether we have put the other side on hold.
    pub held: bool,
    /// Version in our `o=` line.
    pub version: u64,
    /// The incoming INVITE, until it is answered.
    pub(super) invite: Option<Box<Scanned>>,
    pub(super) repeat: Repeat,
    /// Our ACK, sent again when the 200 comes again.
    pub(super) ack: Vec<u8>,
    /// How often a challenge was answered.
    pub(super) challenged: u8,
}

/// Our 200, repeated until the ACK comes (RFC 3261 §13.3.1.4).
#[derive(Debug, Default)]
pub(super) struct Repeat {
    pub(super) bytes: Vec<u8>,
    pub(super) interval: Duration,
    pub(super) give_up: Instant,
    pub(super) timer: Option<TimerHandle>,
}

impl Session {
    /// A call that begins.
    pub(super) fn new(state: State, dialog: Dialog, person: u32, rtp: SocketAddr) -> Self {
        let (invite, repeat, ack) = (None, Repeat::default(), Vec::new());
        Self { state, dialog, person, rtp, held: false, version: 1, invite, repeat, ack, challenged: 0 }
    }

    /// Our description: an offer, or the answer to `theirs`.
    pub(super) fn describe(&self, theirs: Option<&Description>, out: &mut Vec<u8>) {
        let wish = if self.held { Direction::SendOnly } else { Direction::SendRecv };
        let chosen = theirs.and_then(|theirs| sdp::choose(&theirs.audio, &[]));
        let ours = Ours {
            address: self.rtp.ip(),
            port: self.rtp.port(),
            session: u64::from(self.rtp.port()),
            version: self.version,
            codecs: match chosen {
                Some(chosen) => core::iter::once(chosen).collect(),
                None => sdp::statics([Codec::Pcma, Codec::Pcmu]),
            },
            telephone_event: theirs.map_or(Some(101), |theirs| theirs.audio.telephone_event),
            direction: theirs.map_or(wish, |theirs| theirs.audio.answer_direction(wish)),
            rtcp_mux: false,
            ptime_ms: 20,
        };
        out.clear();
        match theirs {
            Some(theirs) => sdp::write_answer(theirs, &ours, out),
            None => sdp::write_offer(&ours, out),
        }
    }
}

/// All calls of a phone.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    slots: Vec<(u32, Option<Session>)>,
    free: std::collections::VecDeque<u32>,
    used: usize,
}

impl Sessions {
    /// The id that [`Self::insert`] gives next.
    pub(super) fn next_id(&self) -> SessionId {
        match self.free.front() {
            Some(&slot) => SessionId { slot, generation: self.slots[slot as usize].0 },
            None => SessionId { slot: self.slots.len() as u32, generation: 0 },
        }
    }

    pub(super) fn insert(&mut self, session: Session) -> SessionId {
        let id = self.next_id();
        self.used += 1;
        match self.free.pop_front() {
            Some(slot) => self.slots[slot as usize].1 = Some(session),
            None => self.slots.push((0, Some(session))),
        }
        id
    }

    pub(super) fn at(&self, id: SessionId) -> Option<&Session> {
        let (generation, session) = self.slots.get(id.slot as usize)?;
        session.as_ref().filter(|_| *generation == id.generation)
    }

    pub(super) fn at_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        let (generation, session) = self.slots.get_mut(id.slot as usize)?;
        session.as_mut().filter(|_| *generation == id.generation)
    }

    pub(super) fn remove(&mut self, id: SessionId) -> Option<Session> {
        let (generation, session) = self.slots.get_mut(id.slot as usize)?;
        if *generation != id.generation {
            return None;
        }
        let session = session.take()?;
        *generation = generation.wrapping_add(1);
        self.used -= 1;
        self.free.push_back(id.slot);
        Some(session)
    }

    pub(super) fn len(&self) -> usize {
        self.used
    }
}
