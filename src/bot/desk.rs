//! The async shell of the bot: reads updates and facts, and does the one deed each update asks for.
//!
//! Invariants: an update is confirmed to Telegram only after its effect is committed; updates are
//! handled one after another, so that a chat's messages are answered in order; whatever the store
//! says, nothing is half-done; a broken update does not block the ones behind it.
//!
//! Deliberately absent: sending. Answers are letters in the deed's transaction; `fanout` sends them by
//! the limits of the token. Only two things go out from here, both allowed to fail: toasts, and the
//! word that the storage is in trouble, which can't be stored.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        board::Board,
        ids::{BotId, ChatId, UpdateId},
        lang::Lang,
        letter::Message,
        time::Mono,
    },
    ports::{
        clock::Clock,
        courier::{Courier, Event, Extras, FetchFault, Incoming},
        store::{Deed, Effect, Enacted, Store, StoreError},
    },
};

use super::{
    Rules,
    dialogue::{self, Case, Facts, Office, Reply, Sibling, Tariff, Want},
    phrases::{self, Phrase},
};

/// How long one question for updates waits. `// Bot API: getUpdates.timeout, at most 50 s`
const POLL_WAIT: Duration = Duration::from_secs(25);
/// First and longest wait after a failure that passes.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));
/// Wait when somebody else reads this bot's updates.
const CONFLICT_WAIT: Duration = Duration::from_secs(5);
/// How often an update is decided anew because things changed meanwhile.
const LOOKS_MAX: usize = 4;
/// Most facts one decision reads: a few kinds, and a code may be drawn a few times.
const FACTS_MAX: usize = 24;
/// Most toasts on their way at once; beyond it they are dropped, since a press is answered by a
/// letter too.
const TOASTS_MAX: usize = 64;
/// Most rounds of tidying in one tick.
const TIDY_ROUNDS_MAX: usize = 8;
/// How long the count of a chat's members may be waited for; without it the chat keeps its old one.
const MEMBERS_WAIT: Duration = Duration::from_secs(2);
/// Members are counted anew when a chat speaks so long after the last time: an order of magnitude is
/// all that matters, and that does not change within a day.
const COUNTED_FOR: Duration = Duration::from_hours(24);
/// Most chats whose last count is remembered; beyond it all are forgotten, and counted anew.
const COUNTED_MAX: usize = 50_000;

/// What a desk is told at birth.
#[derive(Clone)]
pub struct DeskOptions {
    /// Which bot this is.
    pub bot: BotId,
    /// All bots: an alert goes out through each.
    pub bots: Vec<BotId>,
    /// The other bots, for residents beyond what this one serves comfortably.
    pub siblings: Vec<Sibling>,
    /// Private chats that it serves comfortably.
    pub comfortable: u64,
    /// What each bot sends with, for forecasts.
    pub tariffs: BTreeMap<BotId, Tariff>,
    /// The language of those whose own we don't speak.
    pub default_lang: Lang,
    /// Commands that raise and are older are answered, not executed.
    pub late_after: Duration,
    /// The bot's name, as groups address it, without `@`.
    pub username: String,
    /// The rules.
    pub rules: Arc<Rules>,
    /// Chance, for the codes of challenges.
    pub seed: u64,
    /// Called after each commit that opened a broadcast or wrote letters.
    pub wake: Arc<dyn Fn() + Send + Sync>,
}

impl fmt::Debug for DeskOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeskOptions").field("bot", &self.bot).finish_non_exhaustive()
    }
}

/// Why a desk has stopped.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// Only a new token helps.
    #[error("Telegram refuses the token of bot {}", .0.0)]
    Token(BotId),
    /// The store could not say where to begin.
    #[error("the desk can't begin without the store")]
    Store(#[from] StoreError),
}

/// One bot's desk.
pub struct Desk<S, C, K> {
    office: Office,
    rules: Arc<Rules>,
    store: S,
    courier: C,
    clock: K,
    chance: AtomicU64,
    wake: Arc<dyn Fn() + Send + Sync>,
    toasts: Arc<Semaphore>,
    /// When chats were counted. In memory only: after a restart they are counted anew.
    counted: Mutex<BTreeMap<ChatId, Mono>>,
}

