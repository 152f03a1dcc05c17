//! PURE. How an alert reached people, as they read it: in words, and around the picture of the curve.
//!
//! Invariants: every settlement is named, those of nobody too, and their sum stands under them; every
//! message fits what Telegram takes, however many changes an alert has seen.

use std::time::Duration;

use chrono_tz::Tz;

use super::{
    Phrase, Scale,
    letters::{TEXT_MAX, fit, number},
    list, say,
};
use crate::{
    domain::{
        alert::{Actor, Status, Transition},
        bulletin,
        delivery::Settlement,
        lang::Lang,
        region::{Area, Forest},
        report::{Forecast, Reason, TransitionFigures},
    },
    picture::curve::{Chart, Mark, Words},
};

/// Most transitions that one report tells of: the first and the latest. The others are told on demand.
const PARTS_MAX: usize = 12;
/// The parts of the deliveries whose times are told, in per cent.
const MARKS: [u8; 2] = [50, 99];

/// The report, in as few messages as it fits.
#[must_use]
pub fn words(reaches: &[TransitionFigures], forest: &Forest, lang: Lang) -> Vec<String> {
    let Some(first) = reaches.first() else { return Vec::new() };
    let mut paragraphs = vec![head(&first.transition, forest, lang)];
    let skipped = reaches.len().saturating_sub(PARTS_MAX);
    for (n, reach) in reaches.iter().enumerate() {
        if n == 1 && skipped > 0 {
            let number = number(reach.transition.alert.id(), reach.transition.alert.revision().0);
            paragraphs.push(say(lang, &Phrase::ReportSkipped { more: skipped, number: &number }));
        }
        if n == 0 || n > skipped {
            paragraphs.push(part(reach, forest, lang));
        }
    }
    packed(&paragraphs)
}

/// Paragraphs in messages.
fn packed(paragraphs: &[String]) -> Vec<String> {
    let mut messages: Vec<String> = Vec::new();
    for paragraph in paragraphs {
        let joined = messages.last().map(|message| format!("{message}\n\n{paragraph}"));
        match (joined, messages.last_mut()) {
            (Some(joined), Some(last)) if joined.chars().count() <= TEXT_MAX => *last = joined,
            _ => messages.push(fit(paragraph)),
        }
    }
    messages
}

fn head(transition: &Transition, forest: &Forest, lang: Lang) -> String {
    let alert = &transition.alert;
    let (title, places) = (title(transition, lang), places(alert.area(), forest, lang));
    let number = alert.id().to_string();
    say(lang, &Phrase::ReportHead { number: &number, title: &title, places: &places })
}

fn title(transition: &Transition, lang: Lang) -> String {
    let draft = transition.alert.draft();
    let title = draft.wording().title.get(lang);
    match draft.status() {
        Status::Actual => title.to_owned(),
        Status::Exercise => format!("{}. {title}", say(lang, &Phrase::ExerciseMark)),
    }
}

fn places(area: &Area, forest: &Forest, lang: Lang) -> String {
    list(area.regions().map(|region| forest.name(region, lang)))
}

/// When, in the zone of the place.
fn when(transition: &Transition, forest: &Forest) -> String {
    let area = transition.alert.area();
    let zone = area.regions().find_map(|region| forest.get(region));
    bulletin::when(transition.at, zone.map_or(Tz::UTC, |region| region.zone))
}

/// One transition.
fn part(reach: &TransitionFigures, forest: &Forest, lang: Lang) -> String {
    let TransitionFigures { transition, tally, measured, .. } = reach;
    let alert = &transition.alert;
    let by = match &transition.by {
        Actor::Operator { name, .. } => Some(name.as_str()),
        Actor::Clock => None,
    };
    let mut lines = vec![
        say(
            lang,
            &Phrase::ReportPart {
                number: &number(alert.id(), alert.revision().0),
                change: &transition.change,
                at: &when(transition, forest),
                by,
            },
        ),
        say(lang, &Phrase::ProgressAudience(reach.audience)),
    ];
    for settlement in Settlement::ALL {
        let chats = say(lang, &Phrase::Settled(settlement, tally.get(settlement)));
        lines.push(format!("· {chats}"));
    }
    lines.push(say(lang, &Phrase::ReportSum(tally.sum())));
    let pending = reach.audience.map(|audience| audience.saturating_sub(tally.sum()));
    if let Some(pending) = pending.filter(|pending| *pending > 0) {
        lines.push(say(lang, &Phrase::ReportPending(pending)));
    }
    lines.push(times(reach, lang));
    lines.extend(measured.curve.per_second().map(|rate| mean(rate, lang)));
    lines.extend(reasons(reach, lang));
    if tally.get(Settlement::Superseded) > 0 {
        let TransitionFigures { known, halted, .. } = *reach;
        let unneeded = Phrase::ReportUnneeded { stale: reach.stale(), known, halted };
        lines.push(say(lang, &unneeded));
    }
    lines.push(say(lang, &Phrase::ReportRepeated(measured.repeated)));
    if reach.tenths > 0 {
        lines.push(say(lang, &Phrase::ReportSpent(reach.tenths)));
    }
    if reach.bots > 1 {
        lines.push(say(lang, &Phrase::ReportBots(reach.bots)));
    }
    lines.join("\n")
}

