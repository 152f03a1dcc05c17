//! nabat.

pub mod app;
pub mod bot;
pub mod cli;
pub mod config;
pub mod domain;
pub mod fanout;
pub mod ports;
pub mod seal;
pub mod sim;
pub mod store;
pub mod telegram;
