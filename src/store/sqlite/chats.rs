//! Chats: how they come, go, die, come back and change their id.

use sqlx::SqliteConnection;

use super::{rows, sql};
use crate::{
    domain::{
        audience::{Kind, Standing, Tier},
        delivery::Fate,
        ids::{AlertId, BotId, ChatId, RegionId},
        lang::Lang,
        time::Utc,
    },
    ports::store::{Result, StoreError},
    store::day,
};

/// How a chat or a subscription went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Left,
    Retired,
    Suspended,
    /// To another id, which was known by itself.
    Moved,
}

impl How {
    pub(super) fn parse(word: &str) -> Result<Self> {
        [Self::Left, Self::Retired, Self::Suspended, Self::Moved]
            .into_iter()
            .find(|how| how.word() == word)
            .ok_or_else(|| StoreError::Corrupt("how a chat went".to_owned()))
    }

    fn word(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Retired => "retired",
            Self::Suspended => "suspended",
            Self::Moved => "moved",
        }
    }

    fn is_struck(self) -> bool {
        matches!(self, Self::Retired | Self::Suspended)
    }

    pub(super) fn standing(self) -> Standing {
        match self {
            Self::Left | Self::Moved => Standing::Left,
            Self::Retired => Standing::Retired,
            Self::Suspended => Standing::Suspended,
        }
    }
}

pub(super) struct Found {
    pub(super) lang: Lang,
    pub(super) gone: Option<How>,
    missed: Option<i64>,
}

pub(super) async fn find(
    conn: &mut SqliteConnection,
    bot: BotId,
    chat: ChatId,
) -> Result<Option<Found>> {
    let row: Option<(String, Option<String>, Option<i64>)> =
        sqlx::query_as(sql::CHAT).bind(bot.0).bind(chat.0).fetch_optional(conn).await?;
    let Some((lang, how, missed)) = row else { return Ok(None) };
    let gone = how.as_deref().map(How::parse).transpose()?;
    Ok(Some(Found { lang: rows::lang(&lang)?, gone, missed }))
}

pub(super) async fn places(
    conn: &mut SqliteConnection,
    text: &'static str,
    bot: BotId,
    chat: ChatId,
) -> Result<Vec<RegionId>> {
    let found: Vec<(String,)> =
        sqlx::query_as(text).bind(bot.0).bind(chat.0).fetch_all(conn).await?;
    Ok(found.iter().map(|(place,)| RegionId::new(place)).collect())
}

/// Does something to the chat that has no parameters of its own; says how many rows it met.
async fn of_chat(
    conn: &mut SqliteConnection,
    text: &'static str,
    bot: BotId,
    chat: ChatId,
) -> Result<u64> {
    Ok(sqlx::query(text).bind(bot.0).bind(chat.0).execute(conn).await?.rows_affected())
}

async fn any(
    conn: &mut SqliteConnection,
    text: &'static str,
    bot: BotId,
    chat: ChatId,
) -> Result<bool> {
    let found: Option<(i64,)> =
        sqlx::query_as(text).bind(bot.0).bind(chat.0).fetch_optional(conn).await?;
    Ok(found.is_some())
}

async fn draw(conn: &mut SqliteConnection) -> Result<i64> {
    let (seq,): (i64,) = sqlx::query_as(sql::DRAW).fetch_one(conn).await?;
    Ok(seq)
}

pub(super) async fn met(
    conn: &mut SqliteConnection,
    bot: BotId,
    chat: ChatId,
    lang: Lang,
) -> Result<()> {
    let text = match find(conn, bot, chat).await? {
        None => sql::CHAT_NEW,
        Some(Found { gone: None, .. }) => sql::CHAT_SPEAKS,
        Some(Found { gone: Some(_), .. }) => sql::CHAT_BACK,
    };
    sqlx::query(text).bind(bot.0).bind(chat.0).bind(lang.code()).execute(&mut *conn).await?;
    if text == sql::CHAT_BACK {
        let back = places(conn, sql::ROWS_BACK, bot, chat).await?;
        of_chat(conn, sql::ROWS_LOSE, bot, chat).await?;
        for place in back {
            subscribed(conn, bot, chat, &place).await?;
        }
    }
    Ok(())
}

