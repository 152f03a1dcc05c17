//! `nabat rehearse`.

use std::process::ExitCode;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many residents.
    #[arg(long, default_value_t = 1_000)]
    residents: u32,
}

/// Rehearses.
///
/// # Errors
///
/// None yet.
pub async fn run(_args: Args) -> anyhow::Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
