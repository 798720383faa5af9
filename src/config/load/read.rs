//! From TOML to [`File`]. serde stops at its first error; to find more, the offending key is taken out and the rest read again.

use crate::config::error::{Report, did_you_mean};
use crate::config::file::File;
use core::ops::Range;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

/// So many errors of form are shown at once.
const TRIES_MAX: usize = 20;

/// The file, without the keys that were reported. `None`: too little is left to go on with.
pub fn read(root: &Spanned<DeTable<'_>>, report: &mut Report<'_>) -> Option<File> {
    let mut rest = root.clone();
    let mut removed: Vec<String> = Vec::new();
    for _ in 0..TRIES_MAX {
        let error = match File::deserialize(Deserializer::from(rest.clone())) {
            Ok(file) => return Some(file),
            Err(error) => error,
        };
        let span = error.span().unwrap_or(0..0);
        if let Some(field) = error.message().strip_prefix("missing field ") {
            // The key may be missing only because it was taken out.
            if !removed.iter().any(|key| key == field.trim_matches('`')) {
                report.error(span, format!("the key {field} is missing"));
            }
            return None;
        }
        report.error(span.clone(), in_our_words(error.message()));
        removed.push(remove(rest.get_mut(), &span)?);
    }
    None
}

/// serde's wording of unknown keys, turned into a suggestion.
fn in_our_words(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    match (message.starts_with("unknown field"), quoted.next()) {
        (true, Some(key)) => format!("there is no key `{key}` here{}", did_you_mean(key, quoted)),
        _ => message.to_string(),
    }
}

/// Takes out the innermost key whose name or value covers `span`, and returns its name.
fn remove(table: &mut DeTable<'_>, span: &Range<usize>) -> Option<String> {
    let covers = |outer: &Range<usize>| outer.start <= span.start && span.end <= outer.end && !outer.is_empty();
    let mut hit = None;
    for (key, value) in table.iter_mut() {
        if covers(&key.span()) {
            hit = Some(key.clone());
            break;
        }
        let inner = match value.get_mut() {
            DeValue::Table(table) => remove(table, span),
            DeValue::Array(list) => list.iter_mut().find_map(|value| match value.get_mut() {
                DeValue::Table(table) => remove(table, span),
                _ => None,
            }),
            _ => None,
        };
        if inner.is_some() {
            return inner;
        }
        if covers(&value.span()) {
            hit = Some(key.clone());
            break;
        }
    }
    let key = hit?;
    table.remove(&key);
    Some(key.into_inner().into_owned())
}
