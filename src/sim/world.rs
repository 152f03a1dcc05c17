//! PURE. The other side: bots, people, chats, and what every phone shows.
//!
//! Role: answers calls as the Bot API would ([`World::call`], JSON) and as the in-process courier
//! needs it ([`World::send`] and [`World::edit`], typed); lets people act (`say`, `press`, `block`
//! …); and is read afterwards to judge what really arrived.
//!
//! How to drive it: draw [`World::way_in`] and let that much time pass, then call with the time of
//! ARRIVAL, then wait [`Sent::after`] before the answer is shown. Times given never go back.
//!
//! Invariants: one mechanism, `act`, judges every message and edit, typed or JSON. Arrivals are
//! counted before anything else. A message that was answered with an error is on no phone, except
//! after the faults whose very point is that it is ([`Fault::RestartAfter`] and its like). What
//! becomes of a chat's n-th message follows from seed, bot, chat and n, whatever happens around
//! it, so that concurrent runs of one seed meet the same weather.
//!
//! Stricter than the cloud server, on purpose: answers to people who wrote count towards the
//! limits too, and whoever ignores a wait is refused until it is over.
//!
//! Deliberately absent: media other than photos, topics, formatted text (kept as written), deletion.

mod account;
mod flood;
mod letters;
mod methods;
mod params;
mod paying;
mod people;
mod phones;
pub(super) mod photos;
mod probe;
mod shapes;

use std::{
    borrow::Cow,
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use self::{
    account::Account,
    flood::{Wait, Window},
    letters::Letters,
    photos::Photos,
};
pub use self::{
    account::Tally,
    methods::{Body, Called, Poll, Reply, What},
    params::Params,
    paying::Broke,
    people::{Button, Struck, Unable},
    phones::{Accepted, Seen},
    photos::Files,
};
use super::{
    dice::Dice,
    weather::{Fate, Fault, Outages, Stage, Weather},
};
use crate::domain::{
    ids::{BotId, ChatId, MessageId},
    time::{Moment, Mono},
};

/// What Telegram lets a bot do, counted on arrival (`reference/telegram.md`, section 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages and edits of one bot in any second that are not paid for.
    pub per_second: u32,
    /// Messages and edits of one bot in any second, paid or not.
    pub paid_per_second: u32,
    /// Messages and edits to one chat in any [`CHAT_SPAN`]: one a second, with a short burst.
    pub per_chat: u32,
    /// Messages and edits to one group in any [`GROUP_SPAN`].
    pub per_group: u32,
    /// Calls of one bot that are unanswered at once.
    pub at_once: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_second: 30, paid_per_second: 1000, per_chat: 3, per_group: 20, at_once: 1000 }
    }
}

/// The window of [`Limits::per_second`].
pub const BOT_SPAN: Duration = Duration::from_secs(1);
/// The window of [`Limits::per_chat`].
pub const CHAT_SPAN: Duration = Duration::from_secs(3);
/// The window of [`Limits::per_group`].
pub const GROUP_SPAN: Duration = Duration::from_mins(1);
/// How long a bot waits that had too many calls in flight.
const CROWDED_WAIT: Duration = Duration::from_mins(1);

/// Streams of chance that are not about one chat.
mod stream {
    pub(super) const OUTAGES: u64 = 1;
    pub(super) const WAY_IN: u64 = 2;
    pub(super) const UPDATES: u64 = 3;
    pub(super) const CHAT: u64 = 4;
    pub(super) const BOT: u64 = 5;
    pub(super) const STRIKE: u64 = 6;
}

/// How a call ended, as the sender sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `ok`: the message is on the phone under this id (an edit: of the message edited).
    Delivered(MessageId),
    /// An error in the Bot API's envelope; 5xx as well, whatever was really done.
    Error(ApiError),
    /// 502 as nginx's page, whatever was really done.
    Page,
    /// The connection broke: the sender can't know whether it was accepted. The world does.
    Dropped {
        /// Whether the request was carried out.
        accepted: bool,
    },
    /// No connection could be made: surely not sent.
    Unreachable,
}

