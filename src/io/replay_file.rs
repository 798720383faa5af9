//! `huntline replay FILE`: what a ring file holds, run through the same values again. The file of the ring is [`super::ring`]'s, the
//! inputs in it and their run are [`crate::sim::replay`]'s; here is what stands in front of the inputs: with what the run was started.

use super::log::Cleaned;
use super::ring::{Recording, Unreadable};
use crate::sim::replay::{Header, Input, Outcome, Record};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

/// With what a run was started, besides seed and ports. First in the ring file's preamble, as JSON; the [`Header`] follows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Start {
    /// Version of the program.
    pub program: String,
    /// Wall time, µs since the Unix epoch.
    pub started: i64,
    /// Name of the configuration, and its text. Passwords are in it: the file is for the service's own eyes.
    pub configuration: String,
    pub text: String,
    /// SIP addresses as bound, by listener.
    pub listeners: Vec<SocketAddr>,
}

impl Start {
    /// The preamble of a ring file.
    pub fn preamble(&self, header: &Header) -> Vec<u8> {
        let json = serde_json::to_vec(self).unwrap_or_default();
        let mut out = (json.len() as u32).to_le_bytes().to_vec();
        out.extend_from_slice(&json);
        header.encode(&mut out);
        out
    }

    /// Reads a preamble.
    fn read(preamble: &[u8]) -> Option<(Self, Header)> {
        let (length, rest) = preamble.split_first_chunk::<4>()?;
        let (json, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        Some((serde_json::from_slice(json).ok()?, Header::decode(rest)?.0))
    }
}

/// Why a file cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("{path}: {reason}")]
    Unreadable { path: String, reason: Unreadable },
    #[error("{path}: does not say how its run was started; it was written by another version of huntline")]
    Start { path: String },
}

/// A ring file, ready to be run.
#[derive(Debug)]
pub struct ReplayFile {
    pub start: Start,
    pub header: Header,
    /// All records, one after the other.
    pub records: Vec<u8>,
    /// Whether they begin with the run.
    pub whole: bool,
    pub ended: bool,
}

impl ReplayFile {
    /// Reads a ring file.
    pub fn read(path: &Path) -> Result<Self, ReplayError> {
        let name = || path.display().to_string();
        let recording = Recording::read(path).map_err(|reason| ReplayError::Unreadable { path: name(), reason })?;
        let (start, header) = Start::read(&recording.preamble).ok_or_else(|| ReplayError::Start { path: name() })?;
        let records = recording.entries.concat();
        Ok(Self { start, header, records, whole: recording.whole, ended: recording.ended })
    }

    /// Every input as a line: time, sender, what it is. What peers sent is escaped, and numbers are masked.
    pub fn ladder(&self) -> String {
        let mut text = String::new();
        let mut rest = &self.records[..];
        while let Some((record, after)) = Record::decode(rest) {
            rest = after;
            let _ = write!(text, "{:>14} ", format!("{:?}", record.at));
            let _ = match record.input {
                Input::Datagram { flow, bytes, .. } => {
                    let line = String::from_utf8_lossy(
                        bytes.split(|&byte| byte == b'\r' || byte == b'\n').next().unwrap_or_default(),
                    );
                    writeln!(text, "{} → {}", flow.peer, Cleaned(&line))
                }
                input => writeln!(text, "{input:?}"),
            };
        }
        text
    }

    /// What is worth knowing about the file before it is run.
    pub fn head(&self) -> String {
        let Start { program, configuration, .. } = &self.start;
        let started = jiff::Timestamp::from_microsecond(self.start.started).unwrap_or_default();
        let reach = if self.whole {
            "whole, from the start of the run"
        } else {
            "the tail; older inputs have been overwritten"
        };
        let end = if self.ended { "ended as it should" } else { "did not end as it should" };
        format!("run of huntline {program} with {configuration}, started {started}, {end}\ninputs: {reach}\n")
    }
}

/// The end state as text.
pub fn outcome_text(outcome: &Outcome, whole: bool) -> String {
    let mut text = String::new();
    for notice in &outcome.notices {
        let _ = writeln!(text, "  {}", Cleaned(notice));
    }
    let Outcome { inputs, ended, datagrams_sent, records, calls, digest, .. } = outcome;
    let _ = writeln!(text, "{inputs} inputs, the last at {ended:?}");
    let _ = writeln!(
        text,
        "{datagrams_sent} datagrams sent (digest {digest:016x}), {records} calls ended, {calls} in progress"
    );
    if outcome.left_over > 0 {
        let _ = writeln!(text, "{} bytes at the end are no whole record", outcome.left_over);
    }
    if !whole {
        let _ = writeln!(text, "calls that began before the first input here are not known to this replay");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Instant;
    use crate::ids::{Flow, ListenerId, WorkerId};
    use crate::io::ring::Ring;
    use crate::media::ports::Block;

    #[test]
    fn a_ring_file_tells_with_what_its_run_was_started_and_what_came_in() {
        let path = std::env::temp_dir().join(format!("huntline-replay-{}.bin", std::process::id()));
        let start = Start {
            program: "0.1.0".into(),
            started: 1_772_323_200_000_000,
            configuration: "config/huntline.toml".into(),
            text: "[sip]".into(),
            listeners: vec![SocketAddr::from(([127, 0, 0, 1], 5060))],
        };
        let header = Header { seed: 7, blocks: vec![Block::contiguous(WorkerId(0), 20_000, 4)] };
        let mut ring = Ring::create(&path, &start.preamble(&header), 4096).unwrap();
        let flow = Flow { listener: ListenerId(0), peer: SocketAddr::from(([127, 0, 0, 1], 5071)) };
        let bytes = b"INVITE sip:1000@127.0.0.1 SIP/2.0\r\nVia: x\r\n";
        for input in [Input::Datagram { flow, passed: true, shed: false, bytes }, Input::Time, Input::Drain] {
            let mut record = Vec::new();
            Record { at: Instant::from_micros(1_500_000), input }.encode(&mut record);
            ring.push(&record);
        }
        let file = ReplayFile::read(&path).unwrap();
        assert_eq!((&file.start, &file.header, file.whole, file.ended), (&start, &header, true, false));
        assert_eq!(
            file.ladder(),
            "     1.500000s 127.0.0.1:5071 → INVITE sip:1000@127.0.0.1 SIP/2.0\n     1.500000s Time\n     1.500000s Drain\n"
        );
        assert!(file.head().contains("started 2026-03-01T00:00:00Z, did not end"), "{}", file.head());
        let short = Ring::create(&path, b"??", 4096).unwrap();
        drop(short);
        assert!(matches!(ReplayFile::read(&path), Err(ReplayError::Start { .. })));
        std::fs::remove_file(path).unwrap();
    }
}
