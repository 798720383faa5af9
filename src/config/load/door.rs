//! The way in: listeners, media ports, trunks, numbers, and the limits on what comes through them.

use super::{Load, in_order, lasting, time};
use crate::config::epoch::Process;
use crate::config::file::{AgentFile, NumberFile, TrunkFile, value};
use crate::gate::{self, Network};
use crate::ids::{ListenerId, TrunkId};
use crate::ivr::session::Language;
use crate::sip::digest::{self, Algorithm};
use crate::sip::registrar;
use crate::sip::transaction::Timings;
use crate::switch::settings::{Agent, Limits, Listener, Number, Reach, Target, Trunk};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::num::NonZeroUsize;
use core::ops::Range;
use std::path::PathBuf;

/// Passwords that begin like this are the shipped file's: everybody knows them.
const DEMO: &str = "demo-";
const LISTENERS_MAX: usize = 16;
/// Headers of the agent's INVITE that are Huntline's own.
const OURS: [&str; 16] = [
    "Via",
    "From",
    "To",
    "Contact",
    "Call-ID",
    "CSeq",
    "Route",
    "Record-Route",
    "Max-Forwards",
    "Authorization",
    "Allow",
    "Supported",
    "Require",
    "Accept",
    "Path",
    "Replaces",
];
const OURS_BY_PREFIX: [&str; 3] = ["Content-", "Proxy-", "X-Huntline-"];

