//! PURE. What a typed text wants: text -> [`Intent`].
//!
//! The grammar is generous, because it is typed in haste: hazard, regions and level in any order, by
//! id, name or alias in any language, a duration as `90m`, `1h30m`, `90 мин`, `2 год`. What it does
//! not understand it names, with what it may have meant; it never guesses.
//!
//! Deliberately absent: who may do it. The same text means the same thing from anybody.

pub mod names;

use std::time::Duration;

use crate::{
    domain::{
        alert::Status,
        hazard::Hazard,
        ids::{AlertId, Code, HazardId, LevelId, RegionId, Revision},
    },
    ports::store::Hold,
};

use super::Rules;
use names::{Named, Token, level_at, tokens};

/// Longest piece of somebody's text that is repeated to them, in characters.
const ECHO_MAX: usize = 40;

/// Most regions one command may name: more is a slip of the hand, or a list for a region above.
pub const AREA_MAX: usize = 30;

/// What somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// To begin; the payload of the link, if there was one.
    Start(Option<String>),
    /// To hear of a region.
    Add(Option<Result<RegionId, Mistake>>),
    /// To see their regions.
    Regions,
    /// To know what is true, of a region or at all.
    Status(Option<Result<RegionId, Mistake>>),
    /// To choose a language.
    Language,
    /// To take part in exercises, or no longer.
    Drills,
    /// `/id`: the number by which an administrator can put them on the roster.
    Id,
    /// To leave.
    Stop,
    /// To know what can be done.
    Help,
    /// To raise an alert.
    Raise(Status, Result<Order, Mistake>),
    /// To change one.
    Update(Result<Amendment, Mistake>),
    /// To end one, in these regions or everywhere.
    Clear(Result<(Option<AlertId>, Vec<RegionId>), Mistake>),
    /// To say that one was sent in error.
    Withdraw(Result<Option<AlertId>, Mistake>),
    /// To know how one reached people; or one of its states.
    Report(Result<Option<(AlertId, Option<Revision>)>, Mistake>),
    /// To pause a broadcast, let it go on (`None`), or stop it for good.
    Hold(Option<Hold>, Result<Option<AlertId>, Mistake>),
    /// To release a challenge, perhaps with a word.
    Confirm(Result<(Code, Option<String>), Mistake>),
    /// To call one off.
    Cancel(Result<Code, Mistake>),
    /// A command there is none of.
    Unknown,
    /// Words without a command.
    Words(String),
}

/// An alert as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// Of what.
    pub hazard: Option<HazardId>,
    /// Where, in the order typed.
    pub area: Vec<RegionId>,
    /// How bad.
    pub level: Option<LevelId>,
    /// For how long.
    pub lasts: Option<Duration>,
    /// In the official's own words.
    pub note: Option<String>,
}

/// A change of an alert as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amendment {
    /// Of which; `None` if it was not said.
    pub alert: Option<AlertId>,
    /// The level's words; what they mean depends on the alert.
    pub level: Option<String>,
    /// For how long from now.
    pub lasts: Option<Duration>,
    /// In the official's own words.
    pub note: Option<String>,
}

/// What was not understood. The texts are cleaned: they may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// No such hazard; these are like it.
    Hazard(String, Vec<HazardId>),
    /// Several hazards are called so.
    Hazards(String, Vec<HazardId>),
    /// No such region; these are like it.
    Region(String, Vec<RegionId>),
    /// Several regions are called so.
    Regions(String, Vec<RegionId>),
    /// Neither a region nor a level of this hazard.
    Level(String, HazardId),
    /// Not a duration.
    Time(String),
    /// Particulars, and no hazard.
    NoHazard,
    /// Particulars, and no region.
    NoArea,
    /// More regions than one command may name.
    TooMany,
    /// Not an alert's number.
    Number(String),
    /// Not a code.
    Code(String),
}

