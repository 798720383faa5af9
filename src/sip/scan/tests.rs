//! What the scanner tolerates, what it refuses, and that no bytes whatever make it panic or point outside the datagram.

use super::*;
use proptest::prelude::*;

/// An INVITE as trunks send them, with `line` put in before the last header line.
pub(super) fn invite_with(line: &str) -> String {
    format!(
        "INVITE sip:1000@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5070;branch=z9hG4bKabc;rport\r\n\
         Max-Forwards: 70\r\nFrom: \"Anna\" <sip:anna@192.0.2.7>;tag=a1\r\nTo: <sip:1000@192.0.2.1>\r\n\
         Call-ID: 77@192.0.2.7\r\nCSeq: 1 INVITE\r\nContact: <sip:anna@192.0.2.7:5070>\r\n{line}\
         Content-Length: 0\r\n\r\n"
    )
}

fn defect(text: impl AsRef<[u8]>) -> Option<(u16, &'static str)> {
    let scanned = Scanned::new(text.as_ref()).unwrap();
    scanned.message().defect().map(|defect| (defect.status, defect.reason))
}

#[test]
fn what_must_be_right_is_refused_with_its_status() {
    let cases = [
        (" SIP/2.0\r\nVia", " SIP/3.0\r\nVia", 505, "SIP Version Not Supported"),
        (" SIP/2.0\r\nVia", " SIP/2.0  \r\nVia", 400, "White Space In Request-Line"),
        ("INVITE sip:", "INVITE  sip:", 400, "White Space In Request-Line"),
        ("1000@192.0.2.1 SIP", "1000@192.0.2.1; lr SIP", 400, "White Space In Request-Line"),
        ("sip:1000@192.0.2.1 SIP", "<sip:1000@192.0.2.1> SIP", 400, "Bad Request-URI"),
        ("sip:1000@192.0.2.1 SIP", "1000 SIP", 400, "Bad Request-URI"),
        ("1000@192.0.2.1 SIP", "1000@192.0.2.1?Route=%3Csip:x%3E SIP", 400, "Headers In Request-URI"),
        ("sip:1000@192.0.2.1 SIP", "nobody:knows SIP", 416, "Unsupported URI Scheme"),
        ("Via: ", "X-Via: ", 400, "Missing Via"),
        ("From: ", "X-From: ", 400, "Missing From"),
        ("To: <", "X-To: <", 400, "Missing To"),
        ("Call-ID: ", "X-Call-ID: ", 400, "Missing Call-ID"),
        ("CSeq: ", "X-CSeq: ", 400, "Missing CSeq"),
        ("CSeq: ", "f: <sip:b@c>\r\nCSeq: ", 400, "Repeated From"),
        ("CSeq: ", "t: <sip:b@c>\r\nCSeq: ", 400, "Repeated To"),
        ("CSeq: ", "i: 78\r\nCSeq: ", 400, "Repeated Call-ID"),
        ("CSeq: ", "CSeq: 1 INVITE\r\nCSeq: ", 400, "Repeated CSeq"),
        ("CSeq: ", "Max-Forwards: 70\r\nCSeq: ", 400, "Repeated Max-Forwards"),
        ("CSeq: ", "l: 0\r\nCSeq: ", 400, "Repeated Content-Length"),
        ("CSeq: 1 INVITE", "CSeq: 1 OPTIONS", 400, "CSeq Method Mismatch"),
        ("CSeq: 1 INVITE", "CSeq: 2147483648 INVITE", 400, "Bad CSeq"),
        ("CSeq: 1 INVITE", "CSeq: 36893488147419103232 INVITE", 400, "Bad CSeq"),
        ("CSeq: 1 INVITE", "CSeq: -1 INVITE", 400, "Bad CSeq"),
        ("CSeq: 1 INVITE", "CSeq: INVITE", 400, "Bad CSeq"),
        ("CSeq: 1 INVITE", "CSeq: 1 INV ITE", 400, "Bad CSeq"),
        ("Call-ID: 77@192.0.2.7", "Call-ID:", 400, "Bad Call-ID"),
        ("Call-ID: 77@192.0.2.7", "Call-ID: 77 78", 400, "Bad Call-ID"),
        ("Length: 0", "Length: 9999", 400, "Content-Length Beyond Message"),
        ("Length: 0", "Length: 99999999999999", 400, "Bad Content-Length"),
        ("Length: 0", "Length: -999", 400, "Bad Content-Length"),
        ("Length: 0", "Length: zero", 400, "Bad Content-Length"),
        ("Forwards: 70", "Forwards: 300", 400, "Bad Max-Forwards"),
        ("Forwards: 70", "Forwards: -1", 400, "Bad Max-Forwards"),
        ("<sip:1000@192.0.2.1>\r", "\"Mr. J. User <sip:j.user@example.com>\r", 400, "Bad To"),
        ("<sip:1000@192.0.2.1>\r", "<sip:j user@example.com>\r", 400, "Bad To"),
        ("<sip:1000@192.0.2.1>\r", "<sip:a@b>, <sip:c@d>\r", 400, "Bad To"),
        ("\"Anna\"", "Bell, Anna", 400, "Bad From"),
        (";rport", ";;,;,,", 400, "Bad Via"),
        ("branch", "branch=1,bad;x", 400, "Bad Via"),
        ("Contact: <sip:anna@192.0.2.7:5070>", "Contact: sip:a@b?Route=c", 400, "Bad Contact"),
        ("CSeq: ", "no header at all\r\nCSeq: ", 400, "Bad Header Line"),
        ("CSeq: ", ": nameless\r\nCSeq: ", 400, "Bad Header Line"),
        ("\r\nVia", "\r\n folded onto nothing\r\nVia", 400, "Bad Header Line"),
        ("\"Anna\"", "\"An\0na\"", 400, "Control Character In Header"),
        ("\"Anna\"", "\"An\rna\"", 400, "Control Character In Header"),
        ("\"Anna\"", "\"An\x7fna\"", 400, "Control Character In Header"),
        ("sip:1000@", "sip:10\x0100@", 400, "Control Character In Header"),
    ];
    for (from, to, status, reason) in cases {
        let text = invite_with("");
        assert!(text.contains(from), "{from}");
        assert_eq!(defect(text.replacen(from, to, 1)), Some((status, reason)), "{to:?}");
    }
}

