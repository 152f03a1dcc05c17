//! How an alert reached people: asked for in Telegram, and at the command line.

use std::path::Path;

use assert_cmd::Command;
use nabat::{domain::ids::UserId, sim::world::Seen, store::sqlite::Archive};
use serde_json::Value;

use super::town::{IGOR, MARINA, NINA, PETER, Town};

/// Width and height of a PNG, by its header. `// PNG §11.2.1`
fn size(png: &[u8]) -> (u32, u32) {
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n") && png.ends_with(b"IEND\xaeB`\x82"));
    let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (side(16), side(20))
}

/// The pictures on a phone, once there are so many.
async fn pictures(town: &Town, user: UserId, many: usize) -> Vec<Seen> {
    let shown = |town: &Town| -> Vec<Seen> {
        town.phone(user).into_iter().filter(|seen| seen.photo.is_some()).collect()
    };
    town.until(|town| shown(town).len() >= many).await;
    shown(town)
}

fn report(dir: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nabat"));
    command.arg("report").args(arguments).current_dir(dir).env_remove("NABAT_CONFIG");
    let output = command.output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(told).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_official_reads_how_it_went_and_sees_the_curve() {
    let mut town = Town::with(81, nabat::sim::weather::Weather::calm(), 100).await;
    let crowd = town.crowd(120, "RU-SMO").await;
    for user in &crowd[..3] {
        // Untold: the next message to them finds out.
        town.world().deactivate(*user).unwrap();
    }
    town.raises(PETER, "/alert nfz RU-SMO на 90м", "смоленск", "1").await;
    town.reached(PETER, "1").await;
    // The last state of the live report offers it.
    town.presses(PETER, "Отчёт № 1").await;
    let told = town.hears(PETER, "Отчёт № 1: Бесполётная зона. Смоленская область.").await;
    for part in [
        "№ 1. Поднято: ",
        "Получателей: 120",
        "· Доставлено: 117",
        "· Не дошло (бот заблокирован или чата нет): 3",
        "· Отписались: 0",
        "Сумма: 120",
        "Почему не дошло: аккаунт удалён 3",
        "До половины доставленных: ",
        "Средняя скорость: ",
        "Возможных повторов: 0",
    ] {
        assert!(told.contains(part), "{part} is not in:\n{told}");
    }
    let seen = pictures(&town, PETER, 1).await.remove(0);
    assert_eq!(size(&seen.photo.unwrap()), (1_080, 1_080));
    assert!(seen.text.starts_with("№ 1. Бесполётная зона. Смоленская область."), "{}", seen.text);
    assert!(seen.text.contains("Доставлено 117 из 120 (97,5\u{a0}%)"), "{}", seen.text);
    assert!(seen.from_bot);

    // After the end, and a restart, there are two transitions.
    town.ends(PETER, "1", "1.2").await;
    town.stop().await;
    town.start().await;
    town.says(MARINA, "/report 1");
    let told = town.hears(MARINA, "Отчёт № 1").await;
    assert!(told.contains("№ 1. Поднято") && told.contains("№ 1.2. Окончание объявлено"), "{told}");
    assert!(told.contains("· Доставлено: 117\n"), "{told}");
    pictures(&town, MARINA, 1).await;
    town.says(PETER, "/report 1.2");
    let of_the_end = pictures(&town, PETER, 2).await.pop().unwrap();
    assert!(of_the_end.text.starts_with("№ 1.2. Бесполётная зона"), "{}", of_the_end.text);

    // Others, elsewhere and nobody.
    town.says(IGOR, "/report 1");
    town.hears(IGOR, "Смоленская область: это место вне ваших полномочий.").await;
    town.says(crowd[5], "/report 1");
    town.hears(crowd[5], "только для должностных лиц").await;
    town.says(NINA, "/report");
    town.says(PETER, "/report 11");
    town.hears(PETER, "Предупреждения № 11 нет. Может быть: 1?").await;
    for user in [IGOR, crowd[5], NINA] {
        assert!(town.phone(user).iter().all(|seen| seen.photo.is_none()), "{user:?}");
        town.silent(user, "Сумма");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_comes_once_whatever_becomes_of_replies_and_daemons() {
    let mut town = Town::calm(82).await;
    town.resident(101, "ru", "RU-SMO").await;
    town.raises(PETER, "/alert nfz RU-SMO", "смоленск", "1").await;
    town.reached(PETER, "1").await;
    town.says(PETER, "/report 1");
    town.hears(PETER, "Отчёт № 1").await;
    // The letter is durable: a daemon that dies before it was sent leaves it to the next.
    town.kill();
    town.start().await;
    let seen = pictures(&town, PETER, 1).await;
    assert!(seen.len() <= 2, "at most one copy, of what was in flight");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_says_the_same_while_the_daemon_serves() {
    let town = Town::calm(83).await;
    for id in 101..=104 {
        town.resident(id, "ru", "RU-SMO").await;
    }
    town.raises(PETER, "/alert nfz RU-SMO", "смоленск", "1").await;
    town.reached(PETER, "1").await;
    town.says(PETER, "/report 1");
    let told = town.hears(PETER, "Отчёт № 1").await;

    let dir = town.configured();
    let dir = dir.path();
    let (done, said) = report(dir, &["1", "--svg", "curve.svg", "--png", "curve.png"]);
    assert!(done, "{said}");
    assert_eq!(said.trim_end(), told);
    let svg = std::fs::read_to_string(dir.join("curve.svg")).unwrap();
    assert!(svg.starts_with("<svg ") && svg.contains("Смоленская область"), "{svg}");
    assert_eq!(size(&std::fs::read(dir.join("curve.png")).unwrap()), (1_080, 1_080));

    let (_, english) = report(dir, &["1", "--lang", "en"]);
    assert!(english.starts_with("Report № 1: No-fly zone. Smolensk region."), "{english}");
    let (done, json) = report(dir, &["1.1", "--json"]);
    assert!(done, "{json}");
    let json: Value = serde_json::from_str(&json).unwrap();
    let start = &json["transitions"][0];
    assert_eq!((&json["alert"], &start["change"]), (&1.into(), &"raised".into()));
    assert_eq!((&start["audience"], &start["sum"]), (&4.into(), &4.into()));
    assert_eq!(start["settled"]["delivered"], 4);
    let times =
        ["first_ms", "p50_ms", "p99_ms", "last_ms"].map(|time| start[time].as_u64().unwrap());
    assert!(times.is_sorted() && times[3] < 40_000, "{times:?}");
    assert_eq!(start["curve"].as_array().unwrap().last().unwrap()[1], 4);

    for (arguments, says) in [
        (&["7"][..], "there is no alert № 7: the last is № 1"),
        (&["1.9"], "alert № 1 has no state 9: its last is № 1.1"),
        (&["one"], "is not the number of an alert"),
        (&["1", "--svg", "nowhere/curve.svg"], "can't write nowhere/curve.svg"),
        (&["1", "--lang", "de"], "the languages are ru, uk and en"),
    ] {
        let (done, said) = report(dir, arguments);
        assert!(!done && said.contains(says), "{arguments:?}: {said}");
    }
    town.says(PETER, "/status");
    town.hears(PETER, "Действуют:").await;
}

#[test]
fn a_rehearsal_draws_its_curve() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_nabat"));
    command.args(["rehearse", "--residents", "20", "--rate", "200", "--curve", "curve.svg"]);
    let output = command.current_dir(dir.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let svg = std::fs::read_to_string(dir.path().join("curve.svg")).unwrap();
    assert!(svg.contains("Бесполётная зона") && svg.contains("<circle"), "{svg}");
}

#[tokio::test]
async fn a_database_that_is_not_there_or_too_old_is_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("nabat.db");
    assert!(Archive::open(&path).await.is_err());
    assert!(!path.exists(), "reading makes nothing");
    std::fs::write(&path, "not a database, but long enough to be taken for one".repeat(40))
        .unwrap();
    assert!(Archive::open(&path).await.is_err());
}
