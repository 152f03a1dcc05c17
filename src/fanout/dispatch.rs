//! Everything one bot sends, in the right order and at the right pace.
//!
//! Ask [`Dispatch::next`] what to do, do it, report back through an `on_*` method, ask again.
//!
//! # Order
//!
//! Officials' letters and live reports; then, while a broadcast runs, four of its messages for every
//! resident's letter; among broadcasts the greatest [`Rank`], but one send in
//! twenty for the lesser; among those of one rank whoever reaches the most people next.
//!
//! # Nothing twice, nothing needless
//!
//! Pages are read ahead of sending and from what is durable, so what was learnt since is looked up at
//! the moment of sending: whoever an older broadcast of the alert is just now being sent to waits for
//! that; whoever it has reached is edited rather than told anew; whoever was told by another message
//! is passed over, and counted as superseded.
//!
//! # Invariants
//!
//! - One save at a time; at most [`SAVE_EVERY`] apart while something changed.
//! - The readers of a broadcast are closed only when every older broadcast of its alert is closed and
//!   no message that tells of the alert is on its way or unsaved.
//! - A 429 never counts as an attempt. The first parks the chat; a second chat's within two seconds,
//!   or a long one, pauses the token until the latest deadline seen.

mod choosing;
mod saving;
mod settle;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use chrono::TimeDelta;

use super::{
    breaker::Breaker,
    canary::{Canary, News},
    chats::Chats,
    lane::{Lane, Stop},
    letters::{Letters, Look},
    pacer::{Fare, Pacer, Ticket},
    plan::{self, Rank},
    purse::{Budget, Purse},
};
use crate::{
    domain::{
        audience::{Position, Variant},
        delivery::Outcome,
        ids::{AlertId, ChatId, FanoutId, LetterId, MessageId, RegionId},
        letter::{Class, Letter, Watch},
        manner::Manner,
        report::{Elsewhere, Report, Trouble},
        time::{Moment, Mono},
    },
    ports::store::{Fanout, Heir, Hold, LetterSave, Limits, Page, Save, WatchSave},
};

/// A crash repeats at most what was sent since the last save.
pub const SAVE_EVERY: Duration = Duration::from_millis(100);
/// Well under the 500 at which a token should stop. `// telegram.md §1: concurrent requests`
pub const IN_FLIGHT_MAX: usize = 400;
/// A failed save is tried again after this.
const SAVE_RETRY: Duration = Duration::from_millis(500);
/// Two chats throttled within this time mean the token. `// telegram.md §2.3`
const THROTTLE_WINDOW: Duration = Duration::from_secs(2);
/// A wait this long means the token. `// telegram.md §2.3`
const THROTTLE_LONG: Duration = Duration::from_secs(5);
/// A live report is edited at most so often.
pub const REPORT_EVERY: Duration = Duration::from_secs(3);
/// While broadcasts run, one in so many of their sends goes to those of lesser rank.
const LESSER_EVERY: u32 = 20;
/// While broadcasts run, so many of their messages go for each letter to a resident: residents'
/// dialogue takes a fifth.
const LANE_PER_LETTER: u32 = 4;
/// Who is put off because their chat was spoken to a moment ago, at most in one step.
const HELD_MAX: usize = 32;
/// Chats read at once, in seconds of traffic; a page is as stale as this.
const PAGE_SECONDS: u32 = 2;
/// Chats read at once, at least.
const PAGE_MIN: u32 = 50;
/// Chats read at once, at most.
const PAGE_MAX: u32 = 1_000;

