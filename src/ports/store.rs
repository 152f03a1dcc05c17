//! What is remembered.
//!
//! Everything that must survive a crash is here, and every method that changes something is one
//! transaction: it is all true afterwards, or nothing is. An acknowledged write survives the loss of
//! power. Writes are idempotent, because a write whose answer was lost may still have been made.
//!
//! # The sequence
//!
//! Subscribing and leaving draw from one sequence, and a broadcast freezes it as its *ceiling*: the
//! subscriptions of the audience are those that came at or below the ceiling and had not gone by it.
//! Rows that have gone stay until no open broadcast can see them, so that a lane meets everyone it
//! counted. Drawing and freezing serialise: a chat is under the ceiling, or its joining sees the
//! alert.
//!
//! # Walking an audience
//!
//! [`Store::page`] walks stratum by stratum ([`Audience::stratum`]), in order of an immutable key: the
//! subscriptions of the stratum's tier to its place, less the chats that belong to an earlier place
//! of the audience. A chat *belongs* to a place if it was subscribed to it under the ceiling and had
//! not gone by it. Last, in the strata of [`Readers`], comes the delivery log: the first row of each
//! chat that was told of the alert and belongs to no place of the audience. Those who left since are
//! met as such.
//!
//! Nothing of the places depends on who is a reader, so they are walked while the readers still grow.
//! The readers so far are walked then too, but the walk has no end before they are closed. New ones
//! only come last: opening freezes the log as the *readers' floor*, and rows beyond it are late.
//!
//! A chat that moved is met under its new id, unless that is in the audience by itself. While readers
//! still grow, the new id of a resident may become one after it was met; then it is told twice, which
//! is better than not at all.
//!
//! Deliberately absent: a row per recipient before the first message.

use std::{collections::BTreeMap, future::Future, time::Duration};

use crate::domain::{
    alert::{Actor, Transition},
    audience::{Audience, Kind, Position, Reach, Readers, Recipient, Tier, Variant},
    board::Board,
    consent::Challenge,
    delivery::{Fate, Settlement, Tally},
    ids::{
        AlertId, BotId, ChatId, Code, FanoutId, LetterId, MessageId, RegionId, UpdateId, UserId,
    },
    lang::Lang,
    letter::{Letter, NewLetter, Watch},
    report::{Cost, FanoutFigures},
    time::Utc,
};

/// Why the store did not do it. Nothing of the transaction is true.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another program holds the database.
    #[error("the database is locked by another program")]
    Locked,
    /// No space, or a read-only file system.
    #[error("the database can't be written: the disk is full or read-only")]
    Full,
    /// A record that can't be read: written by another version, or damaged.
    #[error("the database holds a record that can't be read: {0}")]
    Corrupt(String),
    /// Anything else.
    #[error("the database failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What a read or a write answers.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Why a deed is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// An update: acted upon once, however often it is read.
    Update(BotId, UpdateId),
    /// The time.
    Clock,
}

/// Everything that follows from one cause, in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// Why.
    pub cause: Cause,
    /// When.
    pub at: Utc,
    /// What becomes true, in this order.
    pub effects: Vec<Effect>,
    /// What is said about it.
    pub letters: Vec<NewLetter>,
    /// What the journal keeps of it.
    pub journal: Vec<Entry>,
}

impl Deed {
    /// Nothing yet.
    #[must_use]
    pub fn new(cause: Cause, at: Utc) -> Self {
        Self { cause, at, effects: Vec::new(), letters: Vec::new(), journal: Vec::new() }
    }
}

/// Something that becomes true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The chat is known and speaks this language. A retired or suspended chat is back, with the
    /// places and the language it had.
    Met(BotId, ChatId, Lang),
    /// The chat's language is this.
    Speaks(BotId, ChatId, Lang),
    /// The chat is subscribed to the place; nothing, if it was. The chat has been met.
    Subscribed(BotId, ChatId, RegionId),
    /// It is not any more.
    Unsubscribed(BotId, ChatId, RegionId),
    /// The chat has left: all its places go, and what is known of it as soon as no open broadcast
    /// needs it.
    Left(BotId, ChatId),
    /// The chat is of this kind and has so many members. Its tier follows when no broadcast through
    /// this bot is open.
    Counted(BotId, ChatId, Kind, u64),
    /// Somebody there did something just now; kept to the day.
    Seen(BotId, ChatId),
    /// The broadcasts of the alert that are open are held, stopped, or go on. What was stopped stays
    /// so.
    Held {
        /// Of which alert.
        alert: AlertId,
        /// The last of them that the official could know of: a later one stays as it is.
        through: FanoutId,
        /// What they do from now on.
        hold: Option<Hold>,
    },
    /// The chat takes part in exercises, or does not.
    Exercises(BotId, ChatId, bool),
    /// The chat is dead or shut.
    Struck(BotId, ChatId, Fate),
    /// A group has a new id: all that is known of it goes there, or is merged if that is known.
    Moved {
        /// The bot.
        bot: BotId,
        /// Before.
        from: ChatId,
        /// Now.
        to: ChatId,
    },
    /// A challenge waits for its answer.
    Challenged(Box<Challenge>),
    /// A challenge was called off.
    CalledOff(Code),
    /// A transition: alert, postures and one broadcast through each of these bots. It names the
    /// challenge it answers, which is used up; `None` for expiry. An alert that is over takes none,
    /// but for [`Change::Ended`](crate::domain::alert::Change::Ended) of one that expired. While a
    /// broadcast of the alert is open that goes to readers too, so does this one: it takes the place
    /// of an end in a part that may not have reached those who live there.
    Turned {
        /// The transition.
        transition: Box<Transition>,
        /// Whom to tell.
        audience: Audience,
        /// Through which bots.
        bots: Vec<BotId>,
        /// The challenge answered.
        code: Option<Code>,
        /// Who wants a live report: through which bot, where, in which language.
        watchers: Vec<(BotId, ChatId, Lang)>,
    },
}

