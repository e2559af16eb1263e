//! The copy of the halts on this machine: what a Redis that comes back empty
//! is told again.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use crate::{
    account::Account,
    ledger::{BoxFuture, FileLedger, Ledger, LedgerError, MemoryLedger, Record},
};

/// How long the log is silent about a copy that fails.
const PAUSE: Duration = Duration::from_secs(60);

/// A place for copies of records.
pub(super) trait Shadow: Ledger {
    /// Keeps `record` as it is, unless a later revision is there.
    fn keep<'a>(
        &'a self,
        account: &'a Account,
        record: Record,
    ) -> BoxFuture<'a, Result<(), LedgerError>>;
}

impl Shadow for FileLedger {
    fn keep<'a>(
        &'a self,
        account: &'a Account,
        record: Record,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        Box::pin(FileLedger::keep(self, account, record))
    }
}

impl Shadow for MemoryLedger {
    fn keep<'a>(
        &'a self,
        account: &'a Account,
        record: Record,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        MemoryLedger::keep(self, account, record);
        Box::pin(std::future::ready(Ok(())))
    }
}

/// The copies of one ledger. It is a second line: where it fails, the log says
/// so, and the server's word counts alone.
#[derive(Clone)]
pub(super) struct Copies {
    shadow: Arc<dyn Shadow>,
    /// When the log said last that it fails.
    said: Arc<Mutex<Option<Instant>>>,
}

impl Copies {
    pub(super) fn new(shadow: impl Shadow) -> Self {
        Self { shadow: Arc::new(shadow), said: Arc::default() }
    }

    pub(super) async fn of(&self, account: &Account) -> Record {
        match self.shadow.open(account).await {
            Ok(opened) => opened.record,
            Err(error) => {
                self.failed(&error);
                Record::default()
            }
        }
    }

    pub(super) async fn keep(&self, account: &Account, record: &Record) {
        if let Err(error) = self.shadow.keep(account, record.clone()).await {
            self.failed(&error);
        }
    }

    pub(super) async fn accounts(&self) -> Vec<Account> {
        let all = self.shadow.list().await.unwrap_or_else(|error| {
            self.failed(&error);
            Vec::new()
        });
        all.into_iter().map(|(account, _)| account).collect()
    }

    /// Says so once a minute, since each admission may look.
    fn failed(&self, error: &LedgerError) {
        let mut said = self.said.lock();
        if said.is_none_or(|at| at.elapsed() >= PAUSE) {
            *said = Some(Instant::now());
            tracing::error!(
                target: "planguard::ledger", %error,
                "the copy of the halts on this machine fails: if the server loses its data, this process cannot tell it again"
            );
        }
    }
}