/// A page is no older than this when it is sent from, so that much is remembered of what was told.
const LATELY: Duration = Duration::from_secs(8);
/// Before a chat is looked at again that an older broadcast of the alert is on its way to.
const BUSY_DELAY: Duration = Duration::from_millis(50);
/// A broadcast that could not be sent for so long tells the whole present: nothing else may have
/// reached its readers, and they get one message instead of the backlog.
const LATE: TimeDelta = TimeDelta::seconds(60);

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Send, and report with [`Dispatch::on_outcome`]. Before anything else, tell
    /// [`Dispatch::on_sending`] which alerts the text tells of.
    Send(Parcel),
    /// Ask whether anybody is there, and report with [`Dispatch::on_probe`].
    Probe,
    /// Read a page, and report with [`Dispatch::on_page`].
    Fetch {
        /// Of which broadcast.
        fanout: FanoutId,
        /// After which position.
        after: Position,
        /// How many.
        limit: usize,
    },
    /// Count who comes after a position, and report with [`Dispatch::on_count`].
    Count {
        /// Of which broadcast.
        fanout: FanoutId,
        /// After which position.
        after: Position,
    },
    /// Remember the size of an audience. Nothing to report.
    Sized {
        /// Of which broadcast.
        fanout: FanoutId,
        /// How many.
        size: u64,
    },
    /// Close the readers, and report with [`Dispatch::on_readers_closed`].
    CloseReaders(FanoutId),
    /// Ask what a chat's new id means, and report with [`Dispatch::on_moved`].
    Follow {
        /// In which broadcast.
        fanout: FanoutId,
        /// At which position.
        at: Position,
        /// Its id before.
        from: ChatId,
        /// Its id now.
        to: ChatId,
    },
    /// A chat has a new id: make it so in the store. Nothing to report.
    Relocate {
        /// Its id before.
        from: ChatId,
        /// Its id now.
        to: ChatId,
    },
    /// Save, and report with [`Dispatch::on_saved`].
    Save(Save),
    /// A broadcast is over, with these figures. Nothing to report.
    Closed(Report),
    /// Something operators must know. Nothing to report.
    Alarm(Alarm),
    /// Nothing to do until then, or until something is reported.
    Wait(Option<Mono>),
    /// Everything in flight has settled and is saved, after [`Dispatch::stop`].
    Finished,
}

/// Something operators must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// Telegram refuses the text of this broadcast; it is stopped.
    Malformed(FanoutId, String),
    /// Telegram refuses a letter; it is dropped.
    BadLetter(LetterId, String),
    /// Telegram refuses the token; the bot sends nothing any more.
    Revoked(String),
    /// Telegram would not be paid; broadcasts go at the free rate.
    Unpaid(String),
    /// A channel does not take this bot's posts any more; it is suspended.
    Lost {
        /// Which.
        chat: ChatId,
        /// By which place it was to be told.
        place: Option<RegionId>,
    },
    /// Nothing could be saved for a while, so nothing is sent: the disk is full, or the database is
    /// held.
    Unsaved,
    /// The canary letter did not arrive: the bot can't speak, or not to that chat.
    Mute(String),
    /// It arrives again.
    Speaks,
    /// The settlements of a broadcast do not add up to its audience: a fault of ours.
    Unaccounted {
        /// Of which broadcast.
        fanout: FanoutId,
        /// How many chats it was for.
        audience: u64,
        /// How many were settled.
        settled: u64,
    },
}

/// Something to send.
#[derive(Clone, Debug, PartialEq)]
pub struct Parcel {
    /// Its number.
    pub ticket: Ticket,
    /// To whom.
    pub chat: ChatId,
    /// What.
    pub what: What,
}

/// What to send.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A broadcast's message.
    Bulletin {
        /// Of which broadcast.
        fanout: FanoutId,
        /// For which kind of chat.
        variant: Variant,
        /// How.
        manner: Manner,
        /// Whether it may cost Stars.
        fare: Fare,
        /// Whether the whole present is to be told, for want of an earlier message: see
        /// [`Dispatch::is_late`].
        late: bool,
    },
    /// A letter; `anew` if its edit was not possible.
    Letter {
        /// The letter.
        letter: Box<Letter>,
        /// Send a new message, whatever it wants to edit.
        anew: bool,
        /// For a report: its figures.
        report: Option<Report>,
    },
    /// The letter that proves that the bot can speak.
    Canary,
    /// A live report, in place of its last state.
    Edit {
        /// Which message.
        watch: Watch,
        /// The figures.
        report: Report,
    },
}

#[derive(Clone, Debug)]
struct Flight {
    to: Bound,
    chat: ChatId,
    tells: Vec<AlertId>,
    /// By which place; `None` for a letter that is about none.
    place: Option<RegionId>,
    edits: bool,
    fare: Fare,
    since: Mono,
}