impl<S, C, K> fmt::Debug for Desk<S, C, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("bot", &self.office.bot).finish_non_exhaustive()
    }
}

impl<S: Store, C: Courier, K: Clock> Desk<S, C, K> {
    /// Opens a desk.
    #[must_use]
    pub fn new(options: DeskOptions, store: S, courier: C, clock: K) -> Self {
        let DeskOptions { bot, bots, tariffs, default_lang, late_after, .. } = options;
        let DeskOptions { siblings, comfortable, username, rules, seed, wake, .. } = options;
        let office = Office {
            bot,
            bots,
            siblings,
            comfortable,
            tariffs,
            default_lang,
            late_after,
            username,
        };
        let toasts = Arc::new(Semaphore::new(TOASTS_MAX));
        let (chance, counted) = (seed.into(), Mutex::default());
        Self { office, rules, store, courier, clock, chance, wake, toasts, counted }
    }

    /// Reads and handles updates until `cancel`; what is being handled then is finished.
    ///
    /// # Errors
    ///
    /// When the token is refused, or the store can't say where to begin.
    pub async fn run(&self, cancel: CancellationToken) -> Result<(), DeskError> {
        let after = |id: UpdateId| UpdateId(id.0.saturating_add(1));
        let mut offset = self.store.last_update(self.office.bot).await?.map(after);
        let mut backoff = BACKOFF.0;
        while !cancel.is_cancelled() {
            let batch = tokio::select! {
                () = cancel.cancelled() => break,
                batch = self.courier.updates(offset, POLL_WAIT) => batch,
            };
            match batch {
                Ok(batch) => {
                    backoff = BACKOFF.0;
                    for incoming in &batch {
                        if !self.insist(incoming, &cancel).await {
                            return Ok(());
                        }
                        offset = Some(after(incoming.id));
                    }
                }
                Err(FetchFault::Token) => return Err(DeskError::Token(self.office.bot)),
                Err(fault) => self.wait_out(fault, &mut backoff, &cancel).await,
            }
        }
        Ok(())
    }

    async fn wait_out(
        &self,
        fault: FetchFault,
        backoff: &mut Duration,
        cancel: &CancellationToken,
    ) {
        let wait = match &fault {
            FetchFault::Throttled(wait) => *wait,
            FetchFault::Conflict => {
                tracing::error!(bot = self.office.bot.0, "{fault}");
                CONFLICT_WAIT
            }
            FetchFault::Passing(_) | FetchFault::Token => {
                tracing::warn!(bot = self.office.bot.0, "no updates: {fault}");
                grow(backoff)
            }
        };
        self.pause(wait, cancel).await;
    }

    async fn pause(&self, wait: Duration, cancel: &CancellationToken) {
        tokio::select! {
            () = cancel.cancelled() => {}
            () = self.clock.sleep(wait) => {}
        }
    }

    /// Handles an update however often the store fails. `false`: cancelled before it was done.
    async fn insist(&self, incoming: &Incoming, cancel: &CancellationToken) -> bool {
        let mut backoff = BACKOFF.0;
        let mut told = false;
        loop {
            let error = match self.handle(incoming).await {
                Ok(()) => return true,
                Err(error) => error,
            };
            tracing::error!(bot = self.office.bot.0, update = incoming.id.0, %error, "not done");
            if !told {
                told = true;
                self.apologise(incoming).await;
            }
            match error {
                // Trying again does not mend a record; the updates behind must not wait for it.
                StoreError::Corrupt(_) => return true,
                StoreError::Locked | StoreError::Full | StoreError::Failed(_) => {}
            }
            if cancel.is_cancelled() {
                return false;
            }
            self.pause(grow(&mut backoff), cancel).await;
            if cancel.is_cancelled() {
                return false;
            }
        }
    }

