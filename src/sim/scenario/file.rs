//! What a scenario file looks like. Unknown keys are refused; times are texts like `"15 s"`.
//!
//! ```toml
//! title = "busy hour"
//! seed = 1
//! layout = "together"             # or "apart": Gate, Switch and Router each on their own
//! service_target = "20 s"
//! config = "shipped"              # or the text of a configuration; or instead a small office:
//! [office]
//! agents = 30
//! [calls]
//! number = "1000"
//! lasting = "1 h"
//! per_hour = 600.0                # Poisson, unless `even = true`
//! keys = [{ after = "4 s", key = "0" }]
//! patience = { mean = "120 s" }   # { always = … }, { from = …, to = … } or { mean = … }
//! talk = { mean = "110 s" }
//! [agents]
//! answer = { from = "1 s", to = "6 s" }
//! [network]
//! loss = 0.02
//! [faults]
//! lost_routers = 3
//! ```

use crate::clock::Duration;
use crate::config::file::value::Word;
use serde::Deserialize;

/// A length of time.
pub type Times = Word<Duration>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    #[serde(default = "untitled")]
    pub title: String,
    #[serde(default = "one")]
    pub seed: u64,
    #[serde(default)]
    pub layout: LayoutName,
    #[serde(default = "target")]
    pub service_target: Times,
    pub config: Option<ConfigText>,
    pub office: Option<SmallOffice>,
    pub calls: Calls,
    #[serde(default)]
    pub agents: Agents,
    #[serde(default)]
    pub network: Network,
    #[serde(default)]
    pub faults: Faults,
    /// Pairs of media ports.
    #[serde(default = "ports")]
    pub ports: u16,
    /// Check the owners' invariants every so many turns; 0: only at the end.
    #[serde(default)]
    pub check_every: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayoutName {
    #[default]
    Together,
    Apart,
}

/// `"shipped"`, or a configuration's text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ConfigText {
    Shipped,
    Text(String),
}

impl<'de> Deserialize<'de> for ConfigText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(if text == "shipped" { Self::Shipped } else { Self::Text(text) })
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmallOffice {
    pub agents: u32,
    pub wrap_up: Times,
    pub ring_limit: Times,
    pub wait_max: Option<Times>,
    pub waiting_max: u32,
    pub place_after: Option<Times>,
}

impl Default for SmallOffice {
    fn default() -> Self {
        Self {
            agents: 8,
            wrap_up: seconds(5),
            ring_limit: seconds(15),
            wait_max: None,
            waiting_max: 1000,
            place_after: None,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calls {
    /// What callers dial.
    pub number: String,
    /// How long calls arrive.
    pub lasting: Times,
    pub per_hour: f64,
    /// At equal distances.
    #[serde(default)]
    pub even: bool,
    #[serde(default = "many")]
    pub at_most: u32,
    #[serde(default)]
    pub keys: Vec<Press>,
    #[serde(default = "patience")]
    pub patience: Spans,
    #[serde(default = "talk")]
    pub talk: Spans,
}

/// A key, so long after the call was answered.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Press {
    pub after: Times,
    pub key: String,
}

/// One of `always`, `from` and `to`, `mean`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spans {
    pub always: Option<Times>,
    pub from: Option<Times>,
    pub to: Option<Times>,
    pub mean: Option<Times>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Agents {
    /// From the first ring to the answer.
    pub answer: Spans,
    /// Shares of calls.
    pub declines: f64,
    pub lets_ring: f64,
}

impl Default for Agents {
    fn default() -> Self {
        let answer = Spans { from: Some(seconds(1)), to: Some(seconds(5)), ..Spans::default() };
        Self { answer, declines: 0.0, lets_ring: 0.0 }
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    pub delay: Option<[Times; 2]>,
    pub loss: f64,
    pub duplication: f64,
    pub reordering: f64,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    pub lost_routers: u32,
    pub replaced_switches: u32,
    /// Each comes back after a minute.
    pub crashed_phones: u32,
    pub stalls: u32,
}

fn seconds(seconds: u64) -> Times {
    Word(Duration::from_secs(seconds))
}
fn untitled() -> String {
    "without a title".into()
}
fn one() -> u64 {
    1
}
fn many() -> u32 {
    1_000_000
}
fn ports() -> u16 {
    6000
}
fn target() -> Times {
    seconds(20)
}
fn patience() -> Spans {
    Spans { mean: Some(seconds(120)), ..Spans::default() }
}
fn talk() -> Spans {
    Spans { mean: Some(seconds(110)), ..Spans::default() }
}
