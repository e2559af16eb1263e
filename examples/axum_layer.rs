//! planguard inside somebody's own axum service: its routes call an LLM plan
//! for their users, through one guard.
//!
//! ```text
//! cargo run --features gateway --example axum_layer
//! ```
//!
//! It starts the service before a simulated provider that objects to the third
//! request, asks it five times, and shows what its users get. For a real one,
//! replace `Upstream` by a client of your own, as `examples/gateway` has it.

use std::{
    net::SocketAddr,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router, body::Body, error_handling::HandleError, extract::Request, response::Response,
    routing::get,
};
use futures_util::future::BoxFuture;
use http::{StatusCode, Uri};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use planguard::{
    BoxError, PlanGuard,
    ledger::MemoryLedger,
    profile::zai,
    refusal::Dialect,
    sim::{Ladder, Provider},
};
use tower::{Layer, Service, ServiceExt};

const ANTHROPIC: &str = "https://api.z.ai/api/anthropic";

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let provider = Provider::builder().mode(Ladder::at_request(3)).build();
    let simulated = provider.serve().await?;

    // One guard for the whole program: what it knows is shared by every clone
    // and every connection.
    let plan = PlanGuard::builder(zai())
        .ledger(MemoryLedger::new()) // leave this out in your program
        .trust_declarations(false)
        .build()?;
    let service = router(&plan, simulated.addr());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, service).await });

    for n in 1..=5 {
        let (status, text) = ask(address).await?;
        println!("{n}. {status} {text}\n");
    }
    assert_eq!(provider.total().total, 3, "nothing was sent after the strike");
    for account in plan.snapshot() {
        println!("{}: {} halts", account.account, account.record.halts.len());
    }
    Ok(())
}

/// Your routes. Those that reach the plan go through the guard; refusals are
/// answered in the form of the clients' wire format, so that axum sees no
/// error of ours.
fn router(plan: &PlanGuard, provider: SocketAddr) -> Router {
    let layer = plan
        .layer()
        // A stream's first event is judged before its 200 goes out.
        .hold_head_for_first_event(Duration::from_secs(30))
        .answer_refusals(Dialect::Anthropic);
    let guarded = layer.layer(Upstream::new(provider)).map_request(to_the_plan);
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route_service("/v1/messages", HandleError::new(guarded, bad_gateway))
}

/// The guard tells plans apart by where a request goes, so that is said above
/// it.
fn to_the_plan(mut request: Request) -> Request {
    let path = request.uri().path_and_query().map_or("", |path| path.as_str());
    // What is no URL goes to the plan's base, and never past the guard.
    let there = format!("{ANTHROPIC}{path}").parse();
    *request.uri_mut() = there.unwrap_or_else(|_| Uri::from_static(ANTHROPIC));
    request.headers_mut().remove(http::header::HOST);
    request
}

/// What the guard does not turn into an answer is the upstream's failure.
async fn bad_gateway(error: hyper_util::client::legacy::Error) -> (StatusCode, String) {
    (StatusCode::BAD_GATEWAY, format!("the upstream failed: {error}"))
}

/// A client that connects to the simulated provider in place of Z.AI.
#[derive(Clone)]
struct Upstream {
    client: Client<HttpConnector, Body>,
    provider: SocketAddr,
}

impl Upstream {
    fn new(provider: SocketAddr) -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), provider }
    }
}

impl Service<Request> for Upstream {
    type Response = Response<hyper::body::Incoming>;
    type Error = hyper_util::client::legacy::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let there = format!("http://{}{path}", self.provider);
        *request.uri_mut() = there.parse::<Uri>().unwrap_or_default();
        Box::pin(self.client.request(request))
    }
}

/// One of your service's users.
async fn ask(service: SocketAddr) -> Result<(StatusCode, String), BoxError> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let request = Request::post(format!("http://{service}/v1/messages"))
        .header("x-api-key", "tester.secret")
        .header("user-agent", "claude-cli/2.1 (external, cli)")
        .body(Body::from(r#"{"model":"glm-5.2","messages":[{"role":"user","content":"Fix the failing test in src/lib.rs"}]}"#))?;
    let response = client.request(request).await?;
    let status = response.status();
    let body = axum::body::to_bytes(Body::new(response.into_body()), 64 * 1024).await?;
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}
