//! The bot: what people type and press, and what it answers.
//!
//! [`grammar`] and [`buttons`] read, [`dialogue`] decides, [`phrases`] says it in three languages;
//! all of them are pure. [`desk`] is the thin shell that reads updates and facts, and does the one
//! deed that each update asks for.
//!
//! Invariants: nothing is raised, changed or ended without a [`crate::domain::consent::Confirmed`];
//! every press is judged anew, for a button's data can be made by hand; what the bot answers is part
//! of the transaction it tells of; text that came from outside is cut and cleaned before it is
//! repeated.
//!
//! Deliberately absent: sending (`fanout` does, by its limits) and any state between two updates:
//! buttons carry all they need, and challenges are in the store.

pub mod buttons;
pub mod desk;
pub mod dialogue;
pub mod grammar;
pub mod phrases;

use crate::domain::{hazard::Catalogue, operator::Roster, region::Forest};
use grammar::names::Index;

/// What the configuration says, as one snapshot.
#[derive(Debug)]
pub struct Rules {
    /// The regions.
    pub forest: Forest,
    /// The hazards.
    pub catalogue: Catalogue,
    /// The officials.
    pub roster: Roster,
    index: Index,
}

impl Rules {
    /// Makes the snapshot, and the index of every name people may type.
    #[must_use]
    pub fn new(forest: Forest, catalogue: Catalogue, roster: Roster) -> Self {
        let index = Index::new(&forest, &catalogue);
        Self { forest, catalogue, roster, index }
    }

    /// Every name people may type.
    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }
}
