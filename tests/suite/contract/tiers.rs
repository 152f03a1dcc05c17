//! Stories of tiers: whom a broadcast reaches first, and what it knows of each chat.

use nabat::{
    domain::{
        alert::{Change, Status},
        audience::{Audience, Kind, Tier},
        delivery::Settlement,
        ids::{AlertId, ChatId, MessageId},
        lang::Lang,
    },
    ports::store::{Cause, Deed, Effect, Enacted, Hold, LogRow, Store},
};

use super::world::*;

const DAY: i64 = 86_400;

/// A group or a channel joins.
async fn gathers(store: &impl Store, chat: i64, kind: Kind, members: u64, slug: &str) {
    let chat = ChatId(chat);
    let effects = vec![
        Effect::Met(BOT, chat, Lang::Ru),
        Effect::Counted(BOT, chat, kind, members),
        Effect::Subscribed(BOT, chat, place(slug)),
    ];
    act(store, effects).await;
}

async fn at_day(store: &impl Store, day: i64, effects: Vec<Effect>) {
    let deed = Deed { effects, ..Deed::new(Cause::Clock, at(day * DAY)) };
    assert_eq!(store.enact(&deed).await.unwrap(), Enacted::Done(Vec::new()));
}

pub(super) async fn whoever_reaches_most_is_met_first_then_whoever_is_nearest(store: impl Store) {
    join(&store, 1, &["region"]).await;
    join(&store, 2, &["town"]).await;
    gathers(&store, -3, Kind::Group, 12, "town").await;
    gathers(&store, -4, Kind::Group, 5_000, "region").await;
    gathers(&store, -5, Kind::Channel, 40, "region").await;
    gathers(&store, -6, Kind::Group, 200, "town").await;
    at_day(&store, -60, vec![Effect::Met(BOT, ChatId(7), Lang::Ru)]).await;
    act(&store, vec![Effect::Subscribed(BOT, ChatId(7), place("town"))]).await;
    store.tidy(at(0)).await.unwrap();
    let alert = raised(store.next_alert().await.unwrap(), Status::Actual, &["town"]);
    let whom = Audience { nearest: 1, ..covering(&["town", "region"]) };
    let fanout = act(&store, vec![turn(&alert, whom.clone())]).await[0];
    assert_eq!(chats(&store, fanout).await, [-5, -4, -6, -3, 2, 7, 1]);
    let reach = store.reach(BOT, &whom).await.unwrap();
    assert_eq!(reach.chats, [1, 1, 1, 1, 2, 1]);
    assert_eq!(reach.people, [40, 5_000, 200, 12, 2, 1]);
    assert_eq!(reach.of(Kind::Group), (3, 5_212));
}

pub(super) async fn a_tier_changes_when_no_broadcast_is_open(store: impl Store) {
    gathers(&store, -1, Kind::Group, 20, "west").await;
    gathers(&store, -2, Kind::Group, 200, "west").await;
    let (_, before) = raise(&store, &["west"]).await;
    act(&store, vec![Effect::Counted(BOT, ChatId(-1), Kind::Group, 2_000)]).await;
    store.tidy(at(9)).await.unwrap();
    assert_eq!(chats(&store, before).await, [-2, -1], "nobody changes place under a cursor");
    close(&store, before).await;
    store.tidy(at(10)).await.unwrap();
    let (_, after) = raise(&store, &["west"]).await;
    assert_eq!(chats(&store, after).await, [-1, -2]);
}

pub(super) async fn a_month_of_silence_and_a_word_change_whose_turn_it_is(store: impl Store) {
    for chat in [1, 2] {
        at_day(
            &store,
            0,
            vec![
                Effect::Met(BOT, ChatId(chat), Lang::Ru),
                Effect::Subscribed(BOT, ChatId(chat), place("west")),
            ],
        )
        .await;
    }
    at_day(&store, 20, vec![Effect::Seen(BOT, ChatId(2))]).await;
    let tiers = async |store: &_| {
        let (_, fanout) = raise(store, &["west"]).await;
        let met = audience(store, fanout).await;
        close(store, fanout).await;
        met.iter().map(|one| (one.chat.0, one.tier)).collect::<Vec<_>>()
    };
    store.tidy(at(30 * DAY)).await.unwrap();
    assert_eq!(tiers(&store).await, [(1, Tier::Recent), (2, Tier::Recent)]);
    store.tidy(at(31 * DAY)).await.unwrap();
    assert_eq!(tiers(&store).await, [(2, Tier::Recent), (1, Tier::Silent)]);
    at_day(&store, 60, vec![Effect::Seen(BOT, ChatId(1))]).await;
    store.tidy(at(60 * DAY)).await.unwrap();
    assert_eq!(tiers(&store).await, [(1, Tier::Recent), (2, Tier::Silent)]);
}

