//! Stories of audiences and how they are walked.

use nabat::{
    domain::{
        alert::{Change, Status, Transition},
        audience::{Audience, Position, Readers, Standing, Tier},
        delivery::{Fate, Gone, Rights, Settlement},
        ids::{BotId, ChatId, FanoutId, LetterId},
        lang::Lang,
    },
    ports::store::{Deed, Effect, LetterSave, LogRow, Save, Store},
};

use super::world::*;

fn leaves(chat: i64, slug: &str) -> Effect {
    Effect::Unsubscribed(BOT, ChatId(chat), place(slug))
}

fn is_struck(chat: i64, fate: Fate) -> Effect {
    Effect::Struck(BOT, ChatId(chat), fate)
}

pub(super) async fn the_audience_is_those_under_the_ceiling(store: impl Store) {
    for chat in 1..=5 {
        join(&store, chat, &["west"]).await;
    }
    join(&store, 6, &["east"]).await;
    let (alert, fanout) = raise(&store, &["west"]).await;
    join(&store, 7, &["west"]).await;
    assert_eq!(chats(&store, fanout).await, [1, 2, 3, 4, 5]);
    let opened = store.fanout(fanout).await.unwrap().unwrap();
    assert_eq!((opened.ceiling, opened.size, opened.transition), (6, None, alert));
    assert_eq!(opened.audience, covering(&["west"]));
    store.sized(fanout, 5).await.unwrap();
    assert_eq!(store.fanout(fanout).await.unwrap().unwrap().size, Some(5));
}

pub(super) async fn whoever_unsubscribes_before_is_not_in_the_audience_and_after_is_met_as_left(
    store: impl Store,
) {
    for chat in 1..=4 {
        join(&store, chat, &["west"]).await;
    }
    act(&store, vec![leaves(1, "west"), Effect::Left(BOT, ChatId(2))]).await;
    let (_, fanout) = raise(&store, &["west"]).await;
    assert_eq!(chats(&store, fanout).await, [3, 4]);
    act(&store, vec![leaves(3, "west"), Effect::Left(BOT, ChatId(4))]).await;
    let met = standings(&store, fanout).await;
    assert_eq!(met, [(3, Standing::Left), (4, Standing::Left)], "counted all the same");
}

pub(super) async fn a_chat_that_returns_draws_a_new_place_in_the_walk(store: impl Store) {
    join(&store, 1, &["west"]).await;
    join(&store, 2, &["west"]).await;
    let (_, before) = raise(&store, &["west"]).await;
    act(&store, vec![leaves(1, "west")]).await;
    join(&store, 1, &["west"]).await;
    let met = standings(&store, before).await;
    assert_eq!(met, [(1, Standing::Left), (2, Standing::Subscribed)], "its joining saw the alert");
    let (_, after) = raise(&store, &["west"]).await;
    assert_eq!(chats(&store, after).await, [2, 1]);
}

pub(super) async fn a_chat_of_two_places_is_met_once_at_the_earlier(store: impl Store) {
    join(&store, 1, &["west", "east"]).await;
    join(&store, 2, &["east"]).await;
    join(&store, 3, &["west"]).await;
    let (_, fanout) = raise(&store, &["east", "west"]).await;
    let met = audience(&store, fanout).await;
    let opened = store.fanout(fanout).await.unwrap().unwrap();
    let by: Vec<_> = met.iter().map(|one| (one.chat.0, one.variant.place.as_str())).collect();
    assert_eq!(by, [(1, "east"), (2, "east"), (3, "west")]);
    assert_eq!(opened.audience.stratum(met[2].at.stratum), Some((Tier::Recent, 1)));
    assert_eq!(met[2].variant.lang, Lang::Ru);
}

