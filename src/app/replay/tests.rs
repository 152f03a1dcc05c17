//! Histories by chance, each worse than any real one, through the engine and before the judge.

use std::fmt::Write as _;

use chrono::TimeDelta;

use super::*;
use crate::{domain::delivery::Settlement, sim::dice::Dice};

fn args(seed: u64, subscribers: u32, rate: u32) -> Args {
    Args {
        file: PathBuf::new(),
        from: None,
        to: None,
        subscribers,
        rate,
        bots: 1 + u32::try_from(seed % 3).unwrap(),
        channels: true,
        seed,
        json: false,
    }
}

/// Two oblasts with raions and hromadas; alerts of seconds to minutes, some without an end, close
/// upon one another and within one another. Every fourth history has more at once than a message
/// spells out.
fn history(seed: u64) -> History {
    let mut dice = Dice::new(seed);
    let mut text = "oblast,raion,hromada,level,started_at,finished_at\n".to_owned();
    let begin = chrono::DateTime::from_timestamp(1_900_000_000, 0).unwrap();
    for _ in 0..60 {
        let (oblast, raion, hromada) = (dice.below(2), dice.below(2), dice.below(2));
        let place = match dice.below(4) {
            0 | 1 => format!("O{oblast},,,oblast"),
            2 => format!("O{oblast},R{raion},,raion"),
            _ => format!("O{oblast},R{raion},H{hromada},hromada"),
        };
        let start = begin + TimeDelta::milliseconds(dice.below(900_000).cast_signed());
        let lasts = [0, 1, 3, 20, 60, 240][usize::try_from(dice.below(6)).unwrap()];
        let lasts = if seed.is_multiple_of(4) { 10 * lasts } else { lasts };
        let end = (start + TimeDelta::seconds(lasts)).to_rfc3339();
        let end = if dice.below(20) == 0 { String::new() } else { end };
        let _ = writeln!(text, "{place},{},{end}", start.to_rfc3339());
    }
    history::read(text.as_bytes()).unwrap()
}

fn run(args: &Args, history: &History) -> Drive {
    let mut drive = stage(args, history).unwrap();
    while drive.step().unwrap() {}
    drive
}

#[test]
fn whatever_happens_every_phone_is_left_with_the_truth() {
    let (mut stale, mut in_flight, mut checks) = (0, 0, 0);
    for seed in 0..60 {
        let (args, history) = (args(seed, 20, 5), history(seed));
        let drive = run(&args, &history);
        let (account, judge, wall) = (drive.account(), drive.judge(), Duration::ZERO);
        let report = Report { args: &args, history: &history, account, judge, wall };
        assert!(report.is_good(), "seed {seed}: {:#}\n{:#?}", report.json(), judge.findings());
        stale += account.settled.get(Settlement::Superseded);
        in_flight += judge.findings().overtaken_in_flight;
        checks += judge.findings().phone_checks;
        assert_eq!(
            account.settled.sum() - account.settled.get(Settlement::Superseded),
            account.settled.get(Settlement::Delivered)
        );
    }
    assert!(stale > 1_000, "only {stale} were dropped: too slow a history");
    assert!(in_flight > 0, "no message was overtaken in flight");
    assert!(checks > 60 * 42 * 2, "only {checks} phones were asked");
}

#[test]
fn whoever_hears_nothing_is_found() {
    let text = "oblast,raion,hromada,level,started_at,finished_at\n\
                A,,,oblast,2030-03-01 10:00:00,2030-03-01 11:00:00\n";
    let history = history::read(text.as_bytes()).unwrap();
    let args = args(0, 5, 30);
    let mut drive = stage(&args, &history).unwrap();
    let first = drive.judge().clone();
    while drive.step().unwrap() {}
    assert_eq!(drive.judge().findings().phone_checks, 3 * 6, "after start and end, and at last");
    // The same file, and phones that nobody told anything.
    let mut judge = first;
    judge.is_quiet(0, history.rows[0].started);
    assert_eq!(judge.findings().phone_mismatches, 6);
}
