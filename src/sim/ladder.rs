//! Call ladders: who sent what to whom, as text in the trade's notation. Seen from Huntline, as a capture there would show it: what
//! arrives is drawn when it arrives, what leaves when it leaves. A message that the network loses ends in an `x`.
//!
//! ```text
//! caller         huntline       8001
//!   |-- INVITE 2000 ->|             |
//! ```

use crate::clock::Instant;
use crate::ids::CallId;
use crate::sip::Method;
use crate::sip::scan::{Index, Message, Name, scan};
use crate::sip::sdp::{self, Direction};
use core::fmt::Write as _;
use std::collections::BTreeMap;

/// One message between a phone and Huntline.
#[derive(Clone, Debug)]
struct Sent {
    at: Instant,
    phone: u32,
    /// From the phone to Huntline.
    inbound: bool,
    lost: bool,
    /// Position in [`Trace::dialogs`].
    dialog: u32,
    text: Box<str>,
}

/// A line that is no message: a word of the Router, an event of the scenario.
#[derive(Clone, Debug)]
struct Note {
    at: Instant,
    /// Notes stand before the message with this number.
    before: usize,
    call: Option<CallId>,
    text: Box<str>,
}

/// A SIP Call-ID and what it belongs to.
#[derive(Clone, Debug)]
struct DialogTrace {
    /// The number of the caller (of whichever leg).
    calling: Box<str>,
    call: Option<CallId>,
    registers: bool,
}

/// Everything that was sent, if anybody wants to know.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    sent: Vec<Sent>,
    notes: Vec<Note>,
    dialogs: Vec<DialogTrace>,
    by_call_id: BTreeMap<Box<[u8]>, u32>,
    index: Index,
}

/// What to draw.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// A first column with seconds since the call's first message.
    pub times: bool,
    /// The Router's words.
    pub notes: bool,
}

/// Width of the space between two life lines.
const GAP: usize = 23;

impl Trace {
    /// Notes a datagram.
    pub fn message(&mut self, at: Instant, phone: u32, inbound: bool, lost: bool, bytes: &[u8]) {
        let mut index = core::mem::take(&mut self.index);
        if scan(bytes, &mut index).is_ok() {
            let message = Message::new(bytes, &index);
            let dialog = self.dialog(&message);
            let text = describe(&message).into();
            self.sent.push(Sent { at, phone, inbound, lost, dialog, text });
        }
        self.index = index;
    }

    /// Notes something that is no message.
    pub fn note(&mut self, at: Instant, call: Option<CallId>, text: &str) {
        self.notes.push(Note { at, before: self.sent.len(), call, text: text.into() });
    }

    fn dialog(&mut self, message: &Message<'_>) -> u32 {
        if let Some(&known) = self.by_call_id.get(message.call_id()) {
            return known;
        }
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let from = message.from().and_then(|from| from.parts()).map(|uri| text(uri.user)).unwrap_or_default();
        let caller = message.other("X-Huntline-Caller").next().map(text);
        let call = message.other("X-Huntline-Call").next().map(text);
        self.dialogs.push(DialogTrace {
            calling: caller.unwrap_or(from).into(),
            call: call.and_then(|call| call.trim_start_matches('c').parse().ok()).map(CallId),
            registers: message.method() == Some(Method::Register),
        });
        let number = (self.dialogs.len() - 1) as u32;
        self.by_call_id.insert(message.call_id().into(), number);
        number
    }

    /// The ladder of everything that belongs to the caller with this number: their leg and all agents' legs. `name` names phones.
    pub fn ladder(&self, calling: &str, name: &dyn Fn(u32) -> String, style: Style) -> String {
        let ours = |dialog: u32| {
            let dialog = &self.dialogs[dialog as usize];
            !dialog.registers && *dialog.calling == *calling
        };
        let call = self.dialogs.iter().find(|dialog| *dialog.calling == *calling && dialog.call.is_some());
        let call = call.and_then(|dialog| dialog.call);
        self.draw(&ours, &|note| note.call.is_none() || note.call == call, name, style)
    }

    /// The ladder of everything, registrations included.
    pub fn whole(&self, name: &dyn Fn(u32) -> String, style: Style) -> String {
        self.draw(&|_| true, &|_| true, name, style)
    }

    fn draw(
        &self,
        ours: &dyn Fn(u32) -> bool,
        noted: &dyn Fn(&Note) -> bool,
        name: &dyn Fn(u32) -> String,
        style: Style,
    ) -> String {
        let messages: Vec<(usize, &Sent)> =
            self.sent.iter().enumerate().filter(|(_, sent)| ours(sent.dialog)).collect();
        let Some(&(_, first)) = messages.first() else { return String::new() };
        let mut phones: Vec<u32> = Vec::new();
        for (_, sent) in &messages {
            if !phones.contains(&sent.phone) {
                phones.push(sent.phone);
            }
        }
        let mut sheet = Sheet { columns: phones.len() + 1, start: first.at, times: style.times, text: String::new() };
        let first_phone = phones.first().copied();
        let names = phones.iter().map(|&phone| name(phone));
        sheet.head(first_phone.into_iter().map(name).chain(["huntline".into()]).chain(names.skip(1)));
        let mut notes = self.notes.iter().filter(|note| style.notes && noted(note)).peekable();
        for (number, sent) in messages {
            while let Some(note) = notes.next_if(|note| note.before <= number) {
                sheet.note(note);
            }
            let position = phones.iter().position(|&phone| phone == sent.phone).unwrap_or(0);
            let column = if position == 0 { 0 } else { position + 1 };
            sheet.arrow(sent, column);
        }
        notes.for_each(|note| sheet.note(note));
        sheet.text
    }
}