/// What a chat was told a moment ago.
#[derive(Clone, Debug)]
struct Lately {
    /// When it left, and when that it arrived was heard.
    at: Mono,
    heard: Mono,
    place: Option<RegionId>,
    tells: Vec<AlertId>,
    /// The alert whose broadcast it was, and the message.
    message: Option<(AlertId, MessageId)>,
}

/// What is known of a chat that a lane is about to send to.
enum Known {
    /// Nothing that matters.
    Nothing,
    /// An older broadcast of the alert is on its way there.
    Busy,
    /// It has nothing to learn.
    Enough,
    /// An older broadcast of the alert has reached it.
    Told(MessageId),
}

#[derive(Clone, Copy, Debug)]
enum Bound {
    Lane(FanoutId, Position),
    Letter(LetterId),
    Edit(FanoutId, ChatId),
    Canary,
}

#[derive(Clone, Debug)]
struct Watched {
    watch: Watch,
    edited_at: Mono,
    shown: Option<Report>,
    busy: bool,
}

/// See the module.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each asked for by its name")]
#[derive(Clone, Debug)]
pub struct Dispatch {
    pacer: Pacer,
    purse: Purse,
    /// What chats were told within [`LATELY`], and in which order.
    lately: BTreeMap<ChatId, Vec<Lately>>,
    lately_order: VecDeque<(Mono, ChatId)>,
    /// When Telegram was found away; `None` while it answers.
    away_since: Option<Mono>,
    chats: Chats,
    breaker: Breaker,
    lanes: BTreeMap<FanoutId, Lane>,
    letters: Letters,
    watches: BTreeMap<(FanoutId, ChatId), Watched>,
    finished: BTreeMap<FanoutId, Report>,
    /// What other bots did about broadcasts with a live report, and when that was looked up.
    elsewhere: BTreeMap<FanoutId, (Mono, Elsewhere)>,
    in_flight: BTreeMap<Ticket, Flight>,

    letter_saves: Vec<LetterSave>,
    watch_saves: Vec<WatchSave>,
    limits_dirty: bool,
    saving: Option<Save>,
    saved_at: Mono,
    save_not_before: Mono,
    storage_trouble: bool,

    throttled: Option<(Mono, ChatId)>,
    /// Short waits in a row for paid messages.
    unpaid_throttles: u32,
    /// Since when nothing could be saved.
    unsaved_since: Option<Mono>,
    unsaved_told: bool,
    lane_turns: u32,
    letter_debt: u32,
    closing_readers: BTreeSet<FanoutId>,
    news: Vec<Action>,
    canary: Option<Canary>,
    revoked: bool,
    stopping: bool,
}

impl Dispatch {
    /// Starts with what the process before us left for the limits to remember.
    #[must_use]
    pub fn new(
        limit: u32,
        budget: Budget,
        limits: &Limits,
        watches: Vec<Watch>,
        now: Moment,
    ) -> Self {
        let purse = Purse::new(budget, limit, limits.spent.clone());
        let mut pacer = Pacer::paid(limit, purse.top_rate(), now.mono);
        if let Some(until) = limits.paused_until {
            pacer.pause(now.mono + (until - now.utc).to_std().unwrap_or_default());
        }
        let mut chats = Chats::new(now.mono);
        chats.remember(&limits.windows, now.mono, now.utc);
        let mut dispatch = Self {
            pacer,
            purse,
            lately: BTreeMap::new(),
            lately_order: VecDeque::new(),
            away_since: None,
            chats,
            breaker: Breaker::default(),
            lanes: BTreeMap::new(),
            letters: Letters::default(),
            watches: BTreeMap::new(),
            finished: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            letter_saves: Vec::new(),
            watch_saves: Vec::new(),
            limits_dirty: false,
            saving: None,
            saved_at: now.mono,
            save_not_before: now.mono,
            storage_trouble: false,
            throttled: None,
            unpaid_throttles: 0,
            unsaved_since: None,
            unsaved_told: false,
            lane_turns: 0,
            letter_debt: 0,
            closing_readers: BTreeSet::new(),
            news: Vec::new(),
            canary: None,
            revoked: false,
            stopping: false,
        };
        for watch in watches {
            dispatch.watch(watch, now.mono);
        }
        dispatch
    }

