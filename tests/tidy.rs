//! The tree keeps its own rules: module order, sizes, openings, licences, no dependency for show. Fast and offline but for
//! `cargo metadata`, which reads the local registry.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file longer than this hides a second thing (STYLE: 250 lines is normal, 500 is much).
const LINES_MAX: usize = 500;
/// A function longer than this does not fit a screen.
const FUNCTION_LINES_MAX: usize = 70;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("src is readable") {
            let path = entry.expect("an entry of src").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file is UTF-8");
                files.push((path.strip_prefix(root()).expect("below the root").to_path_buf(), text));
            }
        }
    }
    files.sort();
    files
}

/// The part of a file before its unit tests.
fn without_tests(text: &str) -> &str {
    text.find("#[cfg(test)]\nmod ").map_or(text, |at| &text[..at])
}

fn is_test_file(path: &Path) -> bool {
    let is_test = |part: &str| part.starts_with("tests") || part.ends_with("tests.rs");
    path.components().any(|part| part.as_os_str().to_str().is_some_and(is_test))
}

fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn modules_import_only_from_those_above_them() {
    let library = fs::read_to_string(root().join("src/lib.rs")).expect("lib.rs");
    let order: BTreeMap<&str, usize> = library
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .enumerate()
        .map(|(at, name)| (name, at))
        .collect();
    let mut wrong = Vec::new();
    for (path, text) in sources().iter().filter(|(path, _)| !is_test_file(path)) {
        let inside = path.strip_prefix("src").expect("below src");
        let first = inside.iter().next().and_then(|part| part.to_str()).unwrap_or_default();
        let Some(&own) = order.get(first.trim_end_matches(".rs")) else { continue };
        for (number, line) in without_tests(text).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for used in code.split("crate::").skip(1) {
                let name: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if order.get(name.as_str()).is_some_and(|&other| other > own) {
                    wrong.push(format!("{}:{}: uses {name}, which stands below", path.display(), number + 1));
                }
            }
        }
    }
    assert_none("imports against the order of src/lib.rs", &wrong);
}

#[test]
fn files_and_functions_fit_a_reader() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().count();
        if lines > LINES_MAX {
            wrong.push(format!("{}: {lines} lines", path.display()));
        }
        for (number, length) in functions(without_tests(&text)) {
            if length > FUNCTION_LINES_MAX && !is_test_file(&path) {
                wrong.push(format!("{}:{number}: a function of {length} lines", path.display()));
            }
        }
    }
    assert_none("too long", &wrong);
}

/// (line, length) of every function, by rustfmt's layout: it ends at the brace that stands as deep as its first line.
fn functions(text: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let starts = lines.iter().enumerate().filter(|(_, line)| {
        let words = line.trim_start();
        let words = words.strip_prefix("pub").map_or(words, |rest| rest.trim_start_matches(|c| c != ' ').trim_start());
        ["fn ", "const fn ", "async fn ", "unsafe fn "].iter().any(|word| words.starts_with(word))
    });
    let length = |(at, line): (usize, &&str)| {
        let indent = line.len() - line.trim_start().len();
        let end = format!("{}}}", " ".repeat(indent));
        let body = lines[at..].iter().position(|line| **line == end)?;
        Some((at + 1, body + 1))
    };
    starts.filter_map(length).collect()
}

#[test]
fn every_file_says_what_it_is() {
    let silent = sources().into_iter().filter(|(_, text)| !text.starts_with("//!"));
    assert_none("files without an opening", &silent.map(|(path, _)| path.display().to_string()).collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_undone_or_unwrapped_on_the_call_path() {
    let mut wrong = Vec::new();
    for (path, text) in sources().iter().filter(|(path, _)| !is_test_file(path)) {
        let on_path = ["sip", "rtp", "media", "gate", "switch", "acd", "call", "ivr"];
        let strict = path.iter().nth(1).and_then(|part| part.to_str()).is_some_and(|part| on_path.contains(&part));
        for (number, line) in without_tests(text).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let undone = ["todo!(", "unimplemented!("].iter().any(|word| code.contains(word));
            if undone || (strict && code.contains(".unwrap()")) {
                wrong.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert_none("left undone, or may panic", &wrong);
}

fn metadata() -> serde_json::Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--all-features", "--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata speaks JSON")
}

#[test]
fn every_dependency_has_a_licence_that_may_be_shipped() {
    const GOOD: [&str; 11] = [
        "MIT",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "Zlib",
        "Unlicense",
        "CC0-1.0",
        "0BSD",
        "BSL-1.0",
        "Unicode-3.0",
    ];
    // rsip names a file instead of an expression; the file is the MIT licence.
    const BY_FILE: [&str; 2] = ["rsip", "rsip-derives"];
    let mut wrong = Vec::new();
    for package in metadata()["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().unwrap_or_default();
        let licence = package["license"].as_str().unwrap_or_default();
        let licence = licence.replace(" WITH LLVM-exception", "").replace(['(', ')'], " ").replace('/', " OR ");
        let all_of = licence.split(" AND ").all(|part| part.split(" OR ").any(|one| GOOD.contains(&one.trim())));
        if !(all_of || BY_FILE.contains(&name) && package["license_file"].is_string()) {
            wrong.push(format!("{name}: {}", package["license"]));
        }
    }
    assert_none("licences that nobody has looked at", &wrong);
}

#[test]
fn no_dependency_is_there_for_show() {
    let used: String = ["src", "tests", "benches"]
        .iter()
        .flat_map(|folder| walk(&root().join(folder)))
        .map(|path| fs::read_to_string(path).unwrap_or_default())
        .collect();
    let metadata = metadata();
    let ours = metadata["packages"].as_array().expect("packages").iter().find(|package| package["name"] == "huntline");
    let mut idle = Vec::new();
    for dependency in ours.expect("our own package")["dependencies"].as_array().expect("dependencies") {
        let name = dependency["name"].as_str().unwrap_or_default();
        // The crate of md-5 is called md5.
        let module = if name == "md-5" { "md5".to_owned() } else { name.replace('-', "_") };
        if !used.contains(&format!("{module}::")) && !used.contains(&format!("use {module}")) {
            idle.push(name.to_owned());
        }
    }
    assert_none("dependencies that nothing uses", &idle);
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => walk(&path),
            false if path.extension().is_some_and(|extension| extension == "rs") => vec![path],
            false => vec![],
        })
        .collect()
}