pub(super) async fn a_page_says_what_each_chat_knows_and_by_which_message(store: impl Store) {
    for chat in 1..=4 {
        join(&store, chat, &["west"]).await;
    }
    let (alert, start) = raise(&store, &["west"]).await;
    let id = alert.alert.id();
    log(
        &store,
        start,
        vec![
            row(1, Settlement::Delivered, &[id]),
            row(2, Settlement::Uncertain, &[id]),
            row(3, Settlement::Failed, &[]),
        ],
    )
    .await;
    let update = turned(&alert, Change::Updated, 10);
    let fanout = act(&store, vec![turn(&update, covering(&["west"]))]).await[0];
    let met = audience(&store, fanout).await;
    let known: Vec<_> = met.iter().map(|one| (one.chat.0, one.told, one.message)).collect();
    let ten = |chat: i64| Some(MessageId(chat * 10));
    assert_eq!(known, [(1, true, ten(1)), (2, false, ten(2)), (3, false, None), (4, false, None)]);
    log(&store, fanout, vec![row(4, Settlement::Delivered, &[id])]).await;
    let again = audience(&store, fanout).await;
    assert!(!again[3].told, "what it was told by this broadcast is no earlier knowledge");
}

pub(super) async fn what_another_alert_mentions_is_knowledge_without_a_message(store: impl Store) {
    join(&store, 1, &["west"]).await;
    let (first, start) = raise(&store, &["west"]).await;
    let (second, other) = raise(&store, &["west"]).await;
    let both = [first.alert.id(), second.alert.id()];
    log(&store, start, vec![row(1, Settlement::Delivered, &both)]).await;
    let met = audience(&store, other).await;
    assert_eq!((met[0].told, met[0].message), (true, None));
}

pub(super) async fn who_was_told_is_asked_by_place_certainty_and_time(store: impl Store) {
    for chat in 1..=3 {
        join(&store, chat, &["west"]).await;
    }
    let (alert, start) = raise(&store, &["west"]).await;
    let id = alert.alert.id();
    let elsewhere = LogRow { place: place("east"), ..row(3, Settlement::Delivered, &[id]) };
    let rows =
        vec![row(1, Settlement::Delivered, &[id]), row(2, Settlement::Uncertain, &[id]), elsewhere];
    log(&store, start, rows).await;
    let everyone: Vec<_> = (1..=4).map(|chat| (ChatId(chat), place("west"))).collect();
    let told = async |alerts: &[AlertId], since| {
        let told = store.told(BOT, &everyone, alerts, since).await.unwrap();
        assert_eq!(told.keys().map(|chat| chat.0).collect::<Vec<_>>(), [1, 2, 3]);
        told.into_iter().filter(|(_, told)| *told).map(|(chat, _)| chat.0).collect::<Vec<_>>()
    };
    assert_eq!(told(&[AlertId(99), id], None).await, [1]);
    assert_eq!(told(&[id], Some(at(2))).await, [1]);
    assert!(told(&[id], Some(at(3))).await.is_empty());
    assert!(told(&[], None).await.is_empty());
    act(&store, vec![Effect::Subscribed(BOT, ChatId(1), place("east"))]).await;
    let told = store.told(BOT, &everyone, &[id], None).await.unwrap();
    let alone: Vec<_> = told.keys().map(|chat| chat.0).collect();
    assert_eq!(alone, [2, 3], "whoever lives at two places has to hear of both");
}

pub(super) async fn a_broadcast_is_held_let_go_on_and_stopped(store: impl Store) {
    join(&store, 1, &["west"]).await;
    let (alert, fanout) = raise(&store, &["west"]).await;
    let (_, other) = raise(&store, &["west"]).await;
    let hold = async |hold| {
        let alert = alert.alert.id();
        act(&store, vec![Effect::Held { alert, through: fanout, hold }]).await;
        store.fanout(fanout).await.unwrap().unwrap().hold
    };
    assert_eq!(hold(Some(Hold::Paused)).await, Some(Hold::Paused));
    assert_eq!(hold(None).await, None);
    let (_, end) = end(&store, &alert).await;
    assert_eq!(hold(Some(Hold::Halted)).await, Some(Hold::Halted));
    assert_eq!(hold(None).await, Some(Hold::Halted), "what was stopped stays so");
    assert_eq!(store.fanout(end).await.unwrap().unwrap().hold, None, "it came later");
    assert_eq!(store.fanout(other).await.unwrap().unwrap().hold, None);
    close(&store, fanout).await;
    assert_eq!(hold(None).await, Some(Hold::Halted), "a closed one stays as it ended");
}
