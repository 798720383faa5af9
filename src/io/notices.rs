//! The owners' notices as log lines: cleaned, masked, and not more of them in a second than somebody can read. A peer that makes us
//! complain about it must not fill the disk with it.

use super::log::Cleaned;
use crate::clock::Instant;
use crate::switch::Notice;

/// Lines a second at most.
const PER_SECOND: u32 = 100;

/// See the module text.
#[derive(Debug, Default)]
pub struct Notices {
    second: u64,
    shown: u32,
    suppressed: u32,
    /// Not shown since start.
    pub suppressed_total: u64,
}

impl Notices {
    /// Logs a notice unless this second has had its share.
    pub fn log(&mut self, notice: &Notice, now: Instant) {
        if self.may_show(now) {
            let detail = Cleaned(&notice.detail);
            match notice.call {
                Some(call) => tracing::info!(%call, %detail, "{}", notice.what),
                None => tracing::info!(%detail, "{}", notice.what),
            }
        }
    }

    fn may_show(&mut self, now: Instant) -> bool {
        let second = now.as_micros() / 1_000_000;
        if second != self.second {
            if self.suppressed > 0 {
                tracing::warn!(lines = self.suppressed, "notices left out: more than {PER_SECOND} in a second");
            }
            *self = Self { second, suppressed_total: self.suppressed_total, ..Self::default() };
        }
        let show = self.shown < PER_SECOND;
        if show {
            self.shown += 1;
        } else {
            self.suppressed += 1;
            self.suppressed_total += 1;
        }
        show
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_its_share_of_lines_and_the_next_has_its_own() {
        let mut notices = Notices::default();
        let shown = (0..500).filter(|_| notices.may_show(Instant::from_micros(1_000))).count();
        assert_eq!((shown, notices.suppressed_total), (100, 400));
        assert!(notices.may_show(Instant::from_micros(1_000_001)));
        assert_eq!(notices.suppressed_total, 400);
    }
}
