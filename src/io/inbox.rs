//! A mailbox as the control loop reads it: other threads push, the one task is woken when it has said that it sleeps.

use super::mailbox::Receiver;
use super::readiness::Readiness;
use std::io;
use std::task::{Context, Poll, ready};

/// See the module text.
#[derive(Debug)]
pub struct Inbox<T> {
    receiver: Receiver<T>,
    readiness: Readiness,
}

impl<T> Inbox<T> {
    /// Must be made inside a tokio runtime.
    pub fn new(receiver: Receiver<T>) -> io::Result<Self> {
        let readiness = Readiness::of(&receiver)?;
        Ok(Self { receiver, readiness })
    }

    pub fn pop(&self) -> Option<T> {
        self.receiver.pop()
    }

    /// Ready when there is something; else says that the reader sleeps, so that the next push wakes it.
    pub fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        while self.receiver.may_sleep() {
            ready!(self.readiness.poll(context));
            // Uses up the wake-up; what it was for is in the queue. One read takes all there is: a second would be for nothing.
            let _ = self.readiness.try_read(|| -> io::Result<()> {
                let _ = self.receiver.drain_wakeup();
                Err(io::ErrorKind::WouldBlock.into())
            });
        }
        Poll::Ready(())
    }

    /// The reader is awake: pushes need not wake it.
    pub fn awake(&self) {
        self.receiver.awake();
    }
}
