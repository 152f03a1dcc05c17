//! What the stories are told with: a small town, and short words for what happens in it.

use std::time::Duration;

use nabat::{
    domain::{
        alert::{Actor, Alert, Change, Draft, DraftRow, Settled, Status, Transition, Wording},
        audience::{Audience, Position, Recipient, Standing},
        consent::{Act, Challenge, Demand},
        delivery::{Fate, Settlement, Tally},
        hazard::{Certainty, Severity, Updates, Urgency},
        ids::{
            AlertId, BotId, ChatId, Code, FanoutId, HazardId, LevelId, MessageId, RegionId,
            Revision, UpdateId, UserId,
        },
        lang::{Lang, Texts},
        letter::{Class, Content, Message, NewLetter},
        region::Area,
        time::Utc,
    },
    ports::store::{Cause, Deed, Effect, Enacted, LaneSave, LogRow, Progress, Save, Store},
};

pub(super) const BOT: BotId = BotId(7);
pub(super) const DUTY: UserId = UserId(500);

pub(super) fn at(second: i64) -> Utc {
    Utc::from_timestamp_micros(1_700_000_000_000_000 + second * 1_000_000).unwrap()
}

pub(super) fn place(slug: &str) -> RegionId {
    RegionId::new(slug)
}

pub(super) fn places(slugs: &[&str]) -> Vec<RegionId> {
    slugs.iter().map(|slug| place(slug)).collect()
}

pub(super) fn draft(status: Status, regions: &[&str]) -> Draft {
    Draft::recorded(DraftRow {
        status,
        hazard: HazardId::new("drone"),
        level: LevelId::new("threat"),
        step: 1,
        rank: (Severity::Extreme, Urgency::Immediate),
        certainty: Certainty::Likely,
        approvals: 1,
        silent: false,
        updates: Updates::Edit,
        paid: false,
        area: Area::recorded(places(regions), [place("elsewhere")]).unwrap(),
        lasts: Some(Duration::from_mins(90)),
        note: Some("\"кавычки\" и перенос\\n".to_owned()),
        wording: Wording { title: Texts::same("Угроза атаки"), ..Wording::default() },
    })
}

pub(super) fn raised(id: AlertId, status: Status, regions: &[&str]) -> Transition {
    let by = Actor::Operator { user: DUTY, name: "Дежурный".to_owned() };
    let draft = draft(status, regions);
    let alert = Alert::recorded(id, Revision::FIRST, draft, (at(1), by.clone()), Some(at(5_401)));
    Transition { alert, change: Change::Raised, at: at(1), by, settles: Vec::new() }
}

/// The transition that comes after.
pub(super) fn turned(before: &Transition, change: Change, second: i64) -> Transition {
    let alert = &before.alert;
    let alert = Alert::recorded(
        alert.id(),
        alert.revision().next(),
        alert.draft().clone(),
        (alert.raised_at(), alert.raised_by().clone()),
        alert.expires_at(),
    );
    let settles = if change.closes() {
        alert.area().regions().map(|one| (one.clone(), Settled::Clear(at(second)))).collect()
    } else {
        Vec::new()
    };
    Transition { alert, change, at: at(second), by: Actor::Clock, settles }
}

pub(super) fn covering(slugs: &[&str]) -> Audience {
    Audience { readers: false, places: places(slugs), nearest: slugs.len(), exercise: false }
}

pub(super) fn told() -> Audience {
    Audience { readers: true, places: Vec::new(), nearest: 0, exercise: false }
}

pub(super) fn told_and(slugs: &[&str]) -> Audience {
    Audience { readers: true, places: places(slugs), nearest: slugs.len(), exercise: false }
}

pub(super) fn turn(transition: &Transition, audience: Audience) -> Effect {
    Effect::Turned {
        transition: Box::new(transition.clone()),
        audience,
        bots: vec![BOT],
        code: None,
        watchers: Vec::new(),
    }
}

pub(super) fn deed(effects: Vec<Effect>) -> Deed {
    Deed { effects, ..Deed::new(Cause::Clock, at(1)) }
}

pub(super) fn update(id: i64, effects: Vec<Effect>) -> Deed {
    Deed { effects, ..Deed::new(Cause::Update(BOT, UpdateId(id)), at(1)) }
}

pub(super) async fn act(store: &impl Store, effects: Vec<Effect>) -> Vec<FanoutId> {
    match store.enact(&deed(effects)).await.unwrap() {
        Enacted::Done(fanouts) => fanouts,
        other @ (Enacted::Already | Enacted::Conflict) => panic!("not done: {other:?}"),
    }
}

pub(super) async fn join(store: &impl Store, chat: i64, slugs: &[&str]) {
    let mut effects = vec![Effect::Met(BOT, ChatId(chat), Lang::Ru)];
    let subscribe = |slug: &&str| Effect::Subscribed(BOT, ChatId(chat), place(slug));
    effects.extend(slugs.iter().map(subscribe));
    act(store, effects).await;
}

