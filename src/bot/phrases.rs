//! PURE. Every sentence of the bot, in every language.
//!
//! A [`Phrase`] says what is to be said; `ru`, `uk` and `en` each say it, in one exhaustive match:
//! a language that lacks a sentence, or a refusal without words, does not compile.
//!
//! The words are plain, calm and short. Counts are written so that no plural has to agree with them.
//!
//! Deliberately absent: what residents read about an alert (`domain::bulletin`).

mod en;
mod ru;
mod uk;

pub mod letters;
pub mod report;

use std::time::Duration;

use crate::domain::{
    alert::{AlertRefusal, Change, DraftRefusal, Status},
    audience::{Kind, Reach},
    consent::ConsentRefusal,
    delivery::Settlement,
    ids::ChatId,
    lang::Lang,
    operator::MandateRefusal,
    report::{Forecast, Outlook, Reason, Trouble},
};

pub use letters::{progress, standing};

/// Something the bot says. Names and times are given as they are to be shown.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the sentences themselves, in the three languages, are the words")]
pub enum Phrase<'a> {
    // Residents.
    Greeting,
    ChooseRegion,
    ChooseWithin(&'a str),
    UnknownLink,
    ChannelHow,
    SiblingFaster,
    Joined,
    Subscribed(&'a str),
    SubscribedAlready(&'a str),
    PlacesFull(usize),
    Places,
    NoPlaces,
    Dropped(&'a str),
    OfferRegion(&'a str),
    ChooseLanguage,
    LanguageSet,
    DrillsOn,
    DrillsOff,
    YourNumber(i64),
    StopAsk,
    Stopped,
    Stayed,
    HelpResident,
    HelpOfficial,
    UnknownCommand,
    FreeText,
    MorePlaces(usize),
    // Not understood.
    UnknownRegion {
        typed: &'a str,
        meant: &'a str,
    },
    SeveralRegions {
        typed: &'a str,
        meant: &'a str,
    },
    UnknownHazard {
        typed: &'a str,
        meant: &'a str,
    },
    SeveralHazards {
        typed: &'a str,
        meant: &'a str,
    },
    UnknownLevel {
        typed: &'a str,
        levels: &'a str,
    },
    NotATime(&'a str),
    NotANumber(&'a str),
    NotACode(&'a str),
    NoHazard,
    NoArea,
    TooManyRegions(usize),
    NothingToChange,
    // Refusals.
    Mandate {
        refusal: &'a MandateRefusal,
        name: &'a str,
        who: &'a str,
    },
    Draft(&'a DraftRefusal),
    Alert {
        refusal: &'a AlertRefusal,
        name: &'a str,
    },
    Consent(&'a ConsentRefusal),
    IssuerMayNot(&'a str),
    NoApprover,
    TextTooLong {
        chars: usize,
        most: usize,
    },
    TooManyOpen(usize),
    Late(u64),
    SecondHand,
    PrivateOnly,
    ButtonOld,
    NoSuchCode,
    WasCalledOff,
    AlreadyRaised {
        number: &'a str,
        at: &'a str,
        by: &'a str,
    },
    AlreadyDone {
        number: &'a str,
        at: &'a str,
        by: &'a str,
    },
    AlreadyOver {
        number: &'a str,
        at: &'a str,
        by: &'a str,
    },
    SeveralOpen(&'a str),
    NotYourChallenge,
    Busy,
    Storage,
    TextRefused(&'a str),
    Unaccounted(&'a str),
    BotRevoked(&'a str),
    BotUnpaid(&'a str),
    BotMute(&'a str),
    BotSpeaks(&'a str),
    Canary {
        name: &'a str,
        at: &'a str,
    },
    ChannelLost {
        chat: ChatId,
        /// Their names; nothing if they are not known.
        places: &'a str,
    },
    Unsaved,
    // Officials' menus.
    ChooseHazard(Status),
    ChooseArea {
        status: Status,
        hazard: &'a str,
    },
    ChooseLevel {
        hazard: &'a str,
        place: &'a str,
    },
    ChooseTime {
        hazard: &'a str,
        place: &'a str,
    },
    ChooseToEnd,
    ChooseToWithdraw,
    NoneActive,
    ActiveNow,
    ActiveLine {
        number: &'a str,
        title: &'a str,
        places: &'a str,
        since: &'a str,
        until: Option<&'a str>,
    },
    ExerciseMark,
    // Preview.
    PreviewHead(&'a Asked),
    PreviewText(&'a str),
    PreviewOther,
    PreviewReach(&'a Outlook),
    PreviewReaders,
    PreviewNow,
    PreviewAfter,
    AskWord {
        words: &'a str,
        code: &'a str,
        until: &'a str,
    },
    AskSecond {
        who: &'a str,
        code: &'a str,
        until: &'a str,
    },
    AskPress {
        code: &'a str,
        until: &'a str,
    },
    ApproveThis {
        issuer: &'a str,
        code: &'a str,
        until: &'a str,
    },
    // After it.
    Released {
        change: &'a Change,
        number: &'a str,
        at: &'a str,
        by: &'a str,
        approved: Option<&'a str>,
    },
    Paused {
        number: &'a str,
        by: &'a str,
    },
    Resumed {
        number: &'a str,
        by: &'a str,
    },
    HaltAsk(&'a str),
    Halted {
        number: &'a str,
        by: &'a str,
    },
    Spared,
    PausedAlready(&'a str),
    NotPaused(&'a str),
    HaltedAlready(&'a str),
    NotSending {
        number: &'a str,
        meant: &'a str,
    },
    NothingSending,
    ChooseSending,
    Cancelled(&'a str),
    Rejected(&'a str),
    TimeIsOver(&'a str),
    // Progress.
    ProgressHead {
        number: &'a str,
        done: bool,
    },
    ProgressAudience(Option<u64>),
    Settled(Settlement, u64),
    Remaining {
        chats: Option<u64>,
        left: Option<Duration>,
    },
    Rate {
        now: u32,
        limit: u32,
    },
    Took(Duration),
    Trouble {
        trouble: &'a Trouble,
        until: &'a str,
    },
    // Reports.
    ReportHead {
        number: &'a str,
        title: &'a str,
        places: &'a str,
    },
    ReportPart {
        number: &'a str,
        change: &'a Change,
        at: &'a str,
        by: Option<&'a str>,
    },
    ReportSum(u64),
    ReportPending(u64),
    ReportTimes {
        first: Duration,
        half: Duration,
        most: Duration,
        last: Duration,
    },
    ReportNobody {
        under_way: bool,
    },
    /// In tenths of a message a second.
    ReportMean(u64),
    ReportReasons(&'a str),
    Reason(Reason, u64),
    ReasonUnsent(u64),
    ReportRepeated(u64),
    /// Why chats that were superseded were not sent to.
    ReportUnneeded {
        stale: u64,
        known: u64,
        halted: u64,
    },
    /// In tenths of a Star.
    ReportSpent(u64),
    ReportBots(usize),
    ReportSkipped {
        more: usize,
        number: &'a str,
    },
    NoSuchAlert {
        number: &'a str,
        meant: &'a str,
    },
    ChooseToReport,
    NoneToReport,
    // The picture of a report.
    CurveReached {
        delivered: u64,
        audience: Option<u64>,
        /// In tenths of a per cent.
        share: u64,
    },
    CurveEnds {
        first: Duration,
        last: Duration,
    },
    CurveReleased {
        change: &'a Change,
        at: &'a str,
        under_way: bool,
    },
    CurveMarks(&'a [u8], Duration),
    CurveShare,
    CurveTime(Scale),
    CurveMeasured,
    CurveForeseen(Option<Duration>),
    CurveMarked,
    // Labels.
    Whole(&'a str),
    Up,
    Next,
    Previous,
    AddMore,
    LabelDrop(&'a str),
    LabelLeave,
    LabelStay,
    LabelCancel,
    LabelApprove,
    LabelReject,
    LabelRelease(&'a Asked),
    LabelEnd(&'a str),
    LabelWithdraw(&'a str),
    LabelReport(&'a str),
    LabelPause,
    LabelResume,
    LabelHalt,
    LabelHaltNow,
    LabelSpare,
    Lasting(Duration),
    UntilEnded,
    // Descriptions of commands.
    Command(&'a str),
}

/// What a challenge asks to release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A new alert.
    Raise(Status),
    /// A change of one.
    Change(Status),
    /// The end of one, or of a part.
    End,
    /// A withdrawal.
    Withdraw,
}

/// What a picture counts time in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
}

/// Says it.
#[must_use]
pub fn say(lang: Lang, phrase: &Phrase<'_>) -> String {
    match lang {
        Lang::Ru => ru::say(phrase),
        Lang::Uk => uk::say(phrase),
        Lang::En => en::say(phrase),
    }
}

/// Who reads a list of commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Anybody.
    Resident,
    /// Somebody in the roster.
    Official,
}

/// Commands with their descriptions, for the menu. `// Bot API: setMyCommands`
#[must_use]
pub fn commands(lang: Lang, reader: Reader) -> Vec<(&'static str, String)> {
    const RESIDENT: &[&str] =
        &["start", "status", "regions", "add", "language", "drills", "stop", "help"];
    const OFFICIAL: &[&str] = &[
        "alert", "clear", "update", "withdraw", "pause", "resume", "halt", "status", "report",
        "confirm", "cancel", "drill", "regions", "language", "help",
    ];
    let names = match reader {
        Reader::Resident => RESIDENT,
        Reader::Official => OFFICIAL,
    };
    names.iter().map(|name| (*name, say(lang, &Phrase::Command(name)))).collect()
}

/// Most suggestions, regions or names that one sentence lists.
pub const LISTED_MAX: usize = 8;

/// Names in one sentence.
#[must_use]
pub fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let mut text = names.iter().take(LISTED_MAX).copied().collect::<Vec<_>>().join(", ");
    if names.len() > LISTED_MAX {
        text.push_str(", …");
    }
    text
}

/// In brackets, if there is something.
fn aside(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" ({text})") }
}

/// A count with its thousands apart.
fn grouped(count: u64, separator: char) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// Chats of each kind that there are and people in them, unless all are people.
fn by_kind(reach: &Reach) -> impl Iterator<Item = (Kind, u64, u64)> {
    let kinds = [Kind::Channel, Kind::Group, Kind::Private].map(|kind| (kind, reach.of(kind)));
    let mixed = kinds.iter().any(|(kind, (chats, _))| *kind != Kind::Private && *chats > 0);
    let there = kinds.into_iter().filter(move |(_, (chats, _))| mixed && *chats > 0);
    there.map(|(kind, (chats, people))| (kind, chats, people))
}

/// Those parts of a sum that there are.
fn parts<const N: usize>(parts: [(&str, u64); N], separator: char) -> String {
    let there = parts.iter().filter(|(_, chats)| *chats > 0);
    let there = there.map(|(name, chats)| format!("{name} {}", grouped(*chats, separator)));
    there.collect::<Vec<_>>().join(", ")
}

/// By when each of these parts is expected to be told, as far as that is known.
fn expected<'a>(
    forecast: &Forecast,
    parts: [(&'a str, u8); 3],
) -> impl Iterator<Item = (&'a str, Duration)> {
    let some = forecast.chats() > 0;
    let times = parts.map(|(name, part)| (name, forecast.time_to(part)));
    times.into_iter().filter(move |_| some).filter_map(|(name, at)| Some((name, at?)))
}

/// Tenths, with what stands before them.
fn tenths(value: u64, decimal: char) -> String {
    match (value / 10, value % 10) {
        (whole, 0) => whole.to_string(),
        (whole, rest) => format!("{whole}{decimal}{rest}"),
    }
}

/// A duration as [`spelled`]; below ten seconds with tenths, since the first are told so quickly.
fn brief(time: Duration, units: [&str; 4], decimal: char) -> String {
    if time >= Duration::from_secs(10) {
        return spelled(time, units);
    }
    // Nothing takes no time.
    let value = u64::try_from((time.as_micros() + 50_000) / 100_000).unwrap_or(0).max(1);
    format!("{} {}", tenths(value, decimal), units[3])
}

/// A duration in the two greatest units that it has: days, hours, minutes, seconds.
fn spelled(time: Duration, units: [&str; 4]) -> String {
    let seconds = time.as_secs() + u64::from(time.subsec_millis() > 0);
    let [day, hour, minute, second] = units;
    let parts = [
        (seconds / 86_400, day),
        (seconds / 3600 % 24, hour),
        (seconds / 60 % 60, minute),
        (seconds % 60, second),
    ];
    let first = parts.iter().position(|(n, _)| *n > 0).unwrap_or(3);
    let shown: Vec<String> = parts
        .iter()
        .skip(first)
        .take(2)
        .filter(|(n, _)| *n > 0)
        .map(|(n, unit)| format!("{n} {unit}"))
        .collect();
    if shown.is_empty() { format!("0 {second}") } else { shown.join(" ") }
}
