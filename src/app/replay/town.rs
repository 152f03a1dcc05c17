//! Who lives in the places of a history, and the officials who speak for them.
//!
//! Role: the store with its subscribers, and the way of an act through mandate, consent and decision,
//! as in the daemon. What is raised is the highest level of the sample configuration's drone attack,
//! with its real texts and, if it asks for one, a second person's approval.
//!
//! A region is an oblast: half of its subscribers live in the oblast as such, the rest in its raions
//! and hromadas, evenly. Its channel is the oblast's.

use anyhow::{Context, Result, anyhow, bail};

use super::{
    Args,
    grove::Grove,
    judge::{Calm, Danger, Judge, Shown},
};
use crate::{
    config,
    domain::{
        alert::{self, Current, Draft, Status, Transition},
        audience::{Audience, Kind},
        board::{Board, Own},
        consent::{Answer, Challenge, Confirmed, Demand},
        hazard::{Catalogue, Hazard},
        ids::{AlertId, BotId, ChatId, Code, HazardId, UserId},
        lang::Lang,
        operator::{Authorised, Mandate, Operator, Role, Roster, Scope},
        region::Area,
        time::Utc,
    },
    ports::store::{Cause, Deed, Effect, Enacted},
    sim::dice::Dice,
    store::memory::Ledger,
};

const ISSUER: UserId = UserId(9_000_000_000_001);
const APPROVER: UserId = UserId(9_000_000_000_002);
const HAZARD: &str = "drone-attack";
/// The bots' numbers begin after this.
const BOTS: i64 = 7_000_000_000;
/// The channels' numbers go down from this. `// Bot API: ids of channels`
const CHANNELS: i64 = -1_000_000_000_000;
/// How many read a channel: for the order of sending any number will do.
const CHANNEL_MEMBERS: u64 = 10_000;
/// Chats that move in with one deed.
const MOVE_IN: usize = 10_000;

/// See the module.
#[derive(Debug)]
pub(super) struct Town {
    pub(super) grove: Grove,
    pub(super) ledger: Ledger,
    pub(super) bots: Vec<BotId>,
    catalogue: Catalogue,
    roster: Roster,
    codes: u64,
    privates: usize,
}

impl Town {
    /// Everybody moves in, and the judge takes note.
    pub(super) fn settle(grove: Grove, args: &Args, judge: &mut Judge, at: Utc) -> Result<Self> {
        let sample = config::sample()
            .map_err(|faults| anyhow!("the sample configuration has faults: {}", faults.len()))?;
        let official = |user: UserId, name: &str, role| Operator {
            user,
            name: name.to_owned(),
            person: name.to_owned(),
            lang: Lang::Uk,
            mandates: vec![Mandate {
                roles: [role].into(),
                regions: grove.forest.roots().iter().cloned().collect(),
                hazards: Scope::Every,
            }],
        };
        let mut town = Self {
            ledger: Ledger::new(),
            bots: (1..=i64::from(args.bots)).map(|n| BotId(BOTS + n)).collect(),
            catalogue: sample.catalogue,
            roster: Roster::new(vec![
                official(ISSUER, "issuer", Role::Issuer),
                official(APPROVER, "approver", Role::Approver),
            ]),
            codes: 0,
            privates: 0,
            grove,
        };
        town.move_in(args, judge, at);
        Ok(town)
    }

    fn move_in(&mut self, args: &Args, judge: &mut Judge, at: Utc) {
        let mut dice = Dice::at(args.seed, &[1]);
        let mut effects = Vec::new();
        for tree in self.grove.trees.clone() {
            let Some((&root, below)) = tree.split_first() else { continue };
            for n in 0..args.subscribers as usize {
                let place = match below.len() {
                    0 => root,
                    _ if n.is_multiple_of(2) => root,
                    many => below[(n / 2) % many],
                };
                let phone = judge.moves_in(place, false);
                self.privates = phone + 1;
                self.subscribe(phone, place, &mut dice, &mut effects);
                if effects.len() >= MOVE_IN {
                    self.enact(std::mem::take(&mut effects), at);
                }
            }
        }
        let roots: Vec<usize> =
            self.grove.trees.iter().filter_map(|tree| tree.first()).copied().collect();
        for &root in roots.iter().filter(|_| args.channels) {
            let phone = judge.moves_in(root, true);
            self.subscribe(phone, root, &mut dice, &mut effects);
        }
        self.enact(effects, at);
    }

    fn subscribe(&self, phone: usize, place: usize, dice: &mut Dice, effects: &mut Vec<Effect>) {
        let (bot, chat) = (self.bots[phone % self.bots.len()], self.chat(phone));
        let lang = Lang::ALL[usize::try_from(dice.below(3)).unwrap_or(0)];
        effects.push(Effect::Met(bot, chat, lang));
        if !chat.is_private() {
            effects.push(Effect::Counted(bot, chat, Kind::Channel, CHANNEL_MEMBERS));
        }
        effects.push(Effect::Subscribed(bot, chat, self.grove.ids[place].clone()));
    }

    fn chat(&self, phone: usize) -> ChatId {
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        match phone.checked_sub(self.privates) {
            Some(channel) => ChatId(CHANNELS - 1 - number(channel)),
            None => ChatId(1 + number(phone)),
        }
    }

