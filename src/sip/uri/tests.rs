//! URIs as phones and trunks write them, and what is not one.

use super::*;

type Parts<'a> = (Scheme, &'a str, &'a str, Option<u16>, &'a str, &'a str);

#[test]
fn the_parts_of_a_uri_are_found() {
    let cases: [(&str, Parts<'_>); 15] = [
        ("sip:alice@example.com", (Scheme::Sip, "alice", "example.com", None, "", "")),
        ("sip:alice.smith:secret@host:5070", (Scheme::Sip, "alice.smith", "host", Some(5070), "", "")),
        ("SIPS:example.com;lr?a=b", (Scheme::Sips, "", "example.com", None, "lr", "a=b")),
        ("sip:192.0.2.1:5060", (Scheme::Sip, "", "192.0.2.1", Some(5060), "", "")),
        ("sip:a@[2001:db8::1]:5080;x=1;y", (Scheme::Sip, "a", "2001:db8::1", Some(5080), "x=1;y", "")),
        (
            "sip:user;par=u%40example.net@example.com",
            (Scheme::Sip, "user;par=u%40example.net", "example.com", None, "", ""),
        ),
        (
            "sip:sips%3Auser%40example.com@example.net",
            (Scheme::Sip, "sips%3Auser%40example.com", "example.net", None, "", ""),
        ),
        (
            "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
            (Scheme::Sip, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*", "example.com", None, "", ""),
        ),
        (
            "sip:+19725552222;phone-context=n@gw1.example.net;user=phone",
            (Scheme::Sip, "+19725552222;phone-context=n", "gw1.example.net", None, "user=phone", ""),
        ),
        ("sip:host?subject=a%20b", (Scheme::Sip, "", "host", None, "", "subject=a%20b")),
        ("sip:desk_7@my_host", (Scheme::Sip, "desk_7", "my_host", None, "", "")),
        (
            "tel:+86-10-1234;phone-context=example.com",
            (Scheme::Tel, "+86-10-1234", "", None, "phone-context=example.com", ""),
        ),
        ("tel:*61#", (Scheme::Tel, "*61#", "", None, "", "")),
        ("urn:service:sos", (Scheme::Other, "", "service:sos", None, "", "")),
        ("soap.beep://192.0.2.103:3002", (Scheme::Other, "", "//192.0.2.103:3002", None, "", "")),
    ];
    for (text, wanted) in cases {
        let uri = Uri::read(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
        let string = |part| core::str::from_utf8(part).unwrap();
        let parts =
            (uri.scheme, string(uri.user), string(uri.host), uri.port, string(uri.parameters), string(uri.headers));
        assert_eq!(parts, wanted, "{text}");
    }
}

#[test]
fn what_is_no_uri_is_refused() {
    let wrong = [
        "",
        ":",
        "sip:",
        "sip",
        "1000",
        "sip:@host",
        "sip:a@",
        "sip:a@b c",
        "sip:a@b\r\nX: y",
        "sip:a@b\0",
        "sip:a\u{e9}@b",
        "<sip:a@b>",
        "sip:2001:db8::10",
        "sip:a@[2001:db8::1",
        "sip:a@[host]",
        "sip:a@[]",
        "sip:a@b:0",
        "sip:a@b:65536",
        "sip:a@b:",
        "sip:a@b:5060x",
        "sip:a@b@c",
        "sip:a@b/c",
        "tel:",
        "tel:hello",
        "9sip:a@b",
        "sip:a\"@b",
    ];
    for text in wrong {
        assert!(Uri::read(text.as_bytes()).is_none(), "{text:?}");
    }
}

#[test]
fn a_user_is_unescaped_and_never_holds_a_control_character() {
    let user = |text: &'static str| Uri::read(text.as_bytes()).unwrap().user_text();
    assert_eq!(user("sip:%75se%72@h").as_deref(), Some("user"));
    assert_eq!(user("sip:plain@h").as_deref(), Some("plain"));
    assert_eq!(user("sip:%E7%8E%8B@h").as_deref(), Some("\u{738b}"));
    assert_eq!(user("sip:100%@h").as_deref(), Some("100%"), "no escape: left as it is");
    for wrong in ["sip:null-%00-null@h", "sip:a%0d%0ab@h", "sip:%ff%fe@h", "sip:a%7Fb@h"] {
        assert_eq!(user(wrong), None, "{wrong}");
    }
}

#[test]
fn equality_is_that_of_rfc_3261() {
    let cases = [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp", true),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", true),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5", true),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
            true,
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
            true,
        ),
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", false),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", false),
        ("sip:bob@biloxi.com;x=1", "sip:bob@biloxi.com;x=2", false),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", false),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", false),
        ("sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0::1]", true),
        ("sip:a@b", "sips:a@b", false),
        ("tel:+86-10-1234", "tel:+86(10)1234", true),
        ("tel:1234;phone-context=a", "tel:1234;phone-context=b", false),
        ("tel:1234;phone-context=a", "tel:1234", false),
    ];
    for (one, other, same) in cases {
        let (a, b) = (Uri::read(one.as_bytes()).unwrap(), Uri::read(other.as_bytes()).unwrap());
        assert_eq!((a.same(&b), b.same(&a)), (same, same), "{one} and {other}");
    }
}

#[test]
fn comparing_has_a_bound() {
    let text = |count: usize| format!("sip:a@b{}?x=1{}", ";p".repeat(count), "&h=1".repeat(count / 2 - 1));
    for (count, same) in [(32, true), (33, false), (10_000, false)] {
        let text = text(count);
        let uri = Uri::read(text.as_bytes()).unwrap();
        assert_eq!(uri.same(&uri), same, "{count}");
    }
}

#[test]
fn a_literal_host_is_an_address() {
    let literal = |text: &'static str| Uri::read(text.as_bytes()).unwrap().literal().map(|address| address.to_string());
    assert_eq!(literal("sip:a@192.0.2.4").as_deref(), Some("192.0.2.4:5060"));
    assert_eq!(literal("sip:a@[::1]:5070").as_deref(), Some("[::1]:5070"));
    assert_eq!(literal("sip:a@[2001:db8:::192.0.2.1]").as_deref(), Some("[2001:db8::c000:201]:5060"));
    assert_eq!(literal("sip:a@example.com"), None);
    assert_eq!(literal("tel:1"), None);
}
