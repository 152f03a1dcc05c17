//! The play: residents subscribe, an official raises an alert and ends it, life goes on meanwhile.
//!
//! Invariants: people see their phones and nothing else; what they type and press is what was shown
//! to them. Everything by chance comes from the seed.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context, Result, anyhow};

use super::{show::Bar, stage::Stage};
use crate::{
    bot::{buttons::Touch, phrases::letters},
    config::Config,
    domain::{
        audience::Kind,
        hazard::{Hazard, Updates},
        ids::{AlertId, BotId, ChatId, FanoutId, HazardId, RegionId, UserId},
        lang::Lang,
        operator::{Operator, Role},
        region::{Area, Forest},
        report::Report,
        time::Mono,
    },
    ports::{
        clock::Clock,
        store::{Fanout, Store},
    },
    sim::{
        dice::Dice,
        world::{Seen, Struck},
    },
};

/// The region that is warned, if the configuration has it.
const SMOLENSK: &str = "RU-SMO";
/// Where the numbers of channels and groups begin, downwards.
const FIRST_PUBLIC: i64 = -1_001_000_000_001;
/// Of the smallest channel or group.
const MEMBERS: u64 = 300;
/// How long the alert is announced to last, if it is changed.
const ANNOUNCED: &str = "3h";
/// Where residents' numbers begin.
const FIRST_RESIDENT: i64 = 5_000_000_001;
/// Of residents, per thousand: who lives outside the region that is warned.
const ELSEWHERE: u32 = 200;
/// Of residents in the region, per thousand: who chose a place in it and not the whole.
const IN_A_PLACE: u32 = 500;
/// One in so many residents leaves in mid-broadcast, and another comes.
const LIVELY: usize = 50;
/// The most who leave, and the most who come: residents' answers have a fifth of the rate.
const LIVELY_MAX: usize = 20;
/// An official is answered within this, even in a storm.
const ANSWER: Duration = Duration::from_secs(40);
/// What a broadcast or a day of subscribing may take beyond what the rate explains.
const PATIENCE: Duration = Duration::from_mins(1);
/// In a storm waits and outages take their share: so much longer than the rate explains.
const STORM_SHARE: u32 = 6;
/// How often the reach is looked at.
const GLANCE: Duration = Duration::from_millis(100);
/// How long after the last answer the phones may still change.
const ECHO: Duration = Duration::from_millis(500);

/// Who plays.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) region: RegionId,
    pub(super) hazard: Hazard,
    pub(super) official: Operator,
}

impl Cast {
    /// Finds a region and somebody who may raise the hazard in all of it.
    pub(super) fn of(config: &Config, hazard: &str) -> Result<Self> {
        let hazard = config.catalogue.get(&HazardId::new(hazard)).cloned();
        let hazard = hazard.context("the configuration has no such hazard: see --hazard")?;
        let smolensk = RegionId::new(SMOLENSK);
        let regions = std::iter::once(&smolensk).chain(config.forest.roots());
        for region in regions.filter(|region| config.forest.get(region).is_some()) {
            let Some(area) = Area::of([region.clone()]) else { continue };
            let (roster, forest) = (&config.roster, &config.forest);
            let issuers = roster.who_may(Role::Issuer, &hazard.id, &area, forest, None);
            if let Some(official) = issuers.first() {
                let official = (*official).clone();
                return Ok(Self { region: region.clone(), hazard, official });
            }
        }
        Err(anyhow!("nobody in the configuration may raise `{}` in a whole region", hazard.id))
    }
}

/// Who is there, and what is done to them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crowd {
    pub(super) residents: u32,
    pub(super) channels: u32,
    pub(super) groups: u32,
    /// Messages a second of each bot.
    pub(super) rate: u32,
    /// Whether the alert is changed while it is being sent.
    pub(super) supersede: bool,
}

/// One resident, or a group or channel of theirs.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "four independent facts of one life")]
pub(super) struct Resident {
    /// Through which bot they are told.
    pub(super) bot: BotId,
    pub(super) kind: Kind,
    pub(super) chat: ChatId,
    /// Of a group or channel, its administrator.
    pub(super) user: UserId,
    pub(super) name: &'static str,
    pub(super) lang: Lang,
    pub(super) place: RegionId,
    /// Whether the alert concerns the place.
    pub(super) inside: bool,
    /// Whether they came in mid-broadcast.
    pub(super) late: bool,
    /// Whether they left in mid-broadcast.
    pub(super) left: bool,
    /// Whether they asked for the present in mid-broadcast.
    pub(super) asked: bool,
}

