//! How a broadcast went, in figures people ask for.

use std::time::Duration;

use super::{
    delivery::{Settlement, Tally},
    ids::{AlertId, FanoutId, Revision},
    time::Utc,
};

/// The figures of one broadcast at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Which broadcast.
    pub fanout: FanoutId,
    /// Of which alert.
    pub alert: AlertId,
    /// Of which of its states.
    pub revision: Revision,
    /// How many chats it is for; `None` while they are being counted.
    pub audience: Option<u64>,
    /// How they ended so far.
    pub tally: Tally,
    /// When it began.
    pub started_at: Utc,
    /// When the last chat was settled, if that was so.
    pub closed_at: Option<Utc>,
    /// Messages sent in the last second.
    pub rate: u32,
    /// The limit it is held to, per second.
    pub limit: u32,
    /// Tenths of a Star that the alert has cost so far through this bot.
    pub tenths: u64,
    /// Why it stands still, if it does.
    pub trouble: Option<Trouble>,
}

/// The figures of the same message through the other bots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Elsewhere {
    /// How many chats it is for; `None` while some are being counted.
    pub audience: Option<u64>,
    /// How they ended so far.
    pub tally: Tally,
    /// Chats settled a second, lately.
    pub rate: u32,
    /// What those bots that are still at it may send a second.
    pub limit: u32,
    /// When the last of them was done, if all are.
    pub closed_at: Option<Utc>,
}

/// Why a broadcast stands still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Telegram asked the bot to wait until then.
    Throttled(Utc),
    /// Telegram does not answer; we keep trying.
    Outage,
    /// Telegram refuses the text: our fault.
    Malformed,
    /// Telegram refuses the token.
    Revoked,
    /// Our own storage refuses to save progress.
    Storage,
    /// An official has paused it.
    Held,
}

impl Report {
    /// With what the other bots did: an official raised one alert, however many bots carry it.
    #[must_use]
    pub fn and(mut self, others: &Elsewhere) -> Self {
        self.audience = self.audience.zip(others.audience).map(|(one, other)| one + other);
        for settlement in Settlement::ALL {
            self.tally.add(settlement, others.tally.get(settlement));
        }
        // Whoever is done sends no more.
        let own = if self.closed_at.is_none() { (self.rate, self.limit) } else { (0, 0) };
        if self.closed_at.is_none() || others.closed_at.is_none() {
            self.rate = own.0.saturating_add(others.rate);
            self.limit = own.1.saturating_add(others.limit);
        }
        self.closed_at = self.closed_at.zip(others.closed_at).map(|(one, other)| one.max(other));
        self
    }

    /// Chats that are yet to be settled.
    #[must_use]
    pub fn remaining(&self) -> Option<u64> {
        if self.closed_at.is_some() {
            return Some(0);
        }
        self.audience.map(|audience| audience.saturating_sub(self.tally.sum()))
    }

    /// Chats that will not get the message, whatever the reason.
    #[must_use]
    pub fn failed(&self) -> u64 {
        [Settlement::Retired, Settlement::Suspended, Settlement::Failed]
            .into_iter()
            .map(|settlement| self.tally.get(settlement))
            .sum()
    }

    /// Time to the last chat, at the present rate or, before there is one, at the limit.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        let rate = if self.rate == 0 { self.limit } else { self.rate };
        forecast(self.remaining()?, rate)
    }
}

/// How long `chats` messages take at `per_second`; `None` if they would never end.
#[must_use]
pub fn forecast(chats: u64, per_second: u32) -> Option<Duration> {
    (per_second > 0)
        .then(|| Duration::from_millis(chats.saturating_mul(1000) / u64::from(per_second)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_chats_at_thirty_a_second_take_nine_hours() {
        let hours = forecast(1_000_000, 30).unwrap().as_secs() / 3600;
        assert_eq!(hours, 9);
        assert_eq!(forecast(1, 0), None);
    }
}
