//! The only part of the room that waits for anything.
//!
//! Role: ask [`Dispatch`] what to do, do it through the ports, report back. It is a reconciler: a
//! wake-up carries nothing, it also looks by itself every [`LOOK_EVERY`], and what is to be done is
//! read from the store, so that a lost wake-up costs a second and no more.
//!
//! Invariants: nothing is decided here; a write is never abandoned half-way; texts are made at the
//! moment of sending from the newest board read, and serialised once for each variant.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::{
    canary::Canary,
    dispatch::{Action, Alarm, Dispatch, Parcel, What},
    pacer::{Fare, Ticket},
    plan::{self, Asked},
    purse::Budget,
};
use crate::{
    domain::{
        alert::Transition,
        audience::{Position, Variant},
        board::Board,
        bulletin::Bulletin,
        delivery::{Outcome, Settlement, Tally},
        ids::{AlertId, BotId, ChatId, FanoutId, MessageId, RegionId, Revision},
        lang::Lang,
        letter::{Content, Letter, Message, Occasion, Picture},
        manner::Manner,
        report::{Elsewhere, FanoutFigures, Report},
        time::{Mono, Utc},
    },
    ports::{
        clock::Clock,
        courier::{Courier, Extras},
        store::{Cause, Deed, Effect, Fanout, Heir, Page, Result, Store},
    },
};

/// A lost wake-up costs no more than this.
pub const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Texts kept serialised, at most: every region in every language, several times over.
const BODIES_MAX: usize = 20_000;
/// How much later than decided a send may leave before the pacer has to know.
const LATE: Duration = Duration::from_millis(1);

/// Who finds the words. `app` puts the bot's phrases behind it.
pub trait Scribe: Send + Sync + 'static {
    /// A transition, for one variant of chat; `late` as [`bulletin::compose`] has it.
    ///
    /// [`bulletin::compose`]: crate::domain::bulletin::compose
    fn bulletin(
        &self,
        event: &Transition,
        board: &Board,
        variant: &Variant,
        late: bool,
    ) -> Bulletin;

    /// What leaves a chat at a place nothing to learn from a transition: see [`Board::enough`].
    fn enough(&self, event: &Transition, board: &Board, place: &RegionId) -> Vec<AlertId>;

    /// What is true of places, and which alerts that tells of.
    fn standing(
        &self,
        occasion: Occasion,
        places: &[RegionId],
        lang: Lang,
        board: &Board,
    ) -> (Message, Vec<AlertId>);

    /// That the bot works, at this time.
    fn canary(&self, at: Utc) -> Message;

    /// The figures of a broadcast.
    fn report(&self, report: &Report, lang: Lang) -> Message;

    /// The picture of how a transition of an alert reached its audience; `None` if there is none of
    /// it. Takes tens of milliseconds.
    fn picture(
        &self,
        figures: Vec<FanoutFigures>,
        revision: Revision,
        lang: Lang,
    ) -> Option<Picture>;
}

/// What the driver has to be told.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whose messages these are.
    pub bot: BotId,
    /// Messages per second at most that cost nothing.
    pub limit: u32,
    /// What it may spend on more.
    pub budget: Budget,
    /// What each of the other bots may send a second.
    pub others: BTreeMap<BotId, u32>,
    /// Whom it proves every so often that it can speak.
    pub canary: Option<(ChatId, Duration)>,
}

/// One bot's sender.
pub struct Driver<S, C: Courier, K, W> {
    options: Options,
    store: S,
    courier: C,
    clock: K,
    scribe: Arc<W>,
    wake: Arc<Notify>,
    alarms: mpsc::UnboundedSender<(BotId, Alarm)>,
}

enum Event {
    Looked(Box<Result<Look>>),
    Departed(Ticket, Mono),
    Outcome(Ticket, Outcome),
    Probed(Outcome),
    Page(FanoutId, Result<Page>),
    Counted(FanoutId, Result<u64>),
    Closed(FanoutId, Result<()>),
    Moved(FanoutId, Position, ChatId, Result<Heir>),
    Saved(Result<()>),
}

/// One look at the store. The board is read after the broadcasts, so that it is never older.
struct Look {
    open: Vec<Fanout>,
    board: Board,
    letters: Vec<Letter>,
    finished: Vec<Fanout>,
    /// What the other bots did about broadcasts with a live report.
    elsewhere: Vec<(FanoutId, Vec<Fanout>)>,
}

