//! Every interleaving of a reader and two writers over the wake flag: nothing is slept over.
//!
//! `RUSTFLAGS="--cfg loom" cargo test --no-default-features --test loom_wake_flag --release`
#![cfg(loom)]

#[path = "../src/io/wake_flag.rs"]
mod wake_flag;

use loom::sync::{Arc, Condvar, Mutex};
use std::collections::VecDeque;
use wake_flag::WakeFlag;

/// What `io::mailbox` is made of: a queue, the flag, and something that a sleeper can be woken by and that remembers it.
#[derive(Default)]
struct Mailbox {
    queue: Mutex<VecDeque<u32>>,
    flag: WakeFlag,
    event: Mutex<u32>,
    woken: Condvar,
}

impl Mailbox {
    fn push(&self, value: u32) {
        self.queue.lock().unwrap().push_back(value);
        if self.flag.must_wake() {
            *self.event.lock().unwrap() += 1;
            self.woken.notify_one();
        }
    }

    fn pop(&self) -> Option<u32> {
        self.queue.lock().unwrap().pop_front()
    }

    /// Sleeps until an event; loom reports a deadlock if none can come.
    fn sleep(&self) {
        let mut event = self.event.lock().unwrap();
        while *event == 0 {
            event = self.woken.wait(event).unwrap();
        }
        *event = 0;
    }

    /// Reads `count` values as a worker's loop does; how often it was woken.
    fn read(&self, count: usize) -> (Vec<u32>, u32) {
        let (mut values, mut wake_ups) = (Vec::new(), 0);
        while values.len() < count {
            if let Some(value) = self.pop() {
                values.push(value);
                continue;
            }
            self.flag.announce();
            match self.pop() {
                Some(value) => {
                    self.flag.retract();
                    values.push(value);
                }
                None => {
                    self.sleep();
                    wake_ups += 1;
                }
            }
        }
        (values, wake_ups)
    }
}

#[test]
fn one_writer_and_a_reader_that_sleeps() {
    loom::model(|| {
        let mailbox = Arc::new(Mailbox::default());
        let writer = {
            let mailbox = Arc::clone(&mailbox);
            loom::thread::spawn(move || (0..2).for_each(|value| mailbox.push(value)))
        };
        let (values, wake_ups) = mailbox.read(2);
        assert_eq!(values, [0, 1]);
        assert!(wake_ups <= 2);
        writer.join().unwrap();
    });
}

#[test]
fn two_writers_and_a_reader_that_sleeps() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let mailbox = Arc::new(Mailbox::default());
        let writers: Vec<_> = (0..2)
            .map(|value| {
                let mailbox = Arc::clone(&mailbox);
                loom::thread::spawn(move || mailbox.push(value))
            })
            .collect();
        let (mut values, _) = mailbox.read(2);
        values.sort_unstable();
        assert_eq!(values, [0, 1]);
        writers.into_iter().for_each(|writer| writer.join().unwrap());
    });
}
