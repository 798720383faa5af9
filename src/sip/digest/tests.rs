//! Challenges and answers as phones, proxies and attackers send them, in virtual time.

use super::*;
use crate::sip::scan::Scanned;
use proptest::prelude::*;
use rsip::headers::auth::{Algorithm as TheirAlgorithm, AuthQop};

const URI: &str = "sip:127.0.0.1:5060";

fn challenger(algorithms: &[Algorithm], nonces_max: usize) -> Challenger {
    let settings =
        Settings { realm: "pbx \"one\"".into(), algorithms: algorithms.to_vec(), nonces_max, ..Settings::default() };
    Challenger::new(settings, &mut Seed::new(1))
}

fn password() -> Secret {
    Secret::Password("demo-8001".into())
}

fn at(seconds: u64) -> Instant {
    Instant::START + Duration::from_secs(seconds)
}

fn register(uri: &str, fields: &[&str]) -> Scanned {
    let fields: String = fields.iter().map(|field| format!("Authorization: {field}\r\n")).collect();
    let text = format!(
        "REGISTER {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:17001;branch=z9hG4bK1;rport\r\nMax-Forwards: 70\r\n\
         From: <sip:8001@127.0.0.1>;tag=a\r\nTo: <sip:8001@127.0.0.1>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n{fields}\
         Content-Length: 0\r\n\r\n"
    );
    Scanned::new(text.as_bytes()).expect("the test writes SIP")
}

fn check(challenger: &mut Challenger, fields: &[&str], secret: Option<&Secret>, now: Instant) -> Verdict {
    challenger.verify(&register(URI, fields).message(), Method::Register, false, secret, now)
}

impl Challenger {
    /// As the Switch calls it; spares the tests a borrow.
    fn one_challenge(&mut self, now: Instant) -> String {
        self.challenges(None, false, now).remove(0)
    }
}

fn reply(challenge: &str, count: u32) -> String {
    answer(challenge.as_bytes(), "8001", "demo-8001", "REGISTER", URI, count, "0a4f113b").expect("readable")
}

fn response_of(answer: &str) -> &str {
    answer.split("response=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a response")
}

