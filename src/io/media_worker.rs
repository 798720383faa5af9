//! A media worker: one thread, one [`Plane`], the sockets of its ports, no runtime. A packet never leaves the thread.
//!
//! ```text
//! commands ─▶ mailbox ─┐                    ┌─▶ facts (mailbox, never lost)
//! packets  ─▶ epoll ───┼─▶ Plane ─▶ sendto  ├─▶ figures (at most every 250 ms)
//! deadline ─▶ timeout ─┘                    └─▶ ports emptied
//! ```
//!
//! One plain recvfrom for each readable socket and one sendto for each packet: a port sees a packet every 20 ms, so there is
//! nothing to batch. What is dear is to be woken for each of them. So when work comes closer together than `WAKE_APART`, the worker
//! sleeps that long between two looks, as network cards do with their interrupts: a packet then waits a millisecond at most, and a
//! hundred calls cost little more than their system calls.

use super::epoll::{Epoll, Ready, Token};
use super::mailbox::{Outgoing, Receiver, Sender, mailbox};
use super::media_ports::{PortPair, WorkerPorts};
use super::monotonic::Monotonic;
use crate::clock::{Duration, Instant};
use crate::ids::WorkerId;
use crate::media::Command;
use crate::media::command::Fact;
use crate::media::plane::{Actions, Plane, Prompts, Totals};
use std::io;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

/// Commands that wait for a worker at most; more wait at the control thread.
pub const COMMANDS_MAX: usize = 4_096;
/// Facts that wait for the control thread at most; more wait at the worker.
pub const FACTS_MAX: usize = 8_192;
/// Commands carried out before packets and deadlines have their turn again.
const COMMANDS_TURN_MAX: usize = 256;
/// Sockets served before commands and deadlines have their turn again.
const SOCKETS_TURN_MAX: usize = 256;
/// Longest packet that is heard; G.711 at 60 ms has 492 bytes. A longer one is cut, which RTP padding or nothing notices.
const PACKET_MAX: usize = 2_048;
/// Least time between two publications of figures.
const PUBLISH_EVERY: Duration = Duration::from_millis(250);
/// How soon facts that found no room are tried again.
const RETRY_AFTER: Duration = Duration::from_millis(1);
/// Least time between two looks at the sockets while there is always something to be found. What it costs is delay and, in the reports of
/// reception, jitter of up to this much; voice has 20 ms packets and does not notice.
const WAKE_APART: Duration = Duration::from_millis(1);
/// The mailbox's token; sockets have `2·slot` (RTP) and `2·slot + 1` (RTCP).
const MAILBOX: Token = Token::MAX;

/// What every worker needs.
#[derive(Clone, Debug)]
pub struct Settings {
    pub prompts: Arc<Prompts>,
    /// After this long without a packet a stream is reported silent.
    pub silence: Duration,
    pub clock: Monotonic,
    pub seed: u64,
}

/// One worker's figures, written by it and read by anybody.
#[derive(Debug, Default)]
pub struct Figures {
    values: [AtomicU64; 11],
}

/// A copy of [`Figures`], or the sum of several.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reading {
    pub plane: Totals,
    /// Packets that the kernel did not take.
    pub unsent: u64,
    /// Facts that had to wait for the control thread.
    pub facts_held_back: u64,
    /// Times the thread woke from sleep.
    pub wake_ups: u64,
}

/// All media workers of the process.
#[derive(Debug)]
pub struct MediaWorkers {
    threads: Vec<JoinHandle<()>>,
    mailboxes: Vec<Sender<Command>>,
    figures: Vec<Arc<Figures>>,
    end: Arc<AtomicBool>,
}

impl MediaWorkers {
    /// Starts a worker on each block of ports. The facts of all come in one mailbox, whose reading end is returned.
    pub fn start(ports: Vec<WorkerPorts>, settings: &Settings) -> io::Result<(Self, Receiver<Fact>)> {
        let (fact_sender, facts) = mailbox(FACTS_MAX)?;
        let end = Arc::new(AtomicBool::new(false));
        let mut workers = Self { threads: Vec::new(), mailboxes: Vec::new(), figures: Vec::new(), end };
        for ports in ports {
            let (sender, commands) = mailbox(COMMANDS_MAX)?;
            let figures = Arc::new(Figures::default());
            let name = format!("media-{}", ports.worker.0);
            let links = Links {
                commands,
                facts: Outgoing::new(fact_sender.clone()),
                figures: Arc::clone(&figures),
                end: Arc::clone(&workers.end),
            };
            let worker = Worker::new(ports, settings, links)?;
            workers.threads.push(std::thread::Builder::new().name(name).spawn(move || worker.run())?);
            workers.mailboxes.push(sender);
            workers.figures.push(figures);
        }
        Ok((workers, facts))
    }

