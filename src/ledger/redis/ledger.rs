//! The trait's methods, told in the words of the store.

use super::{RedisLedger, builder::of_prefix};
use crate::{
    account::Account,
    ledger::{
        Acknowledgement, BoxFuture, Changed, Entry, Fact, Lease, Ledger, LedgerError, Opened,
        Record, lease, quoted,
    },
};

impl Ledger for RedisLedger {
    fn place(&self) -> String {
        (*self.place).to_owned()
    }

    fn open<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        Box::pin(async move { self.read(account).await.map_err(|why| self.failed(why)) })
    }

    fn changed<'a>(&'a self, account: &'a Account, version: u64) -> Changed<'a> {
        if self.cache.has(account, version) {
            return Changed::No;
        }
        Changed::Ask(Box::pin(async move {
            self.has_changed(account, version).await.map_err(|why| self.failed(why))
        }))
    }

    fn record<'a>(
        &'a self,
        account: &'a Account,
        epoch: u64,
        entry: Entry,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        Box::pin(async move {
            match &entry.fact {
                Fact::Hit { halt } => self.hit(account, halt).await.map_err(|why| self.failed(why)),
                fact => {
                    let fits = |record: &Record| record.epoch == epoch || !fact.needs_epoch();
                    self.update(account, |record| Ok(fits(record).then(|| entry.clone()))).await
                }
            }
        })
    }

    fn claim<'a>(
        &'a self,
        account: &'a Account,
        halt: &'a str,
        lease: Lease,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        Box::pin(async move {
            self.update(account, |record| Ok(lease::claim(record, halt, &lease))).await
        })
    }

    fn release<'a>(
        &'a self,
        account: &'a Account,
        halt: &'a str,
        lease: Lease,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        Box::pin(async move {
            self.update(account, |record| Ok(lease::release(record, halt, &lease))).await
        })
    }

    fn acknowledge<'a>(
        &'a self,
        halt: &'a str,
        word: Acknowledgement,
    ) -> BoxFuture<'a, Result<(Account, Opened), LedgerError>> {
        Box::pin(async move { self.acknowledged(halt, &word).await })
    }

    fn remembered<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Option<Opened>> {
        Box::pin(async move {
            let record = self.copies.of(account).await;
            // Version 0 has the server asked, whatever it says.
            (record.revision > 0).then(|| Opened::new(record, 0))
        })
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<(Account, Record)>, LedgerError>> {
        Box::pin(async move { self.all().await.map_err(|why| self.failed(why)) })
    }

    fn release_command(&self, halt: &str) -> String {
        let prefix = self.store.prefix();
        let apart = of_prefix(prefix);
        let address = self.place.strip_suffix(&apart).unwrap_or(&self.place);
        let prefix = match apart.is_empty() {
            true => String::new(),
            false => format!(" --prefix {}", quoted(prefix)),
        };
        let address = quoted(address);
        format!("planguard acknowledge {halt} --by NAME --note TEXT --ledger {address}{prefix}")
    }
}
