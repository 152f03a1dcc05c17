//! PURE. The in-process courier: the simulated Telegram on virtual time.
//!
//! Role: carries parcels to a [`World`] and brings the answers back, each when its time has come, in
//! our words. What `telegram` does over HTTP, without a socket and without waiting: a broadcast of
//! nine hours takes seconds.
//!
//! Invariants: a parcel reaches the world when its way in is over, in order of arrival; its answer is
//! shown after the latency that the world has drawn. One seed, one course of events.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    sync::Arc,
    time::Duration,
};

use super::world::{Answer, Letter, World};
use crate::{
    domain::{
        delivery::{Gone, Outcome, Rights},
        ids::{BotId, ChatId, MessageId},
        letter::Picture,
        time::{Moment, Mono, Utc},
    },
    ports::courier::Extras,
};

/// A 429 that names no time is taken for this long.
const BARE_WAIT: Duration = Duration::from_secs(1);

/// What is on its way, in either direction.
#[derive(Debug)]
pub struct Post {
    /// The other side.
    pub world: World,
    bot: BotId,
    epoch: Utc,
    sequence: u64,
    inward: BinaryHeap<Reverse<(Mono, u64)>>,
    parcels: BTreeMap<u64, Parcel>,
    outward: BinaryHeap<Reverse<(Mono, u64)>>,
    answers: BTreeMap<u64, (u64, Outcome)>,
}

#[derive(Debug)]
struct Parcel {
    tag: u64,
    chat: ChatId,
    text: Arc<str>,
    how: How,
}

#[derive(Clone, Debug)]
enum How {
    New(Extras),
    InPlaceOf(MessageId),
    /// A picture; the text is under it.
    Photo(Arc<[u8]>),
    Probe,
}

impl Post {
    /// Carries for `bot`; `epoch` is what the calendar says at the beginning of the other clock.
    #[must_use]
    pub fn new(world: World, bot: BotId, epoch: Utc) -> Self {
        Self {
            world,
            bot,
            epoch,
            sequence: 0,
            inward: BinaryHeap::new(),
            parcels: BTreeMap::new(),
            outward: BinaryHeap::new(),
            answers: BTreeMap::new(),
        }
    }

    /// Hands a message in. Its outcome comes back under `tag`.
    pub fn send(&mut self, tag: u64, chat: ChatId, text: &Arc<str>, with: Extras, now: Mono) {
        let at = now + self.world.way_in();
        let parcel = Parcel { tag, chat, text: Arc::clone(text), how: How::New(with) };
        self.hand_in(parcel, at);
    }

    /// Hands a message in that is to stand in place of another. Its outcome comes back under `tag`.
    pub fn edit(&mut self, tag: u64, chat: ChatId, message: MessageId, text: &Arc<str>, now: Mono) {
        let at = now + self.world.way_in();
        let parcel = Parcel { tag, chat, text: Arc::clone(text), how: How::InPlaceOf(message) };
        self.hand_in(parcel, at);
    }

    /// Hands a picture in. Its outcome comes back under `tag`.
    pub fn photo(&mut self, tag: u64, chat: ChatId, picture: &Picture, now: Mono) {
        let at = now + self.world.way_in();
        let how = How::Photo(Arc::clone(&picture.png));
        let parcel = Parcel { tag, chat, text: picture.caption.as_str().into(), how };
        self.hand_in(parcel, at);
    }

    /// Asks whether anybody is there. The outcome comes back under `tag`.
    pub fn probe(&mut self, tag: u64, now: Mono) {
        let parcel = Parcel { tag, chat: ChatId(0), text: Arc::from(""), how: How::Probe };
        self.hand_in(parcel, now);
    }

    fn hand_in(&mut self, parcel: Parcel, at: Mono) {
        self.sequence += 1;
        self.inward.push(Reverse((at, self.sequence)));
        self.parcels.insert(self.sequence, parcel);
    }

    /// When something arrives, there or here.
    #[must_use]
    pub fn due_at(&self) -> Option<Mono> {
        let first =
            |heap: &BinaryHeap<Reverse<(Mono, u64)>>| heap.peek().map(|Reverse((at, _))| *at);
        [first(&self.inward), first(&self.outward)].into_iter().flatten().min()
    }

