//! When a token may speak.
//!
//! Telegram counts what arrives, in every window of a second, the seam of two windows included; a
//! token bucket would admit twice the limit across it. So the last sends are remembered exactly, and
//! sends are spaced evenly, because thirty at once and then silence is worse than an even pace.

use std::{collections::VecDeque, time::Duration};

use crate::domain::time::Mono;

const SECOND: Duration = Duration::from_secs(1);

/// How much longer than a second the window is kept, so that a request that travels faster than the
/// one a second before it does not arrive in its second. Costs 0.8 % of the free rate.
const GUARD_FREE: Duration = Duration::from_millis(8);
/// The same at paid rates, where the same jitter meets more requests. Costs 1.5 %.
const GUARD_PAID: Duration = Duration::from_millis(15);
/// Up to this rate the first guard is kept, per second.
const FREE_MAX: u32 = 60;

/// A wake-up that is late by no more than this is made up for: timers have a grain, and the rate
/// must not pay for it.
const CATCH_UP: Duration = Duration::from_millis(20);

/// A number for each send, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// Admits at most `limit` sends in any second.
#[derive(Clone, Debug)]
pub struct Pacer {
    limit: u32,
    window: Duration,
    spacing: Duration,
    next: Ticket,
    /// The sends of the window, oldest first.
    recent: VecDeque<Mono>,
    slot: Mono,
    silent_until: Mono,
}

impl Pacer {
    /// Starts silent for one window: the process before us may have spoken a moment ago. A limit of
    /// 0 is taken for 1.
    #[must_use]
    pub fn new(limit: u32, now: Mono) -> Self {
        let limit = limit.max(1);
        let window = SECOND + if limit <= FREE_MAX { GUARD_FREE } else { GUARD_PAID };
        Self {
            limit,
            window,
            spacing: window / limit,
            next: Ticket::default(),
            recent: VecDeque::with_capacity(limit as usize),
            slot: now,
            silent_until: now + window,
        }
    }

    /// Sends per second at most.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Says nothing until `until`, or until what was asked before if that is later.
    pub fn pause(&mut self, until: Mono) {
        self.silent_until = self.silent_until.max(until);
    }

    /// Until when nothing is said.
    #[must_use]
    pub fn silent_until(&self) -> Mono {
        self.silent_until
    }

    /// The earliest time, not before `now`, at which a send is allowed.
    #[must_use]
    pub fn ready_at(&self, now: Mono) -> Mono {
        let open = match self.recent.front() {
            Some(&oldest) if self.recent.len() >= self.limit as usize => oldest + self.window,
            Some(_) | None => now,
        };
        open.max(self.slot).max(self.silent_until).max(now)
    }

    /// Records a send at `now`, which [`Pacer::ready_at`] must have allowed.
    pub fn on_send(&mut self, now: Mono) -> Ticket {
        debug_assert!(self.ready_at(now) <= now, "sent before the pacer allowed it");
        if self.recent.len() >= self.limit as usize {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
        // Late by the timer's grain: keep the schedule. Later than that: nothing was to be sent.
        let kept = if now.since(self.slot) <= CATCH_UP { self.slot } else { now };
        self.slot = kept + self.spacing;
        let ticket = self.next;
        self.next = Ticket(ticket.0 + 1);
        ticket
    }

    /// Corrects the time of a send that left later than it was decided: it will arrive later too.
    pub fn on_departed(&mut self, ticket: Ticket, at: Mono) {
        let newer = self.next.0 - ticket.0;
        let index =
            usize::try_from(newer).ok().and_then(|newer| self.recent.len().checked_sub(newer));
        if let Some(sent) = index.and_then(|index| self.recent.get_mut(index)) {
            *sent = (*sent).max(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(limit: u32, seconds: u64, grain: Duration) -> Vec<Mono> {
        let mut pacer = Pacer::new(limit, Mono(0));
        let mut now = Mono(0);
        let mut sent = Vec::new();
        while now < Mono(seconds * 1_000_000) {
            while pacer.ready_at(now) <= now {
                pacer.on_send(now);
                sent.push(now);
            }
            // A timer that wakes up to a grain late.
            let due = pacer.ready_at(now).0;
            let grain = u64::try_from(grain.as_micros()).unwrap();
            now = Mono(due.div_ceil(grain) * grain);
        }
        sent
    }

    fn most_in_a_second(sent: &[Mono]) -> usize {
        sent.iter()
            .enumerate()
            .map(|(i, &at)| sent[i..].partition_point(|&later| later < at + SECOND))
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn the_rate_is_close_to_the_limit_and_never_above_it() {
        for (limit, share) in [(30, 0.99), (1_000, 0.98)] {
            let sent = run(limit, 61, Duration::from_millis(1));
            assert!(most_in_a_second(&sent) <= limit as usize);
            let got = f64::from(u32::try_from(sent.len()).unwrap()) / (60.0 * f64::from(limit));
            assert!(got >= share, "{got} of {limit}/s");
        }
    }

    #[test]
    fn sends_are_spread_over_the_second() {
        let sent = run(30, 5, Duration::from_millis(1));
        let gaps = sent.windows(2).map(|pair| pair[1].since(pair[0]));
        assert!(gaps.min().unwrap() > Duration::from_millis(25));
    }

    #[test]
    fn a_shorter_pause_does_not_cut_a_longer_one() {
        let mut pacer = Pacer::new(30, Mono(0));
        pacer.pause(Mono(9_000_000));
        pacer.pause(Mono(3_000_000));
        assert_eq!(pacer.ready_at(Mono(4_000_000)), Mono(9_000_000));
    }

    #[test]
    fn a_new_process_is_silent_for_a_second() {
        let pacer = Pacer::new(30, Mono(5_000_000));
        assert!(pacer.ready_at(Mono(5_000_000)) >= Mono(6_000_000));
    }

    #[test]
    fn a_pause_holds_until_the_latest_deadline() {
        let mut pacer = Pacer::new(30, Mono(0));
        pacer.pause(Mono(9_000_000));
        pacer.pause(Mono(4_000_000));
        assert_eq!(pacer.ready_at(Mono(2_000_000)), Mono(9_000_000));
    }

    #[test]
    fn a_send_that_left_late_is_counted_when_it_left() {
        let mut pacer = Pacer::new(1, Mono(0));
        let start = pacer.ready_at(Mono(0));
        let ticket = pacer.on_send(start);
        pacer.on_departed(ticket, start + Duration::from_millis(500));
        assert!(pacer.ready_at(start) >= start + Duration::from_millis(1_500));
    }
}
