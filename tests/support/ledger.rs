//! A ledger that does as another one, and now and then not.
#![allow(dead_code, reason = "each test uses its part")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use planguard::{
    account::Account,
    ledger::{
        Acknowledgement, BoxFuture, Changed, Entry, Fact, Lease, Ledger, LedgerError, MemoryLedger,
        Opened, Record,
    },
};

/// What happens around the writing of an entry, at `When`. The first part of
/// it, up to the future, happens in the poll in which the entry is handed over.
pub type Around = dyn Fn(&Account, &Fact, When) -> BoxFuture<'static, ()> + Send + Sync;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The entry was handed over, and nothing of it is written.
    Before,
    /// It is written, and nobody has been told.
    After,
}

/// A ledger that is slow, or fails, or is watched. Clones are the same ledger.
#[derive(Clone)]
pub struct Moody<L = MemoryLedger> {
    pub inner: L,
    pub around: Arc<Around>,
    pub unreadable: Arc<AtomicBool>,
    pub unwritable: Arc<AtomicBool>,
}

impl<L> Moody<L> {
    pub fn around(
        inner: L,
        around: impl Fn(&Account, &Fact, When) -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) -> Self {
        let around = Arc::new(around);
        Self { inner, around, unreadable: Arc::default(), unwritable: Arc::default() }
    }

    fn error() -> LedgerError {
        LedgerError::unavailable("a moody place", "disk on fire")
    }
}

impl Moody {
    /// Nothing out of the common, until somebody says so.
    pub fn new() -> Self {
        Self::around(MemoryLedger::new(), |_, _, _| Box::pin(async {}))
    }

    /// Each entry takes `slow`.
    pub fn slow(slow: Duration) -> Self {
        Self::around(MemoryLedger::new(), move |_, _, when| match when {
            When::Before => Box::pin(tokio::time::sleep(slow)),
            When::After => Box::pin(async {}),
        })
    }

    /// Calls `on_halt` in the poll in which a halt is handed to it.
    pub fn on_halt(on_halt: impl Fn() + Send + Sync + 'static) -> Self {
        Self::around(MemoryLedger::new(), move |_, fact, when| {
            if matches!((fact, when), (Fact::Halted { .. }, When::Before)) {
                on_halt();
            }
            Box::pin(async {})
        })
    }

    /// The strikes that are written down, of all accounts.
    pub async fn strikes(&self) -> u32 {
        let records = self.inner.list().await.unwrap();
        records.iter().map(|(_, record)| record.strikes.confirmed).sum()
    }
}

impl<L: Ledger> Ledger for Moody<L> {
    fn place(&self) -> String {
        format!("a moody place: {}", self.inner.place())
    }

    fn open<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        Box::pin(async move {
            if self.unreadable.load(Ordering::SeqCst) {
                return Err(Self::error());
            }
            self.inner.open(account).await
        })
    }

    fn changed<'a>(&'a self, account: &'a Account, version: u64) -> Changed<'a> {
        if self.unreadable.load(Ordering::SeqCst) {
            return Changed::Ask(Box::pin(async { Err(Self::error()) }));
        }
        self.inner.changed(account, version)
    }

    fn record<'a>(
        &'a self,
        account: &'a Account,
        epoch: u64,
        entry: Entry,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        let before = (self.around)(account, &entry.fact, When::Before);
        Box::pin(async move {
            before.await;
            if self.unwritable.load(Ordering::SeqCst) {
                return Err(Self::error());
            }
            let fact = entry.fact.clone();
            let answer = self.inner.record(account, epoch, entry).await;
            (self.around)(account, &fact, When::After).await;
            answer
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
