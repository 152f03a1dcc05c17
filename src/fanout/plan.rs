//! Which broadcasts there should be, and which goes first.
//!
//! Planning is a comparison, not a plan that is kept: what the store says is open against what runs.
//! Doing it twice changes nothing.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    domain::{
        alert::{Change, Status, Transition},
        hazard::{Severity, Urgency},
        ids::{AlertId, ChatId, FanoutId, RegionId},
        time::Utc,
    },
    ports::store::{Fanout, Page},
};

/// How urgent a broadcast is. Greater goes first; exercises last; a withdrawal just above the alert
/// it withdraws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rank(u32);

impl Rank {
    /// The rank of a broadcast.
    #[must_use]
    pub fn of(fanout: &Fanout) -> Self {
        let alert = &fanout.transition.alert;
        if alert.status() == Status::Exercise {
            return Self(0);
        }
        let (severity, urgency) = alert.draft().rank();
        let withdrawal = u32::from(fanout.transition.change == Change::Withdrawn);
        Self(100 + 20 * severity_step(severity) + 2 * urgency_step(urgency) + withdrawal)
    }
}

fn severity_step(severity: Severity) -> u32 {
    match severity {
        Severity::Minor => 0,
        // What nobody has judged is not taken lightly.
        Severity::Moderate | Severity::Unknown => 1,
        Severity::Severe => 2,
        Severity::Extreme => 3,
    }
}

fn urgency_step(urgency: Urgency) -> u32 {
    match urgency {
        Urgency::Past => 0,
        Urgency::Future => 1,
        Urgency::Expected | Urgency::Unknown => 2,
        Urgency::Immediate => 3,
    }
}

/// The broadcasts among `open` that a later one of the same alert has overtaken.
#[must_use]
pub fn superseded(open: &[Fanout]) -> Vec<FanoutId> {
    let mut latest: BTreeMap<AlertId, FanoutId> = BTreeMap::new();
    for fanout in open {
        let one = latest.entry(fanout.transition.alert.id()).or_insert(fanout.id);
        *one = (*one).max(fanout.id);
    }
    open.iter()
        .filter(|fanout| latest.get(&fanout.transition.alert.id()).is_some_and(|&l| l > fanout.id))
        .map(|fanout| fanout.id)
        .collect()
}

/// A message whose outcome came this long after a moment left after it: no call lasts longer. The log
/// says when outcomes came; what left sooner is remembered by [`super::dispatch`] for a while.
const SETTLES_WITHIN: Duration = Duration::from_secs(40);

/// What has to be known of a page's chats before it is sent from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Whether one of these, that lives at this place alone,
    pub chats: Vec<(ChatId, RegionId)>,
    /// was told of one of these,
    pub alerts: Vec<AlertId>,
    /// not before this.
    pub since: Option<Utc>,
}

/// Notes which alerts would leave each chat of a page nothing to learn (`enough`, by place: see
/// [`Board::enough`](crate::domain::board::Board::enough)), and says what to ask the store about that:
/// one question for all places of which the same alerts are true, because what is enough at one place
/// is not at another.
pub fn ask(
    page: &mut Page,
    event: &Transition,
    enough: impl Fn(&RegionId) -> Vec<AlertId>,
) -> Vec<Asked> {
    let mut places: BTreeMap<RegionId, Vec<AlertId>> = BTreeMap::new();
    let mut asked: BTreeMap<Vec<AlertId>, Vec<(ChatId, RegionId)>> = BTreeMap::new();
    for one in &mut page.recipients {
        let place = &one.variant.place;
        let known = match places.get(place) {
            Some(known) => known,
            None => places.entry(place.clone()).or_insert_with(|| enough(place)),
        };
        if !known.is_empty() {
            one.enough.clone_from(known);
            asked.entry(known.clone()).or_default().push((one.chat, place.clone()));
        }
    }
    let since = event.change.closes().then_some(event.at + SETTLES_WITHIN);
    asked.into_iter().map(|(alerts, chats)| Asked { chats, alerts, since }).collect()
}

/// Takes note of who was told enough. Whoever lives at other places too has something to learn about
/// those.
pub fn answer(page: &mut Page, told: &BTreeMap<ChatId, bool>) {
    for one in &mut page.recipients {
        match told.get(&one.chat) {
            None => one.enough.clear(),
            Some(told) => one.needless |= *told && !one.enough.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            alert::{Actor, Alert, Draft, DraftRow, Wording},
            audience::{Position, Recipient, Standing, Tier, Variant},
            hazard::{Certainty, Updates},
            ids::{HazardId, LevelId, Revision, UserId},
            lang::Lang,
            region::Area,
        },
        fanout::plan,
    };

    fn event() -> Transition {
        let area = Area::of([RegionId::new("region")]).unwrap();
        let draft = Draft::recorded(DraftRow {
            status: Status::Actual,
            hazard: HazardId::new("drone"),
            level: LevelId::new("threat"),
            step: 0,
            rank: (Severity::Extreme, Urgency::Immediate),
            certainty: Certainty::Likely,
            approvals: 0,
            silent: false,
            updates: Updates::Edit,
            paid: false,
            area,
            lasts: None,
            note: None,
            wording: Wording::default(),
        });
        let at = Utc::from_timestamp(1_790_000_000, 0).unwrap();
        let by = Actor::Operator { user: UserId(9), name: "Official".to_owned() };
        let alert = Alert::recorded(AlertId(3), Revision::FIRST, draft, (at, by.clone()), None);
        Transition { alert, change: Change::Raised, at, by, settles: Vec::new() }
    }

    fn recipient(chat: i64, place: &str) -> Recipient {
        Recipient {
            at: Position { stratum: 1, key: chat },
            chat: ChatId(chat),
            variant: Variant { lang: Lang::En, place: RegionId::new(place) },
            tier: Tier::Recent,
            standing: Standing::Subscribed,
            told: false,
            message: None,
            enough: Vec::new(),
            over: false,
            needless: false,
        }
    }

    #[test]
    fn what_is_enough_at_one_place_is_not_asked_of_chats_at_another() {
        let recipients = vec![recipient(1, "region"), recipient(2, "town"), recipient(3, "sea")];
        let mut page = Page { recipients, last: true };
        let enough = |place: &RegionId| match place.as_str() {
            "region" => vec![AlertId(1)],
            "town" => vec![AlertId(1), AlertId(2)],
            _ => Vec::new(),
        };
        let asked = plan::ask(&mut page, &event(), enough);
        let about: Vec<_> = asked.iter().map(|one| (one.chats[0].0, one.alerts.len())).collect();
        assert_eq!(about, [(ChatId(1), 1), (ChatId(2), 2)]);
        plan::answer(&mut page, &[(ChatId(1), true), (ChatId(2), false)].into());
        let needless: Vec<bool> = page.recipients.iter().map(|one| one.needless).collect();
        assert_eq!(needless, [true, false, false]);
    }

    #[test]
    fn whoever_lives_elsewhere_too_is_passed_over_for_nothing() {
        let mut page = Page { recipients: vec![recipient(1, "town")], last: true };
        plan::ask(&mut page, &event(), |_| vec![AlertId(1)]);
        plan::answer(&mut page, &BTreeMap::new());
        assert!(page.recipients[0].enough.is_empty() && !page.recipients[0].needless);
    }
}
