//! What a simulation is made of besides the product's settings: seed, layout, network, links, and how much it watches itself.

use super::link::Manners;
use super::network::Conditions;
use crate::clock::Duration;

/// Which values share a thread (DESIGN §1, Values first, threads second).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Layout {
    /// Gate, Switch and Router on one thread: a hand-over is a call in the same turn.
    #[default]
    Together,
    /// Each on its own: a hand-over takes a while, and its queue may be full.
    Apart,
}

/// How closely the world watches the owners.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Watch {
    /// Keep every message, for ladders.
    pub trace: bool,
    /// Check the invariants of the Switch and the Router every so many turns; 0: only at the end.
    pub check_every: u32,
    /// Keep every input of the Switch as `replay` takes them (layout `together`).
    pub record: bool,
}

/// See the module text.
#[derive(Clone, Debug)]
pub struct Options {
    pub seed: u64,
    pub layout: Layout,
    pub network: Conditions,
    pub links: Manners,
    /// RTP ports of the one media worker.
    pub pairs: u16,
    /// A phone that sends nothing is reported after this long.
    pub silence: Duration,
    /// µs since the Unix epoch at the start.
    pub wall: i64,
    pub watch: Watch,
}

impl Default for Options {
    /// Seed 1, together, a good network, 2,000 ports, everything watched; a Wednesday, 10:00 in Shanghai.
    fn default() -> Self {
        Self {
            seed: 1,
            layout: Layout::Together,
            network: Conditions::GOOD,
            links: Manners::default(),
            pairs: 2000,
            silence: Duration::from_secs(60),
            wall: 1_772_589_600_000_000,
            watch: Watch { trace: true, check_every: 1, record: false },
        }
    }
}
