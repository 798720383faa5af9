//! What dashboards and alarms rely on: names, labels, values.

use super::*;
use crate::acd::agent::NotReady;
use crate::call::Cause;
use crate::ids::QueueId;

fn row(queue: u32, name: &str) -> QueueRow {
    QueueRow {
        queue: QueueId(queue),
        name: name.into(),
        waiting: 2,
        oldest: Some(Instant::from_micros(7_000_000)),
        offered: 9,
        answered: 7,
        expected_wait: Duration::from_secs(30),
        wait_counts: vec![5, 2],
        wait_sum: Duration::from_millis(47_500),
    }
}

/// The families of a small office in which something has happened.
fn sample(queues: &[QueueRow], names: &Names) -> Vec<Family> {
    let mut switch = SwitchSnapshot { calls_active: 3, ports_free: 96, invariant_violations: 1, ..Default::default() };
    switch.received.insert("INVITE", 4);
    switch.rejected.insert("digest_wrong", 2);
    switch.ended.insert((Some(QueueId(0)), Cause::Answered), 7);
    switch.ended.insert((None, Cause::AbandonedInIvr), 1);
    families(&Picture {
        names,
        now: Instant::from_micros(10_000_000),
        version: "1.2.3",
        switch: &switch,
        queues,
        agents: &[AgentState::Talking, AgentState::NotReady(NotReady::Busy)],
        router_violations: 2,
        visits: &BTreeMap::from([((TreeId(0), NodeId(1), Outcome::Zero), 4)]),
        queue_to_ring: &Histogram { bounds: vec![0.001], cumulative: vec![6], count: 7, sum: 0.5 },
        gate: gate::Counters { garbage: 11, ..Default::default() },
        media: Totals { packets_in: 100, jitter_us: 2_500, ..Default::default() },
        media_ports: 100,
        shell: &ShellFigures { full: vec![("sip_out", 3)], ..Default::default() },
        process: ProcessFigures::default(),
    })
}

fn value(families: &[Family], name: &str, labels: &[&str]) -> Option<Value> {
    let family = families.iter().find(|family| family.name == name)?;
    family.samples.iter().find(|sample| sample.labels == labels).map(|sample| sample.value.clone())
}

#[test]
fn every_promised_metric_has_its_value() {
    let names = Names::sample(&["Ann", "Bob", "Cid"], &["service"], &[]);
    let all = sample(&[row(0, "service")], &names);
    let numbers: [(&str, &[&str], f64); 29] = [
        ("huntline_calls_offered_total", &["service"], 9.0),
        ("huntline_calls_ended_total", &["service", "answered"], 7.0),
        ("huntline_calls_ended_total", &["service", "abandoned_in_queue"], 0.0),
        ("huntline_calls_ended_total", &["none", "abandoned_in_ivr"], 1.0),
        ("huntline_calls_active", &[], 3.0),
        ("huntline_queue_waiting", &["service"], 2.0),
        ("huntline_queue_oldest_wait_seconds", &["service"], 3.0),
        ("huntline_agents", &["talking"], 1.0),
        ("huntline_agents", &["not_ready"], 1.0),
        ("huntline_agents", &["logged_off"], 1.0),
        ("huntline_agents", &["ready"], 0.0),
        ("huntline_ivr_node_total", &["main", "menu", "zero"], 4.0),
        ("huntline_ivr_node_total", &["main", "root", "entered"], 0.0),
        ("huntline_sip_messages_total", &["received", "INVITE"], 4.0),
        ("huntline_sip_messages_total", &["sent", "6xx"], 0.0),
        ("huntline_sip_retransmissions_total", &["sent"], 0.0),
        ("huntline_sip_rejected_total", &["digest_wrong"], 2.0),
        ("huntline_sip_rejected_total", &["garbage"], 11.0),
        ("huntline_sip_transactions", &[], 0.0),
        ("huntline_media_ports", &[], 100.0),
        ("huntline_media_ports_used", &[], 4.0),
        ("huntline_rtp_packets_total", &["received"], 100.0),
        ("huntline_rtp_lost_total", &[], 0.0),
        ("huntline_rtp_jitter_seconds", &[], 0.0025),
        ("huntline_registrations", &[], 0.0),
        ("huntline_internal_queue_full_total", &["sip_out"], 3.0),
        ("huntline_invariant_violations", &[], 3.0),
        ("huntline_build_info", &["1.2.3"], 1.0),
        ("process_cpu_seconds_total", &[], 0.0),
    ];
    for (name, labels, expected) in numbers {
        assert_eq!(value(&all, name, labels), Some(Value::Number(expected)), "{name} {labels:?}");
    }
    let waits = Histogram { bounds: vec![10.0], cumulative: vec![5], count: 7, sum: 47.5 };
    assert_eq!(value(&all, "huntline_queue_wait_seconds", &["service"]), Some(Value::Histogram(waits)));
    let Some(Value::Histogram(to_ring)) = value(&all, "huntline_queue_to_ring_seconds", &[]) else { panic!("missing") };
    assert_eq!((to_ring.count, to_ring.sum), (7, 0.5));
}

#[test]
fn names_follow_the_customs_and_no_series_is_there_twice() {
    // A queue that is called as calls without a queue are labelled: its counts and theirs are added, not doubled.
    let names = Names::sample(&["Ann"], &["service", "none"], &[]);
    let all = sample(&[row(0, "service"), row(1, "none")], &names);
    let mut seen = std::collections::BTreeSet::new();
    for family in &all {
        assert!(seen.insert(family.name), "{} twice", family.name);
        assert_eq!(family.kind == Kind::Counter, family.name.ends_with("_total"), "{}", family.name);
        assert!(family.help.ends_with('.') && !family.samples.is_empty(), "{}", family.name);
        let mut labels = std::collections::BTreeSet::new();
        for sample in &family.samples {
            assert_eq!(sample.labels.len(), family.labels.len(), "{}", family.name);
            assert!(labels.insert(sample.labels.clone()), "{} {:?} twice", family.name, sample.labels);
        }
    }
}