/// An answer and how long it takes from the arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// From the arrival to the answer.
    pub after: Duration,
    /// The answer.
    pub answer: Answer,
}

/// The Bot API's error envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// `error_code`, also the HTTP status.
    pub code: u16,
    /// `description`, with its prefix.
    pub description: Cow<'static, str>,
    /// `parameters.retry_after`, in seconds.
    pub retry_after: Option<u32>,
    /// `parameters.migrate_to_chat_id`.
    pub migrate_to: Option<ChatId>,
}

impl ApiError {
    const fn of(code: u16, description: &'static str) -> Self {
        Self { code, description: Cow::Borrowed(description), retry_after: None, migrate_to: None }
    }

    const fn bad(description: &'static str) -> Self {
        Self::of(400, description)
    }

    /// Bot API: `ResponseParameters.retry_after`, whole seconds, rounded up.
    fn flood(wait: Duration) -> Self {
        let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let seconds = u32::try_from(whole.max(1)).unwrap_or(u32::MAX);
        Self {
            code: 429,
            description: format!("Too Many Requests: retry after {seconds}").into(),
            retry_after: Some(seconds),
            migrate_to: None,
        }
    }
}

/// A message to be sent.
#[derive(Clone, Debug, Default)]
pub struct Letter {
    /// 1 to 4096 code points.
    pub text: Arc<str>,
    /// `inline_keyboard` as JSON, checked by whoever wrote it.
    pub keyboard: Option<Arc<str>>,
    /// `disable_notification`.
    pub silent: bool,
    /// The message answered, which must be there.
    pub reply_to: Option<MessageId>,
    /// `allow_paid_broadcast`.
    pub paid: bool,
}

/// What a call does to a chat, with its texts already kept in [`Letters`].
#[derive(Clone, Copy, Debug)]
enum Act {
    Send {
        body: u32,
        keyboard: u32,
        photo: u32,
        silent: bool,
        reply_to: Option<MessageId>,
        paid: bool,
    },
    Edit {
        message: MessageId,
        body: Option<u32>,
        keyboard: u32,
    },
}

impl Act {
    /// Whether it may cost something; an edit never does.
    const fn is_paid(self) -> bool {
        matches!(self, Self::Send { paid: true, .. })
    }
}

/// What a chat is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Private,
    Group,
    Supergroup,
    Channel,
}

#[derive(Clone, Debug)]
struct Chat {
    kind: Kind,
    /// A first name, or the title.
    name: Box<str>,
    language: Option<Box<str>>,
    deactivated: bool,
    migrated_to: Option<ChatId>,
    /// The bot included, as getChatMemberCount has it.
    members: u64,
}

/// How a bot stands with a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// The person never wrote to the bot; the bot never was in the group.
    Never,
    Open,
    Blocked,
    Kicked,
    Muted,
}

/// One chat with one bot, and what is seen in it.
#[derive(Clone, Debug)]
struct Phone {
    standing: Standing,
    /// How many calls were made to this chat: the word that names the next one's weather.
    attempts: u32,
    next: u32,
    messages: Vec<Message>,
    burst: Window,
    /// What few chats have, out of the way of the million.
    rare: Option<Box<Rare>>,
}

#[derive(Clone, Debug, Default)]
struct Rare {
    wait: Option<Wait>,
    minute: Window,
}

impl Phone {
    const fn new(standing: Standing) -> Self {
        Self {
            standing,
            attempts: 0,
            next: 1,
            messages: Vec::new(),
            burst: Window::new(),
            rare: None,
        }
    }

    fn find(&self, id: MessageId) -> Option<usize> {
        self.messages.binary_search_by_key(&id.0, |message| i64::from(message.id)).ok()
    }

    fn show(&mut self, message: Message) -> MessageId {
        let id = self.next;
        self.next = self.next.saturating_add(1);
        if self.messages.len() == self.messages.capacity() {
            // Most phones hold one to three messages: Vec's first four places would be waste.
            self.messages.reserve_exact(self.messages.len().max(1));
        }
        self.messages.push(Message { id, ..message });
        MessageId(i64::from(id))
    }
}

