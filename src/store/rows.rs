//! Records as they are written, parsed on the way out.
//!
//! Role: the only place where domain types meet serialisation. What is read back passes through the
//! domain's own makers; what they refuse is [`StoreError::Corrupt`], never a panic or a guess.
//!
//! Invariants: the names written here are a format. A variant is never renamed; a new field has a
//! default.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    domain::{
        alert::{Actor, Alert, Change, Draft, DraftRow, Settled, Status, Transition, Wording},
        audience::{Audience, Position, Tier, Variant},
        consent::{Act, Challenge, Demand},
        delivery::Tally,
        hazard::{Certainty, Severity, Updates, Urgency},
        ids::{
            AlertId, ChatId, Code, FanoutId, HazardId, LevelId, MessageId, RegionId, Revision,
            UserId,
        },
        lang::{Lang, Texts},
        letter::{Button, Class, Content, Message, Occasion},
        region::Area,
        report::{Cost, Curve, Measured, Reason},
        time::Utc,
    },
    ports::store::{Hold, Limits, Progress, Result, Spent, StoreError, Straggler},
};

fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(what.to_owned())
}

fn put(row: &impl Serialize) -> Result<String> {
    serde_json::to_string(row).map_err(|fault| StoreError::Failed(Box::new(fault)))
}

/// The position of a fault is told, not the text: that may be somebody's words.
fn take<T: DeserializeOwned>(what: &str, text: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|fault| StoreError::Corrupt(format!("{what}: column {}", fault.column())))
}

pub(super) fn micros(at: Utc) -> i64 {
    at.timestamp_micros()
}

pub(super) fn time(micros: i64) -> Result<Utc> {
    Utc::from_timestamp_micros(micros).ok_or_else(|| corrupt("a time out of range"))
}

pub(super) fn lang(code: &str) -> Result<Lang> {
    Lang::ALL.into_iter().find(|one| one.code() == code).ok_or_else(|| corrupt("a language"))
}

pub(super) fn class(name: &str) -> Result<Class> {
    [Class::Official, Class::Resident]
        .into_iter()
        .find(|one| class_name(*one) == name)
        .ok_or_else(|| corrupt("a class of letters"))
}

pub(super) fn class_name(class: Class) -> &'static str {
    match class {
        Class::Official => "official",
        Class::Resident => "resident",
    }
}

pub(super) fn settled(state: &str, at: i64) -> Result<Settled> {
    match state {
        "clear" => Ok(Settled::Clear(time(at)?)),
        "unknown" => Ok(Settled::Unknown(time(at)?)),
        _ => Err(corrupt("a posture")),
    }
}

pub(super) fn settled_columns(settled: Settled) -> (&'static str, i64) {
    match settled {
        Settled::Clear(at) => ("clear", micros(at)),
        Settled::Unknown(at) => ("unknown", micros(at)),
    }
}

/// An enumeration without fields, written as a word.
macro_rules! words {
    ($row:ident is $domain:ident { $($word:ident),+ }) => {
        #[derive(Clone, Copy, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum $row { $($word),+ }

        impl From<$domain> for $row {
            fn from(one: $domain) -> Self {
                match one { $($domain::$word => Self::$word),+ }
            }
        }

        impl From<$row> for $domain {
            fn from(one: $row) -> Self {
                match one { $($row::$word => Self::$word),+ }
            }
        }
    };
}

words!(StatusWord is Status { Actual, Exercise });
words!(SeverityWord is Severity { Unknown, Minor, Moderate, Severe, Extreme });
words!(UrgencyWord is Urgency { Unknown, Past, Future, Expected, Immediate });
words!(CertaintyWord is Certainty { Unknown, Unlikely, Possible, Likely, Observed });
words!(OccasionWord is Occasion { Joined, Asked });
words!(UpdatesWord is Updates { Edit, Silent, None });

impl Default for UpdatesWord {
    fn default() -> Self {
        Updates::default().into()
    }
}

words!(LangWord is Lang { Ru, Uk, En });

