//! Virtual time: the product's own values, `Gate`, `Switch`, `Router` and a model of the media workers, under one clock that
//! jumps from event to event. Not a second implementation of anything: what decides here decides in production.
//!
//! ```text
//!  people ─ phones ─ network ─▶ Gate ─▶ Switch ─▶ Router      every arrow between owners is a `link`,
//!                       ◀───────────────┘ │  ▲ └──────┘       everything to come stands on the `agenda`
//!                                         ▼  │
//!                                      media model
//! ```

pub mod agenda;
pub mod events;
pub mod ladder;
pub mod link;
pub mod media_model;
pub mod network;
pub mod office;
pub mod options;
pub mod people;
pub mod phone;
pub mod replay;
pub mod scenario;
pub mod seat;
pub mod summary;
pub mod world;
