//! What a town is made of: its places, its one hazard, its one official.

use std::time::Duration;

use nabat::{
    domain::{
        audience::Kind,
        hazard::{Certainty, Hazard, Level, Severity, Updates, Urgency},
        ids::{AlertId, BotId, ChatId, HazardId, LevelId, RegionId, UserId},
        lang::{Lang, Texts},
        letter::{Class, Content, NewLetter, Occasion},
        manner::Manner,
        operator::{Mandate, Operator, Role, Scope},
        region::{Forest, Region},
    },
    fanout::{dispatch::What, pacer::Fare},
    ports::{courier::Extras, store::Fanout},
};

pub(super) const BOT: BotId = BotId(4_242);
pub(super) const OFFICIAL: UserId = UserId(900_000);
/// Places of the town: a region, two districts, a town in one of them, and an island.
pub(super) const PLACES: [&str; 5] = ["region", "east", "west", "town", "island"];
/// The first of the groups is a channel.
pub(super) fn kind(n: u32) -> Kind {
    if n == 0 { Kind::Channel } else { Kind::Group }
}

pub(super) fn standing(chat: ChatId, occasion: Occasion, places: Vec<RegionId>) -> NewLetter {
    NewLetter {
        bot: BOT,
        chat,
        lang: Lang::En,
        class: Class::Resident,
        content: Content::Standing { occasion, places },
        not_after: None,
    }
}

pub(super) fn report(fanout: &Fanout) -> nabat::domain::report::Report {
    nabat::domain::report::Report {
        fanout: fanout.id,
        alert: fanout.transition.alert.id(),
        revision: fanout.transition.alert.revision(),
        audience: fanout.size,
        tally: fanout.progress.tally,
        started_at: fanout.opened_at,
        closed_at: fanout.closed_at,
        rate: 0,
        limit: 1,
        tenths: 0,
        trouble: None,
    }
}

pub(super) fn ids(alerts: &[AlertId]) -> Vec<i64> {
    alerts.iter().map(|alert| alert.0).collect()
}

pub(super) fn place(n: u64) -> RegionId {
    RegionId::new(PLACES[usize::try_from(n).unwrap() % PLACES.len()])
}

pub(super) fn forest() -> Forest {
    let region = |id: &str, parent: Option<&str>| Region {
        id: RegionId::new(id),
        parent: parent.map(RegionId::new),
        name: Texts::same(id),
        short_word: id.to_uppercase(),
        aliases: Vec::new(),
        source: Texts::same("duty desk"),
        zone: chrono_tz::Europe::Moscow,
    };
    let parents = [None, Some("region"), Some("region"), Some("west"), None];
    Forest::plant(PLACES.iter().zip(parents).map(|(id, parent)| region(id, parent)).collect())
        .unwrap()
}

pub(super) fn hazard() -> Hazard {
    let level = |id: &str, severity| Level {
        id: LevelId::new(id),
        title: Texts::same(id),
        action: Texts::same("act"),
        guidance: Texts::same("guidance"),
        urgency: Urgency::Immediate,
        severity,
        certainty: Certainty::Likely,
        approvals: 0,
        silent: false,
        updates: Updates::Edit,
        paid: false,
    };
    let levels = vec![level("low", Severity::Moderate), level("high", Severity::Extreme)];
    let life = (Duration::from_hours(12), true);
    Hazard::new(
        HazardId::new("drone"),
        Texts::same("drone"),
        Vec::new(),
        Texts::same("after"),
        life,
        levels,
    )
    .unwrap()
}

pub(super) fn official() -> Operator {
    Operator {
        user: OFFICIAL,
        name: "Official".to_owned(),
        person: "official".to_owned(),
        lang: Lang::En,
        mandates: vec![Mandate {
            roles: [Role::Issuer].into(),
            regions: [RegionId::new("region"), RegionId::new("island")].into(),
            hazards: Scope::Every,
        }],
    }
}

pub(super) fn is_picture(what: &What) -> bool {
    let What::Letter { letter, .. } = what else { return false };
    matches!(letter.new.content, Content::Picture { .. })
}

/// What goes with a message for its chat alone.
pub(super) fn with(what: &What) -> Extras {
    match what {
        What::Bulletin { manner: Manner::Anew { reply_to, .. }, fare, .. } => {
            Extras { reply_to: *reply_to, paid: *fare == Fare::Paid }
        }
        What::Bulletin { .. } | What::Letter { .. } | What::Edit { .. } | What::Canary => {
            Extras::default()
        }
    }
}