/// What happened.
#[derive(Debug)]
pub(super) struct Story {
    /// The alert, its other state if there was one, and its end.
    pub(super) acts: Vec<Deed>,
    /// Whether people are told of an update of the alert.
    pub(super) updates: bool,
    /// Messages accepted whose sender was told otherwise, before the confirmation.
    pub(super) lost_before: u64,
    pub(super) struck: Struck,
    /// Everybody who ever was a resident.
    pub(super) met: Vec<ChatId>,
}

/// Something an official did to the alert, and what came of it.
#[derive(Debug)]
pub(super) struct Deed {
    /// `alert`, `update` or `end`.
    pub(super) name: &'static str,
    /// When it was confirmed.
    pub(super) at: Mono,
    /// One broadcast a bot.
    pub(super) fanouts: Vec<Fanout>,
    /// The last progress message, as the official's phone shows it, and whether it has the true
    /// figures.
    pub(super) progress: (String, bool),
}

impl Story {
    /// Which alert it was.
    pub(super) fn alert(&self) -> AlertId {
        let first = self.acts.iter().flat_map(|deed| &deed.fanouts).next();
        first.map_or(AlertId(0), |fanout| fanout.transition.alert.id())
    }
}

/// The people.
#[derive(Debug)]
pub(super) struct Town {
    pub(super) cast: Cast,
    pub(super) residents: Vec<Resident>,
    officials: Vec<Operator>,
    forest: Forest,
    dice: Dice,
    /// Who said `/stop` and has not been asked yet.
    leaving: Vec<UserId>,
}

/// What an official has to do to release what they see.
enum Ask {
    Word(String),
    Press(UserId, String),
}

impl Town {
    pub(super) fn new(cast: Cast, config: &Config, seed: u64) -> Self {
        let officials = config.roster.iter().cloned().collect();
        let dice = Dice::new(seed);
        let (residents, leaving) = (Vec::new(), Vec::new());
        Self { cast, residents, officials, forest: config.forest.clone(), dice, leaving }
    }

    /// The whole play.
    pub(super) async fn play(
        &mut self,
        stage: &Stage,
        crowd: &Crowd,
        bar: &mut Bar,
    ) -> Result<Story> {
        let calm = *stage.world().weather() == crate::sim::weather::Weather::calm();
        let Crowd { residents, channels, groups, rate, .. } = *crowd;
        let within = Duration::from_secs(u64::from(residents / rate.max(1)) + 1)
            * if calm { 2 } else { STORM_SHARE }
            + PATIENCE;
        bar.say(&format!("{residents} residents, {channels} channels, {groups} groups subscribe"));
        self.officials_come(stage)?;
        for _ in 0..residents {
            self.settle(stage, false)?;
        }
        for n in 0..channels + groups {
            self.gather(stage, n, n >= channels)?;
        }
        stage.quiet("everybody's subscription is answered", within).await?;
        let mut struck = Struck::default();
        for bot in stage.ids() {
            let some = stage.world().strike(bot);
            struck.blocked += some.blocked;
            struck.deactivated += some.deactivated;
        }
        bar.say("an official raises the alert");
        let ask = self.raise(stage).await?;
        let lost_before = stage.lost();
        let mut start = self.act(stage, "alert", ask, FanoutId(0)).await?;
        let mut acts = Vec::new();
        if crowd.supersede {
            self.follow(stage, &mut start, within, bar, Until::Third).await?;
            bar.say("in mid-broadcast the official announces another end");
            let ask = self.update(stage).await?;
            let mut update = self.act(stage, "update", ask, last(&start)).await?;
            self.follow(stage, &mut start, within, bar, Until::Closed).await?;
            self.follow(stage, &mut update, within, bar, Until::Lively).await?;
            acts.extend([start, update]);
        } else {
            self.follow(stage, &mut start, within, bar, Until::Lively).await?;
            acts.push(start);
        }
        stage.quiet("what residents said meanwhile is answered", within).await?;
        for deed in &mut acts {
            deed.progress = self.final_figures(stage, deed, rate).await?;
        }
        bar.say("the official ends it");
        let ask = self.end(stage).await?;
        let after = acts.last().map_or(FanoutId(0), last);
        let mut end = self.act(stage, "end", ask, after).await?;
        self.follow(stage, &mut end, within, bar, Until::Closed).await?;
        end.progress = self.final_figures(stage, &end, rate).await?;
        acts.push(end);
        stage.quiet("everything is answered", within).await?;
        stage.clock.sleep(ECHO).await;
        bar.done();
        let met = self.residents.iter().map(|one| one.chat).collect();
        let draft = acts.first().and_then(|deed| deed.fanouts.first());
        let updates =
            draft.is_some_and(|fanout| fanout.transition.alert.draft().updates() != Updates::None);
        Ok(Story { acts, updates, lost_before, struck, met })
    }

