//! From text to [`Epoch`]: reads the file, gives ids, resolves every name, checks what belongs together. All errors that can be found
//! are found in one go; nothing is half loaded.

mod agents;
mod door;
mod prompts;
mod queues;
mod read;
mod trees;

use super::epoch::{Epoch, PromptSource, Threads};
use super::error::{ConfigError, Report, did_you_mean};
use super::file::{File, Name, Table};
use super::names::Names;
use crate::clock::Duration;
use crate::ids::{AgentId, NodeId, QueueId, SkillId, TreeId};
use crate::{acd, switch};
use core::ops::Range;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What a configuration stands in: the file's name and surroundings, asked for, never touched.
pub struct Around<'a> {
    /// As errors name it.
    pub file: &'a str,
    /// Where relative paths begin: the file's own directory.
    pub base: &'a Path,
    /// Processors, for `threads = "auto"`.
    pub processors: usize,
    pub is_file: &'a dyn Fn(&Path) -> bool,
    /// Whether the program carries this prompt (`zh/welcome.wav`).
    pub is_shipped: &'a dyn Fn(&str) -> bool,
    /// The text of a (token) file.
    pub read: &'a dyn Fn(&Path) -> Option<String>,
}

impl Around<'_> {
    /// No files at all, every prompt shipped: for [`DEFAULT`](super::DEFAULT), simulations and tests.
    pub fn nothing(file: &str) -> Around<'_> {
        Around {
            file,
            base: Path::new("config"),
            processors: 1,
            is_file: &|_| false,
            is_shipped: &|_| true,
            read: &|_| None,
        }
    }
}

/// A file longer than this is refused, bytes.
pub const FILE_MAX: usize = 16 << 20;

/// Builds everything from `text`. `previous`: the names of the epoch before (none at start), so that ids stay.
pub fn load(text: &str, around: &Around<'_>, previous: &Names) -> Result<Epoch, Vec<ConfigError>> {
    if text.len() > FILE_MAX {
        let problem = format!("the file has {} bytes; at most {FILE_MAX} are read", text.len());
        let (file, key, value) = (around.file.into(), String::new(), String::new());
        return Err(vec![ConfigError { file, line: 1, key, value, problem }]);
    }
    let (root, syntax) = toml::de::DeTable::parse_recoverable(text);
    if !syntax.is_empty() {
        let mut report = Report::new(text, around.file, None);
        for error in syntax {
            report.syntax(error.span().unwrap_or(0..0), error.message());
        }
        return Err(report.errors);
    }
    let mut report = Report::new(text, around.file, Some(root.get_ref()));
    let Some(file) = read::read(&root, &mut report) else { return Err(report.errors) };
    let mut load = Load::new(&file, around, report, previous.clone());
    let epoch = load.epoch();
    if load.report.errors.is_empty() { Ok(epoch) } else { Err(load.report.errors) }
}

/// Work in progress. The maps hold what this file names (the tables in `names` also what earlier ones did).
struct Load<'a> {
    file: &'a File,
    around: &'a Around<'a>,
    report: Report<'a>,
    names: Names,
    queues: BTreeMap<&'a str, QueueId>,
    trees: BTreeMap<&'a str, TreeId>,
    /// By tree: id, and where the node is defined.
    nodes: Vec<BTreeMap<&'a str, (NodeId, Range<usize>)>>,
    agents: BTreeMap<Box<str>, AgentId>,
    skills: BTreeMap<&'a str, SkillId>,
    calendars: BTreeMap<&'a str, usize>,
    languages: Vec<&'a str>,
    /// By `PromptId`; `None`: no longer in use.
    prompts: Vec<Option<PromptSource>>,
}

impl<'a> Load<'a> {
    fn new(file: &'a File, around: &'a Around<'a>, report: Report<'a>, names: Names) -> Self {
        Self {
            file,
            around,
            report,
            names,
            queues: BTreeMap::new(),
            trees: BTreeMap::new(),
            nodes: Vec::new(),
            agents: BTreeMap::new(),
            skills: BTreeMap::new(),
            calendars: BTreeMap::new(),
            languages: Vec::new(),
            prompts: Vec::new(),
        }
    }

