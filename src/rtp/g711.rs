//! G.711: the two laws and the tables between them (ITU-T G.711). Tables are computed at compile time from the
//! standard's definition; nothing here filters, mixes or resamples.
//!
//! Linear values are 16 bits wide: the 13 bits of A-law shifted left by 3, the 14 bits of µ-law by 2.

/// A G.711 codec.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// µ-law, payload type 0.
    Pcmu,
    /// A-law, payload type 8.
    Pcma,
}

/// Samples per millisecond of both laws, and ticks per millisecond of their RTP clock.
pub const SAMPLES_PER_MS: u32 = 8;

impl Codec {
    /// Static RTP payload type (RFC 3551 table 4).
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
        }
    }

    /// The codec of a static RTP payload type.
    pub const fn of_payload_type(payload_type: u8) -> Option<Self> {
        match payload_type {
            0 => Some(Self::Pcmu),
            8 => Some(Self::Pcma),
            _ => None,
        }
    }

    /// Encoding name in SDP.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
        }
    }

    /// The code word for nothing: the smallest positive value.
    pub const fn silence(self) -> u8 {
        match self {
            Self::Pcmu => 0xFF,
            Self::Pcma => 0xD5,
        }
    }

    /// The linear value of a code word.
    pub const fn decode(self, code: u8) -> i16 {
        match self {
            Self::Pcmu => MU_TO_LINEAR[code as usize],
            Self::Pcma => A_TO_LINEAR[code as usize],
        }
    }

    /// The code word whose interval holds a linear value.
    pub const fn encode(self, linear: i16) -> u8 {
        match self {
            Self::Pcmu => mu_encode(linear),
            Self::Pcma => a_encode(linear),
        }
    }
}

/// Rewrites code words of one law as those of the other, in place. Nothing happens between equal laws.
pub fn convert(from: Codec, to: Codec, codes: &mut [u8]) {
    let table = match (from, to) {
        (Codec::Pcma, Codec::Pcmu) => &A_TO_MU,
        (Codec::Pcmu, Codec::Pcma) => &MU_TO_A,
        _ => return,
    };
    for code in codes {
        *code = table[usize::from(*code)];
    }
}

const A_TO_LINEAR: [i16; 256] = decoded(Codec::Pcma);
const MU_TO_LINEAR: [i16; 256] = decoded(Codec::Pcmu);
static A_TO_MU: [u8; 256] = converted(Codec::Pcma);
static MU_TO_A: [u8; 256] = converted(Codec::Pcmu);

/// A-law: even bits inverted, sign bit 1 for positive, three bits of segment, four of step. Each code stands for the middle
/// of its interval.
const fn a_decode(code: u8) -> i16 {
    let plain = code ^ 0x55;
    let (segment, step) = ((plain >> 4) & 7, (plain & 15) as i16);
    let magnitude = match segment {
        0 => step * 16 + 8,
        _ => (step * 16 + 8 + 256) << (segment - 1),
    };
    if plain & 0x80 != 0 { magnitude } else { -magnitude }
}

const fn a_encode(linear: i16) -> u8 {
    let (sign, magnitude) = if linear < 0 { (0, !linear) } else { (0x80, linear) };
    let plain = if magnitude < 256 {
        (magnitude >> 4) as u8
    } else {
        let segment = 7 - magnitude.leading_zeros() as u8 + 1;
        (segment << 4) | ((magnitude >> (segment + 3)) & 15) as u8
    };
    (plain | sign) ^ 0x55
}

/// What µ-law adds to every magnitude so that its segments begin at powers of two.
const MU_BIAS: i32 = 132;

/// µ-law: all bits inverted, sign bit 1 (after inversion) for negative.
const fn mu_decode(code: u8) -> i16 {
    let plain = !code;
    let (segment, step) = ((plain >> 4) & 7, (plain & 15) as i32);
    let magnitude = ((step * 8 + MU_BIAS) << segment) - MU_BIAS;
    (if plain & 0x80 != 0 { -magnitude } else { magnitude }) as i16
}

const fn mu_encode(linear: i16) -> u8 {
    let (sign, magnitude) = if linear < 0 { (0x80, -(linear as i32)) } else { (0, linear as i32) };
    let magnitude = if magnitude > 32_635 { 32_635 } else { magnitude };
    let biased = (magnitude + MU_BIAS) as u16;
    let segment = 8 - biased.leading_zeros() as u8;
    !(sign | (segment << 4) | ((biased >> (segment + 3)) & 15) as u8)
}

