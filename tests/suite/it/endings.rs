//! How alerts change and end.

use std::time::Duration;

use super::town::{MARINA, PETER, Town};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expiry_is_no_all_clear() {
    let town = Town::calm(31).await;
    let anna = town.resident(101, "ru", "RU-SMO").await;
    town.raises(PETER, "/alert nfz RU-SMO на 30м", "смоленск", "1").await;
    town.hears(anna, "Бесполётная зона").await;
    town.reached(PETER, "1").await;
    town.clock.pass(Duration::from_mins(31));
    let told = town.hears(anna, "Объявленное время истекло").await;
    assert!(told.contains("НЕ подтверждено"), "{told}");
    town.hears(PETER, "Обстановка там считается неизвестной").await;
    town.says(anna, "/status");
    town.hears(anna, "обстановка неизвестна").await;
    town.silent(anna, "подтверждено 1");
    town.silent(anna, "ОКОНЧАНИЕ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partial_end_tells_each_what_is_true_for_them() {
    let town = Town::calm(32).await;
    let anna = town.resident(101, "ru", "RU-SMO-VYAZMA-TOWN").await;
    let olga = town.resident(102, "ru", "RU-SMO-ROSLAVL").await;
    town.raises(PETER, "/alert nfz RU-SMO", "смоленск", "1").await;
    town.reached(PETER, "1").await;
    town.says(PETER, "/clear 1 RU-SMO-VYAZMA");
    town.presses(PETER, "Объявить окончание").await;
    town.hears(anna, "ОКОНЧАНИЕ: Бесполётная зона. Вяземский район.").await;
    town.reached(PETER, "1.2").await;
    town.silent(olga, "ОКОНЧАНИЕ");
    town.says(olga, "/status");
    town.hears(olga, "действует предупреждение").await;
    town.ends(PETER, "1", "1.3").await;
    town.hears(olga, "ОКОНЧАНИЕ: Бесполётная зона").await;
    // Those for whom it had ended before read the end of the rest too: true, if not needed.
    town.silent(anna, "ПРОДОЛЖАЕТ ДЕЙСТВОВАТЬ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_says_that_it_was_an_error() {
    let town = Town::calm(33).await;
    let anna = town.resident(101, "ru", "RU-SMO").await;
    town.raises(PETER, "/alert fire RU-SMO", "смоленск", "1").await;
    town.reached(PETER, "1").await;
    town.says(PETER, "/withdraw 1");
    town.hears(PETER, "отзыв ошибочного сообщения").await;
    town.presses_label(PETER, "Отозвать").await;
    let told = town.hears(anna, "ОШИБОЧНОЕ СООБЩЕНИЕ: Пожар").await;
    assert!(!told.contains("Не заходите"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_danger_becomes_a_threat_and_a_danger_again() {
    let town = Town::calm(34).await;
    let anna = town.resident(101, "ru", "RU-SMO").await;
    town.raises(PETER, "/alert дроны RU-SMO danger на 2ч", "смоленск", "1").await;
    town.hears(anna, "Опасность атаки дронов").await;
    town.says(PETER, "/update 1 threat");
    town.presses(MARINA, "Одобрить и выпустить").await;
    town.hears(anna, "Уровень опасности повышен.").await;
    town.reached(PETER, "1.2").await;
    town.says(PETER, "/update 1 danger");
    town.hears_times(PETER, "Чтобы выпустить, напишите", 2).await;
    town.says(PETER, "смоленск");
    town.hears(anna, "Уровень опасности снижен, угроза остаётся.").await;
    town.reached(PETER, "1.3").await;
    town.ends(PETER, "1", "1.4").await;
    town.hears(anna, "ОКОНЧАНИЕ").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drill_reaches_only_those_who_joined_drills_and_says_so_first() {
    let town = Town::calm(35).await;
    let anna = town.resident(101, "ru", "RU-SMO").await;
    let olga = town.resident(102, "ru", "RU-SMO").await;
    town.says(olga, "/drills");
    town.hears(olga, "Вы участвуете в учениях").await;
    town.says(PETER, "/drill дроны RU-SMO threat на 1ч");
    town.presses(PETER, "Выпустить").await;
    let told = town.hears(olga, "№ 1").await;
    assert!(told.starts_with("УЧЕНИЕ. Это не настоящая тревога."), "{told}");
    town.reached(PETER, "1").await;
    town.ends(PETER, "1", "1.2").await;
    let told = town.hears(olga, "ОКОНЧАНИЕ").await;
    assert!(told.starts_with("УЧЕНИЕ"), "{told}");
    town.silent(anna, "№ 1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_names_what_still_holds() {
    let town = Town::calm(36).await;
    let anna = town.resident(101, "ru", "RU-SMO").await;
    town.raises(PETER, "/alert nfz RU-SMO", "смоленск", "1").await;
    town.raises(PETER, "/alert fire RU-SMO", "смоленск", "2").await;
    town.hears(anna, "Пожар. Смоленская область").await;
    town.hears(anna, "№ 1").await;
    town.reached(PETER, "2").await;
    town.ends(PETER, "1", "1.2").await;
    let told = town.hears(anna, "ОКОНЧАНИЕ").await;
    assert!(told.contains("ПРОДОЛЖАЕТ ДЕЙСТВОВАТЬ:\n• Пожар"), "{told}");
    assert!(!told.contains("других действующих"), "{told}");
    town.ends(PETER, "2", "2.2").await;
    town.hears(anna, "других действующих предупреждений нет").await;
}
