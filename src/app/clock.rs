//! The real clock.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::{
    domain::time::{Moment, Mono, Utc},
    ports::clock::Clock,
};

/// The system's clocks. The one that never goes back begins at a second, so that there is a time
/// before.
#[derive(Clone, Debug)]
pub struct System {
    origin: Arc<Instant>,
}

impl System {
    /// Starts counting.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that reads the clock")]
    pub fn start() -> Self {
        Self { origin: Arc::new(Instant::now()) }
    }
}

impl Clock for System {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that reads the clock")]
    fn now(&self) -> Moment {
        let passed = Instant::now().duration_since(*self.origin);
        let utc: Utc = chrono::Utc::now();
        Moment { mono: Mono(1_000_000) + passed, utc }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the adapter that waits")]
    async fn sleep_until(&self, at: Mono) {
        let since_origin = at.since(Mono(1_000_000));
        // Beyond any process's life the sum may not be representable; a year is as good.
        let wait = since_origin.min(Duration::from_hours(24 * 365));
        tokio::time::sleep_until(*self.origin + wait).await;
    }
}
