//! Identifiers that cannot be mistaken for one another.

use std::{fmt, sync::Arc};

/// A Telegram chat: positive for a private chat (and then equal to the user's id), negative for
/// groups and channels. At most 52 significant bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChatId(pub i64);

impl ChatId {
    /// Whether this is one person's chat with the bot.
    #[must_use]
    pub const fn is_private(self) -> bool {
        self.0 > 0
    }
}

/// A Telegram user. Officials are known by this number and by nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(pub i64);

impl UserId {
    /// The private chat with this user: the same number under every bot.
    #[must_use]
    pub const fn chat(self) -> ChatId {
        ChatId(self.0)
    }
}

/// A bot: the number before the colon of its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BotId(pub i64);

/// A message within one chat. Can be 0 for a scheduled send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(pub i64);

/// An update of one bot; updates are read at least once and acted on once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UpdateId(pub i64);

/// The number of an alert, as people read it: one sequence for the whole daemon, never reused, so
/// that in every region a later alert has the greater number and a copy is recognised as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AlertId(pub i64);

impl fmt::Display for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Which state of an alert this is: 1 when raised, one more with every transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision(pub u32);

impl Revision {
    /// As raised.
    pub const FIRST: Self = Self(1);

    /// The one after.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// One broadcast of one transition through one bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FanoutId(pub i64);

/// One durable message of the bot's dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LetterId(pub i64);

macro_rules! slug {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes any text: whether it names something is for the configuration to say.
            #[must_use]
            pub fn new(text: &str) -> Self {
                Self(Arc::from(text))
            }

            /// The identifier as written in the configuration.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

slug! {
    /// A region, a district of it or a place in that: stable, never reused, at most
    /// [`SLUG_MAX`] of `A-Z a-z 0-9 -`.
    RegionId
}
slug! {
    /// A kind of danger.
    HazardId
}
slug! {
    /// A step of a hazard, such as "danger" and "threat".
    LevelId
}

/// Longest region, hazard or level id, in bytes: two of them and a verb fit the 64 bytes of a
/// button (Bot API: `callback_data`, 1–64 bytes), and one fits a `?start=` payload.
pub const SLUG_MAX: usize = 24;

/// Whether `text` may be an id of a region, hazard or level.
#[must_use]
pub fn is_slug(text: &str) -> bool {
    (1..=SLUG_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// The code of a challenge: what `/confirm` takes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(Arc<str>);

impl Code {
    /// How many characters a code has.
    pub const LEN: usize = 5;
    /// Letters and digits that are not taken for one another when read aloud or typed in the dark.
    const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

    /// Draws a code out of `chance`; the caller makes sure that it is not in use.
    #[must_use]
    pub fn draw(chance: u64) -> Self {
        let text: String = (0..Self::LEN)
            .map(|place| char::from(Self::ALPHABET[((chance >> (5 * place)) % 32) as usize]))
            .collect();
        Self(Arc::from(text))
    }

    /// Reads a code as somebody typed it, in either case; `None` if it can't be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_uppercase();
        let valid = text.len() == Self::LEN && text.bytes().all(|b| Self::ALPHABET.contains(&b));
        valid.then(|| Self(Arc::from(text)))
    }

    /// The code as people type it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_being_typed_in_lower_case() {
        let code = Code::draw(0x1234_5678_9abc_def0);
        assert_eq!(Code::parse(&format!(" {} ", code.as_str().to_lowercase())), Some(code));
    }

    #[test]
    fn a_word_is_not_a_code() {
        assert_eq!(Code::parse("HELLO"), None, "O and 0 are taken for one another");
        assert_eq!(Code::parse("ABC"), None);
    }
}
