//! Raising: the word, the languages, the buttons.

use std::time::Duration;

use super::town::{IGOR, PETER, Town};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everyone_in_the_region_reads_the_alert_in_their_language_and_then_its_end() {
    let town = Town::calm(1).await;
    let anna = town.resident(101, "ru", "RU-SMO").await;
    let petro = town.resident(102, "uk", "RU-SMO-VYAZMA-TOWN").await;
    let jane = town.resident(103, "en", "RU-SMO-CITY").await;
    let away = town.resident(104, "ru", "RU-BEL").await;
    town.raises(PETER, "/alert nfz RU-SMO на 90м", "смоленск", "1").await;
    town.hears(anna, "Бесполётная зона. Смоленская область.\nНе запускайте дроны").await;
    town.hears(petro, "Безпольотна зона. Смоленська область.\nНе запускайте дрони").await;
    town.hears(jane, "No-fly zone. Smolensk region.\nDo not fly drones").await;
    let report = town.reached(PETER, "1").await;
    assert!(report.contains("Получателей: 3") && report.contains("Доставлено: 3"), "{report}");
    let late = town.resident(105, "ru", "RU-BEL").await;
    town.ends(PETER, "1", "1.2").await;
    town.hears(anna, "ОКОНЧАНИЕ: Бесполётная зона").await;
    town.hears(petro, "ЗАВЕРШЕННЯ: Безпольотна зона").await;
    town.hears(jane, "ENDED: No-fly zone").await;
    for other in [away, late] {
        town.silent(other, "Бесполётная");
    }
    for user in [anna, petro, jane] {
        assert_eq!(town.count(user, "№ 1"), 2, "the start and the end, once each");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_word_raises_nothing_and_the_right_one_still_does() {
    let town = Town::calm(2).await;
    let anna = town.resident(101, "ru", "RU-SMO").await;
    town.says(PETER, "/alert fire RU-SMO");
    town.hears(PETER, "Чтобы выпустить, напишите: СМОЛЕНСК").await;
    town.says(PETER, "Белгород");
    town.hears(PETER, "Слово не то. Ничего не выпущено.").await;
    town.silent(anna, "Пожар");
    town.silent(PETER, "Поднято");
    town.says(PETER, "Смоленск");
    town.hears(anna, "Пожар. Смоленская область.").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_official_raises_by_buttons_alone_but_for_the_word() {
    let town = Town::calm(3).await;
    let anna = town.resident(101, "ru", "RU-SMO-VYAZMA-TOWN").await;
    let olga = town.resident(102, "ru", "RU-SMO-ROSLAVL").await;
    town.says(PETER, "/alert");
    town.hears(PETER, "Какая опасность?").await;
    town.presses(PETER, "Пожар").await;
    town.presses(PETER, "Смоленская область").await;
    town.presses(PETER, "Вяземский район").await;
    town.presses(PETER, "Весь регион: Вяземский район").await;
    town.presses(PETER, "1 ч").await;
    town.hears(PETER, "Чтобы выпустить, напишите: ВЯЗЬМА").await;
    assert!(town.labels(PETER).iter().all(|(label, _)| label != "Белгородская область"));
    town.says(PETER, "ВЯЗЬМА");
    town.hears(anna, "Пожар. Вяземский район.").await;
    town.reached(PETER, "1").await;
    town.silent(olga, "Пожар");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_sees_text_count_and_time_before_and_a_report_after() {
    let town = Town::with(4, nabat::sim::weather::Weather::calm(), 100).await;
    let crowd = town.crowd(150, "RU-SMO").await;
    town.says(PETER, "/alert nfz RU-SMO note Пожарный кран на площади не работает");
    let preview = town.hears(PETER, "ПРЕДПРОСМОТР").await;
    for part in ["Получателей: 150", "До последнего: около 2 с", "площади не работает"]
    {
        assert!(preview.contains(part), "{part} is not in:\n{preview}");
    }
    town.silent(crowd[0], "Бесполётная");
    town.says(PETER, "Смоленск");
    let report = town.reached(PETER, "1").await;
    assert!(report.contains("Доставлено: 150"), "{report}");
    assert!(report.contains("Заняло:"), "{report}");
    let arrivals: Vec<u64> = town
        .accepted()
        .iter()
        .filter(|one| {
            let text = town.world().text(one.body).cloned().unwrap_or_default();
            one.chat == PETER.chat() && text.contains("рассылка")
        })
        .map(|one| one.arrival.0)
        .collect();
    assert_eq!(town.count(PETER, "рассылка"), 1, "one message, edited");
    for pair in arrivals.windows(2) {
        let apart = Duration::from_micros(pair[1] - pair[0]);
        assert!(apart >= Duration::from_millis(2900), "edited after {apart:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn officials_of_two_regions_do_not_disturb_one_another() {
    let town = Town::calm(5).await;
    let anna = town.resident(101, "ru", "RU-SMO").await;
    let olga = town.resident(102, "ru", "RU-BEL").await;
    town.raises(PETER, "/alert fire RU-SMO", "смоленск", "1").await;
    town.raises(IGOR, "/alert fire RU-BEL", "белгород", "2").await;
    town.hears(anna, "Пожар. Смоленская область.").await;
    town.hears(olga, "Пожар. Белгородская область.").await;
    town.reached(IGOR, "2").await;
    town.silent(anna, "Белгородская");
    town.silent(olga, "Смоленская область.\nДержитесь");
}
