//! The log: one record for each request that reached the provider.

use std::sync::Arc;

use http::StatusCode;
use tokio::time::Instant;

/// One request that reached the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Arrival {
    /// Its number among all arrivals of the provider, from 0, in the order in
    /// which they arrived.
    pub seq: u64,
    /// When it arrived.
    pub at: Instant,
    /// Its account.
    pub account: Arc<str>,
    /// Its path, at most 256 bytes of it.
    pub path: Arc<str>,
    /// The status it was answered with; none while it waits, and for ever if
    /// its caller went away first.
    pub status: Option<StatusCode>,
    /// The business code that was decided for it.
    pub code: Option<u16>,
    /// Whether it was a violation.
    pub strike: bool,
}

/// A moment in the provider's log, to count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Mark {
    /// The number that the next arrival gets.
    pub seq: u64,
    /// The time.
    pub at: Instant,
}
