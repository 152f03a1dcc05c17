//! Stories of deeds.

use nabat::{
    domain::{
        alert::{Actor, Change, Settled, Status, Transition},
        consent::Act,
        delivery::Settlement,
        ids::{
            AlertId, BotId, ChatId, Code, FanoutId, LetterId, MessageId, Revision, UpdateId, UserId,
        },
        lang::Lang,
        letter::{Button, Class, Content, Message, Occasion},
    },
    ports::store::{Asked, Deed, Effect, Enacted, Store},
};

use super::world::*;

pub(super) async fn an_update_is_acted_upon_once(store: impl Store) {
    assert_eq!(store.last_update(BOT).await.unwrap(), None);
    let hello = update(5, vec![Effect::Met(BOT, ChatId(1), Lang::Ru)]);
    let hello = Deed { letters: vec![letter(1, words("hello"))], ..hello };
    assert_eq!(store.enact(&hello).await.unwrap(), Enacted::Done(Vec::new()));
    assert_eq!(store.enact(&hello).await.unwrap(), Enacted::Already);
    assert_eq!(store.letters(BOT, LetterId(0)).await.unwrap().len(), 1);
    assert_eq!(store.enact(&update(3, Vec::new())).await.unwrap(), Enacted::Done(Vec::new()));
    assert_eq!(store.last_update(BOT).await.unwrap(), Some(UpdateId(5)));
    assert_eq!(store.last_update(BotId(8)).await.unwrap(), None);
}

pub(super) async fn the_broadcasts_of_one_transition_know_each_other(store: impl Store) {
    let bots = vec![BOT, BotId(8), BotId(9)];
    let alert = raised(AlertId(1), Status::Actual, &["west"]);
    let of = |turn: &Transition| Effect::Turned {
        transition: Box::new(turn.clone()),
        audience: covering(&["west"]),
        bots: bots.clone(),
        code: None,
        watchers: Vec::new(),
    };
    let first = act(&store, vec![of(&alert)]).await;
    let update = turned(&alert, Change::Updated, 5);
    let second = act(&store, vec![of(&update)]).await;
    close(&store, first[0]).await;
    let siblings = async |of| {
        let found = store.siblings(of).await.unwrap();
        found.iter().map(|one| (one.id, one.bot, one.closed_at.is_some())).collect::<Vec<_>>()
    };
    let beside = siblings(first[1]).await;
    assert_eq!(beside, [(first[0], BOT, true), (first[2], BotId(9), false)]);
    let beside = siblings(second[0]).await;
    assert_eq!(beside, [(second[1], BotId(8), false), (second[2], BotId(9), false)]);
    assert!(siblings(FanoutId(99)).await.is_empty());
}

pub(super) async fn numbers_of_alerts_are_never_reused(store: impl Store) {
    assert_eq!(store.next_alert().await.unwrap(), AlertId(1));
    let (first, _) = raise(&store, &["west"]).await;
    end(&store, &first).await;
    assert_eq!(store.next_alert().await.unwrap(), AlertId(2));
    let last = store.last_turn(AlertId(1)).await.unwrap().unwrap();
    assert_eq!(last, turned(&first, Change::Ended, 100), "read back whole, ended or not");
    assert_eq!(store.last_turn(AlertId(2)).await.unwrap(), None);
}

pub(super) async fn a_second_alert_with_the_same_number_is_a_conflict(store: impl Store) {
    let (first, _) = raise(&store, &["west"]).await;
    let again = deed(vec![turn(&first, covering(&["west"]))]);
    assert_eq!(store.enact(&again).await.unwrap(), Enacted::Conflict);
    let far = raised(AlertId(9), Status::Actual, &["west"]);
    let far = deed(vec![turn(&far, covering(&["west"]))]);
    assert_eq!(store.enact(&far).await.unwrap(), Enacted::Conflict);
    assert_eq!(store.open_fanouts(BOT).await.unwrap().len(), 1);
}

