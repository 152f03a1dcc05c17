//! Chats: how they come, go, die, come back and change their id.

use super::{
    AlertId, BotId, Chat, ChatId, How, Lang, Ledger, Move, RegionId, Row, TIDY_MAX, Tier, Utc, Went,
};
use crate::{
    domain::{audience::Kind, delivery::Fate},
    store::day,
};

impl Ledger {
    fn draw(&mut self) -> i64 {
        self.sequence += 1;
        self.sequence
    }

    pub(super) fn met(&mut self, bot: BotId, id: ChatId, lang: Lang) {
        let Some(chat) = self.chats.get_mut(&(bot, id)) else {
            let chat = Chat {
                lang,
                tier: Tier::by_id(id),
                members: 0,
                seen: 0,
                gone: None,
                missed: None,
                rows: Vec::new(),
            };
            self.chats.insert((bot, id), chat);
            return;
        };
        let struck = |how| matches!(how, How::Retired | How::Suspended);
        if !chat.gone.is_some_and(|went| struck(went.how)) {
            chat.lang = lang;
        }
        let Some(went) = chat.gone.take() else { return };
        chat.missed = None;
        let back: Vec<RegionId> = match went.how {
            How::Left | How::Moved => Vec::new(),
            How::Retired | How::Suspended => chat
                .rows
                .iter()
                .filter(|row| row.gone == Some(went))
                .map(|row| row.place.clone())
                .collect(),
        };
        self.departed.remove(&(bot, went.seq, id));
        for place in back {
            self.subscribed(bot, id, &place);
        }
    }

    pub(super) fn private_chats(&self, bot: BotId) -> u64 {
        let ours = self.chats.range((bot, ChatId(1))..=(bot, ChatId(i64::MAX)));
        ours.filter(|(_, chat)| chat.gone.is_none()).count() as u64
    }

    pub(super) fn speaks(&mut self, bot: BotId, id: ChatId, lang: Lang) {
        if let Some(chat) = self.present(bot, id) {
            chat.lang = lang;
        }
    }

    pub(super) fn counted(&mut self, bot: BotId, id: ChatId, kind: Kind, members: u64) {
        let many = kind != Kind::Private && !id.is_private();
        let Some(chat) = self.present(bot, id).filter(|_| many) else { return };
        chat.members = members;
        self.retier(bot, id, Tier::of(kind, members));
    }

    pub(super) fn seen(&mut self, bot: BotId, id: ChatId, at: Utc) {
        let today = day(at);
        let Some(chat) = self.present(bot, id) else { return };
        if !id.is_private() || chat.seen >= today {
            return;
        }
        let before = std::mem::replace(&mut chat.seen, today);
        let tier = chat.tier;
        self.recent.remove(&(bot, before, id));
        self.recent.insert((bot, today, id));
        if tier == Tier::Silent {
            self.retier(bot, id, Tier::Recent);
        } else {
            self.restless.remove(&(bot, id));
        }
    }

    /// The chat is of this tier from the next broadcast on: at once, if it lives nowhere yet.
    fn retier(&mut self, bot: BotId, id: ChatId, tier: Tier) {
        self.restless.remove(&(bot, id));
        let Some(chat) = self.chats.get_mut(&(bot, id)) else { return };
        if chat.rows.is_empty() {
            chat.tier = tier;
        } else if chat.tier != tier {
            self.restless.insert((bot, id), tier);
        }
    }