/// Reads a text. `None`: not for this bot. In a group the bot is only spoken to by name.
#[must_use]
pub fn read(text: &str, rules: &Rules, username: &str, private: bool) -> Option<Intent> {
    let text = text.trim();
    let Some(command) = text.strip_prefix('/') else {
        return private.then(|| Intent::Words(text.to_owned()));
    };
    let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    let name = match name.split_once('@') {
        Some((name, bot)) if bot.eq_ignore_ascii_case(username) => name,
        None if private => name,
        Some(_) | None => return None,
    };
    Some(intent(&name.to_ascii_lowercase(), rest.trim(), rules))
}

fn intent(name: &str, rest: &str, rules: &Rules) -> Intent {
    let place = || (!rest.is_empty()).then(|| place(rest, rules));
    match name {
        "start" => Intent::Start((!rest.is_empty()).then(|| rest.to_owned())),
        "add" => Intent::Add(place()),
        "regions" => Intent::Regions,
        "status" => Intent::Status(place()),
        "language" => Intent::Language,
        "drills" => Intent::Drills,
        "id" => Intent::Id,
        "stop" => Intent::Stop,
        "help" => Intent::Help,
        "alert" => Intent::Raise(Status::Actual, order(rest, rules)),
        "drill" => Intent::Raise(Status::Exercise, order(rest, rules)),
        "update" => Intent::Update(amendment(rest)),
        "clear" => Intent::Clear(ending(rest, rules)),
        "pause" => Intent::Hold(Some(Hold::Paused), number(&tokens(rest), rest)),
        "resume" => Intent::Hold(None, number(&tokens(rest), rest)),
        "halt" => Intent::Hold(Some(Hold::Halted), number(&tokens(rest), rest)),
        "withdraw" => Intent::Withdraw(number(&tokens(rest), rest)),
        "report" => Intent::Report(state_at(&mut Reader::new(rest))),
        "confirm" => Intent::Confirm(confirmation(rest)),
        "cancel" => Intent::Cancel(code(rest)),
        _ => Intent::Unknown,
    }
}

/// Text that came from outside, fit to be repeated: short, on one line, and unable to turn or hide
/// the text around it.
#[must_use]
pub fn clean(text: &str) -> String {
    let hidden = |c: char| {
        matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    let shown: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|&c| !c.is_control() && !hidden(c))
        .collect();
    let line = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let kept: String = line.chars().take(ECHO_MAX).collect();
    if kept.len() < line.len() { format!("{kept}…") } else { kept }
}

fn place(text: &str, rules: &Rules) -> Result<RegionId, Mistake> {
    match rules.index().region(text) {
        Some(Named::One(region)) => Ok(region),
        Some(Named::Several(regions)) => Err(Mistake::Regions(clean(text), regions)),
        None => Err(Mistake::Region(clean(text), rules.index().regions_like(text))),
    }
}

/// A command's words, read one after another.
struct Reader<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, tokens: tokens(text), at: 0 }
    }

    fn rest(&self) -> &[Token] {
        self.tokens.get(self.at..).unwrap_or_default()
    }

    fn word(&self) -> Option<&str> {
        self.rest().first().map(|token| token.word.as_str())
    }

    /// Everything after the present word, as it was typed.
    fn raw_after(&self) -> String {
        let after = self.rest().first().map_or(self.text.len(), |token| token.end);
        let raw = self.text.get(after..).unwrap_or_default();
        raw.trim_start_matches([':', '-', '—', ' ']).trim().to_owned()
    }

    /// The words up to the next comma or keyword, as they were typed.
    fn phrase(&self) -> &'a str {
        let words = self.rest().iter().take_while(|token| !ends_phrase(&token.word));
        let last = words.last().or_else(|| self.rest().first());
        let (Some(first), Some(last)) = (self.rest().first(), last) else { return "" };
        self.text.get(first.start..last.end).unwrap_or_default()
    }

    /// `for 90m`, where the reader stands at `for`.
    fn lasts(&mut self) -> Result<Duration, Mistake> {
        while self.word().is_some_and(is_for) {
            self.at += 1;
        }
        let (words, lasts) =
            duration(self.rest()).ok_or_else(|| Mistake::Time(clean(self.phrase())))?;
        self.at += words;
        Ok(lasts)
    }
}