    /// Where commands go, by [`WorkerId`].
    pub fn mailboxes(&self) -> Vec<Sender<Command>> {
        self.mailboxes.clone()
    }

    /// Each worker's figures, by [`WorkerId`]; may be read by any thread for ever.
    pub fn figures(&self) -> Vec<Arc<Figures>> {
        self.figures.clone()
    }

    /// Ends the workers after the commands they were given, and waits for them.
    pub fn finish(self) {
        self.end.store(true, Ordering::Release);
        self.mailboxes.iter().for_each(Sender::wake);
        for thread in self.threads {
            // A worker that panicked has ended the process.
            let _ = thread.join();
        }
    }
}

/// A worker's ends of what joins it to other threads.
struct Links {
    commands: Receiver<Command>,
    facts: Outgoing<Fact>,
    figures: Arc<Figures>,
    end: Arc<AtomicBool>,
}

struct Worker {
    plane: Plane,
    pairs: Vec<PortPair>,
    epoll: Epoll,
    clock: Monotonic,
    links: Links,
    out: Actions,
    reading: Reading,
    published: Instant,
    /// Something has happened since.
    changed: bool,
    /// When the sockets were last looked at.
    looked: Instant,
    /// The last look did not have to wait for [`WAKE_APART`] until there was something.
    dense: bool,
}

impl Worker {
    fn new(ports: WorkerPorts, settings: &Settings, links: Links) -> io::Result<Self> {
        let WorkerPorts { worker: WorkerId(worker), pairs } = ports;
        let epoll = Epoll::new()?;
        epoll.add(&links.commands, MAILBOX)?;
        for (slot, pair) in (0..).zip(&pairs) {
            epoll.add(&pair.rtp, 2 * slot)?;
            epoll.add(&pair.rtcp, 2 * slot + 1)?;
        }
        let Settings { prompts, silence, clock, seed } = settings.clone();
        let seed = seed.wrapping_add(u64::from(worker));
        Ok(Self {
            plane: Plane::new(WorkerId(worker), pairs.len() as u32, prompts, silence, seed),
            pairs,
            epoll,
            clock,
            links,
            out: Actions::default(),
            reading: Reading::default(),
            published: clock.now(),
            changed: false,
            looked: clock.now(),
            dense: false,
        })
    }

    fn run(mut self) {
        let _abort = AbortOnPanic;
        let mut ready = Ready::new(SOCKETS_TURN_MAX);
        let mut buffer = [0; PACKET_MAX];
        loop {
            let ending = self.links.end.load(Ordering::Acquire);
            self.take_commands();
            self.meet_deadline();
            let flushed = self.links.facts.flush();
            self.publish();
            if ending {
                return;
            }
            self.pause(flushed);
            let timeout = self.timeout(flushed);
            let asleep = self.links.commands.may_sleep() && timeout != Some(Duration::ZERO);
            let timeout = if asleep { timeout } else { Some(Duration::ZERO) };
            let before = self.clock.now();
            // Only a descriptor that is not ours any more could make this fail, and that is a mistake of ours.
            self.epoll.wait(&mut ready, timeout).expect("the worker owns its epoll descriptor");
            self.links.commands.awake();
            self.reading.wake_ups += u64::from(asleep);
            self.looked = self.clock.now();
            self.dense = self.looked.since(before) < WAKE_APART;
            for token in ready.tokens() {
                match token {
                    MAILBOX => drop(self.links.commands.drain_wakeup()),
                    token => self.receive((token / 2) as u32, token % 2 == 1, &mut buffer),
                }
            }
        }
    }

    /// Lets work gather while it is dense; never longer than until the next deadline. Who pushes a command meanwhile need not wake us.
    fn pause(&mut self, flushed: bool) {
        if self.dense {
            let rest = (self.looked + WAKE_APART).since(self.clock.now());
            let rest = self.timeout(flushed).map_or(rest, |timeout| timeout.min(rest));
            if rest > Duration::ZERO {
                std::thread::sleep(rest);
            }
        }
    }

    fn take_commands(&mut self) {
        for _ in 0..COMMANDS_TURN_MAX {
            let Some(command) = self.links.commands.pop() else { return };
            if let Command::Open { stream, .. } = &command
                && let Some(pair) = self.pairs.get_mut(stream.slot as usize)
            {
                pair.listen();
            }
            self.plane.handle(command, self.clock.now(), &mut self.out);
            self.perform();
        }
    }

