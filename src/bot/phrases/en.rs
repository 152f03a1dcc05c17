//! PURE. The bot in English.

use std::time::Duration;

use super::{
    Asked, Phrase, Scale, aside, brief, by_kind, expected, grouped, parts, spelled, tenths,
};
use crate::domain::{
    alert::{AlertRefusal, Change, DraftRefusal, NOTE_MAX, Status},
    audience::Kind,
    consent::ConsentRefusal,
    delivery::Settlement,
    operator::{MandateRefusal, Role},
    report::{Outlook, Reason, Trouble},
};

/// Days, hours, minutes, seconds.
const UNITS: [&str; 4] = ["d", "h", "min", "s"];

#[expect(clippy::too_many_lines, reason = "the list of the language's sentences")]
pub(super) fn say(phrase: &Phrase<'_>) -> String {
    match phrase {
        Phrase::Greeting => "This is Nabat: warnings of danger for your area. Choose where you live, and the bot will write when it is dangerous there.".into(),
        Phrase::ChooseRegion => "Choose a region:".into(),
        Phrase::ChooseWithin(name) => format!("{name}: the whole region or a part of it?"),
        Phrase::UnknownLink => "We do not know the region in that link. Choose one here:".into(),
        Phrase::ChannelHow => "To have warnings posted here, post /start and the place, for example: /start Smolensk region.".into(),
        Phrase::SiblingFaster => "This bot already serves many people. Our other bot will reach you sooner: press its name and then Start. If you do nothing, warnings come from here.".into(),
        Phrase::Joined => "The bot will tell you when there is danger here and when it is over.\nIt does not replace sirens or emergency services: in an emergency call 112.\nNetworks may fail: if you hear a siren or explosions, act and do not wait for a message.\nCommands: /status for what is true now, /regions for your regions, /stop to leave.".into(),
        Phrase::Subscribed(name) => format!("You are subscribed: {name}."),
        Phrase::SubscribedAlready(name) => format!("You are subscribed already: {name}."),
        Phrase::PlacesFull(most) => format!("You can subscribe to at most {most} regions. Remove one first: /regions."),
        Phrase::Places => "Your regions. Press to remove:".into(),
        Phrase::NoPlaces => "You are not subscribed to any region. Choose one:".into(),
        Phrase::Dropped(name) => format!("Removed: {name}. Warnings for this place will no longer come."),
        Phrase::OfferRegion(name) => format!("Subscribe to {name}?"),
        Phrase::ChooseLanguage => "Choose a language:".into(),
        Phrase::LanguageSet => "The bot now speaks English with you.".into(),
        Phrase::DrillsOn => "You take part in exercises: their messages come without sound and are marked EXERCISE. To stop that: /drills.".into(),
        Phrase::DrillsOff => "You do not take part in exercises. Real warnings come as before. To take part: /drills.".into(),
        Phrase::YourNumber(number) => {
            format!("Your Telegram number is {number}. An administrator needs it to give you a mandate.")
        }
        Phrase::StopAsk => "Leave all warnings? You will not hear of danger from this bot.".into(),
        Phrase::Stopped => "You have left; no more messages will come. To return: /start.".into(),
        Phrase::Stayed => "You have stayed: warnings will come.".into(),
        Phrase::HelpResident => "/start: choose a region\n/add NAME: add a region\n/regions: your regions\n/status: what is true now\n/language: language\n/drills: exercises\n/stop: leave".into(),
        Phrase::HelpOfficial => "To raise: /alert for buttons, or in one line:\n/alert HAZARD REGION[, REGION] [LEVEL] [for 90m] [note …]\n/update No. [LEVEL] [for 90m] [note …]: change\n/clear No. [REGION, …]: announce the end\n/withdraw No.: withdraw an error\n/pause No., /resume No.: hold what is being sent, let it go on\n/halt No.: stop it for good\n/confirm CODE [WORD]: release\n/cancel CODE: cancel\n/status: what is in force\n/report No.: how it reached people\n/drill …: an exercise, like /alert\nBefore anything is sent you will see the text and the number of chats.".into(),
        Phrase::UnknownCommand => "There is no such command. What can be done: /help.".into(),
        Phrase::FreeText => "The bot understands commands; the list: /help. In an emergency call 112.".into(),
        Phrase::MorePlaces(more) => format!("More regions: {more}. In detail: /status NAME."),
        Phrase::UnknownRegion { typed, meant: "" } => format!("There is no region “{typed}”. Nothing was done. The list: /start."),
        Phrase::UnknownRegion { typed, meant } => format!("There is no region “{typed}”. Nothing was done. Did you mean: {meant}?"),
        Phrase::SeveralRegions { typed, meant } => format!("“{typed}” is several regions: {meant}. Nothing was done; be more exact."),
        Phrase::UnknownHazard { typed, meant: "" } => format!("There is no hazard “{typed}”. Nothing was raised. The list: /alert alone."),
        Phrase::UnknownHazard { typed, meant } => format!("There is no hazard “{typed}”. Nothing was raised. Did you mean: {meant}?"),
        Phrase::SeveralHazards { typed, meant } => format!("“{typed}” is several hazards: {meant}. Nothing was raised; be more exact."),
        Phrase::UnknownLevel { typed, levels } => format!("“{typed}” is neither a level nor a region. Nothing was done. Levels: {levels}."),
        Phrase::NotATime(typed) => format!("“{typed}” is not a duration. Nothing was done. Write: for 90m, for 2h, for 1h30m."),
        Phrase::NotANumber(typed) => format!("“{typed}” is not the number of an alert. Numbers: /status."),
        Phrase::NotACode(typed) => format!("“{typed}” is not a code. The code of 5 characters is in the preview."),
        Phrase::NoHazard => "No hazard was named. Nothing was raised. By buttons: /alert alone.".into(),
        Phrase::NoArea => "No region was named. Nothing was raised. An alert without an area is not sent.".into(),
        Phrase::TooManyRegions(most) => format!("One command may name at most {most} regions. Name the region that contains them."),
        Phrase::NothingToChange => "What to change was not said: the level, the time (for 90m) or the note.".into(),
        Phrase::Mandate { refusal, name, who } => mandate(refusal, name, who),
        Phrase::Draft(refusal) => draft(refusal),
        Phrase::Alert { refusal, name } => alert(refusal, name),
        Phrase::Consent(refusal) => consent(refusal),
        Phrase::IssuerMayNot(name) => format!("{name} no longer has a mandate for this. Nothing was released."),
        Phrase::NoApprover => "This needs a second person's approval, and nobody can approve this place and hazard now. Nothing was raised.".into(),
        Phrase::TextTooLong { chars, most } => format!("The text is longer than Telegram accepts: {chars} of {most} characters. Nothing was raised. Shorten the note."),
        Phrase::TooManyOpen(most) => format!("You have {most} unconfirmed requests already. Cancel some: /cancel CODE."),
        Phrase::Late(minutes) => format!("Your command arrived late: it was sent {minutes} min ago. Nothing was raised. If it is still needed, send it again."),
        Phrase::SecondHand => "Forwarded and edited messages are no commands. Send the command anew.".into(),
        Phrase::PrivateOnly => "Officials' commands are taken only in a private chat with the bot.".into(),
        Phrase::ButtonOld => "This button is no longer valid.".into(),
        Phrase::NoSuchCode => "There is no such code. Nothing was released.".into(),
        Phrase::WasCalledOff => "This request was cancelled. Nothing was released.".into(),
        Phrase::AlreadyRaised { number, at, by } => format!("Already raised as № {number} at {at} by {by}. Nothing was sent again."),
        Phrase::AlreadyOver { number, at, by } => format!("Alert № {number} was already ended at {at} by {by}. Nothing was sent."),
        Phrase::AlreadyDone { number, at, by } => format!("Already done: № {number} at {at} by {by}. Nothing was sent again."),
        Phrase::SeveralOpen(codes) => format!("Several of your requests wait, and it is unclear which one you release. Nothing was released. Write /confirm CODE WORD. Codes: {codes}."),
        Phrase::NotYourChallenge => "Only the one who asks, or one who may approve, can cancel it.".into(),
        Phrase::Busy => "Things changed while we decided. Nothing was done; try again.".into(),
        Phrase::Storage => "Not done: the storage does not answer. Nothing was half-done. The bot keeps trying; tell the administrator.".into(),
        Phrase::TextRefused(number) => format!(
            "№ {number}: Telegram refuses the text of this message, so the broadcast has been stopped. Whoever had not been reached will not be. Warn people by other means and tell the administrator."
        ),
        Phrase::BotRevoked(name) => format!("The bot “{name}” is silent: Telegram does not accept its token. Its subscribers get no messages; the other bots work. Warn people by other means and tell the administrator."),
        Phrase::BotUnpaid(name) => format!("The bot “{name}” has no Telegram Stars left. Sending goes on at the free rate."),
        Phrase::BotMute(name) => format!("The bot “{name}” could not deliver its test message: it may be unable to warn people. Tell the administrator, and be ready to warn by other means."),
        Phrase::BotSpeaks(name) => format!("The bot “{name}” delivers its test messages again."),
        Phrase::Canary { name, at } => format!("“{name}” works, {at} UTC."),
        Phrase::ChannelLost { chat, places } => format!(
            "A channel is lost: the bot may no longer post in channel {}{}. Its readers get no warnings there; private chats are not affected. Make the bot an administrator with the right to post, and warnings go on.",
            chat.0,
            aside(places)
        ),
        Phrase::Unsaved => "The database does not save: the disk may be full. Sending has stopped, so that nothing is lost or repeated. Warn people by other means and tell the administrator. Sending goes on by itself once saving works.".into(),
        Phrase::Unaccounted(number) => format!(
            "№ {number}: the count of chats does not add up; somebody may not have been reached. Tell the administrator."
        ),
        Phrase::ChooseHazard(status) => format!("{}Which hazard?", exercise(*status)),
        Phrase::ChooseArea { status, hazard } => format!("{}{hazard}. Where?", exercise(*status)),
        Phrase::ChooseLevel { hazard, place } => format!("{hazard}. {place}. Which level?"),
        Phrase::ChooseTime { hazard, place } => format!("{hazard}. {place}. For how long?"),
        Phrase::ChooseToEnd => "Which alert is over?".into(),
        Phrase::ChooseToWithdraw => "Which alert is to be withdrawn as an error?".into(),
        Phrase::NoneActive => "No alert is in force. The state of a region: /status REGION.".into(),
        Phrase::ActiveNow => "In force:".into(),
        Phrase::ActiveLine { number, title, places, since, until } => match until {
            Some(until) => format!("№ {number}. {title}. {places}. Since {since} until {until}."),
            None => format!("№ {number}. {title}. {places}. Since {since}, until announced over."),
        },
        Phrase::ExerciseMark => "EXERCISE".into(),
        Phrase::PreviewHead(asked) => format!("PREVIEW: {}. Nothing has been sent yet.", what(**asked)),
        Phrase::PreviewText(place) => format!("Residents will read ({place}):"),
        Phrase::PreviewOther => "The same in the other languages:".into(),
        Phrase::PreviewReach(outlook) => preview_reach(outlook),
        Phrase::PreviewReaders => "It goes to everyone who was told of this alert.".into(),
        Phrase::PreviewNow => "There now:".into(),
        Phrase::PreviewAfter => "There afterwards:".into(),
        Phrase::AskWord { words, code, until } => format!("To release it, type: {words}\nCode {code}, valid until {until}."),
        Phrase::AskSecond { who, code, until } => format!("A second person releases it. Asked: {who}.\nCode {code}, valid until {until}."),
        Phrase::AskPress { code, until } => format!("To release it, press the button.\nCode {code}, valid until {until}."),
        Phrase::ApproveThis { issuer, code, until } => format!("{issuer} asks for approval. Read it and decide.\nCode {code}, valid until {until}."),
        Phrase::Released { change, number, at, by, approved } => {
            let approved = approved.map(|name| format!(", approved by {name}")).unwrap_or_default();
            format!("{}: № {number} at {at} by {by}{approved}.", done(change))
        }
        Phrase::Cancelled(by) => format!("Cancelled by {by}. Nothing was sent."),
        Phrase::Rejected(by) => format!("Rejected by {by}. Nothing was sent."),
        Phrase::TimeIsOver(number) => format!("№ {number}: the announced time is over, and those who had it are told that the end is not confirmed. The state there counts as unknown. If the danger is over, confirm the end. If it remains, raise the alert again."),
        Phrase::ProgressHead { number, done: false } => format!("№ {number}: being sent"),
        Phrase::ProgressHead { number, done: true } => format!("№ {number}: sent"),
        Phrase::ProgressAudience(Some(chats)) => format!("Chats: {}", count(*chats)),
        Phrase::ProgressAudience(None) => "Chats: being counted".into(),
        Phrase::Settled(settlement, chats) => format!("{}: {}", settled(*settlement), count(*chats)),
        Phrase::Remaining { chats, left } => {
            let chats = chats.map_or_else(|| "being counted".into(), count);
            let left = left.map(|left| format!(", about {} more", time(left))).unwrap_or_default();
            format!("Remaining: {chats}{left}")
        }
        Phrase::Rate { now, limit } => format!("Rate: {now} a second, limit {limit}"),
        Phrase::Took(took) => format!("It took: {}", time(*took)),
        Phrase::Trouble { trouble, until } => match trouble {
            Trouble::Throttled(_) => format!("Telegram asks to wait until {until}."),
            Trouble::Outage => "Telegram does not answer. The bot keeps trying.".into(),
            Trouble::Malformed => "Telegram refuses the text. Sending has stopped: tell the administrator and warn people by other means.".into(),
            Trouble::Revoked => "Telegram refuses the bot's token. Sending stands still: tell the administrator and warn people by other means.".into(),
            Trouble::Held => "Sending is paused. To go on: /resume.".into(),
            Trouble::Storage => "The storage does not answer. Sending waits: tell the administrator.".into(),
        },
        Phrase::ReportHead { number, title, places } => format!("Report № {number}: {title}. {places}."),
        Phrase::ReportPart { number, change, at, by } => {
            let by = by.map(|by| format!(", {by}")).unwrap_or_default();
            format!("№ {number}. {}: {at}{by}", done(change))
        }
        Phrase::ReportSum(sum) => format!("Sum: {}", count(*sum)),
        Phrase::ReportPending(chats) => format!("Not settled yet: {}", count(*chats)),
        Phrase::ReportTimes { first, half, most, last } => {
            let [first, half, most, last] = [first, half, most, last].map(|at| moment(*at));
            format!("To the first: {first}. To half of those delivered: {half}. To 99%: {most}. To the last: {last}.")
        }
        Phrase::ReportNobody { under_way: false } => "Delivered to nobody".into(),
        Phrase::ReportNobody { under_way: true } => "Delivered to nobody yet".into(),
        Phrase::ReportMean(tenth) => format!("Mean rate: {} a second", tenths(*tenth, '.')),
        Phrase::ReportReasons(reasons) => format!("Why not reached: {reasons}"),
        Phrase::Reason(reason, chats) => format!("{} {}", why(*reason), count(*chats)),
        Phrase::ReasonUnsent(chats) => format!("not sent to {}", count(*chats)),
        Phrase::ReportRepeated(chats) => format!("Possible duplicates: {}", count(*chats)),
        Phrase::ReportUnneeded { stale, known, halted } => format!("Not sent because: {}", parts([("no longer true", *stale), ("known already", *known), ("stopped by an official", *halted)], ',')),
        Phrase::ReportSpent(cost) => format!("Telegram Stars spent: {}", tenths(*cost, '.')),
        Phrase::ReportBots(bots) => format!("Through bots: {bots}"),
        Phrase::ReportSkipped { more, number } => format!("More changes: {more}. Each: /report {number}."),
        Phrase::NoSuchAlert { number, meant: "" } => format!("There is no alert № {number}: none has been raised yet."),
        Phrase::NoSuchAlert { number, meant } => format!("There is no alert № {number}. Did you mean: {meant}?"),
        Phrase::ChooseToReport => "A report on which alert? Any other: /report No.".into(),
        Phrase::NoneToReport => "There has been no alert yet whose report you may read.".into(),
        Phrase::CurveReached { delivered, audience: Some(audience), share } => format!("Delivered to {} of {} ({}%)", count(*delivered), count(*audience), tenths(*share, '.')),
        Phrase::CurveReached { delivered, audience: None, .. } => format!("Delivered to {}, chats are still being counted", count(*delivered)),
        Phrase::CurveEnds { first, last } => format!("The first after {}, the last after {}", moment(*first), moment(*last)),
        Phrase::CurveReleased { change, at, under_way } => {
            let under_way = if *under_way { ", being sent" } else { "" };
            format!("{}: {at}{under_way}", done(change))
        }
        Phrase::CurveMarks(parts, at) => {
            let parts: Vec<String> = parts.iter().map(|part| format!("{part}%")).collect();
            format!("{}: {}", parts.join(" and "), moment(*at))
        }
        Phrase::CurveShare => "Delivered, % of the audience".into(),
        Phrase::CurveTime(scale) => format!("{} after release", match scale {
            Scale::Seconds => "seconds",
            Scale::Minutes => "minutes",
            Scale::Hours => "hours",
        }),
        Phrase::CurveMeasured => "delivered, as measured".into(),
        Phrase::CurveForeseen(Some(last)) => format!("forecast: the last after {}", moment(*last)),
        Phrase::CurveForeseen(None) => "forecast".into(),
        Phrase::CurveMarked => "half and 99% of those delivered".into(),
        Phrase::Whole(name) => format!("The whole region: {name}"),
        Phrase::Up => "↑ Back".into(),
        Phrase::Next => "Next →".into(),
        Phrase::Previous => "← Previous".into(),
        Phrase::AddMore => "Add a region".into(),
        Phrase::LabelDrop(name) => format!("Remove: {name}"),
        Phrase::LabelLeave => "Yes, leave".into(),
        Phrase::LabelStay => "No, stay".into(),
        Phrase::LabelCancel => "Cancel".into(),
        Phrase::LabelApprove => "Approve and release".into(),
        Phrase::LabelReject => "Reject".into(),
        Phrase::LabelRelease(asked) => match asked {
            Asked::Raise(_) | Asked::Change(_) => "Release".into(),
            Asked::End => "Announce the end".into(),
            Asked::Withdraw => "Withdraw".into(),
        },
        Phrase::LabelEnd(number) => format!("End № {number}"),
        Phrase::LabelWithdraw(number) => format!("Withdraw № {number}"),
        Phrase::LabelReport(number) => format!("Report № {number}"),
        Phrase::Paused { number, by } => format!("Sending of № {number} is paused by {by}. What is on its way still arrives."),
        Phrase::Resumed { number, by } => format!("Sending of № {number} goes on, by {by}."),
        Phrase::Halted { number, by } => format!("Sending of № {number} was stopped by {by}. Whoever was reached will hear of the end."),
        Phrase::HaltAsk(number) => format!("Stop sending № {number} for good? Whoever has not been reached will not be. This can’t be undone. The alert stays in force: to end it, /clear."),
        Phrase::PausedAlready(number) => format!("Sending of № {number} is paused already. To go on: /resume."),
        Phrase::NotPaused(number) => format!("Sending of № {number} is not paused."),
        Phrase::HaltedAlready(number) => format!("Sending of № {number} was stopped already."),
        Phrase::Spared => "Nothing was stopped.".into(),
        Phrase::NothingSending => "Nothing is being sent now.".into(),
        Phrase::ChooseSending => "Which one?".into(),
        Phrase::NotSending { number, meant: "" } => format!("Nothing is being sent of № {number}: it is over. Nothing was done."),
        Phrase::NotSending { number, meant } => format!("Nothing is being sent of № {number}: it is over. Nothing was done. Being sent now: {meant}."),
        Phrase::LabelPause => "Pause".into(),
        Phrase::LabelResume => "Go on".into(),
        Phrase::LabelHalt => "Stop".into(),
        Phrase::LabelHaltNow => "Yes, stop for good".into(),
        Phrase::LabelSpare => "No, leave it".into(),
        Phrase::Lasting(lasting) => time(*lasting),
        Phrase::UntilEnded => "Until announced over".into(),
        Phrase::Command(name) => command(name).into(),
    }
}

