//! RTP packets (RFC 3550 §5.1): a header read from a datagram through rtp-rs, written over a received one in place, or
//! written in front of a payload of our own. Not a session: numbering and addresses live in `media`.
//!
//! CSRC lists and header extensions are passed over, never interpreted.

use core::ops::Range;
use rtp_rs::RtpReader;

/// Bytes of a header without CSRC list and extension.
pub const HEADER_LENGTH: usize = 12;

/// The fields of an RTP header that a relay reads and rewrites.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Header {
    pub marker: bool,
    /// 0–127.
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
}

/// Reads a packet: its header and where its payload lies. `None`: not RTP version 2, cut short, or padded beyond itself.
pub fn read(bytes: &[u8]) -> Option<(Header, Range<usize>)> {
    let reader = RtpReader::new(bytes).ok()?;
    let header = Header {
        marker: reader.mark(),
        payload_type: reader.payload_type(),
        sequence: reader.sequence_number().into(),
        timestamp: reader.timestamp(),
        ssrc: reader.ssrc(),
    };
    let start = reader.payload_offset();
    Some((header, start..start + reader.payload().len()))
}

/// Writes `header` over the one in `bytes`; first byte, CSRC list, extension and payload stay. Shorter data is left alone.
pub fn overwrite(bytes: &mut [u8], header: Header) {
    if let Some(place) = bytes.get_mut(1..HEADER_LENGTH) {
        place.copy_from_slice(&fields(header));
    }
}

/// Appends a header of version 2 without padding, extension and CSRC list.
pub fn append(out: &mut Vec<u8>, header: Header) {
    out.push(0x80);
    out.extend_from_slice(&fields(header));
}

/// Whether a datagram on a port that RTP and RTCP may share is RTCP: its second byte, read as RTP, would be one of the payload
/// types 64–95 with or without marker, of which RTCP's packet types 192–223 are the latter (RFC 5761 §4).
pub fn is_rtcp(bytes: &[u8]) -> bool {
    matches!(bytes, [first, 192..=223, ..] if first >> 6 == 2)
}

fn fields(header: Header) -> [u8; HEADER_LENGTH - 1] {
    let [s0, s1] = header.sequence.to_be_bytes();
    let [t0, t1, t2, t3] = header.timestamp.to_be_bytes();
    let [i0, i1, i2, i3] = header.ssrc.to_be_bytes();
    [(u8::from(header.marker) << 7) | (header.payload_type & 0x7F), s0, s1, t0, t1, t2, t3, i0, i1, i2, i3]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEADER: Header =
        Header { marker: true, payload_type: 101, sequence: 0xFFFE, timestamp: 0x8000_0001, ssrc: 0xDEAD_BEEF };

    #[test]
    fn what_is_appended_is_read_back() {
        let mut bytes = Vec::new();
        append(&mut bytes, HEADER);
        bytes.extend_from_slice(b"payload");
        assert_eq!(read(&bytes), Some((HEADER, 12..19)));
    }

    #[test]
    fn overwriting_leaves_contributors_extension_padding_and_payload() {
        let mut bytes = vec![0xB1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        bytes.extend_from_slice(&[9, 9, 9, 9]); // one CSRC
        bytes.extend_from_slice(&[0xBE, 0xDE, 0, 1, 1, 2, 3, 4]); // extension of one word
        bytes.extend_from_slice(&[7, 7, 7, 0, 2]); // payload of three, padding of two
        let before = bytes.clone();
        assert_eq!(read(&bytes).map(|(_, payload)| payload), Some(24..27));
        overwrite(&mut bytes, HEADER);
        assert_eq!(read(&bytes), Some((HEADER, 24..27)));
        assert_eq!((bytes[0], &bytes[12..]), (before[0], &before[12..]));
    }

    #[test]
    fn rtcp_on_a_shared_port_is_told_apart() {
        for (second, rtcp) in [(200, true), (201, true), (207, true), (192, true), (223, true), (224, false)] {
            assert_eq!(is_rtcp(&[0x80, second, 0, 1]), rtcp, "{second}");
        }
        for voice in [0, 8, 101, 0x80, 0x88, 0xE5] {
            assert!(!is_rtcp(&[0x80, voice, 0, 1]), "{voice}");
        }
        assert!(!is_rtcp(&[]) && !is_rtcp(&[0x80]) && !is_rtcp(&[0, 200]));
    }

    proptest! {
        #[test]
        fn no_datagram_is_read_beyond_its_end(mut bytes in proptest::collection::vec(any::<u8>(), 0..80), force: bool) {
            if let (true, Some(first)) = (force, bytes.first_mut()) {
                *first = 0x80 | (*first & 0x3F);
            }
            if let Some((_, payload)) = read(&bytes) {
                prop_assert!(bytes.get(payload).is_some());
            }
            overwrite(&mut bytes, HEADER);
        }
    }
}
