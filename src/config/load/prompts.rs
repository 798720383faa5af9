//! Prompts and words: names become files, one for each language, and every one must exist.

use super::Load;
use crate::config::epoch::PromptSource;
use crate::config::file::Name;
use crate::config::file::trees::Say;
use crate::ids::PromptId;
use crate::ivr::session::Language;
use crate::ivr::spoken::{Numbers, Words};
use crate::ivr::tree::Lines;
use crate::switch::settings::Spoken;
use core::ops::Range;
use std::path::Path;

/// Languages a configuration may have.
const LANGUAGES_MAX: usize = 16;

impl<'a> Load<'a> {
    /// The languages, and the words each one needs for what Huntline says by itself.
    pub(super) fn spoken(&mut self) -> Spoken {
        let file = self.file;
        let mut spans: Vec<Range<usize>> = Vec::new();
        for language in &file.prompts.languages {
            let name = language.get_ref().as_str();
            if self.languages.contains(&name) || self.languages.len() >= LANGUAGES_MAX {
                let problem = format!("`{name}` is named twice, or is more than the {LANGUAGES_MAX}th language");
                self.report.error(language.span(), problem);
            } else if !is_plain(name) || !(name.starts_with("zh") || name.starts_with("en")) {
                let problem =
                    "a language begins with `zh` or `en`: only their numbers can be spoken (src/ivr/spoken.rs)";
                self.report.error(language.span(), problem);
            } else {
                self.languages.push(name);
                spans.push(language.span());
            }
        }
        if self.languages.is_empty() {
            self.languages.push("zh");
            spans.push(0..0);
        }
        let languages = self.languages.clone();
        Spoken { languages: languages.iter().zip(&spans).map(|(name, span)| self.words(name, span)).collect() }
    }

    fn words(&mut self, language: &str, span: &Range<usize>) -> Words {
        let mut word = |name: &str| self.prompt_in(language, name, span);
        let digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"].map(&mut word);
        let mandarin = language.starts_with("zh");
        let numbers = if mandarin {
            Numbers::Mandarin { ten: word("10"), hundred: word("100"), thousand: word("1000"), two: word("two") }
        } else {
            Numbers::English {
                teens: ["10", "11", "12", "13", "14", "15", "16", "17", "18", "19"].map(&mut word),
                tens: ["20", "30", "40", "50", "60", "70", "80", "90"].map(&mut word),
                hundred: word("100"),
                thousand: word("1000"),
            }
        };
        let mut word = |name: &str| self.prompt_in(language, name, span);
        let (place_before, place_after) = (word("place_before"), word("place_after"));
        let (wait_before, wait_after, wait_after_one) =
            (word("wait_before"), word("wait_after"), word("wait_after_one"));
        let (please_wait, goodbye) = (word("please_wait"), word("goodbye"));
        let (agent_before, agent_after) = (word("agent_before"), word("agent_after"));
        let yao = mandarin && self.file.prompts.yao.unwrap_or(true);
        let one_in_digits = if yao { self.prompt_in(language, "yao", span) } else { digits[1] };
        Words {
            name: language.into(),
            digits,
            numbers,
            one_in_digits,
            place_before,
            place_after,
            wait_before,
            wait_after,
            wait_after_one,
            please_wait,
            goodbye,
            agent_before,
            agent_after,
        }
    }

    /// What a node says, in every language. `en/human` is said in English to everybody.
    pub(super) fn lines(&mut self, say: &Say) -> Lines {
        let languages = self.languages.clone();
        let line = |load: &mut Self, language: &str| {
            say.0.iter().map(|prompt| load.prompt(language, prompt)).collect::<Box<[PromptId]>>()
        };
        Lines(languages.iter().map(|language| line(self, language)).collect())
    }

    /// One prompt in one language.
    pub(super) fn prompt(&mut self, language: &str, name: &Name) -> PromptId {
        match name.get_ref().split_once('/') {
            Some((named, rest)) if self.languages.contains(&named) => self.prompt_in(named, rest, &name.span()),
            _ => self.prompt_in(language, name.get_ref(), &name.span()),
        }
    }

    /// A sound that has no language: music.
    pub(super) fn sound(&mut self, name: &Name) -> PromptId {
        self.prompt_file(name.get_ref().clone(), name.get_ref(), &name.span())
    }

    fn prompt_in(&mut self, language: &str, name: &str, span: &Range<usize>) -> PromptId {
        self.prompt_file(format!("{language}/{name}"), name, span)
    }

    fn prompt_file(&mut self, key: String, name: &str, span: &Range<usize>) -> PromptId {
        let id = PromptId(self.names.prompts.id(&key));
        if self.prompts.len() <= id.index() {
            self.prompts.resize(id.index() + 1, None);
        }
        if self.prompts.get(id.index()).is_some_and(Option::is_some) {
            return id;
        }
        let below = format!("{key}.wav");
        let directory = self.file.prompts.directory.as_deref().unwrap_or(Path::new("prompts"));
        let path = self.around.base.join(directory).join(&below);
        let source = if !is_plain(name) {
            self.report.error(
                span.clone(),
                "a prompt's name has letters, digits, `_` and `-`, after `language/` if one is meant",
            );
            None
        } else if (self.around.is_file)(&path) {
            Some(PromptSource::File(path))
        } else if (self.around.is_shipped)(&below) {
            Some(PromptSource::Embedded(below.into()))
        } else {
            let problem = format!("the prompt `{key}` has no file: there is no {}", path.display());
            self.report.error(span.clone(), problem);
            None
        };
        if let Some(slot) = self.prompts.get_mut(id.index()) {
            *slot = source;
        }
        id
    }

    /// Sources by id. What is no longer in use stands for the first that is, so that the table has no hole.
    pub(super) fn prompt_sources(&mut self) -> Vec<PromptSource> {
        self.prompts.resize(self.names.prompts.all().len(), None);
        let any = self.prompts.iter().flatten().next().cloned();
        let any = any.unwrap_or_else(|| PromptSource::Embedded("music.wav".into()));
        self.prompts.iter().map(|source| source.clone().unwrap_or_else(|| any.clone())).collect()
    }

    pub(super) fn language(&mut self, name: &Name) -> Option<Language> {
        let at = self.languages.iter().position(|&language| language == name.get_ref());
        if at.is_none() {
            let there_is = crate::config::error::did_you_mean(name.get_ref(), self.languages.iter().copied());
            self.report.error(name.span(), format!("there is no language `{}`{there_is}", name.get_ref()));
        }
        at.map(|at| Language(u8::try_from(at).unwrap_or(0)))
    }
}

/// Whether a name can stand in a path without leaving it.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}