fn ends_phrase(word: &str) -> bool {
    word == "," || is_for(word) || is_note(word)
}

fn is_for(word: &str) -> bool {
    matches!(word, "for" | "на" | "протязі" | "протягом" | "течение" | "протяжении")
}

fn is_note(word: &str) -> bool {
    matches!(word, "note" | "примечание" | "примітка" | "заметка")
}

fn is_filler(word: &str) -> bool {
    matches!(
        word,
        "," | "and" | "и" | "і" | "й" | "та" | "in" | "в" | "у" | "level" | "уровень" | "рівень"
    )
}

fn order(text: &str, rules: &Rules) -> Result<Order, Mistake> {
    let mut reader = Reader::new(text);
    let mut order = Order::default();
    while let Some(word) = reader.word() {
        if is_note(word) {
            order.note = Some(reader.raw_after());
            break;
        }
        step(&mut reader, &mut order, rules)?;
    }
    let particulars = order.level.is_some() || order.lasts.is_some() || order.note.is_some();
    match (&order.hazard, order.area.as_slice()) {
        (None, [_, ..]) => Err(Mistake::NoHazard),
        (None, []) if particulars => Err(Mistake::NoHazard),
        (Some(_), []) if particulars => Err(Mistake::NoArea),
        (_, area) if area.len() > AREA_MAX => Err(Mistake::TooMany),
        (_, _) => Ok(order),
    }
}

/// Takes the next hazard, region, level or duration.
fn step(reader: &mut Reader<'_>, order: &mut Order, rules: &Rules) -> Result<(), Mistake> {
    let index = rules.index();
    let hazard = if order.hazard.is_none() { index.hazard_at(reader.rest()) } else { None };
    let region = index.region_at(reader.rest());
    let level = order
        .hazard
        .as_ref()
        .filter(|_| order.level.is_none())
        .and_then(|hazard| rules.catalogue.get(hazard))
        .and_then(|hazard| level_at(hazard, reader.rest()));
    let length = |words: Option<usize>| words.unwrap_or(0);
    let longest = length(hazard.as_ref().map(|(words, _)| *words))
        .max(length(region.as_ref().map(|(words, _)| *words)))
        .max(length(level.as_ref().map(|(words, _)| *words)));
    let typed = || clean(&reader.text[span(reader.rest(), longest)]);
    if let Some((words, named)) = hazard.filter(|(words, _)| *words == longest) {
        let (hazard, level) = one(named, |several| {
            let hazards = several.into_iter().map(|(hazard, _)| hazard).collect();
            Mistake::Hazards(typed(), hazards)
        })?;
        order.hazard = Some(hazard);
        order.level = level;
        reader.at += words;
    } else if let Some((words, named)) = region.filter(|(words, _)| *words == longest) {
        let region = one(named, |several| Mistake::Regions(typed(), several))?;
        if !order.area.contains(&region) {
            order.area.push(region);
        }
        reader.at += words;
    } else if let Some((words, level)) = level {
        order.level = Some(level);
        reader.at += words;
    } else {
        other(reader, order, rules)?;
    }
    Ok(())
}

