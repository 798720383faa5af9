//! SIPp as caller, agent or load.

use super::program::{Folder, Program};
use super::server::project;
use std::net::Ipv4Addr;
use std::process::Command;
use std::time::Duration;

pub struct Sipp {
    pub program: Program,
}

impl Sipp {
    /// Runs `tests/e2e/scenarios/NAME.xml` from `from` (address, port) towards `to` with further arguments. SIPp ends by itself
    /// after the calls that `arguments` allow (`-m`).
    pub fn start(folder: &Folder, name: &str, from: (Ipv4Addr, u16), to: Ipv4Addr, arguments: &[&str]) -> Self {
        let scenario = project().join(format!("tests/e2e/scenarios/{name}.xml"));
        let mut command = Command::new("sipp");
        command
            .arg(format!("{to}:5060"))
            .args(["-sf", &scenario.display().to_string(), "-i", &from.0.to_string(), "-p", &from.1.to_string()])
            .args(["-mi", &from.0.to_string(), "-nostdin", "-trace_err", "-timeout_error", "-cid_str", "%u-%p@%s"])
            .args(["-error_file", &folder.0.join(format!("{name}-{}.err", from.1)).display().to_string()])
            .args(arguments)
            .current_dir(&folder.0);
        Self { program: Program::start(&format!("sipp {name}"), command) }
    }

    /// Waits for the end: every call must have gone as the scenario says.
    pub fn finish(mut self, limit: Duration) {
        let status = self.program.wait(limit);
        if !status.success() {
            let from = self.program.seen.len().saturating_sub(80);
            panic!("{}: {status}\n{}", self.program.name, self.program.seen[from..].join("\n"));
        }
    }
}
