//! The scenarios that come with the program run to a clean end.

use huntline::sim::scenario::{Wishes, run};

#[test]
fn every_scenario_in_the_folder_runs_and_leaves_nothing_over() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the folder is there").flatten().map(|entry| entry.path()).collect();
    files.sort();
    assert!(files.len() >= 3);
    for file in files {
        let text = std::fs::read_to_string(&file).expect("it can be read");
        let wishes = Wishes { ladder: Some("c1".into()), ..Wishes::default() };
        let report = run(&text, &wishes).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert!(report.problems.is_empty(), "{}: {report}", file.display());
        assert!(report.ladder.as_ref().is_some_and(|ladder| ladder.contains("INVITE 1000")));
        println!("{report}");
    }
}
