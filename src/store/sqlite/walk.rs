//! Walking an audience.

use sqlx::SqliteConnection;

use super::{chats::How, rows, sql};
use crate::{
    domain::{
        audience::{Audience, Position, Recipient, Standing, Variant},
        ids::{BotId, ChatId, FanoutId, RegionId},
        lang::Lang,
    },
    ports::store::{Fanout, Page, Result, StoreError},
};

pub(super) type FanoutRow =
    (i64, i64, String, String, i64, Option<i64>, Option<i64>, String, i64, Option<i64>);

/// Someone met on a walk: key, chat, and what the stratum tells of it.
type MetRow = (i64, i64, String, Option<String>, Option<String>);

pub(super) fn parse(row: FanoutRow) -> Result<Fanout> {
    let (id, bot, turn, audience, ceiling, readers_ceiling, size, progress, opened, closed) = row;
    Ok(Fanout {
        id: FanoutId(id),
        bot: BotId(bot),
        transition: rows::take_turn(&turn)?,
        audience: rows::take_audience(&audience)?,
        ceiling,
        readers_ceiling,
        size: size.map(number).transpose()?,
        progress: rows::take_progress(&progress)?,
        opened_at: rows::time(opened)?,
        closed_at: closed.map(rows::time).transpose()?,
    })
}

pub(super) fn number(count: i64) -> Result<u64> {
    u64::try_from(count).map_err(|_| StoreError::Corrupt("a negative count".to_owned()))
}

pub(super) async fn fanout(conn: &mut SqliteConnection, id: FanoutId) -> Result<Option<Fanout>> {
    let row: Option<FanoutRow> =
        sqlx::query_as(sql::FANOUT).bind(id.0).fetch_optional(conn).await?;
    row.map(parse).transpose()
}

pub(super) async fn reach(
    conn: &mut SqliteConnection,
    bot: BotId,
    audience: &Audience,
) -> Result<u64> {
    let mut reached = 0;
    for (index, place) in audience.places.iter().enumerate() {
        let (here,): (i64,) = sqlx::query_as(sql::REACH)
            .bind(bot.0)
            .bind(place.as_str())
            .bind(rows::put_places(&audience.places[..index])?)
            .bind(audience.exercise)
            .fetch_one(&mut *conn)
            .await?;
        reached += number(here)?;
    }
    Ok(reached)
}

/// The strata of places that have someone after a position, each with where to go on.
fn strata(fanout: &Fanout, after: Position) -> impl Iterator<Item = (u32, usize, i64)> {
    (1..).zip(0..fanout.audience.places.len()).filter_map(move |(stratum, index)| {
        let key = match stratum {
            passed if passed < after.stratum => return None,
            here if here == after.stratum => after.key,
            _ => 0,
        };
        Some((stratum, index, key))
    })
}

pub(super) async fn page(
    conn: &mut SqliteConnection,
    id: FanoutId,
    after: Position,
    limit: usize,
) -> Result<Page> {
    let mut recipients = Vec::new();
    let Some(fanout) = fanout(conn, id).await? else {
        return Ok(Page { recipients, last: true });
    };
    for (stratum, index, key) in strata(&fanout, after) {
        residents(conn, &fanout, (stratum, index, key), limit, &mut recipients).await?;
        if recipients.len() == limit {
            return Ok(Page { recipients, last: false });
        }
    }
    if !fanout.audience.readers {
        return Ok(Page { recipients, last: true });
    }
    readers(conn, &fanout, after, limit, &mut recipients).await?;
    let last = recipients.len() < limit && fanout.readers_ceiling.is_some();
    Ok(Page { recipients, last })
}

/// After which row of the log the readers go on.
fn readers_key(after: Position) -> i64 {
    if after.stratum == Position::READERS { after.key } else { 0 }
}

fn most(limit: usize, found: &[Recipient]) -> i64 {
    i64::try_from(limit.saturating_sub(found.len())).unwrap_or(i64::MAX)
}

async fn readers(
    conn: &mut SqliteConnection,
    fanout: &Fanout,
    after: Position,
    limit: usize,
    found: &mut Vec<Recipient>,
) -> Result<()> {
    let page: Vec<MetRow> = sqlx::query_as(sql::READER_PAGE)
        .bind(fanout.transition.alert.id().0)
        .bind(fanout.bot.0)
        .bind(readers_key(after))
        .bind(fanout.readers_ceiling.unwrap_or(i64::MAX))
        .bind(fanout.id.0)
        .bind(rows::put_places(&fanout.audience.places)?)
        .bind(fanout.ceiling)
        .bind(fanout.audience.exercise)
        .bind(most(limit, found))
        .fetch_all(&mut *conn)
        .await?;
    for (key, chat, place, lang, how) in page {
        let lang = lang.ok_or_else(|| StoreError::Corrupt("a reader's language".to_owned()))?;
        let recipient = Recipient {
            at: Position { stratum: Position::READERS, key },
            chat: ChatId(chat),
            variant: Variant { lang: rows::lang(&lang)?, place: RegionId::new(&place) },
            standing: Standing::Subscribed,
        };
        let how = how.as_deref().map(How::parse).transpose()?;
        found.push(stands(conn, fanout, recipient, how).await?);
    }
    Ok(())
}

