//! Saving how far a broadcast got.

use super::{AlertId, BotId, ChatId, Fanout, FanoutId, Ledger, Logged, Watch};
use crate::{
    domain::{lang::Lang, time::Utc},
    ports::store::{Heir, LaneSave, LetterSave, LogRow, Save, WatchSave},
    store::{after, follows},
};

impl Ledger {
    /// Remembers how many chats a broadcast is for.
    pub fn sized(&mut self, fanout: FanoutId, size: u64) {
        if let Some(fanout) = self.fanouts.get_mut(&fanout) {
            fanout.size = Some(size);
        }
    }

    /// Closes the readers of a broadcast. The first call counts.
    pub fn close_readers(&mut self, fanout: FanoutId) {
        let last = self.last_logged();
        if let Some(fanout) = self.fanouts.get_mut(&fanout) {
            fanout.readers_ceiling.get_or_insert(last);
        }
    }

    /// The last row of the delivery log.
    pub(super) fn last_logged(&self) -> i64 {
        self.log.last_key_value().map_or(0, |(id, _)| *id)
    }

    /// Saves progress. Saving the same again changes nothing.
    pub fn save(&mut self, bot: BotId, save: &Save, _at: Utc) {
        for lane in &save.lanes {
            self.save_lane(lane, save.pace);
        }
        for letter in &save.letters {
            self.save_letter(bot, letter);
        }
        for watch in &save.watches {
            let (WatchSave::Out(Watch { fanout, chat, message, lang })
            | WatchSave::Done(Watch { fanout, chat, message, lang })) = *watch;
            let key = (fanout, chat, message);
            match watch {
                WatchSave::Out(_) => drop(self.watches.insert(key, lang)),
                WatchSave::Done(_) => drop(self.watches.remove(&key)),
            }
        }
        if let Some(limits) = &save.limits {
            self.limits.insert(bot, limits.clone());
        }
    }

    fn save_lane(&mut self, lane: &LaneSave, pace: u32) {
        let Some(fanout) = self.fanouts.get_mut(&lane.fanout) else { return };
        if follows(&fanout.progress, &lane.progress) {
            fanout.progress = lane.progress.clone();
        }
        fanout.closed_at = fanout.closed_at.or(lane.closed_at);
        if fanout.closed_at.is_some() {
            self.running.remove(&lane.fanout);
        }
        let (bot, alert, opened_at) = (fanout.bot, fanout.transition.alert.id(), fanout.opened_at);
        if !lane.log.is_empty() {
            self.measured.entry(lane.fanout).or_default().pace = pace;
        }
        for row in &lane.log {
            if self.save_row(bot, alert, lane.fanout, row) {
                let measured = self.measured.entry(lane.fanout).or_default();
                measured.count(after(opened_at, row.at), (row.settlement, row.fate), row.repeated);
            }
        }
    }

    /// Whether it was not there yet.
    fn save_row(&mut self, bot: BotId, alert: AlertId, fanout: FanoutId, row: &LogRow) -> bool {
        let chat = self.resolve(bot, row.chat);
        if self.rows(alert, bot, chat).any(|(_, before)| before.fanout == Some(fanout)) {
            return false;
        }
        let known = self.chats.contains_key(&(bot, chat));
        let told = known && row.settlement.may_have_read();
        let logged = |alert: AlertId, told: bool| Logged {
            alert,
            bot,
            chat,
            fanout: Some(fanout),
            place: row.place.clone(),
            lang: None,
            settlement: row.settlement,
            told,
            message: row.message,
            at: row.at,
        };
        self.append(logged(alert, told && row.tells.contains(&alert)));
        for &other in row.tells.iter().filter(|other| told && **other != alert) {
            if !self.rows(other, bot, chat).any(|(_, before)| before.told) {
                // Not its own message: no update of the other alert may be put in its place.
                self.append(Logged { message: None, ..logged(other, true) });
            }
        }
        self.struck(bot, chat, row.fate, Some(alert));
        true
    }

    fn save_letter(&mut self, bot: BotId, save: &LetterSave) {
        let ours = self.letters.get(&save.letter).is_some_and(|letter| letter.bot == bot);
        let Some(letter) = ours.then(|| self.letters.remove(&save.letter)).flatten() else {
            return;
        };
        let Some(row) = &save.row else { return };
        let chat = self.resolve(bot, row.chat);
        for &alert in row.tells.iter().filter(|_| row.settlement.may_have_read()) {
            if !self.rows(alert, bot, chat).any(|(_, before)| before.told) {
                self.append(letter_row(bot, chat, alert, letter.lang, row));
            }
        }
        self.struck(bot, chat, row.fate, None);
    }

    pub(super) fn rows(
        &self,
        alert: AlertId,
        bot: BotId,
        chat: ChatId,
    ) -> impl Iterator<Item = (i64, &Logged)> {
        let ids = self.told.get(&(alert, bot)).and_then(|told| told.chats.get(&chat));
        ids.into_iter().flatten().filter_map(|id| Some((*id, self.log.get(id)?)))
    }

    fn append(&mut self, row: Logged) {
        self.logged += 1;
        let told = self.told.entry((row.alert, row.bot)).or_default();
        if row.told {
            told.walk.insert(self.logged);
            if !row.chat.is_private() {
                told.public.insert(self.logged);
            }
        }
        told.chats.entry(row.chat).or_default().push(self.logged);
        self.log.insert(self.logged, row);
    }

    /// Gives a chat of a broadcast its new id.
    pub fn follow(&mut self, fanout: FanoutId, from: ChatId, to: ChatId) -> Heir {
        let Some(fanout) = self.fanouts.get(&fanout) else { return Heir::Follows };
        let bot = fanout.bot;
        let heir = self.inherits(fanout, from, to);
        self.moved(bot, from, to);
        heir
    }

    fn inherits(&self, fanout: &Fanout, from: ChatId, to: ChatId) -> Heir {
        // The place of the new id in the audience is the old one's: this is a repetition, or the
        // group said so first.
        let renamed = self
            .moves
            .get(&(fanout.bot, from))
            .is_some_and(|moved| moved.renamed && moved.to == to && moved.seq > fanout.ceiling);
        if !renamed && from != to && self.belongs(fanout, to) {
            Heir::Already
        } else {
            Heir::Follows
        }
    }
}

fn letter_row(bot: BotId, chat: ChatId, alert: AlertId, lang: Lang, row: &LogRow) -> Logged {
    Logged {
        alert,
        bot,
        chat,
        fanout: None,
        place: row.place.clone(),
        lang: Some(lang),
        settlement: row.settlement,
        told: true,
        message: row.message,
        at: row.at,
    }
}
