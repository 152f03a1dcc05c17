//! The Bot API as nabat sees it: one bot's hands and ears.
//!
//! Deliberately absent: pacing and retries. A courier does what it is told, once, and says what
//! became of it; when to do what is for `fanout` to decide.

use std::{future::Future, time::Duration};

use crate::domain::{
    audience::Kind,
    delivery::Outcome,
    ids::{ChatId, MessageId, UpdateId, UserId},
    letter::{Message, Picture},
    time::Utc,
};

/// What is said with a message for one chat alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Extras {
    /// The message it replies to. `// Bot API: reply_parameters.message_id`
    pub reply_to: Option<MessageId>,
    /// Whether it may cost Stars. `// Bot API: allow_paid_broadcast`
    pub paid: bool,
}

/// One bot's connection to Telegram. Cheap to clone.
pub trait Courier: Clone + Send + Sync + 'static {
    /// A message serialised once, to be sent to many.
    type Body: Clone + Send + Sync + 'static;

    /// Serialises a message.
    fn prepare(&self, message: &Message) -> Self::Body;

    /// Sends a message. `// Bot API: sendMessage`
    fn send(
        &self,
        chat: ChatId,
        body: &Self::Body,
        with: Extras,
    ) -> impl Future<Output = Outcome> + Send;

    /// Puts a message in place of an earlier one. `// Bot API: editMessageText`
    fn edit(
        &self,
        chat: ChatId,
        message: MessageId,
        body: &Self::Body,
    ) -> impl Future<Output = Outcome> + Send;

    /// Sends a picture with words under it. `// Bot API: sendPhoto`
    fn photo(&self, chat: ChatId, picture: &Picture) -> impl Future<Output = Outcome> + Send;

    /// How many members a chat has, the bot included; `None` if Telegram would not say.
    /// `// Bot API: getChatMemberCount`
    fn members(&self, chat: ChatId) -> impl Future<Output = Option<u64>> + Send;

    /// Answers a press, so that the button stops waiting; at most 200 characters are shown.
    /// `// Bot API: answerCallbackQuery`
    fn toast(&self, callback: &str, text: &str) -> impl Future<Output = Outcome> + Send;

    /// Asks whether anybody is there, without telling anyone anything. `// Bot API: getMe`
    fn ping(&self) -> impl Future<Output = Outcome> + Send;

    /// Waits for updates from `offset` on, which confirms all before it; at most 100, in order.
    /// `// Bot API: getUpdates`
    fn updates(
        &self,
        offset: Option<UpdateId>,
        wait: Duration,
    ) -> impl Future<Output = Result<Vec<Incoming>, FetchFault>> + Send;
}

/// Why no updates could be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchFault {
    /// 401 or 404: only a new token helps.
    #[error("Telegram refuses the bot's token")]
    Token,
    /// 409: someone else reads this bot's updates.
    #[error("another program reads this bot's updates, or a webhook is set")]
    Conflict,
    /// 429.
    #[error("Telegram asks to wait {0:?}")]
    Throttled(Duration),
    /// Anything that passes: no connection, 5xx, a broken answer. The text has no address in it.
    #[error("{0}")]
    Passing(String),
}

/// Something that happened in Telegram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// Its number.
    pub id: UpdateId,
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody wrote.
    Said(Said),
    /// Somebody pressed a button.
    Pressed(Press),
    /// The bot may not write to this chat any more: blocked, removed, or without the right to.
    Shut(ChatId, Kind),
    /// The bot may write to this chat, for the first time or again.
    Opened(ChatId, Kind),
    /// A group became a supergroup.
    Migrated {
        /// Its id before.
        from: ChatId,
        /// Its id now.
        to: ChatId,
    },
    /// Nothing that concerns us.
    Other,
    /// An update we can't read; why, without its contents.
    Broken(String),
}

/// A message somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Where.
    pub chat: ChatId,
    /// What that is. Only its administrators can speak in a channel.
    pub kind: Kind,
    /// Which message.
    pub message: MessageId,
    /// By whom; `None` for channels and anonymous administrators, who have no mandate.
    pub user: Option<UserId>,
    /// The language of their Telegram, as an IETF tag.
    pub tag: Option<String>,
    /// When, by Telegram's clock.
    pub at: Utc,
    /// The words; `None` for pictures, voice and the like.
    pub text: Option<String>,
    /// A forwarded or edited message: no command.
    pub second_hand: bool,
}

/// A press of a button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    /// What to answer to.
    pub callback: String,
    /// Where; `None` if Telegram no longer knows the message.
    pub place: Option<(ChatId, MessageId)>,
    /// By whom.
    pub user: UserId,
    /// The language of their Telegram, as an IETF tag.
    pub tag: Option<String>,
    /// What the button carries. It may be made by hand: anything can be in it.
    pub data: String,
}
