//! The whole stack as one reqwest middleware, and around a reqwest client.

use ::reqwest::{Body, Request, Response};
use async_trait::async_trait;
use http::Extensions;
use reqwest_middleware::{Middleware, Next, Result};

use super::PlanLayer;
use crate::{
    breaker::{BreakerBody, BreakerMiddleware},
    detect::{DetectMiddleware, InspectBody},
    workload::{WorkloadMiddleware, mark},
};

/// The whole stack as one middleware: workload outside, then breaker, detect
/// inside.
///
/// From [`PlanGuard::middleware`](crate::PlanGuard::middleware), or from a
/// [`PlanLayer`], whose settings it has.
#[derive(Clone, Debug)]
pub struct PlanMiddleware {
    workload: WorkloadMiddleware,
    breaker: BreakerMiddleware,
    detect: DetectMiddleware,
}

impl From<PlanLayer> for PlanMiddleware {
    fn from(layer: PlanLayer) -> Self {
        Self {
            workload: layer.workload.into(),
            breaker: layer.breaker.into(),
            detect: layer.detect.into(),
        }
    }
}

#[async_trait]
impl Middleware for PlanMiddleware {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let warn = self.workload.judge(&mut request, extensions).await?;
        let Some(sent) = self.breaker.admit(&request, extensions).await? else {
            return next.run(request, extensions).await;
        };
        let reader = self.detect.reader(&request, extensions);
        // Boxed by `run`: nothing larger than that is moved from here on.
        let response = reader.read(next.run(request, extensions));
        let response = BreakerMiddleware::follow(response, sent).await?;
        let mut response: Response = response.map(into_body).into();
        if let Some(workload) = warn {
            mark(response.headers_mut(), workload);
        }
        Ok(response)
    }
}

/// What is here as a whole needs nobody between it and its reader.
fn into_body(mut body: BreakerBody<InspectBody<Body>>) -> Body {
    match body.take_all(InspectBody::take_all) {
        Some(bytes) => bytes.into(),
        None => Body::wrap(body),
    }
}
