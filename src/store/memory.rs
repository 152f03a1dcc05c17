//! The reference model: what the words of the store's port mean, as plain code.
//!
//! Role: [`Ledger`] is the truth that other stores are compared with, and the disk of the storm
//! suite's simulated machine (cloning it is taking a snapshot); [`Memory`] puts a lock around one, for
//! a rehearsal and for tests.
//!
//! Invariants: `Chat::rows` and `Ledger::walks` say the same, as do `Ledger::log` and `Ledger::told`;
//! `Ledger::active` and `Ledger::running` are the alerts and broadcasts that are not over, so that what
//! is over costs nothing but its room; collections are ordered; nothing here waits, reads a clock or
//! fails.
//!
//! Deliberately absent: durability.

mod chats;
mod progress;
mod shared;
mod walk;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

pub use shared::Memory;

use super::{CHALLENGES_KEPT, EXERCISES, LOG_KEPT, TIDY_MAX};
use crate::{
    domain::{
        alert::{Actor, Change, Settled, Transition},
        audience::{Audience, Tier},
        board::Board,
        consent::Challenge,
        delivery::Settlement,
        ids::{
            AlertId, BotId, ChatId, Code, FanoutId, LetterId, MessageId, RegionId, Revision,
            UpdateId, UserId,
        },
        lang::Lang,
        letter::{Class, Content, Letter, NewLetter, Watch},
        report::{FanoutFigures, Measured},
        time::Utc,
    },
    ports::store::{
        Asked, Cause, Deed, Effect, Enacted, Fanout, Hold, LETTERS_MAX, Limits, Progress,
        Subscriber, UPDATES_KEPT,
    },
    seal::{self, Broken, Chain, Line, Sealed},
};

/// Everything that is remembered.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    sequence: i64,
    chats: BTreeMap<(BotId, ChatId), Chat>,
    /// The subscriptions of a tier to a place in order of joining: what a lane walks.
    walks: BTreeMap<(BotId, Tier, RegionId), BTreeMap<i64, ChatId>>,
    /// Chats whose tier is to change when no broadcast is open.
    restless: BTreeMap<(BotId, ChatId), Tier>,
    /// Recently active people, by the day they were seen last.
    recent: BTreeSet<(BotId, i64, ChatId)>,
    /// Rows and chats that have gone, in order of going: what is tidied.
    gone: BTreeSet<(BotId, i64, ChatId, i64)>,
    departed: BTreeSet<(BotId, i64, ChatId)>,
    moves: BTreeMap<(BotId, ChatId), Move>,
    updates: BTreeMap<(BotId, UpdateId), Utc>,
    turns: BTreeMap<AlertId, Transition>,
    active: BTreeSet<AlertId>,
    settled: BTreeMap<RegionId, Settled>,
    challenges: BTreeMap<Code, Question>,
    questions: i64,
    fanouts: BTreeMap<FanoutId, Fanout>,
    measured: BTreeMap<FanoutId, Measured>,
    running: BTreeSet<FanoutId>,
    /// The delivery log.
    log: BTreeMap<i64, Logged>,
    logged: i64,
    told: BTreeMap<(AlertId, BotId), Told>,
    letters: BTreeMap<LetterId, NewLetter>,
    written: i64,
    watches: BTreeMap<(FanoutId, ChatId, MessageId), Lang>,
    limits: BTreeMap<BotId, Limits>,
    journal: Vec<Sealed>,
}

#[derive(Clone, Debug)]
struct Chat {
    lang: Lang,
    tier: Tier,
    members: u64,
    /// The day on which somebody there did something last.
    seen: i64,
    gone: Option<Went>,
    /// The last alert on which it was not found.
    missed: Option<AlertId>,
    rows: Vec<Row>,
}