pub(super) async fn a_transition_from_an_old_state_is_a_conflict_and_nothing_is_done(
    store: impl Store,
) {
    let (first, _) = raise(&store, &["west"]).await;
    let second = turned(&first, Change::Updated, 10);
    act(&store, vec![turn(&second, covering(&["west"]))]).await;
    let stale = turned(&first, Change::Ended, 20);
    let late = update(5, vec![Effect::Met(BOT, ChatId(1), Lang::Ru), turn(&stale, told())]);
    assert_eq!(store.enact(&late).await.unwrap(), Enacted::Conflict);
    assert_eq!(store.subscriber(BOT, ChatId(1)).await.unwrap(), None);
    assert_eq!(store.last_update(BOT).await.unwrap(), None, "it may be decided anew");
    assert_eq!(store.open_fanouts(BOT).await.unwrap().len(), 2);
    let skipped = turned(&turned(&second, Change::Updated, 30), Change::Updated, 31);
    let ahead = deed(vec![turn(&skipped, told())]);
    assert_eq!(store.enact(&ahead).await.unwrap(), Enacted::Conflict);
}

pub(super) async fn an_ended_alert_can_not_be_turned_again(store: impl Store) {
    let (first, _) = raise(&store, &["west"]).await;
    let (ended, _) = end(&store, &first).await;
    for change in [Change::Updated, Change::Ended, Change::Withdrawn] {
        let again = deed(vec![turn(&turned(&ended, change, 200), told())]);
        assert_eq!(store.enact(&again).await.unwrap(), Enacted::Conflict);
    }
}

pub(super) async fn the_end_of_an_expired_alert_can_be_confirmed_once(store: impl Store) {
    join(&store, 1, &["west"]).await;
    join(&store, 2, &["west"]).await;
    let (first, start) = raise(&store, &["west"]).await;
    let sent = row(1, Settlement::Delivered, &[first.alert.id()]);
    log(&store, start, vec![sent]).await;
    let mut expired = turned(&first, Change::Expired, 100);
    expired.settles = vec![(place("west"), Settled::Unknown(at(100)))];
    act(&store, vec![turn(&expired, told())]).await;
    for change in [
        Change::Updated,
        Change::Expired,
        Change::Withdrawn,
        Change::EndedPartly(places(&["town"])),
    ] {
        let other = deed(vec![turn(&turned(&expired, change, 200), told())]);
        assert_eq!(store.enact(&other).await.unwrap(), Enacted::Conflict);
    }
    let stale = deed(vec![turn(&turned(&first, Change::Ended, 200), told())]);
    assert_eq!(store.enact(&stale).await.unwrap(), Enacted::Conflict, "decided before expiry");
    let (ended, over) = end(&store, &expired).await;
    assert_eq!(store.last_turn(first.alert.id()).await.unwrap(), Some(ended.clone()));
    let board = store.board().await.unwrap();
    assert_eq!(board.alerts().count(), 0);
    let settled: Vec<_> = board.settled().map(|(one, how)| (one.clone(), how)).collect();
    assert_eq!(settled, [(place("west"), Settled::Clear(at(100)))]);
    store.close_readers(over).await.unwrap();
    assert_eq!(chats(&store, over).await, [1], "those who were told hear of it");
    let again = deed(vec![turn(&turned(&ended, Change::Ended, 200), told())]);
    assert_eq!(store.enact(&again).await.unwrap(), Enacted::Conflict);
}

pub(super) async fn an_alert_can_expire_and_be_ended_in_one_deed(store: impl Store) {
    let (first, _) = raise(&store, &["west"]).await;
    let expired = turned(&first, Change::Expired, 100);
    let ended = turned(&expired, Change::Ended, 110);
    act(&store, vec![turn(&expired, told()), turn(&ended, told())]).await;
    assert_eq!(store.last_turn(first.alert.id()).await.unwrap(), Some(ended));
}

pub(super) async fn the_board_shows_active_alerts_and_what_has_settled(store: impl Store) {
    let (first, _) = raise(&store, &["west"]).await;
    let (second, _) = raise(&store, &["east"]).await;
    let (_, _) = end(&store, &first).await;
    let board = store.board().await.unwrap();
    assert_eq!(board.alerts().collect::<Vec<_>>(), [&second.alert]);
    let settled: Vec<_> = board.settled().map(|(one, how)| (one.clone(), how)).collect();
    assert_eq!(settled, [(place("west"), Settled::Clear(at(100)))]);
    let mut expired = turned(&second, Change::Expired, 200);
    expired.settles = vec![
        (place("west"), Settled::Unknown(at(200))),
        (place("east"), Settled::Unknown(at(200))),
    ];
    act(&store, vec![turn(&expired, told())]).await;
    let board = store.board().await.unwrap();
    assert_eq!(board.alerts().count(), 0);
    assert!(board.settled().all(|(_, how)| how == Settled::Unknown(at(200))));
    assert_eq!(board.settled().count(), 2);
}

