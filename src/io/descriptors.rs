//! File descriptors: how many the process may hold, and how many media ports fit into them.

use std::io;

/// Descriptors kept for everything that is not a media port: SIP and HTTP sockets, connections of scrapers, files, timers.
pub const RESERVED: u64 = 256;

/// Raises the soft limit of open descriptors to what is wanted, or as far as the hard limit lets it; the limit that holds now.
pub fn raise(wanted: u64) -> io::Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid place for the kernel to write to.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    if limit.rlim_cur >= wanted {
        return Ok(limit.rlim_cur);
    }
    limit.rlim_cur = wanted.min(limit.rlim_max);
    // SAFETY: `limit` lives through the call.
    if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(limit.rlim_cur)
}

/// What the configured ports and the limit of descriptors allow together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Room {
    /// RTP/RTCP port pairs that can be bound.
    pub pairs: u32,
    /// Whether the descriptors, not the ports, are what bounds.
    pub descriptors_bound: bool,
}

impl Room {
    /// The room in the ports `first..=last` under a limit of `descriptors`. A pair takes an even port, the odd one above it, and
    /// two descriptors.
    pub fn new((first, last): (u16, u16), descriptors: u64) -> Self {
        let first = u32::from(first).next_multiple_of(2);
        let wanted = (u32::from(last) + 1).saturating_sub(first) / 2;
        let affordable = u32::try_from(descriptors.saturating_sub(RESERVED) / 2).unwrap_or(u32::MAX);
        Self { pairs: wanted.min(affordable), descriptors_bound: affordable < wanted }
    }

    /// Calls that can talk at a time: a caller's and an agent's stream each.
    pub fn calls(self) -> u32 {
        self.pairs / 2
    }
}

/// Descriptors that the configured ports would take in full.
pub fn wanted(ports: (u16, u16)) -> u64 {
    RESERVED + 2 * u64::from(Room::new(ports, u64::MAX).pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_bounded_by_ports_or_by_descriptors() {
        let cases = [
            ((20_000, 31_999), 20_000, 6_000, false),
            ((20_000, 31_999), 1_024, 384, true),
            ((20_001, 20_004), 1_024, 1, false),
            ((20_000, 20_000), 1_024, 0, false),
            ((65_534, 65_535), 1_024, 1, false),
            ((20_000, 31_999), 100, 0, true),
        ];
        for (ports, descriptors, pairs, descriptors_bound) in cases {
            assert_eq!(Room::new(ports, descriptors), Room { pairs, descriptors_bound }, "{ports:?} {descriptors}");
        }
        assert_eq!(wanted((20_000, 31_999)), 12_256);
        assert!(raise(64).unwrap() >= 64);
    }
}
