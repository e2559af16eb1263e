//! What a run of the suite says.

use std::fmt;

/// The checks that a ledger has passed, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Their names.
    pub passed: Vec<&'static str>,
}

/// The check that a ledger has failed. Later ones were not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ledger fails `{check}`: {expected}; found {found}")]
#[non_exhaustive]
pub struct Failure {
    /// Its name.
    pub check: &'static str,
    /// What was expected of the ledger.
    pub expected: String,
    /// What it did.
    pub found: String,
}

/// What a check has found wrong.
#[derive(Debug)]
pub(super) struct Unmet {
    pub(super) expected: String,
    pub(super) found: String,
}

impl Unmet {
    pub(super) fn new(expected: impl Into<String>, found: impl fmt::Debug) -> Self {
        Self { expected: expected.into(), found: format!("{found:?}") }
    }
}

impl Report {
    pub(super) fn heard(
        &mut self,
        check: &'static str,
        outcome: Result<(), Unmet>,
    ) -> Result<(), Failure> {
        let failure = |Unmet { expected, found }| Failure { check, expected, found };
        outcome.map_err(failure)?;
        self.passed.push(check);
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} checks passed: {}", self.passed.len(), self.passed.join(", "))
    }
}
