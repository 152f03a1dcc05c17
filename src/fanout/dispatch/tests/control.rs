//! Stories of broadcasts that are held, paid for, or late.

use super::*;
use crate::domain::report::Cost;

/// Of chat 1 to 199, with what an official says of it.
fn held(hold: Option<Hold>) -> (Fanout, std::ops::Range<i64>) {
    let start = fanout(1, 1, Severity::Extreme, Change::Raised);
    (Fanout { hold, ..start }, 1..200)
}

const DELIVERED: Outcome = Outcome::Delivered(MessageId(1));

#[test]
fn what_is_paused_sends_nothing_and_goes_on_without_a_copy() {
    let mut bench = Bench::new(30);
    bench.open(&[held(None)]);
    let mut sent = bench.deliver(2);
    let hanging = bench.next_send(1).unwrap();
    bench.open(&[held(Some(Hold::Paused))]);
    assert_eq!(bench.next_send(20), None, "nothing leaves");
    bench.reply(&hanging, DELIVERED);
    sent.push(hanging.chat);
    assert_eq!(bench.next_send(20), None, "nor when an answer comes");
    let now = bench.moment();
    let report = &bench.dispatch.reports(now)[0];
    assert_eq!(report.trouble, Some(Trouble::Held));
    assert_eq!(report.tally.get(Settlement::Delivered), sent.len() as u64, "it is settled");
    bench.open(&[held(None)]);
    sent.extend(bench.deliver(10));
    sent.sort_unstable();
    assert_eq!(sent, (1..200).map(ChatId).collect::<Vec<_>>(), "each once");
    assert_eq!(bench.closed[0].tally.get(Settlement::Delivered), 199);
}

#[test]
fn what_is_halted_settles_what_is_in_flight_and_counts_the_rest() {
    let mut bench = Bench::new(30);
    bench.open(&[held(None)]);
    let sent = bench.deliver(2).len() as u64;
    let hanging = bench.next_send(1).unwrap();
    bench.open(&[held(Some(Hold::Halted))]);
    assert_eq!(bench.next_send(5), None);
    assert!(bench.closed.is_empty(), "one may yet have it");
    bench.reply(&hanging, DELIVERED);
    assert_eq!(bench.next_send(5), None);
    let tally = bench.closed[0].tally;
    assert_eq!(tally.get(Settlement::Delivered), sent + 1);
    assert_eq!(tally.get(Settlement::Superseded), 199 - sent - 1);
    assert!(bench.alarms.is_empty(), "the sum holds: {:?}", bench.alarms);
}

#[test]
fn what_is_paused_is_overtaken_like_anything_else() {
    let mut bench = Bench::new(30);
    bench.open(&[held(None)]);
    bench.deliver(2);
    let paused = held(Some(Hold::Paused));
    bench.open(&[paused, (fanout(2, 1, Severity::Extreme, Change::Updated), 1..200)]);
    let next = bench.next_send(2).expect("the later state is not held");
    assert!(matches!(next.what, What::Bulletin { fanout: FanoutId(2), .. }));
    bench.reply(&next, DELIVERED);
    bench.deliver(1);
    assert_eq!(bench.closed[0].fanout, FanoutId(1));
    assert_eq!(bench.closed[0].tally.sum(), 199);
}

const BUDGET: Budget = Budget { rate: 100, per_alert: 10, per_day: 1_000 };

fn paid() -> (Fanout, std::ops::Range<i64>) {
    (fanout_of(1, 1, (Severity::Extreme, true), Change::Raised), 1..2_000)
}

#[test]
fn a_paid_broadcast_has_its_rate_until_its_budget_is_spent() {
    let mut bench = Bench::paying(30, BUDGET);
    bench.open(&[paid()]);
    let first = bench.deliver(1).len();
    assert!((90..=102).contains(&first), "{first}");
    bench.deliver(2);
    let then = bench.deliver(1).len();
    assert!((28..=31).contains(&then), "{then}");
    let now = bench.moment();
    // The messages of the first second that the free rate covers are not charged.
    assert_eq!(bench.dispatch.reports(now)[0].tenths, 100, "ten Stars and no more");
    let cost = bench.kept[&FanoutId(1)].cost;
    assert_eq!(cost, Cost { tenths: 100, rate: 100, most: 100 }, "and it is kept");
}

#[test]
fn what_is_not_configured_to_be_paid_goes_at_the_free_rate() {
    let mut bench = Bench::paying(30, BUDGET);
    bench.open(&[(fanout(1, 1, Severity::Extreme, Change::Raised), 1..2_000)]);
    let sent = bench.deliver(1).len();
    assert!((28..=31).contains(&sent), "{sent}");
    let now = bench.moment();
    assert_eq!(bench.dispatch.reports(now)[0].tenths, 0);
    assert_eq!(bench.kept[&FanoutId(1)].cost, Cost::NONE);
}

