//! What happened in a town, beside what the phones and the store show.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use nabat::{
    domain::{
        ids::{ChatId, FanoutId},
        time::Mono,
    },
    fanout::dispatch::Alarm,
};

/// What the judge needs to know and the engine doesn't tell.
#[derive(Default)]
pub(crate) struct Record {
    /// Who should be told by a broadcast, by a naive count when it was opened.
    pub(crate) audience: BTreeMap<FanoutId, BTreeSet<ChatId>>,
    /// When a broadcast was opened.
    pub(crate) opened_at: BTreeMap<FanoutId, Mono>,
    /// When the engine took a broadcast up first.
    pub(crate) taken_up: BTreeMap<FanoutId, Mono>,
    /// Chats whose standing was not steady, since when and why.
    pub(crate) unsteady: BTreeSet<ChatId>,
    /// What became of group ids.
    pub(crate) heirs: BTreeMap<ChatId, ChatId>,
    pub(crate) crashes: u64,
    /// What crashes may cost: what was in flight, and a tenth of a second.
    pub(crate) allowed_copies: u64,
    pub(crate) alarms: Vec<Alarm>,
    pub(crate) joined_under_alert: u64,
    /// Broadcasts that were stopped for good.
    pub(crate) halted: BTreeSet<FanoutId>,
    /// How often one was paused.
    pub(crate) pauses: u64,
    /// Chats with an attempt whose outcome nobody knows, crashes included.
    pub(crate) doubted: BTreeSet<ChatId>,
    /// Whom a broadcast left uncertain, by what was saved. Who leaves is forgotten by the store.
    pub(crate) uncertain: BTreeSet<(FanoutId, ChatId)>,
    pub(super) sent_to: BTreeMap<u64, ChatId>,
    /// When the outcomes of the last tenth of a second were heard.
    pub(super) heard: VecDeque<Mono>,
}
