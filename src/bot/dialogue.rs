//! PURE. What an update leads to: facts in, one [`Deed`] out.
//!
//! [`decide`] is called with the facts read so far. If it needs more it answers with a [`Want`], and
//! is called again with that fact added; so the decision stays one straight piece of code, and what
//! it reads is no more than it needs.
//!
//! Invariants: a transition is only made out of a `Confirmed`; whoever acts is authorised anew, by
//! the roster of this moment; officials' commands are taken in private chats alone; every refusal of
//! an official's act is in the journal, with ids and no names of residents.
//!
//! Deliberately absent: time, chance and reading: they come in with the [`Case`] and the [`Facts`].

mod control;
mod gatherings;
mod menus;
mod officials;
mod preview;
mod release;
mod report;
mod residents;
mod siblings;
#[cfg(test)]
mod stories;

use std::{collections::BTreeMap, time::Duration};

use crate::{
    domain::{
        alert::{Current, Transition},
        audience::{Audience, Kind, Reach},
        board::Board,
        consent::Challenge,
        ids::{AlertId, BotId, ChatId, Code, MessageId, UserId},
        lang::Lang,
        letter::{Class, Content, Message, NewLetter, Occasion},
        operator::Operator,
        report::FanoutFigures,
        time::Utc,
    },
    ports::{
        courier::{Event, Incoming, Press, Said},
        store::{Asked, Cause, Deed, Effect, Entry, Fanout, Spent, Subscriber},
    },
};

use super::{
    Rules,
    buttons::Touch,
    grammar::{self, Intent},
    phrases::{self, Phrase},
};

pub use release::expiry;

/// How long a plain answer is worth sending: an old one confuses.
const ANSWER_LIFE: Duration = Duration::from_mins(10);

/// Longest toast, in characters. `// Bot API: answerCallbackQuery.text`
const TOAST_MAX: usize = 200;

/// Another bot of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sibling {
    /// Which.
    pub bot: BotId,
    /// Its name in Telegram, without `@`.
    pub username: String,
    /// Private chats that it serves comfortably.
    pub comfortable: u64,
}

/// How quickly a bot sends, and for how many Stars. `// Bot API: allow_paid_broadcast`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tariff {
    /// Messages per second for nothing.
    pub rate: u32,
    /// Messages per second while they are paid for; 0 if the bot never pays.
    pub paid_rate: u32,
    /// Stars for one alert at most.
    pub per_alert: u64,
    /// Stars for one day at most.
    pub per_day: u64,
}

/// What a desk knows of itself.
#[derive(Clone, Debug)]
pub struct Office {
    /// Which bot this is.
    pub bot: BotId,
    /// All bots: an alert goes out through each.
    pub bots: Vec<BotId>,
    /// The other bots, for residents beyond what this one serves comfortably.
    pub siblings: Vec<Sibling>,
    /// Private chats that it serves comfortably.
    pub comfortable: u64,
    /// What each bot sends with, for forecasts.
    pub tariffs: BTreeMap<BotId, Tariff>,
    /// The language of those whose own we don't speak.
    pub default_lang: Lang,
    /// Commands that raise and are older are answered, not executed.
    pub late_after: Duration,
    /// The bot's name, as groups address it.
    pub username: String,
}

/// An update, and all that is known without reading.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The rules of this moment.
    pub rules: &'a Rules,
    /// The desk.
    pub office: &'a Office,
    /// The time.
    pub now: Utc,
    /// Chance, for codes.
    pub chance: u64,
    /// What happened.
    pub incoming: &'a Incoming,
}

