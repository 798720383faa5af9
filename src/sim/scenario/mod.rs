//! Scenarios: a call centre, its callers, its agents and what goes wrong, in a TOML file, and what came of it. The file is
//! described by [`mod@file`]; a run of the same file with the same seed prints the same text, to the byte.

pub mod file;

use super::ladder::Style;
use super::network::Conditions;
use super::office::Office;
use super::options::{Layout, Options, Watch};
use super::people::{Deed, Habit, Spread, Step, When};
use super::world::{Fault, World};
use crate::clock::{Duration, Instant};
use crate::config::{self, Around, Names};
use crate::ids::CallId;
use crate::seed::Seed;
use core::fmt;
use file::{Calls, ConfigText, File, Spans, Times};

/// What the caller of [`run`] may ask besides the scenario.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Instead of the scenario's.
    pub seed: Option<u64>,
    /// The ladder of this call (`c12`, `12`, or the caller's number).
    pub ladder: Option<String>,
    pub style: Style,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// Calls, causes, service level, waits, occupancy.
    pub text: String,
    pub ladder: Option<String>,
    /// Everything that went wrong or was left over; a sound run has none.
    pub problems: Vec<String>,
    /// Calls that ended.
    pub calls: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match self.problems.as_slice() {
            [] => writeln!(f, "left over: nothing")?,
            problems => problems.iter().try_for_each(|problem| writeln!(f, "PROBLEM {problem}"))?,
        }
        self.ladder.as_ref().map_or(Ok(()), |ladder| write!(f, "\n{ladder}"))
    }
}

/// Why a scenario cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    #[error("{0}")]
    Syntax(#[from] toml::de::Error),
    #[error("the scenario's configuration: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Config(Vec<config::ConfigError>),
    #[error("{key}: {problem}")]
    Value { key: &'static str, problem: &'static str },
    #[error("there was no call {0}")]
    NoSuchCall(String),
}

/// Phones register within this time; the first caller comes after it.
const OPENING: Duration = Duration::from_secs(10);
/// How long after the last arrival the last call must be over.
const CLOSING: Duration = Duration::from_secs(4 * 3600);

/// Runs the scenario in `text` to its end.
pub fn run(text: &str, wishes: &Wishes) -> Result<Report, ScenarioError> {
    let file: File = toml::from_str(text)?;
    let seed = wishes.seed.unwrap_or(file.seed);
    let office = office(&file)?;
    let target = file.service_target.0;
    let options = options(&file, seed, wishes.ladder.is_some())?;
    let mut world = World::new(office, options);
    // Drawn from a source of their own, so that the same callers come whatever the owners do.
    let mut dice = Seed::new(seed ^ 0x5ce_4a10);
    populate(&mut world, &file, &mut dice)?;
    let lasting = file.calls.lasting.0;
    faults(&mut world, &file, lasting, &mut dice);
    world.run_to_the_end(OPENING + lasting + CLOSING);
    let problems = world.leftovers();
    let now = world.now;
    let gate = world.gate_counters();
    let (lost, doubled) = (world.network().lost, world.network().duplicated);
    let mut report = format!("scenario {}, seed {seed}, {:?}\n", file.title, world.layout());
    report.push_str(&world.summary.text(now, target));
    report.push_str(&format!(
        "messages {} passed, {} answered at the gate, {} shed; network lost {lost}, doubled {doubled}\n",
        gate.passed, gate.answered, gate.shed
    ));
    let ladder = wishes.ladder.as_ref().map(|call| ladder(&world, call, wishes.style)).transpose()?;
    Ok(Report { text: report, ladder, problems, calls: world.summary.calls })
}

fn office(file: &File) -> Result<Office, ScenarioError> {
    let text = match (&file.config, &file.office) {
        (Some(_), Some(_)) => return Err(value("office", "give either `config` or `[office]`")),
        (Some(ConfigText::Shipped), None) => config::DEFAULT,
        (Some(ConfigText::Text(text)), None) => text,
        (None, small) => return Ok(small_office(&small.clone().unwrap_or_default())),
    };
    let epoch = config::load(text, &Around::nothing("config"), &Names::default()).map_err(ScenarioError::Config)?;
    Ok(Office::of(&epoch, Duration::from_secs(2)))
}

