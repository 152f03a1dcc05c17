//! Stories of the figures that are kept of broadcasts.

use std::{collections::BTreeMap, time::Duration};

use nabat::{
    domain::{
        delivery::{Fate, Gone, Rights, Settlement, Tally},
        ids::{AlertId, BotId, FanoutId},
        report::{Cost, FanoutFigures, Reason, TransitionFigures},
    },
    ports::store::{Effect, Hold, LaneSave, LogRow, Progress, Save, Store},
};

use super::world::*;

const DAY: i64 = 86_400;

async fn only(store: &impl Store, alert: AlertId) -> FanoutFigures {
    let figures = store.figures(alert).await.unwrap();
    assert_eq!(figures.len(), 1);
    figures.into_iter().next().unwrap()
}

fn sent(chat: i64, settlement: Settlement, second: i64) -> LogRow {
    LogRow { at: at(second), ..row(chat, settlement, &[]) }
}

async fn saves(store: &impl Store, fanout: FanoutId, log: Vec<LogRow>) {
    let lanes = vec![lane(fanout, log)];
    save(store, Save { lanes, pace: 30, ..Save::default() }).await;
}

pub(super) async fn an_alert_nobody_raised_has_no_figures(store: impl Store) {
    assert_eq!(store.figures(AlertId(1)).await.unwrap(), []);
    raise(&store, &["west"]).await;
    assert_eq!(store.figures(AlertId(2)).await.unwrap(), []);
}

pub(super) async fn figures_are_those_of_the_broadcast_as_far_as_it_got(store: impl Store) {
    let (alert, fanout) = raise(&store, &["west"]).await;
    let figures = only(&store, alert.alert.id()).await;
    assert_eq!((figures.fanout, figures.bot, &figures.transition), (fanout, BOT, &alert));
    assert_eq!((figures.audience, figures.closed_at), (None, None));
    assert_eq!(figures.opened_at, at(1));
    assert_eq!(figures.measured, nabat::domain::report::Measured::default());
    store.sized(fanout, 5).await.unwrap();
    let progress = progress(3, 3, 2);
    let saved = LaneSave { progress: progress.clone(), ..lane(fanout, Vec::new()) };
    save(&store, Save { lanes: vec![saved], ..Save::default() }).await;
    close(&store, fanout).await;
    let figures = only(&store, alert.alert.id()).await;
    assert_eq!((figures.audience, figures.closed_at), (Some(5), Some(at(9))));
    assert_eq!(figures.tally, progress.tally);
}

pub(super) async fn times_are_those_of_the_log(store: impl Store) {
    let (alert, fanout) = raise(&store, &["west"]).await;
    // Opened in second 1; late ones first.
    let seconds: Vec<i64> = (0..200).map(|n| 3 + n * n % 977).collect();
    for (chats, part) in (0..).zip(seconds.chunks(7)) {
        let rows = (1..)
            .zip(part)
            .map(|(n, second)| sent(chats * 100 + n, Settlement::Delivered, *second));
        saves(&store, fanout, rows.collect()).await;
    }
    let failed =
        vec![sent(90_001, Settlement::Failed, 2), sent(90_002, Settlement::Uncertain, 2_000)];
    saves(&store, fanout, failed).await;
    let measured = only(&store, alert.alert.id()).await.measured;
    let mut truth: Vec<u64> = seconds.iter().map(|second| (second - 1).unsigned_abs()).collect();
    truth.sort_unstable();
    let curve = &measured.curve;
    assert_eq!(measured.pace, 30);
    assert_eq!(curve.delivered(), 200);
    assert_eq!(curve.first(), Some(Duration::from_secs(truth[0])));
    assert_eq!(curve.last(), Some(Duration::from_secs(truth[199])));
    let slice = Duration::from_secs(truth[199]) / 120;
    for (per_cent, rank) in [(50, 100), (99, 198)] {
        let off = curve.time_to(per_cent).unwrap().abs_diff(Duration::from_secs(truth[rank - 1]));
        assert!(off <= slice, "{per_cent} %: off by {off:?}");
    }
}

