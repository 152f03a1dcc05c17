//! PURE. What people do: join, write, press, block, leave.
//!
//! Invariants: each act shows on the phone first and then becomes the update the Bot API would
//! send. Acts whose update a bot may have missed (it was away for more than a day) are made
//! with [`World::befriend`] and [`World::strike`], which tell nobody.

use serde_json::{Value, json};

use super::{Chat, Kind, Message, Phone, Standing, World, account::Account, shapes, stream, unix};
use crate::{
    domain::{
        ids::{BotId, ChatId, MessageId, UserId},
        time::{Moment, Utc},
    },
    sim::dice::Dice,
};

/// Where supergroups' ids begin (Bot API: −100 and the supergroup's own number).
const SUPERGROUPS: i64 = -1_000_000_000_000;
/// The most code points a person can write at once.
const WRITTEN_MAX: usize = 4096;

/// Why something can't be done in this world.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unable {
    /// A token must be a number, a colon, and letters, digits, `_` or `-`.
    #[error("a token looks like 123456:ABCdef, and this one does not")]
    BadToken,
    /// No bot has this id.
    #[error("there is no such bot")]
    NoSuchBot,
    /// No person has this id.
    #[error("there is no such user")]
    NoSuchUser,
    /// No chat has this id.
    #[error("there is no such chat")]
    NoSuchChat,
    /// The bot was never in this chat.
    #[error("the bot and this chat never met")]
    Strangers,
    /// A person's id must be positive, a group's negative, and both within 52 bits.
    #[error("this can't be the id of such a chat")]
    BadId,
    /// This is possible in a group only.
    #[error("only a group can do that")]
    NotAGroup,
    /// The account is gone.
    #[error("this account is deactivated")]
    Deactivated,
    /// No such message is in the chat.
    #[error("there is no such message")]
    NoSuchMessage,
    /// No such button is under the message.
    #[error("there is no such button")]
    NoSuchButton,
    /// 1 to 4096 characters can be written.
    #[error("a message has 1 to 4096 characters")]
    BadText,
}

/// Which button is pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Button {
    /// The one that reads so.
    Label(String),
    /// The one that carries this `callback_data`; one that is no longer shown can be pressed if
    /// the message is named, as on a phone that has not refreshed yet.
    Data(String),
}

/// What [`World::strike`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Struck {
    /// People who blocked the bot.
    pub blocked: u32,
    /// Accounts that are gone.
    pub deactivated: u32,
    /// Groups that became supergroups.
    pub migrated: u32,
    /// Groups that threw the bot out.
    pub kicked: u32,
}

impl World {
    /// Registers a bot under its token. A bot that is there already gets the token as its new one,
    /// and keeps everything else: its old token is revoked.
    ///
    /// # Errors
    /// The token is malformed.
    pub fn add_bot(&mut self, token: &str, username: &str) -> Result<BotId, Unable> {
        let (id, secret) = split_token(token).ok_or(Unable::BadToken)?;
        // Telegram starts the sequence anywhere.
        let words = [stream::UPDATES, id.0.cast_unsigned()];
        let first = Dice::at(self.seed, &words).between(100_000_000, 900_000_000);
        let account = self.bots.entry(id).or_insert_with(|| Account::new(first.cast_signed()));
        (account.secret, account.username) = (secret.into(), username.into());
        Ok(id)
    }

    /// Whether a well-formed token of a bot nobody knows registers that bot at its first call.
    pub const fn welcome_any_bot(&mut self, anyone: bool) {
        self.anyone = anyone;
    }

    /// The bot, if there is exactly one.
    #[must_use]
    pub fn only_bot(&self) -> Option<BotId> {
        let mut ids = self.bots.keys();
        ids.next().copied().filter(|_| ids.next().is_none())
    }

