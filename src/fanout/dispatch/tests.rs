//! Stories of one bot's sender, step by step: a store that answers at once, and a Telegram that
//! answers as told.

#![expect(clippy::wildcard_enum_match_arm, reason = "the answers of a test; what is new fails it")]

mod control;
mod knowing;

use std::collections::{BTreeMap, VecDeque};

use super::*;
use crate::{
    domain::{
        alert::{Actor, Alert, Change, Draft, DraftRow, Status, Transition, Wording},
        audience::{Audience, Recipient, Standing, Tier},
        delivery::Settlement,
        hazard::{Certainty, Severity, Updates, Urgency},
        ids::{BotId, HazardId, LevelId, MessageId, RegionId, Revision, UserId},
        lang::Lang,
        letter::{Content, Message, NewLetter, Occasion},
        region::Area,
        time::Utc,
    },
    ports::store::Progress,
};

const BOT: BotId = BotId(1);

fn utc(mono: Mono) -> Utc {
    Utc::from_timestamp(1_790_000_000, 0).unwrap() + mono.since(Mono(0))
}

fn fanout(id: i64, alert: i64, severity: Severity, change: Change) -> Fanout {
    fanout_of(id, alert, (severity, false), change)
}

fn fanout_of(id: i64, alert: i64, (severity, paid): (Severity, bool), change: Change) -> Fanout {
    let place = RegionId::new("oblast");
    let draft = Draft::recorded(DraftRow {
        status: Status::Actual,
        hazard: HazardId::new("drone"),
        level: LevelId::new("threat"),
        step: 0,
        rank: (severity, Urgency::Immediate),
        certainty: Certainty::Likely,
        approvals: 0,
        silent: false,
        updates: Updates::Edit,
        paid,
        area: Area::of([place.clone()]).unwrap(),
        lasts: None,
        note: None,
        wording: Wording::default(),
    });
    let by = Actor::Operator { user: UserId(9), name: "Official".to_owned() };
    let at = utc(Mono(0));
    let alert = Alert::recorded(AlertId(alert), Revision::FIRST, draft, (at, by.clone()), None);
    let readers = change.closes();
    Fanout {
        id: FanoutId(id),
        bot: BOT,
        transition: Transition { alert, change, at, by, settles: Vec::new() },
        audience: Audience { readers, places: vec![place], nearest: 1, exercise: false },
        ceiling: 1_000_000,
        readers_floor: 0,
        readers_ceiling: None,
        size: None,
        hold: None,
        progress: Progress::START,
        opened_at: at,
        closed_at: None,
    }
}

fn letter(id: i64, chat: i64, class: Class) -> Letter {
    let content = Content::Plain { message: Message::plain("hello"), edits: None };
    let chat = ChatId(chat);
    let new = NewLetter { bot: BOT, chat, lang: Lang::En, class, content, not_after: None };
    Letter { id: LetterId(id), new }
}

/// What is done about an action that is not a send.
struct Bench {
    dispatch: Dispatch,
    now: Mono,
    /// Chats of each broadcast.
    chats: BTreeMap<FanoutId, Vec<i64>>,
    /// Chats of which a page says more than that they live at the usual place.
    known: BTreeMap<(FanoutId, i64), Recipient>,
    alarms: Vec<Alarm>,
    closed: Vec<Report>,
    log: Vec<crate::ports::store::LogRow>,
    /// What is durable of each broadcast.
    kept: BTreeMap<FanoutId, Progress>,
    saves: bool,
    probes: u32,
    /// What is answered to a probe.
    answers: Outcome,
}

/// A chat of a page, of which nothing is known.
fn recipient(chat: i64) -> Recipient {
    Recipient {
        at: Position { stratum: 1, key: chat },
        chat: ChatId(chat),
        variant: Variant { lang: Lang::En, place: RegionId::new("oblast") },
        tier: Tier::Recent,
        standing: Standing::Subscribed,
        told: false,
        message: None,
        enough: Vec::new(),
        over: false,
        needless: false,
    }
}

impl Bench {
    fn new(limit: u32) -> Self {
        Self::paying(limit, Budget::default())
    }