#[test]
fn what_may_differ_is_read() {
    let cases = [
        ("INVITE sip:", "\r\n\r\nINVITE sip:"),
        ("INVITE sip:1000@192.0.2.1 SIP/2.0", "INVITE tel:+8613800138000;phone-context=x SIP/2.0"),
        ("INVITE sip:1000@192.0.2.1 SIP/2.0", "INVITE sips:[2001:db8::1]:5061;transport=tls SIP/2.0"),
        ("INVITE sip:1000@192.0.2.1 SIP/2.0", "INVITE sip:u?;/x:p&w@example.com sip/2.0"),
        ("From: ", "F\t : "),
        ("To: <", "tO:\r\n\t<"),
        ("CSeq: 1 INVITE", "CSeq:   0001\r\n   INVITE"),
        ("Max-Forwards: 70\r\n", ""),
        ("Content-Length: 0\r\n", ""),
        (";tag=a1", ""),
        ("branch=z9hG4bKabc;", ""),
        ("CSeq: ", "X-Empty:\r\nX-Odd: ;;,,;;,;\r\n!#: odd\r\nCSeq: "),
        ("\"Anna\"", "Anna Belle (desk)"),
        ("\"Anna\"", "\"BEL:\\\x07 NUL:\\\0 DEL:\\\x7f\""),
        ("\"Anna\"", "\"\u{738b}\u{5c0f}\u{660e}\""),
        ("\"Anna\" <", "caller<"),
        ("Contact: <sip:anna@192.0.2.7:5070>", "Contact: *"),
        ("Contact: <sip:anna@192.0.2.7:5070>", "m: \"a, b\" <sip:a@b>;q=1, sip:c@d;q=.5"),
        ("192.0.2.7:5070;", "[2001:db8::9:1]:5070 ; "),
    ];
    for (from, to) in cases {
        let text = invite_with("");
        assert!(text.contains(from), "{from}");
        let text = text.replacen(from, to, 1).replace("!#", "!%");
        assert_eq!(defect(&text), None, "{to:?}");
        assert_eq!(defect(text.replace("\r\n", "\n")), None, "bare LF, {to:?}");
    }
}

