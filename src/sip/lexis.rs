//! The characters of SIP text (RFC 3261 §25.1): tokens, white space, quotes, lists. Not a grammar: `uri` and `header` know what
//! the parts mean. Nothing here indexes or panics, whatever the bytes are.

/// Bytes that a token may consist of.
const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        table[at] = byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~');
        at += 1;
    }
    table
};

/// Whether `byte` may stand in a token.
#[inline]
pub(crate) fn is_token_byte(byte: u8) -> bool {
    TOKEN.get(usize::from(byte)).copied().unwrap_or(false)
}

/// Whether `text` is a token.
#[inline]
pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().copied().all(is_token_byte)
}

/// White space, the line breaks of a fold included.
#[inline]
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// A control character other than horizontal tab.
pub(crate) fn is_control(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t') || byte == 0x7f
}

/// `text` without white space at its end.
#[inline]
pub(crate) fn trim_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., last] = text
        && is_space(*last)
    {
        text = rest;
    }
    text
}

/// `text` without white space at its start.
#[inline]
pub(crate) fn trim_start(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text
        && is_space(*first)
    {
        text = rest;
    }
    text
}

/// `text` without white space around it.
#[inline]
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    trim_start(trim_end(text))
}

/// `text` before and after position `at`; the byte at `at` belongs to the second part.
#[inline]
pub(crate) fn part(text: &[u8], at: usize) -> (&[u8], &[u8]) {
    text.split_at_checked(at).unwrap_or((text, &[]))
}

/// The position of the first byte of `text` that is one of `wanted`; eight bytes at a step.
#[inline]
pub(crate) fn find<const N: usize>(text: &[u8], wanted: [u8; N]) -> Option<usize> {
    let hit = |word: [u8; 8]| {
        let word = u64::from_le_bytes(word);
        let hits = wanted.iter().fold(0, |hits, byte| {
            let zero_where_equal = word ^ (ONES * u64::from(*byte));
            hits | (zero_where_equal.wrapping_sub(ONES) & !zero_where_equal & TOPS)
        });
        // A borrow can only raise false hits above a true one: the lowest is right.
        (hits != 0).then_some((hits.trailing_zeros() / 8) as usize)
    };
    // The last word overlaps the one before, which holds no hit.
    let Some(last) = text.last_chunk::<8>() else {
        return text.iter().position(|byte| wanted.contains(byte));
    };
    let mut at = 0usize;
    for word in text.as_chunks::<8>().0 {
        if let Some(more) = hit(*word) {
            return Some(at.saturating_add(more));
        }
        at = at.saturating_add(8);
    }
    hit(*last).map(|more| text.len().saturating_sub(8).saturating_add(more))
}

/// One in each byte, and the top bit of each byte.
const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

/// `text` before and after the first `separator`, which belongs to neither.
#[inline]
pub(crate) fn cut(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = find(text, [separator])?;
    let (before, rest) = part(text, at);
    Some((before, rest.get(1..).unwrap_or_default()))
}

/// A decimal number below 2³² made of digits only.
#[inline]
pub(crate) fn decimal(text: &[u8]) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u32, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u32::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// Where the quoted string at the start of `text` (whose first byte is `"`) ends: the position after its closing quote.
/// `None` if it does not end.
pub(crate) fn quoted_end(text: &[u8]) -> Option<usize> {
    let mut at = 1usize;
    loop {
        let rest = text.get(at..)?;
        let stop = at.saturating_add(find(rest, [b'"', b'\\'])?);
        if text.get(stop) == Some(&b'"') {
            return Some(stop.saturating_add(1));
        }
        at = stop.saturating_add(2);
    }
}

/// The position of the first control character (tab and DEL included) at or after `from`. Eight bytes at a step: this is
/// what finds the ends of lines, and most of a message's bytes are seen only here.
#[inline]
pub(crate) fn control_at(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let (words, tail) = rest.as_chunks::<8>();
    let mut at = from;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let deletes = word ^ (ONES * 0x7f);
        let below_space = word.wrapping_sub(ONES * 0x20) & !word & TOPS;
        let hits = below_space | (deletes.wrapping_sub(ONES) & !deletes & TOPS);
        if hits != 0 {
            return Some(at.saturating_add((hits.trailing_zeros() / 8) as usize));
        }
        at = at.saturating_add(8);
    }
    tail.iter().position(|byte| *byte < 0x20 || *byte == 0x7f).map(|more| at.saturating_add(more))
}

