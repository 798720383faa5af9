//! Any text: loads or is refused with errors that can be printed; what loads can be drawn.
#![no_main]

use huntline::config::{Around, Names, load, picture::picture};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match load(text, &Around::nothing("fuzz.toml"), &Names::default()) {
        Ok(epoch) => drop(picture(&epoch)),
        Err(errors) => assert!(!errors.is_empty() && errors.iter().all(|error| !error.to_string().is_empty())),
    }
});
