//! `WorkloadMiddleware` alone in a reqwest-middleware chain.

use async_trait::async_trait;
use bytes::Bytes;
use http::Extensions;
use parking_lot::Mutex;
use planguard::{
    PlanGuard,
    exchange::{Verdict, Workload},
    ledger::MemoryLedger,
    profile::zai,
    refusal::{Reason, Refused, Stopped},
    workload::{Action, Policy, WorkloadMiddleware},
};
use reqwest::{Body, Request, Response, ResponseBuilderExt};
use reqwest_middleware::{
    ClientBuilder, ClientWithMiddleware, Error, Middleware, Next, RequestBuilder, Result,
};
use std::sync::Arc;

use crate::upstream::{PLAN, STORY, layer, turn};

/// Stands in for the network, and keeps the requests that it got.
#[derive(Clone, Default)]
struct Terminal(Arc<Mutex<Vec<Request>>>);

#[async_trait]
impl Middleware for Terminal {
    async fn handle(&self, request: Request, _: &mut Extensions, _: Next<'_>) -> Result<Response> {
        let url = request.url().clone();
        self.0.lock().push(request);
        let response = http::Response::builder().url(url).body(Body::from("answered"));
        Ok(response.unwrap().into())
    }
}

fn client(guard: impl Into<WorkloadMiddleware>) -> (ClientWithMiddleware, Terminal) {
    let terminal = Terminal::default();
    let builder = ClientBuilder::new(reqwest::Client::new()).with(guard.into());
    (builder.with(terminal.clone()).build(), terminal)
}

fn asked(client: &ClientWithMiddleware, body: impl Into<Body>) -> RequestBuilder {
    client.post(PLAN).header("authorization", "Bearer a.secret").body(body)
}

fn stream(text: String) -> Body {
    let script = crate::scripted::Script {
        pieces: vec![(3, Bytes::from(text))],
        end: crate::scripted::End::Plain,
        sized: true,
    };
    Body::wrap(script.body())
}

#[tokio::test]
async fn other_work_is_stopped_in_the_chain() {
    let (client, network) = client(layer(Policy::new()));
    let error = asked(&client, turn(STORY)).send().await.unwrap_err();
    let Error::Middleware(inner) = &error else { panic!("{error:?}") };
    assert!(inner.downcast_ref::<Stopped>().is_some(), "one level above the refusal");
    assert_eq!(Refused::find(&error).unwrap().reason(), Reason::WorkloadRefused);
    assert!(network.0.lock().is_empty());
}

#[tokio::test]
async fn coding_passes_as_it_is_and_its_response_keeps_its_url() {
    let (client, network) = client(layer(Policy::new()));
    let body = turn("Fix the failing test in src/parser.rs");
    let mut extensions = Extensions::new();
    let request = asked(&client, body.clone()).build().unwrap();
    let headers = request.headers().clone();
    let response = client.execute_with_extensions(request, &mut extensions).await.unwrap();
    assert_eq!(response.url().as_str(), PLAN);
    assert_eq!(response.text().await.unwrap(), "answered");
    let arrived = network.0.lock().remove(0);
    assert_eq!(arrived.body().unwrap().as_bytes(), Some(body.as_bytes()));
    assert_eq!(arrived.headers(), &headers);
    assert_eq!(extensions.get::<Verdict>().unwrap().workload, Workload::Coding);
}

#[tokio::test]
async fn a_stream_is_not_read_and_passes_in_its_own_time() {
    let (client, network) = client(layer(Policy::new()));
    asked(&client, stream(turn(STORY))).send().await.expect("nobody has read it");
    assert!(network.0.lock()[0].body().unwrap().as_bytes().is_none());
    let declared = asked(&client, stream(turn(STORY))).header("x-planguard-workload", "non_coding");
    declared.send().await.expect_err("it is declared");
    assert_eq!(network.0.lock().len(), 1);
}

#[tokio::test]
async fn a_warning_is_on_the_response() {
    let (client, _) = client(layer(Policy::new().non_coding(Action::Warn)));
    let response = asked(&client, turn(STORY)).send().await.unwrap();
    assert_eq!(response.headers()["x-planguard-workload"], "non_coding");
    assert_eq!(response.url().as_str(), PLAN);
}

/// A retry middleware repeats the request with the same extensions.
#[tokio::test]
async fn what_was_found_at_the_first_try_is_no_declaration_at_the_second() {
    let plan = PlanGuard::builder(zai()).ledger(MemoryLedger::new());
    let plan = plan.non_coding(Action::Report).build().unwrap();
    let (client, network) = client(plan.workload_middleware());
    let mut extensions = Extensions::new();
    for (tries, declared) in [(1, None), (2, None), (3, Some(Workload::Coding))] {
        if let Some(declared) = declared {
            // Another request: a caller's own extensions are new.
            extensions = Extensions::new();
            extensions.insert(declared);
        }
        for _ in 0..=usize::from(declared.is_some()) {
            let request = asked(&client, turn(STORY)).build().unwrap();
            client.execute_with_extensions(request, &mut extensions).await.unwrap();
        }
        let tally = plan.snapshot()[0].workload;
        let seen = (tally.non_coding, tally.declared_coding, tally.declared_non_coding);
        let expected = if declared.is_some() { (4, 2, 0) } else { (tries, 0, 0) };
        assert_eq!(seen, expected);
    }
    assert_eq!(network.0.lock().len(), 4);
}

#[tokio::test]
async fn other_work_goes_elsewhere_whole() {
    use planguard::{profile::Surface, workload::Metered};
    let metered = Metered::new("own.key").model("glm-5.2", "glm-own");
    let metered = metered.at(Surface::Anthropic, "http://10.0.0.7:8000/own".parse().unwrap());
    let (client, network) = client(layer(Policy::new().non_coding(Action::Reroute(metered))));
    asked(&client, turn(STORY)).header("content-length", "1").send().await.unwrap();
    let arrived = network.0.lock().remove(0);
    let body = turn(STORY).replace("glm-5.2", "glm-own");
    assert_eq!(arrived.url().as_str(), "http://10.0.0.7:8000/own/v1/messages");
    assert_eq!(arrived.body().unwrap().as_bytes(), Some(body.as_bytes()));
    assert_eq!(arrived.headers()["content-length"], body.len().to_string());
    assert_eq!(arrived.headers()["authorization"], "Bearer own.key");
}
