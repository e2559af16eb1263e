//! Writes what must outlive the process, in order, on behalf of the core and
//! never of a caller's future.

use std::{
    collections::VecDeque,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::{Entry, Fact, Lease, Ledger, LedgerError, Opened};
use crate::account::Account;

/// The first and the longest wait before a failed write is tried again.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Who owes the ledger entries, oldest first, and hears what became of each.
pub(crate) trait Author: Send + Sync + 'static {
    /// The account that they are about.
    fn account(&self) -> &Account;
    /// The next entry, and the epoch that it is written against. It stays
    /// the next one until the author has heard of it.
    fn next(&self) -> Option<(u64, Entry)>;
    /// The ledger has it.
    fn recorded(&self, opened: &Opened);
    /// The account had moved on, to `opened`: what the author still has to
    /// say, it says against that.
    fn overruled(&self, opened: &Opened);
    /// The ledger failed; it will be tried again after `pause`.
    fn trouble(&self, error: &LedgerError, pause: Duration);
}

/// Where the outcome of a write goes.
pub(crate) type Answer = oneshot::Sender<()>;

/// Resolves when the ledger has an entry, or has failed once.
pub(crate) struct Written(oneshot::Receiver<()>);

impl Written {
    /// What answers, and what is answered.
    pub(crate) fn channel() -> (Answer, Self) {
        let (sender, receiver) = oneshot::channel();
        (sender, Self(receiver))
    }

    /// Nothing has to be written.
    pub(crate) fn already() -> Self {
        Self::channel().1
    }
}

impl Future for Written {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(drop)
    }
}

/// The one that writes. Clones are the same writer.
#[derive(Clone)]
pub(crate) struct Writer(Arc<Inner>);

struct Inner {
    ledger: Arc<dyn Ledger>,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    authors: VecDeque<Arc<dyn Author>>,
    running: bool,
}

impl Writer {
    pub(crate) fn new(ledger: Arc<dyn Ledger>) -> Self {
        Self(Arc::new(Inner { ledger, queue: Mutex::default() }))
    }

    /// Has all written that `author` owes. Returns at once; what a store
    /// answers at once is written by then, unless others are before it.
    pub(crate) fn submit(&self, author: Arc<dyn Author>) {
        {
            let mut queue = self.0.queue.lock();
            if !queue.authors.iter().any(|other| Arc::ptr_eq(other, &author)) {
                queue.authors.push_back(author);
            }
            if std::mem::replace(&mut queue.running, true) {
                return;
            }
        }
        self.start();
    }

    fn start(&self) {
        let mut run = Run { inner: Some(self.0.clone()), work: None };
        if tokio::runtime::Handle::try_current().is_ok() {
            let mut cx = Context::from_waker(Waker::noop());
            if Pin::new(&mut run).poll(&mut cx).is_pending() {
                tokio::spawn(run);
            }
        } else {
            run.on_a_thread();
        }
    }
}

/// The drain of the queue. If its runtime goes away with entries unwritten,
/// they are written on a thread of their own.
struct Run {
    inner: Option<Arc<Inner>>,
    work: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Run {
    fn on_a_thread(mut self) {
        self.work = None;
        let queue = self.inner.clone();
        let spawned = std::thread::Builder::new().name("planguard-ledger".into()).spawn(|| {
            match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime.block_on(self),
                Err(error) => self.give_up("no runtime", &error),
            }
        });
        if let Err(error) = spawned {
            Self { inner: queue, work: None }.give_up("no thread", &error);
        }
    }
}

impl Run {
    /// What is owed stays owed: the next entry of any author tries again.
    fn give_up(mut self, why: &str, error: &std::io::Error) {
        if let Some(inner) = self.inner.take() {
            inner.queue.lock().running = false;
            tracing::error!(target: "planguard::ledger", %error, "{why} to write the ledger with");
        }
    }
}

impl Future for Run {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(inner) = self.inner.clone() else { return Poll::Ready(()) };
        let work = self.work.get_or_insert_with(|| Box::pin(drain(inner)));
        std::task::ready!(work.as_mut().poll(cx));
        self.inner = None;
        Poll::Ready(())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take() {
            if std::thread::panicking() {
                // A store that panics is asked again with the next entry.
                inner.queue.lock().running = false;
            } else {
                Self { inner: Some(inner), work: None }.on_a_thread();
            }
        }
    }
}

async fn drain(inner: Arc<Inner>) {
    while let Some(author) = inner.next() {
        let mut pause = FIRST_PAUSE;
        while let Some((epoch, entry)) = author.next() {
            match inner.write(author.account(), epoch, entry).await {
                Ok(opened) => {
                    pause = FIRST_PAUSE;
                    author.recorded(&opened);
                }
                Err(LedgerError::Conflict(opened)) => author.overruled(&opened),
                Err(error) => {
                    author.trouble(&error, pause);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
        inner.done();
    }
}

impl Inner {
    /// The author to serve, who stays in the queue meanwhile: a drain that
    /// is dropped between two polls must find them again.
    fn next(&self) -> Option<Arc<dyn Author>> {
        let mut queue = self.queue.lock();
        let next = queue.authors.front().cloned();
        queue.running = next.is_some();
        next
    }

    /// The author served has nothing more to say, or said it while this was
    /// on its way: then they go to the end of the queue.
    fn done(&self) {
        let mut queue = self.queue.lock();
        if let Some(author) = queue.authors.pop_front() {
            if author.next().is_some() {
                queue.authors.push_back(author);
            }
        }
    }

    async fn write(
        &self,
        account: &Account,
        epoch: u64,
        entry: Entry,
    ) -> Result<Opened, LedgerError> {
        match entry.fact {
            Fact::GivenBack { halt, holder } => {
                let lease = Lease::new(holder, entry.at, entry.at);
                self.ledger.release(account, &halt, lease).await
            }
            _ => self.ledger.record(account, epoch, entry).await,
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("authors", &self.0.queue.lock().authors.len()).finish()
    }
}
