//! Digits that we send to a peer as telephone events (RFC 4733 §2.5): 100 ms each, the end three times, 40 ms of pause.
//! What is sent while a digit runs replaces the voice; it goes on where it stood.
//!
//! ```text
//! ms        0    20   40   60   80   100  120  140 160  180 next digit
//! duration  160  320  480  640  800e 800e 800e  pause
//! ```

use crate::clock::{Duration, Instant};
use crate::rtp::telephone_event::{Event, code};
use arrayvec::ArrayVec;

/// Digits that may wait behind one; more are dropped and counted.
pub const WAITING_MAX: usize = 32;
/// From report to report.
pub const STEP: Duration = Duration::from_millis(20);
const STEP_TICKS: u16 = 160;
/// Reports until the digit ends: 100 ms.
const STEPS_TO_END: u8 = 5;
/// The last report of three that say so.
const STEP_LAST: u8 = 7;
/// The pause after it.
const STEP_PAUSED: u8 = 9;
/// −10 dBm0.
const VOLUME: u8 = 10;

/// The digit being sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Press {
    code: u8,
    began: Instant,
    step: u8,
}

/// A report to be sent: under the timestamp of `began`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Report {
    pub event: Event,
    pub began: Instant,
    /// The digit's first.
    pub first: bool,
}

/// See the module text.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Keys {
    waiting: ArrayVec<u8, WAITING_MAX>,
    press: Option<Press>,
}

impl Keys {
    /// Sends a digit after those that wait. False: it is none, or too many wait.
    pub fn press(&mut self, digit: u8) -> bool {
        code(digit).is_some_and(|code| self.waiting.try_push(code).is_ok())
    }

    /// Whether a digit is being sent or waits.
    pub fn active(&self) -> bool {
        self.press.is_some() || !self.waiting.is_empty()
    }

    /// Forgets everything; a digit that is being sent stays without its end.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Gives up the digit that is being sent, for its time is over before the peer may be sent to again; those that wait stay.
    pub fn interrupt(&mut self) {
        self.press = None;
    }

    /// The report due at `due`; to be asked every [`STEP`] while active. `None`: a pause.
    pub fn next(&mut self, due: Instant) -> Option<Report> {
        let press = match &mut self.press {
            Some(press) => press,
            None => {
                let code = self.waiting.pop_at(0)?;
                self.press.insert(Press { code, began: due, step: 0 })
            }
        };
        press.step += 1;
        let step = press.step;
        let event = Event {
            code: press.code,
            end: step >= STEPS_TO_END,
            volume: VOLUME,
            duration: STEP_TICKS * u16::from(step.min(STEPS_TO_END)),
        };
        let report = Report { event, began: press.began, first: step == 1 };
        if step >= STEP_PAUSED {
            self.press = None;
        }
        (step <= STEP_LAST).then_some(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_digits_are_sent_whole_one_after_the_other() {
        let mut keys = Keys::default();
        assert!(keys.press(b'1') && keys.press(b'#') && !keys.press(b'x'));
        let mut line = String::new();
        let mut due = Instant::START;
        while keys.active() {
            match keys.next(due) {
                Some(report) => {
                    let Event { code, end, duration, .. } = report.event;
                    line += &format!("{code}@{}+{duration}", report.began.as_micros() / 1000);
                    line += if end { "e " } else { " " };
                    assert_eq!(report.first, duration == 160);
                }
                None => line += "- ",
            }
            due = due + STEP;
        }
        assert_eq!(
            line,
            "1@0+160 1@0+320 1@0+480 1@0+640 1@0+800e 1@0+800e 1@0+800e - - \
             11@180+160 11@180+320 11@180+480 11@180+640 11@180+800e 11@180+800e 11@180+800e - - "
        );
    }

    #[test]
    fn too_many_digits_are_refused() {
        let mut keys = Keys::default();
        assert!((0..WAITING_MAX).all(|_| keys.press(b'5')));
        assert!(!keys.press(b'5'));
    }
}
