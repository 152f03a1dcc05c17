//! Everything one bot sends, in the right order and at the right pace.
//!
//! Ask [`Dispatch::next`] what to do, do it, report back through an `on_*` method, ask again.
//!
//! # Order
//!
//! Officials' letters and live reports; then, while a broadcast runs, four of its messages for every
//! resident's letter; among broadcasts the greatest [`Rank`], but one send in
//! twenty for the lesser.
//!
//! # Invariants
//!
//! - One save at a time; at most [`SAVE_EVERY`] apart while something changed.
//! - The readers of a broadcast are closed only when every older broadcast of its alert is closed and
//!   no message that tells of the alert is on its way or unsaved.
//! - A 429 never counts as an attempt. The first parks the chat; a second chat's within two seconds,
//!   or a long one, pauses the token until the latest deadline seen.

mod saving;
mod settle;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    breaker::Breaker,
    chats::Chats,
    lane::{Due, Lane, Stop},
    letters::{Letters, Look, Pending},
    pacer::{Pacer, Ticket},
    plan::{self, Rank},
};
use crate::{
    domain::{
        audience::{Position, Variant},
        delivery::Outcome,
        ids::{AlertId, ChatId, FanoutId, LetterId},
        letter::{Class, Content, Letter, Watch},
        report::{Report, Trouble},
        time::{Moment, Mono},
    },
    ports::store::{Fanout, Heir, LetterSave, Limits, Page, Save, WatchSave},
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
        /// Without thread and reply.
        detached: bool,
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
}

#[derive(Clone, Copy, Debug)]
enum Bound {
    Lane(FanoutId, Position),
    Letter(LetterId),
    Edit(FanoutId, ChatId),
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
    chats: Chats,
    breaker: Breaker,
    lanes: BTreeMap<FanoutId, Lane>,
    letters: Letters,
    watches: BTreeMap<(FanoutId, ChatId), Watched>,
    finished: BTreeMap<FanoutId, Report>,
    in_flight: BTreeMap<Ticket, Flight>,

    letter_saves: Vec<LetterSave>,
    watch_saves: Vec<WatchSave>,
    limits_dirty: bool,
    saving: Option<Save>,
    saved_at: Mono,
    save_not_before: Mono,
    storage_trouble: bool,

    throttled: Option<(Mono, ChatId)>,
    lane_turns: u32,
    letter_debt: u32,
    closing_readers: BTreeSet<FanoutId>,
    news: Vec<Action>,
    revoked: bool,
    stopping: bool,
}

impl Dispatch {
    /// Starts with what the process before us left for the limits to remember.
    #[must_use]
    pub fn new(limit: u32, limits: &Limits, watches: Vec<Watch>, now: Moment) -> Self {
        let mut pacer = Pacer::new(limit, now.mono);
        if let Some(until) = limits.paused_until {
            pacer.pause(now.mono + (until - now.utc).to_std().unwrap_or_default());
        }
        let mut chats = Chats::new(now.mono);
        chats.remember(&limits.windows, now.mono, now.utc);
        let mut dispatch = Self {
            pacer,
            chats,
            breaker: Breaker::default(),
            lanes: BTreeMap::new(),
            letters: Letters::default(),
            watches: BTreeMap::new(),
            finished: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            letter_saves: Vec::new(),
            watch_saves: Vec::new(),
            limits_dirty: false,
            saving: None,
            saved_at: now.mono,
            save_not_before: now.mono,
            storage_trouble: false,
            throttled: None,
            lane_turns: 0,
            letter_debt: 0,
            closing_readers: BTreeSet::new(),
            news: Vec::new(),
            revoked: false,
            stopping: false,
        };
        for watch in watches {
            dispatch.watch(watch, now.mono);
        }
        dispatch
    }

