//! The only way to learn the time or to let it pass.

use std::{future::Future, time::Duration};

use crate::domain::time::{Moment, Mono};

/// A clock. Cheap to clone; clones tell the same time.
pub trait Clock: Clone + Send + Sync + 'static {
    /// The present on both clocks.
    fn now(&self) -> Moment;

    /// Waits until `at`; returns at once if that is past. Wakes at most a millisecond late on an
    /// idle machine.
    fn sleep_until(&self, at: Mono) -> impl Future<Output = ()> + Send;

    /// Waits for a while.
    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send {
        let at = self.now().mono + time;
        self.sleep_until(at)
    }
}