    fn paying(limit: u32, budget: Budget) -> Self {
        let now = Moment { mono: Mono(0), utc: utc(Mono(0)) };
        let dispatch = Dispatch::new(limit, budget, &Limits::default(), Vec::new(), now);
        Self {
            dispatch,
            // The silent second is over.
            now: Mono(10_000_000),
            chats: BTreeMap::new(),
            known: BTreeMap::new(),
            alarms: Vec::new(),
            closed: Vec::new(),
            log: Vec::new(),
            kept: BTreeMap::new(),
            saves: true,
            probes: 0,
            answers: Outcome::Unknown,
        }
    }

    fn moment(&self) -> Moment {
        Moment { mono: self.now, utc: utc(self.now) }
    }

    fn open(&mut self, fanouts: &[(Fanout, std::ops::Range<i64>)]) {
        let open: Vec<Fanout> = fanouts.iter().map(|(fanout, _)| fanout.clone()).collect();
        for (fanout, chats) in fanouts {
            self.chats.insert(fanout.id, chats.clone().collect());
        }
        self.dispatch.on_open(&open, self.moment());
    }

    /// The next send within `seconds`, everything else being done at once.
    fn next_send(&mut self, seconds: u64) -> Option<Parcel> {
        let until = self.now + Duration::from_secs(seconds);
        while self.now <= until {
            let now = self.moment();
            match self.dispatch.next(now) {
                Action::Send(parcel) => return Some(parcel),
                Action::Wait(due) => {
                    let soon = self.now + Duration::from_millis(100);
                    self.now = due.map_or(soon, |due| due.min(soon)).max(self.now + MICRO);
                }
                other => self.answer(other),
            }
        }
        None
    }

    fn answer(&mut self, action: Action) {
        let now = self.moment();
        match action {
            Action::Fetch { fanout, after, limit } => {
                let all = &self.chats[&fanout];
                let recipient = |chat: &i64| {
                    let known = self.known.get(&(fanout, *chat));
                    known.cloned().unwrap_or_else(|| recipient(*chat))
                };
                let beyond = |chat: &&i64| Position { stratum: 1, key: **chat } > after;
                let recipients: Vec<_> =
                    all.iter().filter(beyond).take(limit).map(recipient).collect();
                let last = recipients.last().is_none_or(|one| Some(&one.at.key) == all.last());
                self.dispatch.on_page(fanout, Some(Page { recipients, last }), now);
            }
            Action::Count { fanout, after } => {
                let beyond = |chat: &&i64| Position { stratum: 1, key: **chat } > after;
                let n = self.chats[&fanout].iter().filter(beyond).count() as u64;
                self.dispatch.on_count(fanout, Some(n));
            }
            Action::Save(save) => {
                if self.saves {
                    self.log.extend(save.lanes.iter().flat_map(|lane| lane.log.clone()));
                    let kept = save.lanes.into_iter().map(|lane| (lane.fanout, lane.progress));
                    self.kept.extend(kept);
                }
                self.dispatch.on_saved(self.saves, now);
            }
            Action::Probe => {
                self.probes += 1;
                self.dispatch.on_probe(&self.answers.clone(), now);
            }
            Action::CloseReaders(fanout) => self.dispatch.on_readers_closed(fanout, true, now),
            Action::Alarm(alarm) => self.alarms.push(alarm),
            Action::Closed(report) => self.closed.push(report),
            other => assert!(matches!(other, Action::Sized { .. }), "{other:?}"),
        }
    }

    fn reply(&mut self, parcel: &Parcel, outcome: Outcome) {
        let now = self.moment();
        self.dispatch.on_outcome(parcel.ticket, outcome, now);
    }

    /// Sends for so many seconds, every send delivered at once; who was sent to, in order.
    fn deliver(&mut self, seconds: u64) -> Vec<ChatId> {
        let until = self.now + Duration::from_secs(seconds);
        let mut sent = Vec::new();
        while self.now < until {
            let Some(parcel) = self.next_send(1) else { continue };
            self.reply(&parcel, Outcome::Delivered(MessageId(1)));
            sent.push(parcel.chat);
        }
        sent
    }
}

const MICRO: Duration = Duration::from_micros(1);

