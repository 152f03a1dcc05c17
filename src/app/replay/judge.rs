//! PURE. What the phones show, against the file.
//!
//! Role: knows the rows of the file and what each phone was told, and nothing of the engine: who lies
//! in whom is read off the places' names, what is active off the rows' times, what a message says off
//! its words, as a resident would.
//!
//! What is held against the engine:
//!
//! - *Stale send*: a message that says of an alert that it is active left when, by the file, it was
//!   not. What is in flight as an alert ends is not counted against anyone.
//! - *Untrue end*: a message that says that an alert is over, or that nothing else holds, and by the
//!   file that was not so when it left.
//! - *End without a start*: a phone reads of the end of an alert it was never told of.
//! - *State mismatch*: the engine's board says otherwise of a place than the file; or a phone, once
//!   everything for it has been sent, leaves its owner with another belief than the file. Which
//!   alert it was told of does not matter, what it knows of its own place does: itself in danger, a
//!   part of it, or no danger.
//!
//! Deliberately absent: speed at the cost of plainness. The present is found by looking at each row
//! of an oblast, every time something changes there.

mod reading;

use std::time::Duration;

pub(super) use self::reading::Reading;
use super::{
    history::{Place, Row},
    lag::Lags,
};
use crate::domain::time::Utc;

/// Examples that are kept of each thing that went wrong.
const EXAMPLES: u64 = 3;

/// What a phone or a board says of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Danger {
    /// No alert.
    None,
    /// An alert in a part of it.
    Within,
    /// An alert for all of it.
    Direct,
}

/// What is known of a place that no alert covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Calm {
    /// Nobody has said anything of it yet.
    Unknown,
    /// The last alert that covered it was ended then.
    Since(Utc),
}

/// What the engine's board says of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) danger: Danger,
    /// For a place that is not itself in danger.
    pub(super) calm: Option<Calm>,
}

/// A chat's phone.
#[derive(Clone, Debug)]
struct Phone {
    place: usize,
    channel: bool,
    messages: u32,
    told: Vec<Told>,
}

/// An alert the phone was told of and whose end it has not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    alert: i64,
    row: usize,
    /// False: a later message about the place has left it out.
    holds: bool,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    Board,
    Phone,
    Stale,
    UntrueEnd,
    EndWithoutStart,
    Unreadable,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    /// Of the board.
    pub(super) board_mismatches: u64,
    /// Of phones.
    pub(super) phone_mismatches: u64,
    pub(super) stale_sends: u64,
    pub(super) untrue_ends: u64,
    pub(super) ends_without_start: u64,
    /// Messages that don't say which alert they are about.
    pub(super) unreadable: u64,
    /// Messages that tell a phone of a start it knows.
    pub(super) repeated: u64,
    /// Messages that were true when they left and no longer when they arrived.
    pub(super) overtaken_in_flight: u64,
    /// How often a place's state was compared.
    pub(super) board_checks: u64,
    /// How often a phone's was.
    pub(super) phone_checks: u64,
    /// Sentences about the first of each kind.
    pub(super) examples: Vec<String>,
}

/// What one kind of chat got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Served {
    pub(super) chats: u64,
    pub(super) messages: u64,
    /// The most that one chat got.
    pub(super) most: u32,
    /// From the start in the file to the phone.
    pub(super) starts: Lags,
    /// From the end in the file to the phone.
    pub(super) ends: Lags,
}

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Judge {
    places: Vec<Place>,
    rows: Vec<Row>,
    /// `contains[a][b]`: `a` is `b`, or contains it.
    contains: Vec<Vec<bool>>,
    oblasts: Vec<Oblast>,
    /// For each place.
    oblast_of: Vec<usize>,
    /// The row of each alert, by the number that the engine gave it, less one.
    row_of: Vec<usize>,
    /// And the other way round.
    alert_of: Vec<Option<i64>>,
    phones: Vec<Phone>,
    findings: Findings,
    private: Served,
    channels: Served,
}

