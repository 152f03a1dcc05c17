//! The control interface: acting as the people of the world, and reading their phones.
//!
//! All bodies are JSON; an unknown field is an error. `bot` (a bot's id) can be left out where
//! there is one bot. An error is `{"error": "…"}` with status 400, or 404 for a path.
//!
//! | call | does | answers |
//! |---|---|---|
//! | `POST /control/bots` `{token, username?}` | registers a bot | `{bot}` |
//! | `POST /control/residents` `{count, first?, language?, subscribed?}` or `{list: [{id, name?, language?}], subscribed?}` | people come; `subscribed`: the bot may write to them already | `{first, count}` |
//! | `POST /control/groups` `{id, title, channel?, members?, user?}` | a group comes; with `user` the bot joins | `{chat}` |
//! | `POST /control/members` `{chat, members}` | a group or channel has so many | `{}` |
//! | `POST /control/stars` `{tenths, throttled?}` | the bot has so many tenths of a Star; without any it is refused, or `throttled` | `{tenths}` |
//! | `POST /control/say` `{user, text, chat?, name?, language?, date?}` | writes, or posts in a channel; a new user is made; `date` in Unix seconds | `{message_id}` |
//! | `POST /control/press` `{user, button or data, chat?, message_id?}` | presses a button by its label or its data | `{callback_query_id}` |
//! | `POST /control/block`, `unblock`, `deactivate` `{user}` | as they say | `{}` |
//! | `POST /control/kick`, `mute` `{chat, user?}` | a group throws the bot out, or silences it | `{}` |
//! | `POST /control/migrate` `{chat}` | a group becomes a supergroup | `{chat}` |
//! | `POST /control/strike` `{}` | the weather's shares come true, untold | `{blocked, deactivated, migrated, kicked}` |
//! | `POST /control/weather` `{preset?, RATE: N, …}` | changes the weather | all rates |
//! | `GET /control/weather` | | all rates |
//! | `GET /control/chat/{id}?bot=` | what the chat shows; of a photo `photo: {width, height, bytes}`, and its caption as `text` | `{messages: […]}` |
//! | `GET /control/counts?bot=` | the books | `arrived`, `sent`, `edited`, `refused`, `self_made_429`, `weather_429`, `lost_requests`, `accepted_then_lost`, `max_in_any_second`, `max_free_in_any_second`, `limit_per_s`, `paid`, `stars_tenths`, `unpaid`, `balance_tenths`, `by_method`, `faults`, `pending_updates` |
//! | `GET /control/updates?bot=` | updates not confirmed yet | `{updates: […]}` |