pub(super) async fn a_send_is_counted_once_however_often_it_is_saved(store: impl Store) {
    join(&store, 1, &["west"]).await;
    let (alert, fanout) = raise(&store, &["west"]).await;
    let again = LogRow { repeated: true, ..sent(1, Settlement::Delivered, 4) };
    let dead = struck(2, Settlement::Retired, Fate::Retire(Gone::Blocked));
    for _ in 0..3 {
        saves(&store, fanout, vec![again.clone(), dead.clone(), again.clone()]).await;
    }
    saves(&store, fanout, vec![sent(1, Settlement::Failed, 9), sent(3, Settlement::Delivered, 9)])
        .await;
    let measured = only(&store, alert.alert.id()).await.measured;
    assert_eq!((measured.curve.delivered(), measured.repeated), (2, 1));
    assert_eq!(measured.failures, BTreeMap::from([(Reason::Blocked, 1)]));
}

pub(super) async fn why_sends_failed_is_kept(store: impl Store) {
    let (alert, fanout) = raise(&store, &["west"]).await;
    let ends = [
        (Settlement::Retired, Fate::Retire(Gone::Blocked), Some(Reason::Blocked)),
        (Settlement::Retired, Fate::Retire(Gone::Deactivated), Some(Reason::Deactivated)),
        (Settlement::Retired, Fate::Retire(Gone::NeverStarted), Some(Reason::NeverStarted)),
        (Settlement::Retired, Fate::Retire(Gone::Kicked), Some(Reason::Removed)),
        (Settlement::Retired, Fate::Retire(Gone::NotFound), Some(Reason::NotFound)),
        (Settlement::Failed, Fate::Missed, Some(Reason::NotFound)),
        (Settlement::Suspended, Fate::Suspend(Rights::Write), Some(Reason::NoWriting)),
        (Settlement::Suspended, Fate::Suspend(Rights::Channel), Some(Reason::NoPosting)),
        (Settlement::Retired, Fate::Stays, Some(Reason::Merged)),
        (Settlement::Failed, Fate::Stays, Some(Reason::Refused)),
        (Settlement::Delivered, Fate::Stays, None),
        (Settlement::Uncertain, Fate::Stays, None),
        (Settlement::Superseded, Fate::Stays, None),
    ];
    let rows = (1..).zip(ends).map(|(chat, (how, fate, _))| struck(chat, how, fate));
    saves(&store, fanout, rows.collect()).await;
    let mut expected: BTreeMap<Reason, u64> = BTreeMap::new();
    for reason in ends.into_iter().filter_map(|(.., reason)| reason) {
        *expected.entry(reason).or_default() += 1;
    }
    assert_eq!(expected.len(), Reason::ALL.len(), "every reason happens");
    let figures = only(&store, alert.alert.id()).await;
    assert_eq!(figures.measured.failures, expected);
}

pub(super) async fn who_may_have_two_copies_is_counted(store: impl Store) {
    let (alert, fanout) = raise(&store, &["west"]).await;
    let rows = (1..)
        .zip(Settlement::ALL)
        .map(|(chat, how)| LogRow { repeated: true, ..row(chat, how, &[]) });
    let once = row(20, Settlement::Uncertain, &[]);
    saves(&store, fanout, rows.chain([once]).collect()).await;
    let measured = only(&store, alert.alert.id()).await.measured;
    assert_eq!(measured.repeated, 2, "delivered and uncertain may have arrived twice");
}

pub(super) async fn a_clock_that_was_set_back_leaves_figures(store: impl Store) {
    let (alert, fanout) = raise(&store, &["west"]).await;
    saves(&store, fanout, vec![sent(1, Settlement::Delivered, -500)]).await;
    let measured = only(&store, alert.alert.id()).await.measured;
    assert_eq!(measured.curve.last(), Some(Duration::ZERO));
}

