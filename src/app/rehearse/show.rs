//! What whoever rehearses sees: the reach while it grows, then phones and figures.

use std::{
    io::{self, Write},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    judge::{Reach, Verdict},
    stage::Stage,
    town::{Resident, Story, Town},
};
use crate::{
    domain::{audience::Kind, delivery::Settlement, ids::UserId, time::Mono},
    sim::world::{Seen, World},
};

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(3);

/// The live picture, on standard error: a bar on a terminal, else a line every few seconds.
#[derive(Debug)]
pub(super) struct Bar {
    bar: Option<ProgressBar>,
    said_at: Mono,
}

impl Bar {
    pub(super) fn new(terminal: bool) -> Self {
        let bar = terminal.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let style = "{msg} [{wide_bar}] {pos}/{len} · {per_sec} · {eta}";
            bar.with_style(
                ProgressStyle::with_template(style)
                    .unwrap_or_else(|_| ProgressStyle::default_bar())
                    .progress_chars("█▓░"),
            )
        });
        Self { bar, said_at: Mono(0) }
    }

    pub(super) fn say(&self, what: &str) {
        match &self.bar {
            Some(bar) => bar.println(format!("· {what}")),
            None => line(&format!("· {what}")),
        }
    }

    pub(super) fn reach(&mut self, settled: u64, of: Option<u64>, now: Mono) {
        if let Some(bar) = &self.bar {
            bar.set_message("reached");
            bar.set_length(of.unwrap_or_default());
            bar.set_position(settled);
        } else if now.since(self.said_at) >= LINE_EVERY {
            self.said_at = now;
            let of = of.map_or_else(|| "?".to_owned(), |of| of.to_string());
            line(&format!("  reached {settled} of {of}"));
        }
    }

    /// One broadcast is over.
    pub(super) fn closed(&self) {
        if let Some(bar) = &self.bar {
            bar.reset();
        }
    }

    pub(super) fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn line(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Phones, figures and verdict. A pipe that was closed is no reason to stop.
pub(super) fn tell(
    out: &mut dyn Write,
    stage: &Stage,
    town: &Town,
    story: &Story,
    verdict: &Verdict,
) {
    let _ = write(out, stage, town, story, verdict);
}

fn write(
    out: &mut dyn Write,
    stage: &Stage,
    town: &Town,
    story: &Story,
    verdict: &Verdict,
) -> io::Result<()> {
    let world = stage.world();
    if let Some(one) = typical(town, &world) {
        let place = town.name(&one.place, one.lang);
        title(out, &format!("The phone of {} ({}, {place})", one.name, one.lang))?;
        conversation(out, &world.phone(one.bot, one.chat))?;
    }
    if let Some(one) = town.residents.iter().find(|one| one.kind == Kind::Channel) {
        title(out, "The channel")?;
        conversation(out, &world.phone(one.bot, one.chat))?;
    }
    let official: UserId = town.cast.official.user;
    title(out, &format!("The phone of {}, an official", town.cast.official.name))?;
    conversation(out, &world.phone(stage.desk(), official.chat()))?;
    title(out, "The official's last progress messages")?;
    for deed in &story.acts {
        indented(out, &deed.progress.0)?;
        writeln!(out)?;
    }
    title(out, "The broadcast")?;
    table(out, story, verdict)?;
    writeln!(out)?;
    if verdict.broken.is_empty() {
        return writeln!(out, "Every promise was kept.");
    }
    writeln!(out, "BROKEN PROMISES:")?;
    verdict.broken.iter().try_for_each(|what| writeln!(out, "  ✗ {what}"))
}

/// Somebody who was there from the first to the last.
fn typical<'a>(town: &'a Town, world: &World) -> Option<&'a Resident> {
    let there = |one: &&Resident| {
        one.kind == Kind::Private && one.inside && !one.left && !one.late && !one.asked
    };
    let most = |one: &&Resident| world.received(one.bot, one.chat);
    let ones = || town.residents.iter().filter(there);
    ones().find(|one| most(one) == 3).or_else(|| ones().max_by_key(most))
}

