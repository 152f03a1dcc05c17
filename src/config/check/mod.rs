//! From what was written to what the program uses, with every fault of meaning.
//!
//! Each file's room makes its own part: settings, regions, hazards, operators; `coverage` then looks
//! at how they fit. A part with a fault is filled in so that the rest can still be judged, and the whole
//! is thrown away at the end. A reference into files that could not be read is not blamed.

mod coverage;
mod hazards;
mod operators;
mod regions;
mod settings;

use std::{collections::BTreeMap, ops::Range, path::Path, time::Duration};

use toml::Spanned;

use super::{
    Config,
    fault::Fault,
    shape::{Faults, Leaf, Page, read},
    source::{Kind, Source},
    spec::{LangSpec, TextsSpec, VERSION},
    suggest,
};
use crate::domain::{
    ids::{SLUG_MAX, is_slug},
    lang::{Lang, Texts},
};

/// The longest text in one language, in characters: three of them and an official's note stay below
/// the 4096 of a message (Bot API: `sendMessage.text`).
const TEXT_MAX: usize = 1_000;

/// The longest name, alias or source, in characters: it stands within a sentence.
const NAME_MAX: usize = 100;

/// Judges what could be read; `unread` is what could not.
pub(super) fn check(
    dir: &Path,
    sources: &[Source],
    unread: Vec<Fault>,
) -> Result<(Config, Vec<Fault>), Vec<Fault>> {
    let mut faults = Faults::default();
    let lost = |kind: Kind| unread.iter().any(|fault| may_hide(fault, dir, kind));
    let (regions_lost, hazards_lost) = (lost(Kind::Region), lost(Kind::Hazard));
    for fault in unread {
        faults.push(fault);
    }
    let of = |kind: Kind| sources.iter().filter(move |source| source.kind == kind);
    let settings = pages(of(Kind::Settings), &mut faults);
    let regions = pages(of(Kind::Region), &mut faults);
    let hazards = pages(of(Kind::Hazard), &mut faults);
    let operators = pages(of(Kind::Operators), &mut faults);

    let settings = settings::check(dir, &settings, &mut faults);
    let regions_whole = !regions_lost && regions.iter().all(|page| page.whole);
    let hazards_whole = !hazards_lost && hazards.iter().all(|page| page.whole);
    let regions = regions::check(&regions, regions_whole, &mut faults);
    let hazards = hazards::check(&hazards, hazards_whole, &mut faults);
    let language = settings.policy.language;
    let operators = operators::check(&operators, &regions, &hazards, language, &mut faults);
    let sound = !faults.has_errors();
    if sound {
        coverage::check(&regions, &hazards, &operators, &mut faults);
    }
    let grown = regions.grow(&mut faults);
    let faults = in_order(faults);
    match grown {
        Some(forest) if sound => {
            let roster = operators.roster();
            let catalogue = hazards.catalogue();
            let settings::Settings { bots, storage, policy, log } = settings;
            Ok((Config { forest, catalogue, roster, bots, storage, policy, log }, faults))
        }
        _ => Err(faults),
    }
}

/// Whether the file that could not be read may hold what seems to be missing.
fn may_hide(fault: &Fault, dir: &Path, kind: Kind) -> bool {
    let below = match kind {
        Kind::Region => "regions",
        Kind::Hazard => "hazards",
        Kind::Settings | Kind::Operators => return false,
    };
    fault.file == dir || fault.file.starts_with(dir.join(below))
}

fn pages<'a, T: serde::de::DeserializeOwned + Versioned>(
    sources: impl Iterator<Item = &'a Source>,
    faults: &mut Faults,
) -> Vec<Page<'a, T>> {
    let pages: Vec<Page<'a, T>> = sources.map(|source| read(source, faults)).collect();
    for page in &pages {
        if let Some(spec) = &page.spec {
            version(&page.leaf, spec.version(), faults);
        }
    }
    pages
}

/// What every file begins with.
trait Versioned {
    fn version(&self) -> Option<&Spanned<i64>>;
}

macro_rules! versioned {
    ($($file:ident)*) => {
        $(impl Versioned for super::spec::$file {
            fn version(&self) -> Option<&Spanned<i64>> {
                self.version.as_ref()
            }
        })*
    };
}

versioned!(SettingsFile RegionFile HazardFile OperatorsFile);

