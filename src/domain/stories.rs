//! Stories over the whole domain: from a draft to what a resident reads.

use std::time::Duration;

use super::{
    alert::{
        Actor, Alert, AlertRefusal, Change, Current, Draft, DraftRefusal, Status, Transition,
        decide,
    },
    audience::{Audience, Variant},
    board::{Board, Own},
    bulletin::{compose, standing},
    consent::{Act, Answer, CHALLENGE_LIFE, Challenge, Confirmed, ConsentRefusal, Demand},
    hazard::{Certainty, Hazard, Level, Severity, Updates, Urgency},
    ids::{AlertId, Code, HazardId, LevelId, RegionId, UserId},
    lang::{Lang, Texts},
    operator::{Authorised, Role, Roster, Scope, tests::operator},
    region::{Area, Forest, tests::forest},
    time::Utc,
};

fn id(text: &str) -> RegionId {
    RegionId::new(text)
}

fn at(minutes: i64) -> Utc {
    Utc::from_timestamp(1_790_000_000 + minutes * 60, 0).unwrap()
}

fn hazard() -> Hazard {
    let level = |name: &str, severity, approvals| Level {
        id: LevelId::new(name),
        title: Texts::same(&format!("Drones, {name}")),
        action: Texts::same("Go inside."),
        guidance: Texts::same("Stay away from windows."),
        urgency: Urgency::Immediate,
        severity,
        certainty: Certainty::Likely,
        approvals,
        silent: false,
        updates: Updates::Edit,
        paid: false,
    };
    let levels = vec![level("danger", Severity::Moderate, 0), level("threat", Severity::Severe, 1)];
    let life = (Duration::from_hours(12), true);
    let (id, name) = (HazardId::new("drone"), Texts::same("Drones"));
    Hazard::new(id, name, Vec::new(), Texts::same("Look around."), life, levels).unwrap()
}

fn roster() -> Roster {
    let both = [Role::Issuer, Role::Approver];
    let mut twin = operator(2, &both, &["oblast"], Scope::Every);
    twin.person = "person-1".to_owned();
    Roster::new(vec![
        operator(1, &both, &["oblast", "island"], Scope::Every),
        twin,
        operator(3, &[Role::Approver], &["oblast"], Scope::Every),
    ])
}

struct House {
    forest: Forest,
    roster: Roster,
    board: Board,
    next: i64,
}

impl House {
    fn new() -> Self {
        Self { forest: forest(), roster: roster(), board: Board::default(), next: 1 }
    }

    fn may(&self, user: i64, role: Role, area: &Area) -> Authorised {
        let hazard = HazardId::new("drone");
        self.roster.authorise(UserId(user), role, &hazard, area, &self.forest).unwrap()
    }

    fn draft(&self, status: Status, level: &str, regions: &[&str], lasts: Option<u64>) -> Draft {
        let area = Area::of(regions.iter().map(|region| id(region))).unwrap();
        let lasts = lasts.map(Duration::from_mins);
        let level = LevelId::new(level);
        Draft::new(status, &hazard(), Some(&level), area, lasts, None, &self.forest).unwrap()
    }

    fn challenge(&self, draft: Draft, now: Utc) -> Challenge {
        let issuer = self.may(1, Role::Issuer, draft.area());
        Challenge::raise(Code::draw(7), draft, &issuer, now, &self.forest)
    }

    /// Answers as `user`; the proofs are for the area of the act.
    fn answer(
        &self,
        challenge: Challenge,
        answer: Answer<'_>,
        (user, role): (i64, Role),
        now: Utc,
    ) -> Result<Confirmed, ConsentRefusal> {
        let area = match challenge.act() {
            Act::Raise(draft) | Act::Change { to: draft, .. } => draft.area().clone(),
            Act::End { alert, .. } | Act::Withdraw { alert, .. } => {
                self.board.alert(*alert).unwrap().area().clone()
            }
        };
        let issuer = self.may(1, Role::Issuer, &area);
        let releaser = self.may(user, role, &area);
        challenge.answer(answer, &issuer, &releaser, (&HazardId::new("drone"), &area), now)
    }

