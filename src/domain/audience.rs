//! Who is to be told, and in which order.
//!
//! An audience is a list of strata, frozen when the broadcast is planned; inside each the lane walks
//! an immutable key. A stratum is a [`Tier`] of chats at a place: first the tiers by which one message
//! reaches many, each at every place, then private chats, those in the area itself before those around
//! it, and at each the recently active before the long silent.
//!
//! ```text
//!   channels ─ large groups ─ groups ─ small groups ─┬─ in the area: recent ─ silent
//!   (each: places of the area, then those around it) └─ around it:  recent ─ silent ─┐
//!                                                  ┌────────────────────────────────┘
//!                                                  └─ readers: public ─ people ─ late
//! ```
//!
//! Last come the [`Readers`] of the alert by the delivery log. A chat has one tier, and belongs to the
//! first place of the audience that it lives at. Hence those not yet reached wait for nobody: who is a
//! reader may be settled only when older broadcasts are, who lives where is settled at once. And
//! whoever lives both where the alert has ended and where it goes on is told by the latter.
//!
//! Among the readers too whoever reaches many goes first, however late it learnt of the alert: by a
//! line in the end of another it learns last. That can be promised only of those who were in the log
//! when the broadcast was opened, for nobody comes to be one of them later. Whoever is told after that
//! is late, and walked in the order of the log, so that none comes behind the cursor.
//!
//! A chat's tier does not change while a broadcast is open: a chat that went from a stratum ahead of
//! the cursor to one behind it would be missed.

use super::{
    alert::{Change, Status, Transition},
    ids::{AlertId, ChatId, MessageId, RegionId},
    lang::Lang,
    region::{Coverage, Forest},
};

/// Where a lane is in its audience: a stratum and the key inside it. Ordered as walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The number of a stratum by [`Audience::stratum`] or [`Readers::stratum`].
    pub stratum: u32,
    /// A row of the delivery log, or of the subscriptions.
    pub key: i64,
}

impl Position {
    /// Before everyone.
    pub const START: Self = Self { stratum: 0, key: 0 };

    /// Whether it is among the readers, not at a place.
    #[must_use]
    pub const fn is_reader(self) -> bool {
        self.stratum >= Readers::Public.stratum()
    }
}

/// Parts of the readers of an alert, by the row of the delivery log that first told the chat. Ordered
/// as walked, after every place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Readers {
    /// Groups and channels whose row was there when the broadcast was opened.
    Public,
    /// People whose row was there.
    People,
    /// Whoever was told after that. Only these still come while the readers are open.
    Late,
}

impl Readers {
    /// Every part, as walked.
    pub const ALL: [Self; 3] = [Self::Public, Self::People, Self::Late];

    /// The number of its stratum.
    #[must_use]
    pub const fn stratum(self) -> u32 {
        match self {
            Self::Public => u32::MAX - 2,
            Self::People => u32::MAX - 1,
            Self::Late => u32::MAX,
        }
    }
}

/// What a chat is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A person.
    Private,
    /// A group or supergroup.
    Group,
    /// A channel.
    Channel,
}

/// How many people a message to a chat reaches, and how soon they will look. Ordered as walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tier {
    /// A channel: one call reaches every subscriber.
    Channel,
    /// A group of at least [`Tier::LARGE`] members.
    LargeGroup,
    /// A group of at least [`Tier::MEDIUM`] members.
    Group,
    /// A smaller group, or one whose size is not known.
    SmallGroup,
    /// A person who did something here within the last [`Tier::RECENT_DAYS`] days.
    Recent,
    /// A person who did not.
    Silent,
}

impl Tier {
    /// Every tier, as walked.
    pub const ALL: [Self; 6] = [
        Self::Channel,
        Self::LargeGroup,
        Self::Group,
        Self::SmallGroup,
        Self::Recent,
        Self::Silent,
    ];
    /// Members of a large group, at least.
    pub const LARGE: u64 = 1_000;
    /// Members of a group that is neither large nor small, at least.
    pub const MEDIUM: u64 = 100;
    /// For so many days after they did something a person counts as recently active.
    pub const RECENT_DAYS: i64 = 30;

    /// The tier of a chat with so many members.
    #[must_use]
    pub const fn of(kind: Kind, members: u64) -> Self {
        match kind {
            Kind::Private => Self::Recent,
            Kind::Channel => Self::Channel,
            Kind::Group if members >= Self::LARGE => Self::LargeGroup,
            Kind::Group if members >= Self::MEDIUM => Self::Group,
            Kind::Group => Self::SmallGroup,
        }
    }

    /// The tier of a chat of which nothing but its id is known.
    #[must_use]
    pub const fn by_id(chat: ChatId) -> Self {
        if chat.is_private() { Self::Recent } else { Self::SmallGroup }
    }

    /// What chats of this tier are.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Channel => Kind::Channel,
            Self::LargeGroup | Self::Group | Self::SmallGroup => Kind::Group,
            Self::Recent | Self::Silent => Kind::Private,
        }
    }

    /// Its place in [`Tier::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// How many an audience has, tier by tier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Chats of each tier, as [`Tier::ALL`] has them.
    pub chats: [u64; 6],
    /// People in them, as far as is known: members of channels and groups, and one in a private chat.
    pub people: [u64; 6],
}

impl Reach {
    /// All chats.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.chats.iter().sum()
    }

    /// Chats and people of one kind.
    #[must_use]
    pub fn of(&self, kind: Kind) -> (u64, u64) {
        let ours = Tier::ALL.into_iter().filter(|tier| tier.kind() == kind).map(Tier::index);
        ours.fold((0, 0), |(chats, people), n| (chats + self.chats[n], people + self.people[n]))
    }

    /// Adds what another audience has.
    pub fn add(&mut self, other: &Self) {
        for n in 0..Tier::ALL.len() {
            self.chats[n] += other.chats[n];
            self.people[n] += other.people[n];
        }
    }
}

