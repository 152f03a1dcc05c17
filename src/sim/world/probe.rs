//! PURE. A call that tells nobody anything.

use super::{Answer, Sent, Stage, World, struck};
use crate::domain::{
    ids::{BotId, MessageId},
    time::Moment,
};

impl World {
    /// Asks whether anybody is there, as `getMe` does: it meets the weather and outages, touches no
    /// chat and counts towards no limit.
    pub fn probe(&mut self, bot: BotId, now: Moment) -> Sent {
        let fate = self.fate(bot, None, now.mono);
        let stages = [Stage::WayIn, Stage::Before, Stage::After];
        let lost = stages.into_iter().find_map(|stage| struck(fate, stage, false));
        Sent { after: fate.after, answer: lost.unwrap_or(Answer::Delivered(MessageId(0))) }
    }
}
