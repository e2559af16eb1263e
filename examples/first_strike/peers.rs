//! tower layers as others ship them.

use std::{sync::Arc, time::Duration};

use futures_util::future::{Either, ready};
use http::{Response, StatusCode};
use parking_lot::Mutex;
use planguard::BoxError;
use tokio::time::{Instant, Sleep, sleep};
use tower::{
    Layer, ServiceBuilder, ServiceExt,
    retry::{Policy, RetryLayer},
    util::BoxCloneSyncService,
};
use tower_resilience_circuitbreaker::{CircuitBreakerLayer, CircuitState, FailureClassifier};

use crate::stacks::{Answer, Ask, Client, boxed};

/// How long the peer's breaker stays open: its own default.
const OPEN: Duration = Duration::from_secs(30);

/// Three retries on 429, 5xx and errors, after 1, 2 and 4 s: what retry
/// layers do as shipped.
pub fn retried(inner: Client) -> Client {
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
pub fn broken(inner: Client) -> Client {
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
