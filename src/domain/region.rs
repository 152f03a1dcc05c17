//! The forest of regions: countries' parts, their districts, and places in those.
//!
//! Invariants of a [`Forest`]: every parent exists, nothing is its own ancestor, ids are unique. It
//! is built whole or not at all.
//!
//! Deliberately absent: outlines, which come with the map.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use super::{
    ids::RegionId,
    lang::{Lang, Texts},
};

/// A region as the configuration declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Stable, never reused.
    pub id: RegionId,
    /// The region that contains it.
    pub parent: Option<RegionId>,
    /// Its name, as it stands alone: "Смоленская область".
    pub name: Texts,
    /// The word an official types to release a live alert for it.
    pub short_word: String,
    /// Other ways people call it; understood when typed.
    pub aliases: Vec<String>,
    /// Who speaks for it: "Government of Smolensk region".
    pub source: Texts,
    /// The zone its times are shown in.
    pub zone: Tz,
}

/// Why regions do not make a forest. Every fault names the region at fault.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum ForestFault {
    /// Two regions with one id.
    #[error("region `{0}` is declared twice")]
    Twice(RegionId),
    /// The parent is not declared.
    #[error("region `{0}` lies in `{1}`, which is not declared")]
    Orphan(RegionId, RegionId),
    /// A region that is its own ancestor.
    #[error("region `{0}` lies in itself, by way of its parents")]
    Circle(RegionId),
}

/// Every region, with who lies in whom.
#[derive(Clone, Debug, Default)]
pub struct Forest {
    regions: BTreeMap<RegionId, Region>,
    children: BTreeMap<RegionId, Vec<RegionId>>,
    roots: Vec<RegionId>,
}

impl Forest {
    /// Plants the forest. Siblings keep the order they are given in.
    ///
    /// # Errors
    ///
    /// All faults at once.
    pub fn plant(given: Vec<Region>) -> Result<Self, Vec<ForestFault>> {
        let mut forest = Self::default();
        let mut faults = BTreeSet::new();
        let order: Vec<RegionId> = given.iter().map(|region| region.id.clone()).collect();
        for region in given {
            if let Some(before) = forest.regions.insert(region.id.clone(), region) {
                faults.insert(ForestFault::Twice(before.id));
            }
        }
        for id in order {
            match forest.regions.get(&id).and_then(|region| region.parent.clone()) {
                None => forest.roots.push(id),
                Some(parent) if !forest.regions.contains_key(&parent) => {
                    faults.insert(ForestFault::Orphan(id, parent));
                }
                Some(parent) => forest.children.entry(parent).or_default().push(id),
            }
        }
        for id in forest.regions.keys() {
            if forest.climbs_in_a_circle(id) {
                faults.insert(ForestFault::Circle(id.clone()));
            }
        }
        if faults.is_empty() { Ok(forest) } else { Err(faults.into_iter().collect()) }
    }

    fn climbs_in_a_circle(&self, id: &RegionId) -> bool {
        let mut seen = BTreeSet::new();
        let mut at = id;
        while let Some(parent) = self.regions.get(at).and_then(|region| region.parent.as_ref()) {
            if parent == id {
                return true;
            }
            if !seen.insert(parent) {
                return false;
            }
            at = parent;
        }
        false
    }

    /// The region with this id.
    #[must_use]
    pub fn get(&self, id: &RegionId) -> Option<&Region> {
        self.regions.get(id)
    }

    /// The region's name, or its id where the configuration has lost it.
    #[must_use]
    pub fn name<'a>(&'a self, id: &'a RegionId, lang: Lang) -> &'a str {
        self.regions.get(id).map_or(id.as_str(), |region| region.name.get(lang))
    }

