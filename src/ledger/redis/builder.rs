//! The settings of a ledger on Redis.

use std::{borrow::Cow, fmt, path::PathBuf, time::Duration};

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

    /// Connects, in at most 15 s, and sees whether the server can be written.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Unavailable`] over a [`RedisTrouble`], or over the
    /// trouble of the shadow's file.
    pub async fn connect(self) -> Result<RedisLedger, LedgerError> {
        let ledger = self.connect_later()?;
        let begun = ledger.store.begin().await;
        begun.map(|()| ledger.clone()).map_err(|trouble| ledger.failed(trouble))
    }

    /// The same without waiting for the server, which is looked for when the
    /// first account is: for programs that have to start while it is down.
    /// Until it answers, calls are refused, or pass if the guard says so.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Unavailable`] if the address or the prefix cannot be
    /// read, or the shadow's file not opened.
    pub fn connect_later(self) -> Result<RedisLedger, LedgerError> {
        // Not the address itself: a password may stand in it.
        let client = client(&self.address).map_err(|error| {
            LedgerError::unavailable("redis", RedisTrouble::Address { why: error.to_string() })
        })?;
        let place = place_of(&client, &self.prefix);
        let keys = Keys::new(&self.prefix);
        let keys = keys.map_err(|trouble| LedgerError::unavailable(&*place, trouble))?;
        let copies = self.shadow.open(&place)?;
        if matches!(client.get_connection_info().addr(), ConnectionAddr::TcpTls { .. }) {
            choose_crypto();
        }
        let store = Store::new(Link::new(client, keys.clone()), keys);
        let cache = Cache::new(self.cached_for).into();
        Ok(RedisLedger { store, copies, place: place.into(), cache })
    }
}

impl Shadow {
    fn open(&self, place: &str) -> Result<Copies, LedgerError> {
        let path = match self {
            Self::None => return Ok(Copies::new(MemoryLedger::new())),
            Self::At(path) => path.clone(),
            Self::BesideTheLedger => place_beside(&shadow_name(place)).map_err(|why| {
                LedgerError::unavailable(place, RedisTrouble::Shadow { why: why.to_string() })
            })?,
        };
        FileLedger::open(path).map(Copies::new)
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
    let db = info.redis_settings().db();
    let place = match info.addr() {
        ConnectionAddr::Tcp(host, port) => format!("redis://{}:{port}/{db}", bracketed(host)),
        ConnectionAddr::TcpTls { host, port, .. } => {
            format!("rediss://{}:{port}/{db}", bracketed(host))
        }
        socket => format!("redis+unix://{socket}?db={db}"),
    };
    place + &of_prefix(prefix)
}

/// What stands behind the address where the keys begin otherwise.
pub(super) fn of_prefix(prefix: &str) -> String {
    if prefix == PREFIX { String::new() } else { format!(" ({prefix}:*)") }
}

/// `host` as it stands in a URL.
fn bracketed(host: &str) -> Cow<'_, str> {
    if host.contains(':') { Cow::Owned(format!("[{host}]")) } else { Cow::Borrowed(host) }
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
