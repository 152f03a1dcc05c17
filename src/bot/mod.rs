//! The bot: what people type and press, and what it answers.
//!
//! [`grammar`] and [`buttons`] read, [`dialogue`] decides, [`phrases`] says it in three languages;
//! all of them are pure. [`desk`] is the thin shell that reads updates and facts, and does the one
//! deed that each update asks for.
//!
//! Invariants: nothing is raised, changed or ended without a [`crate::domain::consent::Confirmed`];
//! every press is judged anew, for a button's data can be made by hand; what the bot answers is part
//! of the transaction it tells of; text that came from outside is cut and cleaned before it is
//! repeated.
//!
//! Deliberately absent: sending (`fanout` does, by its limits) and any state between two updates:
//! buttons carry all they need, and challenges are in the store.

pub mod buttons;
pub mod desk;
pub mod dialogue;
pub mod grammar;
pub mod phrases;

use crate::domain::{hazard::Catalogue, operator::Roster, region::Forest};
use grammar::names::Index;

/// What the configuration says, as one snapshot.
#[derive(Debug)]
pub struct Rules {
    /// The regions.
    pub forest: Forest,
    /// The hazards.
    pub catalogue: Catalogue,
    /// The officials.
    pub roster: Roster,
    index: Index,
}

impl Rules {
    /// Makes the snapshot, and the index of every name people may type.
    #[must_use]
    pub fn new(forest: Forest, catalogue: Catalogue, roster: Roster) -> Self {
        let index = Index::new(&forest, &catalogue);
        Self { forest, catalogue, roster, index }
    }

    /// Every name people may type.
    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use super::Rules;
    use crate::domain::{
        hazard::{Catalogue, Certainty, Hazard, Level, Severity, Urgency},
        ids::{HazardId, LevelId, RegionId, UserId},
        lang::{Lang, Texts},
        operator::{Mandate, Operator, Role, Roster, Scope},
        region::{Forest, Region},
    };

    fn texts(ru: &str, uk: &str, en: &str) -> Texts {
        Texts { ru: ru.to_owned(), uk: uk.to_owned(), en: en.to_owned() }
    }

    fn region(id: &str, parent: Option<&str>, name: Texts, word: &str, alias: &[&str]) -> Region {
        Region {
            id: RegionId::new(id),
            parent: parent.map(RegionId::new),
            source: texts("Дежурная служба", "Чергова служба", "Duty desk"),
            name,
            short_word: word.to_owned(),
            aliases: alias.iter().map(|&one| one.to_owned()).collect(),
            zone: chrono_tz::Europe::Moscow,
        }
    }

    fn level(id: &str, title: Texts, approvals: u8) -> Level {
        Level {
            id: LevelId::new(id),
            title,
            action: texts("Уйдите в укрытие.", "Ідіть в укриття.", "Go to shelter."),
            guidance: texts("Не подходите к окнам.", "Не підходьте до вікон.", "Keep off windows."),
            urgency: Urgency::Immediate,
            severity: Severity::Severe,
            certainty: Certainty::Likely,
            approvals,
            silent: false,
            updates: crate::domain::hazard::Updates::Edit,
            paid: false,
        }
    }

    fn hazard(id: &str, name: Texts, open_ended: bool, levels: Vec<Level>) -> Hazard {
        let after = texts("Будьте внимательны.", "Будьте уважні.", "Take care.");
        let longest = Duration::from_hours(12);
        let aliases = if id == "drone" { vec!["БПЛА".to_owned()] } else { Vec::new() };
        Hazard::new(HazardId::new(id), name, aliases, after, (longest, open_ended), levels).unwrap()
    }

    pub(crate) fn operator(user: i64, roles: &[Role], regions: &[&str]) -> Operator {
        Operator {
            user: UserId(user),
            name: format!("Official {user}"),
            person: format!("person-{user}"),
            lang: Lang::En,
            mandates: vec![Mandate {
                roles: roles.iter().copied().collect(),
                regions: regions.iter().map(|region| RegionId::new(region)).collect(),
                hazards: Scope::Every,
            }],
        }
    }

    /// Official 1 issues in Smolensk region, 2 approves there, 3 issues in Belgorod region; 4 is
    /// another account of person 1 and approves.
    pub(crate) fn rules() -> Rules {
        rules_with(vec![
            operator(1, &[Role::Issuer], &["RU-SMO"]),
            operator(2, &[Role::Approver], &["RU-SMO"]),
            operator(3, &[Role::Issuer], &["RU-BEL"]),
            Operator {
                person: "person-1".to_owned(),
                ..operator(4, &[Role::Approver], &["RU-SMO"])
            },
        ])
    }

    pub(crate) fn rules_with(operators: Vec<Operator>) -> Rules {
        let smolensk = texts("Смоленская область", "Смоленська область", "Smolensk region");
        let belgorod = texts("Белгородская область", "Бєлгородська область", "Belgorod region");
        let roslavl = texts("Рославль", "Рославль", "Roslavl");
        let red = texts("Краснинский район", "Краснинський район", "Krasninsky district");
        let forest = Forest::plant(vec![
            region("RU-SMO", None, smolensk, "СМОЛЕНСК", &["Смоленщина"]),
            region("RU-SMO-ros", Some("RU-SMO"), roslavl, "РОСЛАВЛЬ", &[]),
            region("RU-SMO-kra", Some("RU-SMO"), red.clone(), "КРАСНЫЙ", &[]),
            region("RU-BEL", None, belgorod, "БЕЛГОРОД", &[]),
            region("RU-BEL-kra", Some("RU-BEL"), red, "КРАСНОЕ", &[]),
        ])
        .unwrap();
        let no_fly = texts("Закрытое небо", "Закрите небо", "No-fly zone");
        let drone = texts("Атака БПЛА", "Атака БпЛА", "Drone attack");
        let fire = texts("Пожар", "Пожежа", "Fire");
        let danger = texts("Опасность атаки БПЛА", "Небезпека атаки БпЛА", "Danger of drones");
        let threat = texts("Угроза атаки БПЛА", "Загроза атаки БпЛА", "Threat of drones");
        let catalogue = Catalogue::new(vec![
            hazard("no-fly", no_fly.clone(), true, vec![level("on", no_fly, 0)]),
            hazard(
                "drone",
                drone,
                true,
                vec![level("danger", danger, 0), level("threat", threat, 1)],
            ),
            hazard("fire", fire.clone(), false, vec![Level { paid: true, ..level("on", fire, 0) }]),
        ]);
        Rules::new(forest, catalogue, Roster::new(operators))
    }
}
