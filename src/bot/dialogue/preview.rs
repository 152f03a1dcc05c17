//! PURE. Opening a challenge: what would be said, to how many, how long it takes, and what is asked.

use chrono_tz::Tz;

use super::{Case, Talk, Want};
use crate::{
    bot::{
        buttons::Touch,
        phrases::{
            self, Asked, Phrase,
            letters::{TEXT_MAX, fit},
            list,
        },
    },
    domain::{
        alert::{Actor, Alert, AlertRefusal, Current, Draft, Status},
        audience::{Audience, Variant},
        bulletin,
        consent::{Act, Challenge, Demand},
        ids::{AlertId, BotId, Code, HazardId, RegionId},
        lang::Lang,
        letter::{Button, Message},
        operator::{Authorised, MandateRefusal, Operator, Role},
        preview::Preview,
        region::Area,
        report::{Outlook, Pace},
    },
    ports::store::{Effect, Spent},
};

/// Most challenges that one official may leave open: each is a loaded alert.
pub(super) const OPEN_MAX: usize = 8;

/// Tenths in a Star.
const TENTHS: u64 = 10;

/// How often a code is drawn before we give up: with 32⁵ codes the second draw is a rarity.
const DRAWS_MAX: u64 = 8;

/// The alert an act is about.
pub(super) fn subject(act: &Act) -> Option<AlertId> {
    match act {
        Act::Raise(_) => None,
        Act::Change { alert, .. } | Act::End { alert, .. } | Act::Withdraw { alert, .. } => {
            Some(*alert)
        }
    }
}

/// The hazard and area a mandate has to cover for this act; `None` if its alert is no more.
pub(super) fn concerns(act: &Act, current: Option<&Alert>) -> Option<(HazardId, Area)> {
    let of_draft = |draft: &Draft| (draft.hazard().clone(), draft.area().clone());
    match act {
        Act::Raise(draft) | Act::Change { to: draft, .. } => Some(of_draft(draft)),
        Act::End { parts, .. } => {
            let current = current?.draft();
            let area = Area::of(parts.iter().cloned()).unwrap_or_else(|| current.area().clone());
            Some((current.hazard().clone(), area))
        }
        Act::Withdraw { .. } => current.map(|current| of_draft(current.draft())),
    }
}

/// What is asked to be released.
fn asked(act: &Act) -> Asked {
    match act {
        Act::Raise(draft) => Asked::Raise(draft.status()),
        Act::Change { to, .. } => Asked::Change(to.status()),
        Act::End { .. } => Asked::End,
        Act::Withdraw { .. } => Asked::Withdraw,
    }
}

/// What the journal keeps of an act.
pub(super) fn particulars(act: &Act) -> Vec<(&'static str, String)> {
    let ids = |ids: &mut dyn Iterator<Item = &RegionId>| {
        ids.map(RegionId::as_str).collect::<Vec<_>>().join(",")
    };
    let drafted = |draft: &Draft| {
        let status = match draft.status() {
            Status::Actual => "actual",
            Status::Exercise => "exercise",
        };
        let mut list = vec![
            ("status", status.to_owned()),
            ("hazard", draft.hazard().to_string()),
            ("level", draft.level().to_string()),
            ("area", ids(&mut draft.area().regions())),
        ];
        list.extend(draft.lasts().map(|lasts| ("minutes", (lasts.as_secs() / 60).to_string())));
        list
    };
    let mut list = vec![("act", word(act).to_owned())];
    list.extend(subject(act).map(|alert| ("alert", alert.to_string())));
    match act {
        Act::Raise(draft) | Act::Change { to: draft, .. } => list.extend(drafted(draft)),
        Act::End { parts, .. } if !parts.is_empty() => {
            list.push(("area", ids(&mut parts.iter())));
        }
        Act::End { .. } | Act::Withdraw { .. } => {}
    }
    list
}

fn word(act: &Act) -> &'static str {
    match act {
        Act::Raise(_) => "raise",
        Act::Change { .. } => "change",
        Act::End { .. } => "end",
        Act::Withdraw { .. } => "withdraw",
    }
}

/// What an official is shown.
struct Sheet<'a> {
    challenge: &'a Challenge,
    preview: Preview,
    place: RegionId,
    /// Whom it reaches; `None` where the delivery log decides.
    outlook: Option<Outlook>,
}

