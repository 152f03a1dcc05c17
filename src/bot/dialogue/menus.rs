//! PURE. Menus of buttons, and what was not understood.

use std::time::Duration;

use super::{Talk, Want};
use crate::{
    bot::{
        buttons::{PageNo, Touch},
        grammar::{AREA_MAX, Mistake},
        phrases::{Phrase, list},
    },
    domain::{
        alert::Status,
        hazard::Hazard,
        ids::{HazardId, RegionId},
        letter::{Button, Message},
        operator::Role,
        region::Area,
    },
};

/// Buttons on one page: what a phone shows without scrolling.
const PAGE: usize = 8;

/// Durations offered, in minutes; those beyond the hazard's longest are left out.
const MINUTES_OFFERED: [u16; 6] = [30, 60, 120, 240, 480, 1440];

impl Talk<'_> {
    pub(super) fn button(&self, label: &Phrase<'_>, touch: &Touch) -> Button {
        Button::new(self.say(label), touch.to_string())
    }

    /// One page of `items`, a row each, with ways to turn it.
    fn page(
        &self,
        items: Vec<Button>,
        page: PageNo,
        turn: impl Fn(PageNo) -> Touch,
    ) -> Vec<Vec<Button>> {
        let pages = items.len().div_ceil(PAGE).max(1);
        let page = usize::from(page).min(pages - 1);
        let number = |page: usize| PageNo::try_from(page).unwrap_or(0);
        let shown = items.into_iter().skip(page * PAGE).take(PAGE);
        let mut rows: Vec<Vec<Button>> = shown.map(|button| vec![button]).collect();
        let mut turns = Vec::new();
        if page > 0 {
            turns.push(self.button(&Phrase::Previous, &turn(number(page - 1))));
        }
        if page + 1 < pages {
            turns.push(self.button(&Phrase::Next, &turn(number(page + 1))));
        }
        if !turns.is_empty() {
            rows.push(turns);
        }
        rows
    }

    /// Regions in `within`, or those that lie in none.
    fn regions_menu(
        &self,
        within: Option<&RegionId>,
        page: PageNo,
        open: impl Fn(Option<RegionId>, PageNo) -> Touch,
        pick: impl Fn(RegionId) -> Touch,
        may: impl Fn(&RegionId) -> bool,
    ) -> Vec<Vec<Button>> {
        let forest = &self.case.rules.forest;
        let inside = within.map_or_else(|| forest.roots(), |region| forest.children(region));
        let mut items = Vec::new();
        if let Some(region) = within.filter(|region| may(region)) {
            let whole = Phrase::Whole(forest.name(region, self.lang));
            items.push(self.button(&whole, &pick(region.clone())));
        }
        for region in inside {
            if !forest.subtree(region).iter().any(&may) {
                continue;
            }
            let touch = if forest.children(region).is_empty() {
                pick(region.clone())
            } else {
                open(Some(region.clone()), 0)
            };
            items.push(Button::new(forest.name(region, self.lang), touch.to_string()));
        }
        let mut rows = self.page(items, page, |page| open(within.cloned(), page));
        if let Some(region) = within {
            let above = forest.get(region).and_then(|region| region.parent.clone());
            rows.push(vec![self.button(&Phrase::Up, &open(above, 0))]);
        }
        rows
    }

    /// Regions to subscribe to.
    pub(super) fn show_regions(&mut self, text: String, within: Option<&RegionId>, page: PageNo) {
        let buttons = self.regions_menu(within, page, Touch::Browse, Touch::Join, |_| true);
        self.show(Message { text, buttons, silent: false });
    }

    pub(super) fn hazards_menu(&mut self, status: Status, page: PageNo) {
        let items = self
            .case
            .rules
            .catalogue
            .iter()
            .map(|hazard| {
                let touch = Touch::Areas(status, hazard.id.clone(), None, 0);
                Button::new(hazard.name.get(self.lang), touch.to_string())
            })
            .collect();
        let buttons = self.page(items, page, |page| Touch::Hazards(status, page));
        let text = self.say(&Phrase::ChooseHazard(status));
        self.show(Message { text, buttons, silent: false });
    }

    /// Regions for an alert: only those where the official may raise it.
    pub(super) fn areas_menu(
        &mut self,
        status: Status,
        hazard: &HazardId,
        within: Option<&RegionId>,
        page: PageNo,
    ) {
        let rules = self.case.rules;
        let Some(user) = self.user else { return };
        let may = |region: &RegionId| {
            Area::of([region.clone()]).is_some_and(|area| {
                rules.roster.authorise(user, Role::Issuer, hazard, &area, &rules.forest).is_ok()
            })
        };
        let open = |region, page| Touch::Areas(status, hazard.clone(), region, page);
        let pick = |region| Touch::Levels(status, hazard.clone(), region);
        let buttons = self.regions_menu(within, page, open, pick, may);
        let name = self.hazard_name(hazard);
        let text = self.say(&Phrase::ChooseArea { status, hazard: &name });
        self.show(Message { text, buttons, silent: false });
    }

    pub(super) fn levels_menu(&mut self, status: Status, hazard: &Hazard, region: &RegionId) {
        let levels = hazard.levels();
        if levels.len() == 1 {
            return self.times_menu(status, hazard, region, 0);
        }
        let buttons = levels
            .iter()
            .zip(0..)
            .map(|(level, step)| {
                let touch = Touch::Times(status, hazard.id.clone(), region.clone(), step);
                vec![Button::new(level.title.get(self.lang), touch.to_string())]
            })
            .collect();
        let place = self.case.rules.forest.name(region, self.lang);
        let name = hazard.name.get(self.lang);
        let text = self.say(&Phrase::ChooseLevel { hazard: name, place });
        self.show(Message { text, buttons, silent: false });
    }

    pub(super) fn times_menu(
        &mut self,
        status: Status,
        hazard: &Hazard,
        region: &RegionId,
        step: u8,
    ) {
        let touch =
            |minutes| Touch::Drafted(status, hazard.id.clone(), region.clone(), step, minutes);
        let offered = MINUTES_OFFERED
            .into_iter()
            .map(|minutes| (minutes, Duration::from_secs(u64::from(minutes) * 60)))
            .filter(|(_, lasting)| *lasting <= hazard.longest);
        let mut buttons: Vec<Vec<Button>> = offered
            .map(|(minutes, lasting)| vec![self.button(&Phrase::Lasting(lasting), &touch(minutes))])
            .collect();
        if hazard.open_ended {
            buttons.push(vec![self.button(&Phrase::UntilEnded, &touch(0))]);
        }
        let place = self.case.rules.forest.name(region, self.lang);
        let name =
            hazard.levels().get(usize::from(step)).map_or("", |level| level.title.get(self.lang));
        let text = self.say(&Phrase::ChooseTime { hazard: name, place });
        self.show(Message { text, buttons, silent: false });
    }

    /// Active alerts, one to be chosen.
    pub(super) fn alerts_menu(&mut self, ends: bool) -> Result<(), Want> {
        let board = self.facts.board()?;
        let buttons: Vec<Vec<Button>> = board
            .alerts()
            .filter(|alert| self.may_issue(alert))
            .take(PAGE)
            .map(|alert| {
                let (touch, title) = if ends {
                    (Touch::End(alert.id()), self.label(alert))
                } else {
                    (Touch::Withdraw(alert.id()), self.label(alert))
                };
                vec![Button::new(title, touch.to_string())]
            })
            .collect();
        if buttons.is_empty() {
            self.answer(&Phrase::NoneActive);
            return Ok(());
        }
        let phrase = if ends { Phrase::ChooseToEnd } else { Phrase::ChooseToWithdraw };
        let text = self.say(&phrase);
        self.show(Message { text, buttons, silent: false });
        Ok(())
    }

    pub(super) fn hazard_name(&self, hazard: &HazardId) -> String {
        let known = self.case.rules.catalogue.get(hazard);
        known.map_or_else(|| hazard.to_string(), |hazard| hazard.name.get(self.lang).to_owned())
    }

    /// Says what was not understood. Nothing else happens.
    pub(super) fn mistaken(&mut self, mistake: &Mistake) {
        let text = self.misread(mistake);
        self.send(Message::plain(text), None);
    }

    fn misread(&self, mistake: &Mistake) -> String {
        let rules = self.case.rules;
        let regions = |found: &[RegionId]| {
            let names: Vec<String> = found
                .iter()
                .map(|region| format!("{} ({region})", rules.forest.name(region, self.lang)))
                .collect();
            list(names.iter().map(String::as_str))
        };
        let hazards = |found: &[HazardId]| {
            let names: Vec<String> = found.iter().map(|one| self.hazard_name(one)).collect();
            list(names.iter().map(String::as_str))
        };
        let say = |phrase: &Phrase<'_>| self.say(phrase);
        match mistake {
            Mistake::Region(typed, meant) => {
                say(&Phrase::UnknownRegion { typed, meant: &regions(meant) })
            }
            Mistake::Regions(typed, meant) => {
                say(&Phrase::SeveralRegions { typed, meant: &regions(meant) })
            }
            Mistake::Hazard(typed, meant) => {
                say(&Phrase::UnknownHazard { typed, meant: &hazards(meant) })
            }
            Mistake::Hazards(typed, meant) => {
                say(&Phrase::SeveralHazards { typed, meant: &hazards(meant) })
            }
            Mistake::Level(typed, hazard) => {
                say(&Phrase::UnknownLevel { typed, levels: &self.level_names(hazard) })
            }
            Mistake::Time(typed) => say(&Phrase::NotATime(typed)),
            Mistake::NoHazard => say(&Phrase::NoHazard),
            Mistake::NoArea => say(&Phrase::NoArea),
            Mistake::TooMany => say(&Phrase::TooManyRegions(AREA_MAX)),
            Mistake::Number(typed) => say(&Phrase::NotANumber(typed)),
            Mistake::Code(typed) => say(&Phrase::NotACode(typed)),
        }
    }

    pub(super) fn level_names(&self, hazard: &HazardId) -> String {
        let levels = self.case.rules.catalogue.get(hazard).map_or(&[][..], Hazard::levels);
        let names: Vec<String> = levels
            .iter()
            .map(|level| format!("{} ({})", level.id, level.title.get(self.lang)))
            .collect();
        list(names.iter().map(String::as_str))
    }
}
