//! A file as the copy of another store.

use super::{FileLedger, Inner, line::Line};
use crate::{
    account::Account,
    ledger::{LedgerError, Record},
};

impl FileLedger {
    /// Keeps `record` as it is, unless a later revision is there. It is on
    /// the disk then.
    pub(in crate::ledger) async fn keep(
        &self,
        account: &Account,
        record: Record,
    ) -> Result<(), LedgerError> {
        let known = self.0.look(|known| known.opened(account))?;
        if known.record.revision >= record.revision {
            return Ok(());
        }
        let (inner, account) = (self.0.clone(), account.clone());
        self.blocking(move || inner.keep(&account, &record)).await
    }
}

impl Inner {
    fn keep(&self, account: &Account, record: &Record) -> Result<(), LedgerError> {
        let _lock = self.lock().map_err(|trouble| self.unavailable(trouble))?;
        self.settle().map_err(|trouble| self.unavailable(trouble))?;
        // Another process on this machine may have kept it meanwhile.
        let known = self.look(|known| known.opened(account))?;
        if known.record.revision < record.revision {
            self.append_line(account, &Line::Record { account, record })?;
        }
        Ok(())
    }
}