    /// Every region, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Region> {
        self.regions.values()
    }

    /// How many regions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.regions.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.regions.is_empty()
    }

    /// Those that lie in no other.
    #[must_use]
    pub fn roots(&self) -> &[RegionId] {
        &self.roots
    }

    /// Those directly in `id`.
    #[must_use]
    pub fn children(&self, id: &RegionId) -> &[RegionId] {
        self.children.get(id).map_or(&[], Vec::as_slice)
    }

    /// What contains `id`, nearest first, without itself.
    pub fn ancestors<'a>(&'a self, id: &'a RegionId) -> impl Iterator<Item = &'a RegionId> {
        let mut at = id;
        std::iter::from_fn(move || {
            at = self.regions.get(at)?.parent.as_ref()?;
            Some(at)
        })
    }

    /// Whether `inner` is `outer` or lies in it.
    #[must_use]
    pub fn lies_in(&self, inner: &RegionId, outer: &RegionId) -> bool {
        inner == outer || self.ancestors(inner).any(|above| above == outer)
    }

    /// `id` and all that lies in it, parents before children.
    #[must_use]
    pub fn subtree(&self, id: &RegionId) -> Vec<RegionId> {
        let mut found = Vec::new();
        let mut left = vec![id.clone()];
        while let Some(next) = left.pop() {
            left.extend(self.children(&next).iter().rev().cloned());
            found.push(next);
        }
        found
    }
}

/// Where an alert holds: its regions with all that lies in them, less the subtrees it has ended for.
///
/// An area without a region can't be made, and an ended subtree that swallows a region is folded
/// away, so that [`Area::regions`] are always places where the alert does hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    regions: BTreeSet<RegionId>,
    without: BTreeSet<RegionId>,
}

impl Area {
    /// The area of these regions; `None` if there is none.
    #[must_use]
    pub fn of(regions: impl IntoIterator<Item = RegionId>) -> Option<Self> {
        let regions: BTreeSet<_> = regions.into_iter().collect();
        (!regions.is_empty()).then_some(Self { regions, without: BTreeSet::new() })
    }

    /// An area as it was recorded.
    #[must_use]
    pub fn recorded(
        regions: impl IntoIterator<Item = RegionId>,
        without: impl IntoIterator<Item = RegionId>,
    ) -> Option<Self> {
        Some(Self { without: without.into_iter().collect(), ..Self::of(regions)? })
    }

    /// Takes the subtree of `ended` out; `None` if nothing remains.
    #[must_use]
    pub fn less(&self, ended: &RegionId, forest: &Forest) -> Option<Self> {
        let regions: BTreeSet<_> =
            self.regions.iter().filter(|region| !forest.lies_in(region, ended)).cloned().collect();
        let mut without = self.without.clone();
        if regions.iter().any(|region| forest.lies_in(ended, region)) {
            without.retain(|earlier| !forest.lies_in(earlier, ended));
            without.insert(ended.clone());
        }
        // A region all of whose districts have ended one by one has ended.
        let remaining = regions
            .into_iter()
            .filter(|region| {
                let tree = forest.subtree(region);
                let leaves = tree.iter().filter(|place| forest.children(place).is_empty());
                let mut holds =
                    leaves.filter(|leaf| !without.iter().any(|ended| forest.lies_in(leaf, ended)));
                holds.next().is_some()
            })
            .collect::<BTreeSet<_>>();
        (!remaining.is_empty()).then_some(Self { regions: remaining, without })
    }

    /// The regions, without the exceptions.
    pub fn regions(&self) -> impl Iterator<Item = &RegionId> {
        self.regions.iter()
    }

    /// The subtrees in which the alert has ended.
    pub fn without(&self) -> impl Iterator<Item = &RegionId> {
        self.without.iter()
    }

    /// What the alert is to somebody at `place`.
    #[must_use]
    pub fn coverage(&self, place: &RegionId, forest: &Forest) -> Coverage {
        let ended = self.without.iter().any(|ended| forest.lies_in(place, ended));
        if !ended && self.regions.iter().any(|region| forest.lies_in(place, region)) {
            return Coverage::Direct;
        }
        let inside = |region: &RegionId| region != place && forest.lies_in(region, place);
        if !ended && self.regions.iter().any(inside) { Coverage::Within } else { Coverage::None }
    }

