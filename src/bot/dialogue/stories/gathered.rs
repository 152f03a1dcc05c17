//! Stories of groups and channels.

use super::*;
use crate::domain::delivery::Rights;

const CHANNEL: i64 = -2_000;
const GROUP: i64 = -50;

/// A post in a channel, which has no author.
fn post(world: &mut World, text: &str) -> Reply {
    let at = world.now;
    world.happens(Event::Said(Said {
        chat: ChatId(CHANNEL),
        kind: Kind::Channel,
        message: MessageId(1),
        user: None,
        tag: None,
        at,
        text: Some(text.to_owned()),
        second_hand: false,
    }))
}

fn counts(reply: &Reply) -> Vec<(Kind, u64)> {
    let counted = reply.deed.effects.iter().filter_map(|effect| {
        let Effect::Counted(_, _, kind, members) = effect else { return None };
        Some((*kind, *members))
    });
    counted.collect()
}

#[test]
fn a_channel_subscribes_by_a_post_and_is_counted_before_it_lives_anywhere() {
    let mut world = World::new(rules());
    world.members = Some(12_000);
    let reply = post(&mut world, "/start RU-SMO");
    let chat = ChatId(CHANNEL);
    let expected = [
        Effect::Met(BOT, chat, Lang::Ru),
        Effect::Counted(BOT, chat, Kind::Channel, 12_000),
        Effect::Left(BotId(8), chat),
        Effect::Subscribed(BOT, chat, RegionId::new("RU-SMO")),
    ];
    assert_eq!(reply.deed.effects, expected);
    assert_eq!(texts(&reply), "-> -2000 Joined [RegionId(\"RU-SMO\")]");
    let by_name = post(&mut world, "/start Белгородская область");
    assert!(by_name.deed.effects.iter().any(|e| matches!(e, Effect::Subscribed(..))));
}

#[test]
fn a_channel_gets_no_buttons_and_no_noise() {
    let mut world = World::new(rules());
    for text in ["/start", "/start nowhere", "/status"] {
        let reply = post(&mut world, text);
        assert!(!reply.deed.letters.is_empty(), "{text}");
        for letter in &reply.deed.letters {
            let Content::Plain { message, .. } = &letter.content else { continue };
            assert!(message.buttons.is_empty(), "{text}");
        }
    }
    for text in ["/alert drone RU-SMO", "/language", "/help", "/regions", "good morning"] {
        let reply = post(&mut world, text);
        assert!(reply.deed.letters.is_empty() && reply.deed.effects.is_empty(), "{text}");
    }
    post(&mut world, "/start RU-SMO");
    let left = post(&mut world, "/stop");
    assert!(left.deed.effects.contains(&Effect::Left(BOT, ChatId(CHANNEL))), "at once");
}

#[test]
fn a_group_is_counted_when_it_is_met_and_when_its_count_is_old() {
    let mut world = World::new(rules());
    world.members = None;
    let at = world.now;
    let met = world.say_in(GROUP, 50, "/start@nabat_bot RU-SMO", at);
    assert_eq!(counts(&met), [(Kind::Group, 0)], "its kind at least");
    let fresh = world.say_in(GROUP, 50, "/status@nabat_bot", at);
    assert_eq!(counts(&fresh), [], "nothing new, nothing kept");
    world.members = Some(700);
    let old = world.say_in(GROUP, 50, "/status@nabat_bot", at);
    assert_eq!(counts(&old), [(Kind::Group, 700)]);
    let opened = world.happens(Event::Opened(ChatId(-60), Kind::Group));
    assert_eq!(counts(&opened), [(Kind::Group, 700)]);
    let alone = world.say(50, "/start RU-SMO");
    assert_eq!(counts(&alone), [], "a person is one person");
}

#[test]
fn a_channel_that_is_lost_is_suspended_and_every_official_hears_of_it() {
    let mut world = World::new(rules());
    let unknown = world.happens(Event::Shut(ChatId(CHANNEL), Kind::Channel));
    assert!(unknown.deed.letters.is_empty(), "nobody misses what was never subscribed");
    post(&mut world, "/start RU-SMO");
    let lost = world.happens(Event::Shut(ChatId(CHANNEL), Kind::Channel));
    let fate = Fate::Suspend(Rights::Channel);
    assert_eq!(lost.deed.effects, [Effect::Struck(BOT, ChatId(CHANNEL), fate)]);
    let told: Vec<i64> = lost.deed.letters.iter().map(|letter| letter.chat.0).collect();
    assert_eq!(told, [1, 2, 3, 4]);
    assert!(texts(&lost).contains("channel -2000 (Smolensk region)"), "{}", texts(&lost));
    assert_eq!(journal(&lost).first().map(|line| line.0), Some("channel-lost"));
    let group = world.happens(Event::Shut(ChatId(GROUP), Kind::Group));
    assert!(group.deed.letters.is_empty());
}