    /// Gives chats the tier they are due, if no broadcast of this bot is open.
    pub(super) fn tidy_tiers(&mut self, bot: BotId, now: Utc) -> bool {
        let before = day(now) - Tier::RECENT_DAYS;
        let long = (bot, i64::MIN, ChatId(i64::MIN))..(bot, before, ChatId(i64::MIN));
        let silent: Vec<_> = self.recent.range(long).take(TIDY_MAX).copied().collect();
        for &(_, day, id) in &silent {
            self.recent.remove(&(bot, day, id));
            self.retier(bot, id, Tier::Silent);
        }
        if self.running(bot).next().is_some() {
            return silent.len() == TIDY_MAX;
        }
        let ours = (bot, ChatId(i64::MIN))..=(bot, ChatId(i64::MAX));
        let due: Vec<(ChatId, Tier)> =
            self.restless.range(ours).take(TIDY_MAX).map(|((_, id), tier)| (*id, *tier)).collect();
        for &(id, tier) in &due {
            self.restless.remove(&(bot, id));
            let Some(chat) = self.chats.get_mut(&(bot, id)) else { continue };
            let before = std::mem::replace(&mut chat.tier, tier);
            for row in &chat.rows {
                if let Some(walk) = self.walks.get_mut(&(bot, before, row.place.clone())) {
                    walk.remove(&row.seq);
                }
                let walk = self.walks.entry((bot, tier, row.place.clone())).or_default();
                walk.insert(row.seq, id);
            }
        }
        silent.len() == TIDY_MAX || due.len() == TIDY_MAX
    }

    fn present(&mut self, bot: BotId, id: ChatId) -> Option<&mut Chat> {
        self.chats.get_mut(&(bot, id)).filter(|chat| chat.gone.is_none())
    }

    pub(super) fn subscribed(&mut self, bot: BotId, id: ChatId, place: &RegionId) {
        let seq = self.sequence + 1;
        let Some(chat) = self.present(bot, id) else { return };
        if chat.rows.iter().any(|row| row.place == *place && row.gone.is_none()) {
            return;
        }
        chat.rows.push(Row { place: place.clone(), seq, gone: None });
        let tier = chat.tier;
        self.sequence = seq;
        self.walks.entry((bot, tier, place.clone())).or_default().insert(seq, id);
    }

    pub(super) fn unsubscribed(&mut self, bot: BotId, id: ChatId, place: &RegionId) {
        let lives = |row: &Row| row.place == *place && row.gone.is_none();
        if self.present(bot, id).is_some_and(|chat| chat.rows.iter().any(lives)) {
            let seq = self.draw();
            self.rows_go(bot, id, Went { seq, how: How::Left }, lives);
        }
    }

    fn rows_go(&mut self, bot: BotId, id: ChatId, went: Went, which: impl Fn(&Row) -> bool) {
        let Some(chat) = self.chats.get_mut(&(bot, id)) else { return };
        for row in chat.rows.iter_mut().filter(|row| row.gone.is_none() && which(row)) {
            row.gone = Some(went);
            self.gone.insert((bot, went.seq, id, row.seq));
        }
    }

    /// The chat goes, with all its places.
    fn goes(&mut self, bot: BotId, id: ChatId, how: How) {
        let went = Went { seq: self.draw(), how };
        self.rows_go(bot, id, went, |_| true);
        if let Some(chat) = self.chats.get_mut(&(bot, id)) {
            chat.gone = Some(went);
        }
        if matches!(how, How::Left | How::Moved) {
            self.departed.insert((bot, went.seq, id));
        }
    }

    pub(super) fn left(&mut self, bot: BotId, id: ChatId) {
        match self.chats.get(&(bot, id)).map(|chat| chat.gone.map(|went| went.how)) {
            Some(None | Some(How::Retired | How::Suspended)) => self.goes(bot, id, How::Left),
            None | Some(Some(How::Left | How::Moved)) => {}
        }
    }

    /// `on` is the alert whose message was refused; without one nothing is known to be missed twice.
    pub(super) fn struck(&mut self, bot: BotId, id: ChatId, fate: Fate, on: Option<AlertId>) {
        let Some(chat) = self.present(bot, id) else { return };
        let how = match (fate, on) {
            (Fate::Stays, _) | (Fate::Missed, None) => return,
            (Fate::Retire(_), _) => How::Retired,
            (Fate::Suspend(_), _) => How::Suspended,
            (Fate::Missed, Some(alert)) => match chat.missed {
                Some(before) if before != alert => How::Retired,
                Some(_) => return,
                None => {
                    chat.missed = Some(alert);
                    return;
                }
            },
        };
        self.goes(bot, id, how);
    }