/// A line for the journal. The store chains it to the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who; `None` for the daemon itself.
    pub who: Option<UserId>,
    /// What, in one word of a closed set: `raised`, `refused`, ….
    pub what: &'static str,
    /// Particulars, as `name=value` pairs in a fixed order.
    pub particulars: Vec<(&'static str, String)>,
}

/// What became of a deed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enacted {
    /// It is done; these broadcasts were opened.
    Done(Vec<FanoutId>),
    /// The update had been acted upon before.
    Already,
    /// The alert, its number or the challenge is no longer as the deed supposes. Nothing is done;
    /// look again and decide anew.
    Conflict,
}

/// What is known of a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriber {
    /// The language it is spoken to.
    pub lang: Lang,
    /// Where it lives, in the order it said so.
    pub places: Vec<RegionId>,
    /// Whether it takes part in exercises.
    pub exercises: bool,
}

/// What became of a challenge.
#[expect(clippy::large_enum_variant, reason = "one for each press, never kept in bulk")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It waits, or has expired.
    Open(Challenge),
    /// It was answered, and this came of it.
    Answered {
        /// Of which alert.
        alert: AlertId,
        /// When.
        at: Utc,
        /// By whom.
        by: Actor,
    },
    /// It was called off.
    CalledOff,
}

/// Why a broadcast does not go on although somebody is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Until an official lets it go on.
    Paused,
    /// For good: an official stopped it. Whoever was not reached is not.
    Halted,
}

/// A broadcast of one transition through one bot, as far as it got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fanout {
    /// Its number; a later broadcast has a greater one.
    pub id: FanoutId,
    /// Through which bot.
    pub bot: BotId,
    /// Of which transition.
    pub transition: Transition,
    /// For whom.
    pub audience: Audience,
    /// The sequence when it was planned.
    pub ceiling: i64,
    /// The last row of the delivery log when it was opened: readers by a later row are late. 0 of
    /// broadcasts opened before this was kept. Meaningless without readers.
    pub readers_floor: i64,
    /// The last row of the delivery log that counts as a reader; `None` while older broadcasts of
    /// the alert may still add some. Meaningless without readers.
    pub readers_ceiling: Option<i64>,
    /// How many chats it is for; `None` until counted.
    pub size: Option<u64>,
    /// Whether an official holds it.
    pub hold: Option<Hold>,
    /// How far it got.
    pub progress: Progress,
    /// When it was opened.
    pub opened_at: Utc,
    /// When everyone was settled.
    pub closed_at: Option<Utc>,
}

impl Fanout {
    /// The parts of its readers that a walk after this position has yet to go through, and the rows of
    /// the delivery log of each: those after the first number, up to the second.
    pub fn readers_after(&self, after: Position) -> impl Iterator<Item = (Readers, i64, i64)> {
        let parts = if self.audience.readers { Readers::ALL.as_slice() } else { &[] };
        let ceiling = self.readers_ceiling.unwrap_or(i64::MAX);
        let left = parts.iter().filter(move |part| part.stratum() >= after.stratum);
        left.map(move |&part| {
            let (first, last) = match part {
                Readers::Public | Readers::People => (0, self.readers_floor.min(ceiling)),
                Readers::Late => (self.readers_floor, ceiling),
            };
            let passed = if part.stratum() == after.stratum { after.key } else { 0 };
            (part, first.max(passed), last)
        })
    }
}

