//! What is sent next, and what is known of whoever it is for.

use std::cmp::Reverse;

use chrono::TimeDelta;

use super::{
    BUSY_DELAY, Bound, Dispatch, Flight, HELD_MAX, Known, LANE_PER_LETTER, LATE, LATELY,
    LESSER_EVERY, Lately, Parcel, REPORT_EVERY, What,
};
use crate::{
    domain::{
        audience::Tier,
        ids::{AlertId, ChatId, FanoutId, MessageId},
        letter::{Class, Content},
        manner::Manner,
        report::{Report, Trouble},
        time::{Moment, Mono},
    },
    fanout::{
        lane::{Due, Lane},
        letters::{Look, Pending},
        pacer::{Fare, Ticket},
        plan::Rank,
    },
};

impl Dispatch {
    pub(super) fn choose(&mut self, now: Moment) -> Option<Parcel> {
        if !self.is_open(Fare::Free, now.mono) {
            return self.bulletin(now);
        }
        if let Some(parcel) = self.letter(Class::Official, now) {
            return Some(parcel);
        }
        if let Some(parcel) = self.sing(now) {
            return Some(parcel);
        }
        if let Some(parcel) = self.edit(now) {
            return Some(parcel);
        }
        let broadcasting = self.lanes.values().any(Lane::has_due);
        if (!broadcasting || self.letter_debt >= LANE_PER_LETTER)
            && let Some(parcel) = self.letter(Class::Resident, now)
        {
            self.letter_debt = 0;
            return Some(parcel);
        }
        if let Some(parcel) = self.bulletin(now) {
            self.letter_debt = (self.letter_debt + 1).min(LANE_PER_LETTER);
            return Some(parcel);
        }
        self.letter(Class::Resident, now)
    }

    pub(super) fn letter(&mut self, class: Class, now: Moment) -> Option<Parcel> {
        let chats = &self.chats;
        let look = self.letters.look(class, now.mono, |chat| chats.ready_at(chat, now.mono));
        let Look::Due(index) = look else { return None };
        let Pending { letter, anew, .. } = self.letters.take(class, index)?.clone();
        let (id, chat) = (letter.id, letter.new.chat);
        let report = match letter.new.content {
            Content::Progress(fanout) => self.whole_report(fanout, now),
            Content::Plain { .. } | Content::Standing { .. } | Content::Picture { .. } => None,
        };
        let ticket = self.depart(chat, Bound::Letter(id), Fare::Free, now);
        Some(Parcel { ticket, chat, what: What::Letter { letter: Box::new(letter), anew, report } })
    }

    pub(super) fn report(&mut self, fanout: FanoutId, now: Moment) -> Option<Report> {
        let trouble = self.trouble(now);
        let Some(lane) = self.lanes.get_mut(&fanout) else {
            return self.finished.get(&fanout).cloned();
        };
        let alert = lane.alert();
        let fare =
            if lane.is_paid() && self.purse.pays(alert, now) { Fare::Paid } else { Fare::Free };
        let trouble = if lane.is_held() { Some(Trouble::Held) } else { trouble };
        Some(Report { trouble, ..lane.report(self.pacer.limit(fare), now.mono) })
    }

    /// With what other bots did.
    fn whole_report(&mut self, fanout: FanoutId, now: Moment) -> Option<Report> {
        let own = self.report(fanout, now)?;
        match self.elsewhere.get(&fanout) {
            Some((_, others)) => Some(own.and(others)),
            None => Some(own),
        }
    }

    pub(super) fn edit(&mut self, now: Moment) -> Option<Parcel> {
        let due: Vec<(FanoutId, ChatId)> = self
            .watches
            .iter()
            .filter(|(_, one)| !one.busy && one.edited_at + REPORT_EVERY <= now.mono)
            .filter(|(_, one)| self.chats.ready_at(one.watch.chat, now.mono) <= now.mono)
            .map(|(&key, _)| key)
            .collect();
        for key in due {
            let Some(report) = self.whole_report(key.0, now) else { continue };
            let Some(watched) = self.watches.get_mut(&key) else { continue };
            watched.edited_at = now.mono;
            if watched.shown.as_ref() == Some(&report) {
                continue;
            }
            watched.busy = true;
            watched.shown = Some(report.clone());
            let watch = watched.watch;
            let ticket = self.depart(watch.chat, Bound::Edit(key.0, key.1), Fare::Free, now);
            return Some(Parcel { ticket, chat: watch.chat, what: What::Edit { watch, report } });
        }
        None
    }

