//! Where the play takes place: the world, the clock, and waiting for things to happen.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Result, bail};

use super::{
    Storage,
    judge::{Evidence, Phone},
    town::Story,
};
use crate::{
    app::clock::System,
    domain::{
        delivery::Settlement,
        ids::{BotId, ChatId, FanoutId, UserId},
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
    pub(super) bot: BotId,
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

    pub(super) fn say(&self, user: UserId, text: &str) -> Result<()> {
        let now = self.now();
        self.world().say(self.bot, user, None, text, None, now)?;
        Ok(())
    }

    pub(super) fn press(&self, user: UserId, data: &str) -> Result<()> {
        let now = self.now();
        let button = Button::Data(data.to_owned());
        self.world().press(self.bot, user, None, None, &button, now)?;
        Ok(())
    }

    pub(super) fn phone(&self, user: UserId) -> Vec<Seen> {
        self.world().phone(self.bot, user.chat())
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
            let heard = self.world().pending(self.bot).next().is_none();
            if heard
                && self.store.letters(self.bot, crate::domain::ids::LetterId(0)).await?.is_empty()
            {
                return Ok(());
            }
            if self.now().mono > deadline {
                bail!("waited {} s in vain: {what}", within.as_secs());
            }
            self.clock.sleep(GLANCE * 5).await;
        }
    }

    /// The first broadcast with a number greater than `after`, once there is one.
    pub(super) async fn broadcast(&self, after: FanoutId, within: Duration) -> Result<Fanout> {
        let deadline = self.now().mono + within;
        loop {
            if let Some(fanout) = self.store.fanout(FanoutId(after.0 + 1)).await? {
                return Ok(fanout);
            }
            if self.now().mono > deadline {
                bail!("what was confirmed opened no broadcast within {} s", within.as_secs());
            }
            self.clock.sleep(GLANCE).await;
        }
    }

    /// What the judge is given.
    pub(super) async fn evidence(&self, story: &Story) -> Result<Evidence> {
        let alert = story.start.transition.alert.id();
        let mut admitted: BTreeMap<ChatId, Vec<(FanoutId, Settlement)>> = BTreeMap::new();
        for (chat, fanout, settlement) in self.store.outcomes(self.bot, alert).await? {
            admitted.entry(chat).or_default().push((fanout, settlement));
        }
        let world = self.world();
        let open: Vec<ChatId> = world.friends(self.bot).collect();
        let phones = world
            .friends(self.bot)
            .chain(story.met.iter().copied())
            .map(|chat| {
                let messages = world.phone(self.bot, chat);
                (chat, Phone { messages, open: open.binary_search(&chat).is_ok() })
            })
            .collect();
        Ok(Evidence {
            phones,
            admitted,
            tally: world.tally(self.bot),
            limit: world.limits().per_second,
            jitter: Duration::from_millis(world.weather().jitter_max_ms.into()),
        })
    }
}
