//! Registrar (RFC 3261 §10.3): bindings per address of record, bounded, with expiry. Not authentication, and not the choice of
//! the contact to ring.
//!
//! Two additions to §10.3. A binding follows its phone to a new flow whenever it is refreshed (NAT rebinding). And a phone that
//! has restarted replaces its old binding instead of joining it, though its contact is another one now: it comes with a new
//! Call-ID and either the same `+sip.instance` (RFC 5626 §4.1, with the same `reg-id`), or over the same flow with the same host
//! and port (baresip makes up a new contact user at every start). Else a dead contact would be rung for an hour.

mod contact;
#[cfg(test)]
mod tests;

use super::scan::{Message, Name};
use super::uri::Uri;
use crate::clock::{Duration, Instant};
use crate::ids::{AgentId, Flow};
use crate::timers::{TimerHandle, TimerHeap};
use contact::{Change, Wanted};
use core::fmt::Write as _;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Shorter requests get 423 with Min-Expires. Default 30 s.
    pub expires_min: Duration,
    /// Longer ones are cut to this; who names none gets this. Default 3600 s.
    pub expires_max: Duration,
    /// Contacts an agent may have; more: 403. Default 5.
    pub contacts_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { expires_min: Duration::from_secs(30), expires_max: Duration::from_secs(3600), contacts_max: 5 }
    }
}

/// One contact of one agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Contact URI as registered: printable ASCII, at most 512 bytes, `sip:`, without headers.
    pub uri: Box<[u8]>,
    /// Where the phone was seen: rung there, whatever the URI says.
    pub flow: Flow,
    pub expires: Instant,
    pub call_id: Box<[u8]>,
    pub cseq: u32,
    /// q value in thousandths; 1000 if the phone gave none.
    pub q: u16,
    /// `+sip.instance` and `reg-id`: the device, if it gave its name.
    pub instance: Option<Box<[u8]>>,
}

/// The outcome of a REGISTER.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 200; `changed` tells whether the set of contacts (URI, flow, q) differs from before.
    Accepted { changed: bool },
    /// 400, 403, 423 (`min_expires` seconds), 500 (old CSeq, §10.3 step 7)
    Refused { status: u16, min_expires: Option<u32> },
}

/// One agent's bindings.
#[derive(Clone, Debug, Default)]
struct Contacts {
    /// Highest q first, among equals the one registered last.
    bindings: Vec<Binding>,
    /// Fires when the first of them expires.
    timer: Option<TimerHandle>,
}

/// Bindings of all agents. No more agents than the configuration names, no more bindings each than `contacts_max`.
#[derive(Clone, Debug)]
pub struct Registrar {
    settings: Settings,
    agents: BTreeMap<AgentId, Contacts>,
    /// Who is reached over which flow. Ordered rather than hashed: nobody can prepare collisions, and the agents behind one
    /// edge proxy stand side by side.
    flows: BTreeSet<(Flow, AgentId)>,
    timers: TimerHeap<AgentId>,
    bindings: usize,
}

impl Registrar {
    pub fn new(settings: Settings) -> Self {
        let (agents, flows, timers) = (BTreeMap::new(), BTreeSet::new(), TimerHeap::default());
        Self { settings, agents, flows, timers, bindings: 0 }
    }

