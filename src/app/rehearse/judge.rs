//! The verdict, drawn from the phones by code that shares nothing with the engine.
//!
//! Invariants: a message is known by its words: a state of the alert by its last line, which is the
//! number and nothing else; the end by a last line that says more. What the store says counts in one way only: it may
//! admit to be uncertain of a chat, and then the phone may lack the message.
//!
//! Deliberately absent: forgiveness for anything the weather does not explain.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::town::{Deed, Resident, Story};
use crate::{
    domain::{
        audience::Kind,
        delivery::{Settlement, Tally as Settled},
        ids::{BotId, ChatId, FanoutId},
        time::Mono,
    },
    sim::world::Tally,
};

/// Something that arrived on a phone.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) at: Mono,
    pub(super) text: Arc<str>,
    /// Whether it took the place of an earlier message.
    pub(super) edit: bool,
}

/// One resident's phone at the end.
#[derive(Debug, Default)]
pub(super) struct Phone {
    /// In the order of arrival.
    pub(super) messages: Vec<Arrived>,
    /// Whether the bot could write to it to the last.
    pub(super) open: bool,
}

/// What the judge is given.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) phones: BTreeMap<ChatId, Phone>,
    /// What the store admits: chat by chat, how each broadcast of the alert ended; 0 is a letter.
    pub(super) admitted: BTreeMap<ChatId, Vec<(FanoutId, Settlement)>>,
    /// Bot by bot.
    pub(super) tallies: Vec<Tally>,
    /// Of each bot.
    pub(super) limit: u32,
    /// The most a request is held up before it arrives.
    pub(super) jitter: Duration,
}

/// The figures of one act's broadcasts.
#[derive(Clone, Debug, Default)]
pub(super) struct Reach {
    /// `alert`, `update` or `end`.
    pub(super) name: &'static str,
    pub(super) audience: u64,
    pub(super) settled: Settled,
    pub(super) phones: u64,
    pub(super) missed: u64,
    pub(super) copies: u64,
    /// Messages put in place of an earlier one.
    pub(super) edits: u64,
    /// First, half, 99 % and last arrival, after the confirmation.
    pub(super) times: [Duration; 4],
    /// When the last channel and the last group had it, if there were any.
    pub(super) public: [Option<Duration>; 2],
}

/// How it went.
#[derive(Debug)]
pub(super) struct Verdict {
    /// Act by act; the last is the end.
    pub(super) acts: Vec<Reach>,
    pub(super) stale: u64,
    /// Messages about the alert on phones that it does not concern.
    pub(super) strayed: u64,
    /// Copies that the weather explains.
    pub(super) explained: u64,
    /// Of all bots; but the most in any second is the busiest bot's.
    pub(super) tally: Tally,
    pub(super) limit: u32,
    /// What broke, a sentence each.
    pub(super) broken: Vec<String>,
}

/// What a message says of the alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    /// That it is active, in its so many-th state.
    State(u32),
    End,
    /// An answer that names it as active, in its so many-th state.
    Mention(u32),
    Nothing,
}

/// The state that `№ 7` or `№ 7.3` at the end of a line names, if it is of this alert.
fn state(line: &str, number: &str) -> Option<u32> {
    let named = line.rsplit_once("№ ")?.1;
    match named.split_once('.') {
        None => (named == number).then_some(1),
        Some((alert, state)) => state.parse().ok().filter(|_| alert == number),
    }
}

/// Reads a message as a resident would.
fn read(text: &str, number: &str) -> Says {
    let last = text.lines().last().unwrap_or_default();
    match state(last, number) {
        Some(at) if last.starts_with("№ ") => return Says::State(at),
        Some(_) if !last.starts_with('•') => return Says::End,
        Some(_) | None => {}
    }
    let mut mentions = text.lines().filter(|line| line.starts_with('•'));
    mentions.find_map(|line| state(line, number)).map_or(Says::Nothing, Says::Mention)
}

/// What one phone shows of the alert.
#[derive(Debug, Default)]
struct Shown {
    /// Arrivals of each state that were messages of their own, the end as the last.
    messages: Vec<Vec<Mono>>,
    /// And those that took the place of an earlier one.
    edits: Vec<Vec<Mono>>,
    /// The latest state it was told of, in an answer or otherwise.
    told: u32,
}

