//! Who may act where: regions that nobody may alert, and alerts that nobody could approve.

use std::collections::BTreeMap;

use super::{
    hazards::Hazards,
    operators::{Grant, Operators},
    regions::Regions,
};
use crate::config::{fault::Fault, shape::Faults};
use crate::domain::{
    ids::HazardId,
    operator::{Role, Scope},
};

pub(super) fn check(
    regions: &Regions<'_, '_>,
    hazards: &Hazards<'_, '_>,
    operators: &Operators<'_, '_>,
    faults: &mut Faults,
) {
    let mut by_region: BTreeMap<usize, Vec<&Grant<'_, '_>>> = BTreeMap::new();
    for grant in &operators.grants {
        by_region.entry(grant.region).or_default().push(grant);
    }
    let reach = Reach { regions, by_region };
    reach.silent_regions(faults);
    reach.unapproved(hazards, operators, faults);
}

struct Reach<'c, 't, 'a> {
    regions: &'c Regions<'t, 'a>,
    by_region: BTreeMap<usize, Vec<&'c Grant<'t, 'a>>>,
}

impl<'c, 't, 'a> Reach<'c, 't, 'a> {
    /// What is granted for a region, there or above.
    fn here(&self, region: usize) -> impl Iterator<Item = &'c Grant<'t, 'a>> {
        self.regions
            .above(region)
            .filter_map(|above| self.by_region.get(&above))
            .flat_map(|grants| grants.iter().copied())
    }

    /// Told of the outermost region only: what lies in it is silent with it.
    fn silent_regions(&self, faults: &mut Faults) {
        let silent = |region| !self.here(region).any(|grant| grant.roles.contains(&Role::Issuer));
        for (index, known) in self.regions.all.iter().enumerate() {
            if !silent(index) || known.parent.is_some_and(silent) {
                continue;
            }
            let id = known.region.as_ref().map(|region| region.id.to_string()).unwrap_or_default();
            let message = format!("nobody may raise an alert for the whole of `{id}`");
            faults.push(
                Fault::at(known.leaf.place(&known.span, ""), "silent-region", message)
                    .help("give somebody in operators.toml a mandate with the role `issuer` here")
                    .warning(),
            );
        }
    }

    /// For each region of an issuer's mandate: does somebody else approve what has to be approved?
    fn unapproved(
        &self,
        hazards: &Hazards<'_, '_>,
        operators: &Operators<'_, '_>,
        faults: &mut Faults,
    ) {
        for issuer in operators.grants.iter().filter(|grant| grant.roles.contains(&Role::Issuer)) {
            for (hazard, leaf, span) in hazards.approved() {
                let approved = || {
                    self.here(issuer.region).any(|grant| {
                        grant.roles.contains(&Role::Approver)
                            && grant.person != issuer.person
                            && covers(&grant.hazards, hazard)
                    })
                };
                if !covers(&issuer.hazards, hazard) || approved() {
                    continue;
                }
                let message =
                    format!("nobody could approve `{hazard}` here when this operator raises it");
                faults.push(
                    Fault::at(
                        issuer.leaf.place(&issuer.span, "raised here"),
                        "no-approver",
                        message,
                    )
                    .and([leaf.place(span, "needs somebody else")])
                    .help("give another person the role `approver` for this region and hazard")
                    .warning(),
                );
            }
        }
    }
}

fn covers(scope: &Scope, hazard: &HazardId) -> bool {
    match scope {
        Scope::Every => true,
        Scope::Only(hazards) => hazards.contains(hazard),
    }
}
