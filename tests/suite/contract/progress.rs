//! Stories of saving.

use nabat::{
    domain::{
        audience::{Position, Standing, Tier, Variant},
        delivery::{Fate, Gone, Settlement},
        ids::{AlertId, BotId, ChatId, LetterId, MessageId},
        lang::Lang,
        letter::Watch,
    },
    ports::store::{
        Deed, Effect, Heir, LaneSave, LetterSave, Limits, Progress, Save, Spent, Store, Straggler,
        WatchSave,
    },
};

use super::world::*;

pub(super) async fn progress_is_read_back_as_it_was_saved(store: impl Store) {
    let (_, fanout) = raise(&store, &["west"]).await;
    let straggler = Straggler {
        at: Position { stratum: 2, key: 5 },
        chat: ChatId(-9),
        variant: Variant { lang: Lang::Uk, place: place("west") },
        tier: Tier::LargeGroup,
        told: true,
        message: Some(MessageId(77)),
        doubt: true,
    };
    let progress = Progress { stragglers: vec![straggler], ..progress(10, 20, 3) };
    let saved = LaneSave { progress: progress.clone(), ..lane(fanout, Vec::new()) };
    save(&store, Save { lanes: vec![saved], ..Save::default() }).await;
    assert_eq!(store.fanout(fanout).await.unwrap().unwrap().progress, progress);
    assert_eq!(store.open_fanouts(BOT).await.unwrap()[0].progress, progress);
}

pub(super) async fn progress_never_goes_backwards(store: impl Store) {
    let (_, fanout) = raise(&store, &["west"]).await;
    let to = |progress: Progress| Save {
        lanes: vec![LaneSave { progress, ..lane(fanout, Vec::new()) }],
        ..Save::default()
    };
    save(&store, to(progress(10, 20, 3))).await;
    for late in [progress(9, 20, 3), progress(10, 19, 3), progress(10, 20, 2)] {
        save(&store, to(late)).await;
        let now = store.fanout(fanout).await.unwrap().unwrap().progress;
        assert_eq!(now, progress(10, 20, 3));
    }
    save(&store, to(progress(10, 20, 4))).await;
    assert_eq!(store.fanout(fanout).await.unwrap().unwrap().progress, progress(10, 20, 4));
}

pub(super) async fn a_save_repeated_changes_nothing(store: impl Store) {
    for chat in 1..=3 {
        join(&store, chat, &["west"]).await;
    }
    let (alert, start) = raise(&store, &["west"]).await;
    let id = alert.alert.id();
    let rows = vec![
        row(1, Settlement::Delivered, &[id]),
        row(1, Settlement::Delivered, &[id]),
        row(2, Settlement::Uncertain, &[id]),
        struck(3, Settlement::Retired, Fate::Retire(Gone::Blocked)),
    ];
    let once = LaneSave { progress: progress(3, 3, 3), ..lane(start, rows) };
    let once = Save { lanes: vec![once], ..Save::default() };
    for _ in 0..3 {
        save(&store, once.clone()).await;
    }
    let (_, over) = end(&store, &alert).await;
    store.close_readers(over).await.unwrap();
    let closed = store.fanout(over).await.unwrap().unwrap();
    assert_eq!(closed.readers_ceiling, Some(3), "three rows");
    assert_eq!(closed.ceiling, 4, "struck once");
    assert_eq!(chats(&store, over).await, [1, 2]);
}

pub(super) async fn a_broadcast_that_closed_is_not_open(store: impl Store) {
    let (_, first) = raise(&store, &["west"]).await;
    let (_, second) = raise(&store, &["west"]).await;
    close(&store, first).await;
    save(&store, Save { lanes: vec![lane(first, Vec::new())], ..Save::default() }).await;
    let open: Vec<_> =
        store.open_fanouts(BOT).await.unwrap().into_iter().map(|one| one.id).collect();
    assert_eq!(open, [second]);
    assert!(store.open_fanouts(BotId(8)).await.unwrap().is_empty());
    assert_eq!(store.fanout(first).await.unwrap().unwrap().closed_at, Some(at(9)));
}

