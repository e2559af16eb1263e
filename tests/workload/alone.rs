//! `WorkloadLayer` around a plain service: no breaker, no detect, no account.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::Full;
use planguard::{
    BoxError,
    exchange::{Exchange, Verdict, Workload},
    profile::Surface,
    refusal::{Reason, Refused, Stopped},
    workload::{Action, Metered, Policy, WorkloadService},
};
use tower::{Layer, Service, ServiceExt};

use crate::upstream::{Arrived, Book, PLAN, Piece, STORY, layer, request, turn, upstream};

const BUG: &str = "Fix the failing test in src/parser.rs: parse_header panics on an empty line";

fn asked(words: &str) -> Request<Full<Bytes>> {
    request(Full::from(turn(words)))
}

/// What arrives of `request`, and what it is answered.
async fn through(
    policy: Policy,
    request: Request<Full<Bytes>>,
) -> (Vec<Arrived>, Result<http::HeaderMap, BoxError>) {
    let book = Book::default();
    let guarded = layer(policy).layer(upstream::<Full<Bytes>>(&book));
    let answer = guarded.oneshot(request).await;
    (book.all(), answer.map(|response| response.headers().clone()))
}

#[tokio::test]
async fn other_work_is_refused_and_names_the_plan() {
    let (arrived, answer) = through(Policy::new(), asked(STORY)).await;
    assert!(arrived.is_empty());
    let error = answer.unwrap_err();
    assert!(error.downcast_ref::<Stopped>().is_some(), "one level above the refusal");
    let refused = Refused::find(&*error).unwrap();
    assert_eq!((refused.reason(), refused.account()), (Reason::WorkloadRefused, None));
    assert!(refused.to_string().contains("GLM Coding Plan"), "{refused}");
}

#[tokio::test]
async fn coding_passes_with_its_verdict_and_without_an_exchange() {
    let (arrived, answer) = through(Policy::new(), asked(BUG)).await;
    answer.unwrap();
    let [arrived] = &arrived[..] else { panic!("it arrived once: {arrived:?}") };
    assert_eq!(arrived.pieces(), [Piece::Data(turn(BUG).into())]);
    let verdict = arrived.head.extensions.get::<Verdict>().expect("for who stands below");
    assert_eq!(verdict.workload, Workload::Coding);
    assert_eq!(arrived.head.extensions.get(), Some(&Workload::Coding));
    assert!(arrived.head.extensions.get::<Exchange>().is_none(), "nobody admitted it");
}

#[tokio::test]
async fn a_warning_is_on_the_response() {
    let (arrived, answer) = through(Policy::new().non_coding(Action::Warn), asked(STORY)).await;
    assert_eq!(arrived.len(), 1);
    assert_eq!(answer.unwrap()["x-planguard-workload"], "non_coding");
}

#[tokio::test]
async fn the_declaring_header_is_taken_off() {
    for url in [PLAN, "https://example.com/v1/messages"] {
        let mut asked = asked(STORY);
        *asked.uri_mut() = url.parse().unwrap();
        asked.headers_mut().insert("x-planguard-workload", "coding".parse().unwrap());
        let (arrived, answer) = through(Policy::new(), asked).await;
        answer.expect("it is declared, or nobody's business");
        assert!(!arrived[0].head.headers.contains_key("x-planguard-workload"), "{url}");
    }
}

#[tokio::test]
async fn declarations_alone_judge_nothing() {
    let (arrived, _) = through(Policy::declarations_only(), asked(STORY)).await;
    assert_eq!(arrived.len(), 1);
    assert!(arrived[0].head.extensions.get::<Verdict>().is_none());
    let mut declared = asked(BUG);
    declared.extensions_mut().insert(Workload::NonCoding);
    let (arrived, answer) = through(Policy::declarations_only(), declared).await;
    assert!(arrived.is_empty() && answer.is_err());
}

#[tokio::test]
async fn other_work_can_be_sent_elsewhere_and_never_to_a_plan() {
    let reroute = |place: &str| {
        let metered = Metered::new("own.key").at(Surface::Anthropic, place.parse().unwrap());
        Policy::new().non_coding(Action::Reroute(metered))
    };
    let (arrived, answer) = through(reroute("http://10.0.0.7/own"), asked(STORY)).await;
    answer.unwrap();
    let there: Uri = "http://10.0.0.7/own/v1/messages".parse().unwrap();
    assert_eq!(arrived[0].head.uri, there);
    assert_eq!(arrived[0].head.headers["authorization"], "Bearer own.key");
    // Here nothing is built that could have been refused.
    let (arrived, answer) = through(reroute("https://api.z.ai/api/anthropic"), asked(STORY)).await;
    assert!(arrived.is_empty());
    let refused = answer.unwrap_err();
    assert_eq!(Refused::find(&*refused).unwrap().reason(), Reason::WorkloadRefused);
}

/// Wants to be ready before each call.
#[derive(Default)]
struct Exacting {
    ready: bool,
}

impl Clone for Exacting {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<B> Service<Request<B>> for Exacting {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "it was not asked whether it is ready");
        std::future::ready(Ok(Response::new(Full::default())))
    }
}

#[tokio::test]
async fn the_service_that_said_that_it_is_ready_is_the_one_that_is_called() {
    let mut guarded = layer(Policy::new()).layer(Exacting::default());
    for url in [PLAN, PLAN, "https://example.com/", PLAN] {
        let mut asked = asked(BUG);
        *asked.uri_mut() = url.parse().unwrap();
        let ready: &mut WorkloadService<Exacting> =
            ServiceExt::<Request<Full<Bytes>>>::ready(&mut guarded).await.unwrap();
        ready.call(asked).await.unwrap();
    }
}

/// Fails always.
#[derive(Clone)]
struct Failing;

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("the network is gone")]
struct Gone;

impl<B> Service<Request<B>> for Failing {
    type Response = Response<Full<Bytes>>;
    type Error = Gone;
    type Future = std::future::Ready<Result<Self::Response, Gone>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        std::future::ready(Err(Gone))
    }
}

#[tokio::test]
async fn the_services_own_error_is_handed_on() {
    for action in [Action::Block, Action::Warn] {
        let guarded = layer(Policy::new().non_coding(action)).layer(Failing);
        let error = guarded.oneshot(asked(BUG)).await.unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Gone));
    }
}
