//! Who is to be told, and in which order.
//!
//! An audience is a list of strata, frozen when the broadcast is planned; inside each the lane walks
//! an immutable key. The places come first, and last the readers of the alert by the delivery log. A
//! chat belongs to the first stratum that has it. Hence those not yet reached wait for nobody: who is
//! a reader may be settled only when older broadcasts are, who lives where is settled at once. And
//! whoever lives both where the alert has ended and where it goes on is told by the latter.
//!
//! Deliberately absent: kinds and sizes of chats as strata of their own.

use super::{
    alert::{Alert, Change, Status, Transition},
    ids::{ChatId, RegionId},
    lang::Lang,
    region::{Coverage, Forest},
};

/// Where a lane is in its audience: a stratum and the key inside it. Ordered as walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// One more than the index into [`Audience::places`], or [`Position::READERS`].
    pub stratum: u32,
    /// A row of the delivery log, or of the subscriptions.
    pub key: i64,
}

impl Position {
    /// Before everyone.
    pub const START: Self = Self { stratum: 0, key: 0 };

    /// The stratum of the readers: after every place.
    pub const READERS: u32 = u32::MAX;
}

/// Whom a broadcast is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// Those who may have been told that the alert is active, by the delivery log.
    pub readers: bool,
    /// Those subscribed to these places, in this order.
    pub places: Vec<RegionId>,
    /// Only chats that take part in exercises.
    pub exercise: bool,
}

impl Audience {
    /// The audience of a transition.
    ///
    /// A beginning or a change goes to everyone the alert covers. An end goes to those who were told
    /// of the alert and to no one else. A partial end goes to both: everyone covered by what remains,
    /// whether the start has reached them or not, and those told of it elsewhere.
    #[must_use]
    pub fn of(transition: &Transition, forest: &Forest) -> Self {
        let covered = || covered(&transition.alert, forest);
        let (readers, places) = match transition.change {
            Change::Raised | Change::Updated | Change::SteppedUp | Change::SteppedDown => {
                (false, covered())
            }
            Change::EndedPartly(_) => (true, covered()),
            Change::Ended | Change::Expired | Change::Withdrawn => (true, Vec::new()),
        };
        Self { readers, places, exercise: transition.alert.status() == Status::Exercise }
    }

    /// The audience that raising this alert would have: for forecasts.
    #[must_use]
    pub fn covering(area: &super::region::Area, exercise: bool, forest: &Forest) -> Self {
        Self { readers: false, places: places(area, forest), exercise }
    }

    /// The place by which a chat of this stratum is told; `None` for readers, whose place the log
    /// remembers.
    #[must_use]
    pub fn place(&self, stratum: u32) -> Option<&RegionId> {
        self.places.get((stratum as usize).checked_sub(1)?)
    }
}

fn covered(alert: &Alert, forest: &Forest) -> Vec<RegionId> {
    places(alert.area(), forest)
}

/// Places in danger themselves first, then those of which a part is.
fn places(area: &super::region::Area, forest: &Forest) -> Vec<RegionId> {
    let of = |wanted: Coverage| {
        forest
            .iter()
            .filter(move |region| area.coverage(&region.id, forest) == wanted)
            .map(|region| region.id.clone())
    };
    of(Coverage::Direct).chain(of(Coverage::Within)).collect()
}

/// A chat of the audience, as a page names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Where it stands in the walk.
    pub at: Position,
    /// Whom to send to.
    pub chat: ChatId,
    /// What it is told in and by which place.
    pub variant: Variant,
    /// Whether it still wants to be told.
    pub standing: Standing,
}

/// What a text depends on besides the state: finite, so bodies are few.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Variant {
    /// The language of the chat.
    pub lang: Lang,
    /// The place by which it is told: decides coverage, zone and what remains.
    pub place: RegionId,
}

/// What has become of a recipient since the audience was frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// Subscribed.
    Subscribed,
    /// Asked to leave.
    Left,
    /// Found dead.
    Retired,
    /// The right to write was lost.
    Suspended,
}
