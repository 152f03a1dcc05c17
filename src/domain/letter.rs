//! The bot's side of a dialogue: messages to one chat.
//!
//! A [`Letter`] is written in the same transaction as the effect it tells of and is sent until its
//! outcome is known, so that a crash can't swallow an answer. What may become untrue before it is
//! sent is not a text but an order to render the present ([`Content::Standing`],
//! [`Content::Progress`], [`Content::Picture`]), so that a late letter is a true one.

use std::sync::Arc;

use super::{
    ids::{AlertId, BotId, ChatId, FanoutId, LetterId, MessageId, RegionId, Revision},
    lang::Lang,
    time::Utc,
};

/// A message as Telegram shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Message {
    /// Plain text, 1–4096 code points. `// Bot API: sendMessage.text`
    pub text: String,
    /// Rows of buttons under it.
    pub buttons: Vec<Vec<Button>>,
    /// Whether the phone stays silent.
    pub silent: bool,
}

impl Message {
    /// A message without buttons, with sound.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

/// A button under a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Button {
    /// What it says.
    pub label: String,
    /// What comes back when it is pressed, 1–64 bytes; or an address that is opened then.
    /// `// Bot API: InlineKeyboardButton.callback_data, .url`
    pub data: String,
}

impl Button {
    /// Whether a press opens an address. Nothing that comes back begins so.
    #[must_use]
    pub fn opens(&self) -> bool {
        self.data.starts_with("https://")
    }

    /// A button.
    #[must_use]
    pub fn new(label: impl Into<String>, data: impl Into<String>) -> Self {
        Self { label: label.into(), data: data.into() }
    }
}

/// Whose dialogue a letter belongs to. Ordered by who goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// An official at work: ahead of everything.
    Official,
    /// A resident: at most a fifth of the rate during a broadcast.
    Resident,
}

/// What a letter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Fixed words; in place of an earlier message, if one is named.
    Plain {
        /// The words.
        message: Message,
        /// The message to edit; if that is not possible, it is sent anew.
        edits: Option<MessageId>,
    },
    /// What is true of these places when the letter is sent.
    Standing {
        /// Why we say so.
        occasion: Occasion,
        /// Of which places.
        places: Vec<RegionId>,
    },
    /// The live report of a broadcast, to be edited as it goes on.
    Progress(FanoutId),
    /// The picture of how a transition of an alert reached its audience.
    Picture {
        /// Of which alert.
        alert: AlertId,
        /// Of which of its states.
        revision: Revision,
    },
}

/// A picture as Telegram shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The bytes of a PNG.
    pub png: Arc<[u8]>,
    /// The words under it, at most 1024 characters. `// Bot API: sendPhoto.caption`
    pub caption: String,
}

/// Why a chat is told what is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Occasion {
    /// It has just subscribed to the place.
    Joined,
    /// It asked.
    Asked,
}

/// A letter to be written: it has no number yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLetter {
    /// Through which bot.
    pub bot: BotId,
    /// To whom.
    pub chat: ChatId,
    /// In which language.
    pub lang: Lang,
    /// How soon.
    pub class: Class,
    /// What.
    pub content: Content,
    /// Not to be sent later than this: an old answer confuses. Letters that render the present need
    /// no such limit.
    pub not_after: Option<Utc>,
}

/// A letter that was written and is not known to have arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Its number; letters of one class and chat are sent in this order.
    pub id: LetterId,
    /// What was written.
    pub new: NewLetter,
}

/// A progress message that is kept up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Watch {
    /// Of which broadcast.
    pub fanout: FanoutId,
    /// Where it is.
    pub chat: ChatId,
    /// Which message.
    pub message: MessageId,
    /// In which language.
    pub lang: Lang,
}
