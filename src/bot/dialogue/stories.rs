//! Dialogues as stories, over a world as small as a story needs: it keeps what effects say.

mod control;
mod gathered;
mod outlook;
mod reports;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{
    bot::tests::{operator, rules, rules_with},
    domain::{
        alert::{Actor, Change},
        audience::Tier,
        delivery::{Fate, Gone},
        ids::{RegionId, UpdateId},
        operator::Role,
    },
};
use outlook::{TARIFF, people};

const BOT: BotId = BotId(7);

/// Here channels have numbers up to this.
const CHANNELS: i64 = -1_000;

fn kind_of(chat: i64) -> Kind {
    match chat {
        1.. => Kind::Private,
        many if many <= CHANNELS => Kind::Channel,
        _ => Kind::Group,
    }
}

struct World {
    rules: Rules,
    office: Office,
    now: Utc,
    board: Board,
    next: i64,
    updates: i64,
    asked: BTreeMap<Code, Asked>,
    turns: BTreeMap<AlertId, Transition>,
    subscribers: BTreeMap<ChatId, Subscriber>,
    figures: BTreeMap<AlertId, Vec<FanoutFigures>>,
    /// Whom each bot reaches, and what it has spent.
    reach: [Reach; 2],
    spent: Spent,
    open: Vec<Fanout>,
    /// What Telegram says of any group.
    members: Option<u64>,
    /// What the other bot knows.
    elsewhere: BTreeMap<ChatId, Subscriber>,
    /// Who has room when this bot has none.
    sibling: Option<String>,
}

impl World {
    fn new(rules: Rules) -> Self {
        let office = Office {
            bot: BOT,
            bots: vec![BOT, BotId(8)],
            siblings: vec![Sibling {
                bot: BotId(8),
                username: "nabat_two_bot".to_owned(),
                comfortable: 100,
            }],
            comfortable: 100,
            tariffs: [BOT, BotId(8)].map(|bot| (bot, TARIFF)).into(),
            default_lang: Lang::Ru,
            late_after: Duration::from_mins(2),
            username: "nabat_bot".to_owned(),
        };
        Self {
            rules,
            office,
            now: "2026-11-23T11:05:00Z".parse().unwrap(),
            board: Board::default(),
            next: 1,
            updates: 0,
            asked: BTreeMap::new(),
            turns: BTreeMap::new(),
            subscribers: BTreeMap::new(),
            figures: BTreeMap::new(),
            reach: [people(900), people(300)],
            spent: Spent::default(),
            open: Vec::new(),
            members: Some(5),
            elsewhere: BTreeMap::new(),
            sibling: None,
        }
    }

    fn pass(&mut self, minutes: i64) {
        self.now += chrono::TimeDelta::minutes(minutes);
    }

    fn say(&mut self, user: i64, text: &str) -> Reply {
        let at = self.now;
        self.say_in(user, user, text, at)
    }

    fn say_in(&mut self, chat: i64, user: i64, text: &str, at: Utc) -> Reply {
        self.happens(Event::Said(Said {
            chat: ChatId(chat),
            kind: kind_of(chat),
            message: MessageId(1),
            user: Some(UserId(user)),
            tag: Some("en".to_owned()),
            at,
            text: Some(text.to_owned()),
            second_hand: false,
        }))
    }

    fn press(&mut self, user: i64, data: &str) -> Reply {
        self.happens(Event::Pressed(Press {
            callback: "cb".to_owned(),
            place: Some((ChatId(user), MessageId(5))),
            user: UserId(user),
            tag: Some("en".to_owned()),
            data: data.to_owned(),
        }))
    }

    fn happens(&mut self, event: Event) -> Reply {
        self.updates += 1;
        let incoming = Incoming { id: UpdateId(self.updates), event };
        let reply = self.decide(&incoming);
        for effect in reply.deed.effects.clone() {
            self.becomes(effect);
        }
        reply
    }

