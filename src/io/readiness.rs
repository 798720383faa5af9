//! Waiting until a descriptor can be read, without reading it: for the control loop's one task, which looks at all its sources in one
//! place. Only readability: to be told that a UDP socket can be written would wake the loop for every datagram that leaves.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::task::{Context, Poll};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A descriptor known to tokio's reactor. Must be made inside a runtime.
#[derive(Debug)]
pub struct Readiness(AsyncFd<OwnedFd>);

impl Readiness {
    /// Watches a duplicate of `source`, which is non-blocking.
    pub fn of(source: &impl AsFd) -> io::Result<Self> {
        let descriptor = source.as_fd().try_clone_to_owned()?;
        // SAFETY: an `OwnedFd` is open and stays the same descriptor until it is dropped, and `AsyncFd` owns it.
        let watched = unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) };
        Ok(Self(watched.map_err(|refused| refused.into_parts().1)?))
    }

    /// Ready if there may be something to read; else the task is woken when there is.
    pub fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        self.0.poll_read_ready(context).map(|_| ())
    }

    /// Runs `read` if there may be something to read. If it says [`io::ErrorKind::WouldBlock`], [`Self::poll`] waits for more to come.
    pub fn try_read<T>(&self, read: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.0.try_io(Interest::READABLE, |_| read())
    }
}
