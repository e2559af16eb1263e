//! The guard's futures go where their parts go.

use std::{cell::Cell, convert::Infallible, marker::PhantomData, rc::Rc, task::Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{
    Empty, Full,
    combinators::{BoxBody, UnsyncBoxBody},
};
use planguard::{
    BoxError,
    refusal::{Answer, Throw},
    workload::{
        AsyncClassifier, Classifier, Policy, ReadAhead, RequestBody, ResponseFuture, WorkloadBody,
        WorkloadLayer, WorkloadService,
    },
};
use tower::{Layer, Service, ServiceExt};

use crate::upstream::{PLAN, layer, request, turn};

fn shared<T: Clone + Send + Sync + 'static>() {}
fn sends_and_syncs<T: Send + Sync + 'static>() {}
fn sends<T: Send + 'static>() {}

/// Goes anywhere.
#[derive(Clone)]
struct Free;

impl<B> Service<Request<B>> for Free {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        std::future::ready(Ok(Response::new(Full::default())))
    }
}

/// The guard's future for requests with a body `B`.
type Asking<B, R = Throw> = ResponseFuture<Free, R, B>;

#[test]
fn layers_services_and_policies_are_shared() {
    shared::<WorkloadLayer>();
    shared::<WorkloadLayer<Answer>>();
    shared::<WorkloadService<Free>>();
    shared::<Policy>();
    sends_and_syncs::<Box<dyn Classifier>>();
    sends_and_syncs::<Box<dyn AsyncClassifier>>();
    sends_and_syncs::<WorkloadBody<Full<Bytes>>>();
    sends::<WorkloadBody<UnsyncBoxBody<Bytes, BoxError>>>();
}

#[test]
fn futures_cross_threads_when_their_parts_do() {
    sends_and_syncs::<Asking<Full<Bytes>>>();
    sends_and_syncs::<Asking<Full<Bytes>, Answer>>();
    sends_and_syncs::<Asking<BoxBody<Bytes, BoxError>>>();
    sends_and_syncs::<Asking<Empty<Bytes>>>();
    sends_and_syncs::<Asking<Bytes>>();
    sends_and_syncs::<Asking<String>>();
    sends_and_syncs::<Asking<()>>();
    // As far as the body itself does.
    sends::<Asking<UnsyncBoxBody<Bytes, BoxError>>>();
    #[cfg(feature = "axum")]
    sends::<Asking<axum::body::Body>>();
    #[cfg(feature = "reqwest")]
    sends_and_syncs::<Asking<reqwest::Body>>();
}

/// Stays on its thread: as a service, as a body and as a future.
#[derive(Clone)]
struct Local(Rc<Cell<usize>>);

struct Own(PhantomData<Rc<()>>, Full<Bytes>);

impl http_body::Body for Own {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        std::pin::Pin::new(&mut self.1).poll_frame(cx)
    }
}

impl RequestBody for Own {
    type Reading = ReadAhead<Self, Self>;

    fn read(self, limit: usize) -> Self::Reading {
        let rebuild = |read: planguard::workload::ReplayBody<Self>| Self::of(read.data());
        planguard::workload::read_ahead(self, limit, rebuild)
    }

    fn of(data: Bytes) -> Self {
        Self(PhantomData, Full::new(data))
    }
}

impl Service<Request<Own>> for Local {
    type Response = Response<Own>;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Response<Own>, Infallible>>>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Own>) -> Self::Future {
        let calls = self.0.clone();
        Box::pin(async move {
            calls.set(calls.get() + 1);
            Ok(Response::new(request.into_body()))
        })
    }
}

#[tokio::test]
async fn nothing_asks_for_send_where_the_parts_are_not() {
    let calls = Rc::new(Cell::new(0));
    let guarded = layer(Policy::new()).layer(Local(calls.clone()));
    for url in [PLAN, "https://example.com/"] {
        let mut asked = request(Own::of(turn("Fix src/a.rs").into()));
        *asked.uri_mut() = url.parse().unwrap();
        guarded.clone().oneshot(asked).await.unwrap();
    }
    assert_eq!(calls.get(), 2);
}