#[test]
fn an_official_is_answered_ahead_of_a_running_broadcast() {
    let mut bench = Bench::new(30);
    bench.open(&[(fanout(1, 1, Severity::Extreme, Change::Raised), 1..500)]);
    bench.deliver(2);
    let residents = (0..5).map(|n| letter(n + 1, 700 + n, Class::Resident));
    bench.dispatch.on_letters(residents.chain([letter(9, 900, Class::Official)]).collect());
    let next = bench.next_send(1).unwrap();
    assert_eq!(next.chat, ChatId(900));
}

#[test]
fn residents_take_a_fifth_while_a_broadcast_runs_and_all_when_none_does() {
    let mut bench = Bench::new(100);
    bench.open(&[(fanout(1, 1, Severity::Extreme, Change::Raised), 1..1_000)]);
    bench.dispatch.on_letters((1..500).map(|n| letter(n, 5_000 + n, Class::Resident)).collect());
    let sent = bench.deliver(4);
    let letters = sent.iter().filter(|chat| chat.0 > 5_000).count();
    assert!((70..=90).contains(&letters), "{letters} of {}", sent.len());
    // 399 - 80 = 319 letters and 680 chats are left; afterwards letters have the whole rate.
    bench.deliver(9);
    let sent = bench.deliver(1);
    assert!(sent.iter().all(|chat| chat.0 > 5_000));
}

#[test]
fn a_greater_alert_overtakes_and_the_lesser_keeps_a_twentieth() {
    let mut bench = Bench::new(100);
    let lesser = (fanout(1, 1, Severity::Moderate, Change::Raised), 1..2_000);
    bench.open(std::slice::from_ref(&lesser));
    bench.deliver(2);
    bench.open(&[lesser, (fanout(2, 2, Severity::Extreme, Change::Raised), 5_001..6_000)]);
    let sent = bench.deliver(5);
    assert_eq!(sent.iter().position(|chat| chat.0 > 5_000), Some(0), "at once");
    let lesser = sent.iter().filter(|chat| chat.0 <= 5_000).count();
    assert!((20..=30).contains(&lesser), "{lesser} of {}", sent.len());
}

#[test]
fn nothing_is_sent_before_the_mark_is_durable() {
    let mut bench = Bench::new(30);
    bench.saves = false;
    bench.open(&[(fanout(1, 1, Severity::Extreme, Change::Raised), 1..100)]);
    assert_eq!(bench.next_send(5), None, "the store refuses");
    bench.saves = true;
    assert!(bench.next_send(2).is_some(), "and recovers");
}

#[test]
fn one_chats_429_parks_it_and_a_seconds_pauses_the_token_until_the_latest_deadline() {
    let mut bench = Bench::new(100);
    bench.open(&[(fanout(1, 1, Severity::Extreme, Change::Raised), 1..500)]);
    let wait = |seconds| Outcome::Throttled { retry_after: Duration::from_secs(seconds) };
    let first = bench.next_send(2).unwrap();
    bench.reply(&first, wait(4));
    let second = bench.next_send(1).expect("the others go on");
    let third = bench.next_send(1).unwrap();
    bench.reply(&second, wait(4));
    let paused = bench.now;
    bench.reply(&third, Outcome::Delivered(MessageId(1)));
    let next = bench.next_send(10).unwrap();
    assert!(bench.now.since(paused) >= Duration::from_secs(4), "an answer does not end a pause");
    bench.reply(&next, Outcome::Delivered(MessageId(1)));
    let all = bench.deliver(8);
    for parked in [first.chat, second.chat] {
        let times = all.iter().chain([&next.chat]).filter(|chat| **chat == parked).count();
        assert_eq!(times, 1, "parked, not forgotten, and no attempt counted");
    }
}

#[test]
fn a_faulty_text_stops_its_broadcast_after_the_first_and_retires_nobody() {
    let mut bench = Bench::new(100);
    bench.open(&[(fanout(1, 1, Severity::Extreme, Change::Raised), 1..400)]);
    let first = bench.next_send(2).unwrap();
    bench.reply(&first, Outcome::Payload("message is too long".to_owned()));
    assert_eq!(bench.next_send(5), None);
    assert!(matches!(bench.alarms[..], [Alarm::Malformed(..)]), "{:?}", bench.alarms);
    let report = &bench.closed[0];
    assert_eq!(report.tally.get(Settlement::Failed), 399);
    assert!(bench.log.iter().all(|row| row.fate == crate::domain::delivery::Fate::Stays));
}

