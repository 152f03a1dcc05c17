//! nabat.

pub mod domain;
pub mod fanout;
pub mod ports;
pub mod sim;