/// What survives a crash of a lane.
///
/// Everyone up to `cursor` is settled and counted, or is a straggler. Nobody beyond `mark` has been
/// sent anything. Those between may have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Passed.
    pub cursor: Position,
    /// Reserved.
    pub mark: Position,
    /// Passed by, and not settled.
    pub stragglers: Vec<Straggler>,
    /// Settled.
    pub tally: Tally,
    /// Of those superseded: who knew it by another message.
    pub known: u64,
    /// What it cost.
    pub cost: Cost,
}

impl Progress {
    /// Nothing yet.
    pub const START: Self = Self {
        cursor: Position::START,
        mark: Position::START,
        stragglers: Vec::new(),
        tally: Tally::ZERO,
        known: 0,
        cost: Cost::NONE,
    };
}

/// A chat that the cursor has passed and that is not settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Straggler {
    /// Where it stands in the walk.
    pub at: Position,
    /// Whom to send to.
    pub chat: ChatId,
    /// What it is told.
    pub variant: Variant,
    /// As [`Recipient`] has it.
    pub tier: Tier,
    /// As [`Recipient`] has it.
    pub told: bool,
    /// As [`Recipient`] has it.
    pub message: Option<MessageId>,
    /// Whether it may have got the message already.
    pub doubt: bool,
}

/// A page of an audience.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Who, in order.
    pub recipients: Vec<Recipient>,
    /// Whether nobody follows, now or later.
    pub last: bool,
}

/// One bot's progress, to be saved at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Save {
    /// Lane by lane.
    pub lanes: Vec<LaneSave>,
    /// Letters whose outcome is final.
    pub letters: Vec<LetterSave>,
    /// Progress messages that are out, or done with.
    pub watches: Vec<WatchSave>,
    /// What the limits have to remember; `None` if nothing changed.
    pub limits: Option<Limits>,
    /// Messages per second that the bot is held to for nothing: kept with the figures of its broadcasts.
    pub pace: u32,
}

/// One lane's progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneSave {
    /// Whose.
    pub fanout: FanoutId,
    /// How far it got.
    pub progress: Progress,
    /// Sends that are settled since the last save.
    pub log: Vec<LogRow>,
    /// Set once everyone is settled.
    pub closed_at: Option<Utc>,
}

/// A row of the delivery log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRow {
    /// To whom.
    pub chat: ChatId,
    /// By which place it was told.
    pub place: RegionId,
    /// How it ended.
    pub settlement: Settlement,
    /// Which message it was.
    pub message: Option<MessageId>,
    /// When it ended.
    pub at: Utc,
    /// What becomes of the subscription.
    pub fate: Fate,
    /// The alerts the message told of as active; where the settlement may have been read, the chat
    /// becomes their reader.
    pub tells: Vec<AlertId>,
    /// Whether it was sent again while an earlier attempt may have arrived.
    pub repeated: bool,
}

/// A letter that is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterSave {
    /// Which; it is forgotten.
    pub letter: LetterId,
    /// What the log keeps of it: a row if it told of alerts or struck the chat.
    pub row: Option<LogRow>,
}

/// A change of a progress message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchSave {
    /// It is there, and to be kept up to date.
    Out(Watch),
    /// Its last state is shown, or can't be.
    Done(Watch),
}

/// What was spent on broadcasting faster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// The day that `tenths` is about, counted from 1970 in UTC.
    pub day: i64,
    /// Tenths of a Star spent on that day.
    pub tenths: u64,
    /// Tenths of a Star spent on each alert of late.
    pub alerts: BTreeMap<AlertId, u64>,
}

impl Spent {
    /// The day of a moment, counted from 1970 in UTC.
    #[must_use]
    pub fn day_of(at: Utc) -> i64 {
        at.timestamp().div_euclid(86_400)
    }

    /// Tenths of a Star spent on the day of a moment.
    #[must_use]
    pub fn on_day(&self, at: Utc) -> u64 {
        if self.day == Self::day_of(at) { self.tenths } else { 0 }
    }
}

/// What a token's limits have to remember across a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Telegram asked to be silent until then.
    pub paused_until: Option<Utc>,
    /// Recent sends to chats that can't take many more: groups within the last minute, private chats
    /// within seconds.
    pub windows: Vec<(ChatId, Vec<Utc>)>,
    /// Stars spent.
    pub spent: Spent,
}

/// What became of a chat that got a new id in mid-broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heir {
    /// The new id stands in its place: send there.
    Follows,
    /// The new id is in the audience by itself: send nothing.
    Already,
}

/// How long an update's number is remembered: Telegram keeps updates for 24 hours.
pub const UPDATES_KEPT: Duration = Duration::from_hours(72);

/// Most letters read at once.
pub const LETTERS_MAX: usize = 1_000;

