//! The same operations on the ledger and on a store: equal answers, whatever they are.
//!
//! Operations are drawn from a seed, which is printed when an answer differs. After every operation
//! the whole of what can be seen is compared, and what is promised of audiences is checked: nobody
//! is met twice, and nobody who was counted disappears.

use std::collections::{BTreeMap, BTreeSet};

use nabat::{
    domain::{
        alert::{Change, Status, Transition},
        audience::{Audience, Kind, Position, Standing},
        consent::Act,
        delivery::{Fate, Gone, Rights, Settlement},
        ids::{AlertId, BotId, ChatId, FanoutId, LetterId, MessageId, UpdateId},
        lang::Lang,
        letter::{Content, Occasion, Watch},
        report::Cost,
    },
    ports::store::{
        Cause, Deed, Effect, Enacted, Entry, Hold, LaneSave, LetterSave, Limits, LogRow, Progress,
        Save, Store, WatchSave,
    },
    store::memory::Ledger,
};

use super::{database, world::*};

const SEEDS: u64 = 12;
const OPERATIONS: usize = 300;
const BOTS: [BotId; 2] = [BotId(7), BotId(8)];
const SLUGS: [&str; 3] = ["west", "east", "north"];

/// A group becomes one supergroup, and a supergroup nothing else.
const MOVES: [(ChatId, ChatId); 3] =
    [(ChatId(-1), ChatId(-101)), (ChatId(-2), ChatId(-102)), (ChatId(-3), ChatId(-103))];

/// A `SplitMix64` generator.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn bot(&mut self) -> BotId {
        if self.once_in(4) { BOTS[1] } else { BOTS[0] }
    }

    fn chat(&mut self) -> ChatId {
        self.of(&[1, 2, 3, 4, 5, -1, -2, -3, -101, -102].map(ChatId))
    }

    fn lang(&mut self) -> Lang {
        self.of(&Lang::ALL)
    }

    fn fate(&mut self) -> Fate {
        self.of(&[
            Fate::Stays,
            Fate::Stays,
            Fate::Stays,
            Fate::Retire(Gone::Blocked),
            Fate::Suspend(Rights::Write),
            Fate::Missed,
        ])
    }

    fn places(&mut self) -> Vec<&'static str> {
        let first = self.below(SLUGS.len());
        let many = 1 + self.below(SLUGS.len());
        (0..many).map(|n| SLUGS[(first + n) % SLUGS.len()]).collect()
    }
}

#[derive(Clone, Debug)]
enum Op {
    Enact(Deed),
    Save(BotId, Save),
    Follow(FanoutId, ChatId, ChatId),
    Size(FanoutId, u64),
    CloseReaders(FanoutId),
    Tidy(i64),
}

fn chat_effect(chance: &mut Chance) -> Effect {
    let (bot, chat) = (chance.bot(), chance.chat());
    match chance.below(24) {
        20..22 => {
            let kind = chance.of(&[Kind::Private, Kind::Group, Kind::Channel]);
            Effect::Counted(bot, chat, kind, chance.of(&[3, 100, 1_000]))
        }
        22 => Effect::Seen(bot, chat),
        23 => {
            let alert = AlertId(1 + i64::try_from(chance.below(4)).unwrap());
            Effect::Held {
                alert,
                through: FanoutId(i64::try_from(chance.below(9)).unwrap()),
                hold: chance.of(&[None, Some(Hold::Paused), Some(Hold::Halted)]),
            }
        }
        0..4 => Effect::Met(bot, chat, chance.lang()),
        4..10 => Effect::Subscribed(bot, chat, place(chance.of(&SLUGS))),
        10..12 => Effect::Unsubscribed(bot, chat, place(chance.of(&SLUGS))),
        12 => Effect::Speaks(bot, chat, chance.lang()),
        13 => Effect::Left(bot, chat),
        14..16 => Effect::Exercises(bot, chat, !chance.once_in(3)),
        16..18 => Effect::Struck(bot, chat, chance.fate()),
        _ => {
            let (from, to) = chance.of(&MOVES);
            Effect::Moved { bot, from, to }
        }
    }
}

