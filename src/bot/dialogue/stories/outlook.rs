//! Stories of what an official is told before confirming: whom it reaches, how soon, for how much.

use super::*;

/// That of each bot.
pub(super) const TARIFF: Tariff =
    Tariff { rate: 30, paid_rate: 1_000, per_alert: 100, per_day: 500 };

/// So many people, all recently active.
pub(super) fn people(chats: u64) -> Reach {
    let mut reach = Reach::default();
    with(&mut reach, Tier::Recent, chats, chats);
    reach
}

fn with(reach: &mut Reach, tier: Tier, chats: u64, people: u64) {
    reach.chats[tier.index()] = chats;
    reach.people[tier.index()] = people;
}

#[test]
fn the_forecast_names_every_kind_and_sums_over_the_bots() {
    let mut world = World::new(rules());
    with(&mut world.reach[0], Tier::Channel, 2, 41_000);
    with(&mut world.reach[1], Tier::SmallGroup, 3, 60);
    with(&mut world.reach[1], Tier::LargeGroup, 1, 1_200);
    with(&mut world.reach[1], Tier::Silent, 55, 55);
    let shown = texts(&world.say(1, "/alert no-fly RU-SMO for 90m"));
    let told = "Chats: 1,261. Channels: 2 (people in them: 41,000). Groups: 4 (people in them: \
                1,260). Private chats: 1,255. To half of them: about 11 s. ";
    assert!(shown.contains(told), "{shown}");
    assert!(!shown.contains("Stars"), "it costs nothing");
}

#[test]
fn a_paid_hazard_is_quick_and_costs_until_the_budget_is_spent() {
    let told = |spent: u64, days_ago: i64, line: &str| {
        let mut world = World::new(rules());
        let day = Spent::day_of(world.now) - days_ago;
        world.spent = Spent { day, tenths: spent, alerts: BTreeMap::new() };
        let shown = texts(&world.say(1, line));
        let forecast = shown.lines().find(|line| line.starts_with("Chats: ")).unwrap();
        let (_, last) = forecast.split_once("To the last one: ").unwrap();
        last.to_owned()
    };
    // 900 in a second less 30 for nothing, and 300 less 30.
    let fire = "/alert fire RU-SMO for 90m";
    assert_eq!(told(0, 0, fire), "about 1 s. Cost: about 114 Telegram Stars.");
    assert_eq!(told(4_990, 0, fire), "about 30 s. Cost: about 2 Telegram Stars.");
    assert_eq!(told(5_000, 0, fire), "about 30 s.");
    assert_eq!(told(5_000, 1, fire), "about 1 s. Cost: about 114 Telegram Stars.");
    assert_eq!(told(0, 0, "/drill fire RU-SMO for 90m"), "about 30 s.");
}

#[test]
fn an_update_that_is_an_edit_costs_nothing() {
    let mut world = World::new(rules());
    world.say(1, "/alert fire RU-SMO for 90m");
    assert!(turned(&world.say(1, "смоленск")).is_some());
    let update = texts(&world.say(1, "/update 1 note Smoke"));
    assert!(update.contains("Chats: 1,200."), "{update}");
    assert!(!update.contains("Stars"), "an edit can't be paid for: {update}");
}
