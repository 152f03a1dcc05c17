//! Walking an audience.

use std::{collections::BTreeMap, ops::Bound};

use super::{Chat, EXERCISES, FanoutId, How, Ledger, RegionId, Row};
use crate::{
    domain::{
        audience::{Audience, Kind, Position, Reach, Readers, Recipient, Standing, Tier, Variant},
        delivery::Settlement,
        ids::{AlertId, BotId, ChatId, MessageId},
        lang::Lang,
        time::Utc,
    },
    ports::store::{Fanout, Page},
};

impl Ledger {
    /// How many an audience has now, through this bot. Readers are of a broadcast, and none is open
    /// here.
    #[must_use]
    pub fn reach(&self, bot: BotId, audience: &Audience) -> Reach {
        let mut reach = Reach::default();
        let strata = Tier::ALL.into_iter().flat_map(|tier| {
            audience.places.iter().enumerate().map(move |(index, place)| (tier, index, place))
        });
        for (tier, index, place) in strata {
            let Some(walk) = self.walks.get(&(bot, tier, place.clone())) else { continue };
            for (seq, id) in walk {
                let Some(chat) = self.chats.get(&(bot, *id)) else { continue };
                let lives = |row: &Row, place: &RegionId| row.place == *place && row.gone.is_none();
                let here = chat.rows.iter().any(|row| row.seq == *seq && row.gone.is_none());
                let earlier = audience.places[..index]
                    .iter()
                    .any(|place| chat.rows.iter().any(|row| lives(row, place)));
                let exercises = || {
                    let place = RegionId::new(EXERCISES);
                    chat.rows.iter().any(|row| lives(row, &place))
                };
                if here && !earlier && (!audience.exercise || exercises()) {
                    reach.chats[tier.index()] += 1;
                    reach.people[tier.index()] +=
                        if tier.kind() == Kind::Private { 1 } else { chat.members };
                }
            }
        }
        reach
    }

    /// Of these chats, those that live at this place and nowhere else; and for each whether it was
    /// told of one of these alerts, by that place, for certain and not before `since`.
    #[must_use]
    pub fn told(
        &self,
        bot: BotId,
        chats: &[(ChatId, RegionId)],
        alerts: &[AlertId],
        since: Option<Utc>,
    ) -> BTreeMap<ChatId, bool> {
        let told = |chat: ChatId, place: &RegionId, alert: AlertId| {
            self.rows(alert, bot, chat).any(|(_, row)| {
                row.told
                    && row.place == *place
                    && row.settlement == Settlement::Delivered
                    && since.is_none_or(|since| row.at >= since)
            })
        };
        let alone = |(chat, place): &&(ChatId, RegionId)| {
            self.subscriber(bot, *chat).is_some_and(|known| known.places == [place.clone()])
        };
        let known = |(chat, place): &(ChatId, RegionId)| {
            (*chat, alerts.iter().any(|&alert| told(*chat, place, alert)))
        };
        chats.iter().filter(alone).map(known).collect()
    }

    /// At most `limit` chats of a broadcast's audience after a position.
    #[must_use]
    pub fn page(&self, fanout: FanoutId, after: Position, limit: usize) -> Page {
        let mut recipients = Vec::new();
        let Some(fanout) = self.fanouts.get(&fanout) else {
            return Page { recipients, last: true };
        };
        let last = self.walk(fanout, after, &mut |at, who| {
            if recipients.len() == limit {
                return false;
            }
            recipients.push(self.recipient(fanout, at, &who));
            recipients.len() < limit
        });
        Page { recipients, last }
    }

