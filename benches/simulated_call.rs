//! Whole simulated calls: trunk, menu, queue, agent, BYE, with every SIP message written, sent and read on both sides and every
//! timer run out. Figures are per call; a day of 50,000 calls is that many times as much (aim: under 10 s on one core, 200 µs a call).
//!
//! `cargo bench --no-default-features --bench simulated_call`

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use huntline::sim::scenario::{Wishes, run};
use std::hint::black_box;

/// As many agents as the calls need at 80 % occupancy.
fn scenario(layout: &str, per_hour: u32, agents: u32) -> String {
    format!(
        "layout = \"{layout}\"\n\
         [office]\nagents = {agents}\n\
         [calls]\nnumber = \"1000\"\nlasting = \"1 h\"\nper_hour = {per_hour}.0\neven = true\n\
         keys = [{{ after = \"4 s\", key = \"0\" }}]\npatience = {{ mean = \"120 s\" }}\ntalk = {{ mean = \"110 s\" }}\n"
    )
}

fn simulated_call(c: &mut Criterion) {
    let mut group = c.benchmark_group("simulated_call");
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    for (layout, per_hour, agents) in [("together", 300, 12), ("apart", 300, 12), ("together", 6000, 240)] {
        let text = scenario(layout, per_hour, agents);
        let report = run(&text, &Wishes::default()).expect("the scenario is sound");
        assert!(report.problems.is_empty(), "{report}");
        println!("check: {layout}, {agents} agents: {} calls ended", report.calls);
        group.throughput(Throughput::Elements(report.calls));
        group.bench_with_input(BenchmarkId::new(layout, agents), &text, |bencher, text| {
            bencher.iter(|| black_box(run(text, &Wishes::default()).expect("as above").calls));
        });
    }
    group.finish();
}

criterion_group!(benches, simulated_call);
criterion_main!(benches);