pub(super) async fn a_chat_that_lives_on_in_another_place_is_told_by_that(store: impl Store) {
    join(&store, 1, &["west", "east"]).await;
    let (_, fanout) = raise(&store, &["east", "west"]).await;
    act(&store, vec![leaves(1, "east")]).await;
    let met = audience(&store, fanout).await;
    assert_eq!(met.len(), 1);
    assert_eq!((met[0].standing, &met[0].variant.place), (Standing::Subscribed, &place("west")));
    let stands = covering(&["east", "west"]).stratum(met[0].at.stratum);
    assert_eq!(stands, Some((Tier::Recent, 0)), "where it stands in the walk does not change");
    act(&store, vec![leaves(1, "west")]).await;
    assert_eq!(standings(&store, fanout).await, [(1, Standing::Left)]);
}

pub(super) async fn the_dead_and_the_shut_are_met_with_their_standing(store: impl Store) {
    for chat in 1..=4 {
        join(&store, chat, &["west"]).await;
    }
    act(&store, vec![is_struck(1, Fate::Retire(Gone::Kicked))]).await;
    let (_, fanout) = raise(&store, &["west"]).await;
    act(
        &store,
        vec![
            is_struck(2, Fate::Retire(Gone::Blocked)),
            is_struck(3, Fate::Suspend(Rights::Channel)),
            is_struck(4, Fate::Stays),
            is_struck(4, Fate::Missed),
        ],
    )
    .await;
    let expected = [(2, Standing::Retired), (3, Standing::Suspended), (4, Standing::Subscribed)];
    assert_eq!(standings(&store, fanout).await, expected);
    act(&store, vec![Effect::Met(BOT, ChatId(2), Lang::Ru)]).await;
    assert_eq!(standings(&store, fanout).await, expected, "it is back behind the ceiling");
}

async fn exercise(store: &impl Store) -> FanoutId {
    let drill = raised(store.next_alert().await.unwrap(), Status::Exercise, &["west"]);
    let audience = Audience { exercise: true, ..covering(&["west"]) };
    act(store, vec![turn(&drill, audience)]).await[0]
}

fn takes_part(chat: i64, part: bool) -> Effect {
    Effect::Exercises(BOT, ChatId(chat), part)
}

pub(super) async fn an_exercise_is_for_those_who_take_part(store: impl Store) {
    for chat in 1..=3 {
        join(&store, chat, &["west"]).await;
    }
    act(&store, vec![takes_part(1, true), takes_part(3, true), takes_part(3, false)]).await;
    let fanout = exercise(&store).await;
    act(&store, vec![takes_part(2, true)]).await;
    assert_eq!(chats(&store, fanout).await, [1]);
    let would = Audience { exercise: true, ..covering(&["west"]) };
    assert_eq!(store.reach(BOT, &would).await.unwrap().total(), 2);
    assert_eq!(chats(&store, raise(&store, &["west"]).await.1).await, [1, 2, 3], "live is for all");
}

pub(super) async fn whoever_declines_an_exercise_meanwhile_is_met_as_left(store: impl Store) {
    join(&store, 1, &["west"]).await;
    act(&store, vec![takes_part(1, true)]).await;
    let (drill, live) = (exercise(&store).await, raise(&store, &["west"]).await.1);
    act(&store, vec![takes_part(1, false)]).await;
    assert_eq!(standings(&store, drill).await, [(1, Standing::Left)]);
    assert_eq!(standings(&store, live).await, [(1, Standing::Subscribed)]);
}

pub(super) async fn reach_counts_those_who_would_be_told_now(store: impl Store) {
    join(&store, 1, &["west", "east"]).await;
    join(&store, 2, &["east"]).await;
    join(&store, 3, &["west"]).await;
    join(&store, 4, &["west"]).await;
    act(&store, vec![leaves(3, "west"), is_struck(4, Fate::Retire(Gone::Blocked))]).await;
    let reach = async |slugs: &[&str]| store.reach(BOT, &covering(slugs)).await.unwrap().total();
    assert_eq!(reach(&["west"]).await, 1);
    assert_eq!(reach(&["west", "east"]).await, 2);
    assert_eq!(reach(&[]).await, 0);
    assert_eq!(store.reach(BotId(8), &covering(&["west"])).await.unwrap().total(), 0);
    assert_eq!(store.reach(BOT, &told()).await.unwrap().total(), 0, "readers are of a broadcast");
}

