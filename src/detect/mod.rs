//! From a response to a [`Signal`]: does it carry the provider's policy
//! enforcement, a quota wall, an unpaid bill, a plain rate limit?
//!
//! A code in a body is what a provider's policy speaks through, and the body
//! is where usual middleware does not look. This module looks, and hands on
//! what it saw unchanged:
//!
//! | response | what happens |
//! |---|---|
//! | status 400 and up | held until its JSON value is complete, its end, 64 KiB or 5 s; judged, and read on as it flows if no rule matches what came; replayed |
//! | 2xx, JSON or text or no type | handed on at once if all of it is here and holds no word that matters; otherwise head held until its first decisive key (at most 64 KiB or 2 s); an error is then read like one of status 400, a success flows on and is read as it flows |
//! | 2xx, `text/event-stream` | never held; read as it flows, judged at each event; handed on [event by event](DetectLayer::one_event_a_frame) if you ask for it |
//! | compressed | read through a bounded decoder with the feature `decompression` (gzip, deflate, br, zstd), and handed on as it came; otherwise the status alone is judged, and [`Uninspected`] says so |
//! | HEAD, CONNECT, 1xx, 204, 205, 3xx, other types | passed |
//!
//! Only the response's own top level makes it an error. A completion, a tool
//! call's input or a delta that quotes an error is a success.
//!
//! # Layer
//!
//! [`DetectLayer`] wraps a service of `http` types. Every response to a
//! request that a profile claims carries a [`Detection`] in its extensions,
//! those that are passed too; a request that no profile claims passes
//! untouched. A signal is also reported to the [`Exchange`] that a breaker put
//! into the request's extensions, in the very poll that recognises it, and
//! from the drop of the future or the body for what was read until then.
//!
//! Alone, without a breaker above, the layer annotates and stops nothing.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use planguard::{detect::DetectLayer, exchange::Detection, profile, signal::Class};
//! use tower::{Layer, ServiceExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let provider = tower::service_fn(|_: Request<()>| async {
//!     let body = r#"{"error":{"code":"1313","message":"Fair Usage Policy"}}"#;
//!     let response = Response::builder().status(429).body(Full::<Bytes>::from(body)).unwrap();
//!     Ok::<_, std::convert::Infallible>(response)
//! });
//! let profiles = profile::Registry::new(&[profile::zai()]);
//! let service = DetectLayer::new(profiles).layer(provider);
//!
//! let url = "https://api.z.ai/api/coding/paas/v4/chat/completions";
//! let response = service.oneshot(Request::post(url).body(()).unwrap()).await.unwrap();
//! let detection = response.extensions().get::<Detection>().unwrap();
//! assert_eq!(detection.signal().unwrap().class, Class::PolicyViolation);
//! # }
//! ```
//!
//! Deadlines need a tokio runtime with time enabled; outside of any tokio
//! runtime a body is held until its own end decides.
//!
//! # Core
//!
//! [`Inspection`] is the same without I/O, [`inspect`] the same for a body at
//! hand; the parsers are [`json::Walker`] and [`sse::EventScanner`]. How a body
//! is cut into pieces makes no difference to any of them.
//!
//! # Which signal
//!
//! One response gives at most one. What a *successful* value says (a filtered
//! choice, say) is told at the end, because a strike may stand behind it,
//! and so is a cut-off error event that no rule knows. Anything else is told
//! at once.
//!
//! [`Detection`]: crate::exchange::Detection
//! [`Exchange`]: crate::exchange::Exchange
//! [`Uninspected`]: crate::exchange::Uninspected

#[cfg(feature = "tower")]
mod body;
#[cfg(feature = "tower")]
mod called;
mod document;
mod encoded;
#[cfg(feature = "tower")]
mod events;
mod found;
#[cfg(feature = "tower")]
mod future;
#[cfg(feature = "tower")]
mod glance;
mod head;
mod inspection;
pub mod json;
#[cfg(feature = "tower")]
mod keys;
#[cfg(feature = "tower")]
mod layer;
#[cfg(feature = "reqwest")]
mod middleware;
#[cfg(feature = "tower")]
mod reading;
#[cfg(feature = "tower")]
mod service;
pub mod sse;
#[cfg(feature = "tower")]
mod watch;

#[cfg(feature = "reqwest")]
pub use self::middleware::DetectMiddleware;
#[cfg(feature = "tower")]
pub use self::{body::InspectBody, future::ResponseFuture, layer::DetectLayer, service::Detect};
pub use found::{Found, Says};
pub use inspection::{ERROR_PATIENCE, HEAD_PATIENCE, Inspection, MAX_HELD_BYTES, Opening};

use std::time::SystemTime;

use http::{HeaderMap, Method, StatusCode};

use crate::{profile::Claim, signal::Signal};

/// Judges one response whose body is at hand: the same code as the layer's,
/// without I/O. `now` is what a relative reset counts from.
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
