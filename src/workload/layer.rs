use std::{fmt, sync::Arc};

use http::HeaderMap;
use tower_layer::Layer;

use super::{Policy, Taken, WorkloadService, guard::Guard, host::Host};
use crate::{
    account::Account,
    exchange::{Verdict, Workload},
    profile::{Claim, Registry},
    refusal::{Answer, Dialect, Throw},
};

/// Judges the requests of the services that it wraps.
///
/// Clones are cheap and share their tallies.
#[derive(Clone)]
pub struct WorkloadLayer<R = Throw> {
    pub(super) guard: Arc<Guard>,
    pub(super) refusing: R,
}

impl WorkloadLayer {
    /// Judges requests to the plan endpoints of `registry` by `policy`.
    ///
    /// Alone it knows no account and writes no events: refusals name the plan
    /// only.
    pub fn new(registry: Registry, policy: Policy) -> Self {
        Self::of(Arc::new(Guard::new(registry, None, policy, Arc::new(Alone))))
    }

    pub(crate) fn of(guard: Arc<Guard>) -> Self {
        Self { guard, refusing: Throw }
    }

    /// Turns refusals into responses in `dialect`, so that the service's
    /// error stays the inner one's.
    #[must_use]
    pub fn answer_refusals(self, dialect: Dialect) -> WorkloadLayer<Answer> {
        WorkloadLayer { guard: self.guard, refusing: Answer::new(dialect) }
    }
}

impl<S, R: Clone> Layer<S> for WorkloadLayer<R> {
    type Service = WorkloadService<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        WorkloadService::new(inner, self.guard.clone(), self.refusing.clone())
    }
}

impl<R> fmt::Debug for WorkloadLayer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkloadLayer").field("policy", &self.guard.policy).finish_non_exhaustive()
    }
}

/// No guard stands behind the layer.
struct Alone;

impl Host for Alone {
    fn account(&self, _: &Claim, _: &HeaderMap) -> Option<Account> {
        None
    }

    fn acted(&self, _: Option<&Account>, _: &Verdict, _: Option<Workload>, _: Taken) {}

    fn is_halted(&self, _: &Account, _: &Claim) -> bool {
        false
    }

    fn only_reports(&self) -> bool {
        false
    }
}