/// The store. Cheap to clone; clones are one store.
pub trait Store: Clone + Send + Sync + 'static {
    /// Does a deed.
    fn enact(&self, deed: &Deed) -> impl Future<Output = Result<Enacted>> + Send;

    /// The greatest update of this bot that was acted upon.
    fn last_update(&self, bot: BotId) -> impl Future<Output = Result<Option<UpdateId>>> + Send;

    /// The present.
    fn board(&self) -> impl Future<Output = Result<Board>> + Send;

    /// The number the next alert would get.
    fn next_alert(&self) -> impl Future<Output = Result<AlertId>> + Send;

    /// The last transition of an alert, active or not.
    fn last_turn(&self, alert: AlertId) -> impl Future<Output = Result<Option<Transition>>> + Send;

    /// What is known of a chat; `None` if nothing, or if it has left or is struck.
    fn subscriber(
        &self,
        bot: BotId,
        chat: ChatId,
    ) -> impl Future<Output = Result<Option<Subscriber>>> + Send;

    /// Whether this bot has more than `most` private chats. Costs no more than counting so many.
    fn crowded(&self, bot: BotId, most: u64) -> impl Future<Output = Result<bool>> + Send;

    /// What became of a challenge.
    fn asked(&self, code: &Code) -> impl Future<Output = Result<Option<Asked>>> + Send;

    /// The open challenges of an issuer, newest first; expired ones included.
    fn asked_by(&self, issuer: UserId) -> impl Future<Output = Result<Vec<Challenge>>> + Send;

    /// How many an audience has now, through this bot.
    fn reach(&self, bot: BotId, audience: &Audience) -> impl Future<Output = Result<Reach>> + Send;

    /// Every broadcast of this bot that is not closed, by number.
    fn open_fanouts(&self, bot: BotId) -> impl Future<Output = Result<Vec<Fanout>>> + Send;

    /// One broadcast.
    fn fanout(&self, fanout: FanoutId) -> impl Future<Output = Result<Option<Fanout>>> + Send;

    /// The figures of every broadcast of an alert through every bot, by number: for good, since they
    /// are counted as sends are saved and not from the delivery log, which is forgotten.
    fn figures(&self, alert: AlertId) -> impl Future<Output = Result<Vec<FanoutFigures>>> + Send;

    /// The broadcasts of the same transition through other bots, by number. They were opened in one
    /// deed, so that their numbers are next to each other.
    fn siblings(&self, fanout: FanoutId) -> impl Future<Output = Result<Vec<Fanout>>> + Send;

    /// At most `limit` chats of a broadcast's audience after a position.
    fn page(
        &self,
        fanout: FanoutId,
        after: Position,
        limit: usize,
    ) -> impl Future<Output = Result<Page>> + Send;

    /// How many chats a broadcast's audience has after a position. While the readers are not closed,
    /// those counted are those so far.
    fn count(&self, fanout: FanoutId, after: Position) -> impl Future<Output = Result<u64>> + Send;

    /// Of these chats, those that live at this place and nowhere else; and for each whether it was
    /// told of one of these alerts as active, by that place, for certain and not before `since`.
    fn told(
        &self,
        bot: BotId,
        chats: &[(ChatId, RegionId)],
        alerts: &[AlertId],
        since: Option<Utc>,
    ) -> impl Future<Output = Result<BTreeMap<ChatId, bool>>> + Send;

    /// Remembers how many chats a broadcast is for.
    fn sized(&self, fanout: FanoutId, size: u64) -> impl Future<Output = Result<()>> + Send;

    /// Closes the readers of a broadcast: those in the log now and no others. The first call counts.
    fn close_readers(&self, fanout: FanoutId) -> impl Future<Output = Result<()>> + Send;

    /// Saves progress. Saving the same again changes nothing.
    fn save(&self, bot: BotId, save: &Save, at: Utc) -> impl Future<Output = Result<()>> + Send;

    /// Gives a chat of a broadcast its new id.
    fn follow(
        &self,
        fanout: FanoutId,
        from: ChatId,
        to: ChatId,
    ) -> impl Future<Output = Result<Heir>> + Send;

    /// Letters of this bot that are not settled and come after `after`, in order, at most
    /// [`LETTERS_MAX`].
    fn letters(
        &self,
        bot: BotId,
        after: LetterId,
    ) -> impl Future<Output = Result<Vec<Letter>>> + Send;

    /// Progress messages of this bot's broadcasts.
    fn watches(&self, bot: BotId) -> impl Future<Output = Result<Vec<Watch>>> + Send;

    /// What the limits remember.
    fn limits(&self, bot: BotId) -> impl Future<Output = Result<Limits>> + Send;

    /// Forgets what nobody needs: rows that have gone and that no open broadcast can see, update
    /// numbers past [`UPDATES_KEPT`], dead challenges. A bounded amount a call; says how much is left
    /// to do, roughly.
    fn tidy(&self, now: Utc) -> impl Future<Output = Result<bool>> + Send;
}