pub(super) async fn an_end_goes_to_those_who_were_told_and_to_no_one_else(store: impl Store) {
    for chat in 1..=4 {
        join(&store, chat, &["west"]).await;
    }
    let (alert, start) = raise(&store, &["west"]).await;
    let id = alert.alert.id();
    let sent = vec![
        row(3, Settlement::Delivered, &[id]),
        row(1, Settlement::Uncertain, &[id]),
        row(2, Settlement::Failed, &[id]),
    ];
    log(&store, start, sent).await;
    act(&store, vec![leaves(3, "west")]).await;
    let (_, over) = end(&store, &alert).await;
    store.close_readers(over).await.unwrap();
    let met = audience(&store, over).await;
    let who: Vec<_> = met.iter().map(|one| (one.chat.0, one.standing)).collect();
    assert_eq!(who, [(3, Standing::Subscribed), (1, Standing::Subscribed)], "wherever they live");
    assert_eq!(met[0].variant.place, place("west"), "by the place the log remembers");
    assert!(met.iter().all(|one| one.at.is_reader()));
}

pub(super) async fn a_reader_is_met_once_by_the_first_row(store: impl Store) {
    join(&store, 1, &["west"]).await;
    join(&store, 2, &["west"]).await;
    let (first, start) = raise(&store, &["west"]).await;
    let id = first.alert.id();
    log(&store, start, vec![row(1, Settlement::Failed, &[id])]).await;
    log(&store, start, vec![row(2, Settlement::Delivered, &[id])]).await;
    let second = turned(&first, Change::SteppedUp, 10);
    let again = act(&store, vec![turn(&second, covering(&["west"]))]).await[0];
    let sent = [1, 2].map(|chat| row(chat, Settlement::Delivered, &[id]));
    log(&store, again, sent.to_vec()).await;
    let (_, over) = end(&store, &second).await;
    store.close_readers(over).await.unwrap();
    assert_eq!(chats(&store, over).await, [2, 1]);
}

/// The alert ends in part of its area and goes on in these places.
async fn end_partly(store: &impl Store, before: &Transition, remain: &[&str]) -> FanoutId {
    let partly = turned(before, Change::EndedPartly(places(&["town"])), 10);
    act(store, vec![turn(&partly, told_and(remain))]).await[0]
}

pub(super) async fn places_are_walked_before_readers_are_closed(store: impl Store) {
    for chat in 1..=3 {
        join(&store, chat, &["west"]).await;
    }
    let (alert, start) = raise(&store, &["west"]).await;
    let over = end_partly(&store, &alert, &["west"]).await;
    let (met, last) = walked(&store, over, 2).await;
    let who: Vec<_> = met.iter().map(|one| (one.chat.0, one.at.stratum)).collect();
    assert_eq!(who, [(1, 5), (2, 5), (3, 5)], "nobody waits for the start to settle");
    assert!(!last, "readers may follow");
    assert_eq!(store.count(over, Position::START).await.unwrap(), 3);
    log(&store, start, vec![row(2, Settlement::Delivered, &[alert.alert.id()])]).await;
    store.close_readers(over).await.unwrap();
    let again: Vec<_> =
        audience(&store, over).await.iter().map(|one| (one.chat.0, one.at.stratum)).collect();
    assert_eq!(again, who, "to be a reader too changes nothing");
}