fn turned_at_random(chance: &mut Chance, ledger: &Ledger) -> Effect {
    let board = ledger.board();
    let active: Vec<Transition> =
        board.alerts().filter_map(|alert| ledger.last_turn(alert.id())).collect();
    let expired: Vec<Transition> = (1..ledger.next_alert().0)
        .filter_map(|n| ledger.last_turn(AlertId(n)))
        .filter(|turn| turn.change == Change::Expired)
        .collect();
    let slugs = chance.places();
    let (transition, readers) = if !expired.is_empty() && chance.once_in(6) {
        // Confirmed, or what is not possible any more.
        let became = chance.of(&[Change::Ended, Change::Ended, Change::Updated]);
        (turned(&chance.of(&expired), became, 100), true)
    } else if active.is_empty() || chance.once_in(3) {
        let status = if chance.once_in(4) { Status::Exercise } else { Status::Actual };
        (raised(ledger.next_alert(), status, &slugs), false)
    } else {
        let before = chance.of(&active);
        let turns_into = chance.of(&[
            Change::Updated,
            Change::EndedPartly(places(&["town"])),
            Change::Ended,
            Change::Expired,
        ]);
        let readers = turns_into.closes() || matches!(turns_into, Change::EndedPartly(_));
        (turned(&before, turns_into, 100), readers)
    };
    let audience = Audience {
        readers,
        places: if transition.change.closes() { Vec::new() } else { places(&slugs) },
        nearest: chance.below(3),
        exercise: transition.alert.status() == Status::Exercise,
    };
    let open: Vec<_> = ledger.asked_by(DUTY).into_iter().map(|one| one.code().clone()).collect();
    Effect::Turned {
        transition: Box::new(transition),
        audience,
        bots: if chance.once_in(3) { BOTS.to_vec() } else { vec![BOTS[0]] },
        code: if open.is_empty() { None } else { Some(chance.of(&open)) },
        watchers: vec![(chance.bot(), ChatId(500), chance.lang())],
    }
}

fn deed_at_random(chance: &mut Chance, ledger: &Ledger) -> Deed {
    let mut deed = Deed::new(Cause::Clock, at(2));
    if chance.once_in(2) {
        let id = i64::try_from(chance.below(200)).unwrap();
        deed.cause = Cause::Update(chance.bot(), UpdateId(id));
    }
    for _ in 0..=chance.below(3) {
        deed.effects.push(match chance.below(12) {
            0 => turned_at_random(chance, ledger),
            1 => {
                let act =
                    Act::Withdraw { alert: AlertId(1), revision: nabat::domain::ids::Revision(1) };
                Effect::Challenged(Box::new(challenge(chance.next() % 40, act)))
            }
            2 => {
                let open = ledger.asked_by(DUTY);
                let code = open
                    .first()
                    .map_or_else(|| nabat::domain::ids::Code::draw(1), |one| one.code().clone());
                Effect::CalledOff(code)
            }
            _ => chat_effect(chance),
        });
    }
    if chance.once_in(2) {
        let particulars = vec![("deed", format!("№ {}", chance.next()))];
        deed.journal.push(Entry { who: Some(DUTY), what: "raised", particulars });
    }
    if chance.once_in(3) {
        let content = Content::Standing { occasion: Occasion::Joined, places: places(&["west"]) };
        let mut letter = letter(chance.chat().0, content);
        letter.bot = chance.bot();
        deed.letters.push(letter);
    }
    deed
}

