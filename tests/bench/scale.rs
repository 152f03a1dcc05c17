//! What must not grow with the audience: the time to the first message, the rows before it, memory.

use std::time::Duration;

use anyhow::{Result, anyhow};
use nabat::{
    domain::time::{Moment, Mono},
    fanout::{
        dispatch::{Action, Dispatch},
        purse::Budget,
    },
    ports::store::{Limits as Remembered, Store},
    store::sqlite::Sqlite,
};

use super::{
    alerts::{bot, raise, wait},
    contenders::token,
    rig::{Limits, Process, Server, sum},
    sending::Daemon,
    table::Table,
    towns::Database,
};

/// Subscribers of the daemon whose first message is waited for.
const CHATS: u64 = 1_000_000;
/// How often it is waited for.
const ROUNDS: usize = 100;
/// A free bot's rate, and a paid one's.
const FREE: u32 = 30;
const PAID: u32 = 1_000;
/// Nothing has come for so long: the round is over.
const QUIET: Duration = Duration::from_millis(600);

/// `start`: from the official's confirmation to the first request that carries the alert.
pub(crate) fn start(table: &mut Table) -> Result<()> {
    for chats in [1_000, CHATS] {
        let (rows, pages) = before_first(chats)?;
        let what = format!("rows, pages written before the first message, {chats} chats");
        table.row("start", &what, &format!("{rows}, {pages}"), "the same for any audience");
    }
    let database = Database::with("start", 1, CHATS)?;
    for (name, paid, rounds) in [("free", 0, ROUNDS), ("paid", PAID, ROUNDS / 4)] {
        let mut server = Server::start()?;
        server.set(Limits { free: FREE, paid: FREE.max(paid), ..Limits::default() })?;
        let daemon = Daemon::start(&server, &database.path(), FREE, paid, 1)?;
        let before = wait(async {
            let mut connection = database.connect().await?;
            let last: (i64,) = sqlx::query_as("SELECT COALESCE(MAX(id), 0) FROM alerts")
                .fetch_one(&mut connection)
                .await?;
            Ok(usize::try_from(last.0)?)
        })?;
        let mut times = Vec::with_capacity(rounds);
        for round in 1..=rounds {
            server.raises(token(0).0)?;
            times.push(first(&mut server)? / 1e3);
            server.ends(token(0).0, before + round)?;
            server.until("residents", u64::MAX, QUIET)?;
        }
        daemon.process.finish()?;
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
        let measured = format!("{:.1}, {:.1}, {:.1} ms", at(0.5), at(0.99), at(1.0));
        table.row(
            "start",
            &format!("p50, p99, most of {rounds}, {name} rate"),
            &measured,
            "p99 25 ms",
        );
    }
    Ok(())
}

/// Waits for the first message that carries the alert; microseconds after the confirmation.
fn first(server: &mut Server) -> Result<f64> {
    for _ in 0..2_000 {
        if let Some(micros) = server.counts(1.0)?["first_after_us"].as_f64() {
            return Ok(micros);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Err(anyhow!("the alert does not leave"))
}

/// How many rows there are more, and how many pages were written, when the first message of a
/// broadcast may leave. The real engine on the real store; nothing is sent.
fn before_first(chats: u64) -> Result<(i64, i64)> {
    let database = Database::with("rows", 1, chats)?;
    wait(async {
        let store = Sqlite::open(&database.path()).await?;
        let mut beside = database.connect().await?;
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut beside).await?;
        let rows = count(&mut beside).await?;
        let mut now = Moment { mono: Mono(0), utc: chrono::DateTime::UNIX_EPOCH };
        now.utc += Duration::from_secs(1_790_000_000);
        let limits = Remembered::default();
        let mut dispatch = Dispatch::new(FREE, Budget::default(), &limits, Vec::new(), now);
        // The pacer is silent for its first window.
        let later = Duration::from_secs(2);
        (now.mono, now.utc) = (now.mono + later, now.utc + later);
        raise(&store, now.utc).await?;
        dispatch.on_open(&store.open_fanouts(bot()).await?, now);
        loop {
            match dispatch.next(now) {
                Action::Send(_) => break,
                Action::Fetch { fanout, after, limit } => {
                    let page = store.page(fanout, after, limit).await?;
                    dispatch.on_page(fanout, Some(page), now);
                }
                Action::Count { fanout, after } => {
                    let n = store.count(fanout, after).await?;
                    dispatch.on_count(fanout, Some(n));
                }
                Action::Sized { fanout, size } => store.sized(fanout, size).await?,
                Action::Save(save) => {
                    store.save(bot(), &save, now.utc).await?;
                    dispatch.on_saved(true, now);
                }
                other => return Err(anyhow!("before the first message: {other:?}")),
            }
        }
        let rows = count(&mut beside).await? - rows;
        let wal = database.path().with_extension("db-wal");
        let pages = (std::fs::metadata(wal)?.len().cast_signed() - 32) / (4096 + 24);
        store.close().await;
        Ok((rows, pages))
    })
}

/// All rows of all tables.
async fn count(connection: &mut sqlx::SqliteConnection) -> Result<i64> {
    let tables: Vec<(String,)> =
        sqlx::query_as("SELECT name FROM sqlite_schema WHERE type = 'table'")
            .fetch_all(&mut *connection)
            .await?;
    let mut rows = 0;
    for (table,) in tables {
        let query = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM \"{table}\""));
        let (n,): (i64,) = sqlx::query_as(query).fetch_one(&mut *connection).await?;
        rows += n;
    }
    Ok(rows)
}

/// `memory`: in mid-broadcast with very many subscribers; and what is on the disk.
pub(crate) fn memory(table: &mut Table) -> Result<()> {
    for (chats, most) in [(1_000_000, "96 MiB"), (10_000_000, "160 MiB")] {
        let database = Database::with("memory", 1, chats)?;
        let bytes = database.bytes()?;
        let mut server = Server::start()?;
        server.set(Limits { free: FREE, paid: PAID, ..Limits::default() })?;
        let daemon = Daemon::start(&server, &database.path(), FREE, PAID, 1)?;
        let (idle, _) = daemon.process.memory()?;
        server.raises(token(0).0)?;
        let (resident, peak) = broadcasting(&mut server, &daemon.process)?;
        let sent = sum(&server.counts(1.0)?, "residents");
        daemon.process.finish()?;
        let what = format!("resident idle, in mid-broadcast, at most; {chats} chats");
        let measured = format!("{idle:.0}, {resident:.0}, {peak:.0} MiB after {sent} messages");
        table.row("memory", &what, &measured, most);
        let mib = bytes as f64 / 1024.0 / 1024.0;
        let each = bytes as f64 / chats as f64;
        table.row(
            "memory",
            &format!("disk, {chats} chats"),
            &format!("{mib:.0} MiB, {each:.0} B a chat"),
            "",
        );
    }
    Ok(())
}

/// The most that is resident while the broadcast is under way for half a minute, and ever.
fn broadcasting(server: &mut Server, daemon: &Process) -> Result<(f64, f64)> {
    let mut resident: f64 = 0.0;
    for _ in 0..30 {
        std::thread::sleep(Duration::from_secs(1));
        resident = resident.max(daemon.memory()?.0);
    }
    if sum(&server.counts(1.0)?, "residents") == 0 {
        return Err(anyhow!("nothing was sent"));
    }
    Ok((resident, daemon.memory()?.1))
}
