//! The flag by which a reader says that it sleeps, so that writers wake it then and only then: waking a thread that is awake
//! costs 10–20 µs for nothing. Checked under loom by `tests/loom_wake_flag.rs`, which takes this file in by itself.
//!
//! ```text
//! reader                                writer
//! queue is empty                        put into the queue
//! announce: sleeping = true             ── fence ──
//! ── fence ──                           must_wake: was sleeping? → false, wake
//! look into the queue once more
//! nothing: sleep; else: retract
//! ```
//!
//! Of the two looks at least one sees the other side's write: nobody sleeps over a full queue.

#[cfg(not(loom))]
use core::sync::atomic::{AtomicBool, Ordering, fence};
#[cfg(loom)]
use loom::sync::atomic::{AtomicBool, Ordering, fence};

/// See the module text. One reader, any number of writers.
#[derive(Debug, Default)]
pub struct WakeFlag {
    sleeping: AtomicBool,
}

impl WakeFlag {
    /// The reader is about to sleep. It must look for work once more after this.
    pub fn announce(&self) {
        // Not a mere store: what a writer that has just taken the flag wrote must lie before this for every thread.
        self.sleeping.swap(true, Ordering::AcqRel);
        fence(Ordering::SeqCst);
    }

    /// The reader does not sleep after all, or has woken by itself.
    pub fn retract(&self) {
        self.sleeping.store(false, Ordering::Relaxed);
    }

    /// After a writer has put something down: whether it must wake the reader. Of several writers one is told so.
    pub fn must_wake(&self) -> bool {
        fence(Ordering::SeqCst);
        self.sleeping.load(Ordering::Relaxed) && self.sleeping.swap(false, Ordering::AcqRel)
    }
}
