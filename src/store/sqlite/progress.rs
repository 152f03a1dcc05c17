//! Saving how far a broadcast got.

use std::collections::BTreeSet;

use serde_json::json;
use sqlx::SqliteConnection;

use super::{chats, rows, sql, walk};
use crate::{
    domain::{
        ids::{AlertId, BotId, ChatId, FanoutId},
        lang::Lang,
        letter::Watch,
        report::Measured,
        time::Utc,
    },
    ports::store::{Heir, LaneSave, LetterSave, LogRow, Result, Save, WatchSave},
    store::{after, follows},
};

/// What a letter is logged under.
const LETTER: FanoutId = FanoutId(0);

pub(super) async fn save(conn: &mut SqliteConnection, bot: BotId, save: &Save) -> Result<()> {
    for lane in &save.lanes {
        save_lane(conn, lane, save.pace).await?;
    }
    for letter in &save.letters {
        save_letter(conn, bot, letter).await?;
    }
    for watch in &save.watches {
        match watch {
            WatchSave::Out(Watch { fanout, chat, message, lang }) => {
                let query = sqlx::query(sql::WATCH_OUT).bind(fanout.0).bind(chat.0);
                query.bind(message.0).bind(lang.code()).execute(&mut *conn).await?;
            }
            WatchSave::Done(Watch { fanout, chat, message, .. }) => {
                let query = sqlx::query(sql::WATCH_DONE).bind(fanout.0).bind(chat.0);
                query.bind(message.0).execute(&mut *conn).await?;
            }
        }
    }
    if let Some(limits) = &save.limits {
        let body = rows::put_limits(limits)?;
        sqlx::query(sql::LIMITS_SAVE).bind(bot.0).bind(body).execute(conn).await?;
    }
    Ok(())
}

async fn save_lane(conn: &mut SqliteConnection, lane: &LaneSave, pace: u32) -> Result<()> {
    let found: Option<(i64, i64, String, i64)> =
        sqlx::query_as(sql::LANE).bind(lane.fanout.0).fetch_optional(&mut *conn).await?;
    let Some((bot, alert, before, opened_at)) = found else { return Ok(()) };
    let behind = !follows(&rows::take_progress(&before)?, &lane.progress);
    let progress = if behind { before } else { rows::put_progress(&lane.progress)? };
    sqlx::query(sql::LANE_SAVE)
        .bind(lane.fanout.0)
        .bind(progress)
        .bind(lane.closed_at.map(rows::micros))
        .execute(&mut *conn)
        .await?;
    if lane.log.is_empty() {
        return Ok(());
    }
    let new = append(conn, (BotId(bot), AlertId(alert), lane.fanout), &lane.log).await?;
    measure(conn, lane.fanout, (rows::time(opened_at)?, pace), &new).await
}

/// Counts sends for the figures.
async fn measure(
    conn: &mut SqliteConnection,
    fanout: FanoutId,
    (opened_at, pace): (Utc, u32),
    new: &[&LogRow],
) -> Result<()> {
    let before: Option<(String,)> =
        sqlx::query_as(sql::MEASURED).bind(fanout.0).fetch_optional(&mut *conn).await?;
    let mut measured =
        before.map_or_else(|| Ok(Measured::default()), |(body,)| rows::take_measured(&body))?;
    measured.pace = pace;
    for row in new {
        measured.count(after(opened_at, row.at), (row.settlement, row.fate), row.repeated);
    }
    let body = rows::put_measured(&measured)?;
    sqlx::query(sql::MEASURED_SAVE).bind(fanout.0).bind(body).execute(conn).await?;
    Ok(())
}

/// A row of the log on its way into the database.
struct Appended<'a> {
    alert: AlertId,
    chat: ChatId,
    lang: Option<Lang>,
    told: bool,
    /// Whether the message is about this alert, or only mentions it.
    own: bool,
    row: &'a LogRow,
}

impl Appended<'_> {
    fn json(&self) -> serde_json::Value {
        json!([
            self.alert.0,
            self.chat.0,
            self.row.place.as_str(),
            self.lang.map(Lang::code),
            self.row.settlement.name(),
            i64::from(self.told),
            self.row.message.filter(|_| self.own).map(|message| message.0),
            rows::micros(self.row.at),
        ])
    }
}

