use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{InspectBody, ResponseFuture, called::Called, layer::Shared};
use crate::exchange::Exchange;

/// Reads the responses of `S`. Made by [`DetectLayer`](super::DetectLayer).
#[derive(Clone, Debug)]
pub struct Detect<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> Detect<S> {
    pub(super) fn new(inner: S, shared: Arc<Shared>) -> Self {
        Self { inner, shared }
    }

    /// The service below.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service below.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The service below, without this one.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for Detect<S>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    ResB: Body<Data = Bytes>,
{
    type Response = Response<InspectBody<ResB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResB>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        let exchange = request.extensions().get::<Exchange>().cloned();
        let to = (request.uri().into(), request.uri().host());
        let called = Called::new(&self.shared, exchange, to, request.headers(), request.method());
        ResponseFuture::new(self.inner.call(request), called)
    }
}
