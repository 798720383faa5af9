//! Programs that a test starts: their output is read by line, and they end with the test.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// A running program.
pub struct Program {
    pub name: String,
    child: Child,
    lines: Receiver<String>,
    /// Everything it has printed so far, for the message of a failing test.
    pub seen: Vec<String>,
}

impl Program {
    /// Starts `command`; both its outputs are read.
    pub fn start(name: &str, mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let (send, lines) = channel();
        let outputs: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().expect("piped")), Box::new(child.stderr.take().expect("piped"))];
        for output in outputs {
            let send = send.clone();
            std::thread::spawn(move || {
                let mut reader = BufReader::new(output);
                let mut line = Vec::new();
                while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                    let _ = send.send(String::from_utf8_lossy(&line).trim_end().to_owned());
                    line.clear();
                }
            });
        }
        Self { name: name.to_owned(), child, lines, seen: Vec::new() }
    }

    /// Waits for a line that holds `wanted`.
    pub fn wait_for(&mut self, wanted: &str, limit: Duration) -> String {
        let end = Instant::now() + limit;
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if line.contains(wanted) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("{}: no {wanted:?} within {limit:?}; it said:\n{}", self.name, self.seen.join("\n"))
                }
            }
        }
    }

    /// Waits for the program's end.
    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        let end = Instant::now() + limit;
        // The reading threads end with the program: a closed channel is its exit.
        while let Ok(line) = self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            self.seen.push(line);
        }
        match self.child.try_wait() {
            Ok(Some(status)) => status,
            _ if Instant::now() < end => self.child.wait().expect("a child can be waited for"),
            _ => panic!("{} still runs after {limit:?}; it said:\n{}", self.name, self.seen.join("\n")),
        }
    }

    /// Sends a signal.
    pub fn signal(&self, signal: i32) {
        // SAFETY: `kill` takes no pointers; the id is our own child's, not yet waited for.
        unsafe { libc::kill(self.child.id() as libc::pid_t, signal) };
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if std::thread::panicking() {
            self.seen.extend(self.lines.try_iter());
            let from = self.seen.len().saturating_sub(60);
            eprintln!("--- {} said last:\n{}", self.name, self.seen[from..].join("\n"));
        }
    }
}

/// A folder of the test's own, removed with it (kept when the test fails).
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("huntline-e2e-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a temporary folder can be made");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// Whether `program` is on this machine.
pub fn is_installed(program: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    path.split(':').any(|folder| PathBuf::from(folder).join(program).is_file())
}

/// Says why a test does nothing. Under `tests/run` all programs are there.
pub fn skip_without(programs: &[&str]) -> bool {
    let missing: Vec<_> = programs.iter().filter(|program| !is_installed(program)).collect();
    if !missing.is_empty() {
        println!("skipped: {missing:?} not installed (tests/run installs them)");
    }
    !missing.is_empty()
}

/// Asks `condition` again and again until it holds: every 50 ms, on a channel nobody writes to.
pub fn until(what: &str, limit: Duration, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + limit;
    let (_never, ticks) = channel::<()>();
    while !condition() {
        assert!(Instant::now() < end, "not within {limit:?}: {what}");
        let _ = ticks.recv_timeout(Duration::from_millis(50));
    }
}