pub(super) async fn the_walk_of_readers_does_not_end_before_they_are_closed(store: impl Store) {
    for chat in 1..=3 {
        join(&store, chat, &["town"]).await;
    }
    join(&store, 4, &["west"]).await;
    let (alert, start) = raise(&store, &["town", "west"]).await;
    let id = alert.alert.id();
    let over = end_partly(&store, &alert, &["west"]).await;
    let (met, last) = walked(&store, over, 2).await;
    assert_eq!((met.len(), last), (1, false));
    log(&store, start, vec![row(2, Settlement::Delivered, &[id])]).await;
    let (met, last) = walked(&store, over, 3).await;
    assert_eq!((met.len(), last), (2, false), "one reader so far");
    assert_eq!(store.count(over, Position::START).await.unwrap(), 2);
    log(&store, start, vec![row(1, Settlement::Delivered, &[id])]).await;
    let page = store.page(over, met[1].at, 2).await.unwrap();
    assert_eq!(page.recipients[0].chat, ChatId(1), "the walk goes on where it was");
    assert!(!page.last);
    store.close_readers(over).await.unwrap();
    log(&store, start, vec![row(3, Settlement::Delivered, &[id])]).await;
    assert_eq!(chats(&store, over).await, [4, 2, 1], "the third is too late to be a reader");
}

pub(super) async fn closing_readers_twice_changes_nothing(store: impl Store) {
    join(&store, 1, &["west"]).await;
    let (alert, start) = raise(&store, &["west"]).await;
    let (_, over) = end(&store, &alert).await;
    assert_eq!(store.fanout(over).await.unwrap().unwrap().readers_ceiling, None);
    store.close_readers(over).await.unwrap();
    log(&store, start, vec![row(1, Settlement::Delivered, &[alert.alert.id()])]).await;
    store.close_readers(over).await.unwrap();
    assert_eq!(store.fanout(over).await.unwrap().unwrap().readers_ceiling, Some(0));
    assert!(audience(&store, over).await.is_empty());
}

pub(super) async fn readers_who_left_or_died_are_met_with_their_standing(store: impl Store) {
    for chat in 1..=4 {
        join(&store, chat, &["west"]).await;
    }
    let (alert, start) = raise(&store, &["west"]).await;
    let sent = (1..=4).map(|chat| row(chat, Settlement::Delivered, &[alert.alert.id()]));
    log(&store, start, sent.collect()).await;
    act(&store, vec![Effect::Left(BOT, ChatId(1))]).await;
    let (_, over) = end(&store, &alert).await;
    store.close_readers(over).await.unwrap();
    act(
        &store,
        vec![is_struck(2, Fate::Retire(Gone::Blocked)), is_struck(3, Fate::Suspend(Rights::Write))],
    )
    .await;
    let expected = [
        (1, Standing::Left),
        (2, Standing::Retired),
        (3, Standing::Suspended),
        (4, Standing::Subscribed),
    ];
    assert_eq!(standings(&store, over).await, expected);
}

pub(super) async fn a_partial_end_meets_the_places_that_remain_and_readers_elsewhere_last(
    store: impl Store,
) {
    join(&store, 1, &["town"]).await;
    join(&store, 2, &["town"]).await;
    join(&store, 3, &["west"]).await;
    join(&store, 4, &["east"]).await;
    join(&store, 5, &["west"]).await;
    let (alert, start) = raise(&store, &["town", "west", "east"]).await;
    let sent = [2, 5].map(|chat| row(chat, Settlement::Delivered, &[alert.alert.id()]));
    log(&store, start, sent.to_vec()).await;
    let over = end_partly(&store, &alert, &["east", "west"]).await;
    store.close_readers(over).await.unwrap();
    assert_eq!(chats(&store, over).await, [4, 3, 5, 2], "and those not told there never");
}

