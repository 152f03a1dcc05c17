//! Telegram and the database in trouble.

use nabat::{domain::ids::ChatId, ports::clock::Clock, sim::weather::Weather};
use sqlx::{Connection, SqliteConnection};

use super::town::{PETER, Town};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_telegram_asks_to_wait_everybody_is_still_reached_once() {
    let town = Town::with(61, Weather::calm(), 200).await;
    let crowd = town.crowd(120, "RU-SMO").await;
    let weather =
        Weather { flood_bot: 15, flood_chat: 20, flood_wait_max_ms: 1000, ..Weather::calm() };
    town.world().set_weather(weather);
    town.raises(PETER, "/alert fire RU-SMO", "смоленск", "1").await;
    town.partly(&crowd, "Пожар", 120).await;
    town.world().set_weather(Weather::calm());
    let report = town.reached(PETER, "1").await;
    assert!(report.contains("Доставлено: 120"), "{report}");
    let copies = town.copies(&crowd, "Пожар");
    assert!(copies.values().all(|got| *got == 1), "{copies:?}");
    assert!(town.world().met().values().sum::<u64>() > 0, "the weather was calm");
    assert_eq!(town.world().self_made_429(town.bot), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_migrates_in_mid_broadcast_gets_one_message() {
    let town = Town::with(62, Weather::calm(), 60).await;
    let crowd = town.crowd(120, "RU-SMO").await;
    let anna = crowd[0];
    let group = ChatId(-5000);
    {
        let now = town.clock.now();
        let mut world = town.world();
        world.add_group(group, "House 5").unwrap();
        world.invite(town.bot, group, anna, now).unwrap();
        world.say(town.bot, anna, Some(group), "/start@nabat_bot RU-SMO", None, now).unwrap();
    }
    town.until(|town| town.count_in(group, "Вы подписаны") == 1).await;
    town.raises(PETER, "/alert fire RU-SMO", "смоленск", "1").await;
    town.partly(&crowd, "Пожар", 5).await;
    let to = town.world().migrate(group, town.clock.now()).unwrap();
    town.reached(PETER, "1").await;
    let got = town.count_in(group, "Пожар") + town.count_in(to, "Пожар");
    assert_eq!(got, 1);
    town.ends(PETER, "1", "1.2").await;
    assert_eq!(town.count_in(to, "ОКОНЧАНИЕ"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_locked_the_official_is_told_and_it_goes_on_after() {
    let town = Town::calm(63).await;
    let anna = town.resident(101, "ru", "RU-SMO").await;
    town.says(PETER, "/alert fire RU-SMO");
    town.hears(PETER, "Чтобы выпустить, напишите").await;
    let url = format!("sqlite:{}", town.database().display());
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    town.says(PETER, "смоленск");
    town.hears(PETER, "Не выполнено: хранилище данных не отвечает").await;
    town.silent(anna, "Пожар");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    town.hears(PETER, "Поднято: № 1").await;
    town.hears(anna, "Пожар").await;
    town.reached(PETER, "1").await;
    assert_eq!(town.count(anna, "Пожар"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_storm_everybody_is_told() {
    let town = Town::with(64, Weather::calm(), 200).await;
    let crowd = town.crowd(100, "RU-SMO").await;
    let weather = Weather { outage_every_ms: 3000, outage_for_ms: 500, ..Weather::storm() };
    town.world().set_weather(weather);
    town.raises(PETER, "/alert fire RU-SMO", "смоленск", "1").await;
    town.partly(&crowd, "Пожар", 100).await;
    town.world().set_weather(Weather::calm());
    town.reached(PETER, "1").await;
    let copies = town.copies(&crowd, "Пожар");
    assert!(copies.values().all(|got| (1..=2).contains(got)), "{copies:?}");
}
