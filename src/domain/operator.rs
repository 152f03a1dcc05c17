//! Who may speak, where, and about what.
//!
//! [`Authorised`] is the proof that someone may do something. It is made in one place,
//! [`Roster::authorise`], and nowhere else: what takes it can't be called by a stranger.
//!
//! Deliberately absent: time-limited mandates, alternates and changes of power by command.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ids::{HazardId, RegionId, UserId},
    lang::Lang,
    region::{Area, Forest},
};

/// What an operator may do within a mandate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Raise, update, end and withdraw alerts.
    Issuer,
    /// Approve the alerts of others.
    Approver,
    /// Read reports, and nothing else: those who may do more read them too.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Issuer, Self::Approver, Self::Auditor];
}

/// Which hazards a mandate is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every hazard, those configured later included.
    Every,
    /// These.
    Only(BTreeSet<HazardId>),
}

/// A grant: roles, within regions and all that lies in them, for hazards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mandate {
    /// What may be done.
    pub roles: BTreeSet<Role>,
    /// Where, with all below.
    pub regions: BTreeSet<RegionId>,
    /// About what.
    pub hazards: Scope,
}

/// A person with a mandate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Telegram's number of the account.
    pub user: UserId,
    /// As shown to other officials and in the journal.
    pub name: String,
    /// Two accounts with one `person` are one person: the second can't approve the first.
    pub person: String,
    /// The language the bot speaks to them.
    pub lang: Lang,
    /// What they may do.
    pub mandates: Vec<Mandate>,
}

/// Everyone with a mandate.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    operators: BTreeMap<UserId, Operator>,
}

/// Why someone may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MandateRefusal {
    /// The account is not in the roster.
    Stranger,
    /// No mandate with this role.
    Role(Role),
    /// The area, or a part of it, is in no mandate with this role.
    Area(RegionId),
    /// The area is theirs, the hazard is not.
    Hazard(HazardId),
}

impl MandateRefusal {
    /// How far somebody came: the most exact thing that is missing.
    const fn rank(&self) -> u8 {
        match self {
            Self::Role(_) => 0,
            Self::Stranger => 1,
            Self::Area(_) => 2,
            Self::Hazard(_) => 3,
        }
    }
}

/// Proof that `who` may act as `role` on this hazard in all of this area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorised {
    operator: Operator,
    role: Role,
    hazard: HazardId,
    area: Area,
}

impl Authorised {
    /// Who it is.
    #[must_use]
    pub fn operator(&self) -> &Operator {
        &self.operator
    }

    /// What they may do.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// For which hazard.
    #[must_use]
    pub fn hazard(&self) -> &HazardId {
        &self.hazard
    }

    /// Where.
    #[must_use]
    pub fn area(&self) -> &Area {
        &self.area
    }
}

impl Roster {
    /// Takes the operators; of two with one account the later stays, which the configuration
    /// refuses first.
    #[must_use]
    pub fn new(operators: Vec<Operator>) -> Self {
        Self { operators: operators.into_iter().map(|one| (one.user, one)).collect() }
    }

    /// The operator with this account.
    #[must_use]
    pub fn get(&self, user: UserId) -> Option<&Operator> {
        self.operators.get(&user)
    }

    /// Every operator, by account.
    pub fn iter(&self) -> impl Iterator<Item = &Operator> {
        self.operators.values()
    }

    /// Whether `user` may act as `role` on `hazard` in all of `area`. Each region of the area has to
    /// be granted, not all by one mandate.
    ///
    /// # Errors
    ///
    /// What is missing.
    pub fn authorise(
        &self,
        user: UserId,
        role: Role,
        hazard: &HazardId,
        area: &Area,
        forest: &Forest,
    ) -> Result<Authorised, MandateRefusal> {
        let operator = self.operators.get(&user).ok_or(MandateRefusal::Stranger)?;
        let mandates: Vec<&Mandate> =
            operator.mandates.iter().filter(|mandate| mandate.roles.contains(&role)).collect();
        if mandates.is_empty() {
            return Err(MandateRefusal::Role(role));
        }
        for region in area.regions() {
            let here: Vec<_> = mandates
                .iter()
                .filter(|mandate| mandate.regions.iter().any(|own| forest.lies_in(region, own)))
                .collect();
            if here.is_empty() {
                return Err(MandateRefusal::Area(region.clone()));
            }
            let covers = |mandate: &Mandate| match &mandate.hazards {
                Scope::Every => true,
                Scope::Only(hazards) => hazards.contains(hazard),
            };
            if !here.iter().any(|mandate| covers(mandate)) {
                return Err(MandateRefusal::Hazard(hazard.clone()));
            }
        }
        Ok(Authorised {
            operator: operator.clone(),
            role,
            hazard: hazard.clone(),
            area: area.clone(),
        })
    }