#[test]
fn a_text_that_most_chats_refuse_is_taken_for_faulty() {
    let mut bench = Bench::new(100);
    bench.open(&[(fanout(1, 1, Severity::Extreme, Change::Raised), 1..400)]);
    let mut sent = 0;
    while let Some(parcel) = bench.next_send(2) {
        let description = "Bad Request: something new".to_owned();
        bench.reply(&parcel, Outcome::Rejected { code: 400, description });
        sent += 1;
    }
    assert!(sent < 40, "{sent} before it was stopped");
    assert!(matches!(bench.alarms[..], [Alarm::Malformed(..)]));
}

#[test]
fn a_revoked_token_stops_the_bot_and_leaves_the_broadcast_to_be_carried_on() {
    let mut bench = Bench::new(100);
    bench.open(&[(fanout(1, 1, Severity::Extreme, Change::Raised), 1..400)]);
    let first = bench.next_send(2).unwrap();
    bench.reply(&first, Outcome::Token("Unauthorized".to_owned()));
    assert_eq!(bench.next_send(5), None);
    assert!(matches!(bench.alarms[..], [Alarm::Revoked(_)]));
    assert!(bench.closed.is_empty());
    let now = bench.moment();
    assert_eq!(bench.dispatch.reports(now)[0].trouble, Some(Trouble::Revoked));
}

#[test]
fn an_unknown_outcome_is_sent_once_more_after_the_others_and_is_then_final() {
    let mut bench = Bench::new(30);
    bench.open(&[(fanout(1, 1, Severity::Extreme, Change::Raised), 1..60)]);
    let mut sent: VecDeque<ChatId> = VecDeque::new();
    while let Some(parcel) = bench.next_send(6) {
        let lost = parcel.chat == ChatId(1);
        bench
            .reply(&parcel, if lost { Outcome::Unknown } else { Outcome::Delivered(MessageId(1)) });
        sent.push_back(parcel.chat);
    }
    assert_eq!(sent.iter().filter(|chat| chat.0 == 1).count(), 2);
    assert_eq!(sent.back(), Some(&ChatId(1)), "after first attempts");
    let tally = bench.closed[0].tally;
    assert_eq!((tally.get(Settlement::Uncertain), tally.sum()), (1, 59));
}

#[test]
fn ten_minutes_of_502_do_not_burn_the_audience() {
    let mut bench = Bench::new(100);
    bench.open(&[(fanout(1, 1, Severity::Extreme, Change::Raised), 1..10_000)]);
    let until = bench.now + Duration::from_mins(10);
    let mut sent = 0;
    while bench.now < until {
        let Some(parcel) = bench.next_send(1) else { continue };
        bench.reply(&parcel, Outcome::Unknown);
        sent += 1;
    }
    assert!(sent <= 8, "{sent} chats got nothing certain");
    assert!(bench.probes > 60, "and it keeps asking");
}

#[test]
fn what_a_later_state_overtakes_is_not_sent() {
    let mut bench = Bench::new(30);
    let start = (fanout(1, 1, Severity::Extreme, Change::Raised), 1..500);
    bench.open(std::slice::from_ref(&start));
    bench.deliver(3);
    bench.open(&[start, (fanout(2, 1, Severity::Extreme, Change::Updated), 1..500)]);
    let parcel = bench.next_send(2).unwrap();
    assert!(matches!(parcel.what, What::Bulletin { fanout: FanoutId(2), .. }));
    bench.reply(&parcel, Outcome::Delivered(MessageId(1)));
    bench.deliver(2);
    let old = bench.closed.iter().find(|report| report.fanout == FanoutId(1)).unwrap();
    let superseded = old.tally.get(Settlement::Superseded);
    assert_eq!(old.tally.sum(), 499);
    assert!(superseded > 350, "{superseded}");
}

