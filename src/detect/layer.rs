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
    pub(super) one_event_a_frame: bool,
}

impl DetectLayer {
    /// Judges responses by the profiles of `registry`.
    pub fn new(registry: Registry) -> Self {
        let clock = Arc::new(SystemClock);
        let shared = Shared { registry, clock, first_event: None, one_event_a_frame: false };
        Self { shared: Arc::new(shared) }
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

    /// Hands event streams on so that each frame is one event, up to and with
    /// its blank line, and a signal is recognised no later than in the poll
    /// that hands on the frame of its own event. With it a
    /// [`BreakerLayer`](crate::breaker::BreakerLayer) that
    /// [answers](crate::breaker::BreakerLayer::answer_refusals) refusals can
    /// put an event of its own in the place of the one that struck.
    ///
    /// For successes of the type `text/event-stream` that are not compressed;
    /// all others pass as they come, and so they all do without it. The bytes
    /// stay the same, and a whole event waits for nothing. One that comes in
    /// pieces is held until its end, at most 64 KiB of it: what is longer
    /// passes as it comes, and so do a comment line between events and the LF
    /// of a CRLF that comes behind its CR. A stream whose events are not ended
    /// by blank lines is therefore late by its first 64 KiB.
    ///
    /// Costs a search for line ends in each frame, and a copy of events that
    /// come in pieces. Several events that came in one frame are read one by
    /// one, as the caller asks for them, or at once when it asks no further.
    #[must_use]
    pub fn one_event_a_frame(mut self) -> Self {
        Arc::make_mut(&mut self.shared).one_event_a_frame = true;
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
            .field("one_event_a_frame", &self.one_event_a_frame)
            .finish_non_exhaustive()
    }
}
