//! planguard in a reqwest client, whose transport answers at once.

use std::{hint::black_box, sync::OnceLock};

use async_trait::async_trait;
use http::{Extensions, Response};
use planguard::{PlanGuard, ledger::MemoryLedger, profile::zai, workload::Policy};
use reqwest::{Body, Client, Method, Request, ResponseBuilderExt, Url};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next, Result};
use reqwest_retry::{RetryTransientMiddleware, policies::ExponentialBackoff};

use super::{Case, now, request};

const ROUNDS: (u32, u32) = (500, 3_500);

pub const WHOLE: Case = case("reqwest-front", |rounds| {
    // What the guard costs beside that has a row of its own.
    let plan = PlanGuard::builder(zai())
        .ledger(MemoryLedger::new())
        .workload(Policy::declarations_only())
        .build()
        .expect("the built-in profile is sound");
    calls(rounds, |client| client.with(plan.middleware()));
});

pub const ONE: Case = case("one-no-op", |rounds| calls(rounds, |client| client.with(NoOp)));

pub const THREE: Case =
    case("three-no-ops", |rounds| calls(rounds, |client| client.with(NoOp).with(NoOp).with(NoOp)));

pub const CONVERSION: Case =
    case("there-and-back", |rounds| calls(rounds, |client| client.with(ThereAndBack)));

pub const RETRY: Case = case("reqwest-retry", |rounds| {
    let policy = ExponentialBackoff::builder().build_with_max_retries(3);
    calls(rounds, |client| client.with(RetryTransientMiddleware::new_with_policy(policy)));
});

const BARE: Case =
    Case { rounds: ROUNDS, ..Case::each("bare-client", |rounds| calls(rounds, |client| client)) };

const fn case(name: &'static str, run: fn(u32)) -> Case {
    let case = Case::each(name, run);
    Case { rounds: ROUNDS, ..case }.without(&BARE)
}

/// The built-in profile read, which happens once, and a guard built of it.
pub const BUILD: Case = Case {
    rounds: (0, 1),
    ..Case::each("build", |rounds| {
        for _ in 0..rounds {
            black_box(
                PlanGuard::builder(zai())
                    .ledger(MemoryLedger::new())
                    .build()
                    .expect("the built-in profile is sound"),
            );
        }
    })
};

/// So many calls, one after the other, each read to its end.
fn calls(rounds: u32, with: impl FnOnce(ClientBuilder) -> ClientBuilder) {
    let client = with(ClientBuilder::new(bare())).with(Terminal).build();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    // The first call reads the ledger and writes the notice there, the
    // second one reads that.
    runtime.expect("a runtime").block_on(async {
        for _ in 0..2 {
            call(&client).await;
        }
    });
    for _ in 0..rounds {
        now(call(&client));
    }
}

async fn call(client: &ClientWithMiddleware) {
    let mut request = Request::new(Method::POST, url().clone());
    *request.headers_mut() = request::headers();
    *request.body_mut() = Some(r#"{"model":"glm-5.2","messages":[]}"#.into());
    let response = client.execute(black_box(request)).await.expect("it is admitted");
    black_box(response.bytes().await.expect("it is whole"));
}

/// Made once: a client loads more than all that is counted here.
fn bare() -> Client {
    Client::builder().no_proxy().build().expect("no TLS to fail")
}

fn url() -> &'static Url {
    static URL: OnceLock<Url> = OnceLock::new();
    URL.get_or_init(|| request::uri().to_string().parse().expect("an absolute URL"))
}

/// Stands in for the network.
struct Terminal;

#[async_trait]
impl Middleware for Terminal {
    async fn handle(
        &self,
        request: Request,
        _: &mut Extensions,
        _: Next<'_>,
    ) -> Result<reqwest::Response> {
        let response = Response::builder()
            .header("content-type", "application/json")
            .url(request.url().clone())
            .body(r#"{"id":"1","choices":[{"message":{"role":"assistant","content":"Hi"}}]}"#)
            .expect("a response");
        Ok(response.into())
    }
}

struct NoOp;

#[async_trait]
impl Middleware for NoOp {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<reqwest::Response> {
        next.run(request, extensions).await
    }
}

/// What any middleware pays that looks into a body: the response as `http`
/// has it, and back, with its URL.
struct ThereAndBack;

#[async_trait]
impl Middleware for ThereAndBack {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<reqwest::Response> {
        let response = next.run(request, extensions).await?;
        let url = response.url().clone();
        let mut response: Response<Body> = response.into();
        let named = Response::builder().url(url).body(()).expect("a response");
        response.extensions_mut().extend(named.into_parts().0.extensions);
        Ok(response.map(Body::wrap).into())
    }
}