#[derive(Serialize, Deserialize)]
struct TextsRow {
    ru: String,
    uk: String,
    en: String,
}

impl From<&Texts> for TextsRow {
    fn from(texts: &Texts) -> Self {
        Self { ru: texts.ru.clone(), uk: texts.uk.clone(), en: texts.en.clone() }
    }
}

impl From<TextsRow> for Texts {
    fn from(row: TextsRow) -> Self {
        Self { ru: row.ru, uk: row.uk, en: row.en }
    }
}

fn slugs<'a>(places: impl IntoIterator<Item = &'a RegionId>) -> Vec<String> {
    places.into_iter().map(|place| place.as_str().to_owned()).collect()
}

fn places(slugs: &[String]) -> Vec<RegionId> {
    slugs.iter().map(|slug| RegionId::new(slug)).collect()
}

#[derive(Serialize, Deserialize)]
struct AreaRow {
    regions: Vec<String>,
    without: Vec<String>,
}

impl From<&Area> for AreaRow {
    fn from(area: &Area) -> Self {
        Self { regions: slugs(area.regions()), without: slugs(area.without()) }
    }
}

impl AreaRow {
    fn parse(&self) -> Result<Area> {
        Area::recorded(places(&self.regions), places(&self.without))
            .ok_or_else(|| corrupt("an area without a region"))
    }
}

#[derive(Serialize, Deserialize)]
struct DraftBody {
    status: StatusWord,
    hazard: String,
    level: String,
    step: usize,
    severity: SeverityWord,
    urgency: UrgencyWord,
    certainty: CertaintyWord,
    approvals: u8,
    silent: bool,
    #[serde(default)]
    updates: UpdatesWord,
    #[serde(default)]
    paid: bool,
    area: AreaRow,
    lasts_us: Option<u64>,
    note: Option<String>,
    title: TextsRow,
    action: TextsRow,
    guidance: TextsRow,
    after: TextsRow,
    source: TextsRow,
}

impl From<&Draft> for DraftBody {
    fn from(draft: &Draft) -> Self {
        let wording = draft.wording();
        let (severity, urgency) = draft.rank();
        let lasts = draft.lasts();
        Self {
            status: draft.status().into(),
            hazard: draft.hazard().as_str().to_owned(),
            level: draft.level().as_str().to_owned(),
            step: draft.step(),
            severity: severity.into(),
            urgency: urgency.into(),
            certainty: draft.certainty().into(),
            approvals: draft.approvals(),
            silent: draft.silent(),
            updates: draft.updates().into(),
            paid: draft.paid(),
            area: draft.area().into(),
            lasts_us: lasts.map(|lasts| u64::try_from(lasts.as_micros()).unwrap_or(u64::MAX)),
            note: draft.note().map(str::to_owned),
            title: (&wording.title).into(),
            action: (&wording.action).into(),
            guidance: (&wording.guidance).into(),
            after: (&wording.after).into(),
            source: (&wording.source).into(),
        }
    }
}

