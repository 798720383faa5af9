//! Tests of the record files.

use super::*;
use crate::call::record::{Cause, Side};
use crate::ids::CallId;

/// 2026-03-01T00:00:00Z.
const MARCH: i64 = 1_772_323_200_000_000;

fn record(call: u64, ended: i64) -> CallRecord {
    CallRecord {
        version: 1,
        call: CallId(call),
        trunk: None,
        calling: "+8613912345678".into(),
        called: "1000\n".into(),
        started: ended - 5_000_000,
        answered: None,
        ended,
        cause: Cause::AbandonedInIvr,
        hung_up_first: Side::Caller,
        ivr: None,
        queues: Vec::new(),
        legs: Vec::new(),
    }
}

fn directory(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("huntline-records-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

fn calls_in(path: &Path) -> Vec<u64> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().filter_map(|line| serde_json::from_str::<CallRecord>(line).ok()).map(|record| record.call.0).collect()
}

#[test]
fn each_call_is_a_line_in_the_file_of_the_utc_day_in_which_it_ended() {
    let directory = directory("days");
    let log = RecordLog::start(&directory).unwrap();
    let figures = Arc::clone(log.figures());
    for (call, ended) in [(1, MARCH - 2), (2, MARCH - 1), (3, MARCH), (4, MARCH + 1)] {
        log.push(record(call, ended));
    }
    log.finish();
    assert_eq!(calls_in(&directory.join("calls-2026-02-28.jsonl")), [1, 2]);
    assert_eq!(calls_in(&directory.join("calls-2026-03-01.jsonl")), [3, 4]);
    assert_eq!((figures.written(), figures.dropped(), figures.lost()), (4, 0, 0));
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_line_torn_by_a_crash_costs_no_other_line() {
    let directory = directory("torn");
    let path = directory.join("calls-2026-03-01.jsonl");
    std::fs::write(&path, "{\"version\":1,\"call\":7,\"tru").unwrap();
    let log = RecordLog::start(&directory).unwrap();
    log.push(record(8, MARCH));
    log.finish();
    assert_eq!(calls_in(&path), [8]);
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn records_that_cannot_be_written_are_counted_and_later_ones_are_kept() {
    let directory = directory("lost");
    let path = directory.join("calls-2026-03-01.jsonl");
    std::fs::create_dir(&path).unwrap();
    let mut writer = Writer::new(directory.clone(), Arc::default());
    let day = writer.add(&record(1, MARCH), None);
    writer.write(day);
    assert_eq!((writer.figures.written(), writer.figures.lost()), (0, 1));
    std::fs::remove_dir(&path).unwrap();
    let day = writer.add(&record(2, MARCH), None);
    writer.write(day);
    assert_eq!((writer.figures.written(), writer.figures.lost()), (1, 1));
    assert_eq!(calls_in(&path), [2]);
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_full_queue_drops_and_counts_instead_of_waiting() {
    let (sender, receiver) = bounded(2);
    let log = RecordLog { sender: Some(sender), figures: Arc::default(), writer: None };
    for call in 0..5 {
        log.push(record(call, MARCH));
    }
    assert_eq!((receiver.len(), log.figures().dropped()), (2, 3));
}
