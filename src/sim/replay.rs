//! The inputs of the control thread as bytes, and their replay. Not the file that holds them: the memory-mapped ring is `io`'s,
//! which writes what [`Record::encode`] makes and hands the bytes back, oldest first.
//!
//! ```text
//! Header   "HLRP" version(u8) seed(u64) blocks(u8) { worker(u8) pairs(u16) { port(u16) } ... } ...
//! Record   length(u32, of what follows) time(u64, µs) kind(u8) body
//! ```
//!
//! All numbers are little-endian. A record that does not read ends the replay there: a process that is killed may leave its last
//! record half written.

use super::seat::Seat;
use crate::acd::{Router, Wish};
use crate::clock::{Duration, Instant, WallTime};
use crate::config::epoch::Epoch;
use crate::gate::{Gate, Verdict};
use crate::ids::{AgentId, CallId, Flow, ListenerId, ReasonId, StreamId, WorkerId};
use crate::media::ports::Block;
use crate::media::{Fact, StreamReport};
use crate::sip::outbox::Outbox;
use crate::sip::scan::{Index, Message, scan};
use crate::switch::{Actions, Event, Switch};
use core::net::{IpAddr, SocketAddr};

const MAGIC: &[u8; 4] = b"HLRP";
const VERSION: u8 = 1;
/// Blocks of media ports that a header holds at most.
const BLOCKS_MAX: usize = 64;

/// What the owners were made with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// Seed of the Gate and the Switch.
    pub seed: u64,
    pub blocks: Vec<Block>,
}

/// One input and when it came.
#[derive(Clone, PartialEq, Debug)]
pub struct Record<'a> {
    pub at: Instant,
    pub input: Input<'a>,
}

/// Everything that enters the control thread.
#[derive(Clone, PartialEq, Debug)]
pub enum Input<'a> {
    /// A datagram. `passed`: a receiver's Gate has let it through already; else the control thread's own Gate sees it first,
    /// told to shed new INVITEs if `shed`.
    Datagram {
        flow: Flow,
        passed: bool,
        shed: bool,
        bytes: &'a [u8],
    },
    Fact(Fact),
    /// Deadlines are looked at.
    Time,
    Wall(WallTime),
    Wish {
        agent: AgentId,
        wish: Wish,
    },
    End {
        call: CallId,
    },
    Drain,
    EndAll,
    RouterLost,
    /// First input of a run.
    Started,
    /// A new configuration came; it is not in the record, and the replay ends here.
    Configure,
}

impl Header {
    /// Appends the header's bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(MAGIC);
        out.push(VERSION);
        out.extend_from_slice(&self.seed.to_le_bytes());
        let blocks = self.blocks.get(..BLOCKS_MAX).unwrap_or(&self.blocks);
        out.push(blocks.len() as u8);
        for block in blocks {
            out.push(block.worker.0);
            out.extend_from_slice(&(block.ports.len() as u16).to_le_bytes());
            block.ports.iter().for_each(|port| out.extend_from_slice(&port.to_le_bytes()));
        }
    }

    /// Reads a header and returns what follows it. `None`: not a file of ours, or of another version.
    pub fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut input = Bytes(bytes);
        if input.take(4)? != MAGIC || input.byte()? != VERSION {
            return None;
        }
        let seed = input.u64()?;
        let count = usize::from(input.byte()?);
        let mut blocks = Vec::with_capacity(count.min(BLOCKS_MAX));
        for _ in 0..count {
            let (worker, pairs) = (WorkerId(input.byte()?), input.u16()?);
            let ports = (0..pairs).map(|_| input.u16()).collect::<Option<_>>()?;
            blocks.push(Block { worker, ports });
        }
        Some((Self { seed, blocks }, input.0))
    }
}

impl<'a> Record<'a> {
    /// Appends the record's bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.at.as_micros().to_le_bytes());
        self.input.encode(out);
        let length = (out.len() - start - 4) as u32;
        out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    }

    /// Reads one record and returns what follows it. `None`: the bytes break off or make no sense.
    pub fn decode(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let mut input = Bytes(bytes);
        let length = input.u32()? as usize;
        let mut body = Bytes(input.take(length)?);
        let at = Instant::from_micros(body.u64()?);
        Some((Self { at, input: Input::decode(&mut body)? }, input.0))
    }
}

