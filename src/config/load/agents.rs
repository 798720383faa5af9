//! Agents: single ones and runs of them, how their phones are reached, what they can do.

use super::{Load, lasting};
use crate::acd::settings::{AgentSettings, QueueSettings};
use crate::config::error::did_you_mean;
use crate::config::file::{AgentFile, value::OnRegister};
use crate::ids::{AgentId, ReasonId, SkillId};
use crate::sip::digest::{Algorithm, Secret};
use crate::switch::settings::{Agent, Reach, Reason};
use core::net::{IpAddr, SocketAddr};
use core::ops::Range;

/// Agents in one configuration.
const AGENTS_MAX: usize = 100_000;
/// A skill's best level.
const LEVEL_MAX: u8 = 10;

impl Load<'_> {
    pub(super) fn agents(&mut self) -> (Vec<Agent>, Vec<AgentSettings>) {
        let file = self.file;
        let (mut agents, mut settings) = (Vec::new(), Vec::new());
        for entry in &file.agents {
            let skills = self.agent_skills(entry);
            for number in self.agent_numbers(entry) {
                if agents.len() >= AGENTS_MAX {
                    self.report.error(entry.number.span(), format!("there are more than {AGENTS_MAX} agents"));
                    break;
                }
                let id = AgentId(self.names.agents.id(&number));
                if self.agents.insert(number.as_str().into(), id).is_some() {
                    self.report.error(entry.number.span(), format!("the agent {number} is defined twice"));
                    continue;
                }
                // What is wrong with one of a run is wrong with all of them.
                let Some(reach) = self.reach(entry, &number) else { break };
                let name = entry.name.as_deref().unwrap_or("{number}").replace("{number}", &number);
                let routing = &self.file.routing;
                let on_register = entry.on_register.or(routing.on_register).map_or(OnRegister::Ready, |word| word.0);
                settings.push(AgentSettings {
                    id,
                    number: number.as_str().into(),
                    name: name.as_str().into(),
                    skills: skills.clone(),
                    ring_limit: lasting(entry.ring_limit.or(routing.ring_limit), 15_000),
                    ready_on_register: on_register == OnRegister::Ready,
                });
                agents.push(Agent { id, number: number.into(), name: name.into(), reach });
            }
        }
        self.keep_agents_places(&mut agents, &mut settings);
        (agents, settings)
    }

    /// Tables are indexed by id: agents of earlier epochs keep a place in which nobody can be reached.
    fn keep_agents_places(&self, agents: &mut Vec<Agent>, settings: &mut Vec<AgentSettings>) {
        for (at, number) in self.names.agents.all().iter().enumerate() {
            if self.agents.contains_key(number) {
                continue;
            }
            let (id, number): (_, Box<str>) = (AgentId(at as u32), format!("(gone) {number}").into());
            let name = number.clone();
            let reach = Reach::Fixed { uri: (*b"sip:gone.invalid").into(), address: ([0, 0, 0, 0], 0).into() };
            agents.push(Agent { id, number: number.clone(), name: name.clone(), reach });
            let (skills, ring_limit) = (Vec::new(), lasting(None, 15_000));
            settings.push(AgentSettings { id, number, name, skills, ring_limit, ready_on_register: false });
        }
        agents.sort_by_key(|agent| agent.id);
        settings.sort_by_key(|agent| agent.id);
    }

    /// The numbers that one entry stands for.
    fn agent_numbers(&mut self, entry: &AgentFile) -> Vec<String> {
        let first = entry.number.get_ref();
        let is_number = !first.is_empty() && first.len() <= 16 && first.bytes().all(|b| b.is_ascii_digit());
        if !is_number {
            self.report.error(entry.number.span(), "an agent's number has 1 to 16 digits");
            return Vec::new();
        }
        let Some(count) = &entry.count else { return vec![first.clone()] };
        let start: u64 = first.parse().unwrap_or(0);
        if *count.get_ref() == 0 || *count.get_ref() as usize > AGENTS_MAX {
            self.report.error(count.span(), format!("`count` is from 1 to {AGENTS_MAX}"));
            return Vec::new();
        }
        (0..u64::from(*count.get_ref())).map(|at| format!("{:0width$}", start + at, width = first.len())).collect()
    }

    fn reach(&mut self, entry: &AgentFile, number: &str) -> Option<Reach> {
        match (&entry.password, &entry.ha1, &entry.contact) {
            (Some(password), None, None) => {
                Some(Reach::Registers(Secret::Password(password.replace("{number}", number).into())))
            }
            (None, Some(ha1), None) => {
                let text = ha1.get_ref();
                let algorithm = match text.len() {
                    32 => Some(Algorithm::Md5),
                    64 => Some(Algorithm::Sha256),
                    _ => None,
                };
                let hex = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
                let Some(algorithm) = algorithm.filter(|_| hex) else {
                    self.report.error(ha1.span(), "an HA1 has 32 (MD5) or 64 (SHA-256) lower-case hexadecimal digits");
                    return None;
                };
                Some(Reach::Registers(Secret::Ha1(algorithm, text.as_str().into())))
            }
            (None, None, Some(contact)) => {
                let uri = contact.get_ref().replace("{number}", number);
                let Some(address) = contact_address(&uri) else {
                    let problem =
                        "a fixed contact is a SIP URI with a literal address, such as \"sip:8001@192.0.2.20:5060\"";
                    self.report.error(contact.span(), problem);
                    return None;
                };
                Some(Reach::Fixed { uri: uri.into_bytes().into(), address })
            }
            _ => {
                let problem = format!("the agent {number} needs exactly one of `password`, `ha1` and `contact`");
                self.report.error(entry.number.span(), problem);
                None
            }
        }
    }

    fn agent_skills(&mut self, entry: &AgentFile) -> Vec<(SkillId, u8)> {
        let mut skills = Vec::new();
        for (skill, level) in &entry.skills {
            match self.skills.get(skill.get_ref().as_str()) {
                Some(&id) => skills.push((id, *level.get_ref())),
                None => {
                    let there_is = did_you_mean(skill.get_ref(), self.skills.keys().copied());
                    self.report
                        .error(skill.span(), format!("no queue requires the skill `{}`{there_is}", skill.get_ref()));
                }
            }
            self.check_level(*level.get_ref(), level.span());
        }
        skills.sort_unstable();
        skills
    }

    pub(super) fn check_level(&mut self, level: u8, span: Range<usize>) {
        if !(1..=LEVEL_MAX).contains(&level) {
            self.report.error(span, format!("a skill's level is from 1 to {LEVEL_MAX}"));
        }
    }

    /// A queue that nobody can serve is a warning: its agents may be yet to come.
    pub(super) fn check_service(&mut self, queues: &[QueueSettings], agents: &[AgentSettings]) {
        for (name, file) in &self.file.queues {
            let Some(queue) = queues.iter().find(|queue| *queue.name == **name.get_ref()) else { continue };
            let serves = |agent: &AgentSettings| {
                let has =
                    |&(skill, level): &(SkillId, u8)| agent.skills.iter().any(|&(own, at)| own == skill && at >= level);
                self.agents.contains_key(&agent.number) && queue.requires.iter().all(has)
            };
            if !agents.iter().any(serves) {
                let asked: Vec<String> = file
                    .requires
                    .iter()
                    .map(|(skill, level)| format!("{} = {}", skill.get_ref(), level.get_ref()))
                    .collect();
                let problem =
                    format!("no agent can serve the queue `{}` (it requires {{ {} }})", queue.name, asked.join(", "));
                self.report.warning(name.span(), problem);
            }
        }
    }

    pub(super) fn reasons(&mut self) -> Vec<Reason> {
        let file = self.file;
        for code in file.reasons.keys() {
            if code.get_ref().is_empty()
                || code.get_ref().len() > 4
                || !code.get_ref().bytes().all(|b| b.is_ascii_digit())
            {
                self.report.error(code.span(), "a reason's code has 1 to 4 digits: it is dialled after *62");
            }
            self.names.reasons.id(code.get_ref());
        }
        let name =
            |code: &str| file.reasons.iter().find(|(key, _)| key.get_ref() == code).map(|(_, name)| name.as_str());
        let reasons = self.names.reasons.all().iter().enumerate().map(|(at, code)| {
            let id = ReasonId(u16::try_from(at).unwrap_or(u16::MAX));
            match name(code) {
                Some(name) => Reason { id, code: code.clone(), name: name.into() },
                None => Reason { id, code: "(gone)".into(), name: format!("(gone) {code}").into() },
            }
        });
        reasons.collect()
    }
}

/// The address in `sip:user@address:port`; without a port 5060.
fn contact_address(uri: &str) -> Option<SocketAddr> {
    let (user, host) = uri.strip_prefix("sip:")?.split_once('@')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+*#".contains(c);
    if user.is_empty() || !user.chars().all(plain) {
        return None;
    }
    let bare = || host.parse::<IpAddr>().ok().map(|address| SocketAddr::new(address, 5_060));
    host.parse().ok().or_else(bare).filter(|address: &SocketAddr| address.port() != 0)
}
