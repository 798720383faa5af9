//! How numbers, places, waits and agent numbers are put together from prompts, in Mandarin and in English. Not a synthesiser: every
//! word is a recording.
//!
//! Mandarin: 两 before 千 (两千) and before the measure word alone (两分钟), 二 elsewhere; 零 once for any run of noughts inside
//! a number (一千零五); no 一 before 十 at the beginning (十二, but 一百一十二). Numbers that name something (agent numbers) are read digit
//! by digit, 1 as 幺 where the configuration has that word.

use crate::ids::PromptId;
use crate::media::command::Announcement;

/// One language's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// As in the configuration: `zh`, `en`.
    pub name: Box<str>,
    /// 0 … 9, single.
    pub digits: [PromptId; 10],
    /// The words for larger numbers, and by them the grammar.
    pub numbers: Numbers,
    /// 1 where digits are read one by one (幺 in Mandarin, if the setting says so).
    pub one_in_digits: PromptId,
    /// "You are number" … "in the queue."
    pub place_before: PromptId,
    pub place_after: PromptId,
    /// "The expected wait is about" … "minutes."
    pub wait_before: PromptId,
    pub wait_after: PromptId,
    /// "minute", after 1.
    pub wait_after_one: PromptId,
    pub please_wait: PromptId,
    pub goodbye: PromptId,
    /// "Agent number" … "at your service."
    pub agent_before: PromptId,
    pub agent_after: PromptId,
}

/// The words of numbers above nine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// 十 百 千, and 两.
    Mandarin { ten: PromptId, hundred: PromptId, thousand: PromptId, two: PromptId },
    /// `teens`: ten … nineteen; `tens`: twenty … ninety.
    English { teens: [PromptId; 10], tens: [PromptId; 8], hundred: PromptId, thousand: PromptId },
}

/// The largest number that is spoken as one; larger ones are spoken as this.
pub const NUMBER_MAX: u32 = 9_999;

/// "You are number `place` in the queue."
pub fn place(words: &Words, place: u32) -> Announcement {
    let mut said = Announcement::new();
    push(&mut said, words.place_before);
    number(words, place, &mut said);
    push(&mut said, words.place_after);
    said
}

/// "The expected wait is about `minutes` minutes." Less than one minute is spoken as one.
pub fn wait(words: &Words, minutes: u32) -> Announcement {
    let minutes = minutes.max(1);
    let mut said = Announcement::new();
    push(&mut said, words.wait_before);
    match &words.numbers {
        Numbers::Mandarin { two, .. } if minutes == 2 => push(&mut said, *two),
        _ => number(words, minutes, &mut said),
    }
    push(&mut said, if minutes == 1 { words.wait_after_one } else { words.wait_after });
    said
}

/// "Agent number `number` at your service."
pub fn agent(words: &Words, agent_number: &str) -> Announcement {
    let mut said = Announcement::new();
    push(&mut said, words.agent_before);
    digits(words, agent_number, &mut said);
    push(&mut said, words.agent_after);
    said
}

/// Reads a number that names something, digit by digit; anything but digits is passed over.
pub fn digits(words: &Words, text: &str, said: &mut Announcement) {
    for digit in text.chars().filter_map(|c| c.to_digit(10)) {
        push(said, if digit == 1 { words.one_in_digits } else { words.digit(digit) });
    }
}

/// Speaks a number as a quantity, 0 … [`NUMBER_MAX`].
pub fn number(words: &Words, value: u32, said: &mut Announcement) {
    let value = value.min(NUMBER_MAX);
    match &words.numbers {
        Numbers::Mandarin { ten, hundred, thousand, two } => {
            let units = [(1_000, *thousand), (100, *hundred), (10, *ten)];
            mandarin(words, value, units, *two, said);
        }
        Numbers::English { teens, tens, hundred, thousand } => {
            english(words, value, (teens, tens), (*hundred, *thousand), said);
        }
    }
}

fn mandarin(words: &Words, value: u32, units: [(u32, PromptId); 3], two: PromptId, said: &mut Announcement) {
    if value == 0 {
        return push(said, words.digit(0));
    }
    let (mut rest, mut begun, mut gap) = (value, false, false);
    for (unit, word) in units {
        let digit = rest / unit;
        rest %= unit;
        if digit == 0 {
            gap = begun;
            continue;
        }
        if gap {
            push(said, words.digit(0));
            gap = false;
        }
        match (digit, unit) {
            (1, 10) if !begun => {}
            (2, 1_000) => push(said, two),
            _ => push(said, words.digit(digit)),
        }
        push(said, word);
        begun = true;
    }
    if rest > 0 {
        if gap {
            push(said, words.digit(0));
        }
        push(said, words.digit(rest));
    }
}