    fn active(&self, alert: AlertId) -> Option<Current> {
        self.board.alert(alert).cloned().map(Current::Active)
    }

    fn turn(&mut self, confirmed: Confirmed, of: Option<AlertId>) -> Transition {
        let current = of.and_then(|alert| self.active(alert));
        let turned = decide(confirmed, current, AlertId(self.next), &self.forest).unwrap();
        self.board.apply(&turned);
        self.next += 1;
        turned
    }

    fn raise(&mut self, regions: &[&str], lasts: Option<u64>, minute: i64) -> Transition {
        let draft = self.draft(Status::Actual, "danger", regions, lasts);
        let word = regions[0].to_uppercase();
        let challenge = self.challenge(draft, at(minute));
        let confirmed =
            self.answer(challenge, Answer::Word(&word), (1, Role::Issuer), at(minute)).unwrap();
        self.turn(confirmed, None)
    }

    fn end(&mut self, alert: &Alert, parts: &[&str], minute: i64) -> Transition {
        let parts = parts.iter().map(|part| id(part)).collect();
        let issuer = self.may(1, Role::Issuer, alert.area());
        let which = (alert.id(), alert.revision());
        let challenge = Challenge::end(Code::draw(8), which, parts, &issuer, at(minute));
        let confirmed =
            self.answer(challenge, Answer::Press, (1, Role::Issuer), at(minute)).unwrap();
        self.turn(confirmed, Some(alert.id()))
    }

    fn own(&self, place: &str) -> Own<'_> {
        self.board.posture(&id(place), &self.forest).own
    }

    fn reads(&self, event: &Transition, place: &str) -> String {
        let variant = Variant { lang: Lang::En, place: id(place) };
        compose(event, &self.board, &variant, false, &self.forest).text
    }
}

#[test]
fn a_live_alert_needs_the_word_and_a_press_is_not_enough() {
    let house = House::new();
    let challenge = house.challenge(house.draft(Status::Actual, "danger", &["west"], None), at(0));
    let own = (1, Role::Issuer);
    let press = house.answer(challenge.clone(), Answer::Press, own, at(0));
    assert_eq!(press, Err(ConsentRefusal::NeedsWord(vec!["WEST".to_owned()])));
    let wrong = house.answer(challenge.clone(), Answer::Word("EAST"), own, at(0));
    assert_eq!(wrong, Err(ConsentRefusal::WrongWord));
    assert!(house.answer(challenge, Answer::Word(" west "), own, at(0)).is_ok());
}

#[test]
fn a_second_person_is_another_person_and_not_another_account() {
    let house = House::new();
    let challenge = house.challenge(house.draft(Status::Actual, "threat", &["west"], None), at(0));
    assert_eq!(challenge.demand(), &Demand::SecondPerson);
    for account in [1, 2] {
        let answer =
            house.answer(challenge.clone(), Answer::Press, (account, Role::Approver), at(1));
        assert_eq!(answer, Err(ConsentRefusal::NeedsSecondPerson), "account {account}");
    }
    assert!(house.answer(challenge, Answer::Press, (3, Role::Approver), at(1)).is_ok());
}

#[test]
fn a_challenge_expires() {
    let house = House::new();
    let challenge = house.challenge(house.draft(Status::Actual, "danger", &["west"], None), at(0));
    let late = at(0) + CHALLENGE_LIFE;
    let answer = house.answer(challenge, Answer::Word("WEST"), (1, Role::Issuer), late);
    assert_eq!(answer, Err(ConsentRefusal::Expired));
}

#[test]
fn a_proof_for_another_area_opens_nothing() {
    let house = House::new();
    let challenge = house.challenge(house.draft(Status::Actual, "danger", &["west"], None), at(0));
    let elsewhere = Area::of([id("island")]).unwrap();
    let (proof, drone) = (house.may(1, Role::Issuer, &elsewhere), HazardId::new("drone"));
    let here = Area::of([id("west")]).unwrap();
    let answer = challenge.answer(Answer::Word("WEST"), &proof, &proof, (&drone, &here), at(0));
    assert_eq!(answer, Err(ConsentRefusal::Mandate));
}