/// What the file says of one oblast.
#[derive(Clone, Debug, Default)]
struct Oblast {
    places: Vec<usize>,
    rows: Vec<usize>,
    phones: Vec<usize>,
    /// The rows that are active, from one moment until before another.
    active: Vec<usize>,
    span: Option<(Utc, Option<Utc>)>,
}

impl Judge {
    /// Nobody has been told anything.
    pub(super) fn new(places: &[Place], rows: &[Row]) -> Self {
        let contains = |a: &Place, b: &Place| match (&a.raion, &a.hromada) {
            (_, Some(_)) => a == b,
            (Some(_), None) => a.oblast == b.oblast && a.raion == b.raion,
            (None, None) => a.oblast == b.oblast,
        };
        let contains: Vec<Vec<bool>> =
            places.iter().map(|a| places.iter().map(|b| contains(a, b)).collect()).collect();
        let mut oblasts: Vec<Oblast> = Vec::new();
        let mut oblast_of = Vec::new();
        for (n, place) in places.iter().enumerate() {
            let known = oblasts.iter().position(|one| places[one.places[0]].oblast == place.oblast);
            let at = known.unwrap_or_else(|| {
                oblasts.push(Oblast::default());
                oblasts.len() - 1
            });
            oblasts[at].places.push(n);
            oblast_of.push(at);
        }
        for (n, row) in rows.iter().enumerate() {
            oblasts[oblast_of[row.place]].rows.push(n);
        }
        Self {
            places: places.to_vec(),
            rows: rows.to_vec(),
            contains,
            oblasts,
            oblast_of,
            row_of: Vec::new(),
            alert_of: vec![None; rows.len()],
            phones: Vec::new(),
            findings: Findings::default(),
            private: Served::default(),
            channels: Served::default(),
        }
    }

    /// Somebody lives at `place`; answers with the phone's number, from 0.
    pub(super) fn moves_in(&mut self, place: usize, channel: bool) -> usize {
        let phone = self.phones.len();
        self.phones.push(Phone { place, channel, messages: 0, told: Vec::new() });
        self.oblasts[self.oblast_of[place]].phones.push(phone);
        let served = if channel { &mut self.channels } else { &mut self.private };
        served.chats += 1;
        phone
    }

    /// The engine calls the alert of this row by this number: 1 is the first, and so on.
    pub(super) fn is_called(&mut self, row: usize, alert: i64) -> bool {
        self.row_of.push(row);
        self.alert_of[row] = Some(alert);
        usize::try_from(alert).is_ok_and(|alert| alert == self.row_of.len())
    }

    fn row(&self, alert: i64) -> Option<usize> {
        let index = usize::try_from(alert).ok()?.checked_sub(1)?;
        self.row_of.get(index).copied()
    }

    fn holds(&self, row: usize, at: Utc) -> bool {
        let row = &self.rows[row];
        row.started <= at && row.finished.is_none_or(|finished| at < finished)
    }

    /// What a row is to a place.
    fn danger(&self, row: usize, place: usize) -> Danger {
        let there = self.rows[row].place;
        if self.contains[there][place] {
            Danger::Direct
        } else if self.contains[place][there] {
            Danger::Within
        } else {
            Danger::None
        }
    }

    /// Makes sure that `active` is what it says at `at`.
    fn look(&mut self, oblast: usize, at: Utc) {
        let known = self.oblasts[oblast]
            .span
            .is_some_and(|(from, until)| from <= at && until.is_none_or(|until| at < until));
        if known {
            return;
        }
        let rows = std::mem::take(&mut self.oblasts[oblast].rows);
        let active = rows.iter().copied().filter(|&row| self.holds(row, at)).collect();
        let times = rows.iter().map(|&row| &self.rows[row]);
        let times = times.flat_map(|row| [Some(row.started), row.finished]).flatten();
        let next = times.filter(|&time| time > at).min();
        self.oblasts[oblast].rows = rows;
        self.oblasts[oblast].active = active;
        self.oblasts[oblast].span = Some((at, next));
    }