#[test]
fn an_end_waits_for_what_is_in_flight_before_its_readers_are_closed() {
    let mut bench = Bench::new(30);
    let start = (fanout(1, 1, Severity::Extreme, Change::Raised), 1..500);
    bench.open(std::slice::from_ref(&start));
    let hanging = bench.next_send(2).unwrap();
    bench.dispatch.on_sending(hanging.ticket, &[AlertId(1)]);
    bench.open(&[start, (fanout(2, 1, Severity::Extreme, Change::Ended), 0..0)]);
    bench.next_send(3);
    let now = bench.moment();
    let open: Vec<FanoutId> = bench.dispatch.reports(now).iter().map(|one| one.fanout).collect();
    assert_eq!(open, [FanoutId(1), FanoutId(2)], "neither is over");
    bench.reply(&hanging, Outcome::Delivered(MessageId(1)));
    bench.next_send(3);
    let closed: Vec<FanoutId> = bench.closed.iter().map(|one| one.fanout).collect();
    assert_eq!(closed, [FanoutId(1), FanoutId(2)]);
}

#[test]
fn a_live_report_is_edited_every_three_seconds_and_ends_true() {
    let mut bench = Bench::new(30);
    bench.open(&[(fanout(1, 1, Severity::Extreme, Change::Raised), 1..300)]);
    let content = Content::Progress(FanoutId(1));
    let mut report = letter(1, 900, Class::Official);
    report.new.content = content;
    bench.dispatch.on_letters(vec![report]);
    let (mut edits, mut last) = (Vec::new(), None);
    while let Some(parcel) = bench.next_send(8) {
        if let What::Edit { report, .. } = &parcel.what {
            edits.push(bench.now);
            last = Some(report.clone());
        }
        bench.reply(&parcel, Outcome::Delivered(MessageId(1)));
    }
    let gaps = edits.windows(2).map(|pair| pair[1].since(pair[0]));
    assert!(gaps.min().unwrap() >= REPORT_EVERY);
    assert!(edits.len() >= 3, "{edits:?}");
    let last = last.unwrap();
    assert!(last.closed_at.is_some());
    assert_eq!(last.tally.get(Settlement::Delivered), 299);
}

#[test]
fn a_live_report_counts_what_other_bots_do_and_is_final_when_all_are_done() {
    let mut bench = Bench::new(100);
    bench.open(&[(fanout(1, 1, Severity::Extreme, Change::Raised), 1..100)]);
    let mut letter = letter(1, 900, Class::Official);
    letter.new.content = Content::Progress(FanoutId(1));
    bench.dispatch.on_letters(vec![letter]);
    assert_eq!(bench.dispatch.watched(), BTreeSet::from([FanoutId(1)]), "before it is sent");
    let mut others = Elsewhere { audience: None, limit: 50, ..Elsewhere::default() };
    let mut edits = Vec::new();
    for second in 0..20 {
        if second == 2 {
            others.audience = Some(500);
        }
        others.tally.add(Settlement::Delivered, if second < 10 { 50 } else { 0 });
        if second == 14 {
            others.closed_at = Some(bench.moment().utc);
        }
        let now = bench.now;
        bench.dispatch.on_elsewhere(FanoutId(1), others, now);
        let until = bench.now + Duration::from_secs(1);
        while bench.now < until {
            let Some(parcel) = bench.next_send(1) else { continue };
            if let What::Edit { report, .. } = &parcel.what {
                edits.push(report.clone());
            }
            bench.reply(&parcel, Outcome::Delivered(MessageId(1)));
        }
        bench.now = until;
    }
    assert_eq!(bench.closed[0].audience, Some(99), "its own books are its own");
    let first = &edits[0];
    assert_eq!((first.audience, first.limit, first.closed_at), (Some(599), 50, None), "{edits:?}");
    assert_eq!(first.rate, 50, "as many as others settled in a second");
    assert!(edits.iter().rev().skip(1).all(|report| report.closed_at.is_none()), "{edits:?}");
    let last = edits.last().unwrap();
    assert_eq!(last.closed_at, others.closed_at, "when the last was done");
    assert_eq!((last.audience, last.tally.sum()), (Some(599), 599));
    assert!(bench.dispatch.watched().is_empty());
}

#[test]
fn a_live_report_whose_arrival_is_unknown_is_sent_until_its_number_is_known() {
    let mut bench = Bench::new(30);
    bench.open(&[(fanout(1, 1, Severity::Extreme, Change::Raised), 1..30)]);
    let mut report = letter(1, 900, Class::Official);
    report.new.content = Content::Progress(FanoutId(1));
    bench.dispatch.on_letters(vec![report]);
    let (mut attempts, mut last) = (0, None);
    while let Some(parcel) = bench.next_send(10) {
        let first = matches!(parcel.what, What::Letter { .. });
        attempts += u32::from(first);
        if let What::Edit { report, .. } = &parcel.what {
            last = Some(report.clone());
        }
        let unheard = first && attempts < 4;
        bench.reply(
            &parcel,
            if unheard { Outcome::Unknown } else { Outcome::Delivered(MessageId(1)) },
        );
    }
    assert_eq!(attempts, 4);
    assert!(last.is_some_and(|report| report.closed_at.is_some()), "and it ends true");
}

