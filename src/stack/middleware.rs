//! The whole stack as one reqwest middleware, and around a reqwest client.

use ::reqwest::{Request, Response};
use async_trait::async_trait;
use http::Extensions;
use reqwest_middleware::{Middleware, Next, Result};

use super::PlanLayer;
use crate::{breaker::BreakerMiddleware, detect::DetectMiddleware};

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
        self.breaker.answer(reader.run(request, extensions, next), sent).await
    }
}