    fn decide(&self, incoming: &Incoming) -> Reply {
        let (rules, office, now) = (&self.rules, &self.office, self.now);
        let chance = 0x0123_4567_89ab_cdef_u64.wrapping_mul(self.updates.unsigned_abs());
        let case = Case { rules, office, now, chance, incoming };
        let mut facts = Facts::default();
        for _ in 0..24 {
            match decide(case, &facts) {
                Ok(reply) => return reply,
                Err(want) => self.read(want, &mut facts),
            }
        }
        panic!("a decision without end");
    }

    fn read(&self, want: Want, facts: &mut Facts) {
        match want {
            Want::Board => facts.board = Some(self.board.clone()),
            Want::Next => facts.next = Some(AlertId(self.next)),
            Want::Subscriber(chat) => {
                facts.subscriber = Some(self.subscribers.get(&chat).cloned());
            }
            Want::Asked(code) => {
                let asked = self.asked.get(&code).cloned();
                facts.asked.insert(code, asked);
            }
            Want::AskedBy(user) => {
                let open = self.asked.values().filter_map(|asked| match asked {
                    Asked::Open(one) if one.issuer() == user => Some(one.clone()),
                    Asked::Open(_) | Asked::Answered { .. } | Asked::CalledOff => None,
                });
                facts.asked_by = Some(open.collect());
            }
            Want::Turn(alert) => {
                facts.turns.insert(alert, self.turns.get(&alert).cloned());
            }
            Want::Open => facts.open = Some(self.open.clone()),
            Want::Elsewhere(chat) => {
                facts.elsewhere = Some(self.elsewhere.get(&chat).into_iter().cloned().collect());
            }
            Want::Sibling => facts.sibling = Some(self.sibling.clone()),
            Want::Members { .. } => facts.members = Some(self.members),
            Want::Reach(audience) => {
                let bots = self.reach.iter().zip([BOT, BotId(8)]);
                let bots = bots.map(|(reach, bot)| (bot, *reach, self.spent.clone()));
                facts.reach = Some((audience, bots.collect()));
            }
            Want::Figures(alert) => {
                let figures = self.figures.get(&alert).cloned().unwrap_or_default();
                facts.figures.insert(alert, figures);
            }
        }
    }

    fn becomes(&mut self, effect: Effect) {
        let known = |lang| Subscriber { lang, places: Vec::new(), exercises: false };
        match effect {
            Effect::Met(_, chat, lang) | Effect::Speaks(_, chat, lang) => {
                self.subscribers.entry(chat).or_insert_with(|| known(lang)).lang = lang;
            }
            Effect::Subscribed(_, chat, region) => {
                self.subscribers.get_mut(&chat).expect("it has been met").places.push(region);
            }
            Effect::Unsubscribed(_, chat, region) => {
                let known = self.subscribers.get_mut(&chat).expect("it has been met");
                known.places.retain(|place| *place != region);
            }
            Effect::Exercises(_, chat, takes_part) => {
                self.subscribers.get_mut(&chat).expect("it has been met").exercises = takes_part;
            }
            Effect::Left(BOT, chat) | Effect::Struck(BOT, chat, _) => {
                self.subscribers.remove(&chat);
            }
            Effect::Left(_, chat) | Effect::Struck(_, chat, _) => {
                self.elsewhere.remove(&chat);
            }
            Effect::Counted(..) | Effect::Seen(..) | Effect::Moved { .. } => {}
            Effect::Held { alert, through, hold } => {
                let ours =
                    |one: &&mut Fanout| one.transition.alert.id() == alert && one.id <= through;
                self.open.iter_mut().filter(ours).for_each(|one| one.hold = hold);
            }
            Effect::Challenged(challenge) => {
                self.asked.insert(challenge.code().clone(), Asked::Open(*challenge));
            }
            Effect::CalledOff(code) => {
                self.asked.insert(code, Asked::CalledOff);
            }
            Effect::Turned { transition, code, audience, bots, .. } => {
                let figures = bots.iter().map(|bot| reports::opened(*bot, &transition));
                self.figures.entry(transition.alert.id()).or_default().extend(figures);
                for bot in bots {
                    self.open.push(opened(self.open.len(), bot, &transition, audience.clone()));
                }
                self.board.apply(&transition);
                self.next = self.next.max(transition.alert.id().0 + 1);
                if let Some(code) = code {
                    let (alert, at) = (transition.alert.id(), transition.at);
                    let by = transition.by.clone();
                    self.asked.insert(code, Asked::Answered { alert, at, by });
                }
                self.turns.insert(transition.alert.id(), *transition);
            }
        }
    }

