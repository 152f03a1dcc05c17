//! What must raise nothing.

use std::time::Duration;

use serde_json::json;

use super::town::{IGOR, MARINA, NINA, PETER, Town};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_understood_is_asked_back_and_raises_nothing() {
    let town = Town::calm(21).await;
    let anna = town.resident(101, "ru", "RU-SMO").await;
    let long = "я".repeat(400);
    for (typed, told) in [
        (
            "/alert пажар RU-SMO",
            "Опасность «пажар» не найдена. Ничего не поднято. Может быть: Пожар",
        ),
        ("/alert fire Смаленская область", "Ничего не сделано. Может быть: Смоленская область"),
        ("/alert fire RU-SMO на 999ч", "Срок слишком велик"),
        (&format!("/alert fire RU-SMO note {long}"), "Примечание слишком длинное: 400"),
        ("/alert fire note где-то", "Не назван регион. Ничего не поднято."),
    ] {
        town.says(PETER, typed);
        town.hears(PETER, told).await;
    }
    town.silent(PETER, "ПРЕДПРОСМОТР");
    town.silent(anna, "Пожар");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_and_officials_beyond_their_mandate_are_refused_and_journalled() {
    let mut town = Town::calm(22).await;
    let anna = town.resident(101, "ru", "RU-SMO").await;
    town.says(anna, "/alert fire RU-SMO");
    town.hears(anna, "Эта команда только для должностных лиц. Ничего не сделано.").await;
    town.says(IGOR, "/alert fire RU-SMO");
    town.hears(IGOR, "это место вне ваших полномочий. Ничего не сделано. Могут: Пётр").await;
    town.says(NINA, "/alert nfz RU-SMO-VYAZMA");
    town.hears(NINA, "эта опасность вне ваших полномочий").await;
    town.says(MARINA, "/alert fire RU-SMO");
    town.hears(MARINA, "Вы не вправе поднимать").await;
    town.silent(anna, "Пожар");
    town.stop().await;
    let journal = town.journal().await;
    for reason in ["stranger", "area", "hazard", "role"] {
        assert!(journal.contains(&format!("[\"reason\",\"{reason}\"]")), "{reason}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forwarded_and_an_edited_command_are_no_commands() {
    let town = Town::calm(23).await;
    let date = town.clock_unix();
    let origin = json!({"type": "hidden_user", "sender_user_name": "Somebody", "date": date});
    town.update("message", PETER, "/alert fire RU-SMO", json!({"forward_origin": origin}));
    town.hears(PETER, "Пересланные и исправленные сообщения — не команды").await;
    town.update("edited_message", PETER, "/alert nfz RU-SMO", json!({"edit_date": date}));
    town.says(PETER, "/status");
    town.hears(PETER, "Действующих предупреждений нет").await;
    town.silent(PETER, "ПРЕДПРОСМОТР");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_command_is_answered_and_not_executed() {
    let town = Town::calm(24).await;
    town.said(PETER, "/alert fire RU-SMO", Duration::from_mins(3));
    town.hears(PETER, "Ваша команда опоздала: она отправлена 3 мин назад. Ничего не поднято.")
        .await;
    town.silent(PETER, "ПРЕДПРОСМОТР");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_update_does_not_block_those_behind_it() {
    let town = Town::calm(25).await;
    town.update("message", PETER, "x", json!({"chat": "nowhere", "from": 7, "date": {}}));
    town.update("callback_query", PETER, "x", json!({"id": [], "data": 5}));
    town.says(PETER, "/status");
    town.hears(PETER, "Действующих предупреждений нет").await;
}