use axum::{
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use super::{Server, respond};
use crate::{
    domain::{
        ids::{BotId, ChatId, MessageId, UserId},
        time::{Moment, Utc},
    },
    sim::{
        weather::{BadWeather, Weather},
        world::{Broke, Button, Seen, Unable, World, photos::size},
    },
};

/// The most people that one call brings: more would hold the lock for seconds.
const RESIDENTS_MAX: u32 = 1_000_000;
/// Where the ids of people begin that are made by number.
const FIRST_RESIDENT: i64 = 1_000_000;
/// The most updates that are shown at once.
const UPDATES_SHOWN: usize = 1000;

/// Why a control call was not carried out.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// The body can't be read.
    #[error("the body can't be read: {0}")]
    Unreadable(serde_json::Error),
    /// The world can't do it.
    #[error(transparent)]
    Unable(#[from] Unable),
    /// The weather can't be so.
    #[error(transparent)]
    Weather(#[from] BadWeather),
    /// Fields that don't go together.
    #[error("{0}")]
    Fields(&'static str),
    /// No such path.
    #[error("there is nothing called \"{0}\" here; see the table in the documentation of control")]
    Unknown(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bot {
    token: String,
    username: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Residents {
    bot: Option<i64>,
    count: Option<u32>,
    first: Option<i64>,
    list: Option<Vec<Resident>>,
    language: Option<String>,
    #[serde(default)]
    subscribed: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resident {
    id: i64,
    name: Option<String>,
    language: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    bot: Option<i64>,
    id: i64,
    title: String,
    #[serde(default)]
    channel: bool,
    members: Option<u64>,
    user: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    chat: i64,
    members: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stars {
    bot: Option<i64>,
    tenths: u64,
    #[serde(default)]
    throttled: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Say {
    bot: Option<i64>,
    user: i64,
    chat: Option<i64>,
    text: String,
    name: Option<String>,
    language: Option<String>,
    date: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Press {
    bot: Option<i64>,
    user: i64,
    chat: Option<i64>,
    message_id: Option<i64>,
    button: Option<String>,
    data: Option<String>,
}

/// Who or what a plain act is about.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Whom {
    bot: Option<i64>,
    user: Option<i64>,
    chat: Option<i64>,
}

/// Which bot is read about.
#[derive(Debug, Deserialize)]
pub(super) struct Which {
    bot: Option<String>,
}

impl Which {
    fn number(&self) -> Result<Option<i64>, Refused> {
        let told = Refused::Fields("`bot` is a bot's id, the number before the colon of its token");
        self.bot.as_deref().map(str::parse).transpose().map_err(|_| told)
    }
}

/// `POST /control/{name}`.
pub(super) async fn act(
    State(server): State<Server>,
    Path(name): Path<String>,
    body: Bytes,
) -> Response {
    let now = server.time.now();
    answer(carry_out(&mut server.world(), &name, &body, now))
}

/// `GET /control/{name}`.
pub(super) async fn read(
    State(server): State<Server>,
    Path(name): Path<String>,
    Query(which): Query<Which>,
) -> Response {
    let world = server.world();
    let bot = which.number().and_then(|bot| bot_of(&world, bot));
    answer(match name.as_str() {
        "weather" => Ok(json!(world.weather().rates())),
        "counts" => bot.map(|bot| counts(&world, bot)),
        "updates" => bot.map(|bot| updates(&world, bot)),
        _ => Err(Refused::Unknown(name)),
    })
}

/// `GET /control/chat/{id}`.
pub(super) async fn chat(
    State(server): State<Server>,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Response {
    let world = server.world();
    let messages = || {
        let id = id.parse().map_err(|_| Refused::Fields("a chat's id is a whole number"))?;
        let phone = world.phone(bot_of(&world, which.number()?)?, ChatId(id));
        let messages: Vec<Value> = phone.iter().map(shown).collect();
        Ok(json!({ "messages": messages }))
    };
    answer(messages())
}

fn answer(result: Result<Value, Refused>) -> Response {
    let (status, body) = match result {
        Ok(body) => (StatusCode::OK, body),
        Err(refused) => {
            let lost = matches!(refused, Refused::Unknown(_));
            let status = if lost { StatusCode::NOT_FOUND } else { StatusCode::BAD_REQUEST };
            (status, json!({"error": refused.to_string()}))
        }
    };
    respond(status, "application/json", body.to_string())
}

/// One act of the people, by its name in the address.
pub(super) fn carry_out(
    world: &mut World,
    name: &str,
    body: &[u8],
    now: Moment,
) -> Result<Value, Refused> {
    match name {
        "bots" => {
            let Bot { token, username } = parse(body)?;
            let bot = world.add_bot(&token, username.as_deref().unwrap_or("simulated_bot"))?;
            Ok(json!({"bot": bot.0}))
        }
        "residents" => residents(world, parse(body)?),
        "groups" => group(world, &parse(body)?, now),
        "members" => {
            let Members { chat, members } = parse(body)?;
            world.set_members(ChatId(chat), members)?;
            Ok(json!({}))
        }
        "stars" => {
            let Stars { bot, tenths, throttled } = parse(body)?;
            let broke = if throttled { Broke::Throttled } else { Broke::Refused };
            world.set_balance(bot_of(world, bot)?, tenths, broke)?;
            Ok(json!({"tenths": tenths}))
        }
        "say" => say(world, &parse(body)?, now),
        "press" => press(world, parse(body)?, now),
        "weather" => change_weather(world, &parse(body)?),
        "strike" => {
            let Whom { bot, .. } = parse(body)?;
            let struck = world.strike(bot_of(world, bot)?);
            Ok(json!({
                "blocked": struck.blocked, "deactivated": struck.deactivated,
                "migrated": struck.migrated, "kicked": struck.kicked,
            }))
        }
        "block" | "unblock" | "deactivate" => {
            let whom: Whom = parse(body)?;
            let user = UserId(whom.user.ok_or(Refused::Fields("`user` says whose phone"))?);
            match name {
                "deactivate" => world.deactivate(user)?,
                "block" => world.block(bot_of(world, whom.bot)?, user, now)?,
                _ => world.unblock(bot_of(world, whom.bot)?, user, now)?,
            }
            Ok(json!({}))
        }
        "kick" | "mute" | "migrate" => {
            let whom: Whom = parse(body)?;
            let chat = ChatId(whom.chat.ok_or(Refused::Fields("`chat` says which group"))?);
            match name {
                "migrate" => return Ok(json!({"chat": world.migrate(chat, now)?.0})),
                "mute" => world.mute(bot_of(world, whom.bot)?, chat)?,
                _ => {
                    let user = whom.user.ok_or(Refused::Fields("`user` says who does it"))?;
                    world.kick(bot_of(world, whom.bot)?, chat, UserId(user), now)?;
                }
            }
            Ok(json!({}))
        }
        _ => Err(Refused::Unknown(name.to_owned())),
    }
}

fn residents(world: &mut World, said: Residents) -> Result<Value, Refused> {
    let language = said.language.as_deref().unwrap_or("ru");
    let list = match (said.count, said.list) {
        (Some(count), None) if count <= RESIDENTS_MAX => {
            let first = said.first.unwrap_or(FIRST_RESIDENT);
            let one = |n| Resident { id: first.saturating_add(n), name: None, language: None };
            (0..i64::from(count)).map(one).collect()
        }
        (Some(_), None) => return Err(Refused::Fields("`count` can be at most 1000000")),
        (None, Some(list)) => list,
        _ => return Err(Refused::Fields("give either `count` or `list`")),
    };
    let bot = if said.subscribed { Some(bot_of(world, said.bot)?) } else { None };
    for Resident { id, name, language: own } in &list {
        let name = name.clone().unwrap_or_else(|| format!("Resident {id}"));
        world.add_resident(UserId(*id), &name, own.as_deref().unwrap_or(language))?;
        if let Some(bot) = bot {
            world.befriend(bot, ChatId(*id))?;
        }
    }
    Ok(json!({"first": list.first().map(|one| one.id), "count": list.len()}))
}

fn group(world: &mut World, said: &Group, now: Moment) -> Result<Value, Refused> {
    let chat = ChatId(said.id);
    if said.channel {
        world.add_channel(chat, &said.title)?;
    } else {
        world.add_group(chat, &said.title)?;
    }
    if let Some(members) = said.members {
        world.set_members(chat, members)?;
    }
    if let Some(user) = said.user {
        world.invite(bot_of(world, said.bot)?, chat, UserId(user), now)?;
    }
    Ok(json!({"chat": chat.0}))
}

fn say(world: &mut World, said: &Say, now: Moment) -> Result<Value, Refused> {
    let (bot, user) = (bot_of(world, said.bot)?, UserId(said.user));
    let named = said.name.is_some() || said.language.is_some();
    if named || !world.is_resident(user) {
        let name = said.name.clone().unwrap_or_else(|| format!("Resident {}", user.0));
        world.add_resident(user, &name, said.language.as_deref().unwrap_or("ru"))?;
    }
    let dated = match said.date {
        Some(date) => {
            let date = Utc::from_timestamp(date, 0);
            Some(date.ok_or(Refused::Fields("`date` is in seconds since 1970"))?)
        }
        None => None,
    };
    let id = world.say(bot, user, said.chat.map(ChatId), &said.text, dated, now)?;
    Ok(json!({"message_id": id.0}))
}

fn press(world: &mut World, said: Press, now: Moment) -> Result<Value, Refused> {
    let bot = bot_of(world, said.bot)?;
    let button = match (said.button, said.data) {
        (Some(label), None) => Button::Label(label),
        (None, Some(data)) => Button::Data(data),
        _ => return Err(Refused::Fields("give either `button` (its label) or `data`")),
    };
    let (chat, message) = (said.chat.map(ChatId), said.message_id.map(MessageId));
    let id = world.press(bot, UserId(said.user), chat, message, &button, now)?;
    Ok(json!({"callback_query_id": id}))
}

fn change_weather(world: &mut World, said: &Map<String, Value>) -> Result<Value, Refused> {
    let mut weather = match said.get("preset") {
        Some(Value::String(name)) => Weather::parse(name)?,
        Some(_) => return Err(Refused::Fields("`preset` is \"calm\" or \"storm\"")),
        None => world.weather().clone(),
    };
    for (name, value) in said.iter().filter(|(name, _)| *name != "preset") {
        let value = value.as_u64().and_then(|value| u32::try_from(value).ok());
        weather.set(name, value.ok_or(Refused::Fields("a rate is a whole number from 0 up"))?)?;
    }
    let rates = json!(weather.rates());
    world.set_weather(weather);
    Ok(rates)
}

/// The books of a bot; `faults` says how many calls of all bots met each.
pub(super) fn counts(world: &World, bot: BotId) -> Value {
    let tally = world.tally(bot);
    let faults: Map<String, Value> =
        world.met().iter().map(|(fault, met)| (fault.name().to_owned(), json!(met))).collect();
    json!({
        "arrived": tally.arrived,
        "sent": tally.sent,
        "edited": tally.edited,
        "refused": tally.refused,
        "self_made_429": tally.self_made_429,
        "weather_429": tally.weather_429,
        "lost_requests": tally.lost_requests,
        "accepted_then_lost": tally.accepted_then_lost,
        "max_in_any_second": tally.max_in_any_second,
        "max_free_in_any_second": tally.max_free_in_any_second,
        "paid": tally.paid,
        "stars_tenths": tally.stars_tenths,
        "unpaid": tally.unpaid,
        "balance_tenths": world.balance(bot),
        "limit_per_s": world.limits().per_second,
        "by_method": tally.by_method,
        "faults": faults,
        "pending_updates": world.pending(bot).count(),
    })
}

fn updates(world: &World, bot: BotId) -> Value {
    let some = world.pending(bot).take(UPDATES_SHOWN);
    let some: Vec<Value> = some.filter_map(|json| serde_json::from_str(json).ok()).collect();
    json!({"updates": some})
}

fn shown(seen: &Seen) -> Value {
    let keyboard = seen.keyboard.as_ref().and_then(|json| serde_json::from_str::<Value>(json).ok());
    let photo = seen.photo.as_ref().map(|png| {
        let (width, height) = size(png).unwrap_or_default();
        json!({"width": width, "height": height, "bytes": png.len()})
    });
    json!({
        "message_id": seen.id.0,
        "from_bot": seen.from_bot,
        "text": *seen.text,
        "photo": photo,
        "reply_markup": keyboard,
        "date": seen.date.timestamp(),
        "arrival_us": seen.arrival.0,
        "edited": seen.edited,
        "silent": seen.silent,
        "reply_to": seen.reply_to.map(|to| to.0),
    })
}

fn bot_of(world: &World, bot: Option<i64>) -> Result<BotId, Refused> {
    bot.map(BotId)
        .or_else(|| world.only_bot())
        .ok_or(Refused::Fields("`bot` says which bot: there is not exactly one"))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(Refused::Unreadable)
}
