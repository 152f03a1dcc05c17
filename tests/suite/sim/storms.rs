//! Hundreds of storms. `NABAT_STORMS=N` runs N of them, `NABAT_SEED=N` one.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{
    judge::{Weathered, judge, unanswered, unbalanced},
    ops::Script,
    shrink::shrink,
    town::Town,
};

/// Enough for every fault to occur many times; seconds on two cores.
const STORMS: u64 = 400;

/// Runs a script and judges it.
pub(crate) fn run(script: &Script) -> Result<Weathered, String> {
    catch_unwind(AssertUnwindSafe(|| {
        let mut town = Town::new(script);
        town.run(&script.ops)?;
        let verdict = judge(&town, script);
        if unanswered(&town) > 0 || unbalanced(&town.record.alarms) {
            return verdict.and(Err("letters are left over, or books don't balance".to_owned()));
        }
        verdict
    }))
    .unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text
            .or_else(|| panic.downcast_ref::<&str>().map(|&s| s.to_owned()))
            .unwrap_or_default())
    })
}

/// Fails with every seed that failed, and the shortest script for the first of them.
fn insist(scripts: impl Iterator<Item = Script>) -> Weathered {
    let mut sum = Weathered::default();
    let mut failed = Vec::new();
    for script in scripts {
        match run(&script) {
            Ok(weathered) => sum.add(weathered),
            Err(why) => failed.push((script, why)),
        }
    }
    if let Some((script, _)) = failed.first() {
        let reasons: Vec<String> =
            failed.iter().map(|(script, why)| format!("seed {}: {why}", script.seed)).collect();
        let least = shrink(script, |shorter| run(shorter).is_err());
        let last = run(&least).err().unwrap_or_default();
        let Script { seed, limit, chats, calm, ops: left } = least;
        let ops: Vec<String> = left.iter().map(|op| format!("{op:?}")).collect();
        panic!(
            "{}\nshortest for seed {seed} (limit {limit}, {chats} chats, calm {calm}): {last}\n{}",
            reasons.join("\n"),
            ops.join("\n")
        );
    }
    sum
}

fn join<T>(worker: std::thread::ScopedJoinHandle<'_, T>) -> T {
    worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn in_every_storm_the_promises_hold_and_every_fault_occurs() {
    if let Some(seed) = number("NABAT_SEED") {
        eprintln!("{:#?}", insist(std::iter::once(Script::storm(seed))));
        return;
    }
    let storms = number("NABAT_STORMS").unwrap_or(STORMS);
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let all: Vec<Weathered> = std::thread::scope(|scope| {
        let share =
            |first| move || insist((first..storms).step_by(threads as usize).map(Script::storm));
        let workers: Vec<_> = (0..threads).map(|first| scope.spawn(share(first))).collect();
        workers.into_iter().map(join).collect()
    });
    let mut sum = Weathered::default();
    for one in all {
        sum.add(one);
    }
    eprintln!("{storms} storms: {sum:#?}");
    for (name, n) in &sum.settled {
        // Nothing here makes Telegram refuse a text: that is a story of its own.
        assert!(*n > 0 || *name == "failed", "nobody ended as {name}");
    }
    for fault in
        ["LostRequest", "LostReply", "RestartAfter", "PageAfter", "FloodBot", "Unreachable"]
    {
        assert!(sum.faults.get(fault).is_some_and(|&n| n > 0), "no {fault} in any storm");
    }
    assert!(sum.crashes > storms, "the storms must bite");
    assert!(sum.pauses > 0 && sum.halted > 0, "nobody held a broadcast");
    assert!(sum.confirmed > 0, "nobody confirmed the end of an expired alert");
    assert!(sum.copies > 0 && sum.ends > 0 && sum.joined_under_alert > 0 && sum.moved > 0);
}

#[test]
fn one_seed_is_one_course_of_events() {
    for seed in 0..5 {
        let script = Script::storm(seed);
        assert_eq!(run(&script), run(&script), "seed {seed}");
    }
}
