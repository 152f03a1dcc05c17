//! PURE. The deliberate act: from an answered challenge to a transition. And expiry, which needs none.

use super::{
    Office, Talk, Want,
    preview::{concerns, particulars, subject},
};
use crate::{
    bot::{
        Rules,
        buttons::Touch,
        grammar::Mistake,
        phrases::{self, Phrase, letters::number},
    },
    domain::{
        alert::{self, Actor, Alert, Change, Current, Transition},
        audience::Audience,
        bulletin,
        consent::{Act, Answer, Challenge, Confirmed, ConsentRefusal, Demand},
        ids::{ChatId, Code, HazardId},
        lang::Lang,
        letter::{Button, Class, Content, Message, NewLetter},
        operator::{Authorised, Operator, Role},
        region::Area,
        time::Utc,
    },
    ports::store::{Asked, Cause, Deed, Effect, Entry},
};

impl Talk<'_> {
    pub(super) fn confirm(
        &mut self,
        confirmation: Result<(Code, Option<String>), Mistake>,
        sent: Utc,
    ) -> Result<(), Want> {
        if self.official("confirm").is_none() {
            return Ok(());
        }
        match confirmation {
            Ok((code, word)) => self.release(&code, word.as_deref(), Some(sent)),
            Err(mistake) => {
                self.mistake(&mistake, "confirm");
                Ok(())
            }
        }
    }

    /// Words without a command: an official's may be the word that releases.
    pub(super) fn words(&mut self, words: &str, sent: Utc) -> Result<(), Want> {
        let Some(operator) = self.operator else {
            self.small_talk(words);
            return Ok(());
        };
        let now = self.case.now;
        let waiting: Vec<&Challenge> = self
            .facts
            .asked_by(operator.user)?
            .iter()
            .filter(|one| one.expires_at() > now && matches!(one.demand(), Demand::Word(_)))
            .collect();
        match waiting.as_slice() {
            [] => self.small_talk(words),
            [one] => {
                let code = one.code().clone();
                return self.release(&code, Some(words), Some(sent));
            }
            several => {
                let codes: Vec<&str> = several.iter().map(|one| one.code().as_str()).collect();
                let codes = phrases::list(codes);
                self.refuse(&Phrase::SeveralOpen(&codes), "several-open", Vec::new());
            }
        }
        Ok(())
    }

    /// Answers a challenge. `sent` is the date of a typed answer; a press has none, and its
    /// challenge's expiry stands for it.
    pub(super) fn release(
        &mut self,
        code: &Code,
        word: Option<&str>,
        sent: Option<Utc>,
    ) -> Result<(), Want> {
        let Some(operator) = self.official("release") else { return Ok(()) };
        let Some(challenge) = self.open_one(code)? else { return Ok(()) };
        let raises = matches!(challenge.act(), Act::Raise(_) | Act::Change { .. });
        if raises && sent.is_some_and(|sent| self.late(sent, "confirm")) {
            return Ok(());
        }
        if self.case.now >= challenge.expires_at() {
            self.consent_refused(&ConsentRefusal::Expired, challenge.act());
            return Ok(());
        }
        let current = match subject(challenge.act()) {
            Some(alert) => self.facts.current(alert)?,
            None => None,
        };
        let Some((hazard, area)) = concerns(challenge.act(), current.as_ref().map(Current::alert))
        else {
            if let Some(alert) = subject(challenge.act()) {
                self.not_active(alert, particulars(challenge.act()))?;
            }
            return Ok(());
        };
        let Some((issuer, releaser)) = self.proofs(&challenge, operator, (&hazard, &area)) else {
            return Ok(());
        };
        let act = challenge.act().clone();
        let answer = word.map_or(Answer::Press, Answer::Word);
        let concerns = (&hazard, &area);
        match challenge.answer(answer, &issuer, &releaser, concerns, self.case.now) {
            Ok(confirmed) => self.carry_out(confirmed, code, current, &act, (&issuer, &releaser)),
            Err(refusal) => {
                self.consent_refused(&refusal, &act);
                Ok(())
            }
        }
    }

    /// The challenge, if it waits; otherwise says what became of it.
    fn open_one(&mut self, code: &Code) -> Result<Option<Challenge>, Want> {
        let (at, by, alert) = match self.facts.asked(code)? {
            Some(Asked::Open(challenge)) => return Ok(Some(challenge.clone())),
            Some(Asked::Answered { alert, at, by }) => (*at, by.clone(), *alert),
            Some(Asked::CalledOff) => {
                self.finish(&Phrase::WasCalledOff);
                return Ok(None);
            }
            None => {
                self.refuse(&Phrase::NoSuchCode, "no-such-code", Vec::new());
                return Ok(None);
            }
        };
        let turn = self.facts.turn(alert)?;
        let raised = turn.is_some_and(|turn| turn.alert.raised_at() == at);
        let zone = turn.map_or(chrono_tz::UTC, |turn| self.zone(turn.alert.area()));
        let at = bulletin::when(at, zone);
        let by = actor(&by);
        let number = alert.to_string();
        self.finish(&if raised {
            Phrase::AlreadyRaised { number: &number, at: &at, by }
        } else {
            Phrase::AlreadyDone { number: &number, at: &at, by }
        });
        Ok(None)
    }

    /// Proofs, made anew, that the issuer still may and that whoever answers may.
    fn proofs(
        &mut self,
        challenge: &Challenge,
        by: &Operator,
        concerns: (&HazardId, &Area),
    ) -> Option<(Authorised, Authorised)> {
        let rules = self.case.rules;
        let prove =
            |user, role| rules.roster.authorise(user, role, concerns.0, concerns.1, &rules.forest);
        let second = *challenge.demand() == Demand::SecondPerson;
        if second && by.person == challenge.person() {
            self.consent_refused(&ConsentRefusal::NeedsSecondPerson, challenge.act());
            return None;
        }
        if !second && by.user != challenge.issuer() {
            self.consent_refused(&ConsentRefusal::NotIssuer, challenge.act());
            return None;
        }
        let role = if second { Role::Approver } else { Role::Issuer };
        let releaser = match prove(by.user, role) {
            Ok(proof) => proof,
            Err(refusal) => {
                let about = particulars(challenge.act());
                self.mandate_refused(&refusal, role, concerns, about);
                return None;
            }
        };
        if let Ok(issuer) = prove(challenge.issuer(), Role::Issuer) {
            return Some((issuer, releaser));
        }
        let name = rules.roster.get(challenge.issuer()).map_or("—", |one| one.name.as_str());
        let about = particulars(challenge.act());
        self.refuse(&Phrase::IssuerMayNot(name), "issuer-mandate", about);
        None
    }

    fn carry_out(
        &mut self,
        confirmed: Confirmed,
        code: &Code,
        current: Option<Current>,
        act: &Act,
        (issuer, releaser): (&Authorised, &Authorised),
    ) -> Result<(), Want> {
        let forest = &self.case.rules.forest;
        let next = self.facts.next()?;
        let transition = match alert::decide(confirmed, current, next, forest) {
            Ok(transition) => transition,
            Err(refusal) => {
                self.alert_refused(&refusal, act);
                return Ok(());
            }
        };
        let (issuer, releaser) = (issuer.operator(), releaser.operator());
        let approved = (issuer.user != releaser.user).then_some(releaser.name.as_str());
        let mut kept = vec![
            ("alert", transition.alert.id().to_string()),
            ("revision", transition.alert.revision().0.to_string()),
            ("code", code.to_string()),
            ("issuer", issuer.user.0.to_string()),
            ("releaser", releaser.user.0.to_string()),
        ];
        kept.extend(particulars(act).into_iter().filter(|(name, _)| *name != "alert"));
        self.journal(done(&transition.change), kept);
        let told = self.released(&transition, issuer, approved, self.lang);
        self.toast_text(&told);
        self.show(Message::plain(told));
        if approved.is_some() {
            let told = self.released(&transition, issuer, approved, issuer.lang);
            self.write_to(issuer, Message::plain(told));
        }
        let bot = self.bot();
        let mut watchers = vec![(bot, issuer.user.chat(), issuer.lang)];
        if approved.is_some() {
            watchers.push((bot, releaser.user.chat(), releaser.lang));
        }
        self.deed.effects.push(Effect::Turned {
            audience: Audience::of(&transition, forest),
            transition: Box::new(transition),
            bots: self.case.office.bots.clone(),
            code: Some(code.clone()),
            watchers,
        });
        Ok(())
    }

    fn released(
        &self,
        transition: &Transition,
        issuer: &Operator,
        approved: Option<&str>,
        lang: Lang,
    ) -> String {
        let alert = &transition.alert;
        let at = bulletin::when(transition.at, self.zone(alert.area()));
        let number = number(alert.id(), alert.revision().0);
        let (change, by) = (&transition.change, issuer.name.as_str());
        phrases::say(lang, &Phrase::Released { change, number: &number, at: &at, by, approved })
    }

    fn consent_refused(&mut self, refusal: &ConsentRefusal, act: &Act) {
        let reason = match refusal {
            ConsentRefusal::Expired => "expired",
            ConsentRefusal::WrongWord => "wrong-word",
            ConsentRefusal::NeedsWord(_) => "needs-word",
            ConsentRefusal::NeedsSecondPerson => "needs-second-person",
            ConsentRefusal::NotIssuer => "not-issuer",
            ConsentRefusal::Mandate => "mandate",
        };
        self.refuse(&Phrase::Consent(refusal), reason, particulars(act));
    }

    /// Says how it ended, in place of the question.
    pub(super) fn finish(&mut self, phrase: &Phrase<'_>) {
        let text = self.say(phrase);
        self.toast_text(&text);
        self.show(Message::plain(text));
    }

    pub(super) fn cancel_typed(&mut self, code: Result<Code, Mistake>) -> Result<(), Want> {
        if self.official("cancel").is_none() {
            return Ok(());
        }
        match code {
            Ok(code) => self.cancel(&code),
            Err(mistake) => {
                self.mistake(&mistake, "cancel");
                Ok(())
            }
        }
    }

    /// Calls a challenge off: the issuer's right, and that of whoever could approve it.
    pub(super) fn cancel(&mut self, code: &Code) -> Result<(), Want> {
        let Some(operator) = self.official("cancel") else { return Ok(()) };
        let Some(challenge) = self.open_one(code)? else { return Ok(()) };
        let own = operator.user == challenge.issuer();
        if !own && !self.may_reject(&challenge, operator)? {
            let about = particulars(challenge.act());
            self.refuse(&Phrase::NotYourChallenge, "not-issuer", about);
            return Ok(());
        }
        let mut kept = particulars(challenge.act());
        kept.insert(0, ("code", code.to_string()));
        self.journal(if own { "cancelled" } else { "rejected" }, kept);
        self.deed.effects.push(Effect::CalledOff(code.clone()));
        let phrase =
            if own { Phrase::Cancelled(&operator.name) } else { Phrase::Rejected(&operator.name) };
        self.finish(&phrase);
        let issuer = self.case.rules.roster.get(challenge.issuer()).filter(|_| !own);
        if let Some(issuer) = issuer {
            self.write_to(issuer, Message::plain(phrases::say(issuer.lang, &phrase)));
        }
        Ok(())
    }

    fn may_reject(&self, challenge: &Challenge, by: &Operator) -> Result<bool, Want> {
        if *challenge.demand() != Demand::SecondPerson {
            return Ok(false);
        }
        let current = match subject(challenge.act()) {
            Some(alert) => self.facts.current(alert)?,
            None => None,
        };
        let rules = self.case.rules;
        let current = current.as_ref().map(Current::alert);
        Ok(concerns(challenge.act(), current).is_some_and(|(hazard, area)| {
            let role = Role::Approver;
            rules.roster.authorise(by.user, role, &hazard, &area, &rules.forest).is_ok()
        }))
    }
}