/// A message on a phone; small, because there are millions.
#[derive(Clone, Copy, Debug)]
struct Message {
    arrival: Mono,
    id: u32,
    body: u32,
    keyboard: u32,
    /// Unix seconds.
    date: u32,
    from_bot: bool,
    silent: bool,
    edited: bool,
    /// The message answered; 0 for none.
    reply_to: u32,
}

/// The simulated Telegram.
#[derive(Debug)]
pub struct World {
    seed: u64,
    weather: Weather,
    limits: Limits,
    outages: Outages,
    way_in: Dice,
    anyone: bool,
    bots: BTreeMap<BotId, Account>,
    chats: BTreeMap<ChatId, Chat>,
    phones: BTreeMap<(BotId, ChatId), Phone>,
    letters: Letters,
    photos: Photos,
    log: Vec<Accepted>,
    met: BTreeMap<Fault, u64>,
    toasts: VecDeque<(String, String)>,
}

impl World {
    /// An empty world.
    #[must_use]
    pub fn new(seed: u64, weather: Weather, limits: Limits) -> Self {
        Self {
            seed,
            weather,
            limits,
            outages: Outages::new(Dice::at(seed, &[stream::OUTAGES])),
            way_in: Dice::at(seed, &[stream::WAY_IN]),
            anyone: false,
            bots: BTreeMap::new(),
            chats: BTreeMap::new(),
            phones: BTreeMap::new(),
            letters: Letters::default(),
            photos: Photos::default(),
            log: Vec::new(),
            met: BTreeMap::new(),
            toasts: VecDeque::new(),
        }
    }

    /// The weather now.
    #[must_use]
    pub const fn weather(&self) -> &Weather {
        &self.weather
    }

    /// Changes the weather from here on.
    pub fn set_weather(&mut self, weather: Weather) {
        self.weather = weather;
    }

    /// The limits.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// How long the next request is held up before it arrives: wait this long, then call.
    pub fn way_in(&mut self) -> Duration {
        self.weather.way_in(&mut self.way_in)
    }

    /// Sends a plain message: the courier's fast path. `now` is the time of arrival.
    pub fn send(
        &mut self,
        bot: BotId,
        chat: ChatId,
        text: &Arc<str>,
        silent: bool,
        now: Moment,
    ) -> Sent {
        let body = self.letters.keep(text);
        let act = Act::Send { body, keyboard: 0, photo: 0, silent, reply_to: None, paid: false };
        self.act(bot, chat, act, now)
    }

    /// Sends a message with all that belongs to it.
    pub fn send_letter(&mut self, bot: BotId, chat: ChatId, letter: &Letter, now: Moment) -> Sent {
        let body = self.letters.keep(&letter.text);
        let keyboard = letter.keyboard.as_ref().map_or(0, |keyboard| self.letters.keep(keyboard));
        let Letter { silent, reply_to, paid, .. } = *letter;
        self.act(bot, chat, Act::Send { body, keyboard, photo: 0, silent, reply_to, paid }, now)
    }

    /// Sends a picture with words under it, which the sender has seen to be well-formed.
    pub fn send_photo(
        &mut self,
        bot: BotId,
        chat: ChatId,
        (png, caption): (&Arc<[u8]>, &str),
        now: Moment,
    ) -> Sent {
        let act = self.photo_act(png, caption, (false, false));
        self.act(bot, chat, act, now)
    }

    fn photo_act(&mut self, png: &Arc<[u8]>, caption: &str, (silent, paid): (bool, bool)) -> Act {
        let body = if caption.is_empty() { 0 } else { self.letters.keep(&caption.into()) };
        let photo = self.photos.keep(png);
        Act::Send { body, keyboard: 0, photo, silent, reply_to: None, paid }
    }

