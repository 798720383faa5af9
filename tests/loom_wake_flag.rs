//! Every interleaving of a reader and two writers over the wake flag: nothing is slept over.
//!
//! `RUSTFLAGS="--cfg loom" cargo test --no-default-features --test loom_wake_flag --release`
#![cfg(loom)]

#[path = "../src/io/wake_flag.rs"]
mod wake_flag;

use loom::sync::atomic::{AtomicU32, Ordering};
use loom::sync::{Arc, Condvar, Mutex};
use wake_flag::WakeFlag;

/// What `io::mailbox` is made of: a queue, the flag, and something that a sleeper can be woken by and that remembers it. The queue is
/// the weakest there can be (places written once, release and acquire), so that nothing but the flag keeps the order.
#[derive(Default)]
struct Mailbox {
    places: [AtomicU32; 2],
    flag: WakeFlag,
    event: Mutex<u32>,
    woken: Condvar,
}

impl Mailbox {
    fn push(&self, place: usize) {
        self.places[place].store(1, Ordering::Release);
        if self.flag.must_wake() {
            *self.event.lock().unwrap() += 1;
            self.woken.notify_one();
        }
    }

    fn pop(&self, taken: &mut [bool; 2]) -> bool {
        let filled = |place: usize| self.places[place].load(Ordering::Acquire) != 0;
        match (0..2).find(|&place| !taken[place] && filled(place)) {
            Some(place) => {
                taken[place] = true;
                true
            }
            None => false,
        }
    }

    /// Sleeps until an event; loom reports a deadlock if none can come.
    fn sleep(&self) {
        let mut event = self.event.lock().unwrap();
        while *event == 0 {
            event = self.woken.wait(event).unwrap();
        }
        *event = 0;
    }

    /// Reads everything as a worker's loop does; how often it was woken.
    fn read(&self) -> u32 {
        let (mut taken, mut wake_ups) = ([false; 2], 0);
        while taken != [true; 2] {
            if self.pop(&mut taken) {
                continue;
            }
            self.flag.announce();
            if self.pop(&mut taken) {
                self.flag.retract();
            } else {
                self.sleep();
                wake_ups += 1;
            }
        }
        wake_ups
    }
}

#[test]
fn one_writer_and_a_reader_that_sleeps() {
    loom::model(|| {
        let mailbox = Arc::new(Mailbox::default());
        let writer = {
            let mailbox = Arc::clone(&mailbox);
            loom::thread::spawn(move || (0..2).for_each(|place| mailbox.push(place)))
        };
        assert!(mailbox.read() <= 2);
        writer.join().unwrap();
    });
}

#[test]
fn two_writers_and_a_reader_that_sleeps() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let mailbox = Arc::new(Mailbox::default());
        let writers: Vec<_> = (0..2)
            .map(|place| {
                let mailbox = Arc::clone(&mailbox);
                loom::thread::spawn(move || mailbox.push(place))
            })
            .collect();
        assert!(mailbox.read() <= 2);
        writers.into_iter().for_each(|writer| writer.join().unwrap());
    });
}