fn exercise(status: Status) -> &'static str {
    match status {
        Status::Actual => "",
        Status::Exercise => "EXERCISE. ",
    }
}

fn what(asked: Asked) -> &'static str {
    match asked {
        Asked::Raise(Status::Actual) => "a REAL alert",
        Asked::Raise(Status::Exercise) => "an EXERCISE",
        Asked::Change(Status::Actual) => "a change of a real alert",
        Asked::Change(Status::Exercise) => "a change of an exercise",
        Asked::End => "the end",
        Asked::Withdraw => "withdrawal of an error",
    }
}

fn done(change: &Change) -> &'static str {
    match change {
        Change::Raised => "Raised",
        Change::Updated => "Changed",
        Change::SteppedUp => "Level raised",
        Change::SteppedDown => "Level lowered",
        Change::EndedPartly(_) => "End announced in a part",
        Change::Ended => "End announced",
        Change::Expired => "The time is over",
        Change::Withdrawn => "Withdrawn as an error",
    }
}

fn preview_reach(outlook: &Outlook) -> String {
    let forecast = &outlook.forecast;
    let mut text = format!("Chats: {}.", count(forecast.chats()));
    for (kind, chats, people) in by_kind(&outlook.reach) {
        let (chats, people) = (
            count(chats),
            if people > 0 {
                format!(" (people in them: {})", count(people))
            } else {
                String::new()
            },
        );
        let told = match kind {
            Kind::Channel => format!("Channels: {chats}{people}."),
            Kind::Group => format!("Groups: {chats}{people}."),
            Kind::Private => format!("Private chats: {chats}."),
        };
        text = format!("{text} {told}");
    }
    for (part, at) in expected(forecast, [("half of them", 50), ("99%", 99), ("the last one", 100)])
    {
        text = format!("{text} To {part}: about {}.", time(at));
    }
    match forecast.tenths() {
        0 => text,
        cost => format!("{text} Cost: about {} Telegram Stars.", tenths(cost, '.')),
    }
}

