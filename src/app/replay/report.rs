//! What a replay found, for people and for programs.

use std::{
    io::{self, Write},
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    Args,
    drive::Account,
    history::History,
    judge::{Findings, Judge, Served},
};
use crate::domain::delivery::Settlement;

/// Everything that is told.
pub(super) struct Report<'a> {
    pub(super) args: &'a Args,
    pub(super) history: &'a History,
    pub(super) account: &'a Account,
    pub(super) judge: &'a Judge,
    pub(super) wall: Duration,
}

impl Report<'_> {
    fn findings(&self) -> &Findings {
        self.judge.findings()
    }

    fn state_mismatches(&self) -> u64 {
        self.findings().board_mismatches + self.findings().phone_mismatches
    }

    /// Whether everything was as it should be.
    pub(super) fn is_good(&self) -> bool {
        let Findings { stale_sends, untrue_ends, ends_without_start, unreadable, .. } =
            self.findings();
        self.state_mismatches() + stale_sends + untrue_ends + ends_without_start + unreadable == 0
            && self.account.alarms.is_empty()
    }

    /// One object.
    pub(super) fn json(&self) -> Value {
        let (args, history, account, found) =
            (self.args, self.history, self.account, self.findings());
        let (private, channels) = self.judge.served();
        let settled = |one: Settlement| account.settled.get(one);
        let mut object = json!({
            "rows": history.rows.len(),
            "rows_malformed": history.malformed,
            "rows_reversed": history.reversed,
            "rows_repeated": history.repeated,
            "rows_endless": history.endless(),
            "places": history.places.len(),
            "bots": args.bots,
            "rate": args.rate,
            "seed": args.seed,
            "chats_private": private.chats,
            "chats_channel": channels.chats,
            "transitions": account.transitions,
            "broadcasts": account.broadcasts,
            "state_mismatches": self.state_mismatches(),
            "board_mismatches": found.board_mismatches,
            "board_checks": found.board_checks,
            "phone_mismatches": found.phone_mismatches,
            "phone_checks": found.phone_checks,
            "stale_sends": found.stale_sends,
            "untrue_ends": found.untrue_ends,
            "ends_without_start": found.ends_without_start,
            "unreadable": found.unreadable,
            "repeated_starts": found.repeated,
            "overtaken_in_flight": found.overtaken_in_flight,
            "dropped_as_stale": settled(Settlement::Superseded),
            "refused_429": account.refused,
            "alarms": account.alarms.len(),
            "messages": private.messages + channels.messages,
            "virtual_s": account.span.as_secs(),
            "wall_ms": millis(self.wall),
        });
        if let Some(object) = object.as_object_mut() {
            for one in Settlement::ALL {
                object.insert(format!("settled_{}", one.name()), settled(one).into());
            }
            for (kind, served) in [("private", private), ("channel", channels)] {
                for (name, value) in figures(served) {
                    object.insert(name.replace("KIND", kind), value);
                }
            }
        }
        object
    }

    /// A page.
    pub(super) fn tell(&self, out: &mut dyn Write) -> io::Result<()> {
        let (history, account, found) = (self.history, self.account, self.findings());
        let (private, channels) = self.judge.served();
        let rows = &history.rows;
        let (first, last) = (rows.first(), rows.iter().filter_map(|row| row.finished).max());
        writeln!(out, "{} alerts in {} places", rows.len(), history.places.len())?;
        if let (Some(first), Some(last)) = (first, last) {
            writeln!(out, "from {} to {}", first.started, last)?;
        }
        for fault in &history.faults {
            writeln!(out, "  {fault}")?;
        }
        let passed = history.malformed + history.reversed + history.repeated;
        let more = passed.saturating_sub(history.faults.len() as u64);
        if more > 0 {
            writeln!(out, "  and {more} lines more that were passed over")?;
        }
        writeln!(
            out,
            "{} private chats and {} channels; {} bots, {} messages a second each\n",
            private.chats, channels.chats, self.args.bots, self.args.rate
        )?;
        writeln!(
            out,
            "{} transitions, {} broadcasts, {} messages in {}",
            account.transitions,
            account.broadcasts,
            private.messages + channels.messages,
            long(account.span),
        )?;
        for one in Settlement::ALL {
            let chats = account.settled.get(one);
            if chats > 0 {
                writeln!(out, "  {:<12}{chats}", one.name())?;
            }
        }
        table(out, private, channels)?;
        let state = (found.board_checks, found.phone_checks);
        writeln!(out, "state mismatches     {}", self.state_mismatches())?;
        writeln!(out, "  the board's        {} of {} looks", found.board_mismatches, state.0)?;
        writeln!(out, "  the phones'        {} of {} looks", found.phone_mismatches, state.1)?;
        writeln!(out, "stale sends          {}", found.stale_sends)?;
        writeln!(out, "untrue ends          {}", found.untrue_ends)?;
        writeln!(out, "ends without a start {}", found.ends_without_start)?;
        writeln!(out, "unreadable           {}", found.unreadable)?;
        writeln!(out, "starts told twice    {}", found.repeated)?;
        writeln!(out, "overtaken in flight  {}", found.overtaken_in_flight)?;
        writeln!(out, "refused (429)        {}", account.refused)?;
        for alarm in &account.alarms {
            writeln!(out, "ALARM: {alarm:?}")?;
        }
        for example in &found.examples {
            writeln!(out, "  {example}")?;
        }
        let verdict = if self.is_good() { "All as it should be" } else { "NOT AS IT SHOULD BE" };
        writeln!(out, "\n{verdict}. It took {:.1} s.", self.wall.as_secs_f64())
    }
}