    /// Every bot.
    pub fn bots(&self) -> impl Iterator<Item = BotId> + '_ {
        self.bots.keys().copied()
    }

    /// A person comes into the world, or changes name and language.
    ///
    /// # Errors
    /// The id can't be a person's.
    pub fn add_resident(&mut self, user: UserId, name: &str, language: &str) -> Result<(), Unable> {
        let id = user.chat();
        if !id.is_private() || id.0 >= 1 << 52 {
            return Err(Unable::BadId);
        }
        let chat = self.chats.entry(id).or_insert_with(|| new_chat(Kind::Private));
        chat.name = name.into();
        chat.language = (!language.is_empty()).then(|| language.into());
        Ok(())
    }

    /// Whether this person is in the world.
    #[must_use]
    pub fn is_resident(&self, user: UserId) -> bool {
        self.chats.contains_key(&user.chat())
    }

    /// A group, or a supergroup if its id says so, comes into the world.
    ///
    /// # Errors
    /// The id can't be a group's.
    pub fn add_group(&mut self, id: ChatId, title: &str) -> Result<(), Unable> {
        let kind = if id.0 < SUPERGROUPS { Kind::Supergroup } else { Kind::Group };
        self.add_public(id, kind, title)
    }

    /// A channel comes into the world.
    ///
    /// # Errors
    /// The id can't be a channel's.
    pub fn add_channel(&mut self, id: ChatId, title: &str) -> Result<(), Unable> {
        self.add_public(id, Kind::Channel, title)
    }

    fn add_public(&mut self, id: ChatId, kind: Kind, title: &str) -> Result<(), Unable> {
        if id.0 >= 0 || id.0 <= -(1 << 52) {
            return Err(Unable::BadId);
        }
        self.chats.insert(id, Chat { name: title.into(), ..new_chat(kind) });
        Ok(())
    }

    /// How many members a group or channel has from here on, the bot included.
    ///
    /// # Errors
    /// There is no such group.
    pub fn set_members(&mut self, chat: ChatId, members: u64) -> Result<(), Unable> {
        if chat.is_private() {
            return Err(Unable::NotAGroup);
        }
        self.chats.get_mut(&chat).ok_or(Unable::NoSuchChat)?.members = members;
        Ok(())
    }

    /// The bot may write to this chat from here on, and no update tells of it.
    ///
    /// # Errors
    /// There is no such bot or chat.
    pub fn befriend(&mut self, bot: BotId, chat: ChatId) -> Result<(), Unable> {
        self.known(bot, chat)?;
        self.phone_mut(bot, chat).standing = Standing::Open;
        Ok(())
    }

    /// The bot is made a member of a group, or an administrator of a channel, and is told.
    ///
    /// # Errors
    /// There is no such bot or group.
    pub fn invite(
        &mut self,
        bot: BotId,
        chat: ChatId,
        user: UserId,
        now: Moment,
    ) -> Result<(), Unable> {
        self.known(bot, chat)?;
        if chat.is_private() {
            return Err(Unable::NotAGroup);
        }
        self.stand(bot, chat, user, Standing::Open, now)
    }

    /// Somebody writes; in their private chat with the bot, unless a group or channel is named.
    /// `dated` makes it a message of the past. Whoever had blocked the bot unblocks it first. In a
    /// channel it is a post in the channel's own name, and only its administrators are told.
    ///
    /// # Errors
    /// Somebody or something is not there, or the text is empty or too long.
    pub fn say(
        &mut self,
        bot: BotId,
        user: UserId,
        chat: Option<ChatId>,
        text: &str,
        dated: Option<Utc>,
        now: Moment,
    ) -> Result<MessageId, Unable> {
        let chat = self.at(bot, user, chat)?;
        if !(1..=WRITTEN_MAX).contains(&text.chars().count()) {
            return Err(Unable::BadText);
        }
        if chat.is_private() && self.standing(bot, chat) == Standing::Blocked {
            self.stand(bot, chat, user, Standing::Open, now)?;
        }
        let written = Moment { mono: now.mono, utc: dated.unwrap_or(now.utc) };
        let message = Message {
            arrival: now.mono,
            id: 0,
            body: self.letters.keep(&text.into()),
            keyboard: 0,
            date: unix(written),
            from_bot: false,
            silent: false,
            edited: false,
            reply_to: 0,
        };
        let phone = self.phone_mut(bot, chat);
        if chat.is_private() {
            phone.standing = Standing::Open;
        }
        let id = phone.show(message);
        let shape = shapes::written(self, user, chat, id, written, text);
        let channel = self.chats.get(&chat).is_some_and(|chat| chat.kind == Kind::Channel);
        if !channel {
            self.tell(bot, "message", &shape, now);
        } else if self.standing(bot, chat) == Standing::Open {
            self.tell(bot, "channel_post", &shape, now);
        }
        Ok(id)
    }

    /// Somebody presses a button under a message of the bot: the newest that has it, unless one
    /// is named. Gives the callback query's id.
    ///
    /// # Errors
    /// Somebody or something is not there.
    pub fn press(
        &mut self,
        bot: BotId,
        user: UserId,
        chat: Option<ChatId>,
        message: Option<MessageId>,
        button: &Button,
        now: Moment,
    ) -> Result<String, Unable> {
        let chat = self.at(bot, user, chat)?;
        let phone = self.phones.get(&(bot, chat)).ok_or(Unable::Strangers)?;
        let (id, data) = if let Some(id) = message {
            let shown = phone.find(id).and_then(|at| phone.messages.get(at));
            let shown = shown.ok_or(Unable::NoSuchMessage)?;
            let found = self.button_of(shown, button).or_else(|| match button {
                Button::Data(data) if shown.from_bot => Some(data.clone()),
                Button::Data(_) | Button::Label(_) => None,
            });
            (id, found.ok_or(Unable::NoSuchButton)?)
        } else {
            let mut newest_first = phone.messages.iter().rev();
            newest_first
                .find_map(|shown| Some((shown.id, self.button_of(shown, button)?)))
                .map(|(id, data)| (MessageId(id.into()), data))
                .ok_or(Unable::NoSuchButton)?
        };
        let query = self.bots.get_mut(&bot).ok_or(Unable::NoSuchBot)?;
        let query = query.ask().to_string();
        let shape = json!({
            "id": query,
            "from": shapes::user(self, user),
            "message": shapes::message(self, bot, chat, id),
            "chat_instance": chat.0.unsigned_abs().to_string(),
            "data": data,
        });
        self.tell(bot, "callback_query", &shape, now);
        Ok(query)
    }

    fn button_of(&self, shown: &Message, button: &Button) -> Option<String> {
        let keyboard: Value = serde_json::from_str(self.letters.get(shown.keyboard)?).ok()?;
        let rows = keyboard.get("inline_keyboard")?.as_array()?;
        rows.iter().filter_map(Value::as_array).flatten().find_map(|key| {
            let data = key.get("callback_data")?.as_str()?;
            let met = match button {
                Button::Label(label) => key.get("text")?.as_str()? == label,
                Button::Data(wanted) => data == wanted,
            };
            met.then(|| data.to_owned())
        })
    }

    /// A person blocks the bot, and the bot is told.
    ///
    /// # Errors
    /// Somebody is not there.
    pub fn block(&mut self, bot: BotId, user: UserId, now: Moment) -> Result<(), Unable> {
        self.at(bot, user, None)?;
        self.stand(bot, user.chat(), user, Standing::Blocked, now)
    }

    /// A person takes the bot back, and the bot is told.
    ///
    /// # Errors
    /// Somebody is not there.
    pub fn unblock(&mut self, bot: BotId, user: UserId, now: Moment) -> Result<(), Unable> {
        self.at(bot, user, None)?;
        self.stand(bot, user.chat(), user, Standing::Open, now)
    }

    /// A person's account goes, and nobody is told.
    ///
    /// # Errors
    /// There is no such person.
    pub fn deactivate(&mut self, user: UserId) -> Result<(), Unable> {
        self.chats.get_mut(&user.chat()).ok_or(Unable::NoSuchUser)?.deactivated = true;
        Ok(())
    }

    /// A group throws the bot out, and the bot is told.
    ///
    /// # Errors
    /// There is no such bot or group.
    pub fn kick(
        &mut self,
        bot: BotId,
        chat: ChatId,
        user: UserId,
        now: Moment,
    ) -> Result<(), Unable> {
        self.known(bot, chat)?;
        if chat.is_private() {
            return Err(Unable::NotAGroup);
        }
        self.stand(bot, chat, user, Standing::Kicked, now)
    }

    /// A group or channel takes the right to write from the bot, and nobody is told.
    ///
    /// # Errors
    /// There is no such bot or group.
    pub fn mute(&mut self, bot: BotId, chat: ChatId) -> Result<(), Unable> {
        self.known(bot, chat)?;
        if chat.is_private() {
            return Err(Unable::NotAGroup);
        }
        self.phone_mut(bot, chat).standing = Standing::Muted;
        Ok(())
    }

    /// A group becomes a supergroup under a new id, and every bot in it is told.
    ///
    /// # Errors
    /// There is no such group.
    pub fn migrate(&mut self, chat: ChatId, now: Moment) -> Result<ChatId, Unable> {
        let (to, bots) = self.upgrade(chat)?;
        for bot in bots {
            for (place, key, other) in
                [(chat, "migrate_to_chat_id", to), (to, "migrate_from_chat_id", chat)]
            {
                let id = self.phone_mut(bot, place).next;
                self.phone_mut(bot, place).next = id.saturating_add(1);
                let service = json!({
                    "message_id": id,
                    "date": unix(now),
                    "chat": shapes::chat(self, place),
                    key: other.0,
                });
                self.tell(bot, "message", &service, now);
            }
        }
        Ok(to)
    }

    fn upgrade(&mut self, from: ChatId) -> Result<(ChatId, Vec<BotId>), Unable> {
        let chat = self.chats.get_mut(&from).ok_or(Unable::NoSuchChat)?;
        if chat.kind != Kind::Group || chat.migrated_to.is_some() {
            return Err(Unable::NotAGroup);
        }
        let to = ChatId(SUPERGROUPS.saturating_add(from.0));
        chat.migrated_to = Some(to);
        let upgraded = Chat { kind: Kind::Supergroup, migrated_to: None, ..chat.clone() };
        self.chats.insert(to, upgraded);
        let met = self.bots.keys().filter_map(|&bot| {
            let standing = self.phones.get(&(bot, from))?.standing;
            Some((bot, standing))
        });
        let met: Vec<(BotId, Standing)> = met.collect();
        for &(bot, standing) in &met {
            self.phones.insert((bot, to), Phone::new(standing));
        }
        let members = met.into_iter().filter(|(_, standing)| *standing == Standing::Open);
        Ok((to, members.map(|(bot, _)| bot).collect()))
    }

    /// Applies the weather's shares to everybody the bot may write to, as if it had happened while
    /// the bot was away too long to be told.
    pub fn strike(&mut self, bot: BotId) -> Struck {
        let weather = self.weather.clone();
        let mut struck = Struck::default();
        let everybody: Vec<ChatId> = self.friends(bot).collect();
        for id in everybody {
            let words = [stream::STRIKE, bot.0.cast_unsigned(), id.0.cast_unsigned()];
            let mut dice = Dice::at(self.seed, &words);
            let draw = u32::try_from(dice.below(1000)).unwrap_or(0);
            let Some(chat) = self.chats.get_mut(&id) else { continue };
            match chat.kind {
                Kind::Private if draw < weather.blocked => {
                    self.phone_mut(bot, id).standing = Standing::Blocked;
                    struck.blocked += 1;
                }
                Kind::Private if draw < weather.blocked + weather.deactivated => {
                    chat.deactivated = true;
                    struck.deactivated += 1;
                }
                Kind::Group if draw < weather.migrated => {
                    struck.migrated += u32::from(self.upgrade(id).is_ok());
                }
                Kind::Group | Kind::Supergroup if draw < weather.migrated + weather.kicked => {
                    self.phone_mut(bot, id).standing = Standing::Kicked;
                    struck.kicked += 1;
                }
                Kind::Private | Kind::Group | Kind::Supergroup | Kind::Channel => {}
            }
        }
        struck
    }

    /// Every chat that the bot may write to.
    pub fn friends(&self, bot: BotId) -> impl Iterator<Item = ChatId> + '_ {
        let all = self.phones.range((bot, ChatId(i64::MIN))..=(bot, ChatId(i64::MAX)));
        all.filter(|(_, phone)| phone.standing == Standing::Open)
            .map(|((_, chat), _)| *chat)
            .filter(|chat| {
                self.chats.get(chat).is_some_and(|c| !c.deactivated && c.migrated_to.is_none())
            })
    }

    pub(super) fn standing(&self, bot: BotId, chat: ChatId) -> Standing {
        self.phones.get(&(bot, chat)).map_or(Standing::Never, |phone| phone.standing)
    }

    /// Changes how the bot stands with a chat, and tells it if that is news.
    fn stand(
        &mut self,
        bot: BotId,
        chat: ChatId,
        user: UserId,
        standing: Standing,
        now: Moment,
    ) -> Result<(), Unable> {
        if !self.chats.contains_key(&user.chat()) {
            return Err(Unable::NoSuchUser);
        }
        let before = std::mem::replace(&mut self.phone_mut(bot, chat).standing, standing);
        if before == standing {
            return Ok(());
        }
        let (old, new) =
            (shapes::member(self, bot, chat, before), shapes::member(self, bot, chat, standing));
        let shape = json!({
            "chat": shapes::chat(self, chat),
            "from": shapes::user(self, user),
            "date": unix(now),
            "old_chat_member": old,
            "new_chat_member": new,
        });
        self.tell(bot, "my_chat_member", &shape, now);
        Ok(())
    }

    /// An update of any shape, such as a forwarded or an edited message, or one that no bot can
    /// read.
    ///
    /// # Errors
    /// There is no such bot.
    pub fn update(
        &mut self,
        bot: BotId,
        kind: &'static str,
        what: &Value,
        now: Moment,
    ) -> Result<(), Unable> {
        self.bots.get_mut(&bot).ok_or(Unable::NoSuchBot)?.tell(kind, what, now);
        Ok(())
    }

    fn tell(&mut self, bot: BotId, kind: &'static str, what: &Value, now: Moment) {
        if let Some(account) = self.bots.get_mut(&bot) {
            account.tell(kind, what, now);
        }
    }

    /// The chat in which a person acts.
    fn at(&self, bot: BotId, user: UserId, chat: Option<ChatId>) -> Result<ChatId, Unable> {
        let chat = chat.unwrap_or_else(|| user.chat());
        let person = self.chats.get(&user.chat()).ok_or(Unable::NoSuchUser)?;
        if person.deactivated {
            return Err(Unable::Deactivated);
        }
        self.known(bot, chat)?;
        Ok(chat)
    }

    fn known(&self, bot: BotId, chat: ChatId) -> Result<(), Unable> {
        if !self.bots.contains_key(&bot) {
            return Err(Unable::NoSuchBot);
        }
        if !self.chats.contains_key(&chat) {
            return Err(Unable::NoSuchChat);
        }
        Ok(())
    }

    fn phone_mut(&mut self, bot: BotId, chat: ChatId) -> &mut Phone {
        self.phones.entry((bot, chat)).or_insert_with(|| Phone::new(Standing::Never))
    }
}

fn new_chat(kind: Kind) -> Chat {
    Chat {
        kind,
        name: "".into(),
        language: None,
        deactivated: false,
        migrated_to: None,
        // Bot API: getChatMemberCount, of a private chat or of a group with one person in it.
        members: 2,
    }
}

/// The two halves of a well-formed token.
pub(super) fn split_token(token: &str) -> Option<(BotId, &str)> {
    let (id, secret) = token.split_once(':')?;
    let digits = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if !digits || secret.is_empty() || !secret.bytes().all(fits) {
        return None;
    }
    Some((BotId(id.parse().ok()?), secret))
}
