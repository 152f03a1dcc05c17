//! One ledger behind a lock.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::Ledger;
use crate::{
    domain::{
        alert::Transition,
        audience::{Audience, Position, Reach},
        board::Board,
        consent::Challenge,
        ids::{AlertId, BotId, ChatId, Code, FanoutId, LetterId, RegionId, UpdateId, UserId},
        letter::{Letter, Watch},
        report::FanoutFigures,
        time::Utc,
    },
    ports::store::{
        Asked, Deed, Enacted, Fanout, Heir, Limits, Page, Result, Save, Store, Subscriber,
    },
};

/// A store that forgets everything when the process ends.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    ledger: Arc<Mutex<Ledger>>,
}

impl Memory {
    /// A store that starts with this.
    #[must_use]
    pub fn new(ledger: Ledger) -> Self {
        Self { ledger: Arc::new(Mutex::new(ledger)) }
    }

    /// A copy of everything, as it is now.
    #[must_use]
    pub fn snapshot(&self) -> Ledger {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Ledger> {
        // Nothing in a ledger panics half-way.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Memory {
    async fn enact(&self, deed: &Deed) -> Result<Enacted> {
        Ok(self.lock().enact(deed))
    }
    async fn last_update(&self, bot: BotId) -> Result<Option<UpdateId>> {
        Ok(self.lock().last_update(bot))
    }
    async fn board(&self) -> Result<Board> {
        Ok(self.lock().board())
    }
    async fn next_alert(&self) -> Result<AlertId> {
        Ok(self.lock().next_alert())
    }
    async fn last_turn(&self, alert: AlertId) -> Result<Option<Transition>> {
        Ok(self.lock().last_turn(alert))
    }
    async fn subscriber(&self, bot: BotId, chat: ChatId) -> Result<Option<Subscriber>> {
        Ok(self.lock().subscriber(bot, chat))
    }
    async fn crowded(&self, bot: BotId, most: u64) -> Result<bool> {
        Ok(self.lock().private_chats(bot) > most)
    }
    async fn asked(&self, code: &Code) -> Result<Option<Asked>> {
        Ok(self.lock().asked(code))
    }
    async fn asked_by(&self, issuer: UserId) -> Result<Vec<Challenge>> {
        Ok(self.lock().asked_by(issuer))
    }
    async fn reach(&self, bot: BotId, audience: &Audience) -> Result<Reach> {
        Ok(self.lock().reach(bot, audience))
    }
    async fn open_fanouts(&self, bot: BotId) -> Result<Vec<Fanout>> {
        Ok(self.lock().open_fanouts(bot))
    }
    async fn fanout(&self, fanout: FanoutId) -> Result<Option<Fanout>> {
        Ok(self.lock().fanout(fanout))
    }
    async fn figures(&self, alert: AlertId) -> Result<Vec<FanoutFigures>> {
        Ok(self.lock().figures(alert))
    }
    async fn siblings(&self, fanout: FanoutId) -> Result<Vec<Fanout>> {
        Ok(self.lock().siblings(fanout))
    }
    async fn page(&self, fanout: FanoutId, after: Position, limit: usize) -> Result<Page> {
        Ok(self.lock().page(fanout, after, limit))
    }
    async fn count(&self, fanout: FanoutId, after: Position) -> Result<u64> {
        Ok(self.lock().count(fanout, after))
    }
    async fn told(
        &self,
        bot: BotId,
        chats: &[(ChatId, RegionId)],
        alerts: &[AlertId],
        since: Option<Utc>,
    ) -> Result<BTreeMap<ChatId, bool>> {
        Ok(self.lock().told(bot, chats, alerts, since))
    }
    async fn sized(&self, fanout: FanoutId, size: u64) -> Result<()> {
        self.lock().sized(fanout, size);
        Ok(())
    }
    async fn close_readers(&self, fanout: FanoutId) -> Result<()> {
        self.lock().close_readers(fanout);
        Ok(())
    }
    async fn save(&self, bot: BotId, save: &Save, at: Utc) -> Result<()> {
        self.lock().save(bot, save, at);
        Ok(())
    }
    async fn follow(&self, fanout: FanoutId, from: ChatId, to: ChatId) -> Result<Heir> {
        Ok(self.lock().follow(fanout, from, to))
    }
    async fn letters(&self, bot: BotId, after: LetterId) -> Result<Vec<Letter>> {
        Ok(self.lock().letters(bot, after))
    }
    async fn watches(&self, bot: BotId) -> Result<Vec<Watch>> {
        Ok(self.lock().watches(bot))
    }
    async fn limits(&self, bot: BotId) -> Result<Limits> {
        Ok(self.lock().limits(bot))
    }
    async fn tidy(&self, now: Utc) -> Result<bool> {
        Ok(self.lock().tidy(now))
    }
}