const fn decoded(codec: Codec) -> [i16; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = match codec {
            Codec::Pcmu => mu_decode(code as u8),
            Codec::Pcma => a_decode(code as u8),
        };
        code += 1;
    }
    table
}

const fn converted(from: Codec) -> [u8; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = match from {
            Codec::Pcmu => a_encode(MU_TO_LINEAR[code]),
            Codec::Pcma => mu_encode(A_TO_LINEAR[code]),
        };
        code += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decoders_give_the_standards_values() {
        // ITU-T G.711 tables 1a/1b (A-law, values × 8) and 2a/2b (µ-law, values × 4): ends, segment borders and zero.
        for (code, linear) in [
            (0xD5, 8),
            (0x55, -8),
            (0xD4, 24),
            (0xC5, 264),
            (0xDA, 248),
            (0xF5, 528),
            (0xAA, 32_256),
            (0x2A, -32_256),
            (0x80, 5_504),
        ] {
            assert_eq!(Codec::Pcma.decode(code), linear, "A-law {code:#04x}");
        }
        for (code, linear) in
            [(0xFF, 0), (0x7F, 0), (0xFE, 8), (0x7E, -8), (0xF0, 120), (0xEF, 132), (0x80, 32_124), (0x00, -32_124)]
        {
            assert_eq!(Codec::Pcmu.decode(code), linear, "µ-law {code:#04x}");
        }
    }

    #[test]
    fn every_code_word_survives_decoding_and_encoding() {
        for code in 0..=255 {
            assert_eq!(Codec::Pcma.encode(Codec::Pcma.decode(code)), code);
            let again = Codec::Pcmu.encode(Codec::Pcmu.decode(code));
            // µ-law has two zeros; the negative one is not kept.
            assert_eq!(again, if code == 0x7F { 0xFF } else { code });
        }
        for codec in [Codec::Pcma, Codec::Pcmu] {
            assert_eq!(codec.encode(i16::MAX), codec.encode(codec.decode(codec.encode(i16::MAX))));
            assert_eq!(codec.encode(i16::MIN), codec.encode(codec.decode(codec.encode(i16::MIN))));
            assert!(codec.decode(codec.silence()).abs() <= 8);
        }
    }

    #[test]
    fn encoding_errs_by_at_most_half_a_step() {
        for linear in i16::MIN..=i16::MAX {
            let a = i32::from(Codec::Pcma.decode(Codec::Pcma.encode(linear)));
            let mu = i32::from(Codec::Pcmu.decode(Codec::Pcmu.encode(linear)));
            let size = i32::from(linear).abs();
            assert!((a - i32::from(linear)).abs() <= 16.max(size / 32 + 1), "A-law {linear} became {a}");
            assert!((mu - i32::from(linear)).abs() <= 8.max(size / 16 + 8), "µ-law {linear} became {mu}");
        }
    }

    #[test]
    fn the_laws_meet_as_in_the_standards_tables() {
        // Table 3 (A to µ) and table 4 (µ to A) by decoder numbers without sign: 0 is the smallest magnitude.
        let a = |number: u8| (number | 0x80) ^ 0x55;
        let mu = |number: u8| !number;
        for (from, to) in [(0, 1), (1, 3), (2, 5), (7, 15), (8, 16), (15, 23), (16, 24), (31, 35), (127, 127)] {
            let mut code = [a(from)];
            convert(Codec::Pcma, Codec::Pcmu, &mut code);
            assert_eq!(code, [mu(to)], "A-law number {from}");
        }
        for (from, to) in [(0, 0), (1, 0), (2, 1), (3, 1), (15, 7), (16, 8), (23, 15), (24, 16), (127, 127)] {
            let mut code = [mu(from)];
            convert(Codec::Pcmu, Codec::Pcma, &mut code);
            assert_eq!(code, [a(to)], "µ-law number {from}");
        }
    }

    #[test]
    fn a_tandem_of_both_laws_stays_within_one_step() {
        for code in 0..=255u8 {
            for (first, second) in [(Codec::Pcma, Codec::Pcmu), (Codec::Pcmu, Codec::Pcma)] {
                let mut tandem = [code];
                convert(first, second, &mut tandem);
                convert(second, first, &mut tandem);
                let (before, after) = (i32::from(first.decode(code)), i32::from(first.decode(tandem[0])));
                assert!((before - after).abs() <= 16.max(before.abs() / 16), "{first:?} {code:#04x}");
                let mut untouched = [code];
                convert(first, first, &mut untouched);
                assert_eq!(untouched, [code]);
            }
        }
    }
}
