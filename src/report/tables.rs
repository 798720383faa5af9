//! Rows as the API shows them, made from the rows that the owners publish. Instants become ages and civil times, ids become names, and
//! what callers sent is cleaned.

use super::names::{Names, state_word};
use crate::acd::agent::AgentState;
use crate::acd::snapshot::{AgentRow, QueueRow};
use crate::call::Stage;
use crate::clock::{Instant, WallClock, WallTime};
use crate::switch::snapshot::CallRow;
use serde::Serialize;

/// Characters of a peer's text that a row shows at most.
const TEXT_MAX: usize = 128;

/// The moment at which a table is shown.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub now: Instant,
    pub wall: WallClock,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CallView<'a> {
    pub id: String,
    pub calling: String,
    pub called: String,
    pub stage: Stage,
    pub queue: Option<&'a str>,
    /// The agent's number.
    pub agent: Option<&'a str>,
    pub since: String,
    pub duration_seconds: f64,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct QueueView<'a> {
    pub name: &'a str,
    pub waiting: usize,
    pub oldest_wait_seconds: f64,
    pub offered: u64,
    pub answered: u64,
    pub expected_wait_seconds: f64,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct AgentView<'a> {
    pub number: &'a str,
    pub name: &'a str,
    pub state: &'static str,
    /// Why not ready: a configured code, or `no_answer`, `busy`, `declined`, `phone_error`.
    pub reason: Option<&'a str>,
    /// `None`: the Router has not spoken of this agent yet.
    pub since: Option<String>,
    pub state_seconds: f64,
    pub call: Option<String>,
    /// Whether a phone can be reached: registered, or at a fixed contact.
    pub registered: bool,
}

/// A call in progress.
pub fn call<'a>(row: &CallRow, names: &'a Names, moment: Moment) -> CallView<'a> {
    CallView {
        id: row.call.to_string(),
        calling: cleaned(&row.calling),
        called: cleaned(&row.called),
        stage: row.stage,
        queue: row.queue.and_then(|queue| names.queue(queue)).map(|queue| &*queue.name),
        agent: row.agent.map(|agent| names.agent_number(agent)),
        since: civil(moment.wall.at(row.since)),
        duration_seconds: seconds(moment.now, row.since),
    }
}

pub fn queue(row: &QueueRow, moment: Moment) -> QueueView<'_> {
    QueueView {
        name: &row.name,
        waiting: row.waiting,
        oldest_wait_seconds: row.oldest.map_or(0.0, |oldest| seconds(moment.now, oldest)),
        offered: row.offered,
        answered: row.answered,
        expected_wait_seconds: rounded(row.expected_wait.as_secs_f64()),
    }
}

/// A configured agent and, if there is one, the Router's row.
pub fn agent<'a>(
    configured: &'a super::names::AgentName,
    row: Option<&AgentRow>,
    names: &'a Names,
    moment: Moment,
) -> AgentView<'a> {
    let state = row.map_or(AgentState::LoggedOff, |row| row.state);
    let reason = match state {
        AgentState::NotReady(why) => Some(names.not_ready(why)),
        _ => None,
    };
    AgentView {
        number: &configured.number,
        name: &configured.name,
        state: state_word(state),
        reason,
        since: row.map(|row| civil(moment.wall.at(row.since))),
        state_seconds: row.map_or(0.0, |row| seconds(moment.now, row.since)),
        call: row.and_then(|row| row.call).map(|call| call.to_string()),
        registered: row.is_some_and(|row| row.reachable),
    }
}

/// A peer's text for people's eyes: without control characters and without those that turn text around or hide it, and not longer than
/// somebody reads. Quotes and angle brackets stay: to escape them is the work of whoever writes JSON, labels or pages.
pub fn cleaned(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let mut shown: String =
        text.chars().take(TEXT_MAX).map(|c| if hidden(c) { char::REPLACEMENT_CHARACTER } else { c }).collect();
    if text.chars().nth(TEXT_MAX).is_some() {
        shown.push('…');
    }
    shown
}

