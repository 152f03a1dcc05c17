//! The life of an alert.
//!
//! ```text
//!             Confirmed                Confirmed: update · step up · step down · end in a part
//!   Draft ───────────────► Alert ──────────────────────────────────────────────► Alert
//!                            │
//!                            ├── end       (Confirmed)              ──► closed: Ended
//!                            ├── expire    (the announced time)     ──► closed: Expired
//!                            │                                               │ end (Confirmed)
//!                            │                                               ▼
//!                            │                                          closed: Ended
//!                            └── withdraw  (Confirmed)              ──► closed: Withdrawn
//! ```
//!
//! An [`Alert`] is active; there is no value of a closed alert to act upon, only the [`Transition`]
//! that closed it. The one exception is an alert that expired: [`Current::Expired`] can be ended, as
//! a whole, and nothing else. Every transition consumes the alert and carries the whole state after it, so that
//! what residents read is a rendering of a state and never of an event.
//!
//! Invariants: an alert always has an area; its [`Status`] is set when it is drafted, has no setter,
//! and every transition copies it, so an exercise can't become live; what it says (the [`Wording`])
//! is fixed when it is raised, so that a later configuration can't change an alert in force.
//!
//! Expiry is not all-clear: it leaves the posture unknown until an official acts. Who ends an expired
//! alert confirms its end now, so that is the newest word about each of its places, whatever was said
//! of them since: clear as of now, and active where another alert holds. A withdrawal says that the
//! alert was an error, and leaves what was known before it.

use std::{collections::BTreeMap, time::Duration};

use super::{
    consent::{Act, Confirmed},
    hazard::{Catalogue, Certainty, Hazard, Level, Severity, Updates, Urgency},
    ids::{AlertId, HazardId, LevelId, RegionId, Revision, UserId},
    lang::{Lang, Texts},
    region::{Area, Coverage, Forest},
    time::Utc,
};

/// Whether it is real. `// CAP 1.2 §3.2.1 status`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// To be acted upon by everyone.
    Actual,
    /// Only for those who take part in the exercise.
    Exercise,
}

/// Longest free note of an official, in characters: with it a message stays well under the ~500
/// characters above which Telegram's limits bite sooner.
pub const NOTE_MAX: usize = 200;

/// What an alert says, resolved from the configuration when it is drafted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wording {
    /// Hazard and level in one phrase.
    pub title: Texts,
    /// What to do, short.
    pub action: Texts,
    /// What to do, standard guidance.
    pub guidance: Texts,
    /// What to mind after the end.
    pub after: Texts,
    /// Who speaks.
    pub source: Texts,
}

/// What an alert is about: everything but its number and its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    status: Status,
    hazard: HazardId,
    level: LevelId,
    step: usize,
    rank: (Severity, Urgency),
    certainty: Certainty,
    approvals: u8,
    silent: bool,
    updates: Updates,
    paid: bool,
    area: Area,
    lasts: Option<Duration>,
    note: Option<String>,
    wording: Wording,
}

/// Why there is no such draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DraftRefusal {
    /// The hazard has no such level.
    Level(LevelId),
    /// An alert of this hazard needs an announced end.
    NeedsEnd {
        /// The longest that may be announced.
        longest: Duration,
    },
    /// The announced time is longer than the hazard allows.
    TooLong {
        /// The longest that may be announced.
        longest: Duration,
    },
    /// The announced time is under a minute.
    TooShort,
    /// The note is too long.
    Note {
        /// Its length in characters.
        chars: usize,
    },
}

