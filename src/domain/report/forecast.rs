//! What a broadcast is expected to take, before it is confirmed and beside what it took.
//!
//! Bots send side by side, each at its own pace and to its own chats; so the whole is as quick as the
//! sum of them at first, and as slow as the slowest at last. A bot that pays is quick for as long as
//! its budget lasts, and then sends at the free rate.
//!
//! Deliberately absent: doubt. Weather, chats that are dead and what else the bots have to say are not
//! foreseen.

use std::time::Duration;

use crate::domain::audience::Reach;

/// Microseconds in a second.
const SECOND: u128 = 1_000_000;

/// How quickly one bot sends a broadcast, and for how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Messages per second for nothing.
    pub free: u32,
    /// Messages per second while they are paid for; no more than `free` if the bot doesn't pay.
    pub paid: u32,
    /// Tenths of a Star that it may spend.
    pub most: u64,
}

impl Pace {
    /// That of a bot that doesn't pay.
    #[must_use]
    pub const fn free(per_second: u32) -> Self {
        Self { free: per_second, paid: 0, most: 0 }
    }

    /// Chats that are told at one rate, that rate, and then the others; and tenths of a Star.
    fn course(self, chats: u64) -> ([(u64, u32); 2], u64) {
        if self.paid <= self.free {
            return ([(chats, self.free), (0, self.free)], 0);
        }
        let (rate, free) = (u64::from(self.paid), u64::from(self.free));
        // In each second the first `free` cost nothing; a message above them costs a tenth.
        let tenths = chats - chats.min(chats.div_ceil(rate).saturating_mul(free));
        if tenths <= self.most {
            return ([(chats, self.paid), (0, self.free)], tenths);
        }
        let quick = (self.most.saturating_mul(rate) / (rate - free)).min(chats);
        ([(quick, self.paid), (chats - quick, self.free)], self.most)
    }
}

/// What an official is told before confirming.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// Whom it reaches, through all bots.
    pub reach: Reach,
    /// How long it takes, and what it costs.
    pub forecast: Forecast,
}

impl Outlook {
    /// An outlook on what each bot reaches, at its pace.
    pub fn new(bots: impl IntoIterator<Item = (Reach, Pace)>) -> Self {
        let bots: Vec<(Reach, Pace)> = bots.into_iter().collect();
        let mut reach = Reach::default();
        for (one, _) in &bots {
            reach.add(one);
        }
        let forecast = Forecast::new(bots.iter().map(|(one, pace)| (one.total(), *pace)));
        Self { reach, forecast }
    }
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// The course of each bot that has chats, the first to finish first.
    lanes: Vec<[(u64, u32); 2]>,
    tenths: u64,
}

impl Forecast {
    /// A forecast for bots with so many chats each, at their paces.
    pub fn new(bots: impl IntoIterator<Item = (u64, Pace)>) -> Self {
        let mut forecast = Self::default();
        for (chats, pace) in bots.into_iter().filter(|(chats, _)| *chats > 0) {
            let (course, tenths) = pace.course(chats);
            forecast.lanes.push(course);
            forecast.tenths = forecast.tenths.saturating_add(tenths);
        }
        forecast.lanes.sort_by_key(|course| done_us(course).unwrap_or(u128::MAX));
        forecast
    }

    /// How many chats there are.
    #[must_use]
    pub fn chats(&self) -> u64 {
        self.lanes.iter().flatten().map(|(chats, _)| chats).sum()
    }

    /// Tenths of a Star that it costs, at best.
    #[must_use]
    pub fn tenths(&self) -> u64 {
        self.tenths
    }

    /// By when so many per cent of them are told; `None` if never.
    #[must_use]
    pub fn time_to(&self, per_cent: u8) -> Option<Duration> {
        let rank = (u128::from(self.chats()) * u128::from(per_cent)).div_ceil(100);
        let (mut from, mut told) = (0_u128, 0_u128);
        for (until, sum) in self.corners() {
            if sum >= rank {
                let (length, more) = (until - from, sum - told);
                let at = from + length.saturating_mul(rank - told).div_ceil(more.max(1));
                return micros(at);
            }
            (from, told) = (until, sum);
        }
        (rank == 0).then_some(Duration::ZERO)
    }

    /// Where the forecast bends, from nobody to all: time, and how many are told by then.
    #[must_use]
    pub fn points(&self) -> Vec<(Duration, u64)> {
        let corners = self
            .corners()
            .into_iter()
            .filter_map(|(at, told)| Some((micros(at)?, u64::try_from(told).ok()?)));
        std::iter::once((Duration::ZERO, 0)).chain(corners).collect()
    }

    /// When each bot is done, or goes on at another rate, in microseconds, and how many are told by
    /// then.
    fn corners(&self) -> Vec<(u128, u128)> {
        let bends = |course: &[(u64, u32); 2]| {
            let first = course[0];
            [(first.0 > 0).then(|| stretch_us(first)).flatten(), done_us(course)]
        };
        let mut times: Vec<u128> = self.lanes.iter().flat_map(bends).flatten().collect();
        times.sort_unstable();
        times.dedup();
        let told = |at: u128| self.lanes.iter().map(|course| told_by(course, at)).sum();
        times.into_iter().map(|at| (at, told(at))).collect()
    }
}