    /// Whether `user` may read how alerts of `hazard` in `area` went: whoever has any role for all of
    /// the area.
    ///
    /// # Errors
    ///
    /// What is missing for the role that comes closest.
    pub fn may_read(
        &self,
        user: UserId,
        hazard: &HazardId,
        area: &Area,
        forest: &Forest,
    ) -> Result<(), MandateRefusal> {
        let mut closest = MandateRefusal::Role(Role::Auditor);
        for role in Role::ALL {
            match self.authorise(user, role, hazard, area, forest) {
                Ok(_) => return Ok(()),
                Err(refusal) if refusal.rank() > closest.rank() => closest = refusal,
                Err(_) => {}
            }
        }
        Err(closest)
    }

    /// Everyone who could read so.
    #[must_use]
    pub fn readers(&self, hazard: &HazardId, area: &Area, forest: &Forest) -> Vec<&Operator> {
        let may = |one: &&Operator| self.may_read(one.user, hazard, area, forest).is_ok();
        self.operators.values().filter(may).collect()
    }

    /// Everyone who could act so, but for the person of `but`.
    #[must_use]
    pub fn who_may(
        &self,
        role: Role,
        hazard: &HazardId,
        area: &Area,
        forest: &Forest,
        but: Option<&str>,
    ) -> Vec<&Operator> {
        self.operators
            .values()
            .filter(|operator| but != Some(operator.person.as_str()))
            .filter(|operator| self.authorise(operator.user, role, hazard, area, forest).is_ok())
            .collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::region::tests::forest;

    fn id(text: &str) -> RegionId {
        RegionId::new(text)
    }

    pub(crate) fn operator(
        user: i64,
        roles: &[Role],
        regions: &[&str],
        hazards: Scope,
    ) -> Operator {
        Operator {
            user: UserId(user),
            name: format!("Official {user}"),
            person: format!("person-{user}"),
            lang: Lang::En,
            mandates: vec![Mandate {
                roles: roles.iter().copied().collect(),
                regions: regions.iter().map(|region| id(region)).collect(),
                hazards,
            }],
        }
    }

    #[test]
    fn a_mandate_holds_in_its_regions_with_all_below_and_nowhere_else() {
        let forest = forest();
        let drone = HazardId::new("drone");
        let only = Scope::Only([drone.clone()].into());
        let roster = Roster::new(vec![operator(1, &[Role::Issuer], &["west"], only)]);
        let may = |user, role, hazard: &str, regions: &[&str]| {
            let area = Area::of(regions.iter().map(|region| id(region))).unwrap();
            roster
                .authorise(UserId(user), role, &HazardId::new(hazard), &area, &forest)
                .map(|proof| proof.operator().user)
        };
        assert_eq!(may(1, Role::Issuer, "drone", &["town"]), Ok(UserId(1)));
        assert_eq!(may(1, Role::Issuer, "drone", &["west", "town"]), Ok(UserId(1)));
        assert_eq!(
            may(1, Role::Issuer, "drone", &["town", "east"]),
            Err(MandateRefusal::Area(id("east")))
        );
        assert_eq!(
            may(1, Role::Issuer, "drone", &["oblast"]),
            Err(MandateRefusal::Area(id("oblast"))),
            "a district's mandate does not reach up"
        );
        assert_eq!(
            may(1, Role::Issuer, "fire", &["west"]),
            Err(MandateRefusal::Hazard(HazardId::new("fire")))
        );
        assert_eq!(
            may(1, Role::Approver, "drone", &["west"]),
            Err(MandateRefusal::Role(Role::Approver))
        );
        assert_eq!(may(2, Role::Issuer, "drone", &["west"]), Err(MandateRefusal::Stranger));
    }

    #[test]
    fn whoever_has_any_role_somewhere_reads_how_it_went_there() {
        let forest = forest();
        let drone = || Scope::Only([HazardId::new("drone")].into());
        let mut nobody = operator(4, &[], &["west"], Scope::Every);
        nobody.mandates.clear();
        let roster = Roster::new(vec![
            operator(1, &[Role::Auditor], &["west"], Scope::Every),
            operator(2, &[Role::Approver], &["west"], drone()),
            operator(3, &[Role::Issuer], &["east"], Scope::Every),
            nobody,
        ]);
        let area = Area::of([id("west")]).unwrap();
        let reads = |user, hazard: &str| {
            roster.may_read(UserId(user), &HazardId::new(hazard), &area, &forest)
        };
        assert_eq!(reads(1, "fire"), Ok(()));
        assert_eq!(reads(2, "drone"), Ok(()));
        assert_eq!(reads(2, "fire"), Err(MandateRefusal::Hazard(HazardId::new("fire"))));
        assert_eq!(reads(3, "fire"), Err(MandateRefusal::Area(id("west"))));
        assert_eq!(reads(4, "fire"), Err(MandateRefusal::Role(Role::Auditor)));
        assert_eq!(reads(9, "fire"), Err(MandateRefusal::Stranger));
        let named = roster.readers(&HazardId::new("drone"), &area, &forest);
        assert_eq!(named.iter().map(|one| one.user.0).collect::<Vec<_>>(), [1, 2]);
        let issuer =
            roster.authorise(UserId(1), Role::Issuer, &HazardId::new("drone"), &area, &forest);
        assert_eq!(
            issuer,
            Err(MandateRefusal::Role(Role::Issuer)),
            "reading is all an auditor does"
        );
    }
}
