//! The tower layers around a reqwest client.

use planguard::{PlanGuard, reqwest::HttpService};
use tower::{Layer, ServiceBuilder};

use super::{Guarded, Part, client, erased};
use crate::wire::Wire;

fn stack(part: Part, plan: &PlanGuard, wire: Wire) -> Guarded {
    let service = HttpService::new(client::client(wire, |client| client));
    let service = tower::ServiceExt::map_err(service, planguard::BoxError::from);
    // A request that waits has a body like any other's.
    let service = ServiceBuilder::new().map_request(client::full).service(service);
    let (breaker, detect) = (plan.breaker_layer(), plan.detect_layer());
    match part {
        Part::Whole => erased(plan.layer().layer(service)),
        Part::Breaker => erased(breaker.layer(service)),
        Part::Detect => erased(detect.layer(service)),
        Part::WrongOrder => {
            erased(ServiceBuilder::new().layer(detect).layer(breaker).service(service))
        }
    }
}

cases!();