/// A fact that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// The present.
    Board,
    /// The number a new alert would get.
    Next,
    /// What is known of this chat.
    Subscriber(ChatId),
    /// What became of a challenge.
    Asked(Code),
    /// The open challenges of an issuer.
    AskedBy(UserId),
    /// The last transition of an alert.
    Turn(AlertId),
    /// How many chats an audience has, bot by bot, and what the bots have spent.
    Reach(Audience),
    /// The figures of an alert's broadcasts.
    Figures(AlertId),
    /// Every broadcast that is not over, through any bot.
    Open,
    /// What the other bots know of this chat.
    Elsewhere(ChatId),
    /// Another bot that has room, by its name, if this one has none.
    Sibling,
    /// How many members a group or channel has, by Telegram; unless it was counted of late and is
    /// `known` since.
    Members {
        /// Where.
        chat: ChatId,
        /// Whether it was met before.
        known: bool,
    },
}

/// Whom an audience reaches through each bot, and what that bot has spent.
pub type ByBot = Vec<(BotId, Reach, Spent)>;

/// Facts read so far, all of one look at the store.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "each answers the Want of the same name")]
pub struct Facts {
    pub board: Option<Board>,
    pub next: Option<AlertId>,
    pub subscriber: Option<Option<Subscriber>>,
    pub asked: BTreeMap<Code, Option<Asked>>,
    pub asked_by: Option<Vec<Challenge>>,
    pub turns: BTreeMap<AlertId, Option<Transition>>,
    pub reach: Option<(Audience, ByBot)>,
    pub figures: BTreeMap<AlertId, Vec<FanoutFigures>>,
    pub open: Option<Vec<Fanout>>,
    pub members: Option<Option<u64>>,
    pub elsewhere: Option<Vec<Subscriber>>,
    pub sibling: Option<Option<String>>,
}

impl Facts {
    fn board(&self) -> Result<&Board, Want> {
        self.board.as_ref().ok_or(Want::Board)
    }
    fn next(&self) -> Result<AlertId, Want> {
        self.next.ok_or(Want::Next)
    }
    fn subscriber(&self, chat: ChatId) -> Result<Option<&Subscriber>, Want> {
        self.subscriber.as_ref().map(Option::as_ref).ok_or(Want::Subscriber(chat))
    }
    fn asked(&self, code: &Code) -> Result<Option<&Asked>, Want> {
        self.asked.get(code).map(Option::as_ref).ok_or_else(|| Want::Asked(code.clone()))
    }
    fn asked_by(&self, user: UserId) -> Result<&[Challenge], Want> {
        self.asked_by.as_deref().ok_or(Want::AskedBy(user))
    }
    fn turn(&self, alert: AlertId) -> Result<Option<&Transition>, Want> {
        self.turns.get(&alert).map(Option::as_ref).ok_or(Want::Turn(alert))
    }
    /// The alert, if something can still be done to it.
    fn current(&self, alert: AlertId) -> Result<Option<Current>, Want> {
        match self.board()?.alert(alert) {
            Some(active) => Ok(Some(Current::Active(active.clone()))),
            None => Ok(self.turn(alert)?.and_then(Current::after)),
        }
    }
    fn open(&self) -> Result<&[Fanout], Want> {
        self.open.as_deref().ok_or(Want::Open)
    }
    fn reach(&self, audience: &Audience) -> Result<&ByBot, Want> {
        match &self.reach {
            Some((of, counts)) if of == audience => Ok(counts),
            Some(_) | None => Err(Want::Reach(audience.clone())),
        }
    }
    fn figures(&self, alert: AlertId) -> Result<&[FanoutFigures], Want> {
        self.figures.get(&alert).map(Vec::as_slice).ok_or(Want::Figures(alert))
    }
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// All that becomes true.
    pub deed: Deed,
    /// What a press is answered with at once: the callback, and the words.
    pub toast: Option<(String, String)>,
}

/// Decides.
///
/// # Errors
///
/// The next fact that is wanted.
pub fn decide(case: Case<'_>, facts: &Facts) -> Result<Reply, Want> {
    match &case.incoming.event {
        Event::Said(said) => heard(case, facts, said),
        Event::Pressed(press) => pressed(case, facts, press),
        Event::Shut(chat, kind) => gatherings::shut(case, facts, *chat, *kind),
        Event::Opened(chat, kind) => returned(case, facts, *chat, *kind),
        Event::Migrated { from, to } => {
            Ok(quiet(case, vec![Effect::Moved { bot: case.office.bot, from: *from, to: *to }]))
        }
        Event::Other | Event::Broken(_) => Ok(quiet(case, Vec::new())),
    }
}

