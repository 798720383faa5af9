//! Call records on disk: one JSON line per finished call in `calls-YYYY-MM-DD.jsonl`, written by a thread of its own behind a
//! bounded queue. The call path never waits for a disk: when the queue is full, the record is dropped and counted.
//!
//! The day is the UTC day in which the call ended, so that the file of a record follows from the record alone and no day has 23 or
//! 25 hours. Lines that come within 50 ms are written together; a file is flushed to the disk when its day is over and at the end.
//! A line that was torn (disk full, kill -9) is closed with a line feed before the next one.

use crate::call::record::CallRecord;
use crossbeam::channel::{Receiver, Sender, TrySendError, bounded};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Records that wait for the disk at most: at 1,000 calls/s, eight seconds of a stuck disk.
pub const WAITING_MAX: usize = 8_192;
/// Bytes written with one system call at most, about.
const BATCH: usize = 1 << 20;
/// How long a record waits for others to be written with it: a thread that is woken for every call costs more than the writing.
const GATHER: Duration = Duration::from_millis(50);

/// What became of records; shared with the writer thread.
#[derive(Debug, Default)]
pub struct Figures {
    written: AtomicU64,
    dropped: AtomicU64,
    lost: AtomicU64,
}

impl Figures {
    /// Records in the file.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }
    /// Records dropped because the queue was full.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
    /// Records that could not be written (disk full, no rights).
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

/// The queue to the writer thread.
#[derive(Debug)]
pub struct RecordLog {
    sender: Option<Sender<CallRecord>>,
    figures: Arc<Figures>,
    writer: Option<JoinHandle<()>>,
}

impl RecordLog {
    /// Starts the writer thread for files in `directory`, which exists.
    pub fn start(directory: &Path) -> io::Result<Self> {
        Self::start_with(directory, WAITING_MAX)
    }

    fn start_with(directory: &Path, waiting_max: usize) -> io::Result<Self> {
        let (sender, receiver) = bounded(waiting_max);
        let figures = Arc::new(Figures::default());
        let writer = Writer::new(directory.to_path_buf(), Arc::clone(&figures));
        let thread = std::thread::Builder::new().name("records".into());
        Ok(Self { sender: Some(sender), figures, writer: Some(thread.spawn(move || writer.run(&receiver))?) })
    }

    /// Hands over a record without waiting.
    pub fn push(&self, record: CallRecord) {
        let Some(sender) = &self.sender else { return };
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = sender.try_send(record) {
            self.figures.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub fn figures(&self) -> &Arc<Figures> {
        &self.figures
    }

    /// Writes what waits and ends the thread.
    pub fn finish(mut self) {
        self.sender = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has ended the process by the panic hook.
            let _ = writer.join();
        }
    }
}

struct Writer {
    directory: PathBuf,
    figures: Arc<Figures>,
    /// The open file and its day.
    file: Option<(jiff::civil::Date, File)>,
    lines: Vec<u8>,
    /// Records in `lines`.
    count: u64,
    /// Whether the last write failed: its reason has been logged.
    failing: bool,
}

impl Writer {
    fn new(directory: PathBuf, figures: Arc<Figures>) -> Self {
        Self { directory, figures, file: None, lines: Vec::new(), count: 0, failing: false }
    }

    fn run(mut self, receiver: &Receiver<CallRecord>) {
        while let Ok(record) = receiver.recv() {
            std::thread::sleep(GATHER);
            let mut day = self.add(&record, None);
            while self.lines.len() < BATCH {
                let Ok(record) = receiver.try_recv() else { break };
                day = self.add(&record, Some(day));
            }
            self.write(day);
        }
        if let Some((_, file)) = &self.file {
            let _ = file.sync_data();
        }
    }

    /// Adds a line to the batch; a record of another day than `open` sends the batch off first.
    fn add(&mut self, record: &CallRecord, open: Option<jiff::civil::Date>) -> jiff::civil::Date {
        let day = day_of(record.ended);
        if let Some(open) = open.filter(|&open| open != day) {
            self.write(open);
        }
        if serde_json::to_writer(&mut self.lines, record).is_ok() {
            self.count += 1;
            self.lines.push(b'\n');
        }
        day
    }

    fn write(&mut self, day: jiff::civil::Date) {
        let outcome = self.try_write(day);
        match outcome {
            Ok(()) => {
                self.figures.written.fetch_add(self.count, Ordering::Relaxed);
                self.failing = false;
            }
            Err(error) => {
                self.figures.lost.fetch_add(self.count, Ordering::Relaxed);
                self.file = None;
                if !std::mem::replace(&mut self.failing, true) {
                    let directory = self.directory.display();
                    tracing::error!(%directory, %error, "call records cannot be written; they are lost until this ends");
                }
            }
        }
        self.lines.clear();
        self.count = 0;
    }

    fn try_write(&mut self, day: jiff::civil::Date) -> io::Result<()> {
        if self.file.as_ref().is_none_or(|&(open, _)| open != day) {
            if let Some((_, finished)) = self.file.take() {
                finished.sync_data()?;
            }
            self.file = Some((day, open(&path_of(&self.directory, day))?));
        }
        let Some((_, file)) = &mut self.file else { return Ok(()) };
        file.write_all(&self.lines)
    }
}

/// Opens a day's file for appending, behind a whole line.
fn open(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
    let mut last = [b'\n'];
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    if last != [b'\n'] {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

fn path_of(directory: &Path, day: jiff::civil::Date) -> PathBuf {
    directory.join(format!("calls-{day}.jsonl"))
}

/// The UTC day of a time in µs since the Unix epoch; the epoch's own day for times no calendar has.
fn day_of(micros: i64) -> jiff::civil::Date {
    let timestamp = jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    jiff::tz::Offset::UTC.to_datetime(timestamp).date()
}

#[cfg(test)]
#[path = "record_log_tests.rs"]
mod tests;
