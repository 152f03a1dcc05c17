//! How a broadcast went, in figures people ask for: while it runs ([`Report`]), and for good
//! ([`FanoutFigures`], and [`TransitionFigures`] of all bots together).

mod curve;
mod forecast;

use std::{collections::BTreeMap, time::Duration};

use super::{
    alert::Transition,
    delivery::{Fate, Gone, Rights, Settlement, Tally},
    ids::{AlertId, BotId, FanoutId, Revision},
    time::Utc,
};

pub use curve::{Curve, SLICES_MAX};
pub use forecast::{Forecast, Outlook, Pace};

/// The figures of one broadcast at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Which broadcast.
    pub fanout: FanoutId,
    /// Of which alert.
    pub alert: AlertId,
    /// Of which of its states.
    pub revision: Revision,
    /// How many chats it is for; `None` while they are being counted.
    pub audience: Option<u64>,
    /// How they ended so far.
    pub tally: Tally,
    /// When it began.
    pub started_at: Utc,
    /// When the last chat was settled, if that was so.
    pub closed_at: Option<Utc>,
    /// Messages sent in the last second.
    pub rate: u32,
    /// The limit it is held to, per second.
    pub limit: u32,
    /// Tenths of a Star that it has cost so far.
    pub tenths: u64,
    /// Why it stands still, if it does.
    pub trouble: Option<Trouble>,
}

/// The figures of the same message through the other bots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Elsewhere {
    /// How many chats it is for; `None` while some are being counted.
    pub audience: Option<u64>,
    /// How they ended so far.
    pub tally: Tally,
    /// Chats settled a second, lately.
    pub rate: u32,
    /// What those bots that are still at it may send a second.
    pub limit: u32,
    /// Tenths of a Star that it has cost there.
    pub tenths: u64,
    /// When the last of them was done, if all are.
    pub closed_at: Option<Utc>,
}

/// Why a broadcast stands still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Telegram asked the bot to wait until then.
    Throttled(Utc),
    /// Telegram does not answer; we keep trying.
    Outage,
    /// Telegram refuses the text: our fault.
    Malformed,
    /// Telegram refuses the token.
    Revoked,
    /// Our own storage refuses to save progress.
    Storage,
    /// An official has paused it.
    Held,
}

impl Report {
    /// With what the other bots did: an official raised one alert, however many bots carry it.
    #[must_use]
    pub fn and(mut self, others: &Elsewhere) -> Self {
        self.audience = self.audience.zip(others.audience).map(|(one, other)| one + other);
        for settlement in Settlement::ALL {
            self.tally.add(settlement, others.tally.get(settlement));
        }
        // Whoever is done sends no more.
        let own = if self.closed_at.is_none() { (self.rate, self.limit) } else { (0, 0) };
        if self.closed_at.is_none() || others.closed_at.is_none() {
            self.rate = own.0.saturating_add(others.rate);
            self.limit = own.1.saturating_add(others.limit);
        }
        self.tenths = self.tenths.saturating_add(others.tenths);
        self.closed_at = self.closed_at.zip(others.closed_at).map(|(one, other)| one.max(other));
        self
    }

    /// Chats that are yet to be settled.
    #[must_use]
    pub fn remaining(&self) -> Option<u64> {
        if self.closed_at.is_some() {
            return Some(0);
        }
        self.audience.map(|audience| audience.saturating_sub(self.tally.sum()))
    }

    /// Chats that will not get the message, whatever the reason.
    #[must_use]
    pub fn failed(&self) -> u64 {
        [Settlement::Retired, Settlement::Suspended, Settlement::Failed]
            .into_iter()
            .map(|settlement| self.tally.get(settlement))
            .sum()
    }

    /// Time to the last chat, at the present rate or, before there is one, at the limit.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        let rate = if self.rate == 0 { self.limit } else { self.rate };
        forecast(self.remaining()?, rate)
    }
}

/// Why a chat did not get the message, more exactly than by its settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The user blocked the bot.
    Blocked,
    /// The account is no more.
    Deactivated,
    /// The user never started the bot.
    NeverStarted,
    /// The bot was removed, or the group deleted.
    Removed,
    /// Telegram does not find the chat.
    NotFound,
    /// No right to write in the group.
    NoWriting,
    /// No right to post in the channel.
    NoPosting,
    /// The group's new id is in the audience by itself, and was told there.
    Merged,
    /// Telegram refused the message for another reason.
    Refused,
}

impl Reason {
    /// Every reason, in the order of reports.
    pub const ALL: [Self; 9] = [
        Self::Blocked,
        Self::Deactivated,
        Self::NeverStarted,
        Self::Removed,
        Self::NotFound,
        Self::NoWriting,
        Self::NoPosting,
        Self::Merged,
        Self::Refused,
    ];

