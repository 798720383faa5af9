//! Switch and Router on one thread: a hand-over between them is a call in the same turn. Not a loop and not a clock: `io`'s
//! control loop, the simulator's layout `together` and `replay` all take turns through this one value, so that they come to the
//! same end from the same inputs.

use crate::acd::{self, Reply, Router, request::Numbered};
use crate::clock::Instant;
use crate::switch::{Actions, Event, Switch};

/// The two owners that share a thread, and the messages that pass between them within a turn.
pub struct Seat {
    pub switch: Switch,
    pub router: Router,
    replies: Vec<Reply>,
    requests: Vec<Numbered>,
}

impl Seat {
    /// A seat for these two.
    pub fn new(switch: Switch, router: Router) -> Self {
        Self { switch, router, replies: Vec::new(), requests: Vec::new() }
    }

    /// One turn: the Switch takes `event`, then requests and replies pass until neither has anything more to say.
    /// `heard` is told every reply before the Switch sees it.
    pub fn handle(&mut self, event: Event<'_>, now: Instant, out: &mut Actions, heard: &mut dyn FnMut(&Reply)) {
        self.switch.handle(event, now, out);
        self.exchange(now, out, heard);
    }

    /// A turn whose input is time alone: the Switch's deadline first, then the Router's.
    pub fn handle_time(&mut self, now: Instant, out: &mut Actions, heard: &mut dyn FnMut(&Reply)) {
        if self.switch.next_deadline().is_some_and(|deadline| deadline <= now) {
            self.handle(Event::Time, now, out, heard);
        }
        if self.router.next_deadline().is_some_and(|deadline| deadline <= now) {
            self.router.handle(acd::router::Event::Time, now, &mut self.replies);
            self.exchange(now, out, heard);
        }
    }

    /// The earlier of the two deadlines.
    pub fn next_deadline(&self) -> Option<Instant> {
        [self.switch.next_deadline(), self.router.next_deadline()].into_iter().flatten().min()
    }

    /// Passes `out.requests` to the Router and its replies back until both lists are empty. It ends because every request
    /// that a reply causes uses up an offer or a place in a queue, and neither is made by a reply.
    fn exchange(&mut self, now: Instant, out: &mut Actions, heard: &mut dyn FnMut(&Reply)) {
        while !(out.requests.is_empty() && self.replies.is_empty()) {
            core::mem::swap(&mut self.requests, &mut out.requests);
            for request in self.requests.drain(..) {
                self.router.handle(acd::router::Event::Request(request), now, &mut self.replies);
            }
            let mut replies = core::mem::take(&mut self.replies);
            for reply in replies.drain(..) {
                heard(&reply);
                self.switch.handle(Event::Router(reply), now, out);
            }
            self.replies = replies;
        }
    }
}
