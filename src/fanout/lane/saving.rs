//! What of a lane must survive, and when it is made durable.

use std::collections::VecDeque;

use super::{DUE_SOON, Lane, STRAGGLERS_MAX, Wait};
use crate::{
    domain::{audience::Position, time::Moment},
    ports::store::{LaneSave, Progress, Straggler},
};

impl Lane {
    /// Whether there is something to save.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.dirty && self.saving.is_none()
    }

    /// Whether a save should not wait for its turn: somebody could be sent to but for it, or it is
    /// the last one.
    #[must_use]
    pub fn is_starved(&self) -> bool {
        if self.saving.is_some() {
            return false;
        }
        if self.stop.is_none() {
            let fresh = self.fresh.front().is_some_and(|next| next.at > self.mark);
            let held =
                |queue: &VecDeque<Position>| queue.front().is_some_and(|&at| !self.is_cleared(at));
            if fresh && !self.fresh_is_open() && self.stragglers.len() < STRAGGLERS_MAX {
                return true;
            }
            if held(&self.ready) || held(&self.again) {
                return true;
            }
        }
        self.dirty && self.is_done()
    }

    /// Everything that has to be durable now; `reserve` is how many may be sent before the next save.
    pub fn save(&mut self, reserve: usize, now: Moment) -> LaneSave {
        let ahead = self.fresh.get(reserve.max(1) - 1).or(self.fresh.back());
        let mark = ahead.map_or(self.mark, |recipient| recipient.at.max(self.mark));
        let soon = now.mono + DUE_SOON;
        let mut stragglers = Vec::with_capacity(self.stragglers.len());
        for (&at, entry) in &mut self.stragglers {
            let may_go = match entry.state {
                Wait::InFlight | Wait::Ready | Wait::Moving => true,
                Wait::Until(due) => due <= soon,
            };
            // True once this save is acknowledged; until then `is_cleared` sees `saving`.
            entry.cleared = may_go || entry.doubt;
            stragglers.push(Straggler {
                at,
                chat: entry.chat,
                variant: entry.variant.clone(),
                tier: entry.tier,
                told: entry.told,
                message: entry.message,
                doubt: entry.cleared,
            });
        }
        self.closing = self.is_done();
        let tally = self.counted();
        if self.closing {
            self.closed_at = Some(now.utc);
        }
        let tally = if self.closing { tally } else { self.tally };
        self.dirty = false;
        let log = std::mem::take(&mut self.log);
        self.saving = Some(log.clone());
        LaneSave {
            fanout: self.id,
            progress: Progress {
                cursor: self.cursor,
                mark,
                stragglers,
                tally,
                known: self.known,
                cost: self.cost,
            },
            log,
            closed_at: self.closed_at,
        }
    }

    /// The save is durable.
    pub fn on_saved(&mut self, save: &LaneSave) {
        self.mark = self.mark.max(save.progress.mark);
        self.saving = None;
        self.closing = false;
    }

    /// The save failed; nothing of it is true.
    pub fn on_not_saved(&mut self) {
        if let Some(mut log) = self.saving.take() {
            log.append(&mut self.log);
            self.log = log;
        }
        for entry in self.stragglers.values_mut() {
            entry.cleared = entry.doubt || entry.state == Wait::InFlight;
        }
        self.closing = false;
        self.closed_at = None;
        self.dirty = true;
    }
}
