//! The deliberate act between an intent and its effect.
//!
//! A [`Challenge`] shows an official what would happen and asks for an act that can't be done by
//! accident; [`Challenge::answer`] consumes it and yields [`Confirmed`], the only key to
//! [`super::alert::decide`].
//!
//! | what | asks for |
//! |---|---|
//! | a live alert, or more of one, where the level needs no approval | the region's short word, typed |
//! | the same where the level needs an approval | a second person's press |
//! | an exercise, an end, a withdrawal | one press |
//!
//! Invariants: a challenge is answered once; it expires; the issuer's mandate and the releaser's are
//! both proven anew when it is answered; one person with two accounts is one person.

use std::time::Duration;

use super::{
    alert::{Actor, Draft, Status},
    ids::{AlertId, Code, RegionId, Revision, UserId},
    operator::{Authorised, Role},
    region::{Area, Forest},
    time::Utc,
};

/// How long a challenge may be answered. Short, because a preview shows the present: what is active
/// there, how many would be told.
pub const CHALLENGE_LIFE: Duration = Duration::from_mins(5);

/// What somebody wants to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Raise an alert.
    Raise(Draft),
    /// Change level, end or note of one.
    Change {
        /// Which.
        alert: AlertId,
        /// As it was when the challenge was shown.
        revision: Revision,
        /// What it becomes.
        to: Draft,
    },
    /// End one.
    End {
        /// Which.
        alert: AlertId,
        /// As it was when the challenge was shown.
        revision: Revision,
        /// Only in these subtrees; everywhere, if empty.
        parts: Vec<RegionId>,
    },
    /// Say that one was sent in error.
    Withdraw {
        /// Which.
        alert: AlertId,
        /// As it was when the challenge was shown.
        revision: Revision,
    },
}

/// The act that releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Demand {
    /// The issuer types one of these words: the short word of a region of the area.
    Word(Vec<String>),
    /// Another person with the mandate to approve presses.
    SecondPerson,
    /// The issuer presses.
    Press,
}

/// An intent waiting for its deliberate act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    code: Code,
    act: Act,
    demand: Demand,
    issuer: UserId,
    person: String,
    expires_at: Utc,
}

/// Proof that the deliberate act was done by the right person in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmed {
    act: Act,
    by: Actor,
    at: Utc,
}

impl Confirmed {
    /// What, by whom, when.
    #[must_use]
    pub fn into_parts(self) -> (Act, Actor, Utc) {
        (self.act, self.by, self.at)
    }
}

/// Why a challenge was not met. The challenge remains, but for [`ConsentRefusal::Expired`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsentRefusal {
    /// Too late.
    Expired,
    /// The word typed is not the region's.
    WrongWord,
    /// A word has to be typed; a press is not enough.
    NeedsWord(Vec<String>),
    /// It has to be another person than the issuer.
    NeedsSecondPerson,
    /// It has to be the issuer.
    NotIssuer,
    /// The proof is not for this hazard and area.
    Mandate,
}

/// How somebody answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// A press or a bare `/confirm CODE`.
    Press,
    /// A typed word.
    Word(&'a str),
}

impl Challenge {
    /// Opens a challenge for a new alert.
    #[must_use]
    pub fn raise(code: Code, draft: Draft, issuer: &Authorised, now: Utc, forest: &Forest) -> Self {
        let demand = demand_for(&draft, forest);
        Self::open(code, Act::Raise(draft), demand, issuer, now)
    }

    /// Opens a challenge for a change; more of a live alert asks for as much as a new one.
    #[must_use]
    pub fn change(
        code: Code,
        (alert, revision): (AlertId, Revision),
        to: Draft,
        issuer: &Authorised,
        now: Utc,
        forest: &Forest,
    ) -> Self {
        let demand = demand_for(&to, forest);
        Self::open(code, Act::Change { alert, revision, to }, demand, issuer, now)
    }

    /// Opens a challenge for an end, whole or in parts.
    #[must_use]
    pub fn end(
        code: Code,
        (alert, revision): (AlertId, Revision),
        parts: Vec<RegionId>,
        issuer: &Authorised,
        now: Utc,
    ) -> Self {
        Self::open(code, Act::End { alert, revision, parts }, Demand::Press, issuer, now)
    }

    /// Opens a challenge for a withdrawal.
    #[must_use]
    pub fn withdraw(
        code: Code,
        (alert, revision): (AlertId, Revision),
        issuer: &Authorised,
        now: Utc,
    ) -> Self {
        Self::open(code, Act::Withdraw { alert, revision }, Demand::Press, issuer, now)
    }

