//! What a recorder gets, as `planguard::metrics` says: real stacks against
//! the simulated provider, and a recorder of each test's own thread.

mod answers;
mod book;
mod halts;
mod labels;
#[path = "../support/ledger.rs"]
mod ledger;
mod reference;
mod refusals;
#[path = "../stack/wire.rs"]
#[allow(dead_code, reason = "no socket is opened here")]
mod wire;
#[cfg(feature = "workload")]
#[path = "../stack/work.rs"]
#[allow(dead_code, reason = "each test uses its part")]
mod work;
#[cfg(feature = "workload")]
mod workload;

use planguard::{PlanGuard, refusal::Refused};
use tower::Layer;

use wire::{Heard, Surface, Wire, WireRequest, hear, request};

/// Sends `request` through the whole stack and reads the answer to its end.
async fn send(plan: &PlanGuard, wire: &Wire, request: WireRequest) -> Result<Heard, Refused> {
    hear(plan.layer().layer(wire.clone()), request).await
}

/// The same with a request of the account `a`.
async fn ask(plan: &PlanGuard, wire: &Wire) -> Result<Heard, Refused> {
    send(plan, wire, request(Surface::OpenAi.url(), "a", false)).await
}