/// A duration, a filler, or nothing we know.
fn other(reader: &mut Reader<'_>, order: &mut Order, rules: &Rules) -> Result<(), Mistake> {
    if reader.word().is_some_and(is_for) {
        order.lasts = Some(reader.lasts()?);
        return Ok(());
    }
    if reader.word().is_some_and(is_filler) {
        reader.at += 1;
        return Ok(());
    }
    if let Some((words, lasts)) = duration(reader.rest()) {
        order.lasts = Some(lasts);
        reader.at += words;
        return Ok(());
    }
    let typed = reader.phrase();
    let after_comma = reader.at.checked_sub(1).and_then(|before| reader.tokens.get(before));
    let listed = after_comma.is_some_and(Token::is_comma);
    Err(match &order.hazard {
        None => {
            let typed = before_region(typed, rules);
            Mistake::Hazard(clean(typed), rules.index().hazards_like(typed))
        }
        Some(hazard) if !order.area.is_empty() && !listed => {
            Mistake::Level(clean(typed), hazard.clone())
        }
        Some(_) => Mistake::Region(clean(typed), rules.index().regions_like(typed)),
    })
}

/// A phrase without the region named at its end: the region was understood, and is not to blame.
fn before_region<'a>(typed: &'a str, rules: &Rules) -> &'a str {
    let words = names::tokens(typed);
    for pair in words.windows(2) {
        let [before, first] = pair else { continue };
        if typed.get(first.start..).is_some_and(|rest| rules.index().region(rest).is_some()) {
            return typed.get(..before.end).unwrap_or(typed);
        }
    }
    typed
}

fn one<T>(named: Named<T>, several: impl FnOnce(Vec<T>) -> Mistake) -> Result<T, Mistake> {
    match named {
        Named::One(one) => Ok(one),
        Named::Several(all) => Err(several(all)),
    }
}

/// Where the first `words` of `tokens` stand in the text.
fn span(tokens: &[Token], words: usize) -> std::ops::Range<usize> {
    let start = tokens.first().map_or(0, |token| token.start);
    let end = tokens.get(..words).and_then(<[Token]>::last).map_or(start, |token| token.end);
    start..end
}

fn amendment(text: &str) -> Result<Amendment, Mistake> {
    let mut reader = Reader::new(text);
    let mut amendment = Amendment { alert: number_at(&mut reader)?, ..Amendment::default() };
    while let Some(word) = reader.word() {
        if is_note(word) {
            amendment.note = Some(reader.raw_after());
            break;
        }
        if is_for(word) {
            amendment.lasts = Some(reader.lasts()?);
        } else if let Some((words, lasts)) = duration(reader.rest()) {
            amendment.lasts = Some(lasts);
            reader.at += words;
        } else if is_filler(word) {
            reader.at += 1;
        } else {
            let level = reader.phrase();
            let words = tokens(level).len().max(1);
            amendment.level = Some(level.to_owned());
            reader.at += words;
        }
    }
    Ok(amendment)
}

fn ending(text: &str, rules: &Rules) -> Result<(Option<AlertId>, Vec<RegionId>), Mistake> {
    let mut reader = Reader::new(text);
    let alert = number_at(&mut reader)?;
    let mut parts = Vec::new();
    while let Some(word) = reader.word() {
        if let Some((words, named)) = rules.index().region_at(reader.rest()) {
            let typed = || clean(&text[span(reader.rest(), words)]);
            let region = one(named, |several| Mistake::Regions(typed(), several))?;
            if !parts.contains(&region) {
                parts.push(region);
            }
            reader.at += words;
        } else if is_filler(word) {
            reader.at += 1;
        } else {
            let typed = reader.phrase();
            return Err(Mistake::Region(clean(typed), rules.index().regions_like(typed)));
        }
    }
    if parts.len() > AREA_MAX { Err(Mistake::TooMany) } else { Ok((alert, parts)) }
}

/// The number of an alert, which comes first.
fn number_at(reader: &mut Reader<'_>) -> Result<Option<AlertId>, Mistake> {
    Ok(state_at(reader)?.map(|(alert, _)| alert))
}