    /// Edits a message's text and its keyboard, which goes if none is given.
    pub fn edit(
        &mut self,
        bot: BotId,
        chat: ChatId,
        message: MessageId,
        text: &Arc<str>,
        keyboard: Option<&Arc<str>>,
        now: Moment,
    ) -> Sent {
        let body = Some(self.letters.keep(text));
        let keyboard = keyboard.map_or(0, |keyboard| self.letters.keep(keyboard));
        self.act(bot, chat, Act::Edit { message, body, keyboard }, now)
    }

    /// The one place where messages and edits are judged.
    fn act(&mut self, bot: BotId, chat: ChatId, act: Act, now: Moment) -> Sent {
        let fate = self.fate(bot, Some(chat), now.mono);
        if let Some(answer) = struck(fate, Stage::WayIn, false) {
            return Sent { after: fate.after, answer };
        }
        let Some(account) = self.bots.get_mut(&bot) else {
            let answer = Answer::Error(ApiError::of(401, "Unauthorized"));
            return Sent { after: fate.after, answer };
        };
        account.arrive(now.mono, fate.after, act.is_paid());
        if let Some(answer) = struck(fate, Stage::Before, false) {
            return Sent { after: fate.after, answer };
        }
        let judged = self
            .well_formed(act)
            .and_then(|()| self.admit(bot, chat, act.is_paid(), fate, now.mono))
            .and_then(|()| self.carry_out(bot, chat, act, now));
        let answer = self.after(bot, fate, judged);
        Sent { after: fate.after, answer }
    }

    /// Draws what becomes of a call, and counts the fault as met.
    fn fate(&mut self, bot: BotId, chat: Option<ChatId>, now: Mono) -> Fate {
        let met = chat.and_then(|chat| Some((chat, self.phones.get_mut(&(bot, chat))?)));
        let words = if let Some((chat, phone)) = met {
            phone.attempts = phone.attempts.wrapping_add(1);
            [stream::CHAT, bot.0.cast_unsigned(), chat.0.cast_unsigned(), phone.attempts.into()]
        } else {
            let calls = self.bots.get_mut(&bot).map_or(0, Account::next_call);
            [stream::BOT, bot.0.cast_unsigned(), 0, calls]
        };
        let mut fate = self.weather.fate(&mut Dice::at(self.seed, &words));
        if let Some(outage) = self.outages.at(&self.weather, now) {
            fate.fault = Some(outage);
        }
        if let Some(fault) = fate.fault {
            *self.met.entry(fault).or_default() += 1;
            if let Some(account) = self.bots.get_mut(&bot) {
                account.lost_requests += u64::from(fault.stage() == Stage::WayIn);
            }
        }
        fate
    }

    /// What is left of a verdict on the way back. A 429 is always told: it is the front door's.
    fn after(&mut self, bot: BotId, fate: Fate, judged: Result<MessageId, ApiError>) -> Answer {
        let accepted = judged.is_ok();
        let (told, flood) = match judged {
            Ok(id) => (Answer::Delivered(id), false),
            Err(error) => {
                let flood = error.code == 429;
                (Answer::Error(error), flood)
            }
        };
        match struck(fate, Stage::After, accepted) {
            Some(answer) if !flood => {
                if accepted && let Some(account) = self.bots.get_mut(&bot) {
                    account.accepted_then_lost += 1;
                }
                answer
            }
            Some(_) | None => told,
        }
    }

    fn well_formed(&self, act: Act) -> Result<(), ApiError> {
        let body = match act {
            Act::Send { body, .. } => Some(body),
            Act::Edit { body, .. } => body,
        };
        match body.and_then(|body| self.letters.fault(body)) {
            Some(fault) => Err(ApiError::bad(fault)),
            None => Ok(()),
        }
    }

