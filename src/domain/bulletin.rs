//! What residents read.
//!
//! A [`Bulletin`] is a rendering of a state: a function of the transition, of the board after it, and
//! of the chat's [`Variant`]. It is plain text without markup, so that nothing an official or a
//! configuration writes can be taken for markup, and a screen reader reads it as it stands.
//!
//! Invariants: the first line names hazard and place, the second what to do; every message carries
//! who says so, the time in the place's own zone with its offset, and the alert's number; a message
//! about an end names what still holds at that place and never says "no danger"; expiry says that
//! nobody has confirmed the end; an exercise says so before anything else. A bulletin knows which
//! alerts it tells of as active: that is what the delivery log keeps.

use chrono::Offset;
use chrono_tz::Tz;

use super::{
    alert::{Alert, Change, Status, Transition},
    audience::Variant,
    board::{Board, Own},
    ids::{AlertId, RegionId},
    lang::Lang,
    region::{Coverage, Forest},
    time::Utc,
};

/// How many places a message names before it says "and N more".
const PLACES_NAMED_MAX: usize = 4;
/// How many other alerts a message spells out before it says "and N more". Fifty have been in force in
/// one region at once; spelled out they are longer than Telegram takes, and what was cut off would be
/// the end of the message, with its number.
const ALERTS_NAMED_MAX: usize = 4;

/// A message to residents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bulletin {
    /// Plain text.
    pub text: String,
    /// The alerts it tells of as active.
    pub tells: Vec<AlertId>,
}

/// Renders a transition for one variant of chat. `late`: after an outage, when the reader gets one
/// message instead of the backlog, it names everything else that holds at the place as well.
#[must_use]
pub fn compose(
    event: &Transition,
    board: &Board,
    variant: &Variant,
    late: bool,
    forest: &Forest,
) -> Bulletin {
    let alert = &event.alert;
    let here = Here { variant, forest, words: words(variant.lang) };
    let holds = alert.area().coverage(&variant.place, forest) != Coverage::None;
    let exercise = alert.status() == Status::Exercise;
    let (body, mut tells) = match &event.change {
        Change::Raised | Change::Updated | Change::SteppedUp | Change::SteppedDown if holds => {
            let also = late || event.change == Change::SteppedDown;
            here.active(event, "", board, also)
        }
        Change::EndedPartly(parts) if holds => {
            let ended = here.list(parts.iter());
            let ended = format!("{}: {ended}.", here.words.ended_only_in);
            here.active(event, &ended, board, late)
        }
        // A later state that took the place of an end in a part says that end where it ended.
        Change::Raised
        | Change::Updated
        | Change::SteppedUp
        | Change::SteppedDown
        | Change::EndedPartly(_)
        | Change::Ended
        | Change::Expired
        | Change::Withdrawn => {
            (here.over(event, board), here.still(alert, board).map(Alert::id).collect())
        }
    };
    tells.sort_unstable();
    tells.dedup();
    let text = if exercise { format!("{}\n{body}", here.words.exercise) } else { body };
    Bulletin { text, tells }
}

/// What is true of a place now, in a few lines, and which alerts that tells of.
#[must_use]
pub fn standing(variant: &Variant, board: &Board, forest: &Forest) -> (String, Vec<AlertId>) {
    let here = Here { variant, forest, words: words(variant.lang) };
    let posture = board.posture(&variant.place, forest);
    let name = forest.name(&variant.place, variant.lang);
    let mut lines = vec![match &posture.own {
        Own::Active(_) => format!("{name}: {}.", here.words.active),
        Own::Clear(at) => format!("{name}: {} {}.", here.words.clear_confirmed, here.when(*at)),
        Own::Unknown(Some(at)) => {
            format!(
                "{name}: {} ({} {}).",
                here.words.unknown,
                here.words.time_ran_out,
                here.when(*at)
            )
        }
        Own::Unknown(None) => format!("{name}: {}.", here.words.unknown),
    }];
    lines.extend(here.briefs(posture.alerts()));
    (lines.join("\n"), posture.alerts().map(Alert::id).collect())
}

/// A moment as people of this zone write it: `14:05 23.11 (UTC+3)`.
#[must_use]
pub fn when(at: Utc, zone: Tz) -> String {
    let local = at.with_timezone(&zone);
    let minutes = local.offset().fix().local_minus_utc() / 60;
    let (sign, minutes) = if minutes < 0 { ('-', -minutes) } else { ('+', minutes) };
    let offset = match (minutes / 60, minutes % 60) {
        (hours, 0) => format!("{sign}{hours}"),
        (hours, rest) => format!("{sign}{hours}:{rest:02}"),
    };
    format!("{} (UTC{offset})", local.format("%H:%M %d.%m"))
}

