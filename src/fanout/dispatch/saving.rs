//! What must survive, and when it is made durable.

use std::time::Duration;

use super::{Action, Alarm, Dispatch, Fare, Lane, Report, SAVE_EVERY, SAVE_RETRY, Watched};
use crate::{
    domain::{
        ids::{AlertId, FanoutId},
        letter::Watch,
        time::{Moment, Mono},
    },
    ports::store::{Limits, LogRow, Save, WatchSave},
};

/// When nothing could be saved for so long, a person has to look: a checkpoint or a backup is shorter.
const UNSAVED_LONG: Duration = Duration::from_secs(3);

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
        let reserve = (self.pacer.limit(Fare::Paid) / 4).max(8) as usize;
        let lanes = self
            .lanes
            .values_mut()
            .filter(|lane| lane.is_dirty() || lane.is_starved())
            .map(|lane| {
                let alert = lane.alert();
                let pays = lane.is_paid() && self.purse.pays(alert, now);
                lane.may_cost(
                    pays.then(|| (self.purse.left(alert, now), self.pacer.limit(Fare::Paid))),
                );
                lane.save(reserve, now)
            })
            .collect();
        let paused = self.pacer.silent_until();
        let limits = std::mem::take(&mut self.limits_dirty).then(|| Limits {
            paused_until: (paused > now.mono).then(|| now.utc + paused.since(now.mono)),
            windows: self.chats.windows(now.mono, now.utc),
            spent: self.purse.spent().clone(),
        });
        let save = Save {
            lanes,
            letters: std::mem::take(&mut self.letter_saves),
            watches: std::mem::take(&mut self.watch_saves),
            limits,
            pace: self.pacer.limit(Fare::Free),
        };
        self.saving = Some(save.clone());
        Some(save)
    }

    /// The save is durable, or (`false`) nothing of it is.
    pub fn on_saved(&mut self, durable: bool, now: Moment) {
        let Some(save) = self.saving.take() else { return };
        self.storage_trouble = !durable;
        if !durable {
            let since = *self.unsaved_since.get_or_insert(now.mono);
            if now.mono.since(since) >= UNSAVED_LONG && !self.unsaved_told {
                self.unsaved_told = true;
                self.news.push(Action::Alarm(Alarm::Unsaved));
            }
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
        (self.unsaved_since, self.unsaved_told) = (None, false);
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
        let Some(report) = self.report(fanout, now) else { return };
        self.lanes.remove(&fanout);
        let report = Report { trouble: None, ..report };
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
