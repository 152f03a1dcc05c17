//! Messages over HTTP: how close to the limits, how fast without, what it costs.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use nabat::{
    domain::{delivery::Settlement, ids::AlertId},
    store::sqlite::Sqlite,
};
use serde_json::Value;

use super::{
    alerts::{bot, wait},
    contenders::token,
    rig::{Limits, Process, Server, most, sum, took},
    server::BLOCKED,
    table::Table,
    towns::Database,
};

/// How long a rate is held, in seconds.
const WINDOW: f64 = 60.0;
/// The same with eight bots.
const EIGHT_WINDOW: f64 = 20.0;
/// Messages per second of a bot, free and paid. `// Telegram: Bots FAQ; Bot API: allow_paid_broadcast`
const FREE: u32 = 30;
const PAID: u32 = 1_000;
/// As good as no limit.
const UNLIMITED: u32 = 200_000;
/// Messages of a race.
const RACE: u64 = 60_000;
/// In flight at once: what the daemon has at most, and so the others too.
const CONCURRENCY: usize = nabat::fanout::dispatch::IN_FLIGHT_MAX;
/// Nothing comes any more.
const IDLE: Duration = Duration::from_secs(8);

/// A daemon at work on a database, with a number of bots.
pub(crate) struct Daemon {
    pub(crate) process: Process,
}

impl Daemon {
    pub(crate) fn start(
        server: &Server,
        database: &Path,
        rate: u32,
        paid: u32,
        bots: usize,
    ) -> Result<Self> {
        let (rate, paid, bots) = (rate.to_string(), paid.to_string(), bots.to_string());
        let path = database.to_str().ok_or_else(|| anyhow!("a path that is no text"))?;
        let args = ["--role", "daemon", &server.url, path, &rate, &paid, &bots];
        let mut process = Process::start(&args)?;
        process.line()?;
        // Menus are announced, the pacer is silent for a second: let both pass.
        std::thread::sleep(Duration::from_millis(1_500));
        Ok(Self { process })
    }
}

/// `free`, `paid` and `faults`: one bot at its limit for a minute.
pub(crate) fn one(name: &str, table: &mut Table) -> Result<()> {
    let (limits, rate) = match name {
        "free" => (Limits { free: FREE, paid: FREE, ..Limits::default() }, FREE),
        "paid" => (Limits { free: FREE, paid: PAID, ..Limits::default() }, PAID),
        _ => (Limits { free: FREE, paid: PAID, faults: true, ..Limits::default() }, PAID),
    };
    let chats = u64::from(rate) * (WINDOW as u64 + 3);
    let database = Database::with(name, 1, chats)?;
    let mut server = Server::start()?;
    server.set(limits)?;
    let paid = if rate > FREE { rate } else { 0 };
    let daemon = Daemon::start(&server, &database.path(), FREE, paid, 1)?;
    server.raises(token(0).0)?;
    let blocked = if limits.faults { chats / BLOCKED.cast_unsigned() } else { 0 };
    let counts = server.until("chats", chats - blocked, IDLE)?;
    daemon.process.finish()?;
    let counts = if sum(&counts, "chats") < chats { server.counts(WINDOW)? } else { counts };
    let full = f64::from(rate) * WINDOW;
    let share = sum(&counts, "in_window") as f64 / full;
    table.row(
        name,
        "share of the limit, accepted",
        &percent(share),
        match name {
            "free" => "99 %",
            "paid" => "98 %",
            _ => "95 %",
        },
    );
    if limits.faults {
        let tried = sum(&counts, "tried_in_window") as f64 / full;
        table.row(name, "share of the limit, with what failed", &percent(tried), "");
        let unreached = (chats - blocked).saturating_sub(sum(&counts, "chats"));
        let owned = wait(async {
            let store = Sqlite::open(&database.path()).await?;
            let all = store.outcomes(bot(), AlertId(1)).await?;
            let uncertain = all.iter().filter(|one| one.2 == Settlement::Uncertain).count();
            store.close().await;
            Ok(uncertain as u64)
        })?;
        // A second answer that leaves the outcome unknown is final: such a chat is in the report.
        let lost = unreached.saturating_sub(owned);
        table.row(name, "lost", &lost.to_string(), "0");
        let what = "not reached, but reported as uncertain";
        table.row(name, what, &format!("{unreached} of {owned}"), "");
        let (copies, lost) = (sum(&counts, "copies"), sum(&counts, "lost_replies"));
        table.row(
            name,
            "copies",
            &format!("{copies} of {lost} lost replies"),
            "no more than those",
        );
        let faults = (sum(&counts, "broken"), sum(&counts, "blocked"));
        table.row(name, "5xx, blocked", &format!("{}, {}", faults.0, faults.1), "");
    }
    table.row(name, "self-made 429", &sum(&counts, "throttled").to_string(), "0");
    table.row(name, "most in any second", &most(&counts, "fastest").to_string(), &rate.to_string());
    Ok(())
}