impl<'a> Input<'a> {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Datagram { flow, passed, shed, bytes } => {
                out.extend_from_slice(&[0, flow.listener.0, u8::from(*passed) | u8::from(*shed) << 1]);
                match flow.peer.ip() {
                    IpAddr::V4(address) => {
                        out.push(4);
                        out.extend_from_slice(&address.octets());
                    }
                    IpAddr::V6(address) => {
                        out.push(6);
                        out.extend_from_slice(&address.octets());
                    }
                }
                out.extend_from_slice(&flow.peer.port().to_le_bytes());
                out.extend_from_slice(bytes);
            }
            Self::Fact(fact) => encode_fact(fact, out),
            Self::Time => out.push(5),
            Self::Wall(wall) => {
                out.push(6);
                out.extend_from_slice(&wall.as_micros().to_le_bytes());
            }
            Self::Wish { agent, wish } => {
                let (kind, reason) = match wish {
                    Wish::Ready => (0, 0),
                    Wish::NotReady(reason) => (1, reason.0),
                    Wish::LogOff => (2, 0),
                    Wish::ExtendWrapUp => (3, 0),
                };
                out.push(7);
                out.extend_from_slice(&agent.0.to_le_bytes());
                out.push(kind);
                out.extend_from_slice(&reason.to_le_bytes());
            }
            Self::End { call } => {
                out.push(8);
                out.extend_from_slice(&call.0.to_le_bytes());
            }
            Self::Drain => out.push(9),
            Self::EndAll => out.push(10),
            Self::RouterLost => out.push(11),
            Self::Configure => out.push(12),
            Self::Started => out.push(13),
        }
    }

    fn decode(body: &mut Bytes<'a>) -> Option<Self> {
        let kind = body.byte()?;
        Some(match kind {
            0 => {
                let listener = ListenerId(body.byte()?);
                let flags = body.byte()?;
                let ip = match body.byte()? {
                    4 => IpAddr::from(body.array::<4>()?),
                    6 => IpAddr::from(body.array::<16>()?),
                    _ => return None,
                };
                let flow = Flow { listener, peer: SocketAddr::new(ip, body.u16()?) };
                Self::Datagram { flow, passed: flags & 1 != 0, shed: flags & 2 != 0, bytes: body.0 }
            }
            1..=4 => Self::Fact(decode_fact(kind, body)?),
            5 => Self::Time,
            6 => Self::Wall(WallTime::from_micros(body.u64()? as i64)),
            7 => {
                let agent = AgentId(body.u32()?);
                let (kind, reason) = (body.byte()?, ReasonId(body.u16()?));
                let wishes = [Wish::Ready, Wish::NotReady(reason), Wish::LogOff, Wish::ExtendWrapUp];
                Self::Wish { agent, wish: *wishes.get(usize::from(kind))? }
            }
            8 => Self::End { call: CallId(body.u64()?) },
            9 => Self::Drain,
            10 => Self::EndAll,
            11 => Self::RouterLost,
            12 => Self::Configure,
            13 => Self::Started,
            _ => return None,
        })
    }
}

fn encode_fact(fact: &Fact, out: &mut Vec<u8>) {
    let (kind, stream) = match fact {
        Fact::Digit { stream, .. } => (1, stream),
        Fact::Said { stream, .. } => (2, stream),
        Fact::Silent { stream, .. } => (3, stream),
        Fact::Closed { stream, .. } => (4, stream),
    };
    out.push(kind);
    out.push(stream.worker.0);
    out.extend_from_slice(&stream.slot.to_le_bytes());
    out.extend_from_slice(&stream.generation.to_le_bytes());
    match fact {
        Fact::Digit { digit, .. } => out.push(*digit),
        Fact::Said { token, .. } => out.extend_from_slice(&token.to_le_bytes()),
        Fact::Silent { lasting, .. } => out.extend_from_slice(&(lasting.as_micros() as u64).to_le_bytes()),
        Fact::Closed { report, .. } => {
            for number in [report.packets_in, report.packets_out, report.lost_in, report.strangers] {
                out.extend_from_slice(&number.to_le_bytes());
            }
            out.extend_from_slice(&report.jitter_us.to_le_bytes());
        }
    }
}