async fn residents(
    conn: &mut SqliteConnection,
    fanout: &Fanout,
    (stratum, index, after): (u32, usize, i64),
    limit: usize,
    found: &mut Vec<Recipient>,
) -> Result<()> {
    let audience = &fanout.audience;
    let place = &audience.places[index];
    let page: Vec<MetRow> = sqlx::query_as(sql::PLACE_PAGE)
        .bind(fanout.bot.0)
        .bind(place.as_str())
        .bind(after)
        .bind(fanout.ceiling)
        .bind(most(limit, found))
        .bind(rows::put_places(&audience.places[..index])?)
        .bind(audience.exercise)
        .fetch_all(&mut *conn)
        .await?;
    for (key, chat, lang, how, exercise) in page {
        let mut recipient = Recipient {
            at: Position { stratum, key },
            chat: ChatId(chat),
            variant: Variant { lang: rows::lang(&lang)?, place: place.clone() },
            standing: Standing::Subscribed,
        };
        let exercise = exercise.as_deref().map(How::parse).transpose()?;
        let how = match how.as_deref().map(How::parse).transpose()? {
            None => exercise,
            Some(How::Left) => match lives_at(conn, fanout, recipient.chat).await? {
                Some(other) => {
                    recipient.variant.place = other;
                    exercise
                }
                None => Some(How::Left),
            },
            how => how,
        };
        found.push(stands(conn, fanout, recipient, how).await?);
    }
    Ok(())
}

/// The first place of the audience at which the chat was under the ceiling and still is.
async fn lives_at(
    conn: &mut SqliteConnection,
    fanout: &Fanout,
    chat: ChatId,
) -> Result<Option<RegionId>> {
    let query = sqlx::query_as(sql::STANDS_AT).bind(fanout.bot.0).bind(chat.0);
    let lives: Vec<(String,)> = query.bind(fanout.ceiling).fetch_all(conn).await?;
    let here = |place: &&RegionId| lives.iter().any(|(one,)| one == place.as_str());
    Ok(fanout.audience.places.iter().find(here).cloned())
}

/// The recipient as it stands; another chat, if it moved.
async fn stands(
    conn: &mut SqliteConnection,
    fanout: &Fanout,
    mut recipient: Recipient,
    how: Option<How>,
) -> Result<Recipient> {
    recipient.standing = how.map_or(Standing::Subscribed, How::standing);
    if how == Some(How::Moved)
        && let Some((heir, lang, how)) = heir(conn, fanout, recipient.chat).await?
    {
        recipient.chat = heir;
        recipient.variant.lang = lang;
        recipient.standing = how.map_or(Standing::Subscribed, How::standing);
    }
    Ok(recipient)
}

/// Who stands in for a chat that went to another id; nobody, if that is in the audience anyway.
async fn heir(
    conn: &mut SqliteConnection,
    fanout: &Fanout,
    chat: ChatId,
) -> Result<Option<(ChatId, Lang, Option<How>)>> {
    let row: Option<(i64, String, Option<String>)> = sqlx::query_as(sql::HEIR)
        .bind(fanout.bot.0)
        .bind(chat.0)
        .fetch_optional(&mut *conn)
        .await?;
    let Some((to, lang, how)) = row else { return Ok(None) };
    if belongs(conn, fanout, ChatId(to)).await? {
        return Ok(None);
    }
    let how = how.as_deref().map(How::parse).transpose()?;
    Ok(Some((ChatId(to), rows::lang(&lang)?, how)))
}

/// Whether the chat is in the audience by itself, in any stratum.
pub(super) async fn belongs(
    conn: &mut SqliteConnection,
    fanout: &Fanout,
    chat: ChatId,
) -> Result<bool> {
    let (belongs,): (bool,) = sqlx::query_as(sql::BELONGS)
        .bind(fanout.bot.0)
        .bind(chat.0)
        .bind(rows::put_places(&fanout.audience.places)?)
        .bind(fanout.ceiling)
        .bind(fanout.audience.exercise)
        .bind(fanout.audience.readers)
        .bind(fanout.transition.alert.id().0)
        .bind(fanout.id.0)
        .bind(fanout.readers_ceiling.unwrap_or(i64::MAX))
        .fetch_one(conn)
        .await?;
    Ok(belongs)
}

pub(super) async fn count(
    conn: &mut SqliteConnection,
    id: FanoutId,
    after: Position,
) -> Result<u64> {
    let Some(fanout) = fanout(conn, id).await? else { return Ok(0) };
    let audience = &fanout.audience;
    let mut counted = 0;
    for (_, index, key) in strata(&fanout, after) {
        let (here,): (i64,) = sqlx::query_as(sql::PLACE_COUNT)
            .bind(fanout.bot.0)
            .bind(audience.places[index].as_str())
            .bind(key)
            .bind(fanout.ceiling)
            .bind(rows::put_places(&audience.places[..index])?)
            .bind(audience.exercise)
            .fetch_one(&mut *conn)
            .await?;
        counted += number(here)?;
    }
    if audience.readers {
        let (here,): (i64,) = sqlx::query_as(sql::READER_COUNT)
            .bind(fanout.transition.alert.id().0)
            .bind(fanout.bot.0)
            .bind(readers_key(after))
            .bind(fanout.readers_ceiling.unwrap_or(i64::MAX))
            .bind(id.0)
            .bind(rows::put_places(&audience.places)?)
            .bind(fanout.ceiling)
            .bind(audience.exercise)
            .fetch_one(&mut *conn)
            .await?;
        counted += number(here)?;
    }
    Ok(counted)
}
