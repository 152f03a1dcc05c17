//! The stores: what [`crate::ports::store::Store`] asks for, in memory and in `SQLite`.
//!
//! [`memory::Ledger`] is the plain reference model: what the words of the port mean, as ordinary
//! synchronous code. [`sqlite::Sqlite`] answers every question as the ledger does; one suite of
//! stories runs on both, and a differential test compares them answer by answer.
//!
//! What both keep to, beyond the words of the port:
//!
//! - Membership of an audience never changes once the ceiling (and, for readers, the readers'
//!   ceiling) is fixed, whatever chats do: those who leave, die or move are still met, with a
//!   [`crate::domain::audience::Standing`] that says so. That is what makes the seven settlements sum
//!   to the audience.
//! - Taking part in exercises is kept as a subscription to a place that can't exist (`EXERCISES`),
//!   and so freezes, goes and comes back as places do. Readers of an exercise hear its end, whatever
//!   they have chosen since.
//! - A chat that unsubscribed from one place of the audience and still lives in another under the
//!   ceiling is told by that other place.
//! - A group whose new id nobody knows is renamed. If the new id is known by itself, nothing of what
//!   open broadcasts have counted is rewritten: the old id's places go, the new id gets those it
//!   lacks, and a broadcast that meets the old id is led to the new one unless it meets that anyway.
//! - A retry is recognised by the row of the delivery log it made: a chat is not struck twice by one
//!   outcome, even if it came back in between.
//! - Sends are counted for the figures ([`crate::domain::report::Measured`]) in the transaction that
//!   logs them, each once, since a retry is recognised. So a crash loses none, a purge of the log
//!   neither, and no report has to read millions of rows.
//! - An effect on a chat that was never met, or has gone, changes nothing; only meeting it does.

pub mod memory;
mod rows;
pub mod sqlite;

use std::time::Duration;

use crate::{domain::time::Utc, ports::store::Progress};

/// The place that stands for taking part in exercises: not a slug, so no region has it.
const EXERCISES: &str = "";

/// Most rows of one kind forgotten in one call, so that no purge holds the writer over 20 ms.
const TIDY_MAX: usize = 1_000;

/// How long what became of a challenge is remembered past its expiry: as long as updates, because a
/// second press of a button is one.
const CHALLENGES_KEPT: Duration = crate::ports::store::UPDATES_KEPT;

/// How long the delivery log is kept after an alert has ended: Telegram lets a bot edit or delete a
/// message for 48 hours. `// Bot API: deleteMessage`
const LOG_KEPT: Duration = Duration::from_hours(48);

/// How long after a broadcast was opened something happened; nothing, by a clock that was set back.
fn after(opened_at: Utc, at: Utc) -> Duration {
    (at - opened_at).to_std().unwrap_or_default()
}

/// The day of a moment, counted from 1970 in UTC: as exact as activity is kept.
fn day(at: Utc) -> i64 {
    at.timestamp().div_euclid(86_400)
}

/// Progress never goes backwards: a save that comes late changes nothing.
fn follows(before: &Progress, now: &Progress) -> bool {
    now.cursor >= before.cursor && now.mark >= before.mark && now.tally.sum() >= before.tally.sum()
}