fn version(leaf: &Leaf<'_>, version: Option<&Spanned<i64>>, faults: &mut Faults) {
    match version {
        None if leaf.has_taken(&(0..0), "version") => {}
        // What lacks everything is told by what it lacks.
        None if leaf.source.text.trim().is_empty() && leaf.source.kind != Kind::Operators => {}
        None => faults.push(
            Fault::at(leaf.place(&(0..0), ""), "missing-key", "`version` is missing")
                .help(format!("begin the file with `version = {VERSION}`")),
        ),
        Some(given) if *given.get_ref() != VERSION => faults.push(
            Fault::at(
                leaf.place(&given.span(), ""),
                "version",
                format!("version {} of this file is not known", given.get_ref()),
            )
            .help(format!("this program reads `version = {VERSION}`")),
        ),
        Some(_) => {}
    }
}

/// By file, then by line; what is left out is counted last.
fn in_order(faults: Faults) -> Vec<Fault> {
    let Faults { mut told, untold } = faults;
    told.sort_by_key(|fault| (fault.file.clone(), fault.line(), fault.column()));
    if untold > 0
        && let Some(last) = told.last()
    {
        let message = format!("and {untold} more faults, which are told when these are mended");
        told.push(Fault::of_file(&last.file.clone(), "more", message));
    }
    told
}

/// A table that is being read: a file, where the table starts, and where faults go.
struct Table<'t, 'a> {
    leaf: &'t Leaf<'a>,
    span: Range<usize>,
}

impl<'t, 'a> Table<'t, 'a> {
    fn new(leaf: &'t Leaf<'a>, span: Range<usize>) -> Self {
        Self { leaf, span }
    }

    fn at<T>(&self, given: &Spanned<T>, code: &'static str, message: impl Into<String>) -> Fault {
        Fault::at(self.leaf.place(&given.span(), ""), code, message)
    }

    /// What was given for `key`, or a fault that shows how it is written.
    fn need<'g, T>(
        &self,
        given: Option<&'g Spanned<T>>,
        key: &str,
        example: &str,
        faults: &mut Faults,
    ) -> Option<&'g Spanned<T>> {
        if given.is_none() && !self.leaf.has_taken(&self.span, key) {
            let place = self.leaf.place(&self.span, "in this block");
            faults.push(
                Fault::at(place, "missing-key", format!("`{key}` is missing"))
                    .help(format!("write, for example: `{key} = {example}`")),
            );
        }
        given
    }

    /// An id: empty if it is missing or wrong.
    fn slug(
        &self,
        given: Option<&Spanned<String>>,
        example: &str,
        faults: &mut Faults,
    ) -> Option<String> {
        let given = self.need(given, "id", example, faults)?;
        self.as_slug(given, faults)
    }

    fn as_slug(&self, given: &Spanned<String>, faults: &mut Faults) -> Option<String> {
        let id = given.get_ref();
        if is_slug(id) {
            return Some(id.clone());
        }
        let fault = if let Some((what, meant)) = suggest::homoglyph(id) {
            self.at(given, "lookalike", format!("{what}, in the id `{id}`"))
                .help(format!("write `{meant}` in Latin letters"))
        } else if id.is_ascii() && id.len() > SLUG_MAX {
            let message =
                format!("the id has {} characters, at most {SLUG_MAX} fit a button", id.len());
            self.at(given, "bad-id", message).help("shorten it")
        } else {
            self.at(given, "bad-id", format!("`{id}` can't be an id")).help(format!(
                "an id has 1 to {SLUG_MAX} of the letters A-Z a-z, digits and hyphens"
            ))
        };
        faults.push(fault);
        None
    }

    /// A line of text within `max` characters.
    fn line(&self, given: &Spanned<String>, what: &str, max: usize, faults: &mut Faults) -> String {
        let text = given.get_ref().trim();
        let length = text.chars().count();
        if text.is_empty() {
            faults.push(self.at(given, "empty", format!("{what} is empty")).help("write a text"));
        } else if length > max {
            let message = format!("{what} has {length} characters, at most {max} are sent");
            faults.push(self.at(given, "too-long", message).help("shorten it"));
        } else if let Some(odd) = text.chars().find(|&letter| is_odd(letter)) {
            let code = u32::from(odd);
            let message = format!("{what} contains the invisible character U+{code:04X}");
            faults.push(
                self.at(given, "invisible", message).help("write it as one line of plain text"),
            );
        }
        text.to_owned()
    }

    /// A text in every language.
    fn texts(
        &self,
        given: Option<&Spanned<TextsSpec>>,
        key: &str,
        max: usize,
        faults: &mut Faults,
    ) -> Option<Texts> {
        let example = r#"{ ru = "…", uk = "…", en = "…" }"#;
        let given = self.need(given, key, example, faults)?;
        let inner = Table::new(self.leaf, given.span());
        let spec = given.get_ref();
        let texts = Texts::from_fn(|lang| {
            let (text, name) = match lang {
                Lang::Ru => (&spec.ru, "Russian"),
                Lang::Uk => (&spec.uk, "Ukrainian"),
                Lang::En => (&spec.en, "English"),
            };
            match text {
                Some(text) => inner.line(text, &format!("`{key}` in {name}"), max, faults),
                None if self.leaf.has_taken(&inner.span, lang.code()) => String::new(),
                None => {
                    let place = self.leaf.place(&inner.span, "");
                    let message = format!("`{key}` has no {name} text");
                    faults.push(
                        Fault::at(place, "missing-translation", message)
                            .help(format!("add `{lang} = \"…\"`")),
                    );
                    String::new()
                }
            }
        });
        Some(texts)
    }

    /// Other names that are understood when typed.
    fn aliases(&self, given: &[Spanned<String>], faults: &mut Faults) -> Vec<String> {
        given.iter().map(|alias| self.line(alias, "this alias", NAME_MAX, faults)).collect()
    }

    /// A duration within bounds.
    fn duration(
        &self,
        given: &Spanned<String>,
        key: &str,
        (least, most): (Duration, Duration),
        faults: &mut Faults,
    ) -> Option<Duration> {
        let text = given.get_ref();
        let Some(found) = duration(text) else {
            faults.push(self.at(given, "bad-duration", format!("`{text}` is no duration")).help(
                r#"write a number with its unit, "90s", "30m", "12h" or "7d", or several: "1h30m""#,
            ));
            return None;
        };
        if found < least || found > most {
            let message =
                format!("`{key}` has to lie between {} and {}", spoken(least), spoken(most));
            faults.push(self.at(given, "out-of-range", message));
            return None;
        }
        Some(found)
    }
}

