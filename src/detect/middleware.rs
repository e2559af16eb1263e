use std::sync::Arc;

use ::reqwest::{Body, Request, Response};
use async_trait::async_trait;
use http::Extensions;
use reqwest_middleware::{Middleware, Next, Result};

use super::{DetectLayer, ResponseFuture, future::Called, layer::Shared};
use crate::{
    exchange::Exchange,
    reqwest::{into_http, into_reqwest},
};

/// Reads the responses of those below it in a reqwest-middleware chain.
///
/// From a [`DetectLayer`], whose settings it has: what it does is the same.
#[derive(Clone, Debug)]
pub struct DetectMiddleware {
    shared: Arc<Shared>,
}

impl From<DetectLayer> for DetectMiddleware {
    fn from(layer: DetectLayer) -> Self {
        Self { shared: layer.shared }
    }
}

impl DetectMiddleware {
    /// What reads the response to `request`.
    pub(crate) fn reader(&self, request: &Request, extensions: &Extensions) -> Reader {
        let exchange = extensions.get::<Exchange>().cloned();
        let (to, headers) = (request.url().into(), request.headers());
        let called = Called::new(&self.shared, exchange, to, headers, request.method());
        let host = request.url().host_str().unwrap_or_default().to_owned();
        Reader { called, host }
    }
}

/// What is remembered of a request until its response comes.
pub(crate) struct Reader {
    /// None if no profile claims the request.
    called: Option<Called>,
    host: String,
}

impl Reader {
    /// Sends the request, and reads its response as far as its kind needs.
    pub(crate) fn run<'a>(
        self,
        request: Request,
        extensions: &'a mut Extensions,
        next: Next<'a>,
    ) -> ResponseFuture<impl Future<Output = Result<http::Response<Body>>> + Send + 'a, Body> {
        let Self { called, host } = self;
        let sent = async move {
            let response = next.run(request, extensions).await?;
            Ok(into_http(response, &host))
        };
        ResponseFuture::new(sent, called)
    }
}

#[async_trait]
impl Middleware for DetectMiddleware {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let reader = self.reader(&request, extensions);
        if reader.called.is_none() {
            return next.run(request, extensions).await;
        }
        let response = reader.run(request, extensions, next).await?;
        Ok(into_reqwest(response, || None))
    }
}
