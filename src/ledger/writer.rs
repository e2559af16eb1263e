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

/// Who had something written, and hears what became of it.
pub(crate) trait Author: Send + Sync + 'static {
    /// The ledger has `write`.
    fn recorded(&self, write: &Write, opened: &Opened);
    /// The account had moved on, to `opened`. Answers with all that this
    /// author still has to say, against that; what it had queued is dropped.
    fn overruled(&self, opened: &Opened) -> Vec<Write>;
    /// The ledger failed; it will be tried again after `pause`.
    fn trouble(&self, error: &LedgerError, pause: Duration);
}

/// One entry, against the epoch that its author saw.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) epoch: u64,
    pub(crate) entry: Entry,
    /// The serial of the call whose signal this writes down.
    pub(crate) signal: Option<u64>,
}

/// One [`Write`] on its way.
pub(crate) struct Job {
    pub(crate) author: Arc<dyn Author>,
    pub(crate) account: Account,
    pub(crate) write: Write,
    /// Who waits for it.
    pub(crate) waiting: Vec<Answer>,
}

/// Where the outcome of a write goes.
pub(crate) type Answer = oneshot::Sender<()>;

/// Resolves when the ledger has an entry, or has failed once.
pub(crate) struct Written(oneshot::Receiver<()>);

impl Written {
    /// What a [`Job`] answers to, and this.
    pub(crate) fn channel() -> (Answer, Self) {
        let (sender, receiver) = oneshot::channel();
        (sender, Self(receiver))
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
    jobs: VecDeque<Job>,
    running: bool,
}

impl Writer {
    pub(crate) fn new(ledger: Arc<dyn Ledger>) -> Self {
        Self(Arc::new(Inner { ledger, queue: Mutex::default() }))
    }

    /// Has `jobs` written, in order. Returns at once; what a store answers at
    /// once is written by then.
    pub(crate) fn submit(&self, jobs: impl IntoIterator<Item = Job>) {
        {
            let mut queue = self.0.queue.lock();
            queue.jobs.extend(jobs);
            if queue.running || queue.jobs.is_empty() {
                return;
            }
            queue.running = true;
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
        let spawned = std::thread::Builder::new().name("planguard-ledger".into()).spawn(|| {
            match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime.block_on(self),
                Err(error) => tracing::error!(target: "planguard", %error, "no runtime to write the ledger with"),
            }
        });
        if let Err(error) = spawned {
            tracing::error!(target: "planguard", %error, "no thread to write the ledger with");
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
            if !std::thread::panicking() {
                Self { inner: Some(inner), work: None }.on_a_thread();
            }
        }
    }
}

async fn drain(inner: Arc<Inner>) {
    let mut pause = FIRST_PAUSE;
    while let Some((account, write)) = inner.next() {
        match inner.write(&account, &write).await {
            Ok(opened) => {
                pause = FIRST_PAUSE;
                inner.recorded(&write, &opened);
            }
            Err(LedgerError::Conflict(opened)) => inner.overruled(&opened),
            Err(error) => {
                inner.trouble(&error, pause);
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

impl Inner {
    fn next(&self) -> Option<(Account, Write)> {
        let mut queue = self.queue.lock();
        let next = queue.jobs.front().map(|job| (job.account.clone(), job.write.clone()));
        queue.running = next.is_some();
        next
    }

    async fn write(&self, account: &Account, write: &Write) -> Result<Opened, LedgerError> {
        let Write { epoch, entry, .. } = write.clone();
        match entry.fact {
            Fact::GivenBack { halt, holder } => {
                let lease = Lease::new(holder, entry.at, entry.at);
                self.ledger.release(account, &halt, lease).await
            }
            _ => self.ledger.record(account, epoch, entry).await,
        }
    }

    fn recorded(&self, write: &Write, opened: &Opened) {
        let Some(job) = self.queue.lock().jobs.pop_front() else { return };
        job.author.recorded(write, opened);
        answer(job.waiting);
    }

    fn overruled(&self, opened: &Opened) {
        let Some(first) = self.queue.lock().jobs.pop_front() else { return };
        let Job { author, account, mut waiting, .. } = first;
        // The author says all of it anew, so what it had queued is void. It
        // is asked under the lock: nothing it says later may come before.
        let mut queue = self.queue.lock();
        let (void, kept) =
            queue.jobs.drain(..).partition::<Vec<_>, _>(|job| Arc::ptr_eq(&job.author, &author));
        queue.jobs = kept.into();
        waiting.extend(void.into_iter().flat_map(|job| job.waiting));
        let mut writes = author.overruled(opened);
        let Some(last) = writes.pop() else {
            drop(queue);
            return answer(waiting);
        };
        let job = |write, waiting| Job {
            author: author.clone(),
            account: account.clone(),
            write,
            waiting,
        };
        queue.jobs.push_front(job(last, waiting));
        for write in writes.into_iter().rev() {
            queue.jobs.push_front(job(write, Vec::new()));
        }
    }

    fn trouble(&self, error: &LedgerError, pause: Duration) {
        let told = {
            let mut queue = self.queue.lock();
            queue.jobs.front_mut().map(|job| (job.author.clone(), std::mem::take(&mut job.waiting)))
        };
        if let Some((author, waiting)) = told {
            author.trouble(error, pause);
            answer(waiting);
        }
    }
}

fn answer(waiting: Vec<Answer>) {
    for answer in waiting {
        // A caller that has gone does not need to hear.
        let _ = answer.send(());
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("waiting", &self.0.queue.lock().jobs.len()).finish()
    }
}
