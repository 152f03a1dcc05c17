//! `virtual`: half a day of broadcasting to a million chats in a storm, on virtual time. The town is
//! that of the storms (`tests/suite/sim`).

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use nabat::domain::ids::{FanoutId, RegionId};

use super::{
    sim::{ops::Script, town::Town},
    table::Table,
};

/// Chats of the town; most of them live in its region.
const CHATS: u32 = 1_000_000;
/// The first broadcast takes nine hours and a half; then comes another.
const FIRST: Duration = Duration::from_hours(10);
const SECOND: Duration = Duration::from_hours(2);

pub(crate) fn run(table: &mut Table) -> Result<()> {
    let script = Script { seed: 9, limit: 30, chats: CHATS, calm: false, ops: Vec::new() };
    let begun = Instant::now();
    let mut town = Town::new(&script);
    let settled = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    town.raise(&RegionId::new("region"), 1, None);
    town.pass(FIRST).map_err(|fault| anyhow!(fault))?;
    town.raise(&RegionId::new("west"), 1, None);
    town.pass(SECOND).map_err(|fault| anyhow!(fault))?;
    let took = begun.elapsed().as_secs_f64();
    let tally = |n| town.ledger.fanout(FanoutId(n)).map_or(0, |one| one.progress.tally.sum());
    let settlements = tally(1) + tally(2);
    table.row("virtual", "12 hours, 1 M chats, storm: wall", &format!("{took:.1} s"), "5 s");
    let each = took * 1e6 / settlements as f64;
    let measured = format!("{settlements}, {} steps, {each:.2} µs each", town.steps);
    table.row("virtual", "settled in them", &measured, "");
    table.row("virtual", "subscribing a million, before", &format!("{settled:.1} s"), "");
    Ok(())
}