#[test]
fn an_exercise_stays_an_exercise_and_says_nothing_about_the_world() {
    let mut house = House::new();
    let draft = house.draft(Status::Exercise, "threat", &["oblast"], None);
    let challenge = house.challenge(draft, at(0));
    let confirmed =
        house.answer(challenge, Answer::Press, (1, Role::Issuer), at(0)).expect("one press");
    let raised = house.turn(confirmed, None);
    assert!(raised.alert.status() == Status::Exercise);
    assert!(Audience::of(&raised, &house.forest).exercise);
    assert_eq!(house.own("west"), Own::Unknown(None), "the posture knows no exercise");
    assert!(house.reads(&raised, "west").starts_with("EXERCISE"));

    // Neither can a live draft be slipped into it.
    let live = house.draft(Status::Actual, "threat", &["oblast"], None);
    let issuer = house.may(1, Role::Issuer, live.area());
    let which = (raised.alert.id(), raised.alert.revision());
    let challenge = Challenge::change(Code::draw(9), which, live, &issuer, at(1), &house.forest);
    let confirmed = house.answer(challenge, Answer::Press, (3, Role::Approver), at(1)).unwrap();
    let turned =
        decide(confirmed, Some(Current::Active(raised.alert.clone())), AlertId(2), &house.forest);
    assert_eq!(turned, Err(AlertRefusal::Otherwise));

    let ended = house.end(&raised.alert, &[], 2);
    assert!(ended.settles.is_empty());
    assert_eq!(house.own("west"), Own::Unknown(None));
}

#[test]
fn two_officials_who_end_one_alert_do_not_end_it_twice() {
    let mut house = House::new();
    let raised = house.raise(&["west"], None, 0);
    let issuer = house.may(1, Role::Issuer, raised.alert.area());
    let which = (raised.alert.id(), raised.alert.revision());
    let second = Challenge::end(Code::draw(5), which, Vec::new(), &issuer, at(1));
    let second = house.answer(second, Answer::Press, (1, Role::Issuer), at(1)).unwrap();
    house.end(&raised.alert, &[], 1);
    let turned = decide(second, house.active(which.0), AlertId(9), &house.forest);
    assert_eq!(turned, Err(AlertRefusal::NotActive(which.0)));
}

#[test]
fn what_changed_since_the_preview_is_not_acted_upon() {
    let mut house = House::new();
    let raised = house.raise(&["oblast"], None, 0);
    let issuer = house.may(1, Role::Issuer, raised.alert.area());
    let stale = (raised.alert.id(), raised.alert.revision());
    let late = Challenge::end(Code::draw(5), stale, Vec::new(), &issuer, at(2));
    let late = house.answer(late, Answer::Press, (1, Role::Issuer), at(2)).unwrap();
    house.end(&raised.alert, &["east"], 1);
    let turned = decide(late, house.active(stale.0), AlertId(9), &house.forest);
    assert_eq!(turned, Err(AlertRefusal::Changed(stale.0)));
}

#[test]
fn an_end_makes_clear_and_an_expiry_makes_unknown() {
    let mut house = House::new();
    let raised = house.raise(&["west"], None, 0);
    assert!(matches!(house.own("town"), Own::Active(_)));
    house.end(&raised.alert, &[], 5);
    assert_eq!(house.own("town"), Own::Clear(at(5)));
    assert_eq!(house.own("oblast"), Own::Unknown(None), "a district's end says nothing above");

    let raised = house.raise(&["west"], Some(30), 10);
    let early = raised.alert.clone().expire(at(39), &house.forest);
    assert!(early.is_err(), "not before the announced time");
    let expired = raised.alert.expire(at(40), &house.forest).unwrap();
    house.board.apply(&expired);
    assert_eq!(expired.by, Actor::Clock);
    assert_eq!(house.own("town"), Own::Unknown(Some(at(40))));
    let text = house.reads(&expired, "town");
    assert!(text.contains("NOT confirmed"), "{text}");
}