impl Shown {
    fn of(phone: &Phone, number: &str, acts: usize) -> Self {
        let none = vec![Vec::new(); acts];
        let mut shown = Self { messages: none.clone(), edits: none, told: 0 };
        for message in &phone.messages {
            let act = match read(&message.text, number) {
                Says::Nothing => continue,
                Says::Mention(state) => {
                    shown.told = shown.told.max(state);
                    continue;
                }
                Says::State(state) => {
                    shown.told = shown.told.max(state);
                    state as usize - 1
                }
                Says::End => acts - 1,
            };
            let to = if message.edit { &mut shown.edits } else { &mut shown.messages };
            // A state that nobody made is found by the figures: it stands nowhere.
            if let Some(arrivals) = to.get_mut(act) {
                arrivals.push(message.at);
            }
        }
        shown
    }

    /// When an act first showed.
    fn first(&self, act: usize) -> Option<Mono> {
        let all = self.messages[act].iter().chain(&self.edits[act]);
        all.min().copied()
    }
}

/// Judges.
pub(super) fn judge(evidence: &Evidence, residents: &[Resident], story: &Story) -> Verdict {
    let number = story.alert().to_string();
    let count = story.acts.len();
    let all: Vec<(&Resident, &Phone, Shown)> = residents
        .iter()
        .filter_map(|one| {
            let phone = evidence.phones.get(&one.chat)?;
            Some((one, phone, Shown::of(phone, &number, count)))
        })
        .collect();
    let mut acts: Vec<Reach> = story.acts.iter().map(reach).collect();
    let (mut stale, mut strayed) = (0, 0);
    // By bot and act: when it first left, as far as phones can tell.
    let mut known: BTreeMap<(BotId, usize), Mono> = BTreeMap::new();
    for (one, _, shown) in &all {
        for act in 0..count {
            if let Some(at) = shown.first(act) {
                let first = known.entry((one.bot, act)).or_insert(at);
                *first = at.min(*first);
            }
        }
    }
    for (one, phone, shown) in &all {
        let admitted = evidence.admitted.get(&one.chat).into_iter().flatten();
        let admitted: Vec<FanoutId> = admitted
            .filter(|(_, settlement)| *settlement == Settlement::Uncertain)
            .map(|(fanout, _)| *fanout)
            .collect();
        let uncertain = |act: usize| {
            (act + 1 < count && admitted.contains(&FanoutId(0)))
                || story.acts[act].fanouts.iter().any(|fanout| admitted.contains(&fanout.id))
        };
        let starts = count - 1;
        let stays = phone.open && !one.left;
        for (act, reach) in acts.iter_mut().enumerate().take(starts) {
            // Whoever came late was told in the answer; whoever was told of a later state needs no
            // earlier one.
            let wanted = u32::try_from(act + 1).unwrap_or(u32::MAX);
            let has = (act..starts).any(|later| shown.first(later).is_some());
            let has = has || (one.late && shown.told >= wanted);
            // Some hazards leave whoever knows of them in peace.
            let has = has || (!story.updates && (0..act).any(|act| shown.first(act).is_some()));
            let doubt = (act..starts).any(uncertain);
            reach.missed += u64::from(one.inside && stays && !has && !doubt);
        }
        let told = shown.told > 0;
        let ended = shown.first(starts).is_some();
        acts[starts].missed += u64::from(stays && told && !ended && !uncertain(starts));
        let unasked = ended && !told && !(0..starts).any(uncertain);
        strayed += u64::from(unasked || (!one.inside && (told || ended)));
        for act in 0..starts {
            let arrivals = shown.messages[act].iter().chain(&shown.edits[act]);
            let late = |at: &&Mono| {
                (act + 1..count).any(|later| {
                    let known = known.get(&(one.bot, later)).map(|at| *at + evidence.jitter);
                    known.is_some_and(|known| **at > known)
                        || shown.first(later).is_some_and(|own| **at > own)
                })
            };
            stale += arrivals.filter(late).count() as u64;
        }
        for (act, reach) in acts.iter_mut().enumerate() {
            reach.copies += shown.messages[act].len().saturating_sub(1) as u64;
            reach.edits += u64::from(!shown.edits[act].is_empty());
            let Some(at) = shown.first(act) else { continue };
            reach.phones += 1;
            let took = at.since(story.acts[act].at);
            let last = match one.kind {
                Kind::Channel => &mut reach.public[0],
                Kind::Group => &mut reach.public[1],
                Kind::Private => continue,
            };
            *last = (*last).max(Some(took));
        }
    }
    for (act, reach) in acts.iter_mut().enumerate() {
        let arrivals = all.iter().filter_map(|(.., shown)| shown.first(act));
        reach.times = times(arrivals.map(|at| at.since(story.acts[act].at)).collect());
    }
    let tally = evidence.tallies.iter().fold(Tally::default(), |sum, one| Tally {
        max_in_any_second: sum.max_in_any_second.max(one.max_in_any_second),
        self_made_429: sum.self_made_429 + one.self_made_429,
        weather_429: sum.weather_429 + one.weather_429,
        accepted_then_lost: sum.accepted_then_lost + one.accepted_then_lost,
        lost_requests: sum.lost_requests + one.lost_requests,
        ..sum
    });
    let explained = tally.accepted_then_lost.saturating_sub(story.lost_before);
    let limit = evidence.limit;
    let broken = Vec::new();
    let mut verdict = Verdict { acts, stale, strayed, explained, tally, limit, broken };
    verdict.broken = verdict.breaches(story);
    verdict
}

