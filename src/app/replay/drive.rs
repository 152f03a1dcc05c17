//! The engine on virtual time: what `fanout::driver` does, without waiting for anything.
//!
//! Invariants: whatever is due at a moment is done before anything is sent in it: first the officials'
//! acts, then what came back, then what [`Dispatch`] wants; a text is made when it is sent, from the
//! board of that moment.
//!
//! Deliberately absent: a store that takes time, or fails; a lost wake-up. The storm suite has them.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result, bail};

use super::{
    Args,
    courier::Courier,
    history::History,
    judge::{Judge, Reading},
    town::Town,
};
use crate::{
    bot::phrases::letters,
    domain::{
        alert::Transition,
        audience::Variant,
        board::Board,
        bulletin,
        delivery::Tally,
        ids::{AlertId, BotId, FanoutId, RegionId},
        time::{Moment, Mono, Utc},
    },
    fanout::{
        dispatch::{Action, Alarm, Dispatch, Parcel, What},
        plan,
        purse::Budget,
    },
};

/// Before the first act, so that a token's first silent second is over.
const LEAD: Duration = Duration::from_secs(5);
/// How often what nobody needs is forgotten.
const TIDY_EVERY: Duration = Duration::from_hours(1);
/// More steps without time going by are a fault of ours.
const BUSY_MAX: u32 = 1_000_000;

/// What an official does, in the order of those of one moment: an end clears the way for a new start;
/// what starts and ends at once starts first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    End,
    Raise,
    EndAtOnce,
}

/// What the engine says of itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Account {
    pub(super) transitions: u64,
    pub(super) broadcasts: u64,
    pub(super) settled: Tally,
    pub(super) refused: u64,
    pub(super) alarms: Vec<Alarm>,
    /// From the first act to the last message.
    pub(super) span: Duration,
}

/// A text as it goes out.
struct Body {
    tells: Vec<AlertId>,
    reading: Option<Reading>,
}

/// A broadcast that runs.
struct Running {
    event: Transition,
    /// By variant, and whether late.
    bodies: BTreeMap<(Variant, bool), Body>,
}

struct Sender {
    bot: BotId,
    dispatch: Dispatch,
    courier: Courier,
    running: BTreeMap<FanoutId, Running>,
    due: Option<Mono>,
}

/// See the module.
pub(super) struct Drive {
    acts: Vec<(Utc, Act, usize)>,
    done: usize,
    /// Place and number of each row that was raised.
    alerts: BTreeMap<usize, AlertId>,
    places: Vec<usize>,
    town: Town,
    judge: Judge,
    senders: Vec<Sender>,
    board: Board,
    /// How many broadcasts run about each tree, and a place of it.
    open: Vec<u64>,
    epoch: Utc,
    now: Mono,
    tidy_at: Mono,
    account: Account,
}

impl Drive {
    /// Everybody has moved in; the first act is [`LEAD`] away.
    pub(super) fn new(history: &History, town: Town, judge: Judge, args: &Args) -> Result<Self> {
        let mut acts = Vec::with_capacity(2 * history.rows.len());
        for (n, row) in history.rows.iter().enumerate() {
            acts.push((row.started, Act::Raise, n));
            if let Some(finished) = row.finished {
                let act = if finished == row.started { Act::EndAtOnce } else { Act::End };
                acts.push((finished, act, n));
            }
        }
        acts.sort_unstable();
        let first = acts.first().context("nothing starts in that time")?.0;
        let epoch = first - LEAD;
        let now = Moment { mono: Mono(0), utc: epoch };
        let senders = (0..).zip(&town.bots).map(|(n, &bot)| Sender {
            bot,
            dispatch: Dispatch::new(
                args.rate,
                Budget::default(),
                &town.ledger.limits(bot),
                Vec::new(),
                now,
            ),
            courier: Courier::new(args.seed, n, args.rate),
            running: BTreeMap::new(),
            due: None,
        });
        Ok(Self {
            senders: senders.collect(),
            acts,
            done: 0,
            alerts: BTreeMap::new(),
            places: history.rows.iter().map(|row| row.place).collect(),
            board: town.ledger.board(),
            open: vec![0; town.grove.trees.len()],
            town,
            judge,
            epoch,
            now: Mono(0),
            tidy_at: Mono(0) + TIDY_EVERY,
            account: Account::default(),
        })
    }

