//! Name-addresses, Vias and parameters as they come, and what is not one.

use super::*;

#[test]
fn an_address_has_display_uri_and_parameters() {
    let cases = [
        ("<sip:a@b>", "", "sip:a@b", ""),
        ("\"Watson, \\\"T\\\"\" <sip:a@b>;tag=1", "Watson, \\\"T\\\"", "sip:a@b", "tag=1"),
        ("caller<sip:a@b>;x", "caller", "sip:a@b", "x"),
        ("A. B.  <sip:a@b;lr?h=1> ; tag = 1 ", "A. B.", "sip:a@b;lr?h=1", "tag = 1"),
        ("sip:a@b", "", "sip:a@b", ""),
        ("sip:a@b ;tag=1;x=\"<;,>\"", "", "sip:a@b", "tag=1;x=\"<;,>\""),
        ("\"\" <tel:+86;p=1>", "", "tel:+86;p=1", ""),
        ("<http://www.example.com>;tag=3", "", "http://www.example.com", "tag=3"),
        ("\r\n sip:a@b\r\n ;tag=1", "", "sip:a@b", "tag=1"),
        ("\"lt < in quotes\" <sip:a@b>", "lt < in quotes", "sip:a@b", ""),
    ];
    for (text, display, uri, parameters) in cases {
        let read = NameAddr::read(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
        let string = |part| core::str::from_utf8(part).unwrap();
        assert_eq!(
            (string(read.display), string(read.uri), string(read.parameters)),
            (display, uri, parameters),
            "{text}"
        );
    }
}

#[test]
fn what_is_no_address_is_refused() {
    let wrong = [
        "",
        "*",
        "<>",
        "<sip:>",
        "sip:",
        "alice",
        "<alice>",
        "<sip:a@b",
        "\"open <sip:a@b>",
        "\"a\" sip:a@b",
        "\"a\"",
        "< sip:a@b>",
        "<sip:a@b >",
        "<sip:a b@c>",
        "<sip:a@b> x",
        "<sip:a@b>, <sip:c@d>",
        "Bell, A <sip:a@b>",
        "a\"b\" <sip:a@b>",
        "sip:a@b, sip:c@d",
        "sip:a@b?h=1",
        "sip:a@b x",
        "<sip:a@b\0>",
        "<<sip:a@b>>",
        "<sip:a@b><sip:c@d>",
    ];
    for text in wrong {
        assert!(NameAddr::read(text.as_bytes()).is_none(), "{text:?}");
    }
}

#[test]
fn a_display_name_is_shown_without_tricks() {
    let show = |text: &[u8]| NameAddr::read(&[b"\"", text, b"\" <sip:a@b>"].concat()).unwrap().display_text();
    assert_eq!(show(br#"J \"R\" \\"#), r#"J "R" \"#);
    assert_eq!(show("\u{738b}".as_bytes()), "\u{738b}");
    assert_eq!(show(b"a\r\n   b\tc"), "a b c");
    assert_eq!(show(b"a\x07b\\\0c\xff"), "a\u{fffd}b\u{fffd}c\u{fffd}");
    assert_eq!(show("abc\u{202e}def".as_bytes()), "abc\u{fffd}def", "right-to-left override");
    assert_eq!(show(&[b'x'; 500]).len(), 64);
    assert_eq!(NameAddr::read(b"<sip:a@b>").unwrap().display_text(), "");
}

#[test]
fn a_via_is_read_with_white_space_wherever_it_may_stand() {
    let via =
        Via::read(b"SIP  /   2.0\r\n /UDP\r\n    192.0.2.2 : 5070 ; branch = x ;rport; received=1.2.3.4").unwrap();
    assert_eq!((via.transport, via.host, via.port), (&b"UDP"[..], &b"192.0.2.2"[..], Some(5070)));
    assert_eq!((via.branch(), via.rport(), via.received()), (Some(&b"x"[..]), Some(None), Some([1, 2, 3, 4].into())));
    let via = Via::read(b"SIP/2.0/TCP [2001:db8::9:255];rport=7;received=[2001:db8::1]").unwrap();
    assert_eq!((via.host, via.port, via.rport()), (&b"2001:db8::9:255"[..], None, Some(Some(7))));
    assert_eq!(via.received(), Some("2001:db8::1".parse().unwrap()));
    let via = Via::read(b"SIP/7.0/UNKNOWN host.example.com").unwrap();
    assert_eq!((via.parameters, via.branch(), via.rport()), (&b""[..], None, None));
    assert_eq!(Via::read(b"SIP/2.0/UDP a;rport=99999;received=nobody").unwrap().rport(), Some(None));
    for wrong in [
        "",
        "SIP/2.0/UDP",
        "SIP/2.0/UDP ",
        "SIP/2.0 a",
        "SIP/2.0/UDP ;x",
        "SIP/2.0/UDP a b",
        "SIP/2.0/UDP a:0",
        "/2.0/UDP a",
        "S\"/2.0/UDP a",
        "SIP/2.0/UDP [::1",
    ] {
        assert!(Via::read(wrong.as_bytes()).is_none(), "{wrong:?}");
    }
}

#[test]
fn a_parameter_is_found_by_name_without_case() {
    let text = b"a=1 ; Tag = x;lr;q=\"quo;ted\";;e=;tag=second";
    let cases = [
        ("A", Some("1")),
        ("tag", Some("x")),
        ("lr", Some("")),
        ("q", Some("quo;ted")),
        ("e", Some("")),
        ("ted", None),
        ("", None),
    ];
    for (name, wanted) in cases {
        assert_eq!(parameter(text, name), wanted.map(str::as_bytes), "{name}");
    }
    assert_eq!(parameters(text).count(), 6);
    assert_eq!(parameter(b"q=\"", "q"), Some(&b"\""[..]), "a lone quote");
}
