//! PURE. The places of a history as a forest of regions.
//!
//! An oblast is a region, a raion a district of it, a hromada a place in that, or in the oblast
//! itself where the file names no raion. An id is the place's number in the history.

use crate::domain::{
    ids::RegionId,
    lang::Texts,
    region::{Forest, ForestFault, Region},
};

use super::history::Place;

/// A forest, and which place of the history each region is.
#[derive(Clone, Debug)]
pub(super) struct Grove {
    pub(super) forest: Forest,
    /// The region of each place.
    pub(super) ids: Vec<RegionId>,
    /// For each place, which tree it stands in, from 0.
    pub(super) tree_of: Vec<usize>,
    /// The places of each tree, its root first.
    pub(super) trees: Vec<Vec<usize>>,
}

/// Plants the forest of these places, which are in their order and hold what contains them.
///
/// # Errors
///
/// If they don't.
pub(super) fn plant(places: &[Place]) -> Result<Grove, Vec<ForestFault>> {
    let ids: Vec<RegionId> =
        (0..places.len()).map(|n| RegionId::new(&format!("place-{n}"))).collect();
    let mut trees: Vec<Vec<usize>> = Vec::new();
    let mut tree_of = Vec::with_capacity(places.len());
    let mut regions = Vec::with_capacity(places.len());
    for (n, place) in places.iter().enumerate() {
        let containers = place.containers();
        if containers.is_empty() {
            trees.push(Vec::new());
        }
        let parent = containers.first().and_then(|above| places.binary_search(above).ok());
        tree_of.push(trees.len().saturating_sub(1));
        if let Some(tree) = trees.last_mut() {
            tree.push(n);
        }
        let name = place.name();
        regions.push(Region {
            id: ids[n].clone(),
            parent: parent.map(|parent| ids[parent].clone()),
            name: Texts::same(name),
            short_word: name.to_uppercase(),
            aliases: Vec::new(),
            source: Texts::same(&place.oblast),
            zone: chrono_tz::Europe::Kyiv,
        });
    }
    Ok(Grove { forest: Forest::plant(regions)?, ids, tree_of, trees })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::replay::history;

    #[test]
    fn places_lie_in_what_contains_them() {
        let text = "oblast,raion,hromada,level,started_at,finished_at\n\
                    B,,,oblast,2022-03-15 16:00:00,\n\
                    A,R,H,hromada,2022-03-15 16:00:00,\n\
                    A,,K,hromada,2022-03-15 16:00:00,\n\
                    A,Q,H,hromada,2022-03-15 16:00:00,\n";
        let places = history::read(text.as_bytes()).unwrap().places;
        let grove = plant(&places).unwrap();
        let path = |n: usize| {
            let above = grove.forest.ancestors(&grove.ids[n]);
            let names = above.map(|id| grove.forest.name(id, crate::domain::lang::Lang::En));
            names.collect::<Vec<_>>().join(" ")
        };
        let all: Vec<(&str, String)> =
            places.iter().enumerate().map(|(n, place)| (place.name(), path(n))).collect();
        let all: Vec<(&str, &str)> = all.iter().map(|(name, path)| (*name, &**path)).collect();
        assert_eq!(
            all,
            [("A", ""), ("K", "A"), ("Q", "A"), ("H", "Q A"), ("R", "A"), ("H", "R A"), ("B", "")]
        );
        assert_eq!(grove.trees, [vec![0, 1, 2, 3, 4, 5], vec![6]]);
        assert_eq!(grove.tree_of, [0, 0, 0, 0, 0, 0, 1]);
    }
}
