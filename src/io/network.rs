//! The control thread's SIP sockets, by listener: datagrams in (unless receiver threads do that) and out.

use super::mmsg::{self, ReceiveBatch};
use super::readiness::Readiness;
use super::send_queue::SendQueue;
use super::sip_socket::SipSocket;
use crate::ids::Flow;
use crate::sip::outbox::Outbox;
use std::io;
use std::task::{Context, Poll};

/// Longest datagram (INTEROP 15).
pub const DATAGRAM_MAX: usize = 65_535;

/// See the module text.
pub struct Network {
    lines: Vec<Line>,
    batch: ReceiveBatch,
}

#[derive(Debug)]
struct Line {
    socket: SipSocket,
    queue: SendQueue,
    /// `None`: a receiver thread reads this socket.
    readiness: Option<Readiness>,
}

impl Network {
    /// Sockets in order of their [`ListenerId`](crate::ids::ListenerId). Must be made inside a tokio runtime if it is to `receive`.
    pub fn new(sockets: Vec<SipSocket>, receive: bool) -> io::Result<Self> {
        let line = |socket: SipSocket| {
            let readiness = if receive { Some(Readiness::of(socket.socket())?) } else { None };
            Ok(Line { socket, queue: SendQueue::default(), readiness })
        };
        let lines = sockets.into_iter().map(line).collect::<io::Result<_>>()?;
        Ok(Self { lines, batch: ReceiveBatch::new(DATAGRAM_MAX) })
    }

    /// Ready when a datagram may have come.
    pub fn poll_readable(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut readiness = self.lines.iter().filter_map(|line| line.readiness.as_ref());
        // All of them are asked, so that each wakes the task.
        match readiness.by_ref().filter(|readiness| readiness.poll(context).is_ready()).count() {
            0 => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }

    /// Takes a batch from each socket at most, which bounds how long timers and facts wait behind a flood; whether there may be more.
    pub fn receive(&mut self, mut each: impl FnMut(&[u8], Flow)) -> bool {
        let mut more = false;
        for line in &self.lines {
            let (Some(readiness), listener) = (&line.readiness, line.socket.listener) else { continue };
            // An error other than "nothing there" is about one datagram and has been taken off the socket.
            let _ = readiness.try_read(|| {
                let batch =
                    self.batch.receive(line.socket.socket(), |bytes, peer| each(bytes, Flow { listener, peer }))?;
                // A batch that is not full has emptied the socket: the next look would be a system call for nothing.
                let full = batch == mmsg::BATCH;
                more |= full;
                if full { Ok(()) } else { Err(io::ErrorKind::WouldBlock.into()) }
            });
        }
        more
    }

    /// Sends what waits from earlier turns, and then `outbox`.
    pub fn send(&mut self, outbox: &Outbox) {
        for line in &mut self.lines {
            let (socket, listener) = (line.socket.socket(), line.socket.listener);
            let mine =
                outbox.iter().filter(|(flow, _)| flow.listener == listener).map(|(flow, bytes)| (flow.peer, bytes));
            line.queue.send(mine, |batch| mmsg::send_batch(socket, batch));
        }
    }

    /// Whether datagrams wait for room in a socket.
    pub fn is_behind(&self) -> bool {
        self.lines.iter().any(|line| line.queue.is_behind())
    }

    /// Datagrams dropped because a queue was full, and those the kernel refused, since start.
    pub fn dropped(&self) -> u64 {
        self.lines.iter().map(|line| line.queue.dropped + line.queue.refused).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ListenerId;
    use std::net::{SocketAddr, UdpSocket};

    #[test]
    fn a_datagram_comes_in_on_its_listener_and_the_answer_leaves_from_there() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let any = SocketAddr::from(([127, 0, 0, 1], 0));
            let sockets: Vec<_> = (0..2).map(|id| SipSocket::bind(ListenerId(id), any, false).unwrap()).collect();
            let addresses: Vec<_> = sockets.iter().map(|socket| socket.address).collect();
            let mut network = Network::new(sockets, true).unwrap();
            let peer = UdpSocket::bind(any).unwrap();
            peer.send_to(b"ping", addresses[1]).unwrap();
            std::future::poll_fn(|context| network.poll_readable(context)).await;
            let mut outbox = Outbox::default();
            let mut count = 0;
            let more = network.receive(|bytes, flow| {
                assert_eq!((bytes, flow.listener), (&b"ping"[..], ListenerId(1)));
                outbox.push_bytes(flow, b"pong");
                count += 1;
            });
            assert_eq!((count, more), (1, false));
            network.send(&outbox);
            let mut answer = [0; 8];
            let (length, from) = peer.recv_from(&mut answer).unwrap();
            assert_eq!((&answer[..length], from), (&b"pong"[..], addresses[1]));
            assert!(!network.is_behind() && network.dropped() == 0);
        });
    }
}
