//! PURE. The way to the phones and back, on virtual time.
//!
//! Role: what `sim::courier` is, for tens of millions of messages: it keeps no phone and no text,
//! because `judge` reads each message as it arrives. Limits are those of the simulated Telegram
//! ([`Limits`]), counted where messages arrive; whoever is over one is refused with a 429.
//!
//! Invariants: a request takes [`WAY_IN`] to arrive, so that requests arrive in the order in which
//! they left; its answer is shown 20 to 80 ms later, as on a good day. One seed, one course of events.
//!
//! Deliberately absent: weather. What a storm does to the engine is for the storm suite.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use crate::{
    domain::{
        delivery::Outcome,
        ids::{ChatId, MessageId},
        time::Mono,
    },
    fanout::pacer::Ticket,
    sim::{
        dice::Dice,
        weather::Weather,
        world::{BOT_SPAN, CHAT_SPAN, GROUP_SPAN, Limits},
    },
};

/// From the sender to Telegram.
pub(super) const WAY_IN: Duration = Duration::from_millis(20);
/// Chats whose last messages are remembered, before those that no longer matter are dropped.
const REMEMBERED: usize = 512;

/// One bot's way to Telegram.
#[derive(Clone, Debug)]
pub(super) struct Courier {
    limits: Limits,
    weather: Weather,
    dice: Dice,
    /// Arrivals of the last second.
    recent: VecDeque<Mono>,
    /// Arrivals in each chat, as far back as a limit looks.
    chats: BTreeMap<ChatId, VecDeque<Mono>>,
    tidy_at: usize,
    sent: u64,
    answers: BTreeMap<(Mono, Ticket), Outcome>,
    refused: u64,
}

impl Courier {
    /// The way of the bot with this number, which may send so many messages a second.
    pub(super) fn new(seed: u64, bot: u64, per_second: u32) -> Self {
        Self {
            limits: Limits { per_second, ..Limits::default() },
            weather: Weather::calm(),
            dice: Dice::at(seed, &[bot]),
            recent: VecDeque::new(),
            chats: BTreeMap::new(),
            tidy_at: REMEMBERED,
            sent: 0,
            answers: BTreeMap::new(),
            refused: 0,
        }
    }

    /// Sends; when it arrives, or `None` if it is refused. The answer comes back under `ticket`.
    pub(super) fn send(&mut self, ticket: Ticket, chat: ChatId, now: Mono) -> Option<Mono> {
        let arrival = now + WAY_IN;
        let wait = self.over(chat, arrival);
        let outcome = match wait {
            None => {
                self.recent.push_back(arrival);
                self.chats.entry(chat).or_default().push_back(arrival);
                self.sent += 1;
                Outcome::Delivered(MessageId(self.sent.cast_signed()))
            }
            Some(wait) => {
                self.refused += 1;
                let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                Outcome::Throttled { retry_after: Duration::from_secs(whole.max(1)) }
            }
        };
        let answer = arrival + self.weather.fate(&mut self.dice).after;
        self.answers.insert((answer, ticket), outcome);
        wait.is_none().then_some(arrival)
    }

    /// How long a message that arrives now comes too early, if it does.
    fn over(&mut self, chat: ChatId, at: Mono) -> Option<Duration> {
        while self.recent.front().is_some_and(|&first| at.since(first) >= BOT_SPAN) {
            self.recent.pop_front();
        }
        if self.chats.len() >= self.tidy_at {
            self.chats.retain(|chat, sent| {
                let span = if chat.is_private() { CHAT_SPAN } else { GROUP_SPAN };
                sent.back().is_some_and(|&last| at.since(last) < span)
            });
            self.tidy_at = REMEMBERED.max(2 * self.chats.len());
        }
        let wait = |sent: &VecDeque<Mono>, span: Duration, most: u32| {
            let first = sent.len().checked_sub(most as usize).and_then(|n| sent.get(n))?;
            span.checked_sub(at.since(*first)).filter(|wait| !wait.is_zero())
        };
        let token = wait(&self.recent, BOT_SPAN, self.limits.per_second);
        let Some(sent) = self.chats.get_mut(&chat) else { return token };
        while sent.len() > self.limits.per_group.max(self.limits.per_chat) as usize {
            sent.pop_front();
        }
        let group =
            (!chat.is_private()).then(|| wait(sent, GROUP_SPAN, self.limits.per_group)).flatten();
        token.max(wait(sent, CHAT_SPAN, self.limits.per_chat)).max(group)
    }

    /// When the next answer comes back.
    pub(super) fn due_at(&self) -> Option<Mono> {
        self.answers.first_key_value().map(|((at, _), _)| *at)
    }

    /// An answer that has come back by `now`.
    pub(super) fn answer(&mut self, now: Mono) -> Option<(Ticket, Outcome)> {
        let next = self.answers.first_entry().filter(|next| next.key().0 <= now)?;
        let ((_, ticket), outcome) = next.remove_entry();
        Some((ticket, outcome))
    }

    /// How many messages were refused because they came too fast.
    pub(super) fn refused(&self) -> u64 {
        self.refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tries(courier: &mut Courier, chat: i64, times: &[u64]) -> Vec<bool> {
        let send = |(n, &ms): (usize, &u64)| {
            courier.send(Ticket(n as u64), ChatId(chat), Mono(ms * 1_000)).is_some()
        };
        times.iter().enumerate().map(send).collect()
    }

    #[test]
    fn a_chat_takes_three_messages_in_three_seconds() {
        let mut courier = Courier::new(1, 0, 30);
        let taken = tries(&mut courier, 7, &[0, 100, 200, 300, 2_999, 3_000, 3_001]);
        assert_eq!(taken, [true, true, true, false, false, true, false]);
        assert_eq!(courier.refused(), 3);
    }

    #[test]
    fn a_channel_takes_twenty_messages_a_minute() {
        let mut courier = Courier::new(1, 0, 30);
        let times: Vec<u64> = (0..21).map(|n| n * 2_000).chain([59_999, 60_000]).collect();
        let taken = tries(&mut courier, -7, &times);
        assert_eq!(taken[19..], [true, false, false, true]);
    }

    #[test]
    fn a_bot_sends_so_many_a_second() {
        let mut courier = Courier::new(1, 0, 2);
        for (chat, ms, taken) in [(1, 0, true), (2, 999, true), (3, 999, false), (4, 1_000, true)] {
            assert_eq!(tries(&mut courier, chat, &[ms]), [taken]);
        }
    }

    #[test]
    fn answers_come_back_in_the_order_of_their_times() {
        let mut courier = Courier::new(1, 0, 1_000);
        let chats: Vec<i64> = (1..=50).collect();
        for (ticket, &chat) in (0..).zip(&chats) {
            courier.send(Ticket(ticket), ChatId(chat), Mono(0));
        }
        assert_eq!(courier.answer(Mono(39_999)), None, "20 ms there and 20 ms back at least");
        let mut order = Vec::new();
        while let Some(at) = courier.due_at() {
            order.extend(courier.answer(at).map(|(ticket, _)| (at, ticket)));
        }
        assert_eq!(order.len(), 50);
        assert!(order.is_sorted_by_key(|(at, _)| *at));
        assert!(order[49].0 <= Mono(100_000));
    }
}
