//! Stories of the order among readers: whoever reaches many goes first, and nobody is skipped for it.

use nabat::{
    domain::{
        alert::{Change, Transition},
        audience::{Position, Readers, Standing},
        delivery::Settlement,
        ids::{ChatId, FanoutId},
    },
    ports::store::{Effect, Store},
};

use super::world::*;

const CHANNEL: i64 = -1_001;

/// These chats are told of an alert, in this order, by the broadcast of another.
async fn mentioned(store: &impl Store, alert: &Transition, through: FanoutId, chats: &[i64]) {
    let id = alert.alert.id();
    let rows = chats.iter().map(|&chat| row(chat, Settlement::Delivered, &[id]));
    log(store, through, rows.collect()).await;
}

/// What a walk meets, and among which readers.
async fn parts(store: &impl Store, fanout: FanoutId) -> Vec<(i64, Option<Readers>)> {
    let part = |at: Position| Readers::ALL.into_iter().find(|part| part.stratum() == at.stratum);
    audience(store, fanout).await.iter().map(|one| (one.chat.0, part(one.at))).collect()
}

async fn all_join(store: &impl Store, chats: &[i64]) {
    for &chat in chats {
        join(store, chat, &["west"]).await;
    }
}

pub(super) async fn groups_and_channels_go_first_however_late_they_learnt_of_it(store: impl Store) {
    all_join(&store, &[1, 2, 3, -4, CHANNEL, 5, -6]).await;
    let (alert, start) = raise(&store, &["west"]).await;
    let (other, nested) = raise(&store, &["west"]).await;
    mentioned(&store, &alert, start, &[1, -4, 2]).await;
    mentioned(&store, &alert, nested, &[3, CHANNEL]).await;
    let (_, over) = end(&store, &alert).await;
    let (_, beside) = end(&store, &other).await;
    mentioned(&store, &alert, start, &[5, CHANNEL, -6, 3]).await;
    store.close_readers(over).await.unwrap();
    store.close_readers(beside).await.unwrap();
    let expected = [
        (-4, Some(Readers::Public)),
        (CHANNEL, Some(Readers::Public)),
        (1, Some(Readers::People)),
        (2, Some(Readers::People)),
        (3, Some(Readers::People)),
        (5, Some(Readers::Late)),
        (-6, Some(Readers::Late)),
    ];
    assert_eq!(parts(&store, over).await, expected);
    assert_eq!(chats(&store, beside).await, [0_i64; 0], "nobody was told of the other");
}

pub(super) async fn whoever_is_told_after_the_opening_is_met_behind_the_cursor_of_nobody(
    store: impl Store,
) {
    all_join(&store, &[1, 2, -3, -4, 5, -6]).await;
    let (alert, start) = raise(&store, &["west"]).await;
    mentioned(&store, &alert, start, &[1, -3]).await;
    let (_, over) = end(&store, &alert).await;
    let mut met = Vec::new();
    let mut after = Position::START;
    // Each comes when everyone so far has been met.
    for chat in [0, 2, -4, 5] {
        if chat != 0 {
            mentioned(&store, &alert, start, &[chat]).await;
        }
        let page = store.page(over, after, 10).await.unwrap();
        assert!(!page.last, "more may come");
        after = page.recipients.last().unwrap().at;
        assert_eq!(store.count(over, after).await.unwrap(), 0);
        met.extend(page.recipients.iter().map(|one| one.chat.0));
    }
    assert_eq!(met, [-3, 1, 2, -4, 5]);
    store.close_readers(over).await.unwrap();
    mentioned(&store, &alert, start, &[-6]).await;
    assert_eq!(chats(&store, over).await, met, "and a walk anew meets the same");
}

pub(super) async fn a_group_keeps_its_turn_among_readers_when_it_moves_or_merges(
    store: impl Store,
) {
    all_join(&store, &[1, -2, -3, -300]).await;
    let (alert, start) = raise(&store, &["west"]).await;
    mentioned(&store, &alert, start, &[1, -2, -3]).await;
    let (_, over) = end(&store, &alert).await;
    mentioned(&store, &alert, start, &[-300]).await;
    store.close_readers(over).await.unwrap();
    let places: Vec<_> = audience(&store, over).await.iter().map(|one| one.at).collect();
    let moves = [(-2, -200), (-3, -300)];
    for (from, to) in moves.map(|(from, to)| (ChatId(from), ChatId(to))) {
        act(&store, vec![Effect::Moved { bot: BOT, from, to }]).await;
    }
    let after = audience(&store, over).await;
    assert_eq!(after.iter().map(|one| one.at).collect::<Vec<_>>(), places, "nobody is skipped");
    let met: Vec<_> = after.iter().map(|one| (one.chat.0, one.standing)).collect();
    let expected = [
        (-200, Standing::Subscribed),
        (-3, Standing::Left),
        (1, Standing::Subscribed),
        (-300, Standing::Subscribed),
    ];
    assert_eq!(met, expected, "the new id of the second has a turn of its own");
}

pub(super) async fn a_partial_end_meets_a_group_elsewhere_before_the_people_there(
    store: impl Store,
) {
    all_join(&store, &[1, -2]).await;
    join(&store, 3, &["town"]).await;
    join(&store, -4, &["town"]).await;
    let (alert, start) = raise(&store, &["town", "west"]).await;
    mentioned(&store, &alert, start, &[3, 1, -4, -2]).await;
    let partly = turned(&alert, Change::EndedPartly(places(&["town"])), 10);
    let over = act(&store, vec![turn(&partly, told_and(&["west"]))]).await[0];
    store.close_readers(over).await.unwrap();
    let expected = [(-2, None), (1, None), (-4, Some(Readers::Public)), (3, Some(Readers::People))];
    assert_eq!(parts(&store, over).await, expected);
}