impl DraftBody {
    fn parse(self) -> Result<Draft> {
        Ok(Draft::recorded(DraftRow {
            status: self.status.into(),
            hazard: HazardId::new(&self.hazard),
            level: LevelId::new(&self.level),
            step: self.step,
            rank: (self.severity.into(), self.urgency.into()),
            certainty: self.certainty.into(),
            approvals: self.approvals,
            silent: self.silent,
            updates: self.updates.into(),
            paid: self.paid,
            area: self.area.parse()?,
            lasts: self.lasts_us.map(Duration::from_micros),
            note: self.note,
            wording: Wording {
                title: self.title.into(),
                action: self.action.into(),
                guidance: self.guidance.into(),
                after: self.after.into(),
                source: self.source.into(),
            },
        }))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ActorBody {
    Operator { user: i64, name: String },
    Clock,
}

impl From<&Actor> for ActorBody {
    fn from(actor: &Actor) -> Self {
        match actor {
            Actor::Operator { user, name } => Self::Operator { user: user.0, name: name.clone() },
            Actor::Clock => Self::Clock,
        }
    }
}

impl From<ActorBody> for Actor {
    fn from(row: ActorBody) -> Self {
        match row {
            ActorBody::Operator { user, name } => Self::Operator { user: UserId(user), name },
            ActorBody::Clock => Self::Clock,
        }
    }
}

pub(super) fn put_actor(actor: &Actor) -> Result<String> {
    put(&ActorBody::from(actor))
}

pub(super) fn take_actor(text: &str) -> Result<Actor> {
    take::<ActorBody>("an actor", text).map(Actor::from)
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ChangeBody {
    Raised,
    Updated,
    SteppedUp,
    SteppedDown,
    EndedPartly(Vec<String>),
    Ended,
    Expired,
    Withdrawn,
}

impl From<&Change> for ChangeBody {
    fn from(change: &Change) -> Self {
        match change {
            Change::Raised => Self::Raised,
            Change::Updated => Self::Updated,
            Change::SteppedUp => Self::SteppedUp,
            Change::SteppedDown => Self::SteppedDown,
            Change::EndedPartly(parts) => Self::EndedPartly(slugs(parts)),
            Change::Ended => Self::Ended,
            Change::Expired => Self::Expired,
            Change::Withdrawn => Self::Withdrawn,
        }
    }
}

impl From<ChangeBody> for Change {
    fn from(row: ChangeBody) -> Self {
        match row {
            ChangeBody::Raised => Self::Raised,
            ChangeBody::Updated => Self::Updated,
            ChangeBody::SteppedUp => Self::SteppedUp,
            ChangeBody::SteppedDown => Self::SteppedDown,
            ChangeBody::EndedPartly(parts) => Self::EndedPartly(places(&parts)),
            ChangeBody::Ended => Self::Ended,
            ChangeBody::Expired => Self::Expired,
            ChangeBody::Withdrawn => Self::Withdrawn,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct TurnBody {
    alert: i64,
    revision: u32,
    draft: DraftBody,
    raised_at: i64,
    raised_by: ActorBody,
    expires_at: Option<i64>,
    change: ChangeBody,
    at: i64,
    by: ActorBody,
    settles: Vec<(String, String, i64)>,
}

pub(super) fn put_turn(turn: &Transition) -> Result<String> {
    let alert = &turn.alert;
    let settles = turn.settles.iter().map(|(place, settled)| {
        let (state, at) = settled_columns(*settled);
        (place.as_str().to_owned(), state.to_owned(), at)
    });
    put(&TurnBody {
        alert: alert.id().0,
        revision: alert.revision().0,
        draft: alert.draft().into(),
        raised_at: micros(alert.raised_at()),
        raised_by: alert.raised_by().into(),
        expires_at: alert.expires_at().map(micros),
        change: (&turn.change).into(),
        at: micros(turn.at),
        by: (&turn.by).into(),
        settles: settles.collect(),
    })
}

pub(super) fn take_turn(text: &str) -> Result<Transition> {
    let row: TurnBody = take("a transition", text)?;
    let raised = (time(row.raised_at)?, row.raised_by.into());
    let expires_at = row.expires_at.map(time).transpose()?;
    let alert = Alert::recorded(
        AlertId(row.alert),
        Revision(row.revision),
        row.draft.parse()?,
        raised,
        expires_at,
    );
    let settles = row
        .settles
        .iter()
        .map(|(place, state, at)| Ok((RegionId::new(place), settled(state, *at)?)))
        .collect::<Result<_>>()?;
    Ok(Transition {
        alert,
        change: row.change.into(),
        at: time(row.at)?,
        by: row.by.into(),
        settles,
    })
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ActBody {
    Raise(Box<DraftBody>),
    Change { alert: i64, revision: u32, to: Box<DraftBody> },
    End { alert: i64, revision: u32, parts: Vec<String> },
    Withdraw { alert: i64, revision: u32 },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DemandBody {
    Word(Vec<String>),
    SecondPerson,
    Press,
}

#[derive(Serialize, Deserialize)]
struct ChallengeBody {
    code: String,
    act: ActBody,
    demand: DemandBody,
    issuer: i64,
    person: String,
    expires_at: i64,
}

pub(super) fn put_challenge(challenge: &Challenge) -> Result<String> {
    let act = match challenge.act() {
        Act::Raise(draft) => ActBody::Raise(Box::new(draft.into())),
        Act::Change { alert, revision, to } => {
            ActBody::Change { alert: alert.0, revision: revision.0, to: Box::new(to.into()) }
        }
        Act::End { alert, revision, parts } => {
            ActBody::End { alert: alert.0, revision: revision.0, parts: slugs(parts) }
        }
        Act::Withdraw { alert, revision } => {
            ActBody::Withdraw { alert: alert.0, revision: revision.0 }
        }
    };
    let demand = match challenge.demand() {
        Demand::Word(words) => DemandBody::Word(words.clone()),
        Demand::SecondPerson => DemandBody::SecondPerson,
        Demand::Press => DemandBody::Press,
    };
    put(&ChallengeBody {
        code: challenge.code().as_str().to_owned(),
        act,
        demand,
        issuer: challenge.issuer().0,
        person: challenge.person().to_owned(),
        expires_at: micros(challenge.expires_at()),
    })
}

pub(super) fn take_challenge(text: &str) -> Result<Challenge> {
    let row: ChallengeBody = take("a challenge", text)?;
    let act = match row.act {
        ActBody::Raise(draft) => Act::Raise(draft.parse()?),
        ActBody::Change { alert, revision, to } => {
            Act::Change { alert: AlertId(alert), revision: Revision(revision), to: to.parse()? }
        }
        ActBody::End { alert, revision, parts } => {
            Act::End { alert: AlertId(alert), revision: Revision(revision), parts: places(&parts) }
        }
        ActBody::Withdraw { alert, revision } => {
            Act::Withdraw { alert: AlertId(alert), revision: Revision(revision) }
        }
    };
    let demand = match row.demand {
        DemandBody::Word(words) => Demand::Word(words),
        DemandBody::SecondPerson => Demand::SecondPerson,
        DemandBody::Press => Demand::Press,
    };
    let code = Code::parse(&row.code).ok_or_else(|| corrupt("a challenge's code"))?;
    let issuer = (UserId(row.issuer), row.person);
    Ok(Challenge::recorded(code, act, demand, issuer, time(row.expires_at)?))
}

#[derive(Serialize, Deserialize)]
struct AudienceBody {
    readers: bool,
    places: Vec<String>,
    nearest: usize,
    exercise: bool,
}

pub(super) fn put_audience(audience: &Audience) -> Result<String> {
    put(&AudienceBody {
        readers: audience.readers,
        places: slugs(&audience.places),
        nearest: audience.nearest,
        exercise: audience.exercise,
    })
}

pub(super) fn take_audience(text: &str) -> Result<Audience> {
    let row: AudienceBody = take("an audience", text)?;
    let AudienceBody { readers, nearest, exercise, .. } = row;
    Ok(Audience { readers, places: places(&row.places), nearest, exercise })
}

pub(super) fn put_tier(tier: Tier) -> i64 {
    // At most five.
    i64::try_from(tier.index()).unwrap_or_default()
}

pub(super) fn take_tier(number: i64) -> Result<Tier> {
    let known = usize::try_from(number).ok().and_then(|index| Tier::ALL.get(index));
    known.copied().ok_or_else(|| corrupt("a tier"))
}

pub(super) fn hold_name(hold: Hold) -> &'static str {
    match hold {
        Hold::Paused => "paused",
        Hold::Halted => "halted",
    }
}

pub(super) fn take_hold(name: &str) -> Result<Hold> {
    let known = [Hold::Paused, Hold::Halted].into_iter().find(|hold| hold_name(*hold) == name);
    known.ok_or_else(|| corrupt("how a broadcast is held"))
}

pub(super) fn put_places<'a>(of: impl IntoIterator<Item = &'a RegionId>) -> Result<String> {
    put(&slugs(of))
}

#[derive(Serialize, Deserialize)]
struct StragglerBody {
    at: (u32, i64),
    chat: i64,
    lang: LangWord,
    place: String,
    tier: Option<i64>,
    #[serde(default)]
    told: bool,
    message: Option<i64>,
    doubt: bool,
}

#[derive(Serialize, Deserialize)]
struct ProgressBody {
    cursor: (u32, i64),
    mark: (u32, i64),
    stragglers: Vec<StragglerBody>,
    tally: [u64; 7],
    // Earlier versions did not count these.
    #[serde(default)]
    known: u64,
    #[serde(default)]
    cost: (u64, u32, u64),
}

fn pair(position: Position) -> (u32, i64) {
    (position.stratum, position.key)
}

fn position((stratum, key): (u32, i64)) -> Position {
    Position { stratum, key }
}

pub(super) fn put_progress(progress: &Progress) -> Result<String> {
    let stragglers = progress.stragglers.iter().map(|one| StragglerBody {
        at: pair(one.at),
        chat: one.chat.0,
        lang: one.variant.lang.into(),
        place: one.variant.place.as_str().to_owned(),
        tier: Some(put_tier(one.tier)),
        told: one.told,
        message: one.message.map(|message| message.0),
        doubt: one.doubt,
    });
    put(&ProgressBody {
        cursor: pair(progress.cursor),
        mark: pair(progress.mark),
        stragglers: stragglers.collect(),
        tally: progress.tally.counts(),
        known: progress.known,
        cost: (progress.cost.tenths, progress.cost.rate, progress.cost.most),
    })
}

pub(super) fn take_progress(text: &str) -> Result<Progress> {
    let row: ProgressBody = take("a broadcast's progress", text)?;
    let straggler = |one: StragglerBody| {
        let chat = ChatId(one.chat);
        Ok(Straggler {
            at: position(one.at),
            chat,
            variant: Variant { lang: one.lang.into(), place: RegionId::new(&one.place) },
            tier: one.tier.map_or(Ok(Tier::by_id(chat)), take_tier)?,
            told: one.told,
            message: one.message.map(MessageId),
            doubt: one.doubt,
        })
    };
    let (tenths, rate, most) = row.cost;
    let stragglers: Result<Vec<Straggler>> = row.stragglers.into_iter().map(straggler).collect();
    Ok(Progress {
        cursor: position(row.cursor),
        mark: position(row.mark),
        stragglers: stragglers?,
        tally: Tally::recorded(row.tally),
        known: row.known,
        cost: Cost { tenths, rate, most },
    })
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ContentBody {
    Plain { text: String, buttons: Vec<Vec<(String, String)>>, silent: bool, edits: Option<i64> },
    Standing { occasion: OccasionWord, places: Vec<String> },
    Progress(i64),
    Picture { alert: i64, revision: u32 },
}

pub(super) fn put_content(content: &Content) -> Result<String> {
    put(&match content {
        Content::Plain { message, edits } => ContentBody::Plain {
            text: message.text.clone(),
            buttons: message
                .buttons
                .iter()
                .map(|row| row.iter().map(|one| (one.label.clone(), one.data.clone())).collect())
                .collect(),
            silent: message.silent,
            edits: edits.map(|message| message.0),
        },
        Content::Standing { occasion, places } => {
            ContentBody::Standing { occasion: (*occasion).into(), places: slugs(places) }
        }
        Content::Progress(fanout) => ContentBody::Progress(fanout.0),
        Content::Picture { alert, revision } => {
            ContentBody::Picture { alert: alert.0, revision: revision.0 }
        }
    })
}

pub(super) fn take_content(text: &str) -> Result<Content> {
    Ok(match take("a letter", text)? {
        ContentBody::Plain { text, buttons, silent, edits } => Content::Plain {
            message: Message {
                text,
                buttons: buttons
                    .into_iter()
                    .map(|row| {
                        row.into_iter().map(|(label, data)| Button { label, data }).collect()
                    })
                    .collect(),
                silent,
            },
            edits: edits.map(MessageId),
        },
        ContentBody::Standing { occasion, places: of } => {
            Content::Standing { occasion: occasion.into(), places: places(&of) }
        }
        ContentBody::Progress(fanout) => Content::Progress(FanoutId(fanout)),
        ContentBody::Picture { alert, revision } => {
            Content::Picture { alert: AlertId(alert), revision: Revision(revision) }
        }
    })
}

#[derive(Serialize, Deserialize)]
struct LimitsBody {
    paused_until: Option<i64>,
    groups: Vec<(i64, Vec<i64>)>,
    #[serde(default)]
    spent_day: i64,
    #[serde(default)]
    spent_tenths: u64,
    #[serde(default)]
    spent_on: Vec<(i64, u64)>,
}

pub(super) fn put_limits(limits: &Limits) -> Result<String> {
    let groups = limits.windows.iter();
    put(&LimitsBody {
        paused_until: limits.paused_until.map(micros),
        groups: groups
            .map(|(chat, at)| (chat.0, at.iter().copied().map(micros).collect()))
            .collect(),
        spent_day: limits.spent.day,
        spent_tenths: limits.spent.tenths,
        spent_on: limits.spent.alerts.iter().map(|(alert, tenths)| (alert.0, *tenths)).collect(),
    })
}

pub(super) fn take_limits(text: &str) -> Result<Limits> {
    let row: LimitsBody = take("the limits", text)?;
    let times = |at: Vec<i64>| at.into_iter().map(time).collect::<Result<Vec<Utc>>>();
    Ok(Limits {
        paused_until: row.paused_until.map(time).transpose()?,
        windows: row
            .groups
            .into_iter()
            .map(|(chat, at)| Ok((ChatId(chat), times(at)?)))
            .collect::<Result<_>>()?,
        spent: Spent {
            day: row.spent_day,
            tenths: row.spent_tenths,
            alerts: row.spent_on.into_iter().map(|(alert, n)| (AlertId(alert), n)).collect(),
        },
    })
}

#[derive(Serialize, Deserialize)]
struct MeasuredBody {
    pace: u32,
    joined: u32,
    slices: Vec<u64>,
    ends_us: (u64, u64),
    failures: BTreeMap<String, u64>,
    repeated: u64,
}

pub(super) fn put_measured(measured: &Measured) -> Result<String> {
    let (joined, slices, ends_us) = measured.curve.record();
    let failures = measured.failures.iter().map(|(reason, n)| (reason.name().to_owned(), *n));
    put(&MeasuredBody {
        pace: measured.pace,
        joined,
        slices: slices.to_vec(),
        ends_us,
        failures: failures.collect(),
        repeated: measured.repeated,
    })
}

pub(super) fn take_measured(text: &str) -> Result<Measured> {
    let row: MeasuredBody = take("a broadcast's figures", text)?;
    let reason = |name: &str| Reason::ALL.into_iter().find(|reason| reason.name() == name);
    let failure = |(name, n): (String, u64)| {
        reason(&name).map(|reason| (reason, n)).ok_or_else(|| corrupt("the reason of a failure"))
    };
    Ok(Measured {
        pace: row.pace,
        curve: Curve::recorded(row.joined, row.slices, row.ends_us)
            .ok_or_else(|| corrupt("a reach curve"))?,
        failures: row.failures.into_iter().map(failure).collect::<Result<_>>()?,
        repeated: row.repeated,
    })
}

pub(super) fn put_particulars<'a>(
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<String> {
    put(&pairs.into_iter().collect::<Vec<_>>())
}

pub(super) fn take_particulars(text: &str) -> Result<Vec<(String, String)>> {
    take("a line of the journal", text)
}