    /// The deliberate act, and the broadcasts it opens.
    async fn act(
        &self,
        stage: &Stage,
        name: &'static str,
        ask: Ask,
        after: FanoutId,
    ) -> Result<Deed> {
        let at = stage.now().mono;
        match ask {
            Ask::Word(word) => stage.say(stage.desk(), self.cast.official.user, &word)?,
            Ask::Press(who, data) => stage.press(stage.desk(), who, &data)?,
        }
        let fanouts = stage.broadcasts(after, ANSWER).await?;
        Ok(Deed { name, at, fanouts, progress: (String::new(), false) })
    }

    pub(super) fn name<'a>(&'a self, place: &'a RegionId, lang: Lang) -> &'a str {
        self.forest.name(place, lang)
    }

    /// A bot can't write first, to officials neither.
    fn officials_come(&self, stage: &Stage) -> Result<()> {
        for one in &self.officials {
            stage.world().add_resident(one.user, &one.name, one.lang.code())?;
            stage.say(stage.desk(), one.user, "/start")?;
        }
        Ok(())
    }

    /// Somebody comes to live here, and subscribes by the link of their place.
    fn settle(&mut self, stage: &Stage, inside_only: bool) -> Result<()> {
        const NAMES: [(Lang, [&str; 6]); 3] = [
            (Lang::Ru, ["Анна", "Сергей", "Мария", "Павел", "Ольга", "Дмитрий"]),
            (Lang::Uk, ["Оксана", "Андрій", "Марічка", "Тарас", "Леся", "Богдан"]),
            (Lang::En, ["Emily", "James", "Grace", "Daniel", "Alice", "Robert"]),
        ];
        let number = i64::try_from(self.residents.len()).context("too many residents")?;
        let kind = match self.dice.below(10) {
            0..7 => 0,
            7..9 => 1,
            _ => 2,
        };
        let (lang, names) = NAMES[kind];
        let name = names[usize::try_from(self.dice.below(6)).unwrap_or_default()];
        let place = self.place(inside_only);
        let inside = self.forest.lies_in(&place, &self.cast.region);
        let user = UserId(FIRST_RESIDENT + number);
        let bot = stage.bots[self.residents.len() % stage.bots.len()].0;
        stage.world().add_resident(user, name, lang.code())?;
        stage.say(bot, user, &format!("/start {place}"))?;
        let (left, asked, late) = (false, false, inside_only);
        let (kind, chat) = (Kind::Private, user.chat());
        let one = Resident { bot, kind, chat, user, name, lang, place, inside, late, left, asked };
        self.residents.push(one);
        Ok(())
    }

    /// A channel or a group of the region takes the bot in.
    fn gather(&mut self, stage: &Stage, n: u32, group: bool) -> Result<()> {
        let number = i64::try_from(self.residents.len()).context("too many residents")?;
        let (user, chat) = (UserId(FIRST_RESIDENT + number), ChatId(FIRST_PUBLIC - i64::from(n)));
        let (bot, username) = &stage.bots[n as usize % stage.bots.len()];
        let place = self.cast.region.clone();
        let (kind, name) =
            if group { (Kind::Group, "группа") } else { (Kind::Channel, "канал") };
        let now = stage.now();
        {
            let mut world = stage.world();
            world.add_resident(user, name, Lang::Ru.code())?;
            if group {
                world.add_group(chat, name)?;
            } else {
                world.add_channel(chat, name)?;
            }
            world.set_members(chat, MEMBERS + u64::from(n))?;
            world.invite(*bot, chat, user, now)?;
            let text = if group {
                format!("/start@{username} {place}")
            } else {
                format!("/start {place}")
            };
            world.say(*bot, user, Some(chat), &text, None, now)?;
        }
        let (bot, lang, inside) = (*bot, Lang::Ru, true);
        let (late, left, asked) = (false, false, false);
        let one = Resident { bot, kind, chat, user, name, lang, place, inside, late, left, asked };
        self.residents.push(one);
        Ok(())
    }

    fn place(&mut self, inside_only: bool) -> RegionId {
        let elsewhere: Vec<RegionId> =
            self.forest.roots().iter().filter(|root| **root != self.cast.region).cloned().collect();
        let root = if !inside_only && !elsewhere.is_empty() && self.dice.hits(ELSEWHERE) {
            self.one_of(elsewhere)
        } else {
            self.cast.region.clone()
        };
        if self.dice.hits(IN_A_PLACE) {
            let places = self.forest.subtree(&root);
            return self.one_of(places);
        }
        root
    }

