//! The words of the trade, and every decision that needs nothing but them.
//!
//! Role: what an alert is and how it lives, who may speak, what a chat is owed, how a delivery ends.
//!
//! Invariants: pure and synchronous; time is an argument; collections are ordered, so a seed replays.
//!
//! Deliberately absent: the runtime, Telegram's wire, SQL, HTTP, serialisation, clocks and chance.

pub mod alert;
pub mod audience;
pub mod board;
pub mod bulletin;
pub mod consent;
pub mod delivery;
pub mod hazard;
pub mod ids;
pub mod lang;
pub mod letter;
pub mod manner;
pub mod operator;
pub mod preview;
pub mod region;
pub mod report;
pub mod time;

#[cfg(test)]
mod stories;
