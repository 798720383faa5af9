//! What one stream's peer sends, on its way to the other stream's peer: rewritten in place, never copied or held back.
//! Not a mixer: while the other side is played something, or sent a digit of ours, it does not hear its partner.

use super::receiver_stats::Order;
use super::sending::Feed;
use super::stream::{Heard, Kind, Stream};
use crate::clock::Instant;
use crate::rtp::g711;
use crate::rtp::packet::{self, Header};
use crate::rtp::telephone_event::Event;
use core::net::SocketAddr;

/// Rewrites a packet that was `heard` of the partner for `to`'s peer; where it goes. `None`: it goes nowhere.
pub fn pass(to: &mut Stream, feed: Feed, heard: &Heard, bytes: &mut [u8], now: Instant) -> Option<SocketAddr> {
    if heard.order == Order::Probation {
        return None;
    }
    let target = to.target().filter(|_| !to.playout.active() && !to.keys.active());
    let Some(target) = target else {
        to.sending.interrupt();
        return None;
    };
    let payload = bytes.get_mut(heard.payload.clone())?;
    let (payload_type, samples) = match (heard.kind, to.parameters.telephone_event) {
        (Kind::Voice(codec), _) => {
            g711::convert(codec, to.parameters.codec, payload);
            (to.parameters.payload_type, payload.len() as u32)
        }
        (Kind::Event, Some(payload_type)) => {
            (payload_type, Event::read(payload).map_or(0, |event| event.duration.into()))
        }
        (Kind::Event, None) | (Kind::Other, _) => {
            to.sending.left_out(feed, heard.header.sequence);
            return None;
        }
    };
    let length = payload.len();
    let fresh = heard.order == Order::Begins;
    let header = to.sending.relayed(feed, heard.header, samples, fresh, now)?;
    packet::overwrite(bytes, Header { payload_type, ..header });
    to.sending.count(length);
    Some(target)
}