/// RFC 3339, UTC.
fn civil(time: WallTime) -> String {
    jiff::Timestamp::from_microsecond(time.as_micros()).map_or_else(|_| String::new(), |time| time.to_string())
}

fn seconds(now: Instant, since: Instant) -> f64 {
    rounded(now.since(since).as_secs_f64())
}

/// To the millisecond.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acd::agent::NotReady;
    use crate::ids::{AgentId, CallId, QueueId, ReasonId};

    fn moment() -> Moment {
        let now = Instant::from_micros(90_000_000);
        Moment { now, wall: WallClock::set(now, WallTime::from_micros(1_700_000_090_000_000)) }
    }

    #[test]
    fn what_a_caller_sends_is_cleaned_and_cannot_leave_its_json_string() {
        let names = Names::sample(&["Ann"], &["service"], &[]);
        let hostile = "\"},{\"id\":\"c9\r\n<script>alert(1)</script>\u{202e}\u{0}\\";
        let row = CallRow {
            call: CallId(7),
            calling: hostile.into(),
            called: "1".repeat(10_000),
            since: Instant::from_micros(60_000_000),
            stage: Stage::Ringing,
            queue: Some(QueueId(0)),
            agent: Some(AgentId(0)),
        };
        let json = serde_json::to_string(&[call(&row, &names, moment())]).unwrap();
        assert!(!json.chars().any(|c| c.is_control() || c == '\u{202e}'));
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read.as_array().unwrap().len(), 1);
        assert_eq!(read[0]["calling"], "\"},{\"id\":\"c9\u{fffd}\u{fffd}<script>alert(1)</script>\u{fffd}\u{fffd}\\");
        assert_eq!(read[0]["called"].as_str().unwrap().chars().count(), TEXT_MAX + 1);
        assert_eq!(
            (&read[0]["id"], &read[0]["queue"], &read[0]["agent"]),
            (&"c7".into(), &"service".into(), &"8001".into())
        );
        assert_eq!((&read[0]["stage"], &read[0]["duration_seconds"]), (&"ringing".into(), &30.0.into()));
        assert_eq!(read[0]["since"], "2023-11-14T22:14:20Z");
    }

    #[test]
    fn an_agent_is_shown_with_the_reason_and_before_the_router_has_spoken() {
        let names = Names::sample(&["Ann", "Bob"], &[], &["lunch"]);
        let row = AgentRow {
            agent: AgentId(1),
            state: AgentState::NotReady(NotReady::Chosen(ReasonId(0))),
            since: Instant::from_micros(80_500_000),
            call: Some(CallId(3)),
            reachable: true,
        };
        let view = agent(&names.agents[1], Some(&row), &names, moment());
        assert_eq!((view.number, view.state, view.reason, view.registered), ("8002", "not_ready", Some("lunch"), true));
        assert_eq!((view.state_seconds, view.call.as_deref()), (9.5, Some("c3")));
        let view = agent(&names.agents[0], None, &names, moment());
        assert_eq!((view.number, view.state, view.since, view.registered), ("8001", "logged_off", None, false));
        let row = AgentRow { state: AgentState::NotReady(NotReady::NoAnswer), ..row };
        assert_eq!(agent(&names.agents[1], Some(&row), &names, moment()).reason, Some("no_answer"));
    }

    #[test]
    fn a_queue_shows_the_age_of_its_longest_waiting_call_at_this_moment() {
        let row = QueueRow {
            queue: QueueId(0),
            name: "service".into(),
            waiting: 2,
            oldest: Some(Instant::from_micros(88_000_000)),
            offered: 5,
            answered: 3,
            expected_wait: crate::clock::Duration::from_millis(61_234),
            wait_counts: vec![3, 0],
            wait_sum: crate::clock::Duration::from_secs(4),
        };
        let view = queue(&row, moment());
        assert_eq!((view.oldest_wait_seconds, view.expected_wait_seconds, view.waiting), (2.0, 61.234, 2));
        assert_eq!(queue(&QueueRow { oldest: None, ..row.clone() }, moment()).oldest_wait_seconds, 0.0);
    }
}
