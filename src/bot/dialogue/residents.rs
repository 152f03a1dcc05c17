//! PURE. Residents: joining, leaving, asking.

use super::Talk;
use crate::{
    bot::{
        buttons::{PageNo, Touch},
        dialogue::Want,
        grammar::{Mistake, names::Named},
        phrases::{self, Phrase},
    },
    domain::{
        ids::{RegionId, is_slug},
        lang::Lang,
        letter::{Button, Content, Message, NewLetter, Occasion},
    },
    ports::store::Effect,
};

/// Most places one chat may subscribe to: enough for a family spread over a country, few enough for
/// one message about all of them.
pub(super) const PLACES_MAX: usize = 20;

impl Talk<'_> {
    pub(super) fn start(&mut self, payload: Option<&str>) -> Result<(), Want> {
        let known = self.facts.subscriber(self.chat)?;
        let lives_here = known.is_some_and(|known| !known.places.is_empty());
        let moved = self.take_over()?;
        let newcomer = !lives_here && moved.is_empty();
        let Some(payload) = payload else {
            if moved.is_empty() || lives_here {
                self.start_bare()?;
            } else {
                self.standing(Occasion::Joined, moved);
            }
            return if newcomer { self.point_to_sibling(None) } else { Ok(()) };
        };
        if let Some(region) = self.by_link(payload) {
            self.join(&region)?;
            let others: Vec<RegionId> = moved.into_iter().filter(|one| *one != region).collect();
            if !others.is_empty() {
                self.standing(Occasion::Asked, others);
            }
            return if newcomer { self.point_to_sibling(Some(region.as_str())) } else { Ok(()) };
        }
        if self.channel {
            self.answer(&Phrase::ChannelHow);
            return Ok(());
        }
        let text = self.say(&Phrase::UnknownLink);
        self.show_regions(text, None, 0);
        Ok(())
    }

    fn start_bare(&mut self) -> Result<(), Want> {
        let places = self.facts.subscriber(self.chat)?.map(|known| known.places.clone());
        if self.operator.is_some() {
            self.answer(&Phrase::HelpOfficial);
        }
        match places {
            Some(places) if !places.is_empty() => {
                self.standing(Occasion::Asked, places);
                self.regions()
            }
            Some(_) | None if self.operator.is_some() => Ok(()),
            Some(_) | None if self.channel => {
                self.answer(&Phrase::ChannelHow);
                Ok(())
            }
            Some(_) | None => {
                let text = self.say(&Phrase::Greeting);
                self.show_regions(text, None, 0);
                Ok(())
            }
        }
    }

    /// `?start=` carries a region's id, perhaps with `_` for `-`.
    fn by_link(&self, payload: &str) -> Option<RegionId> {
        let rules = self.case.rules;
        let exact = is_slug(payload).then(|| RegionId::new(payload));
        exact.filter(|region| rules.forest.get(region).is_some()).or_else(|| {
            match rules.index().region(payload)? {
                Named::One(region) => Some(region),
                Named::Several(_) => None,
            }
        })
    }

    pub(super) fn meet(&mut self) {
        self.deed.effects.push(Effect::Met(self.bot(), self.chat, self.lang));
        // Before it lives anywhere, so that the first broadcast has it in its place.
        self.deed.effects.extend(self.counted.take());
    }

    pub(super) fn standing(&mut self, occasion: Occasion, places: Vec<RegionId>) {
        self.deed.letters.push(NewLetter {
            bot: self.bot(),
            chat: self.chat,
            lang: self.lang,
            class: self.class(),
            content: Content::Standing { occasion, places },
            not_after: None,
        });
    }

    pub(super) fn add(&mut self, place: Option<Result<RegionId, Mistake>>) -> Result<(), Want> {
        match place {
            None => self.browse(None, 0),
            Some(Ok(region)) => return self.join(&region),
            Some(Err(mistake)) => self.mistaken(&mistake),
        }
        Ok(())
    }

    pub(super) fn join(&mut self, region: &RegionId) -> Result<(), Want> {
        if self.case.rules.forest.get(region).is_none() {
            self.answer(&Phrase::ButtonOld);
            return Ok(());
        }
        let known = self.facts.subscriber(self.chat)?;
        let has = known.is_some_and(|known| known.places.contains(region));
        if !has && known.is_some_and(|known| known.places.len() >= PLACES_MAX) {
            self.answer(&Phrase::PlacesFull(PLACES_MAX));
            return Ok(());
        }
        if self.deed.effects.is_empty() {
            self.meet();
        }
        self.deed.effects.push(Effect::Subscribed(self.bot(), self.chat, region.clone()));
        if self.edits.is_some() {
            let name = self.case.rules.forest.name(region, self.lang);
            let text = self.say(&if has {
                Phrase::SubscribedAlready(name)
            } else {
                Phrase::Subscribed(name)
            });
            let more = self.button(&Phrase::AddMore, &Touch::Browse(None, 0));
            self.show(Message { text, buttons: vec![vec![more]], silent: true });
        }
        self.standing(Occasion::Joined, vec![region.clone()]);
        Ok(())
    }

    pub(super) fn browse(&mut self, within: Option<&RegionId>, page: PageNo) {
        let name = within.map(|region| self.case.rules.forest.name(region, self.lang).to_owned());
        let text = self.say(&match &name {
            Some(name) => Phrase::ChooseWithin(name),
            None => Phrase::ChooseRegion,
        });
        self.show_regions(text, within, page);
    }

    pub(super) fn regions(&mut self) -> Result<(), Want> {
        let places = match self.facts.subscriber(self.chat)? {
            Some(known) if !known.places.is_empty() => known.places.clone(),
            Some(_) | None => {
                let text = self.say(&Phrase::NoPlaces);
                self.show_regions(text, None, 0);
                return Ok(());
            }
        };
        let forest = &self.case.rules.forest;
        let mut buttons: Vec<Vec<Button>> = places
            .iter()
            .map(|place| {
                let name = forest.name(place, self.lang);
                vec![self.button(&Phrase::LabelDrop(name), &Touch::Drop(place.clone()))]
            })
            .collect();
        buttons.push(vec![self.button(&Phrase::AddMore, &Touch::Browse(None, 0))]);
        let text = self.say(&Phrase::Places);
        self.show(Message { text, buttons, silent: false });
        Ok(())
    }

    pub(super) fn drop_region(&mut self, region: &RegionId) -> Result<(), Want> {
        let has =
            self.facts.subscriber(self.chat)?.is_some_and(|known| known.places.contains(region));
        if !has {
            self.toast(&Phrase::ButtonOld);
            return Ok(());
        }
        self.deed.effects.push(Effect::Unsubscribed(self.bot(), self.chat, region.clone()));
        let name = self.case.rules.forest.name(region, self.lang);
        let text = self.say(&Phrase::Dropped(name));
        self.toast_text(&text);
        let mine = self.button(&Phrase::Up, &Touch::Mine);
        self.show(Message { text, buttons: vec![vec![mine]], silent: false });
        Ok(())
    }

    pub(super) fn status(&mut self, place: Option<Result<RegionId, Mistake>>) -> Result<(), Want> {
        match place {
            Some(Ok(region)) => self.standing(Occasion::Asked, vec![region]),
            Some(Err(mistake)) => self.mistaken(&mistake),
            None if self.operator.is_some() => return self.active(),
            None => match self.facts.subscriber(self.chat)? {
                Some(known) if !known.places.is_empty() => {
                    self.standing(Occasion::Asked, known.places.clone());
                }
                Some(_) | None => {
                    let text = self.say(&Phrase::NoPlaces);
                    self.show_regions(text, None, 0);
                }
            },
        }
        Ok(())
    }

    pub(super) fn language(&mut self) {
        let row = Lang::ALL
            .into_iter()
            .map(|lang| Button::new(lang.endonym(), Touch::Speak(lang).to_string()))
            .collect();
        let text = self.say(&Phrase::ChooseLanguage);
        self.show(Message { text, buttons: vec![row], silent: false });
    }

    pub(super) fn speak(&mut self, lang: Lang) -> Result<(), Want> {
        let effect = match self.facts.subscriber(self.chat)? {
            Some(_) => Effect::Speaks(self.bot(), self.chat, lang),
            None => Effect::Met(self.bot(), self.chat, lang),
        };
        self.deed.effects.push(effect);
        let text = phrases::say(lang, &Phrase::LanguageSet);
        self.show(Message::plain(text));
        Ok(())
    }

    pub(super) fn drills(&mut self) -> Result<(), Want> {
        let known = self.facts.subscriber(self.chat)?;
        let takes_part = !known.is_some_and(|known| known.exercises);
        if known.is_none() {
            self.meet();
        }
        self.deed.effects.push(Effect::Exercises(self.bot(), self.chat, takes_part));
        self.answer(&if takes_part { Phrase::DrillsOn } else { Phrase::DrillsOff });
        Ok(())
    }

    pub(super) fn ask_to_stop(&mut self) {
        let leave = self.button(&Phrase::LabelLeave, &Touch::Leave);
        let stay = self.button(&Phrase::LabelStay, &Touch::Stay);
        let text = self.say(&Phrase::StopAsk);
        self.show(Message { text, buttons: vec![vec![leave], vec![stay]], silent: false });
    }

    pub(super) fn leave(&mut self) {
        self.deed.effects.push(Effect::Left(self.bot(), self.chat));
        let text = self.say(&Phrase::Stopped);
        self.show(Message::plain(text));
    }

    pub(super) fn help(&mut self) {
        if self.operator.is_some() {
            self.answer(&Phrase::HelpOfficial);
        }
        self.answer(&Phrase::HelpResident);
    }

    /// Words of a resident: perhaps the name of a place.
    pub(super) fn small_talk(&mut self, words: &str) {
        if let Some(Named::One(region)) = self.case.rules.index().region(words) {
            let name = self.case.rules.forest.name(&region, self.lang);
            let join = Button::new(name, Touch::Join(region.clone()).to_string());
            let text = self.say(&Phrase::OfferRegion(name));
            self.show(Message { text, buttons: vec![vec![join]], silent: false });
        } else {
            self.answer(&Phrase::FreeText);
        }
    }
}
