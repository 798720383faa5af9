//! What one turn of the Switch carries along: the time, the way out, and the request that is being answered.

use super::event::Actions;
use crate::clock::Instant;
use crate::ids::Flow;
use crate::sip::scan::Message;
use crate::sip::transaction::ServerTx;

/// The present turn.
pub(super) struct Turn<'a> {
    pub now: Instant,
    pub out: &'a mut Actions,
}

/// A request that awaits our answer.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub tx: ServerTx,
    pub message: Message<'a>,
    pub flow: Flow,
}

/// What a server transaction remembers: the leg whose INVITE it is.
pub(super) type ServerUser = crate::call::table::Key<crate::call::Leg>;

/// What a client transaction remembers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientUser {
    /// The INVITE of an agent leg.
    Invite(crate::call::table::Key<crate::call::Leg>),
    /// A probe for life in a leg's dialog.
    Probe(crate::call::table::Key<crate::call::Leg>),
    /// A BYE or INFO whose answer changes nothing.
    Nothing,
}

/// The Switch's own timers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Timer {
    /// A 200 that waits for its ACK is due again.
    Repeat(crate::call::table::Key<crate::call::Leg>),
    /// The caller's place in the IVR wants to be asked.
    Ivr(crate::call::table::Key<crate::call::Call>),
    /// The call has lasted too long.
    CallMax(crate::call::table::Key<crate::call::Call>),
    /// The drain is over.
    Drained,
}
