//! What really happened, read off the phones, against what was promised. Nothing here shares code
//! with the engine.

use std::collections::{BTreeMap, BTreeSet};

use nabat::{
    domain::{
        alert::Change,
        delivery::Settlement,
        ids::{AlertId, ChatId, FanoutId, LetterId, RegionId},
        region::Coverage,
        time::Mono,
    },
    fanout::dispatch::Alarm,
    ports::store::Fanout,
};

use super::{
    fixtures::BOT,
    ops::{Op, Script},
    town::Town,
};

/// What a storm was like, so that a suite can tell whether every fault occurred.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weathered {
    pub(crate) told: u64,
    pub(crate) copies: u64,
    pub(crate) crashes: u64,
    pub(crate) settled: BTreeMap<&'static str, u64>,
    pub(crate) faults: BTreeMap<String, u64>,
    pub(crate) ends: u64,
    /// Of them, those that came after expiry.
    pub(crate) confirmed: u64,
    pub(crate) joined_under_alert: u64,
    pub(crate) moved: u64,
    pub(crate) pauses: u64,
    pub(crate) halted: u64,
    pub(crate) steps: u64,
}

/// A message on a phone, as far as it matters.
struct Heard {
    at: Mono,
    /// The broadcast; `None` for a letter.
    fanout: Option<FanoutId>,
    /// What it is a copy of: kind and number.
    original: String,
    tells: BTreeSet<AlertId>,
    /// Whether it was put in place of an earlier message.
    edit: bool,
}

/// Judges a town after its storm.
pub(crate) fn judge(town: &Town, script: &Script) -> Result<Weathered, String> {
    let judge = Judge::new(town, script);
    judge.limits()?;
    judge.accounts()?;
    judge.starts()?;
    judge.ends()?;
    judge.parts()?;
    judge.present()?;
    judge.stale()?;
    let copies = judge.copies()?;
    // A store that refuses for long is what that alarm is for.
    let sick = script.ops.iter().any(|(_, op)| matches!(op, Op::Sick { .. }));
    // A channel whose rights were taken is what that one is for.
    let lost = |chat| !judge.steady(now_called(town, chat));
    let expected = |alarm: &&Alarm| {
        (**alarm == Alarm::Unsaved && sick)
            || matches!(alarm, Alarm::Lost { chat, .. } if lost(*chat))
    };
    if let Some(alarm) = town.record.alarms.iter().find(|alarm| !expected(alarm)) {
        return Err(format!("an alarm: {alarm:?}"));
    }
    Ok(judge.weathered(copies))
}

struct Judge<'a> {
    town: &'a Town,
    script: &'a Script,
    fanouts: Vec<Fanout>,
    phones: BTreeMap<ChatId, Vec<Heard>>,
    /// How each chat ended in each broadcast, by the log.
    log: BTreeMap<(FanoutId, ChatId), Settlement>,
    /// Chats that came, went or moved on the way.
    unsteady: BTreeSet<ChatId>,
    /// How each chat's letter about an alert ended.
    letters: BTreeMap<(AlertId, ChatId), Settlement>,
}

impl<'a> Judge<'a> {
    fn new(town: &'a Town, script: &'a Script) -> Self {
        let opened = town.record.audience.keys();
        let fanouts = opened.filter_map(|&id| town.ledger.fanout(id)).collect();
        let mut phones: BTreeMap<ChatId, Vec<Heard>> = BTreeMap::new();
        let world = &town.post.world;
        for accepted in world.accepted() {
            let text = world.text(accepted.body).map_or("", |text| text);
            if let Some(mut heard) = heard(text, accepted.arrival) {
                heard.edit = accepted.edit;
                phones.entry(now_called(town, accepted.chat)).or_default().push(heard);
            }
        }
        let (mut log, mut letters) = (BTreeMap::new(), BTreeMap::new());
        for (_, row) in town.ledger.log() {
            let chat = now_called(town, row.chat);
            match row.fanout {
                Some(fanout) => drop(log.insert((fanout, chat), row.settlement)),
                None => drop(letters.insert((row.alert, chat), row.settlement)),
            }
        }
        let unsteady = town.record.unsteady.iter().map(|&chat| now_called(town, chat)).collect();
        Self { town, script, fanouts, phones, log, unsteady, letters }
    }