impl Draft {
    /// Drafts an alert; without a level, the hazard's highest, because an official in haste who
    /// names none must not send the weaker warning by accident.
    ///
    /// # Errors
    ///
    /// What the hazard does not allow.
    pub fn new(
        status: Status,
        hazard: &Hazard,
        level: Option<&LevelId>,
        area: Area,
        lasts: Option<Duration>,
        note: Option<String>,
        forest: &Forest,
    ) -> Result<Self, DraftRefusal> {
        let level: &Level = match level {
            Some(id) => hazard.level(id).ok_or_else(|| DraftRefusal::Level(id.clone()))?,
            None => hazard.levels().last().ok_or_else(|| DraftRefusal::Level(LevelId::new("")))?,
        };
        match lasts {
            None if !hazard.open_ended => {
                return Err(DraftRefusal::NeedsEnd { longest: hazard.longest });
            }
            Some(lasts) if lasts > hazard.longest => {
                return Err(DraftRefusal::TooLong { longest: hazard.longest });
            }
            Some(lasts) if lasts < Duration::from_mins(1) => return Err(DraftRefusal::TooShort),
            Some(_) | None => {}
        }
        let note = note.map(|note| one_line(&note)).filter(|note| !note.is_empty());
        if let Some(chars) = note.as_ref().map(|note| note.chars().count())
            && chars > NOTE_MAX
        {
            return Err(DraftRefusal::Note { chars });
        }
        let source = Texts::from_fn(|lang| sources(&area, forest, lang));
        Ok(Self {
            status,
            hazard: hazard.id.clone(),
            level: level.id.clone(),
            step: hazard.step(&level.id).unwrap_or(0),
            rank: (level.severity, level.urgency),
            certainty: level.certainty,
            approvals: level.approvals,
            silent: level.silent,
            updates: level.updates,
            paid: level.paid,
            area,
            lasts,
            note,
            wording: Wording {
                title: level.title.clone(),
                action: level.action.clone(),
                guidance: level.guidance.clone(),
                after: hazard.after.clone(),
                source,
            },
        })
    }

    /// Real or exercise.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }
    /// The hazard.
    #[must_use]
    pub fn hazard(&self) -> &HazardId {
        &self.hazard
    }
    /// Its level.
    #[must_use]
    pub fn level(&self) -> &LevelId {
        &self.level
    }
    /// How high the level stands among the hazard's, from 0.
    #[must_use]
    pub fn step(&self) -> usize {
        self.step
    }
    /// How bad, and how soon.
    #[must_use]
    pub fn rank(&self) -> (Severity, Urgency) {
        self.rank
    }
    /// How sure.
    #[must_use]
    pub fn certainty(&self) -> Certainty {
        self.certainty
    }
    /// How many others must approve.
    #[must_use]
    pub fn approvals(&self) -> u8 {
        self.approvals
    }
    /// Whether residents' phones stay silent.
    #[must_use]
    pub fn silent(&self) -> bool {
        self.silent
    }
    /// How updates reach private chats that were told.
    #[must_use]
    pub fn updates(&self) -> Updates {
        self.updates
    }
    /// Whether its broadcasts may cost Stars.
    #[must_use]
    pub fn paid(&self) -> bool {
        self.paid
    }
    /// Where.
    #[must_use]
    pub fn area(&self) -> &Area {
        &self.area
    }
    /// For how long, from the moment it is raised; until ended, if `None`.
    #[must_use]
    pub fn lasts(&self) -> Option<Duration> {
        self.lasts
    }
    /// The official's own words.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }
    /// What it says.
    #[must_use]
    pub fn wording(&self) -> &Wording {
        &self.wording
    }

    /// A draft as it was recorded. For the stores' rows alone: it is not a way to make one.
    #[must_use]
    pub fn recorded(row: DraftRow) -> Self {
        let DraftRow {
            status,
            hazard,
            level,
            step,
            rank,
            certainty,
            approvals,
            silent,
            updates,
            paid,
            area,
            lasts,
            note,
            wording,
        } = row;
        Self {
            status,
            hazard,
            level,
            step,
            rank,
            certainty,
            approvals,
            silent,
            updates,
            paid,
            area,
            lasts,
            note,
            wording,
        }
    }
}