pub(super) async fn a_challenge_is_used_up_by_its_answer(store: impl Store) {
    let asked = challenge(1, Act::Raise(draft(Status::Actual, &["west"])));
    let code = asked.code().clone();
    assert_eq!(store.asked(&code).await.unwrap(), None);
    act(&store, vec![Effect::Challenged(Box::new(asked.clone()))]).await;
    assert_eq!(store.asked(&code).await.unwrap(), Some(Asked::Open(asked)));
    let alert = raised(AlertId(1), Status::Actual, &["west"]);
    let answer = |id: i64| {
        let mut turns = raised(AlertId(id), Status::Actual, &["west"]);
        turns.at = at(40);
        Effect::Turned {
            transition: Box::new(turns),
            audience: covering(&["west"]),
            bots: vec![BOT],
            code: Some(code.clone()),
            watchers: Vec::new(),
        }
    };
    act(&store, vec![answer(1)]).await;
    let by = Asked::Answered { alert: AlertId(1), at: at(40), by: alert.by };
    assert_eq!(store.asked(&code).await.unwrap(), Some(by));
    assert_eq!(store.enact(&deed(vec![answer(2)])).await.unwrap(), Enacted::Conflict);
    assert_eq!(store.next_alert().await.unwrap(), AlertId(2), "not raised twice");
    assert!(store.asked_by(DUTY).await.unwrap().is_empty());
}

pub(super) async fn a_challenge_that_was_called_off_releases_nothing(store: impl Store) {
    let asked = challenge(1, Act::Raise(draft(Status::Actual, &["west"])));
    let code = asked.code().clone();
    let off = || Effect::CalledOff(code.clone());
    act(&store, vec![Effect::Challenged(Box::new(asked)), off()]).await;
    assert_eq!(store.asked(&code).await.unwrap(), Some(Asked::CalledOff));
    let answer = Effect::Turned {
        transition: Box::new(raised(AlertId(1), Status::Actual, &["west"])),
        audience: covering(&["west"]),
        bots: vec![BOT],
        code: Some(code.clone()),
        watchers: Vec::new(),
    };
    assert_eq!(store.enact(&deed(vec![answer])).await.unwrap(), Enacted::Conflict);
    assert_eq!(store.enact(&deed(vec![off()])).await.unwrap(), Enacted::Conflict);
    let unknown = Effect::CalledOff(Code::draw(99));
    assert_eq!(store.enact(&deed(vec![unknown])).await.unwrap(), Enacted::Conflict);
}

pub(super) async fn a_code_in_use_can_not_be_drawn_again(store: impl Store) {
    let asked = challenge(1, Act::Raise(draft(Status::Actual, &["west"])));
    act(&store, vec![Effect::Challenged(Box::new(asked.clone()))]).await;
    let again = || deed(vec![Effect::Challenged(Box::new(asked.clone()))]);
    assert_eq!(store.enact(&again()).await.unwrap(), Enacted::Conflict);
    act(&store, vec![Effect::CalledOff(asked.code().clone())]).await;
    assert_eq!(store.enact(&again()).await.unwrap(), Enacted::Conflict, "nor while remembered");
}

pub(super) async fn open_challenges_of_an_issuer_are_told_newest_first(store: impl Store) {
    let asked: Vec<_> = [3, 1, 2]
        .map(|chance| challenge(chance, Act::Raise(draft(Status::Actual, &["west"]))))
        .to_vec();
    for one in &asked {
        act(&store, vec![Effect::Challenged(Box::new(one.clone()))]).await;
    }
    act(&store, vec![Effect::CalledOff(asked[1].code().clone())]).await;
    let open = store.asked_by(DUTY).await.unwrap();
    assert_eq!(open, [asked[2].clone(), asked[0].clone()]);
    assert!(store.asked_by(UserId(1)).await.unwrap().is_empty());
}