    fn open_code(&self) -> Code {
        let open = self.asked.iter().find(|(_, asked)| matches!(asked, Asked::Open(_)));
        open.expect("a challenge is open").0.clone()
    }
}

fn opened(before: usize, bot: BotId, transition: &Transition, audience: Audience) -> Fanout {
    Fanout {
        id: crate::domain::ids::FanoutId(i64::try_from(before).unwrap() + 1),
        bot,
        transition: transition.clone(),
        audience,
        ceiling: 0,
        readers_floor: 0,
        readers_ceiling: None,
        size: None,
        hold: None,
        progress: crate::ports::store::Progress::START,
        opened_at: transition.at,
        closed_at: None,
    }
}

fn texts(reply: &Reply) -> String {
    let texts = reply.deed.letters.iter().map(|letter| match &letter.content {
        Content::Plain { message, edits } => {
            let buttons = message.buttons.iter().map(|row| {
                let labels: Vec<&str> = row.iter().map(|b| b.label.as_str()).collect();
                format!("[{}]", labels.join("]["))
            });
            let mark = if edits.is_some() { " (edited)" } else { "" };
            let lines: Vec<String> = [message.text.clone()].into_iter().chain(buttons).collect();
            format!("-> {}{mark}\n{}", letter.chat.0, lines.join("\n"))
        }
        Content::Standing { occasion, places } => {
            format!("-> {} {occasion:?} {places:?}", letter.chat.0)
        }
        Content::Progress(fanout) => format!("-> {} progress {fanout:?}", letter.chat.0),
        Content::Picture { alert, revision } => {
            format!("-> {} picture {alert}.{}", letter.chat.0, revision.0)
        }
    });
    texts.collect::<Vec<_>>().join("\n\n")
}

fn turned(reply: &Reply) -> Option<&Transition> {
    let mut turns = reply.deed.effects.iter().filter_map(|effect| {
        if let Effect::Turned { transition, .. } = effect { Some(&**transition) } else { None }
    });
    turns.next()
}

fn journal(reply: &Reply) -> Vec<(&str, &str)> {
    let reason =
        |entry: &'_ Entry| entry.particulars.iter().position(|(name, _)| *name == "reason");
    reply
        .deed
        .journal
        .iter()
        .map(|entry| {
            let reason = reason(entry).map_or("", |at| entry.particulars[at].1.as_str());
            (entry.what, reason)
        })
        .collect()
}

