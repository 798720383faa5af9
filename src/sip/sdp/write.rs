//! Writes our offers and answers. Everything in them is ours, except the words of m= lines that an answer repeats; those were
//! checked when they were read.

use super::{Description, Ours};
use core::net::IpAddr;
use std::io::Write as _;

/// Writes an offer with one audio line.
pub fn write_offer(ours: &Ours, out: &mut Vec<u8>) {
    session(ours, (0, 0), out);
    audio(ours, "audio", "RTP/AVP", out);
}

/// Writes the answer to `theirs`: same number of m= lines in the same order, all but the chosen one with port 0
/// (RFC 3264 §6). A later offer of ours in the same session must keep those lines too (§8): it is written by the same function,
/// with all our codecs in `ours`.
pub fn write_answer(theirs: &Description, ours: &Ours, out: &mut Vec<u8>) {
    session(ours, theirs.timing, out);
    for (index, line) in theirs.lines.iter().enumerate() {
        if index == theirs.chosen {
            audio(ours, &line.media, &line.protocol, out);
        } else {
            put(out, format_args!("m={} 0 {} {}\r\n", line.media, line.protocol, line.format));
        }
    }
}

fn session(ours: &Ours, (start, stop): (u64, u64), out: &mut Vec<u8>) {
    let family = match ours.address {
        IpAddr::V4(_) => "IP4",
        IpAddr::V6(_) => "IP6",
    };
    let (address, session, version) = (ours.address, ours.session, ours.version);
    put(out, format_args!("v=0\r\no=- {session} {version} IN {family} {address}\r\ns=-\r\n"));
    put(out, format_args!("c=IN {family} {address}\r\nt={start} {stop}\r\n"));
}

fn audio(ours: &Ours, media: &str, protocol: &str, out: &mut Vec<u8>) {
    put(out, format_args!("m={media} {} {protocol}", ours.port));
    let formats = ours.codecs.iter().map(|&(_, number)| number).chain(ours.telephone_event);
    formats.for_each(|number| put(out, format_args!(" {number}")));
    put(out, format_args!("\r\n"));
    for &(codec, number) in &ours.codecs {
        put(out, format_args!("a=rtpmap:{number} {}/8000\r\n", codec.name()));
    }
    if let Some(number) = ours.telephone_event {
        // Events 0–15: the sixteen keys (RFC 4733 §3.2). No flash.
        put(out, format_args!("a=rtpmap:{number} telephone-event/8000\r\na=fmtp:{number} 0-15\r\n"));
    }
    put(out, format_args!("a=ptime:{}\r\na={}\r\n", ours.ptime_ms, ours.direction.name()));
    if ours.rtcp_mux {
        put(out, format_args!("a=rtcp-mux\r\n"));
    }
}

fn put(out: &mut Vec<u8>, text: core::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a Vec takes everything");
}
