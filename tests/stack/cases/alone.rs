//! Detect and breaker each alone, and in the wrong order.

use http::StatusCode;
use planguard::{
    breaker::What,
    exchange::Detection,
    refusal::{Reason, Refused},
    signal::Class,
    sim::{Answer, Provider},
};
use tower::ServiceExt;

use super::stack;
use crate::{
    fronts::{Guarded, Part},
    wire::{Surface, Transport, Wire, WireRequest, guard, hear, provider, request},
};

fn answering(answer: Answer) -> (Provider, Wire) {
    let provider = provider(Transport::InProcess).mode(answer).build();
    let wire = Wire::in_process(&provider);
    (provider, wire)
}

fn one() -> WireRequest {
    request(Surface::OpenAi.url(), "a", false)
}

/// Sends until a refusal, at most five times: how many calls passed, and it.
async fn until_refused(service: Guarded) -> (usize, Option<Refused>) {
    for passed in 0..5 {
        if let Err(refused) = hear(service.clone(), one()).await {
            return (passed, Some(refused));
        }
    }
    (5, None)
}

#[tokio::test(start_paused = true)]
async fn a_breaker_without_detect_is_refused_as_misconfigured() {
    let (provider, wire) = answering(Answer::error(1313));
    let plan = guard().build().unwrap();
    let mut events = plan.events();
    let (passed, refused) = until_refused(stack(Part::Breaker, &plan, wire)).await;
    assert_eq!((passed, provider.tally("a").total), (2, 2));
    assert_eq!(refused.unwrap().reason(), Reason::Misconfigured);
    let said = std::iter::from_fn(|| events.try_next());
    assert_eq!(said.filter(|event| matches!(event.what, What::Misconfigured)).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn detect_outside_the_breaker_is_refused_as_misconfigured() {
    let (provider, wire) = answering(Answer::error(1313));
    let plan = guard().build().unwrap();
    let (passed, refused) = until_refused(stack(Part::WrongOrder, &plan, wire)).await;
    assert_eq!((passed, provider.tally("a").total), (2, 2));
    assert_eq!(refused.unwrap().reason(), Reason::Misconfigured);
}

#[tokio::test(start_paused = true)]
async fn detect_alone_only_annotates() {
    let (provider, wire) = answering(Answer::error(1313));
    let plan = guard().build().unwrap();
    for _ in 0..3 {
        let service = stack(Part::Detect, &plan, wire.clone());
        let response = service.oneshot(one()).await.unwrap();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        let signal = response.extensions().get::<Detection>().unwrap().signal().unwrap();
        assert_eq!(signal.class, Class::PolicyViolation);
    }
    assert_eq!(provider.tally("a").total, 3);
    assert!(plan.snapshot().is_empty());
}

