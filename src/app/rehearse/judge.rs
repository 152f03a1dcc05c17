//! The verdict, drawn from the phones by code that shares nothing with the engine.
//!
//! Invariants: a message is known by its words: the start by its last line, the alert's bare number;
//! the end by the number of the state after it. What the store says counts in one way only: it may
//! admit to be uncertain of a chat, and then the phone may lack the message.
//!
//! Deliberately absent: forgiveness for anything the weather does not explain.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::town::{Resident, Story};
use crate::{
    domain::{
        delivery::{Settlement, Tally as Settled},
        ids::{ChatId, FanoutId},
        time::Mono,
    },
    sim::world::{Seen, Tally},
};

/// One resident's phone at the end.
#[derive(Debug)]
pub(super) struct Phone {
    pub(super) messages: Vec<Seen>,
    /// Whether the bot could write to it to the last.
    pub(super) open: bool,
}

/// What the judge is given.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) phones: BTreeMap<ChatId, Phone>,
    /// What the store admits: chat by chat, how each broadcast of the alert ended; 0 is a letter.
    pub(super) admitted: BTreeMap<ChatId, Vec<(FanoutId, Settlement)>>,
    pub(super) tally: Tally,
    pub(super) limit: u32,
    /// The most a request is held up before it arrives.
    pub(super) jitter: Duration,
}

/// The figures of one broadcast.
#[derive(Clone, Debug, Default)]
pub(super) struct Reach {
    pub(super) audience: u64,
    pub(super) settled: Settled,
    pub(super) phones: u64,
    pub(super) missed: u64,
    pub(super) copies: u64,
    /// First, half, 99 % and last arrival, after the confirmation.
    pub(super) times: [Duration; 4],
}

/// How it went.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) start: Reach,
    pub(super) end: Reach,
    pub(super) stale: u64,
    /// Messages about the alert on phones that it does not concern.
    pub(super) strayed: u64,
    /// Copies that the weather explains.
    pub(super) explained: u64,
    pub(super) tally: Tally,
    pub(super) limit: u32,
    /// What broke, a sentence each.
    pub(super) broken: Vec<String>,
}

/// What a message says of the alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Start,
    End,
    /// An answer that names it as active.
    Mention,
    Nothing,
}

/// Reads a message as a resident would.
fn read(text: &str, number: &str) -> Says {
    let last = text.lines().last().unwrap_or_default();
    let names = format!("№ {number}");
    if last == names {
        return Says::Start;
    }
    if last.contains(&format!("{names}.")) {
        return Says::End;
    }
    let mentions = |line: &str| line.starts_with('•') && line.ends_with(&names);
    if text.lines().any(mentions) { Says::Mention } else { Says::Nothing }
}

/// What one phone shows of the alert.
#[derive(Debug, Default)]
struct Shown {
    starts: Vec<Mono>,
    ends: Vec<Mono>,
    told: bool,
}

fn shown(phone: &Phone, number: &str) -> Shown {
    let mut shown = Shown::default();
    for message in phone.messages.iter().filter(|message| message.from_bot) {
        match read(&message.text, number) {
            Says::Start => shown.starts.push(message.arrival),
            Says::End => shown.ends.push(message.arrival),
            Says::Mention => shown.told = true,
            Says::Nothing => {}
        }
    }
    shown.told |= !shown.starts.is_empty();
    shown
}

/// Judges.
pub(super) fn judge(evidence: &Evidence, residents: &[Resident], story: &Story) -> Verdict {
    let number = story.start.transition.alert.id().to_string();
    let mut start = reach(&story.start);
    let mut end = reach(&story.end);
    let (mut stale, mut strayed) = (0, 0);
    let (mut started, mut ended) = (Vec::new(), Vec::new());
    let all: Vec<(&Resident, &Phone, Shown)> = residents
        .iter()
        .filter_map(|one| {
            let phone = evidence.phones.get(&one.chat())?;
            Some((one, phone, shown(phone, &number)))
        })
        .collect();
    let over = all.iter().filter_map(|(_, _, shown)| shown.ends.first()).min();
    let over = over.map(|first| *first + evidence.jitter);
    for (one, phone, shown) in &all {
        let uncertain = |of: &[FanoutId]| {
            let admitted = evidence.admitted.get(&one.chat()).into_iter().flatten();
            admitted
                .filter(|(fanout, _)| of.contains(fanout))
                .any(|(_, settlement)| *settlement == Settlement::Uncertain)
        };
        let ways_to_be_told = [story.start.id, FanoutId(0)];
        let stays = phone.open && !one.left;
        let missing = if one.late { !shown.told } else { shown.starts.is_empty() };
        start.missed += u64::from(one.inside && stays && missing && !uncertain(&ways_to_be_told));
        let missing = shown.told && shown.ends.is_empty();
        end.missed += u64::from(stays && missing && !uncertain(&[story.end.id]));
        let unasked = !shown.ends.is_empty() && !shown.told && !uncertain(&ways_to_be_told);
        let foreign = !one.inside && (shown.told || !shown.ends.is_empty());
        strayed += u64::from(unasked || foreign);
        let own_end = shown.ends.first();
        let late = |at: &&Mono| {
            over.is_some_and(|over| **at > over) || own_end.is_some_and(|end| *at > end)
        };
        stale += shown.starts.iter().filter(late).count() as u64;
        start.copies += shown.starts.len().saturating_sub(1) as u64;
        end.copies += shown.ends.len().saturating_sub(1) as u64;
        started.extend(shown.starts.first().map(|at| at.since(story.confirmed.0)));
        ended.extend(shown.ends.first().map(|at| at.since(story.confirmed.1)));
    }
    (start.phones, start.times) = (started.len() as u64, times(started));
    (end.phones, end.times) = (ended.len() as u64, times(ended));
    let tally = evidence.tally.clone();
    let explained = tally.accepted_then_lost.saturating_sub(story.lost_before);
    let limit = evidence.limit;
    let broken = Vec::new();
    let mut verdict = Verdict { start, end, stale, strayed, explained, tally, limit, broken };
    verdict.broken = verdict.breaches(story);
    verdict
}

