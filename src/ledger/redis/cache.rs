//! For how long an answer of the server is taken as true.

use std::{collections::HashMap, time::Duration};

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::account::Account;

/// How many accounts are remembered. Beyond it all are asked for again.
const ACCOUNTS: usize = 4_096;

/// When the server was asked about each account last, and what it said.
pub(super) struct Cache {
    staleness: Duration,
    heard: Mutex<HashMap<Account, (Instant, u64)>>,
}

impl Cache {
    pub(super) fn new(staleness: Duration) -> Self {
        Self { staleness, heard: Mutex::default() }
    }

    /// Whether the server said `version` a short time ago.
    pub(super) fn has(&self, account: &Account, version: u64) -> bool {
        !self.staleness.is_zero()
            && self
                .heard
                .lock()
                .get(account)
                .is_some_and(|(at, heard)| *heard == version && at.elapsed() < self.staleness)
    }

    /// The server said `version` to what was asked `at`.
    pub(super) fn heard(&self, account: &Account, version: u64, at: Instant) {
        if self.staleness.is_zero() {
            return;
        }
        let mut heard = self.heard.lock();
        if heard.len() >= ACCOUNTS && !heard.contains_key(account) {
            heard.clear();
        }
        heard.insert(account.clone(), (at, version));
    }
}
