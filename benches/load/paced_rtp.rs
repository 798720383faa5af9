//! A pacer of RTP for `benches/load/run`: sends G.711 every 20 ms on many streams, counts what comes back, and reads the CPU time
//! of the relay between before and after. Not a phone: it knows nothing of SIP, and what it hears is counted, not judged.
//!
//! Standard input has a line for each stream, `LOCAL-ADDRESS LOCAL-PORT REMOTE-ADDRESS REMOTE-PORT`; the arguments are the process
//! id of the relay and seconds of warm-up and of measuring. One line of JSON on stdout is the answer. RTCP ports (RTP + 1) are
//! held open and emptied, as phones do. The streams start evenly spread over the 20 ms, so that no batch forms by itself.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a program of the load rig, not of the product"
)]

use std::error::Error;
use std::io::{ErrorKind, Read};
use std::net::{Ipv4Addr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_millis(20);
const SAMPLES: u32 = 160;
const HEADER: usize = 12;
/// A-law silence; relays do not look at it.
const PAYLOAD: [u8; SAMPLES as usize] = [0xd5; SAMPLES as usize];
const PAYLOAD_TYPE: u8 = 8;
/// Datagrams taken from one socket in a row at most.
const TAKE_MAX: usize = 64;

struct Stream {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    heard: Heard,
}

/// What one side has heard.
#[derive(Default, Clone, Copy)]
struct Heard {
    packets: u64,
    /// Steps of the sequence number that are not 1, and changes of source.
    breaks: u64,
    last: Option<(u32, u16)>,
}

impl Heard {
    fn take(&mut self, packet: &[u8]) {
        let Some(&[_, _, s0, s1, _, _, _, _, a, b, c, d]) = packet.first_chunk::<HEADER>() else { return };
        let (sequence, ssrc) = (u16::from_be_bytes([s0, s1]), u32::from_be_bytes([a, b, c, d]));
        let follows = self.last.is_none_or(|(source, last)| source == ssrc && last.wrapping_add(1) == sequence);
        self.packets += 1;
        self.breaks += u64::from(!follows);
        self.last = Some((ssrc, sequence));
    }
}

impl Stream {
    fn open(line: &str, number: u32) -> Result<Self, Box<dyn Error>> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let &[local, port, remote, remote_port] = words.as_slice() else {
            return Err(format!("not four words: {line}").into());
        };
        let (local, port): (Ipv4Addr, u16) = (local.parse()?, port.parse()?);
        let (remote, remote_port): (Ipv4Addr, u16) = (remote.parse()?, remote_port.parse()?);
        let socket = |port, to| -> std::io::Result<UdpSocket> {
            let socket = UdpSocket::bind((local, port))?;
            socket.connect((remote, to))?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        };
        Ok(Self {
            rtp: socket(port, remote_port)?,
            rtcp: socket(port + 1, remote_port + 1)?,
            sequence: 1,
            timestamp: 0,
            ssrc: 0x5eed_0000 | number,
            heard: Heard::default(),
        })
    }

    fn send(&mut self) -> std::io::Result<()> {
        let mut packet = [0; HEADER + SAMPLES as usize];
        packet[..2].copy_from_slice(&[0x80, PAYLOAD_TYPE]);
        packet[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        packet[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        packet[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
        packet[HEADER..].copy_from_slice(&PAYLOAD);
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(SAMPLES);
        match self.rtp.send(&packet) {
            // An earlier packet found nobody; this one may.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(()),
            other => other.map(drop),
        }
    }

    fn hear(&mut self, buffer: &mut [u8]) {
        for _ in 0..TAKE_MAX {
            match self.rtp.recv(buffer) {
                Ok(length) => self.heard.take(&buffer[..length]),
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                Err(_) => break,
            }
        }
    }
}

/// What stood on the meters at one moment.
struct Reading {
    at: Instant,
    cpu_ns: u64,
    heard: Vec<Heard>,
}

impl Reading {
    fn take(relay: u32, streams: &[Stream]) -> Result<Self, Box<dyn Error>> {
        let mut cpu_ns = 0;
        for thread in std::fs::read_dir(format!("/proc/{relay}/task"))? {
            let text = std::fs::read_to_string(thread?.path().join("schedstat"))?;
            cpu_ns += text.split(' ').next().ok_or("an empty schedstat")?.parse::<u64>()?;
        }
        Ok(Self { at: Instant::now(), cpu_ns, heard: streams.iter().map(|stream| stream.heard).collect() })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [relay, warm_up, measure] = arguments.as_slice() else {
        return Err("paced_rtp PROCESS-ID WARM-UP-SECONDS MEASURE-SECONDS < STREAMS".into());
    };
    let relay: u32 = relay.parse()?;
    let (warm_up, measure) = (Duration::from_secs_f64(warm_up.parse()?), Duration::from_secs_f64(measure.parse()?));
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let mut streams = Vec::new();
    for (line, number) in text.lines().zip(0..) {
        streams.push(Stream::open(line, number)?);
    }
    let count = u32::try_from(streams.len())?.max(1);

    let start = Instant::now();
    let mut buffer = [0; 2048];
    let (mut sent, mut sent_before, mut late_max) = (0_u64, 0, Duration::ZERO);
    let mut before: Option<Reading> = None;
    for round in 0_u32.. {
        let rounds = INTERVAL * round;
        if before.is_none() && rounds >= warm_up {
            before = Some(Reading::take(relay, &streams)?);
            (sent_before, late_max) = (sent, Duration::ZERO);
        }
        if rounds >= warm_up + measure {
            break;
        }
        for (stream, place) in streams.iter_mut().zip(0..) {
            let due = start + rounds + INTERVAL * place / count;
            let now = Instant::now();
            match due.checked_duration_since(now) {
                Some(early) => thread::sleep(early),
                None => late_max = late_max.max(now - due),
            }
            stream.hear(&mut buffer);
            stream.send()?;
            sent += 1;
            while stream.rtcp.recv(&mut buffer).is_ok() {}
        }
    }
    let before = before.ok_or("nothing measured")?;
    let after = Reading::take(relay, &streams)?;
    report(&before, &after, sent - sent_before, late_max);
    Ok(())
}

fn report(before: &Reading, after: &Reading, sent: u64, late_max: Duration) {
    let (mut received, mut breaks, mut silent) = (0, 0, 0);
    for (old, new) in before.heard.iter().zip(&after.heard) {
        received += new.packets - old.packets;
        breaks += new.breaks - old.breaks;
        silent += u64::from(new.packets == old.packets);
    }
    println!(
        "{{\"seconds\": {:.6}, \"cpu_ns\": {}, \"sent\": {sent}, \"received\": {received}, \"breaks\": {breaks}, \
         \"silent\": {silent}, \"late_max_ms\": {:.1}}}",
        (after.at - before.at).as_secs_f64(),
        after.cpu_ns - before.cpu_ns,
        late_max.as_secs_f64() * 1e3,
    );
}