#[test]
fn without_stars_it_goes_on_at_the_free_rate_and_nobody_is_lost() {
    let mut bench = Bench::paying(30, BUDGET);
    let (start, _) = paid();
    bench.open(&[(start, 1..150)]);
    let refused = bench.next_send(2).unwrap();
    assert!(matches!(refused.what, What::Bulletin { fare: Fare::Paid, .. }));
    bench.reply(&refused, Outcome::Unpaid("BALANCE_TOO_LOW".to_owned()));
    let begun = bench.now;
    let mut sent = Vec::new();
    while let Some(parcel) = bench.next_send(3) {
        assert!(matches!(parcel.what, What::Bulletin { fare: Fare::Free, .. }), "{parcel:?}");
        bench.reply(&parcel, DELIVERED);
        sent.push(parcel.chat);
    }
    assert!(bench.now.since(begun) >= Duration::from_secs(4), "149 at 30 a second");
    sent.sort_unstable();
    assert_eq!(sent, (1..150).map(ChatId).collect::<Vec<_>>());
    assert!(matches!(bench.alarms[..], [Alarm::Unpaid(_)]), "said once: {:?}", bench.alarms);
    assert_eq!(bench.closed[0].tally.get(Settlement::Delivered), 149);
    let cost = bench.kept[&FanoutId(1)].cost;
    assert_eq!(cost.most, cost.tenths, "what is not spent is not expected any more");
}

/// Whether the first message is late that leaves after Telegram was away for so long.
fn late_after(away: Duration) -> bool {
    let mut bench = Bench::new(30);
    bench.open(&[held(None)]);
    bench.deliver(2);
    let until = bench.now + away;
    while bench.now < until {
        let Some(parcel) = bench.next_send(1) else { continue };
        bench.reply(&parcel, Outcome::Unknown);
    }
    assert!(bench.probes > 0, "it was away");
    bench.answers = DELIVERED;
    let next = bench.next_send(60).unwrap();
    let What::Bulletin { fanout, late, .. } = next.what else { panic!("{next:?}") };
    assert_eq!(bench.dispatch.is_late(fanout), late);
    late
}

#[test]
fn after_an_outage_of_more_than_a_minute_the_present_is_told_whole() {
    assert!(!late_after(Duration::from_secs(30)));
    assert!(late_after(Duration::from_secs(100)));
}

#[test]
fn what_is_taken_up_long_after_it_was_opened_is_late() {
    let mut bench = Bench::new(30);
    bench.now = Mono(0) + Duration::from_secs(90);
    bench.open(&[held(None)]);
    assert!(bench.dispatch.is_late(FanoutId(1)));
}

#[test]
fn a_canary_goes_ahead_of_a_broadcast_and_its_failure_and_recovery_are_told() {
    let mut bench = Bench::new(30);
    let chat = ChatId(-900);
    let every = Duration::from_mins(10);
    let canary = crate::fanout::canary::Canary::new(chat, every, bench.moment().utc);
    bench.dispatch = bench.dispatch.clone().with_canary(Some(canary));
    bench.open(&[(fanout(1, 1, Severity::Extreme, Change::Raised), 1..200_000)]);
    let mut alarms = Vec::new();
    for (refused, told) in [(true, 1), (true, 1), (false, 2), (false, 2)] {
        let begun = bench.now;
        let song = loop {
            let parcel = bench.next_send(2).unwrap();
            if parcel.what == What::Canary {
                break parcel;
            }
            bench.reply(&parcel, DELIVERED);
        };
        assert_eq!(song.chat, chat);
        let aside = bench.moment().utc.timestamp() % 600;
        assert_eq!(aside, 0, "at the whole ten minutes, {:?} later", bench.now.since(begun));
        let kicked = Outcome::Gone(crate::domain::delivery::Gone::Kicked);
        bench.reply(&song, if refused { kicked } else { DELIVERED });
        let next = bench.next_send(2).unwrap();
        bench.reply(&next, DELIVERED);
        alarms.clone_from(&bench.alarms);
        assert_eq!(alarms.len(), told, "{alarms:?}");
    }
    assert!(matches!(alarms[..], [Alarm::Mute(_), Alarm::Speaks]));
}

#[test]
fn an_end_that_is_stopped_after_a_crash_counts_whom_it_may_have_reached_and_closes() {
    let mut bench = Bench::new(30);
    let start = (fanout(1, 1, Severity::Extreme, Change::Raised), 1..200);
    bench.open(std::slice::from_ref(&start));
    let hanging = bench.next_send(1).unwrap();
    let mut end = fanout(2, 1, Severity::Extreme, Change::Ended);
    end.progress.mark = Position { stratum: 1, key: 70 };
    end.hold = Some(Hold::Halted);
    // That it is stopped is saved; then a page is read that isn't the last, while the start keeps its
    // readers open.
    bench.open(&[start, (end, 1..200)]);
    let now = bench.moment();
    bench.dispatch.on_page(FanoutId(2), None, now);
    assert_eq!(bench.next_send(5), None);
    bench.reply(&hanging, DELIVERED);
    assert_eq!(bench.next_send(20), None);
    let report = bench.closed.iter().find(|report| report.fanout == FanoutId(2));
    let report = report.expect("it closes");
    assert_eq!(report.tally.get(Settlement::Uncertain), 70, "who will hear of what follows");
    assert_eq!(report.tally.get(Settlement::Superseded), 129);
}