    fn epoch(&mut self) -> Epoch {
        self.give_ids();
        let spoken = self.spoken();
        let (switch_agents, router_agents) = self.agents();
        let (switch_queues, router_queues) = self.queues();
        let trees = self.trees(&switch_queues);
        let trunks = self.trunks();
        let numbers = self.numbers();
        self.check_service(&router_queues, &router_agents);
        let (process, listeners, media_address) = self.process();
        let gate = self.gate(&trunks, &switch_agents);
        let settings = switch::Settings {
            listeners,
            media_address,
            trunks,
            numbers,
            agents: switch_agents,
            queues: switch_queues,
            reasons: self.reasons(),
            trees,
            spoken,
            digest: self.digest(),
            registrar: self.registrar(),
            timings: self.timings(),
            limits: self.limits(),
            challenge_calls: self.file.sip.challenge_calls.unwrap_or(true),
            passed_headers: self.passed_headers(),
        };
        Epoch {
            switch: Arc::new(settings),
            router: Arc::new(self.router(router_queues, router_agents)),
            gate,
            prompts: self.prompt_sources(),
            process,
            names: core::mem::take(&mut self.names),
            warnings: core::mem::take(&mut self.report.warnings),
        }
    }

    /// Names of queues, trees and nodes may be used before they are defined, so they get their ids first.
    fn give_ids(&mut self) {
        for (name, queue) in in_order(&self.file.queues) {
            self.queues.insert(name.get_ref(), QueueId(self.names.queues.id(name.get_ref())));
            for skill in queue.requires.keys() {
                self.skills.insert(skill.get_ref(), SkillId(self.names.skills.id(skill.get_ref())));
            }
        }
        for (at, (name, _)) in in_order(&self.file.calendars).into_iter().enumerate() {
            self.calendars.insert(name.get_ref(), at);
        }
        for (name, tree) in in_order(&self.file.trees) {
            let id = self.names.trees.id(name.get_ref());
            self.trees.insert(name.get_ref(), TreeId(id));
            self.give_node_ids(id as usize, tree);
        }
    }

    /// What a name stands for, or an error that says what there is.
    fn find<T: Clone>(report: &mut Report<'_>, table: &BTreeMap<&str, T>, name: &Name, sort: &str) -> Option<T> {
        let found = table.get(name.get_ref().as_str()).cloned();
        if found.is_none() {
            let there_is = did_you_mean(name.get_ref(), table.keys().copied());
            report.error(name.span(), format!("there is no {sort} `{}`{there_is}", name.get_ref()));
        }
        found
    }

    fn queue(&mut self, name: &Name) -> Option<QueueId> {
        Self::find(&mut self.report, &self.queues, name, "queue")
    }

    fn threads(&self) -> Threads {
        match self.file.process.threads.and_then(|threads| threads.0.0) {
            Some((receivers, media_workers)) => Threads { receivers, media_workers },
            None if self.around.processors < 4 => Threads { receivers: 0, media_workers: 1 },
            None => {
                let processors = self.around.processors.min(64);
                let receivers = (processors / 4).min(4);
                let workers = processors.saturating_sub(1 + receivers).max(1);
                Threads { receivers: receivers as u8, media_workers: workers as u8 }
            }
        }
    }

    fn router(
        &self,
        queues: Vec<acd::settings::QueueSettings>,
        agents: Vec<acd::settings::AgentSettings>,
    ) -> acd::Settings {
        let routing = &self.file.routing;
        acd::Settings {
            queues,
            agents,
            ageing_per_second: routing.ageing_per_second.as_ref().map_or(1.0, |rate| *rate.get_ref()),
            provisional_timeout: lasting(routing.provisional_timeout, 2_000),
            repeat_offer_after: time(routing.repeat_offer_after, 30_000),
            failures_max: routing.failures_max.unwrap_or(3),
            busy_grace: time(routing.busy_grace, 1_000),
            busy_retry: time(routing.busy_retry, 500),
            offer_gap: time(routing.offer_gap, 0),
        }
    }
}

/// A table's entries as they stand in the file.
fn in_order<T>(table: &Table<T>) -> Vec<(&Name, &T)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    entries
}

/// A time as written, or the default in milliseconds.
fn time(written: Option<super::file::Time>, default_ms: u64) -> Duration {
    written.map_or(Duration::from_millis(default_ms), |time| time.0)
}

/// The same for a time above 0.
fn lasting(written: Option<super::file::Lasting>, default_ms: u64) -> Duration {
    written.map_or(Duration::from_millis(default_ms), |time| time.0.0)
}
