//! What came of a simulation, in the trade's figures (DOMAIN §3), computed from the call records and the agents' states: nothing
//! here is counted a second way.

use crate::acd::{AgentState, Reply};
use crate::call::record::{CallRecord, Cause};
use crate::clock::{Duration, Instant};
use crate::ids::AgentId;
use core::fmt::Write as _;
use std::collections::BTreeMap;

/// How one queue did.
#[derive(Clone, Debug, Default)]
pub struct QueueFigures {
    /// Waits of answered and of abandoned calls, µs.
    pub answered: Vec<u64>,
    pub abandoned: Vec<u64>,
    /// Visits that ended otherwise, by outcome.
    pub others: BTreeMap<String, u64>,
}

/// The four readings of the service level, 0 … 1 (DOMAIN §3).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ServiceLevel {
    /// `A_T/A`
    pub of_answered: f64,
    /// `A_T/(A+B)`
    pub of_all: f64,
    /// `(A_T+B_T)/(A+B)`
    pub with_abandoned: f64,
    /// `A_T/(A+B−B_T)`
    pub without_short: f64,
}

impl QueueFigures {
    /// The readings for a target of `within`. All 1 where nothing was asked.
    pub fn service_level(&self, within: Duration) -> ServiceLevel {
        let target = within.as_micros() as u64;
        let in_time = |waits: &[u64]| waits.iter().filter(|wait| **wait <= target).count() as f64;
        let (a, b) = (self.answered.len() as f64, self.abandoned.len() as f64);
        let (a_t, b_t) = (in_time(&self.answered), in_time(&self.abandoned));
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 1.0 };
        ServiceLevel {
            of_answered: share(a_t, a),
            of_all: share(a_t, a + b),
            with_abandoned: share(a_t + b_t, a + b),
            without_short: share(a_t, a + b - b_t),
        }
    }
}

/// Where an agent's time went.
#[derive(Clone, Copy, Debug, Default)]
struct Shift {
    state: Option<AgentState>,
    since: Instant,
    busy: Duration,
    ready: Duration,
}

/// See the module text.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub calls: u64,
    pub causes: BTreeMap<Cause, u64>,
    pub queues: BTreeMap<String, QueueFigures>,
    /// The records themselves, if they are kept.
    pub records: Vec<CallRecord>,
    keeps_records: bool,
    shifts: Vec<Shift>,
}

impl Summary {
    /// Nothing yet. The records themselves are kept if `keeps_records`.
    pub fn new(keeps_records: bool) -> Self {
        Self { keeps_records, ..Self::default() }
    }

    /// Takes in a finished call.
    pub fn record(&mut self, record: CallRecord) {
        self.calls += 1;
        *self.causes.entry(record.cause).or_default() += 1;
        for visit in &record.queues {
            let figures = self.queues.entry(visit.queue.to_string()).or_default();
            let wait = u64::try_from(visit.left - visit.entered).unwrap_or(0);
            match &*visit.outcome {
                "answered" => figures.answered.push(wait),
                "abandoned" | "abandoned_while_ringing" => figures.abandoned.push(wait),
                other => *figures.others.entry(other.into()).or_default() += 1,
            }
        }
        if self.keeps_records {
            self.records.push(record);
        }
    }

    /// Takes in a word of the Router.
    pub fn hear(&mut self, reply: &Reply, now: Instant) {
        if let Reply::Agent(view) = reply {
            if self.shifts.len() <= view.agent.index() {
                self.shifts.resize(view.agent.index() + 1, Shift::default());
            }
            if let Some(shift) = self.shifts.get_mut(view.agent.index()) {
                shift.turn(now);
                shift.state = Some(view.state);
            }
        }
    }

    /// What an agent is doing, as the Router last said.
    pub fn agent_state(&self, agent: AgentId) -> Option<AgentState> {
        self.shifts.get(agent.index())?.state
    }

