//! `hazards/*.toml`.

use std::{ops::Range, time::Duration};

use toml::Spanned;

use super::{NAME_MAX, Names, TEXT_MAX, Table};
use crate::config::{
    fault::Fault,
    shape::{Faults, Leaf, Page},
    spec::{
        CertaintySpec, HazardFile, LevelSpec, SeveritySpec, TextsSpec, UpdatesSpec, UrgencySpec,
    },
    suggest,
};
use crate::domain::{
    hazard::{Catalogue, Certainty, Hazard, Level, Severity, Updates, Urgency},
    ids::{HazardId, LevelId},
    lang::{Lang, Texts},
};

/// Bounds of the longest announced time: below, nothing can be announced; above, nobody remembers.
const LONGEST: (Duration, Duration) = (Duration::from_mins(5), Duration::from_hours(30 * 24));

/// What a lock screen shows, in characters.
const LOCK_SCREEN: usize = 100;

/// What people read of a warning, in characters.
const MESSAGE: usize = 360;

/// The most levels: buttons in one row.
const LEVELS_MAX: usize = 8;

/// The hazards as far as they are understood.
pub(super) struct Hazards<'t, 'a> {
    pub(super) all: Vec<Hazard>,
    names: Names<'t, 'a>,
    approvals: Vec<(HazardId, &'t Leaf<'a>, Range<usize>)>,
    /// Whether every hazard has been read, with an id.
    whole: bool,
}

pub(super) fn check<'t, 'a>(
    pages: &'t [Page<'a, HazardFile>],
    whole: bool,
    faults: &mut Faults,
) -> Hazards<'t, 'a> {
    let mut hazards =
        Hazards { all: Vec::new(), names: Names::new(), approvals: Vec::new(), whole };
    let mut aliases = Names::new();
    for (index, page) in pages.iter().enumerate() {
        if let Some(spec) = &page.spec {
            hazards.take(index, &page.leaf, spec, faults);
            for alias in spec.hazard.iter().flat_map(|hazard| &hazard.get_ref().aliases) {
                aliases.claim(&page.leaf, alias, ("alias", index), faults);
            }
        }
    }
    hazards
}

impl<'t, 'a> Hazards<'t, 'a> {
    fn take(
        &mut self,
        index: usize,
        leaf: &'t Leaf<'a>,
        file: &'t HazardFile,
        faults: &mut Faults,
    ) {
        let Some(given) = &file.hazard else {
            if !leaf.has_taken(&(0..0), "hazard") {
                let message = "there is no hazard in this file";
                faults.push(
                    Fault::of_file(&leaf.source.path, "empty-file", message)
                        .help("add a block `[hazard]` with `id`, `name`, `after` and `longest`, and blocks `[[levels]]`"),
                );
            }
            self.whole = false;
            return;
        };
        let table = Table::new(leaf, given.span());
        let spec = given.get_ref();
        let id = table.slug(spec.id.as_ref(), "\"fire\"", faults);
        let name = table.texts(spec.name.as_ref(), "name", NAME_MAX, faults);
        let aliases = table.aliases(&spec.aliases, faults);
        let after = table.texts(spec.after.as_ref(), "after", TEXT_MAX, faults);
        let longest = table.need(spec.longest.as_ref(), "longest", "\"12h\"", faults);
        let longest =
            longest.and_then(|longest| table.duration(longest, "longest", LONGEST, faults));
        let open_ended = spec.open_ended.as_ref().is_some_and(|open| *open.get_ref());
        let levels = levels(&table, &file.levels, faults);
        let (Some(id), Some(given)) = (id, &spec.id) else {
            self.whole = false;
            return;
        };
        if !self.names.claim(leaf, given, ("hazard id", index), faults) {
            return;
        }
        let id = HazardId::new(&id);
        for level in &file.levels {
            if let Some(approvals) = &level.get_ref().approvals
                && *approvals.get_ref() > 0
            {
                self.approvals.push((id.clone(), leaf, approvals.span()));
            }
        }
        self.all.extend(Hazard::new(
            id,
            name.unwrap_or_default(),
            aliases,
            after.unwrap_or_default(),
            (longest.unwrap_or(LONGEST.0), open_ended),
            levels,
        ));
    }

    /// The hazard that is named somewhere.
    pub(super) fn find(
        &self,
        leaf: &Leaf<'_>,
        given: &Spanned<String>,
        faults: &mut Faults,
    ) -> Option<HazardId> {
        let known = self.names.index(given.get_ref()).is_some();
        if !known && self.whole {
            let message = format!("there is no hazard `{}`", given.get_ref());
            faults.push(
                Fault::at(leaf.place(&given.span(), ""), "unknown-hazard", message)
                    .help(suggest::instead(given.get_ref(), self.names.iter())),
            );
        }
        known.then(|| HazardId::new(given.get_ref()))
    }

    /// The hazards with a level that somebody else has to approve, each with where that is said.
    pub(super) fn approved(&self) -> impl Iterator<Item = &(HazardId, &'t Leaf<'a>, Range<usize>)> {
        self.approvals.iter()
    }

    pub(super) fn catalogue(self) -> Catalogue {
        Catalogue::new(self.all)
    }
}

