//! The scanner against rsip 0.4 on messages where rsip is right, and one test for each place where it is known to be wrong
//! (so that a release that mends one is noticed). `docs/sip.md` lists the differences.

use super::tests::invite_with;
use super::*;
use rsip::prelude::*;
use rsip::{Request, Response, SipMessage};

/// Messages that both must understand alike.
fn plain_messages() -> Vec<String> {
    let mut messages = Vec::new();
    for method in
        ["INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "INFO", "MESSAGE", "PRACK", "UPDATE", "REFER"]
    {
        for uri in [
            "sip:1000@192.0.2.1",
            "sip:192.0.2.1:5070",
            "sips:a@example.com;transport=tcp",
            "sip:anna@host.example.com:5062;lr",
        ] {
            for display in ["", "\"Anna B\" ", "Anna "] {
                messages.push(format!(
                    "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5070;branch=z9hG4bKabc\r\nMax-Forwards: 69\r\n\
                     From: {display}<{uri}>;tag=f1\r\nTo: <sip:1000@192.0.2.1>;tag=t2\r\nCall-ID: 77@192.0.2.7\r\n\
                     CSeq: 4711 {method}\r\nContact: <sip:anna@192.0.2.7:5070>\r\nExpires: 60\r\nUser-Agent: phone 1\r\n\
                     X-Own: word\r\nContent-Length: 4\r\n\r\nbody"
                ));
            }
        }
    }
    messages
}

#[test]
fn requests_mean_the_same_to_both() {
    for text in plain_messages() {
        let scanned = Scanned::new(text.as_bytes()).unwrap();
        let (ours, theirs) = (scanned.message(), Request::try_from(text.as_bytes()).unwrap());
        assert_eq!(ours.defect(), None, "{text}");
        assert_eq!(ours.method(), Some(theirs.method));
        assert_eq!(ours.call_id(), theirs.call_id_header().unwrap().value().as_bytes());
        let cseq = theirs.cseq_header().unwrap().typed().unwrap();
        assert_eq!((ours.cseq(), ours.method()), (cseq.seq, Some(cseq.method)));
        let from = theirs.from_header().unwrap().typed().unwrap();
        let tag = from.params.iter().find_map(|param| match param {
            rsip::Param::Tag(tag) => Some(tag.value().to_string()),
            _ => None,
        });
        let our_from = ours.from().unwrap();
        assert_eq!(our_from.tag().map(<[u8]>::to_vec), tag.map(String::into_bytes), "{text}");
        let our_uri = our_from.parts().unwrap();
        assert_eq!(
            our_uri.user_text().as_deref().unwrap_or_default(),
            from.uri.auth.as_ref().map_or("", |auth| &auth.user)
        );
        assert_eq!(our_uri.port, from.uri.host_with_port.port.as_ref().map(|port| *port.value()));
        assert_eq!(
            our_from.display,
            from.display_name.as_deref().unwrap_or_default().trim_matches('"').as_bytes(),
            "{text}"
        );
        let via = theirs.via_header().unwrap().typed().unwrap();
        assert_eq!(ours.via().unwrap().branch().unwrap(), via.branch().unwrap().value().as_bytes());
        assert_eq!(ours.number(Name::MaxForwards), theirs.max_forwards_header().unwrap().num().ok());
        assert_eq!(ours.all().count(), theirs.headers.iter().count());
        assert_eq!(ours.body(), &theirs.body[..]);
    }
}

#[test]
fn responses_mean_the_same_to_both() {
    for status in [100u16, 180, 183, 200, 302, 401, 404, 486, 487, 500, 503, 603] {
        let text = format!(
            "SIP/2.0 {status} Words\r\nVia: SIP/2.0/UDP 192.0.2.7:5070;branch=z9hG4bKabc\r\nFrom: <sip:a@b>;tag=1\r\n\
             To: <sip:c@d>;tag=2\r\nCall-ID: 1\r\nCSeq: 2 INVITE\r\nContent-Length: 0\r\n\r\n"
        );
        let scanned = Scanned::new(text.as_bytes()).unwrap();
        let theirs = Response::try_from(text.as_bytes()).unwrap();
        assert_eq!(scanned.message().status(), theirs.status_code.code());
        assert_eq!(scanned.message().defect(), None);
        assert_eq!(scanned.message().method(), Some(theirs.cseq_header().unwrap().method().unwrap()));
    }
}

#[test]
fn what_rsip_writes_scans_without_defect() {
    for text in plain_messages() {
        let written = Request::try_from(text.as_bytes()).unwrap().to_string();
        assert_eq!(Scanned::new(written.as_bytes()).unwrap().message().defect(), None, "{written}");
    }
}

fn theirs(text: &str) -> Result<SipMessage, rsip::Error> {
    SipMessage::try_from(text.as_bytes())
}

#[test]
fn rsip_loses_a_user_with_a_dot() {
    let uri = rsip::Uri::try_from("sip:alice.smith@example.com").unwrap();
    assert_eq!(uri.auth, None, "mended: say so in docs/sip.md");
    assert_eq!(super::super::uri::Uri::read(b"sip:alice.smith@example.com").unwrap().user, b"alice.smith");
}

#[test]
fn rsip_misses_compact_headers() {
    let text = invite_with("").replace("Call-ID:", "i:");
    assert!(theirs(&text).unwrap().call_id_header().is_err(), "mended: say so in docs/sip.md");
    assert_eq!(Scanned::new(text.as_bytes()).unwrap().message().call_id(), b"77@192.0.2.7");
}

#[test]
fn rsip_cuts_an_ipv6_received() {
    let text = "SIP/2.0/UDP a:5060;received=2001:db8::1;branch=z9hG4bK1";
    let cut = rsip::typed::Via::try_from(rsip::headers::Via::new(text)).unwrap();
    assert_eq!(cut.to_string(), "SIP/2.0/UDP a:5060;received=2001", "mended: say so in docs/sip.md");
    let via = super::super::header::Via::read(text.as_bytes()).unwrap();
    assert_eq!((via.received(), via.branch()), (Some("2001:db8::1".parse().unwrap()), Some(&b"z9hG4bK1"[..])));
}

#[test]
fn rsip_drops_a_second_via_on_a_line() {
    let text = invite_with("").replace(";rport", ", SIP/2.0/UDP second;branch=z9hG4bK2");
    let typed = Request::try_from(text.as_bytes()).unwrap().via_header().unwrap().clone().typed().unwrap();
    assert!(!typed.to_string().contains("second"), "mended: say so in docs/sip.md");
    assert_eq!(Scanned::new(text.as_bytes()).unwrap().message().elements(Name::Via).count(), 2);
}

#[test]
fn rsip_ignores_content_length() {
    let text = invite_with("") + "not part of it";
    assert_eq!(theirs(&text).unwrap().body(), b"not part of it", "mended: say so in docs/sip.md");
    assert_eq!(Scanned::new(text.as_bytes()).unwrap().message().body(), b"");
}

#[test]
fn rsip_rejects_folding_and_unknown_methods() {
    for (from, to) in [("To: ", "To:\r\n "), ("INVITE", "NEWMETHOD")] {
        let text = invite_with("").replace(from, to);
        assert!(theirs(&text).is_err(), "{to:?} mended: say so in docs/sip.md");
        assert_eq!(Scanned::new(text.as_bytes()).unwrap().message().defect(), None);
    }
}

#[test]
fn rsip_rejects_tel() {
    let text = invite_with("").replace("sip:1000@192.0.2.1 SIP", "tel:+8613800138000 SIP");
    assert!(theirs(&text).is_err(), "mended: say so in docs/sip.md");
    assert_eq!(Scanned::new(text.as_bytes()).unwrap().message().defect(), None);
}

#[test]
fn rsip_rejects_an_ipv6_host_in_a_uri() {
    let text = "sip:a@[2001:db8::1]:5062";
    assert!(rsip::Uri::try_from(text).is_err(), "mended: say so in docs/sip.md");
    assert_eq!(super::super::uri::Uri::read(text.as_bytes()).unwrap().port, Some(5062));
}
