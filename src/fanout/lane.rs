//! One broadcast through one bot: who is next, who is settled, what must be saved.
//!
//! ```text
//!            fetched                     dispatched                     settled
//!   page ──► fresh ──(reserved? standing?)──► in flight ──► outcome ──► tally, log
//!              │                                 │  ▲
//!              │                        straggler▼  │ when due, and durably known as one
//!              │                              waiting
//!              └─(stopping)──► superseded, or uncertain where it may have been sent
//! ```
//!
//! # Invariants
//!
//! - The *cursor* is the last position dispatched or settled. Everyone up to it is settled or is a
//!   straggler; each save names both, so a request that hangs holds up nobody and a crash repeats at
//!   most what was in flight and what was sent since the save.
//! - Nobody beyond the durable *mark* is sent to, and no straggler whose durable record doesn't say
//!   that it may have been. Hence after a crash, whoever may have the message is known, and when the
//!   alert has ended meanwhile, ends as uncertain and hears of the end.
//! - A chat that may have the message is never counted as superseded.
//! - What a lane does not walk because it was stopped is counted by the store, not guessed.
//!
//! Deliberately absent: pacing, the choice between lanes, and texts.

mod figures;
mod saving;
mod telling;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use crate::{
    domain::{
        alert::{Change, Status},
        audience::{Position, Recipient, Standing, Tier, Variant},
        delivery::{Fate, Settlement, Tally},
        ids::{AlertId, ChatId, FanoutId, MessageId, Revision},
        manner::{Manner, Manners},
        report::Cost,
        time::{Moment, Mono, Utc},
    },
    fanout::plan::Rank,
    ports::store::{Fanout, Heir, Hold, LogRow, Page, Straggler},
};

/// Most chats a lane passes by before it waits for them: each is a row of every save.
pub const STRAGGLERS_MAX: usize = 1_000;
/// While there are chats on their first attempt, one send in so many is a second attempt.
const AGAIN_EVERY: u32 = 8;
/// Before a doubtful chat is tried again: the same trouble should have passed.
const DOUBT_DELAY: Duration = Duration::from_secs(3);
/// Before a chat that provably got nothing is tried again.
const RETRY_DELAY: Duration = Duration::from_millis(700);
/// Readers may yet come while older broadcasts of the alert settle; look again after this.
const READERS_DELAY: Duration = Duration::from_millis(150);
/// A page is sent from for so long at most: what it says of a chat may have changed.
const PAGE_STALE: Duration = Duration::from_secs(5);
/// A straggler due within this time is saved as one that may have been sent.
const DUE_SOON: Duration = Duration::from_millis(300);
/// Refusals we can't read, before they are looked at as a share.
const REJECTED_MIN: u32 = 20;
/// Of the first sends, one in so many may be refused for unknown reasons before the text is blamed.
const REJECTED_SHARE: u32 = 10;

/// Why a lane stops before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A later state of the alert is out, or its time is over.
    Stale,
    /// Telegram refuses the text.
    Malformed,
    /// An official stopped it.
    Halted,
}

/// Somebody to send to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Where it stands in the walk.
    pub at: Position,
    /// Whom to.
    pub chat: ChatId,
    /// What.
    pub variant: Variant,
    /// How.
    pub manner: Manner,
    /// Alerts that make this needless if it was told of one of them a moment ago.
    pub enough: Vec<AlertId>,
    /// Whether it may have the message already: then it is not needless.
    pub doubt: bool,
}

#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own: what may be, what is known, what is durable, how to send"
)]
struct Entry {
    chat: ChatId,
    variant: Variant,
    tier: Tier,
    /// As [`Recipient`] has them.
    told: bool,
    message: Option<MessageId>,
    enough: Vec<AlertId>,
    /// It may have the message from an attempt before the present one, of this process or of one that
    /// died.
    doubt: bool,
    /// That was an attempt of this process whose outcome is unknown; the next unknown one is final.
    /// A death in mid-flight is no outcome: with it alone an outage would burn all who were in flight.
    unknown: bool,
    /// The alerts that attempt told of, if it arrived.
    tells: Vec<AlertId>,
    /// The durable record says that it may have been sent.
    cleared: bool,
    detached: bool,
    state: Wait,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    InFlight,
    Until(Mono),
    Ready,
    /// The store is asked for its new id.
    Moving,
}

