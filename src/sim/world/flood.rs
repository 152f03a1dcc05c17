//! PURE. Flood control: windows, waits, and who is to blame for a 429.
//!
//! Invariants: a window is exact history, of half-open length: two arrivals exactly one span
//! apart do not share it. A 429 is the sender's own doing if it broke a limit or came while a
//! wait was known to it; requests that were on their way when the weather's 429 was told are
//! the weather's.

use std::{collections::VecDeque, time::Duration};

use super::{Account, ApiError, CHAT_SPAN, GROUP_SPAN, Limits, Phone, Rare};
use crate::{
    domain::{ids::ChatId, time::Mono},
    sim::weather::{Fate, Fault},
};

/// After a 429 of the weather was told, requests that arrive within this are taken to have been
/// on their way: a loaded machine's loopback and scheduler are that slow.
const ON_THE_WAY: Duration = Duration::from_millis(500);

/// Arrivals of the recent past.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    seen: VecDeque<Mono>,
}

impl Window {
    pub(super) const fn new() -> Self {
        Self { seen: VecDeque::new() }
    }

    /// How long until there is room for one more, if there is none.
    pub(super) fn full_for(&mut self, now: Mono, span: Duration, most: u32) -> Option<Duration> {
        self.forget(now, span);
        let most = most as usize;
        if self.seen.len() < most {
            return None;
        }
        let frees = self.seen.get(self.seen.len() - most).map_or(now + span, |&seen| seen + span);
        Some(frees.since(now))
    }

    pub(super) fn add(&mut self, now: Mono) {
        self.seen.push_back(now);
    }

    /// Counts an arrival and says how many there were within the span that ends with it.
    pub(super) fn count(&mut self, now: Mono, span: Duration) -> usize {
        self.forget(now, span);
        self.add(now);
        self.seen.len()
    }

    fn forget(&mut self, now: Mono, span: Duration) {
        while self.seen.front().is_some_and(|&seen| seen + span <= now) {
            self.seen.pop_front();
        }
    }
}

/// A deadline that a 429 set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    pub(super) until: Mono,
    /// From when the sender is to blame for not waiting; `None` while it can't know.
    blame: Option<Mono>,
}

impl Wait {
    /// The sender broke a limit.
    pub(super) fn earned(now: Mono, wait: Duration) -> Self {
        Self { until: now + whole_seconds(wait), blame: Some(now) }
    }

    /// The weather asks to wait, and says so `after` a while.
    fn suffered(now: Mono, wait: Duration, after: Duration) -> Self {
        Self { until: now + wait, blame: Some(now + after + ON_THE_WAY) }
    }

    /// The weather asks the whole bot to wait. One refusal looks like a chat's; that it is the bot's
    /// shows with the second. `// telegram.md §2.3`
    fn suffered_by_all(now: Mono, wait: Duration) -> Self {
        Self { until: now + wait, blame: None }
    }
}

/// A sender is told whole seconds, and held to them.
fn whole_seconds(wait: Duration) -> Duration {
    Duration::from_secs((wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1))
}

impl Account {
    /// A 429 for a wait that is on.
    pub(super) fn refuse(&mut self, wait: Wait, now: Mono) -> ApiError {
        if wait.blame.is_some_and(|from| now >= from) {
            self.self_made_429 += 1;
        } else {
            self.weather_429 += 1;
        }
        ApiError::flood(wait.until.since(now))
    }

    /// A 429 for a wait that is on for the whole bot.
    pub(super) fn refuse_all(&mut self, wait: Wait, now: Mono, after: Duration) -> ApiError {
        let told = Wait { blame: wait.blame.or(Some(now + after + ON_THE_WAY)), ..wait };
        self.wait = Some(told);
        self.refuse(wait, now)
    }

    /// A 429 of the weather's, if this call meets one.
    pub(super) fn flooded(
        &mut self,
        phone: Option<&mut Phone>,
        fate: Fate,
        now: Mono,
    ) -> Option<ApiError> {
        let wait = Wait::suffered(now, fate.wait, fate.after);
        match (fate.fault?, phone) {
            (Fault::FloodBot, _) => self.wait = Some(Wait::suffered_by_all(now, fate.wait)),
            (Fault::FloodChat, Some(phone)) => {
                phone.rare.get_or_insert_with(Box::<Rare>::default).wait = Some(wait);
            }
            (Fault::FloodBare, _) => {
                self.weather_429 += 1;
                return Some(ApiError::of(429, "Too Many Requests"));
            }
            _ => return None,
        }
        Some(self.refuse(wait, now))
    }
}

impl Phone {
    /// The wait that one more message earns this chat's sender, if the chat is over its limit.
    pub(super) fn over_limit(&mut self, chat: ChatId, limits: &Limits, now: Mono) -> Option<Wait> {
        let mut full = self.burst.full_for(now, CHAT_SPAN, limits.per_chat);
        if full.is_none() && !chat.is_private() {
            let rare = self.rare.get_or_insert_with(Box::<Rare>::default);
            full = rare.minute.full_for(now, GROUP_SPAN, limits.per_group);
        }
        let wait = Wait::earned(now, full?);
        self.rare.get_or_insert_with(Box::<Rare>::default).wait = Some(wait);
        Some(wait)
    }

    /// Counts a message that was let through.
    pub(super) fn count(&mut self, chat: ChatId, now: Mono) {
        self.burst.add(now);
        if !chat.is_private() {
            self.rare.get_or_insert_with(Box::<Rare>::default).minute.add(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_window_has_room_again_when_the_oldest_has_left() {
        let mut window = Window::new();
        for ms in [0, 10, 20] {
            assert_eq!(window.full_for(Mono(ms * 1000), SECOND, 3), None);
            window.add(Mono(ms * 1000));
        }
        let wait = window.full_for(Mono(400_000), SECOND, 3);
        assert_eq!(wait, Some(Duration::from_millis(600)));
        assert_eq!(window.full_for(Mono(1_000_000), SECOND, 3), None);
    }

    #[test]
    fn arrivals_exactly_a_second_apart_share_no_second() {
        let mut window = Window::new();
        assert_eq!(window.count(Mono(0), SECOND), 1);
        assert_eq!(window.count(Mono(999_999), SECOND), 2);
        assert_eq!(window.count(Mono(1_000_000), SECOND), 2);
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds_and_lasts_as_long() {
        let wait = Wait::earned(Mono(0), Duration::from_millis(1_200));
        assert_eq!(wait.until, Mono(2_000_000));
        assert_eq!(ApiError::flood(wait.until.since(Mono(0))).retry_after, Some(2));
    }
}