/// A subscription to one place.
#[derive(Clone, Debug)]
struct Row {
    place: RegionId,
    seq: i64,
    gone: Option<Went>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Went {
    seq: i64,
    how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Left,
    Retired,
    Suspended,
    /// To another id, which was known by itself.
    Moved,
}

#[derive(Clone, Copy, Debug)]
struct Move {
    to: ChatId,
    /// The sequence then.
    seq: i64,
    /// Whether all rows went along, so that the old id is no more.
    renamed: bool,
}

#[derive(Clone, Debug)]
struct Question {
    n: i64,
    challenge: Challenge,
    answer: Answered,
}

#[derive(Clone, Debug)]
enum Answered {
    Not,
    By(AlertId, Utc, Actor),
    CalledOff,
}

/// A row of the delivery log, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// The alert it is about.
    pub alert: AlertId,
    /// Through which bot.
    pub bot: BotId,
    /// To whom.
    pub chat: ChatId,
    /// By which broadcast; `None` for a letter.
    pub fanout: Option<FanoutId>,
    /// By which place.
    pub place: RegionId,
    /// The language of a letter's reader, who need not be a subscriber.
    lang: Option<Lang>,
    /// How it ended.
    pub settlement: Settlement,
    /// Whether it may have told the chat that the alert is active.
    pub told: bool,
    /// Which message.
    pub message: Option<MessageId>,
    /// When.
    pub at: Utc,
}

/// The log of one alert through one bot.
#[derive(Clone, Debug, Default)]
struct Told {
    /// Rows that told, in order: what a lane walks.
    walk: BTreeSet<i64>,
    /// Of them, those of groups and channels.
    public: BTreeSet<i64>,
    /// All rows of each chat, in order.
    chats: BTreeMap<ChatId, Vec<i64>>,
}