    /// See the module of the stores on groups that change their id.
    pub(super) fn moved(&mut self, bot: BotId, from: ChatId, to: ChatId) {
        if from == to {
            return;
        }
        for letter in self.letters.values_mut().filter(|one| one.bot == bot && one.chat == from) {
            letter.chat = to;
        }
        let bare = self.chats.get(&(bot, to)).is_none_or(|chat| chat.rows.is_empty())
            && !self.is_logged(bot, to);
        match self.chats.get(&(bot, from)).map(|chat| chat.gone.map(|went| went.how)) {
            Some(Some(How::Moved)) => {}
            None if !self.is_logged(bot, from) => {}
            None | Some(_) if bare => self.rename(bot, from, to),
            None | Some(Some(How::Left)) => {}
            Some(was) => self.merge(bot, from, to, was.is_none()),
        }
    }

    fn is_logged(&self, bot: BotId, chat: ChatId) -> bool {
        self.told.iter().any(|((_, of), told)| *of == bot && told.chats.contains_key(&chat))
    }

    /// Nobody knows the new id: everything goes along.
    fn rename(&mut self, bot: BotId, from: ChatId, to: ChatId) {
        let fresh = self.chats.remove(&(bot, to));
        if let Some(went) = fresh.as_ref().and_then(|chat| chat.gone) {
            self.departed.remove(&(bot, went.seq, to));
        }
        if let Some(tier) = self.restless.remove(&(bot, from)) {
            self.restless.insert((bot, to), tier);
        }
        if let Some(chat) = self.chats.remove(&(bot, from)) {
            for row in &chat.rows {
                if let Some(walk) = self.walks.get_mut(&(bot, chat.tier, row.place.clone())) {
                    walk.insert(row.seq, to);
                }
                if let Some(went) = row.gone {
                    self.gone.remove(&(bot, went.seq, from, row.seq));
                    self.gone.insert((bot, went.seq, to, row.seq));
                }
            }
            if let Some(went) = chat.gone
                && self.departed.remove(&(bot, went.seq, from))
            {
                self.departed.insert((bot, went.seq, to));
            }
            self.chats.insert((bot, to), chat);
        } else if let Some(fresh) = fresh.clone() {
            self.chats.insert((bot, to), fresh);
        }
        for ((_, of), told) in &mut self.told {
            if *of == bot
                && let Some(ids) = told.chats.remove(&from)
            {
                for id in &ids {
                    if let Some(row) = self.log.get_mut(id) {
                        row.chat = to;
                        // Numbers of a group's messages mean nothing in what it became.
                        row.message = None;
                    }
                }
                told.chats.insert(to, ids);
            }
        }
        self.draw();
        self.remember(bot, from, to, true);
        // The new id has just been met, the old one had died or left: it is back.
        if let Some(fresh) = fresh.filter(|chat| chat.gone.is_none())
            && self.chats.get(&(bot, to)).is_some_and(|chat| chat.gone.is_some())
        {
            self.met(bot, to, fresh.lang);
        }
    }

    /// The new id is known by itself: the old one goes, and what is counted stays as it was counted.
    fn merge(&mut self, bot: BotId, from: ChatId, to: ChatId, alive: bool) {
        let Some(old) = self.chats.get(&(bot, from)) else { return };
        let places: Vec<RegionId> =
            old.rows.iter().filter(|row| row.gone.is_none()).map(|row| row.place.clone()).collect();
        let lang = old.lang;
        self.goes(bot, from, How::Moved);
        self.remember(bot, from, to, false);
        if !alive {
            return;
        }
        let known = self.chats.get(&(bot, to)).map(|chat| (chat.lang, chat.gone.is_some()));
        match known {
            None => self.met(bot, to, lang),
            Some((own, true)) => self.met(bot, to, own),
            Some((_, false)) => {}
        }
        for place in places {
            self.subscribed(bot, to, &place);
        }
    }

    fn remember(&mut self, bot: BotId, from: ChatId, to: ChatId, renamed: bool) {
        for ((of, _), earlier) in &mut self.moves {
            if *of == bot && earlier.to == from {
                earlier.to = to;
            }
        }
        let seq = self.sequence;
        self.moves.insert((bot, from), Move { to, seq, renamed });
    }

