use std::{fmt, sync::Arc, time::Duration};

use tower_layer::Layer;

use super::Detect;
use crate::{
    clock::{Clock, SystemClock},
    profile::Registry,
};

/// Reads the responses of the services that it wraps.
///
/// Clones are cheap and alike; nothing is made in [`layer`](Layer::layer) that
/// another clone would not see. See the [module](super) for what it does.
#[derive(Clone, Debug)]
pub struct DetectLayer {
    pub(super) shared: Arc<Shared>,
}

/// What all services of one layer have in common.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) registry: Registry,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) first_event: Option<Duration>,
}

impl DetectLayer {
    /// Judges responses by the profiles of `registry`.
    pub fn new(registry: Registry) -> Self {
        let clock = Arc::new(SystemClock);
        Self { shared: Arc::new(Shared { registry, clock, first_event: None }) }
    }

    /// Takes the time of an answer from `clock`: what a relative reset, such
    /// as `Retry-After: 30`, counts from. The default is [`SystemClock`].
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        Arc::make_mut(&mut self.shared).clock = Arc::new(clock);
        self
    }

    /// Holds the head of an event stream back until its first event has been
    /// judged, at most for `patience` or 64 KiB. For a gateway, which can
    /// still change the status then. It costs the caller the wait for the
    /// first token; without it no stream is held.
    #[must_use]
    pub fn hold_head_for_first_event(mut self, patience: Duration) -> Self {
        Arc::make_mut(&mut self.shared).first_event = Some(patience);
        self
    }
}

impl<S> Layer<S> for DetectLayer {
    type Service = Detect<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Detect::new(inner, self.shared.clone())
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("registry", &self.registry)
            .field("first_event", &self.first_event)
            .finish_non_exhaustive()
    }
}