fn english(
    words: &Words,
    value: u32,
    (teens, tens): (&[PromptId; 10], &[PromptId; 8]),
    (hundred, thousand): (PromptId, PromptId),
    said: &mut Announcement,
) {
    let mut rest = value;
    for (unit, word) in [(1_000, thousand), (100, hundred)] {
        if rest >= unit {
            push(said, words.digit(rest / unit));
            push(said, word);
            rest %= unit;
        }
    }
    if rest >= 20 {
        push(said, tens.get((rest / 10 - 2) as usize).copied().unwrap_or(thousand));
        rest %= 10;
        if rest == 0 {
            return;
        }
    }
    if rest >= 10 {
        push(said, teens.get((rest - 10) as usize).copied().unwrap_or(thousand));
    } else if rest > 0 || value == 0 {
        push(said, words.digit(rest));
    }
}

impl Words {
    fn digit(&self, digit: u32) -> PromptId {
        self.digits.get(digit as usize).copied().unwrap_or(self.digits[0])
    }
}

/// An announcement that is full takes no more: the longest one here has 11 prompts, agent numbers are limited at load.
fn push(said: &mut Announcement, prompt: PromptId) {
    let _ = said.try_push(prompt);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words whose ids can be read back as text.
    fn words(mandarin: bool) -> (Words, Vec<&'static str>) {
        let mut names: Vec<&'static str> = Vec::new();
        let mut add = |name: &'static str| {
            names.push(name);
            PromptId(names.len() as u32 - 1)
        };
        let (digits, numbers, one) = if mandarin {
            let digits = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"].map(&mut add);
            let numbers =
                Numbers::Mandarin { ten: add("十"), hundred: add("百"), thousand: add("千"), two: add("两") };
            (digits, numbers, add("幺"))
        } else {
            let digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"].map(&mut add);
            let numbers = Numbers::English {
                teens: ["10", "11", "12", "13", "14", "15", "16", "17", "18", "19"].map(&mut add),
                tens: ["20", "30", "40", "50", "60", "70", "80", "90"].map(&mut add),
                hundred: add("hundred"),
                thousand: add("thousand"),
            };
            (digits, numbers, digits[1])
        };
        let words = Words {
            name: "test".into(),
            digits,
            numbers,
            one_in_digits: one,
            place_before: add("["),
            place_after: add("]"),
            wait_before: add("<"),
            wait_after: add("minutes>"),
            wait_after_one: add("minute>"),
            please_wait: add("wait"),
            goodbye: add("bye"),
            agent_before: add("{"),
            agent_after: add("}"),
        };
        (words, names)
    }

    fn text(said: &Announcement, names: &[&str], between: &str) -> String {
        said.iter().map(|prompt| names[prompt.index()]).collect::<Vec<_>>().join(between)
    }

    #[test]
    fn mandarin_numbers_are_spoken_as_people_say_them() {
        let (words, names) = words(true);
        for (value, expected) in [
            (0, "零"),
            (2, "二"),
            (10, "十"),
            (12, "十二"),
            (20, "二十"),
            (22, "二十二"),
            (100, "一百"),
            (105, "一百零五"),
            (110, "一百一十"),
            (112, "一百一十二"),
            (200, "二百"),
            (1_000, "一千"),
            (1_005, "一千零五"),
            (1_010, "一千零一十"),
            (1_050, "一千零五十"),
            (1_100, "一千一百"),
            (1_101, "一千一百零一"),
            (2_222, "两千二百二十二"),
            (9_009, "九千零九"),
            (9_999, "九千九百九十九"),
            (10_000, "九千九百九十九"),
        ] {
            let mut said = Announcement::new();
            number(&words, value, &mut said);
            assert_eq!(text(&said, &names, ""), expected, "{value}");
        }
        assert_eq!(text(&wait(&words, 2), &names, ""), "<两minutes>");
        assert_eq!(text(&wait(&words, 12), &names, ""), "<十二minutes>");
        assert_eq!(text(&place(&words, 2), &names, ""), "[二]");
        assert_eq!(text(&agent(&words, "8001"), &names, ""), "{八零零幺}");
    }

    #[test]
    fn english_numbers_are_spoken_as_people_say_them() {
        let (words, names) = words(false);
        for (value, expected) in [
            (0, "0"),
            (7, "7"),
            (10, "10"),
            (19, "19"),
            (20, "20"),
            (42, "40 2"),
            (100, "1 hundred"),
            (101, "1 hundred 1"),
            (115, "1 hundred 15"),
            (1_000, "1 thousand"),
            (2_030, "2 thousand 30"),
            (9_999, "9 thousand 9 hundred 90 9"),
        ] {
            let mut said = Announcement::new();
            number(&words, value, &mut said);
            assert_eq!(text(&said, &names, " "), expected, "{value}");
        }
        assert_eq!(text(&wait(&words, 0), &names, " "), "< 1 minute>");
        assert_eq!(text(&wait(&words, 2), &names, " "), "< 2 minutes>");
        assert_eq!(text(&agent(&words, "a8-001"), &names, " "), "{ 8 0 0 1 }");
    }

    #[test]
    fn a_number_too_long_for_an_announcement_is_cut_not_fatal() {
        let (words, _) = words(false);
        assert_eq!(agent(&words, &"9".repeat(80)).len(), Announcement::new().capacity());
    }
}
