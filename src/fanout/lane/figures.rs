//! The figures of a lane.

use std::time::Duration;

use super::{Lane, Rest, Stop};
use crate::domain::{
    delivery::{Settlement, Tally},
    report::{Cost, Report},
    time::Mono,
};

impl Lane {
    /// The figures.
    pub fn report(&mut self, limit: u32, now: Mono) -> Report {
        while self.sent.front().is_some_and(|&at| now.since(at) > Duration::from_secs(1)) {
            self.sent.pop_front();
        }
        Report {
            fanout: self.id,
            alert: self.alert,
            revision: self.revision,
            audience: self.size,
            tally: self.counted(),
            started_at: self.opened_at,
            closed_at: self.closed_at,
            rate: u32::try_from(self.sent.len()).unwrap_or(u32::MAX),
            limit,
            tenths: self.cost.tenths,
            trouble: None,
        }
    }

    /// Somebody has nothing to learn.
    pub(super) fn count_known(&mut self) {
        self.known += 1;
        self.tally.add(Settlement::Superseded, 1);
    }

    /// A message leaves that costs a tenth of a Star.
    pub fn on_cost(&mut self) {
        self.cost.tenths += 1;
        self.dirty = true;
    }

    /// So much may yet be spent on it, at so many messages a second; nothing at all if it is not to be
    /// paid for, or no longer.
    pub fn may_cost(&mut self, left: Option<(u64, u32)>) {
        let tenths = self.cost.tenths;
        self.cost = match left {
            Some((left, rate)) => Cost { tenths, rate, most: tenths.saturating_add(left) },
            None => Cost { most: tenths, ..self.cost },
        };
    }

    /// The tally, with those who were not walked.
    pub(super) fn counted(&self) -> Tally {
        let mut tally = self.tally;
        if let Rest::Counted(n) = self.rest {
            tally.add(self.unsent(), n);
        }
        tally
    }

    /// How those end who are not sent to because the lane was stopped.
    pub(super) fn unsent(&self) -> Settlement {
        match self.stop {
            Some(Stop::Malformed) => Settlement::Failed,
            Some(Stop::Stale | Stop::Halted) | None => Settlement::Superseded,
        }
    }
}
