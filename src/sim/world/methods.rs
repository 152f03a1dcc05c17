//! PURE. The Bot API's methods, JSON in and JSON out.
//!
//! Invariants: method names are taken in any case. Messages and edits go to the same `act` as
//! the courier's; the other methods meet the same weather, 429 excepted, and no limits but that
//! of calls in flight.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{
    Act, Answer, ApiError, Files, Sent, Standing, World,
    params::{self, Params},
    people::split_token,
    photos, shapes, struck,
};
use crate::{
    domain::{
        ids::{BotId, ChatId},
        time::{Moment, Mono},
    },
    sim::weather::{Fate, Stage},
};

/// Bot API: `getUpdates.limit`, at most 100.
const UPDATES_MAX: i64 = 100;
/// Bot API: `getUpdates.timeout`: the server waits no longer than 50 s.
const POLL_MAX_S: i64 = 50;
/// Bot API: `answerCallbackQuery.text`, at most 200 characters.
const TOAST_MAX: usize = 200;
/// Bot API: `setMyCommands`, at most 100.
const COMMANDS_MAX: usize = 100;
/// Bot API: `setMyDescription`, at most 512 characters.
const DESCRIPTION_MAX: usize = 512;
/// Bot API: `setMyShortDescription`, at most 120 characters.
const SHORT_MAX: usize = 120;
/// Answers to presses that are remembered for whoever watches.
const TOASTS_MAX: usize = 1000;

/// nginx's page.
const PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.18.0</center>\r\n\
    </body>\r\n</html>\r\n";

/// What a call comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Called {
    /// An answer.
    Reply(Reply),
    /// Nothing yet: ask again with [`World::poll_again`], until it replies.
    Wait(Poll),
}

/// An answer to a call over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// From the arrival to the answer.
    pub after: Duration,
    /// The answer.
    pub what: What,
}

/// What goes back over the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A response.
    Http {
        /// Its status.
        status: u16,
        /// Its body.
        body: Body,
        /// Its `Retry-After` header, in seconds.
        retry_after: Option<u32>,
    },
    /// Nothing: the connection breaks.
    Dropped,
}

/// The body of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The Bot API's envelope.
    Json(String),
    /// A page of the server in front.
    Html(&'static str),
}

/// A getUpdates that waits for something to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poll {
    bot: BotId,
    number: u64,
    limit: usize,
    /// When it is answered with nothing.
    until: Mono,
    fate: Fate,
}