pub(super) async fn a_retry_does_not_strike_a_chat_that_came_back(store: impl Store) {
    join(&store, 1, &["west"]).await;
    let (_, fanout) = raise(&store, &["west"]).await;
    let dead = || vec![struck(1, Settlement::Retired, Fate::Retire(Gone::Blocked))];
    log(&store, fanout, dead()).await;
    assert_eq!(lives(&store, 1).await, None);
    act(&store, vec![Effect::Met(BOT, ChatId(1), Lang::Ru)]).await;
    log(&store, fanout, dead()).await;
    assert_eq!(lives(&store, 1).await.unwrap(), ["west"]);
}

pub(super) async fn a_chat_not_found_on_two_alerts_is_retired(store: impl Store) {
    join(&store, 1, &["west"]).await;
    let missed = || vec![struck(1, Settlement::Failed, Fate::Missed)];
    let (alert, first) = raise(&store, &["west"]).await;
    log(&store, first, missed()).await;
    let again = turned(&alert, nabat::domain::alert::Change::Updated, 10);
    let again = act(&store, vec![turn(&again, covering(&["west"]))]).await[0];
    log(&store, again, missed()).await;
    assert_eq!(lives(&store, 1).await.unwrap(), ["west"], "twice on one alert is once");
    let (_, second) = raise(&store, &["west"]).await;
    log(&store, second, missed()).await;
    assert_eq!(lives(&store, 1).await, None);
    assert_eq!(standings(&store, second).await, [(1, Standing::Retired)]);
    act(&store, vec![Effect::Met(BOT, ChatId(1), Lang::Ru)]).await;
    let (_, third) = raise(&store, &["west"]).await;
    log(&store, third, missed()).await;
    assert_eq!(lives(&store, 1).await.unwrap(), ["west"], "whoever comes back is not half dead");
}

pub(super) async fn a_chat_becomes_a_reader_of_every_alert_it_was_told_of(store: impl Store) {
    join(&store, 1, &["west"]).await;
    join(&store, 2, &["west"]).await;
    let (first, _) = raise(&store, &["west"]).await;
    let (second, start) = raise(&store, &["west"]).await;
    let both = [first.alert.id(), second.alert.id()];
    let sent = vec![row(1, Settlement::Delivered, &both), row(2, Settlement::Failed, &both)];
    log(&store, start, sent.clone()).await;
    log(&store, start, sent).await;
    for alert in [first, second] {
        let (_, over) = end(&store, &alert).await;
        store.close_readers(over).await.unwrap();
        assert_eq!(chats(&store, over).await, [1]);
    }
}

pub(super) async fn an_uncertain_send_makes_a_reader_and_a_failed_one_does_not(store: impl Store) {
    let (alert, start) = {
        for chat in 1..=7 {
            join(&store, chat, &["west"]).await;
        }
        raise(&store, &["west"]).await
    };
    let rows = (1..).zip(Settlement::ALL);
    let id = alert.alert.id();
    log(&store, start, rows.map(|(chat, how)| row(chat, how, &[id])).collect()).await;
    let (_, over) = end(&store, &alert).await;
    store.close_readers(over).await.unwrap();
    assert_eq!(chats(&store, over).await, [1, 2], "delivered and uncertain");
}

pub(super) async fn a_settled_letter_is_forgotten_and_strikes_the_chat(store: impl Store) {
    join(&store, 1, &["west"]).await;
    let said = vec![letter(1, words("a")), letter(1, words("b"))];
    store.enact(&Deed { letters: said, ..deed(Vec::new()) }).await.unwrap();
    let done = |letter: i64, row| LetterSave { letter: LetterId(letter), row };
    let other = Save { letters: vec![done(1, None)], ..Save::default() };
    store.save(BotId(8), &other, at(3)).await.unwrap();
    assert_eq!(store.letters(BOT, LetterId(0)).await.unwrap().len(), 2, "not that bot's");
    let blocked = struck(1, Settlement::Retired, Fate::Retire(Gone::Blocked));
    let both = Save { letters: vec![done(1, None), done(2, Some(blocked))], ..Save::default() };
    save(&store, both.clone()).await;
    assert!(store.letters(BOT, LetterId(0)).await.unwrap().is_empty());
    assert_eq!(lives(&store, 1).await, None);
    act(&store, vec![Effect::Met(BOT, ChatId(1), Lang::Ru)]).await;
    save(&store, both).await;
    assert_eq!(lives(&store, 1).await.unwrap(), ["west"]);
    store.enact(&Deed { letters: vec![letter(1, words("c"))], ..deed(Vec::new()) }).await.unwrap();
    let next = store.letters(BOT, LetterId(0)).await.unwrap();
    assert_eq!(next[0].id, LetterId(3), "numbers of letters are not reused");
}

