//! PURE. Officials hold what is being sent: pause it, let it go on, stop it for good.
//!
//! To pause and to resume takes effect at once, because each undoes the other; to stop can't be undone
//! and asks first. Whoever may end an alert may hold what is being sent of it. What is held is what was
//! being sent when the official looked: an end that came meanwhile goes on.

use super::{Talk, Want};
use crate::{
    bot::{
        buttons::Touch,
        grammar::Mistake,
        phrases::{Phrase, letters::number, list},
    },
    domain::{
        alert::{Alert, AlertRefusal},
        ids::{AlertId, FanoutId},
        letter::{Button, Message},
        operator::Role,
    },
    ports::store::{Effect, Fanout, Hold},
};

/// Most alerts that one list offers.
const OFFERED_MAX: usize = 8;

/// What is being sent of an alert.
struct Sending {
    /// As people read it.
    number: String,
    /// The last broadcast of it.
    through: FanoutId,
}

impl Talk<'_> {
    pub(super) fn hold(
        &mut self,
        alert: Result<Option<AlertId>, Mistake>,
        to: Option<Hold>,
    ) -> Result<(), Want> {
        if self.official(command(to)).is_none() {
            return Ok(());
        }
        match alert {
            Ok(Some(alert)) => self.hold_one(alert, to),
            Ok(None) => self.sending_menu(to),
            Err(mistake) => {
                self.mistake(&mistake, command(to));
                Ok(())
            }
        }
    }

    pub(super) fn hold_one(&mut self, alert: AlertId, to: Option<Hold>) -> Result<(), Want> {
        let Some(sending) = self.sending(alert, to)? else { return Ok(()) };
        if to == Some(Hold::Halted) {
            let text = self.say(&Phrase::HaltAsk(&sending.number));
            let now = Touch::HaltNow(alert, sending.through);
            let buttons = vec![
                vec![self.button(&Phrase::LabelHaltNow, &now)],
                vec![self.button(&Phrase::LabelSpare, &Touch::Spare)],
            ];
            // Not in place of what was pressed: that is the live report.
            self.send(Message { text, buttons, silent: false }, None);
            return Ok(());
        }
        let text = self.held(alert, &sending, to);
        let other = if to.is_some() {
            self.button(&Phrase::LabelResume, &Touch::Resume(alert))
        } else {
            self.button(&Phrase::LabelPause, &Touch::Pause(alert))
        };
        let buttons = vec![vec![other, self.button(&Phrase::LabelHalt, &Touch::Halt(alert))]];
        self.send(Message { text, buttons, silent: false }, None);
        Ok(())
    }

    /// Stops what is being sent for good. `through` is the last broadcast that was asked about.
    pub(super) fn halt(&mut self, alert: AlertId, through: FanoutId) -> Result<(), Want> {
        let Some(sending) = self.sending(alert, Some(Hold::Halted))? else { return Ok(()) };
        if sending.through != through {
            let about = vec![("alert", alert.to_string())];
            let refusal = AlertRefusal::Changed(alert);
            self.refuse(&Phrase::Alert { refusal: &refusal, name: "" }, "changed", about);
            return Ok(());
        }
        let text = self.held(alert, &sending, Some(Hold::Halted));
        self.show(Message::plain(text));
        Ok(())
    }

    /// Makes it so; gives the words.
    fn held(&mut self, alert: AlertId, sending: &Sending, hold: Option<Hold>) -> String {
        let Sending { number, through } = sending;
        let by = self.operator.map_or("", |one| one.name.as_str());
        let (what, phrase) = match hold {
            Some(Hold::Paused) => ("paused", Phrase::Paused { number, by }),
            None => ("resumed", Phrase::Resumed { number, by }),
            Some(Hold::Halted) => ("halted", Phrase::Halted { number, by }),
        };
        let kept = vec![("alert", alert.to_string()), ("broadcast", through.0.to_string())];
        self.journal(what, kept);
        self.deed.effects.push(Effect::Held { alert, through: *through, hold });
        let text = self.say(&phrase);
        self.toast_text(&text);
        text
    }

    /// What is being sent of the alert, if that may be done to it; otherwise says why not.
    fn sending(&mut self, alert: AlertId, to: Option<Hold>) -> Result<Option<Sending>, Want> {
        let Some(operator) = self.operator else { return Ok(None) };
        let rules = self.case.rules;
        let of = |one: &&Fanout| one.transition.alert.id() == alert;
        let open: Vec<&Fanout> = self.facts.open()?.iter().filter(of).collect();
        let about = vec![("alert", alert.to_string())];
        let Some(latest) = open.iter().max_by_key(|one| one.id) else {
            self.not_sending(alert, about)?;
            return Ok(None);
        };
        let state = &latest.transition.alert;
        let concerns = (state.draft().hazard(), state.area());
        let role = Role::Issuer;
        if let Err(refusal) =
            rules.roster.authorise(operator.user, role, concerns.0, concerns.1, &rules.forest)
        {
            self.mandate_refused(&refusal, role, concerns, about);
            return Ok(None);
        }
        let number = number(alert, state.revision().0);
        let mut going = open.iter().filter(|one| one.hold != Some(Hold::Halted)).peekable();
        let refused = if going.peek().is_none() {
            Some((Phrase::HaltedAlready(&number), "halted-already"))
        } else if going.all(|one| one.hold == to) {
            Some(match to {
                Some(_) => (Phrase::PausedAlready(&number), "paused-already"),
                None => (Phrase::NotPaused(&number), "not-paused"),
            })
        } else {
            None
        };
        if let Some((phrase, reason)) = refused {
            self.refuse(&phrase, reason, about);
            return Ok(None);
        }
        let through = latest.id;
        Ok(Some(Sending { number, through }))
    }

    fn not_sending(
        &mut self,
        alert: AlertId,
        about: Vec<(&'static str, String)>,
    ) -> Result<(), Want> {
        if self.facts.turn(alert)?.is_none() {
            let refusal = AlertRefusal::NotActive(alert);
            self.refuse(&Phrase::Alert { refusal: &refusal, name: "" }, "not-active", about);
            return Ok(());
        }
        let meant: Vec<String> =
            self.going()?.into_iter().map(|one| one.id().to_string()).collect();
        let meant = list(meant.iter().map(String::as_str));
        let number = alert.to_string();
        self.refuse(&Phrase::NotSending { number: &number, meant: &meant }, "not-sending", about);
        Ok(())
    }

    /// Alerts of which something is being sent and that the official may hold, by number.
    fn going(&self) -> Result<Vec<&Alert>, Want> {
        let mut going: Vec<&Alert> = Vec::new();
        for one in self.facts.open()? {
            let alert = &one.transition.alert;
            going.retain(|other| other.id() != alert.id());
            if one.hold != Some(Hold::Halted) && self.may_issue(alert) {
                going.push(alert);
            }
        }
        going.sort_by_key(|alert| alert.id());
        Ok(going)
    }

    fn sending_menu(&mut self, to: Option<Hold>) -> Result<(), Want> {
        let touch = match to {
            Some(Hold::Paused) => Touch::Pause,
            None => Touch::Resume,
            Some(Hold::Halted) => Touch::Halt,
        };
        let going = self.going()?.into_iter().take(OFFERED_MAX);
        let buttons: Vec<Vec<Button>> = going
            .map(|alert| vec![Button::new(self.label(alert), touch(alert.id()).to_string())])
            .collect();
        if buttons.is_empty() {
            self.answer(&Phrase::NothingSending);
            return Ok(());
        }
        let text = self.say(&Phrase::ChooseSending);
        self.send(Message { text, buttons, silent: false }, None);
        Ok(())
    }
}

/// The command's name.
fn command(to: Option<Hold>) -> &'static str {
    match to {
        Some(Hold::Paused) => "pause",
        None => "resume",
        Some(Hold::Halted) => "halt",
    }
}