    fn one_of(&mut self, mut places: Vec<RegionId>) -> RegionId {
        let at = usize::try_from(self.dice.below(places.len() as u64)).unwrap_or_default();
        places.swap_remove(at)
    }

    /// The official types the alert and reads the preview.
    async fn raise(&self, stage: &Stage) -> Result<Ask> {
        let official = &self.cast.official;
        let hazard = self.cast.hazard.name.get(official.lang);
        let region = self.forest.name(&self.cast.region, official.lang);
        self.propose(stage, &format!("/alert {hazard} {region}")).await
    }

    /// The official types another end of the alert.
    async fn update(&self, stage: &Stage) -> Result<Ask> {
        let number = self.number(stage)?;
        self.propose(stage, &format!("/update {number} {ANNOUNCED}")).await
    }

    /// The official ends the alert by the number on their phone.
    async fn end(&self, stage: &Stage) -> Result<Ask> {
        let number = self.number(stage)?;
        self.propose(stage, &format!("/clear {number}")).await
    }

    /// The number of the alert, off the official's phone.
    fn number(&self, stage: &Stage) -> Result<AlertId> {
        let phone = stage.phone(stage.desk(), self.cast.official.user);
        let number = phone.iter().filter(|seen| seen.from_bot).rev().find_map(|seen| {
            let digits = seen.text.split_once("№ ")?.1;
            let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok().map(AlertId)
        });
        number.context("the official's phone names no alert")
    }

    /// The official types it, reads what would be sent, and sees what releases it.
    async fn propose(&self, stage: &Stage, text: &str) -> Result<Ask> {
        let (official, bot) = (&self.cast.official, stage.desk());
        let before = stage.phone(bot, official.user).len();
        stage.say(bot, official.user, text)?;
        let word = self.forest.get(&self.cast.region).map(|region| region.short_word.clone());
        let word = word.context("the region has no short word")?;
        stage
            .until("the official sees a preview", ANSWER, || {
                let phone = stage.phone(bot, official.user);
                let sheet = phone.iter().skip(before).rfind(|seen| {
                    touches(seen).iter().any(|touch| matches!(touch, Touch::No(_)))
                })?;
                if let Some(yes) = released_by(sheet) {
                    return Some(Ask::Press(official.user, yes));
                }
                if sheet.text.split(|c: char| !c.is_alphabetic()).any(|shown| shown == word) {
                    return Some(Ask::Word(word.to_lowercase()));
                }
                let others = self.officials.iter().filter(|one| one.user != official.user);
                others.map(|one| one.user).find_map(|approver| {
                    let yes = stage.phone(bot, approver).iter().rev().find_map(released_by)?;
                    Some(Ask::Press(approver, yes))
                })
            })
            .await
    }

    /// Watches broadcasts until everyone is settled, or enough have happened.
    async fn follow(
        &mut self,
        stage: &Stage,
        deed: &mut Deed,
        within: Duration,
        bar: &mut Bar,
        until: Until,
    ) -> Result<()> {
        let deadline = stage.now().mono + within;
        let mut lively = until == Until::Lively;
        loop {
            for fanout in &mut deed.fanouts {
                let now = stage.store.fanout(fanout.id).await?;
                *fanout = now.context("the broadcast is no longer in the store")?;
            }
            let settled: u64 = deed.fanouts.iter().map(|one| one.progress.tally.sum()).sum();
            let size: Option<u64> = deed.fanouts.iter().map(|one| one.size).sum();
            bar.reach(settled, size, stage.now().mono);
            if until == Until::Third && size.is_some_and(|size| settled * 3 >= size) {
                return Ok(());
            }
            if lively && size.is_some() {
                lively = false;
                self.life_goes_on(stage)?;
            }
            self.leave(stage)?;
            if deed.fanouts.iter().all(|one| one.closed_at.is_some()) {
                // Whom the weather kept from being asked has not left, and is owed every message.
                let staying = std::mem::take(&mut self.leaving);
                for one in self.residents.iter_mut().filter(|one| staying.contains(&one.user)) {
                    one.left = false;
                }
                bar.closed();
                return Ok(());
            }
            if stage.now().mono > deadline {
                let size = size.map_or_else(|| "?".into(), |size| size.to_string());
                return Err(anyhow!(
                    "a broadcast did not close within {} s: {settled} of {size} are settled",
                    within.as_secs(),
                ));
            }
            stage.clock.sleep(GLANCE).await;
        }
    }