fn title(out: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(out, "── {text} {}", "─".repeat(70_usize.saturating_sub(text.chars().count())))
}

fn conversation(out: &mut dyn Write, phone: &[Seen]) -> io::Result<()> {
    for seen in phone {
        let who = if seen.from_bot { "◀ bot" } else { "▶ says" };
        let changed = if seen.edited { ", edited" } else { "" };
        writeln!(out, "{who} {}{changed}", seen.date.format("%H:%M:%S UTC"))?;
        indented(out, &seen.text)?;
        let labels = labels(seen);
        if !labels.is_empty() {
            writeln!(out, "    [ {} ]", labels.join(" ] [ "))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn labels(seen: &Seen) -> Vec<String> {
    let keyboard = seen.keyboard.as_deref().unwrap_or_default();
    let keyboard: serde_json::Value = serde_json::from_str(keyboard).unwrap_or_default();
    let rows = keyboard.get("inline_keyboard").and_then(serde_json::Value::as_array);
    let keys = rows.into_iter().flatten().filter_map(serde_json::Value::as_array).flatten();
    keys.filter_map(|key| Some(key.get("text")?.as_str()?.to_owned())).collect()
}

fn indented(out: &mut dyn Write, text: &str) -> io::Result<()> {
    let indent = |line: &str| if line.is_empty() { String::new() } else { format!("    {line}") };
    text.lines().try_for_each(|line| writeln!(out, "{}", indent(line)))
}

fn table(out: &mut dyn Write, story: &Story, verdict: &Verdict) -> io::Result<()> {
    let mut row = |name: &str, of: &dyn Fn(&Reach) -> String| {
        write!(out, "  {name:<34}")?;
        verdict.acts.iter().try_for_each(|act| write!(out, "{:>12}", of(act)))?;
        writeln!(out)
    };
    row("", &|reach| reach.name.to_owned())?;
    row("audience", &|reach| reach.audience.to_string())?;
    for settlement in Settlement::ALL {
        row(&format!("  {}", settlement.name()), &|reach| {
            reach.settled.get(settlement).to_string()
        })?;
    }
    row("phones that show it", &|reach| reach.phones.to_string())?;
    row("  in place of an earlier message", &|reach| reach.edits.to_string())?;
    row("missed", &|reach| reach.missed.to_string())?;
    row("duplicates", &|reach| reach.copies.to_string())?;
    let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
    for (n, name) in ["to the last channel", "to the last group"].into_iter().enumerate() {
        if verdict.acts.iter().any(|act| act.public[n].is_some()) {
            row(name, &|reach| reach.public[n].map_or_else(|| "–".to_owned(), seconds))?;
        }
    }
    let names = ["to the first", "to 50 %", "to 99 %", "to the last"];
    for (n, name) in names.into_iter().enumerate() {
        row(name, &|reach| seconds(reach.times[n]))?;
    }
    let tally = &verdict.tally;
    let mut fact = |name: &str, fact: String| writeln!(out, "  {name:<34}{fact:>12}");
    fact("stale", verdict.stale.to_string())?;
    fact("on phones it does not concern", verdict.strayed.to_string())?;
    fact("copies that lost replies explain", verdict.explained.to_string())?;
    fact("limit of a bot, per second", verdict.limit.to_string())?;
    fact("most in any second", tally.max_in_any_second.to_string())?;
    if let Some(first) = verdict.acts.first() {
        fact("mean rate of the alert", format!("{:.0}/s", mean(first)))?;
    }
    fact("429 by our own fault", tally.self_made_429.to_string())?;
    fact("429 by the weather's", tally.weather_429.to_string())?;
    fact("requests lost on the way", tally.lost_requests.to_string())?;
    let struck = story.struck;
    fact("blocked, deactivated before", format!("{}, {}", struck.blocked, struck.deactivated))
}

/// Phones a second, from the first to the last.
fn mean(reach: &Reach) -> f64 {
    let [first, _, _, last] = reach.times;
    let took = (last.saturating_sub(first)).as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 phones")]
    let gaps = reach.phones.saturating_sub(1) as f64;
    if took > 0.0 { gaps / took } else { 0.0 }
}
