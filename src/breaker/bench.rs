//! Doors to the hot path for the instruction benches, open only under
//! `--cfg planguard_bench`.

use std::hint::black_box;

use http::{HeaderMap, Uri};

use super::{
    BreakerLayer, Limits,
    core::{Admission, Head},
    gate::Gate,
    standing::{Ask, Outcome},
};
use crate::{clock::Millis, exchange::Workload};

/// The gate of an open account.
#[derive(Debug)]
pub struct OpenGate(Gate);

impl OpenGate {
    /// A gate that nobody has passed.
    #[expect(clippy::new_without_default, reason = "a bench needs no default")]
    pub fn new() -> Self {
        Self(Gate::new(Limits::default()))
    }

    /// So many calls, one after the other: admitted, answered, over. How many
    /// were admitted.
    pub fn calls(&self, calls: u32, now: Millis) -> u32 {
        let ask = Ask { endpoint: 0, plan: true, may_test: true };
        let mut admitted = 0;
        for _ in 0..calls {
            let now = black_box(now);
            if let Some(mut pass) = black_box(&self.0).admit_open(ask, now) {
                assert!(!self.0.answered(&mut pass) && !self.0.over(&pass), "nobody waits");
                admitted += 1;
            }
        }
        admitted
    }
}

/// One request: admitted, answered, over. Whether it was admitted at once.
pub fn admit(layer: &BreakerLayer, uri: &Uri, headers: &HeaderMap) -> bool {
    let head = Head { to: uri.into(), headers, workload: Workload::Unclear };
    match &mut layer.core.admit(head) {
        Admission::Go(call) => {
            call.answered();
            call.end(Outcome::Passed);
            true
        }
        _ => false,
    }
}
