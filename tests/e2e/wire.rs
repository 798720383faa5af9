//! tshark as an independent judge of what went over the wire.

use super::program::{Folder, Program};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// A capture of everything from and to one address of ours.
pub struct Capture {
    program: Program,
    file: PathBuf,
}

/// One RTP stream as tshark sees it.
#[derive(Debug, Clone)]
pub struct Stream {
    pub source: String,
    pub packets: u64,
    pub lost: i64,
    pub problems: bool,
}

impl Capture {
    pub fn start(folder: &Folder, address: Ipv4Addr) -> Self {
        let file = folder.0.join("wire.pcap");
        let mut command = Command::new("tshark");
        command
            .args(["-i", "lo", "-q", "-F", "pcap", "-w"])
            .arg(&file)
            .args(["-f", &format!("udp and host {address}")]);
        let mut program = Program::start("tshark", command);
        program.wait_for("Capturing on", Duration::from_secs(20));
        Self { program, file }
    }

    /// Ends the capture and lists the RTP streams that came from `source`.
    pub fn streams(mut self, source: Ipv4Addr) -> Vec<Stream> {
        self.program.signal(libc::SIGINT);
        self.program.wait(Duration::from_secs(20));
        let output = Command::new("tshark")
            .arg("-r")
            .arg(&self.file)
            .args(["-q", "-o", "rtp.heuristic_rtp:TRUE", "-z", "rtp,streams"])
            .output()
            .expect("tshark reads its capture");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let streams: Vec<Stream> = text.lines().filter_map(stream).collect();
        assert!(!streams.is_empty(), "tshark sees no RTP:\n{text}");
        streams.into_iter().filter(|stream| stream.source == source.to_string()).collect()
    }
}

/// A line of tshark's table: start, end, source, port, destination, port, SSRC, payload, packets, lost (percent), …, problems.
fn stream(line: &str) -> Option<Stream> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let ssrc = words.iter().position(|word| word.starts_with("0x"))?;
    let source = words.get(ssrc.checked_sub(4)?)?.to_string();
    let percent = words.iter().position(|word| word.starts_with('(') && word.ends_with("%)"))?;
    Some(Stream {
        source,
        packets: words.get(percent.checked_sub(2)?)?.parse().ok()?,
        lost: words.get(percent.checked_sub(1)?)?.parse().ok()?,
        problems: words.last() == Some(&"X"),
    })
}