#[test]
fn who_was_sent_to_again_while_the_first_may_have_arrived_is_logged_so() {
    let delivered = || Outcome::Delivered(MessageId(1));
    let mut bench = Bench::new(30);
    bench.open(&[(fanout(1, 1, Severity::Extreme, Change::Raised), 1..4)]);
    let mut first: BTreeMap<ChatId, Outcome> =
        BTreeMap::from([(ChatId(1), Outcome::Unknown), (ChatId(2), Outcome::NotSent)]);
    while let Some(parcel) = bench.next_send(5) {
        let outcome = first.remove(&parcel.chat).unwrap_or_else(delivered);
        bench.reply(&parcel, outcome);
    }
    let logged = |bench: &Bench| -> Vec<(i64, Settlement, bool)> {
        let mut rows: Vec<_> =
            bench.log.iter().map(|row| (row.chat.0, row.settlement, row.repeated)).collect();
        rows.sort_unstable_by_key(|(chat, ..)| *chat);
        rows
    };
    let all = [(1, true), (2, false), (3, false)];
    assert_eq!(logged(&bench), all.map(|(chat, again)| (chat, Settlement::Delivered, again)));

    // Where the second attempt is never made there is one copy at most.
    let mut bench = Bench::new(30);
    bench.open(&[(fanout(1, 1, Severity::Extreme, Change::Raised), 1..2)]);
    let parcel = bench.next_send(5).unwrap();
    bench.reply(&parcel, Outcome::Unknown);
    let now = bench.moment();
    bench.dispatch.lanes.get_mut(&FanoutId(1)).unwrap().stop(Stop::Stale, now);
    assert!(bench.next_send(5).is_none());
    assert_eq!(logged(&bench), [(1, Settlement::Uncertain, false)]);
}

#[test]
fn an_end_waits_for_an_answer_that_tells_of_the_alert_before_its_readers_are_closed() {
    let mut bench = Bench::new(30);
    let standing = Content::Standing { occasion: Occasion::Joined, places: vec![] };
    let mut answer = letter(1, 900, Class::Resident);
    answer.new.content = standing;
    bench.dispatch.on_letters(vec![answer]);
    let telling = bench.next_send(2).unwrap();
    bench.dispatch.on_sending(telling.ticket, &[AlertId(1)]);
    bench.open(&[(fanout(2, 1, Severity::Extreme, Change::Ended), 0..0)]);
    bench.next_send(3);
    assert!(bench.closed.is_empty(), "whoever is told of the alert just now hears its end too");
    bench.reply(&telling, Outcome::Delivered(MessageId(1)));
    bench.next_send(3);
    assert_eq!(bench.closed.len(), 1);
}

#[test]
fn a_death_in_mid_flight_is_no_outcome() {
    let mut bench = Bench::new(30);
    let mut start = fanout(1, 1, Severity::Extreme, Change::Raised);
    let variant = Variant { lang: Lang::En, place: RegionId::new("oblast") };
    let at = Position { stratum: 1, key: 1 };
    start.progress.cursor = at;
    start.progress.mark = at;
    start.progress.stragglers = vec![crate::ports::store::Straggler {
        at,
        chat: ChatId(1),
        variant,
        tier: Tier::Recent,
        told: false,
        message: None,
        doubt: true,
    }];
    bench.open(&[(start, 1..2)]);
    let first = bench.next_send(5).unwrap();
    bench.reply(&first, Outcome::Unknown);
    let second = bench.next_send(10).expect("one unknown outcome is not final");
    assert_eq!(second.chat, ChatId(1));
    bench.reply(&second, Outcome::Unknown);
    assert_eq!(bench.next_send(10), None, "the second is");
    assert_eq!(bench.closed[0].tally.get(Settlement::Uncertain), 1);
}