/// Whom a broadcast is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// Those who may have been told that the alert is active, by the delivery log.
    pub readers: bool,
    /// Those subscribed to these places, in this order.
    pub places: Vec<RegionId>,
    /// So many of the places, from the first, are in the area itself; the others are around it.
    pub nearest: usize,
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
        let covered = || places(transition.alert.area(), forest);
        let (readers, (places, nearest)) = match transition.change {
            Change::Raised | Change::Updated | Change::SteppedUp | Change::SteppedDown => {
                (false, covered())
            }
            Change::EndedPartly(_) => (true, covered()),
            Change::Ended | Change::Expired | Change::Withdrawn => (true, (Vec::new(), 0)),
        };
        let exercise = transition.alert.status() == Status::Exercise;
        Self { readers, places, nearest, exercise }
    }

    /// The audience that raising this alert would have: for forecasts.
    #[must_use]
    pub fn covering(area: &super::region::Area, exercise: bool, forest: &Forest) -> Self {
        let (places, nearest) = places(area, forest);
        Self { readers: false, places, nearest, exercise }
    }

    /// How many strata there are, the readers not counted.
    #[must_use]
    pub fn strata(&self) -> u32 {
        let all = u32::try_from(self.places.len() * Tier::ALL.len()).unwrap_or(u32::MAX);
        all.min(Readers::Public.stratum() - 1)
    }

    /// The tier and the index of the place of a stratum; the first is 1. `None` for readers, whose
    /// place the log remembers.
    #[must_use]
    pub fn stratum(&self, number: u32) -> Option<(Tier, usize)> {
        let all = self.places.len();
        let near = self.nearest.min(all);
        let index = (number as usize).checked_sub(1)?;
        let many = Tier::Recent.index() * all;
        if index < many {
            return Some((Tier::ALL[index / all], index % all));
        }
        let (tier, place) = match index - many {
            index if index < near => (Tier::Recent, index),
            index if index < 2 * near => (Tier::Silent, index - near),
            index if index < near + all => (Tier::Recent, index - near),
            index if index < 2 * all => (Tier::Silent, index - all),
            _ => return None,
        };
        Some((tier, place))
    }
}

/// Places in danger themselves first, then those of which a part is; and how many the former are.
fn places(area: &super::region::Area, forest: &Forest) -> (Vec<RegionId>, usize) {
    let of = |wanted: Coverage| {
        forest
            .iter()
            .filter(move |region| area.coverage(&region.id, forest) == wanted)
            .map(|region| region.id.clone())
    };
    let mut places: Vec<RegionId> = of(Coverage::Direct).collect();
    let nearest = places.len();
    places.extend(of(Coverage::Within));
    (places, nearest)
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
    /// What it is and whom it reaches.
    pub tier: Tier,
    /// Whether it still wants to be told.
    pub standing: Standing,
    /// Whether it was told of the alert before, for certain, and not by this broadcast.
    pub told: bool,
    /// The message by which, if a broadcast told it: what an update puts its text in place of, and an
    /// end replies to.
    pub message: Option<MessageId>,
    /// Whether it has since heard, for certain, that the alert is over for it: of a part that it lives
    /// in, or by an earlier end.
    pub over: bool,
    /// Alerts that leave it nothing to learn from this broadcast once it is told of one of them by
    /// the same place: see [`super::board::Board::enough`]. The store leaves this empty.
    pub enough: Vec<AlertId>,
    /// Whether it is told of one of them. The store leaves this unset.
    pub needless: bool,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tiers_that_reach_many_go_first_and_whoever_is_in_danger_before_whoever_is_near_it() {
        let place = |name: &&str| RegionId::new(name);
        let places: Vec<RegionId> = ["town", "district", "region"].iter().map(place).collect();
        let audience = Audience { readers: false, places, nearest: 2, exercise: false };
        let all: Vec<(Tier, usize)> =
            (1..=audience.strata()).map(|n| audience.stratum(n).unwrap()).collect();
        let of = |tier| (0..3).map(move |place| (tier, place));
        let groups = [Tier::Channel, Tier::LargeGroup, Tier::Group, Tier::SmallGroup];
        let mut wanted: Vec<(Tier, usize)> = groups.into_iter().flat_map(of).collect();
        wanted.extend([(Tier::Recent, 0), (Tier::Recent, 1), (Tier::Silent, 0), (Tier::Silent, 1)]);
        wanted.extend([(Tier::Recent, 2), (Tier::Silent, 2)]);
        assert_eq!(all, wanted);
        let beyond =
            [0, audience.strata() + 1].into_iter().chain(Readers::ALL.map(Readers::stratum));
        assert!(beyond.into_iter().all(|n| audience.stratum(n).is_none()));
    }

    #[test]
    fn readers_come_after_every_place_part_by_part() {
        let at = |stratum| Position { stratum, key: 0 };
        let strata = Readers::ALL.map(Readers::stratum);
        assert!(strata.is_sorted() && strata.iter().all(|&n| at(n).is_reader()));
        assert!(!at(strata[0] - 1).is_reader() && !Position::START.is_reader());
    }

    #[test]
    fn an_audience_without_places_has_no_strata() {
        let audience = Audience { readers: true, places: vec![], nearest: 0, exercise: false };
        assert_eq!((audience.strata(), audience.stratum(1)), (0, None));
    }
}