/// The number of an alert and of its state, if that is named; `12`, `№ 12`, `#12`, and `12.3` as
/// residents see it.
fn state_at(reader: &mut Reader<'_>) -> Result<Option<(AlertId, Option<Revision>)>, Mistake> {
    let Some(word) = reader.word() else { return Ok(None) };
    let mistake = || Mistake::Number(clean(reader.phrase()));
    if !word.bytes().all(|b| b.is_ascii_digit()) {
        return Err(mistake());
    }
    let number = word.parse().map_err(|_| mistake())?;
    let end = reader.rest().first().map_or(0, |token| token.end);
    reader.at += 1;
    let revision = reader.text.get(end..).is_some_and(|rest| {
        rest.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    });
    let mut state = None;
    if revision {
        state = reader.word().and_then(|word| word.parse().ok()).map(Revision);
        reader.at += 1;
    }
    Ok(Some((AlertId(number), state)))
}

fn number(tokens: &[Token], text: &str) -> Result<Option<AlertId>, Mistake> {
    number_at(&mut Reader { text, tokens: tokens.to_vec(), at: 0 })
}

fn confirmation(text: &str) -> Result<(Code, Option<String>), Mistake> {
    let (typed, word) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let word = word.trim();
    Ok((code(typed)?, (!word.is_empty()).then(|| word.to_owned())))
}

fn code(text: &str) -> Result<Code, Mistake> {
    Code::parse(text).ok_or_else(|| Mistake::Code(clean(text)))
}

/// The level of `hazard` that these words name, whole.
#[must_use]
pub fn level(hazard: &Hazard, typed: &str) -> Option<LevelId> {
    let tokens = tokens(typed);
    level_at(hazard, &tokens).filter(|(words, _)| *words == tokens.len()).map(|(_, level)| level)
}

/// The duration that `tokens` begin with, and how many words it has: `90m`, `1h30m`, `2 ч 30 мин`.
fn duration(tokens: &[Token]) -> Option<(usize, Duration)> {
    let mut minutes: u64 = 0;
    let mut taken = 0;
    let mut number: Option<u64> = None;
    for (n, token) in tokens.iter().enumerate() {
        let digits_first = token.word.starts_with(|c: char| c.is_ascii_digit());
        if number.is_none() && !digits_first {
            break;
        }
        for piece in pieces(&token.word) {
            match number.take() {
                None => number = Some(piece.parse().ok().filter(|n| *n <= MINUTES_MAX)?),
                Some(count) => minutes = minutes.checked_add(count * unit(piece)?)?,
            }
        }
        if number.is_none() {
            taken = n + 1;
        }
    }
    let whole = number.is_none() && taken > 0 && minutes <= MINUTES_MAX;
    whole.then(|| (taken, Duration::from_secs(minutes * 60)))
}

/// Longest duration that is read at all: a hundred days, far above what any hazard allows.
const MINUTES_MAX: u64 = 100 * 24 * 60;

/// Runs of digits and runs of letters.
fn pieces(word: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut before: Option<bool> = None;
    for (at, c) in word.char_indices() {
        let digit = c.is_ascii_digit();
        if before.is_some_and(|before| before != digit) {
            found.extend(word.get(start..at));
            start = at;
        }
        before = Some(digit);
    }
    found.extend(word.get(start..).filter(|rest| !rest.is_empty()));
    found
}

