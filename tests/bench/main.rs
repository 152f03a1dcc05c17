//! The benchmarks: how close to the limits, how fast, at what cost. `tests/bench/README.md` has the
//! table as measured, and says how to repeat it.
//!
//! `cargo bench --bench bench [-- SECTION… [--rounds N] [--json]]`; all sections without a name.
//!
//! Everything in it is measured from outside where it can be: the whole daemon in a process of its
//! own, against a server in another one, and the kernel asked about both. So figures include what a
//! daemon does besides sending, its durable log first of all.

#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock, and waits: that is what it is for"
)]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else the engine asks for is a fault of the benchmark, and named"
)]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures of a benchmark: none is near 2^52, and none is negative"
)]

mod alerts;
mod contenders;
mod engine;
mod rig;
mod scale;
mod sending;
mod server;
mod table;
mod towns;
mod virtual_time;

#[path = "../suite/sim"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "the town of the storms, of which a benchmark uses a part: see its own `mod.rs`"
)]
mod sim {
    mod fixtures;
    mod jobs;
    pub(crate) mod ops;
    mod record;
    pub(crate) mod town;
}

use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow};

use table::Table;

/// Every section, in the order they run.
const SECTIONS: [&str; 13] = [
    "server",
    "plan",
    "lane",
    "writes",
    "virtual",
    "cpu",
    "eight",
    "start",
    "memory",
    "faults",
    "paid",
    "free",
    "throughput",
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let ran = match args.split_first() {
        Some((first, rest)) if first == "--role" => role(rest),
        _ => bench(&args),
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("bench: {fault:#}");
            ExitCode::FAILURE
        }
    }
}

/// What this binary is when it has started itself.
fn role(args: &[String]) -> Result<()> {
    let arg = |n: usize| args.get(n).map(String::as_str).ok_or_else(|| anyhow!("argument {n}"));
    match arg(0)? {
        "server" => Ok(server::run()?),
        "daemon" => {
            let (rate, paid) = (arg(3)?.parse()?, arg(4)?.parse()?);
            contenders::daemon(arg(1)?, arg(2)?, rate, paid, arg(5)?.parse()?)
        }
        "teloxide" => {
            contenders::teloxide(arg(1)?, arg(2)?.to_owned(), arg(3)?.parse()?, arg(4)?.parse()?)
        }
        "raw" => contenders::raw(arg(1)?, arg(2)?, arg(3)?.parse()?, arg(4)?.parse()?),
        other => Err(anyhow!("no such role: {other}")),
    }
}

fn bench(args: &[String]) -> Result<()> {
    let mut wanted: Vec<&str> = Vec::new();
    let (mut json, mut rounds) = (false, 3);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            // Cargo says so of its own accord.
            "--bench" => {}
            "--json" => json = true,
            "--rounds" => rounds = args.next().context("--rounds N")?.parse()?,
            name if SECTIONS.contains(&name) => wanted.push(name),
            other => return Err(anyhow!("no section `{other}`; there are {SECTIONS:?}")),
        }
    }
    if wanted.is_empty() {
        wanted.extend(SECTIONS.iter().filter(|name| **name != "throughput"));
    }
    let mut table = Table::new(json);
    for name in wanted {
        let ran = match name {
            "server" => sending::server(&mut table),
            "eight" => sending::eight(&mut table),
            "cpu" | "throughput" => sending::race_all(rounds, &mut table),
            "start" => scale::start(&mut table),
            "memory" => scale::memory(&mut table),
            "plan" => engine::plan(&mut table),
            "lane" => engine::lane(&mut table),
            "writes" => engine::writes(&mut table),
            "virtual" => virtual_time::run(&mut table),
            rate => sending::one(rate, &mut table),
        };
        ran.with_context(|| format!("section {name}"))?;
    }
    table.end();
    Ok(())
}
