//! Refusals as responses: the stack keeps its inner service's error, and
//! fits around an axum router.

use std::{convert::Infallible, time::Duration};

use axum::{Router, body::Body};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use planguard::{
    PlanGuard,
    refusal::{Dialect, Refused, is_safe},
    sim::{Answer, Provider},
};
use tower::{Layer, Service, ServiceExt};

use crate::wire::{Surface, Transport, guard, provider, request};

/// A gateway that passes all it gets to the provider.
fn gateway(provider: &Provider) -> Router {
    let upstream = provider.service();
    Router::new().fallback(move |mut request: Request<Body>| {
        let upstream = upstream.clone();
        async move {
            *request.uri_mut() = Surface::OpenAi.url().parse().unwrap();
            upstream.oneshot(request).await.unwrap().map(Body::new)
        }
    })
}

fn plan() -> PlanGuard {
    guard().with_upstream(Surface::OpenAi.url().parse().unwrap()).build().unwrap()
}

fn relative(stream: bool) -> Request<Body> {
    request("/v1/chat", "a", stream).map(Body::new)
}

async fn text(response: Response<Body>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn it_fits_around_an_axum_router() {
    let provider = provider(Transport::InProcess).mode(Answer::error(1313)).build();
    for (dialect, status) in [(Dialect::OpenAi, 400), (Dialect::Anthropic, 451)] {
        let before = provider.tally("a").total;
        let plan = plan();
        let app = gateway(&provider).layer(plan.layer().answer_refusals(dialect));
        for call in 0..3 {
            let Ok(response): Result<_, Infallible> = app.clone().oneshot(relative(false)).await;
            assert_eq!(response.status().as_u16(), status);
            assert_eq!(response.headers()["x-should-retry"], "false");
            assert_eq!(response.headers().get("retry-after"), None);
            let refused = response.extensions().get::<Refused>().expect("for those who count");
            assert_eq!(refused.provider_body().is_some(), call == 0);
            let body = text(response).await;
            assert!(is_safe(&body), "{body}");
            assert!(body.contains("usage policy") && body.contains("1313"), "{body}");
            assert_eq!(body.contains("That was the answer to this call"), call == 0, "{body}");
        }
        assert_eq!(provider.tally("a").total - before, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn it_passes_streams_through_an_axum_router() {
    let provider = provider(Transport::InProcess).mode(Answer::completion()).build();
    let app = gateway(&provider).layer(plan().layer().answer_refusals(Dialect::OpenAi));
    let Ok(response): Result<_, Infallible> = app.oneshot(relative(false)).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(text(response).await.contains("chat.completion"));
}

#[tokio::test(start_paused = true)]
async fn a_gateway_can_wait_for_the_first_event_and_answer_by_status() {
    let provider = provider(Transport::InProcess).mode(Answer::mid_stream(0, 1313)).build();
    let (plan, wait) = (plan(), Duration::from_secs(2));
    let held = plan.layer().answer_refusals(Dialect::OpenAi).hold_head_for_first_event(wait);
    let app = gateway(&provider).layer(held);
    let Ok(response): Result<_, Infallible> = app.oneshot(relative(true)).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(is_safe(&text(response).await));
}

#[test]
fn the_error_stays_the_inner_services() {
    fn fails_as<S: Service<Request<Body>, Error = E>, E>(_: &S) {}
    let plan = plan();
    let infallible = plan.layer().answer_refusals(Dialect::OpenAi).layer(Router::new());
    fails_as::<_, Infallible>(&infallible);
    let sim = plan.layer().answer_refusals(Dialect::OpenAi).layer(Provider::new().service());
    fails_as::<_, planguard::sim::Error>(&sim);
}
