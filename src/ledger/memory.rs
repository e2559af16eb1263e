//! A ledger that lasts as long as the process.

use std::{
    collections::HashMap,
    fmt,
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;

use super::{
    Acknowledgement, BoxFuture, Changed, Entry, Lease, Ledger, LedgerError, Opened, Record, lease,
};
use crate::account::Account;

/// A [`Ledger`] in memory. Clones are the same ledger.
///
/// It forgets every halt and strike when the process ends: a restarted
/// program would send into a halted account again.
#[derive(Clone, Default)]
pub struct MemoryLedger(Arc<Inner>);

#[derive(Default)]
struct Inner {
    version: AtomicU64,
    records: Mutex<HashMap<Account, Record>>,
}

impl MemoryLedger {
    /// An empty ledger.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads, decides and folds under one lock.
    fn update(
        &self,
        account: &Account,
        decide: impl FnOnce(&Record) -> Option<Entry>,
    ) -> Result<Opened, LedgerError> {
        let mut records = self.0.records.lock();
        let known = records.get(account);
        let Some(entry) = decide(known.unwrap_or(&Record::default())) else {
            let version = self.0.version.load(Ordering::Acquire);
            let record = known.cloned().unwrap_or_default();
            return Err(LedgerError::Conflict(Box::new(Opened::new(record, version))));
        };
        let record = records.entry(account.clone()).or_default();
        record.fold(&entry);
        let version = self.0.version.fetch_add(1, Ordering::AcqRel) + 1;
        Ok(Opened::new(record.clone(), version))
    }
}

#[cfg(feature = "redis")]
impl MemoryLedger {
    /// Keeps `record` as it is, unless a later revision is there.
    pub(super) fn keep(&self, account: &Account, record: Record) {
        let mut records = self.0.records.lock();
        let known = records.entry(account.clone()).or_default();
        if known.revision < record.revision {
            *known = record;
            self.0.version.fetch_add(1, Ordering::AcqRel);
        }
    }
}

impl MemoryLedger {
    fn acknowledged(
        &self,
        halt: &str,
        word: &Acknowledgement,
    ) -> Result<(Account, Opened), LedgerError> {
        let mut records = self.0.records.lock();
        for (account, record) in records.iter_mut() {
            if let Some(entry) = word.decide(record, halt)? {
                record.fold(&entry);
                let version = self.0.version.fetch_add(1, Ordering::AcqRel) + 1;
                return Ok((account.clone(), Opened::new(record.clone(), version)));
            }
        }
        Err(Acknowledgement::unknown(halt, records.values()))
    }
}

impl Ledger for MemoryLedger {
    fn place(&self) -> String {
        "in memory, until the process ends".to_owned()
    }

    fn open<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        let records = self.0.records.lock();
        let version = self.0.version.load(Ordering::Acquire);
        let record = records.get(account).cloned().unwrap_or_default();
        Box::pin(ready(Ok(Opened::new(record, version))))
    }

    fn changed<'a>(&'a self, _account: &'a Account, version: u64) -> Changed<'a> {
        if self.0.version.load(Ordering::Acquire) == version { Changed::No } else { Changed::Yes }
    }

    fn record<'a>(
        &'a self,
        account: &'a Account,
        epoch: u64,
        entry: Entry,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        Box::pin(ready(self.update(account, |record| {
            (record.epoch == epoch || !entry.fact.needs_epoch()).then_some(entry)
        })))
    }

    fn claim<'a>(
        &'a self,
        account: &'a Account,
        halt: &'a str,
        lease: Lease,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        Box::pin(ready(self.update(account, |record| lease::claim(record, halt, &lease))))
    }

    fn release<'a>(
        &'a self,
        account: &'a Account,
        halt: &'a str,
        lease: Lease,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        Box::pin(ready(self.update(account, |record| lease::release(record, halt, &lease))))
    }

    fn acknowledge<'a>(
        &'a self,
        halt: &'a str,
        word: Acknowledgement,
    ) -> BoxFuture<'a, Result<(Account, Opened), LedgerError>> {
        Box::pin(ready(self.acknowledged(halt, &word)))
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<(Account, Record)>, LedgerError>> {
        let records = self.0.records.lock();
        let mut all: Vec<_> =
            records.iter().map(|(account, record)| (account.clone(), record.clone())).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        Box::pin(ready(Ok(all)))
    }

    fn release_command(&self, halt: &str) -> String {
        format!("PlanGuard::acknowledge(\"{halt}\", NAME, NOTE) in this process")
    }
}

impl fmt::Debug for MemoryLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLedger").finish_non_exhaustive()
    }
}
