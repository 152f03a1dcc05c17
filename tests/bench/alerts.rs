//! An alert of the region in which everybody lives, as the bot would decide it.

use std::{future::Future, time::Duration};

use anyhow::{Result, anyhow};
use nabat::{
    domain::{
        alert::{Actor, Alert, Change, Draft, DraftRow, Status, Transition, Wording},
        audience::{Audience, Variant},
        hazard::{Certainty, Severity, Updates, Urgency},
        ids::{AlertId, BotId, FanoutId, HazardId, LevelId, RegionId, Revision},
        lang::{Lang, Texts},
        region::Area,
        time::Utc,
    },
    ports::store::{Cause, Deed, Effect, Enacted, Store},
};

use super::{contenders::token, towns::PLACES};

/// The one bot of what is measured in process.
pub(crate) fn bot() -> BotId {
    BotId(token(0).0)
}

pub(crate) fn variant() -> Variant {
    Variant { lang: Lang::Ru, place: RegionId::new(PLACES[0]) }
}

fn transition(id: AlertId, at: Utc) -> Result<Transition> {
    let area = Area::recorded(vec![RegionId::new(PLACES[0])], [])
        .ok_or_else(|| anyhow!("an alert without an area"))?;
    let draft = Draft::recorded(DraftRow {
        status: Status::Actual,
        hazard: HazardId::new("no-fly-zone"),
        level: LevelId::new("declared"),
        step: 0,
        rank: (Severity::Moderate, Urgency::Expected),
        certainty: Certainty::Possible,
        approvals: 0,
        silent: false,
        updates: Updates::Edit,
        paid: false,
        area,
        lasts: Some(Duration::from_hours(24)),
        note: None,
        wording: Wording {
            title: Texts::same("Бесполётная зона"), ..Wording::default()
        },
    });
    let until = Some(at + Duration::from_hours(24));
    let alert = Alert::recorded(id, Revision::FIRST, draft, (at, Actor::Clock), until);
    Ok(Transition { alert, change: Change::Raised, at, by: Actor::Clock, settles: Vec::new() })
}

/// The deed of raising an alert.
pub(crate) fn raising(id: AlertId, at: Utc) -> Result<Deed> {
    let audience = Audience {
        readers: false,
        places: PLACES.iter().map(|place| RegionId::new(place)).collect(),
        nearest: PLACES.len(),
        exercise: false,
    };
    let turned = Effect::Turned {
        transition: Box::new(transition(id, at)?),
        audience,
        bots: vec![bot()],
        code: None,
        watchers: Vec::new(),
    };
    Ok(Deed { effects: vec![turned], ..Deed::new(Cause::Clock, at) })
}

/// Raises the next alert.
pub(crate) async fn raise(store: &impl Store, at: Utc) -> Result<FanoutId> {
    let deed = raising(store.next_alert().await?, at)?;
    match store.enact(&deed).await? {
        Enacted::Done(opened) => opened.first().copied().ok_or_else(|| anyhow!("no broadcast")),
        other @ (Enacted::Already | Enacted::Conflict) => Err(anyhow!("not raised: {other:?}")),
    }
}

/// Runs something that waits for a store.
pub(crate) fn wait<T>(for_what: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(for_what)
}
