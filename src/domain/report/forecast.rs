//! What a broadcast is expected to take, before it is confirmed and beside what it took.
//!
//! Bots send side by side, each at its own pace and to its own chats; so the whole is as quick as the
//! sum of them at first, and as slow as the slowest at last.
//!
//! Deliberately absent: doubt. Weather, chats that are dead and what else the bots have to say are not
//! foreseen. And what a broadcast costs and which kinds of chats it reaches, yet: they belong here.

use std::time::Duration;

/// Microseconds in a second.
const SECOND: u128 = 1_000_000;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// Chats and messages per second of each bot that has chats, the first to finish first.
    lanes: Vec<(u64, u32)>,
}

impl Forecast {
    /// A forecast for bots with so many chats and so many messages per second each.
    pub fn new(lanes: impl IntoIterator<Item = (u64, u32)>) -> Self {
        let mut lanes: Vec<(u64, u32)> =
            lanes.into_iter().filter(|(chats, _)| *chats > 0).collect();
        lanes.sort_by_key(|&(chats, pace)| done_us(chats, pace).unwrap_or(u128::MAX));
        Self { lanes }
    }

    /// How many chats there are.
    #[must_use]
    pub fn chats(&self) -> u64 {
        self.lanes.iter().map(|(chats, _)| chats).sum()
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

    /// When each bot is done, in microseconds, and how many are told by then.
    fn corners(&self) -> Vec<(u128, u128)> {
        let mut corners = Vec::new();
        let mut done = 0_u128;
        for (n, &(chats, pace)) in self.lanes.iter().enumerate() {
            let Some(at) = done_us(chats, pace) else { break };
            done += u128::from(chats);
            let under_way = self.lanes.iter().skip(n + 1);
            let others: u128 = under_way
                .map(|&(chats, pace)| (u128::from(pace) * at / SECOND).min(chats.into()))
                .sum();
            corners.push((at, done + others));
        }
        corners
    }
}

/// When a bot is done, in microseconds; `None` if it never is.
fn done_us(chats: u64, pace: u32) -> Option<u128> {
    (u128::from(chats) * SECOND).checked_div(pace.into())
}

fn micros(at: u128) -> Option<Duration> {
    u64::try_from(at).ok().map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn one_bot_takes_its_chats_by_its_pace() {
        let forecast = Forecast::new([(100_000, 30)]);
        assert_eq!(forecast.chats(), 100_000);
        let minutes = [50, 99, 100].map(|part| forecast.time_to(part).unwrap().as_secs() / 60);
        assert_eq!(minutes, [27, 55, 55]);
        let hours = Forecast::new([(1_000_000, 30)]).time_to(100).unwrap().as_secs() / 3600;
        assert_eq!(hours, 9);
    }

    #[test]
    fn bots_send_side_by_side() {
        // 300 in the first 10 s by both, and then 30 s of the second alone.
        let forecast = Forecast::new([(400, 10), (200, 20)]);
        assert_eq!(forecast.time_to(50), Some(S(10)));
        assert_eq!(forecast.time_to(100), Some(S(40)));
        assert_eq!(forecast.time_to(75), Some(S(25)));
        assert_eq!(forecast.time_to(25), Some(S(5)));
        assert_eq!(forecast.points(), [(S(0), 0), (S(10), 300), (S(40), 600)]);
        assert_eq!(Forecast::new([(200, 20), (400, 10)]), forecast);
    }

    #[test]
    fn nobody_takes_no_time_and_a_bot_that_may_not_send_takes_forever() {
        let nobody = Forecast::new([(0, 30), (0, 0)]);
        assert_eq!((nobody.chats(), nobody.time_to(100)), (0, Some(S(0))));
        assert_eq!(nobody.points(), [(S(0), 0)]);
        let never = Forecast::new([(1, 0), (9, 1)]);
        assert_eq!(never.time_to(90), Some(S(9)));
        assert_eq!(never.time_to(100), None);
        assert!(Forecast::new([(1_000_000_000_000, 1)]).time_to(99).is_some());
    }
}
