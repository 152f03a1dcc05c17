//! Stories of the whole daemon, told over the simulated Bot API: only texts, buttons and phones.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests, which the lint knows only by their attribute"
)]

mod bad_input;
mod command_line;
mod control;
mod endings;
mod four_eyes;
mod gather;
mod raise;
mod replay;
mod report;
mod residents;
mod restart;
mod town;
mod trouble;
mod words;
