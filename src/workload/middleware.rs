use std::{fmt, sync::Arc};

use ::reqwest::{Request, Response};
use async_trait::async_trait;
use http::Extensions;
use reqwest_middleware::{Error, Middleware, Next, Result};

use super::{
    WorkloadLayer,
    guard::{Decision, Guard, HEADER, mark},
    judged::Judging,
};
use crate::{exchange::Workload, reqwest::stopped};

/// The non-coding guard in a reqwest-middleware chain.
///
/// From a [`WorkloadLayer`], whose tallies it shares. A body that is a stream
/// is not read: its verdict is `unclear`, and only a declaration counts.
/// Refusals are [`Stopped`](crate::refusal::Stopped) in [`Error::Middleware`].
#[derive(Clone)]
pub struct WorkloadMiddleware {
    guard: Arc<Guard>,
}

impl From<WorkloadLayer> for WorkloadMiddleware {
    fn from(layer: WorkloadLayer) -> Self {
        Self { guard: layer.guard }
    }
}

impl WorkloadMiddleware {
    /// Judges a request, and sends it elsewhere where that is its lot. Says
    /// which warning the response carries.
    pub(crate) async fn judge(
        &self,
        request: &mut Request,
        extensions: &mut Extensions,
    ) -> Result<Option<Workload>> {
        let (to, method) = (request.url().into(), request.method());
        let pending = self.guard.begin(to, method, request.headers(), extensions);
        if request.headers().contains_key(HEADER) {
            request.headers_mut().remove(HEADER);
        }
        let Some(pending) = pending else { return Ok(None) };
        let body = request.body().and_then(|body| body.as_bytes());
        let judged = match self.guard.judge(body) {
            Judging::Done(judged) => judged,
            Judging::Later(classifying, mut judged) => {
                judged.take(classifying.await);
                judged
            }
        };
        // What cannot be said as a URI is claimed by nobody.
        let uri = || request.url().as_str().parse().unwrap_or_default();
        match self.guard.decide(&pending, judged, uri, request.headers(), body, extensions) {
            Decision::Pass => Ok(None),
            Decision::Warn(workload) => Ok(Some(workload)),
            Decision::Refuse(refused) => Err(stopped(refused)),
            Decision::Reroute(way) => {
                way.rewrite(request.headers_mut());
                *request.url_mut() = way.to.to_string().parse().map_err(Error::middleware)?;
                if let Some(data) = way.body {
                    *request.body_mut() = Some(data.into());
                }
                Ok(None)
            }
        }
    }
}

#[async_trait]
impl Middleware for WorkloadMiddleware {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let warn = self.judge(&mut request, extensions).await?;
        let mut response = next.run(request, extensions).await?;
        if let Some(workload) = warn {
            mark(response.headers_mut(), workload);
        }
        Ok(response)
    }
}

impl fmt::Debug for WorkloadMiddleware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkloadMiddleware").finish_non_exhaustive()
    }
}