impl Load<'_> {
    pub(super) fn process(&mut self) -> (Process, Vec<Listener>, IpAddr) {
        let (sip, listeners) = self.listeners();
        let file = self.file;
        let (media_bind, media_address) = self.media_address(&sip);
        let ports = file.media.ports.as_ref().map_or(value::Ports(20_000, 31_999), |ports| ports.get_ref().0);
        let (first, last) = (ports.0, ports.1);
        for (address, written) in sip.iter().zip(&file.sip.listen) {
            if (first..=last).contains(&address.port()) {
                let problem = format!("the SIP port {} lies among the media ports {first}-{last}", address.port());
                self.report.error(written.span(), problem);
            }
        }
        let (http, http_token) = self.http();
        let process = Process {
            sip,
            http,
            http_token,
            media_bind,
            media_ports: (first, last),
            data: file.process.data.clone().unwrap_or_else(|| PathBuf::from("data")),
            threads: self.threads(),
        };
        (process, listeners, media_address)
    }

    fn listeners(&mut self) -> (Vec<SocketAddr>, Vec<Listener>) {
        let file = self.file;
        let (mut sip, mut listeners) = (Vec::new(), Vec::new());
        if file.sip.listen.is_empty() || file.sip.listen.len() > LISTENERS_MAX {
            self.report.error(0..0, format!("sip.listen: 1 to {LISTENERS_MAX} addresses"));
        }
        let demo = file.agents.iter().find(|agent| has_demo_password(agent));
        for (at, written) in file.sip.listen.iter().enumerate().take(LISTENERS_MAX) {
            let address = written.get_ref().0;
            if sip.contains(&address) {
                self.report.error(written.span(), "this address is listened on already");
            }
            if let Some(agent) = demo.filter(|_| !address.ip().is_loopback()) {
                let problem = format!(
                    "will not listen beyond this machine while agent {} has the demo password `{DEMO}…`, which everybody knows: \
                     give the agents passwords of their own, or listen on 127.0.0.1",
                    agent.number.get_ref()
                );
                self.report.error(written.span(), problem);
            }
            let seen = file.sip.advertised.map_or(address.ip(), |word| word.0);
            if seen.is_unspecified() {
                let problem = "peers cannot send to this: give the address they reach us at as sip.advertised";
                self.report.error(written.span(), problem);
            }
            sip.push(address);
            let id = ListenerId(u8::try_from(at).unwrap_or(u8::MAX));
            listeners.push(Listener { id, address: SocketAddr::new(seen, address.port()) });
        }
        (sip, listeners)
    }

    /// Where media sockets are bound, and what our SDP says.
    fn media_address(&mut self, sip: &[SocketAddr]) -> (Ipv4Addr, IpAddr) {
        let media = &self.file.media;
        let of_sip = sip.first().and_then(|address| match address.ip() {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        });
        let bind = media.bind.as_ref().map(|bind| bind.get_ref().0).or(of_sip).unwrap_or(Ipv4Addr::LOCALHOST);
        let advertised = media.advertised.or(self.file.sip.advertised).map_or(IpAddr::V4(bind), |word| word.0);
        if advertised.is_unspecified() {
            let of_sip = self.file.sip.listen.first().map_or(0..0, |listen| listen.span());
            let span = media.bind.as_ref().map_or(of_sip, |bind| bind.span());
            self.report
                .error(span, "peers cannot send audio to this: give the address they reach us at as media.advertised");
        }
        (bind, advertised)
    }

    fn http(&mut self) -> (SocketAddr, Option<Box<str>>) {
        let http = &self.file.http;
        let default = SocketAddr::from(([127, 0, 0, 1], 8_080));
        let listen = http.listen.as_ref().map_or(default, |listen| listen.get_ref().0);
        let mut token: Option<Box<str>> = http.token.as_ref().map(|token| token.get_ref().as_str().into());
        if let Some(file) = &http.token_file {
            let path = self.around.base.join(file.get_ref());
            match (self.around.read)(&path) {
                Some(text) if token.is_none() => token = Some(text.trim().into()),
                Some(_) => self.report.error(file.span(), "give `token` or `token_file`, not both"),
                None => self.report.error(file.span(), format!("cannot read {}", path.display())),
            }
        }
        let good = token.as_ref().is_none_or(|token| token.len() >= 16 && token.bytes().all(|b| b.is_ascii_graphic()));
        let span = http.listen.as_ref().map_or(0..0, |listen| listen.span());
        let written = http.token.as_ref().map(|token| token.span());
        let written = written.or_else(|| http.token_file.as_ref().map(|file| file.span()));
        if !good {
            self.report.error(written.unwrap_or(0..0), "the HTTP token has at least 16 visible ASCII characters");
        } else if token.is_none() && !listen.ip().is_loopback() {
            self.report.error(span, "beyond this machine the API needs a `token` (or `token_file`)");
        }
        (listen, token)
    }

    pub(super) fn trunks(&mut self) -> Vec<Trunk> {
        let file = self.file;
        let mut trunks: Vec<Trunk> = Vec::new();
        for (name, trunk) in in_order(&file.trunks) {
            let id = TrunkId(self.names.trunks.id(name.get_ref()));
            if trunk.sources.is_empty() {
                self.report.error(name.span(), "a trunk has at least one source address");
            }
            for source in &trunk.sources {
                let same = |other: &&Trunk| other.sources.contains(&source.get_ref().0);
                if let Some(other) = trunks.iter().find(same) {
                    let problem = format!("the trunk `{}` has this source already", other.name);
                    self.report.error(source.span(), problem);
                }
            }
            trunks.push(self.trunk(id, name.get_ref(), trunk));
        }
        let known: Vec<TrunkId> = trunks.iter().map(|trunk| trunk.id).collect();
        for (at, name) in self.names.trunks.all().iter().enumerate() {
            let id = TrunkId(at as u32);
            if !known.contains(&id) {
                let (name, sources, codecs) = (format!("(gone) {name}").into(), Vec::new(), Vec::new());
                let (calls_max, calls_per_second_max) = (Some(0), Some(0));
                trunks.push(Trunk { id, name, sources, codecs, calls_max, calls_per_second_max, refusal_status: 480 });
            }
        }
        trunks.sort_by_key(|trunk| trunk.id);
        trunks
    }

    fn trunk(&mut self, id: TrunkId, name: &str, trunk: &TrunkFile) -> Trunk {
        let refusal_status = trunk.refusal_status.as_ref().map_or(480, |status| *status.get_ref());
        if let Some(status) = trunk.refusal_status.as_ref().filter(|_| !(400..=699).contains(&refusal_status)) {
            self.report.error(status.span(), "a refusal has a SIP status from 400 to 699, usually 480 or 486");
        }
        Trunk {
            id,
            name: name.into(),
            sources: trunk.sources.iter().map(|source| source.get_ref().0).collect(),
            codecs: trunk.codecs.iter().map(|codec| codec.0).collect(),
            calls_max: trunk.calls_max,
            calls_per_second_max: trunk.calls_per_second_max,
            refusal_status,
        }
    }

    pub(super) fn numbers(&mut self) -> Vec<Number> {
        let mut numbers = Vec::new();
        for (number, file) in in_order(&self.file.numbers) {
            let text = number.get_ref().as_str();
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"+*#._-".contains(&b);
            if text.is_empty() || text.len() > 32 || !text.bytes().all(plain) {
                self.report
                    .error(number.span(), "a number has 1 to 32 digits, letters, `+`, `*`, `#`, `.`, `_` or `-`");
            } else if text.starts_with("*6") {
                self.report.error(number.span(), "codes that begin with *6 are for agents' states");
            } else if self.agents.contains_key(text) {
                self.report.error(number.span(), format!("{text} is the number of an agent already"));
            }
            let Some(target) = self.target(number.span(), file) else { continue };
            let language = file.language.as_ref().and_then(|name| self.language(name)).unwrap_or(Language(0));
            numbers.push(Number { number: text.into(), target, language });
        }
        numbers
    }

    fn target(&mut self, span: Range<usize>, file: &NumberFile) -> Option<Target> {
        match (&file.tree, &file.queue) {
            (Some(tree), None) => Self::find(&mut self.report, &self.trees, tree, "tree").map(Target::Tree),
            (None, Some(queue)) => self.queue(queue).map(Target::Queue),
            _ => {
                self.report.error(span, "a number leads to one of { tree = \"name\" } and { queue = \"name\" }");
                None
            }
        }
    }

    /// Trunks and fixed contacts are never limited by source.
    pub(super) fn gate(&mut self, trunks: &[Trunk], agents: &[Agent]) -> gate::Settings {
        let file = &self.file.gate;
        let mut trusted: Vec<Network> = trunks.iter().flat_map(|trunk| trunk.sources.iter().copied()).collect();
        trusted.extend(file.trusted.iter().map(|network| network.0));
        for agent in agents {
            if let Reach::Fixed { address, .. } = &agent.reach
                && !trusted.iter().any(|network| network.contains(address.ip()))
                && address.port() != 0
            {
                let prefix = if address.is_ipv4() { 32 } else { 128 };
                trusted.push(Network { address: address.ip(), prefix });
            }
        }
        for number in [&file.rate, &file.burst].into_iter().flatten() {
            if !number.get_ref().is_finite() || *number.get_ref() <= 0.0 {
                self.report.error(number.span(), "messages (per second): a number above 0");
            }
        }
        gate::Settings {
            trusted,
            rate: file.rate.as_ref().map_or(50.0, |rate| *rate.get_ref()),
            burst: file.burst.as_ref().map_or(100.0, |burst| *burst.get_ref()),
            sources_max: file.sources_max.map_or(65_536, NonZeroUsize::get),
            penalty: lasting(file.penalty, 10_000),
        }
    }

    pub(super) fn digest(&self) -> digest::Settings {
        let sip = &self.file.sip;
        let mut algorithms: Vec<Algorithm> = sip.algorithms.iter().map(|word| word.0).collect();
        if algorithms.is_empty() {
            algorithms.push(Algorithm::Md5);
        }
        digest::Settings {
            realm: sip.realm.as_deref().unwrap_or("huntline").into(),
            algorithms,
            nonce_life: lasting(sip.nonce_life, 300_000),
            nonces_max: sip.nonces_max.map_or(16_384, NonZeroUsize::get),
        }
    }

    /// Names of headers that may pass from the caller to the agent: never one that the B2BUA writes itself.
    pub(super) fn passed_headers(&mut self) -> Vec<Box<str>> {
        let mut passed: Vec<Box<str>> = Vec::new();
        for header in &self.file.sip.passed_headers {
            let name = header.get_ref().as_str();
            let token = |b: u8| b.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&b);
            // One letter is a compact form (RFC 3261 §7.3.3): the long one is meant.
            if name.len() < 2 || name.len() > 64 || !name.bytes().all(token) {
                self.report.error(header.span(), "a header's full name, such as \"Subject\"");
            } else if OURS.iter().any(|own| name.eq_ignore_ascii_case(own)) || starts_with(name, &OURS_BY_PREFIX) {
                self.report
                    .error(header.span(), format!("{name} is written by Huntline itself and cannot be passed on"));
            } else {
                passed.push(name.into());
            }
        }
        passed
    }

    pub(super) fn registrar(&mut self) -> registrar::Settings {
        let sip = &self.file.sip;
        let (min, max) = (lasting(sip.expires_min, 30_000), sip.expires_max.as_ref());
        let expires_max = lasting(max.map(|max| *max.get_ref()), 3_600_000);
        if min > expires_max {
            let problem = "`expires_max` is not shorter than `expires_min`";
            self.report.error(max.map_or(0..0, |max| max.span()), problem);
        }
        registrar::Settings {
            expires_min: min,
            expires_max,
            contacts_max: sip.contacts_max.map_or(5, NonZeroUsize::get),
        }
    }

    pub(super) fn timings(&self) -> Timings {
        let sip = &self.file.sip;
        Timings { t1: lasting(sip.t1, 500), t2: lasting(sip.t2, 4_000), t4: lasting(sip.t4, 5_000) }
    }

    pub(super) fn limits(&self) -> Limits {
        let limits = &self.file.limits;
        Limits {
            calls_max: limits.calls_max.unwrap_or(5_000),
            transactions_max: limits.transactions_max.map_or(400_000, NonZeroUsize::get),
            silence: lasting(limits.silence, 60_000),
            drain: time(limits.drain, 30_000),
            call_max: lasting(limits.call_max, 4 * 3_600_000),
        }
    }
}

fn starts_with(name: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
}

fn has_demo_password(agent: &AgentFile) -> bool {
    agent.password.as_ref().is_some_and(|password| password.starts_with(DEMO))
}