    /// Promise 5: within the limits, counted where they arrive.
    fn limits(&self) -> Result<(), String> {
        let world = &self.town.post.world;
        let (most, own) = (world.max_in_any_second(BOT), world.self_made_429(BOT));
        // A crash forgets a wait that was asked for since the last save; it is learnt anew from what
        // is in flight within one latency.
        let forgotten = self.town.record.crashes * u64::from(self.script.limit).div_ceil(2);
        if most > u64::from(self.script.limit) || own > forgotten {
            return Err(format!(
                "{most} in a second (limit {}), {own} own 429s",
                self.script.limit
            ));
        }
        Ok(())
    }

    /// Promise 1: the seven sum to the audience, and the audience is who was subscribed.
    fn accounts(&self) -> Result<(), String> {
        for fanout in &self.fanouts {
            let (size, sum) = (fanout.size, fanout.progress.tally.sum());
            if fanout.closed_at.is_none() || size != Some(sum) {
                return Err(format!("{:?}: {sum} settled of {size:?}", fanout.id));
            }
            let naive = self.town.record.audience[&fanout.id].len() as u64;
            if !fanout.audience.readers && naive != sum {
                return Err(format!("{:?}: {sum} settled, {naive} were subscribed", fanout.id));
            }
        }
        Ok(())
    }

    fn steady(&self, chat: ChatId) -> bool {
        !self.unsteady.contains(&chat)
    }

    fn shows(&self, chat: ChatId, fanout: FanoutId) -> bool {
        let messages = self.phones.get(&chat).map_or(&[][..], Vec::as_slice);
        messages.iter().any(|heard| heard.fanout == Some(fanout))
    }

    /// Whether a later broadcast of the alert, or its announced end, took the place of this one.
    fn overtaken(&self, fanout: &Fanout) -> bool {
        let alert = fanout.transition.alert.id();
        self.fanouts
            .iter()
            .any(|other| other.id > fanout.id && other.transition.alert.id() == alert)
    }

    /// Whether an official stopped it for good.
    fn halted(&self, fanout: &Fanout) -> bool {
        self.town.record.halted.contains(&fanout.id)
    }

    /// Promise 1: whoever is counted as delivered has it, and whoever has not is known. Of a partial
    /// end, whoever lives in what remains.
    fn starts(&self) -> Result<(), String> {
        for fanout in &self.fanouts {
            for &chat in &self.town.record.audience[&fanout.id] {
                let chat = now_called(self.town, chat);
                let has = self.shows(chat, fanout.id);
                let fair = match self.log.get(&(fanout.id, chat)) {
                    Some(Settlement::Delivered) => has,
                    Some(Settlement::Uncertain) => true,
                    // A refusal after a doubt: the first attempt may have arrived.
                    Some(_) => !self.steady(chat) || !has || self.script.calm,
                    None => {
                        !self.steady(chat)
                            || !has
                                && (self.overtaken(fanout)
                                    || self.halted(fanout)
                                    || !self.alive(chat)
                                    || self.knew(chat, fanout))
                    }
                };
                if !fair {
                    let ended = self.log.get(&(fanout.id, chat));
                    return Err(format!(
                        "{:?}: {chat:?} ended as {ended:?}, has it: {has}; {}",
                        fanout.id,
                        self.history(chat)
                    ));
                }
            }
        }
        Ok(())
    }

