//! From a response to a [`Signal`]: does it carry the provider's policy
//! enforcement, a quota wall, an unpaid bill, a plain rate limit?
//!
//! TODO

#[cfg(feature = "tower")]
mod body;
mod document;
mod found;
#[cfg(feature = "tower")]
mod future;
mod head;
mod inspection;
pub mod json;
#[cfg(feature = "tower")]
mod layer;
#[cfg(feature = "tower")]
mod service;
pub mod sse;
#[cfg(feature = "tower")]
mod watch;

#[cfg(feature = "tower")]
pub use self::{body::InspectBody, future::ResponseFuture, layer::DetectLayer, service::Detect};
pub use found::{Found, Says};
pub use inspection::{ERROR_PATIENCE, HEAD_PATIENCE, Inspection, MAX_HELD_BYTES, Opening};

use std::time::SystemTime;

use http::{HeaderMap, Method, StatusCode};

use crate::{profile::Claim, signal::Signal};

/// Judges one response whose body is at hand.
///
/// The same code path as the layer's, without I/O.
pub fn inspect(
    claim: &Claim,
    method: &Method,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    now: SystemTime,
) -> Option<Signal> {
    match Inspection::begin(claim, method, status, headers, now) {
        Opening::Pass => None,
        Opening::Unreadable(_, signal) => signal,
        Opening::Found(signal) => Some(signal),
        Opening::Inspect(mut inspection) => {
            inspection.feed(body, now).or_else(|| inspection.finish(now))
        }
    }
}