    /// Takes note of every broadcast that is open, by the store. Says which are new.
    pub fn on_open(&mut self, open: &[Fanout], now: Moment) -> Vec<FanoutId> {
        let limit = self.pacer.limit();
        let page = limit.saturating_mul(PAGE_SECONDS).clamp(PAGE_MIN, PAGE_MAX) as usize;
        let mut new = Vec::new();
        for fanout in open {
            if !self.lanes.contains_key(&fanout.id) && !self.finished.contains_key(&fanout.id) {
                let lane = Lane::new(fanout, Rank::of(fanout), page, now.mono);
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
        let limit = self.pacer.limit();
        let trouble = self.trouble(now);
        let with =
            |lane: &mut Lane| Report { trouble: trouble.clone(), ..lane.report(limit, now.mono) };
        self.lanes.values_mut().map(with).collect()
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
        self.in_flight.len() < IN_FLIGHT_MAX
            && self.breaker.admits()
            && self.pacer.ready_at(now) <= now
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

    fn choose(&mut self, now: Moment) -> Option<Parcel> {
        if let Some(parcel) = self.letter(Class::Official, now) {
            return Some(parcel);
        }
        if let Some(parcel) = self.edit(now) {
            return Some(parcel);
        }
        let broadcasting = self.lanes.values().any(Lane::has_due);
        if (!broadcasting || self.letter_debt >= LANE_PER_LETTER)
            && let Some(parcel) = self.letter(Class::Resident, now)
        {
            self.letter_debt = 0;
            return Some(parcel);
        }
        if let Some(parcel) = self.bulletin(now) {
            self.letter_debt = (self.letter_debt + 1).min(LANE_PER_LETTER);
            return Some(parcel);
        }
        self.letter(Class::Resident, now)
    }

    fn letter(&mut self, class: Class, now: Moment) -> Option<Parcel> {
        let chats = &self.chats;
        let look = self.letters.look(class, now.mono, |chat| chats.ready_at(chat, now.mono));
        let Look::Due(index) = look else { return None };
        let Pending { letter, anew, .. } = self.letters.take(class, index)?.clone();
        let (id, chat) = (letter.id, letter.new.chat);
        let report = match letter.new.content {
            Content::Progress(fanout) => self.report(fanout, now),
            Content::Plain { .. } | Content::Standing { .. } | Content::Picture { .. } => None,
        };
        let ticket = self.depart(chat, Bound::Letter(id), now.mono);
        Some(Parcel { ticket, chat, what: What::Letter { letter: Box::new(letter), anew, report } })
    }

    fn report(&mut self, fanout: FanoutId, now: Moment) -> Option<Report> {
        let (limit, trouble) = (self.pacer.limit(), self.trouble(now));
        match self.lanes.get_mut(&fanout) {
            Some(lane) => Some(Report { trouble, ..lane.report(limit, now.mono) }),
            None => self.finished.get(&fanout).cloned(),
        }
    }

    fn edit(&mut self, now: Moment) -> Option<Parcel> {
        let due: Vec<(FanoutId, ChatId)> = self
            .watches
            .iter()
            .filter(|(_, one)| !one.busy && one.edited_at + REPORT_EVERY <= now.mono)
            .filter(|(_, one)| self.chats.ready_at(one.watch.chat, now.mono) <= now.mono)
            .map(|(&key, _)| key)
            .collect();
        for key in due {
            let Some(report) = self.report(key.0, now) else { continue };
            let Some(watched) = self.watches.get_mut(&key) else { continue };
            watched.edited_at = now.mono;
            if watched.shown.as_ref() == Some(&report) {
                continue;
            }
            watched.busy = true;
            watched.shown = Some(report.clone());
            let watch = watched.watch;
            let ticket = self.depart(watch.chat, Bound::Edit(key.0, key.1), now.mono);
            return Some(Parcel { ticket, chat: watch.chat, what: What::Edit { watch, report } });
        }
        None
    }

    /// The next message of a broadcast.
    fn bulletin(&mut self, now: Moment) -> Option<Parcel> {
        let mut order: Vec<(std::cmp::Reverse<Rank>, FanoutId)> = self
            .lanes
            .values()
            .filter(|lane| lane.has_due())
            .map(|lane| (std::cmp::Reverse(lane.rank()), lane.id()))
            .collect();
        order.sort_unstable();
        if order.len() > 1 && self.lane_turns % LESSER_EVERY == LESSER_EVERY - 1 {
            let lesser = (self.lane_turns / LESSER_EVERY) as usize % (order.len() - 1);
            order.rotate_left(1 + lesser);
        }
        for (_, id) in order {
            for _ in 0..HELD_MAX {
                let Some(lane) = self.lanes.get_mut(&id) else { break };
                let Some(Due { at, chat, variant, detached }) = lane.take(now) else { break };
                let ready = self.chats.ready_at(chat, now.mono);
                if ready > now.mono {
                    lane.on_held(at, ready);
                    continue;
                }
                self.lane_turns = self.lane_turns.wrapping_add(1);
                let ticket = self.depart(chat, Bound::Lane(id, at), now.mono);
                let what = What::Bulletin { fanout: id, variant, detached };
                return Some(Parcel { ticket, chat, what });
            }
        }
        None
    }

    fn depart(&mut self, chat: ChatId, to: Bound, now: Mono) -> Ticket {
        self.breaker.on_send();
        self.chats.on_send(chat, now);
        self.limits_dirty |= self.chats.matters(chat, now);
        let ticket = self.pacer.on_send(now);
        self.in_flight.insert(ticket, Flight { to, chat, tells: Vec::new() });
        ticket
    }

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
        let send_at = (self.wants_to_send() && self.in_flight.len() < IN_FLIGHT_MAX)
            .then(|| self.pacer.ready_at(now.mono))
            .filter(|_| self.breaker.admits());
        let letters = [Class::Official, Class::Resident].into_iter().filter_map(|class| match self
            .letters
            .look(class, now.mono, |chat| self.chats.ready_at(chat, now.mono))
        {
            Look::At(at) => Some(at),
            Look::Due(_) | Look::Nothing => None,
        });
        let at = [save_at, lanes, edit_at, probe_at, send_at].into_iter().flatten().chain(letters);
        // Whatever could be done now has been tried: a deadline that is past waits for an event.
        Action::Wait(at.filter(|&at| at > now.mono).min())
    }

    fn wants_to_send(&self) -> bool {
        if self.revoked || self.stopping {
            return false;
        }
        let due = |class, now: Mono| matches!(self.letters.look(class, now, |_| now), Look::Due(_));
        self.lanes.values().any(Lane::has_due)
            || due(Class::Official, Mono(u64::MAX))
            || due(Class::Resident, Mono(u64::MAX))
    }
}
