//! When a token may speak.
//!
//! Telegram counts what arrives, in every window of a second, the seam of two windows included; a
//! token bucket would admit twice the limit across it. So the last sends are remembered exactly, and
//! sends are spaced evenly, because thirty at once and then silence is worse than an even pace.
//!
//! A bot that pays has two limits: everything it sends keeps to the paid rate, and what is not paid
//! for (dialogue, edits, broadcasts without a budget) to the free rate as well.
//!
//! The server hides waits of up to eight seconds, so rising latency is the first sign of a flood
//! `// telegram.md §2.1`. The pace eases off while answers take much longer than they lately did, and
//! comes back by itself.

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

/// What a message costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fare {
    /// Nothing: the free rate.
    Free,
    /// Stars, above the free rate. `// Bot API: allow_paid_broadcast`
    Paid,
}

/// Latency below this is never a sign of a flood: networks are like that.
const CALM: Duration = Duration::from_millis(1_500);
/// Latency so many times the usual is one.
const FLOOD: u32 = 4;
/// The pace is looked at so often.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The pace, in thousandths of the limit: whole, and the least to which it eases off.
const WHOLE: u32 = 1_000;
const LEAST: u32 = 250;
/// By how much of itself, in thousandths, the pace eases off at a look, and by how much of the limit
/// it comes back.
const EASES: u32 = 150;
const RECOVERS: u32 = 50;

/// Admits at most `limit` sends in any second, and at most the free rate of those that are free.
#[derive(Clone, Debug)]
pub struct Pacer {
    all: Window,
    free: Window,
    next: Ticket,
    silent_until: Mono,
    /// In thousandths of the limit.
    pace: u32,
    looked_at: Mono,
    /// Latency of late and usually, in microseconds; 0 before the first answer.
    latency: u64,
    usual: u64,
}

/// The sends of the last second.
#[derive(Clone, Debug)]
struct Window {
    limit: u32,
    length: Duration,
    /// Oldest first.
    recent: VecDeque<(Ticket, Mono)>,
    /// When the next is due, at an even pace.
    slot: Mono,
}

impl Window {
    fn new(limit: u32, now: Mono) -> Self {
        let length = SECOND + if limit <= FREE_MAX { GUARD_FREE } else { GUARD_PAID };
        Self { limit, length, recent: VecDeque::with_capacity(limit as usize), slot: now }
    }

    fn ready_at(&self) -> Mono {
        match self.recent.front() {
            Some(&(_, oldest)) if self.recent.len() >= self.limit as usize => {
                self.slot.max(oldest + self.length)
            }
            Some(_) | None => self.slot,
        }
    }

    /// `pace` in thousandths.
    fn on_send(&mut self, ticket: Ticket, pace: u32, now: Mono) {
        // Late by the timer's grain: keep the schedule. Later than that: nothing was to be sent.
        let kept = if now.since(self.slot) <= CATCH_UP { self.slot } else { now };
        self.slot = kept + self.length / self.limit * WHOLE / pace;
        if self.recent.len() >= self.limit as usize {
            self.recent.pop_front();
        }
        self.recent.push_back((ticket, now));
    }

    fn on_departed(&mut self, ticket: Ticket, at: Mono) {
        if let Ok(index) = self.recent.binary_search_by_key(&ticket, |(ticket, _)| *ticket) {
            let sent = &mut self.recent[index].1;
            *sent = (*sent).max(at);
        }
    }

    /// How many were sent within a second before `now`.
    fn within(&self, now: Mono) -> usize {
        self.recent.len() - self.recent.partition_point(|(_, at)| *at + self.length <= now)
    }
}

impl Pacer {
    /// A pacer of a bot that never pays. Starts silent for one window: the process before us may have
    /// spoken a moment ago. A limit of 0 is taken for 1.
    #[must_use]
    pub fn new(limit: u32, now: Mono) -> Self {
        Self::paid(limit, limit, now)
    }

    /// A pacer of a bot that may send `free` messages a second for nothing, and `top` in all.
    #[must_use]
    pub fn paid(free: u32, top: u32, now: Mono) -> Self {
        let free = free.max(1);
        let all = Window::new(top.max(free), now);
        let silent_until = now + all.length;
        Self {
            all,
            free: Window::new(free, now),
            next: Ticket::default(),
            silent_until,
            pace: WHOLE,
            looked_at: now,
            latency: 0,
            usual: 0,
        }
    }

    /// Sends per second at most.
    #[must_use]
    pub fn limit(&self, fare: Fare) -> u32 {
        self.window(fare).limit
    }