    fn truth(&self, oblast: usize, place: usize) -> Danger {
        let active = self.oblasts[oblast].active.iter();
        active.map(|&row| self.danger(row, place)).max().unwrap_or(Danger::None)
    }

    /// When the last alert that covered the place ended, by the file.
    fn calm(&self, oblast: usize, place: usize, at: Utc) -> Calm {
        let rows = self.oblasts[oblast].rows.iter().filter(|&&row| {
            self.rows[row].started <= at && self.contains[self.rows[row].place][place]
        });
        let ends = rows.filter_map(|&row| self.rows[row].finished).filter(|&end| end <= at);
        ends.max().map_or(Calm::Unknown, Calm::Since)
    }

    /// Compares the engine's board with the file, for the whole oblast of a place.
    pub(super) fn compare(&mut self, place: usize, at: Utc, shown: impl Fn(usize) -> Shown) {
        let oblast = self.oblast_of[place];
        self.look(oblast, at);
        let places = std::mem::take(&mut self.oblasts[oblast].places);
        for &place in &places {
            self.findings.board_checks += 1;
            let danger = self.truth(oblast, place);
            let calm = (danger != Danger::Direct).then(|| self.calm(oblast, place, at));
            let (truth, shown) = (Shown { danger, calm }, shown(place));
            if truth != shown {
                let name = self.places[place].name().to_owned();
                let what = || format!("the board says {shown:?} of {name}, the file {truth:?}");
                self.note(Wrong::Board, at, what);
            }
        }
        self.oblasts[oblast].places = places;
    }

    /// Nothing is on its way to anyone in the oblast of this place, and nothing is left to be sent.
    pub(super) fn is_quiet(&mut self, place: usize, at: Utc) {
        let oblast = self.oblast_of[place];
        self.look(oblast, at);
        let phones = std::mem::take(&mut self.oblasts[oblast].phones);
        self.findings.phone_checks += phones.len() as u64;
        for &phone in &phones {
            let place = self.phones[phone].place;
            let told = self.phones[phone].told.iter().filter(|told| told.holds);
            let believed = told.map(|told| self.danger(told.row, place)).max();
            let believed = believed.unwrap_or(Danger::None);
            let truth = self.truth(oblast, place);
            if truth != believed {
                let name = self.places[place].name().to_owned();
                let what = || {
                    format!(
                        "phone {phone} in {name} believes {believed:?}, the file says {truth:?}"
                    )
                };
                self.note(Wrong::Phone, at, what);
            }
        }
        self.oblasts[oblast].phones = phones;
    }

    /// A message that left at `departed` arrives at a phone at `arrived`. `None`: it does not say
    /// which alert it is about.
    pub(super) fn hears(
        &mut self,
        phone: usize,
        message: Option<&Reading>,
        departed: Utc,
        arrived: Utc,
    ) {
        self.phones[phone].messages += 1;
        self.look(self.oblast_of[self.phones[phone].place], departed);
        let lag = |since: Utc| (arrived - since).to_std().unwrap_or(Duration::ZERO);
        let (started, ended) = match message {
            None => (None, None),
            Some(Reading { over: None, active, .. }) => {
                for &alert in active {
                    self.is_told(phone, alert, departed, arrived);
                }
                (active.first().and_then(|&alert| self.row(alert)), None)
            }
            Some(Reading { over: Some(over), active, more }) => {
                self.is_told_of_end(phone, *over, (active, *more), departed, arrived);
                (None, self.row(*over))
            }
        };
        if started.or(ended).is_none() {
            self.note(Wrong::Unreadable, departed, || "which alert is it about?".to_owned());
        }
        let Phone { channel, messages, .. } = self.phones[phone];
        let served = if channel { &mut self.channels } else { &mut self.private };
        served.messages += 1;
        served.most = served.most.max(messages);
        if let Some(row) = started {
            served.starts.add(lag(self.rows[row].started));
        }
        if let Some(end) = ended.and_then(|row| self.rows[row].finished) {
            served.ends.add(lag(end));
        }
    }