    /// What a chat has heard, and the broadcasts there were: for whoever has to understand a fault.
    fn history(&self, chat: ChatId) -> String {
        let messages = self.phones.get(&chat).map_or(&[][..], Vec::as_slice);
        let heard: Vec<String> = messages
            .iter()
            .map(|one| {
                let tells: Vec<i64> = one.tells.iter().map(|alert| alert.0).collect();
                let edit = if one.edit { " edit" } else { "" };
                format!("{}{edit} {tells:?} at {}", one.original, one.at.0 / 1000)
            })
            .collect();
        let turns: Vec<String> = self
            .fanouts
            .iter()
            .map(|one| {
                let turn = &one.transition;
                let at = self.town.record.opened_at.get(&one.id).map_or(0, |at| at.0 / 1000);
                let area: Vec<&str> = turn.alert.area().regions().map(RegionId::as_str).collect();
                let log = self.log.get(&(one.id, chat));
                format!(
                    "B {} is {:?} of {} ({}, {}) at {at}: {log:?}",
                    one.id.0,
                    turn.change,
                    turn.alert.id().0,
                    turn.alert.draft().level(),
                    area.join("+"),
                )
            })
            .collect();
        format!("heard {heard:#?} of {turns:#?}")
    }

    /// Whether a chat that a beginning passed over had learnt of the alert, or of an equal one that
    /// was active, by another message.
    fn knew(&self, chat: ChatId, fanout: &Fanout) -> bool {
        let turn = &fanout.transition;
        turn.change == Change::Raised
            && self
                .told_of_equal(chat, turn.alert.id(), None, |heard| heard.fanout != Some(fanout.id))
    }

    /// Whether a chat was told of an alert, or of one that was of its level at some time, after `since`.
    fn told_of_equal(
        &self,
        chat: ChatId,
        alert: AlertId,
        since: Option<Mono>,
        which: impl Fn(&Heard) -> bool,
    ) -> bool {
        let levels = |alert: AlertId| -> BTreeSet<_> {
            let turns = self.fanouts.iter().map(|one| &one.transition);
            turns
                .filter(|turn| turn.alert.id() == alert)
                .map(|turn| turn.alert.draft().level().clone())
                .collect()
        };
        let own = levels(alert);
        // It has to have covered a place of the chat's as a whole, at some time.
        let places = self.town.ledger.subscriber(BOT, chat).map_or_else(Vec::new, |one| one.places);
        let covers = |other: AlertId| {
            let turns = self.fanouts.iter().map(|one| &one.transition);
            let areas = turns.filter(|turn| turn.alert.id() == other).map(|turn| turn.alert.area());
            areas.into_iter().any(|area| {
                let direct = |place| area.coverage(place, &self.town.forest) == Coverage::Direct;
                places.is_empty() || places.iter().any(direct)
            })
        };
        let equal = |other: &AlertId| {
            (*other == alert && since.is_none())
                || (*other != alert && !levels(*other).is_disjoint(&own) && covers(*other))
        };
        let messages = self.phones.get(&chat).map_or(&[][..], Vec::as_slice);
        messages.iter().any(|heard| {
            which(heard)
                && since.is_none_or(|since| heard.at >= since)
                && heard.tells.iter().any(equal)
        })
    }

