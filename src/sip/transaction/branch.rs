//! The branch parameter that we put into our own Via: it says where its client transaction is (RFC 3261 §8.1.1.7).

use super::slab::Place;
use core::fmt;

/// A branch of ours that names its client transaction: `z9hG4bK` + slot `.` generation `.` secret, in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Branch {
    pub(super) place: Place,
    /// Whoever did not see the request cannot answer it.
    pub(super) secret: u32,
}

/// What RFC 3261 branches begin with.
pub(super) const COOKIE: &[u8] = b"z9hG4bK";

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "z9hG4bK{:x}.{:x}.{:x}", self.place.slot, self.place.generation, self.secret)
    }
}

impl Branch {
    /// Reads a branch as written by `Display`; `None` for all others.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let mut numbers = text.strip_prefix(COOKIE)?.split(|byte| *byte == b'.').map(hexadecimal);
        let (slot, generation, secret) = (numbers.next()??, numbers.next()??, numbers.next()??);
        numbers.next().is_none().then_some(Self { place: Place { slot, generation }, secret })
    }
}

/// One to eight hexadecimal digits.
fn hexadecimal(text: &[u8]) -> Option<u32> {
    if text.is_empty() || text.len() > 8 {
        return None;
    }
    text.iter().try_fold(0u32, |sum, digit| Some(sum << 4 | char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_our_own_form_is_read() {
        for text in [
            "",
            "z9hG4bK",
            "z9hG4bK1.2",
            "z9hG4bK1.2.",
            "z9hG4bK1.2.3.4",
            "z9hG4bK1.2.100000000",
            "z9hG4bK+1.2.3",
            "z9hg4bk1.2.3",
            "z9hG4bK-1.2.3",
            "z9hG4bK1.2.g",
            "1.2.3",
            "z9hG4bK 1.2.3",
        ] {
            assert_eq!(Branch::read(text.as_bytes()), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(slot: u32, generation: u32, secret: u32) {
            let branch = Branch { place: Place { slot, generation }, secret };
            prop_assert_eq!(Branch::read(branch.to_string().as_bytes()), Some(branch));
        }

        #[test]
        fn no_bytes_do_harm(bytes: Vec<u8>) {
            Branch::read(&bytes);
        }
    }
}
