//! A ledger on Redis or Valkey, which programs on several machines share.
//!
//! ```no_run
//! use planguard::{PlanGuard, ledger::RedisLedger};
//!
//! # async fn doc() -> Result<(), planguard::BoxError> {
//! let ledger = RedisLedger::connect("rediss://agent:secret@redis.example:6380/0").await?;
//! let plan = PlanGuard::builder(planguard::profile::zai()).ledger(ledger).build()?;
//! # Ok(())
//! # }
//! ```
//!
//! An admission asks the server whether the account has changed, and waits at
//! most 250 ms for the answer; if it has, it reads the account, with as much
//! time again. Without an answer the call is refused as `ledger_unavailable`,
//! unless the guard says
//! [`LedgerTrouble::Pass`](crate::breaker::LedgerTrouble::Pass).
//! [`Builder::cached_for`] asks less often.
//!
//! # What is kept
//!
//! | key | what |
//! |---|---|
//! | `planguard:schema` | the schema of all of them: 1 |
//! | `planguard:accounts` | the set of all accounts that were ever written |
//! | `planguard:{zai/bcdfghjklmnpqrst}:record` | a hash: the account's record as JSON, and the random stamp of its last writing |
//! | `planguard:{zai/bcdfghjklmnpqrst}:hits` | a hash: late answers that belong to a halt and are not in the record yet |
//!
//! Accounts are fingerprints, or the names that you gave them; there is no
//! credential and no prompt. No key has a time to live: a halt ends by a
//! person or by its own rules, never by the database's. `maxmemory-policy`
//! should be `noeviction` or one of `volatile-*`; the others may throw a halt
//! away.
//!
//! A record is written by one script that compares the stamp with the one that
//! was read and sets the new record, or does nothing and answers with the
//! record as it is: so a halt, a release and a trial lease have one winner in
//! all processes. A late answer is counted by a script of its own, whoever
//! writes meanwhile. Scripts are sent whole (`EVAL`), so nothing has to be
//! loaded after a restart or failover.
//!
//! # Cluster, TLS and users
//!
//! The two keys of an account share a hash tag, and no command touches more
//! than one account: with the address of any node of a Cluster, all nodes are
//! found. `rediss://` is TLS (rustls, with the certificate authorities of the
//! system; `SSL_CERT_FILE` names others). It takes the crypto provider that
//! the program has installed, else it installs ring's. A user of the server
//! needs
//!
//! ```text
//! ACL SETUSER agent on >secret ~planguard:* +get +setnx +eval +hget +hmget +hset +hgetall
//!     +hincrby +hdel +sadd +smembers +hello +select +client|setinfo +cluster|slots
//! ```
//!
//! The address's user and password are in no `Debug`, error or log line.
//!
//! # What lasts
//!
//! What is answered with `Ok` is in the server's memory. Whether it is on its
//! disk by then is the server's setting: only `appendonly yes` with
//! `appendfsync always` waits for it; `everysec` may lose the last second, and
//! without an append-only file everything since the last snapshot is lost.
//! Replicas get it a moment later: a failover may lose the last writes. The
//! ledger does not wait for replicas (`WAIT`).
//!
//! So a copy of each record that this machine has seen is kept in a file
//! beside the ledger of this login ([`Builder::shadow`]), on its disk before
//! a write is answered. When the server knows less of an account than the copy
//! (a lower revision), it has lost data: the halts and strikes of the copy are
//! written to it again before anything of that account leaves. What the
//! server, or a later copy, knows as released stays released; a copy that is
//! older than the server's record changes nothing. A copy of a machine that
//! was away when a person released a halt can bring that halt back, after the
//! server has lost that release: a person releases it again. To forget
//! everything on purpose, stop the programs, then delete the keys and the
//! copies (`redis-*.jsonl`) on each machine.
//!
//! # Cost
//!
//! One `HMGET` for each admission: 74 µs in the median on loopback. `EVAL`
//! twice and `SADD` once for each write, and a line of the copy: 346 µs
//! (example `ledgers`, 2 cores).

mod builder;
mod cache;
mod keys;
mod ledger;
mod link;
mod restore;
mod script;
mod shadow;
mod store;
mod trouble;

pub use builder::Builder;
pub use trouble::RedisTrouble;

use std::{fmt, sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::Instant};

use self::{
    cache::Cache,
    script::{Beside, Kept, Saved},
    shadow::Copies,
    store::Store,
};
use super::{Acknowledgement, Entry, LedgerError, Opened, Record};
use crate::account::Account;

/// The schema that this version reads and writes. Another one's keys are left
/// alone.
pub const SCHEMA: u64 = 1;
/// How often a write begins again because others were faster.
const TRIES: usize = 64;
/// How many of these tries come without a pause, and the pause before others.
const AT_ONCE_TRIES: usize = 8;
const PAUSE: Duration = Duration::from_millis(5);
/// How many accounts are read at once for a list.
const AT_ONCE: usize = 64;

/// A [`Ledger`](super::Ledger) on Redis or Valkey. Clones are the same ledger; processes on
/// any machine may share it.
///
/// Its futures need a tokio runtime with time and I/O enabled. Each runtime
/// that asks has one connection, which is made anew when it breaks.
#[derive(Clone)]
pub struct RedisLedger {
    store: Store,
    copies: Copies,
    place: Arc<str>,
    cache: Arc<Cache>,
}

impl RedisLedger {
    /// The ledger at `address`:
    /// `redis://[user:password@]host[:port][/database]`, or `rediss://` for
    /// TLS.
    ///
    /// # Errors
    ///
    /// As for [`Builder::connect`].
    pub async fn connect(address: impl Into<String>) -> Result<Self, LedgerError> {
        Self::builder(address).connect().await
    }