    /// Proves to a chat every so often that the bot can speak.
    #[must_use]
    pub fn with_canary(mut self, canary: Option<Canary>) -> Self {
        self.canary = canary;
        self
    }

    /// Takes note of every broadcast that is open, by the store. Says which are new.
    pub fn on_open(&mut self, open: &[Fanout], now: Moment) -> Vec<FanoutId> {
        let limit = self.pacer.limit(Fare::Paid);
        let page = limit.saturating_mul(PAGE_SECONDS).clamp(PAGE_MIN, PAGE_MAX) as usize;
        let mut new = Vec::new();
        for fanout in open {
            if !self.lanes.contains_key(&fanout.id) && !self.finished.contains_key(&fanout.id) {
                let mut lane = Lane::new(fanout, Rank::of(fanout), page, now);
                if now.utc - fanout.opened_at > LATE {
                    lane.be_late();
                }
                self.lanes.insert(fanout.id, lane);
                // A new lane's first send waits for no lesser one's turn.
                self.lane_turns = 0;
                new.push(fanout.id);
            }
        }
        for old in plan::superseded(open) {
            if let Some(lane) = self.lanes.get_mut(&old) {
                lane.stop(Stop::Stale, now);
            }
        }
        for fanout in open {
            let Some(lane) = self.lanes.get_mut(&fanout.id) else { continue };
            match fanout.hold {
                Some(Hold::Halted) => lane.stop(Stop::Halted, now),
                hold => lane.hold(hold == Some(Hold::Paused)),
            }
        }
        new
    }

    /// The greatest letter taken in.
    #[must_use]
    pub fn letters_known(&self) -> LetterId {
        self.letters.known()
    }

    /// Takes letters in.
    pub fn on_letters(&mut self, letters: Vec<Letter>) {
        self.letters.take_in(letters);
    }

    /// The figures of a broadcast that was closed before we began, for its live report.
    pub fn on_finished(&mut self, report: Report) {
        self.finished.insert(report.fanout, report);
    }

    /// Broadcasts that have a live report, or are about to: what other bots did is to be looked up for
    /// them.
    #[must_use]
    pub fn watched(&self) -> BTreeSet<FanoutId> {
        let shown = self.watches.keys().map(|&(fanout, _)| fanout);
        shown.chain(self.letters.reports()).collect()
    }

    /// What the other bots did about a broadcast; `rate` of it is made here.
    pub fn on_elsewhere(&mut self, fanout: FanoutId, mut others: Elsewhere, now: Mono) {
        others.rate = match self.elsewhere.get(&fanout) {
            Some((at, before)) if *at < now => {
                let settled = others.tally.sum().saturating_sub(before.tally.sum());
                let micros = u64::try_from(now.since(*at).as_micros()).unwrap_or(u64::MAX);
                let rate = settled.saturating_mul(1_000_000) / micros.max(1);
                u32::try_from(rate).unwrap_or(u32::MAX).min(others.limit)
            }
            Some((_, before)) => before.rate,
            None => 0,
        };
        self.elsewhere.insert(fanout, (now, others));
        let known = |id: &FanoutId| {
            self.lanes.contains_key(id) || self.watches.keys().any(|(watched, _)| watched == id)
        };
        let gone: Vec<FanoutId> = self.elsewhere.keys().copied().filter(|id| !known(id)).collect();
        for id in gone {
            self.elsewhere.remove(&id);
        }
    }

    /// Broadcasts that have a live report and are not known here.
    #[must_use]
    pub fn unknown_watches(&self) -> Vec<FanoutId> {
        let known = |id: &FanoutId| self.lanes.contains_key(id) || self.finished.contains_key(id);
        let ids: BTreeSet<FanoutId> = self.watches.keys().map(|&(id, _)| id).collect();
        ids.into_iter().filter(|id| !known(id)).collect()
    }

    /// Sends nothing new; [`Action::Finished`] follows once everything is settled and saved.
    pub fn stop(&mut self) {
        self.stopping = true;
    }

