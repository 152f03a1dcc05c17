//! That the judge notices.

use super::*;
use crate::app::replay::history;

const FILE: &str = "oblast,raion,hromada,level,started_at,finished_at\n\
    A,,,oblast,2030-03-01 10:00:00,2030-03-01 11:00:00\n\
    A,B,,raion,2030-03-01 10:30:00,2030-03-01 12:00:00\n\
    A,,C,hromada,2030-03-01 13:00:00,\n\
    D,,,oblast,2030-03-01 09:00:00,2030-03-01 15:00:00\n";

/// The places in their order.
const A: usize = 0;
const C: usize = 1;
const B: usize = 2;
const D: usize = 3;

fn at(clock: &str) -> Utc {
    let (hour, minute) = clock.split_once(':').unwrap();
    let minutes: i64 = hour.parse::<i64>().unwrap() * 60 + minute.parse::<i64>().unwrap();
    "2030-03-01T00:00:00Z".parse::<Utc>().unwrap() + chrono::TimeDelta::minutes(minutes)
}

/// A phone in each place, by the place's number; alerts are called in the order of the file.
fn judge() -> Judge {
    let history = history::read(FILE.as_bytes()).unwrap();
    let names: Vec<&str> = history.places.iter().map(Place::name).collect();
    assert_eq!(names, ["A", "C", "B", "D"]);
    let mut judge = Judge::new(&history.places, &history.rows);
    for place in 0..4 {
        assert_eq!(judge.moves_in(place, false), place);
    }
    for row in 0..4 {
        assert!(judge.is_called(row, i64::try_from(row).unwrap() + 1));
    }
    judge
}

fn start(alert: i64) -> Reading {
    Reading { over: None, active: vec![alert], more: 0 }
}

fn end(over: i64, active: &[i64]) -> Reading {
    Reading { over: Some(over), active: active.to_vec(), more: 0 }
}

fn hears(judge: &mut Judge, phone: usize, message: &Reading, clock: &str) {
    judge.hears(phone, Some(message), at(clock), at(clock) + chrono::TimeDelta::seconds(2));
}

/// Stale sends, untrue ends, ends without a start, phones that are wrong.
fn wrong(judge: &Judge) -> [u64; 4] {
    let found = judge.findings();
    [found.stale_sends, found.untrue_ends, found.ends_without_start, found.phone_mismatches]
}

#[test]
fn the_truth_is_told_and_nothing_is_found() {
    let mut judge = judge();
    hears(&mut judge, B, &start(1), "10:00");
    hears(&mut judge, A, &start(1), "10:00");
    hears(&mut judge, C, &start(1), "10:00");
    judge.is_quiet(A, at("10:01"));
    hears(&mut judge, A, &start(2), "10:30");
    hears(&mut judge, B, &end(1, &[2]), "11:00");
    hears(&mut judge, A, &end(1, &[2]), "11:00");
    hears(&mut judge, C, &end(1, &[]), "11:00");
    judge.is_quiet(C, at("11:01"));
    hears(&mut judge, B, &end(2, &[]), "12:00");
    hears(&mut judge, A, &end(2, &[]), "12:00");
    judge.is_quiet(B, at("12:01"));
    assert_eq!(wrong(&judge), [0; 4]);
    assert_eq!(judge.findings().phone_checks, 9);
    let (private, channels) = judge.served();
    assert_eq!((private.messages, private.most, channels.messages), (9, 4, 0));
    assert_eq!((private.starts.most_ms(), private.ends.most_ms()), (2_000, 2_000));
}

#[test]
fn a_message_that_is_no_longer_true_is_stale_by_when_it_left() {
    let mut judge = judge();
    let (left, arrived) = (at("10:59"), at("11:00"));
    judge.hears(A, Some(&start(1)), left, arrived);
    assert_eq!((wrong(&judge), judge.findings().overtaken_in_flight), ([0; 4], 1));
    hears(&mut judge, C, &start(1), "11:00");
    assert_eq!(wrong(&judge)[0], 1);
    hears(&mut judge, D, &start(4), "8:59");
    assert_eq!(wrong(&judge)[0], 2, "nor is it true before it begins");
    hears(&mut judge, D, &start(4), "9:30");
    hears(&mut judge, B, &start(2), "10:30");
    hears(&mut judge, B, &end(2, &[1]), "12:00");
    assert_eq!(wrong(&judge), [3, 0, 0, 0], "nor as a thing that still holds");
}

#[test]
fn an_end_is_untrue_if_it_is_none_or_leaves_out_what_holds() {
    let mut judge = judge();
    hears(&mut judge, A, &start(1), "10:00");
    hears(&mut judge, A, &end(1, &[]), "10:10");
    assert_eq!(wrong(&judge), [0, 1, 0, 0]);
    hears(&mut judge, B, &start(1), "10:20");
    hears(&mut judge, B, &end(1, &[]), "11:00");
    assert_eq!(wrong(&judge), [0, 2, 0, 0], "line 3 still holds");
    hears(&mut judge, C, &start(1), "10:20");
    hears(&mut judge, C, &end(1, &[]), "11:00");
    assert_eq!(wrong(&judge), [0, 2, 0, 0], "which does not concern its neighbour");
}

