//! Metrics of callers, queues and agents.

use super::{Family, Histogram, Kind, Picture};
use crate::acd::agent::AgentState;
use crate::call::Cause;
use crate::report::names::{STATE_WORDS, cause_word, outcome_word, state_word};
use std::collections::BTreeMap;

/// Stands for the queue of calls that never asked for one.
const NO_QUEUE: &str = "none";

pub(super) fn families(picture: &Picture<'_>) -> Vec<Family> {
    let mut all = queues(picture);
    let to_ring = Family::new(
        Kind::Histogram,
        "huntline_queue_to_ring_seconds",
        "Time from when a call and an agent could be matched to the agent's INVITE given to the socket.",
        &[],
    );
    all.extend([
        ended(picture),
        Family::gauge("huntline_calls_active", "Calls in progress, those in the IVR and in queues included.", &[])
            .with([], picture.switch.calls_active as f64),
        to_ring.with_histogram([], picture.queue_to_ring.clone()),
        agents(picture),
        visits(picture),
    ]);
    all
}

fn queues(picture: &Picture<'_>) -> Vec<Family> {
    const QUEUE: &[&str] = &["queue"];
    let mut offered = Family::counter(
        "huntline_calls_offered_total",
        "Entries of calls into the queue that were asked for, refused ones included.",
        QUEUE,
    );
    let mut waiting = Family::gauge(
        "huntline_queue_waiting",
        "Calls in the queue that no agent has answered yet, those that ring included.",
        QUEUE,
    );
    let mut oldest = Family::gauge(
        "huntline_queue_oldest_wait_seconds",
        "How long the longest waiting call of the queue has waited; 0 if none waits.",
        QUEUE,
    );
    let mut waits = Family::new(
        Kind::Histogram,
        "huntline_queue_wait_seconds",
        "Waits of the calls that agents have answered.",
        QUEUE,
    );
    let mut expected = Family::gauge(
        "huntline_queue_expected_wait_seconds",
        "The wait that a caller who came now would be told; 0 if an agent is idle.",
        QUEUE,
    );
    for row in picture.queues {
        let bounds = picture.names.queue(row.queue).map_or(&[][..], |queue| &queue.wait_buckets);
        let since = row.oldest.map_or(0.0, |oldest| picture.now.since(oldest).as_secs_f64());
        offered.add([&row.name], row.offered as f64);
        waiting.add([&row.name], row.waiting as f64);
        oldest.add([&row.name], since);
        expected.add([&row.name], row.expected_wait.as_secs_f64());
        waits = waits.with_histogram([&row.name], Histogram::of_buckets(bounds, &row.wait_counts, row.wait_sum));
    }
    vec![offered, waiting, oldest, waits, expected]
}

fn ended(picture: &Picture<'_>) -> Family {
    // The causes that alarms watch are there from the start, so that their first increase is seen.
    let watched = [Cause::Answered, Cause::AbandonedInQueue];
    let zero = picture.queues.iter().flat_map(|row| watched.map(|cause| ((&*row.name, cause_word(cause)), 0)));
    let mut counts: BTreeMap<(&str, &'static str), u64> = zero.collect();
    for (&(queue, cause), &count) in &picture.switch.ended {
        let queue = queue.and_then(|queue| picture.names.queue(queue)).map_or(NO_QUEUE, |queue| &queue.name);
        *counts.entry((queue, cause_word(cause))).or_default() += count;
    }
    let mut family = Family::counter(
        "huntline_calls_ended_total",
        "Calls that have ended, by the last queue they were in (none: never in one) and by their one cause.",
        &["queue", "cause"],
    );
    counts.into_iter().for_each(|((queue, cause), count)| family.add([queue, cause], count as f64));
    family
}

fn agents(picture: &Picture<'_>) -> Family {
    let mut counts = STATE_WORDS.map(|word| (word, 0_usize));
    let unheard = picture.names.agents.len().saturating_sub(picture.agents.len());
    let unheard = std::iter::repeat_n(&AgentState::LoggedOff, unheard);
    for &state in picture.agents.iter().chain(unheard) {
        let word = state_word(state);
        counts.iter_mut().filter(|(of, _)| *of == word).for_each(|(_, count)| *count += 1);
    }
    let mut family = Family::gauge("huntline_agents", "Agents by what they are doing.", &["state"]);
    counts.into_iter().for_each(|(word, count)| family.add([word], count as f64));
    family
}

fn visits(picture: &Picture<'_>) -> Family {
    let names = picture.names;
    let mut counts: BTreeMap<(&str, &str, &'static str), u64> = BTreeMap::new();
    for tree in &names.trees {
        counts.extend(tree.nodes.iter().map(|node| ((&*tree.name, &**node, "entered"), 0)));
    }
    for (&(tree, node, outcome), &count) in picture.visits {
        *counts.entry((names.tree(tree), names.node(tree, node), outcome_word(outcome))).or_default() += count;
    }
    let mut family = Family::counter(
        "huntline_ivr_node_total",
        "What happened at each node of each IVR tree: entered, a key chosen, 0 pressed, callers who hung up there.",
        &["tree", "node", "outcome"],
    );
    counts.into_iter().for_each(|((tree, node, outcome), count)| family.add([tree, node, outcome], count as f64));
    family
}
