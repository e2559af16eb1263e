//! Retries that know the classes: what a provider's policy, quota or bill
//! has stopped is never asked again.
//!
//! A retry layer stands **outside** of planguard, so that it hears a refusal
//! and has no part in a strike:
//!
//! ```text
//!   retry > planguard > transport     one strike is one hit
//!   planguard > retry > transport     one strike is four: the retry below has
//!                                     repeated it before planguard heard of it
//! ```
//!
//! The example `first_strike` counts both. Outside of a retry layer that makes
//! an error of the last answer, as async-openai's does, planguard hears of no
//! strike at all.
//!
//! Outside of planguard any retry is safe, stock ones too: a refusal reaches it as an error
//! or in a form that is not repeated. [`PlanRetry`] is also sensible where a
//! repeat can help:
//!
//! | answer | |
//! |---|---|
//! | a refusal of planguard | never repeated |
//! | `policy_violation`, `account_locked`, `client_refused`, `challenge`, `policy_throttle`, `quota_exhausted`, `billing`, `entitlement`, `authentication`, `content_filter`, `invalid_request`, `unknown` | never repeated |
//! | `rate_limited`, `overloaded`, `server_error` | repeated at the moment that the answer names (`Retry-After`, a reset), if that is near enough; else with exponential backoff and jitter |
//! | an answer that nobody judged: a host that no profile claims | never repeated |
//! | a success | passed |
//! | the transport's error | repeated only if no connection was made (with the feature `reqwest`, which can tell); anything else may have been sent |
//!
//! # tower
//!
//! ```
//! # #[cfg(feature = "sim")] {
//! use http::Request;
//! use http_body_util::Full;
//! use planguard::{PlanGuard, ledger::MemoryLedger, profile, retry::PlanRetry, sim::{Answer, Provider, Script}};
//! use tower::{ServiceBuilder, ServiceExt};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), planguard::BoxError> {
//! let busy_once = Script::new([Answer::overloaded(), Answer::completion()]);
//! let provider = Provider::builder().mode(busy_once).build();
//! let plan = PlanGuard::builder(profile::zai()).ledger(MemoryLedger::new()).build()?;
//! let service = ServiceBuilder::new()
//!     .retry(PlanRetry::new())
//!     .layer(plan.layer())
//!     .service(provider.service());
//!
//! let request = Request::post("https://api.z.ai/api/anthropic/v1/messages")
//!     .header("authorization", "Bearer an-id.a-secret")
//!     .header("user-agent", "my-agent/1.0")
//!     .body(Full::<bytes::Bytes>::from(r#"{"model":"glm-5.2","messages":[]}"#))?;
//! assert_eq!(service.oneshot(request).await?.status(), 200);
//! assert_eq!(provider.total().total, 2);
//! # Ok(())
//! # }
//! # main().unwrap();
//! # }
//! ```
//!
//! # reqwest
//!
//! `PlanRetry::middleware()` is reqwest-retry's middleware with the same
//! decisions; add it before planguard's. `PlanRetry` is its
//! `RetryableStrategy` and its `RetryPolicy`.

mod policy;
#[cfg(feature = "reqwest")]
mod strategy;

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, SystemTime},
};

use http::Extensions;
use retry_policies::{Jitter, RetryDecision, RetryPolicy, policies::ExponentialBackoff};

use crate::{
    clock::{Clock, SystemClock},
    exchange::Detection,
};

/// What a backoff is at most.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// How often a call is repeated, and how late. See the [module](self) for
/// what is repeated at all.
#[derive(Clone)]
pub struct PlanRetry {
    retries: u32,
    shortest: Duration,
    longest: Duration,
    patience: Duration,
    clock: Arc<dyn Clock>,
    /// How often the call at hand was repeated.
    past: u32,
}

/// What becomes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It is the caller's.
    Keep,
    /// The request is sent again, not before the named moment if there is one.
    Repeat(Option<SystemTime>),
}

impl Default for PlanRetry {
    fn default() -> Self {
        Self::new()
    }
}

impl PlanRetry {
    /// Three repeats, with a backoff of 1 s to 30 s unless the answer names
    /// the moment, which may be at most a minute away.
    pub fn new() -> Self {
        Self {
            retries: 3,
            shortest: Duration::from_secs(1),
            longest: Duration::from_secs(30),
            patience: Duration::from_secs(60),
            clock: Arc::new(SystemClock),
            past: 0,
        }
    }

    /// How often one call may be repeated.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// The backoff: a bound that doubles from `shortest` to `longest`, and a
    /// wait drawn between half of `shortest` and that bound. Both are at most
    /// an hour.
    #[must_use]
    pub fn backoff(mut self, shortest: Duration, longest: Duration) -> Self {
        self.longest = longest.min(LONGEST);
        self.shortest = shortest.min(self.longest);
        self
    }

    /// The latest moment that an answer may name. One that names a later
    /// moment is not repeated: who waits longer than that should say so.
    #[must_use]
    pub fn wait_at_most(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Where the time is read. Default: the system's clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// What an answer with these extensions deserves.
    fn judge_answer(&self, extensions: &Extensions) -> Verdict {
        let Some(signal) = extensions.get::<Detection>().and_then(Detection::signal) else {
            return Verdict::Keep;
        };
        if !signal.class.is_retryable() {
            return Verdict::Keep;
        }
        let latest = self.clock.now().checked_add(self.patience);
        match signal.reset {
            Some(reset) if latest.is_some_and(|latest| reset.at > latest) => Verdict::Keep,
            reset => Verdict::Repeat(reset.map(|reset| reset.at)),
        }
    }

    /// The same for an error: a refusal is final, and so is whatever may have
    /// left the process.
    fn judge_error(error: &(dyn Error + 'static)) -> Verdict {
        if crate::refusal::Refused::find(error).is_none() && never_left(error) {
            Verdict::Repeat(None)
        } else {
            Verdict::Keep
        }
    }

    /// How long to wait before the repeat that follows `past` others; none if
    /// there were enough.
    fn wait(&self, past: u32, named: Option<SystemTime>) -> Option<Duration> {
        let backoff = ExponentialBackoff::builder()
            .retry_bounds(self.shortest, self.longest)
            .jitter(Jitter::Bounded)
            .build_with_max_retries(self.retries);
        let start = SystemTime::now();
        let RetryDecision::Retry { execute_after } = backoff.should_retry(start, past) else {
            return None;
        };
        let backoff = execute_after.duration_since(start).unwrap_or_default();
        let named = named.and_then(|at| at.duration_since(self.clock.now()).ok());
        Some(named.unwrap_or(backoff))
    }
}

#[cfg(feature = "reqwest")]
fn never_left(error: &(dyn Error + 'static)) -> bool {
    // The middleware's error is transparent: what it holds is no source of it.
    let connecting = error.downcast_ref().is_some_and(::reqwest::Error::is_connect)
        || error.downcast_ref().is_some_and(reqwest_middleware::Error::is_connect);
    connecting || error.source().is_some_and(never_left)
}

#[cfg(not(feature = "reqwest"))]
fn never_left(_: &(dyn Error + 'static)) -> bool {
    false
}

impl std::fmt::Debug for PlanRetry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlanRetry")
            .field("retries", &self.retries)
            .field("shortest", &self.shortest)
            .field("longest", &self.longest)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}
