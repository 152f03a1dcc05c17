//! Walking an audience.

use std::collections::BTreeMap;

use sqlx::SqliteConnection;

use super::{chats::How, rows, sql};
use crate::{
    domain::{
        audience::{Audience, Position, Reach, Readers, Recipient, Standing, Tier, Variant},
        ids::{AlertId, BotId, ChatId, FanoutId, MessageId, RegionId},
        lang::Lang,
        time::Utc,
    },
    ports::store::{Fanout, Page, Result, StoreError},
};

pub(super) type FanoutRow = (
    i64,
    i64,
    String,
    String,
    i64,
    i64,
    Option<i64>,
    Option<i64>,
    Option<String>,
    String,
    i64,
    Option<i64>,
);

/// Someone met on a walk: key, chat, and what the stratum tells of it.
type MetRow = (i64, i64, String, Option<String>, Option<String>);
/// A reader: key, chat, place, language, how it went and its tier.
type ReaderRow = (i64, i64, String, Option<String>, Option<String>, Option<i64>);

pub(super) fn parse(row: FanoutRow) -> Result<Fanout> {
    let (id, bot, turn, audience, ceiling, readers_floor, readers_ceiling, size, hold, ..) = row;
    let (.., progress, opened, closed) = row;
    Ok(Fanout {
        id: FanoutId(id),
        bot: BotId(bot),
        transition: rows::take_turn(&turn)?,
        audience: rows::take_audience(&audience)?,
        ceiling,
        readers_floor,
        readers_ceiling,
        size: size.map(number).transpose()?,
        hold: hold.as_deref().map(rows::take_hold).transpose()?,
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
) -> Result<Reach> {
    let mut reach = Reach::default();
    for tier in Tier::ALL {
        for (index, place) in audience.places.iter().enumerate() {
            let (chats, people): (i64, i64) = sqlx::query_as(sql::REACH)
                .bind(bot.0)
                .bind(place.as_str())
                .bind(rows::put_places(&audience.places[..index])?)
                .bind(audience.exercise)
                .bind(rows::put_tier(tier))
                .fetch_one(&mut *conn)
                .await?;
            reach.chats[tier.index()] += number(chats)?;
            reach.people[tier.index()] += number(people)?;
        }
    }
    Ok(reach)
}

/// A stratum of places that has someone after a position, and where to go on.
#[derive(Clone, Copy)]
struct Stratum {
    number: u32,
    tier: Tier,
    place: usize,
    after: i64,
}

fn strata(audience: &Audience, after: Position) -> impl Iterator<Item = Stratum> {
    (after.stratum.max(1)..=audience.strata()).filter_map(move |number| {
        let (tier, place) = audience.stratum(number)?;
        let after = if number == after.stratum { after.key } else { 0 };
        Some(Stratum { number, tier, place, after })
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
    let last = walk(conn, &fanout, after, limit, &mut recipients).await?;
    earlier(conn, &fanout, &mut recipients).await?;
    Ok(Page { recipients, last })
}

async fn walk(
    conn: &mut SqliteConnection,
    fanout: &Fanout,
    after: Position,
    limit: usize,
    found: &mut Vec<Recipient>,
) -> Result<bool> {
    for stratum in strata(&fanout.audience, after) {
        residents(conn, fanout, stratum, limit, found).await?;
        if found.len() == limit {
            return Ok(false);
        }
    }
    for rows in fanout.readers_after(after) {
        readers(conn, fanout, rows, limit, found).await?;
        if found.len() == limit {
            return Ok(false);
        }
    }
    Ok(!fanout.audience.readers || fanout.readers_ceiling.is_some())
}

/// Adds what the chats know of the alert by other messages.
async fn earlier(
    conn: &mut SqliteConnection,
    fanout: &Fanout,
    found: &mut [Recipient],
) -> Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let chats: Vec<i64> = found.iter().map(|one| one.chat.0).collect();
    let known: Vec<(i64, i64, bool, bool, Option<i64>)> = sqlx::query_as(sql::EARLIER)
        .bind(fanout.transition.alert.id().0)
        .bind(fanout.bot.0)
        .bind(serde_json::json!(chats).to_string())
        .bind(fanout.id.0)
        .fetch_all(conn)
        .await?;
    let mut by_chat: BTreeMap<i64, (bool, Option<i64>, i64, bool)> = BTreeMap::new();
    for (chat, row, tells, certain, message) in known {
        let one = by_chat.entry(chat).or_default();
        one.0 |= tells && certain;
        // The numbers of a chat's messages rise: the greatest is the last.
        one.1 = one.1.max(message);
        // As do those of the log.
        if row > one.2 {
            (one.2, one.3) = (row, !tells && certain);
        }
    }
    for one in found {
        if let Some(&(told, message, _, over)) = by_chat.get(&one.chat.0) {
            one.told = told;
            one.message = message.map(MessageId);
            one.over = over;
        }
    }
    Ok(())
}

pub(super) async fn told(
    conn: &mut SqliteConnection,
    bot: BotId,
    chats: &[(ChatId, RegionId)],
    alerts: &[AlertId],
    since: Option<Utc>,
) -> Result<BTreeMap<ChatId, bool>> {
    let chats: Vec<(i64, &str)> =
        chats.iter().map(|(chat, place)| (chat.0, place.as_str())).collect();
    let alerts: Vec<i64> = alerts.iter().map(|alert| alert.0).collect();
    let found: Vec<(i64, bool)> = sqlx::query_as(sql::TOLD)
        .bind(serde_json::json!(alerts).to_string())
        .bind(bot.0)
        .bind(serde_json::json!(chats).to_string())
        .bind(since.map_or(i64::MIN, rows::micros))
        .fetch_all(conn)
        .await?;
    Ok(found.into_iter().map(|(chat, told)| (ChatId(chat), told)).collect())
}

fn most(limit: usize, found: &[Recipient]) -> i64 {
    i64::try_from(limit.saturating_sub(found.len())).unwrap_or(i64::MAX)
}

/// Somebody met, of whom nothing more is known yet.
fn met(chat: ChatId, lang: Lang, place: RegionId) -> Recipient {
    Recipient {
        at: Position::START,
        chat,
        variant: Variant { lang, place },
        tier: Tier::by_id(chat),
        standing: Standing::Subscribed,
        told: false,
        message: None,
        over: false,
        enough: Vec::new(),
        needless: false,
    }
}

async fn readers(
    conn: &mut SqliteConnection,
    fanout: &Fanout,
    (part, after, last): (Readers, i64, i64),
    limit: usize,
    found: &mut Vec<Recipient>,
) -> Result<()> {
    let page: Vec<ReaderRow> = sqlx::query_as(sql::READER_PAGES[part as usize])
        .bind(fanout.transition.alert.id().0)
        .bind(fanout.bot.0)
        .bind(after)
        .bind(last)
        .bind(fanout.id.0)
        .bind(rows::put_places(&fanout.audience.places)?)
        .bind(fanout.ceiling)
        .bind(fanout.audience.exercise)
        .bind(most(limit, found))
        .fetch_all(&mut *conn)
        .await?;
    for (key, chat, place, lang, how, tier) in page {
        let lang = lang.ok_or_else(|| StoreError::Corrupt("a reader's language".to_owned()))?;
        let recipient = Recipient {
            at: Position { stratum: part.stratum(), key },
            tier: tier.map_or(Ok(Tier::by_id(ChatId(chat))), rows::take_tier)?,
            ..met(ChatId(chat), rows::lang(&lang)?, RegionId::new(&place))
        };
        let how = how.as_deref().map(How::parse).transpose()?;
        found.push(stands(conn, fanout, recipient, how).await?);
    }
    Ok(())
}

async fn residents(
    conn: &mut SqliteConnection,
    fanout: &Fanout,
    Stratum { number, tier, place: index, after }: Stratum,
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
        .bind(rows::put_tier(tier))
        .fetch_all(&mut *conn)
        .await?;
    for (key, chat, lang, how, exercise) in page {
        let mut recipient = Recipient {
            at: Position { stratum: number, key },
            tier,
            ..met(ChatId(chat), rows::lang(&lang)?, place.clone())
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
        && let Some((heir, lang, how, tier)) = heir(conn, fanout, recipient.chat).await?
    {
        recipient.chat = heir;
        recipient.tier = tier;
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
) -> Result<Option<(ChatId, Lang, Option<How>, Tier)>> {
    let row: Option<(i64, String, Option<String>, i64)> = sqlx::query_as(sql::HEIR)
        .bind(fanout.bot.0)
        .bind(chat.0)
        .fetch_optional(&mut *conn)
        .await?;
    let Some((to, lang, how, tier)) = row else { return Ok(None) };
    if belongs(conn, fanout, ChatId(to)).await? {
        return Ok(None);
    }
    let how = how.as_deref().map(How::parse).transpose()?;
    Ok(Some((ChatId(to), rows::lang(&lang)?, how, rows::take_tier(tier)?)))
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
    for Stratum { tier, place, after, .. } in strata(audience, after) {
        let (here,): (i64,) = sqlx::query_as(sql::PLACE_COUNT)
            .bind(fanout.bot.0)
            .bind(audience.places[place].as_str())
            .bind(after)
            .bind(fanout.ceiling)
            .bind(rows::put_places(&audience.places[..place])?)
            .bind(audience.exercise)
            .bind(rows::put_tier(tier))
            .fetch_one(&mut *conn)
            .await?;
        counted += number(here)?;
    }
    for (part, after, last) in fanout.readers_after(after) {
        let (here,): (i64,) = sqlx::query_as(sql::READER_COUNTS[part as usize])
            .bind(fanout.transition.alert.id().0)
            .bind(fanout.bot.0)
            .bind(after)
            .bind(last)
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
