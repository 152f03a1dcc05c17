//! Two kinds of time: what people read, and what limits are measured with.

use std::{
    ops::{Add, Sub},
    time::Duration,
};

/// What a calendar says; always UTC inside, in a region's zone when shown.
pub type Utc = chrono::DateTime<chrono::Utc>;

/// A point of a clock that never goes back, in microseconds since the process began. Pacing and
/// waiting are measured with it, so that a calendar that jumps moves neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mono(pub u64);

impl Mono {
    /// How long after `earlier` this is; zero if it is not.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Mono {
    type Output = Self;

    fn add(self, by: Duration) -> Self {
        let micros = u64::try_from(by.as_micros()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(micros))
    }
}

impl Sub<Duration> for Mono {
    type Output = Self;

    fn sub(self, by: Duration) -> Self {
        let micros = u64::try_from(by.as_micros()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(micros))
    }
}

/// The same moment on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// For limits and waits.
    pub mono: Mono,
    /// For people and records.
    pub utc: Utc,
}