pub(super) async fn every_kind_of_act_survives_being_recorded(store: impl Store) {
    let (alert, revision) = (AlertId(4), Revision(2));
    let acts = [
        Act::Raise(draft(Status::Exercise, &["west"])),
        Act::Change { alert, revision, to: draft(Status::Actual, &["east", "west"]) },
        Act::End { alert, revision, parts: places(&["east"]) },
        Act::Withdraw { alert, revision },
    ];
    for (chance, act_) in (1..).zip(acts) {
        let asked = challenge(chance, act_);
        act(&store, vec![Effect::Challenged(Box::new(asked.clone()))]).await;
        let read = store.asked(asked.code()).await.unwrap();
        assert_eq!(read, Some(Asked::Open(asked)));
    }
}

pub(super) async fn whoever_watches_gets_a_letter_to_be_kept_up_to_date(store: impl Store) {
    let other = BotId(8);
    let watchers = vec![
        (BOT, ChatId(1), Lang::Ru),
        (other, ChatId(2), Lang::En),
        (BotId(9), ChatId(3), Lang::En),
    ];
    let raises = Effect::Turned {
        transition: Box::new(raised(AlertId(1), Status::Actual, &["west"])),
        audience: covering(&["west"]),
        bots: vec![BOT, other],
        code: None,
        watchers,
    };
    let raises = Deed { letters: vec![letter(1, words("raised"))], ..deed(vec![raises]) };
    let Enacted::Done(fanouts) = store.enact(&raises).await.unwrap() else { panic!() };
    assert_eq!(fanouts.len(), 2);
    let ours = store.letters(BOT, LetterId(0)).await.unwrap();
    assert_eq!(ours.len(), 2, "the answer, then the report");
    assert_eq!(ours[0].new.content, words("raised"));
    assert_eq!(ours[1].new.content, Content::Progress(fanouts[0]));
    assert_eq!((ours[1].new.class, ours[1].new.not_after), (Class::Official, None));
    let theirs = store.letters(other, LetterId(0)).await.unwrap();
    assert_eq!(theirs[0].new.content, Content::Progress(fanouts[1]), "a bot reports on itself");
    let open = store.open_fanouts(other).await.unwrap();
    assert_eq!((open.len(), open[0].id, open[0].bot), (1, fanouts[1], other));
}

pub(super) async fn letters_are_read_in_order_and_from_where_one_left_off(store: impl Store) {
    let buttons = vec![vec![Button::new("Да", "yes:1"), Button::new("\"", "no")], Vec::new()];
    let message = Message { text: "Строка\nи \\ \"".to_owned(), buttons, silent: true };
    let contents = [
        Content::Plain { message, edits: Some(MessageId(0)) },
        Content::Standing { occasion: Occasion::Joined, places: places(&["west", "east"]) },
        Content::Standing { occasion: Occasion::Asked, places: Vec::new() },
    ];
    let letters: Vec<_> = contents.into_iter().map(|content| letter(1, content)).collect();
    let mut elsewhere = letter(2, words("other bot"));
    elsewhere.bot = BotId(8);
    let written = Deed { letters: [letters.clone(), vec![elsewhere]].concat(), ..deed(Vec::new()) };
    store.enact(&written).await.unwrap();
    let read = store.letters(BOT, LetterId(0)).await.unwrap();
    assert_eq!(read.iter().map(|one| one.new.clone()).collect::<Vec<_>>(), letters);
    assert_eq!(store.letters(BOT, read[0].id).await.unwrap(), read[1..]);
    assert!(store.letters(BOT, read[2].id).await.unwrap().is_empty());
}

pub(super) async fn two_alerts_can_be_turned_in_one_deed(store: impl Store) {
    let first = raised(AlertId(1), Status::Actual, &["west"]);
    let second = raised(AlertId(2), Status::Exercise, &["west"]);
    let over = turned(&first, Change::EndedPartly(places(&["east"])), 5);
    let fanouts = act(
        &store,
        vec![
            turn(&first, covering(&["west"])),
            turn(&second, covering(&["west"])),
            turn(&over, told()),
        ],
    )
    .await;
    assert_eq!(fanouts.len(), 3);
    assert_eq!(store.fanout(fanouts[2]).await.unwrap().unwrap().transition, over);
    assert_eq!(store.board().await.unwrap().alerts().count(), 2);
    assert_eq!(over.by, Actor::Clock);
    let twice = [turned(&over, Change::Ended, 6), turned(&over, Change::Withdrawn, 6)];
    let twice = deed(twice.iter().map(|one| turn(one, told())).collect());
    assert_eq!(store.enact(&twice).await.unwrap(), Enacted::Conflict);
    assert_eq!(store.board().await.unwrap().alerts().count(), 2);
}