fn settled(settlement: Settlement) -> &'static str {
    match settlement {
        Settlement::Delivered => "Delivered",
        Settlement::Uncertain => "Uncertain whether it arrived",
        Settlement::Retired => "Not reached (bot blocked or chat gone)",
        Settlement::Suspended => "Not reached (no right to write in the chat)",
        Settlement::Failed => "Not reached (refused by Telegram)",
        Settlement::Superseded => "Not sent, no longer needed",
        Settlement::Left => "Left meanwhile",
    }
}

fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::Blocked => "bot blocked",
        Reason::Deactivated => "account deleted",
        Reason::NeverStarted => "bot never started",
        Reason::Removed => "bot removed from the chat",
        Reason::NotFound => "chat not found",
        Reason::NoWriting => "no right to write in the group",
        Reason::NoPosting => "no right to post in the channel",
        Reason::Merged => "chat counted under its new number",
        Reason::Refused => "refused by Telegram",
    }
}

fn mandate(refusal: &MandateRefusal, name: &str, who: &str) -> String {
    let who = if who.is_empty() { String::new() } else { format!(" These can: {who}.") };
    match refusal {
        MandateRefusal::Stranger => "This command is for officials only. Nothing was done.".into(),
        MandateRefusal::Role(Role::Issuer) => {
            format!("You may not raise or end alerts. Nothing was done.{who}")
        }
        MandateRefusal::Role(Role::Approver) => {
            format!("You may not approve alerts. Nothing was done.{who}")
        }
        MandateRefusal::Role(Role::Auditor) => {
            format!("You may not read reports. Nothing was done.{who}")
        }
        MandateRefusal::Area(_) => {
            format!("{name}: this place is outside your mandate. Nothing was done.{who}")
        }
        MandateRefusal::Hazard(_) => {
            format!("{name}: this hazard is outside your mandate. Nothing was done.{who}")
        }
    }
}

