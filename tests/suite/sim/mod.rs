//! Lists of operations against the real engine, the reference store and the simulated Telegram, on
//! virtual time: joining, leaving, blocking, raising, ending, crashing at any step.
//!
//! A storm is a function of its seed. A failure prints the seed and the shortest list of operations
//! that still fails; such lists are frozen in [`frozen`].

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "storms are tests, which the lint knows only by their attribute"
)]
#![expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    clippy::similar_names,
    reason = "every operation of the town has one shape, and its words are few"
)]
#![expect(
    clippy::cast_possible_truncation,
    reason = "what the dice cast is below the bound they were given"
)]

mod fixtures;
mod frozen;
mod jobs;
mod judge;
mod long;
mod ops;
mod record;
mod shrink;
mod storms;
mod town;