/// A serialised text, and the alerts it tells of.
type Prepared<B> = (B, Arc<[AlertId]>);

struct Desktop<B> {
    dispatch: Dispatch,
    board: Arc<Board>,
    events: BTreeMap<FanoutId, Arc<Transition>>,
    /// By broadcast, variant, whether silent and whether late.
    bodies: BTreeMap<(FanoutId, Variant, bool, bool), Prepared<B>>,
}

impl<S: Store, C: Courier, K: Clock, W: Scribe> Driver<S, C, K, W> {
    /// A sender that is woken by `wake` and tells `alarms` what operators must know.
    pub fn new(
        options: Options,
        (store, courier, clock): (S, C, K),
        scribe: Arc<W>,
        wake: Arc<Notify>,
        alarms: mpsc::UnboundedSender<(BotId, Alarm)>,
    ) -> Self {
        Self { options, store, courier, clock, scribe, wake, alarms }
    }

    /// Sends until `cancel`, then finishes what is in flight and saves.
    ///
    /// # Errors
    ///
    /// If the store can't be read at the start. Later failures are waited out.
    pub async fn run(self, cancel: CancellationToken) -> Result<()> {
        let bot = self.options.bot;
        let limits = self.store.limits(bot).await?;
        let watches = self.store.watches(bot).await?;
        let now = self.clock.now();
        let canary = self.options.canary.map(|(chat, every)| Canary::new(chat, every, now.utc));
        let Options { limit, budget, .. } = self.options;
        let mut desk: Desktop<C::Body> = Desktop {
            dispatch: Dispatch::new(limit, budget, &limits, watches, now).with_canary(canary),
            board: Arc::default(),
            events: BTreeMap::new(),
            bodies: BTreeMap::new(),
        };
        let (tx, mut rx) = mpsc::unbounded_channel();
        let mut look_at = now.mono;
        let mut looking = false;
        let mut stopping = false;
        loop {
            while let Ok(event) = rx.try_recv() {
                self.take(&mut desk, event, &mut looking);
            }
            let now = self.clock.now();
            if look_at <= now.mono && !looking && !stopping {
                looking = true;
                look_at = now.mono + LOOK_EVERY;
                self.look(&desk.dispatch, &tx);
            }
            let until = match desk.dispatch.next(now) {
                Action::Finished => return Ok(()),
                Action::Wait(until) => until,
                action @ (Action::Send(_)
                | Action::Probe
                | Action::Fetch { .. }
                | Action::Count { .. }
                | Action::Sized { .. }
                | Action::CloseReaders(_)
                | Action::Follow { .. }
                | Action::Relocate { .. }
                | Action::Save(_)
                | Action::Closed(_)
                | Action::Alarm(_)) => {
                    self.act(&mut desk, action, &tx);
                    continue;
                }
            };
            let until = until.map_or(look_at, |until| until.min(look_at));
            let until = if looking || stopping { until.max(now.mono + LATE) } else { until };
            tokio::select! {
                biased;
                () = cancel.cancelled(), if !stopping => {
                    stopping = true;
                    desk.dispatch.stop();
                }
                Some(event) = rx.recv() => self.take(&mut desk, event, &mut looking),
                () = self.wake.notified(), if !stopping => look_at = now.mono,
                () = self.clock.sleep_until(until) => {}
            }
        }
    }

    /// Reads what there is to do.
    fn look(&self, dispatch: &Dispatch, tx: &mpsc::UnboundedSender<Event>) {
        let (store, bot, tx) = (self.store.clone(), self.options.bot, tx.clone());
        let (known, unknown) = (dispatch.letters_known(), dispatch.unknown_watches());
        let alone = self.options.others.is_empty();
        let watched = if alone { BTreeSet::new() } else { dispatch.watched() };
        tokio::spawn(async move {
            let read = async {
                let open = store.open_fanouts(bot).await?;
                let board = store.board().await?;
                let letters = store.letters(bot, known).await?;
                let mut finished = Vec::new();
                for id in unknown {
                    finished.extend(store.fanout(id).await?.filter(|one| one.closed_at.is_some()));
                }
                let mut elsewhere = Vec::new();
                for id in watched {
                    elsewhere.push((id, store.siblings(id).await?));
                }
                Ok(Look { open, board, letters, finished, elsewhere })
            };
            let _ = tx.send(Event::Looked(Box::new(read.await)));
        });
    }

