//! The sample configuration, embedded: what `config/` holds, for a program that stands alone.

use std::path::PathBuf;

use super::{Config, Fault, load_sources};

/// Every file of `config/`, by its path there.
pub const SAMPLE: &[(&str, &str)] = &[
    ("nabat.toml", include_str!("../../config/nabat.toml")),
    ("operators.toml", include_str!("../../config/operators.toml")),
    ("regions/belgorod.toml", include_str!("../../config/regions/belgorod.toml")),
    ("regions/donetsk.toml", include_str!("../../config/regions/donetsk.toml")),
    ("regions/smolensk.toml", include_str!("../../config/regions/smolensk.toml")),
    ("hazards/drone-attack.toml", include_str!("../../config/hazards/drone-attack.toml")),
    ("hazards/fire.toml", include_str!("../../config/hazards/fire.toml")),
    ("hazards/no-fly-zone.toml", include_str!("../../config/hazards/no-fly-zone.toml")),
    ("hazards/power-outage.toml", include_str!("../../config/hazards/power-outage.toml")),
    ("hazards/shelter-in-place.toml", include_str!("../../config/hazards/shelter-in-place.toml")),
];

/// The sample configuration, read.
///
/// # Errors
///
/// What is wrong with it; the tests see to it that nothing is.
pub fn sample() -> Result<Config, Vec<Fault>> {
    let texts = SAMPLE.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned()));
    load_sources(texts.collect()).map(|(config, _)| config)
}
