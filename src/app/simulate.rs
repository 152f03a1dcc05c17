//! `nabat simulate`: the simulated Telegram alone.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use anyhow::{Context, Result};
use tokio::net::TcpListener;

use super::clock::System;
use crate::{
    ports::clock::Clock,
    sim::{
        http::{self, Timepiece},
        weather::Weather,
        world::{Limits, World},
    },
};

/// A timepiece for the simulated server.
#[must_use]
pub fn timepiece(clock: &System) -> Timepiece {
    let (now, sleep) = (clock.clone(), clock.clone());
    Timepiece::new(
        move || now.now(),
        move |time| {
            let clock = sleep.clone();
            Box::pin(async move { clock.sleep(time).await })
        },
    )
}

/// Serves until it is stopped. Any token is welcome.
///
/// # Errors
///
/// If the address can't be listened at.
pub async fn run(listen: SocketAddr, seed: u64, weather: Weather, rate: u32) -> Result<()> {
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("can't listen at {listen}: choose another address"))?;
    let mut world = World::new(seed, weather, Limits { per_second: rate, ..Limits::default() });
    world.welcome_any_bot(true);
    let address = listener.local_addr()?;
    tracing::info!(%address, seed, rate, "the simulated Telegram is up");
    let clock = System::start();
    http::serve(Arc::new(Mutex::new(world)), listener, timepiece(&clock)).await?;
    Ok(())
}

/// Reads a weather's name.
///
/// # Errors
///
/// If there is no such weather.
pub fn weather(name: &str) -> std::result::Result<Weather, String> {
    Weather::parse(name).map_err(|fault| fault.to_string())
}