    /// The end goes to those who were told, and only to those.
    fn ends(&self) -> Result<(), String> {
        for end in self.fanouts.iter().filter(|fanout| fanout.transition.change.closes()) {
            let alert = end.transition.alert.id();
            for (&chat, messages) in &self.phones {
                // What a message on its way at a crash mentioned of another alert is lost with it;
                // the chat is counted as uncertain.
                let told = told_last(messages, alert, |fanout| {
                    self.town.record.crashes > 0
                        && !self.is_of(fanout, alert)
                        && self.log.get(&(fanout, chat)) == Some(&Settlement::Uncertain)
                });
                let ever = messages.iter().any(|heard| heard.tells.contains(&alert));
                let ended = messages.iter().any(|heard| heard.fanout == Some(end.id))
                    || end.transition.change != Change::Withdrawn && self.heard_over(chat, alert);
                let known = self.log.get(&(end.id, chat));
                // Whom expiry doesn't reach in time hears of the confirmed end instead.
                let mut later = self
                    .fanouts
                    .iter()
                    .filter(|one| one.id > end.id && one.transition.alert.id() == alert);
                let reached = self.halted(end)
                    || ended
                    || known == Some(&Settlement::Uncertain)
                    || later.any(|one| {
                        self.shows(chat, one.id)
                            || self.halted(one)
                            || self.log.get(&(one.id, chat)) == Some(&Settlement::Uncertain)
                    });
                // Whoever has since been told that it has begun anew knows what holds.
                let since = self.town.record.opened_at.get(&end.id).copied();
                let anew = end.transition.change != Change::Withdrawn
                    && self.told_of_equal(chat, alert, since.or(Some(Mono(u64::MAX))), |_| true);
                if told && !reached && !anew && self.steady(chat) && self.alive(chat) {
                    return Err(format!(
                        "{chat:?} was told of {alert:?} and not of its end ({known:?}); {}",
                        self.history(chat)
                    ));
                }
                // Nobody but the world knows whether an attempt without an answer arrived.
                // And whom a dead process may have sent to is known by its mark alone.
                let mut uncertain = self.town.record.uncertain.iter();
                let by_log = uncertain.any(|&(fanout, whose)| {
                    now_called(self.town, whose) == chat && fanout < end.id
                });
                let mut doubted = self.town.record.doubted.iter();
                let doubtful = by_log || doubted.any(|&one| now_called(self.town, one) == chat);
                if self.shows(chat, end.id) && !ever && !doubtful {
                    return Err(format!("{chat:?} heard the end of {alert:?} and never of it"));
                }
            }
        }
        Ok(())
    }

    /// Whether the last that a chat heard by a broadcast of the alert, or of the alert, is not that it
    /// goes on.
    fn heard_over(&self, chat: ChatId, alert: AlertId) -> bool {
        let messages = self.phones.get(&chat).map_or(&[][..], Vec::as_slice);
        let of = |heard: &&Heard| {
            heard.tells.contains(&alert) || heard.fanout.is_some_and(|one| self.is_of(one, alert))
        };
        messages.iter().rfind(of).is_some_and(|heard| !heard.tells.contains(&alert))
    }

    /// An end in a part goes to those who were told and live there, also when a later state of the
    /// alert takes its place on the way.
    fn parts(&self) -> Result<(), String> {
        let board = self.town.ledger.board();
        for alert in board.alerts() {
            let id = alert.id();
            for (chat, places) in self.town.everyone() {
                let forest = &self.town.forest;
                let holds = |place| alert.area().coverage(place, forest) != Coverage::None;
                if places.is_empty() || places.iter().any(holds) || !self.alive(chat) {
                    continue;
                }
                let messages = self.phones.get(&chat).map_or(&[][..], Vec::as_slice);
                let lost = |fanout| {
                    self.town.record.crashes > 0
                        && !self.is_of(fanout, id)
                        && self.log.get(&(fanout, chat)) == Some(&Settlement::Uncertain)
                };
                let mut fanouts = self.fanouts.iter();
                let excused = fanouts.any(|one| {
                    one.transition.alert.id() == id
                        && (self.halted(one)
                            || self.log.get(&(one.id, chat)) == Some(&Settlement::Uncertain))
                });
                if self.steady(chat)
                    && told_last(messages, id, lost)
                    && !self.heard_over(chat, id)
                    && !excused
                {
                    return Err(format!(
                        "{chat:?} was told of {id:?} and not that it is over there; {}",
                        self.history(chat)
                    ));
                }
            }
        }
        Ok(())
    }

