//! Three replicas of a gateway, each with a guard of its own, on one Redis.
//!
//! The server is a real one. The clock of the simulated day stands still while
//! it is asked: tokio moves a paused clock on only where no blocking task is
//! out, and in such a task, on a runtime with a clock of its own, each question
//! is asked.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::{
        Arc, LazyLock, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use planguard::{
    account::Account,
    ledger::{
        Acknowledgement, BoxFuture, Changed, Entry, Lease, Ledger, LedgerError, Opened, Record,
        RedisLedger,
    },
};
use tokio::runtime::Runtime;

const REPLICAS: usize = 3;

static ADDRESS: OnceLock<String> = OnceLock::new();
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

/// The ledgers of three replicas, which share what no other case has.
pub fn ledgers() -> Vec<Arc<dyn Ledger>> {
    static CASE: AtomicUsize = AtomicUsize::new(0);
    let address = ADDRESS.get().expect("a server");
    let prefix = format!("case-{}", CASE.fetch_add(1, Ordering::Relaxed));
    let connect = || {
        let builder = RedisLedger::builder(address).prefix(&prefix).without_shadow();
        Arc::new(Asked(RUNTIME.block_on(builder.connect()).expect("a ledger"))) as Arc<dyn Ledger>
    };
    // Not on a thread that drives the simulated day.
    std::thread::scope(|scope| {
        let connecting = scope.spawn(|| (0..REPLICAS).map(|_| connect()).collect());
        connecting.join().expect("a thread that does not panic")
    })
}

/// A ledger that is asked while the simulated clock stands still.
#[derive(Clone)]
pub struct Asked(RedisLedger);

impl Asked {
    fn ask<'a, T: Send + 'static>(
        &self,
        ask: impl AsyncFnOnce(&RedisLedger) -> Result<T, LedgerError> + Send + 'static,
    ) -> BoxFuture<'a, Result<T, LedgerError>> {
        let ledger = self.0.clone();
        let asked = tokio::task::spawn_blocking(move || RUNTIME.block_on(ask(&ledger)));
        Box::pin(async move { asked.await.expect("a question that does not panic") })
    }
}

impl Ledger for Asked {
    fn place(&self) -> String {
        self.0.place()
    }

    fn open<'a>(&'a self, account: &'a Account) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        let account = account.clone();
        self.ask(async move |ledger| ledger.open(&account).await)
    }

    fn changed<'a>(&'a self, account: &'a Account, version: u64) -> Changed<'a> {
        let account = account.clone();
        Changed::Ask(self.ask(async move |ledger| match ledger.changed(&account, version) {
            Changed::No => Ok(false),
            Changed::Ask(asked) => asked.await,
            _ => Ok(true),
        }))
    }

    fn record<'a>(
        &'a self,
        account: &'a Account,
        epoch: u64,
        entry: Entry,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        let account = account.clone();
        self.ask(async move |ledger| ledger.record(&account, epoch, entry).await)
    }

    fn claim<'a>(
        &'a self,
        account: &'a Account,
        halt: &'a str,
        lease: Lease,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        let (account, halt) = (account.clone(), halt.to_owned());
        self.ask(async move |ledger| ledger.claim(&account, &halt, lease).await)
    }

    fn release<'a>(
        &'a self,
        account: &'a Account,
        halt: &'a str,
        lease: Lease,
    ) -> BoxFuture<'a, Result<Opened, LedgerError>> {
        let (account, halt) = (account.clone(), halt.to_owned());
        self.ask(async move |ledger| ledger.release(&account, &halt, lease).await)
    }

    fn acknowledge<'a>(
        &'a self,
        halt: &'a str,
        word: Acknowledgement,
    ) -> BoxFuture<'a, Result<(Account, Opened), LedgerError>> {
        let halt = halt.to_owned();
        self.ask(async move |ledger| ledger.acknowledge(&halt, word).await)
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<(Account, Record)>, LedgerError>> {
        self.ask(async move |ledger| ledger.list().await)
    }
}

/// A `redis-server`, killed when it is dropped.
pub struct Server(Child);

/// Starts the one that all cases use; none if the machine has no Redis.
pub fn serve() -> Option<Server> {
    let port = TcpListener::bind(("127.0.0.1", 0)).ok()?.local_addr().ok()?.port();
    let mut child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--logfile", ""])
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut said = BufReader::new(child.stdout.take()?);
    let mut line = String::new();
    while !line.contains("Ready to accept connections") {
        line.clear();
        if said.read_line(&mut line).ok()? == 0 {
            return None;
        }
    }
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    let server = Server(child);
    ADDRESS.set(format!("redis://127.0.0.1:{port}")).ok()?;
    Some(server)
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
