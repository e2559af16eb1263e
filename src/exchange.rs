//! What the layers hand each other about one call.
//!
//! On admission the breaker puts an [`Exchange`] into the request's
//! extensions. Detect takes it on the way down, reports to it in the poll in
//! which it recognises a signal, and leaves a read-only [`Detection`] in the
//! response's extensions.

mod asked;
mod verdict;

pub use asked::{Asked, Feature};
pub use verdict::{Evidence, Taken, Verdict};

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use http::Uri;
use serde::{Deserialize, Serialize};

use crate::{account::Account, meter, profile::Claim, signal::Signal};

/// What kind of work a request is. In a request's extensions it is the
/// caller's own declaration; [`Unclear`](Self::Unclear) declares nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Workload {
    /// The work that a coding plan is sold for.
    Coding,
    /// Other work. Never carries a trial.
    NonCoding,
    /// Not known.
    #[default]
    Unclear,
}

impl Workload {
    /// The name as it stands in JSON and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Coding => "coding",
            Self::NonCoding => "non_coding",
            Self::Unclear => "unclear",
        }
    }
}

/// Where a response came from in the end, if not from the request's URI.
///
/// A transport that follows redirects puts it into the response's extensions;
/// the response is then judged under the profile of that host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalUrl(pub Uri);

/// The mark of one admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    /// The account's epoch when the call was admitted.
    pub epoch: u64,
    /// A number of its own within this process.
    pub serial: u64,
}

/// A signal together with the answer that carried it.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was recognised.
    pub signal: Signal,
    /// The body as far as it was read, verbatim (decoded, if it came
    /// compressed), at most 64 KiB; empty for a signal inside a stream.
    pub body: Bytes,
}

/// Why a response could not be judged by its body.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Uninspected {
    /// It is compressed, with this `Content-Encoding`, which is not read here.
    Compressed(String),
    /// It is not what its `Content-Encoding`, this one, says.
    Corrupt(String),
    /// With this `Content-Encoding` it becomes more than is read: more than
    /// 256 MiB, or more than 64 KiB and 128 times its own size.
    Oversized(String),
}

impl Uninspected {
    /// The reason alone, in one word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Compressed(_) => "compressed",
            Self::Corrupt(_) => "corrupt",
            Self::Oversized(_) => "oversized",
        }
    }
}

impl fmt::Display for Uninspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compressed(encoding) if cfg!(feature = "decompression") => {
                write!(
                    f,
                    "the body is compressed in a way that planguard does not read ({encoding})"
                )
            }
            Self::Compressed(encoding) => write!(
                f,
                "the body is compressed ({encoding}): ask for `identity`, or enable planguard's feature `decompression`"
            ),
            Self::Corrupt(encoding) => {
                write!(f, "the body is not what its Content-Encoding says ({encoding})")
            }
            Self::Oversized(encoding) => {
                write!(f, "the body becomes too much when it is decompressed ({encoding})")
            }
        }
    }
}

/// Who hears of a signal: the account's breaker.
pub trait SignalSink: Send + Sync + 'static {
    /// One answer to `call` carries a signal. Called inside a poll or a drop:
    /// must not block.
    fn report(&self, call: &Exchange, report: &Report);

    /// One answer to `call` could not be judged.
    fn uninspected(&self, call: &Exchange, why: &Uninspected);
}

/// One admitted call, in the request's extensions. Clones are the same call.
#[derive(Clone)]
pub struct Exchange(Arc<Inner>);

struct Inner {
    claim: Claim,
    account: Account,
    ticket: Ticket,
    sink: Arc<dyn SignalSink>,
    origin: Origin,
    taken: AtomicBool,
    #[cfg(feature = "tower")]
    begins_event: AtomicBool,
    report: OnceLock<Report>,
}

/// A User-Agent, cut to what evidence holds. A pointer as thin as can be, since
/// every call carries one.
pub(crate) type Agent = Arc<Box<[u8]>>;

/// What is known of the request behind a call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    /// Its User-Agent.
    pub(crate) agent: Option<Agent>,
    /// The workload in its extensions: the caller's, or a judge's.
    pub(crate) workload: Option<Workload>,
    /// What was said about it.
    pub(crate) asked: Option<Asked>,
}

impl Exchange {
    /// A call on `account` at `claim`, whose signals go to `sink`.
    pub fn new(claim: Claim, account: Account, ticket: Ticket, sink: Arc<dyn SignalSink>) -> Self {
        Self::with_origin(claim, account, ticket, sink, Origin::default())
    }

