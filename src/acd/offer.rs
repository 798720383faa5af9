//! Offers: single-use tokens. Whatever ends one takes it out of [`Offers`], and only what was in there can be taken out, so
//! an offer ends exactly once.

use crate::clock::Instant;
use crate::ids::{AgentId, CallId, OfferId};
use crate::timers::TimerHandle;
use std::collections::{BTreeMap, BTreeSet};

/// How far an offer has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// No provisional answer above 100 yet.
    Calling,
    Ringing,
    Talking,
}

/// One call at one agent's phone.
#[derive(Debug)]
pub(super) struct Offer {
    pub call: CallId,
    pub agent: AgentId,
    pub phase: Phase,
    /// When the phase began.
    pub since: Instant,
    /// Calling: no provisional in time. Ringing: the ring limit. Talking: none.
    pub timer: Option<TimerHandle>,
}

/// Open offers by token.
#[derive(Debug, Default)]
pub(super) struct Offers {
    open: BTreeMap<OfferId, Offer>,
    /// The last token used.
    pub last: u64,
}

impl Offers {
    /// A token that was never used.
    pub(super) fn next(&mut self) -> OfferId {
        self.last += 1;
        OfferId(self.last)
    }

    pub(super) fn insert(&mut self, id: OfferId, offer: Offer) {
        self.open.insert(id, offer);
    }

    pub(super) fn of(&self, id: OfferId) -> Option<&Offer> {
        self.open.get(&id)
    }

    pub(super) fn of_mut(&mut self, id: OfferId) -> Option<&mut Offer> {
        self.open.get_mut(&id)
    }

    /// Ends the offer; `None` if it had ended before.
    pub(super) fn take(&mut self, id: OfferId) -> Option<Offer> {
        self.open.remove(&id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (OfferId, &Offer)> {
        self.open.iter().map(|(&id, offer)| (id, offer))
    }
}

/// Which agents do not get which calls for now, because their phone refused them (INTEROP 18). Kept while the caller is in
/// the menu or in another queue; each entry leaves by its timer.
#[derive(Debug, Default)]
pub(super) struct Refusals(BTreeSet<(CallId, AgentId)>);

impl Refusals {
    pub(super) fn insert(&mut self, call: CallId, agent: AgentId) {
        self.0.insert((call, agent));
    }

    pub(super) fn remove(&mut self, call: CallId, agent: AgentId) {
        self.0.remove(&(call, agent));
    }

    pub(super) fn contains(&self, call: CallId, agent: AgentId) -> bool {
        self.0.contains(&(call, agent))
    }
}
