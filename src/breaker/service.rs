use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{
    BreakerBody, Core, Refusing, ResponseFuture, Throw,
    answering::Sent,
    core::{Admission, Head},
};
use crate::exchange::Workload;

/// Admits requests, and hears what becomes of them.
///
/// `call` decides at once where it can, and then calls the service that
/// `poll_ready` made ready. Where it has to wait (for the ledger, or for a
/// slot) it takes that service along, which is why `S` must be `Clone`; it is
/// called once, or not at all.
///
/// Needs a tokio runtime with time enabled.
#[derive(Clone)]
pub struct Breaker<S, R = Throw> {
    inner: S,
    core: Arc<Core>,
    refusing: R,
}

impl<S, R> Breaker<S, R> {
    pub(crate) fn new(inner: S, core: Arc<Core>, refusing: R) -> Self {
        Self { inner, core, refusing }
    }

    /// The service inside.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }
}

impl<S, R, ReqB, ResB> Service<Request<ReqB>> for Breaker<S, R>
where
    S: Service<Request<ReqB>, Response = Response<ResB>> + Clone,
    R: Refusing<S::Error>,
    ResB: Body<Data = bytes::Bytes>,
{
    type Response = Response<BreakerBody<ResB>>;
    type Error = R::Error;
    type Future = ResponseFuture<S, R, ReqB, ResB>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(R::fail)
    }

    fn call(&mut self, mut request: Request<ReqB>) -> Self::Future {
        let workload = request.extensions().get::<Workload>().copied().unwrap_or_default();
        let head = Head { to: request.uri().into(), headers: request.headers(), workload };
        match self.core.admit(head) {
            Admission::Unclaimed => {
                ResponseFuture::untouched(self.inner.call(request), self.refusing.clone())
            }
            Admission::Refuse(refused) => ResponseFuture::refused(refused, self.refusing.clone()),
            Admission::Go(call) => {
                let sent = Sent::hand_off(call, request.extensions_mut());
                ResponseFuture::sent(self.inner.call(request), sent, self.refusing.clone())
            }
            Admission::Later(admission) => {
                let clone = self.inner.clone();
                let ready = std::mem::replace(&mut self.inner, clone);
                ResponseFuture::admitting(admission, ready, request, self.refusing.clone())
            }
        }
    }
}

impl<S: fmt::Debug, R> fmt::Debug for Breaker<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker").field("inner", &self.inner).finish_non_exhaustive()
    }
}
