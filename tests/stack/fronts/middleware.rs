//! The reqwest middlewares.

use planguard::PlanGuard;

use super::{
    Guarded, Part,
    client::{client, driven},
};
use crate::wire::Wire;

fn stack(part: Part, plan: &PlanGuard, wire: Wire) -> Guarded {
    let (breaker, detect) = (plan.breaker_middleware(), plan.detect_middleware());
    driven(client(wire, |client| match part {
        Part::Whole => client.with(plan.middleware()),
        Part::Breaker => client.with(breaker),
        Part::Detect => client.with(detect),
        Part::WrongOrder => client.with(detect).with(breaker),
    }))
}

cases!();