    /// Whose phone shows this chat.
    pub(super) fn phone(&self, chat: ChatId) -> Option<usize> {
        if chat.is_private() {
            return usize::try_from(chat.0 - 1).ok();
        }
        usize::try_from(CHANNELS - 1 - chat.0).ok().map(|channel| self.privates + channel)
    }

    fn enact(&mut self, effects: Vec<Effect>, at: Utc) -> Enacted {
        self.ledger.enact(&Deed { effects, ..Deed::new(Cause::Clock, at) })
    }

    /// An official raises the alert in a place; its number.
    pub(super) fn raise(&mut self, place: usize, at: Utc) -> Result<AlertId> {
        let area = self.area(place)?;
        let draft =
            Draft::new(Status::Actual, self.hazard()?, None, area, None, None, &self.grove.forest);
        let draft = draft.map_err(|why| anyhow!("there is no such alert: {why:?}"))?;
        let issuer = self.may(ISSUER, Role::Issuer, place)?;
        let code = self.code();
        let challenge = Challenge::raise(code, draft, &issuer, at, &self.grove.forest);
        let confirmed = self.confirm(challenge, &issuer, place, at)?;
        let next = self.ledger.next_alert();
        self.turn(confirmed, None, next, at)?;
        Ok(next)
    }

    /// An official ends an alert that was raised in a place.
    pub(super) fn end(&mut self, alert: AlertId, place: usize, at: Utc) -> Result<()> {
        let last = self.ledger.last_turn(alert).context("the store has lost an alert")?;
        let issuer = self.may(ISSUER, Role::Issuer, place)?;
        let revision = last.alert.revision();
        let code = self.code();
        let challenge = Challenge::end(code, (alert, revision), Vec::new(), &issuer, at);
        let confirmed = self.confirm(challenge, &issuer, place, at)?;
        let next = self.ledger.next_alert();
        self.turn(confirmed, Current::after(&last), next, at)
    }

    fn confirm(
        &self,
        challenge: Challenge,
        issuer: &Authorised,
        place: usize,
        at: Utc,
    ) -> Result<Confirmed> {
        let second = match challenge.demand() {
            Demand::SecondPerson => Some(self.may(APPROVER, Role::Approver, place)?),
            Demand::Word(_) | Demand::Press => None,
        };
        let word = match challenge.demand() {
            Demand::Word(words) => words.first().cloned(),
            Demand::SecondPerson | Demand::Press => None,
        };
        let answer = word.as_deref().map_or(Answer::Press, Answer::Word);
        let (hazard, area) = (HazardId::new(HAZARD), self.area(place)?);
        challenge
            .answer(answer, issuer, second.as_ref().unwrap_or(issuer), (&hazard, &area), at)
            .map_err(|why| anyhow!("consent is refused: {why:?}"))
    }

    fn turn(
        &mut self,
        confirmed: Confirmed,
        current: Option<Current>,
        next: AlertId,
        at: Utc,
    ) -> Result<()> {
        let forest = &self.grove.forest;
        let transition: Transition = alert::decide(confirmed, current, next, forest)
            .map_err(|why| anyhow!("the transition is refused: {why:?}"))?;
        let audience = Audience::of(&transition, forest);
        let turned = Effect::Turned {
            transition: Box::new(transition),
            audience,
            bots: self.bots.clone(),
            code: None,
            watchers: Vec::new(),
        };
        match self.enact(vec![turned], at) {
            Enacted::Done(_) => Ok(()),
            other @ (Enacted::Already | Enacted::Conflict) => bail!("the store says {other:?}"),
        }
    }

    fn area(&self, place: usize) -> Result<Area> {
        Area::of([self.grove.ids[place].clone()]).context("an area of one region is empty")
    }

    fn hazard(&self) -> Result<&Hazard> {
        let hazard = self.catalogue.get(&HazardId::new(HAZARD));
        hazard.with_context(|| format!("the sample configuration has no `{HAZARD}`"))
    }

    fn may(&self, who: UserId, role: Role, place: usize) -> Result<Authorised> {
        let area = self.area(place)?;
        self.roster
            .authorise(who, role, &HazardId::new(HAZARD), &area, &self.grove.forest)
            .map_err(|why| anyhow!("the mandate is refused: {why:?}"))
    }

    fn code(&mut self) -> Code {
        self.codes += 1;
        Code::draw(self.codes)
    }

    /// What the board says of a place, in the judge's words.
    pub(super) fn shown(&self, board: &Board, place: usize) -> Shown {
        let posture = board.posture(&self.grove.ids[place], &self.grove.forest);
        let danger = match (&posture.own, posture.within.is_empty()) {
            (Own::Active(_), _) => Danger::Direct,
            (Own::Clear(_) | Own::Unknown(_), false) => Danger::Within,
            (Own::Clear(_) | Own::Unknown(_), true) => Danger::None,
        };
        let calm = match posture.own {
            Own::Active(_) => None,
            Own::Clear(at) => Some(Calm::Since(at)),
            Own::Unknown(_) => Some(Calm::Unknown),
        };
        Shown { danger, calm }
    }
}
