//! What can happen, and how a seed makes a storm of it.

use nabat::sim::dice::Dice;

/// Something that happens. Numbers are taken modulo what there is, so that every list means
/// something and any part of a list is a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// A chat subscribes to a place.
    Join { chat: u16, place: u8 },
    /// A chat gives a place up.
    Drop { chat: u16, place: u8 },
    /// A chat leaves.
    Leave { chat: u16 },
    /// A person blocks the bot; the update that tells of it is read or not.
    Block { chat: u16, told: bool },
    /// And comes back.
    Unblock { chat: u16 },
    /// A group takes the right to write away.
    Mute { chat: u16 },
    /// A group becomes a supergroup; the update that tells of it is read or not.
    Migrate { chat: u16, told: bool },
    /// A chat asks what is true.
    Ask { chat: u16 },
    /// An alert for a place; for so many seconds, or until ended.
    Raise { place: u8, level: u8, seconds: u16 },
    /// Another level.
    Change { nth: u8, level: u8 },
    /// The end.
    End { nth: u8 },
    /// The end in a part.
    EndIn { nth: u8, place: u8 },
    /// The end of one whose announced time is over is confirmed.
    EndExpired { nth: u8 },
    /// Sent in error.
    Withdraw { nth: u8 },
    /// An official holds what is being sent: 0 pauses, 1 lets go on, 2 stops for good.
    Hold { nth: u8, to: u8 },
    /// A group or a channel is counted.
    Count { chat: u16, members: u16 },
    /// The process dies after so many actions of the engine and is down for a while. A write under
    /// way is made or not.
    Crash { actions: u8, down_ms: u16, made: bool },
    /// The store refuses to write for a while.
    Sick { ms: u16 },
    /// Nothing for a while.
    Rest { ms: u16 },
}

/// A storm: who is there before, and what happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) seed: u64,
    pub(crate) limit: u32,
    pub(crate) chats: u32,
    pub(crate) calm: bool,
    /// Each after so many milliseconds.
    pub(crate) ops: Vec<(u16, Op)>,
}

/// So many of the chats are groups: the first ones; and the very first is a channel.
pub(crate) const GROUPS: u32 = 6;

impl Script {
    /// The storm of a seed.
    pub(crate) fn storm(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let limit = [10, 30, 30, 100][dice.below(4) as usize];
        let chats = 20 + dice.below(220) as u32;
        let sick = dice.below(4) == 0;
        let count = 6 + dice.below(28);
        let ops = (0..count).map(|_| (dice.below(2_500) as u16, op(&mut dice, sick))).collect();
        Self { seed, limit, chats, calm: dice.below(6) == 0, ops }
    }
}

fn op(dice: &mut Dice, sick: bool) -> Op {
    let mut word = |n: u64| dice.below(n);
    let (chat, place, nth) = (word(400) as u16, word(5) as u8, word(8) as u8);
    match word(100) {
        0..9 => Op::Join { chat, place },
        9 => Op::Count { chat: chat % GROUPS as u16, members: word(3_000) as u16 },
        10..13 => Op::Drop { chat, place },
        13..19 => Op::Leave { chat },
        19..26 => Op::Block { chat, told: word(2) == 0 },
        26..29 => Op::Unblock { chat },
        29..33 => Op::Migrate { chat: chat % GROUPS as u16, told: word(2) == 0 },
        33..36 => Op::Ask { chat },
        36..38 => Op::Mute { chat: chat % GROUPS as u16 },
        38..43 => Op::Hold { nth, to: [1, 0, 1, 2][word(4) as usize] },
        43..58 => Op::Raise {
            place,
            level: word(2) as u8,
            seconds: if word(4) == 0 { 60 + word(20) as u16 } else { 0 },
        },
        58..62 => Op::Change { nth, level: word(2) as u8 },
        62..71 => Op::End { nth },
        71..75 => Op::EndIn { nth, place },
        75..78 => Op::Withdraw { nth },
        // A store that refuses and a process that dies are told apart: what is repeated after the
        // one is bounded by the save, after the other by the mark.
        78..93 if !sick => {
            Op::Crash { actions: word(60) as u8, down_ms: word(4_000) as u16, made: word(2) == 0 }
        }
        78..93 => Op::Sick { ms: word(3_000) as u16 },
        93..95 => Op::EndExpired { nth },
        // Long enough for an announced time to run out.
        95 => Op::Rest { ms: 60_000 + word(5_000) as u16 },
        _ => Op::Rest { ms: word(9_000) as u16 },
    }
}