    /// The letter that proves that the bot can speak, if it is due.
    fn sing(&mut self, now: Moment) -> Option<Parcel> {
        let canary = self.canary.as_mut().filter(|canary| canary.is_due(now.mono))?;
        let chat = canary.chat();
        canary.on_send();
        let ticket = self.depart(chat, Bound::Canary, Fare::Free, now);
        Some(Parcel { ticket, chat, what: What::Canary })
    }

    /// The next message of a broadcast.
    fn bulletin(&mut self, now: Moment) -> Option<Parcel> {
        for id in self.order() {
            for _ in 0..HELD_MAX {
                let lane = self.lanes.get_mut(&id)?;
                // What can't be paid for waits for the free rate, and holds up nobody who can.
                let free = !(lane.is_paid() && self.purse.pays(lane.alert(), now));
                if free && self.pacer.ready_at(Fare::Free, now.mono) > now.mono {
                    break;
                }
                let Some(due) = lane.take(now) else { break };
                let Some(due) = self.learn(id, due, now) else { continue };
                let edits = matches!(due.manner, Manner::Edit(_));
                let fare = if free || edits { Fare::Free } else { Fare::Paid };
                let ready = self.chats.ready_at(due.chat, now.mono);
                let ready = ready.max(self.pacer.ready_at(fare, now.mono));
                if ready > now.mono {
                    if let Some(lane) = self.lanes.get_mut(&id) {
                        lane.on_held(due.at, ready);
                    }
                    continue;
                }
                return Some(self.post(id, due, fare, now));
            }
        }
        None
    }

    /// Which lane goes first, and who next if that has nobody who can be sent to.
    fn order(&self) -> Vec<FanoutId> {
        // A beginning goes before the end of its like: whoever is told of it needs no end.
        let mut order: Vec<(Reverse<Rank>, Option<Tier>, bool, FanoutId)> = self
            .lanes
            .values()
            .filter(|lane| lane.has_due())
            .map(|lane| {
                let over = lane.over_since().is_some();
                (Reverse(lane.rank()), lane.next_tier(), over, lane.id())
            })
            .collect();
        order.sort_unstable();
        if order.len() > 1 && self.lane_turns % LESSER_EVERY == LESSER_EVERY - 1 {
            // Whoever reaches many first; then each in turn.
            let rest = order[1..].iter().filter(|one| one.1 <= Some(Tier::SmallGroup));
            let best = rest.min_by_key(|one| (one.1, one.2, one.3));
            let turn = (self.lane_turns / LESSER_EVERY) as usize % (order.len() - 1);
            let chosen = best.map_or(order[1 + turn].3, |best| best.3);
            order.sort_by_key(|(.., id)| *id != chosen);
        }
        order.into_iter().map(|(.., id)| id).collect()
    }

    /// Looks what is known of a chat since its page was read; `None` if nothing is to be sent now.
    fn learn(&mut self, id: FanoutId, due: Due, now: Moment) -> Option<Due> {
        let known = self.known(id, &due);
        let lane = self.lanes.get_mut(&id)?;
        match known {
            Known::Nothing => Some(due),
            Known::Busy => {
                lane.on_held(due.at, now.mono + BUSY_DELAY);
                None
            }
            Known::Enough => {
                lane.on_needless(due.at);
                None
            }
            Known::Told(message) => lane.on_told(due.at, message),
        }
    }