fn levels(hazard: &Table<'_, '_>, given: &[Spanned<LevelSpec>], faults: &mut Faults) -> Vec<Level> {
    let leaf = hazard.leaf;
    if given.is_empty() && !leaf.has_taken(&(0..0), "levels") {
        let place = leaf.place(&hazard.span, "");
        faults.push(
            Fault::at(place, "no-level", "the hazard has no level, so no alert can be raised")
                .help("add a block `[[levels]]` with `id`, `title`, `action` and `guidance`"),
        );
    }
    if let Some(extra) = given.get(LEVELS_MAX) {
        let message = format!("a hazard has {LEVELS_MAX} levels at most");
        faults.push(Fault::at(leaf.place(&extra.span(), ""), "too-many", message));
    }
    let mut names = Names::new();
    let mut levels = Vec::new();
    for (index, given) in given.iter().enumerate() {
        let table = Table::new(leaf, given.span());
        let spec = given.get_ref();
        let level = level(&table, spec, faults);
        let Some(id) = &spec.id else { continue };
        if names.claim(leaf, id, ("level id", index), faults) {
            levels.extend(level);
        }
    }
    levels
}

fn level(table: &Table<'_, '_>, spec: &LevelSpec, faults: &mut Faults) -> Option<Level> {
    let id = table.slug(spec.id.as_ref(), "\"threat\"", faults);
    let title = table.texts(spec.title.as_ref(), "title", TEXT_MAX, faults);
    let action = table.texts(spec.action.as_ref(), "action", TEXT_MAX, faults);
    let guidance = table.texts(spec.guidance.as_ref(), "guidance", TEXT_MAX, faults);
    let urgency = table.need(spec.urgency.as_ref(), "urgency", "\"immediate\"", faults);
    let severity = table.need(spec.severity.as_ref(), "severity", "\"severe\"", faults);
    let certainty = table.need(spec.certainty.as_ref(), "certainty", "\"likely\"", faults);
    let approvals = table.need(spec.approvals.as_ref(), "approvals", "0", faults);
    let approvals = approvals.and_then(|approvals| {
        let count = u8::try_from(*approvals.get_ref()).ok().filter(|count| *count <= 1);
        if count.is_none() {
            faults.push(
                table.at(approvals, "out-of-range", "`approvals` has to be 0 or 1").help(
                    "0: who raises confirms by typing the region's short word; 1: somebody else approves",
                ),
            );
        }
        count
    });
    let level = Level {
        id: LevelId::new(&id?),
        title: title?,
        action: action?,
        guidance: guidance?,
        urgency: urgency_of(*urgency?.get_ref()),
        severity: severity_of(*severity?.get_ref()),
        certainty: certainty_of(*certainty?.get_ref()),
        approvals: approvals?,
        silent: spec.silent,
        updates: match spec.updates {
            UpdatesSpec::Edit => Updates::Edit,
            UpdatesSpec::Silent => Updates::Silent,
            UpdatesSpec::None => Updates::None,
        },
        paid: spec.paid,
    };
    lengths(table, spec, &level, faults);
    Some(level)
}

/// Warns of texts that do not fit where they are read.
fn lengths(table: &Table<'_, '_>, spec: &LevelSpec, level: &Level, faults: &mut Faults) {
    let count = |texts: &Texts, lang: Lang| texts.get(lang).chars().count();
    for lang in Lang::ALL {
        let [title, action, guidance] =
            [&level.title, &level.action, &level.guidance].map(|texts| count(texts, lang));
        // `title. ` and the place stand before the action.
        if title + action + 2 > LOCK_SCREEN
            && let Some(given) = own(spec.action.as_ref(), lang)
        {
            let message = format!(
                "title and action have {} characters in `{lang}`; a lock screen shows {LOCK_SCREEN}, the place included",
                title + action + 2
            );
            faults.push(table.at(given, "long", message).help("shorten the action").warning());
        }
        if (MESSAGE..TEXT_MAX).contains(&(action + guidance))
            && let Some(given) = own(spec.guidance.as_ref(), lang)
        {
            let message = format!(
                "action and guidance have {} characters in `{lang}`; people read about {MESSAGE}",
                action + guidance + 1
            );
            faults.push(table.at(given, "long", message).help("shorten the guidance").warning());
        }
        if level.title.get(lang).ends_with(['.', '!'])
            && let Some(given) = own(spec.title.as_ref(), lang)
        {
            let message = "the title is followed by a full stop and the place";
            faults.push(
                table.at(given, "full-stop", message).help("end it without a stop").warning(),
            );
        }
    }
}

fn own(texts: Option<&Spanned<TextsSpec>>, lang: Lang) -> Option<&Spanned<String>> {
    let texts = texts?.get_ref();
    match lang {
        Lang::Ru => texts.ru.as_ref(),
        Lang::Uk => texts.uk.as_ref(),
        Lang::En => texts.en.as_ref(),
    }
}

const fn urgency_of(spec: UrgencySpec) -> Urgency {
    match spec {
        UrgencySpec::Immediate => Urgency::Immediate,
        UrgencySpec::Expected => Urgency::Expected,
        UrgencySpec::Future => Urgency::Future,
        UrgencySpec::Past => Urgency::Past,
        UrgencySpec::Unknown => Urgency::Unknown,
    }
}

const fn severity_of(spec: SeveritySpec) -> Severity {
    match spec {
        SeveritySpec::Extreme => Severity::Extreme,
        SeveritySpec::Severe => Severity::Severe,
        SeveritySpec::Moderate => Severity::Moderate,
        SeveritySpec::Minor => Severity::Minor,
        SeveritySpec::Unknown => Severity::Unknown,
    }
}

const fn certainty_of(spec: CertaintySpec) -> Certainty {
    match spec {
        CertaintySpec::Observed => Certainty::Observed,
        CertaintySpec::Likely => Certainty::Likely,
        CertaintySpec::Possible => Certainty::Possible,
        CertaintySpec::Unlikely => Certainty::Unlikely,
        CertaintySpec::Unknown => Certainty::Unknown,
    }
}