impl Talk<'_> {
    /// Opens the challenge for an act, if the official may, and shows what it would do.
    pub(super) fn propose(&mut self, act: Act) -> Result<(), Want> {
        let Some(operator) = self.operator else { return Ok(()) };
        let current = match subject(&act) {
            Some(alert) => self.facts.current(alert)?,
            None => None,
        };
        let Some((hazard, area)) = concerns(&act, current.as_ref().map(Current::alert)) else {
            return Ok(());
        };
        let rules = self.case.rules;
        let forest = &rules.forest;
        let proof =
            match rules.roster.authorise(operator.user, Role::Issuer, &hazard, &area, forest) {
                Ok(proof) => proof,
                Err(refusal) => {
                    self.mandate_refused(
                        &refusal,
                        Role::Issuer,
                        (&hazard, &area),
                        particulars(&act),
                    );
                    return Ok(());
                }
            };
        let now = self.case.now;
        let open = self.facts.asked_by(operator.user)?;
        if open.iter().filter(|one| one.expires_at() > now).count() >= OPEN_MAX {
            self.refuse(&Phrase::TooManyOpen(OPEN_MAX), "too-many-open", particulars(&act));
            return Ok(());
        }
        let by = Actor::Operator { user: operator.user, name: operator.name.clone() };
        let next = self.facts.next()?;
        let preview = match Preview::of(&act, (by, now), current.as_ref(), next, forest) {
            Ok(preview) => preview,
            Err(refusal) => {
                self.alert_refused(&refusal, &act);
                return Ok(());
            }
        };
        let Some(code) = self.draw()? else {
            self.answer(&Phrase::Busy);
            return Ok(());
        };
        let challenge = self.challenge(code, act, &proof);
        self.open_challenge(challenge, preview, (&hazard, &area), operator)
    }

    fn challenge(&self, code: Code, act: Act, proof: &Authorised) -> Challenge {
        let (now, forest) = (self.case.now, &self.case.rules.forest);
        match act {
            Act::Raise(draft) => Challenge::raise(code, draft, proof, now, forest),
            Act::Change { alert, revision, to } => {
                Challenge::change(code, (alert, revision), to, proof, now, forest)
            }
            Act::End { alert, revision, parts } => {
                Challenge::end(code, (alert, revision), parts, proof, now)
            }
            Act::Withdraw { alert, revision } => {
                Challenge::withdraw(code, (alert, revision), proof, now)
            }
        }
    }

    /// A code that is not in use.
    fn draw(&self) -> Result<Option<Code>, Want> {
        for n in 0..DRAWS_MAX {
            let code = Code::draw(self.case.chance.rotate_left(7 * u32::try_from(n).unwrap_or(0)));
            if self.facts.asked(&code)?.is_none() {
                return Ok(Some(code));
            }
        }
        Ok(None)
    }

    fn open_challenge(
        &mut self,
        challenge: Challenge,
        preview: Preview,
        (hazard, area): (&HazardId, &Area),
        issuer: &Operator,
    ) -> Result<(), Want> {
        let rules = self.case.rules;
        let forest = &rules.forest;
        let but = Some(issuer.person.as_str());
        let approvers: Vec<&Operator> = match challenge.demand() {
            Demand::SecondPerson => rules.roster.who_may(Role::Approver, hazard, area, forest, but),
            Demand::Word(_) | Demand::Press => Vec::new(),
        };
        if approvers.is_empty() && *challenge.demand() == Demand::SecondPerson {
            self.refuse(&Phrase::NoApprover, "no-approver", particulars(challenge.act()));
            return Ok(());
        }
        let Some(place) = area.regions().next().cloned() else { return Ok(()) };
        let outlook = match challenge.act() {
            Act::Raise(draft) | Act::Change { to: draft, .. } => {
                Some(self.outlook(draft, subject(challenge.act()), &preview)?)
            }
            Act::End { .. } | Act::Withdraw { .. } => None,
        };
        let sheet = Sheet { challenge: &challenge, preview, place, outlook };
        let chars = self.longest(&sheet)?;
        if chars > TEXT_MAX {
            let phrase = Phrase::TextTooLong { chars, most: TEXT_MAX };
            self.refuse(&phrase, "too-long", particulars(challenge.act()));
            return Ok(());
        }
        self.show_sheet(&sheet, issuer, &approvers)?;
        let mut kept = particulars(challenge.act());
        kept.insert(0, ("code", challenge.code().to_string()));
        self.journal("challenged", kept);
        self.deed.effects.push(Effect::Challenged(Box::new(challenge)));
        Ok(())
    }

    /// Whom it reaches through all bots, how soon, and for how much.
    fn outlook(
        &self,
        draft: &Draft,
        alert: Option<AlertId>,
        preview: &Preview,
    ) -> Result<Outlook, Want> {
        let Case { rules, office, now, .. } = self.case;
        let exercise = draft.status() == Status::Exercise;
        let audience = Audience::covering(draft.area(), exercise, &rules.forest);
        // An edit can't be paid for.
        let paid = draft.paid() && !exercise && !preview.edits();
        let pace = |bot: &BotId, spent: &Spent| {
            let tariff = office.tariffs.get(bot).copied().unwrap_or_default();
            let on_it = alert.and_then(|alert| spent.alerts.get(&alert)).copied().unwrap_or(0);
            let left = |stars: u64, spent| stars.saturating_mul(TENTHS).saturating_sub(spent);
            Pace {
                free: tariff.rate,
                paid: if paid { tariff.paid_rate } else { 0 },
                most: left(tariff.per_alert, on_it).min(left(tariff.per_day, spent.on_day(now))),
            }
        };
        let bots = self.facts.reach(&audience)?;
        Ok(Outlook::new(bots.iter().map(|(bot, reach, spent)| (*reach, pace(bot, spent)))))
    }

    /// The characters of the longest text residents would get, among all languages.
    fn longest(&self, sheet: &Sheet<'_>) -> Result<usize, Want> {
        let mut longest = 0;
        for lang in Lang::ALL {
            longest = longest.max(self.text(sheet, lang)?.chars().count());
        }
        Ok(longest)
    }

    fn text(&self, sheet: &Sheet<'_>, lang: Lang) -> Result<String, Want> {
        let variant = Variant { lang, place: sheet.place.clone() };
        let board = self.facts.board()?;
        Ok(sheet.preview.bulletin(board, &variant, &self.case.rules.forest).text)
    }

    fn show_sheet(
        &mut self,
        sheet: &Sheet<'_>,
        issuer: &Operator,
        approvers: &[&Operator],
    ) -> Result<(), Want> {
        let code = sheet.challenge.code().clone();
        let kind = asked(sheet.challenge.act());
        let zone = self.case.rules.forest.get(&sheet.place).map_or(Tz::UTC, |place| place.zone);
        let until = bulletin::when(sheet.challenge.expires_at(), zone);
        let names = list(approvers.iter().map(|one| one.name.as_str()));
        let ask = match sheet.challenge.demand() {
            Demand::Word(words) => {
                Phrase::AskWord { words: &words.join(" / "), code: code.as_str(), until: &until }
                    .in_lang(issuer.lang)
            }
            Demand::SecondPerson => {
                Phrase::AskSecond { who: &names, code: code.as_str(), until: &until }
                    .in_lang(issuer.lang)
            }
            Demand::Press => {
                Phrase::AskPress { code: code.as_str(), until: &until }.in_lang(issuer.lang)
            }
        };
        let button = |lang: Lang, label: &Phrase<'_>, touch: Touch| {
            Button::new(phrases::say(lang, label), touch.to_string())
        };
        let mut row = Vec::new();
        if *sheet.challenge.demand() == Demand::Press {
            row.push(button(issuer.lang, &Phrase::LabelRelease(&kind), Touch::Yes(code.clone())));
        }
        row.push(button(issuer.lang, &Phrase::LabelCancel, Touch::No(code.clone())));
        self.sheet_to(sheet, issuer, &ask, row)?;
        for approver in approvers {
            let ask =
                Phrase::ApproveThis { issuer: &issuer.name, code: code.as_str(), until: &until }
                    .in_lang(approver.lang);
            let row = vec![
                button(approver.lang, &Phrase::LabelApprove, Touch::Yes(code.clone())),
                button(approver.lang, &Phrase::LabelReject, Touch::No(code.clone())),
            ];
            self.sheet_to(sheet, approver, &ask, row)?;
        }
        Ok(())
    }

    /// The other languages' texts first, so that the question and its buttons are the last thing
    /// the official sees.
    fn sheet_to(
        &mut self,
        sheet: &Sheet<'_>,
        to: &Operator,
        ask: &str,
        row: Vec<Button>,
    ) -> Result<(), Want> {
        let lang = to.lang;
        let mut others = Vec::new();
        for other in Lang::ALL.into_iter().filter(|other| *other != lang) {
            others.push(format!("{}:\n{}", other.endonym(), self.text(sheet, other)?));
        }
        let head = Phrase::PreviewOther.in_lang(lang);
        let together = format!("{head}\n\n{}", others.join("\n\n"));
        if together.chars().count() <= TEXT_MAX {
            others = vec![together];
        }
        for text in others {
            self.write_to(to, Message { silent: true, ..Message::plain(fit(&text)) });
        }
        let text = self.text(sheet, lang)?;
        let (before, after) = self.around(sheet, lang, ask)?;
        let whole = format!("{before}\n\n{text}\n\n{after}");
        let main = if whole.chars().count() <= TEXT_MAX {
            whole
        } else {
            self.write_to(to, Message { silent: true, ..Message::plain(text) });
            fit(&format!("{before}\n\n{after}"))
        };
        self.write_to(to, Message { text: main, buttons: vec![row], silent: false });
        Ok(())
    }

    fn around(&self, sheet: &Sheet<'_>, lang: Lang, ask: &str) -> Result<(String, String), Want> {
        let forest = &self.case.rules.forest;
        let board = self.facts.board()?;
        let kind = asked(sheet.challenge.act());
        let place = forest.name(&sheet.place, lang);
        let before = format!(
            "{}\n\n{}",
            Phrase::PreviewHead(&kind).in_lang(lang),
            Phrase::PreviewText(place).in_lang(lang)
        );
        let variant = Variant { lang, place: sheet.place.clone() };
        let reach = match &sheet.outlook {
            Some(outlook) => Phrase::PreviewReach(outlook).in_lang(lang),
            None => Phrase::PreviewReaders.in_lang(lang),
        };
        let (title, state) = match kind {
            Asked::Raise(_) | Asked::Change(_) => {
                (Phrase::PreviewNow, bulletin::standing(&variant, board, forest).0)
            }
            Asked::End | Asked::Withdraw => {
                (Phrase::PreviewAfter, sheet.preview.standing(board, &variant, forest))
            }
        };
        let after = format!("{reach}\n\n{}\n{state}\n\n{ask}", title.in_lang(lang));
        Ok((before, after))
    }

    pub(super) fn mandate_refused(
        &mut self,
        refusal: &MandateRefusal,
        role: Role,
        (hazard, area): (&HazardId, &Area),
        about: Vec<(&'static str, String)>,
    ) {
        let rules = self.case.rules;
        let able = rules.roster.who_may(role, hazard, area, &rules.forest, None);
        self.mandate_is_missing(refusal, &able, about);
    }

    /// Says what is missing and who has it.
    pub(super) fn mandate_is_missing(
        &mut self,
        refusal: &MandateRefusal,
        able: &[&Operator],
        about: Vec<(&'static str, String)>,
    ) {
        let (name, reason) = match refusal {
            MandateRefusal::Area(region) => {
                (self.case.rules.forest.name(region, self.lang).to_owned(), "area")
            }
            MandateRefusal::Hazard(hazard) => (self.hazard_name(hazard), "hazard"),
            MandateRefusal::Stranger => (String::new(), "stranger"),
            MandateRefusal::Role(_) => (String::new(), "role"),
        };
        let who = list(able.iter().map(|one| one.name.as_str()));
        let phrase = Phrase::Mandate { refusal, name: &name, who: &who };
        self.refuse(&phrase, reason, about);
    }

    pub(super) fn alert_refused(&mut self, refusal: &AlertRefusal, act: &Act) {
        let rules = self.case.rules;
        let (name, reason) = match refusal {
            AlertRefusal::NotThere(region) => (rules.forest.name(region, self.lang), "not-there"),
            AlertRefusal::NotActive(_) => ("", "not-active"),
            AlertRefusal::OnlyWhole(_) => ("", "only-whole"),
            AlertRefusal::Changed(_) => ("", "changed"),
            AlertRefusal::Otherwise => ("", "otherwise"),
            AlertRefusal::Same => ("", "same"),
        };
        self.refuse(&Phrase::Alert { refusal, name }, reason, particulars(act));
    }
}

impl Phrase<'_> {
    fn in_lang(&self, lang: Lang) -> String {
        phrases::say(lang, self)
    }
}