#[test]
fn what_is_not_sip_is_malformed() {
    let cases: [(&[u8], Malformed); 12] = [
        (b"", Malformed::StartLine),
        (b"\r\n\r\n", Malformed::StartLine),
        (b"GET / HTTP/1.1\r\n\r\n", Malformed::StartLine),
        (b"INVITE sip:a@b\r\n\r\n", Malformed::StartLine),
        (b"INVITE SIP/2.0\r\n\r\n", Malformed::StartLine),
        (b"IN\"VITE sip:a@b SIP/2.0\r\n\r\n", Malformed::StartLine),
        (b"SIP/2.0 99 Low\r\n\r\n", Malformed::StartLine),
        (b"SIP/2.0 700 High\r\n\r\n", Malformed::StartLine),
        (b"SIP/2.0 4294967301 big\r\n\r\n", Malformed::StartLine),
        (b"SIP/2.0\r\n\r\n", Malformed::StartLine),
        (b"OPTIONS sip:a SIP/2.0\r\nVia: x\r\n", Malformed::Unfinished),
        (b"OPTIONS sip:a SIP/2.0\r\nVia: x", Malformed::Unfinished),
    ];
    for (bytes, wanted) in cases {
        assert_eq!(Scanned::new(bytes).unwrap_err(), wanted, "{:?}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(Scanned::new(&vec![b' '; 65_536]).unwrap_err(), Malformed::TooLong);
}

#[test]
fn ninety_six_fields_are_read_and_one_more_is_refused() {
    let base = 8;
    let lines = |count: usize| "X: y\r\n".repeat(count);
    assert_eq!(defect(invite_with(&lines(MAX_FIELDS - base))), None);
    assert_eq!(
        Scanned::new(invite_with(&lines(MAX_FIELDS - base + 1)).as_bytes()).unwrap_err(),
        Malformed::TooManyFields
    );
}

#[test]
fn the_body_is_cut_to_content_length_and_may_be_binary() {
    let text = invite_with("").replace("Length: 0", "Length: 5") + "\0\r\n\u{1}\r\nrest";
    let scanned = Scanned::new(text.as_bytes()).unwrap();
    assert_eq!(scanned.message().body(), b"\0\r\n\x01\r");
    let text = invite_with("").replace("Content-Length: 0\r\n", "") + "all of it";
    assert_eq!(Scanned::new(text.as_bytes()).unwrap().message().body(), b"all of it");
    let largest = invite_with("").replace("Content-Length: 0\r\n", "");
    let largest = largest.clone() + &"b".repeat(65_535 - largest.len());
    assert_eq!(Scanned::new(largest.as_bytes()).unwrap().message().bytes().len(), 65_535);
}

#[test]
fn a_response_has_status_reason_and_the_method_of_its_cseq() {
    let text = "SIP/2.0 480 Temporarily  out \r\nv: SIP/2.0/UDP a;branch=z9hG4bK1\r\nf: <sip:a@b>;tag=1\r\n\
                t: <sip:c@d>;tag=2\r\ni: x\r\nCSeq: 7 BYE\r\nRetry-After: 18 (busy);duration=3\r\nl: 0\r\n\r\n";
    let scanned = Scanned::new(text.as_bytes()).unwrap();
    let message = scanned.message();
    assert!(!message.is_request());
    assert_eq!((message.status(), message.reason_phrase()), (480, &b"Temporarily  out"[..]));
    assert_eq!((message.method(), message.method_text(), message.cseq()), (Some(Method::Bye), &b"BYE"[..], 7));
    assert_eq!((message.request_uri(), message.defect()), (&b""[..], None));
    assert_eq!(message.number(Name::RetryAfter), Some(18));
    for bare in ["SIP/2.0 100", "SIP/2.0 100 "] {
        let text = text.replacen("SIP/2.0 480 Temporarily  out ", bare, 1);
        assert_eq!(Scanned::new(text.as_bytes()).unwrap().message().status(), 100, "{bare:?}");
    }
    assert_eq!(defect(text.replacen("SIP/2.0", "SIP/1.0", 1)).unwrap().0, 505);
}

#[test]
fn every_name_is_found_in_any_case_and_in_its_compact_form() {
    let text = invite_with("k: a, b\r\nSUPPORTED: c\r\nx: 1800;refresher=uac\r\nS: talk\r\nX-Huntline-Queue: q\r\n");
    let scanned = Scanned::new(text.as_bytes()).unwrap();
    let message = scanned.message();
    assert_eq!(message.elements(Name::Supported).collect::<Vec<_>>(), [b"a", b"b", b"c"]);
    assert_eq!(message.fields(Name::Supported).count(), 2);
    assert_eq!(message.number(Name::SessionExpires), Some(1800));
    assert_eq!(message.other("Subject").collect::<Vec<_>>(), [b"talk"]);
    assert_eq!(message.other("x-huntline-queue").collect::<Vec<_>>(), [b"q"]);
    assert_eq!(message.fields(Name::Other).count(), 2);
    assert_eq!(message.all().count(), 13);
    let names = [
        ("Accept", Name::Accept),
        ("Allow", Name::Allow),
        ("Authorization", Name::Authorization),
        ("i", Name::CallId),
        ("Content-Encoding", Name::ContentEncoding),
        ("e", Name::ContentEncoding),
        ("c", Name::ContentType),
        ("Content-Type", Name::ContentType),
        ("Date", Name::Date),
        ("o", Name::Event),
        ("Event", Name::Event),
        ("Expires", Name::Expires),
        ("Min-Expires", Name::MinExpires),
        ("P-Asserted-Identity", Name::PAssertedIdentity),
        ("Path", Name::Path),
        ("Privacy", Name::Privacy),
        ("Proxy-Authenticate", Name::ProxyAuthenticate),
        ("Proxy-Authorization", Name::ProxyAuthorization),
        ("Proxy-Require", Name::ProxyRequire),
        ("RAck", Name::RAck),
        ("Reason", Name::Reason),
        ("Record-Route", Name::RecordRoute),
        ("Refer-To", Name::ReferTo),
        ("r", Name::ReferTo),
        ("Referred-By", Name::ReferredBy),
        ("b", Name::ReferredBy),
        ("Replaces", Name::Replaces),
        ("Require", Name::Require),
        ("Retry-After", Name::RetryAfter),
        ("Route", Name::Route),
        ("RSeq", Name::RSeq),
        ("Session-Expires", Name::SessionExpires),
        ("Min-SE", Name::MinSe),
        ("Supported", Name::Supported),
        ("Unsupported", Name::Unsupported),
        ("User-Agent", Name::UserAgent),
        ("Warning", Name::Warning),
        ("WWW-Authenticate", Name::WwwAuthenticate),
        ("Subject", Name::Other),
        ("", Name::Other),
        ("z", Name::Other),
    ];
    for (text, name) in names {
        assert_eq!(Name::of(text.to_ascii_uppercase().as_bytes()), name, "{text}");
        assert_eq!(Name::of(text.to_ascii_lowercase().as_bytes()), name, "{text}");
    }
}

#[test]
fn an_index_used_before_holds_nothing_of_the_message_before() {
    let mut index = Index::default();
    let first = invite_with("Route: <sip:a;lr>\r\nf: <sip:b@c>\r\n");
    scan(first.as_bytes(), &mut index).unwrap();
    let second = invite_with("");
    scan(second.as_bytes(), &mut index).unwrap();
    let message = Message::new(second.as_bytes(), &index);
    assert_eq!((message.defect(), message.field(Name::Route)), (None, None));
    assert_eq!(message.all().count(), 8);
}

/// Calls everything that reads, and checks that every piece lies in the datagram.
pub(super) fn read_all(bytes: &[u8]) {
    let Ok(scanned) = Scanned::new(bytes) else { return };
    let message = scanned.message();
    let inside = |piece: &[u8]| piece.is_empty() || message.bytes().as_ptr_range().contains(&piece.as_ptr());
    for (name, text, value) in message.all() {
        assert!(inside(text) && inside(value));
        _ = (message.field(name), message.number(name), message.fields(name).count());
        for element in message.elements(name) {
            assert!(inside(element));
            if let Some(address) = crate::sip::header::NameAddr::read(element) {
                assert!(inside(address.uri) && inside(address.display) && inside(address.parameters));
                _ = (address.tag(), address.display_text());
                if let Some(uri) = address.parts() {
                    _ = (uri.user_text(), uri.literal());
                    assert!(
                        uri.same(&uri) || uri.headers.len() > 16 || uri.parameters.len() > 32,
                        "{:?}",
                        String::from_utf8_lossy(address.uri)
                    );
                }
            }
            if let Some(via) = crate::sip::header::Via::read(element) {
                assert!(inside(via.host) && inside(via.parameters) && inside(via.transport));
                _ = (via.branch(), via.received(), via.rport());
            }
        }
    }
    assert!(inside(message.body()) && inside(message.method_text()) && inside(message.request_uri()));
    _ = (message.other("Subject").count(), message.contact(), message.via(), message.reason_phrase());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        read_all(&bytes);
    }

    #[test]
    fn no_bytes_after_a_start_line_panic(tail in "[ -~\r\n\t\"<>;,:=@\\[\\]\\\\\0\u{7f}é]{0,300}") {
        read_all(format!("INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP a\r\n{tail}\r\n\r\n").as_bytes());
        read_all(format!("SIP/2.0 200 OK\r\nf: {tail}\r\nv: {tail}\r\nm: {tail}\r\n\r\n").as_bytes());
    }

    #[test]
    fn no_mutation_of_a_good_message_panics(
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0u8..3), 1..8),
        end in any::<proptest::sample::Index>(),
    ) {
        let mut bytes = invite_with("Record-Route: <sip:p;lr>, \"x\" <sip:q>\r\n").into_bytes();
        for (at, byte, kind) in edits {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => _ = bytes.remove(at),
            }
        }
        read_all(&bytes);
        read_all(&bytes[..end.index(bytes.len())]);
    }
}
