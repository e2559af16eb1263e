//! Whether a client sends an admitted request more than once by itself.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

/// A mark in a request's extensions that counts how often it is cloned.
///
/// Whoever repeats a request has to clone it first. reqwest clones each
/// request that it could repeat once before it sends it, and again before it
/// sends the clone.
#[derive(Default)]
pub(super) struct Repeats(Arc<AtomicU32>);

impl Repeats {
    /// The same count, seen from outside: looking is not repeating.
    pub(super) fn count(&self) -> Count {
        Count(self.0.clone())
    }
}

impl Clone for Repeats {
    fn clone(&self) -> Self {
        self.0.fetch_add(1, Ordering::Relaxed);
        Self(self.0.clone())
    }
}

/// What a [`Repeats`] has counted.
pub(super) struct Count(Arc<AtomicU32>);

impl Count {
    /// Warns if the request was repeated on its way to `host`.
    pub(super) fn tell(&self, host: &str) {
        if self.0.load(Ordering::Relaxed) > 1 {
            tracing::warn!(
                target: "planguard::detect",
                host,
                "the HTTP client has sent one admitted request more than once, below planguard: build it with planguard::reqwest::harden, and put retries outside"
            );
        }
    }
}