impl Ledger {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Does a deed.
    pub fn enact(&mut self, deed: &Deed) -> Enacted {
        if let Cause::Update(bot, id) = deed.cause
            && self.updates.contains_key(&(bot, id))
        {
            return Enacted::Already;
        }
        if !self.holds(deed) {
            return Enacted::Conflict;
        }
        if let Cause::Update(bot, id) = deed.cause {
            self.updates.insert((bot, id), deed.at);
        }
        let mut opened = Vec::new();
        let mut reports = Vec::new();
        for effect in &deed.effects {
            self.effect(effect, deed.at, &mut opened, &mut reports);
        }
        for letter in deed.letters.iter().chain(&reports) {
            self.written += 1;
            self.letters.insert(LetterId(self.written), letter.clone());
        }
        for entry in &deed.journal {
            let prev = self.journal.last().map_or(seal::ORIGIN, |last| last.seal);
            let line = Line {
                n: self.journal.last().map_or(1, |last| last.line.n + 1),
                at: deed.at,
                who: entry.who,
                what: entry.what.to_owned(),
                particulars: entry
                    .particulars
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), value.clone()))
                    .collect(),
            };
            self.journal.push(seal::seal(prev, line));
        }
        Enacted::Done(opened)
    }

    /// Whether alerts and challenges are as the deed supposes, each effect seen after those before it.
    fn holds(&self, deed: &Deed) -> bool {
        let mut turned: BTreeMap<AlertId, (Revision, &Change)> = BTreeMap::new();
        let mut next = self.next_alert();
        let mut codes: BTreeMap<&Code, bool> = BTreeMap::new();
        let open = |code: &Code| {
            self.challenges.get(code).map(|found| matches!(found.answer, Answered::Not))
        };
        deed.effects.iter().all(|effect| match effect {
            Effect::Challenged(challenge) => {
                let code = challenge.code();
                let free = !codes.contains_key(code) && open(code).is_none();
                codes.insert(code, true);
                free
            }
            Effect::CalledOff(code) => {
                codes.insert(code, false).or_else(|| open(code)).unwrap_or(false)
            }
            Effect::Turned { transition, code, .. } => {
                let alert = &transition.alert;
                let released = code.as_ref().is_none_or(|code| {
                    codes.insert(code, false).or_else(|| open(code)).unwrap_or(false)
                });
                let now = (alert.revision(), &transition.change);
                let before = turned.insert(alert.id(), now).or_else(|| {
                    let last = self.turns.get(&alert.id())?;
                    Some((last.alert.revision(), &last.change))
                });
                let fits = if transition.change == Change::Raised {
                    let fits = alert.id() == next && alert.revision() == Revision::FIRST;
                    next = AlertId(next.0 + 1);
                    fits
                } else {
                    before.is_some_and(|(revision, last)| {
                        let confirms =
                            *last == Change::Expired && transition.change == Change::Ended;
                        (!last.closes() || confirms) && revision.next() == alert.revision()
                    })
                };
                released && fits
            }
            Effect::Met(..)
            | Effect::Speaks(..)
            | Effect::Subscribed(..)
            | Effect::Unsubscribed(..)
            | Effect::Left(..)
            | Effect::Counted(..)
            | Effect::Seen(..)
            | Effect::Held { .. }
            | Effect::Exercises(..)
            | Effect::Struck(..)
            | Effect::Moved { .. } => true,
        })
    }

    fn effect(
        &mut self,
        effect: &Effect,
        at: Utc,
        opened: &mut Vec<FanoutId>,
        reports: &mut Vec<NewLetter>,
    ) {
        match effect {
            Effect::Met(bot, chat, lang) => {
                self.met(*bot, *chat, *lang);
                self.seen(*bot, *chat, at);
            }
            Effect::Counted(bot, chat, kind, members) => {
                self.counted(*bot, *chat, *kind, *members);
            }
            Effect::Seen(bot, chat) => self.seen(*bot, *chat, at),
            Effect::Held { alert, through, hold } => {
                let ours = |one: &&mut Fanout| {
                    one.transition.alert.id() == *alert
                        && one.id <= *through
                        && one.closed_at.is_none()
                        && one.hold != Some(Hold::Halted)
                };
                self.fanouts.values_mut().filter(ours).for_each(|one| one.hold = *hold);
            }
            Effect::Speaks(bot, chat, lang) => self.speaks(*bot, *chat, *lang),
            Effect::Subscribed(bot, chat, place) => self.subscribed(*bot, *chat, place),
            Effect::Unsubscribed(bot, chat, place) => self.unsubscribed(*bot, *chat, place),
            Effect::Left(bot, chat) => self.left(*bot, *chat),
            Effect::Exercises(bot, chat, true) => {
                self.subscribed(*bot, *chat, &RegionId::new(EXERCISES));
            }
            Effect::Exercises(bot, chat, false) => {
                self.unsubscribed(*bot, *chat, &RegionId::new(EXERCISES));
            }
            Effect::Struck(bot, chat, fate) => self.struck(*bot, *chat, *fate, None),
            Effect::Moved { bot, from, to } => self.moved(*bot, *from, *to),
            Effect::Challenged(challenge) => {
                self.questions += 1;
                let question = Question {
                    n: self.questions,
                    challenge: (**challenge).clone(),
                    answer: Answered::Not,
                };
                self.challenges.insert(challenge.code().clone(), question);
            }
            Effect::CalledOff(code) => self.answer(code, Answered::CalledOff),
            Effect::Turned { transition, audience, bots, code, watchers } => {
                if let Some(code) = code {
                    let by = transition.by.clone();
                    self.answer(code, Answered::By(transition.alert.id(), transition.at, by));
                }
                let alert = transition.alert.id();
                if transition.change.closes() {
                    self.active.remove(&alert);
                } else {
                    self.active.insert(alert);
                }
                self.turns.insert(alert, (**transition).clone());
                self.settled.extend(transition.settles.iter().cloned());
                for &bot in bots {
                    let fanout = self.open(bot, transition, audience, at);
                    opened.push(fanout);
                    reports.extend(watchers.iter().filter(|(through, ..)| *through == bot).map(
                        |&(bot, chat, lang)| NewLetter {
                            bot,
                            chat,
                            lang,
                            class: Class::Official,
                            content: Content::Progress(fanout),
                            not_after: None,
                        },
                    ));
                }
            }
        }
    }

    fn answer(&mut self, code: &Code, answer: Answered) {
        if let Some(question) = self.challenges.get_mut(code) {
            question.answer = answer;
        }
    }

    fn open(
        &mut self,
        bot: BotId,
        transition: &Transition,
        audience: &Audience,
        at: Utc,
    ) -> FanoutId {
        let id = FanoutId(self.fanouts.last_key_value().map_or(1, |(last, _)| last.0 + 1));
        let alert = transition.alert.id();
        let inherits =
            self.running(bot).any(|one| one.transition.alert.id() == alert && one.audience.readers);
        let mut audience = audience.clone();
        audience.readers |= inherits;
        let fanout = Fanout {
            id,
            bot,
            transition: transition.clone(),
            audience,
            ceiling: self.sequence,
            readers_floor: self.last_logged(),
            readers_ceiling: None,
            size: None,
            hold: None,
            progress: Progress::START,
            opened_at: at,
            closed_at: None,
        };
        self.fanouts.insert(id, fanout);
        self.running.insert(id);
        id
    }

    /// The greatest update of this bot that was acted upon.
    #[must_use]
    pub fn last_update(&self, bot: BotId) -> Option<UpdateId> {
        let all = (bot, UpdateId(i64::MIN))..=(bot, UpdateId(i64::MAX));
        self.updates.range(all).next_back().map(|((_, id), _)| *id)
    }

    /// The present.
    #[must_use]
    pub fn board(&self) -> Board {
        let active = self.active.iter().filter_map(|alert| self.turns.get(alert));
        Board::new(active.map(|last| last.alert.clone()), self.settled.clone())
    }

    /// The number the next alert would get.
    #[must_use]
    pub fn next_alert(&self) -> AlertId {
        AlertId(self.turns.last_key_value().map_or(1, |(last, _)| last.0 + 1))
    }

    /// The last transition of an alert.
    #[must_use]
    pub fn last_turn(&self, alert: AlertId) -> Option<Transition> {
        self.turns.get(&alert).cloned()
    }

    /// What is known of a chat.
    #[must_use]
    pub fn subscriber(&self, bot: BotId, chat: ChatId) -> Option<Subscriber> {
        let chat = self.chats.get(&(bot, chat)).filter(|chat| chat.gone.is_none())?;
        let live = || chat.rows.iter().filter(|row| row.gone.is_none()).map(|row| &row.place);
        Some(Subscriber {
            lang: chat.lang,
            places: live().filter(|place| place.as_str() != EXERCISES).cloned().collect(),
            exercises: live().any(|place| place.as_str() == EXERCISES),
        })
    }

    /// What became of a challenge.
    #[must_use]
    pub fn asked(&self, code: &Code) -> Option<Asked> {
        let question = self.challenges.get(code)?;
        Some(match &question.answer {
            Answered::Not => Asked::Open(question.challenge.clone()),
            Answered::By(alert, at, by) => {
                Asked::Answered { alert: *alert, at: *at, by: by.clone() }
            }
            Answered::CalledOff => Asked::CalledOff,
        })
    }

    /// The open challenges of an issuer, newest first.
    #[must_use]
    pub fn asked_by(&self, issuer: UserId) -> Vec<Challenge> {
        let mut open: Vec<&Question> = self
            .challenges
            .values()
            .filter(|question| matches!(question.answer, Answered::Not))
            .filter(|question| question.challenge.issuer() == issuer)
            .collect();
        open.sort_by_key(|question| Reverse(question.n));
        open.into_iter().map(|question| question.challenge.clone()).collect()
    }

    /// Every broadcast of this bot that is not closed, by number.
    #[must_use]
    pub fn open_fanouts(&self, bot: BotId) -> Vec<Fanout> {
        self.running(bot).cloned().collect()
    }

    fn running(&self, bot: BotId) -> impl Iterator<Item = &Fanout> {
        let running = self.running.iter().filter_map(|id| self.fanouts.get(id));
        running.filter(move |one| one.bot == bot)
    }

    /// One broadcast.
    #[must_use]
    pub fn fanout(&self, fanout: FanoutId) -> Option<Fanout> {
        self.fanouts.get(&fanout).cloned()
    }

    /// The figures of every broadcast of an alert, by number.
    #[must_use]
    pub fn figures(&self, alert: AlertId) -> Vec<FanoutFigures> {
        let ours = self.fanouts.values().filter(|one| one.transition.alert.id() == alert);
        ours.map(|one| FanoutFigures {
            fanout: one.id,
            bot: one.bot,
            transition: one.transition.clone(),
            audience: one.size,
            tally: one.progress.tally,
            known: one.progress.known,
            cost: one.progress.cost,
            halted: one.hold == Some(Hold::Halted),
            opened_at: one.opened_at,
            closed_at: one.closed_at,
            measured: self.measured.get(&one.id).cloned().unwrap_or_default(),
        })
        .collect()
    }

    /// The broadcasts of the same transition through other bots, by number.
    #[must_use]
    pub fn siblings(&self, fanout: FanoutId) -> Vec<Fanout> {
        let Some(one) = self.fanouts.get(&fanout) else { return Vec::new() };
        let of = |one: &Fanout| (one.transition.alert.id(), one.transition.alert.revision());
        let beside =
            self.fanouts.values().filter(|other| other.id != fanout && of(other) == of(one));
        beside.cloned().collect()
    }

    /// Letters of this bot that are not settled and come after `after`, in order, at most
    /// [`LETTERS_MAX`].
    #[must_use]
    pub fn letters(&self, bot: BotId, after: LetterId) -> Vec<Letter> {
        self.letters
            .range((Bound::Excluded(after), Bound::Unbounded))
            .filter(|(_, new)| new.bot == bot)
            .take(LETTERS_MAX)
            .map(|(id, new)| Letter { id: *id, new: new.clone() })
            .collect()
    }

    /// Progress messages of this bot's broadcasts.
    #[must_use]
    pub fn watches(&self, bot: BotId) -> Vec<Watch> {
        let ours = |fanout: &FanoutId| self.fanouts.get(fanout).is_some_and(|one| one.bot == bot);
        self.watches
            .iter()
            .filter(|((fanout, ..), _)| ours(fanout))
            .map(|(&(fanout, chat, message), &lang)| Watch { fanout, chat, message, lang })
            .collect()
    }

    /// What the limits remember.
    #[must_use]
    pub fn limits(&self, bot: BotId) -> Limits {
        self.limits.get(&bot).cloned().unwrap_or_default()
    }

    /// The journal, from its first line.
    #[must_use]
    pub fn journal(&self) -> &[Sealed] {
        &self.journal
    }

    /// The delivery log with its row numbers: for those who check what was recorded.
    pub fn log(&self) -> impl Iterator<Item = (i64, &Logged)> {
        self.log.iter().map(|(id, row)| (*id, row))
    }

    /// Checks the journal's chain; says how many lines it has.
    ///
    /// # Errors
    ///
    /// The first line that does not fit.
    pub fn verify_journal(&self) -> Result<i64, Broken> {
        let mut chain = Chain::default();
        self.journal.iter().try_for_each(|line| chain.check(line))?;
        Ok(chain.len())
    }

    /// Forgets what nobody needs; says whether there is more of it.
    pub fn tidy(&mut self, now: Utc) -> bool {
        let mut more = false;
        for bot in self.bots() {
            more |= self.tidy_chats(bot);
            more |= self.tidy_tiers(bot, now);
        }
        more |= self.tidy_log(now);
        let stale: Vec<_> = self
            .updates
            .iter()
            .filter(|((bot, id), at)| {
                **at < now - UPDATES_KEPT && self.last_update(*bot) != Some(*id)
            })
            .map(|(key, _)| *key)
            .take(TIDY_MAX)
            .collect();
        more |= stale.len() == TIDY_MAX;
        for key in &stale {
            self.updates.remove(key);
        }
        self.challenges
            .retain(|_, question| question.challenge.expires_at() >= now - CHALLENGES_KEPT);
        more
    }

    /// Every bot with chats, by number; one look-up a bot, however many chats it has.
    fn bots(&self) -> Vec<BotId> {
        let next =
            |from| self.chats.range((from, ChatId(i64::MIN))..).next().map(|((bot, _), _)| *bot);
        let first = next(BotId(i64::MIN));
        std::iter::successors(first, |bot| next(BotId(bot.0.checked_add(1)?))).collect()
    }

    /// The delivery log of alerts that ended [`LOG_KEPT`] ago and of which nothing is open.
    fn tidy_log(&mut self, now: Utc) -> bool {
        let open = self.running.iter().filter_map(|id| self.fanouts.get(id));
        let open: BTreeSet<AlertId> = open.map(|one| one.transition.alert.id()).collect();
        let over = |alert: AlertId| {
            let ended = |last: &Transition| last.change.closes() && last.at < now - LOG_KEPT;
            !open.contains(&alert) && self.turns.get(&alert).is_some_and(ended)
        };
        let dead: Vec<i64> = self
            .told
            .iter()
            .filter(|((alert, _), _)| over(*alert))
            .flat_map(|(_, told)| told.chats.values().flatten().copied())
            .take(TIDY_MAX)
            .collect();
        for &id in &dead {
            self.unlog(id);
        }
        dead.len() == TIDY_MAX
    }

    fn unlog(&mut self, id: i64) {
        let Some(row) = self.log.remove(&id) else { return };
        let key = (row.alert, row.bot);
        let Some(told) = self.told.get_mut(&key) else { return };
        told.walk.remove(&id);
        told.public.remove(&id);
        if let Some(ids) = told.chats.get_mut(&row.chat) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                told.chats.remove(&row.chat);
            }
        }
        if told.chats.is_empty() {
            self.told.remove(&key);
        }
    }
}