fn reach(fanout: &crate::ports::store::Fanout) -> Reach {
    let audience = fanout.size.unwrap_or_default();
    Reach { audience, settled: fanout.progress.tally, ..Reach::default() }
}

/// First, half, 99 % and last.
fn times(mut arrivals: Vec<Duration>) -> [Duration; 4] {
    arrivals.sort_unstable();
    let at = |per_cent: usize| {
        // The least time by which so many per cent of all have it.
        let rank = (arrivals.len() * per_cent).div_ceil(100).max(1);
        arrivals.get(rank - 1).copied().unwrap_or_default()
    };
    [at(0), at(50), at(99), at(100)]
}

impl Verdict {
    fn breaches(&self, story: &Story) -> Vec<String> {
        let mut broken = Vec::new();
        let mut must = |kept: bool, what: String| {
            if !kept {
                broken.push(what);
            }
        };
        for (name, one) in [("alert", &self.start), ("end", &self.end)] {
            let (sum, audience) = (one.settled.sum(), one.audience);
            must(sum == audience, format!("{name}: {sum} chats are accounted for, of {audience}"));
            must(one.missed == 0, format!("{name}: {} chats were missed in silence", one.missed));
        }
        must(self.start.phones > 0, "nobody was reached".to_owned());
        must(self.stale == 0, format!("{} messages arrived after the end", self.stale));
        must(self.strayed == 0, format!("{} chats got what was not for them", self.strayed));
        let copies = self.duplicates();
        let explained = self.explained;
        must(copies <= explained, format!("{copies} copies, and lost replies explain {explained}"));
        let peak = self.tally.max_in_any_second;
        let limit = u64::from(self.limit);
        must(peak <= limit, format!("{peak} messages arrived within a second, and {limit} may"));
        let waits = self.tally.self_made_429;
        must(waits == 0, format!("Telegram had to ask us to wait {waits} times by our own fault"));
        for (name, (_, true_figures)) in ["alert", "end"].into_iter().zip(&story.progress) {
            must(*true_figures, format!("{name}: the official's message never showed the outcome"));
        }
        broken
    }

    pub(super) fn duplicates(&self) -> u64 {
        self.start.copies + self.end.copies
    }

    pub(super) fn missed(&self) -> u64 {
        self.start.missed + self.end.missed
    }

    /// What `--json` prints.
    pub(super) fn json(&self) -> Value {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let mut all = json!({
            "end": broadcast(&self.end),
            "duplicates": self.duplicates(),
            "accepted_then_lost": self.explained,
            "missed": self.missed(),
            "stale": self.stale,
            "strayed": self.strayed,
            "limit_per_s": self.limit,
            "max_in_any_second": self.tally.max_in_any_second,
            "self_made_429": self.tally.self_made_429,
            "weather_429": self.tally.weather_429,
            "promises_kept": self.broken.is_empty(),
            "broken": self.broken,
        });
        let mut start = broadcast(&self.start);
        let [first, half, most, last] = self.start.times.map(ms);
        let named = [("first_ms", first), ("p50_ms", half), ("p99_ms", most), ("last_ms", last)];
        if let (Some(all), Some(start)) = (all.as_object_mut(), start.as_object_mut()) {
            start.remove("missed");
            start.remove("duplicates");
            all.append(start);
            all.extend(named.map(|(name, ms)| (name.to_owned(), ms.into())));
        }
        all
    }
}

fn broadcast(reach: &Reach) -> Value {
    let settled = Settlement::ALL.map(|one| (one.name().to_owned(), reach.settled.get(one).into()));
    let mut all: serde_json::Map<String, Value> = settled.into_iter().collect();
    all.insert("audience".to_owned(), reach.audience.into());
    all.insert("missed".to_owned(), reach.missed.into());
    all.insert("duplicates".to_owned(), reach.copies.into());
    Value::Object(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_known_by_its_words() {
        let start = "Бесполётная зона. Смоленская область.\nНе запускайте дроны.\n№ 1";
        let end = "ОКОНЧАНИЕ: Бесполётная зона.\nПо состоянию на: 14:05 23.11 (UTC+3). № 1.2";
        let told =
            "Смоленск: действует предупреждение.\n• Бесполётная зона. С 14:05. № 1\n\nКоманды";
        let other = "№ 11";
        let said = [start, end, told, other].map(|text| read(text, "1"));
        assert_eq!(said, [Says::Start, Says::End, Says::Mention, Says::Nothing]);
    }

    #[test]
    fn the_times_are_those_by_which_so_many_have_it() {
        let arrivals = (1..=200).rev().map(Duration::from_millis).collect();
        let [first, half, most, last] = times(arrivals).map(|time| time.as_millis());
        assert_eq!((first, half, most, last), (1, 100, 198, 200));
        assert_eq!(times(Vec::new()), [Duration::ZERO; 4]);
    }
}