fn row_at_random(chance: &mut Chance, ledger: &Ledger, chat: ChatId, own: AlertId) -> LogRow {
    let others: Vec<_> = (1..ledger.next_alert().0).map(AlertId).collect();
    let mut tells = if chance.once_in(4) { Vec::new() } else { vec![own] };
    if chance.once_in(3) && !others.is_empty() {
        tells.push(chance.of(&others));
    }
    tells.sort_unstable();
    tells.dedup();
    LogRow {
        fate: chance.fate(),
        message: chance.once_in(2).then_some(MessageId(4)),
        repeated: chat.0 % 3 == 0,
        at: at((own.0 * 977 + chat.0 * 31).rem_euclid(5_000)),
        ..row(chat.0, chance.of(&Settlement::ALL), &tells)
    }
}

fn save_at_random(chance: &mut Chance, ledger: &Ledger) -> Op {
    let bot = chance.bot();
    let mut save = Save { pace: 30, ..Save::default() };
    let open = ledger.open_fanouts(bot);
    if !open.is_empty() {
        let fanout = chance.of(&open);
        let own = fanout.transition.alert.id();
        let page = ledger.page(fanout.id, fanout.progress.cursor, 3);
        let log = page.recipients.iter().filter(|one| one.standing == Standing::Subscribed);
        let mut chats: Vec<_> = log.map(|one| one.chat).collect();
        if chance.once_in(4) {
            chats.push(chance.chat());
        }
        let cursor = page.recipients.last().map_or(fanout.progress.cursor, |one| one.at);
        let mut tally = fanout.progress.tally;
        tally.add(Settlement::Delivered, page.recipients.len() as u64);
        let Progress { known, cost, .. } = fanout.progress;
        let cost =
            Cost { tenths: cost.tenths + u64::from(chance.once_in(2)), rate: 1_000, most: 9 };
        let known = known + u64::from(chance.once_in(3));
        let mut progress =
            Progress { cursor, mark: cursor, stragglers: Vec::new(), tally, known, cost };
        if chance.once_in(6) {
            progress = Progress::START;
        }
        let log = chats.into_iter().map(|chat| row_at_random(chance, ledger, chat, own));
        let log = log.collect();
        let closed_at = (page.last && chance.once_in(2)).then(|| at(9));
        save.lanes.push(LaneSave { fanout: fanout.id, progress, log, closed_at });
        let watch = Watch {
            fanout: fanout.id,
            chat: ChatId(500),
            message: MessageId(6),
            lang: chance.lang(),
        };
        save.watches.push(chance.of(&[WatchSave::Out(watch), WatchSave::Done(watch)]));
    }
    for letter in ledger.letters(bot, LetterId(0)).into_iter().take(2) {
        let next = ledger.next_alert();
        let row = (next > AlertId(1) && chance.once_in(2))
            .then(|| row_at_random(chance, ledger, letter.new.chat, AlertId(next.0 - 1)));
        save.letters.push(LetterSave { letter: letter.id, row });
    }
    if chance.once_in(8) {
        save.limits = Some(Limits {
            paused_until: Some(at(5)),
            windows: vec![(chance.chat(), vec![at(4)])],
            ..Limits::default()
        });
    }
    Op::Save(bot, save)
}

fn draw(chance: &mut Chance, ledger: &Ledger) -> Op {
    let open: Vec<_> = BOTS.iter().flat_map(|bot| ledger.open_fanouts(*bot)).collect();
    match chance.below(20) {
        10..14 => save_at_random(chance, ledger),
        14..17 if !open.is_empty() => {
            let fanout = chance.of(&open);
            match chance.below(4) {
                0 => Op::Size(fanout.id, chance.next() % 100),
                1 => {
                    let (from, to) = chance.of(&MOVES);
                    Op::Follow(fanout.id, from, to)
                }
                _ => Op::CloseReaders(fanout.id),
            }
        }
        17 => Op::Tidy(chance.of(&[10, 3 * 86_400, 8 * 86_400, 40 * 86_400])),
        _ => Op::Enact(deed_at_random(chance, ledger)),
    }
}