/// When the desk looked again and again and things kept changing: says so, and does nothing.
#[must_use]
pub fn give_up(case: Case<'_>) -> Reply {
    let (chat, user) = match &case.incoming.event {
        Event::Said(said) => (Some(said.chat), said.user),
        Event::Pressed(press) => (Some(press.user.chat()), Some(press.user)),
        Event::Shut(..)
        | Event::Opened(..)
        | Event::Migrated { .. }
        | Event::Other
        | Event::Broken(_) => (None, None),
    };
    let mut reply = quiet(case, Vec::new());
    if let Some(chat) = chat {
        let lang = user
            .and_then(|user| case.rules.roster.get(user))
            .map_or(case.office.default_lang, |operator| operator.lang);
        let message = Message::plain(phrases::say(lang, &Phrase::Busy));
        reply.deed.letters.push(plain(&case, (chat, lang, Class::Official), message, None));
    }
    reply
}

/// The deed that lets a chat back in, before it is told what is true of its places.
#[must_use]
pub fn reopening(office: &Office, chat: ChatId, now: Utc) -> Deed {
    let mut deed = Deed::new(Cause::Clock, now);
    deed.effects.push(Effect::Met(office.bot, chat, office.default_lang));
    deed
}

/// A chat is back with the places it had: it is told what it may have missed.
fn returned(case: Case<'_>, facts: &Facts, chat: ChatId, kind: Kind) -> Result<Reply, Want> {
    let known = facts.subscriber(chat)?;
    let lang = known.map_or(case.office.default_lang, |known| known.lang);
    let mut effects = vec![Effect::Met(case.office.bot, chat, lang)];
    effects.extend(gatherings::counted(case, facts, chat, kind)?);
    let mut reply = quiet(case, effects);
    if let Some(known) = known.filter(|known| !known.places.is_empty()) {
        let (effects, moved) = siblings::taken_over(case, facts, chat)?;
        reply.deed.effects.extend(effects);
        let places = known.places.iter().cloned().chain(moved).collect();
        let content = Content::Standing { occasion: Occasion::Asked, places };
        let bot = case.office.bot;
        let class = Class::Resident;
        reply.deed.letters.push(NewLetter { bot, chat, lang, class, content, not_after: None });
    }
    Ok(reply)
}

fn quiet(case: Case<'_>, effects: Vec<Effect>) -> Reply {
    let update = Cause::Update(case.office.bot, case.incoming.id);
    Reply { deed: Deed { effects, ..Deed::new(update, case.now) }, toast: None }
}

fn plain(
    case: &Case<'_>,
    (chat, lang, class): (ChatId, Lang, Class),
    message: Message,
    edits: Option<MessageId>,
) -> NewLetter {
    NewLetter {
        bot: case.office.bot,
        chat,
        lang,
        class,
        content: Content::Plain { message, edits },
        not_after: Some(case.now + ANSWER_LIFE),
    }
}

fn heard(case: Case<'_>, facts: &Facts, said: &Said) -> Result<Reply, Want> {
    // In a channel there is nobody else to speak to.
    let addressed = said.kind != Kind::Group;
    let operator = said.user.and_then(|user| case.rules.roster.get(user));
    let intent = said
        .text
        .as_deref()
        .and_then(|text| grammar::read(text, case.rules, &case.office.username, addressed));
    let Some(intent) = intent else { return Ok(quiet(case, Vec::new())) };
    if said.second_hand && operator.is_none() {
        return Ok(quiet(case, Vec::new()));
    }
    let tag = said.tag.as_deref();
    if said.kind == Kind::Channel && !gatherings::heeds(&intent) {
        return Ok(quiet(case, Vec::new()));
    }
    let mut talk = Talk::open(case, facts, (said.chat, said.user), operator, tag)?;
    talk.gather(said.kind)?;
    if said.second_hand {
        if !matches!(intent, Intent::Words(_)) {
            talk.answer(&Phrase::SecondHand);
        }
    } else {
        talk.hear(intent, said)?;
    }
    Ok(talk.close(None))
}

