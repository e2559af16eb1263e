//! The whole stack as one reqwest middleware, and around a reqwest client.

use ::reqwest::{Body, Request, Response};
use async_trait::async_trait;
use http::Extensions;
use reqwest_middleware::{Middleware, Next, Result};

use super::PlanLayer;
use crate::{
    breaker::{BreakerBody, BreakerMiddleware},
    detect::{DetectMiddleware, InspectBody},
};

/// The whole stack as one middleware: breaker outside, detect inside.
///
/// From [`PlanGuard::middleware`](crate::PlanGuard::middleware), or from a
/// [`PlanLayer`], whose settings it has.
#[derive(Clone, Debug)]
pub struct PlanMiddleware {
    breaker: BreakerMiddleware,
    detect: DetectMiddleware,
}

impl From<PlanLayer> for PlanMiddleware {
    fn from(layer: PlanLayer) -> Self {
        Self { breaker: layer.breaker.into(), detect: layer.detect.into() }
    }
}

#[async_trait]
impl Middleware for PlanMiddleware {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let Some(sent) = self.breaker.admit(&request, extensions).await? else {
            return next.run(request, extensions).await;
        };
        let reader = self.detect.reader(&request, extensions);
        // Boxed by `run`: nothing larger than that is moved from here on.
        let response = reader.read(next.run(request, extensions));
        let response = BreakerMiddleware::follow(response, sent).await?;
        Ok(response.map(into_body).into())
    }
}

/// What is here as a whole needs nobody between it and its reader.
fn into_body(mut body: BreakerBody<InspectBody<Body>>) -> Body {
    match body.take_all(InspectBody::take_all) {
        Some(bytes) => bytes.into(),
        None => Body::wrap(body),
    }
}
