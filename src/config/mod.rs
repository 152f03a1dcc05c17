//! The configuration: a directory of TOML files, read whole or not at all.
//!
//! Role: [`load`] turns a directory into a [`Config`], or into everything that is wrong with it. What
//! may be written (`spec`) is a type of its own; what the program uses is another.
//!
//! Invariants: a [`Config`] is made here and nowhere else, so that its forest, catalogue and roster fit
//! one another: every mandate names regions and hazards that exist, every text exists in every
//! language, every bot has exactly one source of its token, and no two bots share one. All faults
//! of all files are told at once. Nothing in a file makes this panic, hang, or read without bound.
//!
//! Deliberately absent: the tokens themselves, see [`TokenSource`]; reloading, and plays.

mod check;
mod fault;
mod sample;
mod secret;
mod shape;
mod source;
mod spec;
mod suggest;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

pub use fault::{Fault, Gravity, Place};
pub use sample::{SAMPLE, sample};
pub use secret::{TokenFault, TokenSource};

use crate::domain::{hazard::Catalogue, ids::ChatId, lang::Lang, operator::Roster, region::Forest};

/// What the program uses.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Every region.
    pub forest: Forest,
    /// Every hazard.
    pub catalogue: Catalogue,
    /// Everyone with a mandate.
    pub roster: Roster,
    /// The bots, in the order of the file; never none.
    pub bots: Vec<Bot>,
    /// Where state is kept.
    pub storage: Storage,
    /// How the daemon behaves.
    pub policy: Policy,
    /// What is logged.
    pub log: Log,
}

/// A bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bot {
    /// In logs and reports; unique.
    pub name: String,
    /// The Bot API server, without a slash at the end.
    pub api_url: String,
    /// Where its token is kept.
    pub token: TokenSource,
    /// Messages per second that cost nothing; 1 to 1000.
    pub rate: u32,
    /// Chats that it serves comfortably; newcomers beyond are shown another bot.
    pub comfortable: u64,
    /// What it may spend on more; `None`: nothing.
    pub paid: Option<Paid>,
}

/// What a bot may spend on broadcasting faster. `// Bot API: allow_paid_broadcast`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paid {
    /// Messages per second in all; above the bot's rate, up to 1000.
    pub rate: u32,
    /// Stars for one alert at most.
    pub stars_per_alert: u64,
    /// Stars for one day at most.
    pub stars_per_day: u64,
}

/// Where state is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// `sqlite:` and a path.
    pub url: String,
}

/// How the daemon behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The language of a chat whose own is not known.
    pub language: Lang,
    /// A command that raises and is older than this is answered, not executed.
    pub command_late_after: Duration,
    /// Whom each bot proves every so often that it can speak; `None`: nobody.
    pub canary: Option<Canary>,
}

/// A letter that proves every so often that a bot can speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canary {
    /// Where it is sent; each bot must be able to write there.
    pub chat: ChatId,
    /// How often; a minute to a day.
    pub every: Duration,
}

/// What is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Levels by room, as `tracing-subscriber` reads them.
    pub filter: String,
    /// How a line is written.
    pub format: LogFormat,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For collectors.
    Json,
}

/// Reads the configuration in `dir`, with what somebody should look at.
///
/// # Errors
///
/// Everything that is wrong, in the order of files and lines, warnings among them.
pub fn load(dir: &Path) -> Result<(Config, Vec<Fault>), Vec<Fault>> {
    let (sources, faults) = source::gather(dir);
    check::check(dir, &sources, faults)
}

/// Reads a configuration out of texts; each path says what its text is for, as in a directory.
///
/// # Errors
///
/// Everything that is wrong, as for [`load`].
pub fn load_sources(texts: Vec<(PathBuf, String)>) -> Result<(Config, Vec<Fault>), Vec<Fault>> {
    let (sources, faults) = source::sort(texts);
    check::check(Path::new(""), &sources, faults)
}

#[cfg(test)]
mod tests;
