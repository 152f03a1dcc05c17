//! Lists of operations against the real engine, the reference store and the simulated Telegram, on
//! virtual time: joining, leaving, blocking, raising, ending, crashing at any step.
//!
//! A storm is a function of its seed. A failure prints the seed and the shortest list of operations
//! that still fails; such lists are frozen in [`frozen`].

mod frozen;
mod judge;
mod long;
mod ops;
mod shrink;
mod storms;
mod town;