/// How long so many chats take at so many a second, in microseconds; `None` for ever.
fn stretch_us((chats, rate): (u64, u32)) -> Option<u128> {
    if chats == 0 {
        return Some(0);
    }
    (u128::from(chats) * SECOND).checked_div(rate.into())
}

/// When a bot is done, in microseconds; `None` if it never is.
fn done_us(course: &[(u64, u32); 2]) -> Option<u128> {
    Some(stretch_us(course[0])? + stretch_us(course[1])?)
}

/// How many a bot has told by then.
fn told_by(course: &[(u64, u32); 2], at: u128) -> u128 {
    let mut left = at;
    let mut told = 0;
    for &(chats, rate) in course {
        let length = stretch_us((chats, rate));
        if length.is_none_or(|length| left < length) {
            return told + (u128::from(rate) * left / SECOND).min(chats.into());
        }
        left -= length.unwrap_or(0);
        told += u128::from(chats);
    }
    told
}

fn micros(at: u128) -> Option<Duration> {
    u64::try_from(at).ok().map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    fn free<const N: usize>(bots: [(u64, u32); N]) -> Forecast {
        Forecast::new(bots.map(|(chats, rate)| (chats, Pace::free(rate))))
    }

    #[test]
    fn one_bot_takes_its_chats_by_its_pace() {
        let forecast = free([(100_000, 30)]);
        assert_eq!(forecast.chats(), 100_000);
        let minutes = [50, 99, 100].map(|part| forecast.time_to(part).unwrap().as_secs() / 60);
        assert_eq!(minutes, [27, 55, 55]);
        let hours = free([(1_000_000, 30)]).time_to(100).unwrap().as_secs() / 3600;
        assert_eq!(hours, 9);
    }

    #[test]
    fn bots_send_side_by_side() {
        // 300 in the first 10 s by both, and then 30 s of the second alone.
        let forecast = free([(400, 10), (200, 20)]);
        assert_eq!(forecast.time_to(50), Some(S(10)));
        assert_eq!(forecast.time_to(100), Some(S(40)));
        assert_eq!(forecast.time_to(75), Some(S(25)));
        assert_eq!(forecast.time_to(25), Some(S(5)));
        assert_eq!(forecast.points(), [(S(0), 0), (S(10), 300), (S(40), 600)]);
        assert_eq!(free([(200, 20), (400, 10)]), forecast);
    }

    #[test]
    fn nobody_takes_no_time_and_a_bot_that_may_not_send_takes_forever() {
        let nobody = free([(0, 30), (0, 0)]);
        assert_eq!((nobody.chats(), nobody.time_to(100)), (0, Some(S(0))));
        assert_eq!(nobody.points(), [(S(0), 0)]);
        let never = free([(1, 0), (9, 1)]);
        assert_eq!(never.time_to(90), Some(S(9)));
        assert_eq!(never.time_to(100), None);
        assert!(free([(1_000_000_000_000, 1)]).time_to(99).is_some());
    }

    #[test]
    fn a_million_at_a_thousand_a_second_costs_97_000_stars() {
        let rich = Pace { free: 30, paid: 1_000, most: u64::MAX };
        let forecast = Forecast::new([(1_000_000, rich)]);
        assert_eq!((forecast.tenths(), forecast.time_to(100)), (970_000, Some(S(1_000))));
        assert_eq!(Forecast::new([(20, rich)]).tenths(), 0, "the free rate covers it");
        assert_eq!(Forecast::new([(20, Pace { paid: 30, ..rich })]), free([(20, 30)]));
    }

    #[test]
    fn when_the_budget_is_spent_the_rest_goes_at_the_free_rate() {
        // 970 tenths a second: ten seconds, then 300 chats at 30.
        let poor = Pace { free: 30, paid: 1_000, most: 9_700 };
        let forecast = Forecast::new([(10_300, poor)]);
        assert_eq!(forecast.tenths(), 9_700);
        assert_eq!(forecast.points(), [(S(0), 0), (S(10), 10_000), (S(20), 10_300)]);
        assert_eq!(forecast.time_to(50), Some(Duration::from_millis(5_150)));
        assert_eq!(Forecast::new([(10_000, poor)]).time_to(100), Some(S(10)));
        let both = Forecast::new([(10_300, poor), (600, Pace::free(30))]);
        assert_eq!(both.tenths(), 9_700);
        assert_eq!(both.points(), [(S(0), 0), (S(10), 10_300), (S(20), 10_900)]);
    }

    #[test]
    fn an_outlook_sums_over_bots_by_kind() {
        use crate::domain::audience::{Kind, Tier};
        let of = |tier: Tier, chats: u64, people: u64| {
            let mut reach = Reach::default();
            reach.chats[tier.index()] = chats;
            reach.people[tier.index()] = people;
            reach
        };
        let bots = [
            (of(Tier::Channel, 2, 5_000), Pace::free(30)),
            (of(Tier::Silent, 9, 9), Pace::free(1)),
        ];
        let outlook = Outlook::new(bots);
        assert_eq!(outlook.reach.of(Kind::Channel), (2, 5_000));
        assert_eq!(outlook.reach.of(Kind::Private), (9, 9));
        assert_eq!((outlook.forecast.chats(), outlook.forecast.time_to(100)), (11, Some(S(9))));
    }
}
