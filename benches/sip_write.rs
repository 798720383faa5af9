//! Writing one SIP message into a reused buffer: the 180 to an INVITE, a 200 with SDP, a BYE.
//!
//! `cargo bench --no-default-features --bench sip_write` (add `-- --quick` for a fast look). Figures are per message. The check
//! value is printed so that the work cannot vanish.

use criterion::{Criterion, criterion_group, criterion_main};
use huntline::ids::{Flow, ListenerId};
use huntline::sip::scan::{Message, Scanned};
use huntline::sip::write::{PRODUCT, Writer};
use std::hint::black_box;

const INVITE: &str = "INVITE sip:1000@192.0.2.1 SIP/2.0\r\n\
Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK-edge;rport\r\n\
Via: SIP/2.0/UDP 192.0.2.7:5070;branch=z9hG4bK776asdhds\r\n\
Record-Route: <sip:192.0.2.2;lr>\r\n\
From: \"Anna Beispiel\" <sip:13800138000@192.0.2.7>;tag=1928301774\r\n\
To: <sip:1000@192.0.2.1>\r\nCall-ID: a84b4c76e66710@192.0.2.7\r\nCSeq: 314159 INVITE\r\n\
Contact: <sip:13800138000@192.0.2.7:5070>\r\nContent-Length: 0\r\n\r\n";

const SDP: &[u8] =
    b"v=0\r\no=- 3902 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 8 101\r\n\
a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n";

#[inline(never)]
fn respond(out: &mut Vec<u8>, request: &Message<'_>, flow: Flow, status: u16) -> usize {
    out.clear();
    let mut writer = Writer::response(out, request, flow, status, Some("7f3a9b2c"));
    writer.field("Contact", "<sip:192.0.2.1:5060>").field("Server", PRODUCT);
    if status == 200 {
        writer.body("application/sdp", SDP)
    } else {
        writer.finish()
    }
    out.len()
}

#[inline(never)]
fn bye(out: &mut Vec<u8>, cseq: u32) -> usize {
    out.clear();
    let mut writer = Writer::request(out, "BYE", b"sip:13800138000@192.0.2.7:5070");
    writer.field("Route", "<sip:192.0.2.2;lr>").field("Via", "SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK77");
    writer.field("Max-Forwards", "70").field("From", "<sip:1000@192.0.2.1>;tag=7f3a9b2c");
    writer.field("To", "\"Anna Beispiel\" <sip:13800138000@192.0.2.7>;tag=1928301774");
    writer.field("Call-ID", "a84b4c76e66710@192.0.2.7").field_format("CSeq", format_args!("{cseq} BYE"));
    writer.finish();
    out.len()
}

fn benches(criterion: &mut Criterion) {
    let invite = Scanned::new(INVITE.as_bytes()).expect("the message above is one");
    let flow = Flow { listener: ListenerId(0), peer: "192.0.2.2:5060".parse().expect("an address") };
    let mut out = Vec::with_capacity(2048);
    let mut check = 0usize;
    for (name, status) in [("write/180", 180u16), ("write/200 with SDP", 200)] {
        criterion.bench_function(name, |bench| {
            bench.iter(|| check = check.wrapping_add(respond(&mut out, &invite.message(), flow, black_box(status))));
        });
    }
    criterion
        .bench_function("write/BYE", |bench| bench.iter(|| check = check.wrapping_add(bye(&mut out, black_box(2)))));
    let sizes = [
        respond(&mut out, &invite.message(), flow, 180),
        respond(&mut out, &invite.message(), flow, 200),
        bye(&mut out, 2),
    ];
    println!("check value: {} (bytes: {sizes:?})", check > 0);
}

criterion_group!(all, benches);
criterion_main!(all);
