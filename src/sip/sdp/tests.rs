//! Reading what peers really send, writing what they can read, and staying calm about everything else.

use super::*;
use proptest::prelude::*;

const CARRIER: &str = "v=0\r\no=HuaweiSoftX3000 1073741832 1073741833 IN IP4 10.1.2.3\r\ns=Sip Call\r\nc=IN IP4 10.1.2.3\r\n\
    t=0 0\r\nm=audio 30000 RTP/AVP 116 8 0 18 101\r\na=rtpmap:116 AMR-WB/16000/1\r\na=fmtp:116 mode-set=0,1,2\r\n\
    a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=maxptime:40\r\na=curr:qos local none\r\n";

fn ours() -> Ours {
    Ours {
        address: "192.0.2.1".parse().unwrap(),
        port: 20_000,
        session: 7,
        version: 1,
        codecs: statics([Codec::Pcma, Codec::Pcmu]),
        telephone_event: Some(101),
        direction: Direction::SendRecv,
        rtcp_mux: false,
        ptime_ms: 20,
    }
}

/// A description with these lines after the session part.
fn with(lines: &str) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\n{}", lines.replace('\n', "\r\n"))
}

fn audio(lines: &str) -> Audio {
    read(with(lines).as_bytes()).unwrap_or_else(|fault| panic!("{fault}: {lines}")).audio
}

fn fault(lines: &str) -> Unusable {
    read(with(lines).as_bytes()).map(|read| panic!("{read:?}")).unwrap_err()
}

fn address(text: &str) -> Option<SocketAddr> {
    Some(text.parse().unwrap())
}

