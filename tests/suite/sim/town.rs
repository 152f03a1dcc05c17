//! A town under alert, on virtual time: the engine, its store, Telegram, and what is done to them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use nabat::{
    domain::{
        alert::{self, Alert, Change, Current, Draft, Status, Transition},
        audience::{Audience, Kind, Variant},
        board::Board,
        bulletin,
        consent::{Act, Answer, Challenge, Demand},
        delivery::{Fate, Gone, Outcome, Settlement},
        hazard::Catalogue,
        ids::{
            AlertId, ChatId, Code, FanoutId, HazardId, LevelId, MessageId, RegionId, Revision,
            UserId,
        },
        lang::Lang,
        letter::{Content, NewLetter, Occasion, Picture},
        manner::Manner,
        operator::{Role, Roster},
        region::{Area, Forest},
        time::{Moment, Mono, Utc},
    },
    fanout::{
        dispatch::{Action, Dispatch, What},
        plan,
        purse::Budget,
    },
    ports::store::{Cause, Deed, Effect, Enacted, Fanout, Hold, Save},
    sim::{
        courier::Post,
        dice::Dice,
        weather::Weather,
        world::{Limits, World},
    },
    store::memory::Ledger,
};

use super::{
    fixtures::{
        BOT, OFFICIAL, forest, hazard, ids, is_picture, kind, official, place, report, standing,
        with,
    },
    jobs::{Answered, Job},
    ops::{GROUPS, Op, Script},
    record::Record,
};

/// How often the engine looks at the store.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The longest a store takes to do something, in microseconds.
const STORE_MICROS: u64 = 3_000;
/// Outcomes so recent may not be saved: a tenth of a second, and the store's own time for the last
/// save and for the one under way.
const UNSAVED: Duration = Duration::from_micros(100_000 + 4 * STORE_MICROS);
/// Larger towns are not counted one by one: see `long`.
const NAIVE_MAX: usize = 10_000;
/// A storm that has not settled after this is stuck.
const GIVE_UP: Duration = Duration::from_hours(24);

/// A text of a broadcast for a variant, late or not.
type Text = (FanoutId, Variant, bool);

/// See the module.
pub(crate) struct Town {
    pub(crate) forest: Forest,
    catalogue: Catalogue,
    roster: Roster,
    pub(crate) post: Post,
    pub(crate) ledger: Ledger,
    dispatch: Option<Dispatch>,
    board: Board,
    events: BTreeMap<FanoutId, Arc<Transition>>,
    texts: BTreeMap<Text, (Arc<str>, Vec<AlertId>)>,
    limit: u32,
    epoch: Utc,
    pub(crate) now: Mono,
    dice: Dice,
    jobs: BTreeMap<(Mono, u64), Job>,
    answers: BTreeMap<(Mono, u64), Answered>,
    sequence: u64,
    probes: BTreeSet<u64>,
    look_at: Mono,
    looking: bool,
    expiry_at: Mono,
    sick_until: Mono,
    doom: Option<(u8, u16, bool)>,
    down_until: Option<Mono>,
    codes: u64,
    pub(crate) chats: Vec<ChatId>,
    pub(crate) record: Record,
    pub(crate) steps: u64,
}

impl Town {
    /// A town with its people subscribed, before anything happens.
    pub(crate) fn new(script: &Script) -> Self {
        let weather = if script.calm { Weather::calm() } else { Weather::storm() };
        let limits = Limits { per_second: script.limit, ..Limits::default() };
        let mut world = World::new(script.seed, weather, limits);
        world.add_bot(&format!("{}:secret", BOT.0), "nabat_bot").unwrap();
        let epoch = Utc::from_timestamp(1_790_000_000, 0).unwrap();
        let mut town = Self {
            forest: forest(),
            catalogue: Catalogue::new(vec![hazard()]),
            roster: Roster::new(vec![official()]),
            post: Post::new(world, BOT, epoch),
            ledger: Ledger::new(),
            dispatch: None,
            board: Board::default(),
            events: BTreeMap::new(),
            texts: BTreeMap::new(),
            limit: script.limit,
            epoch,
            now: Mono(0),
            dice: Dice::at(script.seed, &[77]),
            jobs: BTreeMap::new(),
            answers: BTreeMap::new(),
            sequence: 0,
            probes: BTreeSet::new(),
            look_at: Mono(0),
            looking: false,
            expiry_at: Mono(0),
            sick_until: Mono(0),
            doom: None,
            down_until: None,
            codes: 0,
            chats: Vec::new(),
            record: Record::default(),
            steps: 0,
        };
        for n in 0..script.chats {
            town.settle_in(n);
        }
        town.post.world.strike(BOT);
        town.boot();
        town
    }

