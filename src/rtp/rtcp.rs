//! RTCP (RFC 3550 §6): the compound packets we send (SR or RR, SDES with CNAME, BYE) and what we take from a peer's.
//! Written and read through rtcp-types, one packet of the compound at a time. When to send is decided in `media`.
//!
//! A peer's SDES, APP, feedback and extended reports are stepped over by their length, never looked into.

use rtcp_types::{
    Bye, ReceiverReport, ReportBlock, RtcpPacketParser, RtcpPacketWriterExt, Sdes, SdesChunk, SdesItem, SenderReport,
};

/// What one side tells about a stream that it receives (§6.4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reception {
    /// The stream that is reported on.
    pub ssrc: u32,
    /// Loss since the report before, in 1/256.
    pub fraction_lost: u8,
    /// Loss since the beginning, −2²³ … 2²³ − 1; duplicates make it negative.
    pub lost: i32,
    /// Highest sequence number, its cycles above.
    pub highest: u32,
    /// In ticks of 125 µs.
    pub jitter: u32,
    /// Middle 32 bits of the last sender report's NTP time; 0 if none came.
    pub last_report: u32,
    /// Since then, in 1/65536 s.
    pub delay: u32,
}

/// What a sender tells about itself (§6.4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Transmission {
    /// 32.32 fixed-point seconds.
    pub ntp: u64,
    /// The same moment in the stream's RTP clock.
    pub timestamp: u32,
    pub packets: u32,
    pub octets: u32,
}

/// One compound packet of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Report<'a> {
    pub ssrc: u32,
    /// `None`: nothing was sent lately, so a receiver report goes.
    pub transmission: Option<Transmission>,
    pub reception: Option<Reception>,
    pub cname: &'a str,
    /// The stream ends here.
    pub bye: bool,
}

/// What a peer's compound packet holds of interest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Received {
    /// The sender's SSRC and the middle 32 bits of its NTP time.
    pub sender: Option<(u32, u32)>,
    /// How the peer receives us.
    pub reception: Option<Reception>,
    pub bye: bool,
}

/// More packets than any real compound holds; what follows is not read.
const PACKETS_MAX: usize = 32;

/// Room for the largest report of ours: SR with one block 52, SDES with a CNAME of up to 32 bytes 48, BYE 8.
const LENGTH_MAX: usize = 128;

/// Appends a compound packet. A CNAME longer than 32 bytes is a mistake of the caller: nothing is written then.
pub fn append(out: &mut Vec<u8>, report: &Report<'_>) {
    let start = out.len();
    out.resize(start + LENGTH_MAX, 0);
    let length = out.get_mut(start..).and_then(|room| write(room, report)).unwrap_or(0);
    out.truncate(start + length);
}

fn write(room: &mut [u8], report: &Report<'_>) -> Option<usize> {
    let block = report.reception.map(|reception| {
        ReportBlock::builder(reception.ssrc)
            .fraction_lost(reception.fraction_lost)
            .cumulative_lost(reception.lost.clamp(-0x80_0000, 0x7F_FFFF) as u32 & 0xFF_FFFF)
            .extended_sequence_number(reception.highest)
            .interarrival_jitter(reception.jitter)
            .last_sender_report_timestamp(reception.last_report)
            .delay_since_last_sender_report_timestamp(reception.delay)
    });
    let mut length = match report.transmission {
        Some(sent) => {
            let packet = SenderReport::builder(report.ssrc)
                .ntp_timestamp(sent.ntp)
                .rtp_timestamp(sent.timestamp)
                .packet_count(sent.packets)
                .octet_count(sent.octets);
            block.into_iter().fold(packet, |packet, block| packet.add_report_block(block)).write_into(room).ok()?
        }
        None => {
            let packet = ReceiverReport::builder(report.ssrc);
            block.into_iter().fold(packet, |packet, block| packet.add_report_block(block)).write_into(room).ok()?
        }
    };
    let name = SdesChunk::builder(report.ssrc).add_item(SdesItem::builder(SdesItem::CNAME, report.cname));
    length += Sdes::builder().add_chunk(name).write_into(room.get_mut(length..)?).ok()?;
    if report.bye {
        length += Bye::builder().add_source(report.ssrc).write_into(room.get_mut(length..)?).ok()?;
    }
    Some(length)
}