/// A message's first line and time stamps are about one place.
struct Here<'a> {
    variant: &'a Variant,
    forest: &'a Forest,
    words: &'static Words,
}

impl Here<'_> {
    /// The message while the alert holds here, and what it tells of; with `also`, what else holds.
    fn active(
        &self,
        event: &Transition,
        extra: &str,
        board: &Board,
        also: bool,
    ) -> (String, Vec<AlertId>) {
        let lang = self.variant.lang;
        let alert = &event.alert;
        let wording = alert.draft().wording();
        let mut lines = vec![
            format!("{}. {}.", wording.title.get(lang), self.places(alert)),
            wording.action.get(lang).to_owned(),
        ];
        match event.change {
            Change::SteppedDown => lines.insert(1, self.words.stepped_down.to_owned()),
            Change::SteppedUp => lines.insert(1, self.words.stepped_up.to_owned()),
            Change::Raised
            | Change::Updated
            | Change::EndedPartly(_)
            | Change::Ended
            | Change::Expired
            | Change::Withdrawn => {}
        }
        lines.push(extra.to_owned());
        lines.push(wording.guidance.get(lang).to_owned());
        lines.extend(alert.draft().note().map(|note| format!("{}: {note}", self.words.note)));
        lines.push(format!("{}: {}.", self.words.source, wording.source.get(lang)));
        lines.push(self.span(alert));
        lines.push(Self::number(alert));
        let mut tells = vec![alert.id()];
        let others: Vec<&Alert> = self
            .still(alert, board)
            .filter(|other| also && alert.status() == Status::Actual || self.outdone(event, other))
            .collect();
        if !others.is_empty() {
            lines.push(format!("{}:", self.words.still_active));
            lines.extend(others.iter().map(|other| self.brief(other)));
            tells.extend(others.iter().map(|other| other.id()));
        }
        lines.retain(|line| !line.is_empty());
        (lines.join("\n"), tells)
    }

    /// Whoever knew of one alert was not told of an equal one beside it: see [`Board::enough`]. Once
    /// this one is lowered, or ends in a part, the other has to be named; and not by that message
    /// alone, for a later one may take its place before it is sent.
    fn outdone(&self, event: &Transition, other: &Alert) -> bool {
        let (this, that) = (event.alert.draft(), other.draft());
        let covers = event.alert.area().covers(&self.variant.place, self.forest);
        event.change != Change::Raised
            && (event.alert.status(), this.hazard()) == (other.status(), that.hazard())
            && !(covers && this.step() >= that.step())
    }

    /// The message when it holds here no more.
    fn over(&self, event: &Transition, board: &Board) -> String {
        let lang = self.variant.lang;
        let alert = &event.alert;
        let wording = alert.draft().wording();
        let what = format!("{}. {}.", wording.title.get(lang), self.places_before(event));
        let source = format!("{}: {}.", self.words.source, wording.source.get(lang));
        let at = self.when(event.at);
        let mut lines = match event.change {
            Change::Expired => {
                // An exercise has no danger whose end could be confirmed.
                let unsure = match alert.status() {
                    Status::Actual => self.words.not_confirmed,
                    Status::Exercise => self.words.exercise_over,
                };
                vec![format!("{}: {what}", self.words.expired), unsure.to_owned()]
            }
            Change::Withdrawn => vec![
                format!("{}: {what}", self.words.withdrawn),
                // The number it was sent under, which is what people look for.
                format!("{} № {}.", self.words.disregard, alert.id()),
            ],
            Change::Raised
            | Change::Updated
            | Change::SteppedUp
            | Change::SteppedDown
            | Change::EndedPartly(_)
            | Change::Ended => vec![format!("{}: {what}", self.words.ended)],
        };
        lines.extend(self.remains(event, board));
        if event.change != Change::Withdrawn && event.change != Change::Expired {
            lines.push(wording.after.get(lang).to_owned());
        }
        lines.push(source);
        lines.push(format!("{}: {at}. {}", self.words.as_of, Self::number(alert)));
        lines.retain(|line| !line.is_empty());
        lines.join("\n")
    }

    /// What holds at the place after the alert is gone.
    fn remains(&self, event: &Transition, board: &Board) -> Vec<String> {
        let still = self.briefs(self.still(&event.alert, board));
        if !still.is_empty() {
            let mut lines = vec![format!("{}:", self.words.still_active)];
            lines.extend(still);
            return lines;
        }
        let place = self.forest.name(&self.variant.place, self.variant.lang);
        let posture = board.posture(&self.variant.place, self.forest);
        match (&event.change, posture.own) {
            (Change::Withdrawn, Own::Clear(at)) => {
                vec![format!("{place}: {} {}.", self.words.clear_confirmed, self.when(at))]
            }
            (Change::Expired | Change::Withdrawn, _) => Vec::new(),
            (_, _) => vec![format!("{place}: {}.", self.words.nothing_else)],
        }
    }

    /// The other alerts that hold here.
    fn still<'b>(
        &self,
        but: &Alert,
        board: &'b Board,
    ) -> impl Iterator<Item = &'b Alert> + use<'b> {
        let gone = but.id();
        let posture = board.posture(&self.variant.place, self.forest);
        let alerts: Vec<&Alert> = posture.alerts().filter(|alert| alert.id() != gone).collect();
        alerts.into_iter()
    }

    /// A line for each alert, the first ones; how many more there are in the last.
    fn briefs<'b>(&self, alerts: impl Iterator<Item = &'b Alert>) -> Vec<String> {
        let alerts: Vec<&Alert> = alerts.collect();
        let named = alerts.iter().take(ALERTS_NAMED_MAX).map(|alert| self.brief(alert));
        let more = alerts.len().saturating_sub(ALERTS_NAMED_MAX);
        let more = (more > 0).then(|| format!("• {} {more}", self.words.and_more));
        named.chain(more).collect()
    }

    /// One line for one alert.
    fn brief(&self, alert: &Alert) -> String {
        let wording = alert.draft().wording();
        let lang = self.variant.lang;
        format!(
            "• {}. {}. {} {} {}",
            wording.title.get(lang),
            self.places(alert),
            wording.action.get(lang),
            self.span(alert),
            Self::number(alert),
        )
    }

    fn number(alert: &Alert) -> String {
        match alert.revision().0 {
            1 => format!("№ {}", alert.id()),
            later => format!("№ {}.{later}", alert.id()),
        }
    }

    fn span(&self, alert: &Alert) -> String {
        let since = self.when(alert.raised_at());
        match alert.expires_at() {
            Some(until) => {
                let until = self.when(until);
                format!("{} {since} {} {until}.", self.words.since, self.words.until)
            }
            None => format!("{} {since}, {}.", self.words.since, self.words.until_ended),
        }
    }

    /// The regions of the alert that matter to this place.
    fn places(&self, alert: &Alert) -> String {
        let own = &self.variant.place;
        let related = |region: &&RegionId| {
            self.forest.lies_in(own, region) || self.forest.lies_in(region, own)
        };
        let named: Vec<&RegionId> = alert.area().regions().filter(related).collect();
        let mut text = self.list(named.iter().copied());
        let except: Vec<&RegionId> =
            alert.area().without().filter(|ended| self.forest.lies_in(ended, own)).collect();
        if !except.is_empty() {
            text = format!("{text} ({}: {})", self.words.except, self.list(except.into_iter()));
        }
        text
    }

    /// The regions as they were before a partial end took them out: by this transition, or by one
    /// before it.
    fn places_before(&self, event: &Transition) -> String {
        let own = &self.variant.place;
        let related =
            |part: &&RegionId| self.forest.lies_in(own, part) || self.forest.lies_in(part, own);
        let parts: Vec<&RegionId> = match &event.change {
            Change::EndedPartly(parts) => parts.iter().filter(related).collect(),
            Change::Ended | Change::Expired | Change::Withdrawn => {
                return self.places(&event.alert);
            }
            Change::Raised | Change::Updated | Change::SteppedUp | Change::SteppedDown => {
                event.alert.area().without().filter(related).collect()
            }
        };
        // A region that was taken out whole is nowhere named any more.
        if parts.is_empty() {
            return self.list([own].into_iter());
        }
        self.list(parts.into_iter())
    }

    fn list<'b>(&self, regions: impl Iterator<Item = &'b RegionId>) -> String {
        let names: Vec<&str> =
            regions.map(|region| self.forest.name(region, self.variant.lang)).collect();
        let shown = names.iter().take(PLACES_NAMED_MAX).copied().collect::<Vec<_>>().join(", ");
        match names.len().checked_sub(PLACES_NAMED_MAX) {
            None | Some(0) => shown,
            Some(more) => format!("{shown} {} {more}", self.words.and_more),
        }
    }

    fn when(&self, at: Utc) -> String {
        let zone = self.forest.get(&self.variant.place).map_or(Tz::UTC, |region| region.zone);
        when(at, zone)
    }
}