/// A unit of time, in minutes.
fn unit(word: &str) -> Option<u64> {
    match word {
        "m" | "min" | "mins" | "minute" | "minutes" | "м" | "мин" | "минут" | "минуты"
        | "минута" | "минуту" | "хв" | "хвилин" | "хвилини" | "хвилина" | "хвилину" => {
            Some(1)
        }
        "h" | "hr" | "hrs" | "hour" | "hours" | "ч" | "час" | "часа" | "часов" | "г" | "год"
        | "годин" | "години" | "година" | "годину" => Some(60),
        "d" | "day" | "days" | "д" | "день" | "дня" | "дней" | "сутки" | "суток" | "дні"
        | "днів" | "доба" | "добу" | "доби" => Some(24 * 60),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bot::tests::rules;

    fn order_of(text: &str) -> Result<Order, Mistake> {
        match read(text, &rules(), "nabat_bot", true) {
            Some(Intent::Raise(_, order)) => order,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn regions(ids: &[&str]) -> Vec<RegionId> {
        ids.iter().map(|id| RegionId::new(id)).collect()
    }

    #[test]
    fn an_alert_is_understood_however_it_is_typed() {
        type Row<'a> =
            (&'a str, &'a str, &'a [&'a str], Option<&'a str>, Option<Duration>, Option<&'a str>);
        let minutes = |n: u64| Some(Duration::from_secs(n * 60));
        #[rustfmt::skip]
        let table: &[Row<'_>] = &[
            ("/alert no-fly RU-SMO", "no-fly", &["RU-SMO"], None, None, None),
            ("/alert no-fly Смоленская область", "no-fly", &["RU-SMO"], None, None, None),
            ("/ALERT закрытое небо смоленщина на 90м", "no-fly", &["RU-SMO"], None, minutes(90), None),
            ("/alert Закрите небо Смоленська область на 2 год", "no-fly", &["RU-SMO"], None, minutes(120), None),
            ("/alert no fly zone Smolensk region for 1h30m", "no-fly", &["RU-SMO"], None, minutes(90), None),
            ("/alert «Закрытое небо» — Смоленск, Белгород на 1 ч 30 мин", "no-fly", &["RU-SMO", "RU-BEL"], None, minutes(90), None),
            ("/alert БПЛА Рославль и RU-BEL danger", "drone", &["RU-SMO-ros", "RU-BEL"], Some("danger"), None, None),
            ("/alert угроза атаки бпла белгородская область на протязі 45 хв", "drone", &["RU-BEL"], Some("threat"), minutes(45), None),
            ("/alert Roslavl, drone attack level danger for 2 hours note: Keep  Calm, for now", "drone", &["RU-SMO-ros"], Some("danger"), minutes(120), Some("Keep  Calm, for now")),
            ("/alert fire Рославль 30мин примечание Склад на улице Ленина", "fire", &["RU-SMO-ros"], None, minutes(30), Some("Склад на улице Ленина")),
            ("/alert пожежа рославль протягом 1 доби примітка Дим", "fire", &["RU-SMO-ros"], None, minutes(1440), Some("Дим")),
        ];
        for (text, hazard, area, level, lasts, note) in table {
            let wanted = Order {
                hazard: Some(HazardId::new(hazard)),
                area: regions(area),
                level: level.map(LevelId::new),
                lasts: *lasts,
                note: note.map(str::to_owned),
            };
            assert_eq!(order_of(text), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn a_typo_raises_nothing_and_is_told_what_it_may_have_meant() {
        let smolensk = || regions(&["RU-SMO"]);
        assert_eq!(
            order_of("/alert no-fly Смаленская обл"),
            Err(Mistake::Region("Смаленская обл".to_owned(), smolensk()))
        );
        assert_eq!(
            order_of("/alert no-fly smolnsk region for 90m"),
            Err(Mistake::Region("smolnsk region".to_owned(), smolensk()))
        );
        assert_eq!(
            order_of("/alert пажар Рославль"),
            Err(Mistake::Hazard("пажар".to_owned(), vec![HazardId::new("fire")]))
        );
        assert_eq!(
            order_of("/alert drone Рославль dangr"),
            Err(Mistake::Level("dangr".to_owned(), HazardId::new("drone")))
        );
        assert_eq!(
            order_of("/alert drone Рославль, Белгрод"),
            Err(Mistake::Region("Белгрод".to_owned(), regions(&["RU-BEL"])))
        );
        assert_eq!(
            order_of("/alert drone Рославль for ever"),
            Err(Mistake::Time("ever".to_owned()))
        );
        let both = regions(&["RU-BEL-kra", "RU-SMO-kra"]);
        assert_eq!(
            order_of("/alert drone Краснинский район"),
            Err(Mistake::Regions("Краснинский район".to_owned(), both))
        );
        assert_eq!(order_of("/alert drone for 90m"), Err(Mistake::NoArea));
        assert_eq!(order_of("/alert Рославль"), Err(Mistake::NoHazard));
        assert_eq!(order_of("/alert"), Ok(Order::default()));
    }

    #[test]
    fn durations_are_read_whole_or_not_at_all() {
        let minutes = |text: &str| duration(&tokens(text)).map(|(_, time)| time.as_secs() / 60);
        for (text, wanted) in [
            ("90m", Some(90)),
            ("1h30m", Some(90)),
            ("2ч", Some(120)),
            ("90мин", Some(90)),
            ("2 год", Some(120)),
            ("1 ч 30 мин", Some(90)),
            ("1d", Some(1440)),
            ("0m", Some(0)),
            ("90", None),
            ("m", None),
            ("99999999999999999999h", None),
            ("1x", None),
            ("", None),
        ] {
            assert_eq!(minutes(text), wanted, "{text}");
        }
    }

    #[test]
    fn other_commands_name_their_alert_code_or_place() {
        let read = |text: &str| read(text, &rules(), "nabat_bot", true);
        let alert = Some(AlertId(12));
        assert_eq!(read("/clear 12"), Some(Intent::Clear(Ok((alert, Vec::new())))));
        assert_eq!(
            read("/clear № 12.3 Рославль, RU-SMO-kra"),
            Some(Intent::Clear(Ok((alert, regions(&["RU-SMO-ros", "RU-SMO-kra"])))))
        );
        assert_eq!(read("/withdraw #12"), Some(Intent::Withdraw(Ok(alert))));
        assert_eq!(read("/withdraw"), Some(Intent::Withdraw(Ok(None))));
        assert_eq!(read("/pause №12.2"), Some(Intent::Hold(Some(Hold::Paused), Ok(alert))));
        assert_eq!(read("/resume 12"), Some(Intent::Hold(None, Ok(alert))));
        assert_eq!(read("/halt"), Some(Intent::Hold(Some(Hold::Halted), Ok(None))));
        let mistake = Mistake::Number("soon".to_owned());
        assert_eq!(read("/halt soon"), Some(Intent::Hold(Some(Hold::Halted), Err(mistake))));
        assert!(matches!(read("/clear all"), Some(Intent::Clear(Err(Mistake::Number(_))))));
        let update = Amendment {
            alert,
            level: Some("угроза атаки бпла".to_owned()),
            lasts: Some(Duration::from_hours(1)),
            note: Some("Второй пуск".to_owned()),
        };
        assert_eq!(
            read("/update 12 угроза атаки бпла на 1ч примечание Второй пуск"),
            Some(Intent::Update(Ok(update)))
        );
        let code = Code::draw(5);
        assert_eq!(
            read(&format!("/confirm {} смоленск", code.as_str().to_lowercase())),
            Some(Intent::Confirm(Ok((code, Some("смоленск".to_owned())))))
        );
        assert!(matches!(read("/cancel nope"), Some(Intent::Cancel(Err(Mistake::Code(_))))));
        assert_eq!(read("/add roslavl"), Some(Intent::Add(Some(Ok(RegionId::new("RU-SMO-ros"))))));
        assert_eq!(read("/dance"), Some(Intent::Unknown));
    }

    #[test]
    fn in_a_group_the_bot_listens_only_to_its_name() {
        let group = |text| read(text, &rules(), "nabat_bot", false);
        assert_eq!(group("/status@Nabat_Bot"), Some(Intent::Status(None)));
        assert_eq!(group("/status"), None);
        assert_eq!(group("/status@other_bot"), None);
        assert_eq!(group("hello"), None);
    }

    #[test]
    fn an_echo_is_short_and_can_not_turn_the_text_around_it() {
        assert_eq!(clean("a\u{202e}b\nc\u{0}\u{200f}"), "ab c");
        assert_eq!(clean(&"я".repeat(100)).chars().count(), 41);
    }
}