/// `eight`: eight paid bots at once, and what the server can take at all.
pub(crate) fn eight(table: &mut Table) -> Result<()> {
    const BOTS: usize = 8;
    let chats = u64::from(PAID) * (EIGHT_WINDOW as u64 + 3);
    let database = Database::with("eight", BOTS, chats)?;
    let mut server = Server::start()?;
    server.set(Limits { free: FREE, paid: PAID, ..Limits::default() })?;
    let daemon = Daemon::start(&server, &database.path(), FREE, PAID, BOTS)?;
    let (cpu, beside) = (daemon.process.cpu()?, server.cpu()?);
    server.raises(token(0).0)?;
    server.until("residents", chats * BOTS as u64, IDLE)?;
    let counts = server.counts(EIGHT_WINDOW)?;
    let (cpu, beside) = (daemon.process.cpu()? - cpu, server.cpu()? - beside);
    let text = server.sample()?;
    daemon.process.finish()?;
    let offered = f64::from(PAID) * BOTS as f64;
    let rate = sum(&counts, "in_window") as f64 / EIGHT_WINDOW;
    table.row("eight", "messages/s", &format!("{rate:.0}"), "");
    table.row("eight", "share of the offer", &percent(rate / offered), "90 %");
    let throttled = sum(&counts, "throttled");
    table.row("eight", "self-made 429", &throttled.to_string(), "0");
    let ten = 1e4 / sum(&counts, "residents") as f64;
    table.row("eight", "CPU s per 10,000", &format!("{:.2}", cpu * ten), "");
    table.row("eight", "CPU s per 10,000, the server", &format!("{:.2}", beside * ten), "");
    server.set(Limits { unwatched: true, ..Limits::default() })?;
    let raw = race(&server, "raw", &text, RACE * 4, 64)?.0;
    table.row("eight", "own raw loop, messages/s", &format!("{raw:.0}"), "");
    if let Some(wrk) = wrk(&server, &text)? {
        table.row("eight", "wrk, messages/s", &format!("{wrk:.0}"), "");
        table.row("eight", "share of wrk", &percent(rate / wrk), "60 %, or the above");
    } else {
        table.row("eight", "wrk", "not installed", "");
        table.row("eight", "share of the raw loop", &percent(rate / raw), "60 %, or the above");
    }
    Ok(())
}

/// What `wrk` makes of the server with the same body; `None` if it is not installed.
fn wrk(server: &Server, text: &str) -> Result<Option<f64>> {
    let body = serde_json::json!({"chat_id": 1_000_000, "text": text}).to_string();
    let script =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("wrk-{}.lua", std::process::id()));
    let quoted = body.replace('\\', "\\\\").replace('\'', "\\'");
    std::fs::write(
        &script,
        format!(
            "wrk.method = 'POST'\nwrk.body = '{quoted}'\nwrk.headers['Content-Type'] = 'application/json'\n"
        ),
    )?;
    let ran = Command::new("wrk")
        .args(["-t1", "-c64", "-d10s", "-s"])
        .arg(&script)
        .arg(format!("{}/bot{}/sendMessage", server.url, token(0).1))
        .output();
    std::fs::remove_file(&script)?;
    let Ok(ran) = ran else { return Ok(None) };
    let said = String::from_utf8_lossy(&ran.stdout);
    let line = said.lines().find(|line| line.contains("Requests/sec:"));
    Ok(line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()))
}

