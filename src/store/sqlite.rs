//! The store of one machine: `SQLite`.
//!
//! Role: everything of [`Store`] in one file, so that a daemon needs nothing beside it.
//!
//! **Durability.** WAL with `synchronous = FULL`: a commit returns after its pages are on the disk,
//! so that what was acknowledged survives the loss of power. `NORMAL` would lose the last commits
//! with the power, and with them the mark a lane has reserved: the next start would send again to
//! chats that have the message, or forget that an official was told "raised". The price is one
//! `fsync` a commit, about 0.5 ms; a lane commits ten times a second.
//!
//! **Order.** One connection writes, and its transactions begin with `BEGIN IMMEDIATE`: drawing from
//! the sequence and freezing it serialise, and no transaction is refused half-way. Readers have
//! connections of their own that can't write and see the last commit.
//!
//! **One owner.** A second process is refused by an advisory lock on a file beside the database,
//! which the kernel gives back however the first one dies.
//!
//! Invariants: never a time-out around a commit, because a cancelled one may have been made; keys
//! begin with the bot; rows of the log are found again by a unique key, so every write can be
//! repeated. A query a lane repeats is a range of an index.
//!
//! Deliberately absent: foreign keys. All rows are written here, within one transaction each; a
//! key from the log to chats would make forgetting a chat walk every alert, and the log outlives
//! what it mentions on purpose.

mod chats;
mod deeds;
mod figures;
mod progress;
mod sql;
mod tidy;
mod walk;

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sqlx::{
    ConnectOptions as _, SqlSafeStr as _, Sqlite as Engine, SqliteConnection, SqlitePool,
    Transaction,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub use figures::Archive;

use super::rows;
use crate::{
    domain::{
        alert::Transition,
        audience::{Audience, Position, Reach},
        board::Board,
        consent::Challenge,
        delivery::Settlement,
        ids::{
            AlertId, BotId, ChatId, Code, FanoutId, LetterId, MessageId, RegionId, UpdateId, UserId,
        },
        letter::{Letter, NewLetter, Watch},
        report::FanoutFigures,
        time::Utc,
    },
    ports::store::{
        Asked, Deed, Enacted, Fanout, Heir, LETTERS_MAX, Limits, Page, Result, Save, Store,
        StoreError, Subscriber,
    },
    seal::{Broken, Chain, Line, Sealed},
};

/// Connections that only read: pages of two lanes, a dialogue and a count at once.
const READERS: u32 = 4;

/// Rows on their way from the engine's thread at most: a page. A short queue wakes the two sides in
/// turn every few rows, which cost more than reading them.
const ROWS_AHEAD: usize = 1_024;

/// Longer than a backup's step, shorter than an official's patience.
const BUSY: Duration = Duration::from_secs(5);

/// Earlier versions can corrupt a WAL as it is reset. `// sqlite.org/wal.html#walresetbug`
const VERSION_MIN: (u32, u32, u32) = (3, 51, 3);

/// The lock on writing is taken first, so that nothing is refused half-way.
const BEGIN: &str = "BEGIN IMMEDIATE";

/// Lines of the journal checked at once.
const JOURNAL_PAGE: i64 = 1_000;

/// How a database is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long a statement waits for another program, such as a backup, to let go of the file.
    pub busy: Duration,
    /// Most pages of 4096 bytes the file may grow to, never less than it has; the engine's own
    /// limit without.
    pub pages_max: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self { busy: BUSY, pages_max: None }
    }
}

/// A database file, open. Clones are one store.
#[derive(Clone, Debug)]
pub struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
    /// Held for as long as any clone lives.
    _owner: Arc<File>,
}

