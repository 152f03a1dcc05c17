//! Deeds: everything that follows from one cause.

use sqlx::SqliteConnection;

use super::{chats, rows, sql};
use crate::{
    domain::{
        alert::{Change, Transition},
        audience::Audience,
        consent::Challenge,
        ids::{AlertId, BotId, ChatId, Code, FanoutId, RegionId, Revision},
        lang::Lang,
        letter::{Class, Content, NewLetter},
        time::Utc,
    },
    ports::store::{Asked, Cause, Deed, Effect, Enacted, Entry, Progress, Result, StoreError},
    seal::{self, Line, ORIGIN},
    store::EXERCISES,
};

/// What the effects of one deed have led to so far.
#[derive(Default)]
struct Doing {
    opened: Vec<FanoutId>,
    reports: Vec<NewLetter>,
}

/// Only if the answer is [`Enacted::Done`] may the transaction be committed.
pub(super) async fn enact(conn: &mut SqliteConnection, deed: &Deed) -> Result<Enacted> {
    if let Cause::Update(bot, id) = deed.cause {
        let query = sqlx::query(sql::UPDATE_NEW).bind(bot.0).bind(id.0);
        let done = query.bind(rows::micros(deed.at)).execute(&mut *conn).await?;
        if done.rows_affected() == 0 {
            return Ok(Enacted::Already);
        }
    }
    let mut doing = Doing::default();
    for effect in &deed.effects {
        if !take_effect(conn, effect, deed.at, &mut doing).await? {
            return Ok(Enacted::Conflict);
        }
    }
    for letter in deed.letters.iter().chain(&doing.reports) {
        write(conn, letter).await?;
    }
    note(conn, deed.at, &deed.journal).await?;
    Ok(Enacted::Done(doing.opened))
}

/// Whether alerts and challenges are as the effect supposes.
async fn take_effect(
    conn: &mut SqliteConnection,
    effect: &Effect,
    at: Utc,
    doing: &mut Doing,
) -> Result<bool> {
    let exercises = || RegionId::new(EXERCISES);
    match effect {
        Effect::Met(bot, chat, lang) => {
            chats::met(conn, *bot, *chat, *lang).await?;
            chats::seen(conn, *bot, *chat, at).await?;
        }
        Effect::Counted(bot, chat, kind, members) => {
            chats::counted(conn, *bot, *chat, *kind, *members).await?;
        }
        Effect::Seen(bot, chat) => chats::seen(conn, *bot, *chat, at).await?,
        Effect::Held { alert, through, hold } => {
            let query = sqlx::query(sql::FANOUTS_HOLD).bind(alert.0);
            query.bind(hold.map(rows::hold_name)).bind(through.0).execute(conn).await?;
        }
        Effect::Speaks(bot, chat, lang) => chats::speaks(conn, *bot, *chat, *lang).await?,
        Effect::Subscribed(bot, chat, place) => {
            chats::subscribed(conn, *bot, *chat, place).await?;
        }
        Effect::Unsubscribed(bot, chat, place) => {
            chats::unsubscribed(conn, *bot, *chat, place).await?;
        }
        Effect::Left(bot, chat) => chats::left(conn, *bot, *chat).await?,
        Effect::Exercises(bot, chat, true) => {
            chats::subscribed(conn, *bot, *chat, &exercises()).await?;
        }
        Effect::Exercises(bot, chat, false) => {
            chats::unsubscribed(conn, *bot, *chat, &exercises()).await?;
        }
        Effect::Struck(bot, chat, fate) => chats::struck(conn, *bot, *chat, *fate, None).await?,
        Effect::Moved { bot, from, to } => chats::moved(conn, *bot, *from, *to).await?,
        Effect::Challenged(challenge) => return challenged(conn, challenge).await,
        Effect::CalledOff(code) => {
            let done = sqlx::query(sql::CHALLENGE_OFF).bind(code.as_str()).execute(conn).await?;
            return Ok(done.rows_affected() == 1);
        }
        Effect::Turned { transition, audience, bots, code, watchers } => {
            if !turned(conn, transition, code.as_ref()).await? {
                return Ok(false);
            }
            for &bot in bots {
                let fanout = open(conn, bot, transition, audience, at).await?;
                doing.opened.push(fanout);
                let ours = watchers.iter().filter(|(through, ..)| *through == bot);
                doing.reports.extend(ours.map(|watcher| report(*watcher, fanout)));
            }
        }
    }
    Ok(true)
}

fn report((bot, chat, lang): (BotId, ChatId, Lang), fanout: FanoutId) -> NewLetter {
    let content = Content::Progress(fanout);
    NewLetter { bot, chat, lang, class: Class::Official, content, not_after: None }
}

