//! Metrics of the process itself, under the names that every exporter uses, and of the paths inside it.

use super::{Family, Picture};

/// What the operating system says about the process.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct ProcessFigures {
    /// User and system.
    pub cpu_seconds: f64,
    pub resident_bytes: u64,
    pub open_descriptors: u64,
    pub descriptors_max: u64,
    /// Since the Unix epoch.
    pub start_seconds: f64,
    pub threads: u64,
}

pub(super) fn families(picture: &Picture<'_>) -> Vec<Family> {
    let process = picture.process;
    let shell = picture.shell;
    let mut full = Family::counter(
        "huntline_internal_queue_full_total",
        "How often a bounded queue inside the process was full, so that something waited or was dropped.",
        &["queue"],
    );
    shell.full.iter().for_each(|&(queue, count)| full.add([queue], count as f64));
    let violations = picture.switch.invariant_violations.saturating_add(picture.router_violations);
    let gauge = |name, help, value: f64| Family::gauge(name, help, &[]).with([], value);
    vec![
        full,
        gauge("huntline_invariant_violations", "Broken invariants seen since start; must be 0.", violations as f64),
        Family::counter(
            "huntline_call_records_total",
            "Call records written, and lost for want of a disk.",
            &["outcome"],
        )
        .with(["written"], shell.records_written as f64)
        .with(["lost"], shell.records_lost as f64),
        Family::counter(
            "huntline_wake_ups_total",
            "Times a thread on the call path was woken from sleep.",
            &["thread"],
        )
        .with(["control"], shell.control_wake_ups as f64)
        .with(["media"], shell.media_wake_ups as f64),
        Family::gauge("huntline_build_info", "Always 1; the labels say what is running.", &["version"])
            .with([picture.version], 1.0),
        Family::counter("process_cpu_seconds_total", "User and system CPU time spent, in seconds.", &[])
            .with([], process.cpu_seconds),
        gauge("process_resident_memory_bytes", "Resident memory, in bytes.", process.resident_bytes as f64),
        gauge("process_open_fds", "Open file descriptors.", process.open_descriptors as f64),
        gauge("process_max_fds", "Most file descriptors that may be open.", process.descriptors_max as f64),
        gauge(
            "process_start_time_seconds",
            "Start of the process, in seconds since the Unix epoch.",
            process.start_seconds,
        ),
        gauge("process_threads", "Threads of the process.", process.threads as f64),
    ]
}