fn times(reach: &TransitionFigures, lang: Lang) -> String {
    let curve = &reach.measured.curve;
    let [half, most] = MARKS.map(|part| curve.time_to(part));
    match (curve.first(), half, most, curve.last()) {
        (Some(first), Some(half), Some(most), Some(last)) => {
            say(lang, &Phrase::ReportTimes { first, half, most, last })
        }
        _ => nobody(reach, lang),
    }
}

fn nobody(reach: &TransitionFigures, lang: Lang) -> String {
    say(lang, &Phrase::ReportNobody { under_way: reach.closed_at.is_none() })
}

fn mean(rate: f64, lang: Lang) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate is positive and far below 2^53; a cast saturates"
    )]
    let tenth = (rate * 10.0).round() as u64;
    say(lang, &Phrase::ReportMean(tenth))
}

/// Why chats were not reached; nothing if all were.
fn reasons(reach: &TransitionFigures, lang: Lang) -> Option<String> {
    let counted = Reason::ALL.into_iter().filter_map(|reason| {
        let chats = reach.measured.failures.get(&reason).copied().filter(|chats| *chats > 0)?;
        Some(say(lang, &Phrase::Reason(reason, chats)))
    });
    let unsent = Some(reach.unsent()).filter(|chats| *chats > 0);
    let unsent = unsent.map(|chats| say(lang, &Phrase::ReasonUnsent(chats)));
    let reasons: Vec<String> = counted.chain(unsent).collect();
    let told = Phrase::ReportReasons(&reasons.join(", "));
    (!reasons.is_empty()).then(|| say(lang, &told))
}

/// What stands above the curve, without title and place.
fn facts(reach: &TransitionFigures, forest: &Forest, lang: Lang) -> Vec<String> {
    let curve = &reach.measured.curve;
    let (delivered, chats) = (reach.tally.get(Settlement::Delivered), reach.chats());
    // Never rounded up: not all is not 100 %.
    let share = (delivered.saturating_mul(1_000)).checked_div(chats).unwrap_or(0);
    let reached = Phrase::CurveReached { delivered, audience: reach.audience, share };
    let released = Phrase::CurveReleased {
        change: &reach.transition.change,
        at: &when(&reach.transition, forest),
        under_way: reach.closed_at.is_none(),
    };
    let ends = curve.first().zip(curve.last());
    let ends = ends.map(|(first, last)| Phrase::CurveEnds { first, last });
    let facts = [Some(reached), ends, Some(released)];
    facts.into_iter().flatten().map(|fact| say(lang, &fact)).collect()
}

/// What is written under the picture.
#[must_use]
pub fn caption(reach: &TransitionFigures, forest: &Forest, lang: Lang) -> String {
    let alert = &reach.transition.alert;
    let number = number(alert.id(), alert.revision().0);
    let (title, places) = (title(&reach.transition, lang), places(alert.area(), forest, lang));
    let mut sentences = vec![format!("№ {number}. {title}. {places}")];
    sentences.extend(facts(reach, forest, lang));
    sentences.extend(marks(reach, lang).into_iter().map(|mark| mark.label));
    format!("{}.", sentences.join(". "))
}

fn marks(reach: &TransitionFigures, lang: Lang) -> Vec<Mark> {
    let times = MARKS.map(|part| reach.measured.curve.time_to(part));
    if let [Some(half), Some(most)] = times
        && half == most
    {
        return vec![Mark { at: half, label: say(lang, &Phrase::CurveMarks(&MARKS, half)) }];
    }
    let mark = |(part, at): (u8, Option<Duration>)| {
        let at = at?;
        Some(Mark { at, label: say(lang, &Phrase::CurveMarks(&[part], at)) })
    };
    MARKS.into_iter().zip(times).filter_map(mark).collect()
}

