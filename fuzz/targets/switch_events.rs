//! Any sequence of events for a Switch and its Router: invariants hold after each, and nothing is left at the end.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let wrong = huntline::sim::events::play(bytes);
    assert!(wrong.is_empty(), "{wrong:#?}");
});
