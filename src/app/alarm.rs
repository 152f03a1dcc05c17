//! What becomes of a fault that needs a person: those who can warn people by other means are told.

use std::sync::Arc;

use crate::{
    bot::{
        Rules,
        phrases::{self, Phrase, letters},
    },
    domain::{
        ids::{BotId, ChatId},
        lang::Lang,
        letter::{Class, Content, Message, NewLetter},
        operator::{Operator, Role},
        time::Utc,
    },
    fanout::dispatch::Alarm,
    ports::store::{Cause, Deed, Entry, Result, Store},
};

/// The journal's word for a text that Telegram refuses.
const MALFORMED: &str = "malformed";

/// What is said of an alarm.
type Say<'a> = Box<dyn Fn(Lang) -> String + Send + 'a>;

/// Who is told of an alarm, and how.
#[derive(Debug)]
pub(super) enum Rung {
    /// Letters were written: there is something to send.
    Written,
    /// The store can't keep a letter: these are to be sent past it.
    Aloud(Vec<(ChatId, Message)>),
    /// Nobody can do anything about it but the log's reader.
    Logged,
}

/// Tells the officials whom an alarm of `bot` concerns, and the journal. `bots` are all of them: of a
/// bot that can't speak another one tells.
pub(super) async fn ring<S: Store>(
    store: &S,
    rules: &Arc<Rules>,
    (bot, name): (BotId, &str),
    bots: &[BotId],
    alarm: &Alarm,
    at: Utc,
) -> Result<Rung> {
    let everyone = || rules.roster.iter().collect::<Vec<&Operator>>();
    let (through, officials, say, entry) = match alarm {
        Alarm::Malformed(fanout, _) | Alarm::Unaccounted { fanout, .. } => {
            let malformed = matches!(alarm, Alarm::Malformed(..));
            let Some(fanout) = store.fanout(*fanout).await? else { return Ok(Rung::Logged) };
            let alert = &fanout.transition.alert;
            let number = letters::number(alert.id(), alert.revision().0);
            let draft = alert.draft();
            let (hazard, area) = (draft.hazard(), draft.area());
            let officials = rules.roster.who_may(Role::Issuer, hazard, area, &rules.forest, None);
            let what = if malformed { MALFORMED } else { "unaccounted" };
            let entry = Entry {
                who: None,
                what,
                particulars: vec![
                    ("alert", number.clone()),
                    ("broadcast", fanout.id.0.to_string()),
                ],
            };
            let say = Box::new(move |lang| {
                let phrase = if malformed {
                    Phrase::TextRefused(&number)
                } else {
                    Phrase::Unaccounted(&number)
                };
                phrases::say(lang, &phrase)
            });
            (bots.first().copied(), officials, say as Say<'_>, entry)
        }
        Alarm::Revoked(_) => {
            let other = bots.iter().copied().find(|other| *other != bot);
            let say = |lang| phrases::say(lang, &Phrase::BotRevoked(name));
            (other, everyone(), Box::new(say) as Say<'_>, of_bot("revoked", name))
        }
        Alarm::Mute(_) => {
            let other = bots.iter().copied().find(|other| *other != bot);
            let say = |lang| phrases::say(lang, &Phrase::BotMute(name));
            (other, everyone(), Box::new(say) as Say<'_>, of_bot("mute", name))
        }
        Alarm::Speaks => {
            let say = |lang| phrases::say(lang, &Phrase::BotSpeaks(name));
            (Some(bot), everyone(), Box::new(say) as Say<'_>, of_bot("speaks", name))
        }
        Alarm::Unpaid(_) => {
            let say = |lang| phrases::say(lang, &Phrase::BotUnpaid(name));
            (Some(bot), everyone(), Box::new(say) as Say<'_>, of_bot("unpaid", name))
        }
        Alarm::Lost { chat, place } => {
            let say = move |lang| {
                let places = place.as_ref().map_or("", |place| rules.forest.name(place, lang));
                phrases::say(lang, &Phrase::ChannelLost { chat: *chat, places })
            };
            let particulars = vec![("chat", chat.0.to_string()), ("bot", name.to_owned())];
            let entry = Entry { who: None, what: "channel-lost", particulars };
            (Some(bot), everyone(), Box::new(say) as Say<'_>, entry)
        }
        Alarm::Unsaved => {
            let aloud = |one: &Operator| {
                let text = phrases::say(one.lang, &Phrase::Unsaved);
                (one.user.chat(), Message::plain(text))
            };
            return Ok(Rung::Aloud(rules.roster.iter().map(aloud).collect()));
        }
        // A letter that Telegram refuses concerns one chat.
        Alarm::BadLetter(..) => return Ok(Rung::Logged),
    };
    let Some(through) = through else { return Ok(Rung::Logged) };
    let letter = |official: &Operator| NewLetter {
        bot: through,
        chat: official.user.chat(),
        lang: official.lang,
        class: Class::Official,
        content: Content::Plain { message: Message::plain(say(official.lang)), edits: None },
        not_after: None,
    };
    let deed = Deed {
        letters: officials.into_iter().map(letter).collect(),
        journal: vec![entry],
        ..Deed::new(Cause::Clock, at)
    };
    store.enact(&deed).await?;
    Ok(Rung::Written)
}

/// An alarm as the log may have it: without chats.
pub(super) fn discreet(alarm: &Alarm) -> String {
    match alarm {
        Alarm::Lost { .. } => "a channel is lost".to_owned(),
        Alarm::Malformed(..)
        | Alarm::BadLetter(..)
        | Alarm::Revoked(_)
        | Alarm::Unpaid(_)
        | Alarm::Unsaved
        | Alarm::Mute(_)
        | Alarm::Speaks
        | Alarm::Unaccounted { .. } => format!("{alarm:?}"),
    }
}

fn of_bot(what: &'static str, name: &str) -> Entry {
    Entry { who: None, what, particulars: vec![("bot", name.to_owned())] }
}
