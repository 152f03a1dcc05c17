//! `regions/*.toml`.
//!
//! Whoever lies in a region takes its zone, its source and its short word, unless it has its own.

use std::{collections::BTreeMap, ops::Range};

use chrono_tz::{TZ_VARIANTS, Tz};
use toml::Spanned;

use super::{NAME_MAX, Names, Table};
use crate::config::{
    fault::{Fault, Place},
    shape::{Faults, Leaf, Page},
    spec::{RegionFile, RegionSpec},
    suggest,
};
use crate::domain::{
    ids::RegionId,
    lang::Texts,
    region::{Forest, Region},
};

/// How deep regions may lie in one another: country, region, district, community, town, quarter.
const DEPTH_MAX: usize = 6;

/// Length of a short word, in characters: long enough not to be typed by chance, short enough to be
/// typed in the dark.
const SHORT_WORD: std::ops::RangeInclusive<usize> = 3..=20;

/// What the bot takes for a command or an answer, in the languages it speaks.
const COMMANDS: &[&str] = &[
    "add",
    "alert",
    "alerts",
    "approve",
    "cancel",
    "clear",
    "confirm",
    "decline",
    "drill",
    "end",
    "guidance",
    "handover",
    "help",
    "language",
    "off",
    "play",
    "raise",
    "regions",
    "report",
    "settings",
    "start",
    "status",
    "stop",
    "update",
    "verify",
    "why",
    "withdraw",
    "yes",
    "да",
    "нет",
    "отмена",
    "подтвердить",
    "помощь",
    "старт",
    "стоп",
    "статус",
    "так",
    "ні",
    "скасувати",
    "допомога",
];

/// The regions as far as they are understood.
pub(super) struct Regions<'t, 'a> {
    pub(super) all: Vec<Known<'t, 'a>>,
    names: Names<'t, 'a>,
    /// Whether every region has been read, with an id.
    whole: bool,
}

/// A region and where it was written.
pub(super) struct Known<'t, 'a> {
    pub(super) leaf: &'t Leaf<'a>,
    pub(super) span: Range<usize>,
    spec: &'t RegionSpec,
    /// The number of what contains it.
    pub(super) parent: Option<usize>,
    pub(super) region: Option<Region>,
}

pub(super) fn check<'t, 'a>(
    pages: &'t [Page<'a, RegionFile>],
    whole: bool,
    faults: &mut Faults,
) -> Regions<'t, 'a> {
    let mut regions = Regions { all: Vec::new(), names: Names::new(), whole };
    for page in pages {
        let Some(spec) = &page.spec else { continue };
        if let Some(region) = &spec.region {
            regions.gather(&page.leaf, region, None, faults);
        } else {
            regions.whole = false;
            if page.leaf.has_taken(&(0..0), "region") {
                continue;
            }
            let message = "there is no region in this file";
            faults.push(Fault::of_file(&page.leaf.source.path, "empty-file", message).help(
                "add a block `[region]` with `id`, `name`, `short_word`, `source` and `zone`",
            ));
        }
    }
    regions.name(faults);
    regions.adopt(faults);
    regions.build(faults);
    regions.tell_apart(faults);
    regions
}

impl<'t, 'a> Regions<'t, 'a> {
    /// Takes a region with all that lies in it.
    fn gather(
        &mut self,
        leaf: &'t Leaf<'a>,
        given: &'t Spanned<RegionSpec>,
        parent: Option<usize>,
        faults: &mut Faults,
    ) {
        let spec = given.get_ref();
        let index = self.all.len();
        self.all.push(Known { leaf, span: given.span(), spec, parent, region: None });
        if parent.is_some()
            && let Some(own) = &spec.parent
        {
            let message = "what lies in a block of another region has no `parent` of its own";
            faults.push(
                Fault::at(leaf.place(&own.span(), ""), "parent", message)
                    .help("take this line out"),
            );
        }
        for inner in spec.districts.iter().chain(&spec.places) {
            self.gather(leaf, inner, Some(index), faults);
        }
    }

    fn name(&mut self, faults: &mut Faults) {
        for (index, known) in self.all.iter_mut().enumerate() {
            let table = Table::new(known.leaf, known.span.clone());
            let id = table.slug(known.spec.id.as_ref(), "\"RU-SMO\"", faults);
            let (Some(id), Some(given)) = (id, &known.spec.id) else {
                self.whole = false;
                continue;
            };
            if self.names.claim(known.leaf, given, ("region id", index), faults) {
                known.region = Some(Region {
                    id: RegionId::new(&id),
                    parent: None,
                    name: Texts::default(),
                    short_word: String::new(),
                    aliases: Vec::new(),
                    source: Texts::default(),
                    zone: Tz::UTC,
                });
            }
        }
    }

