//! The fronts: how a guard gets around a transport.
#![allow(clippy::duplicate_mod, reason = "each front is put to the same cases")]

use http::Response;
use http_body_util::BodyExt;
use planguard::BoxError;
use tower::{Service, ServiceExt, util::BoxCloneSyncService};

use crate::wire::{WireBody, WireRequest};

/// A transport with a guard around it, its types erased.
pub type Guarded = BoxCloneSyncService<WireRequest, Response<WireBody>, BoxError>;

/// What of a guard is around a transport.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    Whole,
    Breaker,
    Detect,
    /// Detect outside of the breaker.
    WrongOrder,
}

fn erased<S, B>(service: S) -> Guarded
where
    S: Service<WireRequest, Response = Response<B>, Future: Send, Error: Into<BoxError>>
        + Clone
        + Send
        + Sync
        + 'static,
    B: http_body::Body<Data = bytes::Bytes, Error: Into<BoxError>> + Send + Sync + 'static,
{
    let service = service.map_err(Into::into);
    let service =
        service.map_response(|response| response.map(|body| body.map_err(Into::into).boxed()));
    BoxCloneSyncService::new(service)
}

/// All that is promised for every front, for one that has a `stack`.
macro_rules! cases {
    () => {
        /// Sends a request through the front and reads the answer to its end.
        async fn ask(
            plan: &planguard::PlanGuard,
            wire: &crate::wire::Wire,
            request: crate::wire::WireRequest,
        ) -> Result<crate::wire::Heard, planguard::refusal::Refused> {
            crate::wire::hear(guarded(plan, wire.clone()), request).await
        }

        /// `wire` with the whole guard around it.
        fn guarded(plan: &planguard::PlanGuard, wire: crate::wire::Wire) -> super::Guarded {
            stack(super::Part::Whole, plan, wire)
        }

        #[path = "../cases/alone.rs"]
        mod alone;
        #[path = "../cases/declared.rs"]
        mod declared;
        #[path = "../cases/dropped.rs"]
        mod dropped;
        #[path = "../cases/errors.rs"]
        mod errors;
        #[path = "../cases/evidence.rs"]
        mod evidence;
        #[path = "../cases/first_signal.rs"]
        mod first_signal;
        #[path = "../cases/flood.rs"]
        mod flood;
        #[path = "../cases/frames.rs"]
        mod frames;
        #[path = "../cases/hosts.rs"]
        mod hosts;
        #[path = "../cases/logs.rs"]
        mod logs;
        #[path = "../cases/notice.rs"]
        mod notice;
        #[path = "../cases/secrets.rs"]
        mod secrets;
        #[path = "../cases/settings.rs"]
        mod settings;
        #[path = "../cases/shared.rs"]
        mod shared;
        #[path = "../cases/silence.rs"]
        mod silence;
        #[path = "../cases/slow_ledger.rs"]
        mod slow_ledger;
        #[cfg(feature = "workload")]
        #[path = "../cases/workload/mod.rs"]
        mod workload;
    };
}

#[cfg(feature = "reqwest")]
mod client;
#[cfg(feature = "reqwest")]
mod http_service;
#[cfg(feature = "reqwest")]
mod middleware;
#[cfg(feature = "reqwest")]
mod reqwest_service;
mod tower_layer;