/// The frame around the configuration's texts.
struct Words {
    exercise: &'static str,
    stepped_up: &'static str,
    stepped_down: &'static str,
    source: &'static str,
    note: &'static str,
    since: &'static str,
    until: &'static str,
    until_ended: &'static str,
    except: &'static str,
    and_more: &'static str,
    ended: &'static str,
    ended_only_in: &'static str,
    expired: &'static str,
    not_confirmed: &'static str,
    exercise_over: &'static str,
    withdrawn: &'static str,
    disregard: &'static str,
    still_active: &'static str,
    nothing_else: &'static str,
    as_of: &'static str,
    active: &'static str,
    clear_confirmed: &'static str,
    unknown: &'static str,
    time_ran_out: &'static str,
}

fn words(lang: Lang) -> &'static Words {
    match lang {
        Lang::Ru => &RU,
        Lang::Uk => &UK,
        Lang::En => &EN,
    }
}

static RU: Words = Words {
    exercise: "УЧЕНИЕ. Это не настоящая тревога.",
    stepped_up: "Уровень опасности повышен.",
    stepped_down: "Уровень опасности снижен, угроза остаётся.",
    source: "Сообщает",
    note: "Дополнительно",
    since: "С",
    until: "до",
    until_ended: "до объявления об окончании",
    except: "кроме",
    and_more: "и ещё",
    ended: "ОКОНЧАНИЕ",
    ended_only_in: "Окончание объявлено только для",
    expired: "Объявленное время истекло",
    not_confirmed: "Окончание опасности НЕ подтверждено. Сохраняйте осторожность, ждите сообщения.",
    exercise_over: "Учение закончено.",
    withdrawn: "ОШИБОЧНОЕ СООБЩЕНИЕ",
    disregard: "Это сообщение было отправлено по ошибке, не руководствуйтесь им:",
    still_active: "ПРОДОЛЖАЕТ ДЕЙСТВОВАТЬ",
    nothing_else: "других действующих предупреждений нет",
    as_of: "По состоянию на",
    active: "действует предупреждение",
    clear_confirmed: "предупреждений нет, подтверждено",
    unknown: "обстановка неизвестна, подтверждённых сведений нет",
    time_ran_out: "объявленное время истекло",
};

