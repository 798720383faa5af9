//! Reading one SIP message: a typical INVITE of 12 header fields with SDP, a 200, a REGISTER with credentials; rsip beside them.
//!
//! `cargo bench --no-default-features --bench sip_scan` (add `-- --quick` for a fast look). Figures are per message. The check
//! value is printed so that the work cannot vanish. Instructions per message:
//! `valgrind --tool=callgrind --toggle-collect='*scan_once*' BENCH --test scan/invite`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use huntline::sip::scan::{Index, Message, Name, scan};
use std::hint::black_box;

const INVITE: &str = "INVITE sip:1000@192.0.2.1 SIP/2.0\r\n\
Via: SIP/2.0/UDP 192.0.2.7:5070;branch=z9hG4bK776asdhds;rport\r\n\
Max-Forwards: 70\r\n\
From: \"Anna Beispiel\" <sip:13800138000@192.0.2.7>;tag=1928301774\r\n\
To: <sip:1000@192.0.2.1>\r\n\
Call-ID: a84b4c76e66710@192.0.2.7\r\n\
CSeq: 314159 INVITE\r\n\
Contact: <sip:13800138000@192.0.2.7:5070>\r\n\
Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK\r\n\
Supported: 100rel, timer\r\n\
User-Agent: carrier-sbc/7.4\r\n\
Content-Type: application/sdp\r\n\
Content-Length: 181\r\n\r\n\
v=0\r\no=- 3902 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 0 101\r\n\
a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\na=rtcp:40001\r\n";

const OK: &str = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds;rport=5060\r\n\
From: <sip:1000@192.0.2.1>;tag=1928301774\r\nTo: <sip:8001@192.0.2.7>;tag=a6c85cf\r\nCall-ID: a84b4c76e66710\r\n\
CSeq: 1 BYE\r\nServer: phone/1\r\nContent-Length: 0\r\n\r\n";

const REGISTER: &str = "REGISTER sip:huntline SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bKnashds7;rport\r\n\
Max-Forwards: 70\r\nFrom: <sip:8001@huntline>;tag=456248\r\nTo: <sip:8001@huntline>\r\nCall-ID: 843817637684230@998sdasdh09\r\n\
CSeq: 1826 REGISTER\r\nContact: <sip:8001@192.0.2.9:5062>;expires=300\r\nAuthorization: Digest username=\"8001\", \
realm=\"huntline\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c0\", uri=\"sip:huntline\", response=\"6629fae49393a05397450978507c4ef1\", \
algorithm=MD5, qop=auth, cnonce=\"0a4f113b\", nc=00000001\r\nContent-Length: 0\r\n\r\n";

/// One scan and the reads that every message gets.
#[inline(never)]
fn scan_once(bytes: &[u8], index: &mut Index) -> usize {
    if scan(bytes, index).is_err() {
        return 0;
    }
    let message = Message::new(bytes, index);
    let defect = usize::from(message.defect().is_some());
    message.call_id().len() + message.cseq() as usize + message.field(Name::Via).map_or(0, <[u8]>::len) - defect
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scan");
    let mut index = Index::default();
    let mut check = 0usize;
    for (name, text) in [("invite", INVITE), ("ok", OK), ("register", REGISTER)] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bench| {
            bench.iter(|| check = check.wrapping_add(scan_once(black_box(text.as_bytes()), &mut index)));
        });
    }
    group.finish();
    criterion.bench_function("scan/invite by rsip", |bench| {
        bench.iter(|| {
            let message = rsip::SipMessage::try_from(black_box(INVITE.as_bytes()));
            check = check.wrapping_add(usize::from(message.is_ok()));
        });
    });
    println!("check value: {} (of one INVITE: {})", check > 0, scan_once(INVITE.as_bytes(), &mut index));
}

criterion_group!(all, benches);
criterion_main!(all);