/// A ladder being drawn. Column 1 is Huntline.
struct Sheet {
    columns: usize,
    start: Instant,
    times: bool,
    text: String,
}

impl Sheet {
    fn head(&mut self, names: impl Iterator<Item = String>) {
        let mut line = if self.times { " ".repeat(9) } else { String::new() };
        for name in names {
            let _ = write!(line, "{name:<width$}", width = GAP + 1);
        }
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn time(&mut self, at: Instant) {
        if self.times {
            let _ = write!(self.text, "{:8.3} ", at.since(self.start).as_secs_f64());
        }
    }

    fn arrow(&mut self, sent: &Sent, column: usize) {
        self.time(sent.at);
        let (left, right) = (column.min(1), column.max(1));
        let rightward = (column == 0) == sent.inbound;
        let mut line = String::from("  ");
        for position in 0..self.columns {
            line.push('|');
            if position + 1 == self.columns {
                break;
            }
            match (position == left, position > left && position < right) {
                (true, _) => line.push_str(&shaft(&sent.text, (right - left) * (GAP + 1) - 1, rightward, sent.lost)),
                (_, true) => {
                    // Inside the arrow that was drawn whole at its left end.
                    line.pop();
                }
                _ => line.push_str(&" ".repeat(GAP)),
            }
        }
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn note(&mut self, note: &Note) {
        self.time(note.at);
        let _ = writeln!(self.text, "  |{}* {}", " ".repeat(GAP), note.text);
    }
}

/// An arrow of `width` characters with its text in the middle.
fn shaft(text: &str, width: usize, rightward: bool, lost: bool) -> String {
    let label = format!(" {text} ");
    let room = width.saturating_sub(label.chars().count() + 1);
    let (before, after) = (room / 2, room - room / 2);
    let tip = if lost {
        'x'
    } else if rightward {
        '>'
    } else {
        '<'
    };
    let (before, after) = ("-".repeat(before), "-".repeat(after));
    if rightward { format!("{before}{label}{after}{tip}") } else { format!("{tip}{before}{label}{after}") }
}

/// `INVITE 2000`, `200 INVITE`, with the direction of the audio where it is not both ways.
fn describe(message: &Message<'_>) -> String {
    let method = String::from_utf8_lossy(message.method_text()).into_owned();
    let mut text = if message.is_request() {
        let to_tag = message.to().is_some_and(|to| to.tag().is_some());
        let user = crate::sip::uri::Uri::read(message.request_uri()).and_then(|uri| uri.user_text());
        match user.filter(|_| method == "INVITE" && !to_tag) {
            Some(user) => format!("INVITE {user}"),
            None => method,
        }
    } else {
        format!("{} {method}", message.status())
    };
    let is_sdp = message.field(Name::ContentType).is_some_and(|kind| kind.starts_with(b"application/sdp"));
    if is_sdp && let Ok(description) = sdp::read(message.body()) {
        let direction = description.audio.direction;
        if direction != Direction::SendRecv {
            text.push(' ');
            text.push_str(direction.name());
        }
    }
    text
}

/// A ladder without what differs from one layout to the other or from one writing to another: indentation, blank lines.
/// For comparing with expected text.
pub fn plain(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let indent = lines.clone().map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    lines.map(|line| line.get(indent..).unwrap_or("").trim_end()).fold(String::new(), |all, line| all + line + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(phone: u32) -> String {
        ["caller", "8001", "8002"][phone as usize].into()
    }

    fn request(line: &str, call_id: &str, more: &str) -> Vec<u8> {
        let method = line.split(' ').next().unwrap_or_default();
        let tag = if method == "INVITE" { "" } else { ";tag=b" };
        format!(
            "{line} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2;branch=z9hG4bK1\r\nFrom: <sip:139@a>;tag=a\r\n\
             To: <sip:2@b>{tag}\r\nCall-ID: {call_id}\r\nCSeq: 1 {method}\r\nMax-Forwards: 70\r\n{more}\
             Contact: <sip:x@127.0.0.2>\r\nContent-Length: 0\r\n\r\n"
        )
        .into_bytes()
    }

    #[test]
    fn a_ladder_holds_one_callers_legs_and_marks_what_was_lost() {
        let mut trace = Trace::default();
        let at = |ms: u64| Instant::from_micros(ms * 1000);
        trace.message(at(0), 0, true, false, &request("INVITE sip:2000@h", "a", ""));
        trace.message(at(1), 0, true, false, &request("INVITE sip:9@h", "other", "").to_vec());
        trace.note(at(5), Some(CallId(1)), "offer o1 to 8001");
        let to_agent = request("INVITE sip:8001@h", "b", "X-Huntline-Caller: 139\r\nX-Huntline-Call: c1\r\n");
        trace.message(at(10), 1, false, true, &to_agent);
        trace.message(at(20), 2, false, false, &request("BYE sip:8001@h", "b", ""));
        trace.message(at(30), 2, true, false, &request("BYE sip:8001@h", "b", ""));
        let mut only = trace.clone();
        only.dialogs[1].calling = "140".into();
        let expected = "
            caller                  huntline                8001                    8002
              |---- INVITE 2000 ----->|                       |                       |
              |                       * offer o1 to 8001
              |                       |---- INVITE 8001 -----x|                       |
              |                       |-------------------- BYE --------------------->|
              |                       |<-------------------- BYE ---------------------|";
        let drawn = only.ladder("139", &name, Style { times: false, notes: true });
        assert_eq!(plain(&drawn), plain(expected), "\n{drawn}");
        assert!(trace.whole(&name, Style { times: true, notes: false }).contains("   0.010 "));
    }
}