#[test]
fn what_holds_may_be_counted_instead_of_named() {
    let mut judge = judge();
    hears(&mut judge, A, &start(1), "10:00");
    hears(&mut judge, A, &Reading { more: 1, ..end(1, &[]) }, "11:00");
    judge.is_quiet(A, at("11:01"));
    assert_eq!(wrong(&judge), [0, 0, 0, 1], "A knows of the part, and B of nothing");
    hears(&mut judge, A, &end(2, &[]), "12:00");
    assert_eq!(wrong(&judge)[2], 0, "it was told that one more holds");
    hears(&mut judge, B, &start(1), "10:00");
    hears(&mut judge, B, &Reading { more: 2, ..end(1, &[]) }, "11:00");
    assert_eq!(wrong(&judge)[1], 1, "one more holds, not two");
}

#[test]
fn an_end_needs_a_start_and_is_told_once() {
    let mut judge = judge();
    hears(&mut judge, A, &end(1, &[2]), "11:00");
    assert_eq!(wrong(&judge), [0, 0, 1, 0]);
    hears(&mut judge, A, &end(2, &[]), "12:00");
    assert_eq!(wrong(&judge), [0, 0, 1, 0], "of this it was told by the way");
    hears(&mut judge, A, &end(2, &[]), "12:00");
    assert_eq!(wrong(&judge), [0, 0, 2, 0]);
}

#[test]
fn a_phone_is_wrong_if_its_owner_believes_otherwise() {
    let mut judge = judge();
    judge.is_quiet(D, at("8:59"));
    assert_eq!(wrong(&judge)[3], 0);
    judge.is_quiet(D, at("9:00"));
    assert_eq!(wrong(&judge)[3], 1, "it knows of nothing");
    hears(&mut judge, D, &start(4), "9:00");
    judge.is_quiet(D, at("14:59"));
    assert_eq!(wrong(&judge)[3], 1);
    judge.is_quiet(D, at("15:00"));
    assert_eq!(wrong(&judge)[3], 2, "it knows of no end");
}

#[test]
fn a_part_in_danger_is_not_the_whole() {
    let mut judge = judge();
    for phone in [A, B, C] {
        hears(&mut judge, phone, &start(1), "10:00");
    }
    for phone in [A, B] {
        hears(&mut judge, phone, &end(1, &[2]), "11:00");
    }
    hears(&mut judge, C, &end(1, &[]), "11:00");
    judge.is_quiet(A, at("11:30"));
    assert_eq!(wrong(&judge), [0; 4]);
    // Whoever lives in A as such and believes all of it in danger is wrong.
    let told = judge.phones[A].told[0];
    judge.phones[A].told.push(Told { alert: 1, row: 0, ..told });
    judge.is_quiet(A, at("11:30"));
    assert_eq!(wrong(&judge), [0, 0, 0, 1]);
}

#[test]
fn a_message_nobody_understands_is_counted() {
    let mut judge = judge();
    judge.hears(A, None, at("10:00"), at("10:00"));
    hears(&mut judge, A, &start(9), "10:00");
    assert_eq!(judge.findings().unreadable, 2);
}

#[test]
fn a_start_that_is_known_is_counted_as_told_twice() {
    let mut judge = judge();
    hears(&mut judge, A, &start(1), "10:00");
    hears(&mut judge, A, &start(1), "10:00");
    assert_eq!(judge.findings().repeated, 1);
}

#[test]
fn the_board_has_to_say_what_the_file_says() {
    let truth = |place: usize| {
        let calm = |calm| Shown { danger: Danger::None, calm: Some(calm) };
        match place {
            A => Shown { danger: Danger::Within, calm: Some(Calm::Since(at("11:00"))) },
            B => Shown { danger: Danger::Direct, calm: None },
            C => calm(Calm::Since(at("11:00"))),
            _ => calm(Calm::Unknown),
        }
    };
    let mut judge = judge();
    judge.compare(C, at("11:30"), truth);
    assert_eq!((judge.findings().board_mismatches, judge.findings().board_checks), (0, 3));
    judge.compare(D, at("8:00"), truth);
    assert_eq!((judge.findings().board_mismatches, judge.findings().board_checks), (0, 4));
    let none = |_: usize| Shown { danger: Danger::None, calm: Some(Calm::Unknown) };
    judge.compare(A, at("11:30"), none);
    assert_eq!(judge.findings().board_mismatches, 3);
    assert_eq!(judge.findings().examples.len(), 3);
}