    /// The settings of a ledger at `address`.
    pub fn builder(address: impl Into<String>) -> Builder {
        Builder::new(address.into())
    }

    /// The account as it is, after the server was told what it has lost.
    async fn settled(&self, account: &Account, mut kept: Kept) -> Result<Kept, RedisTrouble> {
        for _ in 0..TRIES {
            let copy = self.copies.of(account).await;
            if !restore::is_lost(&kept.record, &copy) {
                self.copies.keep(account, &kept.record).await;
                return Ok(kept);
            }
            let record = restore::restored(&kept.record, &copy);
            kept = match self.store.save(account, &kept, Beside::Nothing, record).await? {
                Saved::No(kept) => kept,
                Saved::Yes(kept) => {
                    tracing::error!(
                        target: "planguard::ledger",
                        account = account.as_str(), place = &*self.place, halts = kept.record.halts.len(),
                        "the server has lost what it knew of this account, and was told again from the copy on this machine"
                    );
                    kept
                }
            };
        }
        Err(RedisTrouble::Contended)
    }

    /// Reads, decides, folds, and sets if nobody has written meanwhile.
    async fn update(
        &self,
        account: &Account,
        mut decide: impl FnMut(&Record) -> Result<Option<Entry>, LedgerError>,
    ) -> Result<Opened, LedgerError> {
        let mut kept = self.store.read_slowly(account).await.map_err(|why| self.failed(why))?;
        for tried in 0..TRIES {
            // Of those who save one always wins; but late answers are counted
            // without a pause, and each makes a save begin again.
            if tried >= AT_ONCE_TRIES {
                tokio::time::sleep(PAUSE).await;
            }
            kept = self.settled(account, kept).await.map_err(|why| self.failed(why))?;
            let Some(entry) = decide(&kept.record)? else {
                return Err(LedgerError::Conflict(Box::new(kept.opened())));
            };
            let mut record = kept.record.clone();
            record.fold(&entry);
            let saved = self.store.save(account, &kept, Beside::Counted, record).await;
            kept = match saved.map_err(|why| self.failed(why))? {
                Saved::No(kept) => kept,
                Saved::Yes(kept) => {
                    self.copies.keep(account, &kept.record).await;
                    return Ok(kept.opened());
                }
            };
        }
        Err(self.failed(RedisTrouble::Contended))
    }

    async fn read(&self, account: &Account) -> Result<Opened, RedisTrouble> {
        let asked = Instant::now();
        let kept = self.settled(account, self.store.read(account).await?).await?;
        self.cache.heard(account, kept.version, asked);
        Ok(kept.opened())
    }

    /// Whether the server says another version by now, or nothing of an
    /// account that it had once.
    async fn has_changed(&self, account: &Account, version: u64) -> Result<bool, RedisTrouble> {
        let asked = Instant::now();
        let there = self.store.version(account).await?;
        if there != version || (there == 0 && self.copies.of(account).await.revision > 0) {
            return Ok(true);
        }
        self.cache.heard(account, version, asked);
        Ok(false)
    }

    async fn hit(&self, account: &Account, halt: &str) -> Result<Opened, RedisTrouble> {
        let kept = self.store.hit(account, halt).await?;
        self.settled(account, kept).await.map(Kept::opened)
    }

    async fn acknowledged(
        &self,
        halt: &str,
        word: &Acknowledgement,
    ) -> Result<(Account, Opened), LedgerError> {
        let all = self.all().await.map_err(|why| self.failed(why))?;
        let unknown = || Acknowledgement::unknown(halt, all.iter().map(|(_, record)| record));
        let Some((account, _)) = all.iter().find(|(_, record)| record.halt(halt).is_some()) else {
            return Err(unknown());
        };
        match self.update(account, |record| word.decide(record, halt)).await {
            Ok(opened) => Ok((account.clone(), opened)),
            // It ended in this very moment.
            Err(LedgerError::Conflict(opened)) => {
                let others = all.iter().filter(|(other, _)| other != account);
                let now = others.map(|(_, record)| record).chain([&opened.record]);
                Err(Acknowledgement::unknown(halt, now))
            }
            Err(error) => Err(error),
        }
    }

    /// Every account of the server and of the copies, by name.
    async fn all(&self) -> Result<Vec<(Account, Record)>, RedisTrouble> {
        let mut accounts = self.store.accounts().await?;
        accounts.extend(self.copies.accounts().await);
        accounts.sort();
        accounts.dedup();
        let mut all = Vec::with_capacity(accounts.len());
        for some in accounts.chunks(AT_ONCE) {
            let mut reading = JoinSet::new();
            for account in some.iter().cloned() {
                let this = self.clone();
                reading.spawn(async move {
                    let kept = this.store.read_slowly(&account).await?;
                    let kept = this.settled(&account, kept).await?;
                    Ok::<_, RedisTrouble>((account, kept.record))
                });
            }
            while let Some(read) = reading.join_next().await {
                let ended =
                    |why: tokio::task::JoinError| RedisTrouble::Other { said: why.to_string() };
                all.push(read.map_err(ended)??);
            }
        }
        all.retain(|(_, record)| record.revision > 0);
        all.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(all)
    }

    fn failed(&self, trouble: RedisTrouble) -> LedgerError {
        LedgerError::unavailable(&*self.place, trouble)
    }
}

impl fmt::Debug for RedisLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLedger").field("place", &self.place).finish_non_exhaustive()
    }
}