pub(super) async fn a_watch_is_kept_until_it_is_done(store: impl Store) {
    let (_, fanout) = raise(&store, &["west"]).await;
    let watch = Watch { fanout, chat: ChatId(500), message: MessageId(3), lang: Lang::En };
    let saves = |watches| Save { watches, ..Save::default() };
    save(&store, saves(vec![WatchSave::Out(watch), WatchSave::Out(watch)])).await;
    assert_eq!(store.watches(BOT).await.unwrap(), [watch]);
    assert!(store.watches(BotId(8)).await.unwrap().is_empty());
    save(&store, saves(vec![WatchSave::Done(watch), WatchSave::Done(watch)])).await;
    assert!(store.watches(BOT).await.unwrap().is_empty());
}

pub(super) async fn limits_are_remembered(store: impl Store) {
    assert_eq!(store.limits(BOT).await.unwrap(), Limits::default());
    let limits = Limits {
        paused_until: Some(at(30)),
        windows: vec![(ChatId(-5), vec![at(1), at(2)]), (ChatId(-4), Vec::new())],
        spent: Spent { day: 19_000, tenths: 71, alerts: [(AlertId(3), 71)].into() },
    };
    save(&store, Save { limits: Some(limits.clone()), ..Save::default() }).await;
    save(&store, Save::default()).await;
    assert_eq!(store.limits(BOT).await.unwrap(), limits);
    assert_eq!(store.limits(BotId(8)).await.unwrap(), Limits::default());
}

pub(super) async fn a_heir_follows_and_a_repetition_says_so_again(store: impl Store) {
    join(&store, -1, &["west"]).await;
    let (_, fanout) = raise(&store, &["west"]).await;
    let (from, to) = (ChatId(-1), ChatId(-100));
    for _ in 0..3 {
        assert_eq!(store.follow(fanout, from, to).await.unwrap(), Heir::Follows);
    }
    assert_eq!(chats(&store, fanout).await, [-100]);
    assert_eq!(lives(&store, -100).await.unwrap(), ["west"]);
    let (_, next) = raise(&store, &["west"]).await;
    join(&store, -1, &["west"]).await;
    assert_eq!(store.follow(next, from, to).await.unwrap(), Heir::Already, "here it is by itself");
}

pub(super) async fn a_heir_that_is_in_the_audience_by_itself_is_not_told_twice(store: impl Store) {
    join(&store, -1, &["west"]).await;
    join(&store, -100, &["east"]).await;
    let (_, both) = raise(&store, &["west", "east"]).await;
    let (_, west) = raise(&store, &["west"]).await;
    let (from, to) = (ChatId(-1), ChatId(-100));
    for _ in 0..2 {
        assert_eq!(store.follow(both, from, to).await.unwrap(), Heir::Already);
        assert_eq!(store.follow(west, from, to).await.unwrap(), Heir::Follows);
    }
    assert_eq!(lives(&store, -100).await.unwrap(), ["east", "west"]);
}

pub(super) async fn a_send_settled_under_the_old_id_makes_the_new_one_a_reader(store: impl Store) {
    join(&store, -1, &["west"]).await;
    let (alert, start) = raise(&store, &["west"]).await;
    act(&store, vec![Effect::Moved { bot: BOT, from: ChatId(-1), to: ChatId(-100) }]).await;
    log(&store, start, vec![row(-1, Settlement::Delivered, &[alert.alert.id()])]).await;
    let (_, over) = end(&store, &alert).await;
    store.close_readers(over).await.unwrap();
    assert_eq!(chats(&store, over).await, [-100]);
    assert_eq!(alert.alert.id(), AlertId(1));
}
