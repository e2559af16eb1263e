//! A ledger for tests: slow, failing, forgetful, or shared with others who
//! write in the worst moment.

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::{
    Acknowledgement, BoxFuture, Changed, Entry, Fact, Lease, Ledger, LedgerError, MemoryLedger,
    Opened, Record,
};
use crate::account::Account;

/// A [`MemoryLedger`] with tricks. Clones are the same ledger.
#[derive(Clone)]
pub(crate) struct TrickyLedger(Arc<Inner>);

struct Inner {
    memory: Mutex<MemoryLedger>,
    /// How long each write takes.
    delay: Duration,
    /// One permit for each write that may begin; closed if none is needed.
    may_write: Semaphore,
    tricks: Mutex<Tricks>,
}

#[derive(Default)]
struct Tricks {
    /// How many more writes fail.
    fails: usize,
    /// How many more writes happen without an answer that says so.
    lost: usize,
    /// What others write right before the next write.
    others: Vec<Entry>,
    /// Every fact that was written, in order.
    written: Vec<Fact>,
    tell: Option<mpsc::Sender<Fact>>,
}

impl TrickyLedger {
    pub(crate) fn new() -> Self {
        Self::slow(Duration::ZERO)
    }

    /// Each write takes `delay`.
    pub(crate) fn slow(delay: Duration) -> Self {
        let may_write = Semaphore::new(0);
        may_write.close();
        Self::with(delay, may_write)
    }

    /// Each write waits until it is [let through](Self::let_through).
    pub(crate) fn stuck() -> Self {
        Self::with(Duration::ZERO, Semaphore::new(0))
    }

    fn with(delay: Duration, may_write: Semaphore) -> Self {
        let (memory, tricks) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { memory, delay, may_write, tricks }))
    }

    pub(crate) fn let_through(&self) {
        self.0.may_write.add_permits(1);
    }

    pub(crate) fn fail(&self, times: usize) {
        self.0.tricks.lock().fails = times;
    }

    pub(crate) fn lose_answers(&self, times: usize) {
        self.0.tricks.lock().lost = times;
    }

    /// Others write `entry` right before the next write of this process.
    pub(crate) fn intrude(&self, entry: Entry) {
        self.0.tricks.lock().others.push(entry);
    }

    /// All is lost.
    pub(crate) fn forget(&self) {
        *self.0.memory.lock() = MemoryLedger::new();
    }

    /// Every fact that is written from here on goes to the receiver.
    pub(crate) fn listen(&self) -> mpsc::Receiver<Fact> {
        let (tell, told) = mpsc::channel();
        self.0.tricks.lock().tell = Some(tell);
        told
    }

    pub(crate) fn written(&self) -> Vec<Fact> {
        self.0.tricks.lock().written.clone()
    }

    pub(crate) fn memory(&self) -> MemoryLedger {
        self.0.memory.lock().clone()
    }

    pub(crate) async fn record_of(&self, account: &Account) -> Record {
        self.memory().open(account).await.unwrap().record
    }

    async fn write(
        &self,
        account: &Account,
        fact: Fact,
        write: impl AsyncFnOnce(MemoryLedger) -> Result<Opened, LedgerError>,
    ) -> Result<Opened, LedgerError> {
        if !self.0.delay.is_zero() {
            tokio::time::sleep(self.0.delay).await;
        }
        if let Ok(permit) = self.0.may_write.acquire().await {
            permit.forget();
        }
        let failure = || LedgerError::unavailable("tricky", "the disk is full");
        let others = {
            let mut tricks = self.0.tricks.lock();
            if tricks.fails > 0 {
                tricks.fails -= 1;
                return Err(failure());
            }
            std::mem::take(&mut tricks.others)
        };
        let memory = self.memory();
        for entry in others {
            let epoch = memory.open(account).await?.record.epoch;
            memory.record(account, epoch, entry).await?;
        }
        let answer = write(memory).await;
        let mut tricks = self.0.tricks.lock();
        if answer.is_ok() {
            if let Some(tell) = &tricks.tell {
                let _ = tell.send(fact.clone());
            }
            tricks.written.push(fact);
        }
        if tricks.lost > 0 {
            tricks.lost -= 1;
            return Err(failure());
        }
        answer
    }
}

impl Ledger for TrickyLedger {
    fn place(&self) -> String {
        "tricky".to_owned()
    }

    fn open<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        Box::pin(async move { self.memory().open(account).await })
    }

    fn changed<'a>(&'a self, account: &'a Account, version: u64) -> Changed<'a> {
        match self.memory().changed(account, version) {
            Changed::No => Changed::No,
            _ => Changed::Yes,
        }
    }

    fn record<'a>(
        &'a self,
        account: &'a Account,
        epoch: u64,
        entry: Entry,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        Box::pin(self.write(account, entry.fact.clone(), async move |memory| {
            memory.record(account, epoch, entry).await
        }))
    }

    fn claim<'a>(
        &'a self,
        account: &'a Account,
        halt: &'a str,
        lease: Lease,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        Box::pin(async move { self.memory().claim(account, halt, lease).await })
    }

    fn release<'a>(
        &'a self,
        account: &'a Account,
        halt: &'a str,
        lease: Lease,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        let fact = Fact::GivenBack { halt: halt.to_owned(), holder: lease.holder.clone() };
        Box::pin(
            self.write(account, fact, async move |memory| {
                memory.release(account, halt, lease).await
            }),
        )
    }

    fn acknowledge<'a>(
        &'a self,
        halt: &'a str,
        word: Acknowledgement,
    ) -> BoxFuture<'a, Result<(Account, Opened), LedgerError>> {
        Box::pin(async move { self.memory().acknowledge(halt, word).await })
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<(Account, Record)>, LedgerError>> {
        Box::pin(async move { self.memory().list().await })
    }
}
