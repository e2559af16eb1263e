//! The whole stack as one layer.

use tower_layer::Layer;

use crate::{
    breaker::{Answer, Breaker, BreakerLayer, Throw},
    detect::{Detect, DetectLayer},
    refusal::Dialect,
    workload::{WorkloadLayer, WorkloadService},
};

/// The whole stack: [`WorkloadService`] outside, [`Breaker`], [`Detect`]
/// inside.
#[derive(Clone, Debug)]
pub struct PlanLayer<R = Throw> {
    pub(super) workload: WorkloadLayer<R>,
    pub(super) breaker: BreakerLayer<R>,
    pub(super) detect: DetectLayer,
}

impl PlanLayer {
    /// Turns refusals into responses in `dialect`, so that the service's
    /// error stays the inner one's.
    #[must_use]
    pub fn answer_refusals(self, dialect: Dialect) -> PlanLayer<Answer> {
        PlanLayer {
            workload: self.workload.answer_refusals(dialect),
            breaker: self.breaker.answer_refusals(dialect),
            detect: self.detect,
        }
    }
}

impl<R> PlanLayer<R> {
    /// Holds the head of an event stream until its first event is judged,
    /// at most `wait`: for gateways, which can then answer by status.
    #[must_use]
    pub fn hold_head_for_first_event(mut self, wait: std::time::Duration) -> Self {
        self.detect = self.detect.hold_head_for_first_event(wait);
        self
    }
}

impl<S, R: Clone> Layer<S> for PlanLayer<R> {
    type Service = WorkloadService<Breaker<Detect<S>, R>, R>;

    fn layer(&self, inner: S) -> Self::Service {
        self.workload.layer(self.breaker.layer(self.detect.layer(inner)))
    }
}
