//! Stories of officials who ask how an alert reached people.

use super::*;
use crate::domain::{
    delivery::{Settlement, Tally},
    ids::FanoutId,
    report::{Cost, Measured},
};

/// A broadcast of which three chats in four were reached, one a second.
pub(super) fn opened(bot: BotId, transition: &Transition) -> FanoutFigures {
    let mut measured = Measured { pace: 30, ..Measured::default() };
    let mut tally = Tally::ZERO;
    let ends = [
        (Settlement::Delivered, Fate::Stays),
        (Settlement::Delivered, Fate::Stays),
        (Settlement::Delivered, Fate::Stays),
        (Settlement::Retired, Fate::Retire(Gone::Blocked)),
    ];
    for (n, how) in (1..).zip(ends) {
        measured.count(Duration::from_secs(n), how, n == 2);
        tally.add(how.0, 1);
    }
    FanoutFigures {
        fanout: FanoutId(bot.0 * 100 + i64::from(transition.alert.revision().0)),
        bot,
        transition: transition.clone(),
        audience: Some(4),
        tally,
        known: 0,
        cost: Cost::NONE,
        halted: false,
        opened_at: transition.at,
        closed_at: Some(transition.at + Duration::from_secs(4)),
        measured,
    }
}

/// A world in which an alert of the whole region was raised and ended.
fn ended() -> World {
    let mut world = World::new(rules_with(vec![
        operator(1, &[Role::Issuer], &["RU-SMO"]),
        operator(2, &[Role::Auditor], &["RU-SMO"]),
        operator(3, &[Role::Issuer], &["RU-BEL"]),
        operator(5, &[Role::Issuer], &["RU-SMO-ros"]),
    ]));
    world.say(1, "/alert no-fly Смоленская область for 90m");
    world.say(1, "смоленск");
    world.pass(30);
    world.say(1, "/clear 1");
    let code = world.open_code();
    world.press(1, &format!("y:{code}"));
    world
}

#[test]
fn a_report_tells_of_every_transition_and_shows_the_curve_of_the_first() {
    let mut world = ended();
    let told = world.say(1, "/report 1");
    insta::assert_snapshot!("report", texts(&told));
    assert!(told.deed.effects.is_empty());
    assert_eq!(journal(&told), []);
    let pressed = world.press(1, "r:1");
    assert_eq!(texts(&pressed), texts(&told), "a button asks for the same, in messages of its own");
    assert_eq!(texts(&world.say(2, "/report 1")), texts(&told).replace("-> 1", "-> 2"));
}

#[test]
fn one_state_can_be_asked_for() {
    let mut world = ended();
    let told = texts(&world.say(1, "/report № 1.2"));
    assert!(told.contains("№ 1.2. End announced: 14:35") && !told.contains("Raised:"), "{told}");
    assert!(told.ends_with("-> 1 picture 1.2"), "{told}");
    let none = world.say(1, "/report 1.7");
    assert_eq!(journal(&none), [("refused", "no-such-alert")]);
    insta::assert_snapshot!(texts(&none), @r"
    -> 1
    There is no alert № 1.7. Did you mean: 1, 1.2?
    ");
}

#[test]
fn whoever_has_no_mandate_there_reads_no_report_and_hears_what_is_missing() {
    let mut world = ended();
    for (user, reason, says) in [
        (3, "area", "Smolensk region: this place is outside your mandate"),
        (5, "area", "These can: Official 1, Official 2."),
        (99, "stranger", "только для должностных лиц"),
    ] {
        for ask in ["/report 1", "/report 1.2"] {
            let refused = world.say(user, ask);
            assert_eq!(journal(&refused), [("refused", reason)], "{user}");
            let told = texts(&refused);
            assert!(told.contains(says) || user == 99, "{told}");
            assert!(!told.contains("Delivered") && !told.contains("picture"), "{told}");
        }
    }
    let at = world.now;
    let in_a_group = world.say_in(-5, 1, "/report@nabat_bot 1", at);
    assert_eq!(journal(&in_a_group), [("refused", "group")]);
    let raised = world.say(2, "/alert no-fly Смоленская область");
    assert_eq!(journal(&raised), [("refused", "role")], "an auditor reads and does nothing else");
}

#[test]
fn a_number_that_is_none_is_named_with_what_it_may_have_been() {
    let mut world = World::new(rules());
    let none = world.say(1, "/report 5");
    assert_eq!(journal(&none), [("refused", "no-such-alert")]);
    assert!(texts(&none).contains("There is no alert № 5: none has been raised yet."));
    let mut world = ended();
    for typed in ["/report 11", "/report 0", "/report 7"] {
        let none = texts(&world.say(1, typed));
        assert!(none.contains("Did you mean: 1?"), "{none}");
    }
    let no_number = world.say(1, "/report fire");
    assert_eq!(journal(&no_number), [("refused", "number")]);
}

#[test]
fn without_a_number_the_latest_alerts_are_offered_that_may_be_read() {
    let mut world = ended();
    let offered = world.say(1, "/report");
    insta::assert_snapshot!(texts(&offered), @r"
    -> 1
    A report on which alert? Any other: /report No.
    [№ 1.2 No-fly zone · Smolensk region]
    ");
    let none = texts(&world.say(3, "/report"));
    assert!(none.contains("no alert yet whose report you may read"), "{none}");
}
