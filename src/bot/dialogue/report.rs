//! PURE. Officials who ask how an alert reached people.

use std::collections::BTreeSet;

use super::{ANSWER_LIFE, Talk, Want};
use crate::{
    bot::{
        buttons::Touch,
        grammar::Mistake,
        phrases::{Phrase, letters::number, report},
    },
    domain::{
        alert::{Alert, Transition},
        ids::{AlertId, Revision},
        letter::{Button, Class, Content, Message, NewLetter},
        operator::MandateRefusal,
        report::TransitionFigures,
    },
};

/// The latest alerts that `/report` alone offers: each is a fact to be read.
const OFFERED_MAX: i64 = 8;
/// Most numbers that are suggested for one that is none.
const MEANT_MAX: usize = 3;

impl Talk<'_> {
    /// The report on an alert, or on one state of it: words, and the picture of its curve.
    pub(super) fn report(
        &mut self,
        state: Result<Option<(AlertId, Option<Revision>)>, Mistake>,
    ) -> Result<(), Want> {
        if self.official("report").is_none() {
            return Ok(());
        }
        match state {
            Ok(Some((alert, revision))) => self.report_on(alert, revision),
            Ok(None) => self.reports_menu(),
            Err(mistake) => {
                self.mistake(&mistake, "report");
                Ok(())
            }
        }
    }

    fn report_on(&mut self, id: AlertId, revision: Option<Revision>) -> Result<(), Want> {
        let reaches = TransitionFigures::by_transition(self.facts.figures(id)?.to_vec());
        let Some(first) = reaches.first() else { return self.no_such_alert(id, None) };
        if let Err(refusal) = self.may_read(&first.transition.alert) {
            self.report_refused(&refusal, &first.transition);
            return Ok(());
        }
        let (told, drawn) = match revision {
            None => (reaches.as_slice(), first.transition.alert.revision()),
            Some(revision) => {
                let is_it = |one: &TransitionFigures| one.transition.alert.revision() == revision;
                match reaches.iter().position(is_it).and_then(|at| reaches.get(at..=at)) {
                    Some(one) => (one, revision),
                    None => return self.no_such_alert(id, Some((revision, &reaches))),
                }
            }
        };
        for words in report::words(told, &self.case.rules.forest, self.lang) {
            self.send(Message::plain(words), None);
        }
        self.deed.letters.push(NewLetter {
            bot: self.bot(),
            chat: self.chat,
            lang: self.lang,
            class: Class::Official,
            content: Content::Picture { alert: id, revision: drawn },
            not_after: Some(self.case.now + ANSWER_LIFE),
        });
        Ok(())
    }

    fn may_read(&self, alert: &Alert) -> Result<(), MandateRefusal> {
        let user = self.user.ok_or(MandateRefusal::Stranger)?;
        let rules = self.case.rules;
        rules.roster.may_read(user, alert.draft().hazard(), alert.area(), &rules.forest)
    }

    fn report_refused(&mut self, refusal: &MandateRefusal, of: &Transition) {
        let rules = self.case.rules;
        let (hazard, area) = (of.alert.draft().hazard(), of.alert.area());
        let able = rules.roster.readers(hazard, area, &rules.forest);
        let about = vec![("command", "report".to_owned()), ("alert", of.alert.id().to_string())];
        self.mandate_is_missing(refusal, &able, about);
    }

    /// Says so, and which numbers are like it.
    fn no_such_alert(
        &mut self,
        id: AlertId,
        of: Option<(Revision, &[TransitionFigures])>,
    ) -> Result<(), Want> {
        let (typed, meant) = match of {
            Some((revision, reaches)) => {
                let last =
                    reaches.last().map_or(Revision::FIRST, |one| one.transition.alert.revision());
                let states: BTreeSet<Revision> = [Revision::FIRST, last].into();
                let states = states.into_iter().map(|state| number(id, state.0));
                (format!("{id}.{}", revision.0), states.collect::<Vec<String>>())
            }
            None => (id.to_string(), alike(id, self.facts.next()?)),
        };
        let phrase = Phrase::NoSuchAlert { number: &typed, meant: &meant.join(", ") };
        let about = vec![("command", "report".to_owned()), ("alert", typed.clone())];
        self.refuse(&phrase, "no-such-alert", about);
        Ok(())
    }

    /// The latest alerts whose report the official may read.
    fn reports_menu(&mut self) -> Result<(), Want> {
        let next = self.facts.next()?;
        let mut buttons = Vec::new();
        for id in (1..next.0).rev().take(usize::try_from(OFFERED_MAX).unwrap_or(0)) {
            let Some(turn) = self.facts.turn(AlertId(id))? else { continue };
            if self.may_read(&turn.alert).is_ok() {
                let touch = Touch::Report(turn.alert.id()).to_string();
                buttons.push(vec![Button::new(self.label(&turn.alert), touch)]);
            }
        }
        let phrase = if buttons.is_empty() { Phrase::NoneToReport } else { Phrase::ChooseToReport };
        let text = self.say(&phrase);
        self.show(Message { text, buttons, silent: false });
        Ok(())
    }
}

/// Numbers there are that are typed nearly as this one, the latest first; and the last of all, which is
/// asked for most.
fn alike(typed: AlertId, next: AlertId) -> Vec<String> {
    let typed = typed.to_string();
    let mut near: BTreeSet<i64> = BTreeSet::new();
    let mut consider = |digits: String| near.extend(digits.parse::<i64>().ok());
    for (at, _) in typed.char_indices() {
        let (before, rest) = typed.split_at(at);
        let mut rest = rest.chars();
        let (own, after) = (rest.next(), rest.as_str());
        // One digit too many, one wrong, two in the wrong order.
        consider(format!("{before}{after}"));
        for digit in '0'..='9' {
            consider(format!("{before}{digit}{after}"));
        }
        let mut swapped = after.chars();
        if let (Some(own), Some(other)) = (own, swapped.next()) {
            consider(format!("{before}{other}{own}{}", swapped.as_str()));
        }
    }
    let last = next.0 - 1;
    let there = |id: &i64| (1..=last).contains(id) && *id != last;
    let near = near.into_iter().rev().filter(there).take(MEANT_MAX - 1);
    let last = (last > 0).then_some(last);
    last.into_iter().chain(near).map(|id| id.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_typed_alike_are_suggested() {
        let meant = |typed, next| alike(AlertId(typed), AlertId(next)).join(", ");
        assert_eq!(meant(5, 1), "", "none was raised yet");
        assert_eq!(meant(5, 2), "1");
        assert_eq!(meant(121, 13), "12, 11", "a digit too many");
        assert_eq!(meant(31, 18), "17, 13, 11", "turned round");
        assert_eq!(meant(0, 9), "8, 7, 6");
        assert_eq!(meant(i64::MAX, 9), "8");
        assert_eq!(meant(-4, 9), "8, 4");
    }
}
