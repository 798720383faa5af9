//! What the TOML looks like: one struct per table, nothing checked beyond the form of a value. Every key with its unit, default and meaning
//! is in `docs/configuration.md` (a test compares the two). Trees are in [`trees`], the forms of single values in [`value`].

pub mod trees;
pub mod value;

use core::num::NonZeroUsize;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use toml::Spanned;
pub use trees::TreeFile;
pub use value::{Lasting, Read, Time, Word};

/// A name with its place in the file.
pub type Name = Spanned<String>;
/// A table by name.
pub type Table<T> = BTreeMap<Name, T>;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub sip: SipFile,
    #[serde(default)]
    pub http: HttpFile,
    #[serde(default)]
    pub media: MediaFile,
    #[serde(default)]
    pub process: ProcessFile,
    #[serde(default)]
    pub limits: LimitsFile,
    #[serde(default)]
    pub gate: GateFile,
    #[serde(default)]
    pub routing: RoutingFile,
    #[serde(default)]
    pub prompts: PromptsFile,
    #[serde(default)]
    pub trunks: Table<TrunkFile>,
    pub numbers: Table<NumberFile>,
    #[serde(default)]
    pub agents: Vec<AgentFile>,
    pub queues: Table<QueueFile>,
    #[serde(default)]
    pub calendars: Table<CalendarFile>,
    /// Code (`*62` + code) → name.
    #[serde(default)]
    pub reasons: BTreeMap<Name, String>,
    #[serde(default)]
    pub trees: Table<TreeFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SipFile {
    pub listen: Vec<Spanned<Word<core::net::SocketAddr>>>,
    pub advertised: Option<Word<core::net::IpAddr>>,
    pub realm: Option<String>,
    pub challenge_calls: Option<bool>,
    #[serde(default)]
    pub passed_headers: Vec<Name>,
    #[serde(default)]
    pub algorithms: Vec<Word<crate::sip::digest::Algorithm>>,
    pub nonce_life: Option<Lasting>,
    pub nonces_max: Option<NonZeroUsize>,
    pub expires_min: Option<Lasting>,
    pub expires_max: Option<Spanned<Lasting>>,
    pub contacts_max: Option<NonZeroUsize>,
    pub t1: Option<Lasting>,
    pub t2: Option<Lasting>,
    pub t4: Option<Lasting>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpFile {
    pub listen: Option<Spanned<Word<core::net::SocketAddr>>>,
    pub token: Option<Spanned<String>>,
    pub token_file: Option<Spanned<PathBuf>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MediaFile {
    pub bind: Option<Spanned<Word<core::net::Ipv4Addr>>>,
    pub advertised: Option<Word<core::net::IpAddr>>,
    pub ports: Option<Spanned<Word<value::Ports>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessFile {
    pub data: Option<PathBuf>,
    pub threads: Option<Word<value::Threads>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsFile {
    pub calls_max: Option<usize>,
    pub transactions_max: Option<NonZeroUsize>,
    pub silence: Option<Lasting>,
    pub call_max: Option<Lasting>,
    pub drain: Option<Time>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateFile {
    pub rate: Option<Spanned<f64>>,
    pub burst: Option<Spanned<f64>>,
    pub sources_max: Option<NonZeroUsize>,
    pub penalty: Option<Lasting>,
    #[serde(default)]
    pub trusted: Vec<Word<crate::gate::Network>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoutingFile {
    pub ageing_per_second: Option<Spanned<f64>>,
    pub ring_limit: Option<Lasting>,
    pub on_register: Option<Word<value::OnRegister>>,
    pub provisional_timeout: Option<Lasting>,
    pub repeat_offer_after: Option<Time>,
    pub failures_max: Option<u8>,
    pub busy_grace: Option<Time>,
    pub busy_retry: Option<Time>,
    pub offer_gap: Option<Time>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptsFile {
    pub directory: Option<PathBuf>,
    /// The first is the default.
    #[serde(default)]
    pub languages: Vec<Name>,
    /// Whether Mandarin reads 1 as 幺 in agent numbers.
    pub yao: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrunkFile {
    pub sources: Vec<Spanned<Word<crate::gate::Network>>>,
    #[serde(default)]
    pub codecs: Vec<Word<crate::media::Codec>>,
    pub calls_max: Option<u32>,
    pub calls_per_second_max: Option<u32>,
    pub refusal_status: Option<Spanned<u16>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberFile {
    pub tree: Option<Name>,
    pub queue: Option<Name>,
    pub language: Option<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentFile {
    pub number: Name,
    pub name: Option<String>,
    #[serde(default)]
    pub skills: BTreeMap<Name, Spanned<u8>>,
    pub password: Option<String>,
    pub ha1: Option<Spanned<String>>,
    pub contact: Option<Spanned<String>>,
    pub ring_limit: Option<Lasting>,
    pub on_register: Option<Word<value::OnRegister>>,
    /// So many agents with running numbers; `{number}` in name, password and contact stands for each one's.
    pub count: Option<Spanned<u32>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueFile {
    #[serde(default)]
    pub requires: BTreeMap<Name, Spanned<u8>>,
    pub priority: Option<i32>,
    pub waiting_max: Option<u32>,
    pub wait_max: Option<Time>,
    pub refuse_without_agents: Option<bool>,
    pub wrap_up: Option<Time>,
    pub wrap_up_max: Option<Spanned<Time>>,
    pub place: Option<PlaceFile>,
    pub assumed: Option<AssumedFile>,
    pub wait_buckets: Option<Spanned<Vec<f64>>>,
    pub music: Option<Name>,
    pub welcome: Option<Name>,
    pub fallback: Option<Spanned<ExitFile>>,
    pub star_to_menu: Option<bool>,
    pub hours: Option<DoorFile>,
}

/// When a waiting caller is told the place.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceFile {
    pub after: Time,
    pub every: Option<Spanned<Time>>,
}

/// Figures for the expected wait until there are measured ones.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssumedFile {
    pub handling_time: Option<Lasting>,
    pub patience: Option<Lasting>,
}

/// One of the two.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExitFile {
    pub queue: Option<Name>,
    pub node: Option<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoorFile {
    pub calendar: Name,
    pub closed: Name,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarFile {
    pub zone: Option<Name>,
    /// Days (`mon`, `mon-fri`, `sat,sun`) → opening spans.
    #[serde(default)]
    pub week: BTreeMap<Name, Vec<Word<crate::ivr::hours::Span>>>,
    #[serde(default)]
    pub holidays: Vec<Word<value::Dates>>,
    /// Date → the weekday it works like.
    #[serde(default)]
    pub make_up_days: BTreeMap<Name, Word<value::Day>>,
}