    /// The word in records and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Deactivated => "deactivated",
            Self::NeverStarted => "never_started",
            Self::Removed => "removed",
            Self::NotFound => "not_found",
            Self::NoWriting => "no_writing",
            Self::NoPosting => "no_posting",
            Self::Merged => "merged",
            Self::Refused => "refused",
        }
    }

    /// Why a send ended so; `None` if the chat may have the message, or was not sent to.
    #[must_use]
    pub const fn of(settlement: Settlement, fate: Fate) -> Option<Self> {
        match settlement {
            Settlement::Delivered
            | Settlement::Uncertain
            | Settlement::Superseded
            | Settlement::Left => return None,
            Settlement::Retired | Settlement::Suspended | Settlement::Failed => {}
        }
        Some(match fate {
            Fate::Retire(Gone::Blocked) => Self::Blocked,
            Fate::Retire(Gone::Deactivated) => Self::Deactivated,
            Fate::Retire(Gone::NeverStarted) => Self::NeverStarted,
            Fate::Retire(Gone::Kicked) => Self::Removed,
            Fate::Retire(Gone::NotFound) | Fate::Missed => Self::NotFound,
            Fate::Suspend(Rights::Write) => Self::NoWriting,
            Fate::Suspend(Rights::Channel) => Self::NoPosting,
            Fate::Stays if matches!(settlement, Settlement::Retired) => Self::Merged,
            Fate::Stays => Self::Refused,
        })
    }
}

/// What is counted of a broadcast's sends as they end, and kept when the delivery log is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Messages per second that the bot was held to when it was last saved; 0 if nothing was.
    pub pace: u32,
    /// When deliveries were made.
    pub curve: Curve,
    /// Why sends failed. Those that were not sent to, because they were dead or shut already or the
    /// text was refused, are in no reason.
    pub failures: BTreeMap<Reason, u64>,
    /// Chats that were sent to again while an earlier attempt may have arrived: at most so many have
    /// two copies.
    pub repeated: u64,
}

impl Measured {
    /// Counts a send that ended `after` the broadcast was opened; `repeated` if an earlier attempt
    /// may have arrived as well.
    pub fn count(&mut self, after: Duration, how: (Settlement, Fate), repeated: bool) {
        let (settlement, fate) = how;
        if settlement == Settlement::Delivered {
            self.curve.reached(after);
        }
        if let Some(reason) = Reason::of(settlement, fate) {
            *self.failures.entry(reason).or_default() += 1;
        }
        self.repeated += u64::from(repeated && settlement.may_have_read());
    }
}

/// What a broadcast costs through one bot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Tenths of a Star that were spent.
    pub tenths: u64,
    /// Messages per second while they are paid for; 0 if they are not.
    pub rate: u32,
    /// Tenths of a Star that it may come to, of what was left of the budgets when it was last saved.
    pub most: u64,
}

impl Cost {
    /// Nothing.
    pub const NONE: Self = Self { tenths: 0, rate: 0, most: 0 };
}

/// The kept figures of one broadcast: of one transition, through one bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FanoutFigures {
    /// Which broadcast.
    pub fanout: FanoutId,
    /// Through which bot.
    pub bot: BotId,
    /// Of which transition.
    pub transition: Transition,
    /// How many chats it is for; `None` while they are being counted.
    pub audience: Option<u64>,
    /// How they ended so far.
    pub tally: Tally,
    /// Chats among the superseded that knew it by another message.
    pub known: u64,
    /// What it cost so far.
    pub cost: Cost,
    /// Whether an official stopped it for good.
    pub halted: bool,
    /// When it was opened.
    pub opened_at: Utc,
    /// When the last chat was settled, if that was so.
    pub closed_at: Option<Utc>,
    /// What its sends came to.
    pub measured: Measured,
}

impl FanoutFigures {
    /// Chats that were not sent to because an official stopped it.
    fn spared(&self) -> u64 {
        if !self.halted {
            return 0;
        }
        self.tally.get(Settlement::Superseded).saturating_sub(self.known)
    }

    /// How many it is for and at which pace; `None` while that is not known.
    fn course(&self) -> Option<(u64, Pace)> {
        let pace = Pace { free: self.measured.pace, paid: self.cost.rate, most: self.cost.most };
        Some((self.audience?, pace)).filter(|(chats, pace)| *chats == 0 || pace.free > 0)
    }
}

/// How one transition of an alert reached its audience, through all bots together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransitionFigures {
    /// Which transition.
    pub transition: Transition,
    /// Through how many bots.
    pub bots: usize,
    /// How many chats it is for; `None` while they are being counted.
    pub audience: Option<u64>,
    /// How they ended so far.
    pub tally: Tally,
    /// Chats among the superseded that knew it by another message.
    pub known: u64,
    /// Chats among the superseded that were not sent to because an official stopped it.
    pub halted: u64,
    /// Tenths of a Star that were spent.
    pub tenths: u64,
    /// When its broadcasts were opened.
    pub opened_at: Utc,
    /// When the last chat was settled, if that was so through every bot.
    pub closed_at: Option<Utc>,
    /// What the sends came to; `pace` is that of all bots.
    pub measured: Measured,
    /// What it was expected to take, at the pace of each bot; `None` while chats are being counted
    /// or if the pace is not known.
    pub forecast: Option<Forecast>,
}

