//! The dialogue waiting to be sent.
//!
//! Officials' letters go before residents'. Within a class letters go in the order they were written,
//! but a chat that can't be spoken to yet does not hold up the others, and a chat's letters never
//! overtake one another.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::domain::{
    ids::{AlertId, ChatId, FanoutId, LetterId},
    letter::{Class, Content, Letter},
    time::{Mono, Utc},
};

/// How many letters are looked at to find one whose chat can be spoken to.
const LOOK_AHEAD: usize = 64;

/// A letter with what its sending has taught.
#[derive(Clone, Debug)]
pub struct Pending {
    /// The letter.
    pub letter: Letter,
    /// It may have arrived already.
    pub doubt: bool,
    /// The alerts it told of if it has.
    pub tells: Vec<AlertId>,
    /// Its edit is not possible: send it anew.
    pub anew: bool,
    /// Not before this.
    pub not_before: Mono,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Letters {
    official: VecDeque<Pending>,
    resident: VecDeque<Pending>,
    in_flight: BTreeMap<LetterId, Pending>,
    /// Chats with a letter in flight.
    busy: BTreeSet<ChatId>,
    /// The greatest letter taken in.
    known: Option<LetterId>,
}

impl Letters {
    /// The greatest letter taken in; those after it are new.
    #[must_use]
    pub fn known(&self) -> LetterId {
        self.known.unwrap_or(LetterId(0))
    }

    /// Whether nothing waits and nothing is in flight.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.official.is_empty() && self.resident.is_empty() && self.in_flight.is_empty()
    }

    /// Takes letters in; those known are passed over.
    pub fn take_in(&mut self, letters: Vec<Letter>) {
        for letter in letters {
            if self.known.is_some_and(|known| letter.id <= known) {
                continue;
            }
            self.known = Some(letter.id);
            let class = letter.new.class;
            let pending = Pending {
                letter,
                doubt: false,
                tells: Vec::new(),
                anew: false,
                not_before: Mono(0),
            };
            self.queue(class).push_back(pending);
        }
    }

    fn queue(&mut self, class: Class) -> &mut VecDeque<Pending> {
        match class {
            Class::Official => &mut self.official,
            Class::Resident => &mut self.resident,
        }
    }

    /// Letters that are too old to be sent: they are dropped.
    pub fn expire(&mut self, now: Utc) -> Vec<LetterId> {
        let mut dropped = Vec::new();
        for queue in [&mut self.official, &mut self.resident] {
            while let Some(front) = queue.front()
                && front.letter.new.not_after.is_some_and(|until| until <= now)
            {
                dropped.push(front.letter.id);
                queue.pop_front();
            }
        }
        dropped
    }

    /// Whether a letter of this class could go, and else when one could. `ready_at` tells of a chat.
    pub fn look(&self, class: Class, now: Mono, ready_at: impl Fn(ChatId) -> Mono) -> Look {
        let queue = match class {
            Class::Official => &self.official,
            Class::Resident => &self.resident,
        };
        let mut passed = BTreeSet::new();
        let mut soonest: Option<Mono> = None;
        for (index, pending) in queue.iter().take(LOOK_AHEAD).enumerate() {
            let chat = pending.letter.new.chat;
            if self.busy.contains(&chat) || !passed.insert(chat) {
                continue;
            }
            let due = ready_at(chat).max(pending.not_before);
            if due <= now {
                return Look::Due(index);
            }
            soonest = Some(soonest.map_or(due, |sooner| sooner.min(due)));
        }
        soonest.map_or(Look::Nothing, Look::At)
    }

    /// Takes the letter found by [`Letters::look`] to send it.
    pub fn take(&mut self, class: Class, index: usize) -> Option<&Pending> {
        let pending = self.queue(class).remove(index)?;
        let id = pending.letter.id;
        self.busy.insert(pending.letter.new.chat);
        self.in_flight.insert(id, pending);
        self.in_flight.get(&id)
    }

    /// Whether a letter in flight may have arrived by an earlier attempt.
    #[must_use]
    pub fn in_doubt(&self, id: LetterId) -> bool {
        self.in_flight.get(&id).is_some_and(|pending| pending.doubt)
    }

    /// The broadcasts whose live report is yet to be sent.
    pub fn reports(&self) -> impl Iterator<Item = FanoutId> + '_ {
        let all = self.official.iter().chain(self.in_flight.values());
        all.filter_map(|pending| match pending.letter.new.content {
            Content::Progress(fanout) => Some(fanout),
            Content::Plain { .. } | Content::Standing { .. } | Content::Picture { .. } => None,
        })
    }

    /// Whether a letter in flight is a live report.
    #[must_use]
    pub fn is_report(&self, id: LetterId) -> bool {
        let content = self.in_flight.get(&id).map(|pending| &pending.letter.new.content);
        matches!(content, Some(Content::Progress(_)))
    }

    /// Whether a letter that may have arrived told of an alert.
    #[must_use]
    pub fn any_tells(&self, alert: AlertId) -> bool {
        let queued = self.official.iter().chain(&self.resident);
        queued.chain(self.in_flight.values()).any(|pending| pending.tells.contains(&alert))
    }

    /// It is over for a letter.
    pub fn settle(&mut self, id: LetterId) -> Option<Pending> {
        let pending = self.in_flight.remove(&id)?;
        self.busy.remove(&pending.letter.new.chat);
        Some(pending)
    }

    /// Puts a letter back, ahead of the others of its chat, after `change`.
    pub fn put_back(&mut self, id: LetterId, change: impl FnOnce(&mut Pending)) {
        if let Some(mut pending) = self.settle(id) {
            change(&mut pending);
            let class = pending.letter.new.class;
            self.queue(class).push_front(pending);
        }
    }
}

/// What [`Letters::look`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// This one can go.
    Due(usize),
    /// One can go then.
    At(Mono),
    /// None waits, or an outcome has to come first.
    Nothing,
}
