//! Officials hold what is being sent.

use std::time::Duration;

use nabat::{domain::ids::UserId, ports::clock::Clock, sim::weather::Weather};

use super::town::{IGOR, PETER, Town};

fn reached(town: &Town, crowd: &[UserId]) -> usize {
    town.copies(crowd, "Пожар").values().filter(|got| **got > 0).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_stops_the_flow_and_a_resume_carries_on_to_everybody_once() {
    let town = Town::with(71, Weather::calm(), 20).await;
    let crowd = town.crowd(100, "RU-SMO").await;
    town.says(PETER, "/pause 1");
    town.hears(PETER, "Действующего предупреждения № 1 нет").await;
    town.raises(PETER, "/alert fire RU-SMO", "смоленск", "1").await;
    town.partly(&crowd, "Пожар", 10).await;
    town.says(IGOR, "/pause 1");
    town.hears(IGOR, "это место вне ваших полномочий").await;
    town.presses(PETER, "Приостановить").await;
    town.hears(PETER, "Рассылка № 1 приостановлена: Пётр").await;
    town.clock.sleep(Duration::from_secs(1)).await;
    let before = reached(&town, &crowd);
    assert!(before < 70, "{before} of 100 had it");
    town.hears(PETER, "Рассылка приостановлена.").await;
    town.clock.sleep(Duration::from_secs(2)).await;
    assert_eq!(reached(&town, &crowd), before, "nothing leaves");
    town.says(PETER, "/resume 1");
    town.hears(PETER, "Рассылка № 1 продолжена").await;
    let report = town.reached(PETER, "1").await;
    assert!(report.contains("Доставлено: 100"), "{report}");
    assert!(town.copies(&crowd, "Пожар").values().all(|got| *got == 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_stopped_for_good_ends_for_those_who_have_it() {
    let town = Town::with(72, Weather::calm(), 20).await;
    let crowd = town.crowd(100, "RU-SMO").await;
    town.raises(PETER, "/alert fire RU-SMO", "смоленск", "1").await;
    town.partly(&crowd, "Пожар", 10).await;
    town.presses(PETER, "Прекратить").await;
    town.hears(PETER, "Прекратить рассылку № 1 насовсем?").await;
    town.presses(PETER, "Да, насовсем").await;
    town.hears(PETER, "Рассылка № 1 прекращена: Пётр").await;
    let report = town.reached(PETER, "1").await;
    let told = reached(&town, &crowd);
    assert!((10..90).contains(&told), "{told}");
    assert!(report.contains(&format!("Доставлено: {told}")), "{report}");
    assert!(report.contains(&format!(": {}", 100 - told)), "the others are counted: {report}");
    let told = town.copies(&crowd, "Пожар");
    town.ends(PETER, "1", "1.2").await;
    assert_eq!(town.copies(&crowd, "ОКОНЧАНИЕ"), told, "who has the one gets the other");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_hour_the_bot_proves_that_it_can_speak() {
    let mut town = Town::asleep(73, Weather::calm(), 500).await;
    town.canary = Some(PETER.chat());
    town.start().await;
    // Once the sender answers it is at work, and knows which hour is next.
    town.resident(101, "ru", "RU-SMO").await;
    town.silent(PETER, "работает");
    for times in 1..=2 {
        town.clock.pass(Duration::from_hours(1));
        let told = town.hears_times(PETER, "«main» работает, ", times).await;
        assert!(told.ends_with(" UTC."), "{told}");
        // The answer has to be heard before the clock jumps, or it came an hour late.
        town.clock.sleep(Duration::from_secs(1)).await;
    }
}