pub(super) async fn a_chat_of_an_ended_place_and_a_remaining_one_is_met_once_at_the_remaining(
    store: impl Store,
) {
    join(&store, 1, &["town", "west"]).await;
    let (alert, start) = raise(&store, &["town", "west"]).await;
    let told =
        LogRow { place: place("town"), ..row(1, Settlement::Delivered, &[alert.alert.id()]) };
    log(&store, start, vec![told]).await;
    let over = end_partly(&store, &alert, &["west"]).await;
    store.close_readers(over).await.unwrap();
    let met = audience(&store, over).await;
    let by: Vec<_> = met.iter().map(|one| (one.chat.0, one.variant.place.as_str())).collect();
    assert_eq!(by, [(1, "west")]);
}

pub(super) async fn a_reader_who_comes_to_a_remaining_place_after_the_ceiling_is_still_a_reader(
    store: impl Store,
) {
    join(&store, 1, &["town"]).await;
    join(&store, 2, &["west"]).await;
    let (alert, start) = raise(&store, &["town", "west"]).await;
    let sent = [1, 2].map(|chat| row(chat, Settlement::Delivered, &[alert.alert.id()]));
    log(&store, start, sent.to_vec()).await;
    act(&store, vec![leaves(2, "west")]).await;
    let over = end_partly(&store, &alert, &["west"]).await;
    join(&store, 1, &["west"]).await;
    store.close_readers(over).await.unwrap();
    let met = audience(&store, over).await;
    let strata: Vec<_> = met.iter().map(|one| (one.chat.0, one.at.stratum)).collect();
    let readers = Readers::People.stratum();
    assert_eq!(strata, [(1, readers), (2, readers)], "one came after, one had gone before");
}

pub(super) async fn a_reader_who_declined_an_exercise_is_met_among_the_readers(store: impl Store) {
    for chat in 1..=2 {
        join(&store, chat, &["west"]).await;
        act(&store, vec![takes_part(chat, true)]).await;
    }
    let drill = raised(store.next_alert().await.unwrap(), Status::Exercise, &["west"]);
    let only = Audience { exercise: true, ..covering(&["west"]) };
    let start = act(&store, vec![turn(&drill, only)]).await[0];
    let sent = [1, 2].map(|chat| row(chat, Settlement::Delivered, &[drill.alert.id()]));
    log(&store, start, sent.to_vec()).await;
    act(&store, vec![takes_part(1, false)]).await;
    let partly = turned(&drill, Change::EndedPartly(places(&["town"])), 10);
    let rest = Audience { exercise: true, ..told_and(&["west"]) };
    let over = act(&store, vec![turn(&partly, rest)]).await[0];
    store.close_readers(over).await.unwrap();
    let met = audience(&store, over).await;
    let strata: Vec<_> = met.iter().map(|one| (one.chat.0, one.at.stratum)).collect();
    assert_eq!(strata, [(2, 5), (1, Readers::People.stratum())]);
}

pub(super) async fn what_a_broadcast_logs_itself_makes_nobody_its_own_reader(store: impl Store) {
    join(&store, 1, &["west"]).await;
    join(&store, 2, &["west"]).await;
    let (alert, start) = raise(&store, &["west"]).await;
    let id = alert.alert.id();
    log(&store, start, vec![row(1, Settlement::Delivered, &[id])]).await;
    let partly = turned(&alert, Change::EndedPartly(places(&["town"])), 10);
    let over = act(&store, vec![turn(&partly, told_and(&["west"]))]).await[0];
    log(&store, over, vec![row(1, Settlement::Delivered, &[id])]).await;
    store.close_readers(over).await.unwrap();
    log(&store, over, vec![row(2, Settlement::Delivered, &[id])]).await;
    assert_eq!(chats(&store, over).await, [1, 2]);
    let (_, last) = end(&store, &partly).await;
    store.close_readers(last).await.unwrap();
    assert_eq!(chats(&store, last).await, [1, 2], "but readers of the next");
}

