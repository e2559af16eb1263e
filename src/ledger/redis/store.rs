//! One Redis as a keeper of records: it compares and sets, and lists.

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    time::Duration,
};

use redis::Value;

use super::{
    RedisTrouble, SCHEMA,
    keys::Keys,
    link::{CONNECTING, Link},
    script::{self, Beside, Kept, Saved},
};
use crate::{account::Account, ledger::Record};

/// How long an admission waits for the server.
pub(super) const LOOK: Duration = Duration::from_millis(250);
/// How long a command of a write may take. Who waits for a write has a
/// deadline of their own, and a slow server is better than none.
const WRITE: Duration = Duration::from_secs(5);

/// The records on one server. Clones are the same.
#[derive(Clone)]
pub(super) struct Store {
    link: Link,
    keys: Keys,
}

impl Store {
    pub(super) fn new(link: Link, keys: Keys) -> Self {
        Self { link, keys }
    }

    /// Sees whether the server can be written, and marks its schema.
    pub(super) async fn begin(&self) -> Result<(), RedisTrouble> {
        let key = self.keys.schema();
        // Also where it is set: a replica or a full server says no here, and
        // not first when there is a strike to write.
        let mark = redis::Cmd::set_nx(&key, SCHEMA);
        self.link.ask(&key, &mark, CONNECTING + WRITE).await
    }

    /// How its keys begin.
    pub(super) fn prefix(&self) -> &str {
        self.keys.prefix()
    }

    /// The version of one account.
    pub(super) async fn version(&self, account: &Account) -> Result<u64, RedisTrouble> {
        let keys = self.keys.of(account);
        script::version(&keys, self.link.ask(&keys.record, &script::look(&keys), LOOK).await?)
    }

    /// One account, for an admission.
    pub(super) async fn read(&self, account: &Account) -> Result<Kept, RedisTrouble> {
        self.read_within(account, LOOK).await
    }

    /// One account, for those who have time.
    pub(super) async fn read_slowly(&self, account: &Account) -> Result<Kept, RedisTrouble> {
        self.read_within(account, WRITE).await
    }

    async fn read_within(&self, account: &Account, within: Duration) -> Result<Kept, RedisTrouble> {
        let keys = self.keys.of(account);
        let answer: Value = self.link.ask(&keys.record, &script::read(&keys), within).await?;
        script::kept(&keys, &answer)
    }

    /// Sets `record` where `from` was read, unless others were faster.
    pub(super) async fn save(
        &self,
        account: &Account,
        from: &Kept,
        beside: Beside,
        record: Record,
    ) -> Result<Saved, RedisTrouble> {
        // First: an account without a record is nothing, a record that nobody
        // lists could not be released.
        let list = self.keys.accounts();
        let () = self
            .link
            .ask(&list, redis::cmd("SADD").arg(&list).arg(account.as_str()), WRITE)
            .await?;
        let keys = self.keys.of(account);
        let json = serde_json::to_string(&record).map_err(|why| RedisTrouble::Corrupt {
            key: keys.record.clone(),
            why: why.to_string(),
        })?;
        let stamp = stamp();
        let answer: Value = self
            .link
            .ask(&keys.record, &script::save(&keys, from, beside, stamp, &json), WRITE)
            .await?;
        script::saved(&keys, stamp, record, &answer)
    }

    /// Counts one more answer for `halt`.
    pub(super) async fn hit(&self, account: &Account, halt: &str) -> Result<Kept, RedisTrouble> {
        let keys = self.keys.of(account);
        let answer: Value =
            self.link.ask(&keys.record, &script::hit(&keys, halt, stamp()), WRITE).await?;
        script::kept(&keys, &answer)
    }

    /// All accounts that were ever written, and some that nearly were.
    pub(super) async fn accounts(&self) -> Result<Vec<Account>, RedisTrouble> {
        let key = self.keys.accounts();
        let names: Vec<String> =
            self.link.ask(&key, redis::cmd("SMEMBERS").arg(&key), WRITE).await?;
        let parsed = names.into_iter().map(Account::try_from).collect::<Result<_, _>>();
        parsed.map_err(|why| RedisTrouble::Corrupt { key, why: why.to_string() })
    }
}

/// A number that no other write draws; never 0, and with room above it.
fn stamp() -> u64 {
    (RandomState::new().build_hasher().finish() >> 1).max(1)
}
