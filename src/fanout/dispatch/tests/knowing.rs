//! Stories of who is told first, and of what a chat knows already.

use super::*;

const DELIVERED: Outcome = Outcome::Delivered(MessageId(7));

fn manner(parcel: &Parcel) -> (FanoutId, Manner) {
    match parcel.what {
        What::Bulletin { fanout, manner, .. } => (fanout, manner),
        _ => panic!("{parcel:?}"),
    }
}

fn event(id: i64, alert: i64, change: Change) -> Fanout {
    fanout(id, alert, Severity::Extreme, change)
}

#[test]
fn a_channel_goes_before_private_chats_of_every_lane_of_its_rank() {
    let mut bench = Bench::new(30);
    let first = (event(1, 1, Change::Raised), 1..500);
    bench.open(std::slice::from_ref(&first));
    bench.deliver(2);
    let channel = Recipient { tier: Tier::Channel, ..recipient(1_001) };
    bench.known.insert((FanoutId(2), 1_001), channel);
    bench.open(&[first, (event(2, 2, Change::Raised), 1_001..1_100)]);
    let sent = bench.deliver(1);
    assert_eq!(sent[0], ChatId(1_001));
    assert!(sent[1..9].iter().all(|chat| chat.0 < 1_000), "then in turn: {sent:?}");
}

#[test]
fn an_update_takes_the_place_of_the_message_that_a_chat_has() {
    let mut bench = Bench::new(30);
    let told = Recipient { told: true, message: Some(MessageId(40)), ..recipient(1) };
    bench.known.insert((FanoutId(2), 1), told);
    bench.open(&[(event(2, 1, Change::Updated), 1..3)]);
    let (one, other) = (bench.next_send(2).unwrap(), bench.next_send(2).unwrap());
    assert_eq!(manner(&one), (FanoutId(2), Manner::Edit(MessageId(40))));
    let sound = Manner::Anew { silent: false, reply_to: None };
    assert_eq!(manner(&other), (FanoutId(2), sound), "to whom it is new, it is a beginning");
    bench.reply(&one, Outcome::Unmodified);
    bench.reply(&other, DELIVERED);
    assert_eq!(bench.next_send(2), None);
    assert_eq!(bench.closed[0].tally.get(Settlement::Delivered), 2);
}

#[test]
fn a_reader_who_heard_that_it_is_over_is_not_told_again_whichever_part_it_is_of() {
    for part in crate::domain::audience::Readers::ALL {
        let mut bench = Bench::new(30);
        let at = Position { stratum: part.stratum(), key: 1 };
        let heard = Recipient { at, told: true, over: true, ..recipient(1) };
        bench.known.insert((FanoutId(2), 1), heard);
        bench.open(&[(event(2, 1, Change::Ended), 1..2)]);
        assert_eq!(bench.next_send(2), None, "{part:?}");
        assert_eq!(bench.closed[0].tally.get(Settlement::Superseded), 1);
    }
}

#[test]
fn what_can_not_be_edited_is_sent_anew_and_fails_nobody() {
    let mut bench = Bench::new(30);
    let told = Recipient { told: true, message: Some(MessageId(40)), ..recipient(1) };
    bench.known.insert((FanoutId(2), 1), told);
    bench.open(&[(event(2, 1, Change::Updated), 1..2)]);
    let edit = bench.next_send(2).unwrap();
    bench.reply(&edit, Outcome::Uneditable);
    let anew = bench.next_send(5).expect("by a message of its own");
    assert_eq!(manner(&anew), (FanoutId(2), Manner::Anew { silent: true, reply_to: None }));
    bench.reply(&anew, DELIVERED);
    assert_eq!(bench.next_send(2), None);
    let tally = bench.closed[0].tally;
    assert_eq!((tally.get(Settlement::Delivered), tally.get(Settlement::Failed)), (1, 0));
}

#[test]
fn whoever_an_older_state_is_on_its_way_to_waits_and_is_then_edited() {
    let mut bench = Bench::new(30);
    let start = (event(1, 1, Change::Raised), 1..2);
    bench.open(std::slice::from_ref(&start));
    let hanging = bench.next_send(2).unwrap();
    bench.dispatch.on_sending(hanging.ticket, &[AlertId(1)]);
    bench.open(&[start, (event(2, 1, Change::Updated), 1..2)]);
    assert_eq!(bench.next_send(3), None, "or it would be told twice");
    bench.reply(&hanging, DELIVERED);
    let edit = bench.next_send(3).unwrap();
    assert_eq!(manner(&edit), (FanoutId(2), Manner::Edit(MessageId(7))));
}

/// Chat 1 hears of alert 9 by this place.
fn hears_of_nine(bench: &mut Bench, place: &str) {
    let variant = Variant { lang: Lang::En, place: RegionId::new(place) };
    bench.known.insert((FanoutId(9), 1), Recipient { variant, ..recipient(1) });
    bench.open(&[(event(9, 9, Change::Raised), 1..2)]);
    let parcel = bench.next_send(2).unwrap();
    bench.dispatch.on_sending(parcel.ticket, &[AlertId(9)]);
    bench.reply(&parcel, DELIVERED);
    bench.now = bench.now + Duration::from_millis(1_200);
}

/// Whether chat 1, to whom alert 9 says enough at its place, is told of this.
fn is_told(bench: &mut Bench, fanout: Fanout) -> bool {
    let enough = vec![AlertId(9)];
    let id = fanout.id;
    bench.known.insert((id, 1), Recipient { enough, told: false, ..recipient(1) });
    bench.open(&[(fanout, 1..2)]);
    let told = bench.next_send(2);
    if told.is_none() {
        let closed = bench.closed.iter().find(|one| one.fanout == id).unwrap();
        assert_eq!(closed.tally.get(Settlement::Superseded), 1);
    }
    bench.deliver(1);
    assert_eq!(bench.kept[&id].known, u64::from(told.is_none()));
    told.is_some()
}

#[test]
fn whoever_knows_enough_by_the_same_place_is_passed_over_and_by_another_is_told() {
    for (place, told) in [("oblast", false), ("elsewhere", true)] {
        let mut bench = Bench::new(30);
        hears_of_nine(&mut bench, place);
        assert_eq!(is_told(&mut bench, event(10, 10, Change::Raised)), told, "{place}");
    }
}

#[test]
fn an_end_is_passed_over_only_for_whoever_heard_afterwards_that_it_goes_on() {
    for (ends_first, told) in [(true, false), (false, true)] {
        let mut bench = Bench::new(30);
        let before = utc(bench.now);
        hears_of_nine(&mut bench, "oblast");
        let mut end = event(10, 10, Change::Ended);
        end.transition.at = if ends_first { before } else { utc(bench.now) };
        assert_eq!(is_told(&mut bench, end), told, "ended first: {ends_first}");
    }
}

#[test]
fn whoever_knows_an_alert_from_an_answer_gets_it_in_full_all_the_same() {
    let mut bench = Bench::new(30);
    let told = Recipient { told: true, ..recipient(1) };
    bench.known.insert((FanoutId(1), 1), told);
    bench.open(&[(event(1, 1, Change::Raised), 1..2)]);
    let start = bench.next_send(2).expect("a line in an answer is no warning");
    assert_eq!(manner(&start), (FanoutId(1), Manner::Anew { silent: false, reply_to: None }));
}