/// Reads a peer's compound packet: what it says about the stream `ours`. `None`: not RTCP. A compound that is cut short is
/// read up to there.
pub fn read(bytes: &[u8], ours: u32) -> Option<Received> {
    let mut received = Received::default();
    let mut rest = bytes;
    for _ in 0..PACKETS_MAX {
        let Some(&[first, kind, l0, l1]) = rest.first_chunk::<4>() else { break };
        let length = 4 * (usize::from(u16::from_be_bytes([l0, l1])) + 1);
        let (2, Some((packet, after))) = (first >> 6, rest.split_at_checked(length)) else { break };
        if rest.len() == bytes.len() && !(192..=223).contains(&kind) {
            return None;
        }
        match kind {
            200 => {
                if let Ok(report) = SenderReport::parse(packet) {
                    received.sender = Some((report.ssrc(), (report.ntp_timestamp() >> 16) as u32));
                    note(&mut received, report.report_blocks(), ours);
                }
            }
            201 => {
                if let Ok(report) = ReceiverReport::parse(packet) {
                    note(&mut received, report.report_blocks(), ours);
                }
            }
            203 => received.bye = true,
            _ => {}
        }
        rest = after;
    }
    (rest.len() < bytes.len()).then_some(received)
}

fn note<'a>(received: &mut Received, blocks: impl Iterator<Item = ReportBlock<'a>>, ours: u32) {
    for block in blocks.filter(|block| block.ssrc() == ours) {
        received.reception = Some(Reception {
            ssrc: ours,
            fraction_lost: block.fraction_lost(),
            lost: ((block.cumulative_lost() << 8) as i32) >> 8,
            highest: block.extended_sequence_number(),
            jitter: block.interarrival_jitter(),
            last_report: block.last_sender_report_timestamp(),
            delay: block.delay_since_last_sender_report_timestamp(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RECEPTION: Reception = Reception {
        ssrc: 0x0102_0304,
        fraction_lost: 26,
        lost: -3,
        highest: 0x0001_FFFF,
        jitter: 12,
        last_report: 0xAABB_CCDD,
        delay: 65_536,
    };

    fn compound(transmission: Option<Transmission>, bye: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        let report = Report { ssrc: 9, transmission, reception: Some(RECEPTION), cname: "0123456789abcdef", bye };
        append(&mut bytes, &report);
        bytes
    }

    #[test]
    fn a_sender_report_is_read_back() {
        let sent = Transmission { ntp: 0x1122_3344_5566_7788, timestamp: 5, packets: 6, octets: 7 };
        let bytes = compound(Some(sent), true);
        assert_eq!(bytes.len() % 4, 0);
        assert_eq!(bytes[1], 200);
        let received = read(&bytes, RECEPTION.ssrc).unwrap();
        assert_eq!(received, Received { sender: Some((9, 0x3344_5566)), reception: Some(RECEPTION), bye: true });
        assert!(rtcp_types::Compound::parse(&bytes).unwrap().all(|packet| packet.is_ok()));
    }

    #[test]
    fn a_receiver_report_about_others_says_nothing_about_us() {
        let bytes = compound(None, false);
        assert_eq!(bytes[1], 201);
        assert_eq!(read(&bytes, 1), Some(Received::default()));
        assert!(rtcp_types::Compound::parse(&bytes).unwrap().all(|packet| packet.is_ok()));
    }

    #[test]
    fn what_is_not_rtcp_is_refused() {
        for bytes in
            [&[][..], &[0x80], &[0x80, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8], &[0x40, 200, 0, 0], &[0x80, 200, 0, 9]]
        {
            assert_eq!(read(bytes, 1), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_compound_cut_short_is_read_up_to_there() {
        let bytes = compound(None, true);
        assert_eq!(read(&bytes[..bytes.len() - 1], RECEPTION.ssrc).unwrap().reception, Some(RECEPTION));
    }

    proptest! {
        #[test]
        fn no_datagram_is_read_beyond_its_end(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..200),
            kind in 192u8..224,
            length in 0u16..60,
        ) {
            if bytes.len() > 4 {
                bytes[0] = 0x80 | (bytes[0] & 0x3F);
                bytes[1] = kind;
                bytes[2..4].copy_from_slice(&length.to_be_bytes());
            }
            let _ = read(&bytes, 1);
        }
    }
}