/// Raises the next alert.
pub(super) async fn raise(store: &impl Store, slugs: &[&str]) -> (Transition, FanoutId) {
    let transition = raised(store.next_alert().await.unwrap(), Status::Actual, slugs);
    let fanouts = act(store, vec![turn(&transition, covering(slugs))]).await;
    (transition, fanouts[0])
}

/// Ends it for those who were told.
pub(super) async fn end(store: &impl Store, before: &Transition) -> (Transition, FanoutId) {
    let transition = turned(before, Change::Ended, 100);
    let fanouts = act(store, vec![turn(&transition, told())]).await;
    (transition, fanouts[0])
}

pub(super) fn row(chat: i64, settlement: Settlement, tells: &[AlertId]) -> LogRow {
    LogRow {
        chat: ChatId(chat),
        place: place("west"),
        settlement,
        message: Some(MessageId(chat * 10)),
        at: at(2),
        fate: Fate::Stays,
        tells: tells.to_vec(),
        repeated: false,
    }
}

pub(super) fn struck(chat: i64, settlement: Settlement, fate: Fate) -> LogRow {
    LogRow { fate, message: None, ..row(chat, settlement, &[]) }
}

pub(super) fn lane(fanout: FanoutId, log: Vec<LogRow>) -> LaneSave {
    LaneSave { fanout, progress: Progress::START, log, closed_at: None }
}

pub(super) async fn log(store: &impl Store, fanout: FanoutId, log: Vec<LogRow>) {
    save(store, Save { lanes: vec![lane(fanout, log)], ..Save::default() }).await;
}

pub(super) async fn save(store: &impl Store, save: Save) {
    store.save(BOT, &save, at(3)).await.unwrap();
}

pub(super) async fn close(store: &impl Store, fanout: FanoutId) {
    let closed = LaneSave { closed_at: Some(at(9)), ..lane(fanout, Vec::new()) };
    save(store, Save { lanes: vec![closed], ..Save::default() }).await;
}

pub(super) fn progress(cursor: i64, mark: i64, delivered: u64) -> Progress {
    let mut tally = Tally::ZERO;
    tally.add(Settlement::Delivered, delivered);
    let position = |key| Position { stratum: 1, key };
    Progress { cursor: position(cursor), mark: position(mark), tally, ..Progress::START }
}

/// Walks an audience in pages of `limit` to where it ends for now; says whether it ended for good.
pub(super) async fn walked(
    store: &impl Store,
    fanout: FanoutId,
    limit: usize,
) -> (Vec<Recipient>, bool) {
    let mut all: Vec<Recipient> = Vec::new();
    loop {
        let after = all.last().map_or(Position::START, |one| one.at);
        let page = store.page(fanout, after, limit).await.unwrap();
        assert!(page.recipients.len() <= limit);
        assert!(page.recipients.first().is_none_or(|one| one.at > after), "nobody is met twice");
        let full = page.recipients.len() == limit;
        all.extend(page.recipients);
        if page.last || !full {
            assert!(all.is_sorted_by_key(|one| one.at), "{all:?}");
            return (all, page.last);
        }
    }
}

/// The whole audience, whatever the size of pages, and as many as are counted.
pub(super) async fn audience(store: &impl Store, fanout: FanoutId) -> Vec<Recipient> {
    let (all, last) = walked(store, fanout, 100).await;
    assert!(last, "the walk does not end");
    assert_eq!(walked(store, fanout, 2).await.0, all, "pages of two");
    assert_eq!(walked(store, fanout, 1).await.0, all, "pages of one");
    for (index, one) in all.iter().enumerate() {
        let after = store.count(fanout, one.at).await.unwrap();
        assert_eq!(after, (all.len() - index - 1) as u64);
    }
    assert_eq!(store.count(fanout, Position::START).await.unwrap(), all.len() as u64);
    all
}

pub(super) async fn chats(store: &impl Store, fanout: FanoutId) -> Vec<i64> {
    audience(store, fanout).await.into_iter().map(|one| one.chat.0).collect()
}

pub(super) async fn standings(store: &impl Store, fanout: FanoutId) -> Vec<(i64, Standing)> {
    audience(store, fanout).await.into_iter().map(|one| (one.chat.0, one.standing)).collect()
}

pub(super) async fn lives(store: &impl Store, chat: i64) -> Option<Vec<String>> {
    let known = store.subscriber(BOT, ChatId(chat)).await.unwrap()?;
    Some(known.places.iter().map(ToString::to_string).collect())
}

pub(super) fn challenge(chance: u64, act: Act) -> Challenge {
    let demand = Demand::Word(vec!["СМОЛЕНСК".to_owned()]);
    Challenge::recorded(Code::draw(chance), act, demand, (DUTY, "duty".to_owned()), at(300))
}

pub(super) fn letter(chat: i64, content: Content) -> NewLetter {
    NewLetter {
        bot: BOT,
        chat: ChatId(chat),
        lang: Lang::Uk,
        class: Class::Resident,
        content,
        not_after: Some(at(60)),
    }
}

pub(super) fn words(text: &str) -> Content {
    Content::Plain { message: Message::plain(text), edits: None }
}
