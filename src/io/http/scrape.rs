//! From the tables to the text that Prometheus reads: a collector of the prometheus crate that works the families out at each scrape, in
//! a registry of its own.

use super::tables::{Latest, Tables};
use crate::io::process_figures;
use crate::report::prometheus::{Family, Kind, Picture, Value, families};
use crate::switch::snapshot::SwitchSnapshot;
use prometheus::core::{Collector, Desc};
use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType};
use prometheus::{Error, Registry, TextEncoder};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// See the module text.
#[derive(Debug)]
pub struct Scrape {
    registry: Registry,
}

impl Scrape {
    /// `commands_refused`: counted by whoever sends commands.
    pub fn new(tables: Arc<Tables>, commands_refused: Arc<AtomicU64>) -> Result<Self, Error> {
        let source = Source { tables, commands_refused };
        let describe = |family: Family| {
            let labels = family.labels.iter().map(|&label| label.to_owned()).collect();
            Desc::new(family.name.into(), family.help.into(), labels, HashMap::new())
        };
        let descriptions = source.families().into_iter().map(describe).collect::<Result<_, _>>()?;
        let registry = Registry::new();
        registry.register(Box::new(Folded { source, descriptions }))?;
        Ok(Self { registry })
    }

    /// All metrics in Prometheus's text format.
    pub fn text(&self) -> Result<String, Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

struct Source {
    tables: Arc<Tables>,
    commands_refused: Arc<AtomicU64>,
}

impl Source {
    fn families(&self) -> Vec<Family> {
        let tables = &*self.tables;
        let latest = tables.latest();
        let nothing = SwitchSnapshot { ports_free: tables.media_ports, ..SwitchSnapshot::default() };
        let (no_visits, no_rings) = (BTreeMap::new(), crate::report::prometheus::Histogram::default());
        let latest: Option<&Latest> = latest.as_deref();
        let control = latest.map(|latest| latest.control).unwrap_or_default();
        let media = tables.media();
        let shell = tables.shell(&control, &media, self.commands_refused.load(Ordering::Relaxed));
        families(&Picture {
            names: tables.names(),
            now: tables.now(),
            version: env!("CARGO_PKG_VERSION"),
            switch: latest.map_or(&nothing, |latest| &latest.switch),
            queues: &tables.queue_rows(),
            agents: &tables.agent_states(),
            router_violations: latest.map_or(0, |latest| latest.router_violations),
            visits: latest.map_or(&no_visits, |latest| &latest.visits),
            queue_to_ring: latest.map_or(&no_rings, |latest| &latest.queue_to_ring),
            gate: latest.map(|latest| latest.gate).unwrap_or_default(),
            media: media.plane,
            media_ports: tables.media_ports,
            shell: &shell,
            process: process_figures::read(),
        })
    }
}

struct Folded {
    source: Source,
    descriptions: Vec<Desc>,
}

impl Collector for Folded {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.source.families().into_iter().map(metric_family).collect()
    }
}

/// A family in the prometheus crate's words.
fn metric_family(family: Family) -> MetricFamily {
    let kind = match family.kind {
        Kind::Counter => MetricType::COUNTER,
        Kind::Gauge => MetricType::GAUGE,
        Kind::Histogram => MetricType::HISTOGRAM,
    };
    let metric = |sample: crate::report::prometheus::Sample| {
        let mut metric = Metric::from_label(labels(family.labels, sample.labels));
        match (sample.value, family.kind) {
            (Value::Number(value), Kind::Counter) => {
                let mut counter = Counter::default();
                counter.set_value(value);
                metric.set_counter(counter);
            }
            (Value::Number(value), _) => {
                let mut gauge = Gauge::default();
                gauge.set_value(value);
                metric.set_gauge(gauge);
            }
            (Value::Histogram(value), _) => metric.set_histogram(histogram(&value)),
        }
        metric
    };
    let metrics = family.samples.into_iter().map(metric).collect();
    let mut whole = MetricFamily::default();
    whole.set_name(family.name.into());
    whole.set_help(family.help.into());
    whole.set_field_type(kind);
    whole.set_metric(metrics);
    whole
}

fn labels(names: &[&str], values: Vec<String>) -> Vec<LabelPair> {
    let pair = |(&name, value): (&&str, String)| {
        let mut pair = LabelPair::default();
        pair.set_name(name.into());
        pair.set_value(value);
        pair
    };
    names.iter().zip(values).map(pair).collect()
}

fn histogram(value: &crate::report::prometheus::Histogram) -> Histogram {
    let bucket = |(&bound, &count): (&f64, &u64)| {
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(bound);
        bucket.set_cumulative_count(count);
        bucket
    };
    let mut histogram = Histogram::default();
    histogram.set_sample_count(value.count);
    histogram.set_sample_sum(value.sum);
    histogram.set_bucket(value.bounds.iter().zip(&value.cumulative).map(bucket).collect());
    histogram
}
