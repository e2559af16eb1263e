//! reqwest: as a client with middleware, and as a tower service.
//!
//! # Middleware
//!
//! [`PlanGuard::middleware`](crate::PlanGuard::middleware) runs the whole
//! stack in a [`ClientWithMiddleware`](reqwest_middleware::ClientWithMiddleware).
//! It has to be the **last** one that is added, so that a retry middleware
//! stands outside of it and hears a refusal instead of repeating a strike.
//!
//! ```
//! use planguard::{PlanGuard, ledger::MemoryLedger, reqwest::harden};
//!
//! # fn main() -> Result<(), planguard::BoxError> {
//! let plan = PlanGuard::builder(planguard::profile::zai()).ledger(MemoryLedger::new()).build()?;
//! let transport = harden(reqwest::Client::builder()).build()?;
//! let client = reqwest_middleware::ClientBuilder::new(transport)
//!     // .with(your_retry_middleware)
//!     .with(plan.middleware())
//!     .build();
//! # let _ = client;
//! # Ok(())
//! # }
//! ```
//!
//! A refusal is a [`Stopped`] in
//! [`Error::Middleware`](reqwest_middleware::Error::Middleware);
//! [`Refused::find`](crate::refusal::Refused::find) finds it through that and
//! through any retry middleware's error. A caller declares the kind of work by
//! `.with_extension(Workload::NonCoding)` on the request. The response keeps
//! its URL, remote address, version, extensions, length and trailers, and a
//! streaming body stays a stream.
//!
//! # Credentials
//!
//! What the client itself adds below every middleware is invisible to it:
//! `default_headers` above all. A plan request whose credential comes from
//! there counts for the profile's one `unidentified` account, and one whose
//! User-Agent comes from there seems to have none. Set the credential on the
//! request, or name the account with
//! [`Builder::account`](crate::Builder::account).
//!
//! # As a tower service
//!
//! [`PlanGuard::reqwest_service`](crate::PlanGuard::reqwest_service) is the
//! stack around a client for those who take a `Service<reqwest::Request>`.
//! It is made of [`HttpService`], which makes a client a service of `http`
//! types, and [`ReqwestService`], which does the reverse for any stack.
//!
//! # What happens below
//!
//! reqwest follows redirects and repeats requests that HTTP/2 gave back, both
//! below any middleware or layer: an admitted call is then sent more than
//! once, and `x-api-key` travels to another host. [`harden`] turns both off.
//! Without it a redirect to another host is a warning that names both, and
//! the answer is judged under that host's profile. A repeat of what HTTP/2
//! gave back unprocessed shows nowhere outside of reqwest: only the provider
//! could tell.

mod convert;
mod future;
mod service;

pub use future::{HttpFuture, ReqwestFuture};
pub use service::{HttpService, ReqwestService};

pub(crate) use convert::{into_http, into_reqwest};

use ::reqwest::{ClientBuilder, redirect, retry};

use crate::refusal::{Refused, Stopped};

/// A refusal as a middleware's error: one level above it, since that error is
/// transparent.
pub(crate) fn stopped(refused: Refused) -> reqwest_middleware::Error {
    reqwest_middleware::Error::middleware(Stopped::from(refused))
}

/// A client that sends each request once: no redirect is followed (the caller
/// gets the 3xx), and reqwest's own repeats are off.
///
/// Later calls of `redirect` or `retry` on the builder undo it.
pub fn harden(client: ClientBuilder) -> ClientBuilder {
    client.redirect(redirect::Policy::none()).retry(retry::never())
}
