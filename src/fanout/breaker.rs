//! Whether anybody is there.
//!
//! When Telegram stops answering, every send would become a doubt, and ten minutes of 502 would burn
//! the audience. So after a few unknown outcomes in a row nothing is sent; a harmless call asks, at a
//! growing interval, whether the other side is back; then one real send is let through, and only its
//! known outcome opens the way.

use std::time::Duration;

use crate::domain::time::Mono;

/// Outcomes that say nothing, in a row, before the way is closed.
const UNANSWERED_MAX: u32 = 8;
/// The first wait before a probe.
const WAIT_MIN: Duration = Duration::from_millis(500);
/// The longest wait between probes: when the other side is back, people are warned this late.
const WAIT_MAX: Duration = Duration::from_secs(8);

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    unanswered: u32,
    state: State,
    wait: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The way is open.
    Closed,
    /// Nothing is sent; probe at this time.
    Open(Mono),
    /// A probe is on its way.
    Probing,
    /// One send may go.
    Ajar,
    /// That one is on its way.
    Trying,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { unanswered: 0, state: State::Closed, wait: WAIT_MIN }
    }
}

impl Breaker {
    /// Whether a send may go now.
    #[must_use]
    pub fn admits(&self) -> bool {
        matches!(self.state, State::Closed | State::Ajar)
    }

    /// Whether Telegram is taken to be away.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        self.state != State::Closed
    }

    /// When a probe is due; `None` if none is needed.
    #[must_use]
    pub fn probe_at(&self) -> Option<Mono> {
        if let State::Open(at) = self.state { Some(at) } else { None }
    }

    /// A probe goes out.
    pub fn on_probe(&mut self) {
        self.state = State::Probing;
    }

    /// A send goes out.
    pub fn on_send(&mut self) {
        if self.state == State::Ajar {
            self.state = State::Trying;
        }
    }

    /// Somebody answered, whatever the answer: to a send, or to a probe.
    pub fn on_answer(&mut self, to_probe: bool) {
        if to_probe && self.state == State::Probing {
            self.state = State::Ajar;
            return;
        }
        if !to_probe {
            *self = Self::default();
        }
    }

    /// Nobody answered.
    pub fn on_silence(&mut self, now: Mono) {
        self.unanswered += 1;
        let close = match self.state {
            State::Closed => self.unanswered >= UNANSWERED_MAX,
            State::Probing | State::Trying => true,
            // A late failure of a send from before: the next probe is planned already.
            State::Open(_) | State::Ajar => false,
        };
        if close {
            self.state = State::Open(now + self.wait);
            self.wait = (self.wait * 2).min(WAIT_MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_outage_costs_one_send_a_probe() {
        let mut breaker = Breaker::default();
        let mut now = Mono(0);
        let mut sent = 0;
        while now < Mono(600_000_000) {
            if breaker.admits() {
                breaker.on_send();
                sent += 1;
                breaker.on_silence(now);
            } else if let Some(at) = breaker.probe_at() {
                now = at;
                breaker.on_probe();
                // The probe is answered although sends are not: the worst case.
                breaker.on_answer(true);
            }
        }
        assert!(sent < 8 + 85, "{sent} sends burnt in ten minutes");
    }

    #[test]
    fn an_answer_opens_the_way() {
        let mut breaker = Breaker::default();
        for _ in 0..UNANSWERED_MAX {
            breaker.on_silence(Mono(0));
        }
        assert!(!breaker.admits());
        breaker.on_probe();
        breaker.on_answer(true);
        assert!(breaker.admits() && breaker.is_outage());
        breaker.on_send();
        assert!(!breaker.admits(), "one only");
        breaker.on_answer(false);
        assert!(breaker.admits() && !breaker.is_outage());
    }
}
