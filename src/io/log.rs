//! Lines on stderr: tracing events, written by a thread of their own behind a bounded queue, so that a slow terminal or a
//! blocked pipe never holds up a call. Lines that do not fit are dropped and counted.
//!
//! What peers send is hostile text: it is shown with control characters escaped and long digit runs masked ([`Cleaned`]).

use crate::masked::Masked;
use crossbeam::channel::{Receiver, Sender, bounded};
use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait for stderr at most.
const WAITING_MAX: usize = 4_096;
/// Digit runs of this length and more are taken for telephone numbers.
const NUMBER_DIGITS: usize = 7;
/// Longest text of a peer that one line shows, characters.
const TEXT_MAX: usize = 400;

/// Text that may come from a peer: escaped, masked, and cut to a readable length.
pub struct Cleaned<'a>(pub &'a str);

impl fmt::Display for Cleaned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.0.char_indices().nth(TEXT_MAX).map_or(self.0.len(), |(at, _)| at);
        let mut rest = &self.0[..end];
        while let Some(first) = rest.chars().next() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (part, after) = rest.split_at(if digits > 0 { digits } else { first.len_utf8() });
            match () {
                () if digits >= NUMBER_DIGITS => write!(f, "{}", Masked(part))?,
                () if digits > 0 => f.write_str(part)?,
                // Also what turns text around or hides it: a log is read by people.
                () if first.is_control()
                    || matches!(first, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}') =>
                {
                    write!(f, "{}", first.escape_unicode())?;
                }
                () => f.write_char(first)?,
            }
            rest = after;
        }
        if end < self.0.len() { f.write_str("…") } else { Ok(()) }
    }
}

/// The writer thread; what waits is written when it is dropped.
#[derive(Debug)]
pub struct Log {
    lines: Option<Lines>,
    thread: Option<JoinHandle<()>>,
}

impl Log {
    /// Installs the process's subscriber. The filter is `HUNTLINE_LOG` (like `info,huntline=debug`), else `info`.
    pub fn start() -> io::Result<Self> {
        let (lines, receiver) = Lines::new(WAITING_MAX);
        let dropped = Arc::clone(&lines.dropped);
        let thread = std::thread::Builder::new()
            .name("log".into())
            .spawn(move || write_all(&receiver, &dropped, &mut io::stderr()))?;
        let filter = EnvFilter::try_from_env("HUNTLINE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
        let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_target(false).with_ansi(false);
        // A second start in one process (tests) keeps the first subscriber.
        let _ = subscriber.with_writer(lines.clone()).try_init();
        Ok(Self { lines: Some(lines), thread: Some(thread) })
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if let Some(lines) = self.lines.take() {
            // An empty line is the sign to end: the subscriber, which is global, keeps the channel open.
            let _ = lines.sender.send_timeout(Box::default(), std::time::Duration::from_secs(1));
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[derive(Clone, Debug)]
struct Lines {
    sender: Sender<Box<[u8]>>,
    dropped: Arc<AtomicU64>,
}

impl Lines {
    fn new(waiting_max: usize) -> (Self, Receiver<Box<[u8]>>) {
        let (sender, receiver) = bounded(waiting_max);
        (Self { sender, dropped: Arc::default() }, receiver)
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.sender.try_send(line.into()).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn write_all(receiver: &Receiver<Box<[u8]>>, dropped: &AtomicU64, out: &mut impl Write) {
    while let Ok(line) = receiver.recv() {
        if line.is_empty() {
            break;
        }
        // Nobody reads stderr any more: there is nobody to tell.
        let _ = out.write_all(&line);
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ = writeln!(out, "({lost} log lines were dropped: stderr was too slow)");
        }
    }
}

/// A panic in any thread is one line on stderr and the end of the process: no state is used that a panic left half changed.
pub fn end_the_process_on_panic() {
    std::panic::set_hook(Box::new(|panic| {
        let payload = panic.payload();
        let message = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
        let thread = std::thread::current();
        let mut line = String::new();
        let place = panic.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        let _ = write!(line, "huntline: internal error{place} in thread {}: ", thread.name().unwrap_or("?"));
        let _ = writeln!(line, "{}", Cleaned(message.unwrap_or("(no message)")));
        let _ = io::stderr().write_all(line.as_bytes());
        std::process::abort();
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_cannot_forge_lines_and_numbers_are_masked() {
        let cases = [
            ("plain text", "plain text"),
            ("from +8613912345678 to 1000", "from +*********5678 to 1000"),
            ("a\r\nINFO forged \x1b[31m", "a\\u{d}\\u{a}INFO forged \\u{1b}[31m"),
            ("工号 8001 \u{202e}", "工号 8001 \\u{202e}"),
            ("127.0.0.1:5060", "127.0.0.1:5060"),
        ];
        for (text, shown) in cases {
            assert_eq!(Cleaned(text).to_string(), shown);
        }
        assert!(Cleaned(&"x".repeat(10_000)).to_string().len() < 500);
    }

    #[test]
    fn lines_beyond_the_queue_are_dropped_and_their_number_is_told() {
        let (mut lines, receiver) = Lines::new(2);
        for line in ["one\n", "two\n", "three\n", "four\n"] {
            lines.write_all(line.as_bytes()).unwrap();
        }
        let dropped = Arc::clone(&lines.dropped);
        drop(lines);
        let mut out = Vec::new();
        write_all(&receiver, &dropped, &mut out);
        let out = String::from_utf8(out).unwrap();
        assert!(out.starts_with("one\n(2 log lines were dropped") && out.ends_with("two\n"), "{out}");
    }
}