    /// Whether the limits, and then the weather, let a message through to its chat.
    fn admit(
        &mut self,
        bot: BotId,
        chat: ChatId,
        paid: bool,
        fate: Fate,
        now: Mono,
    ) -> Result<(), ApiError> {
        let Some(account) = self.bots.get_mut(&bot) else {
            return Err(ApiError::of(401, "Unauthorized"));
        };
        let mut phone = self.phones.get_mut(&(bot, chat));
        if let Some(wait) = account.wait.filter(|wait| now < wait.until) {
            return Err(account.refuse_all(wait, now, fate.after));
        }
        let waits = phone.as_ref().and_then(|p| p.rare.as_ref()?.wait);
        if let Some(wait) = waits.filter(|wait| now < wait.until) {
            return Err(account.refuse(wait, now));
        }
        if account.in_flight(now) > self.limits.at_once as usize {
            account.wait = Some(Wait::earned(now, CROWDED_WAIT));
            return Err(account.refuse(Wait::earned(now, CROWDED_WAIT), now));
        }
        if let Some(wait) = account.over_limit(&self.limits, paid, now) {
            let wait = Wait::earned(now, wait);
            account.wait = Some(wait);
            return Err(account.refuse(wait, now));
        }
        if let Some(phone) = phone.as_mut()
            && let Some(wait) = phone.over_limit(chat, &self.limits, now)
        {
            return Err(account.refuse(wait, now));
        }
        if let Some(error) = account.flooded(phone.as_deref_mut(), fate, now) {
            return Err(error);
        }
        let dear = account.costs(&self.limits, paid, now);
        if dear {
            account.afford()?;
        }
        account.let_through(paid, dear, now);
        if let Some(phone) = phone {
            phone.count(chat, now);
        }
        Ok(())
    }

    fn carry_out(
        &mut self,
        bot: BotId,
        chat: ChatId,
        act: Act,
        now: Moment,
    ) -> Result<MessageId, ApiError> {
        let welcome = self.welcome(bot, chat);
        let Some(account) = self.bots.get_mut(&bot) else {
            return Err(ApiError::of(401, "Unauthorized"));
        };
        let phone = self.phones.get_mut(&(bot, chat));
        let has_text = match act {
            Act::Edit { message, body: Some(_), .. } => {
                self.photos.shown((bot, chat, message)).is_none()
            }
            Act::Edit { .. } | Act::Send { .. } => true,
        };
        let has_text = if has_text { Ok(()) } else { Err(ApiError::bad(NO_TEXT)) };
        let done = welcome.and(has_text).and_then(|()| phone.ok_or(CHAT_NOT_FOUND)?.take(act, now));
        match &done {
            Ok((message, body)) => {
                let edit = matches!(act, Act::Edit { .. });
                account.accepted(edit, act.is_paid());
                if let Act::Send { photo, .. } = act {
                    self.photos.show((bot, chat, *message), photo);
                }
                let (arrival, message, body) = (now.mono, *message, *body);
                self.log.push(Accepted { arrival, bot, chat, message, body, edit });
            }
            Err(_) => account.refused += 1,
        }
        done.map(|(message, _)| message)
    }

    /// Whether the chat takes messages from the bot (`reference/telegram.md`, section 3).
    fn welcome(&self, bot: BotId, chat: ChatId) -> Result<(), ApiError> {
        let Some(Chat { kind, deactivated, migrated_to, .. }) = self.chats.get(&chat) else {
            return Err(CHAT_NOT_FOUND);
        };
        if migrated_to.is_some() {
            let told = "Bad Request: group chat was upgraded to a supergroup chat";
            return Err(ApiError { migrate_to: *migrated_to, ..ApiError::bad(told) });
        }
        if *deactivated {
            return Err(ApiError::of(403, "Forbidden: user is deactivated"));
        }
        let standing = self.phones.get(&(bot, chat)).map_or(Standing::Never, |p| p.standing);
        let told = match (standing, kind) {
            (Standing::Open, _) => return Ok(()),
            (Standing::Never, Kind::Private) => {
                "Forbidden: bot can't initiate conversation with a user"
            }
            (Standing::Never, Kind::Group) => "Forbidden: bot is not a member of the group chat",
            (Standing::Never, Kind::Supergroup) => {
                "Forbidden: bot is not a member of the supergroup chat"
            }
            (Standing::Never, Kind::Channel) => {
                "Forbidden: bot is not a member of the channel chat"
            }
            (Standing::Blocked, _) | (Standing::Kicked, Kind::Private) => {
                "Forbidden: bot was blocked by the user"
            }
            (Standing::Kicked, Kind::Group) => "Forbidden: bot was kicked from the group chat",
            (Standing::Kicked, Kind::Supergroup) => {
                "Forbidden: bot was kicked from the supergroup chat"
            }
            (Standing::Kicked, Kind::Channel) => "Forbidden: bot was kicked from the channel chat",
            (Standing::Muted, Kind::Channel) => {
                return Err(ApiError::bad(
                    "Bad Request: need administrator rights in the channel chat",
                ));
            }
            (Standing::Muted, _) => {
                return Err(ApiError::bad(
                    "Bad Request: not enough rights to send text messages to the chat",
                ));
            }
        };
        Err(ApiError::of(403, told))
    }
}

