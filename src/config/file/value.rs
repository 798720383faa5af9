//! The forms of single values: each is a text that reads as one thing, and says what would be right when it does not.

use crate::clock::Duration;
use crate::gate::Network;
use crate::ivr::hours::Span;
use crate::media::Codec;
use crate::sip::digest::Algorithm;
use core::fmt;
use core::marker::PhantomData;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use jiff::civil::{Date, Weekday};
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

/// Something written as a text.
pub trait Read: Sized {
    /// What would be right, as the end of "expected …".
    const RIGHT: &'static str;
    fn read(text: &str) -> Option<Self>;
}

/// A value read from its text by [`Read`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<T>(pub T);

/// A length of time.
pub type Time = Word<Duration>;

impl<'de, T: Read> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<T>(PhantomData<T>);
        impl<T: Read> Visitor<'_> for Text<T> {
            type Value = T;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(T::RIGHT)
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
                T::read(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Text(PhantomData)).map(Word)
    }
}

impl Read for Duration {
    const RIGHT: &'static str = "a time such as \"500 ms\", \"15 s\", \"10 min\" or \"4 h\" (at most 30 days)";
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let split = text.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = text.split_at_checked(split)?;
        let number: u64 = number.parse().ok()?;
        let milliseconds = match unit.trim_start() {
            "ms" => number,
            "s" => number.checked_mul(1_000)?,
            "min" => number.checked_mul(60_000)?,
            "h" => number.checked_mul(3_600_000)?,
            _ => return None,
        };
        (milliseconds <= 30 * 24 * 3_600_000).then(|| Self::from_millis(milliseconds))
    }
}

/// A time that may not be nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Above0(pub Duration);

/// A length of time above 0.
pub type Lasting = Word<Above0>;

impl Read for Above0 {
    const RIGHT: &'static str = "a time above 0 such as \"500 ms\", \"15 s\", \"10 min\" or \"4 h\" (at most 30 days)";
    fn read(text: &str) -> Option<Self> {
        Duration::read(text).filter(|time| !time.is_zero()).map(Self)
    }
}

