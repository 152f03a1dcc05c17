//! What becomes of a fault that needs a person: those who can warn people by other means are told.

use std::sync::Arc;

use crate::{
    bot::{
        Rules,
        phrases::{self, Phrase, letters},
    },
    domain::{
        ids::{BotId, FanoutId},
        letter::{Class, Content, Message, NewLetter},
        operator::Role,
        time::Utc,
    },
    fanout::dispatch::Alarm,
    ports::store::{Cause, Deed, Entry, Result, Store},
};

/// The journal's word for a text that Telegram refuses.
const MALFORMED: &str = "malformed";

/// Tells every official who may speak about the broadcast's alert, and the journal. Says whether
/// there is something to send.
pub(super) async fn ring<S: Store>(
    store: &S,
    rules: &Arc<Rules>,
    bot: BotId,
    alarm: &Alarm,
    at: Utc,
) -> Result<bool> {
    let (fanout, what): (FanoutId, _) = match alarm {
        Alarm::Malformed(fanout, _) => (*fanout, MALFORMED),
        Alarm::Unaccounted { fanout, .. } => (*fanout, "unaccounted"),
        // A letter that Telegram refuses concerns one chat; a revoked token can tell nobody.
        Alarm::BadLetter(..) | Alarm::Revoked(_) => return Ok(false),
    };
    let Some(fanout) = store.fanout(fanout).await? else { return Ok(false) };
    let alert = &fanout.transition.alert;
    let number = letters::number(alert.id(), alert.revision().0);
    let draft = alert.draft();
    let officials =
        rules.roster.who_may(Role::Issuer, draft.hazard(), draft.area(), &rules.forest, None);
    let phrase = match what {
        MALFORMED => Phrase::TextRefused(&number),
        _ => Phrase::Unaccounted(&number),
    };
    let letter = |official: &crate::domain::operator::Operator| NewLetter {
        bot,
        chat: official.user.chat(),
        lang: official.lang,
        class: Class::Official,
        content: Content::Plain {
            message: Message::plain(phrases::say(official.lang, &phrase)),
            edits: None,
        },
        not_after: None,
    };
    let deed = Deed {
        letters: officials.into_iter().map(letter).collect(),
        journal: vec![Entry {
            who: None,
            what,
            particulars: vec![("alert", number.clone()), ("broadcast", fanout.id.0.to_string())],
        }],
        ..Deed::new(Cause::Clock, at)
    };
    store.enact(&deed).await?;
    Ok(true)
}
