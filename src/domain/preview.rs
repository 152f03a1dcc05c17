//! What an act would do, shown before anybody confirms it.
//!
//! A [`Preview`] renders the very transition that [`super::alert::decide`] would make, and never
//! hands it out: what is shown is exact, and can't be sent without consent.

use super::{
    alert::{self, Actor, AlertRefusal, Current, Transition},
    audience::{Tier, Variant},
    board::Board,
    bulletin::{self, Bulletin},
    consent::Act,
    ids::{AlertId, MessageId},
    manner::{Manner, Manners},
    region::Forest,
    time::Utc,
};

/// A transition nobody has confirmed.
#[derive(Debug)]
pub struct Preview(Transition);

impl Preview {
    /// What `act` would do now. `current` is the alert it names, `next` the number a new one would
    /// get.
    ///
    /// # Errors
    ///
    /// Why it would not be possible.
    pub fn of(
        act: &Act,
        (by, at): (Actor, Utc),
        current: Option<&Current>,
        next: AlertId,
        forest: &Forest,
    ) -> Result<Self, AlertRefusal> {
        alert::turn(act.clone(), by, at, current.cloned(), next, forest).map(Self)
    }

    /// What a chat of this variant would read, word for word.
    #[must_use]
    pub fn bulletin(&self, board: &Board, variant: &Variant, forest: &Forest) -> Bulletin {
        let mut after = board.clone();
        after.apply(&self.0);
        bulletin::compose(&self.0, &after, variant, false, forest)
    }

    /// Whether a person who was told reads it in place of what they were told.
    #[must_use]
    pub fn edits(&self) -> bool {
        let told = Some(MessageId(0));
        let manner = Manners::of(&self.0).of_chat(Tier::Recent, true, told, false);
        matches!(manner, Manner::Edit(_))
    }

    /// What would be true of the variant's place afterwards.
    #[must_use]
    pub fn standing(&self, board: &Board, variant: &Variant, forest: &Forest) -> String {
        let mut after = board.clone();
        after.apply(&self.0);
        bulletin::standing(variant, &after, forest).0
    }
}
