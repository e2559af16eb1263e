//! The clients that people really run, as shipped. Their transport is the
//! simulated provider in process, on the paused clock; what they do above it
//! is their own code.

use async_openai::{
    error::OpenAIError,
    middleware::{HttpRequestFactory, retry::OpenAIRetryLayer},
};
use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::BodyExt;
use planguard::{BoxError, PlanGuard, reqwest::HttpService, sim::Provider};
use reqwest::Body;
use reqwest_middleware::ClientBuilder;
use reqwest_retry::{RetryTransientMiddleware, policies::ExponentialBackoff};
use tower::{Layer, Service, ServiceBuilder, ServiceExt};

use crate::in_process::InProcess;
use crate::stacks::{Ask, Client, Place, boxed};

/// reqwest-retry's default strategy, and three retries of its exponential
/// backoff.
pub fn reqwest_retry(place: Place, provider: &Provider, plan: &PlanGuard) -> Client {
    let policy = ExponentialBackoff::builder().build_with_max_retries(3);
    let retry = RetryTransientMiddleware::new_with_policy(policy);
    let client = ClientBuilder::new(reqwest::Client::new());
    let client = match place {
        Place::Nowhere => client.with(retry),
        Place::Outside => client.with(plan.middleware()).with(retry),
        _ => client.with(retry).with(plan.middleware()),
    };
    let client = client.with(InProcess(provider.clone())).build();
    boxed(
        ServiceBuilder::new()
            .map_request(|ask| with_bytes(ask).map(Body::from))
            .service(HttpService::new(client)),
    )
}

/// async-openai's stack as its client has it: its retry layer around its
/// transport, and requests that are built anew for each attempt.
pub fn async_openai(place: Place, provider: &Provider, plan: &PlanGuard) -> Client {
    let transport = ClientBuilder::new(reqwest::Client::new()).with(InProcess(provider.clone()));
    let transport = transport.build();
    let retry = OpenAIRetryLayer::default();
    match place {
        Place::Nowhere => asked(retry.layer(leaf(transport))),
        Place::Outside => boxed(plan.layer().layer(asked(retry.layer(leaf(transport))))),
        _ => asked(retry.layer(leaf(plan.reqwest_service(transport)))),
    }
}

/// Builds each request and sends it by `client`.
fn leaf<S>(
    client: S,
) -> impl Service<HttpRequestFactory, Response = reqwest::Response, Error = OpenAIError, Future: Send>
+ Clone
+ Send
+ Sync
+ 'static
where
    S: Service<reqwest::Request, Response = reqwest::Response, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
{
    tower::service_fn(move |factory: HttpRequestFactory| {
        let client = client.clone();
        async move {
            let request = factory.build().await?;
            client.oneshot(request).await.map_err(|error| OpenAIError::Boxed(error.into()))
        }
    })
}

/// Takes a caller's requests to a stack of async-openai's.
fn asked<S>(stack: S) -> Client
where
    S: Service<HttpRequestFactory, Response = reqwest::Response, Error = OpenAIError, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
{
    boxed(tower::service_fn(move |ask: Ask| {
        let stack = stack.clone();
        async move {
            let ask = with_bytes(ask);
            let factory = HttpRequestFactory::new(move || {
                let request = ask.clone().try_into().map_err(OpenAIError::Reqwest);
                std::future::ready(request)
            });
            stack.oneshot(factory).await.map(Response::<Body>::from)
        }
    }))
}

fn with_bytes(ask: Ask) -> Request<Bytes> {
    ask.map(|body| {
        let whole = body.collect().now_or_never().expect("it is there");
        whole.unwrap_or_else(|error| match error {}).to_bytes()
    })
}