    /// The phone says that the alert holds.
    fn is_told(&mut self, phone: usize, alert: i64, departed: Utc, arrived: Utc) {
        let Some(row) = self.row(alert) else { return };
        if !self.holds(row, departed) {
            self.note(Wrong::Stale, departed, || format!("phone {phone} is told of № {alert}"));
        } else if !self.holds(row, arrived) {
            self.findings.overtaken_in_flight += 1;
        }
        let told = &mut self.phones[phone].told;
        if let Some(told) = told.iter_mut().find(|told| told.alert == alert) {
            self.findings.repeated += u64::from(told.holds);
            told.holds = true;
        } else {
            told.push(Told { alert, row, holds: true });
        }
    }

    /// The phone says that one alert is over and that those of `active` hold, and `more` others.
    fn is_told_of_end(
        &mut self,
        phone: usize,
        over: i64,
        (active, more): (&[i64], u64),
        departed: Utc,
        arrived: Utc,
    ) {
        let Some(row) = self.row(over) else { return };
        if self.rows[row].finished.is_none_or(|finished| departed < finished) {
            let what = || format!("phone {phone} reads that № {over} is over");
            self.note(Wrong::UntrueEnd, departed, what);
        }
        let unnamed = self.unnamed(phone, row, active);
        if unnamed.len() as u64 != more {
            let what = || {
                let alerts = &unnamed;
                format!("phone {phone} reads of {more} alerts more, and {alerts:?} hold")
            };
            self.note(Wrong::UntrueEnd, departed, what);
        }
        let told = &mut self.phones[phone].told;
        if let Some(known) = told.iter().position(|told| told.alert == over) {
            told.swap_remove(known);
        } else {
            let what = || format!("phone {phone} reads of the end of № {over}");
            self.note(Wrong::EndWithoutStart, departed, what);
        }
        for told in &mut self.phones[phone].told {
            // What still holds is said of it just below, once more.
            told.holds = false;
        }
        let unnamed = if more > 0 { &unnamed[..] } else { &[] };
        for &alert in active.iter().chain(unnamed) {
            self.is_told(phone, alert, departed, arrived);
        }
    }

    /// The alerts that concern the phone's place now, but for one row's and those that are named.
    fn unnamed(&self, phone: usize, but: usize, named: &[i64]) -> Vec<i64> {
        let place = self.phones[phone].place;
        let active = self.oblasts[self.oblast_of[place]].active.iter();
        active
            .filter(|&&row| row != but && self.danger(row, place) != Danger::None)
            .filter_map(|&row| self.alert_of[row])
            .filter(|alert| !named.contains(alert))
            .collect()
    }

    fn note(&mut self, wrong: Wrong, at: Utc, what: impl FnOnce() -> String) {
        let (count, kind) = match wrong {
            Wrong::Board => (&mut self.findings.board_mismatches, "state mismatch"),
            Wrong::Phone => (&mut self.findings.phone_mismatches, "state mismatch"),
            Wrong::Stale => (&mut self.findings.stale_sends, "stale send"),
            Wrong::UntrueEnd => (&mut self.findings.untrue_ends, "untrue end"),
            Wrong::EndWithoutStart => {
                (&mut self.findings.ends_without_start, "end without a start")
            }
            Wrong::Unreadable => (&mut self.findings.unreadable, "unreadable message"),
        };
        *count += 1;
        if *count <= EXAMPLES {
            self.findings.examples.push(format!("{at}: {kind}: {}", what()));
        }
    }

    /// What was found.
    pub(super) fn findings(&self) -> &Findings {
        &self.findings
    }

    /// What private chats got, and channels.
    pub(super) fn served(&self) -> (&Served, &Served) {
        (&self.private, &self.channels)
    }
}

#[cfg(test)]
mod tests;
