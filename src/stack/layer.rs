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
    ///
    /// In an event stream that has begun, the event that halts the account is
    /// replaced by [the refusal as an event](crate::refusal::Refused::to_event),
    /// and the stream ends: the provider's own words would make clients repeat
    /// their request. What came before passes as it came, cut so that each
    /// frame is [one event](DetectLayer::one_event_a_frame); all other streams
    /// keep their bytes. Those that are compressed are not answered so, nor
    /// those with a `Content-Length`, nor responses of another type than
    /// `text/event-stream`: in them a signal that is found after the head was
    /// handed on reaches the client in the provider's own bytes. So it does
    /// with [`StruckResponse::Pass`](crate::breaker::StruckResponse::Pass).
    #[must_use]
    pub fn answer_refusals(self, dialect: Dialect) -> PlanLayer<Answer> {
        PlanLayer {
            workload: self.workload.answer_refusals(dialect),
            breaker: self.breaker.answer_refusals(dialect),
            detect: self.detect.one_event_a_frame(),
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