impl Sqlite {
    /// Opens a database, makes it if it is not there (readable by its owner alone), and brings it up
    /// to date.
    ///
    /// # Errors
    ///
    /// [`StoreError::Locked`] if another process has it open; [`StoreError::Corrupt`] if it is not
    /// ours, damaged, or written by a later version.
    pub async fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, Options::default()).await
    }

    /// Opens a database, otherwise than as [`Sqlite::open`] does.
    ///
    /// # Errors
    ///
    /// As those of [`Sqlite::open`].
    pub async fn open_with(path: &Path, how: Options) -> Result<Self> {
        let owner = own(path)?;
        private(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .busy_timeout(how.busy)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(false)
            .row_buffer_size(ROWS_AHEAD)
            .disable_statement_logging();
        let pool = |max: u32| {
            SqlitePoolOptions::new().max_connections(max).idle_timeout(None).max_lifetime(None)
        };
        let grows = how.pages_max.into_iter();
        let writing = grows.fold(options.clone(), |options, pages| {
            options.pragma("max_page_count", pages.to_string())
        });
        let writer = pool(1).connect_with(writing).await?;
        let mut connection = writer.acquire().await?;
        recent(&mut connection).await?;
        migrate(&mut connection).await?;
        drop(connection);
        let readers = pool(READERS).connect_lazy_with(options.read_only(true));
        Ok(Self { writer, readers, _owner: Arc::new(owner) })
    }

    /// Closes the file; whatever is under way is finished first.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// How each message about an alert ended, as far as the delivery log knows: chat, broadcast
    /// (0 for a letter), settlement. For whoever judges the daemon from outside.
    ///
    /// # Errors
    ///
    /// If the database can't be read.
    pub async fn outcomes(
        &self,
        bot: BotId,
        alert: AlertId,
    ) -> Result<Vec<(ChatId, FanoutId, Settlement)>> {
        let found: Vec<(i64, i64, String)> = sqlx::query_as(sql::OUTCOMES)
            .bind(bot.0)
            .bind(alert.0)
            .fetch_all(&self.readers)
            .await?;
        let settlement = |word: &str| {
            let known = Settlement::ALL.into_iter().find(|one| one.name() == word);
            known.ok_or_else(|| StoreError::Corrupt(format!("the settlement `{word}`")))
        };
        let outcome = |(chat, fanout, word): (i64, i64, String)| {
            Ok((ChatId(chat), FanoutId(fanout), settlement(&word)?))
        };
        found.into_iter().map(outcome).collect()
    }

    /// Checks the journal's chain; says how many lines it has.
    ///
    /// # Errors
    ///
    /// If the journal can't be read.
    pub async fn verify_journal(&self) -> Result<std::result::Result<i64, Broken>> {
        let mut chain = Chain::default();
        let mut after = i64::MIN;
        loop {
            let lines: Vec<JournalRow> = sqlx::query_as(sql::JOURNAL)
                .bind(after)
                .bind(JOURNAL_PAGE)
                .fetch_all(&self.readers)
                .await?;
            let Some(last) = lines.last() else { return Ok(Ok(chain.len())) };
            after = last.0;
            for row in lines {
                if let Err(broken) = chain.check(&sealed(row)?) {
                    return Ok(Err(broken));
                }
            }
        }
    }

    /// How the engine would go about the queries behind `page`, `count` and `reach`, step by step.
    ///
    /// # Errors
    ///
    /// If it can't be asked.
    pub async fn plans(&self) -> Result<Vec<String>> {
        let mut steps = Vec::new();
        for text in sql::WALKS.into_iter().flatten() {
            let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}"));
            let plan: Vec<(i64, i64, i64, String)> =
                sqlx::query_as(explain).fetch_all(&self.readers).await?;
            steps.extend(plan.into_iter().map(|(.., step)| step));
        }
        Ok(steps)
    }

    async fn writing(&self) -> Result<Transaction<'static, Engine>> {
        match self.writer.begin_with(BEGIN).await {
            // On a full disk SQLite takes a transaction back by itself, which sqlx takes for one
            // that is still open: that connection would refuse for ever. `// sqlite.org/lang_transaction.html`
            Err(sqlx::Error::InvalidSavePointStatement) => {
                self.writer.acquire().await?.close().await?;
                Ok(self.writer.begin_with(BEGIN).await?)
            }
            begun => Ok(begun?),
        }
    }

    /// One look at the database for several questions.
    async fn reading(&self) -> Result<Transaction<'static, Engine>> {
        Ok(self.readers.begin().await?)
    }
}