/// The figures of an act's broadcasts by the store; what phones show is added later.
pub(super) fn reach(deed: &Deed) -> Reach {
    let audience = deed.fanouts.iter().filter_map(|fanout| fanout.size).sum();
    let mut settled = Settled::default();
    for fanout in &deed.fanouts {
        for one in Settlement::ALL {
            settled.add(one, fanout.progress.tally.get(one));
        }
    }
    Reach { name: deed.name, audience, settled, ..Reach::default() }
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
        for one in &self.acts {
            let (name, sum, audience) = (one.name, one.settled.sum(), one.audience);
            must(sum == audience, format!("{name}: {sum} chats are accounted for, of {audience}"));
            must(one.missed == 0, format!("{name}: {} chats were missed in silence", one.missed));
        }
        must(self.acts.iter().all(|one| one.phones > 0), "nobody was reached".to_owned());
        must(self.stale == 0, format!("{} messages told what was no longer true", self.stale));
        must(self.strayed == 0, format!("{} chats got what was not for them", self.strayed));
        let copies = self.duplicates();
        let explained = self.explained;
        must(copies <= explained, format!("{copies} copies, and lost replies explain {explained}"));
        let peak = self.tally.max_in_any_second;
        let limit = u64::from(self.limit);
        must(peak <= limit, format!("{peak} messages arrived within a second, and {limit} may"));
        let waits = self.tally.self_made_429;
        must(waits == 0, format!("Telegram had to ask us to wait {waits} times by our own fault"));
        for Deed { name, progress: (_, true_figures), .. } in &story.acts {
            must(*true_figures, format!("{name}: the official's message never showed the outcome"));
        }
        broken
    }

    pub(super) fn duplicates(&self) -> u64 {
        self.acts.iter().map(|one| one.copies).sum()
    }

    pub(super) fn missed(&self) -> u64 {
        self.acts.iter().map(|one| one.missed).sum()
    }

    /// What `--json` prints.
    pub(super) fn json(&self) -> Value {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let mut all = json!({
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
        let (Some(all_of), Some((start, others))) = (all.as_object_mut(), self.acts.split_first())
        else {
            return all;
        };
        for one in others {
            all_of.insert(one.name.to_owned(), Value::Object(broadcast(one)));
        }
        let mut first = broadcast(start);
        first.remove("missed");
        first.remove("duplicates");
        all_of.append(&mut first);
        let [first, half, most, last] = start.times.map(ms);
        let named = [("first_ms", first), ("p50_ms", half), ("p99_ms", most), ("last_ms", last)];
        all_of.extend(named.map(|(name, ms)| (name.to_owned(), ms.into())));
        for (name, time) in ["channels_last_ms", "groups_last_ms"].into_iter().zip(start.public) {
            all_of.insert(name.to_owned(), time.map(ms).into());
        }
        all
    }
}

fn broadcast(reach: &Reach) -> serde_json::Map<String, Value> {
    let settled = Settlement::ALL.map(|one| (one.name().to_owned(), reach.settled.get(one).into()));
    let mut all: serde_json::Map<String, Value> = settled.into_iter().collect();
    all.insert("audience".to_owned(), reach.audience.into());
    all.insert("missed".to_owned(), reach.missed.into());
    all.insert("duplicates".to_owned(), reach.copies.into());
    all
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
        let second = "Бесполётная зона. Смоленская область.\n№ 1.2";
        let said = [start, second, end, told, other].map(|text| read(text, "1"));
        let wanted = [Says::State(1), Says::State(2), Says::End, Says::Mention(1), Says::Nothing];
        assert_eq!(said, wanted);
    }

    #[test]
    fn the_times_are_those_by_which_so_many_have_it() {
        let arrivals = (1..=200).rev().map(Duration::from_millis).collect();
        let [first, half, most, last] = times(arrivals).map(|time| time.as_millis());
        assert_eq!((first, half, most, last), (1, 100, 198, 200));
        assert_eq!(times(Vec::new()), [Duration::ZERO; 4]);
    }
}
