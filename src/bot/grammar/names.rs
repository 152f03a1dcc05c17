//! PURE. Names as people type them: in any language, any case, with a typo.
//!
//! Two texts are the same name if they fold to the same words: case, `ё`, hyphens, quotes and
//! apostrophes do not count. A region's or hazard's own id goes before its name, a name before an
//! alias, an alias before the word that releases; two of one rank are ambiguous, and nothing is
//! guessed.

use std::collections::BTreeMap;

use crate::domain::{
    hazard::{Catalogue, Hazard},
    ids::{HazardId, LevelId, RegionId},
    region::Forest,
};

/// How alike a name has to be to be suggested; below it, suggestions are noise.
const ALIKE_MIN: f64 = 0.6;
/// How many suggestions are made.
const SUGGESTED_MAX: usize = 3;
/// Longest typed text that is compared with names, in characters: comparing is quadratic.
const COMPARED_MAX: usize = 60;

/// A word as typed: folded, and where it stands in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Folded; `,` for a comma or semicolon.
    pub word: String,
    /// First byte in the text.
    pub start: usize,
    /// One past the last.
    pub end: usize,
}

impl Token {
    /// Whether it separates names.
    #[must_use]
    pub fn is_comma(&self) -> bool {
        self.word == ","
    }
}

/// Splits a text into folded words.
#[must_use]
pub fn tokens(text: &str) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::new();
    let mut open = false;
    for (start, c) in text.char_indices() {
        let end = start + c.len_utf8();
        match c {
            '\'' | '’' | 'ʼ' | '`' | '\u{301}' => {}
            '\u{306}' | '\u{308}' if open => {
                if let Some(token) = found.last_mut() {
                    compose(&mut token.word, c);
                    token.end = end;
                }
            }
            c if c.is_alphanumeric() => {
                if !open {
                    found.push(Token { word: String::new(), start, end });
                    open = true;
                }
                if let Some(token) = found.last_mut() {
                    let lower = c.to_lowercase().map(|c| if c == 'ё' { 'е' } else { c });
                    token.word.extend(lower);
                    token.end = end;
                }
            }
            ',' | ';' => {
                open = false;
                found.push(Token { word: ",".to_owned(), start, end });
            }
            _ => open = false,
        }
    }
    found
}

/// Some keyboards write `й` and `ї` as a letter and a mark.
fn compose(word: &mut String, mark: char) {
    let composed = match (word.chars().last(), mark) {
        (Some('и'), '\u{306}') => 'й',
        (Some('і'), '\u{308}') => 'ї',
        _ => return,
    };
    word.pop();
    word.push(composed);
}

/// A text as names are compared.
#[must_use]
pub fn fold(text: &str) -> String {
    join(&tokens(text))
}

/// Folded words as one text, without commas.
#[must_use]
pub fn join(tokens: &[Token]) -> String {
    let words: Vec<&str> =
        tokens.iter().filter(|token| !token.is_comma()).map(|token| token.word.as_str()).collect();
    words.join(" ")
}

/// How a name is known; the first goes before the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Id,
    Name,
    Alias,
    Word,
}

/// What a hazard's name stands for: the hazard, and the level if the name says it.
pub type HazardName = (HazardId, Option<LevelId>);

/// Every name of every region and hazard.
#[derive(Debug, Default)]
pub struct Index {
    regions: BTreeMap<String, Vec<(Rank, RegionId)>>,
    hazards: BTreeMap<String, Vec<(Rank, HazardName)>>,
    longest: usize,
}

/// What a typed name may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named<T> {
    /// This.
    One(T),
    /// One of these, and we don't know which.
    Several(Vec<T>),
}

impl Index {
    /// Collects the names.
    #[must_use]
    pub fn new(forest: &Forest, catalogue: &Catalogue) -> Self {
        let mut index = Self::default();
        for region in forest.iter() {
            let mut note = |rank, text: &str| {
                index.longest =
                    index.longest.max(enter(&mut index.regions, text, rank, region.id.clone()));
            };
            note(Rank::Id, region.id.as_str());
            region.name.iter().for_each(|(_, name)| note(Rank::Name, name));
            region.aliases.iter().for_each(|alias| note(Rank::Alias, alias));
            note(Rank::Word, &region.short_word);
        }
        for hazard in catalogue.iter() {
            index.note_hazard(hazard);
        }
        index
    }

    fn note_hazard(&mut self, hazard: &Hazard) {
        let mut note = |rank, text: &str, level: Option<&LevelId>| {
            let name = (hazard.id.clone(), level.cloned());
            self.longest = self.longest.max(enter(&mut self.hazards, text, rank, name));
        };
        note(Rank::Id, hazard.id.as_str(), None);
        hazard.name.iter().for_each(|(_, name)| note(Rank::Name, name, None));
        hazard.aliases.iter().for_each(|alias| note(Rank::Alias, alias, None));
        for level in hazard.levels() {
            level.title.iter().for_each(|(_, title)| note(Rank::Word, title, Some(&level.id)));
        }
    }