    fn open(code: Code, act: Act, demand: Demand, issuer: &Authorised, now: Utc) -> Self {
        let operator = issuer.operator();
        Self {
            code,
            act,
            demand,
            issuer: operator.user,
            person: operator.person.clone(),
            expires_at: now + CHALLENGE_LIFE,
        }
    }

    /// A challenge as it was recorded. For the stores' rows alone.
    #[must_use]
    pub fn recorded(
        code: Code,
        act: Act,
        demand: Demand,
        (issuer, person): (UserId, String),
        expires_at: Utc,
    ) -> Self {
        Self { code, act, demand, issuer, person, expires_at }
    }

    /// What `/confirm` takes.
    #[must_use]
    pub fn code(&self) -> &Code {
        &self.code
    }
    /// What would happen.
    #[must_use]
    pub fn act(&self) -> &Act {
        &self.act
    }
    /// What is asked for.
    #[must_use]
    pub fn demand(&self) -> &Demand {
        &self.demand
    }
    /// Who wants it.
    #[must_use]
    pub fn issuer(&self) -> UserId {
        self.issuer
    }
    /// The person behind the issuer's account.
    #[must_use]
    pub fn person(&self) -> &str {
        &self.person
    }
    /// Until when it may be answered.
    #[must_use]
    pub fn expires_at(&self) -> Utc {
        self.expires_at
    }

    /// Checks an answer at `now`. `issuer` proves that the issuer still may, `releaser` that whoever
    /// answers may: as approver where a second person is asked for, as issuer otherwise. Both have
    /// to be proofs for `concerns`, the hazard and area of the act.
    ///
    /// # Errors
    ///
    /// What is missing.
    pub fn answer(
        self,
        answer: Answer<'_>,
        issuer: &Authorised,
        releaser: &Authorised,
        concerns: (&super::ids::HazardId, &Area),
        now: Utc,
    ) -> Result<Confirmed, ConsentRefusal> {
        if now >= self.expires_at {
            return Err(ConsentRefusal::Expired);
        }
        let for_this = |proof: &Authorised, role: Role| {
            proof.role() == role && (proof.hazard(), proof.area()) == concerns
        };
        let role = match self.demand {
            Demand::SecondPerson => Role::Approver,
            Demand::Word(_) | Demand::Press => Role::Issuer,
        };
        if issuer.operator().user != self.issuer || !for_this(issuer, Role::Issuer) {
            return Err(ConsentRefusal::Mandate);
        }
        let released_by = releaser.operator();
        match &self.demand {
            Demand::SecondPerson if released_by.person == self.person => {
                return Err(ConsentRefusal::NeedsSecondPerson);
            }
            Demand::Word(_) | Demand::Press if released_by.user != self.issuer => {
                return Err(ConsentRefusal::NotIssuer);
            }
            Demand::SecondPerson | Demand::Word(_) | Demand::Press => {}
        }
        if !for_this(releaser, role) {
            return Err(ConsentRefusal::Mandate);
        }
        match (&self.demand, answer) {
            (Demand::Word(words), Answer::Press) => {
                return Err(ConsentRefusal::NeedsWord(words.clone()));
            }
            (Demand::Word(words), Answer::Word(typed)) if !says(typed, words) => {
                return Err(ConsentRefusal::WrongWord);
            }
            (Demand::Word(_) | Demand::SecondPerson | Demand::Press, _) => {}
        }
        let by = Actor::Operator { user: self.issuer, name: issuer.operator().name.clone() };
        Ok(Confirmed { act: self.act, by, at: now })
    }
}

/// Whether `typed` is one of `words`, whatever the case.
#[must_use]
pub fn says(typed: &str, words: &[String]) -> bool {
    let typed = typed.trim().to_lowercase();
    words.iter().any(|word| word.to_lowercase() == typed)
}

/// What releases this draft: see the table of the module.
fn demand_for(draft: &Draft, forest: &Forest) -> Demand {
    match draft.status() {
        Status::Exercise => Demand::Press,
        Status::Actual if draft.approvals() > 0 => Demand::SecondPerson,
        Status::Actual => Demand::Word(
            draft
                .area()
                .regions()
                .filter_map(|region| forest.get(region))
                .map(|region| region.short_word.clone())
                .collect(),
        ),
    }
}
