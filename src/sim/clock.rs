//! A clock whose calendar can be moved: hours pass at once for whatever people read, while pacing and
//! waiting go on as before.
//!
//! Role: stories about announced times and late commands, without waiting for them.
//!
//! Invariants: the clock that measures is the base's own; clones tell the same time.
//!
//! Deliberately absent: a clock of its own; it is handed one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;

use crate::{
    domain::time::{Moment, Mono},
    ports::clock::Clock,
};

/// See the module.
#[derive(Clone, Debug)]
pub struct Shifted<K> {
    base: K,
    ahead_ms: Arc<AtomicI64>,
}

impl<K: Clock> Shifted<K> {
    /// Tells the base's time until it is moved.
    #[must_use]
    pub fn new(base: K) -> Self {
        Self { base, ahead_ms: Arc::default() }
    }

    /// Moves the calendar on, for every clone.
    pub fn pass(&self, time: Duration) {
        let ms = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        self.ahead_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

impl<K: Clock> Clock for Shifted<K> {
    fn now(&self) -> Moment {
        let Moment { mono, utc } = self.base.now();
        let ahead = TimeDelta::milliseconds(self.ahead_ms.load(Ordering::Relaxed));
        Moment { mono, utc: utc.checked_add_signed(ahead).unwrap_or(utc) }
    }

    async fn sleep_until(&self, at: Mono) {
        self.base.sleep_until(at).await;
    }
}