fn draft(refusal: &DraftRefusal) -> String {
    match refusal {
        DraftRefusal::Level(level) => {
            format!("This hazard has no level “{level}”. Nothing was raised.")
        }
        DraftRefusal::NeedsEnd { longest } => format!(
            "This hazard needs an announced time of at most {}. Nothing was raised. Add, for example: for 90m.",
            time(*longest)
        ),
        DraftRefusal::TooLong { longest } => format!(
            "The time is too long: at most {} for this hazard. Nothing was raised.",
            time(*longest)
        ),
        DraftRefusal::TooShort => {
            "The time is too short: at least a minute is needed. Nothing was raised.".into()
        }
        DraftRefusal::Note { chars } => {
            format!("The note is too long: {chars} characters of {NOTE_MAX}. Nothing was raised.")
        }
    }
}

fn alert(refusal: &AlertRefusal, name: &str) -> String {
    match refusal {
        AlertRefusal::OnlyWhole(number) => format!("The announced time of alert № {number} is over: its end can only be confirmed as a whole, /clear {number}. Nothing was done."),
        AlertRefusal::NotActive(number) => format!("There is no alert № {number} in force. Numbers: /status."),
        AlertRefusal::Changed(number) => format!("Alert № {number} was changed meanwhile. Nothing was done; repeat the command."),
        AlertRefusal::Otherwise => "The hazard, the place and the kind (exercise or real) of an alert in force do not change. Raise another.".into(),
        AlertRefusal::NotThere(_) => format!("{name}: the alert is not in force there. Nothing was done."),
        AlertRefusal::Same => "That would change nothing. Nothing was sent.".into(),
    }
}

