//! The error itself, and the thin one above it.

use std::{
    error::Error,
    fmt, io,
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use bytes::Bytes;
use http::StatusCode;

use super::{Details, Reason, text};
use crate::{
    account::{Account, Tally},
    signal::Signal,
};

/// How many errors [`Refused::find`] looks at. A chain of wrappers is a few
/// long; a `source` that leads back to itself must not hang the caller.
const MAX_CHAIN: usize = 128;

/// A call that planguard stopped. Final: sending it again changes nothing
/// before [`not_before`](Self::not_before), or before a person releases the
/// halt.
///
/// Clones share, and `Display` is composed once for all of them, at first
/// use: what many callers get is best cloned.
#[derive(Clone)]
pub struct Refused(Arc<Inner>);

struct Inner {
    details: Details,
    text: OnceLock<String>,
}

impl From<Details> for Refused {
    fn from(details: Details) -> Self {
        Self(Arc::new(Inner { details, text: OnceLock::new() }))
    }
}

impl Refused {
    /// Finds the refusal in an error: the error itself, or any below it along
    /// `source()` and inside `std::io::Error`s.
    ///
    /// A wrapper that is transparent hides the error it holds from such a
    /// walk, but not what is below that: which is why fronts return
    /// [`Stopped`].
    pub fn find<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Self> {
        let mut next: Option<&'a (dyn Error + 'static)> = Some(error);
        for _ in 0..MAX_CHAIN {
            let error = next?;
            if let Some(refused) = error.downcast_ref() {
                return Some(refused);
            }
            // `io::Error::source` skips the error that it was made from.
            let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            next = match inner {
                Some(inner) => Some(inner),
                None => error.source(),
            };
        }
        None
    }

    /// Why the call was stopped.
    pub fn reason(&self) -> Reason {
        self.details().reason
    }

    /// The moment before which nothing is sent. None if only a person ends
    /// it, or if it does not depend on time.
    pub fn not_before(&self) -> Option<SystemTime> {
        self.details().not_before
    }

    /// Whether the provider enforces its terms: the signal's class is one of
    /// [policy](crate::signal::Class::is_policy).
    pub fn is_policy(&self) -> bool {
        self.details().signal.as_ref().is_some_and(|signal| signal.class.is_policy())
    }

    /// The provider's words, verbatim, if it said any. They may hold what
    /// makes clients send a request again: log them, but put them into no
    /// answer to a client.
    pub fn provider_message(&self) -> Option<&str> {
        self.signal().map(|signal| signal.message.as_str()).filter(|message| !message.is_empty())
    }

    /// The provider's status, on the call that struck.
    pub fn provider_status(&self) -> Option<StatusCode> {
        self.details().answer.as_ref().map(|answer| answer.status)
    }

    /// The provider's body, verbatim (decoded, if it came compressed), on the
    /// call that struck.
    pub fn provider_body(&self) -> Option<&Bytes> {
        self.details().answer.as_ref().map(|answer| &answer.body)
    }

    /// What the provider said that led to it.
    pub fn signal(&self) -> Option<&Signal> {
        self.details().signal.as_ref()
    }

    /// The account that the call would have counted for.
    pub fn account(&self) -> Option<&Account> {
        self.details().account.as_ref()
    }

    /// The id of the halt that stopped the call.
    pub fn halt(&self) -> Option<&str> {
        self.details().halt.as_deref()
    }

    /// How often the account was struck.
    pub fn strikes(&self) -> Tally {
        self.details().strikes
    }

    /// The exact command or call that releases the halt.
    pub fn release(&self) -> Option<&str> {
        self.details().release.as_deref()
    }

    /// Where the provider takes appeals.
    pub fn appeal(&self) -> Option<&str> {
        self.details().appeal.as_deref()
    }

    /// What the vendor's terms say, in short.
    pub fn notice(&self) -> Option<&str> {
        self.details().notice.as_deref()
    }

    /// What else a person needs, such as the ledger's store and the remedy.
    pub fn detail(&self) -> Option<&str> {
        self.details().detail.as_deref()
    }

    fn details(&self) -> &Details {
        &self.0.details
    }

    pub(super) fn text(&self) -> &str {
        self.0.text.get_or_init(|| text::compose(self))
    }

    pub(super) fn provider_and_plan(&self) -> (&str, &str) {
        (&self.details().provider, &self.details().plan)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl fmt::Debug for Refused {
    // Programs put `{:?}` into answers too: it holds nothing but the safe text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused")
            .field("reason", &self.reason())
            .field("text", &format_args!("{self}"))
            .finish_non_exhaustive()
    }
}

impl Error for Refused {}

/// What a front returns: the [`Refused`] is its `source()`, one level below,
/// where it can be found through wrappers that are transparent
/// (`reqwest_middleware::Error`, async-openai's `OpenAIError::Boxed`).
#[derive(Clone, Debug, thiserror::Error)]
#[error("{source}")]
pub struct Stopped {
    source: Refused,
}

impl Stopped {
    /// The refusal.
    pub fn refused(&self) -> &Refused {
        &self.source
    }

    /// The refusal, taken out.
    pub fn into_refused(self) -> Refused {
        self.source
    }
}

impl From<Refused> for Stopped {
    fn from(source: Refused) -> Self {
        Self { source }
    }
}
