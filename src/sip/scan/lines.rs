//! The start line and the header fields of a message, found line by line (RFC 3261 §7.1–7.3). Not their meaning: `check` does that.
//!
//! A line ends with CRLF or a bare LF; a line that begins with white space continues the one before. A control character
//! anywhere in the header section is a fault, unless a backslash stands before it (quoted-pair).

use super::super::lexis::{self, control_at, find, is_space, is_token};
use super::{Field, Index, Malformed, Name, Span, Start, method_of};

/// Fills `index` with start line, fields and where the body starts.
pub(super) fn read(bytes: &[u8], index: &mut Index) -> Result<(), Malformed> {
    let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let (end, mut at) = line(bytes, blank, false, index).ok_or(Malformed::StartLine)?;
    start_line(bytes, blank, end, index)?;
    loop {
        let (end, next) = line(bytes, at, true, index).ok_or(Malformed::Unfinished)?;
        if end == at {
            index.body = Span::new(next, bytes.len());
            return Ok(());
        }
        field(bytes, at, end, index)?;
        at = next;
    }
}

/// The line at `from`: where it ends and where the next begins. With `folding`, lines that continue it are part of it.
/// `None` if it does not end.
fn line(bytes: &[u8], from: usize, folding: bool, index: &mut Index) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        let stop = control_at(bytes, at)?;
        let byte = *bytes.get(stop)?;
        let next = match byte {
            b'\n' => stop.checked_add(1)?,
            b'\r' if bytes.get(stop.checked_add(1)?) == Some(&b'\n') => stop.checked_add(2)?,
            _ => {
                let escaped = stop > from && bytes.get(stop.saturating_sub(1)) == Some(&b'\\');
                if byte != b'\t' && !escaped {
                    index.note(400, "Control Character In Header");
                }
                at = stop.checked_add(1)?;
                continue;
            }
        };
        if !folding || stop == from || !matches!(bytes.get(next), Some(b' ' | b'\t')) {
            return Some((stop, next));
        }
        at = next;
    }
}

/// `Method SP Request-URI SP SIP/2.0` or `SIP/2.0 SP 3DIGIT SP reason`.
fn start_line(bytes: &[u8], from: usize, to: usize, index: &mut Index) -> Result<(), Malformed> {
    let text = bytes.get(from..to).unwrap_or_default();
    let word = find(text, [b' ']).ok_or(Malformed::StartLine)?;
    let (first, _) = lexis::part(text, word);
    let after = from.saturating_add(word).saturating_add(1);
    if let Some(known) = version(first) {
        return status_line(bytes, after, to, known, index);
    }
    let rest = bytes.get(after..to).unwrap_or_default();
    let trimmed = lexis::trim_end(rest);
    let gap = trimmed.iter().rposition(|byte| is_space(*byte)).ok_or(Malformed::StartLine)?;
    let (_, last) = lexis::part(trimmed, gap.saturating_add(1));
    let known = version(last).ok_or(Malformed::StartLine)?;
    if !is_token(first) {
        return Err(Malformed::StartLine);
    }
    index.start = Start::Request;
    index.method_text = Span::new(from, from.saturating_add(word));
    index.method = method_of(first);
    index.text = Span::trimmed(bytes, after, after.saturating_add(gap));
    if !known {
        index.note(505, "SIP Version Not Supported");
    }
    let uri = index.text.of(bytes);
    if uri.len() != gap || trimmed.len() != rest.len() || uri.iter().any(|byte| is_space(*byte)) {
        index.note(400, "White Space In Request-Line");
    }
    Ok(())
}

fn status_line(bytes: &[u8], from: usize, to: usize, known: bool, index: &mut Index) -> Result<(), Malformed> {
    let text = bytes.get(from..to).unwrap_or_default();
    let (code, reason) = lexis::part(text, 3);
    let status = lexis::decimal(code).and_then(|code| u16::try_from(code).ok());
    let status = status.filter(|code| (100..700).contains(code)).ok_or(Malformed::StartLine)?;
    if !matches!(reason.first(), None | Some(b' ')) {
        return Err(Malformed::StartLine);
    }
    index.start = Start::Response(status);
    index.text = Span::trimmed(bytes, from.saturating_add(code.len()), to);
    if !known {
        index.note(505, "SIP Version Not Supported");
    }
    Ok(())
}

/// Whether `text` is `SIP/2.0`; `None` if it is no SIP version at all.
fn version(text: &[u8]) -> Option<bool> {
    let (name, number) = lexis::part(text, 4);
    if !name.eq_ignore_ascii_case(b"SIP/") {
        return None;
    }
    if number == b"2.0" {
        return Some(true);
    }
    let (major, minor) = lexis::cut(number, b'.')?;
    (lexis::decimal(major).is_some() && lexis::decimal(minor).is_some()).then_some(false)
}

/// One header field with its folds. A line that is none is a fault of the message, and passed over.
fn field(bytes: &[u8], from: usize, to: usize, index: &mut Index) -> Result<(), Malformed> {
    let text = bytes.get(from..to).unwrap_or_default();
    let colon = find(text, [b':']).unwrap_or(0);
    let mut written = lexis::part(text, colon).0;
    while let [rest @ .., b' ' | b'\t'] = written {
        written = rest;
    }
    let name = Name::of(written);
    if name == Name::Other && !is_token(written) {
        index.note(400, "Bad Header Line");
        return Ok(());
    }
    index.push(Field {
        name,
        name_text: Span::new(from, from.saturating_add(written.len())),
        value: Span::trimmed(bytes, from.saturating_add(colon).saturating_add(1), to),
    })
}
