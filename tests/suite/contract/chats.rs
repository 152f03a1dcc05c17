//! Stories of chats.

use nabat::{
    domain::{
        delivery::{Fate, Gone, Rights},
        ids::{BotId, ChatId, LetterId},
        lang::Lang,
    },
    ports::store::{Effect, Store},
};

use super::world::*;

const CHAT: ChatId = ChatId(1);

pub(super) async fn a_chat_that_was_met_is_known_and_speaks_its_language(store: impl Store) {
    assert_eq!(store.subscriber(BOT, CHAT).await.unwrap(), None);
    act(&store, vec![Effect::Speaks(BOT, CHAT, Lang::En)]).await;
    assert_eq!(store.subscriber(BOT, CHAT).await.unwrap(), None, "speaking is not meeting");
    act(&store, vec![Effect::Met(BOT, CHAT, Lang::Uk)]).await;
    let known = store.subscriber(BOT, CHAT).await.unwrap().unwrap();
    assert_eq!((known.lang, known.places, known.exercises), (Lang::Uk, Vec::new(), false));
    act(&store, vec![Effect::Speaks(BOT, CHAT, Lang::En)]).await;
    assert_eq!(store.subscriber(BOT, CHAT).await.unwrap().unwrap().lang, Lang::En);
}

pub(super) async fn places_are_told_in_the_order_they_were_named(store: impl Store) {
    join(&store, 1, &["west", "east", "north"]).await;
    act(&store, vec![Effect::Unsubscribed(BOT, CHAT, place("west"))]).await;
    join(&store, 1, &["west"]).await;
    assert_eq!(lives(&store, 1).await.unwrap(), ["east", "north", "west"]);
}

pub(super) async fn subscribing_twice_is_subscribing_once(store: impl Store) {
    join(&store, 1, &["west"]).await;
    join(&store, 2, &["west"]).await;
    join(&store, 1, &["west"]).await;
    let (_, fanout) = raise(&store, &["west"]).await;
    assert_eq!(chats(&store, fanout).await, [1, 2]);
    assert_eq!(store.fanout(fanout).await.unwrap().unwrap().ceiling, 2, "nothing was drawn");
}

pub(super) async fn a_chat_that_was_never_met_can_not_subscribe(store: impl Store) {
    act(&store, vec![Effect::Subscribed(BOT, CHAT, place("west"))]).await;
    assert_eq!(lives(&store, 1).await, None);
    assert_eq!(store.reach(BOT, &covering(&["west"])).await.unwrap().total(), 0);
}

pub(super) async fn a_chat_that_left_is_not_known(store: impl Store) {
    join(&store, 1, &["west"]).await;
    act(&store, vec![Effect::Left(BOT, CHAT), Effect::Left(BOT, CHAT)]).await;
    assert_eq!(lives(&store, 1).await, None);
    act(&store, vec![Effect::Subscribed(BOT, CHAT, place("west"))]).await;
    assert_eq!(lives(&store, 1).await, None, "only meeting it brings it back");
}

pub(super) async fn a_chat_that_left_and_came_back_starts_anew(store: impl Store) {
    join(&store, 1, &["west", "east"]).await;
    act(&store, vec![Effect::Exercises(BOT, CHAT, true), Effect::Left(BOT, CHAT)]).await;
    join(&store, 1, &["north"]).await;
    let known = store.subscriber(BOT, CHAT).await.unwrap().unwrap();
    assert_eq!((known.places, known.exercises), (places(&["north"]), false));
}

pub(super) async fn a_retired_chat_that_comes_back_has_the_places_it_had(store: impl Store) {
    join(&store, 1, &["west", "east"]).await;
    act(&store, vec![Effect::Exercises(BOT, CHAT, true)]).await;
    act(&store, vec![Effect::Struck(BOT, CHAT, Fate::Retire(Gone::Blocked))]).await;
    assert_eq!(lives(&store, 1).await, None);
    act(&store, vec![Effect::Met(BOT, CHAT, Lang::En)]).await;
    let known = store.subscriber(BOT, CHAT).await.unwrap().unwrap();
    // Whoever comes back by an update that names no language is spoken to as before.
    assert_eq!((known.lang, known.places), (Lang::Ru, places(&["west", "east"])));
    assert!(known.exercises);
}