    fn moment(&self) -> Moment {
        Moment { mono: self.now, utc: self.epoch + self.now.since(Mono(0)) }
    }

    fn act_at(&self) -> Option<Mono> {
        let (at, ..) = self.acts.get(self.done)?;
        Some(Mono(0) + (*at - self.epoch).to_std().unwrap_or_default())
    }

    /// Goes to the next moment in which something happens, and lets it happen; `false` once nothing is
    /// left.
    pub(super) fn step(&mut self) -> Result<bool> {
        let due = self.senders.iter().filter_map(|sender| sender.due).min();
        let Some(next) = [self.act_at(), due].into_iter().flatten().min() else {
            return self.end();
        };
        self.now = self.now.max(next);
        let now = self.moment();
        if self.act_at().is_some_and(|at| at <= self.now) {
            self.officials_act(now)?;
        }
        if self.tidy_at <= self.now {
            self.tidy_at = self.now + TIDY_EVERY;
            while self.town.ledger.tidy(now.utc) {}
        }
        for n in 0..self.senders.len() {
            if self.senders[n].due.is_some_and(|at| at <= self.now) {
                self.turn(n, now)?;
            }
        }
        Ok(true)
    }

    fn end(&mut self) -> Result<bool> {
        if self.open.iter().any(|open| *open > 0) {
            bail!("the engine waits for nothing, and not everyone is settled");
        }
        for tree in &self.town.grove.trees {
            if let Some(&root) = tree.first() {
                self.judge.is_quiet(root, self.moment().utc);
            }
        }
        self.account.span = self.now.since(Mono(0) + LEAD);
        self.account.refused = self.senders.iter().map(|one| one.courier.refused()).sum();
        Ok(false)
    }

    /// Everything that officials do at this moment.
    fn officials_act(&mut self, now: Moment) -> Result<()> {
        let begun = self.done;
        while let Some(&(at, act, row)) = self.acts.get(self.done).filter(|(at, ..)| *at <= now.utc)
        {
            let place = self.places[row];
            self.done += 1;
            self.account.transitions += 1;
            match act {
                Act::Raise => {
                    let alert = self.town.raise(place, at)?;
                    self.alerts.insert(row, alert);
                    if !self.judge.is_called(row, alert.0) {
                        bail!("alerts are not numbered one by one: {alert}");
                    }
                }
                Act::End | Act::EndAtOnce => {
                    let alert = self.alerts.remove(&row).context("an end before its start")?;
                    self.town.end(alert, place, at)?;
                }
            }
            self.open[self.town.grove.tree_of[place]] += self.senders.len() as u64;
        }
        self.board = self.town.ledger.board();
        let town = &self.town;
        let board = &self.board;
        for &(_, _, row) in &self.acts[begun..self.done] {
            self.judge.compare(self.places[row], now.utc, |place| town.shown(board, place));
        }
        for sender in &mut self.senders {
            let open = self.town.ledger.open_fanouts(sender.bot);
            sender.dispatch.on_open(&open, now);
            for running in sender.running.values_mut() {
                running.bodies.clear();
            }
            for fanout in open {
                sender.running.entry(fanout.id).or_insert_with(|| Running {
                    event: fanout.transition,
                    bodies: BTreeMap::new(),
                });
            }
            sender.due = Some(now.mono);
        }
        Ok(())
    }

