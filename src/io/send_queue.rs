//! Datagrams on their way out of one socket: sent at once in batches; what the kernel does not take waits here, in order and
//! bounded, for the next turn. What does not fit here is dropped, as the network would, and counted: SIP repeats it.

use super::mmsg::BATCH;
use crate::clock::Duration;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;

/// Datagrams that wait at most.
pub const WAITING_MAX: usize = 4_096;
/// How long to wait for room in the socket. Readiness to write is not asked of epoll: it would wake us for every datagram that leaves.
pub const RETRY_AFTER: Duration = Duration::from_micros(500);

/// See the module text.
#[derive(Debug, Default)]
pub struct SendQueue {
    waiting: VecDeque<(SocketAddr, Box<[u8]>)>,
    /// Dropped because the queue was full.
    pub dropped: u64,
    /// Refused by the kernel for a reason of their own (no route, too long).
    pub refused: u64,
}

impl SendQueue {
    /// Sends what waits and then `datagrams`. `send` is given a batch and says how many of them, from the first, have gone.
    pub fn send<'a>(
        &mut self,
        datagrams: impl Iterator<Item = (SocketAddr, &'a [u8])>,
        mut send: impl FnMut(&[(SocketAddr, &[u8])]) -> io::Result<usize>,
    ) {
        self.send_waiting(&mut send);
        let mut datagrams = datagrams.peekable();
        let mut batch: Vec<(SocketAddr, &[u8])> = Vec::with_capacity(BATCH);
        while self.waiting.is_empty() && datagrams.peek().is_some() {
            batch.extend(datagrams.by_ref().take(BATCH));
            let gone = send_batch(&batch, &mut self.refused, &mut send);
            batch.drain(..gone).for_each(drop);
            if !batch.is_empty() {
                break;
            }
        }
        for (peer, bytes) in batch.into_iter().chain(datagrams) {
            if self.waiting.len() < WAITING_MAX {
                self.waiting.push_back((peer, bytes.into()));
            } else {
                self.dropped += 1;
            }
        }
    }

    fn send_waiting(&mut self, send: &mut impl FnMut(&[(SocketAddr, &[u8])]) -> io::Result<usize>) {
        while !self.waiting.is_empty() {
            let batch: Vec<(SocketAddr, &[u8])> =
                self.waiting.iter().take(BATCH).map(|(peer, bytes)| (*peer, &bytes[..])).collect();
            let (length, gone) = (batch.len(), send_batch(&batch, &mut self.refused, send));
            self.waiting.drain(..gone);
            if gone < length {
                return;
            }
        }
    }

    /// Whether datagrams wait for the kernel.
    pub fn is_behind(&self) -> bool {
        !self.waiting.is_empty()
    }
}

/// How many of `batch`, from the first, need no more care: sent, or refused for good.
fn send_batch(
    batch: &[(SocketAddr, &[u8])],
    refused: &mut u64,
    send: &mut impl FnMut(&[(SocketAddr, &[u8])]) -> io::Result<usize>,
) -> usize {
    let mut gone = 0;
    while let Some(rest) = batch.get(gone..).filter(|rest| !rest.is_empty()) {
        match send(rest) {
            Ok(0) => break,
            Ok(sent) => gone += sent,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Also ENOBUFS: the interface's queue is full, which passes.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error() == Some(libc::ENOBUFS) => {
                break;
            }
            Err(_) => {
                *refused += 1;
                gone += 1;
            }
        }
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 5061);

    fn datagrams(texts: &[String]) -> impl Iterator<Item = (SocketAddr, &[u8])> {
        texts.iter().map(|text| (PEER, text.as_bytes()))
    }

    /// A kernel with room for `room` datagrams; those that say `bad` it refuses.
    fn kernel<'k>(
        room: &'k mut usize,
        sent: &'k mut Vec<String>,
    ) -> impl FnMut(&[(SocketAddr, &[u8])]) -> io::Result<usize> + 'k {
        move |batch| {
            if batch[0].1.starts_with(b"bad") {
                return Err(io::ErrorKind::NetworkUnreachable.into());
            }
            let taken = batch.iter().take_while(|(_, bytes)| !bytes.starts_with(b"bad")).count().min(*room);
            if taken == 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            *room -= taken;
            sent.extend(batch[..taken].iter().map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()));
            Ok(taken)
        }
    }

    #[test]
    fn order_is_kept_when_the_kernel_takes_only_some() {
        let texts: Vec<String> = (0..200).map(|at| format!("{at}")).collect();
        let (mut queue, mut sent, mut room) = (SendQueue::default(), Vec::new(), 70);
        queue.send(datagrams(&texts[..150]), kernel(&mut room, &mut sent));
        assert!(queue.is_behind());
        room = 1_000;
        queue.send(datagrams(&texts[150..]), kernel(&mut room, &mut sent));
        assert!(!queue.is_behind());
        assert_eq!(sent, texts);
    }

    #[test]
    fn one_that_cannot_be_sent_holds_up_no_other() {
        let texts = ["a", "bad", "b", "bad", "bad", "c"].map(String::from);
        let (mut queue, mut sent, mut room) = (SendQueue::default(), Vec::new(), 100);
        queue.send(datagrams(&texts), kernel(&mut room, &mut sent));
        assert_eq!((sent.join(" ").as_str(), queue.refused, queue.is_behind()), ("a b c", 3, false));
    }

    #[test]
    fn what_does_not_fit_is_dropped_and_counted() {
        let texts: Vec<String> = (0..WAITING_MAX + 10).map(|at| format!("{at}")).collect();
        let (mut queue, mut sent, mut room) = (SendQueue::default(), Vec::new(), 0);
        queue.send(datagrams(&texts), kernel(&mut room, &mut sent));
        assert_eq!(queue.dropped, 10);
        room = usize::MAX;
        queue.send(std::iter::empty(), kernel(&mut room, &mut sent));
        assert_eq!(sent.len(), WAITING_MAX);
        assert_eq!(sent.last(), Some(&format!("{}", WAITING_MAX - 1)));
    }
}