fn small_office(small: &file::SmallOffice) -> Office {
    let mut office = Office::new(small.agents);
    for queue in &mut office.router.queues {
        queue.wrap_up = small.wrap_up.0;
        queue.wait_max = small.wait_max.map(|time| time.0);
        queue.waiting_max = small.waiting_max;
        queue.place_after = small.place_after.map(|time| time.0);
    }
    for agent in &mut office.router.agents {
        agent.ring_limit = small.ring_limit.0;
    }
    office
}

fn options(file: &File, seed: u64, trace: bool) -> Result<Options, ScenarioError> {
    let network = &file.network;
    let share =
        |key, share: f64| if (0.0..=1.0).contains(&share) { Ok(share) } else { Err(value(key, "a share from 0 to 1")) };
    let network = Conditions {
        delay: network.delay.map_or(Conditions::GOOD.delay, |[least, most]| (least.0, most.0.max(least.0))),
        loss: share("network.loss", network.loss)?,
        duplication: share("network.duplication", network.duplication)?,
        reordering: share("network.reordering", network.reordering)?,
        detour: Duration::from_millis(120),
    };
    Ok(Options {
        seed,
        layout: if file.layout == file::LayoutName::Apart { Layout::Apart } else { Layout::Together },
        network,
        pairs: file.ports,
        watch: Watch { trace, check_every: file.check_every, record: false },
        ..Options::default()
    })
}

fn populate(world: &mut World, file: &File, dice: &mut Seed) -> Result<(), ScenarioError> {
    let habit = Habit {
        answer: spread("agents.answer", &file.agents.answer)?,
        declines: file.agents.declines,
        lets_ring: file.agents.lets_ring,
    };
    for number in 0..world.agents_configured() {
        let at = Instant::START + Duration::from_micros(dice.below(OPENING.as_micros() as u64 / 2));
        let agent = world.add_agent(number, at, Vec::new());
        world.set_habit(agent, habit);
    }
    let trunk = world.add_trunk();
    let script = script(&file.calls)?;
    let between = Duration::from_secs(3600).as_secs_f64() / file.calls.per_hour.max(1e-6);
    let between = Duration::from_secs_f64(between.min(1e9));
    let gap = if file.calls.even { Spread::Always(between) } else { Spread::Exponential(between) };
    let end = Instant::START + OPENING + file.calls.lasting.0;
    let mut at = Instant::START + OPENING;
    for number in 0..file.calls.at_most {
        at = at + gap.draw(dice);
        if at >= end {
            break;
        }
        world.add_caller(trunk, at, &format!("139{number:08}"), &file.calls.number, script.clone());
    }
    Ok(())
}

fn script(calls: &Calls) -> Result<Vec<Step>, ScenarioError> {
    let patience = spread("calls.patience", &calls.patience)?;
    let talk = spread("calls.talk", &calls.talk)?;
    let mut script = vec![
        Step { when: When::Up, after: patience, deed: Deed::GiveUp },
        Step { when: When::Talking, after: talk, deed: Deed::HangUp },
    ];
    for press in &calls.keys {
        let [key] = press.key.as_bytes() else { return Err(value("calls.keys", "one key, like \"1\"")) };
        let after = Spread::Always(press.after.0);
        script.push(Step { when: When::Up, after, deed: Deed::Press(*key) });
    }
    Ok(script)
}

