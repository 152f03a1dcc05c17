//! What a bot may spend on broadcasting faster.
//!
//! A paid message carries `allow_paid_broadcast` and is exempt from the free rate; above that rate it
//! costs a tenth of a Star. `// telegram.md §1: paid broadcast` Only hazards that the configuration
//! names may cost anything, so much an alert and so much a day.
//!
//! Invariants: what was spent is counted when a message leaves, so that a crash forgets at most what
//! was in flight; the day is the calendar's in UTC; when Telegram says that the balance is gone,
//! everything goes at the free rate until [`REST`] has passed, and so it does when a budget is spent.
//!
//! Deliberately absent: the true balance, which no method tells in time.

use std::time::Duration;

use crate::{
    domain::{
        ids::AlertId,
        time::{Moment, Mono},
    },
    ports::store::Spent,
};

/// After Telegram refused to be paid, how long nothing is offered: topping up takes a person minutes.
pub const REST: Duration = Duration::from_mins(10);
/// Alerts whose spending is remembered; beyond them the oldest is forgotten, which is long over.
const ALERTS_MAX: usize = 64;
/// Tenths in a Star: what a message costs is one. `// telegram.md §1: 0.1 Star for each message`
pub const TENTHS: u64 = 10;

/// What a bot may do for Stars. Nothing, by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Messages per second while they are paid for; 0 if the bot never pays.
    pub rate: u32,
    /// Stars for one alert at most.
    pub per_alert: u64,
    /// Stars for one day at most.
    pub per_day: u64,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Purse {
    budget: Budget,
    free_rate: u32,
    spent: Spent,
    resting_until: Mono,
}

impl Purse {
    /// A purse of which so much was spent already.
    #[must_use]
    pub fn new(budget: Budget, free_rate: u32, spent: Spent) -> Self {
        Self { budget, free_rate, spent, resting_until: Mono(0) }
    }

    /// Messages per second at most, paid or not.
    #[must_use]
    pub fn top_rate(&self) -> u32 {
        self.budget.rate.max(self.free_rate)
    }

    /// Whether the next message of this alert may be paid for.
    #[must_use]
    pub fn pays(&self, alert: AlertId, now: Moment) -> bool {
        self.budget.rate > self.free_rate
            && self.resting_until <= now.mono
            && self.left(alert, now) > 0
    }

    /// Tenths of a Star that are left for this alert today.
    #[must_use]
    pub fn left(&self, alert: AlertId, now: Moment) -> u64 {
        let today = self.spent.on_day(now.utc);
        let on_it = self.spent.alerts.get(&alert).copied().unwrap_or(0);
        let day = (self.budget.per_day * TENTHS).saturating_sub(today);
        day.min((self.budget.per_alert * TENTHS).saturating_sub(on_it))
    }

    /// A paid message leaves, the `nth` of all within a second; says whether it costs something.
    pub fn on_send(&mut self, alert: AlertId, nth: usize, now: Moment) -> bool {
        if nth <= self.free_rate as usize {
            return false;
        }
        let today = Spent::day_of(now.utc);
        if self.spent.day != today {
            self.spent.day = today;
            self.spent.tenths = 0;
        }
        self.spent.tenths += 1;
        *self.spent.alerts.entry(alert).or_default() += 1;
        while self.spent.alerts.len() > ALERTS_MAX {
            self.spent.alerts.pop_first();
        }
        true
    }

    /// Telegram would not be paid. Says whether that is news.
    pub fn on_refused(&mut self, now: Mono) -> bool {
        let news = self.resting_until <= now;
        self.resting_until = now + REST;
        news
    }

    /// What has to outlive the process.
    #[must_use]
    pub fn spent(&self) -> &Spent {
        &self.spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Utc;

    const BUDGET: Budget = Budget { rate: 1_000, per_alert: 5, per_day: 8 };

    fn at(seconds: u64) -> Moment {
        let utc = Utc::from_timestamp(1_790_000_000, 0).unwrap() + Duration::from_secs(seconds);
        Moment { mono: Mono(seconds * 1_000_000), utc }
    }

    fn spend(purse: &mut Purse, alert: i64, now: Moment) -> u32 {
        let mut sent = 0;
        while purse.pays(AlertId(alert), now) {
            purse.on_send(AlertId(alert), 31, now);
            sent += 1;
        }
        sent
    }

    #[test]
    fn an_alert_and_a_day_have_their_budgets_and_a_new_day_has_its_own() {
        let mut purse = Purse::new(BUDGET, 30, Spent::default());
        assert_eq!(spend(&mut purse, 1, at(0)), 50, "five Stars are fifty messages");
        assert_eq!(spend(&mut purse, 2, at(1)), 30, "three are left of the day");
        let spent = purse.spent().clone();
        let mut later = Purse::new(BUDGET, 30, spent);
        assert_eq!(spend(&mut later, 3, at(2)), 0, "a restart gives nothing back");
        assert_eq!(spend(&mut later, 2, at(86_400)), 20);
    }

    #[test]
    fn what_the_free_rate_covers_costs_nothing() {
        let mut purse = Purse::new(BUDGET, 30, Spent::default());
        assert!(!purse.on_send(AlertId(1), 30, at(0)));
        assert!(purse.on_send(AlertId(1), 31, at(0)));
        assert_eq!(purse.spent().alerts[&AlertId(1)], 1);
    }

    #[test]
    fn when_the_balance_is_gone_it_rests_and_tries_again() {
        let mut purse = Purse::new(BUDGET, 30, Spent::default());
        assert!(purse.on_refused(at(0).mono), "that is news");
        assert!(!purse.on_refused(at(1).mono), "once");
        assert!(!purse.pays(AlertId(1), at(60)));
        assert!(purse.pays(AlertId(1), at(1 + REST.as_secs())));
    }

    #[test]
    fn a_bot_without_a_budget_never_pays() {
        let purse = Purse::new(Budget::default(), 30, Spent::default());
        assert!(!purse.pays(AlertId(1), at(0)));
        assert_eq!(purse.top_rate(), 30);
    }
}
