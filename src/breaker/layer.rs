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
