//! PURE. A call that tells nobody anything.

use super::{Answer, ApiError, Sent, World};
use crate::domain::{
    ids::{BotId, MessageId},
    time::Moment,
};

/// What stands for the success of a call that makes nothing, until the answer is made of it.
const DONE: u16 = 400;

impl World {
    /// Asks whether anybody is there, as `getMe` does: it meets the weather and outages, touches no
    /// chat and counts towards no limit.
    pub fn probe(&mut self, bot: BotId, now: Moment) -> Sent {
        let fate = self.fate(bot, None, now.mono);
        let lost = Self::never_arrived(fate).or_else(|| Self::before(fate));
        // Nothing is carried out, so a lost reply loses nothing: as after a refusal.
        let answer = lost.unwrap_or_else(|| self.after(bot, fate, Err(ApiError::of(DONE, ""))));
        let answer = match answer {
            Answer::Error(error) if error.code == DONE => Answer::Delivered(MessageId(0)),
            other => other,
        };
        Sent { after: fate.after, answer }
    }
}