fn figures(served: &Served) -> [(&'static str, Value); 9] {
    let all = served.starts.and(&served.ends);
    [
        ("messages_KIND", served.messages.into()),
        ("messages_KIND_per_chat", mean(served).into()),
        ("messages_KIND_most", served.most.into()),
        ("lag_KIND_p50_ms", all.quantile_ms(50).into()),
        ("lag_KIND_p99_ms", all.quantile_ms(99).into()),
        ("lag_KIND_max_ms", all.most_ms().into()),
        ("lag_KIND_start_p50_ms", served.starts.quantile_ms(50).into()),
        ("lag_KIND_start_p99_ms", served.starts.quantile_ms(99).into()),
        ("lag_KIND_end_p99_ms", served.ends.quantile_ms(99).into()),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "a mean with one decimal, of counts far below 2^52")]
fn mean(served: &Served) -> f64 {
    (served.messages as f64 / served.chats.max(1) as f64 * 10.0).round() / 10.0
}

fn table(out: &mut dyn Write, private: &Served, channels: &Served) -> io::Result<()> {
    writeln!(
        out,
        "\n{:<10}{:>12}{:>10}{:>8}{:>12}{:>12}{:>12}",
        "", "messages", "per chat", "most", "lag p50", "p99", "longest"
    )?;
    for (kind, served) in [("channels", channels), ("private", private)] {
        if served.messages > 0 {
            let lags = served.starts.and(&served.ends);
            writeln!(
                out,
                "{kind:<10}{:>12}{:>10.1}{:>8}{:>12}{:>12}{:>12}",
                served.messages,
                mean(served),
                served.most,
                long(Duration::from_millis(lags.quantile_ms(50))),
                long(Duration::from_millis(lags.quantile_ms(99))),
                long(Duration::from_millis(lags.most_ms())),
            )?;
        }
    }
    writeln!(out)
}

/// `0.1 s`, `17 min`, `3.2 h` or `12.5 d`.
fn long(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match time.as_secs() {
        0..120 => format!("{seconds:.1} s"),
        120..7_200 => format!("{:.1} min", seconds / 60.0),
        7_200..172_800 => format!("{:.1} h", seconds / 3_600.0),
        _ => format!("{:.1} d", seconds / 86_400.0),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