    /// At the end of the day everyone subscribed has been told of what is active where they live.
    fn present(&self) -> Result<(), String> {
        let board = self.town.ledger.board();
        for (chat, places) in self.town.everyone() {
            if !self.alive(chat) {
                continue;
            }
            for place in &places {
                for alert in board.posture(place, &self.town.forest).alerts() {
                    let messages = self.phones.get(&chat).map_or(&[][..], Vec::as_slice);
                    let told = messages.iter().any(|heard| heard.tells.contains(&alert.id()));
                    let doubtful = self.log.iter().any(|((fanout, whose), settlement)| {
                        *whose == chat
                            && !matches!(settlement, Settlement::Delivered)
                            && self.is_of(*fanout, alert.id())
                    });
                    let letter = self.letters.get(&(alert.id(), chat));
                    // Whoever was passed over is told when the equal alert they know of ends.
                    let doubtful = doubtful
                        || letter == Some(&Settlement::Uncertain)
                        || self.log.iter().any(|((_, whose), settlement)| {
                            *whose == chat && *settlement == Settlement::Uncertain
                        }) && self.told_of_equal(chat, alert.id(), None, |_| true);
                    let equal = board.posture(place, &self.town.forest);
                    let knows = equal.alerts().any(|other| {
                        let forest = &self.town.forest;
                        other.draft().step() >= alert.draft().step()
                            && other.area().coverage(place, forest) == Coverage::Direct
                            && messages.iter().any(|heard| heard.tells.contains(&other.id()))
                    });
                    // Or would be, had an official not stopped that.
                    let stopped = self.fanouts.iter().filter(|one| self.halted(one)).any(|one| {
                        let of = one.transition.alert.id();
                        of == alert.id() || messages.iter().any(|heard| heard.tells.contains(&of))
                    });
                    if !told && !doubtful && !knows && !stopped {
                        return Err(format!(
                            "{chat:?} at {place} was never told of {:?}; {}",
                            alert.id(),
                            self.history(chat)
                        ));
                    }
                }
            }
        }
        Ok(())
    }

    fn is_of(&self, fanout: FanoutId, alert: AlertId) -> bool {
        self.fanouts.iter().any(|one| one.id == fanout && one.transition.alert.id() == alert)
    }

    /// Promise 2: nothing tells of an alert as active once the engine knows of its end.
    fn stale(&self) -> Result<(), String> {
        for end in self.fanouts.iter().filter(|fanout| fanout.transition.change.closes()) {
            let alert = end.transition.alert.id();
            let Some(&known) = self.town.record.taken_up.get(&end.id) else { continue };
            for (chat, messages) in &self.phones {
                let late = |heard: &&Heard| heard.tells.contains(&alert) && heard.at > known;
                if let Some(heard) = messages.iter().find(late) {
                    return Err(format!(
                        "{chat:?} was told of {alert:?} at {:?}, over since {known:?}",
                        heard.at
                    ));
                }
            }
        }
        // And an older state of an alert never follows a newer one.
        for (chat, messages) in &self.phones {
            let mut newest: BTreeMap<AlertId, FanoutId> = BTreeMap::new();
            for heard in messages {
                let Some(fanout) = heard.fanout else { continue };
                let Some(one) = self.fanouts.iter().find(|one| one.id == fanout) else { continue };
                let last = newest.entry(one.transition.alert.id()).or_insert(fanout);
                if *last > fanout {
                    return Err(format!("{chat:?} heard {fanout:?} after {last:?}"));
                }
                *last = fanout;
            }
        }
        Ok(())
    }

    /// Promise 6: copies are replies that were lost after acceptance, and per crash what was in
    /// flight and a tenth of a second of traffic.
    fn copies(&self) -> Result<u64, String> {
        let mut copies = 0;
        for messages in self.phones.values() {
            let mut seen = BTreeSet::new();
            copies += messages
                .iter()
                // An edit that is made twice is one message.
                .filter(|heard| !heard.edit)
                .filter_map(|heard| heard.fanout)
                .filter(|&fanout| !seen.insert(fanout))
                .count() as u64;
        }
        let lost = self.town.post.world.tally(BOT).accepted_then_lost;
        let allowed = lost + self.town.record.allowed_copies;
        if copies > allowed {
            return Err(format!("{copies} copies, {allowed} allowed"));
        }
        Ok(copies)
    }

    /// Whether the chat can be written to, by the store's best knowledge.
    fn alive(&self, chat: ChatId) -> bool {
        self.town.ledger.subscriber(BOT, chat).is_some()
            && self.town.post.world.friends(BOT).any(|friend| friend == chat)
    }