#[test]
fn an_end_in_a_part_ends_there_and_goes_on_elsewhere() {
    let mut house = House::new();
    let raised = house.raise(&["oblast"], None, 0);
    let partly = house.end(&raised.alert, &["west"], 5);
    assert_eq!(partly.change, Change::EndedPartly(vec![id("west")]));
    assert_eq!(house.own("town"), Own::Clear(at(5)));
    assert!(matches!(house.own("east"), Own::Active(_)));
    assert!(house.reads(&partly, "town").starts_with("ENDED"), "{}", house.reads(&partly, "town"));
    let goes_on = house.reads(&partly, "east");
    assert!(goes_on.starts_with("Drones, danger. oblast"), "{goes_on}");
    assert!(goes_on.contains("over only in: west"), "{goes_on}");
    let rest = house.end(&partly.alert, &["east"], 6);
    assert_eq!(rest.change, Change::Ended, "nothing is left of it");
}

#[test]
fn a_later_state_says_an_end_in_a_part_where_it_ended_and_names_what_was_passed_over() {
    let mut house = House::new();
    let raised = house.raise(&["oblast"], None, 0);
    let equal = house.raise(&["oblast"], None, 1);
    let partly = house.end(&raised.alert, &["west"], 5);
    let updated = Transition { change: Change::Updated, ..partly.clone() };
    for turn in [&partly, &updated] {
        let text = house.reads(turn, "town");
        assert!(text.starts_with("ENDED: Drones, danger. west."), "{text}");
        assert!(text.contains("№ 2"), "{text}");
        let text = house.reads(turn, "oblast");
        assert!(text.contains("№ 1.2") && text.contains("№ 2"), "no longer enough: {text}");
        let text = house.reads(turn, "east");
        assert!(!text.contains("№ 2"), "who knows of one need not hear of its equal: {text}");
    }
    assert!(!house.reads(&equal, "town").contains("№ 1"));
}

#[test]
fn an_end_names_what_still_holds_and_never_says_that_all_is_well() {
    let mut house = House::new();
    let first = house.raise(&["west"], None, 0);
    let second = house.raise(&["oblast"], None, 1);
    let ended = house.end(&first.alert, &[], 5);
    let text = house.reads(&ended, "town");
    assert!(text.contains("STILL IN FORCE") && text.contains("№ 2"), "{text}");
    let variant = Variant { lang: Lang::En, place: id("town") };
    let bulletin = compose(&ended, &house.board, &variant, false, &house.forest);
    assert_eq!(bulletin.tells, [second.alert.id()], "so its reader hears of that end too");
    assert!(matches!(house.own("town"), Own::Active(_)));
}

#[test]
fn fifty_alerts_at_once_leave_room_for_the_number() {
    let mut house = House::new();
    let first = house.raise(&["oblast"], None, 0);
    let parts: Vec<Transition> =
        (0..49).map(|n| house.raise(&[["west", "east"][n % 2]], None, 1)).collect();
    let ended = house.end(&first.alert, &[], 5);
    let variant = Variant { lang: Lang::En, place: id("oblast") };
    let bulletin = compose(&ended, &house.board, &variant, false, &house.forest);
    let text = &bulletin.text;
    assert!(text.ends_with("№ 1.2") && text.contains("\n• and more: 45\n"), "{text}");
    assert!(text.chars().count() < 1_000, "{text}");
    let told: Vec<AlertId> = parts.iter().map(|part| part.alert.id()).collect();
    assert_eq!(bulletin.tells, told, "of each it is told that it is in force");
    let (text, tells) = standing(&variant, &house.board, &house.forest);
    assert!(text.ends_with("\n• and more: 45"), "{text}");
    assert_eq!(tells, told);
}