fn consent(refusal: &ConsentRefusal) -> String {
    match refusal {
        ConsentRefusal::Expired => "The time to confirm is over. Nothing was released; repeat the command.".into(),
        ConsentRefusal::WrongWord => "That is not the word. Nothing was released. Type the word of the preview, or cancel the request.".into(),
        ConsentRefusal::NeedsWord(words) => format!("A press is not enough: type {}. Nothing was released.", words.join(" / ")),
        ConsentRefusal::NeedsSecondPerson => "Another person has to release it. Nothing was released.".into(),
        ConsentRefusal::NotIssuer => "Only the one who prepared it can release it. Nothing was released.".into(),
        ConsentRefusal::Mandate => "There is no mandate for this any more. Nothing was released.".into(),
    }
}

fn command(name: &str) -> &'static str {
    match name {
        "start" => "choose a region",
        "status" => "what is true now",
        "regions" => "your regions",
        "add" => "add a region by name",
        "language" => "language",
        "drills" => "take part in exercises or not",
        "stop" => "leave all warnings",
        "alert" => "raise an alert",
        "clear" => "announce the end",
        "update" => "change level, time or note",
        "pause" => "pause sending",
        "resume" => "resume sending",
        "halt" => "stop sending for good",
        "withdraw" => "withdraw an error",
        "report" => "how an alert reached people",
        "confirm" => "release by code",
        "cancel" => "cancel by code",
        "drill" => "raise an exercise",
        _ => "what can be done",
    }
}

fn time(time: Duration) -> String {
    spelled(time, UNITS)
}

fn moment(time: Duration) -> String {
    brief(time, UNITS, '.')
}

fn count(count: u64) -> String {
    grouped(count, ',')
}
