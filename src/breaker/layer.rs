use std::{fmt, sync::Arc};

use tower_layer::Layer;

use super::{Answer, Breaker, Core, Throw};
use crate::refusal::Dialect;

/// Puts the breaker of a [`PlanGuard`](crate::PlanGuard) around a service.
///
/// From [`PlanGuard::breaker_layer`](crate::PlanGuard::breaker_layer). All
/// state is the guard's: every service of every clone shares it.
#[derive(Clone)]
pub struct BreakerLayer<R = Throw> {
    pub(super) core: Arc<Core>,
    refusing: R,
}

impl BreakerLayer {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core, refusing: Throw }
    }

    /// Turns refusals into responses in `dialect`, so that the service's
    /// error stays the inner one's.
    ///
    /// In an event stream that has begun, the event that halts the account is
    /// replaced by [the refusal as an event](crate::refusal::Refused::to_event),
    /// and the stream ends, if the layer inside is a
    /// [`DetectLayer`](crate::detect::DetectLayer) with
    /// [`one_event_a_frame`](crate::detect::DetectLayer::one_event_a_frame),
    /// which says where an event begins. Without that, and in compressed
    /// streams and those with a `Content-Length`, the provider's own bytes
    /// pass. [`PlanLayer`](crate::PlanLayer) combines the two.
    #[must_use]
    pub fn answer_refusals(self, dialect: Dialect) -> BreakerLayer<Answer> {
        BreakerLayer { core: self.core, refusing: Answer::new(dialect) }
    }
}

impl<S, R: Clone> Layer<S> for BreakerLayer<R> {
    type Service = Breaker<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        Breaker::new(inner, self.core.clone(), self.refusing.clone())
    }
}

impl<R> fmt::Debug for BreakerLayer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakerLayer").finish_non_exhaustive()
    }
}
