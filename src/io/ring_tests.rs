//! Tests of the ring file.

use super::*;
use proptest::prelude::*;

fn path(name: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("huntline-ring-{}-{name}.bin", std::process::id()))
}

#[test]
fn what_was_pushed_is_read_back_in_order_while_the_ring_has_not_wrapped() {
    let path = path("whole");
    let mut ring = Ring::create(&path, b"seed 7", 4096).unwrap();
    for at in 0..20u64 {
        ring.push(&vec![at as u8; at as usize]);
    }
    let recording = Recording::read(&path).unwrap();
    assert_eq!(recording.preamble, b"seed 7");
    assert!(recording.whole && !recording.ended);
    assert_eq!(recording.entries.len(), 20);
    assert_eq!(recording.entries[19], vec![19; 19]);
    ring.end();
    assert!(Recording::read(&path).unwrap().ended);
    std::fs::remove_file(path).unwrap();
}

#[test]
fn an_input_larger_than_half_the_ring_is_left_out() {
    let path = path("large");
    let mut ring = Ring::create(&path, b"", 4096).unwrap();
    ring.push(&[1; 4096]);
    ring.push(&[2; 8]);
    assert_eq!(Recording::read(&path).unwrap().entries, [vec![2; 8]]);
    std::fs::remove_file(path).unwrap();
}

#[test]
fn foreign_and_damaged_files_are_refused_with_their_reason() {
    let path = path("damaged");
    std::fs::write(&path, b"#!/bin/sh\n").unwrap();
    assert!(matches!(Recording::read(&path), Err(Unreadable::Magic)));
    let mut ring = Ring::create(&path, b"x", 4096).unwrap();
    ring.push(b"hello");
    drop(ring);
    let mut file = std::fs::read(&path).unwrap();
    file[4096] = 0xff;
    file[4098] = 0xff;
    std::fs::write(&path, &file).unwrap();
    assert!(matches!(Recording::read(&path), Err(Unreadable::Damaged(0))));
    file[8] = 9;
    std::fs::write(&path, &file).unwrap();
    assert!(matches!(Recording::read(&path), Err(Unreadable::Version(9))));
    std::fs::write(&path, &file[..100]).unwrap();
    assert!(Recording::read(&path).is_err());
    std::fs::remove_file(path).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// However long the inputs: what is read back is the tail of what was pushed, and never less than half a ring of it.
    #[test]
    fn a_wrapped_ring_holds_the_last_inputs(lengths in proptest::collection::vec(0usize..700, 1..120)) {
        let path = path("wrapped");
        let mut ring = Ring::create(&path, b"p", 4096).unwrap();
        let pushed: Vec<_> = lengths.iter().enumerate().map(|(at, &length)| vec![at as u8; length]).collect();
        pushed.iter().for_each(|bytes| ring.push(bytes));
        let recording = Recording::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let kept = recording.entries.len();
        prop_assert_eq!(&recording.entries[..], &pushed[pushed.len() - kept..]);
        prop_assert_eq!(recording.whole, kept == pushed.len());
        let bytes: usize = recording.entries.iter().map(|bytes| bytes.len() + ENTRY + 8).sum();
        prop_assert!(recording.whole || bytes >= 4096 / 2);
    }
}
