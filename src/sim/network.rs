//! The network between phones and the Gate: delay, loss, duplication and reordering, all from the seed. Datagrams only; what
//! happens to audio is not modelled.

use crate::clock::{Duration, Instant};
use crate::seed::Seed;

/// How the network treats a datagram. Probabilities are 0 … 1, drawn for each datagram and direction by itself.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Conditions {
    /// Shortest and longest delay of one way.
    pub delay: (Duration, Duration),
    pub loss: f64,
    pub duplication: f64,
    /// Probability that a datagram takes `detour` longer, so that later ones overtake it.
    pub reordering: f64,
    pub detour: Duration,
}

impl Conditions {
    /// Every datagram arrives, once, after 2 ms.
    pub const GOOD: Self = Self {
        delay: (Duration::from_millis(2), Duration::from_millis(2)),
        loss: 0.0,
        duplication: 0.0,
        reordering: 0.0,
        detour: Duration::ZERO,
    };

    /// 2 % lost, 2 % twice, 5 % overtaken, 1 … 40 ms.
    pub const BAD: Self = Self {
        delay: (Duration::from_millis(1), Duration::from_millis(40)),
        loss: 0.02,
        duplication: 0.02,
        reordering: 0.05,
        detour: Duration::from_millis(120),
    };
}

/// Which datagrams a test loses on purpose.
#[derive(Clone, Debug)]
pub struct Drop {
    /// The phone at either end; `None`: any.
    pub phone: Option<u32>,
    /// Towards the Gate, or towards the phone.
    pub inbound: bool,
    /// What the datagram's start line begins with, after `SIP/2.0 ` for a response: `BYE`, `200`.
    pub start: &'static str,
    /// A word that must stand in its CSeq (`INVITE`); empty: any.
    pub cseq: &'static str,
    /// How many are to be let through first, and how many then lost.
    pub skip: u32,
    pub count: u32,
}

/// See the module text.
#[derive(Debug)]
pub struct Network {
    conditions: Conditions,
    /// A quiet network draws nothing, so that switching faults on does not depend on how much was sent before.
    seed: Seed,
    drops: Vec<Drop>,
    pub lost: u64,
    pub duplicated: u64,
}

/// When a datagram arrives: never, once or twice.
pub type Arrivals = arrayvec::ArrayVec<Instant, 2>;

impl Network {
    /// A network under these conditions.
    pub fn new(conditions: Conditions, seed: Seed) -> Self {
        Self { conditions, seed, drops: Vec::new(), lost: 0, duplicated: 0 }
    }

    /// From now on.
    pub fn set(&mut self, conditions: Conditions) {
        self.conditions = conditions;
    }

    /// Loses certain datagrams.
    pub fn drop_on_purpose(&mut self, drop: Drop) {
        self.drops.push(drop);
    }

    /// What becomes of a datagram that `phone` sends (`inbound`) or is sent.
    pub fn send(&mut self, phone: u32, inbound: bool, bytes: &[u8], now: Instant) -> Arrivals {
        let mut arrivals = Arrivals::new();
        if self.is_dropped(phone, inbound, bytes) || self.chance(self.conditions.loss) {
            self.lost += 1;
            return arrivals;
        }
        arrivals.push(now + self.delay());
        if self.chance(self.conditions.duplication) {
            self.duplicated += 1;
            arrivals.push(now + self.delay());
        }
        arrivals
    }

    fn is_dropped(&mut self, phone: u32, inbound: bool, bytes: &[u8]) -> bool {
        let start = bytes.strip_prefix(b"SIP/2.0 ").unwrap_or(bytes);
        let matching = self.drops.iter_mut().find(|drop| {
            drop.count > 0
                && drop.inbound == inbound
                && drop.phone.is_none_or(|only| only == phone)
                && start.starts_with(drop.start.as_bytes())
                && (drop.cseq.is_empty() || cseq_names(bytes, drop.cseq))
        });
        match matching {
            Some(drop) if drop.skip > 0 => {
                drop.skip -= 1;
                false
            }
            Some(drop) => {
                drop.count -= 1;
                true
            }
            None => false,
        }
    }

    fn chance(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.seed.unit() < probability
    }

    fn delay(&mut self) -> Duration {
        let (least, most) = self.conditions.delay;
        let spread = most.saturating_sub(least).as_micros() as u64;
        let jitter = if spread == 0 { 0 } else { self.seed.below(spread + 1) };
        let detour = if self.chance(self.conditions.reordering) { self.conditions.detour } else { Duration::ZERO };
        least + Duration::from_micros(jitter) + detour
    }
}

fn cseq_names(bytes: &[u8], method: &str) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.lines().any(|line| line.starts_with("CSeq:") && line.ends_with(method))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_network_keeps_order_and_loses_nothing() {
        let mut network = Network::new(Conditions::GOOD, Seed::new(3));
        let arrivals: Vec<_> = (0..100).map(|at| network.send(0, true, b"x", Instant::from_micros(at))).collect();
        assert!(arrivals.iter().all(|arrival| arrival.len() == 1) && arrivals.is_sorted());
    }

    #[test]
    fn a_bad_network_loses_doubles_and_overtakes_about_as_often_as_said() {
        let mut network = Network::new(Conditions::BAD, Seed::new(3));
        let mut first = Vec::new();
        for at in 0..10_000 {
            first.extend(network.send(0, false, b"x", Instant::from_micros(at * 1000)).first().copied());
        }
        assert!((100..300).contains(&network.lost), "{}", network.lost);
        assert!((100..300).contains(&network.duplicated), "{}", network.duplicated);
        assert!(first.windows(2).filter(|pair| pair[0] > pair[1]).count() > 300);
    }

    #[test]
    fn datagrams_are_dropped_on_purpose_by_what_they_are() {
        let mut network = Network::new(Conditions::GOOD, Seed::new(3));
        let drop = Drop { phone: Some(1), inbound: true, start: "200", cseq: "INVITE", skip: 1, count: 1 };
        network.drop_on_purpose(drop);
        let ok = b"SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\n";
        let bye_ok = b"SIP/2.0 200 OK\r\nCSeq: 2 BYE\r\n\r\n";
        let mut arrives = |phone, bytes: &[u8]| !network.send(phone, true, bytes, Instant::START).is_empty();
        assert!(arrives(0, ok) && arrives(1, bye_ok) && arrives(1, ok));
        assert!(!arrives(1, ok));
        assert!(arrives(1, ok));
    }
}
