//! The whole stack as a service of reqwest's requests.

use planguard::{
    BoxError, PlanGuard,
    reqwest::{HttpService, ReqwestService},
};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, util::BoxCloneSyncService};

use super::{Guarded, Part, client};
use crate::wire::{Wire, WireRequest};

fn stack(part: Part, plan: &PlanGuard, wire: Wire) -> Guarded {
    let client = client::client(wire, |client| client);
    let (breaker, detect) = (plan.breaker_layer(), plan.detect_layer());
    let http = HttpService::new(client.clone());
    match part {
        Part::Whole => driven(plan.reqwest_service(client)),
        Part::Breaker => driven(ReqwestService::new(breaker.layer(http))),
        Part::Detect => driven(ReqwestService::new(detect.layer(http))),
        Part::WrongOrder => {
            let both = ServiceBuilder::new().layer(detect).layer(breaker).service(http);
            driven(ReqwestService::new(both))
        }
    }
}

fn driven<S>(service: S) -> Guarded
where
    S: Service<reqwest::Request, Response = reqwest::Response, Future: Send, Error: Into<BoxError>>
        + Clone
        + Send
        + Sync
        + 'static,
{
    BoxCloneSyncService::new(tower::service_fn(move |request: WireRequest| {
        let service = service.clone();
        async move {
            let request = client::full(request).try_into()?;
            let response = service.oneshot(request).await.map_err(Into::into)?;
            Ok(client::erased_response(response.into()))
        }
    }))
}

cases!();
