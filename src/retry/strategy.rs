use std::{
    cell::Cell,
    time::{Duration, SystemTime},
};

use ::reqwest::Response;
use reqwest_middleware::Error;
use reqwest_retry::{RetryTransientMiddleware, Retryable, RetryableStrategy};
use retry_policies::{RetryDecision, RetryPolicy};

use super::{PlanRetry, Verdict};

thread_local! {
    /// The moment that the answer just judged names. reqwest-retry asks its
    /// strategy and then, at once and on the same thread, its policy, which
    /// it does not show the answer to.
    static NAMED: Cell<Option<SystemTime>> = const { Cell::new(None) };
}

impl PlanRetry {
    /// reqwest-retry's middleware with this strategy and this policy.
    pub fn middleware(self) -> RetryTransientMiddleware<Self, Self> {
        RetryTransientMiddleware::new_with_policy_and_strategy(self.clone(), self)
    }
}

/// Which answers are repeated. With another policy than [`PlanRetry`] the
/// moment that an answer names is that policy's to guess.
impl RetryableStrategy for PlanRetry {
    fn handle(&self, result: &Result<Response, Error>) -> Option<Retryable> {
        let verdict = match result {
            Ok(response) => self.judge_answer(response.extensions()),
            Err(error) => Self::judge_error(error),
        };
        let (named, kind) = match verdict {
            Verdict::Repeat(named) => (named, Some(Retryable::Transient)),
            Verdict::Keep if result.is_err() => (None, Some(Retryable::Fatal)),
            Verdict::Keep => (None, None),
        };
        NAMED.set(named);
        kind
    }
}

/// When they are repeated.
impl RetryPolicy for PlanRetry {
    fn should_retry(&self, _: SystemTime, past: u32) -> RetryDecision {
        match self.wait(past, NAMED.take()) {
            None => RetryDecision::DoNotRetry,
            Some(wait) => RetryDecision::Retry { execute_after: after(wait) },
        }
    }
}

/// reqwest-retry reads the system's clock, whatever ours is.
fn after(wait: Duration) -> SystemTime {
    let now = SystemTime::now();
    now.checked_add(wait).unwrap_or(now)
}
