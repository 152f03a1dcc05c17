//! A threat needs two people.

use super::town::{MARINA, PETER, Town};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_person_releases_a_threat_and_a_second_press_says_who_did() {
    let town = Town::calm(11).await;
    let anna = town.resident(101, "ru", "RU-SMO").await;
    town.says(PETER, "/alert дроны RU-SMO threat на 1ч");
    town.hears(PETER, "Выпустит второй человек. Запрос отправлен: Марина Озерцова").await;
    town.hears(MARINA, "Пётр Ветлугин просит одобрить").await;
    let approve = town.labels(MARINA).into_iter().find(|(label, _)| label.contains("Одобрить"));
    let (_, approve) = approve.unwrap();
    town.presses_data(PETER, &approve);
    town.hears(PETER, "Выпустить должен другой человек. Ничего не выпущено.").await;
    town.silent(anna, "Угроза");
    town.presses(MARINA, "Одобрить и выпустить").await;
    town.hears(anna, "Угроза атаки дронов. Смоленская область.").await;
    town.hears(PETER, "одобрено: Марина Озерцова").await;
    town.reached(PETER, "1").await;
    town.presses_data(MARINA, &approve);
    let told = town.hears(MARINA, "Уже поднято: № 1").await;
    assert!(told.contains("Пётр Ветлугин"), "{told}");
    assert_eq!(town.count(anna, "№ 1"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rejected_threat_reaches_nobody_and_its_issuer_is_told() {
    let town = Town::calm(12).await;
    let anna = town.resident(101, "ru", "RU-SMO").await;
    town.says(PETER, "/alert дроны RU-SMO threat на 1ч");
    town.presses(MARINA, "Отклонить").await;
    town.hears(PETER, "Отклонено: Марина Озерцова. Ничего не отправлено.").await;
    town.silent(anna, "дронов");
}