    fn take(&self, desk: &mut Desktop<C::Body>, event: Event, looking: &mut bool) {
        let now = self.clock.now();
        let dispatch = &mut desk.dispatch;
        match event {
            Event::Looked(look) => {
                *looking = false;
                match *look {
                    Ok(look) => self.plan(desk, look),
                    Err(fault) => warn!(error = %chain(&fault), "can't read what there is to send"),
                }
            }
            Event::Departed(ticket, at) => dispatch.on_departed(ticket, at),
            Event::Outcome(ticket, outcome) => dispatch.on_outcome(ticket, outcome, now),
            Event::Probed(outcome) => dispatch.on_probe(&outcome, now),
            Event::Page(fanout, page) => dispatch.on_page(fanout, kept(page, "page"), now),
            Event::Counted(fanout, count) => dispatch.on_count(fanout, kept(count, "count")),
            Event::Closed(fanout, closed) => {
                let done = kept(closed, "closing readers").is_some();
                dispatch.on_readers_closed(fanout, done, now);
            }
            Event::Moved(fanout, at, to, heir) => {
                dispatch.on_moved(fanout, at, to, kept(heir, "new id of a chat"), now);
            }
            Event::Saved(saved) => {
                let durable = kept(saved, "saving progress").is_some();
                dispatch.on_saved(durable, now);
            }
        }
    }

    fn plan(&self, desk: &mut Desktop<C::Body>, look: Look) {
        let now = self.clock.now();
        if look.board != *desk.board {
            desk.board = Arc::new(look.board);
            desk.bodies.clear();
        }
        for fanout in desk.dispatch.on_open(&look.open, now) {
            info!(fanout = fanout.0, "broadcast taken up");
        }
        for fanout in look.open {
            desk.events.entry(fanout.id).or_insert_with(|| Arc::new(fanout.transition));
        }
        for fanout in look.finished {
            desk.dispatch.on_finished(Report {
                fanout: fanout.id,
                alert: fanout.transition.alert.id(),
                revision: fanout.transition.alert.revision(),
                audience: fanout.size,
                tally: fanout.progress.tally,
                started_at: fanout.opened_at,
                closed_at: fanout.closed_at,
                rate: 0,
                limit: self.options.limit,
                tenths: fanout.progress.cost.tenths,
                trouble: None,
            });
        }
        for (fanout, siblings) in look.elsewhere.into_iter().filter(|(_, one)| !one.is_empty()) {
            desk.dispatch.on_elsewhere(fanout, self.elsewhere(&siblings), now.mono);
        }
        desk.dispatch.on_letters(look.letters);
    }

    fn elsewhere(&self, siblings: &[Fanout]) -> Elsewhere {
        let open = siblings.iter().filter(|one| one.closed_at.is_none());
        let limit = open.filter_map(|one| self.options.others.get(&one.bot)).sum();
        let closed: Option<Vec<_>> = siblings.iter().map(|one| one.closed_at).collect();
        let mut tally = Tally::default();
        for one in siblings {
            for settlement in Settlement::ALL {
                tally.add(settlement, one.progress.tally.get(settlement));
            }
        }
        Elsewhere {
            audience: siblings.iter().map(|one| one.size).sum(),
            tally,
            rate: 0,
            limit,
            tenths: siblings.iter().map(|one| one.progress.cost.tenths).sum(),
            closed_at: closed.and_then(|all| all.into_iter().max()),
        }
    }