    /// The region of this name.
    #[must_use]
    pub fn region(&self, text: &str) -> Option<Named<RegionId>> {
        best(self.regions.get(&fold(text))?)
    }

    /// The longest region name that `tokens` begin with, and how many words it has.
    #[must_use]
    pub fn region_at(&self, tokens: &[Token]) -> Option<(usize, Named<RegionId>)> {
        self.at(tokens, &self.regions)
    }

    /// The longest hazard name that `tokens` begin with, and how many words it has.
    #[must_use]
    pub fn hazard_at(&self, tokens: &[Token]) -> Option<(usize, Named<HazardName>)> {
        self.at(tokens, &self.hazards)
    }

    fn at<T: Clone + PartialEq>(
        &self,
        tokens: &[Token],
        names: &BTreeMap<String, Vec<(Rank, T)>>,
    ) -> Option<(usize, Named<T>)> {
        let until_comma =
            tokens.iter().take(self.longest).take_while(|token| !token.is_comma()).count();
        (1..=until_comma).rev().find_map(|words| {
            let found = names.get(&join(tokens.get(..words)?))?;
            Some((words, best(found)?))
        })
    }

    /// Regions whose name is like this, the likest first.
    #[must_use]
    pub fn regions_like(&self, typed: &str) -> Vec<RegionId> {
        alike(&fold(typed), &self.regions)
    }

    /// Hazards whose name is like this, the likest first.
    #[must_use]
    pub fn hazards_like(&self, typed: &str) -> Vec<HazardId> {
        let mut found: Vec<HazardId> = Vec::new();
        for (hazard, _) in alike(&fold(typed), &self.hazards) {
            if !found.contains(&hazard) {
                found.push(hazard);
            }
        }
        found
    }
}

/// The longest level name of `hazard` that `tokens` begin with.
#[must_use]
pub fn level_at(hazard: &Hazard, tokens: &[Token]) -> Option<(usize, LevelId)> {
    let until_comma = tokens.iter().take_while(|token| !token.is_comma()).count();
    let mut found: Option<(usize, LevelId)> = None;
    for level in hazard.levels() {
        let titles = level.title.iter().map(|(_, title)| title);
        for name in titles.chain([level.id.as_str()]) {
            let name = fold(name);
            let words = name.split(' ').count();
            let fits = words <= until_comma && tokens.get(..words).map(join) == Some(name);
            if fits && found.as_ref().is_none_or(|(longest, _)| words > *longest) {
                found = Some((words, level.id.clone()));
            }
        }
    }
    found
}

/// Enters a name; answers how many words it has.
fn enter<T: PartialEq>(
    names: &mut BTreeMap<String, Vec<(Rank, T)>>,
    text: &str,
    rank: Rank,
    of: T,
) -> usize {
    let key = fold(text);
    if key.is_empty() {
        return 0;
    }
    let words = key.split(' ').count();
    let entry = names.entry(key).or_default();
    if !entry.iter().any(|(own, one)| *own == rank && *one == of) {
        entry.push((rank, of));
    }
    words
}

/// Those of the best rank.
fn best<T: Clone + PartialEq>(found: &[(Rank, T)]) -> Option<Named<T>> {
    let rank = found.iter().map(|(rank, _)| *rank).min()?;
    let mut distinct: Vec<T> = Vec::new();
    for (_, one) in found.iter().filter(|(own, _)| *own == rank) {
        if !distinct.contains(one) {
            distinct.push(one.clone());
        }
    }
    match distinct.len() {
        1 => distinct.pop().map(Named::One),
        _ => Some(Named::Several(distinct)),
    }
}

fn alike<T: Clone + PartialEq>(typed: &str, names: &BTreeMap<String, Vec<(Rank, T)>>) -> Vec<T> {
    let typed: String = typed.chars().take(COMPARED_MAX).collect();
    let mut scored: Vec<(f64, &T)> = Vec::new();
    for (name, found) in names {
        let score = likeness(&typed, name);
        if score >= ALIKE_MIN {
            scored.extend(found.iter().map(|(_, one)| (score, one)));
        }
    }
    scored.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let mut suggested: Vec<T> = Vec::new();
    for (_, one) in scored {
        if suggested.len() < SUGGESTED_MAX && !suggested.contains(one) {
            suggested.push(one.clone());
        }
    }
    suggested
}

/// How alike the name is to the typed words, or to the first of them: more may follow the name.
fn likeness(typed: &str, name: &str) -> f64 {
    let words = name.split(' ').count();
    let head = typed.split(' ').take(words).collect::<Vec<_>>().join(" ");
    strsim::normalized_damerau_levenshtein(typed, name)
        .max(strsim::normalized_damerau_levenshtein(&head, name))
}
