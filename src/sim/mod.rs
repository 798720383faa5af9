//! Virtual time: the product's own values, `Gate`, `Switch`, `Router` and a model of the media workers, under one clock that
//! jumps from event to event. Not a second implementation of anything: what decides here decides in production.

pub mod replay;
pub mod seat;
