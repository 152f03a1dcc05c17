//! What must survive, and when it is made durable.

use super::{Action, Alarm, Dispatch, Lane, SAVE_EVERY, SAVE_RETRY, Watched};
use crate::{
    domain::{
        ids::{AlertId, FanoutId},
        letter::Watch,
        time::{Moment, Mono},
    },
    ports::store::{Limits, LogRow, Save, WatchSave},
};

impl Dispatch {
    pub(super) fn is_dirty(&self) -> bool {
        self.limits_dirty
            || !self.letter_saves.is_empty()
            || !self.watch_saves.is_empty()
            || self.lanes.values().any(Lane::is_dirty)
    }

    pub(super) fn save(&mut self, now: Moment) -> Option<Save> {
        if self.saving.is_some() || self.save_not_before > now.mono {
            return None;
        }
        let due = self.stopping || self.saved_at + SAVE_EVERY <= now.mono;
        let urgent = self.lanes.values().any(Lane::is_starved);
        let wanted = urgent || (due && self.is_dirty());
        if !wanted {
            return None;
        }
        // What may be sent until the next save is acknowledged: two saves' worth and a little.
        let reserve = (self.pacer.limit() / 4).max(8) as usize;
        let lanes = self
            .lanes
            .values_mut()
            .filter(|lane| lane.is_dirty() || lane.is_starved())
            .map(|lane| lane.save(reserve, now))
            .collect();
        let paused = self.pacer.silent_until();
        let limits = std::mem::take(&mut self.limits_dirty).then(|| Limits {
            paused_until: (paused > now.mono).then(|| now.utc + paused.since(now.mono)),
            windows: self.chats.windows(now.mono, now.utc),
        });
        let save = Save {
            lanes,
            letters: std::mem::take(&mut self.letter_saves),
            watches: std::mem::take(&mut self.watch_saves),
            limits,
            pace: self.pacer.limit(),
        };
        self.saving = Some(save.clone());
        Some(save)
    }

    /// The save is durable, or (`false`) nothing of it is.
    pub fn on_saved(&mut self, durable: bool, now: Moment) {
        let Some(save) = self.saving.take() else { return };
        self.storage_trouble = !durable;
        if !durable {
            self.save_not_before = now.mono + SAVE_RETRY;
            self.limits_dirty |= save.limits.is_some();
            self.letter_saves.splice(0..0, save.letters);
            self.watch_saves.splice(0..0, save.watches);
            for saved in &save.lanes {
                if let Some(lane) = self.lanes.get_mut(&saved.fanout) {
                    lane.on_not_saved();
                }
            }
            return;
        }
        self.saved_at = now.mono;
        for saved in &save.lanes {
            let Some(lane) = self.lanes.get_mut(&saved.fanout) else { continue };
            lane.on_saved(saved);
            if lane.is_closed() {
                self.close(saved.fanout, now);
            }
        }
        for watch in &save.watches {
            if let WatchSave::Out(watch) = watch {
                self.watch(*watch, now.mono);
            }
        }
    }

    fn close(&mut self, fanout: FanoutId, now: Moment) {
        let Some(mut lane) = self.lanes.remove(&fanout) else { return };
        let report = lane.report(self.pacer.limit(), now.mono);
        if let Some(audience) = report.audience
            && audience != report.tally.sum()
        {
            let settled = report.tally.sum();
            self.news.push(Action::Alarm(Alarm::Unaccounted { fanout, audience, settled }));
        }
        self.news.push(Action::Closed(report.clone()));
        self.finished.insert(fanout, report);
        // Figures are kept for live reports and to know old broadcasts; the rest is in the store.
        while self.finished.len() > 1_000 {
            self.finished.pop_first();
        }
    }

    pub(super) fn watch(&mut self, watch: Watch, now: Mono) {
        let watched = Watched { watch, edited_at: now, shown: None, busy: false };
        self.watches.entry((watch.fanout, watch.chat)).or_insert(watched);
    }

    /// Whether something that tells of the alert as active is on its way or not yet saved.
    pub(super) fn is_telling(&self, alert: AlertId) -> bool {
        let told = |row: &LogRow| row.tells.contains(&alert);
        let unsaved = self.letter_saves.iter().chain(self.saving.iter().flat_map(|s| &s.letters));
        self.in_flight.values().any(|flight| flight.tells.contains(&alert))
            || self.letters.any_tells(alert)
            || self.lanes.values().any(|lane| lane.doubts_of(alert))
            || self.lanes.values().any(|lane| lane.unsaved().any(told))
            || unsaved.filter_map(|letter| letter.row.as_ref()).any(told)
    }
}
