//! `nabat`: a civil-defence alert broadcaster. Officials raise and end alerts in Telegram; residents
//! who asked for it are told within seconds what happened and what to do.
//!
//! This is the architecture. Each module's documentation says the rest.
//!
//! # Three ideas
//!
//! **State, not messages.** A place has the alerts that cover it, or it is clear since a moment, or
//! nobody knows ([`domain::board`]). What an official does is a [`domain::alert::Transition`]; what
//! residents read is a rendering of what is true after it ([`domain::bulletin`]). So a late message
//! can be recognised, an end finds who got the start, and a newcomer is told the present.
//!
//! **The lane.** One broadcast through one bot is a [`fanout::lane::Lane`]: a cursor under a frozen
//! ceiling, and the few chats that lag behind it. There is no row per recipient to write before the
//! first message. Outcomes are appended to the delivery log in the transaction that saves the cursor.
//!
//! **A heart without I/O.** What decides is ordinary synchronous code that is handed facts and the
//! time. [`fanout::driver`] and [`bot::desk`] are its thin hands. So hours of broadcasting with
//! crashes at any step are a test of seconds, and a seed replays them.
//!
//! # Rooms
//!
//! ```text
//! main ─► cli ─► app ─► bot fanout telegram store config sim ─► ports ─► seal picture ─► domain
//! ```
//!
//! | room | holds | knows the outside |
//! |---|---|---|
//! | [`domain`] | regions, hazards, alerts, consent, mandates, texts, settlements | no |
//! | [`seal`] | the journal's hash chain | no |
//! | [`picture`] | the reach curve as SVG and as PNG | no |
//! | [`ports`] | what the rest asks of a store, a courier and a clock | names it |
//! | [`fanout`] | what a bot sends next, at which pace, and what is saved | `driver` alone |
//! | [`bot`] | commands and buttons in, replies and deeds out | `desk` alone |
//! | [`telegram`] | the Bot API: updates, sending, what an answer means | yes, but for `verdict` |
//! | [`store`] | the plain reference in memory, and `SQLite` | yes |
//! | [`config`] | TOML files into a checked configuration, with every fault at once | files |
//! | [`sim`] | a Telegram of our own, in process and over HTTP | its server alone |
//! | [`app`] | the composition root, and the real clock | yes |
//! | [`cli`] | arguments in, exit code out | yes |
//!
//! Rooms of one storey never enter one another; each declares what it needs and [`app`] translates.
//! `tests/suite/tidy.rs` checks that, and that pure code says no `async` and reads no clock.
//!
//! # The way of an alert
//!
//! An update arrives ([`telegram`]), is read as an intent ([`bot::grammar`]), asked for its mandate
//! ([`domain::operator`]), previewed and released ([`domain::consent`]) and decided
//! ([`domain::alert`]). One transaction ([`ports::store::Store::enact`]) makes it true: alert, board,
//! journal, a broadcast for each bot, and the update's number. A wake-up without data follows. The driver reads what is open, makes a
//! lane of it and asks [`fanout::dispatch`] what to do: a page is read, those who reach many before those
//! who reach few ([`domain::audience::Tier`]); a message leaves when pacer, chat and breaker allow, anew
//! or in place of an earlier one ([`domain::manner`]), unless its reader knows enough; its answer is judged (`telegram::verdict`, [`domain::delivery`]) and is
//! saved with the cursor every 100 ms. The figures ([`domain::report`]) go into the official's one
//! message, edited at most every three seconds, and are kept for its report, in words and as a
//! [`picture`].
//!
//! # Promises, and where each is kept
//!
//! 1. *Nobody is missed in silence.* Every chat of an audience ends as exactly one of seven
//!    ([`domain::delivery::Settlement`]); [`fanout::lane`] counts, [`fanout::dispatch`] raises an alarm
//!    if the seven do not sum to the audience.
//! 2. *Nothing is sent that is no longer true.* [`fanout::plan`] names what was overtaken and who knows
//!    enough ([`domain::board::Board::enough`]), the lane
//!    looks at the announced end before each step.
//! 3. *Nobody without a mandate speaks.* [`domain::alert::decide`] takes a proof that only
//!    [`domain::consent`] makes, which takes a proof that only [`domain::operator`] makes.
//! 4. *An exercise can't become live, the unknown is never shown as clear, an alert has an area.*
//!    By the types of [`domain::alert`], [`domain::board`] and [`domain::region`].
//! 5. *Within Telegram's limits, and close to them.* [`fanout::pacer`] and [`fanout::chats`] keep exact
//!    history; what must outlive a process is saved; the simulator counts what arrives.
//! 6. *The machine may die at any instruction.* Nobody beyond the durable mark of [`fanout::lane`] is
//!    sent to, and an update is confirmed to Telegram only after its effect is committed.
//! 7. *A bad file never replaces a good one.* [`config::load`] yields a whole configuration or faults.
//!
//! Promises 1, 2, 5 and 6 are judged from the simulated phones in hundreds of storms
//! (`tests/suite/sim`), each store by one suite (`tests/suite/contract`), and the tests themselves by
//! bugs planted on purpose (`tests/planted`).
//!
//! # Absent, deliberately or yet
//!
//! One process on one machine: no `PostgreSQL`, no leases between nodes. No web page, metrics, maps,
//! prepared plays or change of configuration while running. No media but the picture of a report, no
//! formatted text.

pub mod app;
pub mod bot;
pub mod cli;
pub mod config;
pub mod domain;
pub mod fanout;
pub mod picture;
pub mod ports;
pub mod seal;
pub mod sim;
pub mod store;
pub mod telegram;
