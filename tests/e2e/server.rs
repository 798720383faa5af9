//! A Huntline of the test's own: the real binary, on a loopback address that nobody else uses.

use super::http;
use super::program::{Folder, Program, until};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub struct Server {
    pub program: Program,
    pub address: Ipv4Addr,
    pub folder: Folder,
}

/// A loopback address that no other test of this or a parallel run uses: 127.1–127.250, by process id and a running number.
pub fn own_address() -> Ipv4Addr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let id = std::process::id();
    Ipv4Addr::new(127, 1 + (id % 250) as u8, (id / 250 % 250) as u8, 1 + next as u8)
}

pub fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

impl Server {
    /// Starts with a shipped configuration (`huntline`, `load`), moved to an address of its own and changed by `edit`.
    pub fn start(name: &str, shipped: &str, edit: impl FnOnce(String) -> String) -> Self {
        let folder = Folder::new(name);
        let address = own_address();
        let text = std::fs::read_to_string(project().join(format!("config/{shipped}.toml"))).expect("a shipped file");
        let own = address.to_string();
        let text = text.replace("127.0.0.1", &own);
        let data = format!("\"{}\"", folder.0.join("data").display());
        let text = text.replace("\"data\"", &data);
        let prompts = format!("\"{}", project().join("config/prompts").display());
        let text = edit(text.replace("\"prompts", &prompts));
        let file = folder.0.join("huntline.toml");
        std::fs::write(&file, text).expect("a file in the test's folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_huntline"));
        command.arg("serve").arg("--config").arg(&file).current_dir(&folder.0);
        let mut program = Program::start("huntline", command);
        program.wait_for("ready", Duration::from_secs(20));
        Self { program, address, folder }
    }

    /// One figure of `/metrics`: the value of the line that begins with `name` (labels included).
    pub fn metric(&self, name: &str) -> Option<f64> {
        let body = http::fetch(self.address, "/metrics");
        let line = body.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')))?;
        line.rsplit(' ').next()?.parse().ok()
    }

    /// The records of all finished calls.
    pub fn records(&self) -> Vec<serde_json::Value> {
        let folder = self.folder.0.join("data");
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let files =
            files.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("calls-")));
        let text: String = files.map(|file| std::fs::read_to_string(file).unwrap_or_default()).collect();
        text.lines().map(|line| serde_json::from_str(line).expect("a record is JSON")).collect()
    }

    /// Nothing is left over: no call, no violated invariant. (Figures are up to a second old.)
    pub fn assert_idle(&self) {
        until("no call left over", Duration::from_secs(10), || self.metric("huntline_calls_active") == Some(0.0));
        assert_eq!(self.metric("huntline_invariant_violations"), Some(0.0));
    }
}