pub(super) async fn counted(
    conn: &mut SqliteConnection,
    bot: BotId,
    chat: ChatId,
    kind: Kind,
    members: u64,
) -> Result<()> {
    if kind == Kind::Private || chat.is_private() {
        return Ok(());
    }
    sqlx::query(sql::CHAT_COUNTED)
        .bind(bot.0)
        .bind(chat.0)
        .bind(rows::put_tier(Tier::of(kind, members)))
        .bind(i64::try_from(members).unwrap_or(i64::MAX))
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn seen(
    conn: &mut SqliteConnection,
    bot: BotId,
    chat: ChatId,
    at: Utc,
) -> Result<()> {
    let query = sqlx::query(sql::CHAT_SEEN).bind(bot.0).bind(chat.0).bind(day(at));
    query.execute(conn).await?;
    Ok(())
}

pub(super) async fn speaks(
    conn: &mut SqliteConnection,
    bot: BotId,
    chat: ChatId,
    lang: Lang,
) -> Result<()> {
    let query = sqlx::query(sql::CHAT_SPEAKS).bind(bot.0).bind(chat.0).bind(lang.code());
    query.execute(conn).await?;
    Ok(())
}

pub(super) async fn subscribed(
    conn: &mut SqliteConnection,
    bot: BotId,
    chat: ChatId,
    place: &RegionId,
) -> Result<()> {
    let able: Option<(i64,)> = sqlx::query_as(sql::SUBSCRIBABLE)
        .bind(bot.0)
        .bind(chat.0)
        .bind(place.as_str())
        .fetch_optional(&mut *conn)
        .await?;
    if able.is_some() {
        let seq = draw(conn).await?;
        sqlx::query(sql::SUBSCRIBE)
            .bind(bot.0)
            .bind(chat.0)
            .bind(place.as_str())
            .bind(seq)
            .execute(conn)
            .await?;
    }
    Ok(())
}

pub(super) async fn unsubscribed(
    conn: &mut SqliteConnection,
    bot: BotId,
    chat: ChatId,
    place: &RegionId,
) -> Result<()> {
    let lives: Option<(i64,)> = sqlx::query_as(sql::SUBSCRIBED)
        .bind(bot.0)
        .bind(chat.0)
        .bind(place.as_str())
        .fetch_optional(&mut *conn)
        .await?;
    if lives.is_some() {
        let seq = draw(conn).await?;
        sqlx::query(sql::UNSUBSCRIBE)
            .bind(bot.0)
            .bind(chat.0)
            .bind(place.as_str())
            .bind(seq)
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// The chat goes, with all its places.
async fn goes(conn: &mut SqliteConnection, bot: BotId, chat: ChatId, how: How) -> Result<()> {
    let seq = draw(conn).await?;
    of_chat(conn, sql::ROWS_LOSE, bot, chat).await?;
    sqlx::query(sql::ROWS_GO)
        .bind(bot.0)
        .bind(chat.0)
        .bind(seq)
        .bind(how.word())
        .bind(how.is_struck())
        .execute(&mut *conn)
        .await?;
    sqlx::query(sql::CHAT_GOES)
        .bind(bot.0)
        .bind(chat.0)
        .bind(seq)
        .bind(how.word())
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn left(conn: &mut SqliteConnection, bot: BotId, chat: ChatId) -> Result<()> {
    match find(conn, bot, chat).await?.map(|found| found.gone) {
        Some(None | Some(How::Retired | How::Suspended)) => goes(conn, bot, chat, How::Left).await,
        None | Some(Some(How::Left | How::Moved)) => Ok(()),
    }
}

/// `on` is the alert whose message was refused; without one nothing is known to be missed twice.
pub(super) async fn struck(
    conn: &mut SqliteConnection,
    bot: BotId,
    chat: ChatId,
    fate: Fate,
    on: Option<AlertId>,
) -> Result<()> {
    if fate == Fate::Stays {
        return Ok(());
    }
    let Some(Found { gone: None, missed, .. }) = find(conn, bot, chat).await? else {
        return Ok(());
    };
    let how = match (fate, on) {
        (Fate::Stays, _) | (Fate::Missed, None) => return Ok(()),
        (Fate::Retire(_), _) => How::Retired,
        (Fate::Suspend(_), _) => How::Suspended,
        (Fate::Missed, Some(alert)) => match missed {
            Some(before) if before != alert.0 => How::Retired,
            Some(_) => return Ok(()),
            None => {
                let query = sqlx::query(sql::CHAT_MISSED).bind(bot.0).bind(chat.0).bind(alert.0);
                query.execute(conn).await?;
                return Ok(());
            }
        },
    };
    goes(conn, bot, chat, how).await
}

/// See the module of the stores on groups that change their id.
pub(super) async fn moved(
    conn: &mut SqliteConnection,
    bot: BotId,
    from: ChatId,
    to: ChatId,
) -> Result<()> {
    if from == to {
        return Ok(());
    }
    rekey(conn, sql::LETTERS_MOVE, bot, from, to).await?;
    let old = find(conn, bot, from).await?.map(|found| found.gone);
    if old == Some(Some(How::Moved))
        || (old.is_none() && !any(conn, sql::LOG_ANY, bot, from).await?)
    {
        return Ok(());
    }
    let bare =
        !any(conn, sql::ROWS_ANY, bot, to).await? && !any(conn, sql::LOG_ANY, bot, to).await?;
    match old {
        _ if bare => rename(conn, bot, from, to, old.is_some()).await,
        None | Some(Some(How::Left)) => Ok(()),
        Some(was) => merge(conn, bot, from, to, was.is_none()).await,
    }
}

async fn rekey(
    conn: &mut SqliteConnection,
    text: &'static str,
    bot: BotId,
    from: ChatId,
    to: ChatId,
) -> Result<()> {
    sqlx::query(text).bind(bot.0).bind(from.0).bind(to.0).execute(conn).await?;
    Ok(())
}

/// Nobody knows the new id: everything goes along.
async fn rename(
    conn: &mut SqliteConnection,
    bot: BotId,
    from: ChatId,
    to: ChatId,
    known: bool,
) -> Result<()> {
    let fresh = find(conn, bot, to).await?;
    if known {
        of_chat(conn, sql::CHAT_DROP, bot, to).await?;
        rekey(conn, sql::CHAT_RENAME, bot, from, to).await?;
        rekey(conn, sql::ROWS_RENAME, bot, from, to).await?;
    }
    rekey(conn, sql::LOG_RENAME, bot, from, to).await?;
    draw(conn).await?;
    remember(conn, bot, from, to, true).await?;
    // The new id has just been met, the old one had died or left: it is back.
    if let Some(fresh) = fresh.filter(|chat| chat.gone.is_none())
        && find(conn, bot, to).await?.is_some_and(|chat| chat.gone.is_some())
    {
        met(conn, bot, to, fresh.lang).await?;
    }
    Ok(())
}

/// The new id is known by itself: the old one goes, and what is counted stays as it was counted.
async fn merge(
    conn: &mut SqliteConnection,
    bot: BotId,
    from: ChatId,
    to: ChatId,
    alive: bool,
) -> Result<()> {
    let Some(old) = find(conn, bot, from).await? else { return Ok(()) };
    let lived = places(conn, sql::PLACES, bot, from).await?;
    goes(conn, bot, from, How::Moved).await?;
    remember(conn, bot, from, to, false).await?;
    if !alive {
        return Ok(());
    }
    match find(conn, bot, to).await? {
        None => met(conn, bot, to, old.lang).await?,
        Some(Found { lang, gone: Some(_), .. }) => met(conn, bot, to, lang).await?,
        Some(Found { gone: None, .. }) => {}
    }
    for place in lived {
        subscribed(conn, bot, to, &place).await?;
    }
    Ok(())
}

async fn remember(
    conn: &mut SqliteConnection,
    bot: BotId,
    from: ChatId,
    to: ChatId,
    renamed: bool,
) -> Result<()> {
    rekey(conn, sql::MOVES_FOLLOW, bot, from, to).await?;
    let (seq,): (i64,) = sqlx::query_as(sql::DRAWN).fetch_one(&mut *conn).await?;
    sqlx::query(sql::MOVE_KEEP)
        .bind(bot.0)
        .bind(from.0)
        .bind(to.0)
        .bind(seq)
        .bind(renamed)
        .execute(conn)
        .await?;
    Ok(())
}