    /// New settings; bindings stay as they were granted.
    pub fn configure(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Processes an authenticated REGISTER for `agent` (fetch, add, refresh, remove, `*`), all or nothing.
    pub fn register(&mut self, agent: AgentId, request: &Message<'_>, flow: Flow, now: Instant) -> Outcome {
        let (call_id, cseq) = (request.call_id(), request.cseq());
        let expires = request.field(Name::Expires);
        let change = match contact::read(request.elements(Name::Contact), expires, &self.settings) {
            Ok(change) => change,
            Err(refusal) => return refusal,
        };
        let mut bindings = self.bindings(agent).to_vec();
        bindings.retain(|binding| binding.expires > now);
        // Step 7: within one Call-ID only a higher CSeq may change a binding; else the whole request fails.
        let outdated = |binding: &Binding| *binding.call_id == *call_id && cseq <= binding.cseq;
        let too_old = Outcome::Refused { status: 500, min_expires: None };
        match change {
            Change::Nothing => {}
            Change::RemoveAll if bindings.iter().any(outdated) => return too_old,
            Change::RemoveAll => bindings.clear(),
            Change::Set(wanted) => {
                let before = bindings.clone();
                for contact in &wanted {
                    if before.iter().any(|binding| contact.is_for(binding) && outdated(binding)) {
                        return too_old;
                    }
                    apply(contact, &mut bindings, |uri, expires| Binding {
                        uri: uri.into(),
                        flow,
                        expires: now + expires,
                        call_id: call_id.into(),
                        cseq,
                        q: contact.q,
                        instance: contact.instance.clone(),
                    });
                }
                if bindings.len() > self.settings.contacts_max {
                    return Outcome::Refused { status: 403, min_expires: None };
                }
            }
        }
        bindings.sort_by_key(|binding| core::cmp::Reverse(binding.q));
        Outcome::Accepted { changed: self.set(agent, bindings) }
    }

    /// Takes over bindings from another Registrar's [`Registrar::iter`]; what the agent had here is replaced.
    pub fn restore(&mut self, agent: AgentId, bindings: &[Binding]) {
        self.set(agent, bindings.to_vec());
    }

    /// Forgets an agent who is no longer configured.
    pub fn forget(&mut self, agent: AgentId) {
        self.set(agent, Vec::new());
    }

    /// The agent's bindings, best q first; among equals the newest.
    pub fn bindings(&self, agent: AgentId) -> &[Binding] {
        self.agents.get(&agent).map_or(&[], |contacts| &contacts.bindings)
    }

    /// All agents with their bindings, in order of agent.
    pub fn iter(&self) -> impl Iterator<Item = (AgentId, &[Binding])> {
        self.agents.iter().map(|(&agent, contacts)| (agent, &contacts.bindings[..]))
    }

    /// The agent whose live registration came over `flow`. `None` also if there are several (an edge proxy, a phone with several
    /// accounts): then the address tells nothing, see [`Registrar::agents_at`].
    pub fn agent_at(&self, flow: Flow) -> Option<AgentId> {
        let mut agents = self.agents_at(flow);
        agents.next().filter(|_| agents.next().is_none())
    }

    /// Everybody whose live registration came over `flow`, in order of agent.
    pub fn agents_at(&self, flow: Flow) -> impl Iterator<Item = AgentId> {
        self.flows.range((flow, AgentId(0))..=(flow, AgentId(u32::MAX))).map(|&(_, agent)| agent)
    }

    /// `Contact` values for the 200: the full list with remaining `expires` in seconds, rounded up.
    pub fn contact_fields(&self, agent: AgentId, now: Instant) -> Vec<String> {
        let live = self.bindings(agent).iter().filter(|binding| binding.expires > now);
        let field = |binding: &Binding| {
            let seconds = binding.expires.since(now).as_micros().div_ceil(1_000_000);
            let mut field = format!("<{}>;expires={seconds}", String::from_utf8_lossy(&binding.uri));
            if binding.q < 1000 {
                write!(field, ";q=0.{:03}", binding.q).expect("a String takes everything");
            }
            field
        };
        live.map(field).collect()
    }

    /// Removes what has expired; each call returns one agent whose bindings changed.
    pub fn expire(&mut self, now: Instant) -> Option<AgentId> {
        let agent = self.timers.expire(now)?;
        let mut bindings = self.bindings(agent).to_vec();
        bindings.retain(|binding| binding.expires > now);
        self.set(agent, bindings);
        Some(agent)
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        self.timers.next_deadline()
    }

    /// Number of live bindings.
    pub fn len(&self) -> usize {
        self.bindings
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts `bindings` in the place of the agent's, with flows and timer. Whether URIs, flows or q differ from before.
    fn set(&mut self, agent: AgentId, bindings: Vec<Binding>) -> bool {
        let contacts = self.agents.entry(agent).or_default();
        for binding in &contacts.bindings {
            self.flows.remove(&(binding.flow, agent));
        }
        self.flows.extend(bindings.iter().map(|binding| (binding.flow, agent)));
        self.timers.disarm(&mut contacts.timer);
        let first = bindings.iter().map(|binding| binding.expires).min();
        contacts.timer = first.map(|expires| self.timers.arm(expires, agent));
        self.bindings = self.bindings - contacts.bindings.len() + bindings.len();
        fn place(binding: &Binding) -> (&[u8], Flow, u16) {
            (&binding.uri, binding.flow, binding.q)
        }
        let changed = !contacts.bindings.iter().map(place).eq(bindings.iter().map(place));
        contacts.bindings = bindings;
        if contacts.bindings.is_empty() {
            self.agents.remove(&agent);
        }
        changed
    }
}

/// Adds, refreshes or removes one contact. A refreshed binding keeps its place.
fn apply(wanted: &Wanted<'_>, bindings: &mut Vec<Binding>, bind: impl FnOnce(&[u8], Duration) -> Binding) {
    let known = bindings.iter().position(|binding| wanted.is_for(binding));
    let Some(expires) = wanted.expires else {
        known.map(|at| bindings.remove(at));
        return;
    };
    let new = bind(wanted.uri, expires);
    match known.and_then(|at| bindings.get_mut(at)) {
        Some(binding) => *binding = new,
        None => {
            bindings.retain(|old| !is_same_phone_before_its_restart(old, &new));
            bindings.insert(0, new);
        }
    }
}

/// See the module text. Two contacts of one life of a phone share its Call-ID (§10.2) and stay side by side.
fn is_same_phone_before_its_restart(old: &Binding, new: &Binding) -> bool {
    if old.call_id == new.call_id {
        return false;
    }
    if old.instance.is_some() && old.instance == new.instance {
        return true;
    }
    let (Some(theirs), Some(ours)) = (Uri::read(&old.uri), Uri::read(&new.uri)) else { return false };
    old.flow == new.flow && theirs.host.eq_ignore_ascii_case(ours.host) && theirs.port == ours.port
}
