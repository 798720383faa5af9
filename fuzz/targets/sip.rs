//! Any datagram through the Gate, and everything that reads what passes.
#![no_main]

use huntline::gate::{Gate, Settings, Verdict};
use huntline::sip::{header, outbox::Outbox, scan, write};
use huntline::{clock, ids};
use std::cell::RefCell;

thread_local!(static GATE: RefCell<Gate> = RefCell::new(Gate::new(
    Settings { trusted: Vec::new(), rate: 1e9, burst: 1e9, sources_max: 4, penalty: clock::Duration::ZERO }, 1)));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let flow = ids::Flow { listener: ids::ListenerId(0), peer: ([127, 0, 0, 1], 5060).into() };
    let (mut index, mut out) = (scan::Index::default(), Outbox::default());
    let shed = bytes.len() % 2 == 1;
    GATE.with_borrow_mut(|gate| {
        let verdict = gate.handle(bytes, flow, shed, &mut index, clock::Instant::START, &mut out);
        let Verdict::Pass(message) = verdict else { return };
        read(&message);
        if message.is_request() {
            out.push(flow, |out| write::Writer::response(out, &message, flow, 200, Some("t")).finish());
        }
    });
    for (_, answer) in out.iter() {
        assert!(answer.len() < bytes.len() + 300, "an answer much longer than its request");
        // A request of as many Vias as a message may have fields cannot be answered in so few.
        let scanned = scan::Scanned::new(answer);
        assert!(
            !scanned.is_err_and(|error| error != scan::Malformed::TooManyFields),
            "an answer of ours does not scan"
        );
    }
});

/// Every reader on every field.
fn read(message: &scan::Message<'_>) {
    for (name, _, _) in message.all() {
        for element in message.elements(name) {
            if let Some(address) = header::NameAddr::read(element) {
                _ = (address.tag(), address.display_text());
                _ = address.parts().map(|uri| (uri.user_text(), uri.literal(), uri.same(&uri)));
            }
            _ = header::Via::read(element).map(|via| (via.branch().is_some(), via.received(), via.rport()));
        }
        _ = message.number(name);
    }
    _ = (message.body(), message.contact(), message.reason_phrase(), message.request_uri());
}