impl TransitionFigures {
    /// The figures of an alert's broadcasts as one for each transition, in order.
    #[must_use]
    pub fn by_transition(mut figures: Vec<FanoutFigures>) -> Vec<Self> {
        figures.sort_by_key(|one| (one.transition.alert.revision(), one.fanout));
        let of_one = figures.chunk_by(|one, next| {
            one.transition.alert.revision() == next.transition.alert.revision()
        });
        of_one.filter_map(Self::together).collect()
    }

    fn together(bots: &[FanoutFigures]) -> Option<Self> {
        let first = bots.first()?;
        let lanes: Option<Vec<(u64, Pace)>> = bots.iter().map(FanoutFigures::course).collect();
        let closed: Option<Vec<Utc>> = bots.iter().map(|one| one.closed_at).collect();
        let mut reach = Self {
            transition: first.transition.clone(),
            bots: bots.len(),
            audience: bots.iter().map(|one| one.audience).sum(),
            tally: Tally::ZERO,
            known: bots.iter().map(|one| one.known).sum(),
            halted: bots.iter().map(FanoutFigures::spared).sum(),
            tenths: bots.iter().map(|one| one.cost.tenths).sum(),
            opened_at: bots.iter().map(|one| one.opened_at).min()?,
            closed_at: closed.and_then(|at| at.into_iter().max()),
            measured: Measured::default(),
            forecast: lanes.map(Forecast::new),
        };
        for one in bots {
            let Measured { pace, curve, failures, repeated } = &one.measured;
            reach.tally += one.tally;
            reach.measured.pace = reach.measured.pace.saturating_add(*pace);
            reach.measured.curve.add(curve);
            reach.measured.repeated += repeated;
            for (reason, count) in failures {
                *reach.measured.failures.entry(*reason).or_default() += count;
            }
        }
        Some(reach)
    }

    /// Chats that did not get the message, and of which no send says why: they were dead or shut
    /// before their turn came, or the text was refused.
    #[must_use]
    pub fn unsent(&self) -> u64 {
        let failed = [Settlement::Retired, Settlement::Suspended, Settlement::Failed];
        let failed: u64 = failed.into_iter().map(|one| self.tally.get(one)).sum();
        failed.saturating_sub(self.measured.failures.values().sum())
    }

    /// Chats that were not sent to because what they would have read was no longer true.
    #[must_use]
    pub fn stale(&self) -> u64 {
        let others = self.known.saturating_add(self.halted);
        self.tally.get(Settlement::Superseded).saturating_sub(others)
    }

    /// The audience, or as many of it as are settled while it is being counted.
    #[must_use]
    pub fn chats(&self) -> u64 {
        self.audience.unwrap_or_else(|| self.tally.sum())
    }
}

/// How long `chats` messages take at `per_second`; `None` if they would never end.
#[must_use]
pub fn forecast(chats: u64, per_second: u32) -> Option<Duration> {
    (per_second > 0)
        .then(|| Duration::from_millis(chats.saturating_mul(1000) / u64::from(per_second)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        alert::{Actor, Alert, Change, Draft, DraftRow, Status, Wording},
        hazard::{Certainty, Severity, Updates, Urgency},
        ids::{HazardId, LevelId, RegionId},
        region::Area,
    };

    #[test]
    fn what_an_official_stopped_is_not_called_stale() {
        let id = HazardId::new("drone");
        let draft = Draft::recorded(DraftRow {
            status: Status::Actual,
            hazard: id,
            level: LevelId::new("threat"),
            step: 0,
            rank: (Severity::Extreme, Urgency::Immediate),
            certainty: Certainty::Likely,
            approvals: 0,
            silent: false,
            updates: Updates::Edit,
            paid: true,
            area: Area::of([RegionId::new("oblast")]).unwrap(),
            lasts: None,
            note: None,
            wording: Wording::default(),
        });
        let raised = (Utc::UNIX_EPOCH, Actor::Clock);
        let alert = Alert::recorded(AlertId(1), Revision::FIRST, draft, raised.clone(), None);
        let (at, by) = raised;
        let transition = Transition { alert, change: Change::Raised, at, by, settles: Vec::new() };
        let bot = |n: i64, halted: bool| {
            let mut tally = Tally::ZERO;
            tally.add(Settlement::Superseded, 10);
            let (cost, measured) = (Cost { tenths: 5, ..Cost::NONE }, Measured::default());
            FanoutFigures {
                fanout: FanoutId(n),
                bot: BotId(n),
                transition: transition.clone(),
                audience: Some(10),
                tally,
                known: 2,
                cost,
                halted,
                opened_at: at,
                closed_at: None,
                measured,
            }
        };
        let figures = vec![bot(1, true), bot(2, true), bot(3, false)];
        let reach = TransitionFigures::by_transition(figures).remove(0);
        assert_eq!((reach.known, reach.halted, reach.stale(), reach.tenths), (6, 16, 8, 15));
    }

    #[test]
    fn a_million_chats_at_thirty_a_second_take_nine_hours() {
        let hours = forecast(1_000_000, 30).unwrap().as_secs() / 3600;
        assert_eq!(hours, 9);
        assert_eq!(forecast(1, 0), None);
    }
}