pub(super) async fn what_takes_the_place_of_an_end_in_a_part_goes_to_its_readers(
    store: impl Store,
) {
    join(&store, 1, &["west"]).await;
    join(&store, 2, &["town"]).await;
    join(&store, 3, &["town"]).await;
    let (alert, start) = raise(&store, &["west", "town"]).await;
    let id = alert.alert.id();
    log(&store, start, [1, 2, 3].map(|chat| row(chat, Settlement::Delivered, &[id])).to_vec())
        .await;
    close(&store, start).await;
    let partly = turned(&alert, Change::EndedPartly(places(&["town"])), 10);
    let over = act(&store, vec![turn(&partly, told_and(&["west"]))]).await[0];
    log(&store, over, vec![row(2, Settlement::Delivered, &[])]).await;
    let update = turned(&partly, Change::Updated, 11);
    let after = act(&store, vec![turn(&update, covering(&["west"]))]).await[0];
    store.close_readers(after).await.unwrap();
    let met = audience(&store, after).await;
    let known: Vec<_> = met.iter().map(|one| (one.chat.0, one.over)).collect();
    assert_eq!(known, [(1, false), (2, true), (3, false)], "one of them has heard of the end");
    close(&store, over).await;
    close(&store, after).await;
    let last = turned(&update, Change::Updated, 12);
    let later = act(&store, vec![turn(&last, covering(&["west"]))]).await[0];
    assert_eq!(chats(&store, later).await, [1], "once everyone is settled, nobody is owed it");
    log(&store, after, vec![row(2, Settlement::Delivered, &[id])]).await;
    let (_, end) = end(&store, &last).await;
    store.close_readers(end).await.unwrap();
    let known: Vec<_> = audience(&store, end).await.iter().map(|one| one.over).collect();
    assert_eq!(known, [false, false, false], "told anew, owed anew");
}

pub(super) async fn a_letter_makes_a_reader_of_someone_never_met(store: impl Store) {
    let (alert, _) = raise(&store, &["west"]).await;
    let asked = Deed { letters: vec![letter(9, words("?"))], ..deed(Vec::new()) };
    store.enact(&asked).await.unwrap();
    let row = row(9, Settlement::Delivered, &[alert.alert.id()]);
    let done = LetterSave { letter: LetterId(1), row: Some(row) };
    let done = Save { letters: vec![done], ..Save::default() };
    save(&store, done.clone()).await;
    save(&store, done).await;
    let (_, over) = end(&store, &alert).await;
    store.close_readers(over).await.unwrap();
    let met = audience(&store, over).await;
    assert_eq!(met.len(), 1);
    assert_eq!((met[0].chat, met[0].standing), (ChatId(9), Standing::Subscribed));
    assert_eq!(met[0].variant.lang, Lang::Uk, "in the language of the letter");
}

pub(super) async fn an_unknown_broadcast_has_nobody(store: impl Store) {
    let unknown = FanoutId(99);
    assert_eq!(store.fanout(unknown).await.unwrap(), None);
    assert!(audience(&store, unknown).await.is_empty());
    store.sized(unknown, 1).await.unwrap();
    store.close_readers(unknown).await.unwrap();
    log(&store, unknown, vec![row(1, Settlement::Delivered, &[])]).await;
    assert_eq!(store.fanout(unknown).await.unwrap(), None);
}

pub(super) async fn a_merged_group_is_met_once_and_the_count_stays(store: impl Store) {
    join(&store, -1, &["west"]).await;
    join(&store, -100, &["east"]).await;
    let (_, both) = raise(&store, &["west", "east"]).await;
    let (_, west) = raise(&store, &["west"]).await;
    act(&store, vec![Effect::Moved { bot: BOT, from: ChatId(-1), to: ChatId(-100) }]).await;
    let met = standings(&store, both).await;
    assert_eq!(met, [(-1, Standing::Left), (-100, Standing::Subscribed)]);
    let met = standings(&store, west).await;
    assert_eq!(met, [(-100, Standing::Subscribed)], "the new id stands in for the old one");
    let (_, after) = raise(&store, &["west", "east"]).await;
    assert_eq!(chats(&store, after).await, [-100]);
}
