//! A reqwest client whose transport is a [`Wire`].

use async_trait::async_trait;
use bytes::Bytes;
use http::{Extensions, Request, Response};
use http_body_util::{BodyExt, Full};
use planguard::{
    BoxError,
    exchange::{Asked, FinalUrl, Workload},
};
use reqwest::{Body, ResponseBuilderExt};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Error, Middleware, Next};
use tower::{ServiceExt, util::BoxCloneSyncService};

use super::Guarded;
use crate::wire::{Wire, WireRequest};

/// A client that sends to `wire`, below what `with` adds.
pub fn client(
    wire: Wire,
    with: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> ClientWithMiddleware {
    with(ClientBuilder::new(reqwest::Client::new())).with(Terminal(wire)).build()
}

/// Stands in for the network.
struct Terminal(Wire);

#[async_trait]
impl Middleware for Terminal {
    async fn handle(
        &self,
        request: reqwest::Request,
        _: &mut Extensions,
        _: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        let asked = request.url().clone();
        let request: Request<Body> = request.try_into()?;
        let request = request.map(|body| Full::from(bytes_of(&body)));
        let sent = self.0.clone().oneshot(request).await;
        let mut response =
            sent.map_err(|error| Error::Middleware(anyhow::Error::from_boxed(error)))?;
        // Where redirects have led, as the real one says it.
        let url = match response.extensions_mut().remove::<FinalUrl>() {
            Some(FinalUrl(url)) => url.to_string().parse().unwrap(),
            None => asked,
        };
        let named = http::response::Builder::new().url(url).body(()).unwrap();
        response.extensions_mut().extend(named.into_parts().0.extensions);
        Ok(response.map(Body::wrap).into())
    }
}

fn bytes_of(body: &Body) -> Bytes {
    Bytes::copy_from_slice(body.as_bytes().expect("a whole body"))
}

/// Takes requests of `http` types to a client, as a program's own code would.
pub fn driven(client: ClientWithMiddleware) -> Guarded {
    BoxCloneSyncService::new(tower::service_fn(move |request: WireRequest| {
        let client = client.clone();
        async move {
            let mut extensions = Extensions::new();
            if let Some(declared) = request.extensions().get::<Workload>() {
                extensions.insert(*declared);
            }
            if let Some(asked) = request.extensions().get::<Asked>() {
                extensions.insert(asked.clone());
            }
            let request = full(request).try_into()?;
            let response = client.execute_with_extensions(request, &mut extensions).await?;
            Ok(erased_response(response.into()))
        }
    }))
}

/// A request as reqwest has it.
pub fn full(request: WireRequest) -> Request<Body> {
    request.map(|body| {
        let mut whole = std::pin::pin!(body.collect());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match whole.as_mut().poll(&mut context) {
            std::task::Poll::Ready(Ok(whole)) => whole.to_bytes().into(),
            _ => unreachable!("a full body is there"),
        }
    })
}

pub fn erased_response(response: Response<Body>) -> Response<crate::wire::WireBody> {
    response.map(|body| body.map_err(BoxError::from).boxed())
}
