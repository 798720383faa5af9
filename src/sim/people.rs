//! People: what callers and agents do, and when. Scripts are plain values; what is random in them is drawn from the world's seed
//! when the person begins. Nothing here knows SIP.

use super::phone::{End, SessionId};
use crate::clock::{Duration, Instant};
use crate::seed::Seed;
use core::net::SocketAddr;

/// A length of time that differs from person to person.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Spread {
    Always(Duration),
    /// Each length between the two equally likely.
    Between(Duration, Duration),
    /// Memoryless, with this mean.
    Exponential(Duration),
}

impl Spread {
    /// Draws one.
    pub fn draw(self, seed: &mut Seed) -> Duration {
        match self {
            Self::Always(length) => length,
            Self::Between(least, most) => {
                let spread = most.saturating_sub(least).as_micros() as u64;
                least + Duration::from_micros(seed.below(spread.saturating_add(1)))
            }
            Self::Exponential(mean) => mean.mul_f64((-(1.0 - seed.unit()).ln()).min(50.0)),
        }
    }
}

/// The moment from which a step's time counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// Their phone sends the INVITE, or begins to ring.
    Start,
    /// The call is up (ACK sent or received).
    Up,
    /// They hear another person for the first time.
    Talking,
}

/// What somebody does in a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    /// A key, as RFC 4733 event (through the media model).
    Press(u8),
    /// A key, as SIP INFO.
    PressByInfo(u8),
    HangUp,
    /// Hangs up unless they have heard another person by now.
    GiveUp,
    Hold,
    Resume,
    /// Sends a BYE from a dialog that nobody knows.
    StrayBye,
    /// A provisional response, or 180 although the call is answered.
    Ring(u16),
    Answer,
    Decline(u16),
}

/// One line of a script: `after 3 s of Up: press 1`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Step {
    pub when: When,
    pub after: Spread,
    pub deed: Deed,
}

impl Step {
    /// A step at a fixed time, in milliseconds.
    pub const fn at(when: When, after_ms: u64, deed: Deed) -> Self {
        Self { when, after: Spread::Always(Duration::from_millis(after_ms)), deed }
    }
}

/// What an agent's phone and the agent do with one call.
pub type Manner = Vec<Step>;

/// The usual manner: rings at once, answered after `answer`, never hangs up first.
pub fn answers(answer: Spread) -> Manner {
    vec![Step::at(When::Start, 20, Deed::Ring(180)), Step { when: When::Start, after: answer, deed: Deed::Answer }]
}

/// Rings and lets it ring.
pub fn lets_it_ring() -> Manner {
    vec![Step::at(When::Start, 20, Deed::Ring(180))]
}

/// Rings, then declines with `status`.
pub fn declines(after_ms: u64, status: u16) -> Manner {
    vec![Step::at(When::Start, 20, Deed::Ring(180)), Step::at(When::Start, after_ms, Deed::Decline(status))]
}

/// Does not respond to the INVITE at all.
pub fn ignores() -> Manner {
    Vec::new()
}

/// Which side of a call somebody is on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    Caller,
    /// An agent in a call that was offered to them; number in the world.
    Agent(u32),
    /// An agent who dials something (`*61`).
    Dialling(u32),
}

/// Somebody in one call.
#[derive(Clone, Debug)]
pub struct Person {
    pub role: Role,
    pub phone: u32,
    pub calling: String,
    pub called: String,
    pub script: Vec<Step>,
    pub session: Option<SessionId>,
    pub rtp: Option<SocketAddr>,
    pub started: Instant,
    pub up: Option<Instant>,
    pub talking: Option<Instant>,
    pub ended: Option<(Instant, End)>,
}

impl Person {
    /// Somebody who is about to begin.
    pub fn new(role: Role, phone: u32, calling: &str, called: &str, script: Vec<Step>) -> Self {
        Self {
            role,
            phone,
            calling: calling.into(),
            called: called.into(),
            script,
            session: None,
            rtp: None,
            started: Instant::START,
            up: None,
            talking: None,
            ended: None,
        }
    }

    /// Whether the call is still going on.
    pub fn is_in_call(&self) -> bool {
        self.session.is_some() && self.ended.is_none()
    }
}

/// How somebody treats calls, by chance.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Habit {
    /// From the first ring to the answer.
    pub answer: Spread,
    /// Share of calls that are declined (603), and that are left ringing.
    pub declines: f64,
    pub lets_ring: f64,
}

impl Habit {
    /// What becomes of one call.
    fn manner(&self, seed: &mut Seed) -> Manner {
        let chance = seed.unit();
        if chance < self.declines {
            return declines(1500, 603);
        }
        if chance < self.declines + self.lets_ring {
            return lets_it_ring();
        }
        answers(self.answer)
    }
}

/// An agent of the simulation: a phone, and how they treat the calls that come.
#[derive(Clone, Debug)]
pub struct SimAgent {
    pub phone: u32,
    pub number: String,
    /// The first call is treated by the first, and so on; the last holds for all that follow.
    pub manners: Vec<Manner>,
    /// Instead of `manners`: by chance.
    pub habit: Option<Habit>,
    pub offers: usize,
    /// Refreshes the registration before it runs out.
    pub refreshes: bool,
}

impl SimAgent {
    /// How the next call is treated.
    pub fn next_manner(&mut self, seed: &mut Seed) -> Manner {
        if let Some(habit) = self.habit {
            return habit.manner(seed);
        }
        let manner = self.manners.get(self.offers).or(self.manners.last()).cloned().unwrap_or_default();
        self.offers += 1;
        manner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_have_the_means_they_say() {
        let mut seed = Seed::new(7);
        let second = Duration::from_secs(1);
        let mut mean = |spread: Spread| {
            let drawn: f64 = (0..20_000).map(|_| spread.draw(&mut seed).as_secs_f64()).sum();
            drawn / 20_000.0
        };
        assert!((mean(Spread::Exponential(second)) - 1.0).abs() < 0.03);
        assert!((mean(Spread::Between(second, second * 3)) - 2.0).abs() < 0.03);
        assert_eq!(Spread::Always(second).draw(&mut seed), second);
    }
}
