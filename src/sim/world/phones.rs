//! PURE. Reading the world: what phones show, what arrived when, and the books.

use std::{collections::BTreeMap, sync::Arc};

use super::{Message, Tally, World};
use crate::{
    domain::{
        ids::{BotId, ChatId, MessageId},
        time::{Mono, Utc},
    },
    sim::weather::Fault,
};

/// One message as a phone shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its id within the chat.
    pub id: MessageId,
    /// Whether the bot wrote it.
    pub from_bot: bool,
    /// What it says now; under a picture, its caption.
    pub text: Arc<str>,
    /// The picture it shows.
    pub photo: Option<Arc<[u8]>>,
    /// Its `reply_markup`, as JSON.
    pub keyboard: Option<Arc<str>>,
    /// When it was written.
    pub date: Utc,
    /// When it arrived.
    pub arrival: Mono,
    /// Whether it was changed since.
    pub edited: bool,
    /// Whether it came without a sound.
    pub silent: bool,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
}

/// A message or an edit that was carried out, whatever its sender was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// When it arrived.
    pub arrival: Mono,
    /// Who sent it.
    pub bot: BotId,
    /// To whom.
    pub chat: ChatId,
    /// Under which id it is shown.
    pub message: MessageId,
    /// The number of its text, for [`World::text`].
    pub body: u32,
    /// Whether it changed a message that was there.
    pub edit: bool,
}

impl World {
    /// What a chat with the bot shows, oldest first; nothing if they never met.
    #[must_use]
    pub fn phone(&self, bot: BotId, chat: ChatId) -> Vec<Seen> {
        let messages = self.phones.get(&(bot, chat)).map_or(&[][..], |phone| &phone.messages);
        messages.iter().map(|message| self.seen((bot, chat), message)).collect()
    }

    fn seen(&self, (bot, chat): (BotId, ChatId), message: &Message) -> Seen {
        Seen {
            id: MessageId(message.id.into()),
            from_bot: message.from_bot,
            text: self.letters.get(message.body).cloned().unwrap_or_default(),
            photo: self.photos.shown((bot, chat, MessageId(message.id.into()))).cloned(),
            keyboard: self.letters.get(message.keyboard).cloned(),
            date: Utc::from_timestamp(message.date.into(), 0).unwrap_or_default(),
            arrival: message.arrival,
            edited: message.edited,
            silent: message.silent,
            reply_to: (message.reply_to > 0).then(|| MessageId(message.reply_to.into())),
        }
    }

    /// How many messages of the bot a chat shows, without making a list of them.
    #[must_use]
    pub fn received(&self, bot: BotId, chat: ChatId) -> usize {
        let phone = self.phones.get(&(bot, chat));
        phone.map_or(0, |phone| phone.messages.iter().filter(|m| m.from_bot).count())
    }

    /// Everything that was carried out, in the order of arrival.
    #[must_use]
    pub fn accepted(&self) -> &[Accepted] {
        &self.log
    }

    /// The text of a number in [`Accepted::body`].
    #[must_use]
    pub fn text(&self, body: u32) -> Option<&Arc<str>> {
        self.letters.get(body)
    }

    /// The books about a bot's calls; empty for a bot nobody knows.
    #[must_use]
    pub fn tally(&self, bot: BotId) -> Tally {
        self.bots.get(&bot).map(super::Account::tally).unwrap_or_default()
    }

    /// The most messages and edits of a bot that arrived in any second, wherever it begins;
    /// those refused by the limits included.
    #[must_use]
    pub fn max_in_any_second(&self, bot: BotId) -> u64 {
        self.tally(bot).max_in_any_second
    }

    /// How many 429 a bot brought upon itself.
    #[must_use]
    pub fn self_made_429(&self, bot: BotId) -> u64 {
        self.tally(bot).self_made_429
    }

    /// Arrivals of a bot's messages and edits in each second of the clock.
    #[must_use]
    pub fn arrivals(&self, bot: BotId) -> BTreeMap<u64, u32> {
        self.bots.get(&bot).map(|account| account.histogram.clone()).unwrap_or_default()
    }

    /// How many calls met each fault.
    #[must_use]
    pub const fn met(&self) -> &BTreeMap<Fault, u64> {
        &self.met
    }

    /// The updates that the bot has not confirmed, as JSON, oldest first.
    pub fn pending(&self, bot: BotId) -> impl Iterator<Item = &str> {
        let account = self.bots.get(&bot);
        account.into_iter().flat_map(|account| &account.updates).map(|update| &*update.json)
    }

    /// What the press of this callback query was answered with, if it was; the latest thousand.
    #[must_use]
    pub fn toast(&self, query: &str) -> Option<&str> {
        let toast = self.toasts.iter().rev().find(|(id, _)| id == query);
        toast.map(|(_, text)| text.as_str())
    }

    /// What a bot set as commands or descriptions: `setmycommands`, `setmydescription` or
    /// `setmyshortdescription`, for a language or for all others ("").
    #[must_use]
    pub fn menu(&self, bot: BotId, method: &str, language: &str) -> Option<&serde_json::Value> {
        self.bots.get(&bot)?.menus.get(&format!("{method} {language}"))
    }
}
