//! Waiting for many descriptors at once, to the microsecond: epoll, level-triggered, behind a safe face. For media workers, which
//! run no runtime (tokio's timers round to a millisecond).
#![allow(unsafe_code)]

use crate::clock::Duration;
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

/// What a registered descriptor is known by.
pub type Token = u64;

/// A set of descriptors that may become readable.
#[derive(Debug)]
pub struct Epoll {
    epoll: OwnedFd,
}

/// Places for what has become readable; reused from wait to wait.
pub struct Ready {
    events: Box<[libc::epoll_event]>,
    count: usize,
}

impl Ready {
    /// At most this many at a time.
    pub fn new(most: usize) -> Self {
        Self { events: vec![libc::epoll_event { events: 0, u64: 0 }; most.max(1)].into(), count: 0 }
    }

    /// Which they were.
    pub fn tokens(&self) -> impl Iterator<Item = Token> + '_ {
        self.events[..self.count].iter().map(|event| event.u64)
    }
}

impl Epoll {
    pub fn new() -> io::Result<Self> {
        // SAFETY: takes no pointers; the descriptor it returns is new and ours alone.
        let descriptor = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just made, owned by nobody else.
        Ok(Self { epoll: unsafe { OwnedFd::from_raw_fd(descriptor) } })
    }

    /// Watches `source` until it is closed.
    pub fn add(&self, source: &impl AsFd, token: Token) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: token };
        let (epoll, descriptor) = (self.epoll.as_raw_fd(), source.as_fd().as_raw_fd());
        // SAFETY: both descriptors are open, and `event` lives through the call.
        match unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, descriptor, &mut event) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Waits until something is readable, at most `timeout` (`None`: for ever). An interrupted wait is one that found nothing.
    pub fn wait(&self, ready: &mut Ready, timeout: Option<Duration>) -> io::Result<()> {
        ready.count = 0;
        let timeout = timeout.map(|timeout| libc::timespec {
            tv_sec: timeout.as_secs() as libc::time_t,
            tv_nsec: timeout.subsec_nanos().into(),
        });
        let timeout = timeout.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        // epoll_pwait2 (Linux 5.11) takes nanoseconds where epoll_wait takes milliseconds; the C library has no name for it
        // everywhere yet.
        // SAFETY: `events` has as many entries as are announced, the timespec lives through the call, and there is no
        // signal mask.
        let count = unsafe {
            libc::syscall(
                libc::SYS_epoll_pwait2,
                self.epoll.as_raw_fd(),
                ready.events.as_mut_ptr(),
                ready.events.len() as libc::c_int,
                timeout,
                std::ptr::null::<libc::sigset_t>(),
                0usize,
            )
        };
        match usize::try_from(count) {
            Ok(count) => ready.count = count,
            Err(_) => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    #[test]
    fn what_can_be_read_is_told_until_it_is_read() {
        let (epoll, mut ready) = (Epoll::new().unwrap(), Ready::new(8));
        let sockets: Vec<_> = (0..3).map(|_| UdpSocket::bind("127.0.0.1:0").unwrap()).collect();
        for (token, socket) in sockets.iter().enumerate() {
            epoll.add(socket, token as u64).unwrap();
        }
        epoll.wait(&mut ready, Some(Duration::ZERO)).unwrap();
        assert_eq!(ready.tokens().count(), 0);
        sockets[0].send_to(b"x", sockets[2].local_addr().unwrap()).unwrap();
        for _ in 0..2 {
            epoll.wait(&mut ready, None).unwrap();
            assert_eq!(ready.tokens().collect::<Vec<_>>(), [2]);
        }
        sockets[2].recv(&mut [0; 8]).unwrap();
        epoll.wait(&mut ready, Some(Duration::from_micros(300))).unwrap();
        assert_eq!(ready.tokens().count(), 0);
    }
}
