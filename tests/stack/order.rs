//! The layers in their order, alone, and shared.

use http::Response;
use planguard::{
    BoxError, PlanGuard,
    refusal::{Refused, Stopped},
    sim::{Answer, Provider},
};
use tower::{Layer, Service, ServiceBuilder, ServiceExt};

use crate::wire::{Surface, Transport, Wire, WireRequest, guard, hear, provider, request};

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
async fn the_host_header_decides_where_the_uri_has_no_host() {
    let (_, wire) = answering(Answer::error(1313));
    let plan = guard().build().unwrap();
    let mut asked = request("/api/anthropic/v1/messages", "a", false);
    asked.headers_mut().insert("host", "api.z.ai".parse().unwrap());
    hear(plan.layer().layer(wire), asked).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_one_level_below_the_error() {
    let (_, wire) = answering(Answer::error(1313));
    let plan = guard().build().unwrap();
    let error = plan.layer().layer(wire).oneshot(one()).await.unwrap_err();
    assert!(error.downcast_ref::<Stopped>().is_some());
}