    fn act(&self, desk: &mut Desktop<C::Body>, action: Action, tx: &mpsc::UnboundedSender<Event>) {
        let (store, tx) = (self.store.clone(), tx.clone());
        match action {
            Action::Send(parcel) => self.send(desk, parcel, tx),
            Action::Probe => {
                let courier = self.courier.clone();
                tokio::spawn(async move {
                    let _ = tx.send(Event::Probed(courier.ping().await));
                });
            }
            Action::Fetch { fanout, after, limit } => {
                let (bot, board) = (self.options.bot, Arc::clone(&desk.board));
                let (event, scribe) = (desk.events.get(&fanout).cloned(), Arc::clone(&self.scribe));
                tokio::spawn(async move {
                    let read = async {
                        let mut page = store.page(fanout, after, limit).await?;
                        if let Some(event) = event {
                            let enough = |place: &RegionId| scribe.enough(&event, &board, place);
                            let mut known = BTreeMap::new();
                            for Asked { chats, alerts, since } in
                                plan::ask(&mut page, &event, enough)
                            {
                                known.extend(store.told(bot, &chats, &alerts, since).await?);
                            }
                            plan::answer(&mut page, &known);
                        }
                        Ok(page)
                    };
                    let _ = tx.send(Event::Page(fanout, read.await));
                });
            }
            Action::Count { fanout, after } => {
                tokio::spawn(async move {
                    let _ = tx.send(Event::Counted(fanout, store.count(fanout, after).await));
                });
            }
            Action::Sized { fanout, size } => {
                tokio::spawn(async move {
                    if let Err(fault) = store.sized(fanout, size).await {
                        // It is counted again after a restart.
                        warn!(error = %chain(&fault), "can't remember the size of an audience");
                    }
                });
            }
            Action::CloseReaders(fanout) => {
                tokio::spawn(async move {
                    let _ = tx.send(Event::Closed(fanout, store.close_readers(fanout).await));
                });
            }
            Action::Follow { fanout, at, from, to } => {
                tokio::spawn(async move {
                    let heir = store.follow(fanout, from, to).await;
                    let _ = tx.send(Event::Moved(fanout, at, to, heir));
                });
            }
            Action::Relocate { from, to } => {
                let deed = Deed {
                    effects: vec![Effect::Moved { bot: self.options.bot, from, to }],
                    ..Deed::new(Cause::Clock, self.clock.now().utc)
                };
                tokio::spawn(async move {
                    // If it fails, the next message to the old id tells again.
                    let _ = kept(store.enact(&deed).await, "new id of a chat");
                });
            }
            Action::Save(save) => {
                let (bot, at) = (self.options.bot, self.clock.now().utc);
                tokio::spawn(async move {
                    let _ = tx.send(Event::Saved(store.save(bot, &save, at).await));
                });
            }
            Action::Closed(report) => {
                info!(
                    fanout = report.fanout.0,
                    alert = report.alert.0,
                    audience = report.audience,
                    tally = ?report.tally,
                    "broadcast closed"
                );
                desk.events.remove(&report.fanout);
                desk.bodies.retain(|(fanout, ..), _| *fanout != report.fanout);
            }
            Action::Alarm(alarm) => {
                if let Err(unheard) = self.alarms.send((self.options.bot, alarm)) {
                    error!(alarm = ?unheard.0.1, "a fault that needs a person, and nobody listens");
                }
            }
            Action::Wait(_) | Action::Finished => {}
        }
    }

    fn send(&self, desk: &mut Desktop<C::Body>, parcel: Parcel, tx: mpsc::UnboundedSender<Event>) {
        let Parcel { ticket, chat, what } = parcel;
        if let What::Letter { letter, .. } = &what
            && let Content::Picture { alert, revision } = letter.new.content
        {
            return self.send_picture((ticket, chat), (alert, revision, letter.new.lang), tx);
        }
        let Some((body, edits, with)) = self.write(desk, ticket, what) else {
            // The text can't be made: a broadcast that was closed meanwhile. Provably not sent.
            let _ = tx.send(Event::Outcome(ticket, Outcome::NotSent));
            return;
        };
        let (courier, clock, decided) =
            (self.courier.clone(), self.clock.clone(), self.clock.now());
        tokio::spawn(async move {
            let departed = clock.now().mono;
            if departed.since(decided.mono) > LATE {
                let _ = tx.send(Event::Departed(ticket, departed));
            }
            let outcome = match edits {
                Some(message) => courier.edit(chat, message, &body).await,
                None => courier.send(chat, &body, with).await,
            };
            debug!(chat = chat.0, ?outcome, "sent");
            let _ = tx.send(Event::Outcome(ticket, outcome));
        });
    }