/// Where we listen. Port 0: the kernel chooses one, and the ready line says which.
impl Read for SocketAddr {
    const RIGHT: &'static str = "an address and port such as \"127.0.0.1:5060\"";
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Read for IpAddr {
    const RIGHT: &'static str = "an address such as \"192.0.2.10\"";
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Read for Ipv4Addr {
    const RIGHT: &'static str = "an IPv4 address such as \"127.0.0.1\"";
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Read for Network {
    const RIGHT: &'static str = "an address or network such as \"192.0.2.10\" or \"10.0.0.0/8\"";
    fn read(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(all);
        (prefix <= all).then_some(Self { address, prefix })
    }
}

impl Read for Codec {
    const RIGHT: &'static str = "\"pcma\" or \"pcmu\"";
    fn read(text: &str) -> Option<Self> {
        match text {
            "pcma" => Some(Self::Pcma),
            "pcmu" => Some(Self::Pcmu),
            _ => None,
        }
    }
}

impl Read for Algorithm {
    const RIGHT: &'static str = "\"md5\" or \"sha-256\"";
    fn read(text: &str) -> Option<Self> {
        match text {
            "md5" => Some(Self::Md5),
            "sha-256" => Some(Self::Sha256),
            _ => None,
        }
    }
}

/// First and last media port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports(pub u16, pub u16);

impl Read for Ports {
    const RIGHT: &'static str = "a range of ports such as \"20000-31999\" (first even, last odd, from 1024 on)";
    fn read(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-')?;
        let (first, last): (u16, u16) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (first >= 1_024 && first < last && first % 2 == 0 && last % 2 == 1).then_some(Self(first, last))
    }
}

/// How many threads of each sort; `None`: by the number of processors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threads(pub Option<(u8, u8)>);

impl Read for Threads {
    const RIGHT: &'static str =
        "\"auto\", or receivers and media workers such as \"1 + 2\" (at most 64 each, at least one media worker)";
    fn read(text: &str) -> Option<Self> {
        if text == "auto" {
            return Some(Self(None));
        }
        let (receivers, workers) = text.split_once('+')?;
        let (receivers, workers): (u8, u8) = (receivers.trim().parse().ok()?, workers.trim().parse().ok()?);
        (receivers <= 64 && (1..=64).contains(&workers)).then_some(Self(Some((receivers, workers))))
    }
}

/// What registering does to an agent's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnRegister {
    Ready,
    NotReady,
}

impl Read for OnRegister {
    const RIGHT: &'static str = "\"ready\" or \"not ready\"";
    fn read(text: &str) -> Option<Self> {
        match text {
            "ready" => Some(Self::Ready),
            "not ready" => Some(Self::NotReady),
            _ => None,
        }
    }
}

impl Read for Span {
    const RIGHT: &'static str = "times such as \"09:00-18:00\" (\"22:00-06:00\" reaches into the next day)";
    fn read(text: &str) -> Option<Self> {
        Self::read(text)
    }
}

/// One day or a run of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dates(pub Date, pub Date);

impl Read for Dates {
    const RIGHT: &'static str = "a date or two such as \"2026-10-01\" or \"2026-10-01/2026-10-07\"";
    fn read(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('/').unwrap_or((text, text));
        let (first, last): (Date, Date) = (first.parse().ok()?, last.parse().ok()?);
        (first <= last).then_some(Self(first, last))
    }
}

/// A weekday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day(pub Weekday);

impl Read for Day {
    const RIGHT: &'static str = "a weekday: mon, tue, wed, thu, fri, sat or sun";
    fn read(text: &str) -> Option<Self> {
        let at = DAYS.iter().position(|&day| day == text)?;
        Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok().map(Self)
    }
}

/// Weekdays as written, Monday first.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// `mon`, `mon-fri`, `sat,sun`: which days of the week, Monday first.
pub fn days(text: &str) -> Option<[bool; 7]> {
    let mut week = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let place = |day: &str| DAYS.iter().position(|&name| name == day.trim());
        let (first, last) = (place(first)?, place(last)?);
        week.get_mut(first..=last)?.fill(true);
    }
    Some(week)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_number_and_a_unit() {
        for (text, expected) in [
            ("500 ms", Some(500)),
            ("15 s", Some(15_000)),
            ("15s", Some(15_000)),
            ("10 min", Some(600_000)),
            ("4 h", Some(14_400_000)),
            ("0 s", Some(0)),
            ("15", None),
            ("15 sec", None),
            ("-1 s", None),
            ("1.5 s", None),
            ("99999999999999999999 h", None),
            ("721 h", None),
            ("s", None),
            ("", None),
        ] {
            assert_eq!(Above0::read(text).is_some(), expected.is_some_and(|ms| ms > 0), "{text:?}");
            assert_eq!(Duration::read(text).map(|time| time.as_millis()), expected, "{text:?}");
        }
    }

    #[test]
    fn networks_ports_threads_and_days_read_as_written_in_the_guide() {
        assert_eq!(Network::read("10.0.0.0/8").map(|net| net.prefix), Some(8));
        assert_eq!(Network::read("2001:db8::1").map(|net| net.prefix), Some(128));
        assert_eq!(Network::read("10.0.0.0/33"), None);
        assert_eq!(Ports::read("20000-31999"), Some(Ports(20_000, 31_999)));
        assert_eq!(Ports::read("20001-31999"), None);
        assert_eq!(Ports::read("31999-20000"), None);
        assert_eq!(Threads::read("1 + 2"), Some(Threads(Some((1, 2)))));
        assert_eq!(Threads::read("1+0"), None);
        assert_eq!(days("mon-wed,sun"), Some([true, true, true, false, false, false, true]));
        assert_eq!(days("fri-mon"), None);
        assert!(Dates::read("2026-10-07/2026-10-01").is_none());
        assert!(SocketAddr::read("127.0.0.1").is_none());
    }
}
