//! PURE. Letters that render the present at the moment they are sent.

use super::{Phrase, say};
use crate::{
    bot::buttons::Touch,
    domain::{
        audience::Variant,
        board::Board,
        bulletin,
        delivery::Settlement,
        ids::{AlertId, RegionId},
        lang::Lang,
        letter::{Button, Message, Occasion},
        region::Forest,
        report::{Report, Trouble},
    },
};

/// Most of a message that places fill, in characters: what is under it has to fit
/// 4096. `// Bot API: sendMessage.text`
const PLACES_CHARS_MAX: usize = 3_300;

/// Longest message. `// Bot API: sendMessage.text, 1–4096 characters`
pub const TEXT_MAX: usize = 4_096;

/// What is true of these places, and which alerts that tells of.
#[must_use]
pub fn standing(
    occasion: Occasion,
    places: &[RegionId],
    lang: Lang,
    board: &Board,
    forest: &Forest,
) -> (Message, Vec<AlertId>) {
    let mut paragraphs: Vec<String> = Vec::new();
    let mut tells: Vec<AlertId> = Vec::new();
    let mut chars = 0;
    if occasion == Occasion::Joined {
        let names = super::list(places.iter().map(|place| forest.name(place, lang)));
        paragraphs.push(say(lang, &Phrase::Subscribed(&names)));
    }
    for (n, place) in places.iter().enumerate() {
        let variant = Variant { lang, place: place.clone() };
        let (text, alerts) = bulletin::standing(&variant, board, forest);
        chars += text.chars().count();
        if n > 0 && chars > PLACES_CHARS_MAX {
            paragraphs.push(say(lang, &Phrase::MorePlaces(places.len() - n)));
            break;
        }
        paragraphs.push(text);
        tells.extend(alerts);
    }
    if places.is_empty() {
        paragraphs.push(say(lang, &Phrase::NoPlaces));
    }
    if occasion == Occasion::Joined {
        paragraphs.push(say(lang, &Phrase::Joined));
    }
    tells.sort_unstable();
    tells.dedup();
    (Message::plain(fit(&paragraphs.join("\n\n"))), tells)
}

/// The live report of a broadcast; its final figures, once it is closed.
#[must_use]
pub fn progress(report: &Report, lang: Lang) -> Message {
    let number = number(report.alert, report.revision.0);
    let done = report.closed_at.is_some();
    let mut lines = vec![
        say(lang, &Phrase::ProgressHead { number: &number, done }),
        say(lang, &Phrase::ProgressAudience(report.audience)),
    ];
    for settlement in Settlement::ALL {
        let chats = report.tally.get(settlement);
        if chats > 0 || settlement == Settlement::Delivered {
            lines.push(say(lang, &Phrase::Settled(settlement, chats)));
        }
    }
    if let Some(closed_at) = report.closed_at {
        let took = (closed_at - report.started_at).to_std().unwrap_or_default();
        lines.push(say(lang, &Phrase::Took(took)));
    } else {
        let left = report.time_left().filter(|left| !left.is_zero());
        lines.push(say(lang, &Phrase::Remaining { chats: report.remaining(), left }));
        lines.push(say(lang, &Phrase::Rate { now: report.rate, limit: report.limit }));
    }
    if report.tenths > 0 {
        lines.push(say(lang, &Phrase::ReportSpent(report.tenths)));
    }
    if let Some(trouble) = &report.trouble {
        let until = match trouble {
            Trouble::Throttled(until) => until.format("%H:%M:%S UTC").to_string(),
            Trouble::Outage
            | Trouble::Malformed
            | Trouble::Revoked
            | Trouble::Storage
            | Trouble::Held => String::new(),
        };
        lines.push(say(lang, &Phrase::Trouble { trouble, until: &until }));
    }
    let row = if done {
        let label = say(lang, &Phrase::LabelReport(&report.alert.to_string()));
        vec![Button::new(label, Touch::Report(report.alert).to_string())]
    } else {
        holds(report, lang)
    };
    Message { text: lines.join("\n"), buttons: vec![row], silent: true }
}