/// See the module.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each asked for by its name")]
#[derive(Clone, Debug)]
pub struct Lane {
    id: FanoutId,
    alert: AlertId,
    revision: Revision,
    rank: Rank,
    manners: Manners,
    /// Whether it is of a beginning.
    starts: bool,
    /// Whoever heard that it is over for them has nothing to learn: but from a withdrawal, which says
    /// that it never was.
    known_over: bool,
    /// What a chat was told before this teaches it nothing about an end.
    over_since: Option<Mono>,
    held: bool,
    late: bool,
    paid: bool,
    expires_at: Option<Utc>,
    opened_at: Utc,
    size: Option<u64>,
    counting: bool,
    readers_open: bool,

    fetched: Position,
    last: bool,
    fetching: bool,
    fetch_at: Mono,
    /// When the oldest of those who are fresh were read.
    fetched_at: Mono,
    page: usize,

    fresh: VecDeque<Recipient>,
    cursor: Position,
    mark: Position,
    /// Up to here the process before us may have sent.
    haunted: Position,
    stragglers: BTreeMap<Position, Entry>,
    /// Waiting, by when they are due.
    waiting: BTreeSet<(Mono, Position)>,
    /// Due, provably without the message.
    ready: VecDeque<Position>,
    /// Due, and may have it: after first attempts.
    again: VecDeque<Position>,
    turns: u32,
    in_flight: usize,

    tally: Tally,
    /// Of those superseded: who knew it already.
    known: u64,
    cost: Cost,
    log: Vec<LogRow>,
    sent: VecDeque<Mono>,
    answered: u32,
    rejected: u32,

    stop: Option<Stop>,
    rest: Rest,

    dirty: bool,
    saving: Option<Vec<LogRow>>,
    closing: bool,
    closed_at: Option<Utc>,
}

/// What a stopped lane leaves unwalked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    NotAsked,
    Asked,
    /// So many. They enter the tally with the last save and no sooner: a process after us counts
    /// them anew.
    Counted(u64),
}

impl Lane {
    /// Takes up a broadcast where its record leaves it. `page` is how many chats to read at once.
    #[must_use]
    pub fn new(fanout: &Fanout, rank: Rank, page: usize, now: Moment) -> Self {
        let progress = &fanout.progress;
        let mut lane =
            Self {
                id: fanout.id,
                alert: fanout.transition.alert.id(),
                revision: fanout.transition.alert.revision(),
                rank,
                manners: Manners::of(&fanout.transition),
                starts: fanout.transition.change == Change::Raised,
                known_over: fanout.transition.change != Change::Withdrawn,
                over_since: fanout.transition.change.closes().then(|| {
                    now.mono - (now.utc - fanout.transition.at).to_std().unwrap_or_default()
                }),
                held: fanout.hold == Some(Hold::Paused),
                late: false,
                paid: fanout.transition.alert.draft().paid()
                    && fanout.transition.alert.status() == Status::Actual,
                expires_at: (!fanout.transition.change.closes())
                    .then(|| fanout.transition.alert.expires_at())
                    .flatten(),
                opened_at: fanout.opened_at,
                size: fanout.size,
                counting: false,
                readers_open: fanout.audience.readers && fanout.readers_ceiling.is_none(),
                fetched: progress.cursor,
                last: false,
                fetching: false,
                fetch_at: now.mono,
                fetched_at: now.mono,
                page: page.max(1),
                fresh: VecDeque::new(),
                cursor: progress.cursor,
                mark: progress.mark.max(progress.cursor),
                haunted: progress.mark.max(progress.cursor),
                stragglers: BTreeMap::new(),
                waiting: BTreeSet::new(),
                ready: VecDeque::new(),
                again: VecDeque::new(),
                turns: 0,
                in_flight: 0,
                tally: progress.tally,
                known: progress.known,
                cost: progress.cost,
                log: Vec::new(),
                sent: VecDeque::new(),
                answered: 0,
                rejected: 0,
                stop: None,
                rest: Rest::NotAsked,
                dirty: false,
                saving: None,
                closing: false,
                closed_at: None,
            };
        for straggler in &progress.stragglers {
            let Straggler { at, chat, variant, tier, told, message, doubt } = straggler.clone();
            let entry = Entry {
                chat,
                variant,
                tier,
                told,
                message,
                enough: Vec::new(),
                doubt,
                unknown: false,
                tells: Vec::new(),
                cleared: doubt,
                detached: false,
                state: Wait::Ready,
            };
            lane.stragglers.insert(at, entry);
            lane.line_up(at);
        }
        lane.dirty = lane.ready.iter().any(|at| !lane.is_cleared(*at));
        lane
    }