fn faults(world: &mut World, file: &File, lasting: Duration, dice: &mut Seed) {
    let faults = &file.faults;
    let span = lasting.as_micros() as u64;
    let moment = |dice: &mut Seed| Instant::START + OPENING + Duration::from_micros(dice.below(span));
    let agents = u64::from(world.agents_configured());
    for _ in 0..faults.lost_routers {
        world.fault(moment(dice), Fault::LoseRouter);
    }
    for _ in 0..faults.replaced_switches {
        world.fault(moment(dice), Fault::ReplaceSwitch);
    }
    for _ in 0..faults.stalls {
        world.fault(moment(dice), Fault::Stall(Duration::from_millis(dice.below(500))));
    }
    for _ in 0..faults.crashed_phones {
        let (agent, at) = (dice.below(agents) as u32, moment(dice));
        world.fault(at, Fault::CrashPhone(agent));
        world.fault(at + Duration::from_secs(60), Fault::RestartPhone(agent));
    }
}

fn ladder(world: &World, call: &str, style: Style) -> Result<String, ScenarioError> {
    let id = call.trim_start_matches('c').parse().ok().map(CallId);
    let record = world.summary.records.iter().find(|record| record.calling == call || Some(record.call) == id);
    let record = record.ok_or_else(|| ScenarioError::NoSuchCall(call.into()))?;
    Ok(world.ladder(&record.calling, style))
}

fn spread(key: &'static str, spans: &Spans) -> Result<Spread, ScenarioError> {
    let time = |time: &Option<Times>| time.map(|time| time.0);
    match (time(&spans.always), time(&spans.from), time(&spans.to), time(&spans.mean)) {
        (Some(always), None, None, None) => Ok(Spread::Always(always)),
        (None, Some(from), Some(to), None) if from <= to => Ok(Spread::Between(from, to)),
        (None, None, None, Some(mean)) => Ok(Spread::Exponential(mean)),
        _ => Err(value(key, "one of { always = \"3 s\" }, { from = \"1 s\", to = \"5 s\" } and { mean = \"110 s\" }")),
    }
}

fn value(key: &'static str, problem: &'static str) -> ScenarioError {
    ScenarioError::Value { key, problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "
        title = \"small\"
        [office]
        agents = 3
        [calls]
        number = \"1000\"
        lasting = \"20 min\"
        per_hour = 60.0
        keys = [{ after = \"3 s\", key = \"0\" }]
    ";

    #[test]
    fn a_small_scenario_runs_to_a_clean_end_and_prints_the_same_twice() {
        let wishes = Wishes { ladder: Some("c2".into()), ..Wishes::default() };
        let report = run(SMALL, &wishes).expect("it is a scenario");
        assert_eq!(report.problems, Vec::<String>::new());
        assert!(report.calls > 10, "{report}");
        assert!(report.to_string().contains("service level 20 s"));
        assert!(report.ladder.as_ref().is_some_and(|ladder| ladder.contains("INVITE 1000")));
        assert_eq!(run(SMALL, &wishes).expect("again").to_string(), report.to_string());
        let other = Wishes { seed: Some(9), ..Wishes::default() };
        assert_ne!(run(SMALL, &other).expect("another seed").text, report.text);
    }

    #[test]
    fn the_shipped_configuration_can_be_simulated() {
        let scenario =
            SMALL.replace("[office]\n        agents = 3", "").replace("title", "config = \"shipped\"\ntitle");
        let report = run(&scenario, &Wishes::default()).expect("it is a scenario");
        assert_eq!(report.problems, Vec::<String>::new(), "{report}");
        assert!(report.text.contains("queue service: answered"), "{report}");
    }

    #[test]
    fn mistakes_are_named() {
        for (wrong, named) in [
            ("title = 1", "title"),
            ("[calls]\nnumber = \"1000\"\nlasting = \"1 h\"\nper_hour = 1.0\nspeed = 3", "speed"),
            ("[calls]\nnumber = \"1000\"\nlasting = \"soon\"\nper_hour = 1.0", "500 ms"),
            ("[calls]\nnumber = \"1\"\nlasting = \"1 h\"\nper_hour = 1.0\ntalk = { from = \"3 s\" }", "calls.talk"),
            ("config = \"[sip]\"\n[calls]\nnumber = \"1\"\nlasting = \"1 h\"\nper_hour = 1.0", "configuration"),
        ] {
            let error = run(wrong, &Wishes::default()).expect_err(wrong).to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