    /// Draws a picture from the figures of this moment, beside everything else that is sent.
    fn send_picture(
        &self,
        (ticket, chat): (Ticket, ChatId),
        (alert, revision, lang): (AlertId, Revision, Lang),
        tx: mpsc::UnboundedSender<Event>,
    ) {
        let (store, courier, clock) =
            (self.store.clone(), self.courier.clone(), self.clock.clone());
        let scribe = Arc::clone(&self.scribe);
        tokio::spawn(async move {
            let outcome = match kept(store.figures(alert).await, "figures of a report") {
                // It is tried again.
                None => Outcome::NotSent,
                Some(figures) => {
                    let draw = move || scribe.picture(figures, revision, lang);
                    if let Ok(Some(picture)) = tokio::task::spawn_blocking(draw).await {
                        let _ = tx.send(Event::Departed(ticket, clock.now().mono));
                        courier.photo(chat, &picture).await
                    } else {
                        error!(alert = alert.0, "the picture of a report can't be drawn");
                        let description = "it can't be drawn".to_owned();
                        Outcome::Rejected { code: 0, description }
                    }
                }
            };
            debug!(chat = chat.0, ?outcome, "a picture was sent");
            let _ = tx.send(Event::Outcome(ticket, outcome));
        });
    }

    /// Finds the words for a parcel, and tells dispatch what they tell of.
    fn write(
        &self,
        desk: &mut Desktop<C::Body>,
        ticket: Ticket,
        what: What,
    ) -> Option<(C::Body, Option<MessageId>, Extras)> {
        let plain = Extras::default();
        match what {
            What::Bulletin { fanout, variant, manner, fare, late } => {
                let event = desk.events.get(&fanout)?;
                let (silent, edits, reply_to) = match manner {
                    Manner::Anew { silent, reply_to } => (silent, None, reply_to),
                    Manner::Edit(message) => (true, Some(message), None),
                    Manner::Not => return None,
                };
                let key = (fanout, variant, silent, late);
                if desk.bodies.len() > BODIES_MAX {
                    desk.bodies.clear();
                }
                let (board, scribe, courier) = (&desk.board, &self.scribe, &self.courier);
                let (body, tells) =
                    desk.bodies.entry(key).or_insert_with_key(|(_, variant, ..)| {
                        let Bulletin { text, tells } = scribe.bulletin(event, board, variant, late);
                        let message = Message { text, buttons: Vec::new(), silent };
                        (courier.prepare(&message), tells.into())
                    });
                desk.dispatch.on_sending(ticket, tells);
                Some((body.clone(), edits, Extras { reply_to, paid: fare == Fare::Paid }))
            }
            What::Letter { letter, anew, report } => {
                let lang = letter.new.lang;
                match &letter.new.content {
                    Content::Plain { message, edits } => {
                        let edits = edits.filter(|_| !anew);
                        Some((self.courier.prepare(message), edits, plain))
                    }
                    Content::Standing { occasion, places } => {
                        let (message, tells) =
                            self.scribe.standing(*occasion, places, lang, &desk.board);
                        desk.dispatch.on_sending(ticket, &tells);
                        Some((self.courier.prepare(&message), None, plain))
                    }
                    Content::Progress(_) => {
                        let message = self.scribe.report(&report?, lang);
                        Some((self.courier.prepare(&message), None, plain))
                    }
                    // Is no text: `send` has seen to it.
                    Content::Picture { .. } => None,
                }
            }
            What::Canary => {
                let message = self.scribe.canary(self.clock.now().utc);
                Some((self.courier.prepare(&message), None, plain))
            }
            What::Edit { watch, report } => {
                let message = self.scribe.report(&report, watch.lang);
                Some((self.courier.prepare(&message), Some(watch.message), plain))
            }
        }
    }
}

/// What was read or written; a failure is logged here, once, and reported as nothing.
fn kept<T>(result: Result<T>, what: &'static str) -> Option<T> {
    result.inspect_err(|fault| warn!(error = %chain(fault), what, "the store failed")).ok()
}

/// An error with its sources, on one line.
fn chain(fault: &dyn std::error::Error) -> String {
    let mut text = fault.to_string();
    let mut source = fault.source();
    while let Some(deeper) = source {
        text = format!("{text}: {deeper}");
        source = deeper.source();
    }
    text
}
