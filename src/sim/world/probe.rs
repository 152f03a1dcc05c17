//! PURE. A call that tells nobody anything.

use super::{Answer, Sent, World};
use crate::domain::{
    ids::{BotId, MessageId},
    time::Moment,
};

impl World {
    /// Asks whether anybody is there, as `getMe` does: it meets the weather and outages, touches no
    /// chat and counts towards no limit.
    pub fn probe(&mut self, bot: BotId, now: Moment) -> Sent {
        let fate = self.fate(bot, None, now.mono);
        let answer = Self::never_arrived(fate).or_else(|| Self::before(fate));
        let answer = answer.unwrap_or_else(|| self.after(bot, fate, Ok(MessageId(0))));
        Sent { after: fate.after, answer }
    }
}
