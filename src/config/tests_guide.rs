//! `docs/configuration.md` names every key that the file structs have, and no other.

use super::file::trees::*;
use super::file::*;
use serde::de::DeserializeOwned;

const GUIDE: &str = include_str!("../../docs/configuration.md");

/// The keys of a table, as serde lists them when it meets one that it does not know.
fn keys<T: DeserializeOwned>() -> Vec<String> {
    let Err(error) = toml::from_str::<T>("there-is-no-such-key = 1") else {
        panic!("every table refuses unknown keys")
    };
    let mut keys: Vec<String> = error.message().split('`').skip(3).step_by(2).map(ToString::to_string).collect();
    keys.sort();
    keys
}

/// The keys in the table under a heading.
fn documented(heading: &str) -> Vec<String> {
    let at = GUIDE.find(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no heading {heading}"));
    let section = GUIDE[at + 1..].lines().skip(1).take_while(|line| !line.starts_with('#'));
    let mut keys: Vec<String> =
        section.filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_string())).collect();
    keys.sort();
    keys
}

#[test]
fn every_key_is_documented_and_nothing_else() {
    for (heading, keys) in [
        ("## `[sip]`", keys::<SipFile>()),
        ("## `[http]`", keys::<HttpFile>()),
        ("## `[media]`", keys::<MediaFile>()),
        ("## `[process]`", keys::<ProcessFile>()),
        ("## `[limits]`", keys::<LimitsFile>()),
        ("## `[gate]`", keys::<GateFile>()),
        ("## `[routing]`", keys::<RoutingFile>()),
        ("## `[prompts]`", keys::<PromptsFile>()),
        ("## `[trunks.NAME]`", keys::<TrunkFile>()),
        ("## `[numbers]`", keys::<NumberFile>()),
        ("## `[[agents]]`", keys::<AgentFile>()),
        ("## `[queues.NAME]`", keys::<QueueFile>()),
        ("### `place`", keys::<PlaceFile>()),
        ("### `assumed`", keys::<AssumedFile>()),
        ("### `fallback`", keys::<ExitFile>()),
        ("### `hours`", keys::<DoorFile>()),
        ("## `[calendars.NAME]`", keys::<CalendarFile>()),
        ("## `[trees.NAME]`", keys::<TreeFile>()),
        ("### `menu`", keys::<MenuFile>()),
        ("### `play`", keys::<PlayFile>()),
        ("### `collect`", keys::<CollectFile>()),
        ("### `queue`", keys::<QueueNodeFile>()),
        ("### `agent`", keys::<AgentNodeFile>()),
        ("### `hang_up`", keys::<HangUpFile>()),
        ("### `hours` (node)", keys::<HoursFile>()),
        ("### `language`", keys::<LanguageFile>()),
    ] {
        assert_eq!(documented(heading), keys, "{heading}");
    }
    // And every table has a heading.
    for table in keys::<File>() {
        let headings = [format!("## `[{table}]`"), format!("## `[[{table}]]`"), format!("## `[{table}.NAME]`")];
        assert!(headings.iter().any(|heading| GUIDE.contains(heading)), "[{table}] has no section");
    }
}
