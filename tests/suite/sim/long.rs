//! A broadcast of nine hours to a million chats, in weather, on virtual time.
//! `NABAT_LONG=N` sets how many chats.

use nabat::domain::{delivery::Settlement, ids::ChatId};

use super::{
    fixtures::{BOT, place},
    ops::Script,
    town::Town,
};

/// Nine hours and a quarter at thirty a second.
const CHATS: u32 = 1_000_000;

#[expect(clippy::disallowed_methods, reason = "how long the test took is what it is for")]
fn wall() -> std::time::Instant {
    std::time::Instant::now()
}

#[test]
fn a_million_chats_at_thirty_a_second_in_a_storm() {
    let chats = std::env::var("NABAT_LONG").ok().and_then(|n| n.parse().ok()).unwrap_or(CHATS);
    let script = Script { seed: 9, limit: 30, chats, calm: false, ops: Vec::new() };
    let begun = wall();
    let mut town = Town::new(&script);
    let settled_in = begun.elapsed();
    let start = town.now;
    let begun = wall();
    town.raise(&place(0), 1, None);
    town.run(&script.ops).unwrap();
    let took = begun.elapsed();

    let fanout = town.ledger.fanout(nabat::domain::ids::FanoutId(1)).unwrap();
    let tally = fanout.progress.tally;
    let world = &town.post.world;
    let reached = |chat: ChatId| world.received(BOT, chat) > 0;
    let subscribed: Vec<ChatId> = town
        .everyone()
        .filter(|(_, places)| places.iter().any(|one| fanout.audience.places.contains(one)))
        .map(|(chat, _)| chat)
        .collect();
    let unreached = subscribed.iter().filter(|&&chat| !reached(chat)).count() as u64;
    let copies: u64 =
        town.chats.iter().map(|&chat| (world.received(BOT, chat) as u64).saturating_sub(1)).sum();
    let weather = world.tally(BOT);
    eprintln!(
        "{chats} chats at 30/s in a storm: {:.1} virtual hours in {:.1} s (and {:.1} s to settle in), \
         {} steps, {tally:?}, {copies} copies of {} lost replies, {} without it, at most {} in a second",
        town.now.since(start).as_secs_f64() / 3600.0,
        took.as_secs_f64(),
        settled_in.as_secs_f64(),
        town.steps,
        weather.accepted_then_lost,
        unreached,
        world.max_in_any_second(BOT),
    );
    assert_eq!(Some(tally.sum()), fanout.size);
    assert!(unreached <= tally.get(Settlement::Uncertain), "missed in silence");
    assert!(tally.get(Settlement::Uncertain) < tally.sum() / 100, "outages burn the audience");
    assert!(copies <= weather.accepted_then_lost);
    assert_eq!(world.self_made_429(BOT), 0);
    assert!(world.max_in_any_second(BOT) <= 30);
}