fn decode_fact(kind: u8, body: &mut Bytes<'_>) -> Option<Fact> {
    let stream = StreamId { worker: WorkerId(body.byte()?), slot: body.u32()?, generation: body.u32()? };
    Some(match kind {
        1 => Fact::Digit { stream, digit: body.byte()? },
        2 => Fact::Said { stream, token: body.u32()? },
        3 => Fact::Silent { stream, lasting: Duration::from_micros(body.u64()?) },
        _ => {
            let (packets_in, packets_out, lost_in, strangers) = (body.u64()?, body.u64()?, body.u64()?, body.u64()?);
            let report = StreamReport { packets_in, packets_out, lost_in, strangers, jitter_us: body.u32()? };
            Fact::Closed { stream, report }
        }
    })
}

/// Bytes still to be read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(count)?;
        self.0 = tail;
        Some(head)
    }
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }
    fn byte(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }
    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }
    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }
    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}

/// What came out of a replay.
#[derive(Default, Debug)]
pub struct Outcome {
    /// Inputs that were run.
    pub inputs: u64,
    /// Bytes at the end that were no whole record (a process that was killed while writing).
    pub left_over: usize,
    /// When the last input came.
    pub ended: Instant,
    pub datagrams_sent: u64,
    /// Calls that ended.
    pub records: u64,
    /// Calls in progress at the end.
    pub calls: usize,
    /// The last log lines, oldest first (at most 50).
    pub notices: Vec<String>,
    /// A digest of everything sent, in order: two replays of one file agree on it.
    pub digest: u64,
}

/// Runs the records in `bytes` (from [`Header::decode`]'s rest) through a Gate, a Switch and a Router made as `header` says from
/// `epoch`. If an owner panics on an input, it panics here in the same way.
pub fn replay(header: &Header, mut bytes: &[u8], epoch: &Epoch) -> Outcome {
    let start = Instant::START;
    let mut seat = Seat::new(
        Switch::new(epoch.switch.clone(), &header.blocks, header.seed),
        Router::new(epoch.router.clone(), start),
    );
    let mut gate = Gate::new(epoch.gate.clone(), header.seed);
    let mut out = Actions::default();
    let mut outcome = Outcome::default();
    let mut answers = Outbox::default();
    let mut index = Index::default();
    while let Some((record, rest)) = Record::decode(bytes) {
        bytes = rest;
        outcome.inputs += 1;
        outcome.ended = record.at;
        if record.input == Input::Configure {
            break;
        }
        run(&mut seat, &mut gate, &record, &mut index, &mut answers, &mut out);
        outcome.take_in(&answers, &out);
        answers.clear();
        out.clear();
    }
    outcome.left_over = bytes.len();
    outcome.calls = seat.switch.calls();
    outcome
}