/// The lock that makes this process the only one.
fn own(path: &Path) -> Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock = mine().truncate(false).create(true).open(PathBuf::from(name)).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked),
        Err(TryLockError::Error(fault)) => Err(failed(fault)),
    }
}

/// Makes the file before the engine would, which would leave it readable to everyone. Its companions
/// take after it.
fn private(path: &Path) -> Result<()> {
    match mine().create_new(true).open(path) {
        Ok(_) => Ok(()),
        Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(fault) => Err(failed(fault)),
    }
}

fn mine() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn failed(fault: io::Error) -> StoreError {
    let full = matches!(
        fault.kind(),
        io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::ReadOnlyFilesystem
    );
    if full { StoreError::Full } else { StoreError::Failed(Box::new(fault)) }
}

async fn recent(connection: &mut SqliteConnection) -> Result<()> {
    let (version,): (String,) =
        sqlx::query_as("SELECT sqlite_version()").fetch_one(connection).await?;
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    if (part(), part(), part()) < VERSION_MIN {
        return Err(StoreError::Failed(format!("SQLite {version} is too old").into()));
    }
    Ok(())
}

async fn migrate(connection: &mut SqliteConnection) -> Result<()> {
    let migration = |version, name, text: &'static str| {
        let text = text.into_sql_str();
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, text, false)
    };
    let all = vec![
        migration(1, "first", include_str!("sqlite/migrations/0001_first.sql")),
        migration(2, "tiers", include_str!("sqlite/migrations/0002_tiers.sql")),
        migration(3, "curves", include_str!("sqlite/migrations/0003_curves.sql")),
        migration(4, "readers", include_str!("sqlite/migrations/0004_readers.sql")),
    ];
    Migrator::with_migrations(all).run(connection).await.map_err(unmigrated)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "sqlx may add faults, which are failures too")]
fn unmigrated(fault: MigrateError) -> StoreError {
    match fault {
        MigrateError::Execute(fault) | MigrateError::ExecuteMigration(fault, _) => fault.into(),
        MigrateError::VersionMissing(version) => {
            StoreError::Corrupt(format!("it was written by a later version, with schema {version}"))
        }
        MigrateError::VersionMismatch(version) => {
            StoreError::Corrupt(format!("its schema {version} is not ours"))
        }
        other => StoreError::Failed(Box::new(other)),
    }
}

impl From<sqlx::Error> for StoreError {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "sqlx may add faults, which are failures too"
    )]
    fn from(fault: sqlx::Error) -> Self {
        let code = fault.as_database_error().and_then(|fault| fault.code()?.parse::<u32>().ok());
        // The low byte is the primary code. `// sqlite.org/rescode.html`
        match code.map(|code| (code & 0xff, code)) {
            Some((5 | 6, _)) => Self::Locked,
            // FULL, READONLY, and the input-output errors of writing, syncing and truncating.
            Some((8 | 13, _) | (10, 778 | 1034 | 1290 | 1546 | 4874)) => Self::Full,
            Some((11 | 26, _)) => Self::Corrupt("the file is damaged, or not a database".into()),
            _ => match fault {
                sqlx::Error::ColumnDecode { index, .. } => Self::Corrupt(format!("column {index}")),
                other => Self::Failed(Box::new(other)),
            },
        }
    }
}

type JournalRow = (i64, i64, Option<i64>, String, String, Vec<u8>, Vec<u8>);

fn sealed((n, at, who, what, particulars, prev, seal): JournalRow) -> Result<Sealed> {
    let bytes = |bytes: Vec<u8>| {
        bytes.try_into().map_err(|_| StoreError::Corrupt("a seal of the journal".to_owned()))
    };
    let line = Line {
        n,
        at: rows::time(at)?,
        who: who.map(UserId),
        what,
        particulars: rows::take_particulars(&particulars)?,
    };
    Ok(Sealed { line, prev: bytes(prev)?, seal: bytes(seal)? })
}

impl Store for Sqlite {
    async fn enact(&self, deed: &Deed) -> Result<Enacted> {
        let mut tx = self.writing().await?;
        let enacted = deeds::enact(&mut tx, deed).await?;
        match enacted {
            Enacted::Done(_) => tx.commit().await?,
            Enacted::Already | Enacted::Conflict => tx.rollback().await?,
        }
        Ok(enacted)
    }