static UK: Words = Words {
    exercise: "НАВЧАННЯ. Це не справжня тривога.",
    stepped_up: "Рівень небезпеки підвищено.",
    stepped_down: "Рівень небезпеки знижено, загроза лишається.",
    source: "Повідомляє",
    note: "Додатково",
    since: "З",
    until: "до",
    until_ended: "до оголошення про завершення",
    except: "крім",
    and_more: "і ще",
    ended: "ЗАВЕРШЕННЯ",
    ended_only_in: "Завершення оголошено лише для",
    expired: "Оголошений час минув",
    not_confirmed: "Завершення небезпеки НЕ підтверджено. Будьте обережні, чекайте на повідомлення.",
    exercise_over: "Навчання завершено.",
    withdrawn: "ПОМИЛКОВЕ ПОВІДОМЛЕННЯ",
    disregard: "Це повідомлення надіслано помилково, не зважайте на нього:",
    still_active: "ПРОДОВЖУЄ ДІЯТИ",
    nothing_else: "інших чинних попереджень немає",
    as_of: "Станом на",
    active: "діє попередження",
    clear_confirmed: "попереджень немає, підтверджено",
    unknown: "обстановка невідома, підтверджених відомостей немає",
    time_ran_out: "оголошений час минув",
};

static EN: Words = Words {
    exercise: "EXERCISE. This is not a real alert.",
    stepped_up: "The level of danger has been raised.",
    stepped_down: "The level of danger has been lowered; the threat remains.",
    source: "From",
    note: "Also",
    since: "Since",
    until: "until",
    until_ended: "until announced over",
    except: "except",
    and_more: "and more:",
    ended: "ENDED",
    ended_only_in: "Announced over only in",
    expired: "The announced time is over",
    not_confirmed: "The end of the danger is NOT confirmed. Stay careful and wait for word.",
    exercise_over: "The exercise is over.",
    withdrawn: "SENT IN ERROR",
    disregard: "This message was sent in error; do not act on it:",
    still_active: "STILL IN FORCE",
    nothing_else: "no other alert is in force",
    as_of: "As of",
    active: "an alert is in force",
    clear_confirmed: "no alert in force, confirmed",
    unknown: "not known, nothing has been confirmed",
    time_ran_out: "the announced time ran out",
};