/// The fields of a [`Draft`], open, for the stores' rows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the accessor of Draft of the same name")]
pub struct DraftRow {
    pub status: Status,
    pub hazard: HazardId,
    pub level: LevelId,
    pub step: usize,
    pub rank: (Severity, Urgency),
    pub certainty: Certainty,
    pub approvals: u8,
    pub silent: bool,
    pub updates: Updates,
    pub paid: bool,
    pub area: Area,
    pub lasts: Option<Duration>,
    pub note: Option<String>,
    pub wording: Wording,
}

/// White space folded, control characters and direction marks dropped: a note can neither fake a
/// second message nor turn the text around it.
fn one_line(text: &str) -> String {
    let visible = |c: char| {
        !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
            && (!c.is_control() || c.is_whitespace())
    };
    let kept: String = text.chars().filter(|&c| visible(c)).collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The sources of the area's regions, each once.
fn sources(area: &Area, forest: &Forest, lang: Lang) -> String {
    let mut named: Vec<&str> = Vec::new();
    for source in area.regions().filter_map(|id| forest.get(id)).map(|r| r.source.get(lang)) {
        if !named.contains(&source) {
            named.push(source);
        }
    }
    named.join(", ")
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An official.
    Operator {
        /// The account.
        user: UserId,
        /// The name in the roster at that time.
        name: String,
    },
    /// Nobody: an announced time ran out.
    Clock,
}

/// An active alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    id: AlertId,
    revision: Revision,
    draft: Draft,
    raised_at: Utc,
    raised_by: Actor,
    expires_at: Option<Utc>,
}

/// What a transition did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The alert began.
    Raised,
    /// Text or end changed, the level did not.
    Updated,
    /// To a higher level.
    SteppedUp,
    /// To a lower level.
    SteppedDown,
    /// It ended in these subtrees and goes on in the rest.
    EndedPartly(Vec<RegionId>),
    /// It is over, an official says so.
    Ended,
    /// The announced time ran out; nobody has said that it is over.
    Expired,
    /// It was sent in error.
    Withdrawn,
}

impl Change {
    /// Whether the alert is no more.
    #[must_use]
    pub fn closes(&self) -> bool {
        match self {
            Self::Ended | Self::Expired | Self::Withdrawn => true,
            Self::Raised
            | Self::Updated
            | Self::SteppedUp
            | Self::SteppedDown
            | Self::EndedPartly(_) => false,
        }
    }
}

/// A step in the life of an alert, with the whole state after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The alert after it; where it closes, as it last was, with the revision counted on.
    pub alert: Alert,
    /// What happened.
    pub change: Change,
    /// When.
    pub at: Utc,
    /// By whom.
    pub by: Actor,
    /// What becomes of places' postures.
    pub settles: Vec<(RegionId, Settled)>,
}

/// What is known of a place when no alert covers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Settled {
    /// An official confirmed it at this time.
    Clear(Utc),
    /// An announced time ran out at this time, and nobody has confirmed more.
    Unknown(Utc),
}

/// Why a transition is not possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlertRefusal {
    /// There is no active alert with this number.
    NotActive(AlertId),
    /// It has expired: it can be ended as a whole, not in a part.
    OnlyWhole(AlertId),
    /// Somebody changed it since the challenge was shown.
    Changed(AlertId),
    /// An alert can't become another kind of thing: exercise and actual, or another hazard.
    Otherwise,
    /// It does not hold there, so it can't end there.
    NotThere(RegionId),
    /// Nothing would change.
    Same,
}

impl Alert {
    /// Its number.
    #[must_use]
    pub fn id(&self) -> AlertId {
        self.id
    }
    /// Which state this is.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }
    /// What it is about.
    #[must_use]
    pub fn draft(&self) -> &Draft {
        &self.draft
    }
    /// Real or exercise.
    #[must_use]
    pub fn status(&self) -> Status {
        self.draft.status
    }
    /// Where.
    #[must_use]
    pub fn area(&self) -> &Area {
        &self.draft.area
    }
    /// Since when.
    #[must_use]
    pub fn raised_at(&self) -> Utc {
        self.raised_at
    }
    /// By whom.
    #[must_use]
    pub fn raised_by(&self) -> &Actor {
        &self.raised_by
    }
    /// Until when; until ended, if `None`.
    #[must_use]
    pub fn expires_at(&self) -> Option<Utc> {
        self.expires_at
    }

