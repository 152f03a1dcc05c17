//! Forgetting what nobody needs, a bounded amount at once.

use sqlx::SqliteConnection;

use super::{rows, sql};
use crate::{
    domain::{audience::Tier, ids::BotId, time::Utc},
    ports::store::{Result, UPDATES_KEPT},
    store::{CHALLENGES_KEPT, LOG_KEPT, TIDY_MAX, day},
};

pub(super) async fn tidy(conn: &mut SqliteConnection, now: Utc) -> Result<bool> {
    let bots: Vec<(i64,)> = sqlx::query_as(sql::BOTS).fetch_all(&mut *conn).await?;
    let mut more = false;
    for (bot,) in bots {
        more |= tidy_chats(conn, BotId(bot)).await?;
        more |= tidy_tiers(conn, BotId(bot), now).await?;
    }
    more |= tidy_log(conn, now).await?;
    for (text, before) in
        [(sql::TIDY_UPDATES, now - UPDATES_KEPT), (sql::TIDY_CHALLENGES, now - CHALLENGES_KEPT)]
    {
        let query = sqlx::query(text).bind(rows::micros(before)).bind(most());
        more |= full(query.execute(&mut *conn).await?.rows_affected());
    }
    Ok(more)
}

fn most() -> i64 {
    i64::try_from(TIDY_MAX).unwrap_or(i64::MAX)
}

fn full(met: u64) -> bool {
    met >= TIDY_MAX as u64
}

/// Gives chats the tier they are due, if no broadcast of this bot is open.
async fn tidy_tiers(conn: &mut SqliteConnection, bot: BotId, now: Utc) -> Result<bool> {
    let query = sqlx::query(sql::CHATS_FALL_SILENT).bind(bot.0);
    let query = query.bind(day(now) - Tier::RECENT_DAYS).bind(most());
    let silent = full(query.execute(&mut *conn).await?.rows_affected());
    let open: Option<(i64, String)> =
        sqlx::query_as(sql::OPEN).bind(bot.0).fetch_optional(&mut *conn).await?;
    if open.is_some() {
        return Ok(silent);
    }
    let query = sqlx::query_as(sql::CHATS_RESTLESS).bind(bot.0).bind(most());
    let due: Vec<(i64,)> = query.fetch_all(&mut *conn).await?;
    if due.is_empty() {
        return Ok(silent);
    }
    let chats: Vec<i64> = due.iter().map(|(chat,)| *chat).collect();
    let chats = serde_json::json!(chats).to_string();
    for text in sql::RETIER {
        sqlx::query(text).bind(bot.0).bind(&chats).execute(&mut *conn).await?;
    }
    Ok(silent || full(due.len() as u64))
}

/// Rows, chats and moves that no open broadcast of this bot can see.
async fn tidy_chats(conn: &mut SqliteConnection, bot: BotId) -> Result<bool> {
    let open: Vec<(i64, String)> =
        sqlx::query_as(sql::OPEN).bind(bot.0).fetch_all(&mut *conn).await?;
    let floor = open.iter().map(|(ceiling, _)| *ceiling).min().unwrap_or(i64::MAX);
    let mut readers = false;
    for (_, audience) in &open {
        readers |= rows::take_audience(audience)?.readers;
    }
    let query = sqlx::query(sql::TIDY_ROWS).bind(bot.0).bind(floor).bind(most());
    let mut more = full(query.execute(&mut *conn).await?.rows_affected());
    // Readers are met by the log, whenever they left.
    if !readers {
        let departed: Vec<(i64,)> = sqlx::query_as(sql::DEPARTED)
            .bind(bot.0)
            .bind(floor)
            .bind(most())
            .fetch_all(&mut *conn)
            .await?;
        more |= full(departed.len() as u64);
        if !departed.is_empty() {
            let chats: Vec<i64> = departed.into_iter().map(|(chat,)| chat).collect();
            let chats = serde_json::json!(chats).to_string();
            for text in sql::FORGET {
                sqlx::query(text).bind(bot.0).bind(&chats).execute(&mut *conn).await?;
            }
        }
        let query = sqlx::query(sql::TIDY_MOVES).bind(bot.0).bind(floor).bind(most());
        query.execute(&mut *conn).await?;
    }
    Ok(more)
}

/// The delivery log of alerts that ended [`LOG_KEPT`] ago and of which nothing is open.
async fn tidy_log(conn: &mut SqliteConnection, now: Utc) -> Result<bool> {
    let mut left = TIDY_MAX as u64;
    let before = rows::micros(now - LOG_KEPT);
    while left > 0 {
        let over: Option<(i64,)> =
            sqlx::query_as(sql::ALERT_OVER).bind(before).fetch_optional(&mut *conn).await?;
        let Some((alert,)) = over else { return Ok(false) };
        let most = i64::try_from(left).unwrap_or(i64::MAX);
        let query = sqlx::query(sql::TIDY_LOG).bind(alert).bind(most);
        let met = query.execute(&mut *conn).await?.rows_affected();
        if met < left {
            sqlx::query(sql::ALERT_FORGOTTEN).bind(alert).execute(&mut *conn).await?;
        }
        left -= met.min(left);
    }
    Ok(true)
}
