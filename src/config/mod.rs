//! The configuration: [`mod@file`] is what the TOML looks like, [`load()`] checks it and builds each module's own `Settings` into one
//! [`Epoch`], [`picture`] draws it. Pure: text in, values or errors out; files are only named here.

pub mod epoch;
pub mod error;
pub mod file;
pub mod load;
pub mod names;
pub mod picture;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_guide;

pub use epoch::Epoch;
pub use error::ConfigError;
pub use load::{Around, load};
pub use names::Names;

/// The shipped configuration, for a start without a file.
pub const DEFAULT: &str = include_str!("../../config/huntline.toml");
