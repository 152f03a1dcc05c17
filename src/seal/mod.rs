//! The chain that makes a journal's past unchangeable without being seen.
//!
//! Role: every line of the journal is sealed with the hash of the line before it, so that whoever
//! changes, drops or inserts one has to change every later seal, and the last one, noted elsewhere,
//! gives it away.
//!
//! Invariants: pure; the bytes that are hashed are a function of the line alone, and two different
//! lines never have the same bytes (every part is preceded by its length).
//!
//! Deliberately absent: signatures, which come with signed records.

use sha2::{Digest, Sha256};

use crate::domain::{ids::UserId, time::Utc};

/// What seals a line: SHA-256.
pub type Seal = [u8; 32];

/// The seal before the first line.
pub const ORIGIN: Seal = [0; 32];

/// A line of the journal as it is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1, without gaps.
    pub n: i64,
    /// When.
    pub at: Utc,
    /// Who; `None` for the daemon itself.
    pub who: Option<UserId>,
    /// What.
    pub what: String,
    /// Particulars, in order.
    pub particulars: Vec<(String, String)>,
}

/// A line with the seal before it and its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The line.
    pub line: Line,
    /// The seal of the line before.
    pub prev: Seal,
    /// Its own.
    pub seal: Seal,
}

/// The first line that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the journal is broken at line {n}")]
pub struct Broken {
    /// Its number.
    pub n: i64,
}

/// Seals a line after `prev`.
#[must_use]
pub fn seal(prev: Seal, line: Line) -> Sealed {
    let mut hash = Sha256::new();
    hash.update(prev);
    hash.update(canonical(&line));
    Sealed { line, prev, seal: hash.finalize().into() }
}

/// A chain as it is checked, line by line, so that a journal of any length fits in memory.
#[derive(Clone, Debug)]
pub struct Chain {
    n: i64,
    last: Seal,
}

impl Default for Chain {
    fn default() -> Self {
        Self { n: 0, last: ORIGIN }
    }
}

impl Chain {
    /// How many lines were checked.
    #[must_use]
    pub fn len(&self) -> i64 {
        self.n
    }

    /// Whether none was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// The seal of the last line.
    #[must_use]
    pub fn last(&self) -> Seal {
        self.last
    }

    /// Checks the next line.
    ///
    /// # Errors
    ///
    /// If it is not what was sealed there.
    pub fn check(&mut self, next: &Sealed) -> Result<(), Broken> {
        let n = self.n + 1;
        let again = seal(self.last, next.line.clone());
        if next.line.n != n || again != *next {
            return Err(Broken { n });
        }
        (self.n, self.last) = (n, next.seal);
        Ok(())
    }
}

fn canonical(line: &Line) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut part = |text: &str| {
        bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    };
    part(&line.n.to_string());
    part(&line.at.timestamp_micros().to_string());
    part(&line.who.map_or_else(String::new, |who| who.0.to_string()));
    part(&line.what);
    for (name, value) in &line.particulars {
        part(name);
        part(value);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal() -> Vec<Sealed> {
        let mut prev = ORIGIN;
        (1..=4)
            .map(|n| {
                let line = Line {
                    n,
                    at: Utc::from_timestamp_micros(n * 1_000).unwrap(),
                    who: (n > 1).then_some(UserId(n)),
                    what: "raised".to_owned(),
                    particulars: vec![("alert".to_owned(), n.to_string())],
                };
                let sealed = seal(prev, line);
                prev = sealed.seal;
                sealed
            })
            .collect()
    }

    fn checked(lines: &[Sealed]) -> Result<i64, Broken> {
        let mut chain = Chain::default();
        lines.iter().try_for_each(|line| chain.check(line))?;
        Ok(chain.len())
    }

    #[test]
    fn an_honest_journal_is_whole() {
        assert_eq!(checked(&journal()), Ok(4));
        assert_eq!(checked(&[]), Ok(0));
    }

    #[test]
    fn a_changed_dropped_or_swapped_line_is_found() {
        let mut changed = journal();
        changed[1].line.particulars[0].1 = "9".to_owned();
        assert_eq!(checked(&changed), Err(Broken { n: 2 }));
        let mut dropped = journal();
        dropped.remove(2);
        assert_eq!(checked(&dropped), Err(Broken { n: 3 }));
        let mut swapped = journal();
        swapped.swap(0, 1);
        assert_eq!(checked(&swapped), Err(Broken { n: 1 }));
    }

    #[test]
    fn a_changed_line_sealed_anew_breaks_the_next() {
        let mut forged = journal();
        let mut line = forged[1].line.clone();
        line.what = "refused".to_owned();
        forged[1] = seal(forged[0].seal, line);
        assert_eq!(checked(&forged), Err(Broken { n: 3 }));
    }

    #[test]
    fn particulars_can_not_be_shifted_between_name_and_value() {
        let mut line = journal().remove(0).line;
        line.particulars = vec![("ab".to_owned(), "c".to_owned())];
        let one = seal(ORIGIN, line.clone());
        line.particulars = vec![("a".to_owned(), "bc".to_owned())];
        assert_ne!(one.seal, seal(ORIGIN, line).seal);
    }
}
