//! What is wrong with a configuration: file, line, key, value, and what would be right. Several at a time where that is possible.

use core::fmt;
use core::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One error (or warning).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    pub file: Box<str>,
    /// From 1.
    pub line: usize,
    /// `queues.service.wrap_up`; empty where the text is no TOML.
    pub key: String,
    /// As written, shortened; secrets hidden.
    pub value: String,
    /// What is wrong, and what would be right.
    pub problem: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        match (self.key.is_empty(), self.value.is_empty()) {
            (true, _) => {}
            (false, true) => write!(f, "{}: ", self.key)?,
            (false, false) => write!(f, "{} = {}: ", self.key, self.value)?,
        }
        f.write_str(&self.problem)
    }
}

impl std::error::Error for ConfigError {}

/// Errors and warnings as they are found.
pub struct Report<'a> {
    text: &'a str,
    file: &'a str,
    root: Option<&'a DeTable<'a>>,
    pub errors: Vec<ConfigError>,
    pub warnings: Vec<ConfigError>,
}

/// Keys whose values are never shown.
const SECRETS: [&str; 3] = ["password", "ha1", "token"];

/// More errors than this help nobody.
pub const ERRORS_MAX: usize = 50;

impl<'a> Report<'a> {
    pub fn new(text: &'a str, file: &'a str, root: Option<&'a DeTable<'a>>) -> Self {
        Self { text, file, root, errors: Vec::new(), warnings: Vec::new() }
    }

    /// Notes an error at a place in the file.
    pub fn error(&mut self, span: Range<usize>, problem: impl Into<String>) {
        if self.errors.len() < ERRORS_MAX {
            let error = self.at(span, problem.into());
            self.errors.push(error);
        }
    }

    /// Notes that the text is no TOML there, with the line it stands in.
    pub fn syntax(&mut self, span: Range<usize>, problem: &str) {
        let start = self.text.get(..span.start).map_or(0, |before| before.rfind('\n').map_or(0, |at| at + 1));
        let line = self.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default().trim();
        let secret = SECRETS.iter().any(|word| line.contains(word));
        let shown = if secret || line.is_empty() { String::new() } else { format!(", in `{}`", shorten(line)) };
        self.error(span, format!("{problem}{shown}"));
    }

    pub fn warning(&mut self, span: Range<usize>, problem: impl Into<String>) {
        if self.warnings.len() < ERRORS_MAX {
            let warning = self.at(span, problem.into());
            self.warnings.push(warning);
        }
    }

    fn at(&self, span: Range<usize>, problem: String) -> ConfigError {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
        let mut found = Found::default();
        if let Some(root) = self.root {
            found.look_in(root, &span);
        }
        let value = match found.value {
            _ if found.secret => "(hidden)".to_string(),
            Some(value) => shorten(self.text.get(value).unwrap_or_default()),
            None => String::new(),
        };
        ConfigError { file: self.file.into(), line, key: found.key, value, problem }
    }
}

/// The first line of a value, at most 60 characters of it.
fn shorten(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let short: String = line.chars().filter(|c| !c.is_control()).take(60).collect();
    if short.len() < text.len() { short + "…" } else { short }
}

/// The key whose key or value stands at a place.
#[derive(Default)]
struct Found {
    key: String,
    value: Option<Range<usize>>,
    secret: bool,
}

impl Found {
    fn look_in(&mut self, table: &DeTable<'_>, span: &Range<usize>) {
        for (key, value) in table {
            let here = covers(&key.span(), span);
            if here || contains(value, span) {
                if !self.key.is_empty() {
                    self.key.push('.');
                }
                self.key.push_str(&written(key.get_ref()));
                self.secret |= SECRETS.contains(&key.get_ref().as_ref());
                match value.get_ref() {
                    _ if here && matches!(value.get_ref(), DeValue::Table(_) | DeValue::Array(_)) => {}
                    _ if here => self.value = Some(value.span()),
                    _ => self.look_at(value, span),
                }
                return;
            }
        }
    }

    fn look_at(&mut self, value: &Spanned<DeValue<'_>>, span: &Range<usize>) {
        match value.get_ref() {
            DeValue::Table(table) => self.look_in(table, span),
            DeValue::Array(list) => {
                if let Some((at, inner)) = list.iter().enumerate().find(|(_, inner)| contains(inner, span)) {
                    self.key.push_str(&format!("[{}]", at + 1));
                    self.look_at(inner, span);
                }
            }
            _ => self.value = Some(value.span()),
        }
    }
}

fn covers(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end && !outer.is_empty()
}

/// Whether a value, or anything inside it, stands at `span` (tables may be written in several places).
fn contains(value: &Spanned<DeValue<'_>>, span: &Range<usize>) -> bool {
    covers(&value.span(), span)
        || match value.get_ref() {
            DeValue::Table(table) => {
                table.iter().any(|(key, value)| covers(&key.span(), span) || contains(value, span))
            }
            DeValue::Array(list) => list.iter().any(|value| contains(value, span)),
            _ => false,
        }
}

/// A key as it has to be written.
fn written(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if bare { key.to_string() } else { format!("{key:?}") }
}

/// `known` and what `word` was probably meant to be.
pub fn did_you_mean<'n>(word: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let nearest = known.iter().map(|&name| (distance(word, name), name)).min();
    match nearest {
        Some((distance, name)) if distance <= 1 + name.chars().count() / 3 => format!("; did you mean `{name}`?"),
        Some(_) if known.len() <= 16 => format!("; there is {}", known.join(", ")),
        Some(_) => String::new(),
        None => "; there is none".to_string(),
    }
}

/// Levenshtein's distance, on the first 64 characters.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, c) in one.chars().take(64).enumerate() {
        let mut diagonal = core::mem::replace(&mut row[0], at + 1);
        for (column, &d) in other.iter().enumerate() {
            let change = diagonal + usize::from(c != d);
            diagonal = row[column + 1];
            row[column + 1] = change.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}