    /// The id under which a chat is known now.
    pub(super) fn resolve(&self, bot: BotId, chat: ChatId) -> ChatId {
        if self.chats.contains_key(&(bot, chat)) {
            return chat;
        }
        self.moves.get(&(bot, chat)).map_or(chat, |moved| moved.to)
    }

    /// Rows, chats and moves that no open broadcast of this bot can see.
    pub(super) fn tidy_chats(&mut self, bot: BotId) -> bool {
        let floor = self.running(bot).map(|fanout| fanout.ceiling).min().unwrap_or(i64::MAX);
        let readers = self.running(bot).any(|fanout| fanout.audience.readers);
        let below =
            (bot, i64::MIN, ChatId(i64::MIN), i64::MIN)..=(bot, floor, ChatId(i64::MAX), i64::MAX);
        let rows: Vec<_> = self
            .gone
            .range(below)
            .filter(|(_, went, chat, _)| !self.would_return(bot, *chat, *went))
            .take(TIDY_MAX)
            .copied()
            .collect();
        for &(_, went, id, seq) in &rows {
            self.gone.remove(&(bot, went, id, seq));
            self.drop_row(bot, id, seq);
        }
        let mut more = rows.len() == TIDY_MAX;
        // Readers are met by the log, whenever they left.
        if !readers {
            let below = (bot, i64::MIN, ChatId(i64::MIN))..=(bot, floor, ChatId(i64::MAX));
            let chats: Vec<_> =
                self.departed.range(below).take(TIDY_MAX).map(|(_, seq, id)| (*seq, *id)).collect();
            more |= chats.len() == TIDY_MAX;
            for (seq, id) in chats {
                self.departed.remove(&(bot, seq, id));
                self.forget(bot, id);
            }
            let gone = |chat| !self.chats.contains_key(&(bot, chat));
            let stale: Vec<_> = self
                .moves
                .iter()
                .filter(|((of, from), moved)| *of == bot && moved.seq <= floor && gone(*from))
                .map(|(key, _)| *key)
                .take(TIDY_MAX)
                .collect();
            for key in &stale {
                self.moves.remove(key);
            }
        }
        more
    }

    /// Whether the row went with its chat, which was struck, and comes back with it.
    fn would_return(&self, bot: BotId, chat: ChatId, went: i64) -> bool {
        self.chats.get(&(bot, chat)).and_then(|chat| chat.gone).is_some_and(|gone| {
            gone.seq == went && matches!(gone.how, How::Retired | How::Suspended)
        })
    }

    fn drop_row(&mut self, bot: BotId, id: ChatId, seq: i64) {
        let Some(chat) = self.chats.get_mut(&(bot, id)) else { return };
        let Some(at) = chat.rows.iter().position(|row| row.seq == seq) else { return };
        let row = chat.rows.remove(at);
        if let Some(walk) = self.walks.get_mut(&(bot, chat.tier, row.place)) {
            walk.remove(&seq);
        }
    }

    fn forget(&mut self, bot: BotId, id: ChatId) {
        let seqs: Vec<(i64, Option<Went>)> = self
            .chats
            .get(&(bot, id))
            .map(|chat| chat.rows.iter().map(|row| (row.seq, row.gone)).collect())
            .unwrap_or_default();
        for (seq, went) in seqs {
            if let Some(went) = went {
                self.gone.remove(&(bot, went.seq, id, seq));
            }
            self.drop_row(bot, id, seq);
        }
        if let Some(chat) = self.chats.remove(&(bot, id)) {
            self.recent.remove(&(bot, chat.seen, id));
        }
        self.restless.remove(&(bot, id));
        let logged: Vec<i64> = self
            .told
            .iter()
            .filter(|((_, of), _)| *of == bot)
            .filter_map(|(_, told)| told.chats.get(&id))
            .flatten()
            .copied()
            .collect();
        for row in logged {
            self.unlog(row);
        }
    }
}