    pub(crate) fn with_origin(
        claim: Claim,
        account: Account,
        ticket: Ticket,
        sink: Arc<dyn SignalSink>,
        origin: Origin,
    ) -> Self {
        Self(Arc::new(Inner {
            claim,
            account,
            ticket,
            sink,
            origin,
            taken: AtomicBool::new(false),
            #[cfg(feature = "tower")]
            begins_event: AtomicBool::new(false),
            report: OnceLock::new(),
        }))
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.0.origin
    }

    /// The profile and endpoint that the request was matched to.
    pub fn claim(&self) -> &Claim {
        &self.0.claim
    }

    /// The account that the call counts for.
    pub fn account(&self) -> &Account {
        &self.0.account
    }

    /// The mark of this admission.
    pub fn ticket(&self) -> Ticket {
        self.0.ticket
    }

    /// Says that somebody below will judge this call's response. A breaker
    /// whose exchange nobody took is a configuration error.
    pub fn take(&self) {
        self.0.taken.store(true, Ordering::Release);
    }

    /// Whether a detector took it.
    pub fn is_taken(&self) -> bool {
        self.0.taken.load(Ordering::Acquire)
    }

    /// Says of a frame that is handed on, or is to be the first, whether it
    /// begins where an event of a stream does and holds no more than that.
    #[cfg(feature = "tower")]
    pub(crate) fn set_begins_event(&self, begins: bool) {
        self.0.begins_event.store(begins, Ordering::Release);
    }

    /// Whether the frame that was handed on last is known to begin where an
    /// event does and to hold no more than that, so that another event can
    /// take its place. Before the first one: whether that will be known.
    #[cfg(feature = "tower")]
    pub(crate) fn begins_event(&self) -> bool {
        self.0.begins_event.load(Ordering::Acquire)
    }

    /// Reports a signal, in the poll that recognised it. The first one of a
    /// call counts; a further one is dropped.
    pub fn report(&self, report: Report) {
        let mut first = false;
        let report = self.0.report.get_or_init(|| {
            first = true;
            report
        });
        if first {
            meter::signal(self.0.claim.profile().id(), report.signal.class.as_str());
            self.0.sink.report(self, report);
        }
    }

    /// Reports that the response could not be judged.
    pub fn uninspected(&self, why: &Uninspected) {
        meter::uninspected(self.0.claim.profile().id(), why.as_str());
        self.0.sink.uninspected(self, why);
    }

    /// What was reported, if anything.
    pub fn reported(&self) -> Option<&Report> {
        self.0.report.get()
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("account", &self.0.account)
            .field("ticket", &self.0.ticket)
            .field("taken", &self.is_taken())
            .field("signal", &self.reported().map(|report| report.signal.class))
            .finish_non_exhaustive()
    }
}

/// What detect found in one response, in the response's extensions.
///
/// In a stream the signal may come later: look again when the stream ends.
#[derive(Clone)]
pub struct Detection(Arc<DetectionState>);

struct DetectionState {
    claim: Claim,
    signal: OnceLock<Signal>,
    uninspected: OnceLock<Uninspected>,
}

impl Detection {
    /// Nothing found yet in the answer from `claim`.
    pub fn new(claim: Claim) -> Self {
        let (signal, uninspected) = (OnceLock::new(), OnceLock::new());
        Self(Arc::new(DetectionState { claim, signal, uninspected }))
    }

    /// The profile and endpoint that the response was judged under.
    pub fn claim(&self) -> &Claim {
        &self.0.claim
    }

    /// The signal, once one is recognised.
    pub fn signal(&self) -> Option<&Signal> {
        self.0.signal.get()
    }

    /// Why the body could not be judged, if so.
    pub fn uninspected(&self) -> Option<&Uninspected> {
        self.0.uninspected.get()
    }

    /// Notes the signal; the first one counts.
    #[cfg(feature = "tower")]
    pub(crate) fn found(&self, signal: Signal) {
        let _ = self.0.signal.set(signal);
    }

    /// Notes why the body could not be judged.
    #[cfg(feature = "tower")]
    pub(crate) fn passed_over(&self, why: Uninspected) {
        let _ = self.0.uninspected.set(why);
    }
}

impl fmt::Debug for Detection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detection")
            .field("signal", &self.signal())
            .field("uninspected", &self.uninspected())
            .finish_non_exhaustive()
    }
}
