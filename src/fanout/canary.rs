//! PURE. A letter that proves every hour that a bot can speak.
//!
//! It takes the way that every message takes: the pacer, the breaker, the courier. It is due at whole
//! multiples of its interval, so that a restart sends none of its own. What was not delivered
//! [`WITHIN`] after it was due, or was refused, is news once; and so is the next that arrives.
//!
//! Deliberately absent: the store. That it does not save is an alarm of its own.

use std::time::Duration;

use chrono::TimeDelta;

use crate::domain::{
    delivery::Outcome,
    ids::ChatId,
    time::{Moment, Mono, Utc},
};

/// Later than this it did not arrive: broadcasts hold it up by seconds, outages by minutes.
pub const WITHIN: Duration = Duration::from_mins(2);
/// Before it is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// What there is to say about the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The letter did not arrive; why, as far as it is known.
    Lost(String),
    /// It arrives again.
    Back,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Canary {
    chat: ChatId,
    every: TimeDelta,
    due_at: Utc,
    state: State,
    lost: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Resting,
    /// Due since the first, to be sent not before the second.
    Due(Mono, Mono),
    /// Due since then, and on its way.
    Out(Mono),
}

impl Canary {
    /// A canary that writes to `chat` at whole multiples of `every`, which is taken for a second if it
    /// is shorter.
    #[must_use]
    pub fn new(chat: ChatId, every: Duration, now: Utc) -> Self {
        let every = TimeDelta::from_std(every).unwrap_or(TimeDelta::MAX).max(TimeDelta::seconds(1));
        Self { chat, every, due_at: after(now, every), state: State::Resting, lost: false }
    }

    /// Whom it writes to.
    #[must_use]
    pub fn chat(&self) -> ChatId {
        self.chat
    }

    /// Takes note of the time; says what is new.
    pub fn look(&mut self, now: Moment) -> Option<News> {
        if self.due_at <= now.utc {
            self.due_at = after(now.utc, self.every);
            if self.state == State::Resting {
                self.state = State::Due(now.mono, now.mono);
            }
        }
        let (State::Due(since, _) | State::Out(since)) = self.state else { return None };
        (now.mono.since(since) >= WITHIN).then(|| self.lose("no answer".to_owned())).flatten()
    }

    /// Whether the letter is to be sent.
    #[must_use]
    pub fn is_due(&self, now: Mono) -> bool {
        matches!(self.state, State::Due(_, not_before) if not_before <= now)
    }

    /// When there is something to do by itself.
    #[must_use]
    pub fn wake_at(&self, now: Moment) -> Mono {
        let hour = now.mono + (self.due_at - now.utc).to_std().unwrap_or_default();
        match self.state {
            State::Resting => hour,
            State::Due(since, not_before) => {
                let late = since + WITHIN;
                if late > now.mono && !self.lost { not_before.min(late) } else { not_before }
            }
            State::Out(since) => since + WITHIN,
        }
    }

    /// It leaves.
    pub fn on_send(&mut self) {
        if let State::Due(since, _) = self.state {
            self.state = State::Out(since);
        }
    }

    /// What became of it.
    pub fn on_outcome(&mut self, outcome: &Outcome, now: Mono) -> Option<News> {
        let State::Out(since) = self.state else { return None };
        match outcome {
            Outcome::Delivered(_) => {
                self.state = State::Resting;
                std::mem::take(&mut self.lost).then_some(News::Back)
            }
            Outcome::Throttled { retry_after } => {
                self.state = State::Due(since, now + *retry_after);
                None
            }
            Outcome::NotSent | Outcome::Unknown | Outcome::Unpaid(_) => {
                self.state = State::Due(since, now + RETRY);
                None
            }
            Outcome::Gone(_)
            | Outcome::Missing
            | Outcome::Forbidden(_)
            | Outcome::Migrated(_)
            | Outcome::Unattached
            | Outcome::Unmodified
            | Outcome::Uneditable
            | Outcome::Payload(_)
            | Outcome::Token(_)
            | Outcome::Rejected { .. } => {
                self.state = State::Resting;
                self.lose(format!("{outcome:?}"))
            }
        }
    }

    fn lose(&mut self, why: String) -> Option<News> {
        (!std::mem::replace(&mut self.lost, true)).then_some(News::Lost(why))
    }
}

