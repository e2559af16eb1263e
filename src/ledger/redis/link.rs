//! The connection: made when it is needed, shared by all who ask, and made
//! anew when it breaks. Nobody waits for it longer than they said.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, FromRedisValue, RedisError,
    aio::MultiplexedConnection, cluster::ClusterClient, cluster_async::ClusterConnection,
};
use tokio::{
    runtime::{Handle, Id},
    sync::watch,
    time::Instant,
};

use super::{RedisTrouble, SCHEMA, keys::Keys};

/// How long a connection may take, its greeting included. The callers wait
/// less, and find it made when they come again.
pub(super) const CONNECTING: Duration = Duration::from_secs(10);
/// How long a connection may be silent while somebody waits for an answer.
/// Beyond it, another one is made.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many runtimes may have a connection of their own.
const RUNTIMES: usize = 8;

/// The way to one server, or to one Cluster. Clones are the same.
#[derive(Clone)]
pub(super) struct Link(Arc<Inner>);

struct Inner {
    client: Client,
    keys: Keys,
    began: Instant,
    serial: AtomicU64,
    /// A connection is driven by the runtime that made it, and a program may
    /// have several: one that stands still may not hold up the others.
    slots: Mutex<Vec<(Id, Slot)>>,
}

enum Slot {
    Connecting(watch::Receiver<Option<Result<Live, RedisTrouble>>>),
    Open(Live),
}

#[derive(Clone)]
struct Live {
    serial: u64,
    wire: Wire,
    /// When it answered last, in milliseconds of the link.
    answered: Arc<AtomicU64>,
}

#[derive(Clone)]
enum Wire {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Link {
    pub(super) fn new(client: Client, keys: Keys) -> Self {
        let (began, serial, slots) = (Instant::now(), AtomicU64::new(0), Mutex::default());
        Self(Arc::new(Inner { client, keys, began, serial, slots }))
    }

    /// Sends `command`, which is about `key`, and waits for the answer.
    ///
    /// It is sent once more if the connection turns out to be broken: all that
    /// a ledger sends may be repeated.
    pub(super) async fn ask<T: FromRedisValue>(
        &self,
        key: &str,
        command: &Cmd,
        within: Duration,
    ) -> Result<T, RedisTrouble> {
        if Handle::try_current().is_err() {
            return Err(RedisTrouble::NoRuntime);
        }
        let mut used = None;
        let asked = async {
            let mut broke = false;
            loop {
                let live = self.live().await?;
                used = Some(live.clone());
                match live.wire.send(command).await {
                    Ok(answer) => {
                        live.answered.store(self.now(), Ordering::Relaxed);
                        return Ok(answer);
                    }
                    Err(error) => {
                        let breaks = error.is_unrecoverable_error();
                        let trouble = self.trouble(&error, key);
                        // The primary may be elsewhere by now.
                        if breaks || trouble == RedisTrouble::Replica {
                            self.forget(&live);
                        }
                        if !breaks || std::mem::replace(&mut broke, true) {
                            return Err(trouble);
                        }
                    }
                }
            }
        };
        match tokio::time::timeout(within, asked).await {
            Ok(answer) => answer,
            Err(_) => {
                let silent = |live: &Live| {
                    let since = self.now().saturating_sub(live.answered.load(Ordering::Relaxed));
                    u128::from(since) > PATIENCE.as_millis()
                };
                used.filter(silent).inspect(|live| self.forget(live));
                Err(RedisTrouble::Slow { ms: within.as_millis() })
            }
        }
    }

    /// The connection of this runtime. All who ask meanwhile share one
    /// attempt, and its failure.
    async fn live(&self) -> Result<Live, RedisTrouble> {
        let runtime = Handle::current().id();
        let mut connecting = {
            let mut slots = self.0.slots.lock();
            match slots.iter().find(|(id, _)| *id == runtime).map(|(_, slot)| slot) {
                Some(Slot::Open(live)) => return Ok(live.clone()),
                // One whose runtime ended amid it is over.
                Some(Slot::Connecting(waiting)) if waiting.has_changed().is_ok() => waiting.clone(),
                _ => {
                    slots.retain(|(id, _)| *id != runtime);
                    if slots.len() >= RUNTIMES {
                        slots.remove(0);
                    }
                    let (tell, waiting) = watch::channel(None);
                    slots.push((runtime, Slot::Connecting(waiting.clone())));
                    tokio::spawn(self.clone().connect(runtime, tell));
                    waiting
                }
            }
        };
        let answer = connecting.wait_for(Option::is_some).await;
        let broken = || RedisTrouble::Unreachable { why: "the runtime has ended".to_owned() };
        answer.ok().and_then(|answer| answer.clone()).unwrap_or_else(|| Err(broken()))
    }

