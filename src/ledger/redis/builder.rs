//! The settings of a ledger on Redis.

use std::{fmt, path::PathBuf, time::Duration};

use redis::{Client, ConnectionAddr, IntoConnectionInfo as _};

use super::{
    Cache, RedisLedger, RedisTrouble,
    keys::{Keys, PREFIX},
    link::Link,
    shadow::Copies,
    store::Store,
};
use crate::{
    account::Account,
    ledger::{FileLedger, LedgerError, MemoryLedger, file::place_beside},
};

/// Settings of a [`RedisLedger`], from [`RedisLedger::builder`].
#[must_use = "a builder does nothing before `connect`"]
pub struct Builder {
    address: String,
    prefix: String,
    shadow: Shadow,
    cached_for: Duration,
}

enum Shadow {
    BesideTheLedger,
    At(PathBuf),
    None,
}

impl Builder {
    pub(super) fn new(address: String) -> Self {
        let (shadow, cached_for) = (Shadow::BesideTheLedger, Duration::ZERO);
        Self { address, prefix: PREFIX.to_owned(), shadow, cached_for }
    }

    /// How the keys begin, instead of with `planguard`. Ledgers with different
    /// prefixes share nothing.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Keeps the copy of the halts on this machine at `path`, instead of
    /// beside the ledger of this login
    /// ([`default_place`](crate::ledger::default_place)).
    pub fn shadow(mut self, path: impl Into<PathBuf>) -> Self {
        self.shadow = Shadow::At(path.into());
        self
    }

    /// Keeps that copy in memory alone: a server that loses its data is told
    /// again only by processes that run.
    pub fn without_shadow(mut self) -> Self {
        self.shadow = Shadow::None;
        self
    }

    /// Takes what the server said of an account as true for `staleness`,
    /// instead of asking on each request.
    ///
    /// So long may a halt of another process go unseen, and calls leave. This
    /// process sees its own at once.
    pub fn cached_for(mut self, staleness: Duration) -> Self {
        self.cached_for = staleness;
        self
    }

    /// Connects, in at most 10 s, and sees whether the server can be written.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Unavailable`] over a [`RedisTrouble`], or over the
    /// trouble of the shadow's file.
    pub async fn connect(self) -> Result<RedisLedger, LedgerError> {
        let unavailable = |place: &str, trouble| Err(LedgerError::unavailable(place, trouble));
        let client = match client(&self.address) {
            Ok(client) => client,
            // Not what it is: a password may stand in it.
            Err(error) => {
                let why = error.to_string();
                return unavailable("redis", RedisTrouble::Address { why });
            }
        };
        let place = place_of(&client, &self.prefix);
        let keys = match Keys::new(&self.prefix) {
            Ok(keys) => keys,
            Err(trouble) => return unavailable(&place, trouble),
        };
        let copies = match &self.shadow {
            Shadow::None => Copies::new(MemoryLedger::new()),
            Shadow::At(path) => Copies::new(FileLedger::open(path)?),
            Shadow::BesideTheLedger => match place_beside(&shadow_name(&place)) {
                Ok(path) => Copies::new(FileLedger::open(path)?),
                Err(why) => {
                    let why = why.to_string();
                    return unavailable(&place, RedisTrouble::Shadow { why });
                }
            },
        };
        if matches!(client.get_connection_info().addr(), ConnectionAddr::TcpTls { .. }) {
            choose_crypto();
        }
        let store = Store::new(Link::new(client, keys.clone()), keys);
        if let Err(trouble) = store.begin().await {
            return unavailable(&place, trouble);
        }
        Ok(RedisLedger {
            store,
            copies,
            place: place.into(),
            cache: Cache::new(self.cached_for).into(),
        })
    }
}

/// The way to `address`. It does not tell the server which library it is,
/// which is one right less and one answer less to wait for.
fn client(address: &str) -> redis::RedisResult<Client> {
    let info = address.into_connection_info()?;
    let quiet = info.redis_settings().clone().set_skip_set_lib_name();
    Client::open(info.set_redis_settings(quiet))
}

/// Without the user and the password; what stands where a user does may be a
/// password too.
fn place_of(client: &Client, prefix: &str) -> String {
    let info = client.get_connection_info();
    let scheme = match info.addr() {
        ConnectionAddr::Tcp(..) => "redis",
        ConnectionAddr::TcpTls { .. } => "rediss",
        _ => "redis+unix",
    };
    let prefix = if prefix == PREFIX { String::new() } else { format!(" ({prefix}:*)") };
    format!("{scheme}://{}/{}{prefix}", info.addr(), info.redis_settings().db())
}

/// The name of the shadow's file: letters, as an account's.
fn shadow_name(place: &str) -> String {
    format!("redis-{}.jsonl", Account::named("redis", place).letters())
}

/// TLS needs one implementation of its ciphers for the process. Where the
/// program has not chosen one, a choice between several would be a panic.
fn choose_crypto() {
    use rustls::crypto::{CryptoProvider, ring};
    if CryptoProvider::get_default().is_none() {
        // Another thread may have been faster.
        let _ = ring::default_provider().install_default();
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