    fn meet_deadline(&mut self) {
        let now = self.clock.now();
        if self.plane.next_deadline().is_some_and(|deadline| deadline <= now) {
            self.plane.handle_time(now, &mut self.out);
            self.perform();
        }
    }

    fn receive(&mut self, slot: u32, rtcp: bool, buffer: &mut [u8]) {
        let Some(pair) = self.pairs.get_mut(slot as usize) else { return };
        if !pair.is_open(rtcp) {
            return;
        }
        let socket = if rtcp { &pair.rtcp } else { &pair.rtp };
        // An error is an ICMP message about an earlier packet, or nothing any more to be read.
        let Ok((length, source)) = socket.recv_from(buffer) else { return };
        let Some(bytes) = buffer.get_mut(..length) else { return };
        let now = self.clock.now();
        if rtcp {
            self.plane.handle_rtcp(slot, source, bytes, now, &mut self.out);
        } else if let Some(forward) = self.plane.handle_packet(slot, source, bytes, now, &mut self.out) {
            let socket = self.pairs.get(forward.slot as usize).map(|pair| &pair.rtp);
            let sent = socket.is_some_and(|socket| send(socket, &buffer[..forward.length], forward.to));
            self.reading.unsent += u64::from(!sent);
        }
        self.changed = true;
        if !self.out.facts.is_empty() {
            self.perform();
        }
    }

    /// Carries out what the Plane wants done.
    fn perform(&mut self) {
        self.changed = true;
        for packet in &self.out.sends {
            let pair = self.pairs.get(packet.slot as usize);
            let socket = pair.map(|pair| if packet.rtcp { &pair.rtcp } else { &pair.rtp });
            let bytes = self.out.bytes.get(packet.bytes.clone()).unwrap_or(&[]);
            let sent = socket.is_some_and(|socket| send(socket, bytes, packet.to));
            self.reading.unsent += u64::from(!sent);
        }
        let empty = core::mem::take(&mut self.out.empty);
        for &stream in &empty {
            if let Some(pair) = self.pairs.get_mut(stream.slot as usize) {
                pair.rest();
            }
            self.plane.emptied(stream, &mut self.out);
        }
        self.out.empty = empty;
        for fact in self.out.facts.drain(..) {
            self.links.facts.send(fact);
        }
        self.out.clear();
    }

    /// How long there is nothing to do but to wait for packets and commands.
    fn timeout(&self, flushed: bool) -> Option<Duration> {
        let now = self.clock.now();
        let publish = self.changed.then_some(self.published + PUBLISH_EVERY);
        let retry = (!flushed).then_some(now + RETRY_AFTER);
        let next = [self.plane.next_deadline(), publish, retry].into_iter().flatten().min()?;
        Some(next.since(now))
    }

    fn publish(&mut self) {
        let now = self.clock.now();
        if self.changed && now >= self.published + PUBLISH_EVERY {
            self.changed = false;
            self.published = now;
            self.reading.plane = self.plane.totals();
            self.reading.facts_held_back = self.links.facts.held_back;
            self.links.figures.write(self.reading);
        }
    }
}

/// What the kernel does not take is lost, as it would be on the way.
fn send(socket: &UdpSocket, bytes: &[u8], to: std::net::SocketAddr) -> bool {
    socket.send_to(bytes, to).is_ok()
}

impl Figures {
    fn write(&self, reading: Reading) {
        let Reading { plane, unsent, facts_held_back, wake_ups } = reading;
        let values = [
            u64::from(plane.streams),
            plane.packets_in,
            plane.packets_out,
            plane.lost,
            u64::from(plane.jitter_us),
            plane.strangers,
            plane.malformed,
            plane.digits_unsent,
            unsent,
            facts_held_back,
            wake_ups,
        ];
        for (place, value) in self.values.iter().zip(values) {
            place.store(value, Ordering::Relaxed);
        }
    }

    /// The figures as last published. One by one: two of them may be a publication apart.
    pub fn read(&self) -> Reading {
        let value = |at: usize| self.values[at].load(Ordering::Relaxed);
        Reading {
            plane: Totals {
                streams: value(0) as u32,
                packets_in: value(1),
                packets_out: value(2),
                lost: value(3),
                jitter_us: value(4) as u32,
                strangers: value(5),
                malformed: value(6),
                digits_unsent: value(7),
            },
            unsent: value(8),
            facts_held_back: value(9),
            wake_ups: value(10),
        }
    }
}

/// Ends the process when its thread panics: a call without its audio must not seem to go on.
struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            std::process::abort();
        }
    }
}

#[cfg(test)]
#[path = "media_worker_tests.rs"]
mod tests;