    /// An alert as it was recorded. For the stores' rows alone.
    #[must_use]
    pub fn recorded(
        id: AlertId,
        revision: Revision,
        draft: Draft,
        raised: (Utc, Actor),
        expires_at: Option<Utc>,
    ) -> Self {
        let (raised_at, raised_by) = raised;
        Self { id, revision, draft, raised_at, raised_by, expires_at }
    }

    /// Closes the alert if its announced time is over at `now`.
    ///
    /// # Errors
    ///
    /// The alert, if it is not.
    pub fn expire(self, now: Utc, forest: &Forest) -> Result<Transition, Box<Self>> {
        if self.expires_at.is_none_or(|until| until > now) {
            return Err(Box::new(self));
        }
        let settles = self.settles(forest, Settled::Unknown(now));
        Ok(self.step(Change::Expired, now, Actor::Clock, settles))
    }

    fn step(
        mut self,
        change: Change,
        at: Utc,
        by: Actor,
        settles: Vec<(RegionId, Settled)>,
    ) -> Transition {
        self.revision = self.revision.next();
        // An exercise says nothing about the world.
        let settles = if self.status() == Status::Actual { settles } else { Vec::new() };
        Transition { alert: self, change, at, by, settles }
    }

    /// Every place where the alert holds becomes `settled`.
    fn settles(&self, forest: &Forest, settled: Settled) -> Vec<(RegionId, Settled)> {
        let places: BTreeMap<RegionId, Settled> = self
            .area()
            .regions()
            .flat_map(|region| forest.subtree(region))
            .filter(|place| self.area().coverage(place, forest) == Coverage::Direct)
            .map(|place| (place, settled))
            .collect();
        places.into_iter().collect()
    }

    fn end_partly(
        mut self,
        parts: &[RegionId],
        at: Utc,
        by: Actor,
        forest: &Forest,
    ) -> Result<Transition, AlertRefusal> {
        let before = self.clone();
        let mut area = Some(self.draft.area.clone());
        for part in parts {
            let touches = forest
                .subtree(part)
                .iter()
                .any(|place| before.area().coverage(place, forest) == Coverage::Direct);
            if !touches {
                return Err(AlertRefusal::NotThere(part.clone()));
            }
            area = area.and_then(|area| area.less(part, forest));
        }
        let Some(area) = area else {
            let settles = self.settles(forest, Settled::Clear(at));
            return Ok(self.step(Change::Ended, at, by, settles));
        };
        let mut settles = self.settles(forest, Settled::Clear(at));
        settles.retain(|(place, _)| area.coverage(place, forest) != Coverage::Direct);
        self.draft.area = area;
        Ok(self.step(Change::EndedPartly(parts.to_vec()), at, by, settles))
    }

    fn change(mut self, to: Draft, at: Utc, by: Actor) -> Result<Transition, AlertRefusal> {
        let change = match to.step.cmp(&self.draft.step) {
            std::cmp::Ordering::Greater => Change::SteppedUp,
            std::cmp::Ordering::Less => Change::SteppedDown,
            std::cmp::Ordering::Equal => Change::Updated,
        };
        if to.status != self.draft.status || to.hazard != self.draft.hazard {
            return Err(AlertRefusal::Otherwise);
        }
        if to.area != self.draft.area {
            return Err(AlertRefusal::Otherwise);
        }
        let expires_at = to.lasts.map(|lasts| at + lasts);
        if to == self.draft && expires_at.is_none() {
            return Err(AlertRefusal::Same);
        }
        self.draft = to;
        self.expires_at = expires_at;
        Ok(self.step(change, at, by, Vec::new()))
    }
}

