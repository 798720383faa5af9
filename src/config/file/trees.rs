//! The tables of an IVR tree: one table per kind of node, nodes by name.

use super::{Lasting, Name, Table};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// `[trees.NAME]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeFile {
    pub root: Name,
    /// The queue that `0` leads to where no level names another.
    pub zero: Option<Name>,
    pub zero_priority: Option<i32>,
    pub back: Option<bool>,
    pub repeat: Option<bool>,
    pub invalid: Option<Say>,
    pub no_input: Option<Say>,
    #[serde(default)]
    pub menu: Table<MenuFile>,
    #[serde(default)]
    pub play: Table<PlayFile>,
    #[serde(default)]
    pub collect: Table<CollectFile>,
    #[serde(default)]
    pub queue: Table<QueueNodeFile>,
    #[serde(default)]
    pub agent: Table<AgentNodeFile>,
    #[serde(default)]
    pub hang_up: Table<HangUpFile>,
    #[serde(default)]
    pub hours: Table<HoursFile>,
    #[serde(default)]
    pub language: Table<LanguageFile>,
}

/// One prompt or a list of them.
#[derive(Debug, Default, Clone)]
pub struct Say(pub Vec<Name>);

impl<'de> Deserialize<'de> for Say {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Vec<Name>;
            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("a list of prompts such as [\"welcome\", \"main\"]")
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut prompts = Vec::new();
                while let Some(prompt) = list.next_element()? {
                    prompts.push(prompt);
                }
                Ok(prompts)
            }
        }
        deserializer.deserialize_seq(Visitor).map(Self)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MenuFile {
    #[serde(default)]
    pub say: Say,
    pub keys: BTreeMap<Name, Name>,
    pub zero: Option<Name>,
    pub invalid: Option<Say>,
    pub no_input: Option<Say>,
    pub barge_in: Option<bool>,
    pub timeout: Option<Lasting>,
    pub invalid_retries: Option<u8>,
    pub no_input_retries: Option<u8>,
    pub failed: Option<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlayFile {
    pub say: Say,
    pub next: Name,
    pub barge_in: Option<bool>,
    pub zero: Option<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CollectFile {
    #[serde(default)]
    pub say: Say,
    pub digits_min: Option<Spanned<u8>>,
    pub digits_max: Spanned<u8>,
    pub terminator: Option<Spanned<String>>,
    pub inter_digit: Option<Lasting>,
    pub next: Name,
    pub zero: Option<Name>,
    pub invalid: Option<Say>,
    pub no_input: Option<Say>,
    pub barge_in: Option<bool>,
    pub timeout: Option<Lasting>,
    pub invalid_retries: Option<u8>,
    pub no_input_retries: Option<u8>,
    pub failed: Option<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueNodeFile {
    pub queue: Name,
    pub priority: Option<i32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentNodeFile {
    pub agent: Name,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HangUpFile {
    #[serde(default)]
    pub say: Say,
    pub zero: Option<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoursFile {
    pub calendar: Name,
    pub open: Name,
    pub closed: Name,
    pub holiday: Option<Name>,
    pub zero: Option<Name>,
}

/// Either `set` and `next` (acts at once), or a question with `keys`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageFile {
    pub set: Option<Name>,
    #[serde(default)]
    pub say: Say,
    #[serde(default)]
    pub keys: BTreeMap<Name, Name>,
    pub next: Name,
    pub zero: Option<Name>,
    pub invalid: Option<Say>,
    pub no_input: Option<Say>,
    pub barge_in: Option<bool>,
    pub timeout: Option<Lasting>,
    pub invalid_retries: Option<u8>,
    pub no_input_retries: Option<u8>,
    pub failed: Option<Name>,
}

/// What a level says about asking and listening, from whichever table.
pub struct ListenFile<'a> {
    pub say: &'a Say,
    pub invalid: Option<&'a Say>,
    pub no_input: Option<&'a Say>,
    pub barge_in: Option<bool>,
    pub timeout: Option<Lasting>,
    pub invalid_retries: Option<u8>,
    pub no_input_retries: Option<u8>,
    pub failed: Option<&'a Name>,
}

macro_rules! listens {
    ($($file:ident),*) => {$(
        impl $file {
            pub fn listen(&self) -> ListenFile<'_> {
                ListenFile {
                    say: &self.say,
                    invalid: self.invalid.as_ref(),
                    no_input: self.no_input.as_ref(),
                    barge_in: self.barge_in,
                    timeout: self.timeout,
                    invalid_retries: self.invalid_retries,
                    no_input_retries: self.no_input_retries,
                    failed: self.failed.as_ref(),
                }
            }
        }
    )*};
}

listens!(MenuFile, CollectFile, LanguageFile);

/// A key of the telephone; `None`: the text is none.
pub fn key(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [key @ (b'0'..=b'9' | b'*' | b'#' | b'A'..=b'D')] => Some(*key),
        _ => None,
    }
}
