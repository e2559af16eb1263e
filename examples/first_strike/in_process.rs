//! A network for reqwest-middleware: the simulated provider in process, on the
//! paused clock.

use async_trait::async_trait;
use http::{Extensions, Request};
use planguard::sim::Provider;
use reqwest::Body;
use reqwest_middleware::{Error, Middleware, Next};
use tower::ServiceExt;

/// Add it last: it answers, and sends nothing.
pub struct InProcess(pub Provider);

#[async_trait]
impl Middleware for InProcess {
    async fn handle(
        &self,
        request: reqwest::Request,
        _: &mut Extensions,
        _: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        let request: Request<Body> = request.try_into()?;
        let response = self.0.service().oneshot(request).await.map_err(Error::middleware)?;
        Ok(response.map(Body::wrap).into())
    }
}
