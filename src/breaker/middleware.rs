use std::{fmt, future::Future, sync::Arc};

use ::reqwest::{Request, Response};
use async_trait::async_trait;
use bytes::Bytes;
use http::Extensions;
use http_body::Body;
use reqwest_middleware::{Error, Middleware, Next, Result};

use super::{
    BreakerBody, BreakerLayer, Core, Refusing,
    answering::{Answering, Sent},
    core::{Admission, Head},
};
use crate::{
    exchange::{Exchange, Workload},
    refusal::Refused,
    reqwest::{into_http, into_reqwest, stopped},
};

/// The breaker of a [`PlanGuard`](crate::PlanGuard) in a reqwest-middleware
/// chain.
///
/// From a [`BreakerLayer`], whose account states it shares. Refusals are
/// [`Stopped`](crate::refusal::Stopped) in [`Error::Middleware`].
#[derive(Clone)]
pub struct BreakerMiddleware {
    core: Arc<Core>,
}

impl From<BreakerLayer> for BreakerMiddleware {
    fn from(layer: BreakerLayer) -> Self {
        Self { core: layer.core }
    }
}

impl BreakerMiddleware {
    /// Admits a request, and hands it off to those below. None if no profile
    /// claims it.
    pub(crate) async fn admit(
        &self,
        request: &Request,
        extensions: &mut Extensions,
    ) -> Result<Option<Sent>> {
        // An earlier attempt's, which nobody below may take for this one's.
        extensions.remove::<Exchange>();
        let workload = extensions.get::<Workload>().copied().unwrap_or_default();
        let head = Head { to: request.url().into(), headers: request.headers(), workload };
        let call = match self.core.admit(head) {
            Admission::Unclaimed => return Ok(None),
            Admission::Refuse(refused) => return Err(stopped(refused)),
            Admission::Go(call) => call,
            Admission::Later(admission) => admission.await.map_err(stopped)?,
        };
        Ok(Some(Sent::hand_off(call, extensions)))
    }

    /// Follows `sent` by the `future` that sends it.
    pub(crate) fn follow<F, B>(
        future: F,
        sent: Sent,
    ) -> impl Future<Output = Result<http::Response<BreakerBody<B>>>>
    where
        F: Future<Output = Result<http::Response<B>>>,
        B: Body<Data = Bytes>,
    {
        Answering::new(future, sent, Stop)
    }
}

#[async_trait]
impl Middleware for BreakerMiddleware {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let Some(sent) = self.admit(&request, extensions).await? else {
            return next.run(request, extensions).await;
        };
        let host = request.url().host_str().map(str::to_owned);
        let response = next.run(request, extensions);
        let response = async move { Ok(into_http(response.await?, host.as_deref())) };
        Ok(into_reqwest(Self::follow(response, sent).await?))
    }
}

/// Refusals as errors of a middleware.
#[derive(Clone, Copy)]
struct Stop;

impl Refusing<Error> for Stop {
    type Error = Error;

    fn refuse<B: From<Bytes>>(&self, refused: Refused) -> Result<http::Response<B>> {
        Err(stopped(refused))
    }

    fn fail(error: Error) -> Error {
        error
    }
}

impl fmt::Debug for BreakerMiddleware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakerMiddleware").finish_non_exhaustive()
    }
}
