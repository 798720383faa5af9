//! Where the configuration comes from: the file that was named, else `config/huntline.toml` if it is there, else the copy inside the
//! program. What it means is [`crate::config`]'s.

use crate::config::{self, Around, ConfigError, Epoch, Names};
use std::io;
use std::path::{Path, PathBuf};

/// Where a configuration is looked for when none is named.
pub const USUAL: &str = "config/huntline.toml";

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    #[error("{path}: cannot be read: {reason}")]
    Unreadable { path: PathBuf, reason: io::Error },
    /// One line each.
    #[error("{}", lines(.0))]
    Wrong(Vec<ConfigError>),
}

fn lines(errors: &[ConfigError]) -> String {
    errors.iter().map(ConfigError::to_string).collect::<Vec<_>>().join("\n")
}

/// A configuration's text, and what it is called.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// As shown and as errors name it.
    pub name: String,
    pub text: String,
    /// Where relative paths begin.
    pub base: PathBuf,
}

impl Source {
    /// Finds and reads the configuration; `named` is what the command line says.
    pub fn find(named: Option<&Path>) -> Result<Self, ConfigurationError> {
        let path = match named {
            Some(path) => path,
            None if Path::new(USUAL).is_file() => Path::new(USUAL),
            None => return Ok(Self::shipped()),
        };
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Self { name: path.display().to_string(), text, base: base_of(path) }),
            Err(reason) => Err(ConfigurationError::Unreadable { path: path.to_path_buf(), reason }),
        }
    }

    fn shipped() -> Self {
        Self { name: "huntline.toml (inside the program)".into(), text: config::DEFAULT.into(), base: "config".into() }
    }

    /// A configuration kept in a ring file, as it was read then.
    pub fn of_recording(name: &str, text: &str) -> Self {
        Self { name: name.into(), text: text.into(), base: base_of(Path::new(name)) }
    }

    /// Checks the text and builds every part's settings.
    pub fn load(&self) -> Result<Epoch, ConfigurationError> {
        let around = Around {
            file: &self.name,
            base: &self.base,
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            is_file: &Path::is_file,
            is_shipped: &super::prompts::is_shipped,
            read: &|path| std::fs::read_to_string(path).ok(),
        };
        config::load(&self.text, &around, &Names::default()).map_err(ConfigurationError::Wrong)
    }
}

fn base_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => ".".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_file_that_is_not_there_is_named_in_the_error() {
        let error = Source::find(Some(Path::new("/nowhere/x.toml"))).unwrap_err();
        assert!(error.to_string().starts_with("/nowhere/x.toml: cannot be read: No such file"), "{error}");
    }

    #[test]
    fn the_copy_inside_the_program_loads() {
        let epoch = Source::shipped().load().unwrap();
        assert!(!epoch.switch.numbers.is_empty());
        assert_eq!(base_of(Path::new("x.toml")), Path::new("."));
        assert_eq!(base_of(Path::new("/etc/huntline/x.toml")), Path::new("/etc/huntline"));
    }
}