    /// In mid-broadcast some leave, some come, and somebody asks.
    fn life_goes_on(&mut self, stage: &Stage) -> Result<()> {
        let some = (self.residents.len() / LIVELY).clamp(1, LIVELY_MAX);
        let world = stage.world();
        let open: BTreeSet<ChatId> =
            stage.ids().flat_map(|bot| world.friends(bot).collect::<Vec<_>>()).collect();
        drop(world);
        let there = |one: &&mut Resident| {
            open.contains(&one.chat) && one.inside && one.kind == Kind::Private
        };
        // At the beginning and from the end of the walk, where the message comes late: a lane reads
        // ahead, and whoever leaves after that is still told.
        for one in self.residents.iter_mut().rev().filter(there).take(some) {
            one.left = true;
            self.leaving.push(one.user);
            stage.say(one.bot, one.user, "/stop")?;
        }
        if let Some(one) = self.residents.iter_mut().find(there) {
            one.asked = true;
            stage.say(one.bot, one.user, "/status")?;
        }
        for _ in 0..some {
            self.settle(stage, true)?;
        }
        Ok(())
    }

    /// Those who are leaving are asked whether they mean it, and press the button once they see it.
    fn leave(&mut self, stage: &Stage) -> Result<()> {
        let leave = Touch::Leave.to_string();
        let mut waiting = Vec::new();
        for user in std::mem::take(&mut self.leaving) {
            let bot = self.residents.iter().find(|one| one.user == user).map(|one| one.bot);
            let bot = bot.unwrap_or_else(|| stage.desk());
            if stage.phone(bot, user).iter().any(|seen| touches(seen).contains(&Touch::Leave)) {
                stage.press(bot, user, &leave)?;
            } else {
                waiting.push(user);
            }
        }
        self.leaving = waiting;
        Ok(())
    }

    /// The official's last progress message, and whether it came to show the final figures.
    async fn final_figures(&self, stage: &Stage, deed: &Deed, rate: u32) -> Result<(String, bool)> {
        let (official, bot) = (&self.cast.official, stage.desk());
        let fanout = deed.fanouts.first().context("an act opened no broadcast")?;
        let alert = &fanout.transition.alert;
        let reach = super::judge::reach(deed);
        let report = Report {
            fanout: fanout.id,
            alert: alert.id(),
            revision: alert.revision(),
            audience: Some(reach.audience),
            tally: reach.settled,
            started_at: fanout.opened_at,
            closed_at: deed.fanouts.iter().filter_map(|one| one.closed_at).max(),
            rate: 0,
            limit: rate,
            tenths: 0,
            trouble: None,
        };
        let expected = letters::progress(&report, official.lang).text;
        let head = expected.split(':').next().unwrap_or_default().to_owned();
        let phone = || stage.phone(bot, official.user);
        let shown = stage
            .until("the official sees the final figures", ANSWER, || {
                phone().into_iter().rev().find(|seen| *seen.text == *expected)
            })
            .await;
        if shown.is_ok() {
            return Ok((expected, true));
        }
        let last = phone().into_iter().rfind(|seen| seen.text.starts_with(&head));
        Ok((last.map_or_else(String::new, |seen| seen.text.to_string()), false))
    }
}

/// Until when a broadcast is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// A third is settled, or all.
    Third,
    /// All is settled; meanwhile people come and go.
    Lively,
    /// All is settled.
    Closed,
}

/// The number of an act's last broadcast.
fn last(deed: &Deed) -> FanoutId {
    deed.fanouts.last().map_or(FanoutId(0), |fanout| fanout.id)
}

/// What the buttons under a message carry.
fn touches(seen: &Seen) -> Vec<Touch> {
    let keyboard = seen.keyboard.as_deref().unwrap_or_default();
    let Ok(keyboard) = serde_json::from_str::<serde_json::Value>(keyboard) else {
        return Vec::new();
    };
    let rows = keyboard.get("inline_keyboard").and_then(serde_json::Value::as_array);
    let keys = rows.into_iter().flatten().filter_map(serde_json::Value::as_array).flatten();
    keys.filter_map(|key| Touch::parse(key.get("callback_data")?.as_str()?)).collect()
}

/// The button that releases, if there is one.
fn released_by(seen: &Seen) -> Option<String> {
    let yes = touches(seen).into_iter().find(|touch| matches!(touch, Touch::Yes(_)))?;
    Some(yes.to_string())
}