/// Does it on both; the answers have to be the same.
async fn perform(op: &Op, ledger: &mut Ledger, store: &impl Store) {
    match op {
        Op::Enact(deed) => assert_eq!(store.enact(deed).await.unwrap(), ledger.enact(deed)),
        Op::Save(bot, save) => {
            store.save(*bot, save, at(3)).await.unwrap();
            ledger.save(*bot, save, at(3));
        }
        Op::Follow(fanout, from, to) => {
            let theirs = store.follow(*fanout, *from, *to).await.unwrap();
            assert_eq!(theirs, ledger.follow(*fanout, *from, *to));
        }
        Op::Size(fanout, size) => {
            store.sized(*fanout, *size).await.unwrap();
            ledger.sized(*fanout, *size);
        }
        Op::CloseReaders(fanout) => {
            store.close_readers(*fanout).await.unwrap();
            ledger.close_readers(*fanout);
        }
        Op::Tidy(second) => {
            assert_eq!(store.tidy(at(*second)).await.unwrap(), ledger.tidy(at(*second)));
        }
    }
}

/// Everything that can be seen is the same.
async fn compare(ledger: &Ledger, store: &impl Store) {
    assert_eq!(store.board().await.unwrap(), ledger.board());
    assert_eq!(store.next_alert().await.unwrap(), ledger.next_alert());
    assert_eq!(store.asked_by(DUTY).await.unwrap(), ledger.asked_by(DUTY));
    for alert in (1..ledger.next_alert().0).map(AlertId) {
        assert_eq!(store.figures(alert).await.unwrap(), ledger.figures(alert));
    }
    for bot in BOTS {
        assert_eq!(store.last_update(bot).await.unwrap(), ledger.last_update(bot));
        let open = ledger.open_fanouts(bot);
        assert_eq!(store.open_fanouts(bot).await.unwrap(), open);
        let letters = ledger.letters(bot, LetterId(0));
        assert_eq!(store.letters(bot, LetterId(0)).await.unwrap(), letters);
        assert_eq!(store.watches(bot).await.unwrap(), ledger.watches(bot));
        assert_eq!(store.limits(bot).await.unwrap(), ledger.limits(bot));
        for exercise in [false, true] {
            let audience = Audience { exercise, ..covering(&SLUGS) };
            let reach = ledger.reach(bot, &audience);
            assert_eq!(store.reach(bot, &audience).await.unwrap(), reach);
        }
        let chats = [1, 2, 3, 4, 5, -1, -2, -3, -101, -102].map(ChatId);
        let everyone = chats.map(|chat| (chat, place("west")));
        for since in [None, Some(at(3))] {
            let alerts = [1, 2, 3].map(AlertId);
            let told = ledger.told(bot, &everyone, &alerts, since);
            assert_eq!(store.told(bot, &everyone, &alerts, since).await.unwrap(), told);
        }
        for chat in [1, 2, 3, 4, 5, -1, -2, -3, -101, -102].map(ChatId) {
            let theirs = store.subscriber(bot, chat).await.unwrap();
            assert_eq!(theirs, ledger.subscriber(bot, chat), "{chat:?}");
        }
        for fanout in open {
            for limit in [2, 100] {
                let mut after = Position::START;
                loop {
                    let page = ledger.page(fanout.id, after, limit);
                    let theirs = store.page(fanout.id, after, limit).await.unwrap();
                    assert_eq!(theirs, page, "{fanout:?} after {after:?}");
                    let count = store.count(fanout.id, after).await.unwrap();
                    assert_eq!(count, ledger.count(fanout.id, after));
                    match page.recipients.last() {
                        Some(last) if page.recipients.len() == limit => after = last.at,
                        Some(_) | None => break,
                    }
                }
            }
        }
    }
}

