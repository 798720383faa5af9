//! One kernel timer (timerfd) for the control loop: wakes at the earliest deadline, to the microsecond. tokio's own timers
//! round up to whole milliseconds, which an offer would feel.
//!
//! Re-armed only when the earliest deadline moves forward: a later one lets the old alarm ring once for nothing, which is
//! cheaper than a system call per turn.

use super::readiness::Readiness;
use crate::clock::{Duration, Instant};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::task::{Context, Poll, ready};

/// See the module text. Must be made and polled inside a tokio runtime.
#[derive(Debug)]
pub struct DeadlineTimer {
    timer: OwnedFd,
    readiness: Readiness,
    armed: Option<Instant>,
}

impl DeadlineTimer {
    /// A timer that is not armed.
    pub fn new() -> io::Result<Self> {
        // SAFETY: the call takes no pointers; a descriptor that is not negative is new and ours alone.
        let timer = unsafe {
            let raw = libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_NONBLOCK | libc::TFD_CLOEXEC);
            if raw < 0 {
                return Err(io::Error::last_os_error());
            }
            OwnedFd::from_raw_fd(raw)
        };
        let readiness = Readiness::of(&timer)?;
        Ok(Self { timer, readiness, armed: None })
    }

    /// Makes sure that the timer rings at `deadline` or before; `now` is the present time on the same line.
    pub fn arm(&mut self, deadline: Option<Instant>, now: Instant) -> io::Result<()> {
        let Some(deadline) = deadline else { return Ok(()) };
        if self.armed.is_some_and(|armed| armed <= deadline) {
            return Ok(());
        }
        // Zero would disarm: what is due already rings in a microsecond.
        let after = deadline.since(now).max(Duration::from_micros(1));
        let value = libc::timespec {
            tv_sec: libc::time_t::try_from(after.as_secs()).unwrap_or(libc::time_t::MAX),
            tv_nsec: after.subsec_nanos().into(),
        };
        let timer = libc::itimerspec { it_interval: libc::timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
        // SAFETY: the descriptor is open as long as `self`, `timer` lives through the call, and no old value is asked for.
        if unsafe { libc::timerfd_settime(self.timer.as_raw_fd(), 0, &timer, std::ptr::null_mut()) } != 0 {
            return Err(io::Error::last_os_error());
        }
        self.armed = Some(deadline);
        Ok(())
    }

    /// Ready when the timer has rung; it is then no longer armed.
    pub fn poll_rung(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.readiness.poll(context));
            let rung = self.readiness.try_read(|| {
                let mut count = [0u8; 8];
                // SAFETY: the descriptor is open, and the kernel writes at most the eight bytes that `count` has.
                let read = unsafe { libc::read(self.timer.as_raw_fd(), count.as_mut_ptr().cast(), count.len()) };
                if read < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
            });
            if !rung.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
                self.armed = None;
                return Poll::Ready(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::monotonic::Monotonic;

    #[test]
    fn rings_at_the_earlier_of_two_deadlines_and_not_before() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let clock = Monotonic::start();
            let mut timer = DeadlineTimer::new().unwrap();
            let now = clock.now();
            timer.arm(Some(now + Duration::from_secs(3_600)), now).unwrap();
            timer.arm(Some(now + Duration::from_micros(1_500)), now).unwrap();
            std::future::poll_fn(|context| timer.poll_rung(context)).await;
            assert!(clock.now() >= now + Duration::from_micros(1_500));
        });
    }
}
