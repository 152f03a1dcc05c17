//! The Bot API over HTTP: the adapter of [`crate::ports::courier`].
//!
//! - `tokens`: a bot's token, which nothing prints.
//! - `verdict`: what Telegram's answer means, PURE.
//! - `body`: messages serialised once.
//! - `wire`: the connection, and what a courier sends through it.
//! - `upload`: what goes with a file.
//! - `calls`: what is asked once, at the start.
//! - `updates`: what is read through it.
//!
//! Invariants: one call of a courier is at most one request that Telegram accepts; an outcome is
//! "not sent" only if that can be proved; a token, a text or a chat id is in no error and in no log
//! above DEBUG.
//!
//! teloxide gives the types. Its requests, its throttle and its dispatcher are deliberately absent:
//! they sleep inside a call, match stale texts, freeze the whole bot for one chat and confirm updates
//! before they are handled. So are retries and pacing, which are for `fanout` to decide, and webhooks.

mod body;
mod calls;
#[cfg(test)]
mod stand;
mod tokens;
mod updates;
mod upload;
mod verdict;
mod wire;

pub use body::Body;
pub use calls::{CallFault, Me, Scope};
pub use tokens::{Token, TokenFault};
pub use wire::{Options, Wire, WireFault};
