//! The play: residents subscribe, an official raises an alert and ends it, life goes on meanwhile.
//!
//! Invariants: people see their phones and nothing else; what they type and press is what was shown
//! to them. Everything by chance comes from the seed.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use super::{show::Bar, stage::Stage};
use crate::{
    bot::{buttons::Touch, phrases::letters},
    config::Config,
    domain::{
        hazard::Hazard,
        ids::{AlertId, ChatId, FanoutId, HazardId, RegionId, UserId},
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

/// One resident.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "four independent facts of one life")]
pub(super) struct Resident {
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

impl Resident {
    pub(super) fn chat(&self) -> ChatId {
        self.user.chat()
    }
}

/// What happened.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) start: Fanout,
    pub(super) end: Fanout,
    /// When the official confirmed the alert, and the end.
    pub(super) confirmed: (Mono, Mono),
    /// Messages accepted whose sender was told otherwise, before the confirmation.
    pub(super) lost_before: u64,
    pub(super) struck: Struck,
    /// Everybody who ever was a resident.
    pub(super) met: Vec<ChatId>,
    /// The last progress messages of start and end, as the official's phone shows them, and whether
    /// they are the true figures.
    pub(super) progress: [(String, bool); 2],
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
        residents: u32,
        rate: u32,
        bar: &mut Bar,
    ) -> Result<Story> {
        let calm = *stage.world().weather() == crate::sim::weather::Weather::calm();
        let within = Duration::from_secs(u64::from(residents / rate.max(1)) + 1)
            * if calm { 2 } else { STORM_SHARE }
            + PATIENCE;
        bar.say(&format!("{residents} residents subscribe"));
        self.officials_come(stage)?;
        for _ in 0..residents {
            self.settle(stage, false)?;
        }
        stage.quiet("everybody's subscription is answered", within).await?;
        let struck = stage.world().strike(stage.bot);
        bar.say("an official raises the alert");
        let ask = self.raise(stage).await?;
        let lost_before = stage.world().tally(stage.bot).accepted_then_lost;
        let raised_at = self.answer(stage, ask)?;
        let start = stage.broadcast(FanoutId(0), ANSWER).await?;
        let start = self.follow(stage, start, within, bar, true).await?;
        stage.quiet("what residents said meanwhile is answered", within).await?;
        let first = self.final_figures(stage, &start, rate).await?;
        bar.say("the official ends it");
        let ended_at = self.end(stage).await?;
        let end = stage.broadcast(start.id, ANSWER).await?;
        let end = self.follow(stage, end, within, bar, false).await?;
        let second = self.final_figures(stage, &end, rate).await?;
        stage.quiet("everything is answered", within).await?;
        stage.clock.sleep(ECHO).await;
        bar.done();
        Ok(Story {
            start,
            end,
            confirmed: (raised_at, ended_at),
            lost_before,
            struck,
            met: self.residents.iter().map(Resident::chat).collect(),
            progress: [first, second],
        })
    }

    pub(super) fn name<'a>(&'a self, place: &'a RegionId, lang: Lang) -> &'a str {
        self.forest.name(place, lang)
    }

    /// A bot can't write first, to officials neither.
    fn officials_come(&self, stage: &Stage) -> Result<()> {
        for one in &self.officials {
            stage.world().add_resident(one.user, &one.name, one.lang.code())?;
            stage.say(one.user, "/start")?;
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
        stage.world().add_resident(user, name, lang.code())?;
        stage.say(user, &format!("/start {place}"))?;
        let (left, asked, late) = (false, false, inside_only);
        self.residents.push(Resident { user, name, lang, place, inside, late, left, asked });
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
        let before = stage.phone(official.user).len();
        stage.say(official.user, &format!("/alert {hazard} {region}"))?;
        let word = self.forest.get(&self.cast.region).map(|region| region.short_word.clone());
        let word = word.context("the region has no short word")?;
        stage
            .until("the official sees a preview", ANSWER, || {
                let phone = stage.phone(official.user);
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
                    let yes = stage.phone(approver).iter().rev().find_map(released_by)?;
                    Some(Ask::Press(approver, yes))
                })
            })
            .await
    }

    /// The deliberate act.
    fn answer(&self, stage: &Stage, ask: Ask) -> Result<Mono> {
        let at = stage.now().mono;
        match ask {
            Ask::Word(word) => stage.say(self.cast.official.user, &word)?,
            Ask::Press(who, data) => stage.press(who, &data)?,
        }
        Ok(at)
    }

    /// The official ends the alert by the number on their phone.
    async fn end(&self, stage: &Stage) -> Result<Mono> {
        let user = self.cast.official.user;
        let phone = stage.phone(user);
        let number = phone.iter().filter(|seen| seen.from_bot).rev().find_map(|seen| {
            let digits = seen.text.split_once("№ ")?.1;
            let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok().map(AlertId)
        });
        let number = number.context("the official's phone names no alert")?;
        let before = phone.len();
        stage.say(user, &format!("/clear {number}"))?;
        let yes = stage
            .until("the official sees what the end would say", ANSWER, || {
                stage.phone(user).iter().skip(before).rev().find_map(released_by)
            })
            .await?;
        let at = stage.now().mono;
        stage.press(user, &yes)?;
        Ok(at)
    }

    /// Watches a broadcast until everyone is settled.
    async fn follow(
        &mut self,
        stage: &Stage,
        fanout: Fanout,
        within: Duration,
        bar: &mut Bar,
        mut lively: bool,
    ) -> Result<Fanout> {
        let deadline = stage.now().mono + within;
        loop {
            let now = stage.store.fanout(fanout.id).await?;
            let now = now.context("the broadcast is no longer in the store")?;
            let settled = now.progress.tally.sum();
            bar.reach(settled, now.size, stage.now().mono);
            if lively && now.size.is_some() {
                lively = false;
                self.life_goes_on(stage)?;
            }
            self.leave(stage)?;
            if now.closed_at.is_some() {
                // Whom the weather kept from being asked has not left, and is owed every message.
                let staying = std::mem::take(&mut self.leaving);
                for one in self.residents.iter_mut().filter(|one| staying.contains(&one.user)) {
                    one.left = false;
                }
                bar.closed();
                return Ok(now);
            }
            if stage.now().mono > deadline {
                let size = now.size.map_or_else(|| "?".into(), |size| size.to_string());
                return Err(anyhow!(
                    "a broadcast did not close within {} s: {settled} of {size} are settled, {:?}",
                    within.as_secs(),
                    now.progress.tally,
                ));
            }
            stage.clock.sleep(GLANCE).await;
        }
    }

    /// In mid-broadcast some leave, some come, and somebody asks.
    fn life_goes_on(&mut self, stage: &Stage) -> Result<()> {
        let some = (self.residents.len() / LIVELY).clamp(1, LIVELY_MAX);
        let open: Vec<ChatId> = stage.world().friends(stage.bot).collect();
        let there = |one: &&mut Resident| open.binary_search(&one.chat()).is_ok() && one.inside;
        // At the beginning and from the end of the walk, where the message comes late: a lane reads
        // ahead, and whoever leaves after that is still told.
        for one in self.residents.iter_mut().rev().filter(there).take(some) {
            one.left = true;
            self.leaving.push(one.user);
            stage.say(one.user, "/stop")?;
        }
        if let Some(one) = self.residents.iter_mut().find(there) {
            one.asked = true;
            stage.say(one.user, "/status")?;
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
            if stage.phone(user).iter().any(|seen| touches(seen).contains(&Touch::Leave)) {
                stage.press(user, &leave)?;
            } else {
                waiting.push(user);
            }
        }
        self.leaving = waiting;
        Ok(())
    }

    /// The official's last progress message, and whether it came to show the final figures.
    async fn final_figures(
        &self,
        stage: &Stage,
        fanout: &Fanout,
        rate: u32,
    ) -> Result<(String, bool)> {
        let official = &self.cast.official;
        let alert = &fanout.transition.alert;
        let report = Report {
            fanout: fanout.id,
            alert: alert.id(),
            revision: alert.revision(),
            audience: fanout.size,
            tally: fanout.progress.tally,
            started_at: fanout.opened_at,
            closed_at: fanout.closed_at,
            rate: 0,
            limit: rate,
            tenths: 0,
            trouble: None,
        };
        let expected = letters::progress(&report, official.lang).text;
        let head = expected.split(':').next().unwrap_or_default().to_owned();
        let shown = stage
            .until("the official sees the final figures", ANSWER, || {
                stage
                    .phone(official.user)
                    .iter()
                    .rev()
                    .find(|seen| *seen.text == *expected)
                    .cloned()
            })
            .await;
        if shown.is_ok() {
            return Ok((expected, true));
        }
        let last =
            stage.phone(official.user).into_iter().rfind(|seen| seen.text.starts_with(&head));
        Ok((last.map_or_else(String::new, |seen| seen.text.to_string()), false))
    }
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
