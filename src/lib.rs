//! nabat.

pub mod bot;
pub mod domain;
pub mod ports;
