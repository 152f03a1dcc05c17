//! nabat.

pub mod domain;
pub mod ports;
pub mod telegram;
