//! RTP wire formats: packets (RFC 3550), RTCP reports, telephone events (RFC 4733), G.711.

pub mod g711;
pub mod packet;
pub mod rtcp;
pub mod telephone_event;
