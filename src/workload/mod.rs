//! The non-coding guard: is this request the kind of work that the plan was
//! sold for?
//!
//! A coding plan is sold for coding. [`WorkloadLayer`] reads each request to a
//! plan endpoint before anything leaves, decides `coding`, `non_coding` or
//! `unclear`, and acts by its [`Policy`]. It is local: no service is called and
//! no model is loaded; the built-in one is half a megabyte and takes tens of
//! microseconds. [`PlanGuard`](crate::PlanGuard) has it in front of its
//! breaker, by default.
//!
//! ```
//! use planguard::{
//!     PlanGuard,
//!     ledger::MemoryLedger,
//!     profile::zai,
//!     workload::{Action, Metered},
//! };
//!
//! # fn main() -> Result<(), planguard::BoxError> {
//! let plan = PlanGuard::builder(zai())
//!     .ledger(MemoryLedger::new())
//!     // Other work goes to the metered endpoint, and is paid by the call.
//!     .non_coding(Action::Reroute(Metered::new("key-of-the-metered-account")))
//!     .build()?;
//! # let _ = plan;
//! # Ok(())
//! # }
//! ```
//!
//! # What is judged
//!
//! Requests with a body to the plan endpoints of a profile, in the formats of
//! OpenAI Chat Completions, OpenAI Responses and Anthropic Messages. What
//! counts are the person's newest words, freed of what clients put around them
//! ([`View`]); the session before them helps where they say little ("go on").
//! The User-Agent, the names of tools and an agent's own prompt count for
//! nothing: they name the client, not the work. A body that is no JSON, of
//! another shape, compressed, or longer than [`Limits`] is `unclear` and passes
//! on whole.
//!
//! The verdict is planguard's estimate; no provider publishes its criteria. Its
//! figures, and those of each [`Sensitivity`], are on the page
//! `docs/workload.md`.
//!
//! # What is done
//!
//! | workload | default | else |
//! |---|---|---|
//! | `coding` | passes | |
//! | `non_coding` | [`Action::Block`] | `Report`, `Warn`, `Reroute`, `Pass` |
//! | `unclear` | [`Action::Pass`] | the same |
//!
//! **Block applies only where a person's turn begins.** A request that answers
//! a tool's result, or a client's own call (a title, a summary), passes and is
//! counted, so that no half-done edit is stranded. A blocked request is a
//! [`Refused`](crate::refusal::Refused) with
//! [`Reason::WorkloadRefused`](crate::refusal::Reason::WorkloadRefused): no
//! strike, no halt. Under
//! [`Posture::Report`](crate::breaker::Posture::Report) nothing is blocked or
//! rerouted.
//!
//! # Declarations
//!
//! Who knows better says so: a
//! [`Workload`](crate::exchange::Workload) in the request's extensions, or the
//! header `x-planguard-workload: coding` (or `non_coding`), which is removed
//! before anything is sent. `non_coding` always acts. `coding` against a strong
//! estimate is honoured, counted, and told in the log and by
//! [`What::Workload`](crate::breaker::What::Workload).
//!
//! # Alone
//!
//! The layer works in any tower or reqwest-middleware pipeline without the rest
//! of planguard: [`WorkloadLayer::new`] with a registry of profiles. Alone it
//! knows no account, sends no events, and keeps one tally.
//!
//! # Bodies
//!
//! A request has to be read before it is sent, so its body has to be one that
//! can be put together again: [`RequestBody`]. What was read is sent frame by
//! frame as it came.

mod classifier;
mod evidence;
mod features;
#[cfg(feature = "tower")]
mod future;
mod guard;
mod host;
mod json;
mod judged;
#[cfg(feature = "tower")]
mod layer;
mod metered;
#[cfg(feature = "reqwest")]
mod middleware;
mod model;
mod policy;
mod reroute;
#[cfg(feature = "tower")]
mod service;
#[cfg(test)]
mod spelling;
mod tally;
mod tell;
mod view;

#[cfg(feature = "tower")]
pub use self::{future::ResponseFuture, layer::WorkloadLayer, service::WorkloadService};
#[cfg(feature = "tower")]
pub use crate::body::{
    AnsweredBody as WorkloadBody, ReadAhead, ReplayBody, RequestBody, read_ahead,
};
pub use crate::exchange::Taken;
pub use classifier::{AsyncClassifier, Classifier, Classifying, OwnModel, Sensitivity};
pub use features::{DENSE, Features, HASHED};
pub use host::Outgoing;
pub use metered::Metered;
#[cfg(feature = "reqwest")]
pub use middleware::WorkloadMiddleware;
pub use model::{Card, Estimate, Model, ModelError};
pub use policy::{Action, Policy};
pub use tally::WorkloadTally;
pub use view::{Limits, Shape, View};

pub(crate) use guard::Guard;
#[cfg(feature = "reqwest")]
pub(crate) use guard::mark;
pub(crate) use host::Host;