    async fn last_update(&self, bot: BotId) -> Result<Option<UpdateId>> {
        let (last,): (Option<i64>,) =
            sqlx::query_as(sql::UPDATE_LAST).bind(bot.0).fetch_one(&self.readers).await?;
        Ok(last.map(UpdateId))
    }

    async fn board(&self) -> Result<Board> {
        let mut tx = self.reading().await?;
        let active: Vec<(String,)> = sqlx::query_as(sql::ACTIVE).fetch_all(&mut *tx).await?;
        let settled: Vec<(String, String, i64)> =
            sqlx::query_as(sql::POSTURES).fetch_all(&mut *tx).await?;
        let alerts: Vec<_> =
            active.iter().map(|(body,)| Ok(rows::take_turn(body)?.alert)).collect::<Result<_>>()?;
        let settled: Vec<_> = settled
            .iter()
            .map(|(place, state, at)| Ok((RegionId::new(place), rows::settled(state, *at)?)))
            .collect::<Result<_>>()?;
        Ok(Board::new(alerts, settled))
    }

    async fn next_alert(&self) -> Result<AlertId> {
        let (next,): (i64,) = sqlx::query_as(sql::ALERT_NEXT).fetch_one(&self.readers).await?;
        Ok(AlertId(next))
    }

    async fn last_turn(&self, alert: AlertId) -> Result<Option<Transition>> {
        let turn: Option<(String,)> =
            sqlx::query_as(sql::TURN_LAST).bind(alert.0).fetch_optional(&self.readers).await?;
        turn.map(|(body,)| rows::take_turn(&body)).transpose()
    }

    async fn subscriber(&self, bot: BotId, chat: ChatId) -> Result<Option<Subscriber>> {
        let mut tx = self.reading().await?;
        let Some(found) = chats::find(&mut tx, bot, chat).await?.filter(|one| one.gone.is_none())
        else {
            return Ok(None);
        };
        let mut places = chats::places(&mut tx, sql::PLACES, bot, chat).await?;
        let all = places.len();
        places.retain(|place| place.as_str() != super::EXERCISES);
        Ok(Some(Subscriber { lang: found.lang, exercises: places.len() < all, places }))
    }

    async fn crowded(&self, bot: BotId, most: u64) -> Result<bool> {
        let mut tx = self.reading().await?;
        let most = i64::try_from(most).unwrap_or(i64::MAX - 1);
        let (chats,): (i64,) = sqlx::query_as(sql::PRIVATE_CHATS)
            .bind(bot.0)
            .bind(most.saturating_add(1))
            .fetch_one(&mut *tx)
            .await?;
        Ok(chats > most)
    }