    /// Which broadcast.
    #[must_use]
    pub fn id(&self) -> FanoutId {
        self.id
    }
    /// Of which alert.
    #[must_use]
    pub fn alert(&self) -> AlertId {
        self.alert
    }
    /// How urgent.
    #[must_use]
    pub fn rank(&self) -> Rank {
        self.rank
    }
    /// Whether the readers may still grow.
    #[must_use]
    pub fn readers_open(&self) -> bool {
        self.readers_open
    }
    /// Whether everyone is settled, and that is saved.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed_at.is_some() && !self.closing
    }

    /// Stops: whoever was not sent to is counted, not sent to.
    pub fn stop(&mut self, why: Stop, now: Moment) {
        if self.stop.is_some() || self.closed_at.is_some() {
            return;
        }
        self.stop = Some(why);
        self.dirty = true;
        let dropped: Vec<Recipient> = self.fresh.drain(..).collect();
        for recipient in dropped {
            self.drop_fresh(recipient, now.utc);
        }
        let held: Vec<Position> = self
            .stragglers
            .iter()
            .filter(|(_, entry)| entry.state != Wait::InFlight && entry.state != Wait::Moving)
            .map(|(&at, _)| at)
            .collect();
        for at in held {
            self.drop_straggler(at, now.utc);
        }
        self.waiting.clear();
        self.ready.clear();
        self.again.clear();
    }

    /// Stops if the announced time of the alert is over.
    pub fn expire(&mut self, now: Moment) {
        if self.stop.is_none() && self.expires_at.is_some_and(|until| until <= now.utc) {
            self.stop(Stop::Stale, now);
        }
    }

    /// Moves those whose wait is over, and forgets a page that was read too long ago: who may be
    /// sent to, and what they know, is looked up again.
    pub fn wake(&mut self, now: Mono) {
        if !self.fresh.is_empty() && now.since(self.fetched_at) > PAGE_STALE && !self.fetching {
            self.fresh.clear();
            self.fetched = self.cursor;
            self.last = false;
        }
        while let Some(&(due, at)) = self.waiting.first()
            && due <= now
        {
            self.waiting.pop_first();
            if let Some(entry) = self.stragglers.get_mut(&at) {
                entry.state = Wait::Ready;
                // The durable record may say that it was not to be sent yet.
                self.dirty |= !entry.cleared;
                self.line_up(at);
            }
        }
    }

    /// What page to read now, if any: after which position, and how many.
    pub fn fetch(&mut self, now: Mono) -> Option<(Position, usize)> {
        let wanted = match self.stop {
            None => {
                !self.held
                    && self.fresh.len() * 2 < self.page
                    && self.stragglers.len() < STRAGGLERS_MAX
            }
            // Whoever the process before us may have sent to has to be met.
            Some(_) => self.fetched < self.haunted,
        };
        let go = wanted && !self.last && !self.fetching && self.fetch_at <= now;
        self.fetching |= go;
        go.then_some((self.fetched, self.page))
    }

    /// Takes a page.
    pub fn on_page(&mut self, page: Page, now: Moment) {
        self.fetching = false;
        if self.fresh.is_empty() {
            self.fetched_at = now.mono;
        }
        if page.recipients.is_empty() && !page.last {
            self.fetch_at = now.mono + READERS_DELAY;
        }
        self.last = page.last;
        if page.last {
            self.dirty = true;
        }
        for recipient in page.recipients {
            if recipient.at <= self.fetched {
                continue;
            }
            self.fetched = recipient.at;
            if self.stop.is_some() {
                self.drop_fresh(recipient, now.utc);
            } else {
                self.fresh.push_back(recipient);
            }
        }
    }

    /// The page could not be read; it will be asked for again.
    pub fn on_no_page(&mut self, now: Mono) {
        self.fetching = false;
        self.fetch_at = now + RETRY_DELAY;
    }

    /// What to count now, if anything: everyone after this position.
    pub fn count(&mut self) -> Option<Position> {
        if self.counting || self.readers_open {
            return None;
        }
        let stopped = self.stop.is_some() && self.rest == Rest::NotAsked;
        let met = self.last || self.fetched >= self.haunted;
        if stopped && met && !self.fetching {
            if self.last {
                self.rest = Rest::Counted(0);
                self.dirty = true;
                return None;
            }
            self.rest = Rest::Asked;
            self.counting = true;
            return Some(self.fetched);
        }
        if self.size.is_none() && self.rest != Rest::Asked {
            self.counting = true;
            return Some(Position::START);
        }
        None
    }

    /// Takes a count; returns the size of the audience if that is what was counted.
    pub fn on_count(&mut self, n: u64) -> Option<u64> {
        self.counting = false;
        self.dirty = true;
        if self.rest == Rest::Asked {
            self.rest = Rest::Counted(n);
            return None;
        }
        self.size = Some(n);
        Some(n)
    }

    /// The count failed; it will be asked for again.
    pub fn on_no_count(&mut self) {
        self.counting = false;
        if self.rest == Rest::Asked {
            self.rest = Rest::NotAsked;
        }
    }

    /// The readers are complete.
    pub fn on_readers_closed(&mut self, now: Mono) {
        self.readers_open = false;
        self.fetch_at = now;
    }

    /// Whether somebody could be sent to now.
    #[must_use]
    pub fn has_due(&self) -> bool {
        self.stop.is_none()
            && !self.held
            && (self.head_of(&self.ready).is_some()
                || self.fresh_is_open()
                || self.head_of(&self.again).is_some())
    }

    /// Takes the next to send to. Those who have left on the way, and those who have nothing to learn,
    /// are settled in passing. The caller hands it back by [`Lane::on_held`] if the chat can't be
    /// spoken to yet, or by [`Lane::on_needless`].
    pub fn take(&mut self, now: Moment) -> Option<Due> {
        if self.stop.is_some() {
            return None;
        }
        let again = self.head_of(&self.again).is_some();
        let first = self.head_of(&self.ready).is_some() || self.fresh_is_open();
        self.turns = self.turns.wrapping_add(1);
        if again && (!first || self.turns.is_multiple_of(AGAIN_EVERY)) {
            let at = self.again.pop_front()?;
            return self.take_straggler(at, now.mono);
        }
        if self.head_of(&self.ready).is_some() {
            let at = self.ready.pop_front()?;
            return self.take_straggler(at, now.mono);
        }
        while self.fresh_is_open() {
            let recipient = self.fresh.pop_front()?;
            let at = recipient.at;
            self.cursor = at;
            self.dirty = true;
            if let Some(settlement) = gone(recipient.standing) {
                self.tally.add(settlement, 1);
                continue;
            }
            let doubt = at <= self.haunted;
            // Who knows it from an answer or a line in another message gets it in full all the same,
            // but for the backlog of an outage.
            let needless = recipient.needless
                || (self.starts && self.late && recipient.told)
                || (at.is_reader() && self.known_over && recipient.over);
            if needless && !doubt {
                self.count_known();
                continue;
            }
            let entry = Entry {
                chat: recipient.chat,
                variant: recipient.variant,
                tier: recipient.tier,
                told: recipient.told,
                message: recipient.message,
                enough: recipient.enough,
                doubt,
                unknown: false,
                tells: Vec::new(),
                cleared: true,
                detached: false,
                state: Wait::Ready,
            };
            if !doubt && self.put(at, &entry) == Manner::Not {
                self.count_known();
                continue;
            }
            self.stragglers.insert(at, entry);
            return self.take_straggler(at, now.mono);
        }
        None
    }

    fn take_straggler(&mut self, at: Position, now: Mono) -> Option<Due> {
        let entry = self.stragglers.get_mut(&at)?;
        entry.state = Wait::InFlight;
        let entry = self.stragglers.get(&at)?;
        let due = self.due(at, entry);
        self.in_flight += 1;
        self.dirty = true;
        while self.sent.front().is_some_and(|&at| now.since(at) > Duration::from_secs(1)) {
            self.sent.pop_front();
        }
        self.sent.push_back(now);
        Some(due)
    }

    /// The one just taken can't be spoken to before `until`: nothing was sent.
    pub fn on_held(&mut self, at: Position, until: Mono) {
        self.sent.pop_back();
        self.wait(at, until);
    }

    /// Provably not sent: again after a while, or not before `until`.
    pub fn on_again(&mut self, at: Position, until: Option<Mono>, now: Moment) {
        let due = until.unwrap_or(now.mono + RETRY_DELAY);
        self.wait(at, due);
        if self.stop.is_some() {
            self.drop_straggler(at, now.utc);
        }
    }

    /// It may have arrived: once more, after the others.
    pub fn on_doubt(&mut self, at: Position, tells: Vec<AlertId>, now: Moment) {
        if let Some(entry) = self.stragglers.get_mut(&at) {
            entry.doubt = true;
            entry.unknown = true;
            entry.tells = union(std::mem::take(&mut entry.tells), tells);
        }
        self.wait(at, now.mono + DOUBT_DELAY);
        if self.stop.is_some() {
            self.drop_straggler(at, now.utc);
        }
    }

    /// Once more, without thread and reply.
    pub fn on_detach(&mut self, at: Position, now: Moment) {
        let again = self.stragglers.get(&at).is_some_and(|entry| entry.detached);
        if again {
            self.settle(at, Settlement::Failed, Fate::Stays, None, Vec::new(), now.utc);
            return;
        }
        if let Some(entry) = self.stragglers.get_mut(&at) {
            entry.detached = true;
        }
        self.on_again(at, Some(now.mono), now);
    }

    /// The chat has a new id, and the store is asked what that means.
    pub fn on_moving(&mut self, at: Position) {
        if let Some(entry) = self.stragglers.get_mut(&at) {
            entry.state = Wait::Moving;
            self.in_flight -= 1;
        }
    }

    /// What that means. `None`: the store could not say; ask Telegram again.
    pub fn on_moved(&mut self, at: Position, to: ChatId, heir: Option<Heir>, now: Moment) {
        let Some(entry) = self.stragglers.get_mut(&at) else { return };
        // From "moving" back to "in flight", which the methods below end.
        entry.state = Wait::InFlight;
        self.in_flight += 1;
        match heir {
            Some(Heir::Follows) => {
                entry.chat = to;
                entry.message = None;
                self.on_again(at, Some(now.mono), now);
            }
            Some(Heir::Already) => {
                self.settle(at, Settlement::Retired, Fate::Stays, None, Vec::new(), now.utc);
            }
            None => self.on_again(at, None, now),
        }
    }

    /// Whether an attempt before the one in flight had an unknown outcome.
    #[must_use]
    pub fn doubts(&self, at: Position) -> bool {
        self.stragglers.get(&at).is_some_and(|entry| entry.unknown)
    }

    /// It is over for this one.
    pub fn settle(
        &mut self,
        at: Position,
        settlement: Settlement,
        fate: Fate,
        message: Option<MessageId>,
        tells: Vec<AlertId>,
        now: Utc,
    ) {
        let Some(entry) = self.stragglers.remove(&at) else { return };
        // Not so when the attempt that would be the second is never made.
        let repeated = entry.doubt && entry.state == Wait::InFlight;
        if entry.state == Wait::InFlight {
            self.in_flight -= 1;
        }
        self.tally.add(settlement, 1);
        self.dirty = true;
        let (chat, place) = (entry.chat, entry.variant.place);
        let tells = union(entry.tells, tells);
        self.log.push(LogRow { chat, place, settlement, message, at: now, fate, tells, repeated });
    }

    /// Counts an answer; true if so many are refused for unknown reasons that the text is to blame.
    pub fn on_answered(&mut self, rejected: bool) -> bool {
        self.answered = self.answered.saturating_add(1);
        self.rejected = self.rejected.saturating_add(u32::from(rejected));
        self.rejected >= REJECTED_MIN && self.rejected > self.answered / REJECTED_SHARE
    }

    /// Whether somebody who is not settled may have been told of an alert.
    #[must_use]
    pub fn doubts_of(&self, alert: AlertId) -> bool {
        self.stragglers.values().any(|entry| entry.tells.contains(&alert))
    }

    /// Rows of the delivery log that are not yet durable.
    pub fn unsaved(&self) -> impl Iterator<Item = &LogRow> {
        self.log.iter().chain(self.saving.iter().flatten())
    }

    /// When something is due by itself.
    #[must_use]
    pub fn due_at(&self) -> Option<Mono> {
        let waiting = self.waiting.first().map(|&(due, _)| due);
        let fetch = (!self.last && !self.fetching && self.stop.is_none() && self.fresh.is_empty())
            .then_some(self.fetch_at);
        [waiting, fetch].into_iter().flatten().min()
    }

    /// Whether everyone is settled.
    fn is_done(&self) -> bool {
        let walked = match self.stop {
            None => self.last && self.fresh.is_empty(),
            Some(_) => matches!(self.rest, Rest::Counted(_)),
        };
        walked && self.stragglers.is_empty() && self.size.is_some()
    }

    fn fresh_is_open(&self) -> bool {
        self.stragglers.len() < STRAGGLERS_MAX
            && self.fresh.front().is_some_and(|next| next.at <= self.mark)
    }

    fn is_cleared(&self, at: Position) -> bool {
        self.stragglers.get(&at).is_some_and(|entry| entry.cleared)
    }

    fn head_of(&self, queue: &VecDeque<Position>) -> Option<Position> {
        let at = *queue.front()?;
        // While a save is under way, what it clears is not yet durable.
        (self.is_cleared(at) && self.saving.is_none()).then_some(at)
    }

    fn line_up(&mut self, at: Position) {
        let Some(entry) = self.stragglers.get(&at) else { return };
        if entry.doubt { self.again.push_back(at) } else { self.ready.push_back(at) }
    }

    fn wait(&mut self, at: Position, until: Mono) {
        let Some(entry) = self.stragglers.get_mut(&at) else { return };
        if entry.state == Wait::InFlight {
            self.in_flight -= 1;
        }
        entry.state = Wait::Until(until);
        // What is durable of it is too much, which is safe, until the next save says otherwise.
        self.waiting.insert((until, at));
        self.dirty = true;
    }

    fn drop_fresh(&mut self, recipient: Recipient, now: Utc) {
        self.cursor = recipient.at;
        // Readers stay open until what this logs is durable: a page that isn't the last is no reason
        // of its own to save.
        self.dirty = true;
        if let Some(settlement) = gone(recipient.standing) {
            self.tally.add(settlement, 1);
        } else if recipient.at <= self.haunted {
            self.tally.add(Settlement::Uncertain, 1);
            self.log.push(LogRow {
                chat: recipient.chat,
                place: recipient.variant.place,
                settlement: Settlement::Uncertain,
                message: None,
                at: now,
                fate: Fate::Stays,
                tells: vec![self.alert],
                repeated: false,
            });
        } else {
            self.tally.add(self.unsent(), 1);
        }
    }

    fn drop_straggler(&mut self, at: Position, now: Utc) {
        let Some(entry) = self.stragglers.get(&at) else { return };
        self.waiting.retain(|&(_, waiting)| waiting != at);
        if entry.doubt {
            let tells = vec![self.alert];
            self.settle(at, Settlement::Uncertain, Fate::Stays, None, tells, now);
        } else {
            self.stragglers.remove(&at);
            self.tally.add(self.unsent(), 1);
            self.dirty = true;
        }
    }
}

/// How somebody ends who is no longer subscribed.
fn gone(standing: Standing) -> Option<Settlement> {
    match standing {
        Standing::Subscribed => None,
        Standing::Left => Some(Settlement::Left),
        Standing::Retired => Some(Settlement::Retired),
        Standing::Suspended => Some(Settlement::Suspended),
    }
}

/// Both, each once.
pub(super) fn union(mut some: Vec<AlertId>, others: Vec<AlertId>) -> Vec<AlertId> {
    if some.is_empty() {
        return others;
    }
    some.extend(others);
    some.sort_unstable();
    some.dedup();
    some
}
