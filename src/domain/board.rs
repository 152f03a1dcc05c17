//! The present: every active alert, and what is known of places that none covers.

use std::collections::BTreeMap;

use super::{
    alert::{Alert, Change, Settled, Status, Transition},
    ids::{AlertId, RegionId},
    region::{Coverage, Forest},
    time::Utc,
};

/// The state of everything, as of one reading of the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Board {
    alerts: BTreeMap<AlertId, Alert>,
    settled: BTreeMap<RegionId, Settled>,
}

/// What is true of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posture<'a> {
    /// The place itself.
    pub own: Own<'a>,
    /// Alerts in parts of the place.
    pub within: Vec<&'a Alert>,
}

/// What is true of a place itself. Three values; unknown is never shown as clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Own<'a> {
    /// These alerts cover it, worst first. Never empty.
    Active(Vec<&'a Alert>),
    /// No alert, confirmed by an official at this time.
    Clear(Utc),
    /// Nobody has said; since when, if an announced time ran out.
    Unknown(Option<Utc>),
}

impl Board {
    /// The board of these alerts and settled places.
    #[must_use]
    pub fn new(
        alerts: impl IntoIterator<Item = Alert>,
        settled: impl IntoIterator<Item = (RegionId, Settled)>,
    ) -> Self {
        Self {
            alerts: alerts.into_iter().map(|alert| (alert.id(), alert)).collect(),
            settled: settled.into_iter().collect(),
        }
    }

    /// The active alert with this number.
    #[must_use]
    pub fn alert(&self, id: AlertId) -> Option<&Alert> {
        self.alerts.get(&id)
    }

    /// Every active alert, exercises included, by number.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.values()
    }

    /// Every settled place.
    pub fn settled(&self) -> impl Iterator<Item = (&RegionId, Settled)> {
        self.settled.iter().map(|(place, settled)| (place, *settled))
    }

    /// Takes a transition into account.
    pub fn apply(&mut self, transition: &Transition) {
        let alert = &transition.alert;
        if transition.change.closes() {
            self.alerts.remove(&alert.id());
        } else {
            self.alerts.insert(alert.id(), alert.clone());
        }
        self.settled.extend(transition.settles.iter().cloned());
    }

    /// What is true of `place`. Exercises are no part of it.
    #[must_use]
    pub fn posture(&self, place: &RegionId, forest: &Forest) -> Posture<'_> {
        let covering = |wanted: Coverage| {
            let mut found: Vec<&Alert> = self
                .alerts
                .values()
                .filter(|alert| alert.status() == Status::Actual)
                .filter(|alert| alert.area().coverage(place, forest) == wanted)
                .collect();
            found.sort_by_key(|alert| (std::cmp::Reverse(alert.draft().rank()), alert.id()));
            found
        };
        let active = covering(Coverage::Direct);
        let own = match self.settled.get(place) {
            _ if !active.is_empty() => Own::Active(active),
            Some(Settled::Clear(at)) => Own::Clear(*at),
            Some(Settled::Unknown(at)) => Own::Unknown(Some(*at)),
            None => Own::Unknown(None),
        };
        Posture { own, within: covering(Coverage::Within) }
    }

    /// Alerts that leave a chat at `place` nothing to learn from this transition, once it is told of
    /// one of them by that place.
    ///
    /// A beginning teaches nothing where the same level of the same hazard is known to be in force: an
    /// alert of a district inside an active region, or the region's after the district's. An end
    /// teaches nothing where it has begun anew, if the chat was told that *after* the end. Whoever is
    /// passed over so hears of what goes on when the alert they know of ends: an end names what still
    /// holds. Hence an alert that was lowered and then ended is news wherever a worse one goes on: they
    /// may have been passed over for that one while this was as bad.
    #[must_use]
    pub fn enough(&self, event: &Transition, place: &RegionId, forest: &Forest) -> Vec<AlertId> {
        if !matches!(event.change, Change::Raised | Change::Ended | Change::Expired) {
            return Vec::new();
        }
        let draft = event.alert.draft();
        let alike = |other: &&Alert| {
            other.id() != event.alert.id()
                && other.status() == draft.status()
                && other.draft().hazard() == draft.hazard()
        };
        let worse = |other: &Alert| {
            other.draft().step() > draft.step()
                && other.area().coverage(place, forest) != Coverage::None
        };
        if event.change.closes() && self.alerts.values().filter(alike).any(worse) {
            return Vec::new();
        }
        let same = |other: &&Alert| {
            other.draft().level() == draft.level() && other.area().covers(place, forest)
        };
        self.alerts.values().filter(alike).filter(same).map(Alert::id).collect()
    }
}

impl<'a> Posture<'a> {
    /// Every alert a message about this posture tells of.
    pub fn alerts(&self) -> impl Iterator<Item = &'a Alert> + '_ {
        let own: &[&'a Alert] = match &self.own {
            Own::Active(alerts) => alerts,
            Own::Clear(_) | Own::Unknown(_) => &[],
        };
        own.iter().chain(&self.within).copied()
    }
}
