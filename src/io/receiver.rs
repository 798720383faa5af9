//! Receiver threads (`threads.receivers` ≥ 1): each reads its own socket of a listener's group (SO_REUSEPORT), runs its own Gate, and
//! hands over what passed, scanned, to the control thread. They may lose: a full mailbox drops, as the network would, and from
//! three quarters on new INVITEs are refused. With 0 receivers the control thread does the same by itself (`network`, `owners`).
//!
//! The kernel keeps a peer (address and port) on one receiver, so its messages stay in order; a source that sends from many ports is
//! limited per receiver.

use super::mailbox::Sender;
use super::mmsg::ReceiveBatch;
use super::monotonic::Monotonic;
use super::network::DATAGRAM_MAX;
use super::publication::sum;
use super::sip_socket::SipSocket;
use crate::gate::{self, Gate, Verdict};
use crate::ids::Flow;
use crate::sip::outbox::Outbox;
use crate::sip::scan::{Index, Scanned};
use crossbeam::atomic::AtomicCell;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

/// Messages that wait for the control thread at most.
pub const MAILBOX: usize = 4_096;
/// How often a receiver without traffic looks whether it is to end, ms.
const LOOK_EVERY_MS: i32 = 200;

/// A message that a Gate has let through.
#[derive(Debug)]
pub struct Arrived {
    pub message: Scanned,
    pub flow: Flow,
}

/// What receivers and the control thread tell each other besides messages.
#[derive(Debug, Default)]
pub struct Shared {
    end: AtomicBool,
    /// The control thread is behind: refuse new INVITEs.
    overloaded: AtomicBool,
    /// Messages dropped because the mailbox was full.
    dropped: AtomicU64,
    /// By receiver.
    gates: Vec<AtomicCell<gate::Counters>>,
}

/// The receiver threads of all listeners.
#[derive(Debug, Default)]
pub struct Receivers {
    threads: Vec<JoinHandle<()>>,
    shared: Arc<Shared>,
}

impl Receivers {
    /// Starts a thread for each socket. `settings` are for each one's Gate.
    pub fn start(
        sockets: Vec<SipSocket>,
        settings: &gate::Settings,
        mailbox: &Sender<Arrived>,
        clock: Monotonic,
        seed: u64,
    ) -> io::Result<Self> {
        let gates = sockets.iter().map(|_| AtomicCell::default()).collect();
        let shared = Arc::new(Shared { gates, ..Shared::default() });
        let mut threads = Vec::new();
        for (number, socket) in sockets.into_iter().enumerate() {
            let gate = Gate::new(settings.clone(), seed.wrapping_add(number as u64));
            let receiver =
                Receiver { number, socket, gate, mailbox: mailbox.clone(), shared: Arc::clone(&shared), clock };
            threads.push(std::thread::Builder::new().name(format!("receiver-{number}")).spawn(move || receiver.run())?);
        }
        Ok(Self { threads, shared })
    }

    /// Tells the receivers whether new INVITEs are to be refused.
    pub fn overloaded(&self, overloaded: bool) {
        self.shared.overloaded.store(overloaded, Ordering::Relaxed);
    }

    /// Messages dropped because control did not keep up.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Counters of all their Gates together.
    pub fn gate_counters(&self) -> gate::Counters {
        self.shared.gates.iter().map(AtomicCell::load).fold(gate::Counters::default(), sum)
    }

    /// Ends the threads and waits for them.
    pub fn finish(self) {
        self.shared.end.store(true, Ordering::Relaxed);
        for thread in self.threads {
            // A thread that panicked has ended the process by the panic hook.
            let _ = thread.join();
        }
    }
}

struct Receiver {
    number: usize,
    socket: SipSocket,
    gate: Gate,
    mailbox: Sender<Arrived>,
    shared: Arc<Shared>,
    clock: Monotonic,
}

impl Receiver {
    fn run(mut self) {
        let mut batch = ReceiveBatch::new(DATAGRAM_MAX);
        let (mut index, mut answers) = (Index::default(), Outbox::default());
        while !self.shared.end.load(Ordering::Relaxed) {
            if wait_readable(&self.socket, LOOK_EVERY_MS) {
                self.take_batch(&mut batch, &mut index, &mut answers);
                self.shared.gates[self.number].store(self.gate.counters());
            }
        }
    }

    fn take_batch(&mut self, batch: &mut ReceiveBatch, index: &mut Index, answers: &mut Outbox) {
        let now = self.clock.now();
        let (gate, mailbox, shared) = (&mut self.gate, &self.mailbox, &self.shared);
        let shed = shared.overloaded.load(Ordering::Relaxed) || mailbox.len() > mailbox.capacity() / 4 * 3;
        // An error is "nothing there", or about one datagram that has been taken off the socket.
        let _ = batch.receive(self.socket.socket(), |bytes, peer| {
            let flow = Flow { listener: self.socket.listener, peer };
            if let Verdict::Pass(message) = gate.handle(bytes, flow, shed, index, now, answers)
                && mailbox.push(Arrived { message: Scanned::of(&message), flow }).is_err()
            {
                shared.dropped.fetch_add(1, Ordering::Relaxed);
            }
        });
        for (flow, bytes) in answers.iter() {
            // A stateless answer that finds no room is lost; the peer asks again.
            let _ = self.socket.socket().send_to(bytes, flow.peer);
        }
        answers.clear();
    }
}

/// Sleeps until `socket` can be read, at most `timeout_ms`.
fn wait_readable(socket: &SipSocket, timeout_ms: i32) -> bool {
    let mut poll = libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: `poll` is one entry that lives through the call, and its descriptor is open as long as `socket`.
    unsafe { libc::poll(&mut poll, 1, timeout_ms) > 0 }
}
