//! Carrying one message to many chats, and many messages to one: everything a bot sends.
//!
//! ```text
//!   store ──► Dispatch (one bot) ──► Action ──► driver ──► courier / store
//!               ├─ Pacer     when the token may speak
//!               ├─ Purse     what may be paid for
//!               ├─ Chats     when a chat may be spoken to
//!               ├─ Breaker   whether anybody is there
//!               ├─ Letters   dialogue, ahead of broadcasts
//!               └─ Lane*     one broadcast each: who is next, who is settled, what is saved
//! ```
//!
//! Role: decide what a bot sends next. All of it but [`driver`] is a state machine without I/O: it is
//! told facts and the time, and answers with an [`dispatch::Action`].
//!
//! Invariants, the promises of the house as this room keeps them:
//!
//! - every chat of an audience ends as exactly one [`Settlement`](crate::domain::delivery::Settlement);
//! - nothing is sent beyond the durable mark, and a straggler is sent to only if that it may be is
//!   durable: after a crash, whoever may have been sent to is known;
//! - no second has more sends than the limit, whatever the seam of windows or of restarts;
//! - what is superseded or expired is dropped at the moment of sending.
//!
//! Deliberately absent: texts. The driver asks a [`driver::Scribe`] for them at the last moment.

pub mod breaker;
pub mod canary;
pub mod chats;
pub mod dispatch;
pub mod driver;
pub mod lane;
pub mod letters;
pub mod pacer;
pub mod plan;
pub mod purse;
