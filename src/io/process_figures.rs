//! What Linux says about this process: `/proc/self`. Read when somebody scrapes, on the HTTP side's threads.

use crate::report::prometheus::ProcessFigures;
use std::fs;

/// Reads the figures; what cannot be read is 0.
pub fn read() -> ProcessFigures {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let stat = Stat::parse(&stat).unwrap_or_default();
    let ticks = system(libc::_SC_CLK_TCK);
    ProcessFigures {
        cpu_seconds: stat.cpu_ticks as f64 / ticks as f64,
        resident_bytes: stat.resident_pages.saturating_mul(system(libc::_SC_PAGESIZE)),
        open_descriptors: open_descriptors(),
        descriptors_max: super::descriptors::raise(0).unwrap_or(0),
        start_seconds: boot_seconds() as f64 + stat.start_ticks as f64 / ticks as f64,
        threads: stat.threads,
    }
}

/// Fields of `/proc/self/stat` (proc_pid_stat(5)).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Stat {
    cpu_ticks: u64,
    threads: u64,
    /// Since boot.
    start_ticks: u64,
    resident_pages: u64,
}

impl Stat {
    fn parse(text: &str) -> Option<Self> {
        // The second field is the program's name in parentheses and may hold anything, parentheses too.
        let fields: Vec<&str> = text.rsplit_once(") ")?.1.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            cpu_ticks: field(14)?.saturating_add(field(15)?),
            threads: field(20)?,
            start_ticks: field(22)?,
            resident_pages: field(24)?,
        })
    }
}

/// Since Linux 6.2 the folder's size is the number of its entries; before, it is 0 and the entries are counted.
fn open_descriptors() -> u64 {
    match fs::metadata("/proc/self/fd").map(|folder| folder.len()) {
        Ok(entries) if entries > 0 => entries,
        // Without the one that reads the folder.
        _ => fs::read_dir("/proc/self/fd").map_or(0, |entries| (entries.count() as u64).saturating_sub(1)),
    }
}

/// When the machine started, seconds since the Unix epoch.
fn boot_seconds() -> u64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let boot = text.lines().find_map(|line| line.strip_prefix("btime "));
    boot.and_then(|seconds| seconds.trim().parse().ok()).unwrap_or(0)
}

/// A constant of the system; 1 if it has none.
fn system(name: libc::c_int) -> u64 {
    // SAFETY: sysconf reads a number and touches no memory of ours.
    u64::try_from(unsafe { libc::sysconf(name) }).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let fields: Vec<String> = (4..=52).map(|number| number.to_string()).collect();
        let stat = Stat::parse(&format!("7 (a) b) (c) S {}", fields.join(" ")));
        assert_eq!(stat, Some(Stat { cpu_ticks: 29, threads: 20, start_ticks: 22, resident_pages: 24 }));
        assert_eq!(Stat::parse("7 (x) S 1 2"), None);
        assert_eq!(Stat::parse(""), None);
    }

    #[test]
    fn this_process_has_memory_threads_descriptors_and_a_start() {
        let figures = read();
        assert!(figures.resident_bytes > 1_000_000 && figures.threads >= 1, "{figures:?}");
        assert!(figures.open_descriptors >= 3 && figures.descriptors_max >= figures.open_descriptors, "{figures:?}");
        assert!(figures.start_seconds > 1.6e9, "{figures:?}");
    }
}