/// Characters that nobody sees or that turn the text around; a soft hyphen or a joiner is no harm.
fn is_odd(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Reads `90s`, `30m`, `12h`, `7d`, `1h30m`.
fn duration(text: &str) -> Option<Duration> {
    let (mut total, mut rest) = (0_u64, text.trim());
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest.get(..digits)?.parse().ok()?;
        let unit = rest.get(digits..)?.chars().next()?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(seconds)?)?;
        rest = rest.get(digits + 1..)?.trim_start();
    }
    Some(Duration::from_secs(total))
}

fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    for (size, unit) in [(86_400, 'd'), (3_600, 'h'), (60, 'm')] {
        if seconds >= size && seconds.is_multiple_of(size) {
            return format!("{}{unit}", seconds / size);
        }
    }
    format!("{seconds}s")
}

const fn lang(spec: LangSpec) -> Lang {
    match spec {
        LangSpec::Ru => Lang::Ru,
        LangSpec::Uk => Lang::Uk,
        LangSpec::En => Lang::En,
    }
}

/// Ids that are in use, whatever their case, and where they were first written.
#[derive(Debug)]
struct Names<'t, 'a> {
    known: BTreeMap<String, (&'t Leaf<'a>, Spanned<String>, usize)>,
}

impl<'t, 'a> Names<'t, 'a> {
    const fn new() -> Self {
        Self { known: BTreeMap::new() }
    }

    /// Keeps a name for the thing number `index`, or says that it is taken.
    fn claim(
        &mut self,
        leaf: &'t Leaf<'a>,
        name: &Spanned<String>,
        (what, index): (&str, usize),
        faults: &mut Faults,
    ) -> bool {
        let key = name.get_ref().to_lowercase();
        if let Some((before, first, _)) = self.known.get(&key) {
            let fault = Fault::at(
                leaf.place(&name.span(), "here again"),
                "twice",
                format!("the {what} `{}` is used twice", name.get_ref()),
            )
            .and([before.place(&first.span(), "first here")]);
            faults.push(fault.help("give one of them another; capitals make no difference"));
            return false;
        }
        self.known.insert(key, (leaf, name.clone(), index));
        true
    }

    /// The number of what is called so, in these very letters.
    fn index(&self, name: &str) -> Option<usize> {
        let (_, known, index) = self.known.get(&name.to_lowercase())?;
        (known.get_ref() == name).then_some(*index)
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        self.known.values().map(|(_, name, _)| name.get_ref().as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        assert_eq!(duration("90s"), Some(Duration::from_secs(90)));
        assert_eq!(duration("1h 30m"), Some(Duration::from_mins(90)));
        assert_eq!(duration("7d"), Some(Duration::from_hours(168)));
        for wrong in [
            "",
            "12",
            "h",
            "-1h",
            "1.5h",
            "12 часов",
            "99999999999999999999d",
            "9999999999999999999d",
        ] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
        assert_eq!(spoken(Duration::from_hours(720)), "30d");
    }
}
