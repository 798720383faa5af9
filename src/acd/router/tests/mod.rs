//! The Router's behaviour, a sentence per test. Every event in them is followed by a check of all invariants (`fixture`).

mod agents;
mod flow;
mod interleavings;
mod offers;
mod order;
mod queues;
mod reference;
mod reload;
mod resync;
mod wrap_up;