    /// Lets everything happen that is due by `now`; the answers that have come back, in order.
    pub fn run(&mut self, now: Mono) -> Vec<(u64, Outcome)> {
        let mut back = Vec::new();
        loop {
            let inward = self.inward.peek().map(|Reverse(next)| *next).filter(|next| next.0 <= now);
            let outward =
                self.outward.peek().map(|Reverse(next)| *next).filter(|next| next.0 <= now);
            match (inward, outward) {
                (Some(one), other) if other.is_none_or(|other| one <= other) => {
                    self.inward.pop();
                    self.arrive(one.0, one.1);
                }
                (_, Some((_, sequence))) => {
                    self.outward.pop();
                    back.extend(self.answers.remove(&sequence));
                }
                (_, None) => return back,
            }
        }
    }

    fn arrive(&mut self, at: Mono, sequence: u64) {
        let Some(parcel) = self.parcels.remove(&sequence) else { return };
        let now = Moment { mono: at, utc: self.epoch + at.since(Mono(0)) };
        let Parcel { tag, chat, text, how } = parcel;
        let sent = match how {
            How::Probe => self.world.probe(self.bot, now),
            How::InPlaceOf(message) => self.world.edit(self.bot, chat, message, &text, None, now),
            How::Photo(png) => self.world.send_photo(self.bot, chat, (&png, &text), now),
            How::New(Extras { reply_to, paid }) => {
                let letter = Letter { text, reply_to, paid, ..Letter::default() };
                self.world.send_letter(self.bot, chat, &letter, now)
            }
        };
        self.outward.push(Reverse((at + sent.after, sequence)));
        self.answers.insert(sequence, (tag, outcome(&sent.answer)));
    }

    /// The sender dies: what has not arrived never will, and no answer is heard. Says how many were
    /// unanswered.
    pub fn cut(&mut self) -> usize {
        let lost = self.parcels.len() + self.answers.len();
        self.inward.clear();
        self.parcels.clear();
        self.outward.clear();
        self.answers.clear();
        lost
    }
}

/// An answer in our words.
#[must_use]
pub fn outcome(answer: &Answer) -> Outcome {
    let error = match answer {
        Answer::Delivered(message) => return Outcome::Delivered(*message),
        Answer::Page | Answer::Dropped { .. } => return Outcome::Unknown,
        Answer::Unreachable => return Outcome::NotSent,
        Answer::Error(error) => error,
    };
    let says = |part: &str| error.description.contains(part);
    if let Some(to) = error.migrate_to {
        return Outcome::Migrated(to);
    }
    match error.code {
        429 => {
            let wait = error.retry_after.map_or(BARE_WAIT, |s| Duration::from_secs(s.into()));
            Outcome::Throttled { retry_after: wait }
        }
        500.. => Outcome::Unknown,
        401 | 404 => Outcome::Token(error.description.to_string()),
        403 if says("blocked") => Outcome::Gone(Gone::Blocked),
        403 if says("deactivated") => Outcome::Gone(Gone::Deactivated),
        403 if says("initiate") => Outcome::Gone(Gone::NeverStarted),
        403 if says("channel chat") => Outcome::Forbidden(Rights::Channel),
        403 => Outcome::Gone(Gone::Kicked),
        400 if says("chat not found") => Outcome::Missing,
        400 if says("to be replied not found") => Outcome::Unattached,
        400 if says("not modified") => Outcome::Unmodified,
        400 if says("to edit not found") || says("can't be edited") => Outcome::Uneditable,
        400 if says("BALANCE_TOO_LOW") => Outcome::Unpaid(error.description.to_string()),
        400 if says("administrator rights") => Outcome::Forbidden(Rights::Channel),
        400 if says("rights") || says("write access") => Outcome::Forbidden(Rights::Write),
        400 if says("empty") || says("too long") => Outcome::Payload(error.description.to_string()),
        code => Outcome::Rejected { code, description: error.description.to_string() },
    }
}
