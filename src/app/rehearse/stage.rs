//! Where the play takes place: the world, the clock, and waiting for things to happen.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Result, bail};

use super::{
    Storage,
    judge::{Arrived, Evidence, Phone},
    town::Story,
};
use crate::{
    app::clock::System,
    domain::{
        delivery::Settlement,
        ids::{BotId, ChatId, FanoutId, LetterId, UserId},
        time::Moment,
    },
    ports::{
        clock::Clock,
        store::{Fanout, Store},
    },
    sim::world::{Button, Seen, World},
};

/// How often people look at their phones while they wait.
const GLANCE: Duration = Duration::from_millis(20);

/// See the module.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) world: Arc<Mutex<World>>,
    /// With their usernames. Officials speak to the first.
    pub(super) bots: Vec<(BotId, String)>,
    pub(super) clock: System,
    pub(super) store: Storage,
}

impl Stage {
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        // The world is changed by whole calls: it is as it was before whatever panicked.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Moment {
        self.clock.now()
    }

    pub(super) fn say(&self, bot: BotId, user: UserId, text: &str) -> Result<()> {
        let now = self.now();
        self.world().say(bot, user, None, text, None, now)?;
        Ok(())
    }

    pub(super) fn press(&self, bot: BotId, user: UserId, data: &str) -> Result<()> {
        let now = self.now();
        let button = Button::Data(data.to_owned());
        self.world().press(bot, user, None, None, &button, now)?;
        Ok(())
    }

    pub(super) fn phone(&self, bot: BotId, user: UserId) -> Vec<Seen> {
        self.world().phone(bot, user.chat())
    }

    /// The bot that officials speak to.
    pub(super) fn desk(&self) -> BotId {
        self.bots.first().map_or(BotId(0), |(bot, _)| *bot)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = BotId> + '_ {
        self.bots.iter().map(|(bot, _)| *bot)
    }

    /// Messages accepted whose senders were told otherwise.
    pub(super) fn lost(&self) -> u64 {
        let world = self.world();
        self.ids().map(|bot| world.tally(bot).accepted_then_lost).sum()
    }

    /// Looks until there is something to see.
    pub(super) async fn until<T>(
        &self,
        what: &str,
        within: Duration,
        mut look: impl FnMut() -> Option<T>,
    ) -> Result<T> {
        let deadline = self.now().mono + within;
        loop {
            if let Some(seen) = look() {
                return Ok(seen);
            }
            if self.now().mono > deadline {
                bail!("waited {} s in vain: {what}", within.as_secs());
            }
            self.clock.sleep(GLANCE).await;
        }
    }

    /// Waits until the daemon has heard everything that was said, and has answered it.
    pub(super) async fn quiet(&self, what: &str, within: Duration) -> Result<()> {
        let deadline = self.now().mono + within;
        loop {
            let heard = self.ids().all(|bot| self.world().pending(bot).next().is_none());
            let mut answered = heard;
            for bot in self.ids() {
                answered = answered && self.store.letters(bot, LetterId(0)).await?.is_empty();
            }
            if answered {
                return Ok(());
            }
            if self.now().mono > deadline {
                bail!("waited {} s in vain: {what}", within.as_secs());
            }
            self.clock.sleep(GLANCE * 5).await;
        }
    }

    /// The broadcasts with the first numbers greater than `after`, one a bot, once there are any: they
    /// are opened as one.
    pub(super) async fn broadcasts(
        &self,
        after: FanoutId,
        within: Duration,
    ) -> Result<Vec<Fanout>> {
        let deadline = self.now().mono + within;
        loop {
            let mut opened = Vec::new();
            for n in (after.0 + 1..).take(self.bots.len()) {
                opened.extend(self.store.fanout(FanoutId(n)).await?);
            }
            if opened.len() == self.bots.len() {
                return Ok(opened);
            }
            if self.now().mono > deadline {
                bail!("what was confirmed opened no broadcast within {} s", within.as_secs());
            }
            self.clock.sleep(GLANCE).await;
        }
    }

    /// What the judge is given.
    pub(super) async fn evidence(&self, story: &Story) -> Result<Evidence> {
        let mut admitted: BTreeMap<ChatId, Vec<(FanoutId, Settlement)>> = BTreeMap::new();
        for bot in self.ids() {
            for (chat, fanout, settlement) in self.store.outcomes(bot, story.alert()).await? {
                admitted.entry(chat).or_default().push((fanout, settlement));
            }
        }
        let world = self.world();
        let mut phones: BTreeMap<ChatId, Phone> = BTreeMap::new();
        for &chat in &story.met {
            phones.entry(chat).or_default();
        }
        for chat in self.ids().flat_map(|bot| world.friends(bot).collect::<Vec<_>>()) {
            phones.entry(chat).or_default().open = true;
        }
        for one in world.accepted() {
            let (Some(phone), Some(text)) = (phones.get_mut(&one.chat), world.text(one.body))
            else {
                continue;
            };
            let text = Arc::clone(text);
            phone.messages.push(Arrived { at: one.arrival, text, edit: one.edit });
        }
        Ok(Evidence {
            phones,
            admitted,
            tallies: self.ids().map(|bot| world.tally(bot)).collect(),
            limit: world.limits().per_second,
            jitter: Duration::from_millis(world.weather().jitter_max_ms.into()),
        })
    }
}
