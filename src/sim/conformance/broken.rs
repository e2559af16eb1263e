//! Four ledgers that break a promise each, and have to fail the suite.
//!
//! ```
//! use planguard::{ledger::MemoryLedger, sim::conformance::{self, broken}};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let ledger = broken::AcceptsStaleId(MemoryLedger::new());
//! let failure = conformance::check(async || ledger.clone()).await.unwrap_err();
//! assert_eq!(failure.check, "refuses_a_stale_id");
//! # }
//! ```

use std::sync::Arc;

use parking_lot::Mutex;

use crate::{
    account::Account,
    ledger::{
        Acknowledgement, BoxFuture, Changed, Entry, Lease, Ledger, LedgerError, MemoryLedger,
        Opened, Record,
    },
};

/// Each of these methods does what the ledger that `inner` gives does.
macro_rules! as_inner {
    ($inner:ident: $($method:ident),*) => { $(as_inner!(@ $inner $method);)* };
    (@ $inner:ident always) => {
        fn place(&self) -> String {
            self.$inner().place()
        }

        fn open<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Result<Opened, LedgerError>> {
            self.$inner().open(account)
        }

        fn changed<'a>(&'a self, account: &'a Account, version: u64) -> Changed<'a> {
            self.$inner().changed(account, version)
        }

        fn release<'a>(
            &'a self,
            account: &'a Account,
            halt: &'a str,
            lease: Lease,
        ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
            self.$inner().release(account, halt, lease)
        }

        fn list(&self) -> BoxFuture<'_, Result<Vec<(Account, Record)>, LedgerError>> {
            self.$inner().list()
        }
    };
    (@ $inner:ident record) => {
        fn record<'a>(
            &'a self,
            account: &'a Account,
            epoch: u64,
            entry: Entry,
        ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
            self.$inner().record(account, epoch, entry)
        }
    };
    (@ $inner:ident claim) => {
        fn claim<'a>(
            &'a self,
            account: &'a Account,
            halt: &'a str,
            lease: Lease,
        ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
            self.$inner().claim(account, halt, lease)
        }
    };
    (@ $inner:ident acknowledge) => {
        fn acknowledge<'a>(
            &'a self,
            halt: &'a str,
            word: Acknowledgement,
        ) -> BoxFuture<'a, Result<(Account, Opened), LedgerError>> {
            self.$inner().acknowledge(halt, word)
        }
    };
}

/// Forgets everything when it is opened again. Fails `keeps_it_when_reopened`.
#[derive(Debug, Default)]
pub struct ForgetsOnReopen(MemoryLedger);

impl ForgetsOnReopen {
    fn inner(&self) -> &MemoryLedger {
        &self.0
    }
}

impl Ledger for ForgetsOnReopen {
    as_inner!(inner: always, record, claim, acknowledge);
}

/// Releases whatever is open if the id that is named is not. Fails
/// `refuses_a_stale_id`.
#[derive(Clone, Debug)]
pub struct AcceptsStaleId(pub MemoryLedger);

impl AcceptsStaleId {
    fn inner(&self) -> &MemoryLedger {
        &self.0
    }
}

impl Ledger for AcceptsStaleId {
    as_inner!(inner: always, record, claim);

    fn acknowledge<'a>(
        &'a self,
        halt: &'a str,
        word: Acknowledgement,
    ) -> BoxFuture<'a, Result<(Account, Opened), LedgerError>> {
        Box::pin(async move {
            match self.0.acknowledge(halt, word.clone()).await {
                Err(LedgerError::NoSuchHalt { current: Some(open), .. }) => {
                    let first = open.split(", ").next().unwrap_or_default();
                    self.0.acknowledge(first, word).await
                }
                answer => answer,
            }
        })
    }
}

/// Answers what it is told, and writes it with the next call that it gets, or
/// when it is closed. Fails `writes_before_it_answers`.
#[derive(Debug)]
pub struct AnswersBeforeItHasWritten {
    store: MemoryLedger,
    owed: Mutex<Option<(Account, u64, Entry)>>,
}

impl AnswersBeforeItHasWritten {
    /// Opens `store`.
    pub fn open(store: MemoryLedger) -> Self {
        Self { store, owed: Mutex::default() }
    }

    /// The store, when all that is owed is written.
    fn inner(&self) -> &MemoryLedger {
        if let Some((account, epoch, entry)) = self.owed.lock().take() {
            // Memory has it written when it has been asked.
            drop(self.store.record(&account, epoch, entry));
        }
        &self.store
    }
}

impl Ledger for AnswersBeforeItHasWritten {
    as_inner!(inner: always, claim, acknowledge);

    fn record<'a>(
        &'a self,
        account: &'a Account,
        epoch: u64,
        entry: Entry,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        let known = self.inner().open(account);
        Box::pin(async move {
            let mut opened = known.await?;
            if opened.record.epoch != epoch && entry.fact.needs_epoch() {
                return Err(LedgerError::Conflict(Box::new(opened)));
            }
            opened.record.fold(&entry);
            *self.owed.lock() = Some((account.clone(), epoch, entry));
            Ok(opened)
        })
    }
}

impl Drop for AnswersBeforeItHasWritten {
    fn drop(&mut self) {
        self.inner();
    }
}

/// Gives the trial to the second one who asks too. Fails
/// `lends_a_trial_to_one_holder`.
#[derive(Clone, Debug)]
pub struct GivesTwoHoldersTheTrial {
    store: MemoryLedger,
    lent: Arc<Mutex<Option<Lent>>>,
}

/// The trial that was lent last, to so many.
#[derive(Debug)]
struct Lent {
    account: Account,
    halt: String,
    holders: u32,
}

impl GivesTwoHoldersTheTrial {
    /// Opens `store`.
    pub fn open(store: MemoryLedger) -> Self {
        Self { store, lent: Arc::default() }
    }

    fn inner(&self) -> &MemoryLedger {
        &self.store
    }
}

impl Ledger for GivesTwoHoldersTheTrial {
    as_inner!(inner: always, record, acknowledge);

    fn claim<'a>(
        &'a self,
        account: &'a Account,
        halt: &'a str,
        lease: Lease,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        Box::pin(async move {
            let answer = self.store.claim(account, halt, lease).await;
            let mut lent = self.lent.lock();
            match (answer, &mut *lent) {
                (Ok(opened), _) => {
                    let (account, halt) = (account.clone(), halt.to_owned());
                    *lent = Some(Lent { account, halt, holders: 1 });
                    Ok(opened)
                }
                (Err(LedgerError::Conflict(opened)), Some(last))
                    if last.account == *account && last.halt == halt && last.holders < 2 =>
                {
                    last.holders += 1;
                    Ok(*opened)
                }
                (answer, _) => answer,
            }
        })
    }
}