/// The picture, ready to be drawn.
#[must_use]
pub fn chart(reach: &TransitionFigures, forest: &Forest, lang: Lang) -> Chart {
    let alert = &reach.transition.alert;
    let number = number(alert.id(), alert.revision().0);
    let places = places(alert.area(), forest, lang);
    let foreseen = reach.forecast.as_ref().filter(|forecast| forecast.chats() > 0);
    let last: Option<Duration> = foreseen.and_then(|forecast| forecast.time_to(100));
    let time = |scale| say(lang, &Phrase::CurveTime(scale));
    Chart {
        title: title(&reach.transition, lang),
        // The number first: what is too long is cut.
        place: format!("№ {number}. {places}"),
        facts: facts(reach, forest, lang),
        words: Words {
            share: say(lang, &Phrase::CurveShare),
            time: [Scale::Seconds, Scale::Minutes, Scale::Hours].map(time),
            measured: say(lang, &Phrase::CurveMeasured),
            foreseen: say(lang, &Phrase::CurveForeseen(last)),
            marks: say(lang, &Phrase::CurveMarked),
            nobody: nobody(reach, lang),
            decimal: match lang {
                Lang::Ru | Lang::Uk => ',',
                Lang::En => '.',
            },
        },
        audience: reach.chats(),
        measured: reach.measured.curve.points(),
        foreseen: foreseen.map(Forecast::points).unwrap_or_default(),
        marks: marks(reach, lang),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        bot::tests::rules,
        domain::{
            alert::{Alert, Change, Draft},
            delivery::Tally,
            ids::{AlertId, HazardId, RegionId, Revision, UserId},
            report::{Curve, Measured, Pace},
            time::Utc,
        },
        picture::{curve, png},
    };

    fn at(text: &str) -> Utc {
        text.parse().unwrap()
    }

    fn transition(revision: u32, change: Change, by: Actor, time: &str) -> Transition {
        let rules = rules();
        let hazard = rules.catalogue.get(&HazardId::new("drone")).unwrap();
        let area = Area::of([RegionId::new("RU-SMO"), RegionId::new("RU-BEL-kra")]).unwrap();
        let draft = Draft::new(Status::Actual, hazard, None, area, None, None, &rules.forest);
        let raised = (at("2026-11-23T11:05:00Z"), by.clone());
        let number = (AlertId(12), Revision(revision));
        let alert = Alert::recorded(number.0, number.1, draft.unwrap(), raised, None);
        Transition { alert, change, at: at(time), by, settles: Vec::new() }
    }

    fn official() -> Actor {
        Actor::Operator { user: UserId(1), name: "Пётр Ветлугин".to_owned() }
    }

    /// Ten thousand at 30 a second, of whom some are dead.
    fn start() -> TransitionFigures {
        let mut tally = Tally::ZERO;
        for (settlement, chats) in Settlement::ALL.into_iter().zip([9_641, 12, 261, 4, 52, 30, 0]) {
            tally.add(settlement, chats);
        }
        let mut curve = Curve::default();
        for n in 0..9_641_u64 {
            curve.reached(Duration::from_millis(180 + n * 10_000 * 34 / 9_641));
        }
        let failures = [(Reason::Blocked, 200), (Reason::Deactivated, 40), (Reason::Refused, 52)];
        TransitionFigures {
            transition: transition(1, Change::Raised, official(), "2026-11-23T11:05:00Z"),
            bots: 2,
            audience: Some(10_000),
            tally,
            known: 6,
            halted: 4,
            tenths: 9_325,
            opened_at: at("2026-11-23T11:05:00Z"),
            closed_at: Some(at("2026-11-23T11:10:41Z")),
            measured: Measured { pace: 60, curve, failures: failures.into(), repeated: 7 },
            forecast: Some(Forecast::new([(6_000, Pace::free(30)), (4_000, Pace::free(30))])),
        }
    }

    /// An end that goes out, of which nobody was told yet.
    fn end() -> TransitionFigures {
        TransitionFigures {
            transition: transition(2, Change::Expired, Actor::Clock, "2026-11-23T12:35:00Z"),
            bots: 1,
            audience: Some(9_653),
            tally: Tally::ZERO,
            known: 0,
            halted: 0,
            tenths: 0,
            opened_at: at("2026-11-23T12:35:00Z"),
            closed_at: None,
            measured: Measured { pace: 30, ..Measured::default() },
            forecast: Some(Forecast::new([(9_653, Pace::free(30))])),
        }
    }

    #[test]
    fn the_report_reads_well_in_every_language() {
        let forest = rules().forest;
        let texts = Lang::ALL.map(|lang| {
            let captions = [caption(&start(), &forest, lang), caption(&end(), &forest, lang)];
            let words = words(&[start(), end()], &forest, lang);
            assert_eq!(words.len(), 1);
            format!("{}\n\n{}", words.concat(), captions.join("\n\n"))
        });
        insta::assert_snapshot!("report", texts.join("\n\n———\n\n"));
    }

    #[test]
    fn the_picture_says_the_same_in_every_language() {
        let forest = rules().forest;
        let mut seen = Vec::new();
        for lang in Lang::ALL {
            let chart = chart(&start(), &forest, lang);
            let caption = caption(&start(), &forest, lang);
            for fact in chart.facts.iter().chain(chart.marks.iter().map(|mark| &mark.label)) {
                assert!(caption.contains(fact.as_str()), "{fact} is not in {caption}");
            }
            assert!(chart.place.starts_with("№ 12. "), "{}", chart.place);
            assert!(caption.chars().count() <= 1_024);
            seen.push(png::raster(&curve::draw(&chart)).unwrap());
        }
        seen.dedup();
        assert_eq!(seen.len(), 3);
    }

    #[test]
    fn the_sum_of_the_seven_stands_under_them() {
        let forest = rules().forest;
        let told = words(&[start()], &forest, Lang::En).concat();
        let shown: Vec<u64> = told
            .lines()
            .filter_map(|line| line.strip_prefix("· ")?.rsplit_once(": "))
            .map(|(_, n)| n.replace(',', "").parse().unwrap())
            .collect();
        assert_eq!(shown.len(), 7, "{told}");
        assert!(told.contains("Chats: 10,000\n") && told.contains("Sum: 10,000\n"), "{told}");
        assert_eq!(shown.iter().sum::<u64>(), 10_000);
    }

    #[test]
    fn not_all_is_never_said_to_be_all() {
        let forest = rules().forest;
        let mut tally = Tally::ZERO;
        tally.add(Settlement::Delivered, 999_999);
        let nearly = TransitionFigures { tally, audience: Some(1_000_000), ..start() };
        let fact = facts(&nearly, &forest, Lang::En).remove(0);
        assert_eq!(fact, "Delivered to 999,999 of 1,000,000 (99.9%)");
    }

    #[test]
    fn times_that_are_one_are_named_once() {
        let mut measured = Measured::default();
        let delivered = (Settlement::Delivered, crate::domain::delivery::Fate::Stays);
        measured.count(Duration::from_millis(317), delivered, false);
        let marks = marks(&TransitionFigures { measured, ..start() }, Lang::En);
        assert_eq!(marks.len(), 1);
        assert_eq!(marks[0].label, "50% and 99%: 0.3 s");
    }

    #[test]
    fn reasons_that_no_send_gave_are_said_to_be_so() {
        let told = reasons(&start(), Lang::En).unwrap();
        assert!(told.ends_with("refused by Telegram 52, not sent to 25"), "{told}");
        let measured = Measured { failures: BTreeMap::new(), ..start().measured };
        let nobody = TransitionFigures { measured, tally: Tally::ZERO, ..start() };
        assert_eq!(reasons(&nobody, Lang::En), None);
    }

    #[test]
    fn an_alert_of_many_changes_fits_a_few_messages() {
        let forest = rules().forest;
        let many: Vec<TransitionFigures> = (1..=80)
            .map(|n| TransitionFigures {
                transition: transition(n, Change::Updated, official(), "2026-11-23T11:05:00Z"),
                ..start()
            })
            .collect();
        let told = words(&many, &forest, Lang::Ru);
        assert!((2..=4).contains(&told.len()), "{} messages", told.len());
        assert!(told.iter().all(|text| text.chars().count() <= TEXT_MAX));
        let told = told.join("\n");
        assert!(
            told.contains("№ 12. ") && told.contains("№ 12.80. ") && told.contains("№ 12.70. ")
        );
        assert!(!told.contains("№ 12.69. "), "the middle is left out");
        assert!(told.contains("Ещё изменений: 68. О каждом: /report 12.2."), "{told}");
    }
}