#[test]
fn whoever_does_something_was_seen_and_a_group_is_not() {
    let mut world = World::new(rules());
    let seen = |reply: &Reply| reply.deed.effects.last() == Some(&Effect::Seen(BOT, ChatId(50)));
    world.say(50, "/start RU-SMO");
    assert!(seen(&world.say(50, "/status")));
    assert!(seen(&world.press(50, "s:uk")));
    let at = world.now;
    let group = world.say_in(GROUP, 50, "/start@nabat_bot RU-SMO", at);
    assert!(!group.deed.effects.iter().any(|effect| matches!(effect, Effect::Seen(..))));
}

fn elsewhere(world: &mut World, chat: i64, places: &[&str]) {
    let places = places.iter().map(|place| RegionId::new(place)).collect();
    let known = Subscriber { lang: Lang::Uk, places, exercises: true };
    world.elsewhere.insert(ChatId(chat), known);
}

fn places(world: &World, chat: i64) -> Vec<&str> {
    world.subscribers[&ChatId(chat)].places.iter().map(RegionId::as_str).collect()
}

#[test]
fn whoever_starts_a_second_bot_is_served_by_it_alone_with_all_they_had() {
    let mut world = World::new(rules());
    elsewhere(&mut world, 50, &["RU-BEL", "RU-SMO-ros"]);
    let bare = world.say(50, "/start");
    assert_eq!(places(&world, 50), ["RU-BEL", "RU-SMO-ros"]);
    assert!(world.subscribers[&ChatId(50)].exercises);
    assert!(bare.deed.effects.contains(&Effect::Met(BOT, ChatId(50), Lang::Uk)));
    assert!(bare.deed.effects.contains(&Effect::Left(BotId(8), ChatId(50))));
    let joined = "-> 50 Joined [RegionId(\"RU-BEL\"), RegionId(\"RU-SMO-ros\")]";
    assert_eq!(texts(&bare), joined, "what is true there is told by this bot");
    elsewhere(&mut world, 51, &["RU-BEL"]);
    let linked = world.say(51, "/start RU-SMO");
    assert_eq!(places(&world, 51), ["RU-BEL", "RU-SMO"]);
    assert!(texts(&linked).contains("Asked [RegionId(\"RU-BEL\")]"), "{}", texts(&linked));
    elsewhere(&mut world, 51, &["RU-SMO-kra"]);
    world.happens(Event::Opened(ChatId(51), Kind::Private));
    assert_eq!(places(&world, 51), ["RU-BEL", "RU-SMO", "RU-SMO-kra"], "whoever unblocks it too");
    assert!(world.elsewhere.is_empty());
}

#[test]
fn a_newcomer_is_shown_a_bot_with_room_and_subscribed_all_the_same() {
    let mut world = World::new(rules());
    let quiet = world.say(50, "/start RU-SMO");
    assert!(!texts(&quiet).contains("other bot"), "there is room");
    world.sibling = Some("nabat_two_bot".to_owned());
    let shown = world.say(51, "/start RU-SMO-ros");
    assert_eq!(places(&world, 51), ["RU-SMO-ros"]);
    let buttons: Vec<&str> = shown
        .deed
        .letters
        .iter()
        .filter_map(|letter| match &letter.content {
            Content::Plain { message, .. } => Some(&message.buttons),
            Content::Standing { .. } | Content::Progress(_) | Content::Picture { .. } => None,
        })
        .flatten()
        .flatten()
        .map(|button| button.data.as_str())
        .collect();
    assert_eq!(buttons, ["https://t.me/nabat_two_bot?start=RU-SMO-ros"]);
    assert!(!texts(&world.say(51, "/start RU-SMO")).contains("other bot"), "once is enough");
    elsewhere(&mut world, 52, &["RU-SMO"]);
    assert!(!texts(&world.say(52, "/start RU-SMO")).contains("other bot"), "they come from there");
    assert!(!texts(&world.say(1, "/start RU-SMO")).contains("other bot"), "an official at work");
}
