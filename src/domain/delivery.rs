//! What became of one message to one chat, and what that obliges us to do.

use std::{fmt, ops::AddAssign, time::Duration};

use super::ids::{ChatId, MessageId};

/// The Bot API's answer, in our words. `telegram::verdict` and the simulator speak it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The chat has the message.
    Delivered(MessageId),
    /// 429: provably not sent; wait at least so long.
    Throttled {
        /// `// Bot API: ResponseParameters.retry_after`
        retry_after: Duration,
    },
    /// The chat will not accept a message from this bot again, unless it comes back by itself.
    Gone(Gone),
    /// Chat not found: dead if it happens on two different alerts.
    Missing,
    /// The chat is there, the right to write is not.
    Forbidden(Rights),
    /// `// Bot API: ResponseParameters.migrate_to_chat_id`
    Migrated(ChatId),
    /// The message was to be paid for, and the balance of Stars is gone. Provably not sent.
    Unpaid(String),
    /// The thread or the message replied to is gone: send without them.
    Unattached,
    /// The edited text is what the message says already.
    Unmodified,
    /// The message to edit is no more, or too old: send anew.
    Uneditable,
    /// What we sent is malformed: our fault, and the same for everyone.
    Payload(String),
    /// 401, 404: the token is revoked or malformed.
    Token(String),
    /// Failed before anything was sent: name look-up, connection, TLS.
    NotSent,
    /// Time-out, reset, 5xx: may or may not have arrived.
    Unknown,
    /// Another refusal: provably not sent.
    Rejected {
        /// The Bot API's `error_code`.
        code: u16,
        /// Its `description`.
        description: String,
    },
}

/// Why a chat is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Gone {
    /// The user blocked the bot.
    Blocked,
    /// The account is no more.
    Deactivated,
    /// The user never started the bot.
    NeverStarted,
    /// The bot was removed, or the group deleted.
    Kicked,
    /// The chat was not found on two different alerts.
    NotFound,
}

/// Which right is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rights {
    /// To write in a group or a topic.
    Write,
    /// To post in a channel, or to see it.
    Channel,
}

/// How a chat's part in a broadcast ended. Every chat of the audience ends as exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Settlement {
    /// The message arrived.
    Delivered,
    /// It may have arrived; a second unknown outcome is final.
    Uncertain,
    /// The chat is dead.
    Retired,
    /// The right to write is missing.
    Suspended,
    /// Refused for another reason, or never sent because the alert's text is faulty.
    Failed,
    /// What it would have said is no longer true, or the chat knew it by another message.
    Superseded,
    /// The chat asked to leave meanwhile.
    Left,
}

impl Settlement {
    /// Every settlement, in the order of reports.
    pub const ALL: [Self; 7] = [
        Self::Delivered,
        Self::Uncertain,
        Self::Retired,
        Self::Suspended,
        Self::Failed,
        Self::Superseded,
        Self::Left,
    ];

    /// The word in records, logs and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Uncertain => "uncertain",
            Self::Retired => "retired",
            Self::Suspended => "suspended",
            Self::Failed => "failed",
            Self::Superseded => "superseded",
            Self::Left => "left",
        }
    }

    /// Whether the chat may have the message: it will be told of the end.
    #[must_use]
    pub const fn may_have_read(self) -> bool {
        matches!(self, Self::Delivered | Self::Uncertain)
    }
}

/// Settlements counted.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally([u64; 7]);

impl Tally {
    /// Nobody.
    pub const ZERO: Self = Self([0; 7]);

    /// A tally as it was recorded, in the order of [`Settlement::ALL`].
    #[must_use]
    pub const fn recorded(counts: [u64; 7]) -> Self {
        Self(counts)
    }

    /// How many ended so.
    #[must_use]
    pub const fn get(&self, settlement: Settlement) -> u64 {
        self.0[settlement as usize]
    }

    /// Counts `n` more.
    pub fn add(&mut self, settlement: Settlement, n: u64) {
        self.0[settlement as usize] += n;
    }

    /// All seven together.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The counts in the order of [`Settlement::ALL`].
    #[must_use]
    pub const fn counts(&self) -> [u64; 7] {
        self.0
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        for (own, others) in self.0.iter_mut().zip(other.0) {
            *own += others;
        }
    }
}

impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(Settlement::ALL.map(|one| (one.name(), self.get(one)))).finish()
    }
}

/// What is to become of the chat's subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It stays.
    Stays,
    /// Retire it.
    Retire(Gone),
    /// Suspend it.
    Suspend(Rights),
    /// Retire it if this happened on another alert before.
    Missed,
}

/// What to do about an [`Outcome`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing more will be done for this chat.
    Settled(Settlement, Fate),
    /// Telegram asks to wait. No attempt.
    Park(Duration),
    /// Provably not sent: try again. No attempt.
    Again,
    /// The outcome is unknown for the first time: once more, after first attempts.
    Doubt,
    /// At once, without thread and reply.
    Detach,
    /// To the chat's new id.
    Follow(ChatId),
    /// Nobody will accept this text: stop the alert's broadcast.
    Malformed(String),
    /// Nobody will accept this token: stop the bot.
    Revoked(String),
}

/// Judges the outcome of a send to a chat that may have got the message `before` this attempt.
#[must_use]
pub fn judge(outcome: Outcome, before: bool) -> Verdict {
    match outcome {
        Outcome::Delivered(_) | Outcome::Unmodified => {
            Verdict::Settled(Settlement::Delivered, Fate::Stays)
        }
        Outcome::Throttled { retry_after } => Verdict::Park(retry_after),
        Outcome::Gone(gone) => Verdict::Settled(Settlement::Retired, Fate::Retire(gone)),
        Outcome::Missing => Verdict::Settled(Settlement::Failed, Fate::Missed),
        Outcome::Forbidden(right) => Verdict::Settled(Settlement::Suspended, Fate::Suspend(right)),
        Outcome::Migrated(to) => Verdict::Follow(to),
        Outcome::Unattached => Verdict::Detach,
        Outcome::Payload(what) => Verdict::Malformed(what),
        Outcome::Token(what) => Verdict::Revoked(what),
        Outcome::NotSent | Outcome::Unpaid(_) => Verdict::Again,
        Outcome::Unknown if before => Verdict::Settled(Settlement::Uncertain, Fate::Stays),
        Outcome::Unknown => Verdict::Doubt,
        Outcome::Uneditable | Outcome::Rejected { .. } => {
            Verdict::Settled(Settlement::Failed, Fate::Stays)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_outcome_is_tried_once_more_and_then_final() {
        assert_eq!(judge(Outcome::Unknown, false), Verdict::Doubt);
        assert_eq!(
            judge(Outcome::Unknown, true),
            Verdict::Settled(Settlement::Uncertain, Fate::Stays)
        );
    }

    #[test]
    fn a_refusal_after_doubt_is_not_taken_for_a_delivery() {
        let gone = judge(Outcome::Gone(Gone::Blocked), true);
        assert_eq!(gone, Verdict::Settled(Settlement::Retired, Fate::Retire(Gone::Blocked)));
    }

    #[test]
    fn a_tally_sums_what_it_counts() {
        let mut tally = Tally::ZERO;
        for (n, one) in (1..).zip(Settlement::ALL) {
            tally.add(one, n);
        }
        assert_eq!(tally.sum(), 28);
        assert_eq!(tally.get(Settlement::Left), 7);
    }
}