/// What an official can do about a broadcast that runs.
fn holds(report: &Report, lang: Lang) -> Vec<Button> {
    let button = |label, touch: &Touch| Button::new(say(lang, &label), touch.to_string());
    let first = if report.trouble == Some(Trouble::Held) {
        button(Phrase::LabelResume, &Touch::Resume(report.alert))
    } else {
        button(Phrase::LabelPause, &Touch::Pause(report.alert))
    };
    vec![first, button(Phrase::LabelHalt, &Touch::Halt(report.alert))]
}

/// An alert's number as people read it: `12`, and `12.3` for its third state.
#[must_use]
pub fn number(alert: AlertId, revision: u32) -> String {
    if revision > 1 { format!("{alert}.{revision}") } else { alert.to_string() }
}

/// A text that Telegram accepts, whatever the configuration's texts came to.
#[must_use]
pub fn fit(text: &str) -> String {
    if text.chars().count() <= TEXT_MAX {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(TEXT_MAX - 1).collect();
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bot::{
            phrases::{Reader, commands},
            tests::rules,
        },
        domain::{
            alert::Settled,
            delivery::Tally,
            ids::{FanoutId, Revision},
            time::Utc,
        },
    };

    fn at(text: &str) -> Utc {
        text.parse().unwrap()
    }

    fn report() -> Report {
        let mut tally = Tally::ZERO;
        for (settlement, chats) in Settlement::ALL.into_iter().zip([81_234, 3, 120, 2, 1, 0, 9]) {
            tally.add(settlement, chats);
        }
        Report {
            tenths: 0,
            fanout: FanoutId(1),
            alert: AlertId(12),
            revision: Revision(2),
            audience: Some(100_000),
            tally,
            started_at: at("2026-11-23T11:05:00Z"),
            closed_at: None,
            rate: 29,
            limit: 30,
            trouble: Some(Trouble::Throttled(at("2026-11-23T11:06:30Z"))),
        }
    }

    #[test]
    fn the_reach_reads_well_in_every_language() {
        let running = report();
        let closed = Report {
            tenths: 1_205,
            closed_at: Some(at("2026-11-23T12:01:05Z")),
            trouble: None,
            ..report()
        };
        let texts: Vec<String> = Lang::ALL
            .into_iter()
            .flat_map(|lang| [progress(&running, lang).text, progress(&closed, lang).text])
            .collect();
        insta::assert_snapshot!("progress", texts.join("\n\n"));
    }

    #[test]
    fn newcomers_are_told_the_present_in_every_language() {
        let rules = rules();
        let clear = RegionId::new("RU-SMO-ros");
        let board = Board::new([], [(clear.clone(), Settled::Clear(at("2026-11-23T11:05:00Z")))]);
        let texts: Vec<String> = Lang::ALL
            .into_iter()
            .map(|lang| {
                let places = [clear.clone(), RegionId::new("RU-BEL")];
                let (message, tells) =
                    standing(Occasion::Joined, &places, lang, &board, &rules.forest);
                assert!(tells.is_empty());
                message.text
            })
            .collect();
        insta::assert_snapshot!("joined", texts.join("\n\n———\n\n"));
    }

    #[test]
    fn many_places_still_fit_one_message() {
        let rules = rules();
        let places = vec![RegionId::new("RU-SMO"); 500];
        let board = Board::default();
        let (message, _) = standing(Occasion::Asked, &places, Lang::Ru, &board, &rules.forest);
        assert!(message.text.chars().count() <= TEXT_MAX);
        assert!(message.text.contains("И ещё регионов: "));
    }

    #[test]
    fn every_command_is_described_within_telegrams_bounds() {
        for lang in Lang::ALL {
            for reader in [Reader::Resident, Reader::Official] {
                for (name, description) in commands(lang, reader) {
                    // Bot API: BotCommand
                    assert!((1..=32).contains(&name.len()));
                    assert!((3..=256).contains(&description.chars().count()), "{name}");
                    let unknown = say(lang, &Phrase::Command("no such command"));
                    assert!(name == "help" || description != unknown, "{lang} {name}");
                }
            }
        }
    }
}
