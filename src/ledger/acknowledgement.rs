//! A person's word that a halt may end, and the rules for it, which every
//! store shares.

use super::{Entry, Fact, LedgerError, Person, Record};
use crate::clock::Millis;

/// After so many confirmed strikes the next one may be the ban: a plan's
/// terms name three (<https://docs.z.ai/legal-agreement/subscription-terms>).
const LAST_CHANCE_AFTER: u32 = 2;
/// How soon a release without a person at a terminal may follow another.
const UNATTENDED_PAUSE_MS: Millis = 10 * 60 * 1_000;

/// A person's word that a halt may end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Acknowledgement {
    /// Who says so, and what they did about it.
    pub by: Person,
    /// When.
    pub at: Millis,
    /// Whether they know that the next strike may end the account.
    pub last_chance: bool,
    /// Whether it comes from a script: two releases of one account within 10
    /// minutes are then a loop, and refused.
    pub unattended: bool,
}

impl Acknowledgement {
    /// The word of `by`, given `at`.
    pub const fn new(by: Person, at: Millis) -> Self {
        Self { by, at, last_chance: false, unattended: false }
    }

    /// They know that the next strike may end the account.
    #[must_use]
    pub const fn last_chance(mut self) -> Self {
        self.last_chance = true;
        self
    }

    /// No person sits at a terminal.
    #[must_use]
    pub const fn unattended(mut self) -> Self {
        self.unattended = true;
        self
    }

    /// The entry that releases `halt`; none if `record` does not have it open.
    ///
    /// # Errors
    ///
    /// [`LedgerError::LastChance`] after the second confirmed strike, unless
    /// that is said; [`LedgerError::TooSoon`] if a script releases again.
    pub fn decide(&self, record: &Record, halt: &str) -> Result<Option<Entry>, LedgerError> {
        if record.halt(halt).is_none() {
            return Ok(None);
        }
        let confirmed = record.strikes.confirmed;
        if confirmed >= LAST_CHANCE_AFTER && !self.last_chance {
            return Err(LedgerError::LastChance { id: halt.to_owned(), confirmed });
        }
        let before = record.released.iter().rev().find(|over| over.by.is_some());
        if let Some(before) = before.filter(|_| self.unattended) {
            if self.at.saturating_sub(before.at) < UNATTENDED_PAUSE_MS {
                return Err(LedgerError::TooSoon { id: before.id.clone(), at: before.at });
            }
        }
        let fact = Fact::Acknowledged { halt: halt.to_owned(), by: self.by.clone() };
        Ok(Some(Entry::new(self.at, fact)))
    }

    /// Why `halt`, which no record of `all` has open, cannot be released.
    pub fn unknown<'a>(halt: &str, all: impl IntoIterator<Item = &'a Record>) -> LedgerError {
        let (mut open, mut ended) = (Vec::new(), None);
        for record in all {
            open.extend(record.halts.iter().map(|halt| halt.id.as_str()));
            let over = record.released.iter().find(|over| over.id == halt);
            ended = ended.or_else(|| over.cloned().map(Box::new));
        }
        let current = (!open.is_empty()).then(|| open.join(", "));
        LedgerError::NoSuchHalt { id: halt.to_owned(), ended, current }
    }
}
