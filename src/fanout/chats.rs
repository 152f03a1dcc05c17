//! When a chat may be spoken to: one budget for everything that is sent to it.
//!
//! Telegram wants about one message a second in one chat and tolerates short bursts; a group or
//! channel takes twenty a minute, edits included. The history is exact, as for the token.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use crate::domain::{
    ids::ChatId,
    time::{Mono, Utc},
};

/// A burst of this many in [`BURST_WINDOW`] is one a second, and lets an answer follow an answer.
const BURST: usize = 3;
/// Three seconds and a guard for jitter on the way.
const BURST_WINDOW: Duration = Duration::from_millis(3_200);
/// `// telegram.md §1: one group 20 messages/min; edits in a group 20/min too`
const GROUP: usize = 20;
/// After a start, a private chat is sent one message in the first [`BURST_WINDOW`]: the process before
/// us may have spent part of its burst since it last saved.
const CAUTIOUS: usize = 1;
/// A minute and a guard.
const GROUP_WINDOW: Duration = Duration::from_millis(60_500);

/// The history of every chat spoken to lately, and who is parked.
#[derive(Clone, Debug, Default)]
pub struct Chats {
    sent: BTreeMap<ChatId, VecDeque<Mono>>,
    /// When an entry may be forgotten, in order.
    forget: VecDeque<(Mono, ChatId)>,
    parked: BTreeMap<ChatId, Mono>,
    cautious_until: Mono,
}

impl Chats {
    /// A history that begins at `now`.
    #[must_use]
    pub fn new(now: Mono) -> Self {
        Self { cautious_until: now + BURST_WINDOW, ..Self::default() }
    }

    /// The earliest time, not before `now`, at which `chat` may be sent to.
    #[must_use]
    pub fn ready_at(&self, chat: ChatId, now: Mono) -> Mono {
        let parked = self.parked.get(&chat).copied().unwrap_or(now);
        let Some(sent) = self.sent.get(&chat) else { return parked.max(now) };
        let open = |count: usize, window: Duration| {
            sent.len().checked_sub(count).map_or(now, |index| sent[index] + window)
        };
        let burst = if now < self.cautious_until { CAUTIOUS } else { BURST };
        let group = if chat.is_private() { now } else { open(GROUP, GROUP_WINDOW) };
        open(burst, BURST_WINDOW).max(group).max(parked).max(now)
    }

    /// Records a send.
    pub fn on_send(&mut self, chat: ChatId, now: Mono) {
        self.forget(now);
        let (keep, window) =
            if chat.is_private() { (BURST, BURST_WINDOW) } else { (GROUP, GROUP_WINDOW) };
        let sent = self.sent.entry(chat).or_default();
        sent.push_back(now);
        while sent.len() > keep {
            sent.pop_front();
        }
        self.forget.push_back((now + window, chat));
    }

    /// Whether a process after us has to know what was sent to `chat`.
    #[must_use]
    pub fn matters(&self, chat: ChatId, now: Mono) -> bool {
        !chat.is_private() || self.sent.get(&chat).is_some_and(|sent| spent(sent, now))
    }

    /// Telegram asks to leave `chat` alone until `until`.
    pub fn park(&mut self, chat: ChatId, until: Mono) {
        let parked = self.parked.entry(chat).or_insert(until);
        *parked = (*parked).max(until);
    }

    /// What a process after us has to know, on the calendar: groups' minute windows, and private
    /// chats that have most of their burst behind them.
    #[must_use]
    pub fn windows(&self, now: Mono, utc: Utc) -> Vec<(ChatId, Vec<Utc>)> {
        self.sent
            .iter()
            .filter(|(chat, sent)| !chat.is_private() || spent(sent, now))
            .map(|(&chat, sent)| (chat, sent.iter().map(|&at| utc - now.since(at)).collect()))
            .collect()
    }

    /// Takes up the windows of the process before.
    pub fn remember(&mut self, groups: &[(ChatId, Vec<Utc>)], now: Mono, utc: Utc) {
        let mut all: Vec<(Mono, ChatId)> = Vec::new();
        for (chat, sent) in groups {
            for &at in sent {
                let ago = (utc - at).to_std().unwrap_or_default();
                if ago < GROUP_WINDOW {
                    all.push((now - ago, *chat));
                }
            }
        }
        all.sort_unstable();
        for (at, chat) in all {
            self.on_send(chat, at);
        }
    }

    fn forget(&mut self, now: Mono) {
        while let Some(&(due, chat)) = self.forget.front()
            && due <= now
        {
            self.forget.pop_front();
            let window = if chat.is_private() { BURST_WINDOW } else { GROUP_WINDOW };
            if self
                .sent
                .get(&chat)
                .is_some_and(|sent| sent.back().is_none_or(|&at| at + window <= now))
            {
                self.sent.remove(&chat);
            }
        }
        if self.parked.len() > 64 {
            self.parked.retain(|_, until| *until > now);
        }
    }
}

/// Whether a private chat can take one more message at the most.
fn spent(sent: &VecDeque<Mono>, now: Mono) -> bool {
    sent.len() + 1 >= BURST && sent[sent.len() + 1 - BURST] + BURST_WINDOW > now
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    #[test]
    fn a_chat_takes_a_short_burst_and_then_one_a_second() {
        let mut chats = Chats::default();
        let chat = ChatId(7);
        let mut now = Mono(0);
        let mut sent = Vec::new();
        while sent.len() < 12 {
            now = chats.ready_at(chat, now);
            chats.on_send(chat, now);
            sent.push(now);
        }
        assert_eq!(sent[2], Mono(0), "three at once");
        assert!(sent[11] >= Mono(9 * SECOND), "then one a second: {sent:?}");
    }

    #[test]
    fn a_group_takes_twenty_a_minute_even_across_a_restart() {
        let mut chats = Chats::default();
        let group = ChatId(-7);
        let mut now = Mono(0);
        for _ in 0..20 {
            now = chats.ready_at(group, now);
            chats.on_send(group, now);
        }
        assert!(chats.ready_at(group, now) >= Mono(60 * SECOND));

        let utc = chrono::DateTime::from_timestamp(1_000_000, 0).unwrap();
        let mut next = Chats::default();
        next.remember(&chats.windows(now, utc), Mono(0), utc);
        let wait = next.ready_at(group, Mono(0)).since(Mono(0));
        assert!(wait > Duration::from_secs(40), "{wait:?}");
    }

    #[test]
    fn what_is_long_past_is_forgotten() {
        let mut chats = Chats::default();
        for n in 0..10_000 {
            chats.on_send(ChatId(n + 1), Mono(u64::try_from(n).unwrap() * 1_000));
        }
        assert!(chats.sent.len() < 3_300, "{}", chats.sent.len());
    }
}