fn pressed(case: Case<'_>, facts: &Facts, press: &Press) -> Result<Reply, Want> {
    let chat = press.place.map_or_else(|| press.user.chat(), |(chat, _)| chat);
    let operator = case.rules.roster.get(press.user);
    let tag = press.tag.as_deref();
    let mut talk = Talk::open(case, facts, (chat, Some(press.user)), operator, tag)?;
    talk.edits = press.place.map(|(_, message)| message);
    talk.toast = Some(String::new());
    match Touch::parse(&press.data) {
        Some(touch) => talk.touched(touch)?,
        None => talk.toast(&Phrase::ButtonOld),
    }
    Ok(talk.close(Some(press)))
}

/// One exchange with one chat, as it is being decided.
struct Talk<'a> {
    case: Case<'a>,
    facts: &'a Facts,
    chat: ChatId,
    user: Option<UserId>,
    operator: Option<&'a Operator>,
    lang: Lang,
    /// The message that was pressed: menus go on in its place.
    edits: Option<MessageId>,
    /// Set while a press is to be answered.
    toast: Option<String>,
    channel: bool,
    /// What it is and how many are in it, if that is to be kept.
    counted: Option<Effect>,
    deed: Deed,
}

impl<'a> Talk<'a> {
    fn open(
        case: Case<'a>,
        facts: &'a Facts,
        (chat, user): (ChatId, Option<UserId>),
        operator: Option<&'a Operator>,
        tag: Option<&str>,
    ) -> Result<Self, Want> {
        let operator = operator.filter(|_| chat.is_private());
        let lang = match operator {
            Some(operator) => operator.lang,
            None => match facts.subscriber(chat)? {
                Some(known) => known.lang,
                None => tag.and_then(Lang::parse).unwrap_or(case.office.default_lang),
            },
        };
        let deed = Deed::new(Cause::Update(case.office.bot, case.incoming.id), case.now);
        let (edits, toast, channel, counted) = (None, None, false, None);
        Ok(Self { case, facts, chat, user, operator, lang, edits, toast, channel, counted, deed })
    }

    fn close(mut self, press: Option<&Press>) -> Reply {
        self.deed.effects.extend(self.counted.take());
        // Meeting is being seen, and an official at work is no resident.
        let known = matches!(self.facts.subscriber, Some(Some(_)));
        let said = |effect: &Effect| matches!(effect, Effect::Met(..) | Effect::Left(..));
        if self.chat.is_private() && known && !self.deed.effects.iter().any(said) {
            self.deed.effects.push(Effect::Seen(self.bot(), self.chat));
        }
        let toast = press
            .zip(self.toast)
            .map(|(press, text)| (press.callback.clone(), text.chars().take(TOAST_MAX).collect()));
        Reply { deed: self.deed, toast }
    }

    fn hear(&mut self, intent: Intent, said: &Said) -> Result<(), Want> {
        match intent {
            Intent::Start(payload) => self.start(payload.as_deref()),
            Intent::Add(place) => self.add(place),
            Intent::Regions => self.regions(),
            Intent::Status(place) => self.status(place),
            Intent::Language => {
                self.language();
                Ok(())
            }
            Intent::Drills => self.drills(),
            Intent::Id => {
                // A group need not know its members' numbers.
                if let Some(user) = self.user.filter(|_| self.chat.is_private()) {
                    self.answer(&Phrase::YourNumber(user.0));
                }
                Ok(())
            }
            Intent::Stop if self.channel => {
                self.leave();
                Ok(())
            }
            Intent::Stop => {
                self.ask_to_stop();
                Ok(())
            }
            Intent::Help => {
                self.help();
                Ok(())
            }
            Intent::Raise(status, order) => self.raise(status, order, said.at),
            Intent::Update(amendment) => self.update(amendment, said.at),
            Intent::Clear(ending) => self.clear(ending),
            Intent::Withdraw(alert) => self.withdraw(alert),
            Intent::Report(state) => self.report(state),
            Intent::Hold(to, alert) => self.hold(alert, to),
            Intent::Confirm(confirmation) => self.confirm(confirmation, said.at),
            Intent::Cancel(code) => self.cancel_typed(code),
            Intent::Unknown if self.chat.is_private() => {
                self.answer(&Phrase::UnknownCommand);
                Ok(())
            }
            Intent::Unknown => Ok(()),
            Intent::Words(words) => self.words(&words, said.at),
        }
    }

