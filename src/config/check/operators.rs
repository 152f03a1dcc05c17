//! `operators.toml`.

use std::{collections::BTreeMap, ops::Range};

use toml::Spanned;

use super::{NAME_MAX, Table, hazards::Hazards, lang, regions::Regions};
use crate::config::{
    fault::Fault,
    shape::{Faults, Leaf, Page},
    spec::{HazardsSpec, MandateSpec, OperatorSpec, OperatorsFile, RoleSpec},
};
use crate::domain::{
    ids::{RegionId, UserId},
    lang::Lang,
    operator::{Mandate, Operator, Role, Roster, Scope},
};

/// Telegram's numbers of people are positive and have at most 52 bits. `// Bot API: User.id`
const TELEGRAM_MAX: i64 = 1 << 52;

/// The operators as far as they are understood.
pub(super) struct Operators<'t, 'a> {
    pub(super) all: Vec<Operator>,
    /// Each region of each mandate, with where it is granted.
    pub(super) grants: Vec<Grant<'t, 'a>>,
}

/// A region that a mandate names.
pub(super) struct Grant<'t, 'a> {
    pub(super) leaf: &'t Leaf<'a>,
    pub(super) span: Range<usize>,
    pub(super) region: usize,
    pub(super) person: String,
    pub(super) roles: Vec<Role>,
    pub(super) hazards: Scope,
}

impl Operators<'_, '_> {
    pub(super) fn roster(self) -> Roster {
        Roster::new(self.all)
    }
}

pub(super) fn check<'t, 'a>(
    pages: &'t [Page<'a, OperatorsFile>],
    regions: &Regions<'_, '_>,
    hazards: &Hazards<'_, '_>,
    language: Lang,
    faults: &mut Faults,
) -> Operators<'t, 'a> {
    let mut operators = Operators { all: Vec::new(), grants: Vec::new() };
    for page in pages {
        let Some(spec) = &page.spec else { continue };
        let mut accounts = BTreeMap::new();
        for given in &spec.operators {
            let table = Table::new(&page.leaf, given.span());
            let found = operator(&table, given.get_ref(), &mut accounts, faults);
            let Some((user, name, person)) = found else {
                mandates(&table, given.get_ref(), "", (regions, hazards), faults);
                continue;
            };
            let (mandates, grants) =
                mandates(&table, given.get_ref(), &person, (regions, hazards), faults);
            operators.grants.extend(grants);
            let lang = given.get_ref().language.map_or(language, lang);
            operators.all.push(Operator { user, name, person, lang, mandates });
        }
    }
    operators
}

fn operator(
    table: &Table<'_, '_>,
    spec: &OperatorSpec,
    accounts: &mut BTreeMap<i64, Spanned<i64>>,
    faults: &mut Faults,
) -> Option<(UserId, String, String)> {
    let name = table.need(spec.name.as_ref(), "name", "\"Anna Orlova\"", faults);
    let name = name.map(|name| table.line(name, "`name`", NAME_MAX, faults));
    let person =
        spec.person.as_ref().map(|person| table.line(person, "`person`", NAME_MAX, faults));
    let given = table.need(spec.telegram.as_ref(), "telegram", "123456789", faults)?;
    let number = *given.get_ref();
    if !(1..TELEGRAM_MAX).contains(&number) {
        faults.push(
            table
                .at(given, "bad-number", format!("`{number}` is no person's number in Telegram"))
                .help("let the person send /start to the bot: it tells them their number; groups have negative ones"),
        );
        return None;
    }
    if let Some(first) = accounts.get(&number) {
        faults.push(
            Fault::at(
                table.leaf.place(&given.span(), "here again"),
                "twice",
                format!("the account {number} is declared twice"),
            )
            .and([table.leaf.place(&first.span(), "first here")])
            .help("put all mandates of one account in one block"),
        );
        return None;
    }
    accounts.insert(number, given.clone());
    Some((UserId(number), name?, person.unwrap_or_else(|| number.to_string())))
}