async fn challenged(conn: &mut SqliteConnection, challenge: &Challenge) -> Result<bool> {
    let done = sqlx::query(sql::CHALLENGE_NEW)
        .bind(challenge.code().as_str())
        .bind(challenge.issuer().0)
        .bind(rows::micros(challenge.expires_at()))
        .bind(rows::put_challenge(challenge)?)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

async fn turned(
    conn: &mut SqliteConnection,
    turn: &Transition,
    code: Option<&Code>,
) -> Result<bool> {
    let alert = &turn.alert;
    let (id, revision) = (alert.id().0, i64::from(alert.revision().0));
    if let Some(code) = code {
        let done = sqlx::query(sql::CHALLENGE_ANSWER)
            .bind(code.as_str())
            .bind(id)
            .bind(rows::micros(turn.at))
            .bind(rows::put_actor(&turn.by)?)
            .execute(&mut *conn)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
    }
    let at = rows::micros(turn.at);
    if turn.change == Change::Raised {
        let (next,): (i64,) = sqlx::query_as(sql::ALERT_NEXT).fetch_one(&mut *conn).await?;
        if id != next || alert.revision() != Revision::FIRST {
            return Ok(false);
        }
        let query = sqlx::query(sql::ALERT_RAISE).bind(id).bind(revision).bind(at);
        query.execute(&mut *conn).await?;
    } else {
        let query = sqlx::query(sql::ALERT_TURN).bind(id).bind(revision);
        let done = query.bind(!turn.change.closes()).bind(at).execute(&mut *conn).await?;
        if done.rows_affected() == 0 && !confirmed(conn, turn).await? {
            return Ok(false);
        }
    }
    let body = rows::put_turn(turn)?;
    sqlx::query(sql::TURN_NEW).bind(id).bind(revision).bind(body).execute(&mut *conn).await?;
    for (place, settled) in &turn.settles {
        let (state, at) = rows::settled_columns(*settled);
        let query = sqlx::query(sql::POSTURE).bind(place.as_str()).bind(state).bind(at);
        query.execute(&mut *conn).await?;
    }
    Ok(true)
}

/// Whether the transition confirms the end of an alert that expired; then it is taken over.
async fn confirmed(conn: &mut SqliteConnection, turn: &Transition) -> Result<bool> {
    if turn.change != Change::Ended {
        return Ok(false);
    }
    let id = turn.alert.id().0;
    let last: Option<(String,)> =
        sqlx::query_as(sql::TURN_LAST).bind(id).fetch_optional(&mut *conn).await?;
    let Some((last,)) = last else { return Ok(false) };
    if rows::take_turn(&last)?.change != Change::Expired {
        return Ok(false);
    }
    let done = sqlx::query(sql::ALERT_CONFIRM)
        .bind(id)
        .bind(i64::from(turn.alert.revision().0))
        .bind(rows::micros(turn.at))
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

async fn open(
    conn: &mut SqliteConnection,
    bot: BotId,
    turn: &Transition,
    audience: &Audience,
    at: Utc,
) -> Result<FanoutId> {
    let mut audience = audience.clone();
    let others: Vec<(String,)> = sqlx::query_as(sql::AUDIENCES_OPEN)
        .bind(bot.0)
        .bind(turn.alert.id().0)
        .fetch_all(&mut *conn)
        .await?;
    for (other,) in others {
        audience.readers |= rows::take_audience(&other)?.readers;
    }
    let (id,): (i64,) = sqlx::query_as(sql::FANOUT_NEW)
        .bind(bot.0)
        .bind(turn.alert.id().0)
        .bind(i64::from(turn.alert.revision().0))
        .bind(rows::put_audience(&audience)?)
        .bind(rows::put_progress(&Progress::START)?)
        .bind(rows::micros(at))
        .fetch_one(conn)
        .await?;
    Ok(FanoutId(id))
}

async fn write(conn: &mut SqliteConnection, letter: &NewLetter) -> Result<()> {
    sqlx::query(sql::LETTER_NEW)
        .bind(letter.bot.0)
        .bind(letter.chat.0)
        .bind(letter.lang.code())
        .bind(rows::class_name(letter.class))
        .bind(rows::put_content(&letter.content)?)
        .bind(letter.not_after.map(rows::micros))
        .execute(conn)
        .await?;
    Ok(())
}

/// Lines for the journal, each sealed after the one before.
async fn note(conn: &mut SqliteConnection, at: Utc, entries: &[Entry]) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let last: Option<(i64, Vec<u8>)> =
        sqlx::query_as(sql::JOURNAL_LAST).fetch_optional(&mut *conn).await?;
    let (mut n, mut prev) = match last {
        None => (0, ORIGIN),
        Some((n, last)) => {
            let broken = |_| StoreError::Corrupt("the journal's last seal".to_owned());
            (n, last.try_into().map_err(broken)?)
        }
    };
    for entry in entries {
        n += 1;
        let pairs = entry.particulars.iter();
        let line = Line {
            n,
            at,
            who: entry.who,
            what: entry.what.to_owned(),
            particulars: pairs.map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        };
        let pairs = line.particulars.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let particulars = rows::put_particulars(pairs)?;
        let sealed = seal::seal(prev, line);
        sqlx::query(sql::JOURNAL_NEW)
            .bind(n)
            .bind(rows::micros(at))
            .bind(entry.who.map(|who| who.0))
            .bind(entry.what)
            .bind(particulars)
            .bind(prev.to_vec())
            .bind(sealed.seal.to_vec())
            .execute(&mut *conn)
            .await?;
        prev = sealed.seal;
    }
    Ok(())
}

pub(super) type ChallengeRow = (String, String, Option<i64>, Option<i64>, Option<String>);

pub(super) fn asked((body, state, alert, at, by): ChallengeRow) -> Result<Asked> {
    match (state.as_str(), alert, at, by) {
        ("open", ..) => Ok(Asked::Open(rows::take_challenge(&body)?)),
        ("called_off", ..) => Ok(Asked::CalledOff),
        ("answered", Some(alert), Some(at), Some(by)) => Ok(Asked::Answered {
            alert: AlertId(alert),
            at: rows::time(at)?,
            by: rows::take_actor(&by)?,
        }),
        _ => Err(StoreError::Corrupt("what became of a challenge".to_owned())),
    }
}
