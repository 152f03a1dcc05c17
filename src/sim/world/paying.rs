//! PURE. Broadcasting above the free rate, for Stars.
//!
//! Invariants: what asks to be paid for is exempt from the free limit and keeps to the paid one, with
//! all else the bot sends. It costs [`PRICE`] when the free rate of its second is used up already, by
//! whatever was let through; below that it costs nothing. A message that costs something is let
//! through only while the balance lasts. `// telegram.md §1, Bot API: allow_paid_broadcast`
//!
//! Deliberately absent: giving Stars back for a message that its chat did not take.

use std::time::Duration;

use super::{ApiError, BOT_SPAN, Limits, Unable, World, account::Account, flood::Window};
use crate::domain::{ids::BotId, time::Mono};

/// Tenths of a Star for each message above the free rate.
const PRICE: u64 = 1;
/// Tenths of a Star that a bot has: without 10,000 Stars none may broadcast for money.
const FIRST_BALANCE: u64 = 100_000;
/// What a bot without money is told to wait, if it is told to.
const BROKE_WAIT: Duration = Duration::from_secs(1);

/// What a bot is told whose balance is gone: both were seen. `// telegram.md §2.4`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Broke {
    /// 400 `BALANCE_TOO_LOW`.
    #[default]
    Refused,
    /// 429 with a second to wait, as if it were too fast.
    Throttled,
}

/// One bot's money, and what it went for.
#[derive(Clone, Debug)]
pub(super) struct Purse {
    balance: u64,
    broke: Broke,
    /// Messages let through, paid or not.
    all: Window,
    pub(super) paid: u64,
    pub(super) spent: u64,
    pub(super) unpaid: u64,
}

impl Default for Purse {
    fn default() -> Self {
        let (balance, broke, all) = (FIRST_BALANCE, Broke::default(), Window::new());
        Self { balance, broke, all, paid: 0, spent: 0, unpaid: 0 }
    }
}

impl Account {
    /// How long until the limits have room for one more, if they have none.
    pub(super) fn over_limit(&mut self, of: &Limits, paid: bool, now: Mono) -> Option<Duration> {
        let most = of.paid_per_second.max(of.per_second);
        let all = self.purse.all.full_for(now, BOT_SPAN, most);
        let free = if paid { None } else { self.window.full_for(now, BOT_SPAN, of.per_second) };
        all.max(free)
    }

    /// Whether one more costs something.
    pub(super) fn costs(&mut self, limits: &Limits, paid: bool, now: Mono) -> bool {
        paid && self.purse.all.full_for(now, BOT_SPAN, limits.per_second).is_some()
    }

    /// Whether there is money for one more.
    pub(super) fn afford(&mut self) -> Result<(), ApiError> {
        if self.purse.balance >= PRICE {
            return Ok(());
        }
        self.purse.unpaid += 1;
        Err(match self.purse.broke {
            Broke::Refused => ApiError::bad("Bad Request: BALANCE_TOO_LOW"),
            Broke::Throttled => ApiError::flood(BROKE_WAIT),
        })
    }

    /// Counts a message that was let through.
    pub(super) fn let_through(&mut self, paid: bool, dear: bool, now: Mono) {
        self.purse.all.add(now);
        if !paid {
            self.window.add(now);
        }
        if dear {
            self.purse.balance = self.purse.balance.saturating_sub(PRICE);
            self.purse.spent += PRICE;
        }
    }
}

impl World {
    /// Gives a bot so many tenths of a Star in place of what it has, and says what it is told when
    /// they are gone.
    ///
    /// # Errors
    /// There is no such bot.
    pub fn set_balance(&mut self, bot: BotId, tenths: u64, broke: Broke) -> Result<(), Unable> {
        let account = self.bots.get_mut(&bot).ok_or(Unable::NoSuchBot)?;
        (account.purse.balance, account.purse.broke) = (tenths, broke);
        Ok(())
    }

    /// Tenths of a Star that a bot has left; `None` if there is no such bot.
    #[must_use]
    pub fn balance(&self, bot: BotId) -> Option<u64> {
        self.bots.get(&bot).map(|account| account.purse.balance)
    }
}