/// The parts of `text` between `separator`s that stand outside quotes and `<>`, trimmed; empty ones included. An unclosed
/// quote or bracket reaches to the end.
pub(crate) fn split(text: &[u8], separator: u8) -> Parts<'_> {
    Parts { rest: Some(text), separator }
}

/// See [`split`].
#[derive(Clone, Debug)]
pub(crate) struct Parts<'a> {
    rest: Option<&'a [u8]>,
    separator: u8,
}

impl<'a> Parts<'a> {
    /// What follows the separator behind the part returned last; `None` if that was the end.
    pub(crate) fn rest(&self) -> Option<&'a [u8]> {
        self.rest
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let text = self.rest?;
        let mut at = 0usize;
        while let Some(more) = text.get(at..).and_then(|rest| find(rest, [self.separator, b'"', b'<'])) {
            at = at.saturating_add(more);
            let (before, rest) = part(text, at);
            let length = match rest.first() {
                Some(b'"') => quoted_end(rest),
                Some(b'<') => find(rest, [b'>']).map(|end| end.saturating_add(1)),
                _ => {
                    self.rest = rest.get(1..);
                    return Some(trim(before));
                }
            };
            match length {
                Some(length) => at = at.saturating_add(length),
                None => break,
            }
        }
        self.rest = None;
        Some(trim(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_found_at_every_offset() {
        for length in 0..40 {
            for at in 0..length {
                for control in [0u8, 9, 10, 13, 0x1f, 0x7f] {
                    let mut bytes = vec![b' '; length];
                    bytes[at] = control;
                    assert_eq!(control_at(&bytes, 0), Some(at));
                    assert_eq!(control_at(&bytes, at), Some(at));
                    assert_eq!(control_at(&bytes, at + 1), None);
                }
            }
            assert_eq!(control_at(&vec![0xffu8; length], 0), None);
            assert_eq!(control_at(&vec![0x80u8; length], 0), None);
        }
        assert_eq!(control_at(b"abc", 4), None);
    }

    #[test]
    fn the_first_of_some_bytes_is_found_at_every_offset() {
        for length in 0..40 {
            for at in 0..length {
                let mut bytes = vec![b'-'; length];
                bytes[at..].fill(b',');
                assert_eq!(find(&bytes, [b',']), Some(at));
                assert_eq!(find(&bytes, [b'.', b',', b'\"']), Some(at));
                assert_eq!(find(&bytes, [b'.']), None);
            }
        }
    }

    #[test]
    fn a_quoted_string_ends_at_the_first_quote_without_a_backslash() {
        let cases = [
            ("\"\"", Some(2)),
            ("\"a\\\"b\" c", Some(6)),
            ("\"\\\\\"", Some(4)),
            ("\"open", None),
            ("\"\\", None),
            ("\"", None),
        ];
        for (text, end) in cases {
            assert_eq!(quoted_end(text.as_bytes()), end, "{text}");
        }
    }

    #[test]
    fn lists_part_outside_quotes_and_brackets() {
        let parts = |text: &'static str| {
            split(text.as_bytes(), b',').map(|part| core::str::from_utf8(part).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(parts("a, b ,c"), ["a", "b", "c"]);
        assert_eq!(parts(r#""a,\",b" <sip:a,b@c>;x, <sip:d>"#), [r#""a,\",b" <sip:a,b@c>;x"#, "<sip:d>"]);
        assert_eq!(parts(",,"), ["", "", ""]);
        assert_eq!(parts(""), [""]);
        assert_eq!(parts("\"open, end"), ["\"open, end"]);
        assert_eq!(parts("<sip:\">\",b"), ["<sip:\">\",b"], "a quote inside <> is not one, the one after it is");
    }

    #[test]
    fn numbers_are_digits_that_fit() {
        assert_eq!(decimal(b"0068"), Some(68));
        assert_eq!(decimal(b"4294967295"), Some(u32::MAX));
        for wrong in ["4294967296", "", "-1", "+1", "1 ", "0x1"] {
            assert_eq!(decimal(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