#[test]
fn the_examples_of_the_rfcs_come_out() {
    let rfc2617 = b"Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
        nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
    let answered = answer(rfc2617, "Mufasa", "Circle Of Life", "GET", "/dir/index.html", 1, "0a4f113b").unwrap();
    assert_eq!(response_of(&answered), "6629fae49393a05397450978507c4ef1");
    assert!(answered.contains("opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""));
    for (algorithm, response) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let rfc7616 = format!(
            "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\""
        );
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let answered = answer(rfc7616.as_bytes(), "Mufasa", "Circle of Life", "GET", "/dir/index.html", 1, cnonce);
        assert_eq!(response_of(&answered.unwrap()), response);
    }
    // RFC 2069 §2.4 as corrected by its erratum 749.
    let rfc2069 = b"Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"";
    let answered = answer(rfc2069, "Mufasa", "CircleOfLife", "GET", "/dir/index.html", 1, "").unwrap();
    assert_eq!(response_of(&answered), "1949323746fe6a43ef61f9606e7febea");
}

/// Authorization fields of real phones, recorded; password `demo-8001`. Their nonces are not ours: a right digest is stale.
#[test]
fn real_phones_are_understood() {
    let mut challenger = Challenger::new(Settings::default(), &mut Seed::new(1));
    for (phone, request_uri, field) in [
        (
            "baresip 1.0",
            "sip:127.0.0.1:17950",
            "Digest username=\"8001\", realm=\"huntline\", \
             nonce=\"00000000000000000000000000000000000000000000000000000001\", uri=\"sip:127.0.0.1:17950\", \
             response=\"d33e32ba8ec27c680b78dc190402825e\", cnonce=\"8fb512bc021d5280\", qop=auth, nc=00000001",
        ),
        (
            "SIPp 3.6.1",
            "sip:127.0.0.1",
            "Digest username=\"8001\",realm=\"huntline\",cnonce=\"6b8b4567\",nc=00000001,qop=auth,\
             uri=\"sip:127.0.0.1:17950\",nonce=\"00000000000000000000000000000000000000000000000000000001\",\
             response=\"42a59ed2f7bda785852adca93daa3885\",algorithm=MD5",
        ),
    ] {
        let request = register(request_uri, &[field]);
        let mut verdict =
            |secret: Secret| challenger.verify(&request.message(), Method::Register, false, Some(&secret), at(0));
        assert_eq!(verdict(password()), Verdict::Stale, "{phone}");
        assert_eq!(verdict(Secret::Password("wrong".into())), Verdict::Denied, "{phone}");
    }
}

#[test]
fn md5_alone_is_offered_unless_set_otherwise() {
    let offers = |algorithms: &[Algorithm], secret: Option<&Secret>| {
        let challenges = challenger(algorithms, 9).challenges(secret, false, at(0));
        challenges
            .iter()
            .map(|text| text.split("algorithm=").nth(1).unwrap().split(',').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(offers(&Settings::default().algorithms, None), ["MD5"]);
    assert_eq!(offers(&[Algorithm::Sha256, Algorithm::Md5], Some(&password())), ["SHA-256", "MD5"]);
    assert_eq!(offers(&[Algorithm::Md5], Some(&Secret::Ha1(Algorithm::Sha256, "".into()))), ["SHA-256"]);
    assert_eq!(offers(&[Algorithm::Sha256, Algorithm::Md5], Some(&Secret::Ha1(Algorithm::Md5, "".into()))), ["MD5"]);
}

#[test]
fn a_right_answer_is_granted_and_a_wrong_one_is_not() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        let mut challenger = challenger(&[algorithm], 9);
        assert_eq!(check(&mut challenger, &[], Some(&password()), at(0)), Verdict::Missing);
        let challenge = challenger.one_challenge(at(0));
        let good = reply(&challenge, 1);
        assert_eq!(challenger.claimed_user(&register(URI, &[&good]).message(), false), Some(&b"8001"[..]));
        assert_eq!(challenger.claimed_user(&register(URI, &[&good]).message(), true), None);
        let other = Secret::Password("demo-8002".into());
        assert_eq!(check(&mut challenger, &[&good], Some(&other), at(1)), Verdict::Denied);
        assert_eq!(check(&mut challenger, &[&good], None, at(1)), Verdict::Denied);
        assert_eq!(check(&mut challenger, &[&good], Some(&password()), at(1)), Verdict::Granted);
        assert_eq!(check(&mut challenger, &[&good], Some(&password()), at(2)), Verdict::Replay);
        assert_eq!(check(&mut challenger, &[&reply(&challenge, 2)], Some(&password()), at(3)), Verdict::Granted);
    }
}

#[test]
fn an_ha1_serves_its_own_algorithm_only() {
    let ha1 = |algorithm| {
        let hex = hash::ha1(algorithm, b"8001", b"pbx \"one\"", b"demo-8001");
        Secret::Ha1(algorithm, String::from_utf8(hex.to_vec()).unwrap().into())
    };
    let mut challenger = challenger(&[Algorithm::Md5], 9);
    let sha = challenger.challenges(Some(&ha1(Algorithm::Sha256)), false, at(0)).remove(0);
    let md5 = challenger.one_challenge(at(0));
    assert_eq!(check(&mut challenger, &[&reply(&sha, 1)], Some(&ha1(Algorithm::Sha256)), at(0)), Verdict::Granted);
    assert_eq!(check(&mut challenger, &[&reply(&md5, 1)], Some(&ha1(Algorithm::Md5)), at(0)), Verdict::Granted);
    assert_eq!(check(&mut challenger, &[&reply(&md5, 2)], Some(&ha1(Algorithm::Sha256)), at(0)), Verdict::Denied);
    assert_eq!(check(&mut challenger, &[&reply(&sha, 2)], Some(&password()), at(0)), Verdict::Denied, "not offered");
}

#[test]
fn an_expired_or_foreign_nonce_is_stale_only_if_the_digest_is_right() {
    let mut ours = challenger(&[Algorithm::Md5], 9);
    let mut before_restart = Challenger::new(ours.settings.clone(), &mut Seed::new(2));
    let (old, foreign) = (ours.one_challenge(at(0)), before_restart.one_challenge(at(0)));
    assert_eq!(check(&mut ours, &[&reply(&old, 1)], Some(&password()), at(300)), Verdict::Granted);
    assert_eq!(check(&mut ours, &[&reply(&old, 2)], Some(&password()), at(301)), Verdict::Stale);
    assert_eq!(check(&mut ours, &[&reply(&foreign, 1)], Some(&password()), at(1)), Verdict::Stale);
    let wrong = Secret::Password("x".into());
    assert_eq!(check(&mut ours, &[&reply(&old, 3)], Some(&wrong), at(301)), Verdict::Denied);
    assert_eq!(check(&mut ours, &[&reply(&foreign, 1)], None, at(1)), Verdict::Denied);
    assert!(ours.challenges(None, true, at(301))[0].ends_with(", stale=true"));
    assert_eq!(ours.nonces_held().0, 0, "expired counts are dropped");
}

#[test]
fn counts_that_had_to_make_room_make_their_nonces_stale() {
    let mut challenger = challenger(&[Algorithm::Md5], 2);
    let challenges: Vec<_> = (0..4).map(|second| challenger.one_challenge(at(second))).collect();
    for used in [3, 1, 2] {
        assert_eq!(check(&mut challenger, &[&reply(&challenges[used], 1)], Some(&password()), at(5)), Verdict::Granted);
    }
    assert_eq!(challenger.nonces_held(), (2, 1), "the limit holds, and what made room is counted");
    assert_eq!(
        check(&mut challenger, &[&reply(&challenges[1], 1)], Some(&password()), at(6)),
        Verdict::Stale,
        "a replay?"
    );
    assert_eq!(
        check(&mut challenger, &[&reply(&challenges[0], 1)], Some(&password()), at(6)),
        Verdict::Stale,
        "who knows"
    );
    assert_eq!(check(&mut challenger, &[&reply(&challenges[3], 1)], Some(&password()), at(6)), Verdict::Replay);
    let fresh = challenger.one_challenge(at(6));
    assert_eq!(check(&mut challenger, &[&reply(&fresh, 1)], Some(&password()), at(6)), Verdict::Granted);
}

#[test]
fn requests_that_overtake_each_other_are_no_replays() {
    let mut challenger = challenger(&[Algorithm::Md5], 9);
    let challenge = challenger.one_challenge(at(0));
    use Verdict::*;
    for (count, verdict) in [
        (2, Granted),
        (1, Granted),
        (1, Replay),
        (2, Replay),
        (70, Granted),
        (6, Stale),
        (7, Granted),
        (7, Replay),
        (134, Granted),
    ] {
        assert_eq!(check(&mut challenger, &[&reply(&challenge, count)], Some(&password()), at(1)), verdict, "{count}");
    }
}

#[test]
fn a_client_without_qop_uses_each_nonce_once() {
    let mut challenger = challenger(&[Algorithm::Md5], 9);
    let challenge = challenger.one_challenge(at(0)).replace(", qop=\"auth\"", "").replace(", algorithm=MD5", "");
    let old_style = reply(&challenge, 1).replace(", algorithm=MD5", "");
    assert!(!old_style.contains("qop") && !old_style.contains("algorithm"));
    assert_eq!(check(&mut challenger, &[&old_style], Some(&password()), at(0)), Verdict::Granted);
    assert_eq!(check(&mut challenger, &[&old_style], Some(&password()), at(0)), Verdict::Stale);
    let new_style = reply(&challenger.one_challenge(at(0)), 1);
    assert_eq!(check(&mut challenger, &[&new_style], Some(&password()), at(0)), Verdict::Granted);
}

#[test]
fn odd_but_legal_spelling_is_understood() {
    let mut challenger = challenger(&[Algorithm::Md5], 99);
    for (from, to) in [
        ("Digest ", "DIGEST  "),
        ("algorithm=MD5", "algorithm=\"md5\""),
        (", algorithm=MD5", ""),
        ("qop=auth", "qop=\"auth\""),
        ("nc=00000001", "nc=\"00000001\""),
        ("username=", "UserName = "),
        (", uri=", ",\r\n  uri="),
        (", uri=", ",, ,uri="),
        ("username=\"8001\"", "username=\"80\\0\\1\""),
        ("qop=auth", "qop=auth, auth-param=\"a, b=c\", x"),
    ] {
        let answered = reply(&challenger.one_challenge(at(0)), 1).replace(from, to);
        let expected = if to.ends_with(", x") { Verdict::Denied } else { Verdict::Granted };
        assert_eq!(check(&mut challenger, &[&answered], Some(&password()), at(0)), expected, "{answered}");
    }
    let shouted = reply(&challenger.one_challenge(at(0)), 1);
    let response = response_of(&shouted).to_owned();
    let shouted = shouted.replace(&response, &response.to_ascii_uppercase());
    assert_eq!(check(&mut challenger, &[&shouted], Some(&password()), at(0)), Verdict::Granted);
}

#[test]
fn unreadable_or_unfit_credentials_are_denied() {
    let mut challenger = challenger(&[Algorithm::Md5], 9);
    let good = reply(&challenger.one_challenge(at(0)), 1);
    let response = response_of(&good).to_owned();
    for (from, to) in [
        ("qop=auth", "qop=auth-int"),
        ("algorithm=MD5", "algorithm=MD5-sess"),
        ("algorithm=MD5", "algorithm=SHA-512-256"),
        ("algorithm=MD5", "algorithm=SHA-256"),
        ("nc=00000001", "nc=00000000"),
        ("nc=00000001", "nc=000000001"),
        ("nc=00000001", "nc=0000000g"),
        ("nc=00000001", "nc=+1"),
        (", nc=00000001", ""),
        (", cnonce=\"0a4f113b\"", ""),
        ("cnonce=\"0a4f113b\"", "cnonce=\"0a4f113b"),
        ("username=\"8001\"", "username=\"8001\", username=\"8001\""),
        ("username=\"8001\", ", ""),
        ("realm=\"pbx \\\"one\\\"\", ", ""),
        (", uri=", ", ="),
        (&response, &response[1..]),
        (&response, ""),
    ] {
        let bad = good.replace(from, to);
        assert_eq!(check(&mut challenger, &[&bad], Some(&password()), at(0)), Verdict::Denied, "{bad}");
    }
    let long = format!("{good}, padding=\"{}\"", "x".repeat(2048));
    assert_eq!(check(&mut challenger, &[&long], Some(&password()), at(0)), Verdict::Denied);
    let many: String = (0..40).map(|number| format!(", p{number}=1")).collect();
    assert_eq!(check(&mut challenger, &[&format!("{good}{many}")], Some(&password()), at(0)), Verdict::Denied);
    assert_eq!(check(&mut challenger, &[&good], Some(&password()), at(0)), Verdict::Granted, "nothing was used up");
}

#[test]
fn other_realms_and_schemes_are_passed_over() {
    let mut challenger = challenger(&[Algorithm::Md5], 9);
    let good = reply(&challenger.one_challenge(at(0)), 1);
    let elsewhere = good.replace("pbx", "pby");
    assert_eq!(check(&mut challenger, &[&elsewhere, "Basic QWxhZGRpbg=="], Some(&password()), at(0)), Verdict::Missing);
    assert_eq!(check(&mut challenger, &["Digest rubbish"], Some(&password()), at(0)), Verdict::Denied);
    assert_eq!(
        check(&mut challenger, &["Digest rubbish", &elsewhere, &good], Some(&password()), at(0)),
        Verdict::Granted
    );
}

#[test]
fn the_digest_uri_must_mean_the_request_uri() {
    for (claimed, actual, method, accepted) in [
        ("sip:127.0.0.1:5060", "sip:127.0.0.1:5060", Method::Register, true),
        ("sip:127.0.0.1", "sip:127.0.0.1:5060;transport=udp", Method::Register, true),
        ("sip:8001@pbx", "sip:PBX", Method::Register, true),
        ("sip:8001@pbx", "sip:other", Method::Register, false),
        ("sip:1000@pbx", "sip:1000@10.0.0.1:5060", Method::Invite, true),
        ("sip:%31000@pbx", "sip:1000@10.0.0.1", Method::Invite, true),
        ("sip:1000@pbx", "sip:0900123@pbx", Method::Invite, false),
        ("sip:pbx", "sip:1000@pbx", Method::Invite, false),
        ("tel:1000", "sip:1000@pbx", Method::Invite, false),
        ("", "sip:1000@pbx", Method::Invite, false),
        ("*", "sip:1000@pbx", Method::Invite, false),
    ] {
        assert_eq!(accepts_uri(claimed.as_bytes(), actual.as_bytes(), method), accepted, "{claimed} for {actual}");
    }
}

#[test]
fn the_client_refuses_what_it_cannot_answer() {
    for challenge in [
        "Basic realm=\"x\"",
        "Digest realm=\"x\"",
        "Digest nonce=\"x\"",
        "Digest realm=\"x\", nonce=\"y\", algorithm=MD5-sess",
        "Digest realm=\"x\", nonce=\"y\", qop=\"auth-int\"",
        "Digest realm=\"x, nonce=\"y\"",
        "",
    ] {
        assert_eq!(answer(challenge.as_bytes(), "u", "p", "INVITE", "sip:x", 1, "c"), None, "{challenge}");
    }
}

proptest! {
    /// rsip computes the same, as far as it can (counts below ten, URIs that it writes as it read them).
    #[test]
    fn rsip_computes_the_same(user in "[a-z0-9.]{1,12}", realm in "[ -!#-\\[\\]-~]{1,20}", password in "[ -~]{0,40}",
        cnonce in "[0-9a-f]{0,16}", nc in 1u8..10, qop in any::<bool>(), sha in any::<bool>())
    {
        let algorithm = if sha { Algorithm::Sha256 } else { Algorithm::Md5 };
        let qop_text = if qop { ", qop=\"auth\"" } else { "" };
        let challenge = format!("Digest realm=\"{realm}\", nonce=\"abc\", algorithm={}{qop_text}", algorithm.name());
        let ours = answer(challenge.as_bytes(), &user, &password, "REGISTER", "sip:example.com", nc.into(), &cnonce).unwrap();
        let uri = rsip::Uri::try_from("sip:example.com").unwrap();
        let auth = AuthQop::Auth { cnonce: cnonce.clone(), nc };
        let theirs = rsip::services::DigestGenerator {
            username: &user, password: &password, nonce: "abc", uri: &uri, realm: &realm, method: &Method::Register,
            qop: qop.then_some(&auth),
            algorithm: if sha { TheirAlgorithm::Sha256 } else { TheirAlgorithm::Md5 },
        };
        prop_assert_eq!(response_of(&ours), theirs.compute());
    }

    /// Whatever stands in the field: no panic, and nothing but the right answer is granted.
    #[test]
    fn damaged_credentials_grant_nothing(damage in proptest::collection::vec((0usize..400, any::<u8>()), 1..4)) {
        let mut challenger = challenger(&[Algorithm::Md5], 9);
        let good = reply(&challenger.one_challenge(at(0)), 1).into_bytes();
        let mut bad = good.clone();
        for (at, byte) in damage {
            let at = at % bad.len();
            bad[at] = byte;
        }
        if let Found::Credentials(claim) = Found::among([&bad[..]].into_iter(), b"pbx \"one\"") {
            let Found::Credentials(original) = Found::among([&good[..]].into_iter(), b"pbx \"one\"") else { unreachable!() };
            let right = challenger.is_right(&claim, Method::Register, Some(&password()));
            let same = claim.username == original.username && claim.nonce == original.nonce && claim.uri == original.uri
                && claim.response == original.response;
            prop_assert!(!right || same);
        }
        let _ = answer(&bad, "8001", "p", "REGISTER", URI, 1, "c");
    }

    #[test]
    fn no_bytes_disturb_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut field = b"Digest ".to_vec();
        field.extend(bytes);
        let _ = Found::among([&field[..]].into_iter(), b"r");
    }
}
