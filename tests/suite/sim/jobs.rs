//! What is asked of the store, and what it answers a moment later.

use nabat::{
    domain::{
        audience::Position,
        board::Board,
        ids::{ChatId, FanoutId},
        letter::Letter,
    },
    ports::store::{Fanout, Heir, Page, Save},
};

/// What is under way between the engine and the store.
pub(super) enum Job {
    Look,
    Page(FanoutId, Position, usize),
    Count(FanoutId, Position),
    Close(FanoutId),
    Follow(FanoutId, Position, ChatId, ChatId),
    Save(Box<Save>),
}

pub(super) enum Answered {
    Look(Vec<Fanout>, Board, Vec<Letter>, Vec<Fanout>),
    Page(FanoutId, Page),
    Count(FanoutId, u64),
    Closed(FanoutId),
    Moved(FanoutId, Position, ChatId, Heir),
    Saved(bool),
}
