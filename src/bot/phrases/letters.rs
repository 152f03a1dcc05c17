//! PURE. Letters that render the present at the moment they are sent.

use super::{Phrase, say};
use crate::domain::{
    audience::Variant,
    board::Board,
    bulletin,
    delivery::Settlement,
    ids::{AlertId, RegionId},
    lang::Lang,
    letter::{Message, Occasion},
    region::Forest,
    report::{Report, Trouble},
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
    if let Some(trouble) = &report.trouble {
        let until = match trouble {
            Trouble::Throttled(until) => until.format("%H:%M:%S UTC").to_string(),
            Trouble::Outage | Trouble::Malformed | Trouble::Revoked | Trouble::Storage => {
                String::new()
            }
        };
        lines.push(say(lang, &Phrase::Trouble { trouble, until: &until }));
    }
    Message { silent: true, ..Message::plain(lines.join("\n")) }
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