    fn settle_in(&mut self, n: u32) {
        let chat =
            if n < GROUPS { ChatId(-1_000 - i64::from(n)) } else { ChatId(1_000 + i64::from(n)) };
        let world = &mut self.post.world;
        if chat.is_private() {
            world.add_resident(UserId(chat.0), "resident", "ru").unwrap();
        } else if kind(n) == Kind::Channel {
            world.add_channel(chat, "channel").unwrap();
        } else {
            world.add_group(chat, "group").unwrap();
        }
        world.befriend(BOT, chat).unwrap();
        self.chats.push(chat);
        let lang = Lang::ALL[n as usize % 3];
        let mut effects = vec![Effect::Met(BOT, chat, lang)];
        if !chat.is_private() {
            effects.push(Effect::Counted(BOT, chat, kind(n), 10_u64.pow(n % 5)));
        }
        // Most live somewhere; some in two places; some nowhere yet.
        if !n.is_multiple_of(7) {
            effects.push(Effect::Subscribed(BOT, chat, place(self.dice.below(5))));
        }
        if n.is_multiple_of(5) {
            effects.push(Effect::Subscribed(BOT, chat, place(self.dice.below(5))));
        }
        self.enact(effects, Vec::new());
    }

    pub(crate) fn moment(&self) -> Moment {
        Moment { mono: self.now, utc: self.epoch + self.now.since(Mono(0)) }
    }

    fn boot(&mut self) {
        let (limits, watches) = (self.ledger.limits(BOT), self.ledger.watches(BOT));
        self.dispatch =
            Some(Dispatch::new(self.limit, Budget::default(), &limits, watches, self.moment()));
        self.board = Board::default();
        self.events.clear();
        self.texts.clear();
        self.look_at = self.now;
        self.looking = false;
        self.down_until = None;
    }

    /// Lets `ops` happen, each after its pause, and then everything settle.
    pub(crate) fn run(&mut self, ops: &[(u16, Op)]) -> Result<(), String> {
        for &(after_ms, op) in ops {
            self.pass(Duration::from_millis(after_ms.into()))?;
            self.happen(op)?;
        }
        // Nothing stays paused for ever.
        let open = self.ledger.open_fanouts(BOT);
        let paused = open.into_iter().filter(|one| one.hold == Some(Hold::Paused));
        for one in paused {
            self.hold(&one, None);
        }
        self.settle()
    }

    fn settle(&mut self) -> Result<(), String> {
        let until = self.now + GIVE_UP;
        while self.now < until {
            self.pass(Duration::from_secs(2))?;
            // A lane stops when the announced time is over; the turn that says so comes a tick later.
            let now = self.moment().utc;
            let overdue = |alert: &Alert| alert.expires_at().is_some_and(|until| until <= now);
            let quiet = !self.ledger.board().alerts().any(overdue)
                && self.ledger.open_fanouts(BOT).is_empty()
                && self.ledger.letters(BOT, nabat::domain::ids::LetterId(0)).is_empty()
                && self.post.due_at().is_none()
                && self.down_until.is_none();
            if quiet {
                return Ok(());
            }
        }
        Err(format!("stuck with {:?} open", self.ledger.open_fanouts(BOT).len()))
    }

    /// Virtual time goes by.
    pub(crate) fn pass(&mut self, time: Duration) -> Result<(), String> {
        let until = self.now + time;
        loop {
            self.turn()?;
            let mut next = until;
            for due in [
                self.post.due_at(),
                self.jobs.keys().next().map(|&(at, _)| at),
                self.answers.keys().next().map(|&(at, _)| at),
                self.down_until,
                Some(self.expiry_at),
                self.wait()?,
            ] {
                next = next.min(due.unwrap_or(next));
            }
            if self.now >= until {
                return Ok(());
            }
            // Nothing that is due now is left.
            self.now = next.max(self.now + Duration::from_micros(1)).min(until);
        }
    }

