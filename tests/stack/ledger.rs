//! A memory ledger that tells what is written to it, and can be slow.

use std::{sync::Arc, time::Duration};

use planguard::{
    account::Account,
    ledger::{
        Acknowledgement, BoxFuture, Changed, Entry, Fact, Lease, Ledger, LedgerError, MemoryLedger,
        Opened, Record,
    },
};

/// Calls `on_halt` in the poll in which a halt is handed to it, and has it
/// written `slow` later.
#[derive(Clone)]
pub struct Observed {
    pub inner: MemoryLedger,
    pub slow: Duration,
    pub on_halt: Arc<dyn Fn() + Send + Sync>,
}

impl Observed {
    pub fn slow(slow: Duration) -> Self {
        Self { inner: MemoryLedger::new(), slow, on_halt: Arc::new(|| {}) }
    }

    pub fn on_halt(on_halt: impl Fn() + Send + Sync + 'static) -> Self {
        Self { on_halt: Arc::new(on_halt), ..Self::slow(Duration::ZERO) }
    }

    /// The strikes that are written down, of all accounts.
    pub async fn strikes(&self) -> u32 {
        let records = self.inner.list().await.unwrap();
        records.iter().map(|(_, record)| record.strikes.confirmed).sum()
    }
}

impl Ledger for Observed {
    fn place(&self) -> String {
        self.inner.place()
    }

    fn open<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        self.inner.open(account)
    }

    fn changed<'a>(&'a self, account: &'a Account, version: u64) -> Changed<'a> {
        self.inner.changed(account, version)
    }

    fn record<'a>(
        &'a self,
        account: &'a Account,
        epoch: u64,
        entry: Entry,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        if matches!(entry.fact, Fact::Halted { .. }) {
            (self.on_halt)();
        }
        Box::pin(async move {
            if !self.slow.is_zero() {
                tokio::time::sleep(self.slow).await;
            }
            self.inner.record(account, epoch, entry).await
        })
    }

    fn claim<'a>(
        &'a self,
        account: &'a Account,
        halt: &'a str,
        lease: Lease,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        self.inner.claim(account, halt, lease)
    }

    fn release<'a>(
        &'a self,
        account: &'a Account,
        halt: &'a str,
        lease: Lease,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        self.inner.release(account, halt, lease)
    }

    fn acknowledge<'a>(
        &'a self,
        halt: &'a str,
        word: Acknowledgement,
    ) -> BoxFuture<'a, Result<(Account, Opened), LedgerError>> {
        self.inner.acknowledge(halt, word)
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<(Account, Record)>, LedgerError>> {
        self.inner.list()
    }
}
