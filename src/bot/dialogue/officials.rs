//! PURE. Officials: from a command to a challenge. Nothing here makes anything true but the challenge.

use std::time::Duration;

use chrono_tz::Tz;

use super::{Talk, Want, release::actor};
use crate::{
    bot::{
        buttons::Touch,
        grammar::{self, Amendment, Mistake, Order},
        phrases::{Phrase, letters::number, list},
    },
    domain::{
        alert::{self, Alert, AlertRefusal, Change, Draft, DraftRefusal, Status, Transition},
        bulletin,
        consent::Act,
        ids::{AlertId, HazardId, LevelId, RegionId},
        letter::Message,
        operator::{MandateRefusal, Operator, Role},
        region::Area,
        time::Utc,
    },
    ports::store::Hold,
};

/// Most alerts one list shows.
const ACTIVE_SHOWN_MAX: usize = 20;

impl<'a> Talk<'a> {
    /// The official who speaks; anybody else is refused.
    pub(super) fn official(&mut self, what: &'static str) -> Option<&'a Operator> {
        if let Some(operator) = self.operator {
            return Some(operator);
        }
        let about = vec![("command", what.to_owned())];
        if self.user.is_some_and(|user| self.case.rules.roster.get(user).is_some()) {
            self.refuse(&Phrase::PrivateOnly, "group", about);
        } else {
            let refusal = MandateRefusal::Stranger;
            self.refuse(
                &Phrase::Mandate { refusal: &refusal, name: "", who: "" },
                "stranger",
                about,
            );
        }
        None
    }

    /// Whether a command that raises came too late; then it is answered.
    pub(super) fn late(&mut self, sent: Utc, what: &'static str) -> bool {
        let age = (self.case.now - sent).to_std().unwrap_or_default();
        if age <= self.case.office.late_after {
            return false;
        }
        self.refuse(&Phrase::Late(age.as_secs() / 60), "late", vec![("command", what.to_owned())]);
        true
    }

    pub(super) fn mistake(&mut self, mistake: &Mistake, what: &'static str) {
        let reason = match mistake {
            Mistake::Hazard(..) | Mistake::Hazards(..) | Mistake::NoHazard => "hazard",
            Mistake::Region(..) | Mistake::Regions(..) | Mistake::NoArea | Mistake::TooMany => {
                "area"
            }
            Mistake::Level(..) => "level",
            Mistake::Time(_) => "duration",
            Mistake::Number(_) => "number",
            Mistake::Code(_) => "code",
        };
        let particulars = vec![("reason", reason.to_owned()), ("command", what.to_owned())];
        self.journal("refused", particulars);
        self.mistaken(mistake);
    }

    pub(super) fn raise(
        &mut self,
        status: Status,
        order: Result<Order, Mistake>,
        sent: Utc,
    ) -> Result<(), Want> {
        if self.official("raise").is_none() || self.late(sent, "raise") {
            return Ok(());
        }
        let order = match order {
            Ok(order) => order,
            Err(mistake) => {
                self.mistake(&mistake, "raise");
                return Ok(());
            }
        };
        let Some(hazard) = order.hazard.clone() else {
            self.hazards_menu(status, 0);
            return Ok(());
        };
        if order.area.is_empty() {
            self.areas_menu(status, &hazard, None, 0);
            return Ok(());
        }
        self.draft(status, &hazard, order)
    }

    fn draft(&mut self, status: Status, hazard: &HazardId, order: Order) -> Result<(), Want> {
        let rules = self.case.rules;
        let (Some(hazard), Some(area)) =
            (rules.catalogue.get(hazard), Area::of(order.area.clone()))
        else {
            self.answer(&Phrase::ButtonOld);
            return Ok(());
        };
        let forest = &rules.forest;
        let Order { level, lasts, note, .. } = order;
        let bare = note.is_none() && order.area.len() == 1;
        match Draft::new(status, hazard, level.as_ref(), area, lasts, note, forest) {
            Ok(draft) => self.propose(Act::Raise(draft)),
            Err(DraftRefusal::NeedsEnd { .. }) if bare => {
                let top = hazard.levels().len().saturating_sub(1);
                let step = level.and_then(|level| hazard.step(&level)).unwrap_or(top);
                if let Some(region) = order.area.first() {
                    self.times_menu(status, hazard, region, u8::try_from(step).unwrap_or(0));
                }
                Ok(())
            }
            Err(refusal) => {
                self.draft_refused(&refusal, &hazard.id);
                Ok(())
            }
        }
    }

    fn draft_refused(&mut self, refusal: &DraftRefusal, hazard: &HazardId) {
        let reason = match refusal {
            DraftRefusal::Level(_) => "level",
            DraftRefusal::NeedsEnd { .. }
            | DraftRefusal::TooLong { .. }
            | DraftRefusal::TooShort => "duration",
            DraftRefusal::Note { .. } => "note",
        };
        self.refuse(&Phrase::Draft(refusal), reason, vec![("hazard", hazard.to_string())]);
    }

    pub(super) fn update(
        &mut self,
        amendment: Result<Amendment, Mistake>,
        sent: Utc,
    ) -> Result<(), Want> {
        if self.official("update").is_none() || self.late(sent, "update") {
            return Ok(());
        }
        let amendment = match amendment {
            Ok(amendment) => amendment,
            Err(mistake) => {
                self.mistake(&mistake, "update");
                return Ok(());
            }
        };
        let Some(id) = amendment.alert else { return self.active() };
        let Some(current) = self.find(id)? else { return Ok(()) };
        let Amendment { level, lasts, note, .. } = amendment;
        if level.is_none() && lasts.is_none() && note.is_none() {
            self.answer(&Phrase::NothingToChange);
            return Ok(());
        }
        match self.redraft(&current, level.as_deref(), lasts, note) {
            Ok(to) => self.propose(Act::Change { alert: id, revision: current.revision(), to }),
            Err(Some(refusal)) => {
                self.draft_refused(&refusal, current.draft().hazard());
                Ok(())
            }
            Err(None) => {
                let typed = grammar::clean(level.as_deref().unwrap_or_default());
                let mistake = Mistake::Level(typed, current.draft().hazard().clone());
                self.mistake(&mistake, "update");
                Ok(())
            }
        }
    }

    /// `Err(None)`: the words are no level of the hazard.
    fn redraft(
        &self,
        current: &Alert,
        level: Option<&str>,
        lasts: Option<Duration>,
        note: Option<String>,
    ) -> Result<Draft, Option<DraftRefusal>> {
        let rules = self.case.rules;
        let level: Option<LevelId> = match level {
            None => None,
            Some(typed) => {
                let hazard = rules.catalogue.get(current.draft().hazard()).ok_or(None)?;
                Some(grammar::level(hazard, typed).ok_or(None)?)
            }
        };
        // A change that says nothing of the end keeps the announced one.
        let lasts = lasts.or_else(|| {
            let until = current.expires_at()?;
            Some((until - self.case.now).to_std().unwrap_or_default())
        });
        alert::redraft(current, &rules.catalogue, level.as_ref(), lasts, note, &rules.forest)
            .map_err(Some)
    }

    pub(super) fn clear(
        &mut self,
        ending: Result<(Option<AlertId>, Vec<RegionId>), Mistake>,
    ) -> Result<(), Want> {
        if self.official("clear").is_none() {
            return Ok(());
        }
        match ending {
            Ok((Some(alert), parts)) => self.propose_end(alert, parts),
            Ok((None, _)) => self.alerts_menu(true),
            Err(mistake) => {
                self.mistake(&mistake, "clear");
                Ok(())
            }
        }
    }

    fn propose_end(&mut self, alert: AlertId, parts: Vec<RegionId>) -> Result<(), Want> {
        let Some(current) = self.facts.current(alert)? else {
            return self.not_active(alert, vec![("alert", alert.to_string())]);
        };
        self.propose(Act::End { alert, revision: current.alert().revision(), parts })
    }

    pub(super) fn withdraw(&mut self, alert: Result<Option<AlertId>, Mistake>) -> Result<(), Want> {
        if self.official("withdraw").is_none() {
            return Ok(());
        }
        match alert {
            Ok(Some(alert)) => self.propose_withdrawal(alert),
            Ok(None) => self.alerts_menu(false),
            Err(mistake) => {
                self.mistake(&mistake, "withdraw");
                Ok(())
            }
        }
    }

    fn propose_withdrawal(&mut self, alert: AlertId) -> Result<(), Want> {
        let Some(current) = self.find(alert)? else { return Ok(()) };
        self.propose(Act::Withdraw { alert, revision: current.revision() })
    }

    /// The active alert of this number; says so if there is none.
    fn find(&mut self, id: AlertId) -> Result<Option<Alert>, Want> {
        let found = self.facts.board()?.alert(id).cloned();
        if found.is_none() {
            self.not_active(id, vec![("alert", id.to_string())])?;
        }
        Ok(found)
    }

    /// Says that there is no active alert of this number; and where an official ended one, who did
    /// and when.
    pub(super) fn not_active(
        &mut self,
        id: AlertId,
        about: Vec<(&'static str, String)>,
    ) -> Result<(), Want> {
        let refusal = AlertRefusal::NotActive(id);
        if let Some(Transition {
            alert, change: Change::Ended | Change::Withdrawn, at, by, ..
        }) = self.facts.turn(id)?
        {
            let at = bulletin::when(*at, self.zone(alert.area()));
            let number = number(id, alert.revision().0);
            let phrase = Phrase::AlreadyOver { number: &number, at: &at, by: actor(by) };
            self.refuse(&phrase, "not-active", about);
        } else {
            let phrase = Phrase::Alert { refusal: &refusal, name: "" };
            self.refuse(&phrase, "not-active", about);
        }
        Ok(())
    }

    /// Every alert in force.
    pub(super) fn active(&mut self) -> Result<(), Want> {
        let board = self.facts.board()?;
        let mut lines = vec![self.say(&Phrase::ActiveNow)];
        let mut buttons = Vec::new();
        for alert in board.alerts().take(ACTIVE_SHOWN_MAX) {
            lines.push(self.line(alert));
            if self.may_issue(alert) && buttons.len() < ACTIVE_SHOWN_MAX / 2 {
                let number = number(alert.id(), alert.revision().0);
                buttons.push(vec![
                    self.button(&Phrase::LabelEnd(&number), &Touch::End(alert.id())),
                    self.button(&Phrase::LabelWithdraw(&number), &Touch::Withdraw(alert.id())),
                ]);
            }
        }
        if lines.len() == 1 {
            self.answer(&Phrase::NoneActive);
        } else {
            let text = crate::bot::phrases::letters::fit(&lines.join("\n"));
            self.show(Message { text, buttons, silent: false });
        }
        Ok(())
    }

    fn line(&self, alert: &Alert) -> String {
        let forest = &self.case.rules.forest;
        let zone = self.zone(alert.area());
        let until = alert.expires_at().map(|until| bulletin::when(until, zone));
        let places = list(alert.area().regions().map(|region| forest.name(region, self.lang)));
        let line = self.say(&Phrase::ActiveLine {
            number: &number(alert.id(), alert.revision().0),
            title: alert.draft().wording().title.get(self.lang),
            places: &places,
            since: &bulletin::when(alert.raised_at(), zone),
            until: until.as_deref(),
        });
        match alert.status() {
            Status::Actual => line,
            Status::Exercise => format!("{}. {line}", self.say(&Phrase::ExerciseMark)),
        }
    }

    pub(super) fn label(&self, alert: &Alert) -> String {
        let forest = &self.case.rules.forest;
        let place = alert.area().regions().next();
        let place = place.map_or("", |region| forest.name(region, self.lang));
        let number = number(alert.id(), alert.revision().0);
        format!("№ {number} {} · {place}", alert.draft().wording().title.get(self.lang))
    }

    pub(super) fn may_issue(&self, alert: &Alert) -> bool {
        let rules = self.case.rules;
        let hazard = alert.draft().hazard();
        self.user.is_some_and(|user| {
            let area = alert.area();
            rules.roster.authorise(user, Role::Issuer, hazard, area, &rules.forest).is_ok()
        })
    }

    /// The zone in which times about an area are shown.
    pub(super) fn zone(&self, area: &Area) -> Tz {
        let forest = &self.case.rules.forest;
        area.regions().find_map(|region| forest.get(region)).map_or(Tz::UTC, |region| region.zone)
    }

    pub(super) fn touched_by_official(&mut self, touch: Touch) -> Result<(), Want> {
        if self.official("press").is_none() {
            return Ok(());
        }
        let rules = self.case.rules;
        match touch {
            Touch::Hazards(status, page) => self.hazards_menu(status, page),
            Touch::Areas(status, hazard, within, page) => {
                self.areas_menu(status, &hazard, within.as_ref(), page);
            }
            Touch::Levels(status, hazard, region) => match rules.catalogue.get(&hazard) {
                Some(hazard) => self.levels_menu(status, hazard, &region),
                None => self.answer(&Phrase::ButtonOld),
            },
            Touch::Times(status, hazard, region, step) => match rules.catalogue.get(&hazard) {
                Some(hazard) => self.times_menu(status, hazard, &region, step),
                None => self.answer(&Phrase::ButtonOld),
            },
            Touch::Drafted(status, hazard, region, step, minutes) => {
                return self.drafted(status, &hazard, region, (step, minutes));
            }
            Touch::End(alert) => return self.propose_end(alert, Vec::new()),
            Touch::Withdraw(alert) => return self.propose_withdrawal(alert),
            Touch::Report(alert) => return self.report(Ok(Some((alert, None)))),
            Touch::Pause(alert) => return self.hold_one(alert, Some(Hold::Paused)),
            Touch::Resume(alert) => return self.hold_one(alert, None),
            Touch::Halt(alert) => return self.hold_one(alert, Some(Hold::Halted)),
            Touch::HaltNow(alert, through) => return self.halt(alert, through),
            Touch::Spare => self.finish(&Phrase::Spared),
            Touch::Yes(_)
            | Touch::No(_)
            | Touch::Browse(..)
            | Touch::Join(_)
            | Touch::Drop(_)
            | Touch::Mine
            | Touch::Speak(_)
            | Touch::Leave
            | Touch::Stay => {}
        }
        Ok(())
    }

    fn drafted(
        &mut self,
        status: Status,
        hazard: &HazardId,
        region: RegionId,
        (step, minutes): (u8, u16),
    ) -> Result<(), Want> {
        let rules = self.case.rules;
        let level = rules
            .catalogue
            .get(hazard)
            .and_then(|hazard| hazard.levels().get(usize::from(step)))
            .map(|level| level.id.clone());
        if level.is_none() || rules.forest.get(&region).is_none() {
            self.answer(&Phrase::ButtonOld);
            return Ok(());
        }
        let lasts = (minutes > 0).then(|| Duration::from_secs(u64::from(minutes) * 60));
        let hazard_id = Some(hazard.clone());
        self.draft(
            status,
            hazard,
            Order { hazard: hazard_id, area: vec![region], level, lasts, note: None },
        )
    }
}