/// An alert that something can still be done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Current {
    /// It is active.
    Active(Alert),
    /// Its announced time ran out, and nobody has confirmed the end.
    Expired(Alert),
}

impl Current {
    /// What the last transition of an alert leaves to be acted upon.
    #[must_use]
    pub fn after(last: &Transition) -> Option<Self> {
        let alert = || last.alert.clone();
        match last.change {
            Change::Expired => Some(Self::Expired(alert())),
            Change::Ended | Change::Withdrawn => None,
            Change::Raised
            | Change::Updated
            | Change::SteppedUp
            | Change::SteppedDown
            | Change::EndedPartly(_) => Some(Self::Active(alert())),
        }
    }

    /// The alert, as it last was.
    #[must_use]
    pub fn alert(&self) -> &Alert {
        match self {
            Self::Active(alert) | Self::Expired(alert) => alert,
        }
    }
}

/// Turns what was confirmed into a transition. `current` is the alert named by the act, if something
/// can still be done to it; `next` is the number a new alert would get.
///
/// # Errors
///
/// Why it is not possible (any more).
pub fn decide(
    confirmed: Confirmed,
    current: Option<Current>,
    next: AlertId,
    forest: &Forest,
) -> Result<Transition, AlertRefusal> {
    let (act, by, at) = confirmed.into_parts();
    turn(act, by, at, current, next, forest)
}

/// The transition an act would be. Only [`decide`] hands it out; [`super::preview`] shows it.
pub(super) fn turn(
    act: Act,
    by: Actor,
    at: Utc,
    current: Option<Current>,
    next: AlertId,
    forest: &Forest,
) -> Result<Transition, AlertRefusal> {
    let find = |id: AlertId, revision: Revision| match current {
        Some(current) if current.alert().id != id => Err(AlertRefusal::NotActive(id)),
        Some(current) if current.alert().revision != revision => Err(AlertRefusal::Changed(id)),
        Some(current) => Ok(current),
        None => Err(AlertRefusal::NotActive(id)),
    };
    let active = |current: Current| match current {
        Current::Active(alert) => Ok(alert),
        Current::Expired(alert) => Err(AlertRefusal::NotActive(alert.id)),
    };
    match act {
        Act::Raise(draft) => {
            let expires_at = draft.lasts.map(|lasts| at + lasts);
            let alert = Alert {
                id: next,
                revision: Revision::FIRST,
                draft,
                raised_at: at,
                raised_by: by.clone(),
                expires_at,
            };
            Ok(Transition { alert, change: Change::Raised, at, by, settles: Vec::new() })
        }
        Act::Change { alert, revision, to } => active(find(alert, revision)?)?.change(to, at, by),
        Act::End { alert, revision, parts } if parts.is_empty() => {
            let (Current::Active(alert) | Current::Expired(alert)) = find(alert, revision)?;
            let settles = alert.settles(forest, Settled::Clear(at));
            Ok(alert.step(Change::Ended, at, by, settles))
        }
        Act::End { alert, revision, parts } => match find(alert, revision)? {
            Current::Active(alert) => alert.end_partly(&parts, at, by, forest),
            // What is left of a partial end goes on, and this alert doesn't.
            Current::Expired(alert) => Err(AlertRefusal::OnlyWhole(alert.id)),
        },
        Act::Withdraw { alert, revision } => {
            let alert = active(find(alert, revision)?)?;
            Ok(alert.step(Change::Withdrawn, at, by, Vec::new()))
        }
    }
}