    /// Whether it is the end of an alert whose announced time had run out.
    fn confirms(&self, end: &Fanout) -> bool {
        let of = |one: &&Fanout| one.transition.alert.id() == end.transition.alert.id();
        let mut others = self.fanouts.iter().filter(of);
        end.transition.change == Change::Ended
            && others.any(|one| one.transition.change == Change::Expired)
    }

    fn weathered(&self, copies: u64) -> Weathered {
        let mut settled: BTreeMap<&'static str, u64> = BTreeMap::new();
        for fanout in &self.fanouts {
            for one in Settlement::ALL {
                *settled.entry(one.name()).or_default() += fanout.progress.tally.get(one);
            }
        }
        let town = self.town;
        let met = town.post.world.met().iter();
        Weathered {
            told: self.phones.values().map(|messages| messages.len() as u64).sum(),
            copies,
            crashes: town.record.crashes,
            settled,
            faults: met.map(|(fault, n)| (format!("{fault:?}"), *n)).collect(),
            ends: self.fanouts.iter().filter(|one| one.transition.change == Change::Ended).count()
                as u64,
            confirmed: self.fanouts.iter().filter(|one| self.confirms(one)).count() as u64,
            joined_under_alert: town.record.joined_under_alert,
            moved: town.record.heirs.len() as u64,
            pauses: town.record.pauses,
            halted: town.record.halted.len() as u64,
            steps: town.steps,
        }
    }
}

impl Weathered {
    pub(crate) fn add(&mut self, other: Self) {
        self.told += other.told;
        self.copies += other.copies;
        self.crashes += other.crashes;
        self.ends += other.ends;
        self.confirmed += other.confirmed;
        self.joined_under_alert += other.joined_under_alert;
        self.moved += other.moved;
        self.pauses += other.pauses;
        self.halted += other.halted;
        self.steps += other.steps;
        for (name, n) in other.settled {
            *self.settled.entry(name).or_default() += n;
        }
        for (name, n) in other.faults {
            *self.faults.entry(name).or_default() += n;
        }
    }
}

/// Whether a chat takes an alert for active: it was told so, and no later copy of that message, made
/// of a later state, has left it out.
fn told_last(messages: &[Heard], alert: AlertId, excused: impl Fn(FanoutId) -> bool) -> bool {
    messages.iter().enumerate().any(|(n, heard)| {
        let corrected =
            |later: &Heard| later.original == heard.original && !later.tells.contains(&alert);
        heard.tells.contains(&alert)
            && !messages[n..].iter().any(corrected)
            && !heard.fanout.is_some_and(&excused)
    })
}

/// The id a chat has now.
fn now_called(town: &Town, mut chat: ChatId) -> ChatId {
    while let Some(&heir) = town.record.heirs.get(&chat) {
        chat = heir;
    }
    chat
}

/// `B 7 [1, 2]` or `S 3 [1]`; nothing for anything else.
fn heard(text: &str, at: Mono) -> Option<Heard> {
    let (kind, rest) = text.split_once(' ')?;
    let (number, tells) = rest.split_once(' ')?;
    let fanout = match kind {
        "B" => Some(FanoutId(number.parse().ok()?)),
        "S" => None,
        _ => return None,
    };
    let original = format!("{kind} {number}");
    let numbers = tells.trim_matches(['[', ']']).split(", ").filter(|number| !number.is_empty());
    let tells = numbers.filter_map(|number| number.parse().ok()).map(AlertId).collect();
    Some(Heard { at, fanout, original, tells, edit: false })
}

/// Whether letters are left over: nobody may wait for an answer for ever.
pub(crate) fn unanswered(town: &Town) -> usize {
    town.ledger.letters(BOT, LetterId(0)).len()
}

/// Whether an alarm says that the books do not balance.
pub(crate) fn unbalanced(alarms: &[Alarm]) -> bool {
    alarms.iter().any(|alarm| matches!(alarm, Alarm::Unaccounted { .. }))
}
