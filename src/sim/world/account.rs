//! PURE. One bot: its token, its pending updates, and the books kept about its calls.
//!
//! Invariants: update ids grow by one; an update stays until an offset above it is asked for or
//! it is a day old; of two pollers the newer wins.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque},
    time::Duration,
};

use serde_json::Value;

use super::{
    BOT_SPAN,
    flood::{Wait, Window},
    paying::Purse,
};
use crate::domain::time::{Moment, Mono};

/// How long updates are kept, in seconds (Bot API: getUpdates, 24 hours).
const KEPT_S: i64 = 24 * 60 * 60;
/// Button presses that can still be answered; older ones are "too old".
const QUERIES_MAX: usize = 10_000;

/// The books about one bot's calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages and edits that arrived, whatever became of them.
    pub arrived: u64,
    /// Messages that are on phones.
    pub sent: u64,
    /// Edits that were made.
    pub edited: u64,
    /// Messages and edits that a chat did not take.
    pub refused: u64,
    /// 429 that the bot brought upon itself.
    pub self_made_429: u64,
    /// 429 that it did not.
    pub weather_429: u64,
    /// Calls of any kind that never arrived.
    pub lost_requests: u64,
    /// Messages and edits that were made while the sender was told something else, or nothing.
    pub accepted_then_lost: u64,
    /// The most arrivals in any second, wherever it begins.
    pub max_in_any_second: u64,
    /// The same of those that did not ask to be paid for.
    pub max_free_in_any_second: u64,
    /// Messages sent that asked to be paid for, whether that cost something or not.
    pub paid: u64,
    /// Tenths of a Star that they cost.
    pub stars_tenths: u64,
    /// Messages refused because the balance is gone.
    pub unpaid: u64,
    /// Calls by method, lost requests included.
    pub by_method: BTreeMap<&'static str, u64>,
}

#[derive(Clone, Debug)]
pub(super) struct Update {
    pub(super) id: i64,
    pub(super) at: i64,
    /// Serialised at once: a million of them as trees would not fit.
    pub(super) json: Box<str>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Account {
    pub(super) secret: Box<str>,
    pub(super) username: Box<str>,
    pub(super) updates: VecDeque<Update>,
    next_update: i64,
    /// The newest poll's number.
    pub(super) poll: u64,
    pub(super) allowed: Option<Vec<String>>,
    calls: u64,
    pub(super) window: Window,
    pub(super) wait: Option<Wait>,
    arrivals: Window,
    free_arrivals: Window,
    pub(super) purse: Purse,
    /// When each unanswered call will be answered.
    in_flight: BinaryHeap<Reverse<Mono>>,
    /// Arrivals in each second of the clock.
    pub(super) histogram: BTreeMap<u64, u32>,
    /// Presses that can be answered.
    pub(super) queries: BTreeSet<u64>,
    next_query: u64,
    /// Commands and descriptions, as they were set.
    pub(super) menus: BTreeMap<String, Value>,
    arrived: u64,
    sent: u64,
    edited: u64,
    pub(super) refused: u64,
    pub(super) self_made_429: u64,
    pub(super) weather_429: u64,
    pub(super) lost_requests: u64,
    pub(super) accepted_then_lost: u64,
    most: usize,
    most_free: usize,
    pub(super) by_method: BTreeMap<&'static str, u64>,
}

impl Account {
    pub(super) fn new(first_update: i64) -> Self {
        Self {
            next_update: first_update,
            next_query: first_update.unsigned_abs() << 20,
            ..Self::default()
        }
    }

    pub(super) const fn next_call(&mut self) -> u64 {
        self.calls += 1;
        self.calls
    }

    /// Books a message or an edit at the moment it arrives.
    pub(super) fn arrive(&mut self, now: Mono, after: Duration, paid: bool) {
        self.arrived += 1;
        self.most = self.most.max(self.arrivals.count(now, BOT_SPAN));
        if !paid {
            self.most_free = self.most_free.max(self.free_arrivals.count(now, BOT_SPAN));
        }
        *self.histogram.entry(now.0 / 1_000_000).or_default() += 1;
        self.occupy(now, after);
    }

    /// Books a call as unanswered until then.
    pub(super) fn occupy(&mut self, now: Mono, after: Duration) {
        self.in_flight(now);
        self.in_flight.push(Reverse(now + after));
    }

    pub(super) fn in_flight(&mut self, now: Mono) -> usize {
        while self.in_flight.peek().is_some_and(|Reverse(answered)| *answered <= now) {
            self.in_flight.pop();
        }
        self.in_flight.len()
    }

    pub(super) fn accepted(&mut self, edit: bool, paid: bool) {
        self.purse.paid += u64::from(paid);
        if edit {
            self.edited += 1;
        } else {
            self.sent += 1;
        }
    }

    pub(super) fn tally(&self) -> Tally {
        Tally {
            arrived: self.arrived,
            sent: self.sent,
            edited: self.edited,
            refused: self.refused,
            self_made_429: self.self_made_429,
            weather_429: self.weather_429,
            lost_requests: self.lost_requests,
            accepted_then_lost: self.accepted_then_lost,
            max_in_any_second: self.most as u64,
            max_free_in_any_second: self.most_free as u64,
            paid: self.purse.paid,
            stars_tenths: self.purse.spent,
            unpaid: self.purse.unpaid,
            by_method: self.by_method.clone(),
        }
    }

    /// Puts an update in the queue, unless the bot asked not to be told of its kind.
    pub(super) fn tell(&mut self, kind: &'static str, what: &Value, now: Moment) {
        if self.allowed.as_ref().is_some_and(|kinds| !kinds.iter().any(|k| k == kind)) {
            return;
        }
        let id = self.next_update;
        self.next_update += 1;
        let json = format!("{{\"update_id\":{id},\"{kind}\":{what}}}").into();
        self.updates.push_back(Update { id, at: now.utc.timestamp(), json });
    }

    /// Forgets what is confirmed by `offset`, or too old. A negative offset counts from the end.
    pub(super) fn confirm(&mut self, offset: i64, now: Moment) {
        let too_old = now.utc.timestamp() - KEPT_S;
        let from = match usize::try_from(offset.unsigned_abs()) {
            Ok(last) if offset < 0 => {
                let first = self.updates.len().saturating_sub(last);
                self.updates.get(first).map_or(i64::MIN, |update| update.id)
            }
            _ => offset,
        };
        while self.updates.front().is_some_and(|u| u.id < from || u.at < too_old) {
            self.updates.pop_front();
        }
    }

    /// Remembers a press so that it can be answered.
    pub(super) fn ask(&mut self) -> u64 {
        self.next_query += 1;
        self.queries.insert(self.next_query);
        if self.queries.len() > QUERIES_MAX {
            self.queries.pop_first();
        }
        self.next_query
    }
}
