//! How often what was done.

use std::collections::HashMap;

use parking_lot::Mutex;
use serde::Serialize;

use crate::{
    account::Account,
    exchange::{Taken, Workload},
};

/// How many accounts are counted apart; what comes later counts for none.
const ACCOUNTS: usize = 4_096;

/// Requests to plan endpoints of one account in this process, by verdict and
/// by what was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WorkloadTally {
    /// Estimated to be coding.
    pub coding: u64,
    /// Estimated to be other work.
    pub non_coding: u64,
    /// Could be either.
    pub unclear: u64,
    /// Could not be read, and count as unclear too.
    pub unread: u64,
    /// Declared to be coding by the caller.
    pub declared_coding: u64,
    /// Declared to be other work.
    pub declared_non_coding: u64,
    /// Declared to be coding against a strong estimate.
    pub contradicted: u64,
    /// Passed.
    pub passed: u64,
    /// Passed, since no person's turn began.
    pub within_turn: u64,
    /// Passed and told.
    pub reported: u64,
    /// Passed with a header on the response.
    pub warned: u64,
    /// Refused.
    pub blocked: u64,
    /// Sent elsewhere.
    pub rerouted: u64,
}

/// One request, as it is counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) estimate: Workload,
    pub(super) read: bool,
    pub(super) declared: Option<Workload>,
    pub(super) taken: Taken,
}

impl WorkloadTally {
    fn count(&mut self, one: Counted) {
        match one.estimate {
            Workload::Coding => self.coding += 1,
            Workload::NonCoding => self.non_coding += 1,
            Workload::Unclear => self.unclear += 1,
        }
        self.unread += u64::from(!one.read);
        match one.declared {
            Some(Workload::Coding) => {
                self.declared_coding += 1;
                self.contradicted += u64::from(one.estimate == Workload::NonCoding);
            }
            Some(Workload::NonCoding) => self.declared_non_coding += 1,
            _ => {}
        }
        *match one.taken {
            Taken::Passed => &mut self.passed,
            Taken::WithinTurn => &mut self.within_turn,
            Taken::Reported => &mut self.reported,
            Taken::Warned => &mut self.warned,
            Taken::Blocked => &mut self.blocked,
            Taken::Rerouted => &mut self.rerouted,
        } += 1;
    }
}

/// The tallies of all accounts of one guard.
#[derive(Debug, Default)]
pub(crate) struct Tallies(Mutex<HashMap<Option<Account>, WorkloadTally>>);

impl Tallies {
    pub(super) fn count(&self, account: Option<&Account>, one: Counted) {
        let mut tallies = self.0.lock();
        let key = account.cloned();
        let known = tallies.len() < ACCOUNTS || tallies.contains_key(&key);
        tallies.entry(key.filter(|_| known)).or_default().count(one);
    }

    /// What was counted for `account`; none counts what has no account.
    pub(crate) fn of(&self, account: Option<&Account>) -> WorkloadTally {
        self.0.lock().get(&account.cloned()).copied().unwrap_or_default()
    }
}
