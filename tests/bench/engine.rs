//! The parts by themselves, in process: pages of an audience, the engine, the delivery log.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use nabat::{
    domain::{
        audience::{Position, Tier},
        delivery::{Fate, Outcome, Settlement, Tally},
        ids::{AlertId, ChatId, MessageId, RegionId},
        lang::Lang,
        time::{Moment, Mono},
    },
    fanout::{
        dispatch::{Action, Dispatch, What},
        purse::Budget,
    },
    ports::store::{Cause, Deed, Effect, Enacted, LaneSave, Limits, LogRow, Progress, Save, Store},
    store::{memory::Ledger, sqlite::Sqlite},
};

use super::{
    alerts::{bot, raise, raising, variant, wait},
    contenders::FIRST,
    table::Table,
    towns::{Database, PLACES},
};

/// Sizes of an audience.
const SIZES: [u64; 4] = [1_000, 100_000, 1_000_000, 10_000_000];
/// Chats of a page at the paid rate.
const PAGE: usize = 1_000;
/// Pages read at each point of a walk.
const PAGES: i64 = 200;
/// Chats of the engine's race, and of the log's.
const RACE: i64 = 200_000;
/// Messages a second that the engine is allowed: as good as no limit.
const UNLIMITED: u32 = 1_000_000;

fn epoch() -> Moment {
    let utc = chrono::DateTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    Moment { mono: Mono(0), utc }
}

/// `plan`: what it costs to take a broadcast up, and to read a page of it.
pub(crate) fn plan(table: &mut Table) -> Result<()> {
    for chats in SIZES {
        let database = Database::with("plan", 1, chats)?;
        wait(async {
            let store = Sqlite::open(&database.path()).await?;
            let begun = Instant::now();
            let fanout = raise(&store, epoch().utc).await?;
            let raised = begun.elapsed();
            let open = store.open_fanouts(bot()).await?;
            let limits = Limits::default();
            let mut dispatch =
                Dispatch::new(1_000, Budget::default(), &limits, Vec::new(), epoch());
            let begun = Instant::now();
            dispatch.on_open(&open, epoch());
            let taken = begun.elapsed();
            let begun = Instant::now();
            store.count(fanout, Position::START).await?;
            let counted = begun.elapsed();
            let what = format!("raise, take up, count; {chats} chats");
            let measured = format!(
                "{:.1} ms, {:.1} µs, {:.0} ms",
                raised.as_secs_f64() * 1e3,
                taken.as_secs_f64() * 1e6,
                counted.as_secs_f64() * 1e3
            );
            table.row("plan", &what, &measured, "");
            let first = u32::try_from(Tier::Recent.index() * PLACES.len())? + 1;
            let end = chats.cast_signed() - i64::try_from(PAGE * PLACES.len())?;
            for (name, stratum, key) in [
                ("beginning", first, 0),
                ("middle", first + 1, chats.cast_signed() / 2),
                ("end", first + 3, end.max(0)),
            ] {
                let mut times = Vec::new();
                for n in 0..PAGES {
                    let key = (key + n * 16).min(end.max(0));
                    let begun = Instant::now();
                    store.page(fanout, Position { stratum, key }, PAGE).await?;
                    times.push(begun.elapsed().as_secs_f64() * 1e3);
                }
                times.sort_by(f64::total_cmp);
                let (half, most) = (times[times.len() / 2], times[times.len() * 99 / 100]);
                let what = format!("page of {PAGE}, {name}, {chats} chats; p50, p99");
                table.row("plan", &what, &format!("{half:.1}, {most:.1} ms"), "");
            }
            store.close().await;
            Ok(())
        })?;
    }
    Ok(())
}

