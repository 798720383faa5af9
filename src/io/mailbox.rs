//! Messages from threads to one reader: a bounded queue, and an eventfd that is written only when the reader has said that
//! it sleeps ([`WakeFlag`]). Not a place that loses or blocks: a full mailbox hands the message back, and [`Outgoing`] keeps it
//! for the next turn, in order.

use super::wake_flag::WakeFlag;
use crossbeam::queue::ArrayQueue;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::Arc;

#[derive(Debug)]
struct Shared<T> {
    queue: ArrayQueue<T>,
    flag: WakeFlag,
    /// An eventfd, non-blocking.
    event: File,
}

/// One of the writing ends.
#[derive(Debug)]
pub struct Sender<T>(Arc<Shared<T>>);

/// The reading end.
#[derive(Debug)]
pub struct Receiver<T>(Arc<Shared<T>>);

/// A mailbox for at most `capacity` messages.
pub fn mailbox<T>(capacity: usize) -> io::Result<(Sender<T>, Receiver<T>)> {
    // SAFETY: eventfd takes no pointers; a descriptor it returns is new and ours alone.
    let event = unsafe {
        let descriptor = libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC);
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        OwnedFd::from_raw_fd(descriptor)
    };
    let shared = Shared { queue: ArrayQueue::new(capacity), flag: WakeFlag::default(), event: event.into() };
    let shared = Arc::new(shared);
    Ok((Sender(Arc::clone(&shared)), Receiver(shared)))
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Sender<T> {
    /// Puts a message in and wakes the reader if it sleeps. `Err`: no room; the message comes back.
    pub fn push(&self, message: T) -> Result<(), T> {
        self.0.queue.push(message)?;
        if self.0.flag.must_wake() {
            self.wake();
        }
        Ok(())
    }

    /// Wakes the reader whether or not there is a message: it is to look at something else.
    pub fn wake(&self) {
        // Fails only if the counter is about to run over, and then the reader is woken already.
        let _ = (&self.0.event).write(&1u64.to_ne_bytes());
    }

    /// How many messages wait to be read.
    pub fn len(&self) -> usize {
        self.0.queue.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.queue.is_empty()
    }

    pub fn capacity(&self) -> usize {
        self.0.queue.capacity()
    }
}

impl<T> Receiver<T> {
    pub fn pop(&self) -> Option<T> {
        self.0.queue.pop()
    }

    /// Says that the reader is about to sleep. False: there is something to read, it must not; then [`Self::awake`] takes the
    /// word back.
    pub fn may_sleep(&self) -> bool {
        self.0.flag.announce();
        self.0.queue.is_empty()
    }

    /// The reader is awake: pushes need not wake it.
    pub fn awake(&self) {
        self.0.flag.retract();
    }

    /// Uses up a wake-up, so that the descriptor is no longer readable. [`io::ErrorKind::WouldBlock`]: there was none.
    pub fn drain_wakeup(&self) -> io::Result<()> {
        (&self.0.event).read(&mut [0; 8]).map(|_| ())
    }
}

/// The descriptor that becomes readable when a sleeping reader is woken.
impl<T> AsFd for Receiver<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.event.as_fd()
    }
}

/// A sender that loses nothing: what finds no room waits here, in order, until [`Self::flush`].
#[derive(Debug)]
pub struct Outgoing<T> {
    sender: Sender<T>,
    /// Bounded by what the calls can have outstanding.
    waiting: VecDeque<T>,
    /// Messages that had to wait, since start.
    pub held_back: u64,
}

impl<T> Outgoing<T> {
    pub fn new(sender: Sender<T>) -> Self {
        Self { sender, waiting: VecDeque::new(), held_back: 0 }
    }

    /// Sends a message behind those that wait.
    pub fn send(&mut self, message: T) {
        let back = if self.waiting.is_empty() { self.sender.push(message).err() } else { Some(message) };
        if let Some(message) = back {
            self.waiting.push_back(message);
            self.held_back += 1;
        }
    }

    /// Sends what waits, as far as there is room; whether nothing waits any more.
    pub fn flush(&mut self) -> bool {
        while let Some(message) = self.waiting.pop_front() {
            if let Err(message) = self.sender.push(message) {
                self.waiting.push_front(message);
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn woken<T>(receiver: &Receiver<T>) -> bool {
        receiver.drain_wakeup().is_ok()
    }

    #[test]
    fn a_push_wakes_the_reader_only_when_it_sleeps() {
        let (sender, receiver) = mailbox(4).unwrap();
        sender.push(1).unwrap();
        assert!(!woken(&receiver), "awake");
        assert!(!receiver.may_sleep(), "there is something");
        receiver.awake();
        assert_eq!(receiver.pop(), Some(1));
        assert!(receiver.may_sleep());
        sender.push(2).unwrap();
        sender.push(3).unwrap();
        assert!(woken(&receiver));
        assert!(!woken(&receiver), "once");
        assert_eq!((receiver.pop(), receiver.pop(), receiver.pop()), (Some(2), Some(3), None));
    }

    #[test]
    fn what_finds_no_room_waits_in_order() {
        let (sender, receiver) = mailbox(2).unwrap();
        let mut outgoing = Outgoing::new(sender.clone());
        (0..5).for_each(|n| outgoing.send(n));
        assert_eq!((outgoing.held_back, sender.len(), outgoing.flush()), (3, 2, false));
        assert_eq!(receiver.pop(), Some(0));
        outgoing.send(5);
        let mut read = Vec::new();
        loop {
            let flushed = outgoing.flush();
            read.extend(std::iter::from_fn(|| receiver.pop()));
            if flushed {
                break;
            }
        }
        assert_eq!(read, [1, 2, 3, 4, 5]);
        assert!(sender.is_empty() && sender.capacity() == 2);
    }

    #[test]
    fn messages_of_threads_arrive_whole_through_a_small_mailbox() {
        const EACH: u64 = 2_000;
        let (sender, receiver) = mailbox(8).unwrap();
        let writers: Vec<_> = (0..3u64)
            .map(|writer| {
                let mut outgoing = Outgoing::new(sender.clone());
                std::thread::spawn(move || {
                    (0..EACH).for_each(|n| outgoing.send(writer * EACH + n));
                    while !outgoing.flush() {
                        std::thread::yield_now();
                    }
                })
            })
            .collect();
        let (mut read, mut last) = (0, [None; 3]);
        while read < 3 * EACH {
            match receiver.pop() {
                Some(value) => {
                    let writer = (value / EACH) as usize;
                    assert!(last[writer] < Some(value), "in order per writer");
                    last[writer] = Some(value);
                    read += 1;
                }
                None => std::thread::yield_now(),
            }
        }
        writers.into_iter().for_each(|writer| writer.join().unwrap());
    }
}