    /// Everything that is due now, but for the engine's own actions.
    fn turn(&mut self) -> Result<(), String> {
        if self.down_until.is_some_and(|at| at <= self.now) {
            self.boot();
        }
        if self.expiry_at <= self.now {
            self.expiry_at = self.now + Duration::from_secs(1);
            self.expire();
        }
        while let Some((&(at, n), _)) =
            self.jobs.first_key_value().filter(|((at, _), _)| *at <= self.now)
        {
            if let Some(job) = self.jobs.remove(&(at, n)) {
                let answer = self.perform(job);
                let back = self.now + Duration::from_micros(self.dice.below(STORE_MICROS));
                self.answers.insert((back, n), answer);
            }
        }
        while let Some((&key, _)) =
            self.answers.first_key_value().filter(|((at, _), _)| *at <= self.now)
        {
            if let Some(answer) = self.answers.remove(&key) {
                self.hear(answer);
            }
        }
        for (tag, outcome) in self.post.run(self.now) {
            let now = self.moment();
            let Some(dispatch) = &mut self.dispatch else { continue };
            if self.probes.remove(&tag) {
                dispatch.on_probe(&outcome, now);
            } else {
                self.record.heard.push_back(self.now);
                if let Some(chat) = self.record.sent_to.remove(&tag)
                    && outcome == Outcome::Unknown
                {
                    self.record.doubted.insert(chat);
                }
                dispatch.on_outcome(nabat::fanout::pacer::Ticket(tag), outcome, now);
            }
        }
        Ok(())
    }

    /// The engine acts until it waits; says until when.
    fn wait(&mut self) -> Result<Option<Mono>, String> {
        let mut idle = 0_u32;
        loop {
            let now = self.moment();
            let Some(dispatch) = &mut self.dispatch else { return Ok(None) };
            if self.look_at <= self.now && !self.looking {
                self.looking = true;
                self.look_at = self.now + LOOK_EVERY;
                self.ask(Job::Look);
                continue;
            }
            let action = dispatch.next(now);
            self.steps += 1;
            if let Action::Wait(until) = action {
                let look = (!self.looking).then_some(self.look_at);
                return Ok([until, look].into_iter().flatten().min());
            }
            idle += 1;
            if idle > 50_000 {
                return Err(format!("busy without end: {action:?}"));
            }
            self.act(action);
            if let Some((actions, down_ms, made)) = self.doom {
                if actions == 0 {
                    self.die(down_ms, made);
                    return Ok(None);
                }
                self.doom = Some((actions - 1, down_ms, made));
            }
        }
    }