    async fn asked(&self, code: &Code) -> Result<Option<Asked>> {
        let row: Option<deeds::ChallengeRow> = sqlx::query_as(sql::CHALLENGE)
            .bind(code.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.map(deeds::asked).transpose()
    }

    async fn asked_by(&self, issuer: UserId) -> Result<Vec<Challenge>> {
        let open: Vec<(String,)> =
            sqlx::query_as(sql::CHALLENGES_OF).bind(issuer.0).fetch_all(&self.readers).await?;
        open.iter().map(|(body,)| rows::take_challenge(body)).collect()
    }

    async fn reach(&self, bot: BotId, audience: &Audience) -> Result<Reach> {
        let mut tx = self.reading().await?;
        walk::reach(&mut tx, bot, audience).await
    }

    async fn told(
        &self,
        bot: BotId,
        chats: &[(ChatId, RegionId)],
        alerts: &[AlertId],
        since: Option<Utc>,
    ) -> Result<BTreeMap<ChatId, bool>> {
        let mut tx = self.reading().await?;
        walk::told(&mut tx, bot, chats, alerts, since).await
    }

    async fn open_fanouts(&self, bot: BotId) -> Result<Vec<Fanout>> {
        let rows: Vec<walk::FanoutRow> =
            sqlx::query_as(sql::FANOUTS_OPEN).bind(bot.0).fetch_all(&self.readers).await?;
        rows.into_iter().map(walk::parse).collect()
    }

    async fn fanout(&self, fanout: FanoutId) -> Result<Option<Fanout>> {
        let mut tx = self.reading().await?;
        walk::fanout(&mut tx, fanout).await
    }

    async fn figures(&self, alert: AlertId) -> Result<Vec<FanoutFigures>> {
        let mut tx = self.reading().await?;
        figures::figures(&mut tx, alert).await
    }

    async fn siblings(&self, fanout: FanoutId) -> Result<Vec<Fanout>> {
        let rows: Vec<walk::FanoutRow> =
            sqlx::query_as(sql::FANOUTS_BESIDE).bind(fanout.0).fetch_all(&self.readers).await?;
        rows.into_iter().map(walk::parse).collect()
    }

    async fn page(&self, fanout: FanoutId, after: Position, limit: usize) -> Result<Page> {
        let mut tx = self.reading().await?;
        walk::page(&mut tx, fanout, after, limit).await
    }

    async fn count(&self, fanout: FanoutId, after: Position) -> Result<u64> {
        let mut tx = self.reading().await?;
        walk::count(&mut tx, fanout, after).await
    }

    async fn sized(&self, fanout: FanoutId, size: u64) -> Result<()> {
        let mut tx = self.writing().await?;
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        sqlx::query(sql::SIZED).bind(fanout.0).bind(size).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    async fn close_readers(&self, fanout: FanoutId) -> Result<()> {
        let mut tx = self.writing().await?;
        sqlx::query(sql::CLOSE_READERS).bind(fanout.0).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    async fn save(&self, bot: BotId, save: &Save, _at: Utc) -> Result<()> {
        let mut tx = self.writing().await?;
        progress::save(&mut tx, bot, save).await?;
        Ok(tx.commit().await?)
    }

    async fn follow(&self, fanout: FanoutId, from: ChatId, to: ChatId) -> Result<Heir> {
        let mut tx = self.writing().await?;
        let heir = progress::follow(&mut tx, fanout, from, to).await?;
        tx.commit().await?;
        Ok(heir)
    }

    async fn letters(&self, bot: BotId, after: LetterId) -> Result<Vec<Letter>> {
        type Row = (i64, i64, String, String, String, Option<i64>);
        let most = i64::try_from(LETTERS_MAX).unwrap_or(i64::MAX);
        let found: Vec<Row> = sqlx::query_as(sql::LETTERS)
            .bind(bot.0)
            .bind(after.0)
            .bind(most)
            .fetch_all(&self.readers)
            .await?;
        let letter = |(id, chat, lang, class, content, not_after): Row| {
            let new = NewLetter {
                bot,
                chat: ChatId(chat),
                lang: rows::lang(&lang)?,
                class: rows::class(&class)?,
                content: rows::take_content(&content)?,
                not_after: not_after.map(rows::time).transpose()?,
            };
            Ok(Letter { id: LetterId(id), new })
        };
        found.into_iter().map(letter).collect()
    }

    async fn watches(&self, bot: BotId) -> Result<Vec<Watch>> {
        let found: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sql::WATCHES).bind(bot.0).fetch_all(&self.readers).await?;
        let watch = |(fanout, chat, message, lang): (i64, i64, i64, String)| {
            Ok(Watch {
                fanout: FanoutId(fanout),
                chat: ChatId(chat),
                message: MessageId(message),
                lang: rows::lang(&lang)?,
            })
        };
        found.into_iter().map(watch).collect()
    }

    async fn limits(&self, bot: BotId) -> Result<Limits> {
        let found: Option<(String,)> =
            sqlx::query_as(sql::LIMITS).bind(bot.0).fetch_optional(&self.readers).await?;
        found.map_or_else(|| Ok(Limits::default()), |(body,)| rows::take_limits(&body))
    }

    async fn tidy(&self, now: Utc) -> Result<bool> {
        let mut tx = self.writing().await?;
        let more = tidy::tidy(&mut tx, now).await?;
        tx.commit().await?;
        Ok(more)
    }
}