#[derive(Clone, Copy)]
enum Method {
    Message(&'static str),
    Plain(&'static str),
    GetUpdates,
}

fn method(name: &str) -> Option<Method> {
    const MESSAGE: [&str; 4] =
        ["sendmessage", "sendphoto", "editmessagetext", "editmessagereplymarkup"];
    const PLAIN: [&str; 11] = [
        "getme",
        "deletewebhook",
        "getwebhookinfo",
        "answercallbackquery",
        "setmycommands",
        "setmydescription",
        "setmyshortdescription",
        "getchat",
        "getchatmembercount",
        "sendchataction",
        "pinchatmessage",
    ];
    let name = name.to_ascii_lowercase();
    let find = |names: &[&'static str]| names.iter().copied().find(|known| *known == name);
    if name == "getupdates" {
        return Some(Method::GetUpdates);
    }
    find(&MESSAGE).map(Method::Message).or_else(|| find(&PLAIN).map(Method::Plain))
}

impl World {
    /// A call of the Bot API that arrives at `now`: `/bot{token}/{method}`.
    pub fn call(&mut self, token: &str, name: &str, params: &Params, now: Moment) -> Called {
        self.call_with(token, name, (params, &Files::new()), now)
    }

    /// The same, with files.
    pub fn call_with(
        &mut self,
        token: &str,
        name: &str,
        (params, files): (&Params, &Files),
        now: Moment,
    ) -> Called {
        let Some((bot, secret)) = split_token(token) else {
            return at_once(&ApiError::of(404, "Not Found"));
        };
        if self.anyone && !self.bots.contains_key(&bot) {
            // The token was found well-formed just above.
            let _registered = self.add_bot(token, &format!("bot{}", bot.0));
        }
        let Some(account) = self.bots.get_mut(&bot).filter(|a| *a.secret == *secret) else {
            return at_once(&ApiError::of(401, "Unauthorized"));
        };
        let Some(method) = method(name) else {
            return at_once(&ApiError::of(404, "Not Found: method not found"));
        };
        let (Method::Message(known) | Method::Plain(known)) = method else {
            *account.by_method.entry("getupdates").or_default() += 1;
            return self.get_updates(bot, params, now);
        };
        *account.by_method.entry(known).or_default() += 1;
        Called::Reply(match method {
            Method::Message(_) => self.message_method(bot, known, (params, files), now),
            Method::Plain(_) | Method::GetUpdates => self.plain_method(bot, known, params, now),
        })
    }

    fn message_method(
        &mut self,
        bot: BotId,
        name: &str,
        (params, files): (&Params, &Files),
        now: Moment,
    ) -> Reply {
        let read = match name {
            "sendphoto" => self.read_photo(params, files),
            _ => self.read_act(name, params),
        };
        let (chat, act) = match read {
            Ok(read) => read,
            Err(error) => {
                if let Some(account) = self.bots.get_mut(&bot) {
                    account.refused += 1;
                }
                return Reply { after: Duration::ZERO, what: refusal(&error) };
            }
        };
        let Sent { after, answer } = self.act(bot, chat, act, now);
        let what = match answer {
            Answer::Delivered(id) => envelope(&shapes::message(self, bot, chat, id).to_string()),
            Answer::Error(error) => refusal(&error),
            Answer::Page => page(),
            Answer::Dropped { .. } | Answer::Unreachable => What::Dropped,
        };
        Reply { after, what }
    }

    fn read_photo(&mut self, params: &Params, files: &Files) -> Result<(ChatId, Act), ApiError> {
        let chat = params::chat(params)?;
        let (png, caption) = (photos::photo(params, files)?, photos::caption(params)?);
        let how = (
            params::flag(params, "disable_notification"),
            params::flag(params, "allow_paid_broadcast"),
        );
        Ok((chat, self.photo_act(png, caption, how)))
    }

    fn read_act(&mut self, name: &str, params: &Params) -> Result<(ChatId, Act), ApiError> {
        let chat = params::chat(params)?;
        let keyboard = params::keyboard(params)?;
        let keyboard = keyboard.map_or(0, |keyboard| self.letters.keep(&keyboard.into()));
        let body = (name != "editmessagereplymarkup").then(|| {
            let text: Arc<str> = params::text(params, "text").unwrap_or_default().into();
            self.letters.keep(&text)
        });
        let act = match body {
            Some(body) if name == "sendmessage" => {
                if params::number(params, "message_thread_id").is_some() {
                    return Err(ApiError::bad("Bad Request: message thread not found"));
                }
                let silent = params::flag(params, "disable_notification");
                let (reply_to, paid) =
                    (params::reply_to(params)?, params::flag(params, "allow_paid_broadcast"));
                Act::Send { body, keyboard, photo: 0, silent, reply_to, paid }
            }
            body => Act::Edit { message: params::message(params)?, body, keyboard },
        };
        Ok((chat, act))
    }

    fn plain_method(&mut self, bot: BotId, name: &str, params: &Params, now: Moment) -> Reply {
        let fate = self.fate(bot, None, now.mono);
        let after = fate.after;
        if let Some(what) = broken_before(fate) {
            return Reply { after, what };
        }
        if let Some(account) = self.bots.get_mut(&bot) {
            account.occupy(now.mono, after);
        }
        let what = match self.plain(bot, name, params) {
            Ok(result) => broken_after(fate).unwrap_or_else(|| envelope(&result.to_string())),
            Err(error) => refusal(&error),
        };
        Reply { after, what }
    }

    fn plain(&mut self, bot: BotId, name: &str, params: &Params) -> Result<Value, ApiError> {
        match name {
            "getme" => Ok(shapes::me(self, bot)),
            "getwebhookinfo" => Ok(json!({
                "url": "", "has_custom_certificate": false,
                "pending_update_count": self.pending(bot).count(),
            })),
            "deletewebhook" => {
                if params::flag(params, "drop_pending_updates")
                    && let Some(account) = self.bots.get_mut(&bot)
                {
                    account.updates.clear();
                }
                Ok(Value::Bool(true))
            }
            "answercallbackquery" => self.answer_query(bot, params),
            "setmycommands" | "setmydescription" | "setmyshortdescription" => {
                self.set_menu(bot, name, params)
            }
            "getchat" => {
                let chat = params::chat(params)?;
                if !self.phones.contains_key(&(bot, chat)) {
                    return Err(super::CHAT_NOT_FOUND);
                }
                Ok(shapes::full_chat(self, chat))
            }
            "getchatmembercount" => self.count_members(bot, params::chat(params)?),
            "pinchatmessage" => {
                let (chat, message) = (params::chat(params)?, params::message(params)?);
                self.welcome(bot, chat)?;
                let phone = self.phones.get(&(bot, chat));
                match phone.and_then(|phone| phone.find(message)) {
                    Some(_) => Ok(Value::Bool(true)),
                    None => Err(ApiError::bad("Bad Request: message to pin not found")),
                }
            }
            // What is left is sendChatAction: seen for five seconds, and gone.
            _ => {
                let chat = params::chat(params)?;
                self.welcome(bot, chat).map(|()| Value::Bool(true))
            }
        }
    }

    /// Whoever may not write may still count, if it is in the chat.
    fn count_members(&self, bot: BotId, chat: ChatId) -> Result<Value, ApiError> {
        if self.standing(bot, chat) != Standing::Muted {
            self.welcome(bot, chat)?;
        }
        self.chats.get(&chat).map(|chat| chat.members.into()).ok_or(super::CHAT_NOT_FOUND)
    }

    fn answer_query(&mut self, bot: BotId, params: &Params) -> Result<Value, ApiError> {
        let text = params::text(params, "text").unwrap_or_default();
        if text.chars().count() > TOAST_MAX {
            return Err(ApiError::bad("Bad Request: MESSAGE_TOO_LONG"));
        }
        let id = params::text(params, "callback_query_id").unwrap_or_default();
        let known = |id| self.bots.get(&bot).is_some_and(|account| account.queries.contains(&id));
        if !id.parse().is_ok_and(known) {
            return Err(ApiError::bad(
                "Bad Request: query is too old and response timeout expired or query ID is invalid",
            ));
        }
        self.toasts.push_back((id.to_owned(), text.to_owned()));
        if self.toasts.len() > TOASTS_MAX {
            self.toasts.pop_front();
        }
        Ok(Value::Bool(true))
    }

    fn set_menu(&mut self, bot: BotId, name: &str, params: &Params) -> Result<Value, ApiError> {
        let (key, most) = match name {
            "setmycommands" => ("commands", COMMANDS_MAX),
            "setmydescription" => ("description", DESCRIPTION_MAX),
            _ => ("short_description", SHORT_MAX),
        };
        let menu = if key == "commands" {
            let unreadable = ApiError::bad("Bad Request: can't parse commands JSON array");
            let commands = params::tree(params, key).map_err(|_| unreadable)?;
            check_commands(&commands, most)?;
            commands
        } else {
            let text = params::text(params, key).unwrap_or_default();
            if text.chars().count() > most {
                return Err(ApiError::bad("Bad Request: description is too long"));
            }
            text.into()
        };
        let language = params::text(params, "language_code").unwrap_or_default();
        if !matches!(language.len(), 0 | 2) {
            return Err(ApiError::bad("Bad Request: invalid language code specified"));
        }
        if let Some(account) = self.bots.get_mut(&bot) {
            account.menus.insert(format!("{name} {language}"), menu);
        }
        Ok(Value::Bool(true))
    }

    fn get_updates(&mut self, bot: BotId, params: &Params, now: Moment) -> Called {
        let fate = self.fate(bot, None, now.mono);
        if let Some(what) = broken_before(fate) {
            return Called::Reply(Reply { after: fate.after, what });
        }
        let Some(account) = self.bots.get_mut(&bot) else {
            return at_once(&ApiError::of(401, "Unauthorized"));
        };
        if let Ok(Value::Array(kinds)) = params::tree(params, "allowed_updates") {
            let kinds: Vec<String> =
                kinds.iter().filter_map(|kind| kind.as_str().map(str::to_owned)).collect();
            // Bot API: an empty list means all kinds.
            account.allowed = (!kinds.is_empty()).then_some(kinds);
        }
        account.confirm(params::number(params, "offset").unwrap_or(0), now);
        account.poll += 1;
        let limit = params::number(params, "limit").unwrap_or(UPDATES_MAX).clamp(1, UPDATES_MAX);
        let timeout = params::number(params, "timeout").unwrap_or(0).clamp(0, POLL_MAX_S);
        let poll = Poll {
            bot,
            number: account.poll,
            limit: usize::try_from(limit).unwrap_or(1),
            until: now.mono + Duration::from_secs(timeout.unsigned_abs()),
            fate,
        };
        self.poll_again(poll, now.mono)
    }

    /// Whether a waiting getUpdates has its answer at `now`.
    #[must_use]
    pub fn poll_again(&self, poll: Poll, now: Mono) -> Called {
        let after = poll.fate.after;
        let Some(account) = self.bots.get(&poll.bot) else {
            return at_once(&ApiError::of(401, "Unauthorized"));
        };
        if account.poll != poll.number {
            return at_once(&ApiError::of(
                409,
                "Conflict: terminated by other getUpdates request; make sure that only one bot \
                 instance is running",
            ));
        }
        if account.updates.is_empty() && now < poll.until {
            return Called::Wait(poll);
        }
        let some: Vec<&str> = account.updates.iter().take(poll.limit).map(|u| &*u.json).collect();
        let told = || envelope(&format!("[{}]", some.join(",")));
        Called::Reply(Reply { after, what: broken_after(poll.fate).unwrap_or_else(told) })
    }
}

/// Bot API: `BotCommand`, 1–32 of a-z, 0-9 and _, with a description of 1–256 characters.
fn check_commands(commands: &Value, most: usize) -> Result<(), ApiError> {
    let invalid = |told| Err(ApiError::bad(told));
    let Some(commands) = commands.as_array() else {
        return invalid("Bad Request: expected an Array of BotCommand");
    };
    if commands.len() > most {
        return invalid("Bad Request: BOT_COMMANDS_TOO_MUCH");
    }
    for command in commands {
        let word = |name: &str| command.get(name).and_then(Value::as_str).unwrap_or_default();
        let (name, about) = (word("command"), word("description"));
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if !(1..=32).contains(&name.len()) || !name.bytes().all(fits) {
            return invalid("Bad Request: BOT_COMMAND_INVALID");
        }
        if !(1..=256).contains(&about.chars().count()) {
            return invalid("Bad Request: BOT_COMMAND_DESCRIPTION_INVALID");
        }
    }
    Ok(())
}

fn at_once(error: &ApiError) -> Called {
    Called::Reply(Reply { after: Duration::ZERO, what: refusal(error) })
}

fn envelope(result: &str) -> What {
    let body = Body::Json(format!("{{\"ok\":true,\"result\":{result}}}"));
    What::Http { status: 200, body, retry_after: None }
}

fn page() -> What {
    What::Http { status: 502, body: Body::Html(PAGE), retry_after: None }
}

fn refusal(error: &ApiError) -> What {
    let mut shape =
        json!({"ok": false, "error_code": error.code, "description": error.description});
    if let Some(retry_after) = error.retry_after {
        shape["parameters"]["retry_after"] = retry_after.into();
    }
    if let Some(ChatId(to)) = error.migrate_to {
        shape["parameters"]["migrate_to_chat_id"] = to.into();
    }
    let body = Body::Json(shape.to_string());
    What::Http { status: error.code, body, retry_after: error.retry_after }
}

/// What a fault answers in place of the result of a call that it meets at this stage.
fn broken(fate: Fate, stage: Stage) -> Option<What> {
    Some(match struck(fate, stage, stage == Stage::After)? {
        Answer::Error(error) => refusal(&error),
        Answer::Page => page(),
        Answer::Delivered(_) | Answer::Dropped { .. } | Answer::Unreachable => What::Dropped,
    })
}

/// What a fault answers in place of a call that was never carried out.
fn broken_before(fate: Fate) -> Option<What> {
    broken(fate, Stage::WayIn).or_else(|| broken(fate, Stage::Before))
}

/// What a fault answers in place of the result of a call that was carried out.
fn broken_after(fate: Fate) -> Option<What> {
    broken(fate, Stage::After)
}