    /// One bot does what it can do now.
    fn turn(&mut self, n: usize, now: Moment) -> Result<()> {
        let Self { town, judge, senders, board, open, account, .. } = self;
        let sender = &mut senders[n];
        while let Some((ticket, outcome)) = sender.courier.answer(now.mono) {
            sender.dispatch.on_outcome(ticket, outcome, now);
        }
        for _ in 0..BUSY_MAX {
            match sender.dispatch.next(now) {
                Action::Send(parcel) => sender.send(parcel, town, board, judge, now)?,
                Action::Fetch { fanout, after, limit } => {
                    let mut page = town.ledger.page(fanout, after, limit);
                    if let Some(running) = sender.running.get(&fanout) {
                        let (event, forest) = (&running.event, &town.grove.forest);
                        let enough = |place: &RegionId| board.enough(event, place, forest);
                        let mut known = BTreeMap::new();
                        for asked in plan::ask(&mut page, event, enough) {
                            let (chats, alerts) = (&asked.chats, &asked.alerts);
                            known.extend(town.ledger.told(sender.bot, chats, alerts, asked.since));
                        }
                        plan::answer(&mut page, &known);
                    }
                    sender.dispatch.on_page(fanout, Some(page), now);
                }
                Action::Count { fanout, after } => {
                    let count = town.ledger.count(fanout, after);
                    sender.dispatch.on_count(fanout, Some(count));
                }
                Action::Sized { fanout, size } => town.ledger.sized(fanout, size),
                Action::CloseReaders(fanout) => {
                    town.ledger.close_readers(fanout);
                    sender.dispatch.on_readers_closed(fanout, true, now);
                }
                Action::Save(save) => {
                    town.ledger.save(sender.bot, &save, now.utc);
                    sender.dispatch.on_saved(true, now);
                }
                Action::Closed(report) => {
                    account.broadcasts += 1;
                    account.settled += report.tally;
                    let running = sender.running.remove(&report.fanout);
                    let running = running.context("a broadcast closed twice")?;
                    quiet(&running, town, open, judge, now.utc);
                }
                Action::Alarm(alarm) => account.alarms.push(alarm),
                Action::Wait(until) => {
                    sender.due = [until, sender.courier.due_at()].into_iter().flatten().min();
                    return Ok(());
                }
                other @ (Action::Probe
                | Action::Follow { .. }
                | Action::Relocate { .. }
                | Action::Finished) => {
                    bail!("on a good day the engine has no reason for {other:?}");
                }
            }
        }
        bail!("the engine is busy without end")
    }

    /// How far it is: the calendar, and the share of the acts that are done.
    pub(super) fn progress(&self) -> (Utc, usize, usize) {
        (self.moment().utc, self.done, self.acts.len())
    }

    /// What the engine says of itself.
    pub(super) fn account(&self) -> &Account {
        &self.account
    }

    /// The judge.
    pub(super) fn judge(&self) -> &Judge {
        &self.judge
    }
}

impl Sender {
    fn send(
        &mut self,
        parcel: Parcel,
        town: &Town,
        board: &Board,
        judge: &mut Judge,
        now: Moment,
    ) -> Result<()> {
        let Parcel { ticket, chat, what } = parcel;
        let What::Bulletin { fanout, variant, manner: _, fare: _, late } = what else {
            bail!("nobody asked for a letter or a report");
        };
        let running = self.running.get_mut(&fanout).context("a broadcast that is not open")?;
        let event = &running.event;
        let body = running.bodies.entry((variant, late)).or_insert_with_key(|(variant, late)| {
            let bulletin = bulletin::compose(event, board, variant, *late, &town.grove.forest);
            let reading = Reading::of(&letters::fit(&bulletin.text));
            Body { tells: bulletin.tells, reading }
        });
        self.dispatch.on_sending(ticket, &body.tells);
        if let Some(arrival) = self.courier.send(ticket, chat, now.mono) {
            let phone = town.phone(chat).context("a message to nobody")?;
            let arrived = now.utc + arrival.since(now.mono);
            judge.hears(phone, body.reading.as_ref(), now.utc, arrived);
        }
        Ok(())
    }
}

/// A broadcast is over. If it was the last one about its oblast, the judge asks around.
fn quiet(running: &Running, town: &Town, open: &mut [u64], judge: &mut Judge, at: Utc) {
    for region in running.event.alert.area().regions() {
        let Some(place) = town.grove.ids.iter().position(|id| id == region) else { continue };
        let open = &mut open[town.grove.tree_of[place]];
        *open = open.saturating_sub(1);
        if *open == 0 {
            judge.is_quiet(place, at);
        }
    }
}
