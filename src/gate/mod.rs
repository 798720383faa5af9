//! The Gate: what happens to a datagram before anything that knows a call sees it. It scans, admits, answers or drops; its only
//! state is a bounded table of token buckets per source, and counters. It knows no transaction: what it answers, it answers
//! statelessly, so a repeated request gets the same answer again, to the byte (RFC 3261 §8.2.7).

mod network;
mod sources;

pub use network::Network;

use crate::clock::{Duration, Instant};
use crate::ids::Flow;
use crate::seed::{Keyed, Seed, Set};
use crate::sip::Method;
use crate::sip::outbox::Outbox;
use crate::sip::scan::{Defect, Index, Message, Name, scan};
use crate::sip::write::{Writer, reason_phrase, response_flow};
use core::hash::{BuildHasher, Hash, Hasher};
use core::net::IpAddr;
use sources::{Admission, Sources, source_of};

/// How much one source may send.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Sources that are never limited (trunks, fixed contacts).
    pub trusted: Vec<Network>,
    /// Messages per second from one other source address, and how many at once.
    pub rate: f64,
    pub burst: f64,
    /// Sources remembered at most.
    pub sources_max: usize,
    /// How long a source that sent only garbage is ignored.
    pub penalty: Duration,
}

/// What is to be done with a datagram.
#[derive(Debug)]
pub enum Verdict<'a> {
    /// For the Switch.
    Pass(Message<'a>),
    /// Answered (in `out`) or dropped here, and counted.
    Done,
}

/// Counters by outcome: each datagram adds one to exactly one of them (`forgotten` apart).
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Counters {
    pub passed: u64,
    /// Requests with a defect, answered 4xx or 505.
    pub answered: u64,
    /// Not SIP, or nothing that could be answered.
    pub garbage: u64,
    /// Nothing but line breaks or zeros, as phones send to keep a NAT binding open. Never answered on UDP.
    pub keep_alive: u64,
    /// From a source above its rate.
    pub over_limit: u64,
    /// New INVITEs answered 503 because the queue behind was three quarters full.
    pub shed: u64,
    /// Responses and ACKs with a defect, and responses with more Vias than ours (RFC 3261 §8.1.3.3): dropped.
    pub defective: u64,
    /// ACKs for answers given here.
    pub acknowledged: u64,
    /// From a source that waits out its penalty.
    pub ignored: u64,
    /// Sources that made room in the table for others.
    pub forgotten: u64,
}

/// Garbage datagrams, with nothing readable among them, after which a source is ignored for the penalty.
const GARBAGE_MAX: u32 = 10;

/// Seconds after which a caller turned away for lack of room may try again.
const RETRY_AFTER_S: u32 = 5;

/// Keep-alives are no longer than this.
const KEEP_ALIVE_MAX: usize = 8;

/// See the module text.
#[derive(Debug)]
pub struct Gate {
    settings: Settings,
    /// The single addresses among the trusted, and the wider networks.
    trusted_hosts: Set<IpAddr>,
    trusted_networks: Vec<Network>,
    sources: Sources,
    counters: Counters,
    /// Key of the To tags.
    tags: Keyed,
    maps: Keyed,
}

impl Gate {
    /// A Gate that has seen nobody. `seed` keys its table and its To tags.
    pub fn new(settings: Settings, seed: u64) -> Self {
        let mut seed = Seed::new(seed);
        let maps = seed.keyed();
        let mut gate = Self {
            sources: Sources::new(settings.sources_max, seed.keyed()),
            trusted_hosts: Set::with_hasher(maps),
            trusted_networks: Vec::new(),
            counters: Counters::default(),
            tags: seed.keyed(),
            maps,
            settings,
        };
        gate.index_trusted();
        gate
    }