pub(super) fn actor(by: &Actor) -> &str {
    match by {
        Actor::Operator { name, .. } => name,
        Actor::Clock => "—",
    }
}

/// The journal's word for a change.
fn done(change: &Change) -> &'static str {
    match change {
        Change::Raised => "raised",
        Change::Updated => "updated",
        Change::SteppedUp => "stepped-up",
        Change::SteppedDown => "stepped-down",
        Change::EndedPartly(_) => "ended-partly",
        Change::Ended => "ended",
        Change::Expired => "expired",
        Change::Withdrawn => "withdrawn",
    }
}

/// The deed of an alert whose announced time is over; `None` if it is not. Whoever raised it is told,
/// because the state is unknown until an official acts.
#[must_use]
pub fn expiry(alert: &Alert, rules: &Rules, office: &Office, now: Utc) -> Option<Deed> {
    let transition = alert.clone().expire(now, &rules.forest).ok()?;
    let mut deed = Deed::new(Cause::Clock, now);
    deed.journal.push(Entry {
        who: None,
        what: "expired",
        particulars: vec![
            ("alert", alert.id().to_string()),
            ("revision", transition.alert.revision().0.to_string()),
        ],
    });
    let raiser = match alert.raised_by() {
        Actor::Operator { user, .. } => rules.roster.get(*user),
        Actor::Clock => None,
    };
    let mut watchers: Vec<(crate::domain::ids::BotId, ChatId, Lang)> = Vec::new();
    if let Some(raiser) = raiser {
        let number = number(alert.id(), alert.revision().0);
        let text = phrases::say(raiser.lang, &Phrase::TimeIsOver(&number));
        let label = phrases::say(raiser.lang, &Phrase::LabelEnd(&number));
        let button = Button::new(label, Touch::End(alert.id()).to_string());
        let message = Message { buttons: vec![vec![button]], ..Message::plain(text) };
        watchers.push((office.bot, raiser.user.chat(), raiser.lang));
        deed.letters.push(NewLetter {
            bot: office.bot,
            chat: raiser.user.chat(),
            lang: raiser.lang,
            class: Class::Official,
            content: Content::Plain { message, edits: None },
            not_after: None,
        });
    }
    deed.effects.push(Effect::Turned {
        audience: Audience::of(&transition, &rules.forest),
        transition: Box::new(transition),
        bots: office.bots.clone(),
        code: None,
        watchers,
    });
    Some(deed)
}