    /// How many chats a broadcast's audience has after a position.
    #[must_use]
    pub fn count(&self, fanout: FanoutId, after: Position) -> u64 {
        let mut found = 0;
        if let Some(fanout) = self.fanouts.get(&fanout) {
            let mut count = |_: Position, _: Who<'_>| {
                found += 1;
                true
            };
            self.places(fanout, after, &mut count);
            self.readers(fanout, after, &mut count);
        }
        found
    }

    /// Meets everyone after a position until `meet` says to stop; says whether the walk has come to
    /// its end.
    fn walk<'a>(
        &'a self,
        fanout: &'a Fanout,
        after: Position,
        meet: &mut impl FnMut(Position, Who<'a>) -> bool,
    ) -> bool {
        let complete = !fanout.audience.readers || fanout.readers_ceiling.is_some();
        self.places(fanout, after, meet) && self.readers(fanout, after, meet) && complete
    }

    fn readers<'a>(
        &'a self,
        fanout: &'a Fanout,
        after: Position,
        meet: &mut impl FnMut(Position, Who<'a>) -> bool,
    ) -> bool {
        let key = (fanout.transition.alert.id(), fanout.bot);
        let Some(told) = self.told.get(&key) else { return true };
        for (part, after, last) in fanout.readers_after(after) {
            let rows = if part == Readers::Public { &told.public } else { &told.walk };
            for &id in rows.range((Bound::Excluded(after), Bound::Included(last.max(after)))) {
                let Some(row) = self.log.get(&id) else { continue };
                let ours = part != Readers::People || row.chat.is_private();
                if ours
                    && self.first_told(fanout, row.chat) == Some(id)
                    && !self.lives(fanout, row.chat)
                    && !meet(Position { stratum: part.stratum(), key: id }, Who::Reader(id))
                {
                    return false;
                }
            }
        }
        true
    }

    /// The row of the log that makes the chat a reader in this broadcast.
    fn first_told(&self, fanout: &Fanout, chat: ChatId) -> Option<i64> {
        let told = self.told.get(&(fanout.transition.alert.id(), fanout.bot))?;
        let first = told.chats.get(&chat)?.iter().copied().find(|id| {
            self.log.get(id).is_some_and(|row| row.told && row.fanout != Some(fanout.id))
        })?;
        fanout.readers_ceiling.is_none_or(|ceiling| first <= ceiling).then_some(first)
    }

    fn places<'a>(
        &'a self,
        fanout: &'a Fanout,
        after: Position,
        meet: &mut impl FnMut(Position, Who<'a>) -> bool,
    ) -> bool {
        let audience = &fanout.audience;
        for stratum in after.stratum.max(1)..=audience.strata() {
            let Some((tier, index)) = audience.stratum(stratum) else { continue };
            let key = if stratum == after.stratum { after.key } else { 0 };
            let place = audience.places[index].clone();
            let Some(walk) = self.walks.get(&(fanout.bot, tier, place)) else { continue };
            let range = (Bound::Excluded(key), Bound::Included(fanout.ceiling.max(key)));
            for (&seq, &id) in walk.range(range) {
                let Some(chat) = self.chats.get(&(fanout.bot, id)) else { continue };
                let Some(row) = chat.rows.iter().find(|row| row.seq == seq) else { continue };
                let belongs = frozen(row, fanout)
                    && !audience.places[..index].iter().any(|one| chat.stands(one, fanout))
                    && (!audience.exercise || chat.stands(&RegionId::new(EXERCISES), fanout));
                if belongs && !meet(Position { stratum, key: seq }, Who::Resident(id, chat, row)) {
                    return false;
                }
            }
        }
        true
    }

    /// Whether the chat is in the audience by itself, in any stratum.
    pub(super) fn belongs(&self, fanout: &Fanout, id: ChatId) -> bool {
        let reader = fanout.audience.readers && self.first_told(fanout, id).is_some();
        reader || self.lives(fanout, id)
    }

    /// Whether the chat belongs to a place of the audience.
    fn lives(&self, fanout: &Fanout, id: ChatId) -> bool {
        let audience = &fanout.audience;
        self.chats.get(&(fanout.bot, id)).is_some_and(|chat| {
            audience.places.iter().any(|place| chat.stands(place, fanout))
                && (!audience.exercise || chat.stands(&RegionId::new(EXERCISES), fanout))
        })
    }

    fn recipient(&self, fanout: &Fanout, at: Position, who: &Who<'_>) -> Recipient {
        let (id, chat, how, place, lang) = match who {
            Who::Reader(row) => {
                // A row that was walked is there.
                let row = &self.log[row];
                let chat = self.chats.get(&(fanout.bot, row.chat));
                let how = chat.and_then(|chat| chat.gone).map(|went| went.how);
                let lang = chat.map(|chat| chat.lang).or(row.lang).unwrap_or(Lang::Ru);
                (row.chat, chat, how, &row.place, lang)
            }
            Who::Resident(id, chat, row) => {
                let (how, place) = stand(chat, row, fanout);
                (*id, Some(*chat), how, place, chat.lang)
            }
        };
        let to = |id: ChatId, chat: Option<&Chat>, lang: Lang, standing: Standing| {
            let (told, message, over) = self.earlier(fanout, id);
            Recipient {
                at,
                chat: id,
                variant: Variant { lang, place: place.clone() },
                tier: chat.map_or(Tier::by_id(id), |chat| chat.tier),
                standing,
                told,
                message,
                over,
                enough: Vec::new(),
                needless: false,
            }
        };
        match how {
            None => to(id, chat, lang, Standing::Subscribed),
            Some(How::Moved) => match self.heir(fanout, id) {
                Some((heir, chat)) => {
                    let how = chat.gone.map(|went| went.how);
                    to(heir, Some(chat), chat.lang, how.map_or(Standing::Subscribed, How::standing))
                }
                None => to(id, chat, lang, Standing::Left),
            },
            Some(how) => to(id, chat, lang, how.standing()),
        }
    }

    /// Whether the chat was told of the alert before, for certain; the last message by which a
    /// broadcast did; and whether it has since heard that it is over.
    fn earlier(&self, fanout: &Fanout, id: ChatId) -> (bool, Option<MessageId>, bool) {
        let alert = fanout.transition.alert.id();
        let rows = || {
            let rows = self.rows(alert, fanout.bot, id).map(|(_, row)| row);
            rows.filter(|row| row.fanout != Some(fanout.id))
        };
        let told = rows().any(|row| row.told && row.settlement == Settlement::Delivered);
        let told_by = rows().filter(|row| row.told && row.fanout.is_some());
        // The log is in the order in which outcomes became durable, and an older broadcast's is not
        // sent once a later one's is out.
        let last = rows().filter(|row| row.fanout.is_some() || row.told).last();
        let over = last.is_some_and(|row| !row.told && row.settlement == Settlement::Delivered);
        (told, told_by.filter_map(|row| row.message).max(), over)
    }

    /// Who stands in for a chat that went to another id; nobody, if that is in the audience anyway.
    fn heir(&self, fanout: &Fanout, id: ChatId) -> Option<(ChatId, &Chat)> {
        let to = self.moves.get(&(fanout.bot, id))?.to;
        let chat = self.chats.get(&(fanout.bot, to))?;
        (!self.belongs(fanout, to)).then_some((to, chat))
    }
}