/// `lane`: the engine and the plain ledger, nothing waits for anything.
pub(crate) fn lane(table: &mut Table) -> Result<()> {
    let mut ledger = Ledger::new();
    for n in 0..RACE {
        let chat = ChatId(FIRST + n);
        let place = RegionId::new(PLACES[n as usize % PLACES.len()]);
        let effects =
            vec![Effect::Met(bot(), chat, Lang::Ru), Effect::Subscribed(bot(), chat, place)];
        ledger.enact(&Deed { effects, ..Deed::new(Cause::Clock, epoch().utc) });
    }
    let mut now = epoch();
    let limits = Limits::default();
    let mut dispatch = Dispatch::new(UNLIMITED, Budget::default(), &limits, Vec::new(), now);
    now.mono = now.mono + Duration::from_secs(2);
    let Enacted::Done(opened) = ledger.enact(&raising(AlertId(1), now.utc)?) else {
        return Err(anyhow!("the alert was not raised"));
    };
    dispatch.on_open(&ledger.open_fanouts(bot()), now);
    let (mut sent, mut kept) = (0_u64, Duration::ZERO);
    let begun = Instant::now();
    loop {
        let action = dispatch.next(now);
        if let Action::Send(parcel) = action {
            sent += 1;
            let What::Bulletin { fanout, .. } = parcel.what else {
                return Err(anyhow!("only the alert is to be sent"));
            };
            debug_assert_eq!(fanout, opened[0]);
            dispatch.on_sending(parcel.ticket, &[AlertId(1)]);
            // A microsecond a message: time goes by, and saves with it.
            now.mono = now.mono + Duration::from_micros(1);
            dispatch.on_outcome(parcel.ticket, Outcome::Delivered(MessageId(7)), now);
            continue;
        }
        let asked = Instant::now();
        match action {
            Action::Fetch { fanout, after, limit } => {
                let page = ledger.page(fanout, after, limit);
                kept += asked.elapsed();
                dispatch.on_page(fanout, Some(page), now);
            }
            Action::Count { fanout, after } => {
                let n = ledger.count(fanout, after);
                kept += asked.elapsed();
                dispatch.on_count(fanout, Some(n));
            }
            Action::Save(save) => {
                ledger.save(bot(), &save, now.utc);
                kept += asked.elapsed();
                dispatch.on_saved(true, now);
            }
            Action::Sized { fanout, size } => ledger.sized(fanout, size),
            Action::Closed(report) => {
                if report.tally.sum() != RACE.cast_unsigned() {
                    return Err(anyhow!("not everybody was settled: {report:?}"));
                }
                break;
            }
            Action::Wait(Some(until)) => now.mono = until,
            other => return Err(anyhow!("in a calm broadcast: {other:?}")),
        }
    }
    let whole = begun.elapsed();
    let rate = |time: Duration| sent as f64 / time.as_secs_f64();
    table.row("lane", "messages/s, engine and ledger", &format!("{:.0}", rate(whole)), "");
    let alone = whole.saturating_sub(kept);
    table.row("lane", "messages/s, the engine alone", &format!("{:.0}", rate(alone)), "");
    Ok(())
}

/// `writes`: the delivery log on a disk, one save after another.
pub(crate) fn writes(table: &mut Table) -> Result<()> {
    let database = Database::with("writes", 1, RACE.cast_unsigned())?;
    wait(async {
        let store = Sqlite::open(&database.path()).await?;
        let fanout = raise(&store, epoch().utc).await?;
        let before = database.bytes()?;
        let (mut next, mut tally) = (0_i64, Tally::ZERO);
        for (batch, saves) in [(3, 300), (100, 300), (800, 150)] {
            let begun = Instant::now();
            let mut slowest: f64 = 0.0;
            for _ in 0..saves {
                let log: Vec<LogRow> = (next..next + batch).map(row).collect();
                next += batch;
                tally.add(Settlement::Delivered, batch.cast_unsigned());
                let stratum = u32::try_from(Tier::Recent.index() * PLACES.len())? + 1;
                let at = |key| Position { stratum, key };
                let progress =
                    Progress { cursor: at(next), mark: at(next + batch), tally, ..Progress::START };
                let lanes = vec![LaneSave { fanout, progress, log, closed_at: None }];
                let one = Instant::now();
                let save = Save { lanes, ..Save::default() };
                store.save(bot(), &save, epoch().utc).await?;
                slowest = slowest.max(one.elapsed().as_secs_f64() * 1e3);
            }
            let took = begun.elapsed().as_secs_f64();
            let (each, rows) = (f64::from(saves) / took, f64::from(saves) * batch as f64 / took);
            let what = format!("saves/s, rows/s, slowest; {batch} rows a save");
            let measured = format!("{each:.0}, {rows:.0}, {slowest:.1} ms");
            table.row("writes", &what, &measured, "10 saves/s");
        }
        store.close().await;
        let grown = database.bytes()? - before;
        let each = grown as f64 / next as f64;
        table.row("writes", "disk for each delivery", &format!("{each:.0} B"), "");
        Ok(())
    })
}

fn row(n: i64) -> LogRow {
    LogRow {
        chat: ChatId(FIRST + n),
        place: variant().place,
        settlement: Settlement::Delivered,
        message: Some(MessageId(1_000_000 + n)),
        at: epoch().utc,
        fate: Fate::Stays,
        tells: vec![AlertId(1)],
        repeated: false,
    }
}