fn answer(offer: &str, ours: &Ours) -> String {
    let mut out = Vec::new();
    write_answer(&read(offer.as_bytes()).unwrap(), ours, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_carriers_offer_is_reduced_to_what_we_speak() {
    let offer = read(CARRIER.as_bytes()).unwrap();
    assert_eq!(offer.origin, (1_073_741_832, 1_073_741_833));
    assert_eq!(offer.audio.rtp, address("10.1.2.3:30000"));
    assert_eq!(offer.audio.rtcp, address("10.1.2.3:30001"));
    assert_eq!(offer.audio.codecs[..], [(Codec::Pcma, 8), (Codec::Pcmu, 0)]);
    assert_eq!(offer.audio.telephone_event, Some(101));
    assert_eq!((offer.audio.ptime_ms, offer.audio.direction), (20, Direction::SendRecv));
    assert!(offer.is_unchanged((1_073_741_832, 1_073_741_833)) && !offer.is_unchanged((1_073_741_832, 1)));
}

#[test]
fn bare_line_feeds_missing_lines_and_odd_ones_are_borne() {
    let offer = b"\nv=0\no=- x9 18446744073709551616 IN IP4 h\nnonsense\n=\nc=IN IP4 10.0.0.1\nm=audio  4000  RTP/AVP  0\na=\xff\n";
    let read_once = read(offer).unwrap();
    assert_eq!(read_once.audio.rtp, address("10.0.0.1:4000"));
    let other = read(b"v=0\no=- x8 1 IN IP4 h\nc=IN IP4 10.0.0.1\nm=audio 4000 RTP/AVP 0").unwrap();
    assert_ne!(read_once.origin, other.origin, "ids that are no numbers are still told apart");
}

#[test]
fn dynamic_payload_types_go_by_their_rtpmap() {
    let read = audio(
        "m=audio 4000 RTP/AVP 97 96 98\na=rtpmap:96 pcmu/8000/1\na=rtpmap:97 PCMA/8000\na=rtpmap:98 Telephone-Event/8000\n",
    );
    assert_eq!(read.codecs[..], [(Codec::Pcma, 97), (Codec::Pcmu, 96)]);
    assert_eq!(read.telephone_event, Some(98));
    let wide = "m=audio 4000 RTP/AVP 96 97 98\na=rtpmap:96 PCMA/16000\na=rtpmap:97 PCMU/8000/2\na=rtpmap:98 telephone-event/48000\n";
    assert_eq!(fault(wide), Unusable::NothingInCommon);
    let both = audio("m=audio 4000 RTP/AVP 96 8\na=rtpmap:96 PCMA/8000\n");
    assert_eq!(both.codecs[..], [(Codec::Pcma, 96)], "one codec twice: the first number stands");
    assert_eq!(fault("m=audio 4000 RTP/AVP 8\na=rtpmap:8 G729/8000\n"), Unusable::NothingInCommon);
    assert_eq!(fault("m=audio 4000 RTP/AVP 101\na=rtpmap:101 telephone-event/8000\n"), Unusable::NothingInCommon);
}

#[test]
fn directions_stand_at_either_level_and_the_nearer_wins() {
    for (lines, direction) in [
        ("m=audio 4000 RTP/AVP 8\n", Direction::SendRecv),
        ("a=sendonly\nm=audio 4000 RTP/AVP 8\n", Direction::SendOnly),
        ("a=sendonly\nm=audio 4000 RTP/AVP 8\na=recvonly\n", Direction::RecvOnly),
        ("a=inactive\nm=video 5000 RTP/AVP 31\na=sendrecv\nm=audio 4000 RTP/AVP 8\n", Direction::Inactive),
    ] {
        assert_eq!(audio(lines).direction, direction, "{lines}");
    }
}

#[test]
fn answers_follow_the_offers_direction() {
    use Direction::*;
    // their direction, their address, our wish, our answer, held, may send
    for (theirs, zero, wish, ours, held, send) in [
        (SendRecv, false, SendRecv, SendRecv, false, true),
        (SendOnly, false, SendRecv, RecvOnly, true, false),
        (RecvOnly, false, SendRecv, SendOnly, false, true),
        (Inactive, false, SendRecv, Inactive, true, false),
        (SendRecv, false, SendOnly, SendOnly, false, true),
        (SendOnly, false, SendOnly, Inactive, true, false),
        (SendRecv, true, SendRecv, RecvOnly, true, false),
        (RecvOnly, true, SendRecv, Inactive, true, false),
    ] {
        let zero = if zero { "c=IN IP4 0.0.0.0\n" } else { "" };
        let read = audio(&format!("m=audio 4000 RTP/AVP 8\n{zero}a={}\n", theirs.name()));
        let found = (read.answer_direction(wish), read.is_held(), read.may_send());
        assert_eq!(found, (ours, held, send), "{theirs:?} {zero}");
        assert_eq!(theirs.reversed().reversed(), theirs);
    }
}

#[test]
fn hold_by_the_zero_address_leaves_no_place_to_send() {
    for lines in
        ["c=IN IP4 0.0.0.0\nm=audio 4000 RTP/AVP 8\n", "m=audio 4000 RTP/AVP 8\nc=IN IP4 0.0.0.0\na=rtcp:4009\n"]
    {
        let read = read(format!("v=0\no=- 1 1 IN IP4 h\n{lines}").as_bytes().to_vec().as_slice());
        let read = read.unwrap_or_else(|fault| panic!("{fault}: {lines}"));
        assert_eq!((read.audio.rtp, read.audio.rtcp), (None, None), "{lines}");
    }
}

#[test]
fn rtcp_goes_where_the_peer_says() {
    for (attributes, port) in [
        ("", "10.0.0.9:4001"),
        ("a=rtcp:5000\n", "10.0.0.9:5000"),
        ("a=rtcp:5000 IN IP4 10.0.0.10\n", "10.0.0.10:5000"),
        ("a=rtcp:5000 IN IP4 example.org\n", "10.0.0.9:5000"),
        ("a=rtcp:0\n", "10.0.0.9:4001"),
        ("a=rtcp:5000\na=rtcp-mux\n", "10.0.0.9:4000"),
    ] {
        assert_eq!(audio(&format!("m=audio 4000 RTP/AVP 8\n{attributes}")).rtcp, address(port), "{attributes}");
    }
    assert_eq!(audio("m=audio 65535 RTP/AVP 8\n").rtcp, None, "there is no port above the last");
    let collides = audio("m=audio 4000 RTP/AVP 8 72\na=rtpmap:72 telephone-event/8000\na=rtcp-mux\n");
    assert!(!collides.rtcp_mux, "payload type 72 with the marker looks like RTCP's 200");
    assert_eq!(collides.rtcp, address("10.0.0.9:4001"));
}

#[test]
fn our_packet_time_is_one_that_the_peer_bears() {
    for (attributes, ms) in [
        ("", 20),
        ("a=ptime:30\n", 30),
        ("a=ptime:20.0\n", 20),
        ("a=ptime:50\n", 40),
        ("a=ptime:200\n", 60),
        ("a=ptime:5\n", 10),
        ("a=ptime:0\n", 20),
        ("a=ptime:junk\n", 20),
        ("a=ptime:60\na=maxptime:30\n", 30),
        ("a=maxptime:10\n", 10),
        ("a=ptime:99999999999999999999\n", 20),
    ] {
        assert_eq!(audio(&format!("m=audio 4000 RTP/AVP 8\n{attributes}")).ptime_ms, ms, "{attributes}");
    }
}

#[test]
fn the_first_usable_audio_line_is_chosen_and_all_lines_are_answered() {
    let offer = with(
        "m=audio 5000 RTP/SAVP 8\nm=video 5002 RTP/AVP 31\nm=audio 0 RTP/AVP 8\nm=audio 5006 RTP/AVP 18\n\
         m=audio 5008/2 RTP/AVPF 0 8\nm=audio 5012 RTP/AVP 8\nm=image 5014 udptl t38\nm=application 9 UDP/DTLS/SCTP webrtc\n",
    );
    let description = read(offer.as_bytes()).unwrap();
    assert_eq!(description.chosen, 4);
    assert_eq!(description.audio.rtp, address("10.0.0.9:5008"));
    let answer = answer(&offer, &Ours { codecs: [(Codec::Pcma, 8)].into_iter().collect(), ..ours() });
    let lines: Vec<_> = answer.split("\r\n").filter(|line| line.starts_with("m=")).collect();
    assert_eq!(
        lines,
        [
            "m=audio 0 RTP/SAVP 8",
            "m=video 0 RTP/AVP 31",
            "m=audio 0 RTP/AVP 8",
            "m=audio 0 RTP/AVP 18",
            "m=audio 20000 RTP/AVPF 8 101",
            "m=audio 0 RTP/AVP 8",
            "m=image 0 udptl t38",
            "m=application 0 UDP/DTLS/SCTP webrtc",
        ]
    );
}

#[test]
fn addresses_that_we_cannot_send_to_make_a_line_unusable() {
    for connection in [
        "IN IP6 2001:db8::1",
        "IN IP4 media.example.org",
        "IN IP4 224.2.1.1/127/3",
        "IN IP4 255.255.255.255",
        "IN IP4 0.0.0.1",
        "IN IP4 10.0.0.256",
        "IN IP4",
        "ATM NSAP 47",
        "",
    ] {
        let found = fault(&format!("m=audio 4000 RTP/AVP 8\nc={connection}\n"));
        assert_eq!((found, found.status(), found.warning()), (Unusable::Address, 488, Some(301)), "{connection}");
    }
    let second = audio("m=audio 4000 RTP/AVP 8\nc=IN IP6 ::1\nm=audio 4002 RTP/AVP 8\n");
    assert_eq!(second.rtp, address("10.0.0.9:4002"));
    assert_eq!(
        audio("m=audio 4000 RTP/AVP 8\nc=IN IP4 10.0.0.8/127\nc=IN IP4 10.0.0.7\n").rtp,
        address("10.0.0.8:4000")
    );
    assert_eq!(read(b"v=0\no=- 1 1 IN IP4 h\nm=audio 4000 RTP/AVP 8\n"), Err(Unusable::Address));
}

#[test]
fn nothing_in_common_is_told_from_what_is_no_description() {
    for lines in
        ["m=audio 4000 RTP/AVP 18\n", "m=audio 4000 RTP/SAVP 8\n", "m=audio 0 RTP/AVP 8\n", "m=image 5 udptl t38\n", ""]
    {
        assert_eq!(fault(lines), Unusable::NothingInCommon, "{lines}");
    }
    for body in [
        &b""[..],
        b"\r\n\r\n",
        b"hello",
        b"v=1\r\no=- 1 1 IN IP4 h\r\n",
        b"v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 8\r\n",
        b"v=0\r\no=- 1\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 8\r\n",
        b"v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 70000 RTP/AVP 8\r\n",
        b"v=0\r\no=- 1 1 IN IP4 h\r\nm=audio -1 RTP/AVP 8\r\n",
        b"v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 4000 RTP/AVP\r\n",
        b"v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 4000 RTP/AVP 8\rm=video 1 x 1\r\n",
        b"v=0\r\no=- 1 1 IN IP4 h\r\nm=audi\xc3\xb6 4000 RTP/AVP 8\r\n",
    ] {
        assert_eq!(read(body), Err(Unusable::Syntax), "{}", String::from_utf8_lossy(body));
    }
    assert_eq!((Unusable::Syntax.status(), Unusable::NothingInCommon.warning()), (400, Some(305)));
}

#[test]
fn too_many_lines_or_bytes_are_refused() {
    let sixteen = "m=audio 4000 RTP/AVP 8\n".repeat(LINES_MAX);
    assert_eq!(read(with(&sixteen).as_bytes()).unwrap().lines.len(), LINES_MAX);
    assert_eq!(fault(&format!("{sixteen}m=audio 4000 RTP/AVP 8\n")), Unusable::TooLarge);
    let long = with(&format!("m=audio 4000 RTP/AVP 8\na={}\n", "x".repeat(BYTES_MAX)));
    assert_eq!(read(long.as_bytes()), Err(Unusable::TooLarge));
    assert_eq!(Unusable::TooLarge.status(), 413);
    let formats: String = (0..1000).map(|number| format!(" {}", 255 - number % 256)).collect();
    assert_eq!(
        fault(&format!("m=audio 4000 RTP/AVP{formats}\n")),
        Unusable::NothingInCommon,
        "formats are bounded too"
    );
}

#[test]
fn an_offer_of_ours_reads_as_it_was_meant() {
    let mut offer = Vec::new();
    write_offer(&ours(), &mut offer);
    assert_eq!(
        String::from_utf8(offer).unwrap(),
        "v=0\r\no=- 7 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 20000 RTP/AVP 8 0 101\r\n\
         a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n\
         a=ptime:20\r\na=sendrecv\r\n"
    );
}

#[test]
fn an_answer_repeats_times_and_payload_types() {
    let offer =
        with("m=audio 4000 RTP/AVP 97 99\na=rtpmap:97 PCMU/8000\na=rtpmap:99 telephone-event/8000\na=rtcp-mux\n");
    let offer = offer.replace("t=0 0", "t=3034423619 3042462419");
    let theirs = read(offer.as_bytes()).unwrap();
    assert_eq!(choose(&theirs.audio, &[Codec::Pcma, Codec::Pcmu]), Some((Codec::Pcmu, 97)));
    assert_eq!(choose(&theirs.audio, &[Codec::Pcma]), None);
    let ours = Ours {
        codecs: choose(&theirs.audio, &[]).into_iter().collect(),
        telephone_event: theirs.audio.telephone_event,
        rtcp_mux: true,
        ..ours()
    };
    let answer = answer(&offer, &ours);
    for line in ["t=3034423619 3042462419", "m=audio 20000 RTP/AVP 97 99", "a=rtpmap:97 PCMU/8000", "a=rtcp-mux"] {
        assert!(answer.split("\r\n").any(|found| found == line), "{line} in {answer}");
    }
}

fn any_ours() -> impl Strategy<Value = Ours> {
    let direction = proptest::sample::select(vec![
        Direction::SendRecv,
        Direction::SendOnly,
        Direction::RecvOnly,
        Direction::Inactive,
    ]);
    let codecs = proptest::sample::subsequence(vec![(Codec::Pcma, 8u8), (Codec::Pcmu, 0)], 1..=2);
    let plain = (1u16.., any::<u64>(), any::<u64>(), any::<bool>());
    let ptime = proptest::sample::select(PTIMES_MS.to_vec());
    (plain, codecs, direction, proptest::option::of(96u8..128), ptime, 1u8..224).prop_map(
        |((port, session, version, rtcp_mux), codecs, direction, telephone_event, ptime_ms, octet)| Ours {
            address: IpAddr::from([octet, 0, 2, 1]),
            port,
            session,
            version,
            codecs: codecs.into_iter().collect(),
            telephone_event,
            direction,
            rtcp_mux,
            ptime_ms,
        },
    )
}

proptest! {
    /// What we write, we read back; sdp-types reads the same.
    #[test]
    fn offers_survive_the_way_there_and_back(ours in any_ours()) {
        let mut bytes = Vec::new();
        write_offer(&ours, &mut bytes);
        let read = read(&bytes).unwrap();
        let rtp = SocketAddr::new(ours.address, ours.port);
        prop_assert_eq!(read.origin, (ours.session, ours.version));
        prop_assert_eq!(read.audio.rtp, Some(rtp));
        prop_assert_eq!(&read.audio.codecs, &ours.codecs);
        prop_assert_eq!(read.audio.telephone_event, ours.telephone_event);
        prop_assert_eq!((read.audio.direction, read.audio.ptime_ms), (ours.direction, ours.ptime_ms));
        prop_assert_eq!(read.audio.rtcp_mux, ours.rtcp_mux);

        let oracle = sdp_types::Session::parse(&bytes).unwrap();
        prop_assert_eq!(&oracle.origin.sess_id, &ours.session.to_string());
        prop_assert_eq!(oracle.medias.len(), 1);
        prop_assert_eq!(oracle.medias[0].port, ours.port);
        prop_assert!(oracle.medias[0].attributes.iter().any(|a| a.attribute == ours.direction.name()));
    }

    /// Any mix of lines: an answer has as many m= lines as the offer, at most one of them with a port, and sdp-types agrees
    /// about both sides.
    #[test]
    fn every_line_is_answered(lines in proptest::collection::vec(
        proptest::sample::select(vec![
            "m=audio 4000 RTP/AVP 8 0\n", "m=audio 4000 RTP/AVP 18\n", "m=video 4002 RTP/AVP 31\n", "m=audio 0 RTP/AVP 0\n",
            "m=image 4004 udptl t38\n", "a=sendonly\n", "m=audio 4006 RTP/SAVP 0\n", "a=rtpmap:18 PCMA/8000\n",
        ]), 0..16), ours in any_ours())
    {
        let offer = with(&lines.concat());
        if let Ok(description) = read(offer.as_bytes()) {
            let answer = answer(&offer, &ours);
            let (theirs, answered) = (sdp_types::Session::parse(offer.as_bytes()), sdp_types::Session::parse(answer.as_bytes()));
            let (theirs, answered) = (theirs.unwrap(), answered.unwrap());
            prop_assert_eq!(theirs.medias.len(), answered.medias.len());
            for (index, (offered, answered)) in theirs.medias.iter().zip(&answered.medias).enumerate() {
                prop_assert_eq!((&offered.media, &offered.proto), (&answered.media, &answered.proto));
                prop_assert_eq!(answered.port != 0, index == description.chosen);
            }
        }
    }

    #[test]
    fn no_bytes_disturb_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = read(&bytes);
    }

    /// A good description with some bytes replaced: read or refused, and what is read can be answered in clean text.
    #[test]
    fn damaged_descriptions_are_read_or_refused(damage in proptest::collection::vec((0usize..400, any::<u8>()), 1..6)) {
        let mut bytes = CARRIER.as_bytes().to_vec();
        for (at, byte) in damage {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        if let Ok(description) = read(&bytes) {
            let mut out = Vec::new();
            write_answer(&description, &ours(), &mut out);
            prop_assert!(out.iter().all(|&b| b == b'\r' || b == b'\n' || b == b' ' || b.is_ascii_graphic()));
            prop_assert_eq!(read(&out).map(|read| read.lines.len()), Ok(description.lines.len()));
        }
    }
}

/// The bodies of RFC 4475's torture messages, where the corpus lies beside the project.
#[test]
fn torture_messages_carry_readable_descriptions() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora/rfc4475");
    let Ok(files) = std::fs::read_dir(&corpus) else {
        println!("skipped: no corpus at {}", corpus.display());
        return;
    };
    let mut names = Vec::new();
    for file in files.flatten() {
        let bytes = std::fs::read(file.path()).unwrap();
        let Some(start) = bytes.windows(5).position(|window| window == b"v=0\r\n") else { continue };
        if let Ok(description) = read(&bytes[start..]) {
            assert_eq!(description.audio.codecs[..], [(Codec::Pcmu, 0)]);
            names.push(file.file_name().into_string().unwrap());
        }
    }
    assert!(
        ["wsinv.dat", "sdp01.dat", "inv2543.dat"].iter().all(|known| names.iter().any(|name| name == known)),
        "{names:?}"
    );
}
