//! The tower layers around a service of `http` types.

use planguard::PlanGuard;
use tower::{Layer, ServiceBuilder};

use super::{Guarded, Part, erased};
use crate::wire::Wire;

fn stack(part: Part, plan: &PlanGuard, wire: Wire) -> Guarded {
    let (breaker, detect) = (plan.breaker_layer(), plan.detect_layer());
    match part {
        Part::Whole => erased(plan.layer().layer(wire)),
        Part::Breaker => erased(breaker.layer(wire)),
        Part::Detect => erased(detect.layer(wire)),
        Part::WrongOrder => {
            erased(ServiceBuilder::new().layer(detect).layer(breaker).service(wire))
        }
    }
}

cases!();
