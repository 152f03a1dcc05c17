//! Kinds of danger, their levels, and what people are told about them. All of it is configuration.

use std::{collections::BTreeMap, time::Duration};

use super::{
    ids::{HazardId, LevelId},
    lang::Texts,
};

/// How soon people must act. `// CAP 1.2 §3.2.2 urgency`
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Not known.
    Unknown,
    /// No longer.
    Past,
    /// In the near future.
    Future,
    /// Within the hour.
    Expected,
    /// At once.
    Immediate,
}

/// How bad it is. `// CAP 1.2 §3.2.2 severity`
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Not known.
    Unknown,
    /// Little or no threat to life or property.
    Minor,
    /// Possible threat.
    Moderate,
    /// Significant threat.
    Severe,
    /// Extraordinary threat.
    Extreme,
}

/// How sure it is. `// CAP 1.2 §3.2.2 certainty`
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Not known.
    Unknown,
    /// Not expected to occur.
    Unlikely,
    /// At most even odds.
    Possible,
    /// More than even odds.
    Likely,
    /// Has occurred or is going on.
    Observed,
}

/// How a change that is no step up reaches people who were told already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Updates {
    /// The message they have is edited.
    #[default]
    Edit,
    /// A message of its own, without a sound.
    Silent,
    /// Not at all: they are told the end.
    None,
}

/// A step of a hazard: "danger" (prepare) and "threat of attack" (act now) are two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// Unique within the hazard.
    pub id: LevelId,
    /// What residents read first: hazard and level in one phrase, "Угроза атаки БПЛА".
    pub title: Texts,
    /// What to do, in a sentence that fits a lock screen.
    pub action: Texts,
    /// Standard safety guidance: one to a few sentences.
    pub guidance: Texts,
    /// How soon people must act.
    pub urgency: Urgency,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub certainty: Certainty,
    /// How many other people must approve a live alert: 0 or 1.
    pub approvals: u8,
    /// Whether its messages are silent for residents.
    pub silent: bool,
    /// How updates reach private chats. Channels and groups are edited.
    pub updates: Updates,
    /// Whether its broadcasts may cost Stars. `// Bot API: allow_paid_broadcast`
    pub paid: bool,
}

/// A kind of danger with its levels, lowest first; never without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hazard {
    /// Stable.
    pub id: HazardId,
    /// What the hazard is called in menus.
    pub name: Texts,
    /// Other ways officials call it; understood when typed.
    pub aliases: Vec<String>,
    /// What to mind after it has ended.
    pub after: Texts,
    /// The longest time an alert may be announced for.
    pub longest: Duration,
    /// Whether an alert without an announced end may be raised.
    pub open_ended: bool,
    levels: Vec<Level>,
}

impl Hazard {
    /// Makes a hazard; `None` without a level.
    #[must_use]
    pub fn new(
        id: HazardId,
        name: Texts,
        aliases: Vec<String>,
        after: Texts,
        (longest, open_ended): (Duration, bool),
        levels: Vec<Level>,
    ) -> Option<Self> {
        (!levels.is_empty()).then_some(Self {
            id,
            name,
            aliases,
            after,
            longest,
            open_ended,
            levels,
        })
    }

    /// The levels, lowest first.
    #[must_use]
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// A level by id.
    #[must_use]
    pub fn level(&self, id: &LevelId) -> Option<&Level> {
        self.levels.iter().find(|level| level.id == *id)
    }

    /// How high a level stands, from 0.
    #[must_use]
    pub fn step(&self, id: &LevelId) -> Option<usize> {
        self.levels.iter().position(|level| level.id == *id)
    }
}

/// Every hazard.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    hazards: BTreeMap<HazardId, Hazard>,
}

impl Catalogue {
    /// Takes the hazards; of two with one id the later stays, which the configuration refuses first.
    #[must_use]
    pub fn new(hazards: Vec<Hazard>) -> Self {
        Self { hazards: hazards.into_iter().map(|hazard| (hazard.id.clone(), hazard)).collect() }
    }

    /// A hazard by id.
    #[must_use]
    pub fn get(&self, id: &HazardId) -> Option<&Hazard> {
        self.hazards.get(id)
    }

    /// Every hazard, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Hazard> {
        self.hazards.values()
    }
}
