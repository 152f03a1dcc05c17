//! How a lane puts its message to a chat, by what the chat knows.

use super::{Due, Entry, Lane};
use crate::domain::{
    audience::{Position, Tier},
    ids::MessageId,
    manner::Manner,
    time::{Moment, Mono},
};

impl Lane {
    /// The one just taken knows enough: nothing was sent, and nothing is.
    pub fn on_needless(&mut self, at: Position) {
        self.sent.pop_back();
        if self.stragglers.remove(&at).is_some() {
            self.in_flight -= 1;
            self.count_known();
            self.dirty = true;
        }
    }

    /// The one just taken was reached by an older broadcast of the alert a moment ago: what is to be
    /// sent then, if anything.
    pub fn on_told(&mut self, at: Position, message: MessageId) -> Option<Due> {
        let entry = self.stragglers.get_mut(&at)?;
        (entry.told, entry.message) = (true, Some(message));
        let entry = self.stragglers.get(&at)?;
        if self.starts || self.put(at, entry) == Manner::Not {
            self.on_needless(at);
            return None;
        }
        Some(self.due(at, entry))
    }

    pub(super) fn due(&self, at: Position, entry: &Entry) -> Due {
        Due {
            at,
            chat: entry.chat,
            variant: entry.variant.clone(),
            manner: self.manner(at, entry),
            enough: entry.enough.clone(),
            doubt: entry.doubt,
        }
    }

    /// Whether it is of a beginning.
    #[must_use]
    pub fn starts(&self) -> bool {
        self.starts
    }

    /// Since when it is over; `None` if it goes on.
    #[must_use]
    pub fn over_since(&self) -> Option<Mono> {
        self.over_since
    }

    /// Whether its messages may cost Stars.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        self.paid
    }

    /// There is nothing to edit: once more, by a message of its own.
    pub fn on_anew(&mut self, at: Position, now: Moment) {
        if let Some(entry) = self.stragglers.get_mut(&at) {
            entry.message = None;
        }
        self.on_again(at, Some(now.mono), now);
    }

    /// It was held up for so long that its messages tell the whole present.
    pub fn be_late(&mut self) {
        self.late = true;
    }

    /// Whether it was.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.late
    }

    /// Held by an official, or let go on.
    pub fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// Whether an official holds it.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// How many people the next message reaches: the tier of the next to be sent to.
    #[must_use]
    pub fn next_tier(&self) -> Option<Tier> {
        let waiting = |queue| {
            let at = self.head_of(queue)?;
            self.stragglers.get(&at).map(|entry| entry.tier)
        };
        let fresh = self.fresh.front().filter(|_| self.fresh_is_open()).map(|next| next.tier);
        [waiting(&self.ready), fresh, waiting(&self.again)].into_iter().flatten().min()
    }

    /// How the chat would be told, were nothing in doubt.
    pub(super) fn put(&self, at: Position, entry: &Entry) -> Manner {
        let over = at.is_reader();
        // Without a reply, once Telegram found nothing to reply to.
        let message = entry.message.filter(|_| !entry.detached);
        self.manners.of_chat(entry.tier, entry.told, message, over)
    }

    pub(super) fn manner(&self, at: Position, entry: &Entry) -> Manner {
        match self.put(at, entry) {
            // It may have had the message before a crash, and is owed an outcome.
            Manner::Not => Manner::Anew { silent: true, reply_to: None },
            manner @ (Manner::Anew { .. } | Manner::Edit(_)) => manner,
        }
    }
}
