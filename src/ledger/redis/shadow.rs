//! The copy of the halts on this machine: what a Redis that comes back empty
//! is told again.

use std::sync::Arc;

use crate::{
    account::Account,
    ledger::{BoxFuture, FileLedger, Ledger, LedgerError, MemoryLedger, Record},
};

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
pub(super) struct Copies(Arc<dyn Shadow>);

impl Copies {
    pub(super) fn new(shadow: impl Shadow) -> Self {
        Self(Arc::new(shadow))
    }

    pub(super) async fn of(&self, account: &Account) -> Record {
        match self.0.open(account).await {
            Ok(opened) => opened.record,
            Err(error) => self.failed(account, &error),
        }
    }

    pub(super) async fn keep(&self, account: &Account, record: &Record) {
        if let Err(error) = self.0.keep(account, record.clone()).await {
            self.failed(account, &error);
        }
    }

    pub(super) async fn accounts(&self) -> Vec<Account> {
        let all = self.0.list().await.unwrap_or_else(|error| {
            tracing::error!(target: "planguard::ledger", %error, "the copy of the halts on this machine cannot be listed");
            Vec::new()
        });
        all.into_iter().map(|(account, _)| account).collect()
    }

    fn failed(&self, account: &Account, error: &LedgerError) -> Record {
        tracing::error!(
            target: "planguard::ledger", account = account.as_str(), %error,
            "the copy of the halts on this machine fails: if the server loses its data, this process cannot tell it again"
        );
        Record::default()
    }
}