    /// Finds the parents that are named across files.
    fn adopt(&mut self, faults: &mut Faults) {
        for index in 0..self.all.len() {
            let Some(known) = self.all.get(index) else { continue };
            let (None, Some(given)) = (known.parent, &known.spec.parent) else { continue };
            let leaf = known.leaf;
            let Some(parent) = self.find(leaf, given, faults) else { continue };
            if self.above(parent).any(|above| above == index) {
                let id = given.get_ref();
                let message = format!("the region lies in itself, by way of `{id}`");
                faults.push(
                    Fault::at(leaf.place(&given.span(), "lies in"), "circle", message)
                        .and(self.declared(parent, "which lies in the first"))
                        .help(
                            "one of the regions on the way lies in something else, or in nothing",
                        ),
                );
            } else if let Some(known) = self.all.get_mut(index) {
                known.parent = Some(parent);
            }
        }
        for index in 0..self.all.len() {
            if self.above(index).count() == DEPTH_MAX + 1
                && let Some(known) = self.all.get(index)
            {
                let message = format!("regions lie in one another {DEPTH_MAX} deep at most");
                faults.push(Fault::at(known.leaf.place(&known.span, ""), "too-deep", message));
            }
        }
    }

    /// The region and what contains it, nearest first.
    pub(super) fn above(&self, index: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(index), |&at| self.all.get(at)?.parent)
    }

    /// The number of a region that is named somewhere.
    pub(super) fn find(
        &self,
        leaf: &Leaf<'_>,
        given: &Spanned<String>,
        faults: &mut Faults,
    ) -> Option<usize> {
        let found = self.names.index(given.get_ref());
        if found.is_none() && self.whole {
            let message = format!("there is no region `{}`", given.get_ref());
            faults.push(
                Fault::at(leaf.place(&given.span(), ""), "unknown-region", message)
                    .help(suggest::instead(given.get_ref(), self.names.iter())),
            );
        }
        found
    }

    /// Where a region is declared.
    fn declared(&self, index: usize, label: &str) -> Vec<Place> {
        let known = self.all.get(index);
        known.map(|known| known.leaf.place(&known.span, label)).into_iter().collect()
    }

    /// What the nearest region upward says.
    fn inherited<T>(
        &self,
        index: usize,
        of: impl Fn(&'t RegionSpec) -> Option<&'t Spanned<T>>,
    ) -> Option<&'t T> {
        let mut above = self.above(index).filter_map(|above| self.all.get(above));
        above.find_map(|known| of(known.spec)).map(Spanned::get_ref)
    }

    fn build(&mut self, faults: &mut Faults) {
        let mut zones = BTreeMap::new();
        for index in 0..self.all.len() {
            let Some(known) = self.all.get(index) else { continue };
            let table = Table::new(known.leaf, known.span.clone());
            let name = table.texts(known.spec.name.as_ref(), "name", NAME_MAX, faults);
            let aliases = table.aliases(&known.spec.aliases, faults);
            if let Some(own) = &known.spec.short_word {
                short_word(&table, own, faults);
            }
            if let Some(own) = &known.spec.zone {
                zones.insert(index, zone(&table, own, faults));
            }
            let own = known.spec.source.as_ref();
            let source = own
                .and_then(|_| table.texts(known.spec.source.as_ref(), "source", NAME_MAX, faults));
            let root = known.parent.is_none();
            if root && known.spec.parent.is_none() {
                self.complete(index, &table, faults);
            }
            let above = known.parent.and_then(|parent| self.all.get(parent));
            let above = above.and_then(|above| above.region.clone());
            let word = self.inherited(index, |spec| spec.short_word.as_ref());
            let word = word.map(|word| word.trim().to_owned());
            let parent = above.as_ref().map(|above| above.id.clone());
            let source = source.or_else(|| self.source(index));
            let zone = self.above(index).find_map(|above| self.zone(above, &zones));
            if let Some(region) = self.all.get_mut(index).and_then(|known| known.region.as_mut()) {
                region.parent = parent;
                region.name = name.unwrap_or_default();
                region.short_word = word.unwrap_or_default();
                region.aliases = aliases;
                region.source = source.unwrap_or_default();
                region.zone = zone.unwrap_or(Tz::UTC);
            }
        }
    }

    fn zone(&self, index: usize, judged: &BTreeMap<usize, Option<Tz>>) -> Option<Tz> {
        let own = || self.all.get(index)?.spec.zone.as_ref()?.get_ref().parse().ok();
        judged.get(&index).copied().flatten().or_else(own)
    }

    fn source(&self, index: usize) -> Option<Texts> {
        let spec = self.inherited(index, |spec| spec.source.as_ref())?;
        let texts = [&spec.ru, &spec.uk, &spec.en].map(|text| {
            let text = text.as_ref().map(|text| text.get_ref().trim().to_owned());
            text.unwrap_or_default()
        });
        let [ru, uk, en] = texts;
        Some(Texts { ru, uk, en })
    }

    /// What lies in nothing inherits nothing.
    fn complete(&self, index: usize, table: &Table<'_, '_>, faults: &mut Faults) {
        let Some(known) = self.all.get(index) else { return };
        let spec = known.spec;
        table.need(spec.short_word.as_ref(), "short_word", "\"СМОЛЕНСК\"", faults);
        table.need(spec.source.as_ref(), "source", r#"{ ru = "…", uk = "…", en = "…" }"#, faults);
        table.need(spec.zone.as_ref(), "zone", "\"Europe/Moscow\"", faults);
    }

    /// Siblings with one short word are released by one another's; an alias of two regions names neither.
    fn tell_apart(&self, faults: &mut Faults) {
        let mut aliases = Names::new();
        for (index, known) in self.all.iter().enumerate() {
            for alias in &known.spec.aliases {
                aliases.claim(known.leaf, alias, ("alias", index), faults);
            }
        }
        let mut families: BTreeMap<Option<usize>, Names<'t, 'a>> = BTreeMap::new();
        for (index, known) in self.all.iter().enumerate() {
            let Some(word) = &known.spec.short_word else { continue };
            let family = families.entry(known.parent).or_insert_with(Names::new);
            family.claim(known.leaf, word, ("short word", index), faults);
        }
    }

    /// The forest; what is wrong with it has been told, or is told now.
    pub(super) fn grow(&self, faults: &mut Faults) -> Option<Forest> {
        let regions = self.all.iter().filter_map(|known| known.region.clone()).collect();
        let whole = self.whole;
        match Forest::plant(regions) {
            Ok(forest) => Some(forest),
            Err(_) if !whole || faults.has_errors() => None,
            Err(wrong) => {
                let file = self.all.first().map(|known| known.leaf.source.path.clone());
                for fault in wrong {
                    let file = file.clone().unwrap_or_default();
                    faults.push(Fault::of_file(&file, "forest", fault.to_string()));
                }
                None
            }
        }
    }
}

