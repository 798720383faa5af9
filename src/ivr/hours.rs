//! Opening hours: a weekly table, holidays, and make-up working days (调休), in a civil time zone. Pure: the wall time comes in.
//! Not a source of deadlines: durations never use wall time.

use crate::clock::WallTime;
use jiff::civil::{Date, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// When a line is open.
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    pub name: Box<str>,
    pub zone: TimeZone,
    /// Opening spans of each weekday, Monday first.
    pub week: [Vec<Span>; 7],
    /// First and last day of each holiday, both closed.
    pub holidays: Vec<(Date, Date)>,
    /// Days that work like another weekday, whatever the week or the holidays say.
    pub make_up: Vec<(Date, Weekday)>,
}

/// Open from `start` to before `end`, minutes after midnight. An `end` above 1,440 reaches into the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: u16,
    pub end: u16,
}

/// What a calendar says about a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Open,
    Closed,
    /// Closed because the day is a holiday.
    Holiday,
}

/// Minutes of a civil day (days with a clock change are counted by their civil times).
pub const DAY: u16 = 24 * 60;

impl Calendar {
    /// Open at all times.
    pub fn always(name: &str) -> Self {
        let week = core::array::from_fn(|_| vec![Span { start: 0, end: DAY }]);
        Self { name: name.into(), zone: TimeZone::UTC, week, holidays: Vec::new(), make_up: Vec::new() }
    }

    /// Whether the line is open at `wall`. Times beyond the year 9999 are closed.
    pub fn status(&self, wall: WallTime) -> Status {
        let Ok(timestamp) = jiff::Timestamp::from_microsecond(wall.as_micros()) else { return Status::Closed };
        let local = self.zone.to_datetime(timestamp);
        let (date, time) = (local.date(), local.time());
        let minute = time.hour().unsigned_abs() as u16 * 60 + time.minute().unsigned_abs() as u16;
        let covers = |spans: &[Span], minute: u16| spans.iter().any(|span| span.start <= minute && minute < span.end);
        let today = self.spans(date);
        let yesterday = date.yesterday().ok().and_then(|date| self.spans(date));
        if today.is_some_and(|spans| covers(spans, minute))
            || yesterday.is_some_and(|spans| covers(spans, minute + DAY))
        {
            Status::Open
        } else if today.is_none() {
            Status::Holiday
        } else {
            Status::Closed
        }
    }

    /// The spans that begin on `date`; `None` on a holiday.
    fn spans(&self, date: Date) -> Option<&[Span]> {
        let like = self.make_up.iter().find(|&&(day, _)| day == date).map(|&(_, like)| like);
        if like.is_none() && self.holidays.iter().any(|&(first, last)| first <= date && date <= last) {
            return None;
        }
        let weekday = like.unwrap_or_else(|| date.weekday());
        let at = usize::try_from(weekday.to_monday_zero_offset()).unwrap_or(0);
        self.week.get(at).map(Vec::as_slice)
    }
}

/// The time zone called `name` in the bundled database; never the machine's own files.
pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok()
}

impl Span {
    /// Reads `09:00-18:30`; `22:00-06:00` reaches into the next day, `00:00-24:00` is the whole day.
    pub fn read(text: &str) -> Option<Self> {
        let (start, end) = text.split_once('-')?;
        let (start, end) = (minute(start.trim())?, minute(end.trim())?);
        if start == end || start >= DAY {
            return None;
        }
        Some(Self { start, end: if end < start { end + DAY } else { end } })
    }
}

/// `HH:MM` in minutes, `24:00` included.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number =
        |text: &str| (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse::<u16>().ok());
    let (hour, minute) = (number(hour)??, number(minute)??);
    (minute < 60 && (hour < 24 || (hour == 24 && minute == 0))).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn office() -> Calendar {
        let span = |text| Span::read(text).unwrap();
        let working = vec![span("09:00-12:00"), span("13:00-18:00")];
        let mut week: [Vec<Span>; 7] = core::array::from_fn(|day| if day < 5 { working.clone() } else { Vec::new() });
        week[5] = vec![span("22:00-02:00")];
        Calendar {
            name: "office".into(),
            zone: zone("Asia/Shanghai").unwrap(),
            week,
            holidays: vec![("2026-10-01".parse().unwrap(), "2026-10-07".parse().unwrap())],
            make_up: vec![("2026-09-20".parse().unwrap(), Weekday::Friday)],
        }
    }

    fn wall(text: &str) -> WallTime {
        WallTime::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    #[test]
    fn week_holidays_make_up_days_and_nights_are_kept_in_the_zones_own_time() {
        for (at, expected) in [
            ("2026-09-21T09:00:00+08:00", Status::Open),    // a Monday
            ("2026-09-21T08:59:59+08:00", Status::Closed),  // a minute is whole
            ("2026-09-21T12:00:00+08:00", Status::Closed),  // lunch
            ("2026-09-21T01:30:00+00:00", Status::Open),    // 09:30 in Shanghai
            ("2026-09-20T10:00:00+08:00", Status::Open),    // a Sunday that works like a Friday
            ("2026-09-27T10:00:00+08:00", Status::Closed),  // an ordinary Sunday
            ("2026-10-01T10:00:00+08:00", Status::Holiday), // National Day
            ("2026-10-07T17:59:00+08:00", Status::Holiday), // its last day
            ("2026-10-08T10:00:00+08:00", Status::Open),    // over
            ("2026-09-26T23:00:00+08:00", Status::Open),    // Saturday night
            ("2026-09-27T01:59:00+08:00", Status::Open),    // … reaches into Sunday
            ("2026-09-27T02:00:00+08:00", Status::Closed),
        ] {
            assert_eq!(office().status(wall(at)), expected, "{at}");
        }
        assert_eq!(office().status(WallTime::from_micros(i64::MAX)), Status::Closed);
        assert_eq!(Calendar::always("always").status(wall("2026-02-17T03:04:05Z")), Status::Open);
    }

    #[test]
    fn a_span_reads_as_two_times_of_day() {
        for (text, expected) in [
            ("09:00-18:30", Some((540, 1110))),
            ("22:00-06:00", Some((1320, 1800))),
            ("00:00-24:00", Some((0, 1440))),
            ("18:00-24:00", Some((1080, 1440))),
            ("09:00-09:00", None),
            ("24:00-25:00", None),
            ("9:00-18:00", None),
            ("09:60-18:00", None),
            ("+9:00-18:00", None),
            ("09:00", None),
        ] {
            assert_eq!(Span::read(text).map(|span| (span.start, span.end)), expected, "{text}");
        }
    }

    #[test]
    fn zones_come_from_the_program_itself() {
        assert!(zone("Asia/Shanghai").is_some());
        assert!(zone("Asia/Atlantis").is_none());
    }
}
