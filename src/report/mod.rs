//! What operations people see: figures and tables, worked out from what the owners publish. Pure: rows and figures in, words and
//! numbers out. Not the HTTP server (`io::http`), and never a look into an owner.

pub mod command;
pub mod names;
pub mod prometheus;
pub mod tables;

pub use names::Names;