fn short_word(table: &Table<'_, '_>, given: &Spanned<String>, faults: &mut Faults) {
    let word = given.get_ref().trim();
    let length = word.chars().count();
    let is_word = word.chars().all(|letter| letter.is_alphanumeric() || letter == '-');
    let fault = if !is_word || !word.chars().any(char::is_alphabetic) {
        Some(format!("`{word}` is not one word"))
    } else if !SHORT_WORD.contains(&length) {
        Some(format!(
            "the short word has {length} characters; {} to {} are wanted, so that nobody types it by chance",
            SHORT_WORD.start(),
            SHORT_WORD.end()
        ))
    } else if COMMANDS.contains(&word.to_lowercase().as_str()) {
        Some(format!("`{word}` is a command, and would be typed by chance"))
    } else {
        None
    };
    if let Some(message) = fault {
        faults.push(
            table
                .at(given, "short-word", message)
                .help("write one word that means this place and nothing else: \"СМОЛЕНСК\""),
        );
    }
}

fn zone(table: &Table<'_, '_>, given: &Spanned<String>, faults: &mut Faults) -> Option<Tz> {
    let name = given.get_ref();
    let found = name.parse().ok();
    if found.is_none() {
        let near = suggest::nearest(name, TZ_VARIANTS.iter().map(|zone| zone.name()));
        let fault = table.at(given, "unknown-zone", format!("there is no time zone `{name}`"));
        faults.push(fault.help(near.map_or_else(
            || "write a name of the IANA time zone database: \"Europe/Moscow\"".to_owned(),
            |near| format!("did you mean `{near}`?"),
        )));
    }
    found
}
