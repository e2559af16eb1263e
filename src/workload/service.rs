use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{
    ResponseFuture, WorkloadBody,
    guard::{Guard, HEADER},
};
use crate::{
    body::RequestBody,
    refusal::{Refusing, Throw},
};

/// Judges requests before `S` gets them. Made by
/// [`WorkloadLayer`](super::WorkloadLayer).
///
/// `call` reads no body: where a request has to be read, the future does that,
/// and then calls the service that `poll_ready` made ready, once.
#[derive(Clone)]
pub struct WorkloadService<S, R = Throw> {
    inner: S,
    guard: Arc<Guard>,
    refusing: R,
}

impl<S, R> WorkloadService<S, R> {
    pub(super) fn new(inner: S, guard: Arc<Guard>, refusing: R) -> Self {
        Self { inner, guard, refusing }
    }

    /// The service inside.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }
}

impl<S, R, ReqB, ResB> Service<Request<ReqB>> for WorkloadService<S, R>
where
    S: Service<Request<ReqB>, Response = Response<ResB>> + Clone,
    R: Refusing<S::Error>,
    ReqB: RequestBody,
    ResB: Body<Data = Bytes>,
{
    type Response = Response<WorkloadBody<ResB>>;
    type Error = R::Error;
    type Future = ResponseFuture<S, R, ReqB>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(R::fail)
    }

    fn call(&mut self, mut request: Request<ReqB>) -> Self::Future {
        let to = request.uri().into();
        let (headers, extensions) = (request.headers(), request.extensions());
        let pending = self.guard.begin(to, request.method(), headers, extensions);
        request.headers_mut().remove(HEADER);
        let Some(pending) = pending else {
            return ResponseFuture::sent(self.inner.call(request), self.refusing.clone());
        };
        let clone = self.inner.clone();
        let ready = std::mem::replace(&mut self.inner, clone);
        let (parts, body) = request.into_parts();
        let reading = body.read(self.guard.limit());
        ResponseFuture::reading(
            self.guard.clone(),
            ready,
            pending,
            parts,
            reading,
            self.refusing.clone(),
        )
    }
}

impl<S: fmt::Debug, R> fmt::Debug for WorkloadService<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkloadService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
