//! Stories of forgetting. What is forgotten is seen by what does not come back.

use nabat::{
    domain::{
        alert::Status,
        audience::Standing,
        consent::Act,
        delivery::{Fate, Gone, Settlement},
        ids::{ChatId, UpdateId},
        lang::Lang,
    },
    ports::store::{Effect, Enacted, Store},
};

use super::world::*;

const DAY: i64 = 86_400;

async fn tidy(store: &impl Store, second: i64) {
    for _ in 0..10 {
        if !store.tidy(at(second)).await.unwrap() {
            return;
        }
    }
    panic!("it is never done");
}

pub(super) async fn what_an_open_broadcast_can_see_stays(store: impl Store) {
    join(&store, 1, &["west", "east"]).await;
    join(&store, 2, &["west"]).await;
    let (alert, start) = raise(&store, &["west"]).await;
    log(&store, start, vec![row(2, Settlement::Delivered, &[alert.alert.id()])]).await;
    act(&store, vec![Effect::Unsubscribed(BOT, ChatId(1), place("west"))]).await;
    act(&store, vec![Effect::Left(BOT, ChatId(2))]).await;
    let before = standings(&store, start).await;
    assert_eq!(before, [(1, Standing::Left), (2, Standing::Left)]);
    tidy(&store, 10).await;
    assert_eq!(standings(&store, start).await, before);
    let (_, over) = end(&store, &alert).await;
    store.close_readers(over).await.unwrap();
    close(&store, start).await;
    tidy(&store, 10 * DAY).await;
    let met = standings(&store, over).await;
    assert_eq!(met, [(2, Standing::Left)], "the end can see it too");
}

pub(super) async fn a_chat_that_left_is_forgotten_when_nobody_needs_it(store: impl Store) {
    join(&store, 1, &["west"]).await;
    let (alert, start) = raise(&store, &["west"]).await;
    log(&store, start, vec![row(1, Settlement::Delivered, &[alert.alert.id()])]).await;
    act(&store, vec![Effect::Left(BOT, ChatId(1))]).await;
    close(&store, start).await;
    tidy(&store, 10).await;
    let (_, over) = end(&store, &alert).await;
    store.close_readers(over).await.unwrap();
    assert!(chats(&store, over).await.is_empty(), "its rows of the log are gone with it");
    join(&store, 1, &["west"]).await;
    assert_eq!(lives(&store, 1).await.unwrap(), ["west"]);
}

pub(super) async fn a_struck_chat_is_not_forgotten(store: impl Store) {
    join(&store, 1, &["west", "east"]).await;
    act(&store, vec![Effect::Struck(BOT, ChatId(1), Fate::Retire(Gone::Blocked))]).await;
    tidy(&store, 100 * DAY).await;
    act(&store, vec![Effect::Met(BOT, ChatId(1), Lang::Ru)]).await;
    assert_eq!(lives(&store, 1).await.unwrap(), ["west", "east"]);
    tidy(&store, 100 * DAY).await;
    assert_eq!(lives(&store, 1).await.unwrap(), ["west", "east"]);
}

pub(super) async fn updates_are_forgotten_but_for_the_last(store: impl Store) {
    for id in [3, 5, 4] {
        store.enact(&update(id, Vec::new())).await.unwrap();
    }
    tidy(&store, 2 * DAY).await;
    assert_eq!(store.enact(&update(3, Vec::new())).await.unwrap(), Enacted::Already);
    tidy(&store, 4 * DAY).await;
    assert_eq!(store.last_update(BOT).await.unwrap(), Some(UpdateId(5)));
    assert_eq!(store.enact(&update(5, Vec::new())).await.unwrap(), Enacted::Already);
    assert_eq!(store.enact(&update(3, Vec::new())).await.unwrap(), Enacted::Done(Vec::new()));
}

pub(super) async fn challenges_are_forgotten_long_after_they_expired(store: impl Store) {
    let asked = challenge(1, Act::Raise(draft(Status::Actual, &["west"])));
    act(&store, vec![Effect::Challenged(Box::new(asked.clone()))]).await;
    tidy(&store, DAY).await;
    assert!(store.asked(asked.code()).await.unwrap().is_some(), "expired, but remembered");
    tidy(&store, 4 * DAY).await;
    assert_eq!(store.asked(asked.code()).await.unwrap(), None);
}

pub(super) async fn the_log_of_an_ended_alert_is_forgotten_after_two_days(store: impl Store) {
    join(&store, 1, &["west"]).await;
    let (alert, start) = raise(&store, &["west"]).await;
    log(&store, start, vec![row(1, Settlement::Delivered, &[alert.alert.id()])]).await;
    tidy(&store, 10 * DAY).await;
    let (_, over) = end(&store, &alert).await;
    store.close_readers(over).await.unwrap();
    tidy(&store, 10 * DAY).await;
    assert_eq!(chats(&store, over).await, [1], "the end is under way");
    close(&store, start).await;
    close(&store, over).await;
    tidy(&store, DAY).await;
    assert_eq!(chats(&store, over).await, [1], "it is not two days");
    tidy(&store, 3 * DAY).await;
    assert!(chats(&store, over).await.is_empty());
}
