//! A ledger that is chosen while the program runs.

use std::sync::Arc;

use super::{
    Acknowledgement, BoxFuture, Changed, Entry, Lease, Ledger, LedgerError, Opened, Record,
};
use crate::account::Account;

impl<L: Ledger + ?Sized> Ledger for Arc<L> {
    fn place(&self) -> String {
        (**self).place()
    }

    fn open<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        (**self).open(account)
    }

    fn changed<'a>(&'a self, account: &'a Account, version: u64) -> Changed<'a> {
        (**self).changed(account, version)
    }

    fn record<'a>(
        &'a self,
        account: &'a Account,
        epoch: u64,
        entry: Entry,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        (**self).record(account, epoch, entry)
    }

    fn claim<'a>(
        &'a self,
        account: &'a Account,
        halt: &'a str,
        lease: Lease,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        (**self).claim(account, halt, lease)
    }

    fn release<'a>(
        &'a self,
        account: &'a Account,
        halt: &'a str,
        lease: Lease,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        (**self).release(account, halt, lease)
    }

    fn acknowledge<'a>(
        &'a self,
        halt: &'a str,
        word: Acknowledgement,
    ) -> BoxFuture<'a, Result<(Account, Opened), LedgerError>> {
        (**self).acknowledge(halt, word)
    }

    fn remembered<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Option<Opened>> {
        (**self).remembered(account)
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<(Account, Record)>, LedgerError>> {
        (**self).list()
    }

    fn release_command(&self, halt: &str) -> String {
        (**self).release_command(halt)
    }
}