/// Takes one more datagram into a digest of a run. FNV-1a: not a hash against forgery, only "the same or not".
pub fn digest(before: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(before, |digest, byte| (digest ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

fn run(
    seat: &mut Seat,
    gate: &mut Gate,
    record: &Record<'_>,
    index: &mut Index,
    answers: &mut Outbox,
    out: &mut Actions,
) {
    let now = record.at;
    let event = match record.input {
        Input::Datagram { flow, passed: false, shed, bytes } => {
            match gate.handle(bytes, flow, shed, index, now, answers) {
                Verdict::Pass(message) => Event::Sip { message, flow },
                Verdict::Done => return,
            }
        }
        Input::Datagram { flow, bytes, .. } => match scan(bytes, index) {
            Ok(()) => Event::Sip { message: Message::new(bytes, index), flow },
            Err(_) => return,
        },
        Input::Fact(fact) => Event::Media(fact),
        Input::Time => return seat.handle_time(now, out, &mut |_| ()),
        Input::Wall(wall) => Event::Wall(wall),
        Input::Wish { agent, wish } => Event::Wish { agent, wish },
        Input::End { call } => Event::End { call },
        Input::Drain => Event::Drain,
        Input::EndAll => Event::EndAll,
        Input::RouterLost => Event::RouterLost,
        Input::Started => Event::Started,
        Input::Configure => return,
    };
    seat.handle(event, now, out, &mut |_| ());
}

impl Outcome {
    const NOTICES_MAX: usize = 50;

    fn take_in(&mut self, answers: &Outbox, out: &Actions) {
        for (_, bytes) in answers.iter().chain(out.datagrams.iter()) {
            self.datagrams_sent += 1;
            self.digest = digest(self.digest, bytes);
        }
        self.records += out.records.len() as u64;
        for notice in &out.notices {
            if self.notices.len() == Self::NOTICES_MAX {
                self.notices.remove(0);
            }
            let call = notice.call.map(|call| format!("{call} ")).unwrap_or_default();
            self.notices.push(format!("{:?} {call}{}: {}", self.ended, notice.what, notice.detail));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs() -> Vec<Input<'static>> {
        let v4 = Flow { listener: ListenerId(1), peer: "127.0.0.9:5070".parse().unwrap() };
        let v6 = Flow { listener: ListenerId(0), peer: "[::1]:5060".parse().unwrap() };
        let stream = StreamId { worker: WorkerId(3), slot: 70_000, generation: 9 };
        let report = StreamReport { packets_in: 1, packets_out: 2, lost_in: 3, jitter_us: 4, strangers: 5 };
        vec![
            Input::Datagram { flow: v4, passed: false, shed: true, bytes: b"INVITE" },
            Input::Datagram { flow: v6, passed: true, shed: false, bytes: b"" },
            Input::Fact(Fact::Digit { stream, digit: b'#' }),
            Input::Fact(Fact::Said { stream, token: 77 }),
            Input::Fact(Fact::Silent { stream, lasting: Duration::from_secs(60) }),
            Input::Fact(Fact::Closed { stream, report }),
            Input::Time,
            Input::Wall(WallTime::from_micros(-5)),
            Input::Wish { agent: AgentId(7), wish: Wish::NotReady(ReasonId(300)) },
            Input::Wish { agent: AgentId(7), wish: Wish::ExtendWrapUp },
            Input::End { call: CallId(u64::MAX) },
            Input::Drain,
            Input::EndAll,
            Input::RouterLost,
            Input::Configure,
            Input::Started,
        ]
    }

    #[test]
    fn every_input_reads_back_as_it_was_written() {
        let mut bytes = Vec::new();
        let written: Vec<_> =
            (1..).zip(inputs()).map(|(at, input)| Record { at: Instant::from_micros(at), input }).collect();
        written.iter().for_each(|record| record.encode(&mut bytes));
        let mut rest = bytes.as_slice();
        for record in &written {
            let (read, after) = Record::decode(rest).expect("a whole record");
            assert_eq!(&read, record);
            rest = after;
        }
        assert!(rest.is_empty());
    }

    #[test]
    fn a_record_that_breaks_off_is_no_record() {
        for input in inputs() {
            let mut bytes = Vec::new();
            Record { at: Instant::from_micros(9), input }.encode(&mut bytes);
            for length in 0..bytes.len() {
                assert_eq!(Record::decode(&bytes[..length]), None);
            }
        }
    }

    #[test]
    fn a_header_reads_back_and_another_files_header_does_not() {
        let block = Block::contiguous(WorkerId(0), 20_000, 6_000);
        let header = Header { seed: 42, blocks: vec![block] };
        let mut bytes = Vec::new();
        header.encode(&mut bytes);
        bytes.push(0xaa);
        assert_eq!(Header::decode(&bytes), Some((header, &[0xaa][..])));
        bytes[4] = 99;
        assert_eq!(Header::decode(&bytes), None);
        assert_eq!(Header::decode(b"RIFF"), None);
    }
}