    /// Whether the whole of `place` is in danger: directly, and it has ended in no part of it.
    #[must_use]
    pub fn covers(&self, place: &RegionId, forest: &Forest) -> bool {
        self.coverage(place, forest) == Coverage::Direct
            && !self.without.iter().any(|ended| forest.lies_in(ended, place))
    }

    /// Whether all of `self` lies in the subtrees of `mandated`.
    #[must_use]
    pub fn lies_within(&self, mandated: &BTreeSet<RegionId>, forest: &Forest) -> bool {
        self.regions
            .iter()
            .all(|region| mandated.iter().any(|granted| forest.lies_in(region, granted)))
    }
}

/// What an alert is to a place: the finite classes that texts depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Coverage {
    /// The place itself is in danger.
    Direct,
    /// A part of the place is in danger.
    Within,
    /// It does not concern the place.
    None,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// `oblast` with `east` and `west`, `west` with `town`; and `island` apart.
    pub(crate) fn forest() -> Forest {
        let region = |id: &str, parent: Option<&str>| Region {
            id: RegionId::new(id),
            parent: parent.map(RegionId::new),
            name: Texts::same(id),
            short_word: id.to_uppercase(),
            aliases: Vec::new(),
            source: Texts::same("duty desk"),
            zone: chrono_tz::Europe::Moscow,
        };
        Forest::plant(vec![
            region("oblast", None),
            region("east", Some("oblast")),
            region("west", Some("oblast")),
            region("town", Some("west")),
            region("island", None),
        ])
        .unwrap()
    }

    fn id(text: &str) -> RegionId {
        RegionId::new(text)
    }

    #[test]
    fn a_place_hears_itself_what_contains_it_and_what_it_contains() {
        let forest = forest();
        let area = Area::of([id("west")]).unwrap();
        assert_eq!(area.coverage(&id("west"), &forest), Coverage::Direct);
        assert_eq!(area.coverage(&id("town"), &forest), Coverage::Direct);
        assert_eq!(area.coverage(&id("oblast"), &forest), Coverage::Within);
        assert_eq!(area.coverage(&id("east"), &forest), Coverage::None);
        assert_eq!(area.coverage(&id("island"), &forest), Coverage::None);
    }

    #[test]
    fn an_area_that_ended_in_a_part_holds_in_the_rest() {
        let forest = forest();
        let area = Area::of([id("oblast")]).unwrap().less(&id("west"), &forest).unwrap();
        assert_eq!(area.coverage(&id("town"), &forest), Coverage::None);
        assert_eq!(area.coverage(&id("east"), &forest), Coverage::Direct);
        assert_eq!(area.coverage(&id("oblast"), &forest), Coverage::Direct);
        assert_eq!(area.less(&id("east"), &forest), None, "district by district, all has ended");
    }

    #[test]
    fn an_area_ended_above_has_nothing_left() {
        let forest = forest();
        let area = Area::of([id("west"), id("island")]).unwrap();
        let left = area.less(&id("oblast"), &forest).unwrap();
        assert_eq!(left, Area::of([id("island")]).unwrap());
        assert_eq!(left.less(&id("island"), &forest), None);
    }

    #[test]
    fn all_faults_of_a_forest_are_told_at_once() {
        let mut regions: Vec<Region> = forest().iter().cloned().collect();
        regions.push(Region { id: id("lost"), parent: Some(id("nowhere")), ..regions[0].clone() });
        regions.push(Region { id: id("a"), parent: Some(id("b")), ..regions[0].clone() });
        regions.push(Region { id: id("b"), parent: Some(id("a")), ..regions[0].clone() });
        regions.push(regions[0].clone());
        let faults = Forest::plant(regions).unwrap_err();
        assert_eq!(faults.len(), 4, "{faults:?}");
    }
}