impl Phone {
    /// Shows or changes a message; answers with its id and the body now shown.
    fn take(&mut self, act: Act, now: Moment) -> Result<(MessageId, u32), ApiError> {
        match act {
            Act::Send { reply_to: Some(to), .. } if self.find(to).is_none() => {
                Err(ApiError::bad("Bad Request: message to be replied not found"))
            }
            Act::Send { body, keyboard, silent, reply_to, .. } => {
                let shown = Message {
                    arrival: now.mono,
                    id: 0,
                    body,
                    keyboard,
                    date: unix(now),
                    from_bot: true,
                    silent,
                    edited: false,
                    reply_to: reply_to.map_or(0, |to| u32::try_from(to.0).unwrap_or(0)),
                };
                Ok((self.show(shown), body))
            }
            Act::Edit { message, body, keyboard } => {
                let shown = self.find(message).and_then(|at| self.messages.get_mut(at));
                let Some(shown) = shown else {
                    return Err(ApiError::bad("Bad Request: message to edit not found"));
                };
                if !shown.from_bot {
                    return Err(ApiError::bad("Bad Request: message can't be edited"));
                }
                let body = body.unwrap_or(shown.body);
                if (body, keyboard) == (shown.body, shown.keyboard) {
                    return Err(ApiError::bad(NOT_MODIFIED));
                }
                (shown.body, shown.keyboard, shown.edited) = (body, keyboard, true);
                Ok((message, body))
            }
        }
    }
}

const CHAT_NOT_FOUND: ApiError = ApiError::bad("Bad Request: chat not found");
const RESTART: ApiError = ApiError::of(500, "Internal Server Error: restart");
const BAD_GATEWAY: ApiError = ApiError::of(502, "Bad Gateway");
const NO_TEXT: &str = "Bad Request: there is no text in the message to edit";
const NOT_MODIFIED: &str = "Bad Request: message is not modified: specified new message content \
    and reply markup are exactly the same as a current content and reply markup of the message";

/// What the sender sees of a call that meets its fault at this stage.
fn struck(fate: Fate, stage: Stage, accepted: bool) -> Option<Answer> {
    match fate.fault.filter(|fault| fault.stage() == stage)? {
        Fault::Unreachable => Some(Answer::Unreachable),
        Fault::LostRequest | Fault::LostReply => Some(Answer::Dropped { accepted }),
        Fault::RestartBefore | Fault::RestartAfter => Some(Answer::Error(RESTART)),
        Fault::GatewayBefore | Fault::GatewayAfter => Some(Answer::Error(BAD_GATEWAY)),
        Fault::PageBefore | Fault::PageAfter => Some(Answer::Page),
        // Limits are judged with the weather's 429 in one place.
        Fault::FloodChat | Fault::FloodBot | Fault::FloodBare => None,
    }
}

/// The calendar as the Bot API writes it.
fn unix(now: Moment) -> u32 {
    u32::try_from(now.utc.timestamp()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
