//! nabat.

pub mod domain;
pub mod sim;
