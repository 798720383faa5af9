//! Every file of the third-party corpora (RFC 4475, RFC 5118, streams, fuzzers' finds) and the outcome of scanning it. Skipped
//! with a printed line where the corpora are absent.

use super::*;
use crate::sip::uri::Uri;
use std::path::{Path, PathBuf};

fn corpus(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora").join(name);
    // Beside the project, or one level further up.
    let deeper = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora").join(name);
    let found = [path, deeper].into_iter().find(|path| path.is_dir());
    if found.is_none() {
        println!("skipped: no corpus {name}");
    }
    found
}

fn files(name: &str) -> Vec<(String, Vec<u8>)> {
    let Some(folder) = corpus(name) else { return Vec::new() };
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

/// `readable`, `malformed`, or the defect's status and reason.
fn outcome(bytes: &[u8]) -> String {
    match Scanned::new(bytes) {
        Err(_) => "malformed".into(),
        Ok(scanned) => match scanned.message().defect() {
            None => "readable".into(),
            Some(defect) => format!("{} {}", defect.status, defect.reason),
        },
    }
}

fn compare(corpus: &str, expected: &[(&str, &str)]) {
    let files = files(corpus);
    for (file, bytes) in &files {
        let wanted = expected.iter().find(|(name, _)| name == file);
        let wanted = wanted.unwrap_or_else(|| panic!("{corpus}/{file} is not in the table: {}", outcome(bytes)));
        assert_eq!(outcome(bytes), wanted.1, "{corpus}/{file}");
    }
    assert!(files.is_empty() || files.len() == expected.len(), "{corpus}: {} files", files.len());
}

#[test]
fn the_torture_messages_of_rfc_4475_come_out_as_the_rfc_asks() {
    let expected = [
        ("badaspec.dat", "400 Bad To"),
        ("badbranch.dat", "readable"),
        ("baddate.dat", "readable"),
        ("baddn.dat", "400 Bad From"),
        ("badvers.dat", "505 SIP Version Not Supported"),
        ("bcast.dat", "readable"),
        ("bext01.dat", "readable"),
        ("bigcode.dat", "malformed"),
        ("cparam02.dat", "readable"),
        ("dblreq.dat", "readable"),
        ("esc02.dat", "readable"),
        ("escnull.dat", "readable"),
        ("insuf.dat", "400 Missing From"),
        ("inv2543.dat", "readable"),
        ("invut.dat", "readable"),
        ("longreq.dat", "readable"),
        ("lwsstart.dat", "400 White Space In Request-Line"),
        ("mcl01.dat", "400 Repeated Content-Length"),
        ("mpart01.dat", "readable"),
        ("multi01.dat", "400 Repeated From"),
        ("ncl.dat", "400 Bad Content-Length"),
        ("noreason.dat", "readable"),
        ("novelsc.dat", "416 Unsupported URI Scheme"),
        ("regaut01.dat", "readable"),
        ("regbadct.dat", "400 Bad Contact"),
        ("regescrt.dat", "readable"),
        ("scalarlg.dat", "400 Bad CSeq"),
        ("sdp01.dat", "readable"),
        ("semiuri.dat", "readable"),
        ("unksm2.dat", "readable"),
        ("unreason.dat", "readable"),
        ("wsinv.dat", "readable"),
        ("zeromf.dat", "readable"),
    ];
    compare("rfc4475", &expected);
}

#[test]
fn the_ipv6_messages_of_rfc_5118_come_out_as_the_rfc_asks() {
    let expected = [
        ("ipv4-mapped-ipv6", "readable"),
        ("ipv6-bad", "400 Bad Request-URI"),
        ("ipv6-bug-abnf-3-colons", "readable"),
        ("ipv6-correct-abnf-2-colons", "readable"),
        ("ipv6-in-sdp", "readable"),
        ("mult-ip-in-header", "readable"),
        ("mult-ip-in-sdp", "readable"),
        ("port-ambiguous", "readable"),
    ];
    compare("rfc5118", &expected);
}

fn file(corpus: &str, name: &str) -> Option<Scanned> {
    let (_, bytes) = files(corpus).into_iter().find(|(file, _)| file == name)?;
    Some(Scanned::new(&bytes).unwrap())
}

#[test]
fn the_white_space_torture_is_read_to_the_last_parameter() {
    let Some(scanned) = file("rfc4475", "wsinv.dat") else { return };
    let message = scanned.message();
    assert_eq!(message.method(), Some(Method::Invite));
    assert_eq!(message.request_uri(), b"sip:vivekg@chair-dnrc.example.com;unknownparam");
    assert_eq!(message.to().unwrap().tag(), Some(&b"1918181833n"[..]));
    assert_eq!(message.from().unwrap().tag(), Some(&b"98asjd8"[..]));
    assert_eq!(message.from().unwrap().display_text(), "J Rosenberg \\\"");
    assert_eq!((message.cseq(), message.number(Name::MaxForwards)), (9, Some(68)));
    let vias: Vec<_> = message.elements(Name::Via).map(|via| crate::sip::header::Via::read(via).unwrap()).collect();
    let branches: Vec<_> = vias.iter().map(|via| via.branch().unwrap()).collect();
    assert_eq!(branches, [&b"390skdjuw"[..], b"z9hG4bK9ikj8", b"z9hG4bK30239"]);
    assert_eq!((vias[1].transport, vias[1].host), (&b"TCP"[..], &b"spindle.example.com"[..]));
    assert_eq!(message.contact().unwrap().parameter("q"), Some(&b"0.33"[..]));
    assert_eq!(message.contact().unwrap().parameter("newparam"), Some(&b"newvalue"[..]));
    assert_eq!(message.other("subject").count(), 1, "compact s");
    assert_eq!(message.body().len(), 150);
}

#[test]
fn a_second_request_in_one_datagram_is_not_part_of_the_first() {
    let Some(scanned) = file("rfc4475", "dblreq.dat") else { return };
    assert_eq!(scanned.message().method(), Some(Method::Register));
    assert_eq!(scanned.message().body(), b"");
}

#[test]
fn an_escaped_method_or_name_is_another_method_or_name() {
    let Some(scanned) = file("rfc4475", "esc02.dat") else { return };
    let message = scanned.message();
    assert_eq!((message.method(), message.method_text()), (None, &b"RE%47IST%45R"[..]));
    assert_eq!(message.elements(Name::Contact).count(), 2);
    assert_eq!(message.other("c%6fNTACT").count(), 1);
}

#[test]
fn a_port_inside_the_brackets_is_part_of_the_address_and_three_colons_are_two() {
    let Some(scanned) = file("rfc5118", "port-ambiguous") else { return };
    let uri = Uri::read(scanned.message().request_uri()).unwrap();
    assert_eq!(uri.literal(), Some("[2001:db8::10:5070]:5060".parse().unwrap()));
    let scanned = file("rfc5118", "ipv6-bug-abnf-3-colons").unwrap();
    let uri = Uri::read(scanned.message().request_uri()).unwrap();
    assert_eq!(uri.literal(), Some("[2001:db8::192.0.2.1]:5060".parse().unwrap()));
    let scanned = file("rfc5118", "mult-ip-in-header").unwrap();
    assert_eq!(scanned.message().elements(Name::Via).count(), 3);
}

#[test]
fn a_text_file_of_real_messages_is_readable_with_line_feeds_alone() {
    let mut messages = 0;
    for (_, bytes) in files("sip-stream") {
        let text = String::from_utf8(bytes).unwrap().replace("\r\n", "\n");
        for block in text.split("============================================") {
            let Some((_, message)) = block.split_once("\"\n") else { continue };
            let message = message.trim_start_matches('\n');
            if message.is_empty() {
                continue;
            }
            let scanned = Scanned::new(message.as_bytes()).unwrap_or_else(|error| panic!("{error}: {message}"));
            let defect = scanned.message().defect().map(|defect| defect.reason);
            // Their bodies were edited by hand: lengths no longer agree.
            assert!(matches!(defect, None | Some("Content-Length Beyond Message")), "{defect:?} {message}");
            messages += 1;
        }
    }
    println!("{messages} messages");
}

#[test]
fn what_broke_other_parsers_is_refused() {
    for (file, bytes) in files("sipgo-fuzz-seeds") {
        let text = String::from_utf8(bytes).unwrap();
        let quoted = text.split_once("string(\"").unwrap().1.trim_end().strip_suffix("\")").unwrap();
        let bytes = quoted.replace("\\r", "\r").replace("\\n", "\n").replace("\\\"", "\"");
        assert_eq!(outcome(bytes.as_bytes()), "malformed", "{file}: {bytes:?}");
    }
}