    /// Tells an official that nothing was done, past the store that can't keep a letter.
    async fn apologise(&self, incoming: &Incoming) {
        let Some((chat, lang)) = self.official_chat(incoming) else { return };
        let message = Message::plain(phrases::say(lang, &Phrase::Storage));
        let body = self.courier.prepare(&message);
        let outcome = self.courier.send(chat, &body, Extras::default()).await;
        tracing::debug!(?outcome, "an official was told that the storage is in trouble");
    }

    fn official_chat(&self, incoming: &Incoming) -> Option<(ChatId, Lang)> {
        let (chat, user) = match &incoming.event {
            Event::Said(said) => (said.chat, said.user?),
            Event::Pressed(press) => (press.user.chat(), press.user),
            Event::Shut(..)
            | Event::Opened(..)
            | Event::Migrated { .. }
            | Event::Other
            | Event::Broken(_) => return None,
        };
        let operator = self.rules.roster.get(user)?;
        chat.is_private().then_some((chat, operator.lang))
    }

    /// Handles one update: looks, decides, and makes it all true in one transaction.
    ///
    /// # Errors
    ///
    /// The store's; then nothing is done, and the update may be handled again.
    pub async fn handle(&self, incoming: &Incoming) -> Result<(), StoreError> {
        if let Event::Broken(why) = &incoming.event {
            tracing::warn!(update = incoming.id.0, why, "an update that can't be read is skipped");
        }
        if let Event::Opened(chat, _) = incoming.event {
            // The places it had are seen only once it is back. Doing this twice changes nothing.
            let deed = dialogue::reopening(&self.office, chat, self.clock.now().utc);
            self.store.enact(&deed).await?;
        }
        for _ in 0..LOOKS_MAX {
            let reply = self.decide(incoming).await?;
            if self.enact(reply).await? {
                return Ok(());
            }
        }
        let reply = dialogue::give_up(self.case(incoming, 0));
        self.enact(reply).await?;
        Ok(())
    }

    fn case<'a>(&'a self, incoming: &'a Incoming, chance: u64) -> Case<'a> {
        let now = self.clock.now().utc;
        Case { rules: &self.rules, office: &self.office, now, chance, incoming }
    }

    async fn decide(&self, incoming: &Incoming) -> Result<Reply, StoreError> {
        let case = self.case(incoming, self.draw());
        let mut facts = Facts::default();
        for _ in 0..FACTS_MAX {
            match dialogue::decide(case, &facts) {
                Ok(reply) => return Ok(reply),
                Err(want) => self.look(want, &mut facts).await?,
            }
        }
        tracing::error!(update = incoming.id.0, "a decision wanted too many facts");
        Ok(dialogue::give_up(case))
    }

    async fn look(&self, want: Want, facts: &mut Facts) -> Result<(), StoreError> {
        let store = &self.store;
        match want {
            Want::Board => facts.board = Some(store.board().await?),
            Want::Next => facts.next = Some(store.next_alert().await?),
            Want::Subscriber(chat) => {
                facts.subscriber = Some(store.subscriber(self.office.bot, chat).await?);
            }
            Want::Asked(code) => {
                let asked = store.asked(&code).await?;
                facts.asked.insert(code, asked);
            }
            Want::AskedBy(user) => facts.asked_by = Some(store.asked_by(user).await?),
            Want::Turn(alert) => {
                let turn = store.last_turn(alert).await?;
                facts.turns.insert(alert, turn);
            }
            Want::Reach(audience) => {
                let mut counts = Vec::new();
                for bot in &self.office.bots {
                    let spent = store.limits(*bot).await?.spent;
                    counts.push((*bot, store.reach(*bot, &audience).await?, spent));
                }
                facts.reach = Some((audience, counts));
            }
            Want::Figures(alert) => {
                facts.figures.insert(alert, store.figures(alert).await?);
            }
            Want::Open => {
                let mut open = Vec::new();
                for bot in &self.office.bots {
                    open.extend(store.open_fanouts(*bot).await?);
                }
                facts.open = Some(open);
            }
            Want::Elsewhere(chat) => {
                let mut elsewhere = Vec::new();
                for bot in self.office.bots.iter().filter(|bot| **bot != self.office.bot) {
                    elsewhere.extend(store.subscriber(*bot, chat).await?);
                }
                facts.elsewhere = Some(elsewhere);
            }
            Want::Sibling => facts.sibling = Some(self.sibling().await?),
            Want::Members { chat, known } => {
                facts.members = Some(self.members(chat, known).await);
            }
        }
        Ok(())
    }