    fn ask(&mut self, job: Job) {
        self.sequence += 1;
        let at = self.now + Duration::from_micros(self.dice.below(STORE_MICROS));
        self.jobs.insert((at, self.sequence), job);
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Send(parcel) => {
                let tag = parcel.ticket.0;
                let (text, tells, edits) = self.write(&parcel.what);
                if let Some(dispatch) = &mut self.dispatch {
                    dispatch.on_sending(parcel.ticket, &tells);
                }
                self.record.sent_to.insert(tag, parcel.chat);
                if is_picture(&parcel.what) {
                    let picture = Picture { png: [0].into(), caption: text.to_string() };
                    self.post.photo(tag, parcel.chat, &picture, self.now);
                } else if let Some(message) = edits {
                    self.post.edit(tag, parcel.chat, message, &text, self.now);
                } else {
                    self.post.send(tag, parcel.chat, &text, with(&parcel.what), self.now);
                }
            }
            Action::Probe => {
                let tag = u64::MAX - self.probes.len() as u64 - self.steps;
                self.probes.insert(tag);
                self.post.probe(tag, self.now);
            }
            Action::Fetch { fanout, after, limit } => self.ask(Job::Page(fanout, after, limit)),
            Action::Count { fanout, after } => self.ask(Job::Count(fanout, after)),
            Action::Sized { fanout, size } => self.ledger.sized(fanout, size),
            Action::CloseReaders(fanout) => self.ask(Job::Close(fanout)),
            Action::Follow { fanout, at, from, to } => {
                self.record.heirs.insert(from, to);
                self.ask(Job::Follow(fanout, at, from, to));
            }
            Action::Relocate { from, to } => {
                self.record.heirs.insert(from, to);
                self.enact(vec![Effect::Moved { bot: BOT, from, to }], Vec::new());
            }
            Action::Save(save) => self.ask(Job::Save(Box::new(save))),
            Action::Alarm(alarm) => self.record.alarms.push(alarm),
            Action::Closed(_) | Action::Wait(_) | Action::Finished => {}
        }
    }

    /// `B` a broadcast's number or `S` a letter, then the alerts told of: enough for a judge.
    fn write(&mut self, what: &What) -> (Arc<str>, Vec<AlertId>, Option<MessageId>) {
        match what {
            What::Bulletin { fanout, variant, manner, late, .. } => {
                let edits = match manner {
                    Manner::Edit(message) => Some(*message),
                    Manner::Anew { .. } | Manner::Not => None,
                };
                let key = (*fanout, variant.clone(), *late);
                if !self.texts.contains_key(&key) {
                    let event = &self.events[fanout];
                    let composed =
                        bulletin::compose(event, &self.board, variant, *late, &self.forest);
                    let text = format!("B {} {:?}", fanout.0, ids(&composed.tells));
                    self.texts.insert(key.clone(), (text.into(), composed.tells));
                }
                let (text, tells) = &self.texts[&key];
                (Arc::clone(text), tells.clone(), edits)
            }
            What::Letter { letter, report, .. } => match &letter.new.content {
                Content::Standing { places, .. } => {
                    let mut tells = Vec::new();
                    for place in places {
                        let variant = Variant { lang: letter.new.lang, place: place.clone() };
                        tells.extend(bulletin::standing(&variant, &self.board, &self.forest).1);
                    }
                    tells.sort_unstable();
                    tells.dedup();
                    (format!("S {} {:?}", letter.id.0, ids(&tells)).into(), tells, None)
                }
                Content::Progress(_) | Content::Plain { .. } | Content::Picture { .. } => {
                    (format!("P {report:?}").into(), Vec::new(), None)
                }
            },
            What::Canary => unreachable!("this town has none"),
            What::Edit { watch, report } => {
                (format!("P {report:?}").into(), Vec::new(), Some(watch.message))
            }
        }
    }

    fn perform(&mut self, job: Job) -> Answered {
        let well = self.sick_until <= self.now;
        match job {
            Job::Look => {
                let dispatch = self.dispatch.as_ref();
                let known =
                    dispatch.map_or(nabat::domain::ids::LetterId(0), Dispatch::letters_known);
                let unknown = dispatch.map(Dispatch::unknown_watches).unwrap_or_default();
                let finished = unknown.into_iter().filter_map(|id| self.ledger.fanout(id));
                let finished = finished.filter(|fanout| fanout.closed_at.is_some()).collect();
                let open = self.ledger.open_fanouts(BOT);
                Answered::Look(open, self.ledger.board(), self.ledger.letters(BOT, known), finished)
            }
            Job::Page(fanout, after, limit) => {
                let mut page = self.ledger.page(fanout, after, limit);
                if let Some(event) = self.events.get(&fanout) {
                    let enough = |place: &RegionId| self.board.enough(event, place, &self.forest);
                    let mut known = BTreeMap::new();
                    for asked in plan::ask(&mut page, event, enough) {
                        let told = self.ledger.told(BOT, &asked.chats, &asked.alerts, asked.since);
                        known.extend(told);
                    }
                    plan::answer(&mut page, &known);
                }
                Answered::Page(fanout, page)
            }
            Job::Count(fanout, after) => Answered::Count(fanout, self.ledger.count(fanout, after)),
            Job::Close(fanout) => {
                self.ledger.close_readers(fanout);
                Answered::Closed(fanout)
            }
            Job::Follow(fanout, at, from, to) => {
                Answered::Moved(fanout, at, to, self.ledger.follow(fanout, from, to))
            }
            Job::Save(save) if well => {
                self.save(&save);
                Answered::Saved(true)
            }
            Job::Save(_) => Answered::Saved(false),
        }
    }

    fn save(&mut self, save: &Save) {
        for lane in &save.lanes {
            let doubtful = lane.log.iter().filter(|row| row.settlement == Settlement::Uncertain);
            self.record.uncertain.extend(doubtful.map(|row| (lane.fanout, row.chat)));
        }
        self.ledger.save(BOT, save, self.moment().utc);
    }

    fn hear(&mut self, answer: Answered) {
        let now = self.moment();
        let Some(dispatch) = &mut self.dispatch else { return };
        match answer {
            Answered::Look(open, board, letters, finished) => {
                self.looking = false;
                if board != self.board {
                    self.board = board;
                    self.texts.clear();
                }
                for fanout in dispatch.on_open(&open, now) {
                    self.record.taken_up.entry(fanout).or_insert(now.mono);
                }
                for fanout in open {
                    self.events.entry(fanout.id).or_insert_with(|| Arc::new(fanout.transition));
                }
                for fanout in finished {
                    dispatch.on_finished(report(&fanout));
                }
                dispatch.on_letters(letters);
            }
            Answered::Page(fanout, page) => dispatch.on_page(fanout, Some(page), now),
            Answered::Count(fanout, n) => dispatch.on_count(fanout, Some(n)),
            Answered::Closed(fanout) => dispatch.on_readers_closed(fanout, true, now),
            Answered::Moved(fanout, at, to, heir) => {
                dispatch.on_moved(fanout, at, to, Some(heir), now);
            }
            Answered::Saved(durable) => dispatch.on_saved(durable, now),
        }
    }

    fn die(&mut self, down_ms: u16, made: bool) {
        self.doom = None;
        self.record.crashes += 1;
        let sent_to = std::mem::take(&mut self.record.sent_to);
        self.record.doubted.extend(sent_to.into_values());
        let in_flight = self.post.cut() as u64;
        let heard = &mut self.record.heard;
        heard.retain(|&at| self.now.since(at) <= UNSAVED);
        self.record.allowed_copies += in_flight + heard.len() as u64;
        heard.clear();
        let jobs = std::mem::take(&mut self.jobs);
        for job in jobs.into_values() {
            // A write that was under way is made or not; a read matters to nobody.
            if made
                && let Job::Save(save) = &job
                && self.sick_until <= self.now
            {
                self.save(save);
            }
        }
        self.answers.clear();
        self.probes.clear();
        self.dispatch = None;
        self.down_until = Some(self.now + Duration::from_millis(down_ms.into()));
    }

    // What people do.

    fn chat(&self, n: u16) -> ChatId {
        let mut chat = self.chats[usize::from(n) % self.chats.len()];
        while let Some(&heir) = self.record.heirs.get(&chat) {
            chat = heir;
        }
        chat
    }

    fn happen(&mut self, op: Op) -> Result<(), String> {
        match op {
            Op::Join { chat, place: at } => self.join(self.chat(chat), &place(at.into())),
            Op::Drop { chat, place: at } => {
                let chat = self.chat(chat);
                self.record.unsteady.insert(chat);
                self.enact(vec![Effect::Unsubscribed(BOT, chat, place(at.into()))], Vec::new());
            }
            Op::Leave { chat } => {
                let chat = self.chat(chat);
                self.record.unsteady.insert(chat);
                self.enact(vec![Effect::Left(BOT, chat)], Vec::new());
            }
            Op::Block { chat, told } => self.block(self.chat(chat), told),
            Op::Unblock { chat } => {
                let chat = self.chat(chat);
                self.record.unsteady.insert(chat);
                let now = self.moment();
                if chat.is_private() && self.post.world.unblock(BOT, UserId(chat.0), now).is_ok() {
                    self.enact(vec![Effect::Met(BOT, chat, Lang::Ru)], Vec::new());
                    // Back with its places: it is told what is true there, as one that joins.
                    self.query(chat);
                }
            }
            Op::Migrate { chat, told } => self.migrate(self.chat(chat), told),
            Op::Mute { chat } => {
                let chat = self.chat(chat);
                self.record.unsteady.insert(chat);
                // A private chat has no such right to take.
                let _ = self.post.world.mute(BOT, chat);
            }
            Op::Ask { chat } => self.query(self.chat(chat)),
            Op::Raise { place: at, level, seconds } => {
                let lasts = (seconds > 0).then(|| Duration::from_secs(seconds.into()));
                self.raise(&place(at.into()), level, lasts);
            }
            Op::Change { nth, level } => {
                self.on_alert(nth, |town, alert| {
                    let level = LevelId::new(["low", "high"][usize::from(level) % 2]);
                    let to = alert::redraft(
                        alert,
                        &town.catalogue,
                        Some(&level),
                        None,
                        None,
                        &town.forest,
                    );
                    let act =
                        |to| Act::Change { alert: alert.id(), revision: alert.revision(), to };
                    to.ok().map(act)
                });
            }
            Op::End { nth } => self.on_alert(nth, |_, alert| {
                let parts = Vec::new();
                Some(Act::End { alert: alert.id(), revision: alert.revision(), parts })
            }),
            Op::EndIn { nth, place: at } => self.on_alert(nth, |_, alert| {
                let parts = vec![place(at.into())];
                Some(Act::End { alert: alert.id(), revision: alert.revision(), parts })
            }),
            Op::EndExpired { nth } => self.end_expired(nth),
            Op::Withdraw { nth } => self.on_alert(nth, |_, alert| {
                Some(Act::Withdraw { alert: alert.id(), revision: alert.revision() })
            }),
            Op::Hold { nth, to } => {
                let open = self.ledger.open_fanouts(BOT);
                if let Some(one) = open.get(usize::from(nth) % open.len().max(1)) {
                    let to = [Some(Hold::Paused), None, Some(Hold::Halted)][usize::from(to) % 3];
                    self.hold(one, to);
                }
            }
            Op::Count { chat, members } => {
                let n = u32::from(chat) % GROUPS;
                let chat = self.chat(chat % GROUPS as u16);
                let effect = Effect::Counted(BOT, chat, kind(n), members.into());
                if !chat.is_private() && self.ledger.subscriber(BOT, chat).is_some() {
                    self.enact(vec![effect], Vec::new());
                }
            }
            Op::Crash { actions, down_ms, made } => {
                if self.dispatch.is_some() {
                    self.doom = Some((actions, down_ms, made));
                }
            }
            Op::Sick { ms } => self.sick_until = self.now + Duration::from_millis(ms.into()),
            Op::Rest { ms } => self.pass(Duration::from_millis(ms.into()))?,
        }
        Ok(())
    }

    /// What an official does to the broadcasts of an alert, up to this one.
    fn hold(&mut self, last: &Fanout, hold: Option<Hold>) {
        let (alert, through) = (last.transition.alert.id(), last.id);
        let of = |one: &Fanout| one.transition.alert.id() == alert && one.id <= through;
        let open = self.ledger.open_fanouts(BOT);
        match hold {
            Some(Hold::Halted) => {
                let these = open.into_iter().filter(|one| of(one)).map(|one| one.id);
                self.record.halted.extend(these);
            }
            Some(Hold::Paused) => self.record.pauses += 1,
            None => {}
        }
        self.enact(vec![Effect::Held { alert, through, hold }], Vec::new());
    }

    fn join(&mut self, chat: ChatId, at: &RegionId) {
        self.record.unsteady.insert(chat);
        self.record.joined_under_alert += u64::from(self.ledger.board().alerts().next().is_some());
        let effects =
            vec![Effect::Met(BOT, chat, Lang::En), Effect::Subscribed(BOT, chat, at.clone())];
        let letters = vec![standing(chat, Occasion::Joined, vec![at.clone()])];
        self.enact(effects, letters);
    }

    fn query(&mut self, chat: ChatId) {
        if let Some(known) = self.ledger.subscriber(BOT, chat) {
            let asked = standing(chat, Occasion::Asked, known.places);
            let (alert, revision) = (AlertId(1), Revision::FIRST);
            let picture =
                NewLetter { content: Content::Picture { alert, revision }, ..asked.clone() };
            self.enact(Vec::new(), vec![asked, picture]);
        }
    }

    fn block(&mut self, chat: ChatId, told: bool) {
        self.record.unsteady.insert(chat);
        let now = self.moment();
        let gone = if chat.is_private() {
            self.post.world.block(BOT, UserId(chat.0), now).map(|()| Gone::Blocked)
        } else {
            self.post.world.kick(BOT, chat, OFFICIAL, now).map(|()| Gone::Kicked)
        };
        if let (Ok(gone), true) = (gone, told) {
            self.enact(vec![Effect::Struck(BOT, chat, Fate::Retire(gone))], Vec::new());
        }
    }

    fn migrate(&mut self, from: ChatId, told: bool) {
        let now = self.moment();
        if from.is_private() {
            return;
        }
        let Ok(to) = self.post.world.migrate(from, now) else { return };
        self.record.heirs.insert(from, to);
        self.record.unsteady.extend([from, to]);
        if told {
            self.enact(vec![Effect::Moved { bot: BOT, from, to }], Vec::new());
        }
    }

    fn on_alert(&mut self, nth: u8, act: impl FnOnce(&Self, &Alert) -> Option<Act>) {
        let board = self.ledger.board();
        let alerts: Vec<&Alert> = board.alerts().collect();
        if alerts.is_empty() {
            return;
        }
        let alert = alerts[usize::from(nth) % alerts.len()];
        if let Some(act) = act(self, alert) {
            self.turn_alert(act, alert.area().clone(), Some(Current::Active(alert.clone())));
        }
    }

    fn end_expired(&mut self, nth: u8) {
        let turns =
            (1..self.ledger.next_alert().0).filter_map(|n| self.ledger.last_turn(AlertId(n)));
        let expired: Vec<Alert> =
            turns.filter(|turn| turn.change == Change::Expired).map(|turn| turn.alert).collect();
        if expired.is_empty() {
            return;
        }
        let alert = expired[usize::from(nth) % expired.len()].clone();
        let (id, revision) = (alert.id(), alert.revision());
        let act = Act::End { alert: id, revision, parts: Vec::new() };
        self.turn_alert(act, alert.area().clone(), Some(Current::Expired(alert)));
    }

    pub(crate) fn raise(&mut self, at: &RegionId, level: u8, lasts: Option<Duration>) {
        let area = Area::of([at.clone()]).unwrap();
        let level = LevelId::new(["low", "high"][usize::from(level) % 2]);
        let hazard = self.catalogue.get(&HazardId::new("drone")).unwrap();
        let draft = Draft::new(
            Status::Actual,
            hazard,
            Some(&level),
            area.clone(),
            lasts,
            None,
            &self.forest,
        );
        self.turn_alert(Act::Raise(draft.unwrap()), area, None);
    }

    /// Through consent, as the bot does it.
    fn turn_alert(&mut self, act: Act, area: Area, current: Option<Current>) {
        let hazard = HazardId::new("drone");
        let may =
            self.roster.authorise(OFFICIAL, Role::Issuer, &hazard, &area, &self.forest).unwrap();
        self.codes += 1;
        let now = self.moment().utc;
        let challenge = Challenge::recorded(
            Code::draw(self.codes),
            act,
            Demand::Press,
            (OFFICIAL, "official".to_owned()),
            now + Duration::from_mins(1),
        );
        let confirmed = challenge.answer(Answer::Press, &may, &may, (&hazard, &area), now).unwrap();
        let next = self.ledger.next_alert();
        if let Ok(transition) = alert::decide(confirmed, current, next, &self.forest) {
            self.turned(transition);
        }
    }

    fn expire(&mut self) {
        let now = self.moment().utc;
        self.ledger.tidy(now);
        let alerts: Vec<Alert> = self.ledger.board().alerts().cloned().collect();
        for alert in alerts {
            if let Ok(transition) = alert.expire(now, &self.forest) {
                self.turned(transition);
            }
        }
    }

    fn turned(&mut self, transition: Transition) {
        let audience = Audience::of(&transition, &self.forest);
        let naive: BTreeSet<ChatId> = if self.chats.len() > NAIVE_MAX {
            BTreeSet::new()
        } else {
            self.everyone()
                .filter(|(_, places)| places.iter().any(|place| audience.places.contains(place)))
                .map(|(chat, _)| chat)
                .collect()
        };
        let effect = Effect::Turned {
            transition: Box::new(transition),
            audience,
            bots: vec![BOT],
            code: None,
            watchers: Vec::new(),
        };
        let Enacted::Done(opened) = self.enact(vec![effect], Vec::new()) else {
            panic!("nobody else turns alerts here");
        };
        for fanout in opened {
            self.record.opened_at.insert(fanout, self.now);
            self.record.audience.insert(fanout, naive.clone());
        }
        // A wake-up: now and then it is lost, and the engine finds out by itself.
        if self.dice.below(4) > 0 {
            self.look_at = self.now;
        }
    }

    /// Every chat the store takes for subscribed, with its places.
    pub(crate) fn everyone(&self) -> impl Iterator<Item = (ChatId, Vec<RegionId>)> {
        let ids = self.chats.iter().copied().chain(self.record.heirs.values().copied());
        ids.filter_map(|chat| Some((chat, self.ledger.subscriber(BOT, chat)?.places)))
    }

    fn enact(&mut self, effects: Vec<Effect>, letters: Vec<NewLetter>) -> Enacted {
        let deed = Deed { effects, letters, ..Deed::new(Cause::Clock, self.moment().utc) };
        self.ledger.enact(&deed)
    }
}
