//! How a transition is put to a chat: anew or in place of an earlier message, with a sound or not.
//!
//! One live message an event. Channels and groups are edited in place and get the end as a reply to
//! it. A private chat that was told is edited, told silently or not at all, as the hazard has it. A
//! step up is a message of its own, with a sound, because an edit makes none; so is the end of what
//! people had to act on at once. Whoever is told for the first time is told as of a beginning.
//!
//! ```text
//!                  told before: channel, group    private                    told first
//!   raised         —                              —                          anew, sound
//!   update         edit                           edit │ anew, silent │ not  anew, sound
//!   step up        anew, sound, as a reply        anew, sound                anew, sound
//!   step down      edit                           edit │ anew, silent │ not  anew, sound
//!   ended partly   edit                           edit │ anew, silent │ not  anew, sound
//!   end, expiry    anew, as a reply               anew                       (nobody)
//!                  (with a sound if people had to act at once)
//!   withdrawal     anew, sound, as a reply        anew, sound                (nobody)
//! ```
//!
//! Exercises and hazards that are configured to be silent never make a sound. Someone for whom a
//! partial end is the end is told as of an end.

use super::{
    alert::{Change, Status, Transition},
    audience::{Kind, Tier},
    hazard::{Updates, Urgency},
    ids::MessageId,
};

/// How one chat is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Manner {
    /// By a message of its own.
    Anew {
        /// Whether the phone stays silent.
        silent: bool,
        /// The message it replies to.
        reply_to: Option<MessageId>,
    },
    /// In place of this message.
    Edit(MessageId),
    /// Not at all: the chat was told, and is told the end.
    Not,
}

/// What of a transition decides how it is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manners {
    turn: Turn,
    /// Whether nothing may make a sound.
    mute: bool,
    act_now: bool,
    updates: Updates,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Start,
    Update,
    Up,
    End,
    Withdrawal,
}

impl Manners {
    /// Those of a transition.
    #[must_use]
    pub fn of(event: &Transition) -> Self {
        let draft = event.alert.draft();
        let turn = match event.change {
            Change::Raised => Turn::Start,
            Change::Updated | Change::SteppedDown | Change::EndedPartly(_) => Turn::Update,
            Change::SteppedUp => Turn::Up,
            Change::Ended | Change::Expired => Turn::End,
            Change::Withdrawn => Turn::Withdrawal,
        };
        Self {
            turn,
            mute: draft.silent() || event.alert.status() == Status::Exercise,
            act_now: draft.rank().1 == Urgency::Immediate,
            updates: draft.updates(),
        }
    }

    /// How a chat is told. `told`: it was told of the alert before; `message`: by which message;
    /// `over`: for this chat the transition is an end.
    #[must_use]
    pub fn of_chat(
        &self,
        tier: Tier,
        told: bool,
        message: Option<MessageId>,
        over: bool,
    ) -> Manner {
        let many = tier.kind() != Kind::Private;
        let reply_to = message.filter(|_| many);
        let anew = |silent: bool| Manner::Anew { silent: silent || self.mute, reply_to };
        let turn = if over && self.turn == Turn::Update { Turn::End } else { self.turn };
        match turn {
            Turn::Start | Turn::Up | Turn::Withdrawal => anew(false),
            Turn::End => anew(!self.act_now),
            Turn::Update if !told && message.is_none() => anew(false),
            Turn::Update => match (many, self.updates, message) {
                (true, _, Some(message)) | (false, Updates::Edit, Some(message)) => {
                    Manner::Edit(message)
                }
                (false, Updates::None, _) => Manner::Not,
                (true, _, None) | (false, Updates::Edit | Updates::Silent, _) => anew(true),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: Manner = Manner::Anew { silent: false, reply_to: None };
    const SILENT: Manner = Manner::Anew { silent: true, reply_to: None };
    const MESSAGE: MessageId = MessageId(7);

    fn manners(turn: Turn, updates: Updates) -> Manners {
        Manners { turn, mute: false, act_now: true, updates }
    }

    fn reply(silent: bool) -> Manner {
        Manner::Anew { silent, reply_to: Some(MESSAGE) }
    }

    #[test]
    fn a_channel_has_one_live_message_and_the_end_as_a_reply() {
        for updates in [Updates::Edit, Updates::Silent, Updates::None] {
            let of =
                |turn| manners(turn, updates).of_chat(Tier::Channel, true, Some(MESSAGE), false);
            assert_eq!(of(Turn::Update), Manner::Edit(MESSAGE));
            assert_eq!(of(Turn::Up), reply(false));
            assert_eq!(of(Turn::End), reply(false));
            assert_eq!(of(Turn::Withdrawal), reply(false));
        }
    }

    #[test]
    fn a_person_who_was_told_is_told_of_updates_as_the_hazard_has_it() {
        let told = |updates| {
            manners(Turn::Update, updates).of_chat(Tier::Recent, true, Some(MESSAGE), false)
        };
        assert_eq!(told(Updates::Edit), Manner::Edit(MESSAGE));
        assert_eq!(told(Updates::Silent), SILENT);
        assert_eq!(told(Updates::None), Manner::Not);
    }

    #[test]
    fn whoever_is_told_first_hears_a_sound_whatever_the_change() {
        for updates in [Updates::Edit, Updates::Silent, Updates::None] {
            for tier in Tier::ALL {
                for turn in [Turn::Start, Turn::Update, Turn::Up] {
                    assert_eq!(manners(turn, updates).of_chat(tier, false, None, false), SOUND);
                }
            }
        }
    }

    #[test]
    fn whoever_was_told_by_an_answer_is_told_silently() {
        let manners = manners(Turn::Update, Updates::Edit);
        assert_eq!(manners.of_chat(Tier::Recent, true, None, false), SILENT);
    }

    #[test]
    fn a_partial_end_is_an_end_to_those_it_ends_for() {
        let manners = manners(Turn::Update, Updates::None);
        assert_eq!(manners.of_chat(Tier::Recent, true, Some(MESSAGE), true), SOUND);
        assert_eq!(manners.of_chat(Tier::SmallGroup, true, Some(MESSAGE), true), reply(false));
    }

    #[test]
    fn the_end_of_what_was_not_urgent_is_silent_and_what_is_mute_stays_so() {
        let mut end = manners(Turn::End, Updates::Edit);
        end.act_now = false;
        assert_eq!(end.of_chat(Tier::Recent, true, Some(MESSAGE), false), SILENT);
        let mute = Manners { mute: true, ..manners(Turn::Up, Updates::Edit) };
        assert_eq!(mute.of_chat(Tier::Recent, true, None, false), SILENT);
    }
}
