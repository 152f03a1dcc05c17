//! Stops and crashes in mid-broadcast.

use nabat::sim::weather::Weather;

use super::town::{PETER, Town};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_crash_in_mid_broadcast_nobody_is_missed_and_copies_are_bounded() {
    let mut town = Town::with(51, Weather::calm(), 80).await;
    let crowd = town.crowd(200, "RU-SMO").await;
    town.raises(PETER, "/alert fire RU-SMO", "смоленск", "1").await;
    town.partly(&crowd, "Пожар", 50).await;
    town.kill();
    let before = town.copies(&crowd, "Пожар").values().sum::<usize>();
    assert!(before < 200, "it was over before the crash");
    town.start().await;
    let report = town.reached(PETER, "1").await;
    let copies = town.copies(&crowd, "Пожар");
    assert!(copies.values().all(|got| *got >= 1), "missed: {copies:?}");
    // Promise 6: what was in flight and 0.1 s of traffic; answers take at most 80 ms here.
    let twice: usize = copies.values().map(|got| got - 1).sum();
    assert!(twice <= 80 / 10 + 80 / 10 + 8, "{twice} copies");
    assert!(report.contains("Получателей: 200"), "{report}");
    town.ends(PETER, "1", "1.2").await;
    assert!(town.copies(&crowd, "ОКОНЧАНИЕ").values().all(|got| *got == 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graceful_restart_in_calm_makes_no_copy() {
    let mut town = Town::with(52, Weather::calm(), 80).await;
    let crowd = town.crowd(160, "RU-SMO").await;
    town.raises(PETER, "/alert fire RU-SMO", "смоленск", "1").await;
    town.partly(&crowd, "Пожар", 40).await;
    town.stop().await;
    let before = town.copies(&crowd, "Пожар").values().sum::<usize>();
    assert!(before < 160, "it was over before the restart");
    town.start().await;
    let report = town.reached(PETER, "1").await;
    let copies = town.copies(&crowd, "Пожар");
    assert!(copies.values().all(|got| *got == 1), "{copies:?}");
    assert!(report.contains("Доставлено: 160"), "{report}");
    let world = town.world();
    assert_eq!(world.self_made_429(town.bot), 0);
    assert!(world.max_in_any_second(town.bot) <= 80);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_sent_while_nobody_served_is_done_once_after_the_start() {
    let mut town = Town::calm(53).await;
    let anna = town.resident(101, "ru", "RU-SMO").await;
    town.stop().await;
    town.says(PETER, "/alert fire RU-SMO");
    town.start().await;
    town.hears(PETER, "Чтобы выпустить, напишите").await;
    town.stop().await;
    town.says(PETER, "смоленск");
    town.start().await;
    town.hears(anna, "Пожар").await;
    town.reached(PETER, "1").await;
    assert_eq!(town.count(anna, "Пожар"), 1);
}
