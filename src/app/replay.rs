//! `nabat replay`: past alerts through the engine, on virtual time, and a verdict.
//!
//! Role: reads a file of real history (`history`), makes its places a forest (`grove`), lets people
//! and channels move in and officials raise and end each alert at its hour (`town`), lets the real
//! engine send what it decides to send (`drive`) to phones that are only counted (`courier`), and
//! has `judge` say from what the phones were told, and from the file, whether it was the truth.
//!
//! # What is assumed
//!
//! - *A region is an oblast.* `--subscribers` and `--channels` are per oblast; its people live half in
//!   the oblast as such, half in the raions and hromadas that the file names. Were each of those given
//!   as many, the file's choice of which to name would decide who lives where: of the 231 places of
//!   2022 and 2023 one oblast has 51.
//! - *One bot*, unless `--bots` says more: its rate is the scarce thing, and everything the daemon is
//!   to do about that (channels first, the stale dropped, ends only to those who were told) shows only
//!   where it is scarce. With more bots, chats are dealt out in turn.
//! - *`--from` and `--to`* pick alerts by the day they start on, by UTC; those picked run to their end.
//! - Every alert is of one kind and level, and a row is an alert of its own, also where it overlaps
//!   another of the same place.
//!
//! Invariants: the judge shares no code with the engine; one seed, one course of events; the exit code
//! is a failure if anything was not as it should be.
//!
//! Deliberately absent: weather, crashes, a slow store (the storm suite has them), and people who come
//! and go.

mod courier;
mod drive;
mod grove;
mod history;
mod judge;
mod lag;
mod report;
mod town;

use std::{
    fs::File,
    io::{IsTerminal, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use chrono::NaiveDate;

use self::{drive::Drive, history::History, judge::Judge, report::Report, town::Town};
use super::clock::System;
use crate::{domain::time::Mono, ports::clock::Clock};

/// The longest file, in bytes: all of Ukraine's alerts of two years are 3.4 MB.
const FILE_MAX: u64 = 256 << 20;
/// The most chats: their phones are kept in memory, at about a kilobyte each with what the store knows.
const CHATS_MAX: u64 = 10_000_000;
/// How often it says how far it is, and how many steps it makes before it looks at the clock.
const SAY_EVERY: Duration = Duration::from_secs(5);
const STEPS: u32 = 10_000;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The history: oblast, raion, hromada, level, `started_at`, `finished_at`, separated by commas.
    file: PathBuf,
    /// Only alerts that start on this day or later, such as 2022-08-22.
    #[arg(long)]
    from: Option<NaiveDate>,
    /// Only alerts that start on this day or before.
    #[arg(long)]
    to: Option<NaiveDate>,
    /// How many people of each region are subscribed.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    subscribers: u32,
    /// Messages a second that each bot may send.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rate: u32,
    /// How many bots share the chats.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    bots: u32,
    /// A channel for each region.
    #[arg(long)]
    channels: bool,
    /// Everything by chance comes from this number.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON object on standard output, and everything else on standard error.
    #[arg(long)]
    json: bool,
}

/// Replays, and tells how it went. The exit code is a failure if it did not go as it should.
///
/// # Errors
///
/// If there is nothing to replay, or the engine does what it never should.
pub fn run(args: &Args) -> Result<ExitCode> {
    let clock = System::start();
    let began = clock.now().mono;
    let history = read(args)?;
    let mut drive = stage(args, &history)?;
    let mut said_at = began;
    while (0..STEPS).try_fold(true, |go, _| if go { drive.step() } else { Ok(false) })? {
        said_at = say(&drive, said_at, clock.now().mono);
    }
    let wall = clock.now().mono.since(began);
    let report =
        Report { args, history: &history, account: drive.account(), judge: drive.judge(), wall };
    // Whoever reads may have closed the pipe; the exit code still tells.
    let _ = if args.json {
        let _ = report.tell(&mut std::io::stderr().lock());
        writeln!(std::io::stdout().lock(), "{}", report.json())
    } else {
        report.tell(&mut std::io::stdout().lock())
    };
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Everybody moves in, and the first alert is to be raised.
fn stage(args: &Args, history: &History) -> Result<Drive> {
    let grove = grove::plant(&history.places)
        .map_err(|faults| anyhow!("the places make no forest: {}", faults[0]))?;
    let chats = grove.trees.len() as u64 * (u64::from(args.subscribers) + u64::from(args.channels));
    if chats == 0 {
        bail!("nobody would be told: set --subscribers above 0, or --channels");
    }
    if chats > CHATS_MAX {
        bail!("{chats} chats are more than fit: at most {CHATS_MAX}, so set --subscribers lower");
    }
    let mut judge = Judge::new(&history.places, &history.rows);
    let first = history.rows.iter().map(|row| row.started).min();
    let town = Town::settle(grove, args, &mut judge, first.unwrap_or_default())?;
    Drive::new(history, town, judge, args)
}

fn read(args: &Args) -> Result<History> {
    let name = args.file.display();
    let bytes = bytes(&args.file).with_context(|| format!("can't read {name}"))?;
    let mut history = history::read(&bytes).with_context(|| format!("{name} can't be replayed"))?;
    if let (Some(from), Some(to)) = (args.from, args.to)
        && to < from
    {
        bail!("--to {to} is before --from {from}");
    }
    history.within(args.from, args.to);
    if history.rows.is_empty() {
        bail!("no alert of {name} starts in that time");
    }
    Ok(history)
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(path)?.take(FILE_MAX + 1).read_to_end(&mut bytes)?;
    if read as u64 > FILE_MAX {
        bail!("it is longer than {} MiB", FILE_MAX >> 20);
    }
    Ok(bytes)
}

/// A line now and then for whoever waits; when the last was said.
fn say(drive: &Drive, said_at: Mono, now: Mono) -> Mono {
    if now.since(said_at) < SAY_EVERY || !std::io::stderr().is_terminal() {
        return said_at;
    }
    let (date, done, of) = drive.progress();
    let (private, channels) = drive.judge().served();
    let messages = private.messages + channels.messages;
    let date = date.format("%Y-%m-%d %H:%M");
    let _ = writeln!(std::io::stderr(), "{date}: {done} of {of} transitions, {messages} messages");
    now
}

#[cfg(test)]
mod tests;