pub(super) async fn a_suspended_chat_that_comes_back_lives_only_where_it_lived_last(
    store: impl Store,
) {
    let shut = || Effect::Struck(BOT, CHAT, Fate::Suspend(Rights::Write));
    join(&store, 1, &["west", "east"]).await;
    act(&store, vec![shut(), Effect::Met(BOT, CHAT, Lang::Ru)]).await;
    act(&store, vec![Effect::Unsubscribed(BOT, CHAT, place("west")), shut(), shut()]).await;
    act(&store, vec![Effect::Met(BOT, CHAT, Lang::Ru)]).await;
    assert_eq!(lives(&store, 1).await.unwrap(), ["east"]);
    act(&store, vec![shut(), Effect::Left(BOT, CHAT), Effect::Met(BOT, CHAT, Lang::Ru)]).await;
    assert_eq!(lives(&store, 1).await.unwrap(), [""; 0], "it asked to leave while it was shut");
}

pub(super) async fn a_chat_takes_part_in_exercises_until_it_does_not(store: impl Store) {
    join(&store, 1, &["west"]).await;
    for part in [true, true, false, true] {
        act(&store, vec![Effect::Exercises(BOT, CHAT, part)]).await;
        assert_eq!(store.subscriber(BOT, CHAT).await.unwrap().unwrap().exercises, part);
        assert_eq!(lives(&store, 1).await.unwrap(), ["west"]);
    }
}

pub(super) async fn the_same_person_on_two_bots_is_two_chats(store: impl Store) {
    let other = BotId(8);
    join(&store, 1, &["west"]).await;
    act(&store, vec![Effect::Met(other, CHAT, Lang::En), Effect::Left(other, CHAT)]).await;
    assert_eq!(lives(&store, 1).await.unwrap(), ["west"]);
    assert_eq!(store.reach(other, &covering(&["west"])).await.unwrap().total(), 0);
    assert_eq!(store.reach(BOT, &covering(&["west"])).await.unwrap().total(), 1);
}

pub(super) async fn a_group_that_moves_takes_everything_along(store: impl Store) {
    join(&store, -1, &["west", "east"]).await;
    let (alert, start) = raise(&store, &["west"]).await;
    log(
        &store,
        start,
        vec![row(-1, nabat::domain::delivery::Settlement::Delivered, &[alert.alert.id()])],
    )
    .await;
    let told = nabat::ports::store::Deed {
        letters: vec![letter(-1, words("?"))],
        ..deed(vec![Effect::Moved { bot: BOT, from: ChatId(-1), to: ChatId(-100) }])
    };
    store.enact(&told).await.unwrap();
    assert_eq!(lives(&store, -1).await, None);
    assert_eq!(lives(&store, -100).await.unwrap(), ["west", "east"]);
    assert_eq!(chats(&store, start).await, [-100]);
    let (_, over) = end(&store, &alert).await;
    store.close_readers(over).await.unwrap();
    assert_eq!(chats(&store, over).await, [-100], "the log goes along");
    let moves = vec![Effect::Moved { bot: BOT, from: ChatId(-1), to: ChatId(-100) }];
    act(&store, moves).await;
    let letters = store.letters(BOT, LetterId(0)).await.unwrap();
    assert_eq!(letters[0].new.chat, ChatId(-100), "letters too, also later ones");
}

pub(super) async fn a_group_that_moves_to_a_known_id_is_merged(store: impl Store) {
    join(&store, -1, &["west", "east"]).await;
    join(&store, -100, &["east", "north"]).await;
    act(&store, vec![Effect::Moved { bot: BOT, from: ChatId(-1), to: ChatId(-100) }]).await;
    assert_eq!(lives(&store, -1).await, None);
    assert_eq!(lives(&store, -100).await.unwrap(), ["east", "north", "west"]);
}

pub(super) async fn a_group_moves_once(store: impl Store) {
    join(&store, -1, &["west"]).await;
    join(&store, -100, &["east"]).await;
    let moved = || Effect::Moved { bot: BOT, from: ChatId(-1), to: ChatId(-100) };
    act(&store, vec![moved()]).await;
    act(&store, vec![Effect::Unsubscribed(BOT, ChatId(-100), place("west")), moved()]).await;
    assert_eq!(lives(&store, -100).await.unwrap(), ["east"]);
    let (unknown, same) = (ChatId(-5), ChatId(-100));
    act(&store, vec![Effect::Moved { bot: BOT, from: unknown, to: same }]).await;
    act(&store, vec![Effect::Moved { bot: BOT, from: same, to: same }]).await;
    assert_eq!(lives(&store, -100).await.unwrap(), ["east"]);
}