fn mandates<'t, 'a>(
    table: &Table<'t, 'a>,
    spec: &OperatorSpec,
    person: &str,
    (regions, hazards): (&Regions<'_, '_>, &Hazards<'_, '_>),
    faults: &mut Faults,
) -> (Vec<Mandate>, Vec<Grant<'t, 'a>>) {
    let leaf = table.leaf;
    if spec.mandates.is_empty() && !leaf.has_taken(&table.span, "mandates") {
        let place = leaf.place(&table.span, "");
        let fault =
            Fault::at(place, "no-mandate", "this operator has no mandate, and may do nothing");
        faults.push(fault.help("add a block `[[operators.mandates]]`").warning());
    }
    let (mut mandates, mut grants) = (Vec::new(), Vec::new());
    for given in &spec.mandates {
        let table = Table::new(leaf, given.span());
        let spec = given.get_ref();
        let roles = roles(&table, spec, faults);
        let scope = scope(&table, spec, hazards, faults);
        let mut granted = Vec::new();
        if spec.regions.is_empty() && !leaf.has_taken(&table.span, "regions") {
            let place = leaf.place(&table.span, "in this block");
            faults.push(
                Fault::at(place, "missing-key", "`regions` is missing: the mandate holds nowhere")
                    .help("write, for example: `regions = [\"RU-SMO\"]`"),
            );
        }
        for region in &spec.regions {
            if let Some(index) = regions.find(leaf, region, faults) {
                granted.push(RegionId::new(region.get_ref()));
                grants.push(Grant {
                    leaf,
                    span: region.span(),
                    region: index,
                    person: person.to_owned(),
                    roles: roles.clone(),
                    hazards: scope.clone(),
                });
            }
        }
        mandates.push(Mandate {
            roles: roles.into_iter().collect(),
            regions: granted.into_iter().collect(),
            hazards: scope,
        });
    }
    (mandates, grants)
}

fn roles(table: &Table<'_, '_>, spec: &MandateSpec, faults: &mut Faults) -> Vec<Role> {
    if spec.roles.is_empty() && !table.leaf.has_taken(&table.span, "roles") {
        let place = table.leaf.place(&table.span, "in this block");
        faults.push(
            Fault::at(place, "missing-key", "`roles` is missing: the mandate grants nothing")
                .help("write `roles = [\"issuer\"]`, `[\"approver\"]`, `[\"auditor\"]` or several"),
        );
    }
    let role = |role: &Spanned<RoleSpec>| match role.get_ref() {
        RoleSpec::Issuer => Role::Issuer,
        RoleSpec::Approver => Role::Approver,
        RoleSpec::Auditor => Role::Auditor,
    };
    spec.roles.iter().map(role).collect()
}

fn scope(
    table: &Table<'_, '_>,
    spec: &MandateSpec,
    hazards: &Hazards<'_, '_>,
    faults: &mut Faults,
) -> Scope {
    let nothing = || Scope::Only(std::collections::BTreeSet::new());
    let Some(given) = table.need(spec.hazards.as_ref(), "hazards", "\"*\"", faults) else {
        return nothing();
    };
    match given.get_ref() {
        HazardsSpec::One(all) if all == "*" => Scope::Every,
        HazardsSpec::One(other) => {
            faults.push(
                table
                    .at(given, "wrong-type", format!("`hazards` is \"*\" or a list, not `{other}`"))
                    .help(format!("write `hazards = [\"{other}\"]`")),
            );
            nothing()
        }
        HazardsSpec::List(ids) if ids.is_empty() => {
            let message = "the mandate is for no hazard";
            faults
                .push(table.at(given, "empty", message).help("write \"*\" for all, or their ids"));
            nothing()
        }
        HazardsSpec::List(ids) => {
            if ids.iter().any(|id| id.get_ref() == "*") {
                return Scope::Every;
            }
            Scope::Only(ids.iter().filter_map(|id| hazards.find(table.leaf, id, faults)).collect())
        }
    }
}