/// The first whole multiple after `now`, counted from 1970 in UTC.
fn after(now: Utc, every: TimeDelta) -> Utc {
    let seconds = every.num_seconds().max(1);
    let left = seconds - now.timestamp().rem_euclid(seconds);
    now + TimeDelta::seconds(left) - TimeDelta::nanoseconds(i64::from(now.timestamp_subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        delivery::{Gone, Rights},
        ids::MessageId,
    };

    const HOUR: Duration = Duration::from_hours(1);

    /// 20 minutes past a whole hour, and so many seconds.
    fn at(second: u64) -> Moment {
        let utc = Utc::from_timestamp(1_790_002_800 + 1_200, 250_000_000).unwrap();
        let passed = Duration::from_secs(second);
        Moment { mono: Mono(5) + passed, utc: utc + passed }
    }

    fn canary() -> Canary {
        Canary::new(ChatId(-7), HOUR, at(0).utc)
    }

    /// Sends what is due and answers; what is new.
    fn sent(canary: &mut Canary, second: u64, outcome: &Outcome) -> Option<News> {
        assert_eq!(canary.look(at(second)), None);
        assert!(canary.is_due(at(second).mono), "at {second}");
        canary.on_send();
        canary.on_outcome(outcome, at(second).mono)
    }

    #[test]
    fn it_is_due_at_the_whole_hour_and_then_each_hour() {
        let mut canary = canary();
        assert_eq!(canary.look(at(2_399)), None);
        assert!(!canary.is_due(at(2_399).mono));
        assert_eq!(canary.wake_at(at(0)), at(0).mono + Duration::from_millis(2_399_750));
        for hour in 0..3 {
            assert_eq!(sent(&mut canary, 2_400 + hour * 3_600, &DELIVERED), None);
            assert!(!canary.is_due(at(2_500 + hour * 3_600).mono), "once an hour");
        }
    }

    const DELIVERED: Outcome = Outcome::Delivered(MessageId(1));

    #[test]
    fn what_does_not_arrive_within_two_minutes_is_said_once_and_so_is_that_it_does_again() {
        let mut canary = canary();
        let mut news = Vec::new();
        for second in 2_400..2_700 {
            news.extend(canary.look(at(second)).map(|one| (second, one)));
            if canary.is_due(at(second).mono) {
                canary.on_send();
                let outcome = if second < 2_600 { Outcome::Unknown } else { DELIVERED };
                news.extend(canary.on_outcome(&outcome, at(second).mono).map(|one| (second, one)));
            }
        }
        let [(lost, News::Lost(_)), (back, News::Back)] = news[..] else { panic!("{news:?}") };
        assert_eq!(lost, 2_520);
        assert!((2_600..2_610).contains(&back), "{back}");
    }

    #[test]
    fn one_that_hangs_is_late_too() {
        let mut canary = canary();
        canary.look(at(2_400));
        canary.on_send();
        assert_eq!(canary.look(at(2_519)), None);
        assert!(matches!(canary.look(at(2_520)), Some(News::Lost(_))));
        assert_eq!(canary.look(at(2_521)), None, "once");
    }

    #[test]
    fn a_refusal_is_news_at_once_and_is_tried_again_at_the_next_hour() {
        for refusal in [Outcome::Gone(Gone::Kicked), Outcome::Forbidden(Rights::Write)] {
            let mut canary = canary();
            assert!(matches!(sent(&mut canary, 2_400, &refusal), Some(News::Lost(_))));
            assert!(!canary.is_due(at(2_600).mono));
            assert_eq!(sent(&mut canary, 6_000, &refusal), None, "it is known");
            assert_eq!(sent(&mut canary, 9_600, &DELIVERED), Some(News::Back));
        }
    }

    #[test]
    fn a_wait_that_telegram_asks_for_is_no_failure() {
        let mut canary = canary();
        let wait = Outcome::Throttled { retry_after: Duration::from_secs(30) };
        assert_eq!(sent(&mut canary, 2_400, &wait), None);
        assert!(!canary.is_due(at(2_429).mono));
        assert_eq!(sent(&mut canary, 2_430, &DELIVERED), None);
    }
}