/// Someone met on a walk.
enum Who<'a> {
    /// By this row of the log.
    Reader(i64),
    /// By this subscription.
    Resident(ChatId, &'a Chat, &'a Row),
}

impl How {
    fn standing(self) -> Standing {
        match self {
            Self::Left | Self::Moved => Standing::Left,
            Self::Retired => Standing::Retired,
            Self::Suspended => Standing::Suspended,
        }
    }
}

impl Chat {
    fn row(&self, place: &RegionId, fanout: &Fanout) -> Option<&Row> {
        self.rows.iter().find(|row| row.place == *place && frozen(row, fanout))
    }

    fn stands(&self, place: &RegionId, fanout: &Fanout) -> bool {
        self.row(place, fanout).is_some()
    }
}

/// Whether the row came at or below the ceiling and had not gone by it.
fn frozen(row: &Row, fanout: &Fanout) -> bool {
    row.seq <= fanout.ceiling && row.gone.is_none_or(|went| went.seq > fanout.ceiling)
}

/// How the chat stands in this broadcast, and by which place it is told.
fn stand<'a>(chat: &'a Chat, row: &'a Row, fanout: &'a Fanout) -> (Option<How>, &'a RegionId) {
    let exercise = || {
        let asked = fanout.audience.exercise.then(|| RegionId::new(EXERCISES))?;
        chat.row(&asked, fanout)?.gone.map(|went| went.how)
    };
    let lives = |place: &&RegionId| chat.row(place, fanout).is_some_and(|row| row.gone.is_none());
    match row.gone.map(|went| went.how) {
        None => (exercise(), &row.place),
        Some(How::Left) => match fanout.audience.places.iter().find(lives) {
            Some(other) => (exercise(), other),
            None => (Some(How::Left), &row.place),
        },
        Some(how) => (Some(how), &row.place),
    }
}