    fn window(&self, fare: Fare) -> &Window {
        match fare {
            Fare::Free => &self.free,
            Fare::Paid => &self.all,
        }
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
    pub fn ready_at(&self, fare: Fare, now: Mono) -> Mono {
        let open = match fare {
            Fare::Free => self.free.ready_at().max(self.all.ready_at()),
            Fare::Paid => self.all.ready_at(),
        };
        open.max(self.silent_until).max(now)
    }

    /// Records a send at `now`, which [`Pacer::ready_at`] must have allowed; says how many there were
    /// within a second, with it.
    pub fn on_send(&mut self, fare: Fare, now: Mono) -> (Ticket, usize) {
        debug_assert!(self.ready_at(fare, now) <= now, "sent before the pacer allowed it");
        let ticket = self.next;
        self.next = Ticket(ticket.0 + 1);
        self.all.on_send(ticket, self.pace, now);
        if fare == Fare::Free {
            self.free.on_send(ticket, self.pace, now);
        }
        (ticket, self.all.within(now))
    }

    /// Corrects the time of a send that left later than it was decided: it will arrive later too.
    pub fn on_departed(&mut self, ticket: Ticket, at: Mono) {
        self.all.on_departed(ticket, at);
        self.free.on_departed(ticket, at);
    }

    /// An answer came after so long.
    pub fn on_latency(&mut self, took: Duration, now: Mono) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
        let smooth = |before: u64, slowness: u64| match before {
            0 => took,
            before => before - before / slowness + took / slowness,
        };
        self.latency = smooth(self.latency, 16);
        // What is usual is learnt fast downwards and slowly upwards, and not from floods.
        self.usual = match self.usual {
            0 => took,
            usual if took < usual => smooth(usual, 64),
            usual if took < usual * u64::from(FLOOD) => smooth(usual, 1_024),
            usual => usual,
        };
        if now.since(self.looked_at) < LOOK_EVERY {
            return;
        }
        self.looked_at = now;
        let calm = u64::try_from(CALM.as_micros()).unwrap_or(u64::MAX);
        let flood = self.latency > calm.max(self.usual * u64::from(FLOOD));
        self.pace = if flood {
            (self.pace - self.pace * EASES / WHOLE).max(LEAST)
        } else {
            (self.pace + RECOVERS).min(WHOLE)
        };
    }

    /// How many requests may be in flight: twice latency × rate, so that a slow answer holds up
    /// nothing, and never so many that the server counts them as a flood by themselves.
    #[must_use]
    pub fn in_flight_max(&self, most: usize) -> usize {
        let rate = u64::from(self.all.limit);
        let wanted = 16 + 2 * rate.saturating_mul(self.latency.max(100_000)) / 1_000_000;
        usize::try_from(wanted).unwrap_or(most).min(most)
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
            while pacer.ready_at(Fare::Paid, now) <= now {
                pacer.on_send(Fare::Paid, now);
                sent.push(now);
            }
            // A timer that wakes up to a grain late.
            let due = pacer.ready_at(Fare::Paid, now).0;
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
        assert_eq!(pacer.ready_at(Fare::Paid, Mono(4_000_000)), Mono(9_000_000));
    }

    #[test]
    fn a_new_process_is_silent_for_a_second() {
        let pacer = Pacer::new(30, Mono(5_000_000));
        assert!(pacer.ready_at(Fare::Paid, Mono(5_000_000)) >= Mono(6_000_000));
    }

    #[test]
    fn a_pause_holds_until_the_latest_deadline() {
        let mut pacer = Pacer::new(30, Mono(0));
        pacer.pause(Mono(9_000_000));
        pacer.pause(Mono(4_000_000));
        assert_eq!(pacer.ready_at(Fare::Paid, Mono(2_000_000)), Mono(9_000_000));
    }

    #[test]
    fn a_send_that_left_late_is_counted_when_it_left() {
        let mut pacer = Pacer::new(1, Mono(0));
        let start = pacer.ready_at(Fare::Paid, Mono(0));
        let (ticket, _) = pacer.on_send(Fare::Paid, start);
        pacer.on_departed(ticket, start + Duration::from_millis(500));
        assert!(pacer.ready_at(Fare::Paid, start) >= start + Duration::from_millis(1_500));
    }

    #[test]
    fn what_is_free_keeps_to_the_free_rate_beside_what_is_paid() {
        let mut pacer = Pacer::paid(30, 1_000, Mono(0));
        let (mut free, mut paid) = (Vec::new(), Vec::new());
        let mut now = Mono(0);
        while now < Mono(11_000_000) {
            if pacer.ready_at(Fare::Free, now) <= now {
                pacer.on_send(Fare::Free, now);
                free.push(now);
            } else if pacer.ready_at(Fare::Paid, now) <= now {
                pacer.on_send(Fare::Paid, now);
                paid.push(now);
            }
            now = now + Duration::from_micros(250);
        }
        assert!(most_in_a_second(&free) <= 30);
        let mut all = [free.clone(), paid].concat();
        all.sort_unstable();
        assert!(most_in_a_second(&all) <= 1_000);
        assert!(all.len() > 8_000 && free.len() > 250, "{} {}", all.len(), free.len());
    }

    #[test]
    fn rising_latency_eases_the_pace_and_it_comes_back() {
        let mut pacer = Pacer::new(100, Mono(0));
        let mut now = Mono(0);
        let mut answers = |pacer: &mut Pacer, millis: u64, seconds: u64| {
            for _ in 0..seconds * 50 {
                now = now + Duration::from_millis(20);
                pacer.on_latency(Duration::from_millis(millis), now);
            }
            pacer.pace
        };
        assert_eq!(answers(&mut pacer, 60, 10), WHOLE);
        assert_eq!(answers(&mut pacer, 400, 10), WHOLE, "a slow network is no flood");
        let eased = answers(&mut pacer, 7_000, 10);
        assert!(eased <= WHOLE / 3, "{eased}");
        assert_eq!(answers(&mut pacer, 60, 15), WHOLE);
    }

    #[test]
    fn what_is_in_flight_follows_the_latency_and_is_bounded() {
        let mut pacer = Pacer::paid(30, 1_000, Mono(0));
        let mut see = |millis| {
            for _ in 0..200 {
                pacer.on_latency(Duration::from_millis(millis), Mono(0));
            }
            pacer.in_flight_max(400)
        };
        assert!((200..=230).contains(&see(50)), "as if it were a tenth of a second");
        assert_eq!(see(5_000), 400);
    }
}
