//! nabat.

pub mod domain;
pub mod ports;
pub mod seal;
pub mod store;
