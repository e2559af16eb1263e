use std::sync::Arc;

use ::reqwest::{Body, Request, Response};
use async_trait::async_trait;
use http::Extensions;
use reqwest_middleware::{Middleware, Next, Result};

use super::{
    DetectLayer, ResponseFuture,
    called::{Asked, Called},
    layer::Shared,
};
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
        let to = (request.url().into(), request.url().host_str());
        let (headers, method) = (request.headers(), request.method());
        Reader { called: Called::new(&self.shared, exchange, to, headers, method) }
    }
}

/// What is remembered of a request until its response comes.
pub(crate) struct Reader {
    /// None if no profile claims the request.
    called: Option<Called>,
}

impl Reader {
    /// Reads the response that `sent` gives, as far as its kind needs.
    pub(crate) fn read<'a, F>(
        self,
        sent: F,
    ) -> ResponseFuture<impl Future<Output = Result<http::Response<Body>>> + Send + 'a, Body>
    where
        F: Future<Output = Result<Response>> + Send + 'a,
    {
        let asked = self.called.as_ref().map(|called| called.asked.clone());
        let response = async move {
            let response = sent.await?;
            Ok(into_http(response, asked.as_ref().map(Asked::host)))
        };
        ResponseFuture::new(response, self.called)
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
        let sent = next.run(request, extensions);
        if reader.called.is_none() {
            return sent.await;
        }
        Ok(into_reqwest(reader.read(sent).await?))
    }
}
