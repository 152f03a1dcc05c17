//! The simulated Telegram: what the daemon is rehearsed, tested and shown against.
//!
//! Role: [`world`] holds bots, people, chats and every phone's messages, enforces the limits and
//! answers calls; [`weather`] says what goes wrong and how often; [`dice`] is the one source of
//! chance; [`http`] serves the world as a Bot API server on loopback, with a control interface.
//!
//! Invariants: the world is pure and synchronous, time is handed in, and everything follows from
//! one seed. There is one mechanism: a call over HTTP and a send of the in-process courier are
//! judged by the same function. Limits are counted on arrival, before any delay.
//!
//! [`clock`] moves a calendar that others read.
//!
//! Deliberately absent: media, inline mode, payments, parsing of formatted text, webhooks, and
//! the clock, which whoever runs the simulation brings along.

pub mod clock;
pub mod courier;
pub mod dice;
pub mod http;
pub mod weather;
pub mod world;
