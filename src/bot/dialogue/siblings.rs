//! PURE. Several bots, one chat: who serves it.
//!
//! A chat's id is the same under every bot, so whoever starts a second one is known, and served by the
//! newer alone: what it was subscribed to moves there in the same deed, so that it is never told twice
//! and never by nobody. A bot with more residents than it serves comfortably shows newcomers another
//! one, and subscribes them all the same: most people press no second button.
//!
//! Deliberately absent: moving anybody who did not ask for it.

use super::{Case, Facts, Talk, Want};
use crate::{
    bot::{dialogue::residents::PLACES_MAX, phrases::Phrase},
    domain::{
        ids::{BotId, ChatId, RegionId},
        letter::{Button, Message},
    },
    ports::store::{Effect, Subscriber},
};

impl Facts {
    fn elsewhere(&self, chat: ChatId) -> Result<&[Subscriber], Want> {
        self.elsewhere.as_deref().ok_or(Want::Elsewhere(chat))
    }
    fn sibling(&self) -> Result<Option<&str>, Want> {
        self.sibling.as_ref().map(Option::as_deref).ok_or(Want::Sibling)
    }
}

/// What makes this bot the only one of a chat that has been met, and the places that come with it.
pub(super) fn taken_over(
    case: Case<'_>,
    facts: &Facts,
    chat: ChatId,
) -> Result<(Vec<Effect>, Vec<RegionId>), Want> {
    let here = case.office.bot;
    let others: Vec<BotId> = case.office.bots.iter().copied().filter(|bot| *bot != here).collect();
    if others.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let own = facts.subscriber(chat)?.map(|known| known.places.as_slice()).unwrap_or_default();
    let room = PLACES_MAX.saturating_sub(own.len());
    let elsewhere = facts.elsewhere(chat)?;
    let mut moved: Vec<RegionId> = Vec::new();
    for place in elsewhere.iter().flat_map(|known| &known.places) {
        if moved.len() < room && !own.contains(place) && !moved.contains(place) {
            moved.push(place.clone());
        }
    }
    let subscribed = moved.iter().map(|place| Effect::Subscribed(here, chat, place.clone()));
    let exercises = elsewhere.iter().any(|known| known.exercises);
    let exercises = exercises.then_some(Effect::Exercises(here, chat, true));
    let left = others.into_iter().map(|other| Effect::Left(other, chat));
    Ok((subscribed.chain(exercises).chain(left).collect(), moved))
}

impl Talk<'_> {
    /// Meets the chat, as the only bot that serves it from now on; the places that come with it.
    pub(super) fn take_over(&mut self) -> Result<Vec<RegionId>, Want> {
        let (effects, moved) = taken_over(self.case, self.facts, self.chat)?;
        let elsewhere = self.facts.elsewhere.as_deref().unwrap_or_default();
        if let Some(known) = elsewhere.first().filter(|_| self.operator.is_none()) {
            self.lang = known.lang;
        }
        self.meet();
        self.deed.effects.extend(effects);
        Ok(moved)
    }

    /// Shows a newcomer a bot that has room, if this one has none.
    pub(super) fn point_to_sibling(&mut self, payload: Option<&str>) -> Result<(), Want> {
        let resident = self.chat.is_private() && self.operator.is_none();
        if !resident || self.case.office.siblings.is_empty() {
            return Ok(());
        }
        let Some(name) = self.facts.sibling()? else { return Ok(()) };
        // Telegram: Deep links, `?start=`: 64 of A-Z, a-z, 0-9, _ and -.
        let fits = |payload: &&str| {
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
            (1..=64).contains(&payload.len()) && payload.bytes().all(plain)
        };
        let payload = payload.filter(fits).map_or_else(String::new, |it| format!("?start={it}"));
        let button = Button::new(format!("@{name}"), format!("https://t.me/{name}{payload}"));
        let text = self.say(&Phrase::SiblingFaster);
        self.send(Message { text, buttons: vec![vec![button]], silent: true }, None);
        Ok(())
    }
}
