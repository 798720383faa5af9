//! What the Switch publishes, at most every 250 ms. Counters are whole (a lost snapshot loses nothing); rows are those that
//! changed; a call that is gone is in `gone`.

use super::Switch;
use crate::call::{Call, Cause, Stage};
use crate::clock::Instant;
use crate::ids::{AgentId, CallId, Flow, QueueId};
use crate::sip::scan::Message;
use std::collections::BTreeMap;

/// Figures of the Switch, and the calls that changed.
#[derive(Clone, Debug, Default)]
pub struct SwitchSnapshot {
    /// Received and sent messages by kind (method or `1xx` … `6xx`).
    pub received: BTreeMap<&'static str, u64>,
    pub sent: BTreeMap<&'static str, u64>,
    pub retransmissions_received: u64,
    pub retransmissions_sent: u64,
    /// Requests that the Switch refused, by reason (bounded set).
    pub rejected: BTreeMap<&'static str, u64>,
    pub registrations: usize,
    pub calls_active: usize,
    pub transactions: usize,
    pub ports_free: usize,
    pub ended: BTreeMap<(Option<QueueId>, Cause), u64>,
    pub invariant_violations: u64,
    pub calls: Vec<CallRow>,
    pub gone: Vec<CallId>,
}

/// A call in progress.
#[derive(Clone, Debug, PartialEq)]
pub struct CallRow {
    pub call: CallId,
    pub calling: String,
    pub called: String,
    pub since: Instant,
    pub stage: Stage,
    pub queue: Option<QueueId>,
    pub agent: Option<AgentId>,
}

/// Kinds of messages that are counted apart; all others are `other`.
pub const KINDS: [&str; 19] = [
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "REGISTER",
    "OPTIONS",
    "INFO",
    "UPDATE",
    "PRACK",
    "REFER",
    "NOTIFY",
    "SUBSCRIBE",
    "1xx",
    "2xx",
    "3xx",
    "4xx",
    "5xx",
    "6xx",
    "other",
];

/// Running counts, kept by array so that counting costs a few instructions.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    received: [u64; KINDS.len()],
    sent: [u64; KINDS.len()],
    rejected: BTreeMap<&'static str, u64>,
    ended: BTreeMap<(Option<QueueId>, Cause), u64>,
    repeated: u64,
    violations: u64,
}

impl Tally {
    pub(super) fn received(&mut self, message: &Message<'_>) {
        count(&mut self.received, kind_of(message.bytes()));
    }

    pub(super) fn sent<'a>(&mut self, datagrams: impl Iterator<Item = (Flow, &'a [u8])>) {
        for (_, bytes) in datagrams {
            count(&mut self.sent, kind_of(bytes));
        }
    }

    pub(super) fn rejected(&mut self, why: &'static str) {
        *self.rejected.entry(why).or_default() += 1;
    }

    pub(super) fn ended(&mut self, queue: Option<QueueId>, cause: Cause) {
        *self.ended.entry((queue, cause)).or_default() += 1;
    }

    pub(super) fn sent_again(&mut self) {
        self.repeated += 1;
    }
}

fn count(counts: &mut [u64; KINDS.len()], kind: usize) {
    if let Some(count) = counts.get_mut(kind) {
        *count += 1;
    }
}

/// Position in [`KINDS`] by the first bytes of the message.
fn kind_of(bytes: &[u8]) -> usize {
    let start = bytes.trim_ascii_start();
    let at = match start.strip_prefix(b"SIP/2.0 ") {
        Some([class @ b'1'..=b'6', ..]) => 12 + usize::from(class - b'1'),
        Some(_) => KINDS.len() - 1,
        None => KINDS.iter().position(|kind| starts_with_word(start, kind.as_bytes())).unwrap_or(KINDS.len() - 1),
    };
    at.min(KINDS.len() - 1)
}

fn starts_with_word(text: &[u8], word: &[u8]) -> bool {
    text.strip_prefix(word).is_some_and(|rest| rest.first() == Some(&b' '))
}

fn by_kind(counts: &[u64; KINDS.len()]) -> BTreeMap<&'static str, u64> {
    KINDS.iter().zip(counts).filter(|(_, count)| **count > 0).map(|(kind, count)| (*kind, *count)).collect()
}

impl Switch {
    /// Figures and the rows that changed since the last call.
    pub fn publish(&mut self, _now: Instant) -> SwitchSnapshot {
        let figures = self.sip.transactions.figures();
        let changed = core::mem::take(&mut self.calls.changed);
        self.tally.violations += super::invariants::check_changed(self, &changed).len() as u64;
        let mut rows = Vec::with_capacity(changed.len());
        for key in changed {
            if let Some(call) = self.calls.calls.at_mut(key) {
                call.history.changed = false;
                rows.push(row(call));
            }
        }
        SwitchSnapshot {
            received: by_kind(&self.tally.received),
            sent: by_kind(&self.tally.sent),
            retransmissions_received: figures.received_again,
            retransmissions_sent: figures.sent_again + self.tally.repeated,
            rejected: self.tally.rejected.clone(),
            registrations: self.sip.registrar.len(),
            calls_active: self.calls.calls.len(),
            transactions: figures.live as usize,
            ports_free: self.ports.free(),
            ended: self.tally.ended.clone(),
            invariant_violations: self.tally.violations,
            calls: rows,
            gone: core::mem::take(&mut self.calls.gone),
        }
    }
}

fn row(call: &Call) -> CallRow {
    CallRow {
        call: call.id,
        calling: call.identity.calling.clone(),
        called: call.identity.called.clone(),
        since: call.started,
        stage: call.stage,
        queue: call.place.map(|place| place.queue),
        agent: call.offer.as_ref().map(|offer| offer.agent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_counted_by_kind() {
        assert_eq!(KINDS[kind_of(b"INVITE sip:a SIP/2.0")], "INVITE");
        assert_eq!(KINDS[kind_of(b"SIP/2.0 486 Busy Here")], "4xx");
        assert_eq!(KINDS[kind_of(b"SIP/2.0 999 What")], "other");
        assert_eq!(KINDS[kind_of(b"INVITED sip:a SIP/2.0")], "other");
        assert_eq!(KINDS[kind_of(b"")], "other");
    }
}
