//! What others ask for a call through an idle breaker, and what a hand-off
//! costs at least. None of the breakers has a key: each is one account.

use std::{convert::Infallible, future::ready, hint::black_box, sync::Arc, time::Duration};

use failsafe::futures::CircuitBreaker as _;
use http::Extensions;
use tower::{Layer, Service, service_fn};
use tower_resilience_circuitbreaker::CircuitBreakerLayer;

use super::{Case, now};

pub const RECLOSER: Case = Case::each("recloser", |rounds| {
    let recloser = recloser::AsyncRecloser::from(recloser::Recloser::default());
    for round in 0..rounds {
        let answer = now(recloser.call(ready(Ok::<_, Infallible>(black_box(round)))));
        assert!(black_box(answer).is_ok());
    }
});

pub const FAILSAFE: Case = Case::each("failsafe", |rounds| {
    let failsafe = failsafe::Config::new().build();
    for round in 0..rounds {
        let answer = now(failsafe.call(ready(Ok::<_, Infallible>(black_box(round)))));
        assert!(black_box(answer).is_ok());
    }
});

pub const FAILSAFE_CONSECUTIVE: Case = Case::each("failsafe consecutive(1)", |rounds| {
    let backoff = failsafe::backoff::constant(Duration::from_secs(60));
    let policy = failsafe::failure_policy::consecutive_failures(1, backoff);
    let failsafe = failsafe::Config::new().failure_policy(policy).build();
    for round in 0..rounds {
        let answer = now(failsafe.call(ready(Ok::<_, Infallible>(black_box(round)))));
        assert!(black_box(answer).is_ok());
    }
});

pub const TOWER_RESILIENCE: Case = Case::each("tower-resilience", |rounds| {
    let layer = CircuitBreakerLayer::builder().build().expect("the defaults are sound");
    let mut service = layer.layer(service_fn(|round: u32| ready(Ok::<_, Infallible>(round))));
    for round in 0..rounds {
        assert!(black_box(now(service.call(black_box(round)))).is_ok());
    }
});

pub const EXTENSIONS: Case = Case::each("one Arc in Extensions", |rounds| {
    for round in 0..rounds {
        let mut extensions = Extensions::new();
        extensions.insert(Arc::new(round));
        black_box(&extensions);
    }
});
