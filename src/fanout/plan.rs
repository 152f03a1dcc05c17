//! Which broadcasts there should be, and which goes first.
//!
//! Planning is a comparison, not a plan that is kept: what the store says is open against what runs.
//! Doing it twice changes nothing.

use std::collections::BTreeMap;

use crate::{
    domain::{
        alert::{Change, Status},
        hazard::{Severity, Urgency},
        ids::{AlertId, FanoutId},
    },
    ports::store::Fanout,
};

/// How urgent a broadcast is. Greater goes first; exercises last; a withdrawal just above the alert
/// it withdraws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rank(u32);

impl Rank {
    /// The rank of a broadcast.
    #[must_use]
    pub fn of(fanout: &Fanout) -> Self {
        let alert = &fanout.transition.alert;
        if alert.status() == Status::Exercise {
            return Self(0);
        }
        let (severity, urgency) = alert.draft().rank();
        let withdrawal = u32::from(fanout.transition.change == Change::Withdrawn);
        Self(100 + 20 * severity_step(severity) + 2 * urgency_step(urgency) + withdrawal)
    }
}

fn severity_step(severity: Severity) -> u32 {
    match severity {
        Severity::Minor => 0,
        // What nobody has judged is not taken lightly.
        Severity::Moderate | Severity::Unknown => 1,
        Severity::Severe => 2,
        Severity::Extreme => 3,
    }
}

fn urgency_step(urgency: Urgency) -> u32 {
    match urgency {
        Urgency::Past => 0,
        Urgency::Future => 1,
        Urgency::Expected | Urgency::Unknown => 2,
        Urgency::Immediate => 3,
    }
}

/// The broadcasts among `open` that a later one of the same alert has overtaken.
#[must_use]
pub fn superseded(open: &[Fanout]) -> Vec<FanoutId> {
    let mut latest: BTreeMap<AlertId, FanoutId> = BTreeMap::new();
    for fanout in open {
        let one = latest.entry(fanout.transition.alert.id()).or_insert(fanout.id);
        *one = (*one).max(fanout.id);
    }
    open.iter()
        .filter(|fanout| latest.get(&fanout.transition.alert.id()).is_some_and(|&l| l > fanout.id))
        .map(|fanout| fanout.id)
        .collect()
}
