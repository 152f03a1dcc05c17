//! The figures of an alert's broadcasts, for the daemon and for whoever reads beside it.

use std::path::Path;

use sqlx::{
    ConnectOptions as _, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

use super::{BUSY, rows, sql, walk::number};
use crate::{
    domain::{
        ids::{AlertId, BotId, FanoutId},
        report::{FanoutFigures, Measured},
    },
    ports::store::{Hold, Result, StoreError},
};

/// The migration that brought the figures.
const FIGURES_SINCE: i64 = 3;

type FiguresRow =
    (i64, i64, String, Option<i64>, String, Option<String>, i64, Option<i64>, Option<String>);

pub(super) async fn figures(
    conn: &mut SqliteConnection,
    alert: AlertId,
) -> Result<Vec<FanoutFigures>> {
    let found: Vec<FiguresRow> = sqlx::query_as(sql::FIGURES).bind(alert.0).fetch_all(conn).await?;
    found.into_iter().map(parse).collect()
}

fn parse(row: FiguresRow) -> Result<FanoutFigures> {
    let (id, bot, turn, size, progress, hold, opened_at, closed_at, measured) = row;
    let progress = rows::take_progress(&progress)?;
    let measured =
        measured.map_or_else(|| Ok(Measured::default()), |body| rows::take_measured(&body));
    Ok(FanoutFigures {
        fanout: FanoutId(id),
        bot: BotId(bot),
        transition: rows::take_turn(&turn)?,
        audience: size.map(number).transpose()?,
        tally: progress.tally,
        known: progress.known,
        cost: progress.cost,
        halted: hold.map(|name| rows::take_hold(&name)).transpose()? == Some(Hold::Halted),
        opened_at: rows::time(opened_at)?,
        closed_at: closed_at.map(rows::time).transpose()?,
        measured: measured?,
    })
}

/// A database that is only read, whether a daemon serves from it or not. It sees the last commit.
#[derive(Debug)]
pub struct Archive(SqlitePool);

impl Archive {
    /// Opens a database to read, and changes nothing in it.
    ///
    /// # Errors
    ///
    /// If it is not there, is not ours, or was last written by a version that kept no figures.
    pub async fn open(path: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .busy_timeout(BUSY)
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        let archive = Self(pool);
        let (version,): (Option<i64>,) = sqlx::query_as(sql::VERSION).fetch_one(&archive.0).await?;
        if version.is_none_or(|version| version < FIGURES_SINCE) {
            return Err(StoreError::Corrupt(
                "it was written by an earlier version, which kept no figures: start `nabat serve` on it once".to_owned(),
            ));
        }
        Ok(archive)
    }

    /// The figures of every broadcast of an alert through every bot, by number.
    ///
    /// # Errors
    ///
    /// If the database can't be read.
    pub async fn figures(&self, alert: AlertId) -> Result<Vec<FanoutFigures>> {
        figures(&mut *self.0.acquire().await?, alert).await
    }

    /// The number the next alert would get.
    ///
    /// # Errors
    ///
    /// If the database can't be read.
    pub async fn next_alert(&self) -> Result<AlertId> {
        let (next,): (i64,) = sqlx::query_as(sql::ALERT_NEXT).fetch_one(&self.0).await?;
        Ok(AlertId(next))
    }

    /// Lets go of the file.
    pub async fn close(&self) {
        self.0.close().await;
    }
}