    /// The first other bot that has room, if this one has none.
    async fn sibling(&self) -> Result<Option<String>, StoreError> {
        if !self.store.crowded(self.office.bot, self.office.comfortable).await? {
            return Ok(None);
        }
        for Sibling { bot, username, comfortable } in &self.office.siblings {
            if !self.store.crowded(*bot, *comfortable).await? {
                return Ok(Some(username.clone()));
            }
        }
        Ok(None)
    }

    async fn members(&self, chat: ChatId, known: bool) -> Option<u64> {
        let now = self.clock.now().mono;
        let last = self.counts().get(&chat).copied();
        if known && last.is_some_and(|last| now.since(last) < COUNTED_FOR) {
            return None;
        }
        tokio::select! {
            members = self.courier.members(chat) => members,
            () = self.clock.sleep(MEMBERS_WAIT) => None,
        }
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<ChatId, Mono>> {
        // A map of times is whole whatever panicked.
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn on_counted(&self, effects: &[Effect]) {
        let now = self.clock.now().mono;
        for effect in effects {
            if let Effect::Counted(_, chat, ..) = effect {
                let mut counts = self.counts();
                if counts.len() >= COUNTED_MAX {
                    counts.clear();
                }
                counts.insert(*chat, now);
            }
        }
    }

    /// `false`: things have changed since we looked.
    async fn enact(&self, reply: Reply) -> Result<bool, StoreError> {
        let wakes = !reply.deed.letters.is_empty();
        match self.store.enact(&reply.deed).await? {
            Enacted::Conflict => return Ok(false),
            Enacted::Already => {}
            Enacted::Done(opened) => {
                self.on_counted(&reply.deed.effects);
                if wakes || !opened.is_empty() {
                    (self.wake)();
                }
            }
        }
        if let Some((callback, text)) = reply.toast {
            self.toast(callback, text);
        }
        Ok(true)
    }

    fn toast(&self, callback: String, text: String) {
        let Ok(permit) = Arc::clone(&self.toasts).try_acquire_owned() else { return };
        let courier = self.courier.clone();
        tokio::spawn(async move {
            let outcome = courier.toast(&callback, &text).await;
            tracing::debug!(?outcome, "a press was answered");
            drop(permit);
        });
    }

    /// A number nobody can guess from the one before, out of the seed. `// SplitMix64`
    fn draw(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.chance.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Ends alerts whose announced time is over, and tidies the store. To be called every second or
    /// so; any number of desks may, since the second to come finds the alert changed.
    ///
    /// # Errors
    ///
    /// The store's; the next tick goes on.
    pub async fn tick(&self) -> Result<(), StoreError> {
        let board: Board = self.store.board().await?;
        for alert in board.alerts() {
            let now = self.clock.now().utc;
            let deed: Option<Deed> = dialogue::expiry(alert, &self.rules, &self.office, now);
            let Some(deed) = deed else { continue };
            match self.store.enact(&deed).await? {
                Enacted::Done(_) => (self.wake)(),
                Enacted::Already | Enacted::Conflict => {}
            }
        }
        for _ in 0..TIDY_ROUNDS_MAX {
            if !self.store.tidy(self.clock.now().utc).await? {
                break;
            }
        }
        Ok(())
    }
}

/// The present wait; the next one is twice as long, within its bounds.
fn grow(backoff: &mut Duration) -> Duration {
    let wait = *backoff;
    *backoff = (wait * 2).min(BACKOFF.1);
    wait
}
