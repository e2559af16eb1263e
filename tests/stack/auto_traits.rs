//! What the stack is made of goes where its parts go.

use std::{convert::Infallible, marker::PhantomData, rc::Rc};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use planguard::{
    PlanGuard, PlanLayer,
    breaker::{Breaker, BreakerBody, BreakerLayer},
    detect::{Detect, DetectLayer, InspectBody},
    ledger::MemoryLedger,
    refusal::{Dialect, Refused, Stopped},
    sim::{self, Answer, Provider},
    workload::{WorkloadBody, WorkloadLayer, WorkloadService},
};
use tower::{Layer, Service, ServiceExt};

use crate::wire::{Surface, Transport, Wire, WireBody, WireRequest, guard, provider, request};

fn is_shared<T: Clone + Send + Sync + 'static>() {}
fn crosses_threads<T: Send + Sync + 'static>() {}

type OverSim = WorkloadService<Breaker<Detect<sim::Service>>>;
type Body<B> = WorkloadBody<BreakerBody<InspectBody<B>>>;

#[test]
fn guard_layers_services_and_refusals_are_shared() {
    is_shared::<PlanGuard>();
    is_shared::<PlanLayer>();
    is_shared::<BreakerLayer>();
    is_shared::<WorkloadLayer>();
    is_shared::<DetectLayer>();
    is_shared::<OverSim>();
    is_shared::<Refused>();
    crosses_threads::<Stopped>();
}

#[test]
fn futures_and_bodies_cross_threads_when_their_parts_do() {
    crosses_threads::<<OverSim as Service<Request<Full<Bytes>>>>::Future>();
    crosses_threads::<Body<sim::Body>>();
    crosses_threads::<Body<WireBody>>();
    crosses_threads::<Body<hyper::body::Incoming>>();
    type Http = hyper_util::client::legacy::Client<
        hyper_util::client::legacy::connect::HttpConnector,
        Full<Bytes>,
    >;
    crosses_threads::<<Breaker<Detect<Http>> as Service<WireRequest>>::Future>();
}

#[tokio::test(start_paused = true)]
async fn a_call_can_be_spawned_and_its_body_boxed_for_other_stacks() {
    let provider = provider(Transport::InProcess).mode(Answer::completion()).build();
    let plan = guard().build().unwrap();
    let service = plan.layer().layer(Wire::in_process(&provider));
    let asked = service.oneshot(request(Surface::OpenAi.url(), "a", true));
    let response = tokio::spawn(asked).await.unwrap().unwrap();
    let body = axum::body::Body::new(response.into_body());
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    assert!(bytes.ends_with(b"data: [DONE]\n\n"));
}

/// A service whose futures and bodies stay on their thread.
#[derive(Clone)]
struct Local(PhantomData<Rc<()>>);

impl Service<WireRequest> for Local {
    type Response = Response<LocalBody>;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>>>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: WireRequest) -> Self::Future {
        Box::pin(async { Ok(Response::new(LocalBody(Full::default(), PhantomData))) })
    }
}

struct LocalBody(Full<Bytes>, PhantomData<Rc<()>>);

impl http_body::Body for LocalBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        std::pin::Pin::new(&mut self.0).poll_frame(cx)
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_asks_for_send_where_the_parts_are_not() {
    let plan = guard().build().unwrap();
    let answering = plan.layer().answer_refusals(Dialect::OpenAi).layer(Local(PhantomData));
    let asked = answering.oneshot(request(Surface::OpenAi.url(), "a", false));
    let Ok(response): Result<_, Infallible> = asked.await;
    assert_eq!(response.status(), 200);
}

#[test]
fn a_guard_is_built_and_layered_outside_a_runtime() {
    let plan =
        PlanGuard::builder(planguard::profile::zai()).ledger(MemoryLedger::new()).build().unwrap();
    let _: OverSim = plan.layer().layer(Provider::new().service());
}
