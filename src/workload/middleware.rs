use std::{fmt, sync::Arc};

use ::reqwest::{Request, Response, header::CONTENT_LENGTH};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Extensions, HeaderValue, Uri};
use reqwest_middleware::{Error, Middleware, Next, Result};

use super::{
    WorkloadLayer,
    guard::{Decision, Guard, HEADER, Judging},
};
use crate::{
    exchange::Workload,
    refusal::{Refused, Stopped},
};

/// The non-coding guard in a reqwest-middleware chain.
///
/// From a [`WorkloadLayer`], whose tallies it shares. A body that is a stream
/// is not read: its verdict is `unclear`, and only a declaration counts.
/// Refusals are [`Stopped`] in [`Error::Middleware`].
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
        let uri: Uri = request.url().as_str().parse().unwrap_or_default();
        let data = match self.guard.may_reroute() {
            true => body.map(Bytes::copy_from_slice),
            false => None,
        };
        let headers = request.headers();
        match self.guard.decide(&pending, judged, &uri, headers, data.as_ref(), extensions) {
            Decision::Pass => Ok(None),
            Decision::Warn(workload) => Ok(Some(workload)),
            Decision::Refuse(refused) => Err(stopped(refused)),
            Decision::Reroute { from, to, body, with } => {
                let to = to.to_string().parse().map_err(Error::middleware)?;
                *request.url_mut() = to;
                with.credential(&from, request.headers_mut());
                if let Some(data) = body {
                    if request.headers().contains_key(CONTENT_LENGTH) {
                        request.headers_mut().insert(CONTENT_LENGTH, data.len().into());
                    }
                    *request.body_mut() = Some(data.into());
                }
                Ok(None)
            }
        }
    }

    /// Marks a response with what its request was taken for.
    pub(crate) fn warn(response: &mut Response, workload: Workload) {
        response.headers_mut().insert(HEADER, HeaderValue::from_static(workload.as_str()));
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
            Self::warn(&mut response, workload);
        }
        Ok(response)
    }
}

/// One level above the refusal, since the error around it is transparent.
fn stopped(refused: Refused) -> Error {
    Error::middleware(Stopped::from(refused))
}

impl fmt::Debug for WorkloadMiddleware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkloadMiddleware").finish_non_exhaustive()
    }
}