    async fn connect(self, runtime: Id, tell: watch::Sender<Option<Result<Live, RedisTrouble>>>) {
        let made = tokio::time::timeout(CONNECTING, self.greet()).await;
        let made = made.unwrap_or_else(|_| Err(self.silence())).map(|wire| Live {
            serial: self.0.serial.fetch_add(1, Ordering::Relaxed),
            wire,
            answered: Arc::new(AtomicU64::new(self.now())),
        });
        {
            let mut slots = self.0.slots.lock();
            slots.retain(|(id, _)| *id != runtime);
            if let Ok(live) = &made {
                slots.push((runtime, Slot::Open(live.clone())));
            }
        }
        let _ = tell.send(Some(made));
    }

    /// A connection to a server that speaks the same schema.
    async fn greet(&self) -> Result<Wire, RedisTrouble> {
        let schema = self.0.keys.schema();
        let trouble = |error: RedisError| self.trouble(&error, &schema);
        let options =
            AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let client = &self.0.client;
        let one = client.get_multiplexed_async_connection_with_config(&options).await;
        let mut wire = Wire::One(one.map_err(trouble)?);
        let hello = wire.send::<Vec<redis::Value>>(&redis::cmd("HELLO")).await;
        if is_cluster(&hello.unwrap_or_default()) {
            let cluster = ClusterClient::builder([client.get_connection_info().clone()])
                .connection_timeout(CONNECTING)
                .response_timeout(CONNECTING)
                .retries(2)
                .build()
                .map_err(trouble)?;
            wire = Wire::Cluster(cluster.get_async_connection().await.map_err(trouble)?);
        }
        // A replica may be behind, and would let calls into a halted account:
        // it says no to any writing. One that is full can still be read.
        let marked = wire.send::<()>(&Cmd::set_nx(&schema, SCHEMA)).await.map_err(trouble);
        if let Err(RedisTrouble::Replica) = marked {
            return Err(RedisTrouble::Replica);
        }
        match wire.send(redis::cmd("GET").arg(&schema)).await.map_err(trouble)? {
            Some(found) if found != SCHEMA.to_string() => {
                Err(RedisTrouble::Schema { key: schema, found })
            }
            _ => Ok(wire),
        }
    }

    /// What it may mean that a new connection stays silent.
    fn silence(&self) -> RedisTrouble {
        match self.0.client.get_connection_info().addr() {
            ConnectionAddr::TcpTls { .. } => RedisTrouble::Unreachable {
                why: "it does not greet; a port without TLS does not answer to `rediss://`"
                    .to_owned(),
            },
            _ => RedisTrouble::Slow { ms: CONNECTING.as_millis() },
        }
    }

    fn forget(&self, live: &Live) {
        let is = |slot: &Slot| matches!(slot, Slot::Open(open) if open.serial == live.serial);
        self.0.slots.lock().retain(|(_, slot)| !is(slot));
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn trouble(&self, error: &RedisError, key: &str) -> RedisTrouble {
        RedisTrouble::of(error, key, self.0.keys.prefix())
    }
}

impl Wire {
    async fn send<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisError> {
        match self {
            Self::One(one) => command.query_async(&mut one.clone()).await,
            Self::Cluster(cluster) => command.query_async(&mut cluster.clone()).await,
        }
    }
}

/// Whether a server that says `hello` is one of a Cluster. One that is too old
/// to say it is taken alone.
fn is_cluster(hello: &[redis::Value]) -> bool {
    let is = |value: &redis::Value, word: &str| {
        redis::from_redis_value_ref::<String>(value).is_ok_and(|said| said == word)
    };
    hello.windows(2).any(|pair| is(&pair[0], "mode") && is(&pair[1], "cluster"))
}