/// One race; messages a second and CPU seconds for 10,000 of them.
fn race(server: &Server, role: &str, text: &str, count: u64, at_once: usize) -> Result<(f64, f64)> {
    let (n, at_once) = (count.to_string(), at_once.to_string());
    let mut process = Process::start(&["--role", role, &server.url, text, &n, &at_once])?;
    process.line()?;
    let cpu = process.cpu()?;
    process.tell("go")?;
    let took: f64 = process.line()?.parse()?;
    let cpu = process.cpu()? - cpu;
    process.finish()?;
    Ok((count as f64 / took, cpu * 1e4 / count as f64))
}

/// The whole daemon without limits; messages a second and CPU seconds for 10,000 of them.
fn unlimited(server: &mut Server) -> Result<(f64, f64)> {
    let database = Database::with("race", 1, RACE)?;
    server.set(Limits { unwatched: true, ..Limits::default() })?;
    let daemon = Daemon::start(server, &database.path(), UNLIMITED, 0, 1)?;
    let bot = token(0).0;
    let code = server.asks(bot)?;
    let cpu = daemon.process.cpu()?;
    server.say(bot, &format!("/confirm {code} СМОЛЕНСК"), true)?;
    let counts = server.until("residents", RACE, IDLE)?;
    // The last save is a part of it.
    std::thread::sleep(Duration::from_millis(300));
    let cpu = daemon.process.cpu()? - cpu;
    daemon.process.finish()?;
    let sent = sum(&counts, "residents");
    if sent < RACE {
        return Err(anyhow!("the daemon sent {sent} of {RACE}"));
    }
    Ok((sent as f64 / took(&counts), cpu * 1e4 / sent as f64))
}

/// `cpu`, and with it `throughput`: without limits, against teloxide's loop and a raw one, in turn.
pub(crate) fn race_all(rounds: usize, table: &mut Table) -> Result<()> {
    let (mut ours, mut theirs, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let mut server = Server::start()?;
        ours.push(unlimited(&mut server)?);
        let text = server.sample()?;
        theirs.push(race(&server, "teloxide", &text, RACE, CONCURRENCY)?);
        bare.push(race(&server, "raw", &text, RACE, CONCURRENCY)?);
    }
    let [ours, theirs, bare] = [ours, theirs, bare].map(|all| middle(&all));
    let line = |(rate, cpu): (f64, f64)| format!("{cpu:.2} s, {rate:.0}/s");
    table.row("cpu", "the whole daemon, per 10,000", &line(ours), "");
    table.row("cpu", "teloxide's loop", &line(theirs), "");
    table.row("cpu", "a raw loop", &line(bare), "");
    table.row("cpu", "CPU, of teloxide's", &format!("{:.2}", ours.1 / theirs.1), "0.75 or less");
    table.row(
        "cpu",
        "CPU of the raw loop, of teloxide's",
        &format!("{:.2}", bare.1 / theirs.1),
        "",
    );
    table.row(
        "throughput",
        "messages/s, of teloxide's",
        &format!("{:.2}", ours.0 / theirs.0),
        "0.75",
    );
    Ok(())
}

/// The middle one of each column.
fn middle(all: &[(f64, f64)]) -> (f64, f64) {
    let of = |pick: fn(&(f64, f64)) -> f64| {
        let mut column: Vec<f64> = all.iter().map(pick).collect();
        column.sort_by(f64::total_cmp);
        column[column.len() / 2]
    };
    (of(|one| one.0), of(|one| one.1))
}

pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// The server by itself: what it can take from a raw loop, and what it spends on it.
pub(crate) fn server(table: &mut Table) -> Result<()> {
    let mut server = Server::start()?;
    server.set(Limits { unwatched: true, ..Limits::default() })?;
    let (cpu, count) = (server.cpu()?, RACE * 4);
    let begun = Instant::now();
    let (rate, _) = race(&server, "raw", "Тревога", count, 64)?;
    let spent = server.cpu()? - cpu;
    let busy = spent / begun.elapsed().as_secs_f64();
    table.row("server", "messages/s of a raw loop", &format!("{rate:.0}"), "");
    table.row("server", "CPU s per 10,000", &format!("{:.2}", spent * 1e4 / count as f64), "");
    table.row("server", "of a core busy", &percent(busy), "");
    let counts: Value = server.counts(WINDOW)?;
    table.row(
        "server",
        "counted, all of them",
        &sum(&counts, "residents").to_string(),
        &count.to_string(),
    );
    Ok(())
}