pub(super) async fn figures_outlive_the_log_and_whoever_left(store: impl Store) {
    for chat in 1..=3 {
        join(&store, chat, &["west"]).await;
    }
    let (alert, fanout) = raise(&store, &["west"]).await;
    let id = alert.alert.id();
    saves(&store, fanout, (1..=3).map(|chat| row(chat, Settlement::Delivered, &[id])).collect())
        .await;
    let (_, over) = end(&store, &alert).await;
    saves(&store, over, vec![row(1, Settlement::Delivered, &[])]).await;
    store.close_readers(over).await.unwrap();
    close(&store, fanout).await;
    close(&store, over).await;
    let before = store.figures(id).await.unwrap();
    assert_eq!(before.len(), 2);
    act(&store, vec![Effect::Left(BOT, nabat::domain::ids::ChatId(2))]).await;
    while store.tidy(at(10 * DAY)).await.unwrap() {}
    assert!(chats(&store, over).await.is_empty(), "the log is gone");
    assert_eq!(store.figures(id).await.unwrap(), before);
}

pub(super) async fn a_report_sums_over_the_bots_of_each_transition(store: impl Store) {
    let transition = raised(AlertId(1), nabat::domain::alert::Status::Actual, &["west"]);
    let turned = Effect::Turned {
        transition: Box::new(transition.clone()),
        audience: covering(&["west"]),
        bots: vec![BOT, BotId(8)],
        code: None,
        watchers: Vec::new(),
    };
    let fanouts = act(&store, vec![turned]).await;
    for (fanout, delivered) in fanouts.iter().zip([3, 5]) {
        let rows = (1..=delivered).map(|chat| sent(chat, Settlement::Delivered, chat + 1));
        let lane = LaneSave {
            progress: progress(9, 9, delivered.unsigned_abs()),
            ..lane(*fanout, rows.collect())
        };
        store.sized(*fanout, 10).await.unwrap();
        let bot = store.fanout(*fanout).await.unwrap().unwrap().bot;
        let saved = Save { lanes: vec![lane], pace: 30, ..Save::default() };
        store.save(bot, &saved, at(3)).await.unwrap();
    }
    end(&store, &transition).await;
    let reaches = TransitionFigures::by_transition(store.figures(AlertId(1)).await.unwrap());
    let [start, over] = &reaches[..] else { panic!("{reaches:?}") };
    assert_eq!((start.bots, over.bots), (2, 1));
    assert_eq!((start.audience, over.audience), (Some(20), None));
    assert_eq!(start.tally.get(Settlement::Delivered), 8);
    assert_eq!(start.measured.curve.delivered(), 8);
    assert_eq!(start.measured.curve.last(), Some(Duration::from_secs(5)));
    assert_eq!(start.forecast.as_ref().unwrap().time_to(100), Some(Duration::from_micros(333_333)));
    assert_eq!(over.forecast, None, "nobody knows how many");
    assert_eq!((start.closed_at, over.closed_at), (None, None));
}

pub(super) async fn what_was_not_sent_is_told_apart_and_stars_are_counted(store: impl Store) {
    let (alert, fanout) = raise(&store, &["west"]).await;
    let id = alert.alert.id();
    let mut tally = Tally::ZERO;
    tally.add(Settlement::Delivered, 970);
    tally.add(Settlement::Superseded, 30);
    let cost = Cost { tenths: 97, rate: 1_000, most: 97 };
    let progress = Progress { tally, known: 12, cost, ..progress(9, 9, 0) };
    store.sized(fanout, 1_000).await.unwrap();
    let lanes =
        vec![LaneSave { progress, ..lane(fanout, vec![row(1, Settlement::Delivered, &[])]) }];
    save(&store, Save { lanes, pace: 30, ..Save::default() }).await;
    let reach = async || {
        let figures = store.figures(id).await.unwrap();
        TransitionFigures::by_transition(figures).into_iter().next().unwrap()
    };
    let stale = reach().await;
    assert_eq!((stale.known, stale.halted, stale.stale(), stale.tenths), (12, 0, 18, 97));
    // 97 tenths are a hundred at a thousand a second; the others go at 30.
    let forecast = stale.forecast.unwrap();
    assert_eq!((forecast.time_to(10), forecast.time_to(100)), (Some(ms(100)), Some(ms(30_100))));
    let hold = Some(Hold::Halted);
    act(&store, vec![Effect::Held { alert: id, through: fanout, hold }]).await;
    let halted = reach().await;
    assert_eq!((halted.known, halted.halted, halted.stale()), (12, 18, 0));
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