/// Drafts a change of an alert in force: the same hazard, status and area, with what is given anew.
///
/// # Errors
///
/// What the hazard does not allow.
pub fn redraft(
    alert: &Alert,
    catalogue: &Catalogue,
    level: Option<&LevelId>,
    lasts: Option<Duration>,
    note: Option<String>,
    forest: &Forest,
) -> Result<Draft, DraftRefusal> {
    let level = level.unwrap_or(&alert.draft.level);
    let hazard =
        catalogue.get(&alert.draft.hazard).ok_or_else(|| DraftRefusal::Level(level.clone()))?;
    let note = note.or_else(|| alert.draft.note.clone());
    Draft::new(alert.status(), hazard, Some(level), alert.area().clone(), lasts, note, forest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::region::tests::forest;

    fn at(minute: i64) -> Utc {
        Utc::UNIX_EPOCH + chrono::TimeDelta::minutes(minute)
    }

    fn duty() -> Actor {
        Actor::Operator { user: UserId(1), name: "duty".to_owned() }
    }

    /// For an hour, in `west`.
    fn raised(status: Status) -> Alert {
        let draft = Draft::recorded(DraftRow {
            status,
            hazard: HazardId::new("drone"),
            level: LevelId::new("threat"),
            step: 0,
            rank: (Severity::Extreme, Urgency::Immediate),
            certainty: Certainty::Likely,
            approvals: 0,
            silent: false,
            updates: Updates::Edit,
            paid: false,
            area: Area::of([RegionId::new("west")]).unwrap(),
            lasts: Some(Duration::from_hours(1)),
            note: None,
            wording: Wording::default(),
        });
        Alert::recorded(AlertId(1), Revision::FIRST, draft, (at(0), duty()), Some(at(60)))
    }

    fn expired(status: Status) -> Transition {
        raised(status).expire(at(60), &forest()).unwrap()
    }

    fn act_on(last: &Transition, act: Act) -> Result<Transition, AlertRefusal> {
        turn(act, duty(), at(90), Current::after(last), AlertId(2), &forest())
    }

    fn end(last: &Transition, parts: &[&str]) -> Act {
        let parts = parts.iter().map(|part| RegionId::new(part)).collect();
        Act::End { alert: last.alert.id(), revision: last.alert.revision(), parts }
    }

    #[test]
    fn the_end_of_an_expired_alert_can_be_confirmed_once() {
        let over = expired(Status::Actual);
        let confirmed = act_on(&over, end(&over, &[])).unwrap();
        assert_eq!(confirmed.change, Change::Ended);
        assert_eq!((confirmed.at, &confirmed.by), (at(90), &duty()));
        assert_eq!(confirmed.alert.revision(), over.alert.revision().next());
        let clear = Settled::Clear(at(90));
        let places = ["town", "west"].map(|place| (RegionId::new(place), clear));
        assert_eq!(confirmed.settles, places);
        let again = act_on(&confirmed, end(&confirmed, &[]));
        assert_eq!(again, Err(AlertRefusal::NotActive(AlertId(1))));
    }

    #[test]
    fn an_expired_exercise_ends_and_says_nothing_of_the_world() {
        let over = expired(Status::Exercise);
        let confirmed = act_on(&over, end(&over, &[])).unwrap();
        assert_eq!((confirmed.change, confirmed.settles), (Change::Ended, Vec::new()));
    }

    #[test]
    fn an_expired_alert_can_be_ended_as_a_whole_and_nothing_else() {
        let over = expired(Status::Actual);
        let (alert, revision) = (over.alert.id(), over.alert.revision());
        let part = act_on(&over, end(&over, &["town"]));
        assert_eq!(part, Err(AlertRefusal::OnlyWhole(alert)), "it would be active again");
        let to = over.alert.draft().clone();
        let gone = Err(AlertRefusal::NotActive(alert));
        assert_eq!(act_on(&over, Act::Change { alert, revision, to }), gone);
        assert_eq!(act_on(&over, Act::Withdraw { alert, revision }), gone);
    }

    #[test]
    fn an_end_asked_for_before_expiry_has_to_be_asked_for_again() {
        let over = expired(Status::Actual);
        let before = Act::End { alert: AlertId(1), revision: Revision::FIRST, parts: Vec::new() };
        assert_eq!(act_on(&over, before), Err(AlertRefusal::Changed(AlertId(1))));
    }
}