/// Appends a lane's rows that are not there yet, and strikes the chats of those that are new, which it
/// gives back.
async fn append<'a>(
    conn: &mut SqliteConnection,
    (bot, alert, fanout): (BotId, AlertId, FanoutId),
    log: &'a [LogRow],
) -> Result<Vec<&'a LogRow>> {
    let named: Vec<i64> = log.iter().map(|row| row.chat.0).collect();
    let looked: Vec<(i64, bool, bool)> = sqlx::query_as(sql::LOG_LOOK)
        .bind(json!(named).to_string())
        .bind(bot.0)
        .bind(alert.0)
        .bind(fanout.0)
        .fetch_all(&mut *conn)
        .await?;
    let others = log.iter().zip(&looked).flat_map(|(row, (chat, ..))| {
        let others = row.tells.iter().filter(|other| **other != alert);
        others.map(|other| (*other, ChatId(*chat)))
    });
    let mut readers = told(conn, bot, others.collect()).await?;
    let mut seen = BTreeSet::new();
    let mut rows: Vec<Appended> = Vec::new();
    let mut new = Vec::new();
    for (row, &(chat, known, logged)) in log.iter().zip(&looked) {
        let chat = ChatId(chat);
        if logged || !seen.insert(chat) {
            continue;
        }
        let read = known && row.settlement.may_have_read();
        let told = read && row.tells.contains(&alert);
        rows.push(Appended { alert, chat, lang: None, told, own: true, row });
        for &other in row.tells.iter().filter(|other| read && **other != alert) {
            if readers.insert((other, chat)) {
                rows.push(Appended { alert: other, chat, lang: None, told: true, own: false, row });
            }
        }
        new.push((chat, row));
    }
    insert(conn, bot, fanout, &rows).await?;
    for (chat, row) in &new {
        chats::struck(conn, bot, *chat, row.fate, Some(alert)).await?;
    }
    Ok(new.into_iter().map(|(_, row)| row).collect())
}

/// Which of these are readers.
async fn told(
    conn: &mut SqliteConnection,
    bot: BotId,
    pairs: Vec<(AlertId, ChatId)>,
) -> Result<BTreeSet<(AlertId, ChatId)>> {
    if pairs.is_empty() {
        return Ok(BTreeSet::new());
    }
    let pairs: Vec<(i64, i64)> = pairs.iter().map(|(alert, chat)| (alert.0, chat.0)).collect();
    let found: Vec<(i64, i64)> = sqlx::query_as(sql::LOG_TOLD)
        .bind(json!(pairs).to_string())
        .bind(bot.0)
        .fetch_all(conn)
        .await?;
    Ok(found.into_iter().map(|(alert, chat)| (AlertId(alert), ChatId(chat))).collect())
}

async fn insert(
    conn: &mut SqliteConnection,
    bot: BotId,
    fanout: FanoutId,
    rows: &[Appended<'_>],
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let batch: Vec<_> = rows.iter().map(Appended::json).collect();
    let batch = serde_json::Value::from(batch).to_string();
    let query = sqlx::query(sql::LOG_NEW).bind(&batch).bind(bot.0).bind(fanout.0);
    query.execute(&mut *conn).await?;
    sqlx::query(sql::LOGGED_AGAIN).bind(batch).execute(conn).await?;
    Ok(())
}

async fn save_letter(conn: &mut SqliteConnection, bot: BotId, save: &LetterSave) -> Result<()> {
    let lang: Option<(String,)> = sqlx::query_as(sql::LETTER_DONE)
        .bind(bot.0)
        .bind(save.letter.0)
        .fetch_optional(&mut *conn)
        .await?;
    let (Some((lang,)), Some(row)) = (lang, &save.row) else { return Ok(()) };
    let lang = Some(rows::lang(&lang)?);
    let looked: (i64, bool, bool) = sqlx::query_as(sql::LOG_LOOK)
        .bind(json!([row.chat.0]).to_string())
        .bind(bot.0)
        .bind(0)
        .bind(LETTER.0)
        .fetch_one(&mut *conn)
        .await?;
    let chat = ChatId(looked.0);
    let tells = if row.settlement.may_have_read() { row.tells.as_slice() } else { &[] };
    let pairs = tells.iter().map(|alert| (*alert, chat)).collect();
    let mut readers = told(conn, bot, pairs).await?;
    let new: Vec<Appended> = tells
        .iter()
        .filter(|alert| readers.insert((**alert, chat)))
        .map(|&alert| Appended { alert, chat, lang, told: true, own: true, row })
        .collect();
    insert(conn, bot, LETTER, &new).await?;
    chats::struck(conn, bot, chat, row.fate, None).await
}

pub(super) async fn follow(
    conn: &mut SqliteConnection,
    fanout: FanoutId,
    from: ChatId,
    to: ChatId,
) -> Result<Heir> {
    let Some(fanout) = walk::fanout(conn, fanout).await? else { return Ok(Heir::Follows) };
    let bot = fanout.bot;
    let before: Option<(i64, i64, bool)> =
        sqlx::query_as(sql::MOVE).bind(bot.0).bind(from.0).fetch_optional(&mut *conn).await?;
    // The place of the new id in the audience is the old one's: this is a repetition, or the group
    // said so first.
    let renamed =
        before.is_some_and(|(new, seq, renamed)| renamed && new == to.0 && seq > fanout.ceiling);
    let already = !renamed && from != to && walk::belongs(conn, &fanout, to).await?;
    chats::moved(conn, bot, from, to).await?;
    Ok(if already { Heir::Already } else { Heir::Follows })
}
