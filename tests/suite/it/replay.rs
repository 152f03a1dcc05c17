//! `nabat replay` as a user runs it, on a history that was invented for it.

use std::{fs, path::PathBuf, process::Output, time::Duration};

use assert_cmd::Command;
use serde_json::Value;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/replay").join(name)
}

fn replay(file: &std::path::Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nabat"));
    command.arg("replay").arg(file).args(args).timeout(Duration::from_mins(2));
    command.output().unwrap()
}

/// What a replay that has to end well says with `--json`.
fn told(name: &str, args: &[&str]) -> Value {
    let args = [args, &["--json"]].concat();
    let output = replay(&fixture(name), &args);
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{err}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The one sentence of a replay that can't begin.
fn refused(text: &str, args: &[&str]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("history.csv");
    fs::write(&file, text).unwrap();
    let output = replay(&file, args);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(told.lines().count(), 1, "{told}");
    told
}

fn number(told: &Value, key: &str) -> u64 {
    told[key].as_u64().unwrap_or_else(|| panic!("no {key} in {told:#}"))
}

#[test]
fn every_chat_gets_what_concerns_it_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("history.csv");
    let text = "oblast,raion,hromada,level,started_at,finished_at\n\
                A,,,oblast,2030-03-01 10:00:00,2030-03-01 11:00:00\n\
                A,B,,raion,2030-03-01 12:00:00,2030-03-01 13:00:00\n\
                A,C,,raion,2030-03-02 12:00:00,2030-03-02 13:00:00\n\
                D,,,oblast,2030-03-03 12:00:00,2030-03-03 13:00:00\n";
    fs::write(&file, text).unwrap();
    let messages = |days: &[&str]| {
        let args = [days, &["--subscribers", "12", "--channels", "--json"]].concat();
        let output = replay(&file, &args);
        assert_eq!(output.status.code(), Some(0));
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((number(&told, "chats_private"), number(&told, "chats_channel")), (24, 2));
        (number(&told, "messages_private"), number(&told, "messages_channel"))
    };
    // Six live in A as such, three each in B and C; a start and an end each.
    assert_eq!(messages(&["--to", "2030-03-01"]), (2 * (12 + 9), 4));
    assert_eq!(messages(&["--from", "2030-03-02", "--to", "2030-03-02"]), (2 * 9, 2));
    assert_eq!(messages(&[]), (2 * (12 + 9 + 9 + 12), 8));
}

#[test]
fn nesting_flapping_and_overlaps_leave_every_phone_with_the_truth() {
    let args = ["--subscribers", "200", "--channels", "--rate", "30"];
    let told = told("days.csv", &args);
    for key in [
        "state_mismatches",
        "stale_sends",
        "untrue_ends",
        "ends_without_start",
        "unreadable",
        "refused_429",
        "settled_failed",
        "settled_uncertain",
    ] {
        assert_eq!(number(&told, key), 0, "{key}");
    }
    assert_eq!(number(&told, "rows"), 15);
    assert_eq!(number(&told, "transitions"), 29, "one never ends");
    assert_eq!(number(&told, "broadcasts"), 29);
    assert!(number(&told, "dropped_as_stale") > 0, "three seconds are too short for all");
    assert!(number(&told, "phone_checks") >= 600 * 3, "the phones were asked");
    assert!(number(&told, "board_checks") > 29 * 2, "the board was asked");
    let messages = number(&told, "messages");
    assert_eq!(messages, number(&told, "settled_delivered"), "each was counted where it arrived");
    assert_eq!(messages, number(&told, "messages_private") + number(&told, "messages_channel"));
    for key in ["lag_channel_p99_ms", "lag_private_p50_ms", "lag_private_p99_ms"] {
        assert!(number(&told, key) >= 20, "{key}: nothing arrives at once");
    }
    assert!(number(&told, "lag_private_p50_ms") <= number(&told, "lag_private_p99_ms"));
}

#[test]
fn one_seed_tells_one_story_whatever_the_number_of_bots() {
    let run = |bots: &str, seed: &str| {
        let args = ["--subscribers", "50", "--channels", "--bots", bots, "--seed", seed];
        let mut told = told("days.csv", &args);
        told.as_object_mut().unwrap().remove("wall_ms");
        told
    };
    assert_eq!(run("3", "5"), run("3", "5"));
    let (one, three) = (run("1", "5"), run("3", "5"));
    assert_eq!(number(&three, "broadcasts"), 3 * number(&one, "broadcasts"));
    let slowest = |told: &Value| number(told, "lag_private_p99_ms");
    assert!(slowest(&three) < slowest(&one), "three reach everyone sooner");
}

#[test]
fn what_is_wrong_with_a_line_is_told_by_its_number() {
    let told = told("rough.csv", &["--subscribers", "5"]);
    assert_eq!(number(&told, "rows"), 2);
    assert_eq!(number(&told, "rows_malformed"), 4);
    assert_eq!(number(&told, "rows_reversed"), 1);
    assert_eq!(number(&told, "rows_repeated"), 1);
    assert_eq!(number(&told, "messages"), 15, "a start and an end, and a start");

    let output = replay(&fixture("rough.csv"), &["--subscribers", "5"]);
    let page = String::from_utf8(output.stdout).unwrap();
    for line in [
        "line 3: it ends before it starts",
        "line 4: `noon` is no time",
        "line 5: `county` is no level",
        "line 6: it has 1 fields, the header has 7",
        "line 7: it has 4 fields",
        "line 9: the same as line 2",
        "All as it should be",
    ] {
        assert!(page.contains(line), "{line} is not in\n{page}");
    }
}

#[test]
fn what_can_not_be_replayed_is_refused_in_one_sentence() {
    let header = "oblast,raion,hromada,level,started_at,finished_at\n";
    let told = refused("region;from;to\nA;1;2\n", &[]);
    assert!(told.contains("line 1: the header is not understood"), "{told}");
    let told = refused(header, &[]);
    assert!(told.contains("a header and nothing else"), "{told}");
    let row = format!("{header}A,,,oblast,2030-03-01 10:00:00,\n");
    let told = refused(&row, &["--from", "2030-03-02"]);
    assert!(told.contains("starts in that time"), "{told}");
    let told = refused(&row, &["--from", "2030-03-02", "--to", "2030-03-01"]);
    assert!(told.contains("--to 2030-03-01 is before --from 2030-03-02"), "{told}");
    let told = refused(&row, &["--subscribers", "0"]);
    assert!(told.contains("nobody would be told"), "{told}");
    let output = replay(&fixture("not-there.csv"), &[]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("can't read") && told.contains("not-there.csv"), "{told}");
}