#[test]
fn a_withdrawal_says_so_and_leaves_what_was_known() {
    let mut house = House::new();
    let first = house.raise(&["west"], None, 0);
    house.end(&first.alert, &[], 5);
    let wrong = house.raise(&["west"], None, 10);
    let issuer = house.may(1, Role::Issuer, wrong.alert.area());
    let which = (wrong.alert.id(), wrong.alert.revision());
    let challenge = Challenge::withdraw(Code::draw(3), which, &issuer, at(11));
    let confirmed = house.answer(challenge, Answer::Press, (1, Role::Issuer), at(11)).unwrap();
    let withdrawn = house.turn(confirmed, Some(which.0));
    assert_eq!(house.own("town"), Own::Clear(at(5)), "as before the error");
    let text = house.reads(&withdrawn, "town");
    assert!(text.starts_with("SENT IN ERROR"), "{text}");
    assert!(Audience::of(&withdrawn, &house.forest).readers);
}

#[test]
fn the_first_hundred_characters_name_hazard_place_and_action() {
    let mut house = House::new();
    let raised = house.raise(&["west"], Some(60), 0);
    let text = house.reads(&raised, "town");
    let shown: String = text.chars().take(100).collect();
    for part in ["Drones, danger", "west", "Go inside."] {
        assert!(shown.contains(part), "{shown}");
    }
    for part in ["From: duty desk", "until", "(UTC+3)", "№ 1", "Stay away from windows."] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn what_is_asked_is_answered_with_one_of_three_values() {
    let mut house = House::new();
    let says = |house: &House, place: &str| {
        let variant = Variant { lang: Lang::En, place: id(place) };
        standing(&variant, &house.board, &house.forest).0
    };
    assert!(says(&house, "town").contains("not known"));
    let raised = house.raise(&["west"], None, 0);
    assert!(says(&house, "town").contains("in force"));
    let above = says(&house, "oblast");
    assert!(above.contains("not known") && above.contains("Drones, danger. west"), "{above}");
    house.end(&raised.alert, &[], 5);
    assert!(
        says(&house, "town").contains("confirmed 17:18 21.09 (UTC+3)"),
        "{}",
        says(&house, "town")
    );
}

#[test]
fn a_hazard_allows_what_its_configuration_says_and_no_more() {
    let house = House::new();
    let area = || Area::of([id("west")]).unwrap();
    let mut strict = hazard();
    strict.open_ended = false;
    let draft =
        |hazard: &Hazard, level: Option<&str>, minutes: Option<u64>, note: Option<String>| {
            let level = level.map(LevelId::new);
            let lasts = minutes.map(Duration::from_mins);
            Draft::new(Status::Actual, hazard, level.as_ref(), area(), lasts, note, &house.forest)
        };
    let longest = Duration::from_hours(12);
    assert_eq!(draft(&strict, None, None, None), Err(DraftRefusal::NeedsEnd { longest }));
    assert_eq!(draft(&strict, None, Some(721), None), Err(DraftRefusal::TooLong { longest }));
    assert_eq!(draft(&strict, None, Some(0), None), Err(DraftRefusal::TooShort));
    let unknown = draft(&strict, Some("panic"), Some(5), None);
    assert_eq!(unknown, Err(DraftRefusal::Level(LevelId::new("panic"))));
    let long = draft(&strict, None, Some(5), Some("x".repeat(201)));
    assert_eq!(long, Err(DraftRefusal::Note { chars: 201 }));
    let unnamed = draft(&strict, None, Some(5), None).unwrap();
    assert_eq!(unnamed.level().as_str(), "threat", "who names no level means the higher");
}

#[test]
fn a_note_can_neither_break_the_line_nor_turn_the_text_around() {
    let house = House::new();
    let area = Area::of([id("west")]).unwrap();
    let note = Some("all\u{202e}clear\n\nENDED: everything\u{200b}".to_owned());
    let draft = Draft::new(Status::Actual, &hazard(), None, area, None, note, &house.forest);
    assert_eq!(draft.unwrap().note(), Some("allclear ENDED: everything"));
}
