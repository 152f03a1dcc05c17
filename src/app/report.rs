//! `nabat report`: how an alert reached people, read from the database beside a running daemon.
//!
//! Invariants: nothing is written but the files that were asked for; the words and the picture are
//! those that an official gets in Telegram.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Map, Value, json};

use crate::{
    bot::phrases::report::{chart, words},
    config::Config,
    domain::{
        alert::Change,
        delivery::Settlement,
        ids::{AlertId, Revision},
        lang::Lang,
        region::Forest,
        report::{Reason, TransitionFigures},
    },
    picture::{curve, png},
    store::sqlite::Archive,
};

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The alert's number, as people read it: 12, or 12.3 for one of its states.
    #[arg(value_parser = state)]
    alert: State,
    /// The directory of the configuration.
    #[arg(long, default_value = "config", env = "NABAT_CONFIG")]
    pub config: PathBuf,
    /// Write the reach curve here as SVG.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Write the reach curve here as PNG.
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
    /// ru, uk or en; else the language of the configuration.
    #[arg(long, value_parser = lang)]
    lang: Option<Lang>,
    /// Print one JSON object in place of words.
    #[arg(long)]
    json: bool,
}

/// An alert, and one of its states if that is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State(AlertId, Option<Revision>);

fn state(text: &str) -> Result<State, String> {
    let number = text.trim_start_matches(['№', '#']).trim();
    let (alert, revision) = match number.split_once('.') {
        Some((alert, revision)) => (alert, Some(revision)),
        None => (number, None),
    };
    let not_one =
        |_| format!("`{text}` is not the number of an alert: write for example 12 or 12.3");
    let alert = alert.parse().map(AlertId).map_err(not_one)?;
    let revision = revision.map(|one| one.parse().map(Revision)).transpose().map_err(not_one)?;
    Ok(State(alert, revision))
}

fn lang(text: &str) -> Result<Lang, String> {
    let known = Lang::ALL.into_iter().find(|lang| lang.code() == text);
    known.ok_or_else(|| "the languages are ru, uk and en".to_owned())
}

/// Prints the report on an alert, and draws its curve.
///
/// # Errors
///
/// If there is no such alert, the database can't be read, or a file can't be written.
pub async fn run(args: &Args, config: &Config) -> Result<()> {
    let State(alert, revision) = args.alert;
    let path = super::database(&config.storage.url);
    let archive = Archive::open(&path).await.with_context(|| {
        format!("can't read the database {}: see that `nabat serve` has made it", path.display())
    })?;
    let found = archive.figures(alert).await.context("the figures can't be read");
    let last = archive.next_alert().await.context("the figures can't be read");
    archive.close().await;
    let reaches = TransitionFigures::by_transition(found?);
    let Some(first) = reaches.first() else {
        match last?.0 - 1 {
            0 => bail!("there is no alert № {alert}: none has been raised yet"),
            last => bail!("there is no alert № {alert}: the last is № {last}"),
        }
    };
    let revision_of = |one: &TransitionFigures| one.transition.alert.revision();
    let drawn = revision.unwrap_or_else(|| revision_of(first));
    let shown: Vec<TransitionFigures> = reaches
        .iter()
        .filter(|one| revision.is_none_or(|revision| revision_of(one) == revision))
        .cloned()
        .collect();
    let reach = shown.iter().find(|one| revision_of(one) == drawn);
    let reach = reach.ok_or_else(|| {
        let last = reaches.last().map_or(1, |one| revision_of(one).0);
        anyhow!("alert № {alert} has no state {}: its last is № {alert}.{last}", drawn.0)
    })?;
    let lang = args.lang.unwrap_or(config.policy.language);
    draw(reach, &config.forest, lang, (args.svg.as_deref(), args.png.as_deref()))?;
    let told = if args.json {
        figures(alert, &shown).to_string()
    } else {
        words(&shown, &config.forest, lang).join("\n\n")
    };
    // Whoever reads may close the pipe.
    let _ = writeln!(std::io::stdout().lock(), "{told}");
    Ok(())
}

/// Draws the curve into the files that were asked for.
///
/// # Errors
///
/// If a file can't be written.
pub(super) fn draw(
    reach: &TransitionFigures,
    forest: &Forest,
    lang: Lang,
    (svg_file, png_file): (Option<&Path>, Option<&Path>),
) -> Result<()> {
    let svg = curve::draw(&chart(reach, forest, lang));
    if let Some(file) = svg_file {
        write(file, svg.as_bytes())?;
    }
    if let Some(file) = png_file {
        write(file, &png::raster(&svg).context("the curve can't be rasterised")?)?;
    }
    Ok(())
}

fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(file, bytes).with_context(|| format!("can't write {}", file.display()))
}

/// What `--json` prints.
fn figures(alert: AlertId, reaches: &[TransitionFigures]) -> Value {
    let transitions: Vec<Value> = reaches.iter().map(transition).collect();
    json!({"alert": alert.0, "transitions": transitions})
}

fn transition(reach: &TransitionFigures) -> Value {
    let ms = |time: Option<Duration>| time.map(millis);
    let measured = &reach.measured;
    let curve = &measured.curve;
    let settled: Map<String, Value> = Settlement::ALL
        .into_iter()
        .map(|one| (one.name().to_owned(), reach.tally.get(one).into()))
        .collect();
    let mut failures: Map<String, Value> = Reason::ALL
        .into_iter()
        .filter_map(|reason| {
            Some((reason.name().to_owned(), (*measured.failures.get(&reason)?).into()))
        })
        .collect();
    if reach.unsent() > 0 {
        failures.insert("unsent".to_owned(), reach.unsent().into());
    }
    let points: Vec<(u64, u64)> =
        curve.points().into_iter().map(|(at, chats)| (millis(at), chats)).collect();
    json!({
        "revision": reach.transition.alert.revision().0,
        "change": word(&reach.transition.change),
        "at": reach.transition.at,
        "closed_at": reach.closed_at,
        "bots": reach.bots,
        "audience": reach.audience,
        "settled": settled,
        "sum": reach.tally.sum(),
        "first_ms": ms(curve.first()),
        "p50_ms": ms(curve.time_to(50)),
        "p99_ms": ms(curve.time_to(99)),
        "last_ms": ms(curve.last()),
        "per_second": curve.per_second(),
        "forecast_ms": ms(reach.forecast.as_ref().and_then(|forecast| forecast.time_to(100))),
        "failures": failures,
        "possible_duplicates": measured.repeated,
        "dropped_as_stale": reach.stale(),
        "knew_already": reach.known,
        "stopped_by_official": reach.halted,
        "stars_tenths": reach.tenths,
        "curve": points,
    })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn word(change: &Change) -> &'static str {
    match change {
        Change::Raised => "raised",
        Change::Updated => "updated",
        Change::SteppedUp => "stepped_up",
        Change::SteppedDown => "stepped_down",
        Change::EndedPartly(_) => "ended_partly",
        Change::Ended => "ended",
        Change::Expired => "expired",
        Change::Withdrawn => "withdrawn",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_people_write_it() {
        let read = |text| state(text).ok();
        assert_eq!(read("12"), Some(State(AlertId(12), None)));
        assert_eq!(read("№ 12.3"), Some(State(AlertId(12), Some(Revision(3)))));
        assert_eq!(read("#7"), Some(State(AlertId(7), None)));
        for text in ["", "x", "12.", "12.x", "1.2.3", "-"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