    /// The figures of every broadcast that runs.
    pub fn reports(&mut self, now: Moment) -> Vec<Report> {
        let ids: Vec<FanoutId> = self.lanes.keys().copied().collect();
        ids.into_iter().filter_map(|id| self.report(id, now)).collect()
    }

    fn trouble(&self, now: Moment) -> Option<Trouble> {
        let paused = self.pacer.silent_until().since(now.mono);
        if self.revoked {
            Some(Trouble::Revoked)
        } else if self.storage_trouble {
            Some(Trouble::Storage)
        } else if self.breaker.is_outage() {
            Some(Trouble::Outage)
        } else if paused > THROTTLE_WINDOW {
            Some(Trouble::Throttled(now.utc + paused))
        } else {
            None
        }
    }

    /// Decides what to do at `now`.
    pub fn next(&mut self, now: Moment) -> Action {
        for lane in self.lanes.values_mut() {
            lane.wake(now.mono);
            lane.expire(now);
        }
        self.mind_outage(now);
        let news = self.canary.as_mut().and_then(|canary| canary.look(now));
        self.on_canary(news);
        self.forget_lately(now.mono);
        for letter in self.letters.expire(now.utc) {
            self.letter_saves.push(LetterSave { letter, row: None });
        }
        if let Some(news) = self.news.pop() {
            return news;
        }
        if let Some(save) = self.save(now) {
            return Action::Save(save);
        }
        if let Some(chore) = self.chore(now) {
            return chore;
        }
        if self.stopping {
            let idle = self.in_flight.is_empty() && self.saving.is_none() && !self.is_dirty();
            return if idle { Action::Finished } else { self.rest(now) };
        }
        if !self.revoked {
            if self.breaker.probe_at().is_some_and(|at| at <= now.mono) {
                self.breaker.on_probe();
                return Action::Probe;
            }
            if self.may_send(now.mono)
                && let Some(parcel) = self.choose(now)
            {
                return Action::Send(parcel);
            }
        }
        self.rest(now)
    }

    fn may_send(&self, now: Mono) -> bool {
        self.has_room() && self.breaker.admits() && self.is_open(Fare::Paid, now)
    }

    fn has_room(&self) -> bool {
        self.in_flight.len() < self.pacer.in_flight_max(IN_FLIGHT_MAX)
    }

    fn is_open(&self, fare: Fare, now: Mono) -> bool {
        self.pacer.ready_at(fare, now) <= now
    }

    // What is to be read.

    fn chore(&mut self, now: Moment) -> Option<Action> {
        if self.stopping {
            return None;
        }
        for lane in self.lanes.values_mut() {
            let fanout = lane.id();
            if let Some((after, limit)) = lane.fetch(now.mono) {
                return Some(Action::Fetch { fanout, after, limit });
            }
            if let Some(after) = lane.count() {
                return Some(Action::Count { fanout, after });
            }
        }
        let complete = |lane: &Lane| {
            let older = self.lanes.range(..lane.id()).any(|(_, old)| old.alert() == lane.alert());
            lane.readers_open() && !older && !self.is_telling(lane.alert())
        };
        let found = self
            .lanes
            .values()
            .filter(|lane| !self.closing_readers.contains(&lane.id()) && complete(lane))
            .map(Lane::id)
            .next()?;
        self.closing_readers.insert(found);
        Some(Action::CloseReaders(found))
    }

    /// The readers are closed, or (`false`) that failed.
    pub fn on_readers_closed(&mut self, fanout: FanoutId, done: bool, now: Moment) {
        self.closing_readers.remove(&fanout);
        if let Some(lane) = self.lanes.get_mut(&fanout).filter(|_| done) {
            lane.on_readers_closed(now.mono);
        }
    }

    /// Takes a page; `None` if it could not be read.
    pub fn on_page(&mut self, fanout: FanoutId, page: Option<Page>, now: Moment) {
        let Some(lane) = self.lanes.get_mut(&fanout) else { return };
        match page {
            Some(page) => lane.on_page(page, now),
            None => lane.on_no_page(now.mono),
        }
    }