    fn touched(&mut self, touch: Touch) -> Result<(), Want> {
        match touch {
            Touch::Hazards(..)
            | Touch::Areas(..)
            | Touch::Levels(..)
            | Touch::Times(..)
            | Touch::Drafted(..)
            | Touch::End(_)
            | Touch::Withdraw(_)
            | Touch::Report(_)
            | Touch::Pause(_)
            | Touch::Resume(_)
            | Touch::Halt(_)
            | Touch::HaltNow(..)
            | Touch::Spare => self.touched_by_official(touch),
            Touch::Yes(code) => self.release(&code, None, None),
            Touch::No(code) => self.cancel(&code),
            Touch::Browse(within, page) => {
                self.browse(within.as_ref(), page);
                Ok(())
            }
            Touch::Join(region) => self.join(&region),
            Touch::Drop(region) => self.drop_region(&region),
            Touch::Mine => self.regions(),
            Touch::Speak(lang) => self.speak(lang),
            Touch::Leave => {
                self.leave();
                Ok(())
            }
            Touch::Stay => {
                self.show(Message::plain(self.say(&Phrase::Stayed)));
                Ok(())
            }
        }
    }

    fn bot(&self) -> BotId {
        self.case.office.bot
    }

    fn say(&self, phrase: &Phrase<'_>) -> String {
        phrases::say(self.lang, phrase)
    }

    fn class(&self) -> Class {
        if self.operator.is_some() { Class::Official } else { Class::Resident }
    }

    /// Answers with a new message.
    fn answer(&mut self, phrase: &Phrase<'_>) {
        let text = self.say(phrase);
        self.toast_text(&text);
        self.send(Message::plain(text), None);
    }

    /// Answers in place of the message that was pressed, if one was.
    fn show(&mut self, message: Message) {
        self.send(message, self.edits);
    }

    fn send(&mut self, mut message: Message, edits: Option<MessageId>) {
        if self.channel {
            message.buttons.clear();
        }
        let to = (self.chat, self.lang, self.class());
        self.deed.letters.push(plain(&self.case, to, message, edits));
    }

    /// Writes to another official, in a private chat and in their language.
    fn write_to(&mut self, operator: &Operator, message: Message) {
        let to = (operator.user.chat(), operator.lang, Class::Official);
        self.deed.letters.push(plain(&self.case, to, message, None));
    }

    fn toast(&mut self, phrase: &Phrase<'_>) {
        let text = self.say(phrase);
        self.toast_text(&text);
    }

    fn toast_text(&mut self, text: &str) {
        if let Some(toast) = &mut self.toast {
            text.clone_into(toast);
        }
    }

    fn journal(&mut self, what: &'static str, particulars: Vec<(&'static str, String)>) {
        self.deed.journal.push(Entry { who: self.user, what, particulars });
    }

    /// Refuses an official's act: says why, and keeps it.
    fn refuse(
        &mut self,
        phrase: &Phrase<'_>,
        reason: &'static str,
        mut particulars: Vec<(&'static str, String)>,
    ) {
        particulars.insert(0, ("reason", reason.to_owned()));
        self.journal("refused", particulars);
        self.answer(phrase);
    }
}
