//! What stands between a caller and the provider.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::future::{Either, ready};
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use parking_lot::Mutex;
use planguard::{BoxError, PlanGuard, sim::Provider};
use tokio::time::{Instant, Sleep, sleep};
use tower::{
    Layer, ServiceBuilder, ServiceExt,
    retry::{Policy, RetryLayer},
    util::BoxCloneSyncService,
};
use tower_resilience_circuitbreaker::{CircuitBreakerLayer, CircuitState, FailureClassifier};

pub type Ask = Request<Full<Bytes>>;
pub type Answer = Response<UnsyncBoxBody<Bytes, BoxError>>;
pub type Client = BoxCloneSyncService<Ask, Answer, BoxError>;

/// How long the peer's breaker stays open: its own default.
const OPEN: Duration = Duration::from_secs(30);

/// One stack, outermost layer first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stack {
    Tower,
    Retry,
    Resilience,
    Planguard,
    RetryPlanguard,
    ResiliencePlanguard,
    RetryPlanguardStrict,
}

impl Stack {
    pub const ALL: [Self; 7] = [
        Self::Tower,
        Self::Retry,
        Self::Resilience,
        Self::Planguard,
        Self::RetryPlanguard,
        Self::ResiliencePlanguard,
        Self::RetryPlanguardStrict,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Tower => "tower",
            Self::Retry => "retry",
            Self::Resilience => "tower-resilience",
            Self::Planguard => "planguard",
            Self::RetryPlanguard => "retry > planguard",
            Self::ResiliencePlanguard => "tower-resilience > planguard",
            Self::RetryPlanguardStrict => "retry > planguard strict",
        }
    }

    pub fn has_planguard(self) -> bool {
        !matches!(self, Self::Tower | Self::Retry | Self::Resilience)
    }

    pub fn is_strict(self) -> bool {
        self == Self::RetryPlanguardStrict
    }

    /// A client of `provider` through this stack.
    pub fn client(self, provider: &Provider, plan: &PlanGuard) -> Client {
        let transport = provider.service();
        let bare = || boxed(transport.clone());
        let guarded = || boxed(plan.layer().layer(transport.clone()));
        match self {
            Self::Tower => bare(),
            Self::Retry => retried(bare()),
            Self::Resilience => broken(bare()),
            Self::Planguard => guarded(),
            Self::RetryPlanguard | Self::RetryPlanguardStrict => retried(guarded()),
            Self::ResiliencePlanguard => broken(guarded()),
        }
    }
}

fn boxed<S, B>(service: S) -> Client
where
    S: tower::Service<Ask, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let service = service
        .map_err(Into::into)
        .map_response(|response| response.map(|body| body.map_err(Into::into).boxed_unsync()));
    BoxCloneSyncService::new(service)
}

/// Three retries on 429, 5xx and errors, after 1, 2 and 4 s: what retry
/// layers do as shipped.
fn retried(inner: Client) -> Client {
    boxed(ServiceBuilder::new().layer(RetryLayer::new(Stock { left: 3, pause: 1 })).service(inner))
}

#[derive(Clone)]
struct Stock {
    left: u32,
    pause: u64,
}

impl Policy<Ask, Answer, BoxError> for Stock {
    type Future = Sleep;

    fn retry(&mut self, _: &mut Ask, result: &mut Result<Answer, BoxError>) -> Option<Sleep> {
        let again = match result {
            Ok(response) => {
                response.status() == StatusCode::TOO_MANY_REQUESTS
                    || response.status().is_server_error()
            }
            Err(_) => true,
        };
        self.left = self.left.checked_sub(1).filter(|_| again)?;
        let pause = Duration::from_secs(self.pause);
        self.pause *= 2;
        Some(sleep(pause))
    }

    fn clone_request(&mut self, request: &Ask) -> Option<Ask> {
        Some(request.clone())
    }
}

/// Every answer but a 2xx is a failure.
#[derive(Clone)]
struct Failed;

impl<B, E> FailureClassifier<Response<B>, E> for Failed {
    fn classify(&self, result: &Result<Response<B>, E>) -> bool {
        result.as_ref().map_or(true, |response| !response.status().is_success())
    }
}

/// The peer's breaker at its strictest: one failure opens it, one call probes
/// it. It reads the system's clock, so here it may probe at once, and the
/// layer outside holds calls back for as long as it would have been open.
fn broken(inner: Client) -> Client {
    let opened: Arc<Mutex<Option<Instant>>> = Arc::default();
    let noted = opened.clone();
    let breaker = CircuitBreakerLayer::builder()
        .failure_rate_threshold(0.01)
        .sliding_window_size(1)
        .minimum_number_of_calls(1)
        .permitted_calls_in_half_open(1)
        .wait_duration_in_open(Duration::from_nanos(1))
        .failure_classifier_type(Failed)
        .on_state_transition(move |_, state| {
            if state == CircuitState::Open {
                *noted.lock() = Some(Instant::now());
            }
        })
        .build()
        .expect("a valid configuration");
    let breaker = breaker.layer(inner);
    let breaker = BoxCloneSyncService::new(breaker.map_err(BoxError::from));
    boxed(tower::service_fn(move |ask: Ask| {
        let open = opened.lock().is_some_and(|at| at.elapsed() < OPEN);
        match open {
            true => Either::Left(ready(Err("circuit breaker is open".into()))),
            false => Either::Right(breaker.clone().oneshot(ask)),
        }
    }))
}