    /// Takes a count; `None` if it could not be read.
    pub fn on_count(&mut self, fanout: FanoutId, count: Option<u64>) {
        let Some(lane) = self.lanes.get_mut(&fanout) else { return };
        match count.map(|n| lane.on_count(n)) {
            Some(Some(size)) => self.news.push(Action::Sized { fanout, size }),
            Some(None) => {}
            None => lane.on_no_count(),
        }
    }

    /// What a chat's new id means; `None` if that could not be read.
    pub fn on_moved(
        &mut self,
        fanout: FanoutId,
        at: Position,
        to: ChatId,
        heir: Option<Heir>,
        now: Moment,
    ) {
        if let Some(lane) = self.lanes.get_mut(&fanout) {
            lane.on_moved(at, to, heir, now);
        }
    }

    /// What a probe found.
    pub fn on_probe(&mut self, outcome: &Outcome, now: Moment) {
        match outcome {
            Outcome::Unknown | Outcome::NotSent => self.breaker.on_silence(now.mono),
            Outcome::Throttled { retry_after } => {
                self.pause(now.mono + *retry_after);
                self.breaker.on_answer(true);
            }
            Outcome::Delivered(_)
            | Outcome::Unpaid(_)
            | Outcome::Gone(_)
            | Outcome::Missing
            | Outcome::Forbidden(_)
            | Outcome::Migrated(_)
            | Outcome::Unattached
            | Outcome::Unmodified
            | Outcome::Uneditable
            | Outcome::Payload(_)
            | Outcome::Token(_)
            | Outcome::Rejected { .. } => self.breaker.on_answer(true),
        }
    }

    // What is to be sent.

    /// Which alerts the text of a parcel tells of as active.
    pub fn on_sending(&mut self, ticket: Ticket, tells: &[AlertId]) {
        if let Some(flight) = self.in_flight.get_mut(&ticket) {
            flight.tells = tells.to_vec();
        }
    }

    /// A parcel left later than it was decided.
    pub fn on_departed(&mut self, ticket: Ticket, at: Mono) {
        self.pacer.on_departed(ticket, at);
    }

    // When to look again.

    fn rest(&self, now: Moment) -> Action {
        let saves = self.saving.is_none() && self.is_dirty();
        let save_at = saves.then(|| (self.saved_at + SAVE_EVERY).max(self.save_not_before));
        let lanes = self.lanes.values().filter_map(Lane::due_at).min();
        let expiry = self.watches.values().filter(|one| !one.busy).map(|one| one.edited_at);
        let edit_at = expiry.min().map(|at| at + REPORT_EVERY);
        let probe_at = self.breaker.probe_at();
        let send_at = (self.wants_to_send() && self.has_room())
            .then(|| {
                // Whatever fare was open has been tried.
                let paid = self.pacer.ready_at(Fare::Paid, now.mono);
                if paid > now.mono { paid } else { self.pacer.ready_at(Fare::Free, now.mono) }
            })
            .filter(|_| self.breaker.admits());
        let canary = self.canary.as_ref().map(|canary| canary.wake_at(now));
        let letters = [Class::Official, Class::Resident].into_iter().filter_map(|class| match self
            .letters
            .look(class, now.mono, |chat| self.chats.ready_at(chat, now.mono))
        {
            Look::At(at) => Some(at),
            Look::Due(_) | Look::Nothing => None,
        });
        let at = [save_at, lanes, edit_at, probe_at, send_at, canary]
            .into_iter()
            .flatten()
            .chain(letters);
        // Whatever could be done now has been tried: a deadline that is past waits for an event.
        Action::Wait(at.filter(|&at| at > now.mono).min())
    }

    fn wants_to_send(&self) -> bool {
        if self.revoked || self.stopping {
            return false;
        }
        let due = |class, now: Mono| matches!(self.letters.look(class, now, |_| now), Look::Due(_));
        self.lanes.values().any(Lane::has_due)
            || self.canary.as_ref().is_some_and(|canary| canary.is_due(Mono(u64::MAX)))
            || due(Class::Official, Mono(u64::MAX))
            || due(Class::Resident, Mono(u64::MAX))
    }
}