#[test]
fn an_official_raises_with_a_word_and_ends_with_a_press() {
    let mut world = World::new(rules());
    let shown = world.say(1, "/alert no-fly Смоленская область for 90m note Stay in");
    assert!(turned(&shown).is_none());
    assert_eq!(journal(&shown), [("challenged", "")]);
    insta::assert_snapshot!("preview_word", texts(&shown));

    let wrong = world.say(1, "Белгород");
    assert!(turned(&wrong).is_none());
    assert_eq!(journal(&wrong), [("refused", "wrong-word")]);

    let pressed = world.press(1, &format!("y:{}", world.open_code()));
    assert!(turned(&pressed).is_none(), "a press is not enough for a live alert");

    let code = world.open_code();
    let raised = world.say(1, " смоленск ");
    let transition = turned(&raised).expect("it is raised");
    assert_eq!(transition.change, Change::Raised);
    assert_eq!(transition.alert.area().regions().next(), Some(&RegionId::new("RU-SMO")));
    assert!(
        matches!(&raised.deed.effects[..], [Effect::Turned { bots, watchers, code: Some(_), .. }]
        if bots.len() == 2 && watchers == &[(BOT, ChatId(1), Lang::En)])
    );
    insta::assert_snapshot!(texts(&raised), @r"
    -> 1
    Raised: № 1 at 14:05 23.11 (UTC+3) by Official 1.
    ");

    let again = world.press(1, &format!("y:{code}"));
    assert!(turned(&again).is_none());
    insta::assert_snapshot!(texts(&again), @r"
    -> 1 (edited)
    Already raised as № 1 at 14:05 23.11 (UTC+3) by Official 1. Nothing was sent again.
    ");

    world.pass(10);
    let shown = world.say(1, "/clear 1");
    assert!(turned(&shown).is_none());
    insta::assert_snapshot!("preview_end", texts(&shown));
    let code = world.open_code();
    let ended = world.press(1, &format!("y:{code}"));
    assert_eq!(turned(&ended).map(|turn| turn.change.clone()), Some(Change::Ended));
    assert_eq!(world.board.alerts().count(), 0);
}

#[test]
fn a_second_person_releases_where_the_level_says_so() {
    let mut world = World::new(rules());
    let shown = world.say(1, "/alert drone Roslavl threat for 1h");
    insta::assert_snapshot!("preview_second", texts(&shown));
    let yes = format!("y:{}", world.open_code());
    for (user, reason) in [(1, "needs-second-person"), (4, "needs-second-person"), (3, "role")] {
        let refused = world.press(user, &yes);
        assert!(turned(&refused).is_none());
        assert_eq!(journal(&refused), [("refused", reason)], "{user}");
    }
    let stranger = world.press(99, &yes);
    assert!(turned(&stranger).is_none());
    assert_eq!(journal(&stranger), [("refused", "stranger")]);
    let released = world.press(2, &yes);
    assert!(turned(&released).is_some());
    insta::assert_snapshot!(texts(&released), @r"
    -> 2 (edited)
    Raised: № 1 at 14:05 23.11 (UTC+3) by Official 1, approved by Official 2.

    -> 1
    Raised: № 1 at 14:05 23.11 (UTC+3) by Official 1, approved by Official 2.
    ");
}

#[test]
fn what_nobody_may_approve_is_refused_at_once() {
    let mut world = World::new(rules_with(vec![operator(1, &[Role::Issuer], &["RU-SMO"])]));
    let refused = world.say(1, "/alert drone Roslavl threat");
    assert!(refused.deed.effects.is_empty());
    assert_eq!(journal(&refused), [("refused", "no-approver")]);
}

#[test]
fn an_approver_rejects_and_the_issuer_hears_of_it() {
    let mut world = World::new(rules());
    world.say(1, "/alert drone Roslavl threat");
    let code = world.open_code();
    let foreign = world.press(3, &format!("n:{code}"));
    assert_eq!(journal(&foreign), [("refused", "not-issuer")]);
    let rejected = world.press(2, &format!("n:{code}"));
    assert_eq!(rejected.deed.effects, [Effect::CalledOff(code.clone())]);
    assert!(texts(&rejected).contains("-> 1\nRejected by Official 2."));
    let late = world.press(2, &format!("y:{code}"));
    assert!(turned(&late).is_none());
}

#[test]
fn nobody_speaks_without_a_mandate() {
    let mut world = World::new(rules());
    for (user, text, reason) in [
        (99, "/alert no-fly RU-SMO", "stranger"),
        (3, "/alert no-fly RU-SMO", "area"),
        (2, "/alert no-fly RU-SMO", "role"),
        (1, "/alert no-fly RU-SMO, RU-BEL", "area"),
        (1, "/alert no-fly Atlantis", "area"),
        (1, "/alert fire RU-SMO, RU-SMO-ros", "duration"),
        (1, "/alert fire RU-SMO for 13h", "duration"),
        (1, "/clear 5", "not-active"),
        (99, "/confirm ABCDE", "stranger"),
    ] {
        let refused = world.say(user, text);
        assert!(refused.deed.effects.is_empty(), "{text}");
        assert_eq!(journal(&refused), [("refused", reason)], "{text}");
        assert_eq!(refused.deed.letters.len(), 1, "{text}");
    }
    let group = world.say_in(-5, 1, "/alert@nabat_bot no-fly RU-SMO", world.now);
    assert_eq!(journal(&group), [("refused", "group")]);
    let long = format!("/alert no-fly RU-SMO note {}", "x".repeat(201));
    assert_eq!(journal(&world.say(1, &long)), [("refused", "note")]);
    let area = texts(&world.say(3, "/alert no-fly RU-SMO"));
    assert!(area.contains("These can: Official 1."), "{area}");
    assert!(!texts(&world.say(99, "/alert no-fly RU-SMO")).contains("Official"));
}

#[test]
fn a_late_command_is_answered_and_not_executed() {
    let mut world = World::new(rules());
    let sent = world.now - chrono::TimeDelta::minutes(3);
    let late = world.say_in(1, 1, "/alert no-fly RU-SMO", sent);
    assert!(late.deed.effects.is_empty());
    assert_eq!(journal(&late), [("refused", "late")]);
    world.say(1, "/alert no-fly RU-SMO");
    world.pass(3);
    let old = world.say_in(1, 1, "смоленск", world.now - chrono::TimeDelta::minutes(3));
    assert_eq!(journal(&old), [("refused", "late")]);
    world.pass(3);
    let code = world.open_code();
    let expired = world.say(1, &format!("/confirm {code} смоленск"));
    assert_eq!(journal(&expired), [("refused", "expired")]);
    assert!(turned(&expired).is_none());
}

#[test]
fn a_mandate_lost_meanwhile_releases_nothing() {
    let mut world = World::new(rules());
    world.say(1, "/alert drone Roslavl threat");
    let yes = format!("y:{}", world.open_code());
    world.rules = rules_with(vec![operator(2, &[Role::Approver], &["RU-SMO"])]);
    let refused = world.press(2, &yes);
    assert!(turned(&refused).is_none());
    assert_eq!(journal(&refused), [("refused", "issuer-mandate")]);
}

#[test]
fn a_forwarded_command_is_none() {
    let mut world = World::new(rules());
    let forwarded = Said {
        kind: Kind::Private,
        chat: ChatId(1),
        message: MessageId(1),
        user: Some(UserId(1)),
        tag: None,
        at: world.now,
        text: Some("/alert no-fly RU-SMO".to_owned()),
        second_hand: true,
    };
    let reply = world.happens(Event::Said(forwarded));
    assert!(reply.deed.effects.is_empty());
    assert!(texts(&reply).contains("Forwarded and edited messages are no commands"));
}

#[test]
fn two_loaded_alerts_are_told_apart_by_their_codes() {
    let mut world = World::new(rules());
    world.say(1, "/alert no-fly RU-SMO");
    let first = world.open_code();
    world.say(1, "/alert no-fly Roslavl");
    let unclear = world.say(1, "смоленск");
    assert!(turned(&unclear).is_none());
    assert_eq!(journal(&unclear), [("refused", "several-open")]);
    let released = world.say(1, &format!("/confirm {first} Смоленск"));
    let area = turned(&released).unwrap().alert.area().clone();
    assert_eq!(area.regions().next(), Some(&RegionId::new("RU-SMO")));
}

#[test]
fn buttons_lead_from_hazard_to_preview() {
    let mut world = World::new(rules());
    let mut shown = world.say(1, "/alert");
    for label in ["Drone attack", "Smolensk region", "Roslavl", "Danger of drones", "1 h"] {
        let data = shown.deed.letters.iter().find_map(|letter| match &letter.content {
            Content::Plain { message, .. } => message
                .buttons
                .iter()
                .flatten()
                .find(|button| button.label == label)
                .map(|button| button.data.clone()),
            Content::Standing { .. } | Content::Progress(_) | Content::Picture { .. } => None,
        });
        let data = data.unwrap_or_else(|| panic!("no {label} in {}", texts(&shown)));
        shown = world.press(1, &data);
    }
    assert_eq!(journal(&shown), [("challenged", "")]);
    assert!(texts(&shown).contains("To release it, type: РОСЛАВЛЬ"), "{}", texts(&shown));
    let released = world.say(1, "рославль");
    assert!(turned(&released).is_some());
    let foreign = world.press(3, "pa:drone:RU-SMO:0:60");
    assert_eq!(journal(&foreign), [("refused", "area")], "a button made by hand");
}

#[test]
fn an_exercise_takes_one_press_and_stays_one() {
    let mut world = World::new(rules());
    world.say(1, "/drill drone RU-SMO threat for 1h");
    let yes = format!("y:{}", world.open_code());
    let raised = world.press(1, &yes);
    let status = turned(&raised).map(|turn| turn.alert.status());
    assert_eq!(status, Some(crate::domain::alert::Status::Exercise));
    assert!(matches!(&raised.deed.effects[..],
        [Effect::Turned { audience, .. }] if audience.exercise));
}

#[test]
fn an_alert_is_changed_ended_in_a_part_and_withdrawn() {
    let mut world = World::new(rules());
    world.say(1, "/alert drone RU-SMO danger for 2h");
    world.say(1, "смоленск");
    world.pass(30);
    world.say(1, "/update 1 threat");
    let yes = format!("y:{}", world.open_code());
    let stepped = world.press(2, &yes);
    let turn = turned(&stepped).expect("released by the second person");
    assert_eq!(turn.change, Change::SteppedUp);
    let left = turn.alert.expires_at().expect("the announced end is kept") - world.now;
    assert_eq!(left, chrono::TimeDelta::minutes(90));
    world.say(1, "/clear 1 Roslavl");
    let yes = format!("y:{}", world.open_code());
    let part = world.press(1, &yes);
    assert!(matches!(turned(&part).unwrap().change, Change::EndedPartly(_)));
    let elsewhere = world.say(1, "/clear 1 Roslavl");
    assert_eq!(journal(&elsewhere), [("refused", "not-there")]);
    world.say(1, "/withdraw 1");
    let yes = format!("y:{}", world.open_code());
    let withdrawn = world.press(1, &yes);
    assert_eq!(turned(&withdrawn).unwrap().change, Change::Withdrawn);
    let gone = world.press(1, &yes);
    assert!(texts(&gone).contains("Already done: № 1"), "{}", texts(&gone));
}

#[test]
fn an_alert_that_changed_since_the_preview_is_not_ended_by_it() {
    let mut world = World::new(rules());
    world.say(1, "/alert no-fly RU-SMO for 2h");
    world.say(1, "смоленск");
    world.say(1, "/clear 1");
    let end = format!("y:{}", world.open_code());
    world.say(1, "/update 1 for 3h");
    world.say(1, "смоленск");
    let refused = world.press(1, &end);
    assert!(turned(&refused).is_none());
    assert_eq!(journal(&refused), [("refused", "changed")]);
}

#[test]
fn an_announced_time_that_is_over_ends_unconfirmed() {
    let mut world = World::new(rules());
    world.say(1, "/alert no-fly RU-SMO for 30m");
    world.say(1, "смоленск");
    let alert = world.board.alert(AlertId(1)).unwrap().clone();
    assert_eq!(expiry(&alert, &world.rules, &world.office, world.now), None);
    world.pass(31);
    let deed = expiry(&alert, &world.rules, &world.office, world.now).unwrap();
    assert_eq!(deed.cause, Cause::Clock);
    assert!(matches!(&deed.effects[..], [Effect::Turned { transition, code: None, .. }]
        if transition.change == Change::Expired && transition.by == Actor::Clock));
}

/// Raises an alert for half an hour, lets its time run out, and returns what that led to.
fn runs_out(world: &mut World) -> Deed {
    world.say(1, "/alert no-fly RU-SMO for 30m");
    world.say(1, "смоленск");
    world.pass(31);
    let alert = world.board.alert(AlertId(1)).unwrap().clone();
    let deed = expiry(&alert, &world.rules, &world.office, world.now).unwrap();
    for effect in deed.effects.clone() {
        world.becomes(effect);
    }
    deed
}

#[test]
fn an_official_confirms_the_end_of_an_alert_whose_time_ran_out() {
    let mut world = World::new(rules());
    let notice = Reply { deed: runs_out(&mut world), toast: None };
    insta::assert_snapshot!(texts(&notice), @r"
    -> 1
    № 1: the announced time is over, and those who had it are told that the end is not confirmed. The state there counts as unknown. If the danger is over, confirm the end. If it remains, raise the alert again.
    [End № 1]
    ");
    world.pass(10);
    let shown = world.press(1, "e:1");
    assert!(turned(&shown).is_none());
    assert_eq!(journal(&shown), [("challenged", "")]);
    let shown = texts(&shown);
    assert!(shown.contains("no alert in force, confirmed 14:46 23.11"), "{shown}");
    let yes = format!("y:{}", world.open_code());
    let foreign = world.press(3, &yes);
    assert!(turned(&foreign).is_none());
    let ended = world.press(1, &yes);
    let turn = turned(&ended).expect("one press is enough");
    assert_eq!((&turn.change, turn.alert.revision().0), (&Change::Ended, 3));
    assert!(matches!(&ended.deed.effects[..], [Effect::Turned { audience, code: Some(_), .. }]
        if audience.readers && audience.places.is_empty()));
    let place = RegionId::new("RU-SMO");
    let own = world.board.posture(&place, &world.rules.forest).own;
    assert_eq!(own, crate::domain::board::Own::Clear(world.now));
    let again = world.say(1, "/clear 1");
    assert_eq!(journal(&again), [("refused", "not-active")]);
    insta::assert_snapshot!(texts(&again), @r"
    -> 1
    Alert № 1.3 was already ended at 14:46 23.11 (UTC+3) by Official 1. Nothing was sent.
    ");
}

#[test]
fn of_an_alert_whose_time_ran_out_only_the_whole_is_ended_and_by_whoever_may() {
    let mut world = World::new(rules());
    runs_out(&mut world);
    for (user, text, reason) in [
        (1, "/clear 1 Roslavl", "only-whole"),
        (3, "/clear 1", "area"),
        (1, "/withdraw 1", "not-active"),
        (1, "/update 1 for 1h", "not-active"),
    ] {
        let refused = world.say(user, text);
        assert!(refused.deed.effects.is_empty(), "{text}");
        assert_eq!(journal(&refused), [("refused", reason)], "{text}");
    }
}

#[test]
fn an_end_asked_for_before_the_time_ran_out_is_asked_for_again() {
    let mut world = World::new(rules());
    world.say(1, "/alert no-fly RU-SMO for 30m");
    world.say(1, "смоленск");
    world.pass(28);
    world.say(1, "/clear 1");
    let yes = format!("y:{}", world.open_code());
    world.pass(3);
    let alert = world.board.alert(AlertId(1)).unwrap().clone();
    let deed = expiry(&alert, &world.rules, &world.office, world.now).unwrap();
    for effect in deed.effects {
        world.becomes(effect);
    }
    let refused = world.press(1, &yes);
    assert!(turned(&refused).is_none());
    assert_eq!(journal(&refused), [("refused", "changed")]);
}

#[test]
fn a_resident_joins_by_link_and_is_told_the_present() {
    let mut world = World::new(rules());
    let joined = world.say(50, "/start RU-SMO-ros");
    let place = RegionId::new("RU-SMO-ros");
    assert_eq!(
        joined.deed.effects,
        [
            Effect::Met(BOT, ChatId(50), Lang::En),
            Effect::Left(BotId(8), ChatId(50)),
            Effect::Subscribed(BOT, ChatId(50), place.clone())
        ]
    );
    assert_eq!(texts(&joined), "-> 50 Joined [RegionId(\"RU-SMO-ros\")]");
    assert!(joined.deed.journal.is_empty(), "residents are not journalled");
    assert_eq!(texts(&world.say(50, "/status")), "-> 50 Asked [RegionId(\"RU-SMO-ros\")]");
    let asked = world.say(50, "/stop");
    assert_eq!(asked.deed.effects, [Effect::Seen(BOT, ChatId(50))]);
    assert_eq!(world.press(50, "q").deed.effects, [Effect::Left(BOT, ChatId(50))]);
}

#[test]
fn a_resident_finds_a_region_by_buttons_and_by_name() {
    let mut world = World::new(rules());
    insta::assert_snapshot!(texts(&world.say(50, "/start nowhere")), @r"
    -> 50
    We do not know the region in that link. Choose one here:
    [Smolensk region]
    [Belgorod region]
    ");
    insta::assert_snapshot!(texts(&world.press(50, "b:RU-SMO:0")), @r"
    -> 50 (edited)
    Smolensk region: the whole region or a part of it?
    [The whole region: Smolensk region]
    [Roslavl]
    [Krasninsky district]
    [↑ Back]
    ");
    insta::assert_snapshot!(texts(&world.press(50, "j:RU-SMO")), @r#"
    -> 50 (edited)
    You are subscribed: Smolensk region.
    [Add a region]

    -> 50 Joined [RegionId("RU-SMO")]
    "#);
    insta::assert_snapshot!(texts(&world.say(50, "/add Белгородскя область")), @r"
    -> 50
    There is no region “Белгородскя область”. Nothing was done. Did you mean: Belgorod region (RU-BEL)?
    ");
    insta::assert_snapshot!(texts(&world.say(50, "/regions")), @r"
    -> 50
    Your regions. Press to remove:
    [Remove: Smolensk region]
    [Add a region]
    ");
    assert!(texts(&world.press(50, "d:RU-SMO")).contains("Removed: Smolensk region."));
    world.press(50, "s:uk");
    assert!(texts(&world.say(50, "/drills")).contains("Ви берете участь у навчаннях"));
}

#[test]
fn chats_that_shut_come_back_and_move_are_followed() {
    let mut world = World::new(rules());
    let shut = world.happens(Event::Shut(ChatId(50), Kind::Private));
    let gone = Fate::Retire(Gone::Blocked);
    assert_eq!(shut.deed.effects, [Effect::Struck(BOT, ChatId(50), gone)]);
    let shut = world.happens(Event::Shut(ChatId(-50), Kind::Group));
    let gone = Fate::Retire(Gone::Kicked);
    assert_eq!(shut.deed.effects, [Effect::Struck(BOT, ChatId(-50), gone)]);
    world.say(60, "/start RU-SMO");
    let back = world.happens(Event::Opened(ChatId(60), Kind::Private));
    assert_eq!(texts(&back), "-> 60 Asked [RegionId(\"RU-SMO\")]");
    let other = world.happens(Event::Broken("no idea".to_owned()));
    assert!(other.deed.effects.is_empty() && other.deed.letters.is_empty());
}

fn pieces() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("/alert".to_owned()),
        Just("/drill".to_owned()),
        Just("/update".to_owned()),
        Just("/clear".to_owned()),
        Just("/confirm".to_owned()),
        Just("no-fly".to_owned()),
        Just("drone".to_owned()),
        Just("RU-SMO".to_owned()),
        Just("Рославль".to_owned()),
        Just("на".to_owned()),
        Just("for".to_owned()),
        Just("90m".to_owned()),
        Just("note".to_owned()),
        Just("1".to_owned()),
        Just(",".to_owned()),
        Just("№".to_owned()),
        "\\PC{0,12}",
        any::<String>(),
    ];
    proptest::collection::vec(word, 0..8).prop_map(|words| words.join(" "))
}

fn presses() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[a-z]{1,2}",
        Just("RU-SMO".to_owned()),
        Just("drone".to_owned()),
        "[0-9]{1,6}",
        "\\PC{0,8}"
    ];
    proptest::collection::vec(part, 0..6).prop_map(|parts| parts.join(":"))
}

proptest! {
    #[test]
    fn no_text_and_no_press_harms_or_raises_anything(
        said in proptest::collection::vec((1..6_i64, pieces(), presses()), 1..4)
    ) {
        let mut world = World::new(rules());
        for (user, text, press) in said {
            // No open challenge is answered here: the word is no piece of these texts.
            for reply in [world.say(user, &text), world.press(user, &press)] {
                prop_assert!(turned(&reply).is_none(), "{text:?} {press:?}");
                for letter in &reply.deed.letters {
                    if let Content::Plain { message, .. } = &letter.content {
                        let chars = message.text.chars().count();
                        prop_assert!((1..=4096).contains(&chars));
                        for button in message.buttons.iter().flatten() {
                            prop_assert!((1..=64).contains(&button.data.len()));
                        }
                    }
                }
            }
        }
    }
}
