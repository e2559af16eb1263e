//! The layers in their order, alone, and shared.

use http::{Response, StatusCode};
use planguard::{
    BoxError, PlanGuard,
    breaker::What,
    exchange::Detection,
    refusal::{Reason, Refused},
    signal::Class,
    sim::{Answer, Provider},
};
use tower::{Layer, Service, ServiceBuilder, ServiceExt};

use crate::wire::{Surface, Transport, Wire, WireRequest, ask, guard, hear, provider, request};

fn answering(answer: Answer) -> (Provider, Wire) {
    let provider = provider(Transport::InProcess).mode(answer).build();
    let wire = Wire::in_process(&provider);
    (provider, wire)
}

fn one() -> WireRequest {
    request(Surface::OpenAi.url(), "a", false)
}

/// Sends until a refusal, at most five times: how many calls passed, and it.
async fn until_refused<S, B>(service: S) -> (usize, Option<Refused>)
where
    S: Service<WireRequest, Response = Response<B>, Error = BoxError> + Clone,
    B: http_body::Body<Data = bytes::Bytes>,
    B::Error: std::fmt::Debug,
{
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
    let (passed, refused) = until_refused(plan.breaker_layer().layer(wire)).await;
    assert_eq!((passed, provider.tally("a").total), (2, 2));
    assert_eq!(refused.unwrap().reason(), Reason::Misconfigured);
    let said = std::iter::from_fn(|| events.try_next());
    assert_eq!(said.filter(|event| matches!(event.what, What::Misconfigured)).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn detect_outside_the_breaker_is_refused_as_misconfigured() {
    let (provider, wire) = answering(Answer::error(1313));
    let plan = guard().build().unwrap();
    let stack =
        ServiceBuilder::new().layer(plan.detect_layer()).layer(plan.breaker_layer()).service(wire);
    let (passed, refused) = until_refused(stack).await;
    assert_eq!((passed, provider.tally("a").total), (2, 2));
    assert_eq!(refused.unwrap().reason(), Reason::Misconfigured);
}

#[tokio::test(start_paused = true)]
async fn detect_alone_only_annotates() {
    let (provider, wire) = answering(Answer::error(1313));
    let plan = guard().build().unwrap();
    for _ in 0..3 {
        let service = plan.detect_layer().layer(wire.clone());
        let response = service.oneshot(one()).await.unwrap();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        let signal = response.extensions().get::<Detection>().unwrap().signal().unwrap();
        assert_eq!(signal.class, Class::PolicyViolation);
    }
    assert_eq!(provider.tally("a").total, 3);
    assert!(plan.snapshot().is_empty());
}

#[tokio::test(start_paused = true)]
async fn composed_by_hand_it_is_the_same_stack() {
    for answer in [Answer::error(1313), Answer::ok_with_error(1112), Answer::error(1308)] {
        let mut heard = Vec::new();
        for by_hand in [false, true] {
            let (provider, wire) = answering(answer.clone());
            let plan = guard().build().unwrap();
            let (_, refused) = match by_hand {
                false => until_refused(plan.layer().layer(wire)).await,
                true => {
                    let stack = ServiceBuilder::new()
                        .layer(plan.breaker_layer())
                        .layer(plan.detect_layer())
                        .service(wire);
                    until_refused(stack).await
                }
            };
            let refused = refused.unwrap();
            let text = refused.to_string().replace(refused.halt().unwrap(), "");
            let body = refused.provider_body().cloned();
            heard.push((provider.tally("a"), text, body, refused.not_before()));
        }
        assert_eq!(heard[0], heard[1]);
    }
}

#[tokio::test(start_paused = true)]
async fn services_of_one_layer_and_layers_of_one_guard_share_the_halt() {
    let (provider, wire) = answering(Answer::error(1313));
    let plan: PlanGuard = guard().build().unwrap();
    let (layer, other) = (plan.layer(), plan.clone().layer());
    let made_before = layer.layer(wire.clone());
    let halt = hear(layer.layer(wire.clone()), one()).await.unwrap_err();
    for service in [
        made_before.clone(),
        made_before,
        layer.layer(wire.clone()),
        layer.clone().layer(wire.clone()),
        other.layer(wire.clone()),
        plan.layer().layer(wire),
    ] {
        assert_eq!(hear(service, one()).await.unwrap_err().halt(), halt.halt());
    }
    assert_eq!(provider.tally("a").total, 1);
}

#[tokio::test(start_paused = true)]
async fn another_thread_hears_of_the_halt() {
    let (provider, wire) = answering(Answer::error(1313));
    let plan = guard().build().unwrap();
    ask(&plan, &wire, one()).await.unwrap_err();
    let there = plan.clone();
    let refused = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(ask(&there, &wire, one()))
    });
    assert!(refused.join().unwrap().is_err());
    assert_eq!(provider.tally("a").total, 1);
}

#[tokio::test(start_paused = true)]
async fn two_guards_share_nothing_but_a_ledger() {
    let (provider, wire) = answering(Answer::error(1313));
    let (here, there) = (guard().build().unwrap(), guard().build().unwrap());
    ask(&here, &wire, one()).await.unwrap_err();
    ask(&there, &wire, one()).await.unwrap_err();
    assert_eq!(provider.tally("a").total, 2, "each has a memory ledger of its own");
}
