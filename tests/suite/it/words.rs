//! What residents read, in three languages, to be read aloud.

use std::{fmt::Write, time::Duration};

use nabat::domain::ids::UserId;

use super::town::{PETER, Town};

/// Times differ from run to run.
fn plain(text: &str) -> String {
    let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    let word = |word: &str| {
        let bare = word.trim_end_matches(['.', ',', ')']);
        let tail = &word[bare.len()..];
        match (bare.split_once(':'), bare.split_once('.')) {
            (Some((h, m)), _) if h.len() == 2 && digits(h) && digits(m) => format!("HH:MM{tail}"),
            (_, Some((d, m))) if d.len() == 2 && m.len() == 2 && digits(d) && digits(m) => {
                format!("DD.MM{tail}")
            }
            _ => word.to_owned(),
        }
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_residents_read_reads_well_in_three_languages() {
    let town = Town::calm(71).await;
    let mut people: Vec<UserId> = Vec::new();
    for (id, lang) in [(101, "ru"), (102, "uk"), (103, "en")] {
        let user = town.resident(id, lang, "RU-SMO-VYAZMA-TOWN").await;
        town.says(user, "/drills");
        town.hears(user, "/drills.").await;
        people.push(user);
    }
    let mut read = String::new();
    let newest = |title: &str, read: &mut String| {
        for user in &people {
            let phone = town.phone(*user);
            let shown = phone.iter().rev().find(|seen| seen.from_bot).unwrap();
            writeln!(read, "## {title}\n{}\n", plain(&shown.text)).unwrap();
        }
    };
    town.raises(PETER, "/alert nfz RU-SMO на 90м note Мост закрыт", "смоленск", "1").await;
    town.reached(PETER, "1").await;
    newest("start", &mut read);
    town.raises(PETER, "/alert fire RU-SMO-VYAZMA RU-SMO-ROSLAVL", "вязьма", "2").await;
    town.reached(PETER, "2").await;
    newest("another start", &mut read);
    town.says(PETER, "/clear 1 RU-SMO-VYAZMA");
    town.presses(PETER, "Объявить окончание").await;
    town.reached(PETER, "1.2").await;
    newest("partial end, another holds", &mut read);
    town.says(PETER, "/withdraw 2");
    town.hears(PETER, "отзыв ошибочного сообщения").await;
    town.presses_label(PETER, "Отозвать").await;
    town.reached(PETER, "2.2").await;
    newest("withdrawal", &mut read);
    town.raises(PETER, "/alert shelter RU-SMO на 1ч", "смоленск", "3").await;
    town.reached(PETER, "3").await;
    town.ends(PETER, "3", "3.2").await;
    newest("end", &mut read);
    town.says(PETER, "/drill fire RU-SMO на 1ч");
    town.presses_label(PETER, "Выпустить").await;
    town.reached(PETER, "4").await;
    newest("drill", &mut read);
    town.clock.pass(Duration::from_mins(61));
    town.reached(PETER, "4.2").await;
    newest("drill's expiry", &mut read);
    insta::assert_snapshot!("residents", read);
}
