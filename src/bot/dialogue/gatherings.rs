//! PURE. Groups and channels: what they are, how many are in them, and what is done when one is lost.
//!
//! A channel subscribes by a post in it: nobody but its administrators can post, so the post is the
//! proof, whoever wrote it. Its messages have no buttons, because every reader could press them. In a
//! group everybody may do what a resident may, as in a family that shares a phone.
//!
//! Deliberately absent: rights within groups, and titles, which nobody needs after the fact.

use super::{Case, Facts, Reply, Talk, Want, plain, quiet};
use crate::{
    bot::{
        grammar::Intent,
        phrases::{self, Phrase},
    },
    domain::{
        audience::Kind,
        delivery::{Fate, Gone, Rights},
        ids::{ChatId, RegionId},
        letter::{Class, Message},
    },
    ports::store::{Effect, Entry},
};

/// Whether a channel does this by a post. Anything else would be noise for all its readers.
pub(super) fn heeds(intent: &Intent) -> bool {
    matches!(intent, Intent::Start(_) | Intent::Add(Some(_)) | Intent::Status(_) | Intent::Stop)
}

/// What is kept of a group or channel, if that is known anew.
pub(super) fn counted(
    case: Case<'_>,
    facts: &Facts,
    chat: ChatId,
    kind: Kind,
) -> Result<Option<Effect>, Want> {
    if kind == Kind::Private {
        return Ok(None);
    }
    let known = facts.subscriber(chat)?.is_some();
    let Some(members) = facts.members else { return Err(Want::Members { chat, known }) };
    // Of a newcomer the kind alone is worth keeping: a channel goes first, whatever its size.
    let members = if known { members } else { Some(members.unwrap_or(0)) };
    Ok(members.map(|members| Effect::Counted(case.office.bot, chat, kind, members)))
}

/// The bot may not write to a chat any more. Of a channel the officials are told: it may have been
/// the only word for thousands.
pub(super) fn shut(case: Case<'_>, facts: &Facts, chat: ChatId, kind: Kind) -> Result<Reply, Want> {
    let fate = match kind {
        Kind::Private => Fate::Retire(Gone::Blocked),
        Kind::Group => Fate::Retire(Gone::Kicked),
        Kind::Channel => Fate::Suspend(Rights::Channel),
    };
    let mut reply = quiet(case, vec![Effect::Struck(case.office.bot, chat, fate)]);
    if kind != Kind::Channel {
        return Ok(reply);
    }
    // Lost already, or never subscribed: nobody misses it.
    let Some(known) = facts.subscriber(chat)?.filter(|known| !known.places.is_empty()) else {
        return Ok(reply);
    };
    let rules = case.rules;
    for official in rules.roster.iter() {
        let names = known.places.iter().map(|place| rules.forest.name(place, official.lang));
        let places = phrases::list(names);
        let lost = Phrase::ChannelLost { chat, places: &places };
        let message = Message::plain(phrases::say(official.lang, &lost));
        let to = (official.user.chat(), official.lang, Class::Official);
        reply.deed.letters.push(plain(&case, to, message, None));
    }
    let places: Vec<&str> = known.places.iter().map(RegionId::as_str).collect();
    let particulars = vec![("chat", chat.0.to_string()), ("places", places.join(","))];
    reply.deed.journal.push(Entry { who: None, what: "channel-lost", particulars });
    Ok(reply)
}

impl Talk<'_> {
    /// Takes note of what the chat is.
    pub(super) fn gather(&mut self, kind: Kind) -> Result<(), Want> {
        self.channel = kind == Kind::Channel;
        self.counted = counted(self.case, self.facts, self.chat, kind)?;
        Ok(())
    }
}