/// What holds of every broadcast whose audience is settled, whatever chats do.
fn check(ledger: &Ledger, frozen: &mut BTreeMap<FanoutId, Vec<Position>>) {
    for fanout in BOTS.iter().flat_map(|bot| ledger.open_fanouts(*bot)) {
        if fanout.audience.readers && fanout.readers_ceiling.is_none() {
            continue;
        }
        let page = ledger.page(fanout.id, Position::START, 1_000);
        assert!(page.last);
        let whole: Vec<_> = page.recipients.iter().map(|one| one.at).collect();
        assert_eq!(ledger.count(fanout.id, Position::START), whole.len() as u64);
        let before = frozen.entry(fanout.id).or_insert_with(|| whole.clone());
        assert_eq!(*before, whole, "the audience of {fanout:?} has changed");
        let told = page.recipients.iter().filter(|one| one.standing == Standing::Subscribed);
        let chats: Vec<_> = told.map(|one| one.chat).collect();
        let once: BTreeSet<_> = chats.iter().collect();
        assert_eq!(once.len(), chats.len(), "someone is met twice: {fanout:?}");
    }
}

struct Seed(u64, usize);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {}, operation {}", self.0, self.1);
        }
    }
}

#[tokio::test]
async fn sqlite_answers_as_the_ledger_does() {
    let mut done: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..SEEDS {
        let (store, _dir) = database().await;
        let mut ledger = Ledger::new();
        let mut chance = Chance(seed);
        let mut frozen = BTreeMap::new();
        let mut at = Seed(seed, 0);
        for operation in 0..OPERATIONS {
            at.1 = operation;
            let op = draw(&mut chance, &ledger);
            perform(&op, &mut ledger, &store).await;
            // A write whose answer was lost is made again.
            if chance.once_in(10) && matches!(op, Op::Save(..) | Op::CloseReaders(_) | Op::Tidy(_))
            {
                perform(&op, &mut ledger, &store).await;
            }
            check(&ledger, &mut frozen);
            if operation % 5 == 0 || operation + 1 == OPERATIONS {
                compare(&ledger, &store).await;
            }
            *done.entry(kind(&op)).or_default() += 1;
        }
        let lines = i64::try_from(ledger.journal().len()).unwrap();
        assert!(lines > 0);
        assert_eq!(ledger.verify_journal(), Ok(lines));
        assert_eq!(store.verify_journal().await.unwrap(), Ok(lines));
    }
    assert_eq!(done.len(), 6, "some operation never happened: {done:?}");
}

#[test]
fn the_ledger_keeps_an_audience_as_it_was_frozen() {
    for seed in 1_000..1_100 {
        let mut ledger = Ledger::new();
        let mut chance = Chance(seed);
        let mut frozen = BTreeMap::new();
        let mut at_ = Seed(seed, 0);
        for operation in 0..OPERATIONS {
            at_.1 = operation;
            match draw(&mut chance, &ledger) {
                Op::Enact(deed) => {
                    let before = ledger.journal().len();
                    let enacted = ledger.enact(&deed);
                    let noted = ledger.journal().len() - before;
                    let done = matches!(enacted, Enacted::Done(_));
                    assert_eq!(noted, if done { deed.journal.len() } else { 0 });
                }
                Op::Save(bot, save) => ledger.save(bot, &save, at(3)),
                Op::Follow(fanout, from, to) => drop(ledger.follow(fanout, from, to)),
                Op::Size(fanout, size) => ledger.sized(fanout, size),
                Op::CloseReaders(fanout) => ledger.close_readers(fanout),
                Op::Tidy(second) => {
                    ledger.tidy(at(second));
                }
            }
            check(&ledger, &mut frozen);
        }
    }
}

fn kind(op: &Op) -> &'static str {
    match op {
        Op::Enact(_) => "enact",
        Op::Save(..) => "save",
        Op::Follow(..) => "follow",
        Op::Size(..) => "size",
        Op::CloseReaders(_) => "close readers",
        Op::Tidy(_) => "tidy",
    }
}
