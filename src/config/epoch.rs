//! One finished configuration: what `load` makes and what every part takes its share of.

use super::error::ConfigError;
use super::names::Names;
use crate::{acd, gate, switch};
use core::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

/// Everything that one configuration file says, checked and compiled.
#[derive(Clone, Debug)]
pub struct Epoch {
    pub switch: Arc<switch::Settings>,
    pub router: Arc<acd::Settings>,
    pub gate: gate::Settings,
    /// Files of all prompts, by `PromptId`; loaded by `io::prompts`.
    pub prompts: Vec<PromptSource>,
    pub process: Process,
    /// Given to the load of the next epoch, so that ids stay.
    pub names: Names,
    /// What is allowed but hardly meant.
    pub warnings: Vec<ConfigError>,
}

/// Where one prompt's audio comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromptSource {
    File(PathBuf),
    /// Shipped inside the program: path below `config/prompts/`.
    Embedded(Box<str>),
}

/// What only the shell needs to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    /// SIP over UDP, by `ListenerId`.
    pub sip: Vec<SocketAddr>,
    pub http: SocketAddr,
    /// Bearer token for the API; required unless bound to loopback.
    pub http_token: Option<Box<str>>,
    pub media_bind: Ipv4Addr,
    /// First and last media port.
    pub media_ports: (u16, u16),
    pub data: PathBuf,
    pub threads: Threads,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threads {
    /// Receiver threads besides control; 0: control receives itself.
    pub receivers: u8,
    pub media_workers: u8,
}
