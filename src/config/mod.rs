//! The configuration: [`file`] is what the TOML looks like, [`load`] checks it and builds each module's own `Settings`.

pub mod epoch;
