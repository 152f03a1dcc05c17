//! Stories of officials who hold what is being sent.

use super::*;
use crate::ports::store::Hold;

#[test]
fn what_is_being_sent_is_paused_resumed_and_stopped_for_good() {
    let mut world = World::new(rules());
    world.say(1, "/alert no-fly RU-SMO");
    world.say(1, "смоленск");
    let holds = |world: &World| world.open.iter().map(|one| one.hold).collect::<Vec<_>>();
    assert_eq!(holds(&world), [None, None], "through two bots");
    assert_eq!(journal(&world.say(1, "/resume 1")), [("refused", "not-paused")]);
    assert_eq!(journal(&world.say(1, "/pause 1")), [("paused", "")]);
    assert_eq!(holds(&world), [Some(Hold::Paused); 2]);
    assert_eq!(journal(&world.press(1, "pause:1")), [("refused", "paused-already")]);
    assert_eq!(journal(&world.press(1, "resume:1")), [("resumed", "")]);
    assert_eq!(holds(&world), [None, None]);
    let asked = world.say(1, "/halt 1");
    assert!(asked.deed.effects.is_empty() && asked.deed.journal.is_empty(), "it asks first");
    assert!(journal(&world.press(1, "spare")).is_empty());
    assert_eq!(holds(&world), [None, None]);
    assert_eq!(journal(&world.press(1, "halt:1:2")), [("halted", "")]);
    assert_eq!(holds(&world), [Some(Hold::Halted); 2]);
    assert_eq!(journal(&world.say(1, "/resume 1")), [("refused", "halted-already")]);
}

#[test]
fn an_end_that_came_meanwhile_is_not_stopped_by_an_old_press() {
    let mut world = World::new(rules());
    world.say(1, "/alert no-fly RU-SMO");
    world.say(1, "смоленск");
    world.say(1, "/halt 1");
    world.say(1, "/clear 1");
    let code = world.open_code();
    world.press(1, &Touch::Yes(code).to_string());
    let refused = world.press(1, "halt:1:2");
    assert_eq!(journal(&refused), [("refused", "changed")]);
    assert!(world.open.iter().all(|one| one.hold.is_none()));
}

#[test]
fn who_may_not_end_an_alert_may_not_hold_it_and_what_is_not_sent_is_not_held() {
    let mut world = World::new(rules());
    world.say(1, "/alert no-fly RU-SMO");
    world.say(1, "смоленск");
    for (user, text, reason) in [
        (99, "/pause 1", "stranger"),
        (2, "/pause 1", "role"),
        (2, "/halt 1", "role"),
        (1, "/pause 7", "not-active"),
        (1, "/pause soon", "number"),
    ] {
        let reply = world.say(user, text);
        assert_eq!(journal(&reply), [("refused", reason)], "{user} {text}");
        assert!(reply.deed.effects.is_empty());
    }
    assert_eq!(journal(&world.press(2, "halt:1:2")), [("refused", "role")], "made by hand");
    world.open.clear();
    assert_eq!(journal(&world.say(1, "/pause 1")), [("refused", "not-sending")]);
    assert!(texts(&world.say(1, "/pause")).contains("Nothing is being sent now."));
}
