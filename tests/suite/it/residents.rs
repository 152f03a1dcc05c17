//! Residents: joining, asking, leaving.

use super::town::{PETER, Town};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_joins_during_an_alert_is_told_of_it_and_of_its_end() {
    let town = Town::calm(41).await;
    town.raises(PETER, "/alert fire RU-SMO", "смоленск", "1").await;
    town.reached(PETER, "1").await;
    let anna = town.resident(101, "ru", "RU-SMO-VYAZMA").await;
    let told = town.hears(anna, "Вы подписаны: Вяземский район").await;
    assert!(told.contains("действует предупреждение") && told.contains("№ 1"), "{told}");
    town.ends(PETER, "1", "1.2").await;
    town.hears(anna, "ОКОНЧАНИЕ: Пожар").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resident_finds_their_place_by_buttons_and_may_drop_it() {
    let town = Town::calm(42).await;
    let anna = town.person(101, "ru");
    town.says(anna, "/start");
    town.hears(anna, "Выберите, где вы живёте").await;
    town.presses(anna, "Смоленская область").await;
    town.presses(anna, "Рославльский район").await;
    town.presses(anna, "Весь регион: Рославльский район").await;
    town.hears(anna, "Вы подписаны: Рославльский район").await;
    town.raises(PETER, "/alert fire RU-SMO", "смоленск", "1").await;
    town.hears(anna, "Пожар. Смоленская область").await;
    town.reached(PETER, "1").await;
    town.ends(PETER, "1", "1.2").await;
    town.says(anna, "/regions");
    town.presses(anna, "Убрать: Рославльский район").await;
    town.hears(anna, "Убрано: Рославльский район").await;
    town.raises(PETER, "/alert fire RU-SMO", "смоленск", "2").await;
    town.reached(PETER, "2").await;
    town.silent(anna, "№ 2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_left_hears_nothing_more() {
    let town = Town::calm(43).await;
    let anna = town.resident(101, "ru", "RU-SMO").await;
    let olga = town.resident(102, "ru", "RU-SMO").await;
    town.raises(PETER, "/alert fire RU-SMO", "смоленск", "1").await;
    town.reached(PETER, "1").await;
    town.says(anna, "/stop");
    town.presses(anna, "Да, отписаться").await;
    town.hears(anna, "Вы отписаны").await;
    town.ends(PETER, "1", "1.2").await;
    town.hears(olga, "ОКОНЧАНИЕ").await;
    town.silent(anna, "ОКОНЧАНИЕ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaving_during_a_broadcast_is_counted_and_honoured() {
    let town = Town::with(44, nabat::sim::weather::Weather::calm(), 60).await;
    let crowd = town.crowd(180, "RU-SMO").await;
    town.raises(PETER, "/alert fire RU-SMO", "смоленск", "1").await;
    town.partly(&crowd, "Пожар", 5).await;
    let last = crowd.iter().rev().find(|user| town.count(**user, "Пожар") == 0).copied().unwrap();
    town.says(last, "/stop");
    town.presses(last, "Да, отписаться").await;
    let report = town.reached(PETER, "1").await;
    town.hears(last, "Вы отписаны").await;
    assert!(report.contains("Получателей: 180"), "{report}");
    let got = town.count(last, "Пожар");
    assert_eq!(report.contains("Отписались: 1"), got == 0, "{report}");
    assert_eq!(report.contains("Доставлено: 180"), got == 1, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_is_one_of_three() {
    let town = Town::calm(45).await;
    let anna = town.resident(101, "ru", "RU-SMO").await;
    town.says(anna, "/status");
    town.hears(anna, "Смоленская область: обстановка неизвестна").await;
    town.raises(PETER, "/alert fire RU-SMO", "смоленск", "1").await;
    town.reached(PETER, "1").await;
    town.says(anna, "/status");
    town.hears(anna, "Смоленская область: действует предупреждение").await;
    town.ends(PETER, "1", "1.2").await;
    town.says(anna, "/status");
    town.hears(anna, "Смоленская область: предупреждений нет, подтверждено").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocked_chat_is_retired_and_told_the_present_when_it_is_back() {
    let town = Town::calm(46).await;
    let anna = town.resident(101, "en", "RU-SMO").await;
    let olga = town.resident(102, "ru", "RU-SMO").await;
    town.blocks(anna);
    town.raises(PETER, "/alert fire RU-SMO", "смоленск", "1").await;
    let report = town.reached(PETER, "1").await;
    assert!(report.contains("Доставлено: 1"), "{report}");
    town.silent(anna, "№ 1");
    town.unblocks(anna);
    let told = town.hears(anna, "an alert is in force").await;
    assert!(told.contains("№ 1"), "{told}");
    town.ends(PETER, "1", "1.2").await;
    town.hears(anna, "ENDED: Fire").await;
    town.hears(olga, "ОКОНЧАНИЕ").await;
}