    /// Agents whom the Router has spoken of, with their states.
    pub fn agent_states(&self) -> impl Iterator<Item = (AgentId, AgentState)> {
        (0..).map(AgentId).zip(&self.shifts).filter_map(|(agent, shift)| Some((agent, shift.state?)))
    }

    /// (talk + hold + wrap-up) / (the same + ready), over all agents. `None`: nobody was there.
    pub fn occupancy(&mut self, now: Instant) -> Option<f64> {
        self.shifts.iter_mut().for_each(|shift| shift.turn(now));
        let busy: f64 = self.shifts.iter().map(|shift| shift.busy.as_secs_f64()).sum();
        let ready: f64 = self.shifts.iter().map(|shift| shift.ready.as_secs_f64()).sum();
        (busy + ready > 0.0).then(|| busy / (busy + ready))
    }

    /// The report as text, the same for the same run to the byte.
    pub fn text(&mut self, now: Instant, target: Duration) -> String {
        let mut text = format!("calls {}\n", self.calls);
        for (cause, count) in &self.causes {
            let _ = writeln!(text, "  {:<24} {count}", word(cause));
        }
        for (name, figures) in &mut self.queues {
            figures.answered.sort_unstable();
            let (a, b) = (figures.answered.len(), figures.abandoned.len());
            let _ = writeln!(text, "queue {name}: answered {a}, abandoned {b}");
            for (outcome, count) in &figures.others {
                let _ = writeln!(text, "  {outcome:<24} {count}");
            }
            let level = figures.service_level(target);
            let _ = writeln!(
                text,
                "  service level {} s: {:.1} % of answered, {:.1} % of all, {:.1} % with abandoned, {:.1} % without short",
                target.as_secs(),
                level.of_answered * 100.0,
                level.of_all * 100.0,
                level.with_abandoned * 100.0,
                level.without_short * 100.0
            );
            let _ = writeln!(text, "  wait of answered: {}", waits(&figures.answered));
        }
        if let Some(occupancy) = self.occupancy(now) {
            let _ = writeln!(text, "occupancy {:.1} %", occupancy * 100.0);
        }
        text
    }
}

impl Shift {
    fn turn(&mut self, now: Instant) {
        let spent = now.since(self.since);
        match self.state {
            Some(AgentState::Talking | AgentState::Holding | AgentState::WrapUp) => self.busy += spent,
            Some(AgentState::Ready) => self.ready += spent,
            _ => {}
        }
        self.since = now;
    }
}

/// The cause as it stands in records.
fn word(cause: &Cause) -> String {
    serde_json::to_value(cause).ok().and_then(|value| value.as_str().map(Into::into)).unwrap_or_default()
}

fn waits(sorted: &[u64]) -> String {
    let Some(&longest) = sorted.last() else { return "none".into() };
    let seconds = |micros: u64| micros as f64 / 1e6;
    let mean = sorted.iter().sum::<u64>() as f64 / sorted.len() as f64 / 1e6;
    let at = |share: usize| sorted.get((sorted.len() - 1) * share / 100).copied().unwrap_or(longest);
    format!(
        "mean {mean:.2} s, p50 {:.2} s, p90 {:.2} s, max {:.2} s",
        seconds(at(50)),
        seconds(at(90)),
        seconds(longest)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_readings_of_the_worked_case_in_the_domain_rules() {
        let second = 1_000_000;
        let figures = QueueFigures {
            answered: [vec![5 * second; 70], vec![60 * second; 20]].concat(),
            abandoned: vec![5 * second; 10],
            ..QueueFigures::default()
        };
        let level = figures.service_level(Duration::from_secs(20));
        let percent = |share: f64| (share * 1000.0).round() / 10.0;
        assert_eq!(percent(level.of_answered), 77.8);
        assert_eq!(percent(level.of_all), 70.0);
        assert_eq!(percent(level.with_abandoned), 80.0);
        assert_eq!(percent(level.without_short), 77.8);
    }
}