    /// Takes in one datagram; `index` is scratch space that the verdict borrows. Readable messages with a defect are answered
    /// (requests other than ACK) or dropped (responses). `shed`: new INVITEs (no To tag) are answered 503 + Retry-After because the queue
    /// behind is three quarters full.
    pub fn handle<'a>(
        &mut self,
        bytes: &'a [u8],
        flow: Flow,
        shed: bool,
        index: &'a mut Index,
        now: Instant,
        out: &mut Outbox,
    ) -> Verdict<'a> {
        if is_keep_alive(bytes) {
            return done(&mut self.counters.keep_alive);
        }
        let address = flow.peer.ip().to_canonical();
        let limited = (!self.is_trusted(address)).then(|| source_of(address));
        if let Some(source) = limited {
            match self.sources.admit(source, self.settings.rate, self.settings.burst, now) {
                Admission::Admitted => {}
                Admission::OverLimit => return done(&mut self.counters.over_limit),
                Admission::Ignored => return done(&mut self.counters.ignored),
            }
        }
        let scanned = scan(bytes, index);
        let message = Message::new(bytes, index);
        if scanned.is_err() || message.via().is_none() {
            if let Some(source) = limited {
                self.sources.on_garbage(source, GARBAGE_MAX, self.settings.penalty, now);
            }
            return done(&mut self.counters.garbage);
        }
        if let Some(source) = limited {
            self.sources.on_readable(source);
        }
        self.judge(message, flow, shed, out)
    }

    /// What is to be done with a readable message.
    fn judge<'a>(&mut self, message: Message<'a>, flow: Flow, shed: bool, out: &mut Outbox) -> Verdict<'a> {
        let method = message.method();
        if !message.is_request() {
            let foreign = message.elements(Name::Via).nth(1).is_some();
            if message.defect().is_some() || foreign {
                return done(&mut self.counters.defective);
            }
        } else if method == Some(Method::Ack) {
            if message.defect().is_some() {
                return done(&mut self.counters.defective);
            }
            if message.to().and_then(|to| to.tag()).is_some_and(|tag| tag == self.tag(&message).as_bytes()) {
                return done(&mut self.counters.acknowledged);
            }
        } else if let Some(Defect { status, reason }) = message.defect() {
            self.answer(&message, flow, (status, reason), out);
            return done(&mut self.counters.answered);
        } else if shed && method == Some(Method::Invite) && message.to().is_some_and(|to| to.tag().is_none()) {
            self.answer(&message, flow, (503, reason_phrase(503)), out);
            return done(&mut self.counters.shed);
        }
        self.counters.passed = self.counters.passed.wrapping_add(1);
        Verdict::Pass(message)
    }

    /// Answers without remembering.
    fn answer(&self, request: &Message<'_>, flow: Flow, says: (u16, &'static str), out: &mut Outbox) {
        let tag = self.tag(request);
        out.push(response_flow(request, flow), |bytes| {
            let mut writer = Writer::response_saying(bytes, request, flow, says, Some(&tag));
            if says.0 == 503 {
                writer.field_format("Retry-After", format_args!("{RETRY_AFTER_S}"));
            }
            writer.finish();
        });
    }

    /// The To tag of answers to `request`: the same for its repetitions and for the ACK, not to be guessed by others.
    fn tag(&self, request: &Message<'_>) -> String {
        let mut hasher = self.tags.build_hasher();
        request.call_id().hash(&mut hasher);
        request.cseq().hash(&mut hasher);
        request.from().and_then(|from| from.tag()).hash(&mut hasher);
        request.via().and_then(|via| via.branch()).hash(&mut hasher);
        format!("g{:016x}", hasher.finish())
    }

    /// Takes new settings; what is known of the sources stays, if it fits.
    pub fn configure(&mut self, settings: Settings) {
        self.sources.resize(settings.sources_max);
        self.settings = settings;
        self.index_trusted();
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        Counters { forgotten: self.sources.forgotten, ..self.counters }
    }

    /// How many sources are remembered.
    pub fn sources(&self) -> usize {
        self.sources.len()
    }

    fn index_trusted(&mut self) {
        let (hosts, networks): (Vec<Network>, Vec<Network>) =
            self.settings.trusted.iter().copied().partition(Network::is_host);
        self.trusted_hosts = Set::with_hasher(self.maps);
        self.trusted_hosts.extend(hosts.iter().map(|host| host.address.to_canonical()));
        self.trusted_networks = networks;
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted_networks.iter().any(|network| network.contains(address)) || self.trusted_hosts.contains(&address)
    }
}

fn done<'a>(counter: &mut u64) -> Verdict<'a> {
    *counter = counter.wrapping_add(1);
    Verdict::Done
}

/// Empty, CRLF pings (RFC 5626 §4.4.1 and what went before it) and the zeros that some phones send.
fn is_keep_alive(bytes: &[u8]) -> bool {
    bytes.len() <= KEEP_ALIVE_MAX && bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0))
}

#[cfg(test)]
mod tests;
