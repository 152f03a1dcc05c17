//! Databases with very many subscribers, made at once.
//!
//! A resident who joins costs a transaction; ten million of them would take a day. So the rows are
//! put straight into the schema that the store itself has made: what a benchmark may do and nothing
//! else.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;
use nabat::store::sqlite::Sqlite;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::contenders::{FIRST, token};

/// Where residents live: all of it is in the region that the alerts are about.
pub(crate) const PLACES: [&str; 4] =
    ["RU-SMO", "RU-SMO-ROSLAVL", "RU-SMO-VYAZMA", "RU-SMO-VYAZMA-TOWN"];

/// A database of its own, deleted with this value.
pub(crate) struct Database {
    dir: PathBuf,
}

impl Database {
    /// With so many private chats under each of so many bots.
    pub(crate) fn with(name: &str, bots: usize, chats: u64) -> Result<Self> {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("bench-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir)?;
        let database = Self { dir };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(database.settle(bots, chats))?;
        Ok(database)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.join("nabat.db")
    }

    /// Bytes on the disk, the log ahead of it included.
    pub(crate) fn bytes(&self) -> Result<u64> {
        let mut bytes = 0;
        for entry in fs::read_dir(&self.dir)? {
            bytes += entry?.metadata()?.len();
        }
        Ok(bytes)
    }

    /// A connection past the store, for what a store is not asked.
    pub(crate) async fn connect(&self) -> Result<SqliteConnection> {
        let options = SqliteConnectOptions::new().filename(self.path()).disable_statement_logging();
        Ok(options.connect().await?)
    }

    async fn settle(&self, bots: usize, chats: u64) -> Result<()> {
        Sqlite::open(&self.path()).await?.close().await;
        let mut connection = self.connect().await?;
        // A crash in here loses a benchmark's database, which is made again.
        for setting in ["journal_mode = OFF", "synchronous = OFF", "cache_size = -400000"] {
            let pragma = sqlx::AssertSqlSafe(format!("PRAGMA {setting}"));
            sqlx::query(pragma).execute(&mut connection).await?;
        }
        sqlx::query("BEGIN").execute(&mut connection).await?;
        let places = PLACES.len() as u64;
        for n in 0..bots {
            let (bot, base) = (token(n).0, n as u64 * chats);
            sqlx::query(
                "INSERT INTO chats (bot, chat, lang, tier, seen)
                 WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $2)
                 SELECT $1, $3 + i, CASE i % 5 WHEN 0 THEN 'uk' WHEN 1 THEN 'en' ELSE 'ru' END, 4,
                     unixepoch() / 86400 FROM n",
            )
            .bind(bot)
            .bind(chats.cast_signed())
            .bind(FIRST)
            .execute(&mut connection)
            .await?;
            for (k, place) in PLACES.iter().enumerate() {
                let share = (chats + places - 1 - k as u64) / places;
                if share == 0 {
                    continue;
                }
                sqlx::query(
                    "INSERT INTO subscriptions (bot, tier, place, seq, chat)
                     WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $2)
                     SELECT $1, 4, $3, $4 + i * $6 + $7 + 1, $5 + i * $6 + $7 FROM n",
                )
                .bind(bot)
                .bind(share.cast_signed())
                .bind(*place)
                .bind(base.cast_signed())
                .bind(FIRST)
                .bind(places.cast_signed())
                .bind(i64::try_from(k)?)
                .execute(&mut connection)
                .await?;
            }
        }
        sqlx::query("UPDATE sequence SET last = $1")
            .bind((bots as u64 * chats).cast_signed())
            .execute(&mut connection)
            .await?;
        sqlx::query("COMMIT").execute(&mut connection).await?;
        sqlx::query("PRAGMA journal_mode = WAL").execute(&mut connection).await?;
        connection.close().await?;
        Ok(())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // What is left is swept by `cargo clean`.
        let _ = fs::remove_dir_all(&self.dir);
    }
}