    fn known(&self, id: FanoutId, due: &Due) -> Known {
        let Some(lane) = self.lanes.get(&id) else { return Known::Nothing };
        let alert = lane.alert();
        let mut older = self.lanes.range(..id).filter(|(_, old)| old.alert() == alert).peekable();
        if older.peek().is_some() {
            let old: Vec<FanoutId> = older.map(|(old, _)| *old).collect();
            let there = |flight: &Flight| {
                flight.chat == due.chat
                    && matches!(flight.to, Bound::Lane(of, _) if old.contains(&of))
            };
            if self.in_flight.values().any(there) {
                return Known::Busy;
            }
        }
        if due.doubt {
            return Known::Nothing;
        }
        for told in self.lately.get(&due.chat).into_iter().flatten() {
            if let Some((of, message)) = told.message
                && of == alert
            {
                return Known::Told(message);
            }
            let here = told.place.as_ref() == Some(&due.variant.place)
                && lane.over_since().is_none_or(|over| told.at >= over);
            let enough = |one: &AlertId| {
                (*one == alert && lane.starts() && lane.is_late())
                    || (here && due.enough.contains(one))
            };
            if told.tells.iter().any(enough) {
                return Known::Enough;
            }
        }
        Known::Nothing
    }

    fn post(&mut self, id: FanoutId, due: Due, fare: Fare, now: Moment) -> Parcel {
        let Due { at, chat, variant, manner, .. } = due;
        self.lane_turns = self.lane_turns.wrapping_add(1);
        let ticket = self.depart(chat, Bound::Lane(id, at), fare, now);
        let late = self.is_late(id);
        if let Some(flight) = self.in_flight.get_mut(&ticket) {
            flight.edits = matches!(manner, Manner::Edit(_));
            flight.place = Some(variant.place.clone());
        }
        Parcel { ticket, chat, what: What::Bulletin { fanout: id, variant, manner, fare, late } }
    }

    fn depart(&mut self, chat: ChatId, to: Bound, fare: Fare, now: Moment) -> Ticket {
        self.breaker.on_send();
        self.chats.on_send(chat, now.mono);
        self.limits_dirty |= self.chats.matters(chat, now.mono);
        let (ticket, nth) = self.pacer.on_send(fare, now.mono);
        if let (Fare::Paid, Bound::Lane(id, _)) = (fare, to)
            && let Some(lane) = self.lanes.get_mut(&id)
            && self.purse.on_send(lane.alert(), nth, now)
        {
            self.limits_dirty = true;
            lane.on_cost();
        }
        let flight = Flight {
            to,
            chat,
            tells: Vec::new(),
            place: None,
            edits: false,
            fare,
            since: now.mono,
        };
        self.in_flight.insert(ticket, flight);
        ticket
    }

    /// Notes when Telegram goes away; once it is away for long, what is open tells the present, from
    /// the send that tries whether it is back.
    pub(super) fn mind_outage(&mut self, now: Moment) {
        if !self.breaker.is_outage() {
            self.away_since = None;
            return;
        }
        let since = *self.away_since.get_or_insert(now.mono);
        if TimeDelta::from_std(now.mono.since(since)).is_ok_and(|away| away > LATE) {
            self.lanes.values_mut().for_each(Lane::be_late);
        }
    }

    /// Whether a broadcast was held up for so long that its messages tell everything that holds at
    /// the reader's place, instead of what would follow one by one.
    #[must_use]
    pub fn is_late(&self, fanout: FanoutId) -> bool {
        self.lanes.get(&fanout).is_some_and(Lane::is_late)
    }

    pub(super) fn forget_lately(&mut self, now: Mono) {
        while let Some(&(at, chat)) = self.lately_order.front()
            && now.since(at) > LATELY
        {
            self.lately_order.pop_front();
            if let Some(told) = self.lately.get_mut(&chat) {
                told.retain(|one| now.since(one.heard) <= LATELY);
                if told.is_empty() {
                    self.lately.remove(&chat);
                }
            }
        }
    }

    /// Remembers for a while what a chat was told.
    pub(super) fn on_told(&mut self, flight: &Flight, message: MessageId, now: Mono) {
        let alert = match flight.to {
            Bound::Lane(lane, _) => self.lanes.get(&lane).map(Lane::alert),
            Bound::Letter(_) | Bound::Edit(..) | Bound::Canary => None,
        };
        if flight.tells.is_empty() {
            return;
        }
        let own = alert.filter(|alert| flight.tells.contains(alert));
        self.lately_order.push_back((now, flight.chat));
        self.lately.entry(flight.chat).or_default().push(Lately {
            at: flight.since,
            heard: now,
            place: flight.place.clone(),
            tells: flight.tells.clone(),
            message: own.map(|alert| (alert, message)),
        });
    }
}
